// Exponents, signs and neighbours of floating-point numbers, and what splits numbers in two.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/tenon.hpp>
#include <type_traits>

using namespace tenon;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double tiny = std::numeric_limits<double>::denorm_min();
const Tensor<double, dyn> numbers{1.0, -3.5, 0.75,  8.0, 1e300, -1e-300, 7e-310, tiny, 0.0,  -0.0,
                                  inf, -inf, -1e-9, 3.0, 2.5,   -7.0,    1e17,   0.1,  -0.1, 4.0};

template <class T>
bool same(T a, T b) {
  return (a != a && b != b) || (a == b && std::signbit(a) == std::signbit(b));
}
}  // namespace

TEST_CASE("as in <cmath>, in packs and one by one") {
  const Tensor<double, dyn> exponent = tenon::logb(numbers), next = tenon::nextafter(numbers, 2.0);
  const Tensor<int, dyn> whole_exponent = tenon::ilogb(numbers);
  const Tensor<double, dyn> scaled = tenon::ldexp(numbers, 3), down = tenon::scalbn(numbers, -1070);
  const Tensor<double, dyn> nearest = tenon::nearbyint(numbers);
  const Tensor<bool, dyn> negative = tenon::signbit(numbers);
  const auto split = tenon::frexp(numbers);
  const Tensor<double, dyn> mantissa = split.mantissa;
  const Tensor<int, dyn> power = split.exponent;
  const auto parts = tenon::modf(numbers);
  const Tensor<double, dyn> fraction = parts.fraction, whole_part = parts.whole;
  for (index_t i = 0; i < numbers.size(); ++i) {
    const double x = numbers(i);
    CAPTURE(x);
    CHECK(same(exponent(i), std::logb(x)));
    CHECK(same(tenon::logb(x), std::logb(x)));
    CHECK(whole_exponent(i) == std::ilogb(x));
    CHECK(same(next(i), std::nextafter(x, 2.0)));
    CHECK(same(scaled(i), std::ldexp(x, 3)));
    CHECK(same(down(i), std::scalbn(x, -1070)));
    CHECK(same(nearest(i), std::nearbyint(x)));
    CHECK(negative(i) == std::signbit(x));
    int n = 0;
    double w = 0;
    CHECK(same(mantissa(i), std::frexp(x, &n)));
    if (std::isfinite(x)) CHECK(power(i) == n);
    const double f = std::modf(x, &w);
    CHECK(fraction(i) == f);
    CHECK(same(whole_part(i), w));
  }
  CHECK(std::isnan(tenon::logb(not_a_number)));
  CHECK(tenon::ilogb(not_a_number) == 0);
  CHECK(tenon::frexp(not_a_number).exponent == 0);
}
TEST_CASE("types, integers and constant expressions") {
  static_assert(tenon::ldexp(0.75, 4) == 12 && tenon::ilogb(12.0f) == 3 && tenon::logb(0.1) == -4);
  static_assert(tenon::frexp(12.0).mantissa == 0.75 && tenon::frexp(12.0).exponent == 4);
  static_assert(tenon::modf(-2.25).fraction == -0.25 && tenon::modf(-2.25).whole == -2);
  static_assert(std::is_same_v<decltype(tenon::ilogb(Tensor<float, 2>{}))::value_type, int>);
  const Tensor<float, 3> x{1, 2, 3};
  const Tensor<int, 3> n{-1, 0, 10};
  const Tensor<float, 3> y = tenon::ldexp(x, n);
  CHECK(y(0) == 0.5f);
  CHECK(y(1) == 2);
  CHECK(y(2) == 3072);
  const Tensor<bool, 2> below = tenon::signbit(Tensor<int, 2>{-1, 1});
  CHECK(below(0));
  CHECK(!below(1));
  // A temporary operand is moved in.
  const Tensor<double, 2> m = tenon::frexp(Tensor<double, 2>{10, -0.3}).mantissa;
  CHECK(m(0) == 0.625);
  CHECK(m(1) == -0.6);
}
TEST_CASE("derivatives") {
  const Tensor<double, 2> x{10.5, -0.3};
  const auto close = [](const Tensor<double, 2>& g, double a, double b) { return g(0) == a && g(1) == b; };
  CHECK(close(grad([](const auto& v) { return sum(tenon::ldexp(v, 200)); })(x), 0x1p200, 0x1p200));
  CHECK(close(grad([](const auto& v) { return sum(tenon::frexp(v).mantissa); })(x), 0.0625, 2));
  CHECK(close(grad([](const auto& v) { return sum(tenon::modf(v).fraction); })(x), 1, 1));
  CHECK(close(grad([](const auto& v) { return sum(tenon::modf(v).whole + v); })(x), 1, 1));
  CHECK(close(grad([](const auto& v) { return sum(tenon::logb(v) + v); })(x), 1, 1));
  CHECK(close(grad([](const auto& v) { return sum(tenon::nextafter(v, 0.0)); })(x), 1, 1));
  CHECK(jvp([](auto v) { return tenon::ldexp(v, 200); }, 3.0, 1.0).tangent == 0x1p200);
}
