// tenon/exec/cpu/contraction_dots.hpp: products of few rows, which read the other operand once and pack nothing.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where both operands follow the sum in memory, packs run along the sum and are added up at its end. One row by columns
// that are neighbours in memory is a tile whose words are made while it runs.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/exec/cpu/contraction_format.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Rows and columns of a tile whose packs run along the sum; where there is one row, twice as many columns.
inline constexpr int dot_rows = TENON_ISA == 512 ? 4 : 2;
inline constexpr int dot_columns = 4;
/// Packs of neighbouring columns of a tile of one row.
inline constexpr int columns_at_once = 8;

/// out[r * columns + j] = the sum over k elements of a[r][k] * b[j][k]; k is at least DotKernels::least.
using DotFunction = void (*)(index_t k, const void* const* a, const void* const* b, void* out);
/// c[j] = (add: c +) the sum over k elements of a[k * a_step] * b[k * b_step + j], for j < n.
using RowFunctionOfColumns = void (*)(index_t k, const void* a, index_t a_step, const void* b, index_t b_step, void* c,
                                      index_t n, bool add);
/// Dot products of operands that follow the sum in memory: tiles of one row and of dot_rows rows; and one row by
/// neighbouring columns. nullptr where another kernel does it: matrix_by_vector(), or the plain tiles.
struct DotKernels {
  DotFunction row = nullptr, block = nullptr;
  index_t least = 0;
  RowFunctionOfColumns columns = nullptr;
};

