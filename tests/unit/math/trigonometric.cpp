// sin, cos and tan within their claims, above all where x is close to a multiple of pi/2.
#include <initializer_list>
#include <tenon/math/trigonometric.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("sin") { sweep("sin", bound(1), -10, 10, TENON_CALL(sin), TENON_REFERENCE(std::sin(x))); }
TEST_CASE("cos") { sweep("cos", bound(1), -10, 10, TENON_CALL(cos), TENON_REFERENCE(std::cos(x))); }
TEST_CASE("tan") { sweep("tan", bound(1, 1.25), -10, 10, TENON_CALL(tan), TENON_REFERENCE(std::tan(x))); }
TEST_CASE("sin up to where the reduction changes") {
  sweep("sin", bound(1), -2e5, 2e5, TENON_CALL(sin), TENON_REFERENCE(std::sin(x)));
}
TEST_CASE("cos up to where the reduction changes") {
  sweep("cos", bound(1), -2e9, 2e9, TENON_CALL(cos), TENON_REFERENCE(std::cos(x)));
}

template <class T>
double worst_near_multiples(double first, double step, int count) {
  double worst = 0;
  for (int i = 0; i < count; ++i) {
    const long double n = std::floor(first + step * i);
    const T at = static_cast<T>(n * 1.5707963267948966192L);
    for (T x : {at, std::nextafter(at, T(0)), -at}) {
      const auto both = math::sincos(x);
      const long double y = x;
      for (double d : {ulp_distance(both.sin, std::sin(y)), ulp_distance(both.cos, std::cos(y)),
                       ulp_distance(math::tan(x), std::tan(y)) / bound(1, 1.25).single})
        if (d > worst) worst = d;
    }
  }
  return worst;
}

TEST_CASE("arguments next to multiples of pi/2") {
  CHECK(worst_near_multiples<float>(1, 1, 70000) <= 1);
  CHECK(worst_near_multiples<float>(1e5, 1e33, 20000) <= 1);
  CHECK(worst_near_multiples<double>(1, 1, 70000) <= 1);
  CHECK(worst_near_multiples<double>(6e8, 1e4, 20000) <= 1);
}

TEST_CASE("arguments known to be hard") {
  // The double closest to a multiple of pi/2 (J.-M. Muller, Elementary Functions, chapter 11), and a few large ones.
  for (double x : {6381956970095103.0 * 0x1p797, 0x1.6ac5b262ca1ffp849, 1e22, 0x1.921fb54442d18p1, 0x1p1023, 1e300}) {
    CHECK(ulp_distance(math::sin(x), std::sin(static_cast<long double>(x))) <= 1);
    CHECK(ulp_distance(math::cos(x), std::cos(static_cast<long double>(x))) <= 1);
    CHECK(ulp_distance(math::tan(x), std::tan(static_cast<long double>(x))) <= bound(1, 1.25).twofold);
  }
  CHECK(math::sin(1e22) == -0.8522008497671888);
}
