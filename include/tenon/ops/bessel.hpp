// tenon/ops/bessel.hpp: Bessel functions, on the host, where the standard library has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Order and argument are not negative. Recurrences give the derivatives; those with respect to a real order have no
// rule and are NaN (`incomplete`), never silently zero. Y and K of orders within 1e-3 of a whole number, but not on it,
// lose up to half of the digits of double in libstdc++.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/math/special.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/rounding.hpp>
#include <tenon/ops/select.hpp>

#if defined(__STDCPP_MATH_SPEC_FUNCS__)
namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_j(Nu&& nu, X&& x);
template <operand Nu, operand X>
TENON_FN auto cyl_neumann(Nu&& nu, X&& x);
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_i(Nu&& nu, X&& x);
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_k(Nu&& nu, X&& x);
template <operand N, operand X>
TENON_FN auto sph_bessel(N&& n, X&& x);
template <operand N, operand X>
TENON_FN auto sph_neumann(N&& n, X&& x);

namespace op {

/// The Bessel function of the first kind J_nu(x), for nu, x >= 0; derivative (J_(nu-1) - J_(nu+1))/2, or
/// nu/x J_nu - J_(nu+1) for nu < 1, no rule for nu.
struct CylBesselJ : Pointwise<CylBesselJ> {
  static constexpr FixedString name{"cyl_bessel_j"};
  static constexpr Domain domain{0, 5, 0.1, 2};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  static constexpr bool incomplete = true;
  TENON_INLINE static auto value(auto nu, auto x) { return math::cyl_bessel_j(nu, x); }
  TENON_FN static auto partials_with_output(auto y, auto nu, auto x) {
    const auto above = cyl_bessel_j(nu + lit(1), x);
    const auto below = cyl_bessel_j(maximum(nu - lit(1), lit(0)), x);
    const auto safe = where(x == lit(0), lit(1), x);
    const auto slope = where(x == lit(0), lit(limits<double>::infinity()), nu / safe * y - above);
    const auto between = where(nu < lit(1), slope, lit(0.5) * (below - above));
    return d(lit(limits<double>::nan()), where(nu == lit(0), -above, between));
  }
};

/// The Bessel function of the second kind Y_nu(x), for nu, x >= 0; derivative nu/x Y_nu - Y_(nu+1), no rule for nu.
struct CylNeumann : Pointwise<CylNeumann> {
  static constexpr FixedString name{"cyl_neumann"};
  static constexpr Domain domain{0, 5, 0.1, 0.8};
  static constexpr Claim claim{1, 1e8};
  static constexpr int cost = 1000;
  static constexpr bool incomplete = true;
  TENON_INLINE static auto value(auto nu, auto x) { return math::cyl_neumann(nu, x); }
  TENON_FN static auto partials_with_output(auto y, auto nu, auto x) {
    return d(lit(limits<double>::nan()), nu / x * y - cyl_neumann(nu + lit(1), x));
  }
};

/// The modified Bessel function of the first kind I_nu(x), for nu, x >= 0; derivative (I_(nu-1) + I_(nu+1))/2, or
/// nu/x I_nu + I_(nu+1) for nu < 1, no rule for nu.
struct CylBesselI : Pointwise<CylBesselI> {
  static constexpr FixedString name{"cyl_bessel_i"};
  static constexpr Domain domain{0, 5, 0.1, 10};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  static constexpr bool incomplete = true;
  TENON_INLINE static auto value(auto nu, auto x) { return math::cyl_bessel_i(nu, x); }
  TENON_FN static auto partials_with_output(auto y, auto nu, auto x) {
    const auto above = cyl_bessel_i(nu + lit(1), x);
    const auto below = cyl_bessel_i(maximum(nu - lit(1), lit(0)), x);
    const auto safe = where(x == lit(0), lit(1), x);
    const auto slope = where(x == lit(0), lit(limits<double>::infinity()), nu / safe * y + above);
    const auto between = where(nu < lit(1), slope, lit(0.5) * (below + above));
    return d(lit(limits<double>::nan()), where(nu == lit(0), above, between));
  }
};

/// The modified Bessel function of the second kind K_nu(x), for nu, x >= 0; derivative nu/x K_nu - K_(nu+1), no rule
/// for nu.
struct CylBesselK : Pointwise<CylBesselK> {
  static constexpr FixedString name{"cyl_bessel_k"};
  static constexpr Domain domain{0, 5, 0.1, 10};
  static constexpr Claim claim{1, 1e8};
  static constexpr int cost = 1000;
  static constexpr bool incomplete = true;
  TENON_INLINE static auto value(auto nu, auto x) { return math::cyl_bessel_k(nu, x); }
  TENON_FN static auto partials_with_output(auto y, auto nu, auto x) {
    return d(lit(limits<double>::nan()), nu / x * y - cyl_bessel_k(nu + lit(1), x));
  }
};

/// The spherical Bessel function j_n(x), for whole n >= 0 and x >= 0; derivative
/// (n j_(n-1) - (n + 1) j_(n+1))/(2n + 1).
struct SphBessel : Pointwise<SphBessel> {
  static constexpr FixedString name{"sph_bessel"};
  static constexpr Domain domain{0, 5, 0.1, 3};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto x) { return math::sph_bessel(n, x); }
  TENON_FN static auto partials(auto degree, auto x) {
    const auto n = trunc(degree);
    const auto below = sph_bessel(maximum(n - lit(1), lit(0)), x);
    return d(NoPartial{}, (n * below - (n + lit(1)) * sph_bessel(n + lit(1), x)) / (lit(2) * n + lit(1)));
  }
};

/// The spherical Neumann function y_n(x), for whole n >= 0 and x >= 0; derivative n/x y_n - y_(n+1).
struct SphNeumann : Pointwise<SphNeumann> {
  static constexpr FixedString name{"sph_neumann"};
  static constexpr Domain domain{0, 5, 0.1, 1.5};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto x) { return math::sph_neumann(n, x); }
  TENON_FN static auto partials_with_output(auto y, auto n, auto x) {
    return d(NoPartial{}, trunc(n) / x * y - sph_neumann(n + lit(1), x));
  }
};

}  // namespace op

/// The Bessel function of the first kind J_nu(x).
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_j(Nu&& nu, X&& x) {
  return apply<op::CylBesselJ>(static_cast<Nu&&>(nu), static_cast<X&&>(x));
}

/// The Bessel function of the second kind Y_nu(x).
template <operand Nu, operand X>
TENON_FN auto cyl_neumann(Nu&& nu, X&& x) {
  return apply<op::CylNeumann>(static_cast<Nu&&>(nu), static_cast<X&&>(x));
}

/// The modified Bessel function of the first kind I_nu(x).
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_i(Nu&& nu, X&& x) {
  return apply<op::CylBesselI>(static_cast<Nu&&>(nu), static_cast<X&&>(x));
}

/// The modified Bessel function of the second kind K_nu(x).
template <operand Nu, operand X>
TENON_FN auto cyl_bessel_k(Nu&& nu, X&& x) {
  return apply<op::CylBesselK>(static_cast<Nu&&>(nu), static_cast<X&&>(x));
}

/// The spherical Bessel function j_n(x).
template <operand N, operand X>
TENON_FN auto sph_bessel(N&& n, X&& x) {
  return apply<op::SphBessel>(static_cast<N&&>(n), static_cast<X&&>(x));
}

/// The spherical Neumann function y_n(x).
template <operand N, operand X>
TENON_FN auto sph_neumann(N&& n, X&& x) {
  return apply<op::SphNeumann>(static_cast<N&&>(n), static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
#endif
