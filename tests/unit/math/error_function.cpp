// erf, erfc and erfinv within their claims.
#include <tenon/math/error_function.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("erf") { sweep("erf", bound(1.25, 1.5), -4, 4, TENON_CALL(erf), TENON_REFERENCE(std::erf(x))); }
TEST_CASE("erfc") { sweep("erfc", bound(1.25, 1.5), -6, 28, TENON_CALL(erfc), TENON_REFERENCE(std::erfc(x))); }

TEST_CASE("error functions where the formula changes, and where results become subnormal and 0") {
  sweep_near("erf", bound(1.25, 1.5), {1, -1, 3.95}, {1, -1, 5.95}, TENON_CALL(erf), TENON_REFERENCE(std::erf(x)));
  sweep_near("erfc", bound(1.25, 1.5), {0.46, -0.46, 3, 9.19455, 10.05, 10.2}, {0.46, -0.46, 3, 26.5433, 27.2266, 27.4},
             TENON_CALL(erfc), TENON_REFERENCE(std::erfc(x)));
}

// Newton's method on erf, or on erfc where erf is close to 1, from a start that need not be good.
static long double inverse_erf(long double x) {
  const long double a = std::fabs(x), scale = 1.12837916709551257389616L;
  if (!(a < 1)) return a == 1 ? std::copysign(HUGE_VALL, x) : std::numeric_limits<long double>::quiet_NaN();
  if (a == 0) return x;
  long double y = a < 0.5L ? a / scale : std::sqrt(std::fmax(-std::log((1 - a) * 1.7L), 0.2L));
  for (int i = 0; i < 12; ++i) {
    const long double error = a < 0.5L ? std::erf(y) - a : (1 - a) - std::erfc(y);
    const long double step = error / (scale * std::exp(-y * y));
    y -= step / (1 + y * step);  // Halley
    if (std::fabs(step) < 1e-10L * y) break;
  }
  return std::copysign(y, x);
}
TEST_CASE("erfinv") {
  sweep("erfinv", Bound{4, 8}, -1, 1, TENON_CALL(erfinv), inverse_erf);
  sweep("erfinv", Bound{4, 8}, 0.9999, 1, TENON_CALL(erfinv), inverse_erf);
}
