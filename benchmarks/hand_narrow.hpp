// benchmarks/hand_narrow.hpp: products of few rows or columns in AVX-512, with extents that are known.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Four columns: two vectors hold the same few steps of the sum, each for two of them (b is permuted once), and are
// multiplied by those steps of a row, which a load repeats. At the end the lanes of a column are added up, of several
// rows together.
#pragma once
#include "hand_gemm.hpp"

#if BENCH_HAND

namespace bench::hand {

/// Four columns: steps of the sum in a vector, those that are left when two vectors are one, and what is done to them.
template <class T>
struct FourColumns;
template <>
struct FourColumns<float> {
  using V = __m512;
  static constexpr int steps = 8, left = 4;
  static void columns(const float* b, V* to) {
    const V x = _mm512_loadu_ps(b), y = _mm512_loadu_ps(b + 16);
    const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    to[0] = _mm512_permutex2var_ps(x, first, y);
    to[1] = _mm512_permutex2var_ps(x, _mm512_add_epi32(first, _mm512_set1_epi32(2)), y);
  }
  static V repeated(const float* a) {
    return _mm512_castpd_ps(_mm512_broadcast_f64x4(_mm256_loadu_pd(reinterpret_cast<const double*>(a))));
  }
  static V one(V x, V y) { return _mm512_shuffle_f32x4(x, y, 0x88) + _mm512_shuffle_f32x4(x, y, 0xdd); }
  static V pair(V x, V y) { return _mm512_unpacklo_ps(x, y) + _mm512_unpackhi_ps(x, y); }
  static V rows(const V* s) {
    const __m512d x = _mm512_castps_pd(pair(s[0], s[1])), y = _mm512_castps_pd(pair(s[2], s[3]));
    const V sums = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)) + _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
    return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), sums);
  }
};
template <>
struct FourColumns<double> {
  using V = __m512d;
  static constexpr int steps = 4, left = 2;
  static void columns(const double* b, V* to) {
    const V x = _mm512_loadu_pd(b), y = _mm512_loadu_pd(b + 8);
    const __m512i first = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
    to[0] = _mm512_permutex2var_pd(x, first, y);
    to[1] = _mm512_permutex2var_pd(x, _mm512_add_epi64(first, _mm512_set1_epi64(2)), y);
  }
  static V repeated(const double* a) { return _mm512_broadcast_f64x4(_mm256_loadu_pd(a)); }
  static V one(V x, V y) { return _mm512_shuffle_f64x2(x, y, 0x88) + _mm512_shuffle_f64x2(x, y, 0xdd); }
  static V rows(const V* s) {
    return _mm512_permutexvar_pd(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7),
                                 _mm512_unpacklo_pd(s[0], s[1]) + _mm512_unpackhi_pd(s[0], s[1]));
  }
};
template <class T, int Rows, int K>
[[gnu::always_inline]] inline void four_columns_tile(const T* a, const typename FourColumns<T>::V* columns, T* c) {
  using F = FourColumns<T>;
  using V = typename F::V;
  V sum[Rows][2], one[Rows];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) sum[r][0] = sum[r][1] = V{};
#pragma GCC unroll 2
  for (int s = 0; s < K / F::steps; ++s) {
    const V x = columns[2 * s], y = columns[2 * s + 1];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const V row = F::repeated(a + r * K + s * F::steps);
      sum[r][0] = Lane<T>::fma(row, x, sum[r][0]);
      sum[r][1] = Lane<T>::fma(row, y, sum[r][1]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) one[r] = F::one(sum[r][0], sum[r][1]);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; r += F::left) Lane<T>::store(c + 4 * r, F::rows(one + r));
}
/// c[M, 4] = a[M, K] b[K, 4].
template <class T, int M, int K>
[[gnu::noinline]] void four_columns(const T* a, const T* b, T* c) {
  using F = FourColumns<T>;
  static_assert(M % 4 == 0 && K % F::steps == 0);
  typename F::V columns[2 * K / F::steps];
#pragma GCC unroll 4
  for (int s = 0; s < K / F::steps; ++s) F::columns(b + 4 * F::steps * s, columns + 2 * s);
  for (int i = 0; i + 8 <= M; i += 8) four_columns_tile<T, 8, K>(a + i * K, columns, c + 4 * i);
  if constexpr (M % 8 > 0) four_columns_tile<T, M % 8, K>(a + M / 8 * 8 * K, columns, c + M / 8 * 32);
}

