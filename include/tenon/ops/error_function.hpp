// tenon/ops/error_function.hpp: the error function, the normal distribution function, sinc.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/math/normal_distribution.hpp>
#include <tenon/ops/compare.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>
#include <tenon/ops/trigonometric.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto sinc(X&& x);

namespace op {

/// The error function; derivative 2/sqrt(pi) e^(-x^2).
struct Erf : Pointwise<Erf> {
  static constexpr FixedString name{"erf"};
  static constexpr FixedString onnx{"Erf"};
  static constexpr Domain domain{-6, 6};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 24;
  TENON_FN static auto value(auto x) { return math::erf(x); }
  TENON_FN static auto partials(auto x) { return d(lit(1.1283791670955126) * exp(-(x * x))); }
};

/// 1 - erf(x) without cancellation for large x; derivative -2/sqrt(pi) e^(-x^2).
struct Erfc : Pointwise<Erfc> {
  static constexpr FixedString name{"erfc"};
  static constexpr Domain domain{-6, 9};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 40;
  TENON_FN static auto value(auto x) { return math::erfc(x); }
  TENON_FN static auto partials(auto x) { return d(lit(-1.1283791670955126) * exp(-(x * x))); }
};

/// The inverse of erf, for -1 < x < 1; derivative sqrt(pi)/2 e^(y^2), from the result.
struct Erfinv : Pointwise<Erfinv> {
  static constexpr FixedString name{"erfinv"};
  static constexpr Domain domain{-0.999, 0.999};
  static constexpr Claim claim{4, 5};
  static constexpr int cost = 50;
  TENON_FN static auto value(auto x) { return math::erfinv(x); }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(0.886226925452758) * exp(y * y)); }
};

/// The distribution function Phi of the standard normal distribution, also called ndtr; derivative its density
/// e^(-x^2/2)/sqrt(2 pi).
struct NormalCdf : Pointwise<NormalCdf> {
  static constexpr FixedString name{"normal_cdf"};
  static constexpr Domain domain{-12, 8};
  static constexpr Claim claim{8, 4};
  static constexpr int cost = 28;
  TENON_FN static auto value(auto x) { return math::normal_cdf(x); }
  TENON_FN static auto partials(auto x) { return d(lit(0.3989422804014327) * exp(lit(-0.5) * x * x)); }
};

/// The inverse of normal_cdf, also called ndtri or probit, for 0 < p < 1; derivative sqrt(2 pi) e^(y^2/2), from the
/// result.
struct NormalQuantile : Pointwise<NormalQuantile> {
  static constexpr FixedString name{"normal_quantile"};
  static constexpr Domain domain{0.1, 0.999};
  static constexpr Claim claim{8, 8};
  static constexpr int cost = 52;
  TENON_FN static auto value(auto p) { return lit(1.4142135623730951) * math::erfinv(lit(2) * p - lit(1)); }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(2.5066282746310002) * exp(lit(0.5) * y * y)); }
};

/// sin(pi x)/(pi x), 1 at 0, as numpy.sinc; derivative (cos(pi x) - sinc(x))/x, near 0 by its series.
struct Sinc : Pointwise<Sinc> {
  static constexpr FixedString name{"sinc"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-10, 10};
  static constexpr Claim claim{4, 4};
  static constexpr int cost = 30;
  template <class V>
  TENON_FN static V value(V x) {
    const V safe = simd::select(x == V{}, lanewise::constant<V>(1), x);
    return simd::select(x == V{}, lanewise::constant<V>(1), SinPi::value(x) / (lit(3.141592653589793) * safe));
  }
  TENON_FN static auto partials(auto x) {
    // The difference cancels for small x: there (cos t - sin(t)/t)/t = -t/3 (1 - t^2/10 + ...), its Taylor series.
    const auto z = lit(9.869604401089358) * (x * x);
    const auto series = polynomial(z, 1.0, -0.1, 0.0035714285714285713, -6.613756613756614e-05, 7.515632515632515e-07,
                                   -5.7812557812557815e-09, 3.2118087673643227e-11, -1.34949948208585e-13,
                                   4.439143033177138e-16, -1.1743764638034756e-18, 2.5529923126162516e-21);
    const auto inside = isclose(x, lit(0), lit(0), lit(0.5));  // |x| <= 1/2, without a derivative
    const auto safe = where(inside, lit(1), x);
    return d(where(inside, lit(-3.289868133696453) * x * series, (cospi(x) - sinc(safe)) / safe));
  }
};

}  // namespace op

/// The error function.
template <operand X>
TENON_FN auto erf(X&& x) {
  return apply<op::Erf>(static_cast<X&&>(x));
}

/// 1 - erf(x).
template <operand X>
TENON_FN auto erfc(X&& x) {
  return apply<op::Erfc>(static_cast<X&&>(x));
}

/// The inverse of erf.
template <operand X>
TENON_FN auto erfinv(X&& x) {
  return apply<op::Erfinv>(static_cast<X&&>(x));
}

/// The standard normal distribution function.
template <operand X>
TENON_FN auto normal_cdf(X&& x) {
  return apply<op::NormalCdf>(static_cast<X&&>(x));
}

/// The inverse of normal_cdf.
template <operand P>
TENON_FN auto normal_quantile(P&& p) {
  return apply<op::NormalQuantile>(static_cast<P&&>(p));
}

/// sin(pi x)/(pi x).
template <operand X>
TENON_FN auto sinc(X&& x) {
  return apply<op::Sinc>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
