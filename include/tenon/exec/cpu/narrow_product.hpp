// tenon/exec/cpu/narrow_product.hpp: products of so few columns that they would leave most lanes of a tile empty.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pack holds a few steps of the sum of several columns: 16 bytes of each. So many elements of a row, which follow the
// sum in memory, are loaded into the place of every column at once. A result's sum depends on nothing but its row and
// its column: each of the G lanes adds every G-th step, one after the other, in blocks of 32 KiB of columns; at the end
// of a block the lanes are added up, those of a few rows together.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/exec/cpu/contraction_dots.hpp>
#include <tenon/exec/cpu/stage.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Steps of the sum that a pack holds of a column, and columns of a pack.
template <class T>
inline constexpr int narrow_steps = simd::native_bytes < 16 ? 1 : 16 / static_cast<int>(sizeof(T));
template <class T>
inline constexpr int narrow_columns = simd::native_lanes<T> / narrow_steps<T>;
/// Sums in registers: rows by packs of columns.
inline constexpr int narrow_sums = 8;

/// Whether narrow_product() is the fastest way to m by n sums over k neighbours in each row: a tile of more columns
/// would leave half its lanes empty, and there are rows enough to make up for the preparation of the columns.
template <class T>
constexpr bool is_narrow(index_t m, index_t n, index_t k) {
  const index_t packs = (n + narrow_columns<T> - 1) / narrow_columns<T>;
  return n > 1 && n <= simd::native_lanes<T> / 2 && m >= narrow_sums * packs && k >= 8 && m * k >= 256 * packs * packs;
}

namespace detail {

// Lane i of a shuffle.
template <class T>
struct NarrowLanes {
  static constexpr int G = narrow_steps<T>, Q = narrow_columns<T>;
  // Rows of Q columns become columns of G steps; and sums of the columns of G rows, as sum_lanes() leaves them, rows.
  static constexpr int to_columns(int i) { return i % G * Q + i / G; }
  static constexpr int to_rows(int i) { return i % Q * G + reversed_bits(i / Q, G); }
};
template <class T, class V, int... I>
TENON_FN V narrow_columns_of(V rows, Seq<I...>) {
  return simd::shuffle<(NarrowLanes<T>::to_columns(I))...>(rows, rows);
}
template <class T, class V, int... I>
TENON_FN V narrow_rows_of(V columns, Seq<I...>) {
  return simd::shuffle<(NarrowLanes<T>::to_rows(I))...>(columns, columns);
}

// The first n of N elements. After fewer than N there are zeros, as far as a pack reaches.
template <class T, int N>
TENON_INLINE void copy_part(T* to, const T* from, index_t n) {
  using V = simd::native<T>;
  using Part = simd::pack<T, N>;
  if (n == N)
    simd::store(to, simd::load<Part>(from));
  else
    simd::store(to, simd::load_partial<V>(from, n));
}
// All columns of b, pack by pack: to[k / G][Q][G] each, zeros where there is no column or step. Up to a pack more is
// written: what is stored beyond its place is written again after that.
template <class T>
[[gnu::noinline]] void pack_narrow(index_t n, index_t k, const T* b, index_t b_step, index_t b_column, T* to) {
  using V = simd::native<T>;
  constexpr int W = simd::lanes<V>, G = narrow_steps<T>, Q = narrow_columns<T>;
  const index_t whole = (k + G - 1) / G * G;
  for (index_t j = 0; j < n; j += Q) {
    const T* from = b + j * b_column;
    const index_t columns = n - j < Q ? n - j : Q;
    if (b_column != 1) {
      for (index_t s = 0; s < whole; s += G)
        for (index_t q = 0; q < Q; ++q, to += G) {
          const T* const column = from + (q < columns ? q * b_column + s * b_step : 0);
          const index_t steps = q >= columns ? 0 : k - s < G ? k - s : G;
          if (b_step == 1 || steps == 0)
            copy_part<T, G>(to, column, steps);
          else
            for (index_t t = 0; t < G; ++t) to[t] = t < steps ? column[t * b_step] : T(0);
        }
      continue;
    }
    if (n != Q || b_step != Q || k != whole) {
      for (index_t s = 0; s < k; ++s) copy_part<T, Q>(to + s * Q, from + s * b_step, columns);
      for (index_t s = k; s < whole; ++s) copy_part<T, Q>(to + s * Q, from, 0);
      from = to;
    }
    for (index_t s = 0; s < whole; s += G, to += W, from += W)
      simd::store(to, narrow_columns_of<T>(simd::load<V>(from), make_seq<W>{}));
  }
}

// R rows, those from `left` on the last again, by P packs of columns.
template <class T, int R, int P>
struct NarrowTile {
  using V = simd::native<T>;
  static constexpr int W = simd::lanes<V>, G = narrow_steps<T>, Q = narrow_columns<T>;
  V sum[R * P] = {};

