// tenon/exec/cpu/micro_kernel.hpp: the register tiles of matrix products, compiled once for each kind of step.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile is R rows by N packs of columns of C, held in registers while the sum runs: each step loads N packs of B and
// multiplies them by one broadcast element of A per row. Accumulators are addressed by constants only (through integer
// sequences), so that no compiler keeps them in memory.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/exec/cpu/contraction_step.hpp>
#include <tenon/exec/cpu/joined_tile.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Whether full tiles have four packs of columns by six rows: 10 loads for 24 multiply-adds, where 12 rows of two packs
/// take 14. For processors with 32 vector registers.
template <class T>
inline constexpr bool wide_tiles = !is_integer<T> && simd::registers == 32;
/// Rows of a tile with two packs of columns, as many as the registers hold; A is packed in panels of so many rows.
template <class T>
inline constexpr int tile_rows = wide_tiles<T>                        ? 12
                                 : TENON_ISA == 256 && !is_integer<T> ? 6
                                                                      : 4;
/// Packs of columns of a full tile, and columns.
template <class T>
inline constexpr int tile_packs = wide_tiles<T> ? 4 : 2;
template <class T>
inline constexpr int tile_columns = tile_packs<T>* simd::native_lanes<sum_t<T>>;

/// Rows of a full tile of so many packs.
template <class T>
inline constexpr int full_rows = 2 * tile_rows<T> / tile_packs<T>;

/// Whether tiles of one pack or three may have fewer columns than lanes: loads and stores of the last are masked.
template <class T>
inline constexpr bool masked_tiles = !is_integer<T> && TENON_ISA >= 256;
/// Computes a tile, c[r * c_row + j] = (add: c +) sum over k of a[r * a_row + k * a_step] * b[k * b_step + j]. A tile
/// of one pack or three has the first `lanes` columns only, if masked_tiles<T>. a and b are words, k is a number of
/// them.
template <class T>
using TileFunction = void (*)(index_t k, const word_t<T>* a, index_t a_row, index_t a_step, const word_t<T>* b,
                              index_t b_step, sum_t<T>* c, index_t c_row, bool add, index_t lanes);

namespace detail {

template <class V>
TENON_FN V multiply_add(V a, V b, V c) {
  return Step<simd::lane_t<V>>::multiply_add(a, b, c);
}

// Asks for so many bytes of each row, to be written. A call: in place, gcc would keep all addresses for the stores.
[[gnu::noinline]] inline void expect_rows(void* to, index_t apart, int rows, int bytes) {
  for (char* row = static_cast<char*>(to); rows > 0; --rows, row += apart)
    for (int i = 0; i < bytes; i += 64) __builtin_prefetch(row + i, 1);
}

template <class T, int R, int N>
struct Tile {
  using Word = word_t<T>;
  using Number = sum_t<T>;
  using U = simd::native<Word>;
  using V = simd::native<Number>;
  static constexpr int W = simd::lanes<V>, bases = (R + 2) / 3;
  static constexpr bool masked = N % 2 == 1 && masked_tiles<T>;
  static constexpr bool full = R * N >= 2 * tile_rows<T>;
  V sum[R * N] = {};
  index_t lanes;  // of the last pack, if masked

