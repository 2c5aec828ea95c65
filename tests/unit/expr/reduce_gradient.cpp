// Derivatives of reductions: against differences, where they are not smooth, in both modes, to second order.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/tensor/movement.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor<double, 3, 5> sample() {
  Tensor<double, 3, 5> x;
  for (int i = 0; i < 15; ++i) x.data()[i] = std::sin(1.0 + i);
  return x;
}
const Tensor<double, 3, 5> weight = [] {
  Tensor<double, 3, 5> w;
  for (int i = 0; i < 15; ++i) w.data()[i] = std::cos(3.0 * i);
  return w;
}();

// The reduction over each choice of axes, weighted so that each result counts for something else.
template <class F>
void verify_axes(const char* name, const F& f) {
  INFO(name);
  CHECK(verify_gradient([&](const auto& x) { return sum(weight * f(x, std::integral_constant<int, 0>{})); }, sample())
            .ok);
  CHECK(verify_gradient([&](const auto& x) { return sum(weight * f(x, std::integral_constant<int, 1>{})); }, sample())
            .ok);
  // A view and an expression as operands.
  CHECK(
      verify_gradient(
          [&](const auto& x) { return sum(transpose(weight) * f(transpose(x) * 2, std::integral_constant<int, 0>{})); },
          sample())
          .ok);
  // The derivative pushed forward is the one pulled back.
  const auto loss = [&](const auto& x) { return sum(weight * f(x, std::integral_constant<int, 1>{})); };
  const auto direction = evaluate(weight * weight - 0.3);
  const auto [value, tangent] = jvp(loss, sample(), direction);
  CHECK(tangent == doctest::Approx(double(sum(grad(loss)(sample()) * direction))).epsilon(1e-12));
}

}  // namespace

#define VERIFY(name, call)                         \
  verify_axes(name, [](const auto& x, auto axis) { \
    constexpr int a = decltype(axis)::value;       \
    return call;                                   \
  })

TEST_CASE("sums, products and statistics") {
  VERIFY("sum", sum<a>(x, keepdims));
  VERIFY("mean", mean<a>(x, keepdims));
  VERIFY("prod", prod<a>(x, keepdims));
  VERIFY("var", var<a>(x, keepdims));
  VERIFY("var, ddof 1", var<a>(x, ddof<1>, keepdims));
  VERIFY("stddev", stddev<a>(x, ddof<1>, keepdims));
}

TEST_CASE("extrema, logsumexp and norms") {
  VERIFY("max", max<a>(x, keepdims));
  VERIFY("min", min<a>(x, keepdims));
  VERIFY("logsumexp", logsumexp<a>(x, keepdims));
  VERIFY("norm_l1", norm_l1<a>(x, keepdims));
  VERIFY("norm_l2", norm_l2<a>(x, keepdims));
  VERIFY("norm_inf", norm_inf<a>(x, keepdims));
  VERIFY("norm 3", norm<a>(x, order<3>, keepdims));
  VERIFY("norm 3/2", norm<a>(x, order<3, 2>, keepdims));
}

TEST_CASE("without keepdims, over several axes, of the mean and the variance at once") {
  CHECK(verify_gradient([](const auto& x) { return square(sum(x)) * var(x) + logsumexp(x) - max(x); }, sample()).ok);
  CHECK(verify_gradient([](const auto& x) { return sum(square(prod<0>(x)) + stddev<0>(x) * norm_l2<0>(x)); }, sample())
            .ok);
  CHECK(verify_gradient(
            [](const auto& x) {
              auto [m, v] = mean_var<1>(x, ddof<1>, keepdims);
              return sum(weight * (x - m) / sqrt(v + 1e-3));
            },
            sample())
            .ok);
  Tensor<float, dyn, dyn, dyn> x(2, 3, 4);
  for (index_t i = 0; i < 24; ++i) x.data()[i] = static_cast<float>(std::sin(1.0 + static_cast<double>(i)));
  CHECK(verify_gradient([](const auto& t) { return sum(square(sum<0, 2>(t))) + sum(square(prod<1, 2>(t))); }, x).ok);
}

TEST_CASE("prod: no zero, one, several") {
  const auto p = [](const auto& x) { return prod(x); };
  CHECK(holds(grad(p)(Tensor<double, 4>{2, 3, 4, 5}), {60, 40, 30, 24}));
  CHECK(holds(grad(p)(Tensor<double, 4>{2, 0, 4, 5}), {0, 40, 0, 0}));
  CHECK(holds(grad(p)(Tensor<double, 4>{2, 0, 0, 5}), {0, 0, 0, 0}));
  CHECK(holds(grad(p)(Tensor<double, 1>{0}), {1}));
  // d2/dx1 dx2 of x0 x1 x2 x3 at the two zeros is x0 x3.
  const auto h = hessian(p)(Tensor<double, 4>{2, 0, 0, 5});
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) CHECK(h(i, j) == (i + j == 3 && i != 0 && j != 0 ? 10 : 0));
}

