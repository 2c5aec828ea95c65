// sinh, cosh, tanh and their inverses within their claims.
#include <tenon/math/hyperbolic.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("sinh") { sweep("sinh", bound(2), -4, 4, TENON_CALL(sinh), TENON_REFERENCE(std::sinh(x))); }
TEST_CASE("sinh up to overflow") {
  sweep("sinh", bound(2), -711, 711, TENON_CALL(sinh), TENON_REFERENCE(std::sinh(x)));
}
TEST_CASE("cosh") { sweep("cosh", bound(1.5), -10, 10, TENON_CALL(cosh), TENON_REFERENCE(std::cosh(x))); }
TEST_CASE("tanh") { sweep("tanh", bound(3), -4, 4, TENON_CALL(tanh), TENON_REFERENCE(std::tanh(x))); }
TEST_CASE("asinh") { sweep("asinh", bound(1.5), -4, 4, TENON_CALL(asinh), TENON_REFERENCE(std::asinh(x))); }
TEST_CASE("acosh") { sweep("acosh", bound(2), 1, 4, TENON_CALL(acosh), TENON_REFERENCE(std::acosh(x))); }
TEST_CASE("atanh") { sweep("atanh", bound(1.25), -1, 1, TENON_CALL(atanh), TENON_REFERENCE(std::atanh(x))); }

TEST_CASE("hyperbolic functions where the formula changes, and where they overflow") {
  const std::initializer_list<double> single = {1, 88.722839, 89.415985, -89.415985},
                                      twofold = {1, 709.782712893384, 710.4758600739439, -710.4758600739439};
  sweep_near("sinh", bound(2), single, twofold, TENON_CALL(sinh), TENON_REFERENCE(std::sinh(x)));
  sweep_near("cosh", bound(1.5), single, twofold, TENON_CALL(cosh), TENON_REFERENCE(std::cosh(x)));
  sweep_near("tanh", bound(3), {9.01, 9.5, 0.15625, 43}, {19.0615, 20, 350}, TENON_CALL(tanh),
             TENON_REFERENCE(std::tanh(x)));
  sweep_near("asinh", bound(1.5), {0.5, 1e9}, {0.5, 1e18}, TENON_CALL(asinh), TENON_REFERENCE(std::asinh(x)));
  sweep_near("acosh", bound(2), {1, 1e9}, {1, 1e18}, TENON_CALL(acosh), TENON_REFERENCE(std::acosh(x)));
  sweep_near("atanh", bound(1.25), {1, -1, 0.17157288}, {1, -1, 0.17157287525380990}, TENON_CALL(atanh),
             TENON_REFERENCE(std::atanh(x)));
}

TEST_CASE("hyperbolic functions at the ends") {
  const double inf = HUGE_VAL;
  CHECK(math::sinh(-inf) == -inf);
  CHECK(math::cosh(-inf) == inf);
  CHECK(math::tanh(inf) == 1);
  CHECK(math::tanh(-30.0f) == -1);
  CHECK(math::asinh(-inf) == -inf);
  CHECK(math::acosh(1.0) == 0);
  CHECK(std::isnan(math::acosh(0.5)));
  CHECK(std::isnan(math::acosh(-5.0)));
  CHECK(math::atanh(-1.0) == -inf);
  CHECK(std::isnan(math::atanh(1.5)));
}