/// c = a b of 3 x 3 and of 4 x 4: all of c in one register or two.
[[gnu::noinline]] inline void three(const float* a, const float* b, float* c) {
  const __m512 x = _mm512_maskz_loadu_ps(0x1ff, a), y = _mm512_maskz_loadu_ps(0x1ff, b);
  const __m512i rows = _mm512_setr_epi32(0, 0, 0, 3, 3, 3, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0),
                columns = _mm512_setr_epi32(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0);
  const auto step = [](__m512i i, int by) { return _mm512_add_epi32(i, _mm512_set1_epi32(by)); };
  __m512 sum = _mm512_permutexvar_ps(rows, x) * _mm512_permutexvar_ps(columns, y);
  sum = _mm512_fmadd_ps(_mm512_permutexvar_ps(step(rows, 1), x), _mm512_permutexvar_ps(step(columns, 3), y), sum);
  sum = _mm512_fmadd_ps(_mm512_permutexvar_ps(step(rows, 2), x), _mm512_permutexvar_ps(step(columns, 6), y), sum);
  _mm512_mask_storeu_ps(c, 0x1ff, sum);
}
[[gnu::noinline]] inline void four(const float* a, const float* b, float* c) {
  const __m512 x = _mm512_loadu_ps(a);
  const auto row = [b](int s) __attribute__((always_inline)) {
    return _mm512_broadcast_f32x4(_mm_loadu_ps(b + 4 * s));
  };
  const __m512 even = _mm512_fmadd_ps(_mm512_permute_ps(x, 0xaa), row(2), _mm512_permute_ps(x, 0x00) * row(0)),
               odd = _mm512_fmadd_ps(_mm512_permute_ps(x, 0xff), row(3), _mm512_permute_ps(x, 0x55) * row(1));
  _mm512_storeu_ps(c, even + odd);
}
[[gnu::noinline]] inline void three(const double* a, const double* b, double* c) {
  // Rows 0 and 1 in one register, each in half of it; two steps of row 2, whose lanes meet at the end.
  const __m256d y0 = _mm256_maskz_loadu_pd(7, b), y1 = _mm256_maskz_loadu_pd(7, b + 3),
                y2 = _mm256_maskz_loadu_pd(7, b + 6);
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const __m256d sum = _mm256_fmadd_pd(_mm256_set1_pd(a[3 * i + 1]), y1, _mm256_set1_pd(a[3 * i]) * y0);
    _mm256_mask_storeu_pd(c + 3 * i, 7, _mm256_fmadd_pd(_mm256_set1_pd(a[3 * i + 2]), y2, sum));
  }
}
[[gnu::noinline]] inline void four(const double* a, const double* b, double* c) {
  const auto row = [b](int s) __attribute__((always_inline)) {
    return _mm512_broadcast_f64x4(_mm256_loadu_pd(b + 4 * s));
  };
#pragma GCC unroll 2
  for (int i = 0; i < 16; i += 8) {
    const __m512d x = _mm512_loadu_pd(a + i);
    const __m512d even = _mm512_fmadd_pd(_mm512_permutex_pd(x, 0xaa), row(2), _mm512_permutex_pd(x, 0x00) * row(0)),
                  odd = _mm512_fmadd_pd(_mm512_permutex_pd(x, 0xff), row(3), _mm512_permutex_pd(x, 0x55) * row(1));
    _mm512_storeu_pd(c + i, even + odd);
  }
}

