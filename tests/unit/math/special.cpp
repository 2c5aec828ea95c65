// The gamma family and the standard's special functions.
#include <tenon/math/special.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("tgamma") { sweep("tgamma", Bound{1, 8}, -5, 171, TENON_CALL(tgamma), TENON_REFERENCE(std::tgamma(x))); }
TEST_CASE("lgamma") { sweep("lgamma", Bound{1, 8}, -3, 50, TENON_CALL(lgamma), TENON_REFERENCE(std::lgamma(x))); }

// By the recurrence up to 40 and the asymptotic series, in long double; no digits are lost above 1.5.
static long double digamma_reference(long double x) {
  long double y = 0;
  for (; x < 40; x += 1) y -= 1 / x;
  const long double z = 1 / (x * x);
  return y + std::log(x) - 0.5L / x -
         z * (1 / 12.0L - z * (1 / 120.0L - z * (1 / 252.0L - z * (1 / 240.0L - z / 132.0L))));
}
static long double trigamma_reference(long double x) {
  long double y = 0;
  for (; x < 40; x += 1) y += 1 / (x * x);
  const long double z = 1 / (x * x);
  return y + 1 / x + z / 2 + z / x * (1 / 6.0L - z * (1 / 30.0L - z * (1 / 42.0L - z * (1 / 30.0L - z * 5 / 66.0L))));
}
TEST_CASE("digamma and trigamma") {
  double digamma_worst = 0, trigamma_worst = 0, single_worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = i % 2 ? std::fabs(inside<double>(static_cast<std::uint64_t>(i), 0, 100)) + 1e-9
                           : 1.3 + (1.7 - 1.3) * i / 100000;
    // Around its zero the reference is only good to 1e-19 absolutely.
    const long double want = digamma_reference(x);
    const double error = ulp_distance(math::digamma(x), want);
    digamma_worst =
        std::fmax(digamma_worst, std::fabs(want) < 0.01L ? error * static_cast<double>(std::fabs(want)) * 10 : error);
    trigamma_worst = std::fmax(trigamma_worst, ulp_distance(math::trigamma(x), trigamma_reference(x)));
    const float y = static_cast<float>(x);
    single_worst = std::fmax(single_worst, ulp_distance(math::trigamma(y), trigamma_reference(y)));
  }
  CHECK(digamma_worst <= 4);
  CHECK(trigamma_worst <= 8);
  CHECK(single_worst <= 0.51);
  if (std::getenv("TENON_SHOW_ULP")) std::printf("digamma %.2f trigamma %.2f\n", digamma_worst, trigamma_worst);
  CHECK(math::digamma(1.0) == doctest::Approx(-0.57721566490153286).epsilon(1e-15));
  CHECK(math::digamma(-1.5) == doctest::Approx(0.70315664064524319).epsilon(1e-14));
  CHECK(math::trigamma(1.0) == doctest::Approx(1.6449340668482264).epsilon(1e-15));
  CHECK(math::trigamma(-1.5) == doctest::Approx(9.3792466449891237).epsilon(1e-14));
  CHECK(math::digamma(1.4616321449683622) == doctest::Approx(-9.2412655217294275e-17).epsilon(1e-12));
  CHECK(std::isnan(math::digamma(-2.0)));
  CHECK(math::trigamma(-2.0) == HUGE_VAL);
}

TEST_CASE("beta") {
  CHECK(math::beta(2.0, 3.0) == doctest::Approx(1.0 / 12).epsilon(1e-14));
  CHECK(math::beta(0.5, 0.5) == doctest::Approx(3.141592653589793).epsilon(1e-14));
  CHECK(math::beta(-1.5, 2.0) == doctest::Approx(4.0 / 3).epsilon(1e-14));
  CHECK(math::beta(200.0, 300.0) == doctest::Approx(1.6485491608664746e-147).epsilon(1e-12));
}

TEST_CASE("a pack holds what its lanes give") {
  using V = simd::pack<double, 4>;
  const V x = {0.5, 1.5, 2.5, 3.5};
  const V y = math::digamma(x), z = math::cyl_bessel_j(1.0, x), w = math::beta(x, x);
  for (int i = 0; i < 4; ++i) {
    CHECK(y[i] == math::digamma(double{x[i]}));
    CHECK(z[i] == math::cyl_bessel_j(1.0, double{x[i]}));
    CHECK(w[i] == math::beta(double{x[i]}, double{x[i]}));
  }
}

// Values from Abramowitz and Stegun, and NaN where the standard library throws.
TEST_CASE("functions of the standard library") {
  CHECK(math::expint(1.0) == doctest::Approx(1.8951178163559368).epsilon(1e-13));
  CHECK(math::riemann_zeta(2.0) == doctest::Approx(1.6449340668482264).epsilon(1e-13));
  CHECK(math::cyl_bessel_j(0.0, 1.0) == doctest::Approx(0.7651976865579666).epsilon(1e-13));
  CHECK(math::cyl_neumann(0.0, 1.0) == doctest::Approx(0.08825696421567698).epsilon(1e-12));
  CHECK(math::cyl_bessel_i(0.0, 1.0) == doctest::Approx(1.2660658777520084).epsilon(1e-13));
  CHECK(math::cyl_bessel_k(0.0, 1.0) == doctest::Approx(0.42102443824070834).epsilon(1e-13));
  CHECK(math::comp_ellint_1(0.5) == doctest::Approx(1.6857503548125961).epsilon(1e-13));
  CHECK(math::ellint_2(0.5, 1.0) == doctest::Approx(0.9648764542686275).epsilon(1e-13));
  CHECK(math::legendre(2, 0.5f) == doctest::Approx(-0.125));
  CHECK(math::laguerre(2, 1.0) == doctest::Approx(-0.5));
  CHECK(math::hermite(3, 1.0) == doctest::Approx(-4));
  CHECK(std::isnan(math::cyl_bessel_j(0.0, -1.0)));
  CHECK(std::isnan(math::legendre(2, 2.0)));
}
