// tenon/ops/extrema.hpp: minima, maxima and limits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Minima and maxima give NaN if an argument is NaN (fmin and fmax do not), and arguments that tie share the derivative,
// half each: so the derivative of a maximum over many equal arguments still sums to one.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// The smaller argument, NaN if either is; of two zeros either one. Derivatives 1 for the smaller, 1/2 each for a tie.
struct Minimum : Pointwise<Minimum> {
  static constexpr FixedString name{"minimum"};
  static constexpr FixedString onnx{"Min"};
  static constexpr FixedString stablehlo{"minimum"};
  static constexpr Typing typing = Typing::same;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::floating<V>)
      return math::min(a, b);
    else
      return simd::select(a < b, a, b);
  }
  TENON_FN static auto partials(auto a, auto b) {
    const auto tie = where(a == b, lit(0.5), lit(0));
    return d(where(a < b, lit(1), tie), where(b < a, lit(1), tie));
  }
};

/// The larger argument, NaN if either is; of two zeros either one. Derivatives 1 for the larger, 1/2 each for a tie.
struct Maximum : Pointwise<Maximum> {
  static constexpr FixedString name{"maximum"};
  static constexpr FixedString onnx{"Max"};
  static constexpr FixedString stablehlo{"maximum"};
  static constexpr Typing typing = Typing::same;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::floating<V>)
      return math::max(a, b);
    else
      return simd::select(a > b, a, b);
  }
  TENON_FN static auto partials(auto a, auto b) {
    const auto tie = where(a == b, lit(0.5), lit(0));
    return d(where(a > b, lit(1), tie), where(b > a, lit(1), tie));
  }
};

/// The smaller argument that is not NaN; derivatives as for minimum, those of a NaN zero.
struct Fmin : Pointwise<Fmin> {
  static constexpr FixedString name{"fmin"};
  static constexpr Typing typing = Typing::same;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::floating<V>)
      return simd::select((a < b) | (b != b), a, b);
    else
      return simd::select(a < b, a, b);
  }
  TENON_FN static auto partials(auto a, auto b) {
    const auto tie = where(a == b, lit(0.5), lit(0));
    return d(where(b != b, lit(1), where(a < b, lit(1), tie)), where(a != a, lit(1), where(b < a, lit(1), tie)));
  }
};

/// The larger argument that is not NaN; derivatives as for maximum, those of a NaN zero.
struct Fmax : Pointwise<Fmax> {
  static constexpr FixedString name{"fmax"};
  static constexpr Typing typing = Typing::same;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::floating<V>)
      return simd::select((a > b) | (b != b), a, b);
    else
      return simd::select(a > b, a, b);
  }
  TENON_FN static auto partials(auto a, auto b) {
    const auto tie = where(a == b, lit(0.5), lit(0));
    return d(where(b != b, lit(1), where(a > b, lit(1), tie)), where(a != a, lit(1), where(b > a, lit(1), tie)));
  }
};

/// x limited to [lo, hi], hi where lo > hi; NaN stays. Derivative 1 for x inside and on the bounds, else 1 for the
/// bound that is taken.
struct Clamp : Pointwise<Clamp> {
  static constexpr FixedString name{"clamp"};
  static constexpr FixedString onnx{"Clip"};
  static constexpr Typing typing = Typing::same;
  static constexpr Domain domain{-10, 10, -5, 5};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V x, V lo, V hi) {
    const V raised = simd::select(x < lo, lo, x);
    return simd::select(raised > hi, hi, raised);
  }
  TENON_FN static auto partials(auto x, auto lo, auto hi) {
    const auto over = where(x > hi, lit(1), where(x < lo, where(lo > hi, lit(1), lit(0)), lit(0)));
    const auto under = where(x < lo, lit(1) - over, lit(0));
    return d(lit(1) - over - under, under, over);
  }
};

/// x - y where that is positive, else 0; derivatives 1, -1 where it is positive.
struct Fdim : Pointwise<Fdim> {
  static constexpr FixedString name{"fdim"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V x, V y) {
    return simd::select(x <= y, V{}, lanewise::subtract(x, y));
  }
  TENON_FN static auto partials(auto x, auto y) {
    return d(where(x > y, lit(1), lit(0)), where(x > y, lit(-1), lit(0)));
  }
};

}  // namespace op

/// The smaller argument, NaN if either is.
template <operand A, operand B>
TENON_FN auto minimum(A&& a, B&& b) {
  return apply<op::Minimum>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// The larger argument, NaN if either is.
template <operand A, operand B>
TENON_FN auto maximum(A&& a, B&& b) {
  return apply<op::Maximum>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// The smaller argument that is not NaN.
template <operand A, operand B>
TENON_FN auto fmin(A&& a, B&& b) {
  return apply<op::Fmin>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// The larger argument that is not NaN.
template <operand A, operand B>
TENON_FN auto fmax(A&& a, B&& b) {
  return apply<op::Fmax>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// x limited to [lo, hi].
template <operand X, operand Lo, operand Hi>
TENON_FN auto clamp(X&& x, Lo&& lo, Hi&& hi) {
  return apply<op::Clamp>(static_cast<X&&>(x), static_cast<Lo&&>(lo), static_cast<Hi&&>(hi));
}

/// x - y where that is positive, else 0.
template <operand X, operand Y>
TENON_FN auto fdim(X&& x, Y&& y) {
  return apply<op::Fdim>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

}  // namespace TENON_ABI
}  // namespace tenon
