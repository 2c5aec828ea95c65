// benchmarks/hand_low_precision.hpp: products of bfloat16 and int8 matrices in AVX-512, bounds for tenon's.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bfloat16 is multiplied in pairs of neighbours along k by the BF16 instructions. Where there are none it is widened to
// float while it is packed, and where there is AMX: such processors have those instructions at half the rate. int8 is
// the scheme of hand_gemm.hpp with VNNI: words of four neighbours along k, the
// rows of a with 128 added, since the instruction wants one unsigned operand, and what that adds taken off the first
// sums.
#pragma once
#include "hand_gemm.hpp"

#if BENCH_HAND
namespace bench::hand {

/// A row-major matrix of bfloat16, given by its bits, as float.
struct Widened {
  const unsigned short* data;
  long stride;
  [[gnu::always_inline]] void operator()(long i, long j, long count, float* to) const {
    const unsigned short* from = data + i * stride + j;
    long x = 0;
    const auto wide = [](__m256i bits) {
      return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    };
    for (; x + 16 <= count; x += 16)
      _mm512_storeu_ps(to + x, wide(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + x))));
    if (x < count)
      _mm512_storeu_ps(to + x,
                       wide(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << (count - x)) - 1), from + x)));
  }
};
constexpr long word_depth = 256;  // words of k in a block: 512 elements of bfloat16, 1024 of int8
constexpr long word_stride = word_depth + 16;

#if defined(__AVX512BF16__) && !defined(__AMX_TILE__)
constexpr bool bf16_in_pairs = true;

