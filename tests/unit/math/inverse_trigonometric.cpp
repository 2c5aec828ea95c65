// asin, acos, atan and atan2 within their claims.
#include <tenon/math/inverse_trigonometric.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("asin") { sweep("asin", bound(1.25), -1, 1, TENON_CALL(asin), TENON_REFERENCE(std::asin(x))); }
TEST_CASE("acos") { sweep("acos", bound(1.25), -1, 1, TENON_CALL(acos), TENON_REFERENCE(std::acos(x))); }
TEST_CASE("atan") { sweep("atan", bound(2), -5, 5, TENON_CALL(atan), TENON_REFERENCE(std::atan(x))); }
TEST_CASE("inverse trigonometric functions where the formula changes") {
  sweep_near("asin", bound(1.25), {0.5, -0.5, 1, -1}, {0.5, -0.5, 1, -1}, TENON_CALL(asin),
             TENON_REFERENCE(std::asin(x)));
  sweep_near("acos", bound(1.25), {0.5, -0.5, 1, -1}, {0.5, -0.5, 1, -1}, TENON_CALL(acos),
             TENON_REFERENCE(std::acos(x)));
  sweep_near("atan", bound(2), {0.41421356, 2.4142136, 1}, {0.41421356, 2.4142136, 1}, TENON_CALL(atan),
             TENON_REFERENCE(std::atan(x)));
}
TEST_CASE("atan2") {
  sweep_pairs("atan2", bound(2), -2, 2, -2, 2, TENON_CALL_2(atan2),
              [](long double y, long double x) { return std::atan2(y, x); });
}

TEST_CASE("atan2 on the axes and at infinity") {
  const double inf = HUGE_VAL, pi = 3.141592653589793;
  CHECK(math::atan2(0.0, -1.0) == pi);
  CHECK(math::atan2(-0.0, -1.0) == -pi);
  CHECK(math::atan2(0.0, -0.0) == pi);
  CHECK(math::atan2(1.0, 0.0) == pi / 2);
  CHECK(math::atan2(inf, inf) == pi / 4);
  CHECK(math::atan2(-inf, -inf) == -3 * pi / 4);
  CHECK(math::atan2(1.0, -inf) == pi);
  CHECK(math::atan2(1e300, 1e300) == pi / 4);
}