/// c = a b of 8 x 8: a register holds two rows of b, element beside element, and is multiplied by the two elements of a
/// that a load repeats; at the end two rows' neighbouring lanes are added up.
[[gnu::always_inline]] inline void eight(const float* a, const float* b, float* c) {
  const __m512i beside = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  const __m512i rows = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  __m512 y[4];
#pragma GCC unroll 4
  for (int s = 0; s < 4; ++s) y[s] = _mm512_permutexvar_ps(beside, _mm512_loadu_ps(b + 16 * s));
#pragma GCC unroll 4
  for (int i = 0; i < 64; i += 16) {
    __m512 sum[2];
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
      const auto pair = [from = a + i + 8 * r](int s) __attribute__((always_inline)) {
        const __m128i two = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 2 * s));
        return _mm512_castsi512_ps(_mm512_broadcastq_epi64(two));
      };
      sum[r] = pair(0) * y[0];
#pragma GCC unroll 3
      for (int s = 1; s < 4; ++s) sum[r] = _mm512_fmadd_ps(pair(s), y[s], sum[r]);
    }
    const __m512 both = _mm512_shuffle_ps(sum[0], sum[1], 0x88) + _mm512_shuffle_ps(sum[0], sum[1], 0xdd);
    _mm512_storeu_ps(c + i, _mm512_castpd_ps(_mm512_permutexvar_pd(rows, _mm512_castps_pd(both))));
  }
}
[[gnu::always_inline]] inline void eight(const double* a, const double* b, double* c) { small<double, 8>(a, b, c); }

// The sums of the lanes of eight vectors in the first eight lanes.
inline __m512 sums_of_eight(const __m512* s) {
  const auto pair = [](__m512 x, __m512 y) { return _mm512_unpacklo_ps(x, y) + _mm512_unpackhi_ps(x, y); };
  const auto four = [pair](const __m512* v) __attribute__((always_inline)) {
    const __m512d x = _mm512_castps_pd(pair(v[0], v[1])), y = _mm512_castps_pd(pair(v[2], v[3]));
    return _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)) + _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
  };
  const __m512 x = four(s), y = four(s + 4);
  const __m512 z = _mm512_shuffle_f32x4(x, y, 0x88) + _mm512_shuffle_f32x4(x, y, 0xdd);  // x x y y, by quarters
  return _mm512_shuffle_f32x4(z, z, 0x08) + _mm512_shuffle_f32x4(z, z, 0x0d);
}
/// y = w x, w[M, K]: dot products of eight rows at a time; x stays in registers.
template <int M, int K>
[[gnu::noinline]] void rows_by_vector(const float* w, const float* x, float* y) {
  using L = Lane<float>;
  constexpr int full = K / 16, rest = K % 16;
  constexpr auto mask = static_cast<L::Mask>((1u << rest) - 1);
  __m512 v[full + 1];
#pragma GCC unroll 16
  for (int s = 0; s < full; ++s) v[s] = L::load(x + 16 * s);
  v[full] = L::load(x + 16 * full, mask);
  for (int i = 0; i < M; i += 8, w += 8 * K) {
    constexpr int most = M < 8 ? M : 8;
    const int rows = M % 8 == 0 || M < 8 || i + 8 <= M ? most : M % 8;
    __m512 sum[8] = {};
#pragma GCC unroll 8
    for (int r = 0; r < most; ++r) {
      const float* row = w + (r < rows ? r : rows - 1) * K;
      if (full == 0) sum[r] = L::load(row, mask) * v[0];
      if (full > 0) sum[r] = L::load(row) * v[0];
#pragma GCC unroll 16
      for (int s = 1; s < full; ++s) sum[r] = L::fma(L::load(row + 16 * s), v[s], sum[r]);
      if (full > 0 && rest > 0) sum[r] = L::fma(L::load(row + 16 * full, mask), v[full], sum[r]);
    }
    L::store(y + i, sums_of_eight(sum), static_cast<L::Mask>((1u << rows) - 1));
  }
}

}  // namespace bench::hand
#endif
