// tests/unit/ad/unrolled_loop.cpp: time loops on rows of cells: against the same loops of rev numbers, of any length.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <type_traits>
#include <vector>

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

// Cells on their own: two numbers each; an input in every step, two weights for each cell, a number for all.
constexpr auto gate = [](const auto& s, const auto& x, const auto& w, const auto& k) {
  using T = std::remove_cvref_t<decltype(s(0))>;
  const T a = tanh(s(1) * k + x);
  return Tensor<T, 2>{s(0) * w(0) + a, sigmoid(s(0) - w(1) * x) + 0.5 * s(1) * a};
};
// Neighbours; a coefficient for each cell and one for all.
constexpr auto flow = [](const auto& u, const auto& c, const auto& d) {
  return u(1) - c * u(1) * (u(2) - u(0)) + d * (u(2) - 2 * u(1) + u(0));
};
// Two numbers for each of five cells.
constexpr auto wave = [](const auto& u, const auto& c) {
  using T = std::remove_cvref_t<decltype(u(0, 0))>;
  const T v = u(1, 2) + c * (u(0, 0) - 2 * u(0, 2) + sin(u(0, 4)) + u(1, 3) * u(1, 1));
  return Tensor<T, 2>{u(0, 2) + 0.1 * v, v};
};

double part(index_t i) { return 0.4 * std::sin(static_cast<double>(i * i + 3 * i + 1)) + 0.5; }
template <class X>
void numbers(X&& x, index_t from) {
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = part(from + i);
}
// A loss that every element of x has another part in.
template <class X>
auto mixed(const X& x) {
  Tensor<double, dyn> w(x.size());
  numbers(w, 100);
  return evaluate(sum(reshape<dyn>(x, x.size()) * w));
}

// The loop by hand, on any numbers: `state` and what `f` reads are rows of n numbers.
template <class T, class F>
std::vector<T> by_hand(index_t steps, index_t count, index_t n, index_t reach, Ends ends, std::vector<T> state,
                       const F& f, bool all) {
  std::vector<T> result;
  for (index_t t = 0; t < steps; ++t) {
    std::vector<T> next(state);
    for (index_t c = 0; c < n; ++c) {
      if (c >= reach && c + reach < n) {
        f(state, next, t, c);
      } else if (ends == Ends::zero) {
        for (index_t k = 0; k < count; ++k) next[static_cast<std::size_t>(k * n + c)] = T(0);
      }
    }
    state = next;
    if (all) result.insert(result.end(), state.begin(), state.end());
  }
  return all ? result : state;
}
template <class T>
T mixed(const std::vector<T>& x) {
  T s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) s += x[i] * part(100 + static_cast<index_t>(i));
  return s;
}
template <class X>
std::vector<rev<double>> list(const X& x) {
  return {x.begin(), x.end()};
}

void check_gate(index_t steps, index_t n, bool all) {
  CAPTURE(steps);
  CAPTURE(n);
  CAPTURE(all);
  Tensor<double, 2, dyn> start(2, n), w(2, n);
  Tensor<double, dyn, dyn> x(steps, n);
  numbers(start, 0), numbers(w, 20), numbers(x, 50);
  Tape tape;
  const auto s = tape.variable(start), v = tape.variable(w);
  const auto in = tape.variable(x);
  const auto k = tape.variable(0.7);
  const auto loop = unrolled_loop(gate);
  const rev<double> y =
      all ? mixed(loop.states(steps, s, per_step(in), v, k)) : mixed(loop(steps, s, per_step(in), v, k));
  const auto [ds, dv, dx, dk] = tape.gradient(y, s, v, in, k);
  Tape other;
  const auto s2 = other.variable(start), v2 = other.variable(w);
  const auto in2 = other.variable(x);
  const auto k2 = other.variable(0.7);
  const rev<double> y2 = mixed(by_hand(
      steps, 2, n, 0, Ends::keep, list(s2),
      [&](const auto& a, auto& b, index_t t, index_t c) {
        const auto at = static_cast<std::size_t>(c), m = static_cast<std::size_t>(n);
        const rev<double> u = tanh(a[m + at] * k2 + in2(t, c));
        b[at] = a[at] * v2(0, c) + u;
        b[m + at] = sigmoid(a[at] - v2(1, c) * in2(t, c)) + 0.5 * a[m + at] * u;
      },
      all));
  const auto [es, ev, ex, ek] = other.gradient(y2, s2, v2, in2, k2);
  CHECK(near(y.value, y2.value, 1e-13));
  CHECK(near_all(ds, es, 1e-13));
  CHECK(near_all(dv, ev, 1e-13));
  CHECK(near_all(dx, ex, 1e-13));
  CHECK(near(dk, ek, 1e-13));
}
template <Ends E>
void check_flow(index_t steps, index_t n, bool all) {
  CAPTURE(steps);
  CAPTURE(n);
  CAPTURE(all);
  Tensor<double, dyn> start(n), coefficient(n);
  numbers(start, 0), numbers(coefficient, 20);
  Tape tape;
  const auto s = tape.variable(start), c = tape.variable(coefficient);
  const auto d = tape.variable(0.2);
  const auto loop = unrolled_loop<3, E>(flow);
  const rev<double> y = all ? mixed(loop.states(steps, s, c, d)) : mixed(loop(steps, s, c, d));
  const auto [ds, dc, dd] = tape.gradient(y, s, c, d);
  Tape other;
  const auto s2 = other.variable(start), c2 = other.variable(coefficient);
  const auto d2 = other.variable(0.2);
  const rev<double> y2 = mixed(by_hand(
      steps, 1, n, 1, E, list(s2),
      [&](const auto& a, auto& b, index_t, index_t i) {
        const auto at = static_cast<std::size_t>(i);
        b[at] = a[at] - c2(i) * a[at] * (a[at + 1] - a[at - 1]) + d2 * (a[at + 1] - 2 * a[at] + a[at - 1]);
      },
      all));
  const auto [es, ec, ed] = other.gradient(y2, s2, c2, d2);
  CHECK(near(y.value, y2.value, 1e-13));
  CHECK(near_all(ds, es, 1e-13));
  CHECK(near_all(dc, ec, 1e-13));
  CHECK(near(dd, ed, 1e-13));
}

}  // namespace

