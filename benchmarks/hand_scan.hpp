// benchmarks/hand_scan.hpp: running sums and products of float along either axis of a matrix, in AVX-512 or AVX2.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows and columns are multiples of 16. The promise is the library's: sums are of doubles, and products are taken in
// order, as 1e30 * 1e-30 * 1e-30 is 0 in another. Rows are transposed in registers, several at a time; of one row the
// sums in a register come first, by shifting (W. D. Hillis and G. L. Steele, Communications of the ACM 29, 1986), so
// that one addition a register waits for the one before. Down the columns four rows at a time pass over what there is
// so far.
#pragma once
#include "hand.hpp"

#if BENCH_HAND || (defined(__AVX2__) && defined(__FMA__))
#define BENCH_HAND_SCAN 1
#include <immintrin.h>

namespace bench::hand {

#if BENCH_HAND
struct Sums {
  using V = __m512d;
  using Number = double;
  static constexpr long lanes = 8;
  static V none() { return _mm512_setzero_pd(); }
  static V load(const float* p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
  static V load(const double* p) { return _mm512_loadu_pd(p); }
  static void store(float* p, V v) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(v)); }
  static void store(double* p, V v) { _mm512_storeu_pd(p, v); }
  static V join(V a, V b) { return _mm512_add_pd(a, b); }
  template <int By>
  static V shifted(V v) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_setzero_si512(), 8 - By));
  }
  static V inside(V v) {
    v = join(v, shifted<1>(v));
    v = join(v, shifted<2>(v));
    return join(v, shifted<4>(v));
  }
  static V last(V v) { return _mm512_permutexvar_pd(_mm512_set1_epi64(7), v); }
};
struct Products {
  using V = __m512;
  using Number = float;
  static constexpr long lanes = 16;
  static V none() { return _mm512_set1_ps(1); }
  static V load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, V v) { _mm512_storeu_ps(p, v); }
  static V join(V a, V b) { return _mm512_mul_ps(a, b); }
};
#else
struct Sums {
  using V = __m256d;
  using Number = double;
  static constexpr long lanes = 4;
  static V none() { return _mm256_setzero_pd(); }
  static V load(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
  static V load(const double* p) { return _mm256_loadu_pd(p); }
  static void store(float* p, V v) { _mm_storeu_ps(p, _mm256_cvtpd_ps(v)); }
  static void store(double* p, V v) { _mm256_storeu_pd(p, v); }
  static V join(V a, V b) { return _mm256_add_pd(a, b); }
  static V inside(V v) {
    v = join(v, _mm256_unpacklo_pd(none(), v));
    return join(v, _mm256_blend_pd(_mm256_permute4x64_pd(v, 0x55), none(), 3));
  }
  static V last(V v) { return _mm256_permute4x64_pd(v, 0xff); }
};
struct Products {
  using V = __m256;
  using Number = float;
  static constexpr long lanes = 8;
  static V none() { return _mm256_set1_ps(1); }
  static V load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, V v) { _mm256_storeu_ps(p, v); }
  static V join(V a, V b) { return _mm256_mul_ps(a, b); }
};
#endif

inline void sum_row(const float* x, float* y, long n) {
  Sums::V so_far = Sums::none();
  for (long j = 0; j < n; j += Sums::lanes) {
    const Sums::V v = Sums::inside(Sums::load(x + j));
    Sums::store(y + j, Sums::join(so_far, v));
    so_far = Sums::join(so_far, Sums::last(v));
  }
}
inline void transpose8(__m256 (&r)[8]) {
  __m256 s[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    s[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
    s[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = s[i];
}
#if BENCH_HAND
using Part = __m256;
inline void turn(Part (&r)[8]) { transpose8(r); }
inline Part part(const float* p) { return _mm256_loadu_ps(p); }
inline void put(float* p, Part v) { _mm256_storeu_ps(p, v); }
inline __m512d wide(Part v) { return _mm512_cvtps_pd(v); }
inline Part narrow(__m512d v) { return _mm512_cvtpd_ps(v); }
#else
using Part = __m128;
inline void turn(Part (&r)[4]) { _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]); }
inline Part part(const float* p) { return _mm_loadu_ps(p); }
inline void put(float* p, Part v) { _mm_storeu_ps(p, v); }
inline __m256d wide(Part v) { return _mm256_cvtps_pd(v); }
inline Part narrow(__m256d v) { return _mm256_cvtpd_ps(v); }
#endif
// As many rows as a register has doubles, a line of the cache of each at a time.
inline void sum_rows(const float* x, float* y, long n) {
  constexpr long lanes = Sums::lanes;
  Sums::V so_far = Sums::none();
  for (long j = 0; j < n; j += 16)
#pragma GCC unroll 4
    for (long c = j; c < j + 16; c += lanes) {
      Part v[lanes];
#pragma GCC unroll 8
      for (long r = 0; r < lanes; ++r) v[r] = part(x + r * n + c);
      turn(v);
#pragma GCC unroll 8
      for (long r = 0; r < lanes; ++r) v[r] = narrow(so_far = Sums::join(so_far, wide(v[r])));
      turn(v);
#pragma GCC unroll 8
      for (long r = 0; r < lanes; ++r) put(y + r * n + c, v[r]);
    }
}
inline void multiply_rows(const float* x, float* y, long n) {
  __m256 so_far = _mm256_set1_ps(1);
  for (long j = 0; j < n; j += 16)
#pragma GCC unroll 2
    for (long c = j; c < j + 16; c += 8) {
      __m256 v[8];
#pragma GCC unroll 8
      for (long r = 0; r < 8; ++r) v[r] = _mm256_loadu_ps(x + r * n + c);
      transpose8(v);
#pragma GCC unroll 8
      for (int r = 0; r < 8; ++r) v[r] = so_far = _mm256_mul_ps(so_far, v[r]);
      transpose8(v);
#pragma GCC unroll 8
      for (long r = 0; r < 8; ++r) _mm256_storeu_ps(y + r * n + c, v[r]);
    }
}
/// Along rows of n elements.
[[gnu::noinline]] inline void cumsum1(const float* x, float* y, long rows, long n) {
  long i = 0;
  for (; i + Sums::lanes <= rows; i += Sums::lanes) sum_rows(x + i * n, y + i * n, n);
  for (; i < rows; ++i) sum_row(x + i * n, y + i * n, n);
}
[[gnu::noinline]] inline void cumprod1(const float* x, float* y, long rows, long n) {
  long i = 0;
  for (; i + 8 <= rows; i += 8) multiply_rows(x + i * n, y + i * n, n);
  for (; i < rows; ++i) {
    float so_far = 1;
    for (long j = i * n; j < (i + 1) * n; ++j) y[j] = so_far *= x[j];
  }
}
/// Down the columns, at most 4096.
template <class S>
[[gnu::noinline]] void scan0(const float* x, float* y, long rows, long n) {
  alignas(64) static typename S::Number so_far[4096];
  for (long i = 0; i < rows; i += 4)
    for (long j = 0; j < n; j += S::lanes) {
      typename S::V s = i ? S::load(so_far + j) : S::none();
#pragma GCC unroll 4
      for (long r = i; r < i + 4; ++r) {
        s = S::join(s, S::load(x + r * n + j));
        S::store(y + r * n + j, s);
      }
      S::store(so_far + j, s);
    }
}

}  // namespace bench::hand
#else
#define BENCH_HAND_SCAN 0
#endif
