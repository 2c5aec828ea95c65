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