TEST_CASE("cells on their own: any number of cells and steps, all states or the last one") {
  for (const index_t n : {0, 1, 3, 7, 8, 9, 16, 21})
    for (const index_t steps : {0, 1, 2, 6})
      for (const bool all : {false, true}) check_gate(steps, n, all);
}

TEST_CASE("cells and their neighbours: what is at the ends stays or is zero") {
  for (const index_t n : {0, 1, 2, 3, 4, 9, 10, 11, 17, 18, 30})
    for (const index_t steps : {0, 1, 2, 5})
      for (const bool all : {false, true}) {
        check_flow<Ends::keep>(steps, n, all);
        check_flow<Ends::zero>(steps, n, all);
      }
}

TEST_CASE("neighbours and numbers of every step: those of cells at the ends have no derivative") {
  for (const index_t n : {1, 2, 3, 9, 10, 11, 18, 25})
    for (int again = 0; again < 2; ++again) {  // the second time memory has been used
      CAPTURE(n);
      Tensor<double, dyn> start(n);
      Tensor<double, 4, dyn> coefficient(4, n);
      numbers(start, 0), numbers(coefficient, 20);
      Tape tape;
      const auto s = tape.variable(start);
      const auto c = tape.variable(coefficient);
      const rev<double> y = mixed(unrolled_loop<3>(flow)(4, s, per_step(c), 0.2));
      const auto [ds, dc] = tape.gradient(y, s, c);
      Tape other;
      const auto s2 = other.variable(start);
      const auto c2 = other.variable(coefficient);
      const rev<double> y2 = mixed(by_hand(
          4, 1, n, 1, Ends::keep, list(s2),
          [&](const auto& a, auto& b, index_t t, index_t i) {
            const auto at = static_cast<std::size_t>(i);
            b[at] = a[at] - c2(t, i) * a[at] * (a[at + 1] - a[at - 1]) + 0.2 * (a[at + 1] - 2 * a[at] + a[at - 1]);
          },
          false));
      const auto [es, ec] = other.gradient(y2, s2, c2);
      CHECK(near(y.value, y2.value, 1e-13));
      CHECK(near_all(ds, es, 1e-13));
      CHECK(near_all(dc, ec, 1e-13));
    }
}

TEST_CASE("numbers of cells far apart; an argument that is the same for all cells, and a view") {
  for (const index_t n : {4, 5, 12, 23}) {
    CAPTURE(n);
    Tensor<double, dyn, 2> pairs(n, 2);
    numbers(pairs, 0);
    const Tensor<double, 1> shared{0.3};
    Tape tape;
    const auto s = tape.variable(pairs);
    const auto c = tape.variable(shared);
    const rev<double> y = mixed(unrolled_loop<5>(wave)(3, transpose(s), c));
    const auto [ds, dc] = tape.gradient(y, s, c);
    Tape other;
    const auto s2 = other.variable(pairs);
    const auto c2 = other.variable(shared);
    std::vector<rev<double>> rows;
    for (index_t k = 0; k < 2; ++k)
      for (index_t i = 0; i < n; ++i) rows.push_back(s2(i, k));
    const rev<double> y2 = mixed(by_hand(
        3, 2, n, 2, Ends::keep, rows,
        [&](const auto& a, auto& b, index_t, index_t i) {
          const auto u = [&](index_t k, index_t o) { return a[static_cast<std::size_t>(k * n + i + o - 2)]; };
          const rev<double> v = u(1, 2) + c2(0) * (u(0, 0) - 2 * u(0, 2) + sin(u(0, 4)) + u(1, 3) * u(1, 1));
          b[static_cast<std::size_t>(i)] = u(0, 2) + 0.1 * v;
          b[static_cast<std::size_t>(n + i)] = v;
        },
        false));
    const auto [es, ec] = other.gradient(y2, s2, c2);
    CHECK(near(y.value, y2.value, 1e-13));
    CHECK(near_all(ds, es, 1e-13));
    CHECK(near_all(dc, ec, 1e-13));
  }
}

TEST_CASE("a window wider than two packs goes cell by cell") {
  constexpr auto far = [](const auto& u) { return u(0) * u(18) + u(9); };
  Tensor<double, 25> u;
  numbers(u, 0);
  Tape tape;
  const auto v = tape.variable(u);
  const rev<double> y = mixed(unrolled_loop<19, Ends::zero>(far)(1, v));
  const auto [g] = tape.gradient(y, v);
  for (index_t i = 9; i < 16; ++i) CHECK(near(g(i), part(100 + i), 1e-13));
  CHECK(near(g(0), part(109) * u(18), 1e-13));
  CHECK(near(g(24), part(115) * u(6), 1e-13));
}
