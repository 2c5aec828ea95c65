// tenon/ops/representation.hpp: what floating-point numbers are made of: exponents, signs, neighbours.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See expr/parts.hpp for frexp and modf, which give two results.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/cast.hpp>
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/rounding.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X, operand N>
TENON_FN auto ldexp(X&& x, N&& n);

namespace op {

/// The next floating-point number after x towards y (of bfloat16 and half: in float, and then rounded); derivative 1
/// for x, none for y.
struct Nextafter : Pointwise<Nextafter> {
  static constexpr FixedString name{"nextafter"};
  static constexpr Claim claim{1, 0};
  static constexpr int cost = 8;
  TENON_FN static auto value(auto x, auto y) { return math::nextafter(x, y); }
  TENON_FN static auto partials(auto, auto) { return d(lit(1), NoPartial{}); }
};

/// x 2^n, rounded once, with n cut to a whole number; derivative 2^n for x.
struct Ldexp : Pointwise<Ldexp> {
  static constexpr FixedString name{"ldexp"};
  static constexpr Domain domain{-10, 10, -20, 20};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 6;
  template <class V>
  TENON_FN static V value(V x, V n) {
    return math::ldexp(x, lanewise::to_integer<simd::int_of<sizeof(simd::lane_t<V>)>>(n));
  }
  // One of x's type: n may be an integer, whose powers of two are floats.
  TENON_FN static auto partials(auto x, auto n) { return d(ldexp(copysign(lit(1), abs(x)), n), NoPartial{}); }
};

/// The exponent floor(log2|x|) as a floating-point number; minus infinity for 0; derivative zero.
struct Logb : Pointwise<Logb> {
  static constexpr FixedString name{"logb"};
  static constexpr Domain domain{1e-30, 1e30};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 6;
  TENON_FN static auto value(auto x) { return math::logb(x); }
};

/// Whether the sign bit is set, as it is in -0 and may be in NaN.
struct SignBit : Pointwise<SignBit> {
  static constexpr FixedString name{"signbit"};
  static constexpr Typing typing = Typing::comparison;
  template <class V>
  TENON_FN static simd::mask_t<V> value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::signbit(x);
    else
      return x < V{};
  }
};

}  // namespace op

/// The next floating-point number after x towards y.
template <operand X, operand Y>
TENON_FN auto nextafter(X&& x, Y&& y) {
  return apply<op::Nextafter>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

/// x 2^n.
template <operand X, operand N>
TENON_FN auto ldexp(X&& x, N&& n) {
  return apply<op::Ldexp>(static_cast<X&&>(x), static_cast<N&&>(n));
}
/// x 2^n: another name of ldexp.
template <operand X, operand N>
TENON_FN auto scalbn(X&& x, N&& n) {
  return apply<op::Ldexp>(static_cast<X&&>(x), static_cast<N&&>(n));
}

/// The exponent floor(log2|x|) as a floating-point number.
template <operand X>
TENON_FN auto logb(X&& x) {
  return apply<op::Logb>(static_cast<X&&>(x));
}
/// The exponent as an int: the lowest for 0, the largest for infinities, 0 for NaN.
template <operand X>
TENON_FN auto ilogb(X&& x) {
  return cast<int>(logb(static_cast<X&&>(x)));
}

/// Whether the sign bit is set.
template <operand X>
TENON_FN auto signbit(X&& x) {
  return apply<op::SignBit>(static_cast<X&&>(x));
}

/// The nearest whole number, ties to even: another name of rint (the rounding mode is never another).
template <operand X>
TENON_FN auto nearbyint(X&& x) {
  return apply<op::Rint>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
