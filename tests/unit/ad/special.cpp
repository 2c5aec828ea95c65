// First and second derivatives of the special functions: against differences, and never silently zero.
#include <doctest/doctest.h>

#include <cmath>
#include <tenon/ops/special_catalogue.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

double difference(const auto& f, double x) {
  const double h = 1e-3;
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}
bool near(double a, double b) { return std::fabs(a - b) <= 1e-7 * (1 + std::fabs(b)); }

/// f' is the slope of f, f'' that of f'.
bool differentiates(const auto& f, double x) {
  const auto value = [&](double t) { return static_cast<double>(f(t)); };
  const auto slope = [&](double t) { return static_cast<double>(grad(f)(t)); };
  const double second = grad(grad(f))(x);
  return near(slope(x), difference(value, x)) && near(second, difference(slope, x));
}
double second(const auto& f, double x) { return grad(grad(f))(x); }

}  // namespace

TEST_CASE("gamma and its derivatives") {
  CHECK(differentiates([](auto x) { return tgamma(x); }, 2.4));
  CHECK(differentiates([](auto x) { return lgamma(x); }, 2.4));
  CHECK(differentiates([](auto x) { return digamma(x); }, 2.4));
  CHECK(differentiates([](auto x) { return trigamma(x); }, 2.4));
  CHECK(differentiates([](auto x) { return trigamma(x); }, -2.4));
  CHECK(differentiates([](auto x) { return polygamma(3, x); }, 1.7));
  CHECK(differentiates([](auto x) { return beta(x, x + 1); }, 2.1));
  CHECK(near(grad(grad(grad([](auto x) { return lgamma(x); })))(1.5), -0.8287966442343199));
}
#if defined(__STDCPP_MATH_SPEC_FUNCS__)
TEST_CASE("zeta") {
  CHECK(differentiates([](auto x) { return riemann_zeta(x); }, 3));
  CHECK(differentiates([](auto x) { return riemann_zeta(x); }, -3.3));
  const auto fifth = grad(grad(grad(grad(grad([](auto x) { return riemann_zeta(x); })))));
  CHECK(std::isnan(static_cast<double>(fifth(3.0))));
}
TEST_CASE("Bessel functions") {
  CHECK(differentiates([](auto x) { return cyl_bessel_j(0, x); }, 2.1));
  CHECK(differentiates([](auto x) { return cyl_bessel_j(0.5, x); }, 2.1));
  CHECK(differentiates([](auto x) { return cyl_bessel_j(2.5, x); }, 2.1));
  CHECK(differentiates([](auto x) { return cyl_bessel_i(1, x); }, 2.1));
  CHECK(differentiates([](auto x) { return cyl_bessel_k(1, x); }, 2.1));
  CHECK(differentiates([](auto x) { return cyl_neumann(1, x); }, 2.1));
  CHECK(differentiates([](auto x) { return sph_bessel(2, x); }, 2.1));
  CHECK(differentiates([](auto x) { return sph_neumann(2, x); }, 2.1));
  CHECK(near(second([](auto x) { return cyl_bessel_j(0.0, x); }, 0), -0.5));
  CHECK(near(second([](auto x) { return cyl_bessel_j(2.0, x); }, 0), 0.25));
  CHECK(near(second([](auto x) { return cyl_bessel_i(0.0, x); }, 0), 0.5));
  CHECK(near(second([](auto x) { return sph_bessel(0, x); }, 0), -1.0 / 3));
  CHECK(static_cast<double>(grad([](auto x) { return cyl_bessel_j(0.5, x); })(0.0)) == HUGE_VAL);
  CHECK(std::isnan(static_cast<double>(grad([](auto nu) { return cyl_bessel_j(nu, 1.0); })(1.5))));
}
TEST_CASE("elliptic integrals") {
  CHECK(differentiates([](auto k) { return ellint_1(k, 0.7); }, 0.3));
  CHECK(differentiates([](auto k) { return ellint_1(k, 2.7); }, 0.3));
  CHECK(differentiates([](auto k) { return ellint_1(k, 0.7); }, 0));
  CHECK(differentiates([](auto phi) { return ellint_1(0.3, phi); }, 0.7));
  CHECK(differentiates([](auto k) { return ellint_2(k, 2.7); }, -0.3));
  CHECK(differentiates([](auto phi) { return ellint_2(0.3, phi); }, 0.7));
  CHECK(differentiates([](auto k) { return ellint_3(k, 0.5, 0.7); }, 0.3));
  CHECK(differentiates([](auto nu) { return ellint_3(0.3, nu, 0.7); }, 0.5));
  CHECK(differentiates([](auto phi) { return ellint_3(0.3, 0.5, phi); }, 0.7));
  CHECK(differentiates([](auto k) { return comp_ellint_1(k); }, 0.7));
  CHECK(differentiates([](auto k) { return comp_ellint_2(k); }, 0.3));
  CHECK(differentiates([](auto k) { return comp_ellint_3(k, 0.5); }, 0.3));
  CHECK(differentiates([](auto nu) { return comp_ellint_3(0.3, nu); }, 0.5));
  // At nu = 0 the first derivative is a limit.
  const auto third = [](auto nu) { return ellint_3(0.3, nu, 0.7); };
  const auto complete = [](auto nu) { return comp_ellint_3(0.3, nu); };
  constexpr double h = 1e-5;
  CHECK(grad(third)(0.0) == doctest::Approx((third(h) - third(-h)) / (2 * h)).epsilon(1e-8));
  CHECK(grad(complete)(0.0) == doctest::Approx((complete(h) - complete(-h)) / (2 * h)).epsilon(1e-8));
}
TEST_CASE("polynomials and spherical harmonics") {
  CHECK(differentiates([](auto x) { return legendre(3, x); }, 0.3));
  CHECK(differentiates([](auto x) { return assoc_legendre(3, 1, x); }, 0.4));
  CHECK(differentiates([](auto x) { return laguerre(3, x); }, 0.4));
  CHECK(differentiates([](auto x) { return assoc_laguerre(3, 1, x); }, 0.4));
  CHECK(differentiates([](auto x) { return hermite(3, x); }, 0.4));
  CHECK(differentiates([](auto x) { return expint(x); }, 2.1));
  CHECK(differentiates([](auto t) { return sph_legendre(3, 0, t); }, 0.7));
  CHECK(differentiates([](auto t) { return sph_legendre(3, 3, t); }, 0.7));
  CHECK(differentiates([](auto t) { return sph_legendre(4, 2, t); }, 2.7));
  CHECK(static_cast<double>(sph_legendre(2, 3, 0.5)) == 0);
}
#endif
