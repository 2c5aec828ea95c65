// exp, exp2, exp10, expm1 and sigmoid within their claims.
#include <tenon/math/exponential.hpp>
#include <tenon/ops/exponential.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("exp") { sweep("exp", bound(1), -746, 710, TENON_CALL(exp), TENON_REFERENCE(std::exp(x))); }
TEST_CASE("exp near the range of float") {
  sweep("exp", bound(1), -105, 89, TENON_CALL(exp), TENON_REFERENCE(std::exp(x)));
}
TEST_CASE("exp2") { sweep("exp2", bound(1, 1.25), -1076, 1025, TENON_CALL(exp2), TENON_REFERENCE(std::exp2(x))); }
TEST_CASE("exp2 claims what it gives without a fused multiply-add, too") {
  constexpr Claim claim = op::Exp2::claim;
  sweep("exp2", {claim.float_ulp, claim.double_ulp}, -1, 1, TENON_CALL(exp2), TENON_REFERENCE(std::exp2(x)));
}
TEST_CASE("exp10") {
  sweep("exp10", bound(1.25, 1.5), -325, 309, TENON_CALL(exp10), TENON_REFERENCE(__builtin_powl(10, x)));
}
TEST_CASE("expm1") { sweep("expm1", bound(1.5), -3, 3, TENON_CALL(expm1), TENON_REFERENCE(std::expm1(x))); }
TEST_CASE("sigmoid") {
  sweep("sigmoid", bound(1.5, 2), -40, 40, TENON_CALL(sigmoid), TENON_REFERENCE(1 / (1 + std::exp(-x))));
}

TEST_CASE("exponentials where results overflow, become subnormal, and 0") {
  sweep_near("exp", bound(1), {88.722839, -87.336545, -103.972084},
             {709.782712893384, -708.3964185322641, -745.1332191019412}, TENON_CALL(exp), TENON_REFERENCE(std::exp(x)));
  sweep_near("exp2", bound(1, 1.25), {128, -126, -149, -150}, {1024, -1022, -1074, -1075}, TENON_CALL(exp2),
             TENON_REFERENCE(std::exp2(x)));
  sweep_near("exp10", bound(1.25, 1.5), {38.5318394, -37.9297794, -45.1545},
             {308.25471555991675, -307.6526555685888, -323.6062}, TENON_CALL(exp10),
             TENON_REFERENCE(__builtin_powl(10, x)));
  sweep_near("expm1", bound(1.5), {88.722839, -17.3286795, 0.3465736, -0.3465736},
             {709.782712893384, -37.42994775023705, 0.34657359027997264, -0.34657359027997264}, TENON_CALL(expm1),
             TENON_REFERENCE(std::expm1(x)));
  sweep_near("sigmoid", bound(1.5, 2), {0, -87.336545, -103.972084, 17.3286795},
             {0, -708.3964185322641, -745.1332191019412, 37.42994775023705}, TENON_CALL(sigmoid),
             TENON_REFERENCE(1 / (1 + std::exp(-x))));
}
TEST_CASE("the float that exp10 is worst for, of all") {
  const float x = 0x1.e4e8aap+1f;
  CHECK(ulp_distance(math::exp10(x), __builtin_powl(10, x)) <= bound(1.25, 1.5).single);
}

TEST_CASE("exponentials of infinities and of the last finite arguments") {
  const float inf = HUGE_VALF;
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(-inf) == 0);
  CHECK(math::exp(88.7228317f) <= std::numeric_limits<float>::max());
  CHECK(math::exp(88.7228394f) == inf);
  CHECK(math::exp(709.782712893384) <= std::numeric_limits<double>::max());
  CHECK(math::exp(709.7827128933841) == HUGE_VAL);
  CHECK(math::exp(-103.9f) == std::numeric_limits<float>::denorm_min());
  CHECK(math::exp(-745.1) == std::numeric_limits<double>::denorm_min());
  CHECK(math::exp2(127.0f) == 0x1p127f);
  CHECK(math::exp2(-1074.0) == 0x1p-1074);
  CHECK(math::expm1(-inf) == -1);
  CHECK(math::expm1(0x1p-149f) == 0x1p-149f);
  CHECK(math::sigmoid(-100.0f) > 0);
  CHECK(math::sigmoid(inf) == 1);
  CHECK(math::sigmoid(-inf) == 0);
}
