// tests/unit/ad/scalars.cpp: dual and rev numbers in plain templated code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/forward.hpp>
#include <tenon/ops/catalogue.hpp>

#include "derivatives.hpp"

using namespace tenon;
using tenon::test::near;
using tenon::test::slope;

namespace {

// Derivatives of f at x by dual, by rev and by differences agree.
template <class F>
void check_slope(const F& f, double x, double tolerance = 1e-9) {
  CAPTURE(x);
  const double want = slope([&](double v) { return static_cast<double>(f(v)); }, x);
  CHECK(near(jvp(f, x, 1.0).tangent, want, tolerance));
  CHECK(near(grad(f)(x), want, tolerance));
  CHECK(near(jvp(f, x, 1.0).value, f(x), 1e-14));
  CHECK(near(value_and_grad(f)(x).value, f(x), 1e-14));
}

template <class T>
T length(const T* x, const T* y, int n) {
  T total = 0;
  for (int i = 0; i + 1 < n; ++i) total += hypot(x[i + 1] - x[i], y[i + 1] - y[i]);
  return total;
}

}  // namespace

TEST_CASE("a loop, branches and literals of every built-in kind") {
  const auto f = [](auto x) {
    using T = decltype(x);
    T y = 1;
    for (int i = 0; i < 5; ++i) {
      if (y > 3) y = y / 2 - x * 1.5f;
      y += 2 * x * x - 0.25;
      y *= 1.0f + x / 7;
      y -= 1;
      y /= 3L > 2 ? 2 : 1;
    }
    return y < 0 ? -y : +y;
  };
  for (double x : {0.3, 1.1, -0.7, 2.5}) check_slope(f, x, 1e-8);
}

TEST_CASE("functions of the library on scalars") {
  check_slope([](auto x) { return sin(x) * cos(2 * x) + tan(x / 3); }, 0.8);
  check_slope([](auto x) { return exp(-x) * log(x + 3) * sqrt(x); }, 1.7);
  check_slope([](auto x) { return pow(x, 3) + pow(2.0, x) + pow(x, x); }, 1.3);
  check_slope([](auto x) { return atan2(x, 2.0) + atan2(1.0, x) + hypot(x, 3.0); }, 0.6);
  check_slope([](auto x) { return tanh(x) + sinh(x) + cosh(x) + asinh(x) + erf(x); }, 0.4);
  check_slope([](auto x) { return abs(x - 3) + maximum(x, 0.5) + minimum(x, 5) + fma(x, x, 1.0); }, 1.2);
  check_slope([](auto x) { return where(x > 1, x * x, x) + clamp(x, 0.0, 4.0); }, 1.2);
  check_slope([](auto x) { return sigmoid(x) + softplus(x) + relu(x) + gelu(x) + silu(x); }, -0.3);
  check_slope([](auto x) { return cbrt(x) + expm1(x) + log1p(x) + reciprocal(x) + square(x); }, 0.9);
}

TEST_CASE("functions that are flat have derivative zero") {
  CHECK(grad([](auto x) { return x + floor(x) + round(x) + sign(x); })(1.3) == 1);
  CHECK(jvp([](auto x) { return x + floor(x) + round(x) + sign(x); }, 1.3, 1.0).tangent == 1);
  CHECK(grad([](auto x) { return static_cast<double>(x > 0) + 0 * x; })(1.3) == 0);
}

TEST_CASE("comparisons look at the value and give bool") {
  dual<double> a{2, 1};
  const rev<double> b{3.0};
  CHECK((a < 3));
  CHECK((2 == a));
  CHECK((a != dual<double>(3)));
  CHECK((b >= 3.0f));
  CHECK((1 < b));
  CHECK(isfinite(b));
  CHECK_FALSE(isnan(a));
  static_assert(__is_same(decltype(a < 1), bool));
  static_assert(__is_same(decltype(b == b), bool));
}

TEST_CASE("built-in numbers are weak: a dual<float> stays one next to double and int") {
  static_assert(__is_same(decltype(dual<float>{} * 0.5), dual<float>));
  static_assert(__is_same(decltype(evaluate(2 - rev<float>{})), rev<float>));
  static_assert(__is_same(decltype(evaluate(pow(rev<float>{}, 2))), rev<float>));
  static_assert(__is_same(decltype(dual<float>{} + dual<double>{}), dual<double>));
  static_assert(sizeof(rev<double>) == 16 && sizeof(rev<float>) == 8);
  CHECK(grad([](auto x) { return x * 0.5 + 3; })(2.0f) == 0.5f);
}

TEST_CASE("several tangents travel together") {
  dual<double, 2> x(3.0), y(4.0);
  x.tangent[0] = 1;
  y.tangent[1] = 1;
  const auto r = sqrt(x * x + y * y);
  CHECK(near(r.value, 5));
  CHECK(near(r.tangent[0], 0.6));
  CHECK(near(r.tangent[1], 0.8));
}

