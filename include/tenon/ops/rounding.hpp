// tenon/ops/rounding.hpp: rounding to whole numbers; derivatives are zero.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// The largest whole number not above x.
struct Floor : Pointwise<Floor> {
  static constexpr FixedString name{"floor"};
  static constexpr FixedString onnx{"Floor"};
  static constexpr FixedString stablehlo{"floor"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::floor(x);
    else
      return x;
  }
};

/// The smallest whole number not below x.
struct Ceil : Pointwise<Ceil> {
  static constexpr FixedString name{"ceil"};
  static constexpr FixedString onnx{"Ceil"};
  static constexpr FixedString stablehlo{"ceil"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::ceil(x);
    else
      return x;
  }
};

/// The whole number next to x on the side of zero.
struct Trunc : Pointwise<Trunc> {
  static constexpr FixedString name{"trunc"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::trunc(x);
    else
      return x;
  }
};

/// The nearest whole number, ties away from zero, as in <cmath>.
struct Round : Pointwise<Round> {
  static constexpr FixedString name{"round"};
  static constexpr FixedString stablehlo{"round_nearest_afz"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::round(x);
    else
      return x;
  }
};

/// The nearest whole number, ties to even, as numpy.round and torch.round.
struct Rint : Pointwise<Rint> {
  static constexpr FixedString name{"rint"};
  static constexpr FixedString onnx{"Round"};
  static constexpr FixedString stablehlo{"round_nearest_even"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::rint(x);
    else
      return x;
  }
};

/// x - trunc(x), with the sign of x; derivative 1.
struct Frac : Pointwise<Frac> {
  static constexpr FixedString name{"frac"};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  TENON_FN static auto value(auto x) { return x - math::trunc(x); }
  TENON_FN static auto partials(auto) { return d(lit(1)); }
};

}  // namespace op

/// The largest whole number not above x.
template <operand X>
TENON_FN auto floor(X&& x) {
  return apply<op::Floor>(static_cast<X&&>(x));
}

/// The smallest whole number not below x.
template <operand X>
TENON_FN auto ceil(X&& x) {
  return apply<op::Ceil>(static_cast<X&&>(x));
}

/// The whole number next to x on the side of zero.
template <operand X>
TENON_FN auto trunc(X&& x) {
  return apply<op::Trunc>(static_cast<X&&>(x));
}

/// The nearest whole number, ties away from zero, as in <cmath>.
template <operand X>
TENON_FN auto round(X&& x) {
  return apply<op::Round>(static_cast<X&&>(x));
}

/// The nearest whole number, ties to even, as numpy.round and torch.round.
template <operand X>
TENON_FN auto rint(X&& x) {
  return apply<op::Rint>(static_cast<X&&>(x));
}

/// x - trunc(x).
template <operand X>
TENON_FN auto frac(X&& x) {
  return apply<op::Frac>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
