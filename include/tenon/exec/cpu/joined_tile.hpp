// tenon/exec/cpu/joined_tile.hpp: tiles of so few columns that a register holds those of several rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The columns that are left of a product beside full registers are often few: in a masked pack most lanes would be
// empty. Here a register holds four columns of two or four rows, and another one four steps of those rows' elements,
// which a shuffle spreads over the lanes of their row, one step at a time. Sums run in the order of the index, as in
// all tiles.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/exec/cpu/contraction_step.hpp>
#include <tenon/simd/memory.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Columns of such a tile at most, 16 bytes, within which a shuffle costs nothing more. Columns of double gain nothing.
inline constexpr int joined_columns = 4;
template <class T>
inline constexpr bool joined_tiles = is_floating<T>&& TENON_ISA >= 256 && sizeof(T) * joined_columns == 16;
/// Rows of a tile: three registers of four rows or six of two, not to wait for additions.
inline constexpr int joined_rows = 12;

namespace detail {

// Whole: there are joined_columns columns, not fewer. With a branch for that in the loop gcc would spill.
template <class T, bool Whole>
struct JoinedTile {
  using V = simd::native<T>;
  static constexpr int W = simd::lanes<V>, L = joined_columns, rows = W / L, P = joined_rows / rows;
  V sum[P] = {};

  template <int... I>
  TENON_INLINE void run(index_t k, const T* a, index_t a_row, const T* b, index_t b_step, index_t n, Seq<I...>) {
    const T* const row[] = {a + I * rows * a_row...};
    for (index_t s = 0; s < k; s += L) {
      const index_t left = k - s < L ? k - s : L;
      const V x[] = {steps_of_rows<rows>(row[I] + s, a_row, left)...};
      step<0>(x, b, n, Seq<I...>{}, make_seq<W>{}), b += b_step;
      if (left > 1) step<1>(x, b, n, Seq<I...>{}, make_seq<W>{}), b += b_step;
      if (left > 2) step<2>(x, b, n, Seq<I...>{}, make_seq<W>{}), b += b_step;
      if (left > 3) step<3>(x, b, n, Seq<I...>{}, make_seq<W>{}), b += b_step;
    }
  }
  template <int... I>
  TENON_INLINE void store(T* c, index_t c_row, bool add, index_t n, Seq<I...>) const {
    if constexpr (Whole) {
      (store_row<I>(c + I * c_row, add, make_seq<L>{}), ...);
    } else {
      (store_part<I>(c + I * c_row, add, n, make_seq<W>{}), ...);
    }
  }

 private:
  using Row = simd::pack<T, L>;
  TENON_INLINE static Row steps_of_row(const T* a, index_t left) {
    return left == L ? simd::load<Row>(a) : simd::pick<Row, 0, 1, 2, 3>(simd::load_partial<V>(a, left));
  }
  template <int N>
  TENON_INLINE static auto steps_of_rows(const T* a, index_t a_row, index_t left) {
    if constexpr (N == 1) {
      return steps_of_row(a, left);
    } else {
      return simd::concat(steps_of_rows<N / 2>(a, a_row, left), steps_of_rows<N / 2>(a + N / 2 * a_row, a_row, left));
    }
  }
  template <int K, int... I, int... Lane>
  TENON_INLINE void step(const V (&x)[P], const T* b, index_t n, Seq<I...>, Seq<Lane...>) {
    V y;
    if constexpr (Whole) {
      y = simd::load_repeated<V, L, (Lane % L)...>(b);
    } else {
      y = simd::load_partial<V>(b, n);
      y = simd::shuffle<(Lane % L)...>(y, y);
    }
    ((sum[I] = Step<T>::multiply_add(simd::shuffle<(Lane / L * L + K)...>(x[I], x[I]), y, sum[I])), ...);
  }
  // Whole rows without masks: AMD processors store slowly with them, and what is read next would wait for it.
  template <int I, int... Lane>
  TENON_INLINE void store_row(T* c, bool add, Seq<Lane...>) const {
    Row v = simd::pick<Row, (I % rows * L + Lane)...>(sum[I / rows]);
    if (add) v += simd::load<Row>(c);
    simd::store(c, v);
  }
  template <int I, int... Lane>
  TENON_INLINE void store_part(T* c, bool add, index_t n, Seq<Lane...>) const {
    V v = simd::shuffle<((Lane + I % rows * L) % W)...>(sum[I / rows], sum[I / rows]);
    if (add) v += simd::load_partial<V>(c, n);
    simd::store_partial(c, v, n);
  }
};

}  // namespace detail

/// As a TileFunction: joined_rows rows, which follow the sum in memory, by the first n of joined_columns columns; by
/// all of them if Whole.
template <class T, bool Whole>
[[gnu::noinline]] void joined_tile(index_t k, const T* a, index_t a_row, const T* b, index_t b_step, T* c,
                                   index_t c_row, bool add, index_t n) {
  using Tile = detail::JoinedTile<T, Whole>;
  Tile t;
  t.run(k, a, a_row, b, b_step, n, make_seq<Tile::P>{});
  t.store(c, c_row, add, n, make_seq<joined_rows>{});
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