TEST_CASE("rev numbers of different precision meet") {
  const auto f = [](auto x) {
    const auto wide = cast<double>(x);
    return wide * wide + x * wide + cast<float>(wide * 2);
  };
  const auto g = value_and_grad(f)(1.5f);
  static_assert(__is_same(decltype(value_and_grad(f)(1.5f).grad), float));
  CHECK(near(g.value, 4.5 + 3));
  CHECK(near(g.grad, 4 * 1.5 + 2, 1e-6));
  CHECK(near(jvp(f, 1.5f, 1.0f).tangent, 8, 1e-6));

  const auto [v, both] = value_and_grad<0, 1>([](auto a, auto b) { return a * b; })(2.0f, 3.0);
  CHECK(v == 6);
  CHECK(both.a == 3);
  CHECK(both.b == 2);
}

TEST_CASE("half and bfloat16 numbers") {
  const auto f = [](auto x) { return x * x * 2 + x; };
  CHECK(static_cast<float>(grad(f)(half(1.5f))) == 7);
  CHECK(static_cast<float>(grad(f)(bfloat16(1.5f))) == 7);
  CHECK(static_cast<float>(jvp(f, half(1.5f), half(1)).tangent) == 7);
  // Adjoints add up in float: 4096 times 1/4096 would stop growing early in half.
  const float g = static_cast<float>(grad([](auto x) {
    auto y = x * 0;
    for (int i = 0; i < 4096; ++i) y = y * 0 + x / 4096;
    return y;
  })(half(1)));
  CHECK(near(g, 1.0 / 4096, 1e-3));
  const float sum = static_cast<float>(grad([](auto x) {
    auto y = x / 4096;
    for (int i = 1; i < 4096; ++i) y = x / 4096 + y;
    return y;
  })(half(1)));
  CHECK(near(sum, 1, 1e-3));
}

TEST_CASE("user types and functions over rev numbers") {
  const auto f = [](auto t) {
    using T = decltype(t);
    T x[8], y[8];
    for (int i = 0; i < 8; ++i) {
      x[i] = cos(t * i);
      y[i] = sin(t) * i;
    }
    return length(x, y, 8);
  };
  check_slope(f, 0.37, 1e-8);
}

TEST_CASE("a long chain is swept without recursion") {
  const auto f = [](auto x) {
    auto y = x;
    for (int i = 0; i < 300000; ++i) y = y * 0.999999 + x * 1e-6;
    return y;
  };
  check_slope(f, 1.5, 1e-7);
}

TEST_CASE("what the result does not depend on adds nothing, not even 0 * inf") {
  const auto f = [](auto x) {
    const auto unused = sqrt(x) + log(x) + 1 / x;
    (void)unused;
    return 3 * x;
  };
  CHECK(grad(f)(0.0) == 3);
}

TEST_CASE("an adjoint that is not a number is not taken for zero") {
  const auto through = [](auto factor) {
    return grad([factor](auto x) {
      auto y = evaluate(x * x);  // a statement of its own, whose adjoint is the factor
      for (int i = 0; i < 3; ++i) y = evaluate(y * 2.0);
      return evaluate(y * factor);
    })(1.5);
  };
  CHECK(through(0.25) == 6);
  CHECK(std::isnan(through(std::nan(""))));
  CHECK(std::isnan(through(-std::nan(""))));
  CHECK(through(-0.0) == 0);
  CHECK(through(5e-324) > 0);
}

TEST_CASE("a result that does not depend on the variable has derivative zero") {
  CHECK(grad([](auto) { return 5.0; })(2.0) == 0);
  CHECK(value_and_grad([](auto) { return 5.0; })(2.0).value == 5);
  CHECK(grad([](auto x) { return decltype(x)(7); })(2.0) == 0);
  CHECK(jvp([](auto) { return 5.0; }, 2.0, 1.0).tangent == 0);
}

TEST_CASE("a variable used with itself") {
  CHECK(grad([](auto x) { return x * x * x - x * x; })(2.0) == 8);
  CHECK(grad([](auto x) { return x - x; })(2.0) == 0);
  CHECK(grad([](auto x) { return x / x; })(2.0) == 0);
  CHECK(grad([](auto x) { return x; })(2.0) == 1);
  CHECK(grad([](auto x) { return -x; })(2.0) == -1);
}

TEST_CASE("gradients of up to eight arguments") {
  const auto f = [](auto a, auto b, auto c, auto d, auto e, auto g, auto h, auto i) {
    return a * b + c * d * 2 + e * g * 3 + h * i * 4;
  };
  const auto [a, b, c, d, e, g, h, i] = grad<0, 1, 2, 3, 4, 5, 6, 7>(f)(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0);
  CHECK(a == 2);
  CHECK(b == 1);
  CHECK(c == 8);
  CHECK(d == 6);
  CHECK(e == 18);
  CHECK(g == 15);
  CHECK(h == 32);
  CHECK(i == 28);
  const auto five = grad<4, 3, 2, 1, 0>(f)(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0);
  CHECK(get<0>(five) == 18);
  CHECK(get<4>(five) == 2);
}

TEST_CASE("evaluate settles a number of any kind: one source for plain and rev numbers") {
  const auto f = [](auto x) {
    auto z = evaluate(exp(x));
    z = evaluate(z) * z;
    return z;
  };
  CHECK(f(0.5) == doctest::Approx(std::exp(1.0)));
  CHECK(grad(f)(0.5) == doctest::Approx(2 * std::exp(1.0)));
}
