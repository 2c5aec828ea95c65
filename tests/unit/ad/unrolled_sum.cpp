// tests/unit/ad/unrolled_sum.cpp: sums over cells of time loops, against the same loops of rev numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <limits>
#include <type_traits>
#include <vector>

#include <tenon/ad/forward.hpp>
#include <tenon/ad/unrolled_loop.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/movement.hpp>
#include <tenon/tensor/reshape.hpp>

#include "derivatives.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// Two numbers a cell; a number for all, two weights for each cell, an input in every step, two numbers for all cells in
// every step.
constexpr auto gate = [](const auto& s, const auto& k, const auto& w, const auto& x, const auto& z) {
  using T = std::remove_cvref_t<decltype(s(0))>;
  const T a = tanh(s(1) * k + x);
  return Tensor<T, 2>{s(0) * w(0) + a * z(0), sigmoid(s(0) - w(1) * x) + 0.5 * s(1) * z(1)};
};
constexpr auto weigh = [](const auto& s, const auto& k, const auto& w) { return s(0) * s(0) * k + sin(s(1)) * w(1); };

double part(index_t i) { return 0.4 * std::sin(static_cast<double>(i * i + 3 * i + 1)) + 0.5; }
template <class X>
void numbers(X&& x, index_t from) {
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<typename std::remove_cvref_t<X>::value_type>(part(from + i));
}
template <class T>
struct Arguments {
  Tensor<T, 2, dyn> start;
  Tensor<T> k;
  Tensor<T, 2, dyn> w;
  Tensor<T, dyn, dyn> x;
  Tensor<T, dyn, 2, 1> z;
};
template <class T = double>
Arguments<T> arguments(index_t steps, index_t n) {
  Arguments<T> a{Tensor<T, 2, dyn>(2, n), Tensor<T>(static_cast<T>(0.7)), Tensor<T, 2, dyn>(2, n),
                 Tensor<T, dyn, dyn>(steps, n), Tensor<T, dyn, 2, 1>(steps, 2, 1)};
  numbers(a.start, 0), numbers(a.w, 20), numbers(a.x, 50), numbers(a.z, 70);
  return a;
}
auto loop(const auto& a) {
  return unrolled_loop(gate).sum(weigh, a.x.extent(0), a.start, a.k(), a.w, per_step(a.x), per_step(a.z));
}
auto by_hand(const auto& a) {
  using T = std::remove_cvref_t<decltype(evaluate(a.k() * 1))>;
  T sum = 0;
  for (index_t c = 0; c < a.w.extent(1); ++c) {
    const index_t first = a.start.extent(1) == 1 ? 0 : c;
    T s = a.start(0, first), r = a.start(1, first);
    for (index_t t = 0; t < a.x.extent(0); ++t) {
      const T x = a.x(t, c), before = s, u = tanh(r * a.k() + x);
      s = before * a.w(0, c) + u * a.z(t, 0, 0);
      r = sigmoid(before - a.w(1, c) * x) + 0.5 * r * a.z(t, 1, 0);
    }
    sum += s * s * a.k() + sin(r) * a.w(1, c);
  }
  return sum;
}
template <class A, class F, class G>
void check(const A& a, const F& got, const G& want, double tolerance) {
  const auto x = value_and_grad(got)(a), y = value_and_grad(want)(a);
  CHECK(near(x.value, y.value, tolerance));
  CHECK(near_all(x.grad.start, y.grad.start, tolerance));
  CHECK(near_all(x.grad.k, y.grad.k, tolerance));
  CHECK(near_all(x.grad.w, y.grad.w, tolerance));
  CHECK(near_all(x.grad.x, y.grad.x, tolerance));
  CHECK(near_all(x.grad.z, y.grad.z, tolerance));
}

}  // namespace

TEST_CASE("the gradients of the loop by hand: any number of cells, of steps, of states that are kept") {
  for (const index_t n : {0, 1, 2, 7, 8, 9, 16, 33})
    for (const index_t steps : {0, 1, 3, 150}) {
      CAPTURE(n);
      CAPTURE(steps);
      const auto a = arguments(steps, n);
      check(
          a, [](const auto& p) { return loop(p) * 3; }, [](const auto& p) { return by_hand(p) * 3; }, 1e-12);
      CHECK(near(loop(a), by_hand(a), 1e-13));
    }
}

