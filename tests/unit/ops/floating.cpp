// tests/unit/ops/floating.cpp: NaN, ties, infinities, casts and half precision in pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <tenon/ops/catalogue.hpp>

using namespace tenon;

namespace {
constexpr float not_a_number = limits<float>::nan(), inf = limits<float>::infinity();
using Pack = simd::pack<float, 4>;
}  // namespace

TEST_CASE("minima and maxima give NaN if an argument is NaN, fmin and fmax the other one") {
  CHECK(isnan(maximum(not_a_number, 1.0f)));
  CHECK(isnan(maximum(1.0f, not_a_number)));
  CHECK(isnan(minimum(not_a_number, 1.0f)));
  CHECK(isnan(minimum(1.0f, not_a_number)));
  CHECK(tenon::fmax(not_a_number, 1.0f) == 1.0f);
  CHECK(tenon::fmax(1.0f, not_a_number) == 1.0f);
  CHECK(tenon::fmin(not_a_number, 1.0f) == 1.0f);
  CHECK(isnan(tenon::fmin(not_a_number, not_a_number)));
  CHECK(isnan(clamp(not_a_number, 0.0f, 1.0f)));
  CHECK(clamp(5.0f, 3.0f, 1.0f) == 1.0f);
  CHECK(isnan(relu(not_a_number)));
  CHECK(isnan(relu6(not_a_number)));
  CHECK(isnan(sign(not_a_number)));
  CHECK(isnan(threshold(not_a_number, 0.0f, 7.0f)));
}

TEST_CASE("ties share the derivative") {
  const auto tie = op::Maximum::partials(2.0f, 2.0f);
  CHECK(tie.a.value == 0.5);
  CHECK(tie.b.value == 0.5);
  const auto first = op::Minimum::partials(1.0f, 2.0f);
  CHECK(first.a.value == 1);
  CHECK(first.b.value == 0);
  const auto lanes = op::Maximum::partials(Pack{1, 2, 3, 4}, Pack{2, 2, 2, 2});
  CHECK(lanes.a[0] == 0);
  CHECK(lanes.a[1] == 0.5f);
  CHECK(lanes.b[1] == 0.5f);
  CHECK(lanes.a[3] == 1);
  const auto missing = op::Fmax::partials(not_a_number, 2.0f);
  CHECK(missing.a.value == 0);
  CHECK(missing.b.value == 1);
}

TEST_CASE("casts saturate and NaN becomes zero") {
  static_assert(cast<int>(1e20f) == std::numeric_limits<int>::max());
  static_assert(cast<int>(-1e20f) == std::numeric_limits<int>::min());
  static_assert(cast<int>(not_a_number) == 0 && cast<int>(-inf) == std::numeric_limits<int>::min());
  static_assert(cast<std::int8_t>(200.0f) == 127 && cast<std::int8_t>(-128.9f) == -128);
  static_assert(cast<std::uint8_t>(-1.0f) == 0 && cast<std::uint8_t>(255.9) == 255);
  static_assert(cast<std::int64_t>(9.3e18) == std::numeric_limits<std::int64_t>::max());
  static_assert(cast<std::uint64_t>(1.8e19) == 18000000000000000000u);
  static_assert(cast<int>(2147483520.0f) == 2147483520 && cast<int>(-2147483648.0f) == -2147483647 - 1);
  static_assert(cast<bool>(0.5f) && !cast<bool>(0) && cast<float>(true) == 1.0f);
  static_assert(cast<std::int8_t>(300) == 44);
  static_assert(cast<bfloat16>(1.00390625f).bits == 0x3f80 && cast<float>(bfloat16(2.0f)) == 2.0f);
  const auto i = op::Cast<int>::value(Pack{1e20f, -1e20f, not_a_number, -2.7f});
  CHECK(i[0] == std::numeric_limits<int>::max());
  CHECK(i[1] == std::numeric_limits<int>::min());
  CHECK(i[2] == 0);
  CHECK(i[3] == -2);
  const auto b = op::Cast<signed char>::value(Pack{1e20f, -1e20f, not_a_number, -2.7f});
  CHECK(b[0] == 127);
  CHECK(b[1] == -128);
  CHECK(b[2] == 0);
  CHECK(b[3] == -2);
  const auto h = op::Cast<bfloat16>::value(Pack{1.00390625f, 1, 2, 3});
  CHECK(h[0] == 1.0f);
}

