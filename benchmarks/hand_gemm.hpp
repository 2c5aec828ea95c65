// benchmarks/hand_gemm.hpp: matrix products in AVX-512, the bound that tenon's contractions are measured against.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// gemm() follows the scheme of Goto and van de Geijn (2008): a tile of 6 x 4 vectors stays in registers (24 sums, four
// vectors of b, one broadcast element of a) while k runs, or one of 14 x 2 where b has no more columns; the rows of a
// for a row of tiles are copied into the first-level cache, where their distance is a constant; panels of b, packed
// once per block of k, stream past them from the second level. Where extents are known, product() and small() copy
// nothing, large() only b.
#pragma once
#include <algorithm>
#include <type_traits>

#include "hand.hpp"

#if BENCH_HAND

namespace bench::hand {

template <class T>
struct Lane;
template <>
struct Lane<float> {
  using V = __m512;
  using Mask = __mmask16;
  static constexpr int width = 16;
  static V zero() { return _mm512_setzero_ps(); }
  static V load(const float* p) { return _mm512_loadu_ps(p); }
  static V load(const float* p, Mask m) { return _mm512_maskz_loadu_ps(m, p); }
  static void store(float* p, V v) { _mm512_storeu_ps(p, v); }
  static void store(float* p, V v, Mask m) { _mm512_mask_storeu_ps(p, m, v); }
  static void stream(float* p, V v) { _mm512_stream_ps(p, v); }
  static V all(const float& x) { return _mm512_set1_ps(x); }
  static V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
};
template <>
struct Lane<double> {
  using V = __m512d;
  using Mask = __mmask8;
  static constexpr int width = 8;
  static V zero() { return _mm512_setzero_pd(); }
  static V load(const double* p) { return _mm512_loadu_pd(p); }
  static V load(const double* p, Mask m) { return _mm512_maskz_loadu_pd(m, p); }
  static void store(double* p, V v) { _mm512_storeu_pd(p, v); }
  static void store(double* p, V v, Mask m) { _mm512_mask_storeu_pd(p, m, v); }
  static void stream(double* p, V v) { _mm512_stream_pd(p, v); }
  static V all(const double& x) { return _mm512_set1_pd(x); }
  static V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
};

constexpr int tile_rows = 14, wide_rows = 6;
/// What is done with a finished vector of the product: nothing. Where it `streams`, results go past the caches.
struct Plain {
  static constexpr bool streams = false;
  template <class V>
  V operator()(V v, long /*column*/) const {
    return v;
  }
};

// c[Rows, up to Wide vectors] (+)= a[Rows, k] b[k, ...]. Row i of a starts at a + i lda, row p of b at b + p ldb;
// `last` masks the last vector of a row. Every loop over a constant is unrolled, or the sums would not stay in
// registers.
template <class T, int Rows, int Wide, class F>
[[gnu::always_inline]] inline void tile(long k, const T* a, long lda, const T* b, long ldb, T* c, long ldc, bool add,
                                        typename Lane<T>::Mask last, long column, F finish) {
  using L = Lane<T>;
  typename L::V sum[Rows][Wide];
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Wide; ++j) sum[i][j] = L::zero();
  if (add || (!__builtin_constant_p(k) && k > 64))  // what the tile ends with, on its way before it is asked for
#pragma GCC unroll 32
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < Wide; ++j) _mm_prefetch(c + i * ldc + j * L::width, _MM_HINT_T0);
  const auto step = [&](long p) __attribute__((always_inline)) {
    typename L::V row[Wide];
#pragma GCC unroll 8
    for (int j = 0; j < Wide; ++j)
      row[j] = j + 1 < Wide ? L::load(b + p * ldb + j * L::width) : L::load(b + p * ldb + j * L::width, last);
#pragma GCC unroll 8
    for (int j = 0; j < Wide; ++j) asm("" : "+v"(row[j]));  // or gcc loads it again for every row
#pragma GCC unroll 32
    for (int i = 0; i < Rows; ++i) {
      const auto x = L::all(a[i * lda + p]);
#pragma GCC unroll 8
      for (int j = 0; j < Wide; ++j) sum[i][j] = L::fma(x, row[j], sum[i][j]);
    }
  };
  if (__builtin_constant_p(k)) {
#pragma GCC unroll 4
    for (long p = 0; p < k; ++p) step(p);
  } else {
    // b streams in from the second level; few rows are rare, and not worth the code of unrolling.
    constexpr int unroll = Rows < 10 ? 1 : 4;
    long p = 0;
    for (; p + unroll <= k; p += unroll)
#pragma GCC unroll 4
      for (int u = 0; u < unroll; ++u) {
#pragma GCC unroll 8
        for (int j = 0; j < Wide; ++j) _mm_prefetch(b + (p + u + 12) * ldb + j * L::width, _MM_HINT_T0);
        step(p + u);
      }
    for (; p < k; ++p) step(p);
  }
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < Wide; ++j) {
      T* to = c + i * ldc + j * L::width;
      const auto mask = j + 1 < Wide ? static_cast<typename L::Mask>(-1) : last;
      const auto v = add ? sum[i][j] + L::load(to, mask) : sum[i][j];
      const auto result = finish(v, column + j * L::width);
      if constexpr (F::streams)
        L::stream(to, result);
      else
        L::store(to, result, mask);
    }
}
// Where row i of a packed panel of a starts: a constant, so that addresses need no registers. Not a power of two, so
// that the rows do not compete for the same sets of the cache.
template <class T>
constexpr long depth = 1024 / sizeof(T);  // k of a block: a's rows take 16 KiB, a panel of b 32 KiB
template <class T>
constexpr long a_stride = depth<T> + 128 / sizeof(T);
constexpr long most_columns = 1024;  // of b that are packed at once: 1 MiB

