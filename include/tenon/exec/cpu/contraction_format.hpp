// tenon/exec/cpu/contraction_format.hpp: how elements of an operand become the words that a product's steps read.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A format packs elements S for the step T. `words<V>(p)` are words of `group` neighbours each, for operands that are
// contiguous along the sum; `words<V>(p, j)` take the j-th and following elements of `group` rows; `word(p, j)` is the
// first of them.
#pragma once
#include <tenon/exec/cpu/contraction_step.hpp>
#include <tenon/simd/half.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// In place of elements beyond the sum's end: for a panel's rows, or a row tile's columns.
template <class S>
inline const S zeros[128]{};

template <class T, class S>
TENON_FN T widened(S x) {
  if constexpr (is_integer<T> && is_signed_integer<S>) {
    return static_cast<T>(static_cast<__INT64_TYPE__>(x));  // unsigned arithmetic wraps
  } else {
    return static_cast<T>(x);
  }
}
// As many elements from p on as V has lanes.
template <class V, class S>
TENON_FN V load_widened(const S* p) {
  using T = simd::lane_t<V>;
  if constexpr (__is_same(T, S) || (is_integer<T> && is_integer<S> && sizeof(T) == sizeof(S))) {
    V v;
    __builtin_memcpy(&v, p, sizeof(V));
    return v;
  } else if constexpr (__is_same(T, float) && (__is_same(S, bfloat16) || __is_same(S, half))) {
    return simd::load_floats<V>(p);
  } else if constexpr (is_integer<S> || __is_same(S, float) || __is_same(S, double)) {
    return simd::load_as<V>(p);
  } else {
    V v{};
    for (int i = 0; i < simd::lanes<V>; ++i) v[i] = widened<T>(p[i]);
    return v;
  }
}

/// Elements S for a step of numbers T.
template <class T, class S>
struct NumberFormat {
  using Element = S;
  using Word = T;
  static constexpr int group = 1;
  static constexpr bool begins = false;
  template <class V>
  TENON_INLINE static V words(const S* p) {
    return load_widened<V>(p);
  }
  template <class V>
  TENON_INLINE static V words(const S* const (&p)[1], index_t j) {
    return load_widened<V>(p[0] + j);
  }
  TENON_INLINE static T word(const S* const (&p)[1], index_t j) { return widened<T>(p[0][j]); }
};

/// Elements S as the lanes of words: `Lane` is what a lane holds; words are xor-ed with Flip. With Begins, a panel
/// starts with `Begin` times the sum of each row's elements.
template <class S, class Lane, unsigned Flip = 0, bool Begins = false, int Begin = 0>
struct GroupFormat {
  using Element = S;
  using Word = unsigned;
  static constexpr int group = 4 / static_cast<int>(sizeof(Lane)), bits = 32 / group;
  static constexpr bool begins = Begins;
  static constexpr bool narrow = sizeof(S) < sizeof(Lane);
  // What memory holds: a bool is its byte, a bfloat16 its bits.
  using Stored = typename tenon::detail::NumberOf<sizeof(S) == 2         ? NumberKind::uint16
                                                  : is_signed_integer<S> ? NumberKind::int8
                                                                         : NumberKind::uint8>::type;
  TENON_INLINE static const Stored* stored(const S* p) { return reinterpret_cast<const Stored*>(p); }

  template <class V>
  TENON_INLINE static V words(const S* p) {
    if constexpr (narrow) {
      using L = simd::pack<Lane, simd::lanes<V> * group>;
      return simd::bitcast<V>(simd::load_as<L>(stored(p)));
    } else {
      V v;
      __builtin_memcpy(&v, p, sizeof(V));
      return v ^ Flip;
    }
  }
  template <class V>
  TENON_INLINE static V words(const S* const (&p)[group], index_t j) {
    V v = values<V>(p[0] + j);
#pragma GCC unroll 4
    for (int i = 1; i < group; ++i) v |= values<V>(p[i] + j) << (i * bits);
    return v ^ Flip;
  }
  TENON_INLINE static unsigned word(const S* const (&p)[group], index_t j) {
    unsigned w = 0;
#pragma GCC unroll 4
    for (int i = 0; i < group; ++i) {
      Stored x;
      __builtin_memcpy(&x, p[i] + j, sizeof(x));
      w |= (static_cast<unsigned>(x) & mask) << (i * bits);
    }
    return w ^ Flip;
  }
  /// As words<V>(p), of the first n elements and zeros.
  template <class V>
  TENON_INLINE static V words_partial(const S* p, index_t n) {
    using L = simd::pack<Stored, simd::lanes<V> * group>;
    const L x = simd::load_partial<L>(stored(p), n);
    if constexpr (narrow) {
      return simd::bitcast<V>(simd::convert<Lane>(x));
    } else {
      return simd::bitcast<V>(x) ^ Flip;
    }
  }
  /// The first words of a panel of P rows, of which `words` steps follow them.
  template <int P>
  static void begin(Word* panel, index_t words) {
    using V = simd::native<Word>;
    constexpr int W = simd::lanes<V>;
    for (int j = 0; j < P; j += W) {
      V sum{};
      if constexpr (Begin != 0)
        for (index_t w = 1; w <= words; ++w)
          sum = simd::dot_int8(sum, simd::broadcast<V>(0x01010101u), simd::load<V>(panel + w * P + j));
      simd::store(panel + j, V(sum * static_cast<unsigned>(Begin)));
    }
  }

 private:
  static constexpr unsigned mask = ~0u >> (32 - bits);
  template <class V>
  TENON_INLINE static V values(const S* p) {
    if constexpr (narrow && is_signed_integer<S>) {
      return simd::load_as<V>(stored(p)) & mask;
    } else {
      using U = typename tenon::detail::NumberOf<sizeof(S) == 2 ? NumberKind::uint16 : NumberKind::uint8>::type;
      return simd::load_as<V>(reinterpret_cast<const U*>(p));
    }
  }
};

template <class T, class S>
struct FormatOf {
  using Rows = NumberFormat<T, S>;
  template <class Other>
  using Columns = Rows;
};
template <class S>
struct FormatOf<Bfloat16Pair, S> {
  using Rows = GroupFormat<S, unsigned short>;
  template <class Other>
  using Columns = Rows;
};
template <class S>
struct FormatOf<Int16Pair, S> {
  using Rows = GroupFormat<S, short>;
  template <class Other>
  using Columns = Rows;
};
// A row's int8 are packed with 128 added, which makes them uint8; sums begin with what that adds to them, taken away.
template <class S>
struct FormatOf<Int8Quad, S> {
  static constexpr bool is_signed = is_signed_integer<S>;
  using Rows = GroupFormat<S, unsigned char, is_signed ? 0x80808080u : 0u>;
  template <class Other>
  using Columns = GroupFormat<S, unsigned char, 0u, true, FormatOf<Int8Quad, Other>::is_signed ? -128 : 0>;
};

}  // namespace detail

/// The format of elements S as rows of the step T, and as columns of it beside rows of elements R.
template <class T, class S>
using row_format = typename detail::FormatOf<T, S>::Rows;
template <class T, class S, class R>
using column_format = typename detail::FormatOf<T, S>::template Columns<R>;

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
