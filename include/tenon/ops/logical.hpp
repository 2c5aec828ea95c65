// tenon/ops/logical.hpp: logic on bools, operations on the bits of integers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bool lane is 0 or -1 in a pack, so that bit and logical operations on it are the same instruction. Results have no
// derivative.
#pragma once
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// Both.
struct LogicalAnd : Pointwise<LogicalAnd> {
  static constexpr FixedString name{"logical_and"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"And"};
  static constexpr FixedString stablehlo{"and"};
  static constexpr Typing typing = Typing::logical;
  template <class M>
  TENON_FN static M value(M a, M b) {
    return M(a & b);
  }
};

/// At least one.
struct LogicalOr : Pointwise<LogicalOr> {
  static constexpr FixedString name{"logical_or"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Or"};
  static constexpr FixedString stablehlo{"or"};
  static constexpr Typing typing = Typing::logical;
  template <class M>
  TENON_FN static M value(M a, M b) {
    return M(a | b);
  }
};

/// Exactly one.
struct LogicalXor : Pointwise<LogicalXor> {
  static constexpr FixedString name{"logical_xor"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Xor"};
  static constexpr FixedString stablehlo{"xor"};
  static constexpr Typing typing = Typing::logical;
  template <class M>
  TENON_FN static M value(M a, M b) {
    return M(a ^ b);
  }
};

/// The opposite.
struct LogicalNot : Pointwise<LogicalNot> {
  static constexpr FixedString name{"logical_not"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Not"};
  static constexpr FixedString stablehlo{"not"};
  static constexpr Typing typing = Typing::logical;
  template <class M>
  TENON_FN static M value(M a) {
    if constexpr (is_bool<M>)
      return !a;
    else
      return ~a;
  }
};

/// The bits set in both; of bools logical and.
struct BitAnd : Pointwise<BitAnd> {
  static constexpr FixedString name{"bit_and"};
  static constexpr FixedString onnx{"BitwiseAnd"};
  static constexpr FixedString stablehlo{"and"};
  static constexpr Typing typing = Typing::integral;
  template <class V>
  TENON_FN static V value(V a, V b) {
    return static_cast<V>(a & b);
  }
};

/// The bits set in at least one; of bools logical or.
struct BitOr : Pointwise<BitOr> {
  static constexpr FixedString name{"bit_or"};
  static constexpr FixedString onnx{"BitwiseOr"};
  static constexpr FixedString stablehlo{"or"};
  static constexpr Typing typing = Typing::integral;
  template <class V>
  TENON_FN static V value(V a, V b) {
    return static_cast<V>(a | b);
  }
};

/// The bits set in exactly one; of bools logical xor.
struct BitXor : Pointwise<BitXor> {
  static constexpr FixedString name{"bit_xor"};
  static constexpr FixedString onnx{"BitwiseXor"};
  static constexpr FixedString stablehlo{"xor"};
  static constexpr Typing typing = Typing::integral;
  template <class V>
  TENON_FN static V value(V a, V b) {
    return static_cast<V>(a ^ b);
  }
};

/// Each bit flipped; of bools logical not.
struct BitNot : Pointwise<BitNot> {
  static constexpr FixedString name{"bit_not"};
  static constexpr FixedString onnx{"BitwiseNot"};
  static constexpr FixedString stablehlo{"not"};
  static constexpr Typing typing = Typing::integral;
  template <class V>
  TENON_FN static V value(V a) {
    if constexpr (is_bool<V>)
      return !a;
    else
      return static_cast<V>(~a);
  }
};

namespace detail {
// Whether the compiler's own shift is defined.
template <class V>
TENON_FN auto shift_inside(V n) {
  return (n >= V{}) & (n < lanewise::constant<V>(8 * sizeof(simd::lane_t<V>)));
}
}  // namespace detail

/// a * 2^n, modulo 2^bits; 0 for a count n that is negative or at least the number of bits.
struct ShiftLeft : Pointwise<ShiftLeft> {
  static constexpr FixedString name{"shift_left"};
  static constexpr FixedString stablehlo{"shift_left"};
  static constexpr Typing typing = Typing::integral;
  static constexpr int cost = 3;
  template <class V>
  TENON_FN static V value(V a, V n) {
    const auto inside = detail::shift_inside(n);
    return simd::select(inside, lanewise::shift_left(a, simd::select(inside, n, V{})), V{});
  }
};

/// a / 2^n rounded down; for a count n that is negative or at least the number of bits all bits become the sign's.
struct ShiftRight : Pointwise<ShiftRight> {
  static constexpr FixedString name{"shift_right"};
  static constexpr Typing typing = Typing::integral;
  static constexpr int cost = 3;
  template <class V>
  TENON_FN static V value(V a, V n) {
    constexpr double last = 8 * sizeof(simd::lane_t<V>) - 1;
    const V sign_bit = is_signed_integer<simd::lane_t<V>> ? static_cast<V>(a >> lanewise::constant<V>(last)) : V{};
    const auto inside = detail::shift_inside(n);
    return simd::select(inside, static_cast<V>(a >> simd::select(inside, n, V{})), sign_bit);
  }
};

}  // namespace op

/// Both.
template <operand A, operand B>
TENON_FN auto logical_and(A&& a, B&& b) {
  return apply<op::LogicalAnd>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// At least one.
template <operand A, operand B>
TENON_FN auto logical_or(A&& a, B&& b) {
  return apply<op::LogicalOr>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// Exactly one.
template <operand A, operand B>
TENON_FN auto logical_xor(A&& a, B&& b) {
  return apply<op::LogicalXor>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// The opposite.
template <operand A>
TENON_FN auto logical_not(A&& a) {
  return apply<op::LogicalNot>(static_cast<A&&>(a));
}

/// a & b.
template <operand A, operand B>
TENON_FN auto bit_and(A&& a, B&& b) {
  return apply<op::BitAnd>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a | b.
template <operand A, operand B>
TENON_FN auto bit_or(A&& a, B&& b) {
  return apply<op::BitOr>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a ^ b.
template <operand A, operand B>
TENON_FN auto bit_xor(A&& a, B&& b) {
  return apply<op::BitXor>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// ~a.
template <operand A>
TENON_FN auto bit_not(A&& a) {
  return apply<op::BitNot>(static_cast<A&&>(a));
}

/// a << n, 0 for counts outside of the bits.
template <operand A, operand N>
TENON_FN auto shift_left(A&& a, N&& n) {
  return apply<op::ShiftLeft>(static_cast<A&&>(a), static_cast<N&&>(n));
}

/// a >> n, with copies of the sign for counts outside of the bits.
template <operand A, operand N>
TENON_FN auto shift_right(A&& a, N&& n) {
  return apply<op::ShiftRight>(static_cast<A&&>(a), static_cast<N&&>(n));
}

}  // namespace TENON_ABI
}  // namespace tenon
