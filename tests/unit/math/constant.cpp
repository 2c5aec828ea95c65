// Constant evaluation: every function gives a constant, on all compilers, and one within its claim of the reference.
#include <tenon/math/math.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// Values the standard promises, and ones that come out exact.
static_assert(math::exp(0.0) == 1 && math::exp2(10.0f) == 1024 && math::exp10(3.0) == 1000 && math::expm1(0.0) == 0);
static_assert(math::log(1.0) == 0 && math::log2(1024.0) == 10 && math::log10(1000.0) == 3 && math::log1p(0.0f) == 0);
static_assert(math::sqrt(2.0) == 1.4142135623730951 && math::sqrt(2.0f) == 1.41421354f &&
              math::sqrt(0x1p-1074) == 0x1p-537);
static_assert(math::sqrt(1.7976931348623157e308) == 1.3407807929942596e154 && math::rsqrt(4.0) == 0.5);
static_assert(math::cbrt(27.0) == 3 && math::cbrt(-8.0f) == -2 && math::hypot(3.0, 4.0) == 5);
static_assert(math::pow(2.0, 10.0) == 1024 && math::pow(-2.0f, 3.0f) == -8 && math::pow(5.0, 0.0) == 1);
static_assert(math::sin(0.0) == 0 && math::cos(0.0) == 1 && math::tan(0.0f) == 0 &&
              math::sin(1e22) == -0.8522008497671888);
static_assert(math::atan2(0.0, -1.0) == 3.141592653589793 && math::acos(1.0) == 0 &&
              math::asin(1.0) == 1.5707963267948966);
static_assert(math::tanh(40.0) == 1 && math::sinh(0.0) == 0 && math::cosh(0.0) == 1 && math::acosh(1.0) == 0);
static_assert(math::erf(7.0) == 1 && math::erfc(0.0) == 1 && math::erfinv(0.0) == 0);
static_assert(math::sigmoid(0.0) == 0.5 && math::softplus(800.0) == 800);
static_assert(math::floor(-1.5) == -2 && math::ceil(-1.5) == -1 && math::trunc(-1.5f) == -1 && math::round(2.5) == 3 &&
              math::rint(2.5) == 2);
static_assert(math::fmod(1e300, 7.0) == 1 && math::remainder(5.0, 2.0) == 1 && math::remainder(7.0, 2.0) == -1);
static_assert(math::ldexp(1.0f, -149) == 0x1p-149f && math::ldexp(3.0, 2) == 12 && math::fma(2.0, 3.0, 4.0) == 10);
static_assert(math::min(1.0, 2.0) == 1 && math::fmax(1.0f, 2.0f) == 2 && math::copysign(3.0, -0.0) == -3);
static_assert(math::nextafter(1.0, 2.0) == 1.0000000000000002 && math::abs(-0.5) == 0.5);

// Where the result is infinite or NaN it is a constant all the same.
constexpr double inf = __builtin_inf(), nan = __builtin_nan("");
static_assert(math::exp(1e4) == inf && math::exp2(inf) == inf && math::exp10(-inf) == 0 && math::expm1(-inf) == -1);
static_assert(math::log(0.0) == -inf && math::log2(inf) == inf && math::isnan(math::log10(-1.0)) &&
              math::log1p(-1.0) == -inf);
static_assert(math::isnan(math::sin(inf)) && math::isnan(math::tan(nan)) && math::isnan(math::asin(2.0)));
static_assert(math::sinh(-1e4) == -inf && math::cosh(inf) == inf && math::tanh(-inf) == -1 && math::asinh(inf) == inf);
static_assert(math::isnan(math::acosh(0.0)) && math::atanh(1.0) == inf && math::isnan(math::atanh(2.0)));
static_assert(math::pow(0.0, -1.0) == inf && math::pow(10.0, 400.0) == inf && math::pow(10.0f, 40.0f) == HUGE_VALF);
static_assert(math::isnan(math::pow(-8.0, 1.0 / 3)) && math::pow(nan, 0.0) == 1 && math::hypot(inf, nan) == inf);
static_assert(math::atan(inf) == 1.5707963267948966 && math::atan2(inf, inf) == 0.7853981633974483);
static_assert(math::erf(-inf) == -1 && math::erfc(-inf) == 2 && math::erfinv(1.0) == inf &&
              math::isnan(math::erf(nan)));
