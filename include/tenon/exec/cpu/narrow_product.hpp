// tenon/exec/cpu/narrow_product.hpp: products of so few columns that they would leave most lanes of a tile empty.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pack holds a few steps of the sum of several columns. So many elements of a row, which follow the sum in memory,
// are loaded into the place of every column at once. Where there are registers for it, a pack holds 32 bytes of a
// column and there are two for what one would hold with 16: each load is multiplied twice. A result's sum depends on
// nothing but its row and its column: each of the S lanes adds every S-th step, one after the other, in blocks of 32
// KiB of columns; at the end of a block the lanes are added up, those of a few rows together.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/exec/cpu/contraction_dots.hpp>
#include <tenon/exec/cpu/stage.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Steps of the sum that a pack holds of a column, and columns of a group of packs: of two packs, or of one.
template <class T>
inline constexpr int narrow_steps = simd::native_bytes < 16
                                        ? 1
                                        : (simd::native_bytes == 64 ? 32 : 16) / static_cast<int>(sizeof(T));
template <class T>
inline constexpr int narrow_columns = simd::native_bytes < 16 ? 1 : simd::native_bytes / 16;
/// Rows of a tile of one group.
inline constexpr int narrow_rows = 8;

/// Whether narrow_product() is the fastest way to m by n sums over k neighbours in each row: a tile of more columns
/// would leave half its lanes empty, and there are rows enough to make up for the preparation of the columns.
template <class T>
constexpr bool is_narrow(index_t m, index_t n, index_t k) {
  const index_t groups = (n + narrow_columns<T> - 1) / narrow_columns<T>;
  return n > 1 && n <= simd::native_lanes<T> / 2 && m >= narrow_rows * groups && k >= 8 &&
         m * k >= 256 * groups * groups;
}

namespace detail {

// P packs: of whole groups, or the first of one.
template <class T, int P>
struct NarrowShape {
  static constexpr int W = simd::native_lanes<T>, S = narrow_steps<T>, Q = W / S;  // columns of a pack
  static constexpr int most = narrow_columns<T> / Q, H = P < most ? P : most;      // packs of a group
  static constexpr int C = H * Q, groups = P / H;                                  // columns of a group
  static constexpr int R = narrow_rows / groups;
  // Steps of a result that are left when the packs of a group have become one.
  static constexpr int G = S / most;

  // Lane i of pack h, of rows of C columns; and of what the packs of a group become, one half of each column's steps.
  static constexpr int to_columns(int i, int h) { return i % S * C + h * Q + i / S; }
  static constexpr int half_of_steps(int i, int half) { return i / G % (2 * C) * S + half * G + i % G; }
  // Lane i of rows, of sums of the columns of G rows as sum_lanes() leaves them.
  static constexpr int to_rows(int i) { return i % (W / G) * G + reversed_bits(i / (W / G), G); }
};
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
// All columns of b, group by group: to[k / S][packs][Q][S] each, zeros where there is no column or step. Up to a pack
// more is written: what is stored beyond its place is written again after that.
template <class T, int P, int... I>
TENON_INLINE void turn_rows(const T* from, T* to, Seq<I...>) {
  using V = simd::native<T>;
  using N = NarrowShape<T, P>;
  const V first = simd::load<V>(from), last = simd::load<V>(from + (N::H - 1) * N::W);
  simd::store(to, simd::shuffle<(N::to_columns(I, 0))...>(first, last));
  if constexpr (N::H == 2) simd::store(to + N::W, simd::shuffle<(N::to_columns(I, 1))...>(first, last));
}
template <class T, int P>
[[gnu::noinline]] void pack_narrow(index_t n, index_t k, const T* b, index_t b_step, index_t b_column, T* to) {
  using N = NarrowShape<T, P>;
  constexpr int S = N::S, C = N::C;
  const index_t whole = (k + S - 1) / S * S;
  for (index_t j = 0; j < n; j += C) {
    const T* from = b + j * b_column;
    const index_t columns = n - j < C ? n - j : C;
    if (b_column != 1) {
      for (index_t s = 0; s < whole; s += S)
        for (index_t q = 0; q < C; ++q, to += S) {
          const T* const column = from + (q < columns ? q * b_column + s * b_step : 0);
          const index_t steps = q >= columns ? 0 : k - s < S ? k - s : S;
          if (b_step == 1 || steps == 0)
            copy_part<T, S>(to, column, steps);
          else
            for (index_t t = 0; t < S; ++t) to[t] = t < steps ? column[t * b_step] : T(0);
        }
      continue;
    }
    if (n != C || b_step != C || k != whole) {
      for (index_t s = 0; s < k; ++s) copy_part<T, C>(to + s * C, from + s * b_step, columns);
      for (index_t s = k; s < whole; ++s) copy_part<T, C>(to + s * C, from, 0);
      from = to;
    }
    for (index_t s = 0; s < whole; s += S, to += S * C, from += S * C)
      turn_rows<T, P>(from, to, make_seq<simd::native_lanes<T>>{});
  }
}

// R rows, those from `left` on the last again, by P packs of columns.
template <class T, int R, int P>
struct NarrowTile {
  using V = simd::native<T>;
  using N = NarrowShape<T, P>;
  static constexpr int W = N::W, S = N::S, G = N::G, C = N::C;
  static_assert(R % G == 0, "sums are added up G rows at a time");
  V sum[R * P] = {};