  template <int... I, int... L>
  TENON_INLINE void run(index_t left, index_t k, const T* a, index_t a_row, const T* b, Seq<I...>, Seq<L...>) {
    const T* const row[] = {a + (I < left ? I : left - 1) * a_row...};
    const index_t apart = (k + G - 1) / G * W;
    index_t s = 0;
    for (; s + G <= k; s += G, b += W) {
      const Columns y(b, apart, make_seq<P>{});
      (step<I>(simd::load_repeated<V, G, L % G...>(row[I] + s), y, make_seq<P>{}), ...);
    }
    if (s < k) {
      const Columns y(b, apart, make_seq<P>{});
      (step<I>(repeated(simd::load_partial<V>(row[I] + s, k - s), Seq<L...>{}), y, make_seq<P>{}), ...);
    }
  }
  // G rows at a time.
  template <int... I>
  TENON_INLINE void store(index_t left, index_t n, T* c, index_t c_row, bool add, Seq<I...>) {
    ((I * G < left
          ? store_group<I * G>(left - I * G < G ? left - I * G : G, n, c + I * G * c_row, c_row, add, make_seq<P>{})
          : void()),
     ...);
  }

 private:
  struct Columns {
    V pack[P];
    template <int... J>
    TENON_INLINE Columns(const T* b, index_t apart, Seq<J...>) : pack{simd::load<V>(b + J * apart)...} {}
  };
  template <int... L>
  TENON_INLINE static V repeated(V v, Seq<L...>) {
    return simd::shuffle<(L % G)...>(v, v);
  }
  template <int I, int... J>
  TENON_INLINE void step(V x, const Columns& y, Seq<J...>) {
    ((sum[J * R + I] = Step<T>::multiply_add(x, y.pack[J], sum[J * R + I])), ...);
  }
  template <int I, int... J>
  TENON_INLINE void store_group(index_t rows, index_t n, T* c, index_t c_row, bool add, Seq<J...>) {
    const V v[] = {narrow_rows_of<T>(sum_lanes<G, G / 2, J * R + I>(sum), make_seq<W>{})...};
    if (P == 1 && n == Q && c_row == Q)
      put_first(c, v[0], rows * Q, add);
    else
      (store_rows(c + J * Q, c_row, v[J], rows, n - J * Q < Q ? n - J * Q : Q, add, make_seq<G>{}, make_seq<W>{}), ...);
  }
  template <int I, int... L>
  TENON_INLINE static V from_row(V v, Seq<L...>) {
    return simd::shuffle<((L + I * Q) % W)...>(v, v);
  }
  template <int... I, int... L>
  TENON_INLINE static void store_rows(T* to, index_t c_row, V v, index_t rows, index_t n, bool add, Seq<I...>,
                                      Seq<L...>) {
    ((I < rows ? put_first(to + I * c_row, from_row<I>(v, Seq<L...>{}), n, add) : void()), ...);
  }
};

// P packs of columns; blocks of `most` steps of the sum, whose columns are kept in `packed`.
template <class T, int P>
[[gnu::noinline]] void narrow_packs(index_t m, index_t n, index_t k, const T* a, index_t a_row, const T* b,
                                    index_t b_step, index_t b_column, T* c, index_t c_row, bool add, T* packed,
                                    index_t most) {
  constexpr int R = narrow_sums / P, W = simd::native_lanes<T>;
  for (index_t s = 0; s < k; s += most) {
    const index_t steps = k - s < most ? k - s : most;
    pack_narrow(n, steps, b + s * b_step, b_step, b_column, packed);
    for (index_t i = 0; i < m; i += R) {
      NarrowTile<T, R, P> t;
      t.run(m - i, steps, a + i * a_row + s, a_row, packed, make_seq<R>{}, make_seq<W>{});
      t.store(m - i, n, c + i * c_row, c_row, add || s > 0, make_seq<R / narrow_steps<T>>{});
    }
  }
}

}  // namespace detail

/// c[m, n] = (add: c +) a[m, k] b[k, n], where n is at most half a pack; neighbours in a row of a and of c are so in
/// memory. The columns of a block of the sum are prepared on the stack, or in memory of the thread's pool.
template <class T>
[[gnu::noinline]] void narrow_product(index_t m, index_t n, index_t k, const T* a, index_t a_row, const T* b,
                                      index_t b_step, index_t b_column, T* c, index_t c_row, bool add) {
  constexpr index_t W = simd::native_lanes<T>, Q = narrow_columns<T>, G = narrow_steps<T>,
                    room = aside_bytes / sizeof(T), most = TENON_EMBEDDED ? room : 32768 / sizeof(T);
  const auto run = [&](T* packed, index_t steps) {
    if constexpr (W / 2 > Q)
      if (n > Q)
        return detail::narrow_packs<T, 2>(m, n, k, a, a_row, b, b_step, b_column, c, c_row, add, packed, steps);
    if constexpr (W > 2)
      detail::narrow_packs<T, 1>(m, n, k, a, a_row, b, b_step, b_column, c, c_row, add, packed, steps);
  };
  const index_t columns = n > Q ? 2 * Q : Q, all = (k + G - 1) / G * G,
                steps = all * columns < most ? all : most / columns;
  if (steps * columns <= room) {
    alignas(alignment) T packed[room + W];
    return run(packed, steps);
  }
  const tenon::detail::BlockRef block(static_cast<size_t>(steps * columns + W) * sizeof(T));
  run(reinterpret_cast<T*>(block.data()), steps);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