static_assert(math::sqrt(inf) == inf && math::isnan(math::sqrt(-1.0)) && math::rsqrt(0.0) == inf);
static_assert(math::floor(inf) == inf && math::isnan(math::round(nan)) && math::isnan(math::fmod(1.0, 0.0)));
static_assert(math::ldexp(1.0, 5000) == inf && math::ldexp(1.0, -5000) == 0 && math::cbrt(-inf) == -inf);
static_assert(math::isnan(math::max(nan, 1.0)) && math::fmin(nan, 1.0) == 1 && math::sigmoid(-inf) == 0);

// Points all over the domain of most functions, and their images as constants.
constexpr int count = 24;
template <class T>
constexpr T point(int i) {
  return T((i - count / 2) * 0.375 + 0.0625);  // exact, whether fused or not
}
template <class T>
struct Table {
  T value[count];
};
template <class T, class F>
constexpr Table<T> tabulate(F f) {
  Table<T> table{};
  for (int i = 0; i < count; ++i) table.value[i] = f(point<T>(i));
  return table;
}
template <class T, class R>
double worst(const Table<T>& table, R reference) {
  double w = 0;
  for (int i = 0; i < count; ++i) {
    const double d = ulp_distance(table.value[i], reference(static_cast<long double>(point<T>(i))));
    if (d > w) w = d;
  }
  return w;
}

}  // namespace

// One line: the constants are computed here, and compared with the reference at run time.
#define TENON_CONSTANTS(function, claim, ...)                                         \
  {                                                                                   \
    constexpr auto single = tabulate<float>([](auto x) { return math::function; });   \
    constexpr auto twofold = tabulate<double>([](auto x) { return math::function; }); \
    const auto reference = [](long double x) -> long double { return __VA_ARGS__; };  \
    CHECK(worst(single, reference) <= claim);                                         \
    CHECK(worst(twofold, reference) <= claim);                                        \
  }

TEST_CASE("constants are within the claims, those without fused multiply-add") {
  TENON_CONSTANTS(exp(x), 1, std::exp(x))
  TENON_CONSTANTS(exp2(x), 1.25, std::exp2(x))
  TENON_CONSTANTS(expm1(x), 1.5, std::expm1(x))
  TENON_CONSTANTS(sigmoid(x), 2, 1 / (1 + std::exp(-x)))
  TENON_CONSTANTS(log(x), 1, std::log(x))
  TENON_CONSTANTS(log2(x), 1, std::log2(x))
  TENON_CONSTANTS(log10(x), 1, std::log10(x))
  TENON_CONSTANTS(log1p(x), 1, std::log1p(x))
  TENON_CONSTANTS(softplus(x), 2, std::log1p(std::exp(x)))
  TENON_CONSTANTS(sin(x), 1, std::sin(x))
  TENON_CONSTANTS(cos(x), 1, std::cos(x))
  TENON_CONSTANTS(tan(x), 1.25, std::tan(x))
  TENON_CONSTANTS(asin(x), 1.25, std::asin(x))
  TENON_CONSTANTS(acos(x), 1.25, std::acos(x))
  TENON_CONSTANTS(atan(x), 2, std::atan(x))
  TENON_CONSTANTS(sinh(x), 2, std::sinh(x))
  TENON_CONSTANTS(cosh(x), 1.5, std::cosh(x))
  TENON_CONSTANTS(tanh(x), 1.25, std::tanh(x))
  TENON_CONSTANTS(asinh(x), 1.5, std::asinh(x))
  TENON_CONSTANTS(acosh(x), 2, std::acosh(x))
  TENON_CONSTANTS(atanh(x), 1.25, std::atanh(x))
  TENON_CONSTANTS(erf(x), 1.5, std::erf(x))
  TENON_CONSTANTS(erfc(x), 1.5, std::erfc(x))
  TENON_CONSTANTS(cbrt(x), 0.51, std::cbrt(x))
  TENON_CONSTANTS(sqrt(x), 0.5, std::sqrt(x))
}