  // Sums begin with the first words of b.
  template <int... I>
  TENON_INLINE void begin(const Word* b, Seq<I...>) {
    ((sum[I] = simd::bitcast<V>(load<I % N, U>(b + I % N * W))), ...);
  }
  // Every third row has a pointer; the other two are one and two strides from it.
  template <int... G>
  TENON_INLINE void run(index_t k, const Word* a, index_t a_row, index_t a_step, const Word* b, index_t b_step,
                        Seq<G...>) {
    const Word* base[] = {a + 3 * G * a_row...};
    for (; k > 0; --k) {
      step(base, a_row, b, make_seq<N>{}, make_seq<R * N>{});
      ((base[G] += a_step), ...);
      b += b_step;
    }
  }
  // The same for rows that follow the sum, a line of the cache at a time. With each the same line of the next tile's
  // rows is asked for: at a row's start no prefetcher knows yet where it goes.
  template <int... G>
  TENON_INLINE void run_ahead(index_t k, const Word* a, index_t a_row, const Word* b, index_t b_step, Seq<G...>) {
    constexpr index_t line = 64 / static_cast<index_t>(sizeof(Word));
    const Word* base[] = {a + 3 * G * a_row...};
    while (k > 0) {
      index_t n = k < line ? k : line;
      k -= n;
      (next_rows(base[G], a_row), ...);
      for (; n > 0; --n) {
        step(base, a_row, b, make_seq<N>{}, make_seq<R * N>{});
        (++base[G], ...);
        b += b_step;
      }
    }
  }
  // A packed with tile_rows elements a step.
  TENON_INLINE void run_packed(index_t k, const Word* a, const Word* b, index_t b_step) {
    for (; k > 0; --k) {
      const Word* base[bases];
      for (int g = 0; g < bases; ++g) base[g] = a + 3 * g;
      step(base, 1, b, make_seq<N>{}, make_seq<R * N>{});
      a += tile_rows<T>;
      b += b_step;
    }
  }
  template <int... I>
  TENON_INLINE void store(Number* c, index_t c_row, bool add, Seq<I...>) {
    if (add) ((sum[I] += load<I % N, V>(c + I / N * c_row + I % N * W)), ...);
    (store_one<I % N>(c + I / N * c_row + I % N * W, sum[I]), ...);
  }

 private:
  // Into the second level: the rows may not exist, and nothing is read.
  TENON_INLINE static void next_rows(const Word* row, index_t a_row) {
    const auto bytes = static_cast<__UINTPTR_TYPE__>(a_row) * sizeof(Word);
    auto at = reinterpret_cast<__UINTPTR_TYPE__>(row) + R * bytes;
    for (int i = 0; i < 3; ++i, at += bytes) __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
  }
  template <int J, class X>
  TENON_INLINE X load(const simd::lane_t<X>* p) const {
    if constexpr (masked && J + 1 == N) {
      return simd::load_partial<X>(p, lanes);
    } else {
      return simd::load<X>(p);
    }
  }
  template <int J>
  TENON_INLINE void store_one(Number* p, V v) const {
    if constexpr (masked && J + 1 == N) {
      simd::store_partial(p, v, lanes);
    } else {
      simd::store(p, v);
    }
  }
  template <int... J, int... I>
  TENON_INLINE void step(const Word* const (&base)[bases], index_t a_row, const Word* b, Seq<J...>, Seq<I...>) {
    U column[] = {load<J, U>(b + J * W)...};
    if constexpr (R > 1) (in_register(column[J]), ...);  // a single row reads each column once, from where it lies
    ((sum[I] = Step<T>::multiply_add(simd::broadcast<U>(base[I / N / 3][I / N % 3 * a_row]), column[I % N], sum[I])),
     ...);
  }
};

// Sums of so many steps are worth asking for what comes next: where they are to go while they run, and more rows.
inline constexpr index_t long_sum = 128;
template <class T, int R, int N>
[[gnu::noinline]] void long_tile(index_t k, const word_t<T>* a, index_t a_row, const word_t<T>* b, index_t b_step,
                                 sum_t<T>* c, index_t c_row, bool add, index_t lanes) {
  expect_rows(c, c_row * static_cast<index_t>(sizeof(*c)), R, N * simd::native_bytes);
  Tile<T, R, N> t{.lanes = lanes - (N - 1) * Tile<T, R, N>::W};
  if constexpr (Step<T>::begins) t.begin(b, make_seq<R * N>{}), b += b_step;
  t.run_ahead(k, a, a_row, b, b_step, make_seq<Tile<T, R, N>::bases>{});
  t.store(c, c_row, add, make_seq<R * N>{});
}
template <class T, int R, int N>
[[gnu::noinline]] void tile(index_t k, const word_t<T>* a, index_t a_row, index_t a_step, const word_t<T>* b,
                            index_t b_step, sum_t<T>* c, index_t c_row, bool add, index_t lanes) {
  if constexpr (Tile<T, R, N>::full)
    if (k > long_sum && a_step == 1) return long_tile<T, R, N>(k, a, a_row, b, b_step, c, c_row, add, lanes);
  Tile<T, R, N> t{.lanes = lanes - (N - 1) * Tile<T, R, N>::W};
  if constexpr (Step<T>::begins) t.begin(b, make_seq<R * N>{}), b += b_step;
  t.run(k, a, a_row, a_step, b, b_step, make_seq<Tile<T, R, N>::bases>{});
  t.store(c, c_row, add, make_seq<R * N>{});
}
template <class T, int R, int N>
[[gnu::noinline]] void packed_tile(index_t k, const word_t<T>* a, index_t, index_t, const word_t<T>* b, index_t b_step,
                                   sum_t<T>* c, index_t c_row, bool add, index_t lanes) {
  if (k > long_sum) expect_rows(c, c_row * static_cast<index_t>(sizeof(*c)), R, N * simd::native_bytes);
  Tile<T, R, N> t{.lanes = lanes - (N - 1) * Tile<T, R, N>::W};
  if constexpr (Step<T>::begins) t.begin(b, make_seq<R * N>{}), b += b_step;
  t.run_packed(k, a, b, b_step);
  t.store(c, c_row, add, make_seq<R * N>{});
}

template <class T, int N>
TileFunction<T> tile_of_height(int rows, bool packed) {
  constexpr int full = N == 3 ? 8 : N > 2 ? tile_rows<T> / 2 : tile_rows<T>;
  if constexpr (N == tile_packs<T>)
    if (rows == full && packed) return packed_tile<T, full, N>;
  if constexpr (full == 12) {
    if (rows == 12) return tile<T, 12, N>;
  }
  if constexpr (full >= 8)
    if (rows == 8) return tile<T, 8, N>;
  if constexpr (full >= 6 && N != 3)
    if (rows == 6) return tile<T, 6, N>;
  return rows == 4 ? tile<T, 4, N> : rows == 2 ? tile<T, 2, N> : tile<T, 1, N>;
}

}  // namespace detail