  TENON_INLINE static void rows(index_t left, index_t n, index_t k, const T* a, index_t a_row, const T* b, T* c,
                                index_t c_row, bool add) {
    NarrowTile t;
    t.run(left, k, a, a_row, b, make_seq<R>{}, make_seq<P>{}, make_seq<W>{});
    t.store(left, n, c, c_row, add, make_seq<R / G>{}, make_seq<R * N::groups>{});
  }

 private:
  template <int... I, int... J, int... L>
  TENON_INLINE void run(index_t left, index_t k, const T* a, index_t a_row, const T* b, Seq<I...>, Seq<J...>,
                        Seq<L...>) {
    const T* const row[] = {a + (I < left ? I : left - 1) * a_row...};
    const index_t apart = (k + S - 1) / S * (S * C);
    index_t s = 0;
    for (; s + S <= k; s += S, b += S * C) {
      V y[] = {simd::load<V>(b + J / N::H * apart + J % N::H * W)...};
      (in_register(y[J]), ...);
      (step<I>(simd::load_repeated<V, S, L % S...>(row[I] + s), y, Seq<J...>{}), ...);
    }
    if (s < k) {
      const V y[] = {simd::load<V>(b + J / N::H * apart + J % N::H * W)...};
      (step<I>(repeated(simd::load_partial<V>(row[I] + s, k - s), Seq<L...>{}), y, Seq<J...>{}), ...);
    }
  }
  // G rows at a time.
  template <int... I, int... K>
  TENON_INLINE void store(index_t left, index_t n, T* c, index_t c_row, bool add, Seq<I...>, Seq<K...>) {
    const V one[] = {one_of_group<K>(make_seq<W>{})...};
    ((I * G < left ? store_group<I * G>(one, left - I * G < G ? left - I * G : G, n, c + I * G * c_row, c_row, add,
                                        make_seq<N::groups>{})
                   : void()),
     ...);
  }
  template <int... L>
  TENON_INLINE static V repeated(V v, Seq<L...>) {
    return simd::shuffle<(L % S)...>(v, v);
  }
  template <int I, int... J>
  TENON_INLINE void step(V x, const V (&y)[P], Seq<J...>) {
    ((sum[I * P + J] = Step<T>::multiply_add(x, y[J], sum[I * P + J])), ...);
  }
  // The packs of a group and a row as one, which has half of the steps of each column.
  template <int K, int... L>
  TENON_INLINE V one_of_group(Seq<L...>) const {
    constexpr int first = K % R * P + K / R * N::H;
    const V x = sum[first], y = sum[first + N::H - 1];
    if constexpr (S == G) {
      return x;
    } else {
      return simd::shuffle<(N::half_of_steps(L, 0))...>(x, y) + simd::shuffle<(N::half_of_steps(L, 1))...>(x, y);
    }
  }
  template <int... L>
  TENON_INLINE static V rows_of(V columns, Seq<L...>) {
    return simd::shuffle<(N::to_rows(L))...>(columns, columns);
  }
  template <int I, int M, int... J>
  TENON_INLINE static void store_group(const V (&one)[M], index_t rows, index_t n, T* c, index_t c_row, bool add,
                                       Seq<J...>) {
    constexpr int Q = W / G;
    const V v[] = {rows_of(sum_lanes<G, G / 2, J * R + I>(one), make_seq<W>{})...};
    if (N::groups == 1 && n == Q && c_row == Q)
      put_first(c, v[0], rows * Q, add);
    else
      (store_rows(c + J * Q, c_row, v[J], rows, n - J * Q < Q ? n - J * Q : Q, add, make_seq<G>{}, make_seq<W>{}), ...);
  }
  template <int I, int... L>
  TENON_INLINE static V from_row(V v, Seq<L...>) {
    return simd::shuffle<((L + I * (W / G)) % W)...>(v, v);
  }
  template <int... I, int... L>
  TENON_INLINE static void store_rows(T* to, index_t c_row, V v, index_t rows, index_t n, bool add, Seq<I...>,
                                      Seq<L...>) {
    ((I < rows ? put_row(to + I * c_row, from_row<I>(v, Seq<L...>{}), n, add) : void()), ...);
  }
  // A whole row of a group without a mask: some processors take long to store by one.
  TENON_INLINE static void put_row(T* to, V v, index_t n, bool add) {
    constexpr int Q = W / G;
    if (n < Q) return put_first(to, v, n, add);
    if (add) v += simd::load_first<V, Q>(to);
    simd::store_first<Q>(to, v);
  }
};

// P packs of columns; blocks of `most` steps of the sum, whose columns are kept in `packed`.
template <class T, int P>
[[gnu::noinline]] void narrow_packs(index_t m, index_t n, index_t k, const T* a, index_t a_row, const T* b,
                                    index_t b_step, index_t b_column, T* c, index_t c_row, bool add, T* packed,
                                    index_t most) {
  using N = NarrowShape<T, P>;
  // Half as many rows at the end, if those are enough to be added up together.
  constexpr int R = N::R, low = simd::registers < 32 || P != 2 || R / 2 < N::G ? R : R / 2;
  for (index_t s = 0; s < k; s += most) {
    const index_t steps = k - s < most ? k - s : most;
    pack_narrow<T, P>(n, steps, b + s * b_step, b_step, b_column, packed);
    index_t i = 0;
    const bool sums = add || s > 0;
    if constexpr (low < R)
      for (; m - i >= R; i += R)
        NarrowTile<T, R, P>::rows(R, n, steps, a + i * a_row + s, a_row, packed, c + i * c_row, c_row, sums);
    for (; i < m; i += low)
      NarrowTile<T, low, P>::rows(m - i, n, steps, a + i * a_row + s, a_row, packed, c + i * c_row, c_row, sums);
  }
}

}  // namespace detail

