// tenon/exec/cpu/contraction_step.hpp: what a product does in one step of its sum, for numbers and for groups of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Narrow numbers that follow each other along the sum are multiplied and added in groups where one instruction does so.
// The engine is compiled for a step T: a number type, or the name of a group. It reads words of the operands, each one
// step of one row or column, and keeps sums; all that T decides is in Step<T> and in how operands are packed.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/math/hardware.hpp>
#include <tenon/simd/dot.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

struct Bfloat16Pair {};  ///< two bfloat16, summed in float
struct Int16Pair {};     ///< two int16, or numbers of 8 bits as such
struct Int8Quad {};      ///< four uint8 of a row by four int8 of a column; panels of columns begin with first sums

/// How T is computed: sums, words, how many elements a word holds, and whether sums begin with a panel's first words.
template <class T>
struct Step {
  using Sum = T;
  using Word = T;
  static constexpr int group = 1;
  static constexpr bool begins = false;
  template <class V>
  TENON_FN static V multiply_add(V a, V b, V sum) {
    if constexpr (is_floating<simd::lane_t<V>>) {
      return math::kernel::fma(a, b, sum);
    } else {
      return a * b + sum;
    }
  }
};
// Groups of narrow numbers in words of 32 bits.
template <class S, int Group, bool Begins = false>
struct GroupStep {
  using Sum = S;
  using Word = unsigned;
  static constexpr int group = Group;
  static constexpr bool begins = Begins;
};
template <>
struct Step<Bfloat16Pair> : GroupStep<float, 2> {
  template <class W, class V>
  TENON_INLINE static V multiply_add(W a, W b, V sum) {
    return simd::dot_bfloat16(sum, a, b);
  }
};
template <>
struct Step<Int16Pair> : GroupStep<unsigned, 2> {
  template <class V>
  TENON_INLINE static V multiply_add(V a, V b, V sum) {
    return simd::dot_int16(sum, a, b);
  }
};
template <>
struct Step<Int8Quad> : GroupStep<unsigned, 4, true> {
  template <class V>
  TENON_INLINE static V multiply_add(V a, V b, V sum) {
    return simd::dot_int8(sum, a, b);
  }
};
template <class T>
using sum_t = typename Step<T>::Sum;
template <class T>
using word_t = typename Step<T>::Word;

namespace detail {

// Stays in the register that it was loaded into: where registers are left, gcc would load it once for each use.
template <class V>
TENON_INLINE void in_register([[maybe_unused]] V& x) {
#if TENON_ISA >= 256 && !defined(__clang__) && !defined(__CUDACC__)
  asm("" : "+v"(x));
#endif
}

// What sums of S are computed in: integers as unsigned ones, which wrap.
template <class S>
struct WrappingNumber {
  using type = S;
};
template <class S>
requires(is_integer<S>) struct WrappingNumber<S>
    : tenon::detail::NumberOf<sizeof(S) == 8 ? NumberKind::uint64 : NumberKind::uint32> {
};

template <class T>
inline constexpr bool fits_int16 = is_bool<T> ||
                                   (is_integer<T> && (sizeof(T) == 1 || number_kind<T> == NumberKind::int16));
template <class T>
inline constexpr bool is_byte = is_bool<T> || (is_integer<T> && sizeof(T) == 1);

// Rows of elements A by columns of elements B, summed in S; of four int8 only if Quads.
template <class A, class B, class S, bool Quads = true>
struct StepOf {
  static constexpr int kind() {
    if (simd::has_dot_bfloat16 && number_kind<A> == NumberKind::bfloat16 && number_kind<B> == NumberKind::bfloat16)
      return 1;
    if (Quads && simd::has_dot_int8 && is_byte<A> && number_kind<B> == NumberKind::int8) return 2;
    return simd::has_dot_int16 && fits_int16<A> && fits_int16<B> ? 3 : 0;
  }
  template <int Kind, class Number>
  struct Pick {
    using type = Number;
  };
  template <class Number>
  struct Pick<1, Number> {
    using type = Bfloat16Pair;
  };
  template <class Number>
  struct Pick<2, Number> {
    using type = Int8Quad;
  };
  template <class Number>
  struct Pick<3, Number> {
    using type = Int16Pair;
  };
  using type = typename Pick<kind(), typename WrappingNumber<S>::type>::type;
};

}  // namespace detail

/// The step for rows of elements A by columns of elements B, whose products are summed in S.
template <class A, class B, class S>
using contraction_step_t = typename detail::StepOf<A, B, S>::type;

/// The step for products of elements as they lie in memory: those of 8 bits are widened, which needs no offset.
template <class A, class B, class S>
using dot_step_t = typename detail::StepOf<A, B, S, false>::type;

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
