// benchmarks/hand_rows.hpp: softmax, layernorm and reductions of a matrix along either axis, in AVX-512.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrices are dense, with columns in multiples of 64 (at most 4096) and rows in multiples of 8. Along axis 1 a row
// stays in the first-level cache between passes; along axis 0 results stay there while eight rows at a time pass.
#pragma once
#include "hand.hpp"

#if BENCH_HAND

namespace bench::hand {

constexpr long together = 8;  // rows that pass at once

inline __m512 at(const float* p) { return _mm512_loadu_ps(p); }
inline __m512 max4(__m512 (&m)[4]) { return _mm512_max_ps(_mm512_max_ps(m[0], m[1]), _mm512_max_ps(m[2], m[3])); }
inline float row_max(const float* x, long n) {
  __m512 m[4] = {at(x), at(x + 16), at(x + 32), at(x + 48)};
  for (long j = 64; j < n; j += 64)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) m[u] = _mm512_max_ps(m[u], at(x + j + 16 * u));
  return _mm512_reduce_max_ps(max4(m));
}
inline float row_sum(const float* x, long n) {
  __m512 s[4] = {at(x), at(x + 16), at(x + 32), at(x + 48)};
  for (long j = 64; j < n; j += 64)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) s[u] += at(x + j + 16 * u);
  return _mm512_reduce_add_ps((s[0] + s[1]) + (s[2] + s[3]));
}
struct Moments {
  float mean, variance;
};
// Sums of x - x0 and of its square: the first element takes away most of a large mean.
inline Moments row_moments(const float* x, long n) {
  const __m512 first = _mm512_set1_ps(x[0]);
  __m512 s[4]{}, q[4]{};
  for (long j = 0; j < n; j += 64)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) {
      const __m512 d = at(x + j + 16 * u) - first;
      s[u] += d;
      q[u] = _mm512_fmadd_ps(d, d, q[u]);
    }
  const float mean = _mm512_reduce_add_ps((s[0] + s[1]) + (s[2] + s[3])) / static_cast<float>(n);
  const float square = _mm512_reduce_add_ps((q[0] + q[1]) + (q[2] + q[3])) / static_cast<float>(n);
  return {mean + x[0], square - mean * mean};
}