/// c[m, n] = (add: c +) a[m, k] b[k, n], where n is at most half a pack; neighbours in a row of a and of c are so in
/// memory. The columns of a block of the sum are prepared on the stack, or in memory of the thread's pool.
template <class T>
[[gnu::noinline]] void narrow_product(index_t m, index_t n, index_t k, const T* a, index_t a_row, const T* b,
                                      index_t b_step, index_t b_column, T* c, index_t c_row, bool add) {
  constexpr index_t W = simd::native_lanes<T>, S = narrow_steps<T>, C = narrow_columns<T>, Q = W / S,
                    room = aside_bytes / sizeof(T), block = TENON_EMBEDDED ? room : 32768 / sizeof(T);
  const index_t columns = n > Q ? (n > C ? 2 * C : C) : Q, all = (k + S - 1) / S * S,
                most = all * columns < block ? all : block / columns;
  const auto run = [&](T* packed) {
    if constexpr (W > 2 && Q < C)
      if (n <= Q)
        return detail::narrow_packs<T, 1>(m, n, k, a, a_row, b, b_step, b_column, c, c_row, add, packed, most);
    if constexpr (W / 2 > C)
      if (n > C)
        return detail::narrow_packs<T, 2 * C / Q>(m, n, k, a, a_row, b, b_step, b_column, c, c_row, add, packed, most);
    if constexpr (W > 2)
      detail::narrow_packs<T, C / Q>(m, n, k, a, a_row, b, b_step, b_column, c, c_row, add, packed, most);
  };
  if (most * columns <= room) {
    alignas(alignment) T packed[room + W];
    return run(packed);
  }
  const tenon::detail::BlockRef memory(static_cast<size_t>(most * columns + W) * sizeof(T));
  run(reinterpret_cast<T*>(memory.data()));
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