TEST_CASE("float") {
  for (const index_t n : {1, 5, 40})
    check(
        arguments<float>(6, n), [](const auto& p) { return loop(p); }, [](const auto& p) { return by_hand(p); }, 2e-5);
}

TEST_CASE("some arguments are constants, repeat in all cells, or lie apart") {
  const index_t n = 13, steps = 5;
  const auto a = arguments(steps, n);
  // One start for all, one input for all cells (of run-time extent); turned weights; numbers for all steps in parts.
  Tensor<double, 2, 1> start{{0.3}, {0.6}};
  Tensor<double, dyn, dyn> x(steps, 1);
  Tensor<double, dyn, 2> turned(n, 2);
  Tensor<double, dyn, 4, 1> z(steps, 4, 1);
  Tensor<float, dyn, dyn> single(steps, n);
  numbers(x, 5), numbers(turned, 30), numbers(z, 44), numbers(single, 9);
  const auto weights = [](const auto& t) { return transpose(t); };
  for (int which = 0; which < 4; ++which) {
    CAPTURE(which);
    const auto got = [&](const auto& s, const auto& in, const auto& w, const auto& y) {
      const auto apart = slice<1>(y, range<0, 4, 2>());
      const auto k = in(0, 0);
      return unrolled_loop(gate).sum(weigh, steps, s, k, weights(w), per_step(in), per_step(apart));
    };
    const auto want = [&](const auto& s, const auto& in, const auto& w, const auto& y) {
      using T = std::remove_cvref_t<decltype(evaluate(s(0, 0) + in(0, 0) + w(0, 0) + y(0, 0, 0)))>;
      T sum = 0;
      for (index_t c = 0; c < n; ++c) {
        T p = s(0, 0), r = s(1, 0);
        for (index_t t = 0; t < steps; ++t) {
          const T before = p, u = tanh(r * in(0, 0) + in(t, 0));
          p = before * w(c, 0) + u * y(t, 0, 0);
          r = sigmoid(before - w(c, 1) * in(t, 0)) + 0.5 * r * y(t, 2, 0);
        }
        sum += p * p * in(0, 0) + sin(r) * w(c, 1);
      }
      return sum;
    };
    const auto compare = [&](const auto& g, const auto& h) {
      CHECK(near(g.value, h.value, 1e-13));
      CHECK(near_all(g.grad, h.grad, 1e-13));
    };
    if (which == 0) compare(value_and_grad<0>(got)(start, x, turned, z), value_and_grad<0>(want)(start, x, turned, z));
    if (which == 1) compare(value_and_grad<1>(got)(start, x, turned, z), value_and_grad<1>(want)(start, x, turned, z));
    if (which == 2) compare(value_and_grad<2>(got)(start, x, turned, z), value_and_grad<2>(want)(start, x, turned, z));
    if (which == 3) compare(value_and_grad<3>(got)(start, x, turned, z), value_and_grad<3>(want)(start, x, turned, z));
  }
  // Constants of another type.
  const auto mixed = [&](const auto& in) {
    return grad([&](const auto& w) {
      return unrolled_loop(gate).sum(weigh, steps, start, 2, w, per_step(in), per_step(a.z));
    })(a.w);
  };
  CHECK(near_all(mixed(single), mixed(Tensor<double, dyn, dyn>(single)), 1e-13));
}

