// tenon/ops/elliptic.hpp: elliptic integrals, exponential integral, zeta function.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On the host, where the standard library has them. Integrals of the third kind have derivatives by formulas that
// divide by nu, nu - k^2 and nu - 1: there they are NaN, and near them they lose digits.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/math/elliptic.hpp>
#include <tenon/math/special.hpp>
#include <tenon/math/zeta.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/select.hpp>
#include <tenon/ops/trigonometric.hpp>

#if defined(__STDCPP_MATH_SPEC_FUNCS__)
namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto expint(X&& x);
template <operand X>
TENON_FN auto riemann_zeta(X&& x);
template <operand N, operand X>
TENON_FN auto zeta_derivative(N&& n, X&& x);
template <operand K, operand Phi>
TENON_FN auto ellint_d(K&& k, Phi&& phi);
template <operand K, operand Phi>
TENON_FN auto ellint_1(K&& k, Phi&& phi);
template <operand K, operand Phi>
TENON_FN auto ellint_2(K&& k, Phi&& phi);
template <operand K>
TENON_FN auto comp_ellint_1(K&& k);
template <operand K>
TENON_FN auto comp_ellint_2(K&& k);

namespace op {

/// The exponential integral Ei(x); derivative e^x/x.
struct Expint : Pointwise<Expint> {
  static constexpr FixedString name{"expint"};
  static constexpr Domain domain{0.5, 30};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto x) { return math::expint(x); }
  TENON_FN static auto partials(auto x) { return d(exp(x) / x); }
};

/// Riemann's zeta function; derivatives up to the fourth, NaN beyond.
struct RiemannZeta : Pointwise<RiemannZeta> {
  static constexpr FixedString name{"riemann_zeta"};
  static constexpr Domain domain{1.5, 20};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto x) { return math::riemann_zeta(x); }
  TENON_FN static auto partials(auto x) { return d(zeta_derivative(lit(1), x)); }
};

/// The n-th derivative of Riemann's zeta function, for whole n from 0 to 4, else NaN.
struct ZetaDerivative : Pointwise<ZetaDerivative> {
  static constexpr FixedString name{"zeta_derivative"};
  static constexpr Domain domain{0, 3.99, 1.5, 20};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_FN static auto value(auto n, auto x) { return math::zeta_derivative(n, x); }
  TENON_FN static auto partials(auto n, auto x) { return d(NoPartial{}, zeta_derivative(n + lit(1), x)); }
};

/// The elliptic integral D(phi, k) = (F - E)/k^2, |k| <= 1 the modulus. With Delta^2 = 1 - k^2 sin^2(phi), its
/// derivatives are ((F - D - sin cos/Delta)/(1 - k^2) - D)/k and sin^2/Delta; that for k loses digits for small k.
struct EllintD : Pointwise<EllintD> {
  static constexpr FixedString name{"ellint_d"};
  static constexpr Domain domain{0.7, 0.95, 1.1, 1.5};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 300;
  TENON_FN static auto value(auto k, auto phi) { return math::ellint_d(k, phi); }
  TENON_FN static auto partials_with_output(auto y, auto k, auto phi) {
    const auto s = sin(phi);
    const auto delta = sqrt(lit(1) - k * k * s * s);
    const auto rest = (ellint_1(k, phi) - y - s * cos(phi) / delta) / ((lit(1) - k) * (lit(1) + k));
    return d(where(k == lit(0), lit(0), (rest - y) / where(k == lit(0), lit(1), k)), s * s / delta);
  }
};

/// The elliptic integral of the first kind F(phi, k), |k| <= 1 the modulus; derivatives
/// k (F - D - sin cos/Delta)/(1 - k^2) and 1/Delta.
struct Ellint1 : Pointwise<Ellint1> {
  static constexpr FixedString name{"ellint_1"};
  static constexpr Domain domain{-0.8, 0.8, 0.5, 1.4};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto k, auto phi) { return math::ellint_1(k, phi); }
  TENON_FN static auto partials_with_output(auto y, auto k, auto phi) {
    const auto s = sin(phi);
    const auto delta = sqrt(lit(1) - k * k * s * s);
    const auto rest = y - ellint_d(k, phi) - s * cos(phi) / delta;
    return d(k * rest / ((lit(1) - k) * (lit(1) + k)), lit(1) / delta);
  }
};