TEST_CASE("a half is computed in float and rounded back") {
  static_assert(__is_same(decltype(multiply(bfloat16(2.0f), bfloat16(3.0f))), bfloat16));
  static_assert(__is_same(decltype(add(half(2.0f), 1.0f)), float));
  static_assert(__is_same(decltype(less(half(2.0f), half(3.0f))), bool));
  CHECK(float(exp(half(1.0f))) == float(half(std::exp(1.0f))));
}

TEST_CASE("integers become float in floating functions, numbers promote") {
  static_assert(__is_same(decltype(exp(1)), float));
  static_assert(__is_same(decltype(tenon::pow(2, 0.5)), double));
  static_assert(__is_same(decltype(tenon::pow(2.0f, 3)), float));
  static_assert(__is_same(op_result_t<op::Less, float, int>, bool));
  static_assert(__is_same(op_result_t<op::Add, half, std::int64_t>, half));
  static_assert(__is_same(op_result_t<op::Select, bool, float, double>, double));
  static_assert(__is_same(op_result_t<op::Abs, std::complex<double>>, double));
  static_assert(__is_same(op_result_t<op::Cast<half>, double>, half));
  CHECK(tenon::pow(2, 3) == 8.0f);
}

TEST_CASE("infinities") {
  CHECK(logaddexp(inf, inf) == inf);
  CHECK(logaddexp(-inf, -inf) == -inf);
  CHECK(logaddexp(-inf, 3.0f) == 3.0f);
  CHECK(op::LogAddExp::partials(-inf, -inf).a == 0.5f);
  CHECK(isclose(inf, inf));
  CHECK(!isclose(inf, 1.0f));
  CHECK(!isclose(not_a_number, not_a_number));
  CHECK(isclose(1.0f, 1.000009f));
  CHECK(!isclose(1.0f, 1.0001f));
  CHECK(floor_divide(inf, 2.0f) == inf);
  CHECK(xlogy(0.0f, 0.0f) == 0.0f);
  CHECK(isnan(xlogy(0.0f, not_a_number)));
  CHECK(silu(-200.0f) == 0.0f);
}