template <class T, int Wide, int Rows = tile_rows, class F>
[[gnu::always_inline]] inline void tile_of(int rows, long k, const T* a, const T* b, long ldb, T* c, long ldc, bool add,
                                           typename Lane<T>::Mask last, long column, F finish) {
  if (rows == Rows)
    tile<T, Rows, Wide>(k, a, a_stride<T>, b, ldb, c, ldc, add, last, column, finish);
  else if constexpr (Rows > 1)
    tile_of<T, Wide, Rows - 1>(rows, k, a, b, ldb, c, ldc, add, last, column, finish);
}

/// c[m, n] = finish(sum over p of a(i, p) b(p, j)). `a(i, p, count, to)` copies `count` elements of row i of a from p
/// on and zeros up to a whole vector, `b(p, j, count, to)` of row p of b. `finish(vector, column)` sees whole sums:
/// then k is at most depth.
template <class T, class A, class B, class F>
void gemm(long m, long n, long k, A a, B b, T* c, long ldc, F finish) {
  using L = Lane<T>;
  const bool wide = n > 2 * L::width;
  const long width = (wide ? 4 : 2) * L::width, most_rows = wide ? wide_rows : tile_rows;
  if (!std::is_same_v<F, Plain> && k > depth<T>) std::abort();
  alignas(64) static T for_a[tile_rows * a_stride<T>];
  alignas(4096) static T for_b[(depth<T> + 16) * most_columns];
  // Rows are spread evenly over the tiles: 32 = 11 + 11 + 10, not 14 + 14 + 4.
  const long tiles = (m + most_rows - 1) / most_rows;
  for (long n0 = 0; n0 < n; n0 += most_columns)
    for (long p0 = 0; p0 < k; p0 += depth<T>) {
      const long nc = std::min(n - n0, most_columns), kc = std::min(k - p0, depth<T>),
                 panels = (nc + width - 1) / width;
      for (long q = 0; q < panels; ++q)
        for (long p = 0; p < kc; ++p)
          b(p0 + p, n0 + q * width, std::min(width, nc - q * width), for_b + (q * kc + p) * width);
      for (long t = 0; t < tiles; ++t) {
        const long i = t * m / tiles, rows = (t + 1) * m / tiles - i;
        for (long r = 0; r < rows; ++r) a(i + r, p0, kc, for_a + r * a_stride<T>);
        for (long q = 0; q < panels; ++q) {
          const long j = n0 + q * width, columns = std::min(width, n - j);
          const T* from = for_b + q * kc * width;
          const long vectors = (columns + L::width - 1) / L::width;
          const auto last = static_cast<typename L::Mask>((1u << (columns - (vectors - 1) * L::width)) - 1);
          const auto run = [&]<int Wide>(std::integral_constant<int, Wide>) {
            if (wide)
              tile_of<T, Wide, wide_rows>(static_cast<int>(rows), kc, for_a, from, width, c + i * ldc + j, ldc, p0 > 0,
                                          last, j, finish);
            else if constexpr (Wide <= 2)
              tile_of<T, Wide>(static_cast<int>(rows), kc, for_a, from, width, c + i * ldc + j, ldc, p0 > 0, last, j,
                               finish);
          };
          vectors == 4   ? run(std::integral_constant<int, 4>{})
          : vectors == 3 ? run(std::integral_constant<int, 3>{})
          : vectors == 2 ? run(std::integral_constant<int, 2>{})
                         : run(std::integral_constant<int, 1>{});
        }
      }
    }
}