/// The elliptic integral of the second kind E(phi, k), |k| <= 1 the modulus; derivatives -k D and Delta.
struct Ellint2 : Pointwise<Ellint2> {
  static constexpr FixedString name{"ellint_2"};
  static constexpr Domain domain{-0.8, 0.8, 0.5, 1.4};
  static constexpr Claim claim{1, 512};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto k, auto phi) { return math::ellint_2(k, phi); }
  TENON_FN static auto partials(auto k, auto phi) {
    const auto s = sin(phi);
    return d(-k * ellint_d(k, phi), sqrt(lit(1) - k * k * s * s));
  }
};

/// The elliptic integral of the third kind Pi(nu, phi, k), |k| <= 1 the modulus; its integrand, the derivative for phi,
/// is 1/((1 - nu sin^2) Delta).
struct Ellint3 : Pointwise<Ellint3> {
  static constexpr FixedString name{"ellint_3"};
  static constexpr Domain domain{0.1, 0.4, 0.6, 0.9};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 2000;
  TENON_INLINE static auto value(auto k, auto nu, auto phi) { return math::ellint_3(k, nu, phi); }
  TENON_FN static auto partials_with_output(auto y, auto k, auto nu, auto phi) {
    const auto m = k * k;
    const auto s = sin(phi);
    const auto sc = s * cos(phi);
    const auto n = lit(1) - nu * s * s;
    const auto delta = sqrt(lit(1) - m * s * s);
    const auto second = ellint_2(k, phi);
    const auto mc = (k - lit(1)) * (k + lit(1));
    const auto by_k = k / (nu - m) * (second / mc + y - m * sc / (mc * delta));
    const auto first = ((m - nu) * ellint_1(k, phi) + (nu - k) * (nu + k) * y) / where(nu == lit(0), lit(1), nu);
    const auto by_nu = (second + first - nu * delta * sc / n) / (lit(2) * (m - nu) * (nu - lit(1)));
    return d(by_k, where(nu == lit(0), ellint_d(k, phi), by_nu), lit(1) / (n * delta));
  }
};

/// The complete elliptic integral of the third kind Pi(nu, k), |k| < 1 the modulus, nu < 1.
struct CompEllint3 : Pointwise<CompEllint3> {
  static constexpr FixedString name{"comp_ellint_3"};
  static constexpr Domain domain{-0.8, 0.8, -0.9, -0.3};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 2000;
  TENON_INLINE static auto value(auto k, auto nu) { return math::comp_ellint_3(k, nu); }
  TENON_FN static auto partials_with_output(auto y, auto k, auto nu) {
    const auto m = k * k;
    const auto mc = (k - lit(1)) * (k + lit(1));
    const auto second = comp_ellint_2(k);
    const auto first = ((m - nu) * comp_ellint_1(k) + (nu - k) * (nu + k) * y) / where(nu == lit(0), lit(1), nu);
    const auto by_nu = (second + first) / (lit(2) * (m - nu) * (nu - lit(1)));
    const auto limit = ellint_d(k, lit(1.57079632679489661923));
    return d(k / (nu - m) * (second / mc + y), where(nu == lit(0), limit, by_nu));
  }
};

/// The complete elliptic integral of the first kind K(k), |k| < 1 the modulus; derivative (E/(1 - k^2) - K)/k, near 0
/// by its series.
struct CompEllint1 : Pointwise<CompEllint1> {
  static constexpr FixedString name{"comp_ellint_1"};
  static constexpr Domain domain{-0.9, 0.9};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto k) { return math::comp_ellint_1(k); }
  TENON_FN static auto partials_with_output(auto y, auto k) {
    const auto inside = abs(k) < lit(0.5);
    const auto m = k * k;
    const auto series = k * polynomial(m, 0.7853981633974483, 0.8835729338221293, 0.9203884727313847,
                                       0.9395632325799552, 0.9513077729872047, 0.959235337762098, 0.9649450719154439,
                                       0.9692528624150664, 0.9726183237428965, 0.975320041308849, 0.9775366777663691,
                                       0.9793880729894114, 0.9809576051576637, 0.9823050743955176, 0.9834744851983694,
                                       0.9844989377871178, 0.9854038081343485, 0.9862088766050465, 0.9869297895265414,
                                       0.9875790854407037, 0.9881669301344184, 0.9887016524992097, 0.9891901414579545,
                                       0.9896381442394117, 0.9900504934661782, 0.9904312821175114);
    const auto safe = where(inside, lit(0.5), k);
    return d(where(inside, series, (comp_ellint_2(safe) / ((lit(1) - safe) * (lit(1) + safe)) - y) / safe));
  }
};

