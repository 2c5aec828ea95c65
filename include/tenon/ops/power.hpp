// tenon/ops/power.hpp: powers and roots.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/math/math.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/complex_math.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X, operand Y>
TENON_FN auto pow(X&& x, Y&& y);

namespace op {

/// x^y, floating also for integers; derivatives y x^(y-1) (0 for x = y = 0), x^y log x (0 for x = 0, y >= 0).
struct Pow : Pointwise<Pow> {
  static constexpr FixedString name{"pow"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Pow"};
  static constexpr FixedString stablehlo{"power"};
  static constexpr Domain domain{0.01, 10, -8, 8};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 30;
  template <class V>
  TENON_FN static V value(V x, V y) {
    if constexpr (is_complex<V>)
      return complex_math::pow(x, y);
    else
      return math::pow(x, y);
  }
  template <class P>
  TENON_FN static auto partials_with_output(const P& p, auto x, auto y) requires(is_complex<base_t<P>>) {
    const auto base = where(x == lit(0), lit(1), x);
    return d(apply<Multiply>(y, pow(x, y - lit(1))), where(x == lit(0), lit(0), apply<Multiply>(p, log(base))));
  }
  template <class P>
  TENON_FN static auto partials_with_output(const P& p, auto x, auto y) requires(!is_complex<base_t<P>>) {
    const auto base = where(x == lit(0), lit(1), x);
    const auto slope = y * pow(x, y - lit(1));
    return d(where(x == lit(0), where(y == lit(0), lit(0), slope), slope),
             where(x == lit(0), where(y < lit(0), -p, lit(0)), p * log(base)));
  }
};

/// The square root; derivative 1/(2y), from the result.
struct Sqrt : Pointwise<Sqrt> {
  static constexpr FixedString name{"sqrt"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Sqrt"};
  static constexpr FixedString stablehlo{"sqrt"};
  static constexpr Domain domain{1e-30, 1e30};
  static constexpr Claim claim{0.5, 0.5};
  static constexpr int cost = 5;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::sqrt(x);
    else
      return math::sqrt(x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(0.5) / y); }
};

/// 1/sqrt(x); derivative -y^3/2, from the result.
struct Rsqrt : Pointwise<Rsqrt> {
  static constexpr FixedString name{"rsqrt"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString stablehlo{"rsqrt"};
  static constexpr Domain domain{1e-20, 1e20};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 8;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::rsqrt(x);
    else
      return math::rsqrt(x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(-0.5) * (y * y * y)); }
};

/// The cube root, also of negative numbers; derivative 1/(3y^2), from the result.
struct Cbrt : Pointwise<Cbrt> {
  static constexpr FixedString name{"cbrt"};
  static constexpr FixedString stablehlo{"cbrt"};
  static constexpr Domain domain{-1e10, 1e10};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 16;
  TENON_FN static auto value(auto x) { return math::cbrt(x); }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(1) / (lit(3) * y * y)); }
};

}  // namespace op

/// x^y.
template <operand X, operand Y>
TENON_FN auto pow(X&& x, Y&& y) {
  return apply<op::Pow>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

/// The square root.
template <operand X>
TENON_FN auto sqrt(X&& x) {
  return apply<op::Sqrt>(static_cast<X&&>(x));
}

/// 1/sqrt(x).
template <operand X>
TENON_FN auto rsqrt(X&& x) {
  return apply<op::Rsqrt>(static_cast<X&&>(x));
}

/// The cube root.
template <operand X>
TENON_FN auto cbrt(X&& x) {
  return apply<op::Cbrt>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