namespace detail {

// Lanes whose index has bit D clear: a's, added to those that have it set; the others likewise from b.
template <int D, class V, int... I>
TENON_FN V add_halves(V a, V b, Seq<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I));
  return simd::shuffle<(((I & D) ? W + (I ^ D) : I))...>(a, b) + simd::shuffle<(((I & D) ? W + I : (I ^ D)))...>(a, b);
}
// N packs from the I-th on become one: first those of even and of odd numbers, by the largest distance of lanes, which
// is N / 2 times D; then what they have become. Packs are named by constants, so that all are in registers.
template <int N, int D, int I, class V, int M>
TENON_FN V sum_of_packs(const V (&v)[M]) {
  if constexpr (N == 1) {
    return v[I];
  } else {
    return add_halves<D>(sum_of_packs<N / 2, 2 * D, I>(v), sum_of_packs<N / 2, 2 * D, I + N / 2>(v),
                         make_seq<simd::lanes<V>>{});
  }
}
template <int D, class V>
TENON_FN V sum_within(V v) {
  if constexpr (D == 0) {
    return v;
  } else {
    return sum_within<D / 2>(add_halves<D>(v, v, make_seq<simd::lanes<V>>{}));
  }
}
// The sums of N packs from the I-th on: of all lanes if D is half of them, else of each 2 D neighbours; N divides 2 D.
// That of pack i is in those lanes whose last bits are i's, reversed.
template <int N, int D, int I = 0, class V, int M>
TENON_FN V sum_lanes(const V (&v)[M]) {
  return sum_within<D / N>(sum_of_packs<N, 2 * D / N, I>(v));
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

// to[i] = (add: to[i] +) lane i of v, for i < n.
template <class T, class V>
TENON_INLINE void put_first(T* to, V v, index_t n, bool add) {
  if (add) v += simd::load_partial<V>(to, n);
  simd::store_partial(to, v, n);
}

// Rows in format A by columns in format B, in steps of T.
template <class T, class A, class B, int R, int N>
struct DotTile {
  using U = simd::native<word_t<T>>;
  using V = simd::native<sum_t<T>>;
  static constexpr int W = simd::lanes<V> * A::group;
  V sum[R * N] = {};

  template <int... I>
  TENON_INLINE void step(const U (&x)[R], const U (&y)[N], Seq<I...>) {
    ((sum[I] = Step<T>::multiply_add(x[I / N], y[I % N], sum[I])), ...);
  }
  template <int... I, int... J>
  TENON_INLINE void run(index_t k, const void* const* at, const void* const* bt, Seq<I...>, Seq<J...>) {
    const typename A::Element* const a[] = {static_cast<const typename A::Element*>(at[I])...};
    const typename B::Element* const b[] = {static_cast<const typename B::Element*>(bt[J])...};
    index_t s = 0;
    for (; s + W <= k; s += W) {
      const U x[] = {A::template words<U>(a[I] + s)...}, y[] = {B::template words<U>(b[J] + s)...};
      step(x, y, make_seq<R * N>{});
    }
    if constexpr (W > 1)
      if (s < k) step_of_rest(k, k - s, a, b, Seq<I...>{}, Seq<J...>{});
  }

 private:
  // The last pack overlaps the one before: what that has added already counts as zero.
  template <int... I, int... J>
  TENON_INLINE void step_of_rest(index_t k, index_t rest, const typename A::Element* const* a,
                                 const typename B::Element* const* b, Seq<I...>, Seq<J...>) {
    using Lane = simd::int_of<sizeof(word_t<T>) / A::group>;
    using Bits = simd::native<simd::int_of<sizeof(word_t<T>)>>;
    const Bits fresh = simd::bitcast<Bits>(simd::iota<simd::pack<Lane, W>>() >= static_cast<Lane>(W - rest));
    const auto last = [&](U words) { return simd::bitcast<U>(simd::bitcast<Bits>(words) & fresh); };
    const U x[] = {last(A::template words<U>(a[I] + k - W))...}, y[] = {last(B::template words<U>(b[J] + k - W))...};
    step(x, y, make_seq<R * N>{});
  }
};

// out[i] = the sum of the lanes of v[i]: of as many packs at a time as there are in a group.
template <int Group, class T, class V, int M, int... I>
TENON_INLINE void store_sums(const V (&v)[M], T* out, Seq<I...>) {
  constexpr int W = simd::lanes<V>;
  const V sum[] = {reverse_lanes(sum_lanes<Group, W / 2, I * Group>(v), make_seq<W>{})...};
  (__builtin_memcpy(out + I * Group, &sum[I], Group * sizeof(T)), ...);
}
template <class T, class A, class B, int R, int N>
[[gnu::noinline]] void dot_tile(index_t k, const void* const* a, const void* const* b, void* out) {
  DotTile<T, A, B, R, N> t;
  t.run(k, a, b, make_seq<R>{}, make_seq<N>{});
  using V = simd::native<sum_t<T>>;
  constexpr int W = simd::lanes<V>, group = R * N < W ? R * N : W;
  store_sums<group>(t.sum, static_cast<sum_t<T>*>(out), make_seq<R * N / group>{});
}

// N packs of columns; with Partial, the first n of one.
template <class T, class A, class B, bool Partial, int... J>
TENON_INLINE void columns_tile(index_t k, const typename A::Element* a, index_t a_step, const typename B::Element* b,
                               index_t b_step, sum_t<T>* c, index_t n, bool add, Seq<J...>) {
  using Element = typename B::Element;
  using U = simd::native<word_t<T>>;
  using V = simd::native<sum_t<T>>;
  constexpr int W = simd::lanes<V>;
  using Bits = simd::pack<simd::int_of<sizeof(Element)>, W>;
  V sum[sizeof...(J)] = {};
  for (index_t s = 0; s < k; s += A::group) {
    const typename A::Element* x[A::group];
    const Element* y[A::group];
    Bits staged[A::group];
#pragma GCC unroll 4
    for (int i = 0; i < A::group; ++i) {
      const bool valid = s + i < k;
      x[i] = valid ? a + (s + i) * a_step : zeros<typename A::Element>;
      y[i] = valid ? b + (s + i) * b_step : zeros<Element>;
      if constexpr (Partial) {
        staged[i] = simd::load_partial<Bits>(reinterpret_cast<const simd::lane_t<Bits>*>(y[i]), n);
        y[i] = reinterpret_cast<const Element*>(&staged[i]);
      }
    }
    const U word = simd::broadcast<U>(A::word(x, 0));
    ((sum[J] = Step<T>::multiply_add(word, B::template words<U>(y, J * W), sum[J])), ...);
  }
  if constexpr (Partial) {
    simd::store_partial(c, add ? V(sum[0] + simd::load_partial<V>(c, n)) : sum[0], n);
  } else {
    (simd::store(c + J * W, add ? V(sum[J] + simd::load<V>(c + J * W)) : sum[J]), ...);
  }
}
template <class T, class A, class B>
[[gnu::noinline]] void row_by_columns(index_t k, const void* a, index_t a_step, const void* b, index_t b_step, void* c,
                                      index_t n, bool add) {
  constexpr int W = simd::native_lanes<sum_t<T>>, N = columns_at_once;
  const auto* x = static_cast<const typename A::Element*>(a);
  const auto* y = static_cast<const typename B::Element*>(b);
  auto* z = static_cast<sum_t<T>*>(c);
  index_t j = 0;
  for (; j + N * W <= n; j += N * W)
    columns_tile<T, A, B, false>(k, x, a_step, y + j, b_step, z + j, 0, add, make_seq<N>{});
  for (; j + W <= n; j += W) columns_tile<T, A, B, false>(k, x, a_step, y + j, b_step, z + j, 0, add, make_seq<1>{});
  if (j < n) columns_tile<T, A, B, true>(k, x, a_step, y + j, b_step, z + j, n - j, add, make_seq<1>{});
}

}  // namespace detail

/// The kernels for rows of elements A and columns of elements B, summed as steps of T do. Columns of what needs no
/// conversion are read by the plain tiles.
template <class T, class A, class B>
constexpr DotKernels dot_kernels() {
  using X = row_format<T, A>;
  using Y = row_format<T, B>;
  DotKernels d{nullptr, detail::dot_tile<T, X, Y, dot_rows, dot_columns>, 2 * X::group * simd::native_lanes<sum_t<T>>};
  constexpr bool plain = __is_same(A, T) && __is_same(B, T) && !is_integer<T>;
  if constexpr (!plain) d.row = detail::dot_tile<T, X, Y, 1, 2 * dot_columns>;
  if constexpr (sizeof(B) < sizeof(word_t<T>)) d.columns = detail::row_by_columns<T, X, Y>;
  return d;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
