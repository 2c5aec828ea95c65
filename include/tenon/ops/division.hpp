// tenon/ops/division.hpp: quotients and remainders.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `divide` of integers is a float, as in NumPy and PyTorch. Integer floor_divide, mod and fmod by zero are 0. Of the
// remainders, `mod` has the sign of the divisor (Python, NumPy and PyTorch: remainder), `fmod` that of the dividend
// (C), and `remainder` is the one of IEEE 754 and <cmath>, at most half the divisor.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/rounding.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand A, operand B>
TENON_FN auto floor_divide(A&& a, B&& b);

namespace op {

/// a / b, floating also for integers; derivatives 1/b, -(a/b)/b.
struct Divide : Pointwise<Divide> {
  static constexpr FixedString name{"divide"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Div"};
  static constexpr FixedString stablehlo{"divide"};
  static constexpr Domain domain{-10, 10, 0.1, 10};
  static constexpr int cost = 4;
  template <class V>
  TENON_FN static V value(V a, V b) {
    // Dividing by zero is no constant expression, although IEEE 754 defines it.
    if constexpr (is_floating<V>)
      if (__builtin_is_constant_evaluated() && b == V(0)) {
        if (a != a || a == V(0)) return limits<V>::nan();
        return math::signbit(a) == math::signbit(b) ? limits<V>::infinity() : limits<V>::minus_infinity();
      }
    return a / b;
  }
  TENON_FN static auto partials_with_output(auto y, auto, auto b) { return d(lit(1) / b, -(y / b)); }
};

/// 1 / x; derivative -1/x^2.
struct Reciprocal : Pointwise<Reciprocal> {
  static constexpr FixedString name{"reciprocal"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Reciprocal"};
  static constexpr Domain domain{0.1, 10};
  static constexpr int cost = 4;
  template <class V>
  TENON_FN static V value(V x) {
    return Divide::value(lanewise::constant<V>(1), x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(-(y * y)); }
};

/// The largest whole number not above a / b, for floating numbers without the error of rounding a / b first
/// (1 // 0.1 is 9); derivative zero.
struct FloorDivide : Pointwise<FloorDivide> {
  static constexpr FixedString name{"floor_divide"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Domain domain{-10, 10, 0.1, 10};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::integral<V>) {
      const V q = lanewise::quotient(a, b);
      const V r = lanewise::remainder(a, b);
      const auto down = (r != V{}) & ((r < V{}) != (b < V{}));
      return simd::select(down, lanewise::subtract(q, lanewise::constant<V>(1)), q);
    } else {
      const V r = math::fmod(a, b);
      const V q = math::rint((a - r) / b);
      const auto down = (r != V{}) & ((r < V{}) != (b < V{}));
      // For infinite a, and for b zero or infinite, r or q is no number: the plain quotient says what is meant.
      const V plain = math::floor(Divide::value(a, b));
      return simd::select(q == q, simd::select(down, q - lit(1), q), plain);
    }
  }
};

/// a - b * floor_divide(a, b): the remainder with the sign of the divisor, as in Python; derivatives 1,
/// -floor_divide(a, b). NumPy and PyTorch call it remainder as well.
struct Mod : Pointwise<Mod> {
  static constexpr FixedString name{"mod"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Domain domain{-10, 10, 0.1, 10};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::integral<V>) {
      const V r = lanewise::remainder(a, b);
      return simd::select((r != V{}) & ((r < V{}) != (b < V{})), lanewise::add(r, b), r);
    } else {
      const V r = math::fmod(a, b);
      return simd::select(r == V{}, math::copysign(V{}, b), simd::select((r < V{}) != (b < V{}), r + b, r));
    }
  }
  TENON_FN static auto partials(auto a, auto b) { return d(lit(1), -floor_divide(a, b)); }
};

/// a - b * trunc(a / b), exact: the remainder with the sign of a, as in C; derivatives 1, -trunc(a / b).
struct Fmod : Pointwise<Fmod> {
  static constexpr FixedString name{"fmod"};
  static constexpr FixedString stablehlo{"remainder"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Domain domain{-10, 10, 0.1, 10};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 12;
  template <class V>
  TENON_FN static V value(V a, V b) {
    if constexpr (lanewise::integral<V>)
      return lanewise::remainder(a, b);
    else
      return math::fmod(a, b);
  }
  TENON_FN static auto partials_with_output(auto r, auto a, auto b) { return d(lit(1), rint((r - a) / b)); }
};

/// a - b * n with n the whole number nearest to a / b (ties to even), exact, as `remainder` of <cmath> and IEEE 754;
/// derivatives 1, -n. What NumPy and PyTorch call remainder is `mod`.
struct Remainder : Pointwise<Remainder> {
  static constexpr FixedString name{"remainder"};
  static constexpr Domain domain{-10, 10, 0.1, 10};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 12;
  TENON_FN static auto value(auto a, auto b) { return math::remainder(a, b); }
  TENON_FN static auto partials_with_output(auto r, auto a, auto b) { return d(lit(1), rint((r - a) / b)); }
};

}  // namespace op

/// a / b.
template <operand A, operand B>
TENON_FN auto divide(A&& a, B&& b) {
  return apply<op::Divide>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// 1 / x.
template <operand X>
TENON_FN auto reciprocal(X&& x) {
  return apply<op::Reciprocal>(static_cast<X&&>(x));
}

/// The largest whole number not above a / b.
template <operand A, operand B>
TENON_FN auto floor_divide(A&& a, B&& b) {
  return apply<op::FloorDivide>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a - b * floor_divide(a, b), with the sign of b.
template <operand A, operand B>
TENON_FN auto mod(A&& a, B&& b) {
  return apply<op::Mod>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a - b * trunc(a / b), with the sign of a.
template <operand A, operand B>
TENON_FN auto fmod(A&& a, B&& b) {
  return apply<op::Fmod>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a - b * rint(a / b), at most |b| / 2.
template <operand A, operand B>
TENON_FN auto remainder(A&& a, B&& b) {
  return apply<op::Remainder>(static_cast<A&&>(a), static_cast<B&&>(b));
}

}  // namespace TENON_ABI
}  // namespace tenon
