// tenon/ops/hyperbolic.hpp: hyperbolic functions and their inverses.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/math/math.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/complex_math.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto sinh(X&& x);
template <operand X>
TENON_FN auto cosh(X&& x);

namespace op {

/// The hyperbolic sine; derivative cosh x.
struct Sinh : Pointwise<Sinh> {
  static constexpr FixedString name{"sinh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Sinh"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 20;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::sinh(x);
    else
      return math::sinh(x);
  }
  TENON_FN static auto partials(auto x) { return d(cosh(x)); }
};

/// The hyperbolic cosine; derivative sinh x.
struct Cosh : Pointwise<Cosh> {
  static constexpr FixedString name{"cosh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Cosh"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::cosh(x);
    else
      return math::cosh(x);
  }
  TENON_FN static auto partials(auto x) { return d(sinh(x)); }
};

/// The derivative of y = tanh x, for its rule alone; its own by x, which y depends on, is -2 y times itself.
struct TanhSlope : Pointwise<TanhSlope> {
  static constexpr FixedString name{"tanh_slope"};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static V value(V y, V x) {
    return math::tanh_slope(y, x);
  }
  template <class S, class Y, class X>
  TENON_FN static auto partials_with_output(const S& slope, const Y& y, const X&) {
    return d(NoPartial{}, lit(-2) * y * slope);
  }
};

/// The hyperbolic tangent; derivative 1/cosh^2 x (1 - y^2 has no digits left in float from |x| = 9).
struct Tanh : Pointwise<Tanh> {
  static constexpr FixedString name{"tanh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Tanh"};
  static constexpr FixedString stablehlo{"tanh"};
  static constexpr Domain domain{-20, 20};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::tanh(x);
    else
      return math::tanh(x);
  }
  template <class Y, class X>
  TENON_FN static auto partials_with_output(const Y& y, const X& x) requires(!is_complex<base_t<X>>) {
    return d(tenon::apply<TanhSlope>(y, x));
  }
  TENON_FN static auto partials(auto x) {
    const auto c = cosh(x);
    return d(lit(1) / (c * c));
  }
};

/// The inverse hyperbolic sine; derivative 1/sqrt(1 + x^2), without overflow.
struct Asinh : Pointwise<Asinh> {
  static constexpr FixedString name{"asinh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Asinh"};
  static constexpr Domain domain{-1e10, 1e10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 24;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::asinh(x);
    else
      return math::asinh(x);
  }
  template <class X>
  TENON_FN static auto partials(const X& x) requires(is_complex<base_t<X>>) {
    return d(rsqrt(lit(1) + x * x));
  }
  template <class X>
  TENON_FN static auto partials(const X& x) requires(!is_complex<base_t<X>>) {
    return d(lit(1) / hypot(x, lit(1)));
  }
};

/// The inverse hyperbolic cosine, for x >= 1; derivative 1/sqrt((x - 1)(x + 1)).
struct Acosh : Pointwise<Acosh> {
  static constexpr FixedString name{"acosh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Acosh"};
  static constexpr Domain domain{1.01, 1e10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 24;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::acosh(x);
    else
      return math::acosh(x);
  }
  TENON_FN static auto partials(auto x) { return d(rsqrt(x - lit(1)) * rsqrt(x + lit(1))); }
};

/// The inverse hyperbolic tangent, for |x| < 1; derivative 1/((1 - x)(1 + x)).
struct Atanh : Pointwise<Atanh> {
  static constexpr FixedString name{"atanh"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Atanh"};
  static constexpr Domain domain{-0.999, 0.999};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 20;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::atanh(x);
    else
      return math::atanh(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(1) / ((lit(1) - x) * (lit(1) + x))); }
};

}  // namespace op

/// The hyperbolic sine.
template <operand X>
TENON_FN auto sinh(X&& x) {
  return apply<op::Sinh>(static_cast<X&&>(x));
}

/// The hyperbolic cosine.
template <operand X>
TENON_FN auto cosh(X&& x) {
  return apply<op::Cosh>(static_cast<X&&>(x));
}

/// The hyperbolic tangent.
template <operand X>
TENON_FN auto tanh(X&& x) {
  return apply<op::Tanh>(static_cast<X&&>(x));
}

/// The inverse hyperbolic sine.
template <operand X>
TENON_FN auto asinh(X&& x) {
  return apply<op::Asinh>(static_cast<X&&>(x));
}

/// The inverse hyperbolic cosine.
template <operand X>
TENON_FN auto acosh(X&& x) {
  return apply<op::Acosh>(static_cast<X&&>(x));
}

/// The inverse hyperbolic tangent.
template <operand X>
TENON_FN auto atanh(X&& x) {
  return apply<op::Atanh>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
