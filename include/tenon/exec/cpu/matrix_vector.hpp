// tenon/exec/cpu/matrix_vector.hpp: one vector by the rows of a matrix: dot products, several at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packs run along the rows, and the lanes of the sums of several rows are added up together. A row's sum does not
// depend on the rows beside it, so that parts of a matrix give the bits of the whole.
#pragma once
#include <tenon/exec/cpu/contraction_dots.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Rows whose sums are in registers at a time.
inline constexpr int vector_rows = 8;

namespace detail {

// The sums of the lanes of `left` packs, of as many at a time as there are in a group.
template <int Group, class T, class V, int M, int... I>
TENON_INLINE void store_row_sums(index_t left, const V (&sum)[M], T* y, bool add, Seq<I...>) {
  constexpr int W = simd::lanes<V>;
  const auto put = [add](T* to, const V& v, index_t n) {
    if (add)
      put_first(to, v, n, true);
    else
      simd::store_pieces(to, v, n);
  };
  ((I * Group < left ? put(y + I * Group, reverse_lanes(sum_lanes<Group, W / 2, I * Group>(sum), make_seq<W>{}),
                           left - I * Group < Group ? left - I * Group : Group)
                     : void()),
   ...);
}
// N rows, those from `left` on the last again.
template <class V, int N, class T, int... I>
TENON_INLINE void rows_by_vector(index_t left, index_t k, const T* a, index_t a_row, const T* x, T* y, bool add,
                                 Seq<I...>) {
  constexpr int W = simd::lanes<V>, group = N < W ? N : W;
  const T* const row[] = {a + (I < left ? I : left - 1) * a_row...};
  V sum[N] = {};
  index_t s = 0;
  for (; s + W <= k; s += W) {
    const V v = simd::load<V>(x + s);
    ((sum[I] = Step<T>::multiply_add(simd::load<V>(row[I] + s), v, sum[I])), ...);
  }
  if (W > 1 && s < k) {
    const V v = simd::load_partial<V>(x + s, k - s);
    ((sum[I] = Step<T>::multiply_add(simd::load_partial<V>(row[I] + s, k - s), v, sum[I])), ...);
  }
  store_row_sums<group>(left, sum, y, add, make_seq<N / group>{});
}

// Four rows of a register full of them, which have one pointer: all would be too many to be in registers.
template <int First, class V, class T>
TENON_INLINE void add_four_rows(V* sum, const T* a, index_t a_row, const V& v) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i, a += a_row) sum[First + i] = Step<T>::multiply_add(simd::load<V>(a), v, sum[First + i]);
}
// As many rows as V has lanes.
template <class V, class T, int... J, int... I>
TENON_INLINE void register_of_rows(index_t k, const T* a, index_t a_row, const T* x, T* y, bool add, Seq<J...>,
                                   Seq<I...>) {
  constexpr int W = simd::lanes<V>;
  V sum[W] = {};
  index_t s = 0;
  for (; s + W <= k; s += W) {
    const V v = simd::load<V>(x + s);
    (add_four_rows<4 * J>(sum, a + 4 * J * a_row + s, a_row, v), ...);
  }
  if (s < k) {
    const V v = simd::load_partial<V>(x + s, k - s);
    ((sum[I] = Step<T>::multiply_add(simd::load_partial<V>(a + I * a_row + s, k - s), v, sum[I])), ...);
  }
  store_row_sums<W>(W, sum, y, add, make_seq<1>{});
}

}  // namespace detail

/// y[i] = (add: y[i] +) the sum over k elements of a[i * a_row + s] * x[s], for i < rows.
template <class T>
[[gnu::noinline]] void matrix_by_vector(index_t rows, index_t k, const T* a, index_t a_row, const T* x, T* y,
                                        bool add) {
  using V = simd::native<T>;
  constexpr int many = simd::lanes < V >> vector_rows ? simd::lanes<V> : 0;
  index_t i = 0;
  // Of short rows as many as sums fit into a register.
  if constexpr (many > 0)
    for (; k <= 4 * many && i + many <= rows; i += many)
      detail::register_of_rows<V>(k, a + i * a_row, a_row, x, y + i, add, make_seq<many / 4>{}, make_seq<many>{});
  for (; i < rows; i += vector_rows) {
    const index_t left = rows - i;
    const T* const from = a + i * a_row;
    if (left > vector_rows / 2)
      detail::rows_by_vector<V, vector_rows>(left, k, from, a_row, x, y + i, add, make_seq<vector_rows>{});
    else if (left > 1)
      detail::rows_by_vector<V, vector_rows / 2>(left, k, from, a_row, x, y + i, add, make_seq<vector_rows / 2>{});
    else
      detail::rows_by_vector<V, 1>(left, k, from, a_row, x, y + i, add, make_seq<1>{});
  }
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