TEST_CASE("other derivatives run cell by cell") {
  const auto a = arguments(4, 11);
  const auto of = [&](const auto& f) {
    return [&](const auto& w) {
      using T = typename std::remove_cvref_t<decltype(w)>::value_type;
      const Arguments<double>& b = a;
      struct Mixed {
        const Tensor<double, 2, dyn>& start;
        const Tensor<double>& k;
        const Tensor<T, 2, dyn>& w;
        const Tensor<double, dyn, dyn>& x;
        const Tensor<double, dyn, 2, 1>& z;
      };
      return f(Mixed{b.start, b.k, w, b.x, b.z});
    };
  };
  const auto got = of([](const auto& m) {
    return unrolled_loop(gate).sum(weigh, 4, m.start, m.k(), m.w, per_step(m.x), per_step(m.z));
  });
  const auto want = grad(got)(a.w);
  Tensor<double, 2, dyn> direction(2, 11);
  numbers(direction, 200);
  CHECK(near(jvp(got, a.w, direction).tangent, evaluate(sum(want * direction)), 1e-13));
  const double h = 1e-4;
  const auto more = grad(got)(evaluate(a.w + h * direction)), less = grad(got)(evaluate(a.w - h * direction));
  CHECK(near_all(hvp(got, a.w, direction), evaluate((more - less) / (2 * h)), 1e-6));
}

TEST_CASE("what is beside the cells gives nothing, and where a derivative is infinite it is not NaN") {
  constexpr auto root = [](const auto& s, const auto& c, const auto& x) { return s + sqrt(c - x); };
  constexpr auto whole = [](const auto& s, const auto&, const auto&) { return s; };
  Tensor<double, dyn> y(9);
  y = 0;
  y(8) = 4;
  const auto of_all =
      value_and_grad([&](const auto& c) { return unrolled_loop(root).sum(whole, 1, Tensor<double, 1>{0}, c, y); })(4.0);
  CHECK(of_all.value == 16);
  CHECK(of_all.grad == std::numeric_limits<double>::infinity());
  const auto each =
      grad([&](const auto& z) { return unrolled_loop(root).sum(whole, 1, Tensor<double, 1>{0}, 4, z); })(y);
  for (index_t i = 0; i < 8; ++i) CHECK(each(i) == -0.25);
  CHECK(each(8) == -std::numeric_limits<double>::infinity());
  // A number for all cells sums the lanes: those beside the cells must not count.
  constexpr auto plus = [](const auto& s, const auto& c, const auto& z) { return s + c * z; };
  constexpr auto second = [](const auto& s, const auto& c, const auto&) { return s * c; };
  const auto g = grad([&](auto c) { return unrolled_loop(plus).sum(second, 1, Tensor<double, 1>{0}, c, y + 1); })(3.0);
  CHECK(near(g, 2 * 3 * 13.0, 1e-14));
}

TEST_CASE("memory does not grow with the cells, and with the steps by its root") {
  static size_t now, most;
  const auto bytes = [](index_t steps, index_t n) {
    const auto a = arguments(steps, n);
    const Tensor<double, 2, 1> start{{0.1}, {0.2}};
    trim_pool();
    now = most = 0;
    set_allocator({[](size_t b, void*) {
                     now += b;
                     most = now > most ? now : most;
                     return tenon::detail::system_allocate(b, nullptr);
                   },
                   [](void* p, size_t b, void*) {
                     now -= b;
                     tenon::detail::system_deallocate(p, b, nullptr);
                   },
                   nullptr});
    {
      Tape tape;
      const auto k = tape.variable(0.3);
      const rev<double> y = unrolled_loop(gate).sum(weigh, steps, start, k, a.w, per_step(a.x), per_step(a.z));
      const auto [g] = tape.gradient(y, k);
      CHECK(g != 0);
    }
    trim_pool();
    set_allocator({tenon::detail::system_allocate, tenon::detail::system_deallocate, nullptr});
    return most;
  };
  CHECK(bytes(10, 1000) == bytes(10, 10));
  CHECK(bytes(1600, 10) < 1600 * 2 * sizeof(double) * 4);
  CHECK(bytes(10, 10) < 6000);
}

TEST_CASE("wrong extents") {
  const auto a = arguments(3, 5), b = arguments(3, 6);
  const auto sum = [&](index_t steps, const auto& w) {
    return unrolled_loop(gate).sum(weigh, steps, a.start, 0.7, w, per_step(a.x), per_step(a.z));
  };
  CHECK_THROWS_AS(sum(3, b.w), shape_error);
  CHECK_THROWS_AS(sum(4, a.w), shape_error);
  CHECK_THROWS_AS(sum(-1, a.w), value_error);
}