/// c = finish(a b) with extents that are known, for a and b that the second-level cache holds: distances are constants,
/// and nothing is copied, unless rows of b lie so far apart that they compete for the same sets of the cache.
template <class T, long M, long N, long K, bool Packs = false, class F = Plain>
[[gnu::noinline]] void product(const T* a, const T* b, T* c, F finish = {}) {
  using L = Lane<T>;
  constexpr long rows = 8, width = 2 * L::width, step = Packs ? width : N, panel = Packs ? K * width : width;
  static_assert(M % rows == 0 && N % width == 0);
  alignas(4096) static T packed[Packs ? K * N : 1];
  if constexpr (Packs) {
    for (long p = 0; p < K; ++p)
      for (long j = 0; j < N; j += L::width)
        L::store(packed + j / width * panel + p * width + j % width, L::load(b + p * N + j));
    b = packed;
  }
  for (long i = 0; i < M; i += rows)
    for (long j = 0; j < N; j += width)
      tile<T, rows, 2>(K, a + i * K, K, b + j / width * panel, step, c + i * N + j, N, false,
                       static_cast<typename L::Mask>(-1), j, finish);
  if constexpr (F::streams) _mm_sfence();
}

/// to[n, ld >= m] = transposed(from[m, n]), in blocks of 16 x 16 that are turned in registers; m and n are multiples
/// of 16.
inline void turn(const float* from, long m, long n, float* to, long ld) {
  for (long i = 0; i < m; i += 16)
    for (long j = 0; j < n; j += 16) {
      __m512 r[16], s[16];
#pragma GCC unroll 16
      for (int x = 0; x < 16; ++x) r[x] = _mm512_loadu_ps(from + (i + x) * n + j);
        // Three rounds of unpacking and shuffling exchange single elements, pairs and quarters of the vectors.
#pragma GCC unroll 8
      for (int x = 0; x < 16; x += 2) {
        s[x] = _mm512_unpacklo_ps(r[x], r[x + 1]);
        s[x + 1] = _mm512_unpackhi_ps(r[x], r[x + 1]);
      }
#pragma GCC unroll 4
      for (int x = 0; x < 16; x += 4) {
        const __m512d a = _mm512_castps_pd(s[x]), b = _mm512_castps_pd(s[x + 1]), c = _mm512_castps_pd(s[x + 2]),
                      d = _mm512_castps_pd(s[x + 3]);
        r[x] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c)), r[x + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        r[x + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d)), r[x + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
      }
#pragma GCC unroll 4
      for (int x = 0; x < 4; ++x) {
        s[x] = _mm512_shuffle_f32x4(r[x], r[x + 4], 0x88), s[x + 4] = _mm512_shuffle_f32x4(r[x], r[x + 4], 0xdd);
        s[x + 8] = _mm512_shuffle_f32x4(r[x + 8], r[x + 12], 0x88);
        s[x + 12] = _mm512_shuffle_f32x4(r[x + 8], r[x + 12], 0xdd);
      }
#pragma GCC unroll 8
      for (int x = 0; x < 8; ++x) {
        const int column = x % 4 + x / 4 * 4;
        _mm512_storeu_ps(to + (j + column) * ld + i, _mm512_shuffle_f32x4(s[x], s[x + 8], 0x88));
        _mm512_storeu_ps(to + (j + column + 8) * ld + i, _mm512_shuffle_f32x4(s[x], s[x + 8], 0xdd));
      }
    }
}

