// tenon/exec/cpu/contraction_dots.hpp: products of operands that both follow the sum in memory, without packing.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packs run along the sum and are added up at its end. Few rows by many columns come to this: each column is read once.
#pragma once
#include <tenon/exec/cpu/contraction_format.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Rows and columns of a tile whose packs run along the sum; where there is one row, twice as many columns.
inline constexpr int dot_rows = TENON_ISA == 512 ? 4 : 2;
inline constexpr int dot_columns = 4;

/// out[r * columns + j] = the sum over k elements of a[r][k] * b[j][k]; k is at least DotKernels::least.
using DotFunction = void (*)(index_t k, const void* const* a, const void* const* b, void* out);
/// Dot products of operands that follow the sum in memory: tiles of one row and of dot_rows rows, or nullptr.
struct DotKernels {
  DotFunction row = nullptr, block = nullptr;
  index_t least = 0;
};

namespace detail {

// Lanes whose index has bit D clear: a's, added to those that have it set; the others likewise from b.
template <int D, class V, int... I>
TENON_FN V add_halves(V a, V b, Seq<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I));
  return simd::shuffle<(((I & D) ? W + (I ^ D) : I))...>(a, b) + simd::shuffle<(((I & D) ? W + I : (I ^ D)))...>(a, b);
}
// out[i] = the sum of the lanes of v[i], for N packs: pairs of packs become one, whose lanes are half done.
template <int N, int D, class V>
TENON_FN V sum_lanes(V* v) {
  if constexpr (D == 0) {
    return v[0];
  } else {
    constexpr int M = N > 1 ? N / 2 : 1;
    V half[M];
    for (int i = 0; i < M; ++i)
      half[i] = add_halves<D>(v[N > 1 ? 2 * i : 0], v[N > 1 ? 2 * i + 1 : 0], make_seq<simd::lanes<V>>{});
    return sum_lanes<M, D / 2>(half);
  }
}
constexpr int reversed_bits(int i, int below) {
  int r = 0;
  for (below /= 2; below > 0; below /= 2, i /= 2)
    if (i & 1) r |= below;
  return r;
}
template <class V, int... I>
TENON_FN V reverse_lanes(V v, Seq<I...>) {
  return simd::shuffle<(reversed_bits(I, simd::lanes<V>))...>(v, v);
}

// Elements in format F by elements in the same format, in steps of T.
template <class T, class F, int R, int N>
struct DotTile {
  using Element = typename F::Element;
  using U = simd::native<word_t<T>>;
  using V = simd::native<sum_t<T>>;
  static constexpr int W = simd::lanes<V> * F::group;
  V sum[R * N] = {};

  template <int... I>
  TENON_INLINE void step(const U (&x)[R], const U (&y)[N], Seq<I...>) {
    ((sum[I] = Step<T>::multiply_add(x[I / N], y[I % N], sum[I])), ...);
  }
  template <int... I, int... J>
  TENON_INLINE void run(index_t k, const void* const* at, const void* const* bt, Seq<I...>, Seq<J...>) {
    const Element* const a[] = {static_cast<const Element*>(at[I])...};
    const Element* const b[] = {static_cast<const Element*>(bt[J])...};
    index_t s = 0;
    for (; s + W <= k; s += W) {
      const U x[] = {F::template words<U>(a[I] + s)...}, y[] = {F::template words<U>(b[J] + s)...};
      step(x, y, make_seq<R * N>{});
    }
    if (s == k) return;
    // The last pack overlaps the one before: what that has added already counts as zero.
    using Lane = simd::int_of<sizeof(word_t<T>) / F::group>;
    using Bits = simd::native<simd::int_of<sizeof(word_t<T>)>>;
    const Bits fresh = simd::bitcast<Bits>(simd::iota<simd::pack<Lane, W>>() >= static_cast<Lane>(W - (k - s)));
    const auto last = [&](const Element* p) {
      return simd::bitcast<U>(simd::bitcast<Bits>(F::template words<U>(p + k - W)) & fresh);
    };
    const U x[] = {last(a[I])...}, y[] = {last(b[J])...};
    step(x, y, make_seq<R * N>{});
  }
};

template <class T, class F, int R, int N>
[[gnu::noinline]] void dot_tile(index_t k, const void* const* a, const void* const* b, void* out) {
  DotTile<T, F, R, N> t;
  t.run(k, a, b, make_seq<R>{}, make_seq<N>{});
  using V = simd::native<sum_t<T>>;
  constexpr int W = simd::lanes<V>, group = R * N < W ? R * N : W;
  for (int i = 0; i < R * N; i += group) {
    const V v = reverse_lanes(sum_lanes<group, W / 2>(t.sum + i), make_seq<W>{});
    __builtin_memcpy(static_cast<sum_t<T>*>(out) + i, &v, group * sizeof(sum_t<T>));
  }
}

}  // namespace detail

/// The kernels for elements S, summed as steps of T do.
template <class T, class S>
constexpr DotKernels dot_kernels() {
  using F = row_format<T, S>;
  return {detail::dot_tile<T, F, 1, 2 * dot_columns>, detail::dot_tile<T, F, dot_rows, dot_columns>,
          2 * F::group * simd::native_lanes<sum_t<T>>};
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