/// How many packs of columns the next tile has if `left` columns are left. If `padded`, some of its columns may be
/// missing; else only of a single pack.
template <class T>
constexpr int tile_width(index_t left, bool padded) {
  constexpr index_t W = simd::native_lanes<sum_t<T>>;
  if (wide_tiles<T> && left > (padded ? 3 * W : 4 * W - 1)) return 4;
  return left > (padded ? W : 2 * W - 1) ? 2 : 1;
}
/// The height of the next tile if `rows` are left, at most that of a full one in a row of tiles the widest of which has
/// `packs` packs. Two tiles of half the height come rather than a full one and one that is too low to hide the latency
/// of additions. No tile reaches from one packed panel of A into the next if no more rows are asked for than it has.
template <class T>
constexpr int tile_height(index_t rows, int packs) {
  constexpr int heights[] = {12, 8, 6, 4, 2, 1};
  const int full = packs == 3 ? 8 : packs > 2 ? tile_rows<T> / 2 : tile_rows<T>;
  const index_t rest = rows - full;
  const index_t most = packs != 3 && rest >= 2 && 2 * rest < full ? full * 2 / 3 : full;
  for (int h : heights)
    if (h <= most && h <= rows && !(packs == 3 && h == 6)) return h;
  return 1;
}
/// The tile of `rows` rows (a height that tile_height gives) and one, two or, if wide_tiles<T>, three or four packs.
/// `packed`: A has tile_rows elements a step.
template <class T>
TileFunction<T> tile_function(int rows, int packs, bool packed) {
  if constexpr (wide_tiles<T> && masked_tiles<T>)
    if (packs == 3) return detail::tile_of_height<T, 3>(rows, false);
  if constexpr (wide_tiles<T>)
    if (packs == 4) return detail::tile_of_height<T, 4>(rows, packed);
  return packs == 1 ? detail::tile_of_height<T, 1>(rows, packed) : detail::tile_of_height<T, 2>(rows, packed);
}
/// Columns of the tile that a single row is computed in: several packs, to hide the latency of additions.
template <class T>
inline constexpr int vector_columns = 8 * simd::native_lanes<sum_t<T>>;
template <class T>
inline constexpr TileFunction<T> vector_tile = detail::tile<T, 1, 8>;
/// A single row by a matrix of at most so many bytes, which the second-level cache holds, goes through it once.
inline constexpr index_t row_bytes = 1048576;