// A row of tiles of the product of square matrices, `From` rows being left for it.
template <class T, int N, int Left, int Wide>
[[gnu::always_inline]] inline void small_columns(const T* a, const T* b, T* c) {
  constexpr int most = Wide == 1   ? 2 * tile_rows
                       : Wide == 2 ? tile_rows
                                   : wide_rows,
                tiles = (Left + most - 1) / most, rows = (Left + tiles - 1) / tiles;
  constexpr int width = Wide * Lane<T>::width, full = N / width, rest = N % width;
  using Mask = typename Lane<T>::Mask;
  for (int j = 0; j < full; ++j)
    tile<T, rows, Wide>(N, a, N, b + j * width, N, c + j * width, N, false, static_cast<Mask>(-1), 0, Plain{});
  if constexpr (rest > 0)
    tile<T, rows, (rest + Lane<T>::width - 1) / Lane<T>::width>(
        N, a, N, b + full * width, N, c + full * width, N, false,
        static_cast<Mask>((1u << ((rest - 1) % Lane<T>::width + 1)) - 1), 0, Plain{});
  if constexpr (Left > rows) small_columns<T, N, Left - rows, Wide>(a + rows * N, b, c + rows * N);
}
/// Rows of 36 columns, the last four of which lie in one vector with those of three other rows: a shuffle spreads an
/// element of each row over them, while the other 32 columns are multiplied.
template <int Rows>
[[gnu::always_inline]] inline void rows_of_36(const float* a, const float* b, float* c) {
  constexpr int N = 36, groups = Rows / 4;
  __m512 sum[Rows][2], joined[groups];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
#pragma GCC unroll 2
  for (int g = 0; g < groups; ++g) joined[g] = _mm512_setzero_ps();
  for (int p = 0; p < N; p += 4) {
    __m512 four[groups];  // steps of four rows
#pragma GCC unroll 2
    for (int g = 0; g < groups; ++g) {
      four[g] = _mm512_castps128_ps512(_mm_loadu_ps(a + 4 * g * N + p));
#pragma GCC unroll 3
      for (int i = 1; i < 4; ++i)
        four[g] = _mm512_mask_broadcast_f32x4(four[g], static_cast<__mmask16>(0xf << 4 * i),
                                              _mm_loadu_ps(a + (4 * g + i) * N + p));
    }
    const auto step = [&]<int K>(std::integral_constant<int, K>) __attribute__((always_inline)) {
      const float* const row = b + (p + K) * N;
      __m512 column[] = {_mm512_loadu_ps(row), _mm512_loadu_ps(row + 16)};
      asm("" : "+v"(column[0]), "+v"(column[1]));  // gcc would load them once for each row
      const __m512 last = _mm512_broadcast_f32x4(_mm_loadu_ps(row + 32));
#pragma GCC unroll 8
      for (int i = 0; i < Rows; ++i) {
        const __m512 x = _mm512_set1_ps(a[i * N + p + K]);
        sum[i][0] = _mm512_fmadd_ps(x, column[0], sum[i][0]), sum[i][1] = _mm512_fmadd_ps(x, column[1], sum[i][1]);
      }
#pragma GCC unroll 2
      for (int g = 0; g < groups; ++g)
        joined[g] = _mm512_fmadd_ps(_mm512_permute_ps(four[g], K * 0x55), last, joined[g]);
    };
    step(std::integral_constant<int, 0>{}), step(std::integral_constant<int, 1>{});
    step(std::integral_constant<int, 2>{}), step(std::integral_constant<int, 3>{});
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) _mm512_storeu_ps(c + i * N, sum[i][0]), _mm512_storeu_ps(c + i * N + 16, sum[i][1]);
#pragma GCC unroll 2
  for (int g = 0; g < groups; ++g) {
    float* const to = c + 4 * g * N + 32;
    _mm_storeu_ps(to, _mm512_castps512_ps128(joined[g]));
    _mm_storeu_ps(to + N, _mm512_extractf32x4_ps(joined[g], 1));
    _mm_storeu_ps(to + 2 * N, _mm512_extractf32x4_ps(joined[g], 2));
    _mm_storeu_ps(to + 3 * N, _mm512_extractf32x4_ps(joined[g], 3));
  }
}
/// c = a b of matrices of 36 rows and columns.
[[gnu::noinline]] inline void square_of_36(const float* a, const float* b, float* c) {
  for (int i = 0; i < 32; i += 8) rows_of_36<8>(a + i * 36, b, c + i * 36);
  rows_of_36<4>(a + 32 * 36, b, c + 32 * 36);
}