[[gnu::noinline]] inline void softmax1(const float* x, float* y, long rows, long n) {
  for (long i = 0; i < rows; ++i, x += n, y += n) {
    const __m512 top = _mm512_set1_ps(row_max(x, n));
    __m512 s[4]{};
    for (long j = 0; j < n; j += 64)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) {
        const __m512 e = exp(at(x + j + 16 * u) - top);
        s[u] += e;
        _mm512_storeu_ps(y + j + 16 * u, e);
      }
    const __m512 f = _mm512_set1_ps(1 / _mm512_reduce_add_ps((s[0] + s[1]) + (s[2] + s[3])));
    for (long j = 0; j < n; j += 16) _mm512_storeu_ps(y + j, at(y + j) * f);
  }
}
// Two passes, both with e^x: the first keeps the largest element so far and the sum relative to it (Milakov and
// Gimelshein 2018), so that the matrix is read twice and written once.
[[gnu::noinline]] inline void softmax0(const float* x, float* y, long rows, long n) {
  static float tops[4096], sums[4096];
  for (long i = 0; i < rows; i += together)
    for (long j = 0; j < n; j += 16) {
      const __m512 old = i ? at(tops + j) : at(x + j);
      __m512 v[together], top = old;
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) top = _mm512_max_ps(top, v[r] = at(x + (i + r) * n + j));
      __m512 s = i ? at(sums + j) * exp(old - top) : _mm512_setzero_ps();
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) s += exp(v[r] - top);
      _mm512_storeu_ps(tops + j, top);
      _mm512_storeu_ps(sums + j, s);
    }
  for (long j = 0; j < n; j += 16) _mm512_storeu_ps(sums + j, _mm512_set1_ps(1) / at(sums + j));
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < n; j += 16)
      _mm512_storeu_ps(y + i * n + j, exp(at(x + i * n + j) - at(tops + j)) * at(sums + j));
}
[[gnu::noinline]] inline void layernorm1(const float* x, float* y, long rows, long n, float epsilon) {
  for (long i = 0; i < rows; ++i, x += n, y += n) {
    const Moments m = row_moments(x, n);
    const float f = 1 / std::sqrt(m.variance + epsilon);
    const __m512 a = _mm512_set1_ps(f), b = _mm512_set1_ps(-m.mean * f);
    for (long j = 0; j < n; j += 16) _mm512_storeu_ps(y + j, _mm512_fmadd_ps(at(x + j), a, b));
  }
}
// Sums and sums of squares of columns, of what is left of the first row; then finish(column, mean, variance).
template <class F>
void column_moments(const float* x, long rows, long n, F finish) {
  static float sums[4096], squares[4096];
  const __m512 f = _mm512_set1_ps(1 / static_cast<float>(rows));
  for (long i = 0; i < rows; i += together)
    for (long j = 0; j < n; j += 16) {
      const __m512 first = at(x + j);
      __m512 s = i ? at(sums + j) : _mm512_setzero_ps(), q = i ? at(squares + j) : _mm512_setzero_ps();
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) {
        const __m512 d = at(x + (i + r) * n + j) - first;
        s += d;
        q = _mm512_fmadd_ps(d, d, q);
      }
      _mm512_storeu_ps(sums + j, s);
      _mm512_storeu_ps(squares + j, q);
    }
  for (long j = 0; j < n; j += 16) {
    const __m512 mean = at(sums + j) * f;
    finish(j, mean + at(x + j), at(squares + j) * f - mean * mean);
  }
}
[[gnu::noinline]] inline void layernorm0(const float* x, float* y, long rows, long n, float epsilon) {
  static float factor[4096], offset[4096];
  column_moments(x, rows, n, [=](long j, __m512 mean, __m512 variance) {
    const __m512 f = _mm512_set1_ps(1) / _mm512_sqrt_ps(variance + _mm512_set1_ps(epsilon));
    _mm512_storeu_ps(factor + j, f);
    _mm512_storeu_ps(offset + j, -mean * f);
  });
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < n; j += 16)
      _mm512_storeu_ps(y + i * n + j, _mm512_fmadd_ps(at(x + i * n + j), at(factor + j), at(offset + j)));
}
/// Sums along either axis, times `f`.
[[gnu::noinline]] inline void sum1(const float* x, float* y, long rows, long n, float f) {
  for (long i = 0; i < rows; ++i) y[i] = row_sum(x + i * n, n) * f;
}
[[gnu::noinline]] inline void sum0(const float* x, float* y, long rows, long n, float f) {
  for (long i = 0; i < rows; i += together)
    for (long j = 0; j < n; j += 16) {
      __m512 s = i ? at(y + j) : _mm512_setzero_ps();
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) s += at(x + (i + r) * n + j);
      _mm512_storeu_ps(y + j, i + together < rows ? s : s * _mm512_set1_ps(f));
    }
}
[[gnu::noinline]] inline void var1(const float* x, float* y, long rows, long n) {
  for (long i = 0; i < rows; ++i) y[i] = row_moments(x + i * n, n).variance;
}
[[gnu::noinline]] inline void var0(const float* x, float* y, long rows, long n) {
  column_moments(x, rows, n, [=](long j, __m512, __m512 variance) { _mm512_storeu_ps(y + j, variance); });
}
/// The first largest element: the maximum, then where it is. Without NaN.
[[gnu::noinline]] inline void argmax1(const float* x, std::int64_t* y, long rows, long n) {
  for (long i = 0; i < rows; ++i, x += n) {
    const __m512 top = _mm512_set1_ps(row_max(x, n));
    for (long j = 0;; j += 32) {
      const unsigned low = _mm512_cmpeq_ps_mask(at(x + j), top), high = _mm512_cmpeq_ps_mask(at(x + j + 16), top);
      if (const unsigned found = low | high << 16) {
        y[i] = j + __builtin_ctz(found);
        break;
      }
    }
  }
}
[[gnu::noinline]] inline void argmax0(const float* x, std::int64_t* y, long rows, long n) {
  static float best[4096];
  static int where[4096];
  for (long j = 0; j < n; ++j) best[j] = x[j], where[j] = 0;
  for (long i = 0; i < rows; i += together)
    for (long j = 0; j < n; j += 16) {
      __m512 b = at(best + j);
      __m512i w = _mm512_loadu_si512(where + j);
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) {
        const __m512 v = at(x + (i + r) * n + j);
        w = _mm512_mask_mov_epi32(w, _mm512_cmp_ps_mask(v, b, _CMP_GT_OQ), _mm512_set1_epi32(static_cast<int>(i + r)));
        b = _mm512_max_ps(b, v);
      }
      _mm512_storeu_ps(best + j, b);
      _mm512_storeu_si512(where + j, w);
    }
  for (long j = 0; j < n; ++j) y[j] = where[j];
}

}  // namespace bench::hand
#endif