namespace detail {
template <class T>
TENON_INLINE void product_by_tiles(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                   const T* b, index_t b_step, T* c, index_t c_row, bool add) {
  constexpr index_t W = simd::native_lanes<T>, wide = vector_columns<T>;
  index_t j = 0, done = 0;  // rows whose columns from j on are there
  if (m == 1)
    for (; n - j >= wide; j += wide) vector_tile<T>(k, a, a_row, a_step, b + j, b_step, c + j, c_row, add, wide);
  // The last columns are joined tiles if they are few.
  const index_t joined = joined_tiles<T> && a_step == 1 && m >= joined_rows ? joined_columns : 0;
  while (j < n) {
    const index_t left = n - j;
    if constexpr (widened_tiles<T>)
      if (joined > 0 && left == 2 * W + joined) {
        constexpr int R = widened_rows;
        for (; m - done >= R; done += R)
          widened_tile<T, R>(k, a + done * a_row, a_row, b + j, b_step, c + done * c_row + j, c_row, add);
        for (; m - done >= R / 2; done += R / 2)
          widened_tile<T, R / 2>(k, a + done * a_row, a_row, b + j, b_step, c + done * c_row + j, c_row, add);
      }
    index_t i = done;
    const int packs =
        wide_tiles<T> && masked_tiles<T> && left > 2 * W + joined && left <= 3 * W ? 3 : tile_width<T>(left, false);
    const index_t valid = left < packs * W ? left : packs * W;
    if constexpr (joined_tiles<T>)
      if (left <= joined) {
        const auto tile = left == joined_columns ? joined_tile<T, true> : joined_tile<T, false>;
        for (; m - i >= joined_rows; i += joined_rows)
          tile(k, a + i * a_row, a_row, b + j, b_step, c + i * c_row + j, c_row, add, left);
      }
    while (i < m) {
      const int rows = tile_height<T>(m - i, packs);
      tile_function<T>(rows, packs, false)(k, a + i * a_row, a_row, a_step, b + j, b_step, c + i * c_row + j, c_row,
                                           add, valid);
      i += rows;
    }
    j += valid;
  }
}
}  // namespace detail
/// c[m, n] = (add: c +) a[m, k] b[k, n] tile by tile, where all of it lies in the caches: nothing is packed.
/// The columns of b and c are contiguous; if not masked_tiles<T>, n is a multiple of a pack.
template <class T>
[[gnu::noinline]] void product_in_place(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                        const T* b, index_t b_step, T* c, index_t c_row, bool add) {
  detail::product_by_tiles(m, n, k, a, a_row, a_step, b, b_step, c, c_row, add);
}
/// Whether product_in_place() is the fastest way: columns of b for a tile stay in the first-level cache, all in the
/// next. Of one row, or of columns that leave most lanes empty, only if it is over before another way is prepared.
template <class T>
constexpr bool fits_in_place(index_t m, index_t n, index_t k) {
  constexpr index_t bytes = sizeof(T), W = simd::native_lanes<T>;
  if (!masked_tiles<T> && n % W != 0) return false;
  if ((m == 1 || n < W / 2) && m * k * ((n + W - 1) / W) > (n == 1 ? 512 : 1024)) return false;
  return k * n * bytes <= 65536 && m * k * bytes <= 65536;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
