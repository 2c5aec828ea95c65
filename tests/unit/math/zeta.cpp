// Derivatives of digamma and of zeta, the elliptic integral D: against values of 30 digits (mpmath).
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <tenon/math/elliptic.hpp>
#include <tenon/math/zeta.hpp>

using namespace tenon;

namespace {
struct Sample {
  double parameter, x, value;
};
}  // namespace

TEST_CASE("polygamma") {
  const Sample samples[] = {
      {2, 0.01, -2000002.340398677},     {2, 2.5, -0.2362040516417274}, {3, 1.0, 6.4939394022668291},
      {7, 50.0, 9.8783128910325685e-10}, {3, -1.5, 194.59427621918762}, {2, -5.25, 123.99508576890408},
      {4, -0.3, 9731.8349562335204},
  };
  for (const auto& [n, x, value] : samples) CHECK(std::fabs(math::polygamma(n, x) / value - 1) < 1e-14);
  for (double x : {0.3, 4.5, -1.3}) {
    CHECK(math::polygamma(0, x) == math::digamma(x));
    CHECK(math::polygamma(1, x) == math::trigamma(x));
  }
  CHECK(math::polygamma(3, -2.0) == HUGE_VAL);
  CHECK(math::polygamma(3, 0.0) == HUGE_VAL);
  CHECK(std::isnan(math::polygamma(2, -2.0)));
  CHECK(std::isnan(math::polygamma(-1, 2.0)));
  CHECK(std::isnan(math::polygamma(2, std::nan(""))));
  CHECK(math::polygamma(2, HUGE_VAL) == 0);
  // Next to a pole, and far from all of them on the negative side.
  CHECK(std::fabs(math::polygamma(2, -1e-20) / 2e60 - 1) < 1e-14);
  CHECK(std::fabs(math::polygamma(3, -1000.5) / 194.81818206601086 - 1) < 1e-14);
  static_assert(math::polygamma(2, 1.0) < -2.4041 && math::polygamma(2, 1.0) > -2.4042);
}
TEST_CASE("derivatives of zeta") {
  const Sample samples[] = {
      {0, 2.0, 1.6449340668482264},     {1, 2.0, -0.93754825431584375},     {1, 0.5, -3.9226461392091517},
      {2, 1.5, 15.989556371225687},     {3, 10.0, -0.00035077736383714571}, {1, 0.0, -0.91893853320467274},
      {1, -2.0, -0.030448457058393271}, {2, -3.5, -0.001787508571840275},   {4, 3.0, 0.75075110412407291},
  };
  for (const auto& [n, s, value] : samples) CHECK(std::fabs(math::zeta_derivative(n, s) / value - 1) < 1e-13);
  CHECK(std::fabs(math::zeta_derivative(0, -2.0)) < 1e-17);
  CHECK(std::isnan(math::zeta_derivative(1, 1.0)));
  CHECK(std::isnan(math::zeta_derivative(5, 2.0)));
  CHECK(std::isnan(math::zeta_derivative(1, -200.0)));
  CHECK(math::zeta_derivative(1, HUGE_VAL) == 0);
  CHECK(math::zeta_derivative(1, 1e3) < 0);  // -log(2) 2^-1000
}
TEST_CASE("the elliptic integral D") {
  const Sample samples[] = {
      {0.0, 1.0, 0.27267564329357958},  {0.5, 1.5, 0.79156312112177605},  {0.9, 0.001, 3.3333334766666961e-10},
      {-0.99, 2.5, 4.6587814416126717}, {0.3, -4.0, -1.8119048127890555},
  };
  for (const auto& [k, phi, value] : samples) CHECK(std::fabs(math::ellint_d(k, phi) / value - 1) < 1e-13);
  CHECK(math::ellint_d(0.5, 0.0) == 0);
  CHECK(std::isnan(math::ellint_d(1.5, 1.0)));
  CHECK(std::isnan(math::ellint_d(0.5, std::nan(""))));
  CHECK(math::ellint_d(1.0, 2.0) == HUGE_VAL);
}
