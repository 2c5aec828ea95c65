// log, log2, log10, log1p and softplus within their claims.
#include <tenon/math/logarithm.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("log") { sweep("log", bound(1), 0, 2, TENON_CALL(log), TENON_REFERENCE(std::log(x))); }
TEST_CASE("log2") { sweep("log2", bound(1), 0, 2, TENON_CALL(log2), TENON_REFERENCE(std::log2(x))); }
TEST_CASE("log10") { sweep("log10", bound(1), 0, 2, TENON_CALL(log10), TENON_REFERENCE(std::log10(x))); }
TEST_CASE("log1p") { sweep("log1p", bound(1), -1, 2, TENON_CALL(log1p), TENON_REFERENCE(std::log1p(x))); }
TEST_CASE("softplus") {
  sweep("softplus", bound(2), -40, 20, TENON_CALL(softplus), TENON_REFERENCE(x > 100 ? x : std::log1p(std::exp(x))));
}

TEST_CASE("logarithms where the reduction changes, near 1 and at the ends") {
  const std::initializer_list<double> single = {1, 0.70710677, 1.4142135, 0x1p-126, 0x1p-149, 0x1p127},
                                      twofold = {1,         0.7071067811865476, 1.4142135623730951,
                                                 0x1p-1022, 0x1p-1074,          0x1p1023};
  sweep_near("log", bound(1), single, twofold, TENON_CALL(log), TENON_REFERENCE(std::log(x)));
  sweep_near("log2", bound(1), single, twofold, TENON_CALL(log2), TENON_REFERENCE(std::log2(x)));
  sweep_near("log10", bound(1), single, twofold, TENON_CALL(log10), TENON_REFERENCE(std::log10(x)));
  sweep_near("log1p", bound(1), {-1, 1, 0.41421354, -0.29289323, 0},
             {-1, 1, 0.41421356237309503, -0.2928932188134524, 0}, TENON_CALL(log1p), TENON_REFERENCE(std::log1p(x)));
  sweep_near("softplus", bound(2), {0, 0.6931472, -0.6931472, -87.336545, -103.972084},
             {0, 0.6931471805599453, -0.6931471805599453, -708.3964185322641, -745.1332191019412}, TENON_CALL(softplus),
             TENON_REFERENCE(x > 100 ? x : std::log1p(std::exp(x))));
}

TEST_CASE("log2 is exact for powers of two") {
  int wrong = 0;
  for (int n = -149; n < 128; ++n) wrong += math::log2(std::ldexp(1.0f, n)) != static_cast<float>(n);
  for (int n = -1074; n < 1024; ++n) wrong += math::log2(std::ldexp(1.0, n)) != n;
  CHECK(wrong == 0);
}

TEST_CASE("logarithms at the ends") {
  const double inf = HUGE_VAL;
  CHECK(math::log(0.0) == -inf);
  CHECK(math::log(-0.0) == -inf);
  CHECK(std::isnan(math::log(-1.0)));
  CHECK(math::log(inf) == inf);
  CHECK(math::log10(1000.0) == 3);
  CHECK(math::log1p(-1.0) == -inf);
  CHECK(std::isnan(math::log1p(-2.0)));
  CHECK(math::softplus(-inf) == 0);
  CHECK(math::softplus(inf) == inf);
}