/// The complete elliptic integral of the second kind E(k), |k| <= 1 the modulus; derivative (E - K)/k, near 0 by its
/// series.
struct CompEllint2 : Pointwise<CompEllint2> {
  static constexpr FixedString name{"comp_ellint_2"};
  static constexpr Domain domain{-0.9, 0.9};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 1000;
  TENON_INLINE static auto value(auto k) { return math::comp_ellint_2(k); }
  TENON_FN static auto partials_with_output(auto y, auto k) {
    const auto inside = abs(k) < lit(0.5);
    const auto m = k * k;
    const auto series =
        k * polynomial(m, -0.7853981633974483, -0.2945243112740431, -0.18407769454627693, -0.1342233189399936,
                       -0.10570086366524496, -0.0872032125238271, -0.07422654399349568, -0.06461685749433775,
                       -0.05721284257311156, -0.051332633753097316, -0.04654936560792233, -0.04258209012997441,
                       -0.03923830420630655, -0.03638166942205621, -0.03391291328270239, -0.03175803025119735,
                       -0.029860721458616624, -0.028177396474429902, -0.026673778095311934, -0.025322540652325733,
                       -0.024101632442302887, -0.022993061686028132, -0.021982003143510096, -0.021056130728498122,
                       -0.02020511211155466, -0.01942022121799042);
    const auto safe = where(inside, lit(0.5), k);
    return d(where(inside, series, (y - comp_ellint_1(safe)) / safe));
  }
};

}  // namespace op

/// The exponential integral Ei(x).
template <operand X>
TENON_FN auto expint(X&& x) {
  return apply<op::Expint>(static_cast<X&&>(x));
}

/// Riemann's zeta function.
template <operand X>
TENON_FN auto riemann_zeta(X&& x) {
  return apply<op::RiemannZeta>(static_cast<X&&>(x));
}

/// The n-th derivative of Riemann's zeta function.
template <operand N, operand X>
TENON_FN auto zeta_derivative(N&& n, X&& x) {
  return apply<op::ZetaDerivative>(static_cast<N&&>(n), static_cast<X&&>(x));
}

/// The elliptic integral D(phi, k) = (F - E)/k^2.
template <operand K, operand Phi>
TENON_FN auto ellint_d(K&& k, Phi&& phi) {
  return apply<op::EllintD>(static_cast<K&&>(k), static_cast<Phi&&>(phi));
}

/// The elliptic integral of the first kind F(phi, k).
template <operand K, operand Phi>
TENON_FN auto ellint_1(K&& k, Phi&& phi) {
  return apply<op::Ellint1>(static_cast<K&&>(k), static_cast<Phi&&>(phi));
}

/// The elliptic integral of the second kind E(phi, k).
template <operand K, operand Phi>
TENON_FN auto ellint_2(K&& k, Phi&& phi) {
  return apply<op::Ellint2>(static_cast<K&&>(k), static_cast<Phi&&>(phi));
}

/// The elliptic integral of the third kind Pi(nu, phi, k).
template <operand K, operand Nu, operand Phi>
TENON_FN auto ellint_3(K&& k, Nu&& nu, Phi&& phi) {
  return apply<op::Ellint3>(static_cast<K&&>(k), static_cast<Nu&&>(nu), static_cast<Phi&&>(phi));
}

/// The complete elliptic integral of the third kind Pi(nu, k).
template <operand K, operand Nu>
TENON_FN auto comp_ellint_3(K&& k, Nu&& nu) {
  return apply<op::CompEllint3>(static_cast<K&&>(k), static_cast<Nu&&>(nu));
}

/// The complete elliptic integral K(k).
template <operand K>
TENON_FN auto comp_ellint_1(K&& k) {
  return apply<op::CompEllint1>(static_cast<K&&>(k));
}

/// The complete elliptic integral E(k).
template <operand K>
TENON_FN auto comp_ellint_2(K&& k) {
  return apply<op::CompEllint2>(static_cast<K&&>(k));
}

}  // namespace TENON_ABI
}  // namespace tenon
#endif