TEST_CASE("derivatives at the points where formulas break down") {
  CHECK(op::Pow::partials_with_output(0.0f, 0.0f, 2.0f).a == 0.0f);
  CHECK(op::Pow::partials_with_output(0.0f, 0.0f, 1.0f).a == 1.0f);
  CHECK(op::Pow::partials_with_output(1.0f, 0.0f, 0.0f).a == 0.0f);
  CHECK(op::Pow::partials_with_output(0.0f, 0.0f, 2.0f).b == 0.0f);
  CHECK(op::Pow::partials_with_output(8.0f, 2.0f, 3.0f).a == 12.0f);
  CHECK(op::Hypot::partials_with_output(0.0f, 0.0f, 0.0f).a == 0.0f);
  CHECK(op::Atan2::partials(0.0f, 0.0f).a == 0.0f);
  CHECK(op::Abs::partials(0.0f).a == 0.0f);
  CHECK(op::Sinc::partials(0.0f).a == 0.0f);
  CHECK(op::Relu::partials_from_output(0.0f).a.value == 0);
  // Far out, where 1 - y^2 and y (1 - y) would be zero.
  CHECK(op::Tanh::partials_with_output(op::Tanh::value(20.0f), 20.0f).a == doctest::Approx(4 * std::exp(-40.0)));
  for (double x : {0.0, 1e-9, 0.3, 0.34, 0.35, 1.0, 2.5, 9.0, 18.0, 19.9, 20.1, 43.0, 349.0}) {
    const double c = std::cosh(x), slope = 1 / c / c;
    CAPTURE(x);
    for (const double v : {x, -x}) {
      CHECK(op::Tanh::partials_with_output(op::Tanh::value(v), v).a / slope == doctest::Approx(1).epsilon(1e-13));
      if (const float f = static_cast<float>(v); x < 42) {
        const double exact = std::pow(std::cosh(static_cast<double>(f)), -2);
        CHECK(op::Tanh::partials_with_output(op::Tanh::value(f), f).a / exact == doctest::Approx(1).epsilon(2e-6));
      }
    }
  }
  for (double x : {351.0, -1e3, limits<double>::infinity(), limits<double>::nan()}) {
    const double slope = op::Tanh::partials_with_output(op::Tanh::value(x), x).a;
    CHECK((x == x ? slope == 0 : slope != slope));
  }
  CHECK(op::Sigmoid::partials_with_output(op::Sigmoid::value(40.0f), 40.0f).a == doctest::Approx(std::exp(-40.0)));
  CHECK(op::Elu::partials(200.0f, 1.0f).a == 1.0f);
}

TEST_CASE("complex numbers") {
  using Z = std::complex<float>;
  const Z z(3, -4);
  CHECK(abs(z) == 5.0f);
  CHECK(real(z) == 3.0f);
  CHECK(imag(z) == -4.0f);
  CHECK(conj(z) == Z(3, 4));
  CHECK(arg(Z(0, 1)) == doctest::Approx(1.57079637f));
  CHECK(multiply(z, 2) == Z(6, -8));
  CHECK(lit(2) * z == Z(6, -8));
  CHECK(add(z, std::complex<double>(1, 1)) == std::complex<double>(4, -3));
  CHECK(std::abs(exp(Z(0, 3.14159274f)) - Z(-1, 0)) < 1e-6f);
  CHECK(std::abs(sqrt(Z(-4, 0)) - Z(0, 2)) < 1e-6f);
  CHECK(equal(z, z));
  CHECK(real(2.5f) == 2.5f);
  CHECK(imag(2.5f) == 0.0f);
  CHECK(arg(-1.0) == doctest::Approx(3.141592653589793));
}

TEST_CASE("the hard sigmoid keeps its digits next to -3") {
  // The largest errors of all floats when it was x/6 + 1/2: 1500 units, and all of the number.
  for (const float x : {-0x1.7fea7ap+1f, -0x1.7ffffep+1f, -0x1.8p+1f, -0x1.800002p+1f, 0x1.7ffffep+1f, 3.5f}) {
    const double exact = x <= -3 ? 0 : x >= 3 ? 1 : (static_cast<double>(x) + 3) / 6;
    CHECK(std::fabs(hardsigmoid(x) - exact) <= 0x1p-23 * exact);
    CHECK(std::fabs(hardswish(x) - x * exact) <= 0x1p-22 * std::fabs(x * exact));
  }
  CHECK(isnan(hardsigmoid(not_a_number)));
}

TEST_CASE("logit of a float for which log1p was 3.03 units off") {
  const float x = 0x1.143a4ap-2f;
  const long double exact = std::log(static_cast<long double>(x)) - std::log1p(-static_cast<long double>(x));
  CHECK(std::fabs(logit(x) - exact) <= 3 * 0x1p-24L);
}

TEST_CASE("sinpi of a float for which the rounded pi was 2.13 units off") {
  const float x = -0x1.45f3ep-9f;
  const double exact = std::sin(3.141592653589793 * static_cast<double>(x)), unit = 0x1p-31;  // of results from 2^-8 on
  CHECK(std::fabs(sinpi(x) - exact) <= 2 * unit);
}
