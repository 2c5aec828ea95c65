// pow, cbrt, hypot and rsqrt within their claims.
#include <tenon/math/power.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("pow") {
  const auto reference = [](long double x, long double y) { return std::pow(x, y); };
  sweep_pairs("pow", Bound{0.6, 1.25}, 0, 4, -60, 60, TENON_CALL_2(pow), reference);
  sweep_pairs("pow", Bound{0.6, 1.25}, 0.5, 2, -1074, 1024, TENON_CALL_2(pow), reference);
  sweep_pairs("pow", Bound{0.6, 1.25}, 0.999, 1.001, -7e5, 7e5, TENON_CALL_2(pow), reference);
  sweep_pairs(
      "pow", Bound{0.6, 1.25}, -4, 4, -9, 9,
      [](auto x, auto y) __attribute__((always_inline)) { return math::pow(x, math::rint(y)); },
      [](long double x, long double y) { return std::pow(x, std::rint(y)); });
}
TEST_CASE("cbrt") { sweep("cbrt", bound(0.51), -8, 8, TENON_CALL(cbrt), TENON_REFERENCE(std::cbrt(x))); }
TEST_CASE("rsqrt") { sweep("rsqrt", bound(1.5), 0, 4, TENON_CALL(rsqrt), TENON_REFERENCE(1 / std::sqrt(x))); }
TEST_CASE("hypot") {
  sweep_pairs("hypot", bound(1, 1.25), -2, 2, -2, 2, TENON_CALL_2(hypot),
              [](long double x, long double y) { return std::hypot(x, y); });
}