// c[Rows, 32] (+)= a[Rows, words] b[words, 32]
template <int Rows>
[[gnu::always_inline]] inline void pair_tile(long words, const int* a, const int* b, float* c, long ldc, bool add) {
  __m512 sum[Rows][2];
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  for (long p = 0; p < words; ++p, b += 32) {
    const auto b0 = (__m512bh)_mm512_loadu_si512(b), b1 = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma GCC unroll 32
    for (int i = 0; i < Rows; ++i) {
      const auto x = (__m512bh)_mm512_set1_epi32(a[i * word_stride + p]);
      sum[i][0] = _mm512_dpbf16_ps(sum[i][0], x, b0);
      sum[i][1] = _mm512_dpbf16_ps(sum[i][1], x, b1);
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      float* to = c + i * ldc + j * 16;
      _mm512_storeu_ps(to, add ? sum[i][j] + _mm512_loadu_ps(to) : sum[i][j]);
    }
}
template <int Rows = tile_rows>
[[gnu::always_inline]] inline void pair_tile_of(int rows, long words, const int* a, const int* b, float* c, long ldc,
                                                bool add) {
  if (rows == Rows)
    pair_tile<Rows>(words, a, b, c, ldc, add);
  else if constexpr (Rows > 1)
    pair_tile_of<Rows - 1>(rows, words, a, b, c, ldc, add);
}
/// c = a b of row-major matrices, given by their bits; n is a multiple of 32, k of 2.
[[gnu::noinline]] inline void gemm_bf16(long m, long n, long k, const unsigned short* a, const unsigned short* b,
                                        float* c) {
  alignas(64) static int for_a[tile_rows * word_stride];
  alignas(4096) static int for_b[word_depth * most_columns];
  const long tiles = (m + tile_rows - 1) / tile_rows;
  for (long n0 = 0; n0 < n; n0 += most_columns)
    for (long p0 = 0; p0 < k; p0 += 2 * word_depth) {
      const long nc = std::min(n - n0, most_columns), words = std::min(k - p0, 2 * word_depth) / 2;
      for (long q = 0; q < nc; q += 32)
        for (long p = 0; p < words; ++p)
          for (long half = 0; half < 32; half += 16) {
            const auto row = [&](long i) {
              const unsigned short* from = b + (p0 + 2 * p + i) * n + n0 + q + half;
              return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
            };
            _mm512_storeu_si512(for_b + q * words + p * 32 + half,
                                _mm512_or_si512(row(0), _mm512_slli_epi32(row(1), 16)));
          }
      for (long t = 0; t < tiles; ++t) {
        const long i = t * m / tiles, rows = (t + 1) * m / tiles - i;
        for (long r = 0; r < rows; ++r) __builtin_memcpy(for_a + r * word_stride, a + (i + r) * k + p0, words * 4);
        for (long q = 0; q < nc; q += 32)
          pair_tile_of(static_cast<int>(rows), words, for_a, for_b + q * words, c + i * n + n0 + q, n, p0 > 0);
      }
    }
}
#else
constexpr bool bf16_in_pairs = false;
[[gnu::noinline]] inline void gemm_bf16(long m, long n, long k, const unsigned short* a, const unsigned short* b,
                                        float* c) {
  gemm<float>(m, n, k, Widened{a, k}, Widened{b, n}, c, n, Plain{});
}
#endif

#if defined(__AVX512VNNI__)
// c[Rows, 32] (+)= a[Rows, words] b[words, 32]; the panel of b begins with the first sums.
template <int Rows>
[[gnu::always_inline]] inline void quad_tile(long words, const int* a, const int* b, int* c, long ldc, bool add) {
  __m512i sum[Rows][2];
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i) sum[i][0] = _mm512_loadu_si512(b), sum[i][1] = _mm512_loadu_si512(b + 16);
  b += 32;
  for (long p = 0; p < words; ++p, b += 32) {
    const __m512i b0 = _mm512_loadu_si512(b), b1 = _mm512_loadu_si512(b + 16);
#pragma GCC unroll 32
    for (int i = 0; i < Rows; ++i) {
      const __m512i x = _mm512_set1_epi32(a[i * word_stride + p]);
      sum[i][0] = _mm512_dpbusd_epi32(sum[i][0], x, b0);
      sum[i][1] = _mm512_dpbusd_epi32(sum[i][1], x, b1);
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      int* to = c + i * ldc + j * 16;
      _mm512_storeu_si512(to, add ? _mm512_add_epi32(sum[i][j], _mm512_loadu_si512(to)) : sum[i][j]);
    }
}
template <int Rows = tile_rows>
[[gnu::always_inline]] inline void quad_tile_of(int rows, long words, const int* a, const int* b, int* c, long ldc,
                                                bool add) {
  if (rows == Rows)
    quad_tile<Rows>(words, a, b, c, ldc, add);
  else if constexpr (Rows > 1)
    quad_tile_of<Rows - 1>(rows, words, a, b, c, ldc, add);
}
/// c = a b of row-major matrices; n is a multiple of 32, k of 4.
[[gnu::noinline]] inline void gemm_int8(long m, long n, long k, const signed char* a, const signed char* b, int* c) {
  alignas(64) static int for_a[tile_rows * word_stride];
  alignas(4096) static int for_b[(word_depth + 1) * most_columns];
  const long tiles = (m + tile_rows - 1) / tile_rows;
  for (long n0 = 0; n0 < n; n0 += most_columns)
    for (long p0 = 0; p0 < k; p0 += 4 * word_depth) {
      const long nc = std::min(n - n0, most_columns), words = std::min(k - p0, 4 * word_depth) / 4;
      for (long q = 0; q < nc; q += 32) {
        int* to = for_b + q * (words + 1);
        __m512i first[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        for (long p = 0; p < words; ++p) {
          const signed char* from = b + (p0 + 4 * p) * n + n0 + q;
          const auto row = [&](int i, int half) {
            return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * n + half * 16)));
          };
          for (int half = 0; half < 2; ++half) {
            const __m512i low = _mm512_or_si512(row(0, half), _mm512_slli_epi32(row(1, half), 8)),
                          high = _mm512_or_si512(row(2, half), _mm512_slli_epi32(row(3, half), 8)),
                          word = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
            _mm512_storeu_si512(to + (p + 1) * 32 + half * 16, word);
            first[half] = _mm512_dpbusd_epi32(first[half], _mm512_set1_epi8(1), word);
          }
        }
        for (int half = 0; half < 2; ++half)
          _mm512_storeu_si512(to + half * 16, _mm512_mullo_epi32(first[half], _mm512_set1_epi32(-128)));
      }
      for (long t = 0; t < tiles; ++t) {
        const long i = t * m / tiles, rows = (t + 1) * m / tiles - i;
        for (long r = 0; r < rows; ++r) {
          const signed char* from = a + (i + r) * k + p0;
          int* to = for_a + r * word_stride;
          for (long p = 0; p < words; p += 16) {
            const auto mask = static_cast<__mmask16>(words - p >= 16 ? 0xffff : (1u << (words - p)) - 1);
            _mm512_storeu_si512(to + p, _mm512_xor_si512(_mm512_maskz_loadu_epi32(mask, from + 4 * p),
                                                         _mm512_set1_epi8(static_cast<char>(-128))));
          }
        }
        for (long q = 0; q < nc; q += 32)
          quad_tile_of(static_cast<int>(rows), words, for_a, for_b + q * (words + 1), c + i * n + n0 + q, n, p0 > 0);
      }
    }
}
#endif

}  // namespace bench::hand
#endif