/// c = a b of square matrices with static extent, without packing.
template <class T, int N>
[[gnu::noinline]] void small(const T* a, const T* b, T* c) {
  small_columns<T, N, N, (N >= 4 * Lane<T>::width ? 4 : N > Lane<T>::width ? 2 : 1)>(a, b, c);
}
/// The same for extents whose columns compete for the caches' sets: as many panels of b as half a megabyte holds are
/// packed, and rows of a, which follow the sum, walk them.
template <class T, int N>
[[gnu::noinline]] void large(const T* a, const T* b, T* c) {
  using L = Lane<T>;
  constexpr long width = 4 * L::width, panels = 524288 / static_cast<long>(N * width * sizeof(T)), rest = N % wide_rows;
  static_assert(N % (panels * width) == 0);
  alignas(4096) static T packed[panels * N * width];
  constexpr auto all = static_cast<typename L::Mask>(-1);
  for (long j = 0; j < N; j += panels * width) {
    for (long p = 0; p < N; ++p)
      for (long q = 0; q < panels; ++q)
#pragma GCC unroll 4
        for (long x = 0; x < width; x += L::width)
          L::store(packed + (q * N + p) * width + x, L::load(b + p * N + j + q * width + x));
    for (long i = 0; i < N; i += wide_rows)
      for (long q = 0; q < panels; ++q) {
        const T *from = a + i * N, *panel = packed + q * N * width;
        T* to = c + i * N + j + q * width;
        if (i + wide_rows <= N)
          tile<T, wide_rows, 4>(N, from, N, panel, width, to, N, false, all, 0, Plain{});
        else if constexpr (rest > 0)
          tile<T, rest, 4>(N, from, N, panel, width, to, N, false, all, 0, Plain{});
      }
  }
}
/// The same for operands that no cache near the core holds: a panel of a block of b stays in the first level, copied
/// rows of a pass by from the second.
template <class T, long N>
[[gnu::noinline]] void largest(const T* a, const T* b, T* c) {
  using L = Lane<T>;
  constexpr long rows = 4, width = 4 * L::width, steps = 128, height = 512, lda = steps + 64 / sizeof(T);
  static_assert(N % height == 0 && N % width == 0);
  alignas(4096) static T for_a[height * lda], for_b[steps * N];
  for (long p0 = 0; p0 < N; p0 += steps) {
    for (long p = 0; p < steps; ++p)
      for (long j = 0; j < N; j += L::width)
        L::store(for_b + j / width * width * steps + p * width + j % width, L::load(b + (p0 + p) * N + j));
    for (long i0 = 0; i0 < N; i0 += height) {
      for (long i = 0; i < height; ++i)
        for (long p = 0; p < steps; p += L::width) L::store(for_a + i * lda + p, L::load(a + (i0 + i) * N + p0 + p));
      for (long j = 0; j < N; j += width)
        for (long i = 0; i < height; i += rows)
          tile<T, rows, 4>(steps, for_a + i * lda, lda, for_b + j * steps, width, c + (i0 + i) * N + j, N, p0 > 0,
                           static_cast<typename L::Mask>(-1), j, Plain{});
    }
  }
}
template <class T, int N>
void square(const T* a, const T* b, T* c) {
  if constexpr (N < 512)
    small<T, N>(a, b, c);
  else if constexpr (N < 1024)
    large<T, N>(a, b, c);
  else
    largest<T, N>(a, b, c);
}

}  // namespace bench::hand
#endif
