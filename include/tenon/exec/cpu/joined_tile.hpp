// tenon/exec/cpu/joined_tile.hpp: tiles of so few columns that a register holds those of several rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The columns that are left of a product beside full registers are often few: in a masked pack most lanes would be
// empty. Here a register holds four columns of two or four rows, and another one four steps of those rows' elements,
// which a shuffle spreads over the lanes of their row, one step at a time. Sums run in the order of the index, as in
// all tiles. Alone such a tile waits for its shuffles and, of few registers, for additions; beside two full packs of
// columns of the same rows it waits for nothing.
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
/// Whether tiles of widened_rows rows, or half of them, are two packs wide and four columns: 18 sums and what they take
/// are more than 16 registers.
template <class T>
inline constexpr bool widened_tiles = joined_tiles<T>&& simd::registers == 32;
inline constexpr int widened_rows = 8;

namespace detail {

// Whole: there are joined_columns columns, not fewer. With a branch for that in the loop gcc would spill.
template <class T, bool Whole, int Rows = joined_rows>
struct JoinedTile {
  using V = simd::native<T>;
  static constexpr int W = simd::lanes<V>, L = joined_columns, rows = W / L, P = Rows / rows;
  V sum[P] = {};

  template <int... I>
  TENON_INLINE void run(index_t k, const T* a, index_t a_row, const T* b, index_t b_step, index_t n, Seq<I...>) {
    const T* row[] = {a + I * rows * a_row...};
    for (; k >= L; k -= L) {
      const V x[] = {steps_of_rows(row[I], a_row, make_seq<rows>{})...};
      step<0>(x, b, n), b += b_step;
      step<1>(x, b, n), b += b_step;
      step<2>(x, b, n), b += b_step;
      step<3>(x, b, n), b += b_step;
      ((row[I] += L), ...);
    }
    for (; k > 0; --k, b += b_step) {
      const V x[] = {step_of_rows(row[I], a_row, make_seq<rows>{})...};
      step<0>(x, b, n);
      (++row[I], ...);
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
  // L steps of as many rows as a register holds, or one of them in all L places. Loads repeat what they load at no
  // cost.
  template <int... Row>
  TENON_INLINE static V steps_of_rows(const T* a, index_t a_row, Seq<Row...>) {
    const V row[] = {repeated(a + Row * a_row, make_seq<W>{})...};
    V x = blend<rows>(row, make_seq<W>{});
#if TENON_ISA >= 256 && defined(__clang__)
    asm("" : "+v"(x));  // else clang would load and insert the elements of each step anew
#endif
    return x;
  }
  template <int... Row>
  TENON_INLINE static V step_of_rows(const T* a, index_t a_row, Seq<Row...>) {
    const V row[] = {simd::broadcast<V>(a[Row * a_row])...};
    return blend<rows>(row, make_seq<W>{});
  }
  // Step K of those in x.
  template <int K>
  TENON_INLINE void step(const V (&x)[P], const T* b, index_t n) {
    step<K>(x, columns(b, n, make_seq<W>{}), make_seq<P>{}, make_seq<W>{});
  }

 private:
  template <int... Lane>
  TENON_INLINE static V repeated(const T* p, Seq<Lane...>) {
    return simd::load_repeated<V, L, (Lane % L)...>(p);
  }
  // Of N registers, by turns L lanes of each.
  template <int N, int... Lane>
  TENON_INLINE static V blend(const V* row, Seq<Lane...> lanes) {
    if constexpr (N == 1) {
      return *row;
    } else {
      return simd::shuffle<(Lane / L % N < N / 2 ? Lane : W + Lane)...>(blend<N / 2>(row, lanes),
                                                                        blend<N / 2>(row + N / 2, lanes));
    }
  }
  template <int... Lane>
  TENON_INLINE static V columns(const T* b, index_t n, Seq<Lane...> lanes) {
    if constexpr (Whole) {
      return repeated(b, lanes);
    } else {
      const V y = simd::load_partial<V>(b, n);
      return simd::shuffle<(Lane % L)...>(y, y);
    }
  }
  template <int K, int... I, int... Lane>
  TENON_INLINE void step(const V (&x)[P], V y, Seq<I...>, Seq<Lane...>) {
    ((sum[I] = Step<T>::multiply_add(simd::shuffle<(Lane / L * L + K)...>(x[I], x[I]), y, sum[I])), ...);
  }
  // Whole rows without masks: AMD processors store slowly with them, and what is read next would wait for it.
  template <int I, int... Lane>
  TENON_INLINE void store_row(T* c, bool add, Seq<Lane...>) const {
    using Row = simd::pack<T, L>;
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

// R rows of two packs of columns, and of joined_columns columns beside them.
template <class T, int R>
struct WidenedTile {
  using V = simd::native<T>;
  using Joined = JoinedTile<T, true, R>;
  static constexpr int W = simd::lanes<V>, L = joined_columns, P = Joined::P, rows = Joined::rows;
  V sum[2 * R] = {};
  Joined joined;

  template <int... I>
  TENON_INLINE void run(index_t k, const T* a, index_t a_row, const T* b, index_t b_step, Seq<I...>) {
    const T* row[] = {a + I * rows * a_row...};
    for (; k >= L; k -= L) {
      const V x[] = {Joined::steps_of_rows(row[I], a_row, make_seq<rows>{})...};
      step<0>(x, row, a_row, b), b += b_step;
      (next(row[I]), ...);
      step<1>(x, row, a_row, b), b += b_step;
      (next(row[I]), ...);
      step<2>(x, row, a_row, b), b += b_step;
      (next(row[I]), ...);
      step<3>(x, row, a_row, b), b += b_step;
      (next(row[I]), ...);
    }
    for (; k > 0; --k, b += b_step) {
      const V x[] = {Joined::step_of_rows(row[I], a_row, make_seq<rows>{})...};
      step<0>(x, row, a_row, b);
      (next(row[I]), ...);
    }
  }
  template <int... I>
  TENON_INLINE void store(T* c, index_t c_row, bool add, Seq<I...>) {
    if (add) ((sum[I] += simd::load<V>(c + I / 2 * c_row + I % 2 * W)), ...);
    (simd::store(c + I / 2 * c_row + I % 2 * W, sum[I]), ...);
    joined.store(c + 2 * W, c_row, add, L, make_seq<R>{});
  }

 private:
  // gcc would have a register, or a place on the stack, for each row's distance at each step.
  TENON_INLINE static void next(const T*& row) {
    ++row;
#if TENON_ISA >= 256 && !defined(__clang__) && !defined(__CUDACC__)
    asm("" : "+r"(row));
#endif
  }
  template <int K>
  TENON_INLINE void step(const V (&x)[P], const T* const (&row)[P], index_t a_row, const T* b) {
    columns(row, a_row, b, make_seq<2 * R>{});
    joined.template step<K>(x, b + 2 * W, L);
  }
  template <int... I>
  TENON_INLINE void columns(const T* const (&row)[P], index_t a_row, const T* b, Seq<I...>) {
    V column[] = {simd::load<V>(b), simd::load<V>(b + W)};
    in_register(column[0]), in_register(column[1]);
    ((sum[I] =
          Step<T>::multiply_add(simd::broadcast<V>(row[I / 2 / rows][I / 2 % rows * a_row]), column[I % 2], sum[I])),
     ...);
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
/// The same of R rows by two packs of columns and joined_columns ones.
template <class T, int R>
[[gnu::noinline]] void widened_tile(index_t k, const T* a, index_t a_row, const T* b, index_t b_step, T* c,
                                    index_t c_row, bool add) {
  detail::WidenedTile<T, R> t;
  t.run(k, a, a_row, b, b_step, make_seq<detail::WidenedTile<T, R>::P>{});
  t.store(c, c_row, add, make_seq<2 * R>{});
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
