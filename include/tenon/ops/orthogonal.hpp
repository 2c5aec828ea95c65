// tenon/ops/orthogonal.hpp: Legendre, Laguerre and Hermite polynomials, spherical harmonics, from the standard library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On the host, where the standard library has them. Degrees are whole numbers held in the type of the argument.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/math/special.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/rounding.hpp>
#include <tenon/ops/select.hpp>

#if defined(__STDCPP_MATH_SPEC_FUNCS__)
namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand N, operand X>
TENON_FN auto legendre(N&& n, X&& x);
template <operand N, operand M, operand X>
TENON_FN auto assoc_legendre(N&& n, M&& m, X&& x);
template <operand L, operand M, operand Theta>
TENON_FN auto sph_legendre(L&& l, M&& m, Theta&& theta);
template <operand N, operand X>
TENON_FN auto laguerre(N&& n, X&& x);
template <operand N, operand M, operand X>
TENON_FN auto assoc_laguerre(N&& n, M&& m, X&& x);
template <operand N, operand X>
TENON_FN auto hermite(N&& n, X&& x);

namespace op {

/// The Legendre polynomial P_n(x), for whole n >= 0 and |x| <= 1; derivative P_n^1/sqrt(1 - x^2).
struct Legendre : Pointwise<Legendre> {
  static constexpr FixedString name{"legendre"};
  static constexpr Domain domain{0, 5, 0.92, 0.999};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto x) { return math::legendre(n, x); }
  TENON_FN static auto partials(auto n, auto x) {
    return d(NoPartial{}, assoc_legendre(n, lit(1), x) * rsqrt((lit(1) - x) * (lit(1) + x)));
  }
};

/// The associated Legendre function P_n^m(x) without the phase (-1)^m, for whole n, m >= 0 and |x| <= 1; derivative
/// (n x P_n^m - (n + m) P_(n-1)^m)/(x^2 - 1).
struct AssocLegendre : Pointwise<AssocLegendre> {
  static constexpr FixedString name{"assoc_legendre"};
  static constexpr Domain domain{0, 3, 0.8, 0.99};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto m, auto x) { return math::assoc_legendre(n, m, x); }
  TENON_FN static auto partials_with_output(auto y, auto n, auto m, auto x) {
    const auto below = where(n < lit(1), lit(0), assoc_legendre(maximum(n - lit(1), lit(0)), m, x));
    const auto top = trunc(n) * x * y - (trunc(n) + trunc(m)) * below;
    return d(NoPartial{}, NoPartial{}, top / ((x - lit(1)) * (x + lit(1))));
  }
};

/// The spherical harmonic Y_l^m(theta, 0) with the phase (-1)^m, for whole l >= m >= 0, else 0; derivative
/// (sqrt((l - m)(l + m + 1)) Y_l^(m+1) - sqrt((l + m)(l - m + 1)) Y_l^(m-1))/2.
struct SphLegendre : Pointwise<SphLegendre> {
  static constexpr FixedString name{"sph_legendre"};
  static constexpr Domain domain{3, 6, 0.4, 2.7};
  static constexpr Claim claim{1, 512};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto l, auto m, auto theta) { return math::sph_legendre(l, m, theta); }
  TENON_FN static auto partials(auto degree, auto order, auto theta) {
    // Degrees may be integers: taken as numbers of theta's type, of which there are roots.
    const auto l = trunc(fma(theta, lit(0), degree));
    const auto m = trunc(fma(theta, lit(0), order));
    const auto above = (l - m) * (l + m + lit(1));
    const auto below = (l + m) * (l - m + lit(1));
    const auto previous = where(m == lit(0), -sph_legendre(l, lit(1), theta),  // Y^(-1) is -Y^1
                                sph_legendre(l, maximum(m - lit(1), lit(0)), theta));
    const auto slope =
        sqrt(maximum(above, lit(0))) * sph_legendre(l, m + lit(1), theta) - sqrt(maximum(below, lit(0))) * previous;
    return d(NoPartial{}, NoPartial{}, where(m > l, lit(0), lit(0.5) * slope));
  }
};

/// The Laguerre polynomial L_n(x), for whole n >= 0 and x >= 0; derivative -L_(n-1)^1.
struct Laguerre : Pointwise<Laguerre> {
  static constexpr FixedString name{"laguerre"};
  static constexpr Domain domain{0, 4, 0.01, 0.3};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto x) { return math::laguerre(n, x); }
  TENON_FN static auto partials(auto n, auto x) {
    return d(NoPartial{}, where(n < lit(1), lit(0), -assoc_laguerre(maximum(n - lit(1), lit(0)), lit(1), x)));
  }
};

/// The associated Laguerre polynomial L_n^m(x), for whole n, m >= 0 and x >= 0; derivative -L_(n-1)^(m+1).
struct AssocLaguerre : Pointwise<AssocLaguerre> {
  static constexpr FixedString name{"assoc_laguerre"};
  static constexpr Domain domain{0, 3, 0.01, 0.3};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto m, auto x) { return math::assoc_laguerre(n, m, x); }
  TENON_FN static auto partials(auto n, auto m, auto x) {
    return d(NoPartial{}, NoPartial{},
             where(n < lit(1), lit(0), -assoc_laguerre(maximum(n - lit(1), lit(0)), m + lit(1), x)));
  }
};

/// The Hermite polynomial H_n(x), the physicists', for whole n >= 0; derivative 2n H_(n-1).
struct Hermite : Pointwise<Hermite> {
  static constexpr FixedString name{"hermite"};
  static constexpr Domain domain{0, 4, 1.7, 5};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto n, auto x) { return math::hermite(n, x); }
  TENON_FN static auto partials(auto n, auto x) {
    return d(NoPartial{}, where(n < lit(1), lit(0), lit(2) * trunc(n) * hermite(maximum(n - lit(1), lit(0)), x)));
  }
};

}  // namespace op

/// The Legendre polynomial P_n(x).
template <operand N, operand X>
TENON_FN auto legendre(N&& n, X&& x) {
  return apply<op::Legendre>(static_cast<N&&>(n), static_cast<X&&>(x));
}

/// The associated Legendre function P_n^m(x).
template <operand N, operand M, operand X>
TENON_FN auto assoc_legendre(N&& n, M&& m, X&& x) {
  return apply<op::AssocLegendre>(static_cast<N&&>(n), static_cast<M&&>(m), static_cast<X&&>(x));
}

/// The spherical harmonic Y_l^m(theta, 0).
template <operand L, operand M, operand Theta>
TENON_FN auto sph_legendre(L&& l, M&& m, Theta&& theta) {
  return apply<op::SphLegendre>(static_cast<L&&>(l), static_cast<M&&>(m), static_cast<Theta&&>(theta));
}

/// The Laguerre polynomial L_n(x).
template <operand N, operand X>
TENON_FN auto laguerre(N&& n, X&& x) {
  return apply<op::Laguerre>(static_cast<N&&>(n), static_cast<X&&>(x));
}

/// The associated Laguerre polynomial L_n^m(x).
template <operand N, operand M, operand X>
TENON_FN auto assoc_laguerre(N&& n, M&& m, X&& x) {
  return apply<op::AssocLaguerre>(static_cast<N&&>(n), static_cast<M&&>(m), static_cast<X&&>(x));
}

/// The Hermite polynomial H_n(x).
template <operand N, operand X>
TENON_FN auto hermite(N&& n, X&& x) {
  return apply<op::Hermite>(static_cast<N&&>(n), static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
#endif