TEST_CASE("the first of equal extrema takes the derivative, in both modes") {
  const auto top = [](const auto& x) { return max(x); };
  const auto bottom = [](const auto& x) { return min(x); };
  const auto size = [](const auto& x) { return norm_inf(x); };
  const Tensor<double, 5> x{1, 3, 3, 1, 3}, e{1, 10, 100, 1000, 10000};
  CHECK(holds(grad(top)(x), {0, 1, 0, 0, 0}));
  CHECK(holds(grad(bottom)(x), {1, 0, 0, 0, 0}));
  CHECK(holds(grad(size)(evaluate(-x)), {0, -1, 0, 0, 0}));
  CHECK(jvp(top, x, e).tangent == 10);
  CHECK(jvp(bottom, x, e).tangent == 1);
  CHECK(jvp(size, evaluate(-x), e).tangent == -10);
  // Many of them, in lines and columns, through strides.
  Tensor<double, dyn, dyn> many(300, 20), units(300, 20);
  for (index_t i = 0; i < 300; ++i)
    for (index_t j = 0; j < 20; ++j) {
      many(i, j) = (i + j) % 3 == 0 ? 1 : 0;
      units(i, j) = static_cast<double>(20 * i + j);
    }
  many(0, 0) = 0;
  const auto whole_top = [](const auto& x) { return max(transpose(x)) + sum(max<0>(x)) + sum(max<1>(x)); };
  CHECK(jvp(whole_top, many, units).tangent == double(sum(grad(whole_top)(many) * units)));
  CHECK(jvp(top, many, units).tangent == 3);
  CHECK(jvp([](const auto& x) { return max(transpose(x)); }, many, units).tangent == 60);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(holds(grad(top)(Tensor<double, 4>{1, nan, 7, nan}), {0, 1, 0, 0}));
}

TEST_CASE("where norms and deviations have a corner, the derivative is 0") {
  const Tensor<double, 3> zero{};
  CHECK(holds(grad([](const auto& x) { return norm_l2(x); })(zero), {0, 0, 0}));
  CHECK(holds(grad([](const auto& x) { return norm_l1(x); })(zero), {0, 0, 0}));
  CHECK(holds(grad([](const auto& x) { return norm(x, order<3>); })(zero), {0, 0, 0}));
  CHECK(holds(grad([](const auto& x) { return stddev(x); })(zero), {0, 0, 0}));
  const Tensor<double, 3> e{1, 2, 3};
  CHECK(jvp([](const auto& x) { return norm_l2(x); }, zero, e).tangent == 0);
  CHECK(jvp([](const auto& x) { return norm(x, order<3>); }, zero, e).tangent == 0);
  CHECK(jvp([](const auto& x) { return stddev(x); }, zero, e).tangent == 0);
  const auto g = grad([](const auto& x) { return norm_l2(x); })(Tensor<float, 2>{3e30f, 4e30f});
  CHECK(g(0) == doctest::Approx(0.6));
  CHECK(g(1) == doctest::Approx(0.8));
}

TEST_CASE("logsumexp of masked rows") {
  const auto f = [](const auto& x) { return logsumexp(x); };
  CHECK(holds(grad(f)(Tensor<double, 3>{-infinity, -infinity, -infinity}), {0, 0, 0}));
  CHECK(holds(grad(f)(Tensor<double, 3>{-infinity, 5, -infinity}), {0, 1, 0}));
  CHECK(jvp(f, Tensor<double, 2>{-infinity, -infinity}, Tensor<double, 2>{1, 1}).tangent == 0);
  CHECK(jvp(f, Tensor<double, 3>{-infinity, 5, -infinity}, Tensor<double, 3>{1, 2, 3}).tangent == 2);
}

TEST_CASE("second derivatives: forward over reverse") {
  Tensor<double, 4> x{0.3, -1.2, 0.8, 2.0};
  const auto check = [&](const auto& f) {
    const auto h = hessian(f)(x);
    for (int j = 0; j < 4; ++j) {
      Tensor<double, 4> up = x, down = x;
      up(j) += 1e-5;
      down(j) -= 1e-5;
      const Tensor<double, 4> d = (grad(f)(up) - grad(f)(down)) / 2e-5;
      for (int i = 0; i < 4; ++i) CHECK(h(i, j) == doctest::Approx(d(i)).epsilon(1e-7));
    }
  };
  check([](const auto& a) { return logsumexp(a); });
  check([](const auto& a) { return prod(a); });
  check([](const auto& a) { return var(a) * stddev(a, ddof<1>); });
  check([](const auto& a) { return norm_l2(a) + norm(a, order<3>); });
}

TEST_CASE("16-bit floats: adjoints are kept in float") {
  Tensor<half, 3> x{half(1.f), half(2.f), half(4.f)};
  const auto g = grad([](const auto& a) { return sum(square(a)) + logsumexp(a); })(x);
  CHECK(float(g(1)) ==
        doctest::Approx(4 + std::exp(2.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(4.0))).epsilon(2e-3));
}
