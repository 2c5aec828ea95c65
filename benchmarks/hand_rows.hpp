// benchmarks/hand_rows.hpp: softmax, layernorm and reductions of a matrix along either axis, in AVX-512.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrices are dense, with columns in multiples of 64 (at most 4096) and rows in multiples of 64. Along axis 1 a row
// stays in the first-level cache between passes; along axis 0 results stay there while a few rows at a time pass. The
// promises are the library's: infinities and NaN as there, variances of blocks joined so that nothing cancels.
#pragma once
#include "hand.hpp"

#if BENCH_HAND

namespace bench::hand {

constexpr long together = 8;  // rows that pass at once where much is done with them,
constexpr long streams = 4;   // and where little is: prefetchers follow so many well
constexpr long chain = 64;    // rows whose sums are rounded one after the other

inline __m512 at(const float* p) { return _mm512_loadu_ps(p); }
inline __m512 max4(__m512 (&m)[4]) { return _mm512_max_ps(_mm512_max_ps(m[0], m[1]), _mm512_max_ps(m[2], m[3])); }
inline float row_max(const float* x, long n) {
  __m512 m[4] = {at(x), at(x + 16), at(x + 32), at(x + 48)};
  for (long j = 64; j < n; j += 64)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) m[u] = _mm512_max_ps(at(x + j + 16 * u), m[u]);
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
inline __m512 four(const float* x, long step) { return (at(x) + at(x + step)) + (at(x + 2 * step) + at(x + 3 * step)); }
// Sums of x - c and of its square, where c is the mean of the first elements of the lane; then lanes are joined (Chan,
// Golub and LeVeque 1979).
inline Moments row_moments(const float* x, long n) {
  const __m512 c = n < 128 ? at(x) : (four(x, 16) + four(x + 64, 16)) * _mm512_set1_ps(0.125f);
  __m512 s[4], q[4];
#pragma GCC unroll 4
  for (int u = 0; u < 4; ++u) s[u] = at(x + 16 * u) - c, q[u] = s[u] * s[u];
  for (long j = 64; j < n; j += 64)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) {
      const __m512 d = at(x + j + 16 * u) - c;
      s[u] += d;
      q[u] = _mm512_fmadd_ps(d, d, q[u]);
    }
  const float count = static_cast<float>(n / 16);
  const __m512 sum = (s[0] + s[1]) + (s[2] + s[3]), off = sum * _mm512_set1_ps(1 / count), mean = c + off;
  const __m512 squares = _mm512_fnmadd_ps(off, sum, (q[0] + q[1]) + (q[2] + q[3]));
  const __m512 delta = mean - _mm512_set1_ps(mean[0]);
  const float by = _mm512_reduce_add_ps(delta) / 16;
  const float all = _mm512_reduce_add_ps(_mm512_fmadd_ps(delta * delta, _mm512_set1_ps(count), squares));
  return {mean[0] + by, (all - by * by * 16 * count) / static_cast<float>(n)};
}

[[gnu::noinline]] inline void softmax1(const float* x, float* y, long rows, long n) {
  for (long i = 0; i < rows; ++i, x += n, y += n) {
    const __m512 top = _mm512_set1_ps(row_max(x, n));
    __m512 s[4]{};
    for (long j = 0; j < n; j += 64)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) {
        const __m512 e = exp_normal(at(x + j + 16 * u) - top);
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
  alignas(64) static float tops[4096], sums[4096];
  for (long i = 0; i < rows; i += together)
    for (long j = 0; j < n; j += 16) {
      const __m512 old = i ? at(tops + j) : _mm512_set1_ps(-3.40282347e38f);  // -inf cannot be taken from -inf
      __m512 v[together], top = old;
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) top = _mm512_max_ps(v[r] = at(x + (i + r) * n + j), top);
      __m512 s = i ? at(sums + j) * exp_normal(old - top) : _mm512_setzero_ps();
#pragma GCC unroll 8
      for (long r = 0; r < together; ++r) s += exp_normal(v[r] - top);
      _mm512_storeu_ps(tops + j, top);
      _mm512_storeu_ps(sums + j, s);
    }
  for (long j = 0; j < n; j += 16) _mm512_storeu_ps(sums + j, _mm512_set1_ps(1) / at(sums + j));
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < n; j += 16)
      _mm512_storeu_ps(y + i * n + j, exp_normal(at(x + i * n + j) - at(tops + j)) * at(sums + j));
}
[[gnu::noinline]] inline void layernorm1(const float* x, float* y, long rows, long n, float epsilon) {
  for (long i = 0; i < rows; ++i, x += n, y += n) {
    const Moments m = row_moments(x, n);
    const float f = 1 / std::sqrt(m.variance + epsilon);
    const __m512 a = _mm512_set1_ps(f), b = _mm512_set1_ps(m.mean);  // not x f - mean f, which cancels
    for (long j = 0; j < n; j += 16) _mm512_storeu_ps(y + j, (at(x + j) - b) * a);
  }
}
// Means and sums of squared distances of columns: four rows at a time around the mean of up to 64 rows so far, whose
// states are then joined; in the end finish(column, mean, variance).
template <class F>
void column_moments(const float* x, long rows, long n, F finish) {
  alignas(64) static float means[4096], squares[4096], all_means[4096], all_squares[4096];
  for (long i = 0; i < rows; i += streams) {
    const long before = i % chain;
    const __m512 share = _mm512_set1_ps(1 / static_cast<float>(before + streams));
    for (long j = 0; j < n; j += 16) {
      const float* const p = x + i * n + j;
      const __m512 c = before ? at(means + j) : four(p, n) * _mm512_set1_ps(0.25f);
      __m512 s[2], q[2];
#pragma GCC unroll 8
      for (long r = 0; r < streams; ++r) {
        const __m512 d = at(p + r * n) - c;
        s[r % 2] = r < 2 ? d : s[r % 2] + d;
        q[r % 2] = r < 2 ? d * d : _mm512_fmadd_ps(d, d, q[r % 2]);
      }
      const __m512 sum = s[0] + s[1], off = sum * share, square = _mm512_fnmadd_ps(off, sum, q[0] + q[1]);
      _mm512_storeu_ps(means + j, c + off);
      _mm512_storeu_ps(squares + j, before ? at(squares + j) + square : square);
    }
    if (before + streams < chain) continue;
    const float done = static_cast<float>(i + streams - chain), part = chain / (done + chain);
    for (long j = 0; j < n; j += 16) {
      const __m512 first = done > 0 ? at(all_means + j) : at(means + j), d = at(means + j) - first;
      const __m512 old = done > 0 ? at(all_squares + j) : _mm512_setzero_ps();
      _mm512_storeu_ps(all_means + j, _mm512_fmadd_ps(d, _mm512_set1_ps(part), first));
      _mm512_storeu_ps(all_squares + j, _mm512_fmadd_ps(d * d, _mm512_set1_ps(done * part), old + at(squares + j)));
    }
  }
  for (long j = 0; j < n; j += 16)
    finish(j, at(all_means + j), at(all_squares + j) * _mm512_set1_ps(1 / static_cast<float>(rows)));
}
[[gnu::noinline]] inline void layernorm0(const float* x, float* y, long rows, long n, float epsilon) {
  alignas(64) static float factor[4096], center[4096];
  column_moments(x, rows, n, [=](long j, __m512 mean, __m512 variance) {
    _mm512_storeu_ps(factor + j, _mm512_set1_ps(1) / _mm512_sqrt_ps(variance + _mm512_set1_ps(epsilon)));
    _mm512_storeu_ps(center + j, mean);
  });
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < n; j += 16)
      _mm512_storeu_ps(y + i * n + j, (at(x + i * n + j) - at(center + j)) * at(factor + j));
}
/// Sums along either axis, times `f`.
[[gnu::noinline]] inline void sum1(const float* x, float* y, long rows, long n, float f) {
  for (long i = 0; i < rows; ++i) y[i] = row_sum(x + i * n, n) * f;
}
// Row after row, as memory lies: no prefetcher follows several rows as well as one. Sums of 64 rows are added up, so
// that small numbers count.
[[gnu::noinline]] inline void sum0(const float* x, float* y, long rows, long n, float f) {
  alignas(64) static float part[4096];
  for (long i = 0; i < rows; i += chain) {
    for (long r = 0; r < chain; ++r) {
      const float* const p = x + (i + r) * n;
      for (long j = 0; j < n; j += 64)
#pragma GCC unroll 4
        for (int u = 0; u < 4; ++u) {
          _mm_prefetch(reinterpret_cast<const char*>(p + j + 16 * u) + 1024, _MM_HINT_T0);
          const __m512 v = at(p + j + 16 * u);
          _mm512_storeu_ps(part + j + 16 * u, r ? at(part + j + 16 * u) + v : v);
        }
    }
    const __m512 factor = _mm512_set1_ps(i + chain < rows ? 1 : f);
    for (long j = 0; j < n; j += 16) _mm512_storeu_ps(y + j, (i ? at(y + j) + at(part + j) : at(part + j)) * factor);
  }
}
[[gnu::noinline]] inline void var1(const float* x, float* y, long rows, long n) {
  for (long i = 0; i < rows; ++i) y[i] = row_moments(x + i * n, n).variance;
}
[[gnu::noinline]] inline void var0(const float* x, float* y, long rows, long n) {
  column_moments(x, rows, n, [=](long j, __m512, __m512 variance) { _mm512_storeu_ps(y + j, variance); });
}
/// The first largest element, or the first NaN, by a second look where a sum says that there may be one: along a row
/// the maximum, then where it is.
[[gnu::noinline]] inline void argmax1(const float* x, std::int64_t* y, long rows, long n) {
  for (long i = 0; i < rows; ++i, x += n) {
    __m512 m[4], s[4];
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) m[u] = s[u] = at(x + 16 * u);
    for (long j = 64; j < n; j += 64)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) {
        const __m512 v = at(x + j + 16 * u);
        m[u] = _mm512_max_ps(v, m[u]);
        s[u] += v;
      }
    const __m512 sum = (s[0] + s[1]) + (s[2] + s[3]);
    if (_mm512_cmp_ps_mask(sum, sum, _CMP_UNORD_Q)) {
      long j = 0;
      while (j < n && x[j] == x[j]) ++j;
      if (j < n) {
        y[i] = j;
        continue;
      }
    }
    const __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(max4(m)));
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
  alignas(64) static float best[4096];
  alignas(64) static int where[4096];
  for (long j = 0; j < n; ++j) best[j] = x[j], where[j] = 0;
  for (long i = 0; i < rows; i += streams)
    for (long j = 0; j < n; j += 16) {
      __m512 b = at(best + j), s = _mm512_setzero_ps();
      __m512i w = _mm512_loadu_si512(where + j);
#pragma GCC unroll 8
      for (long r = 0; r < streams; ++r) {
        const __m512 v = at(x + (i + r) * n + j);
        w = _mm512_mask_mov_epi32(w, _mm512_cmp_ps_mask(v, b, _CMP_GT_OQ), _mm512_set1_epi32(static_cast<int>(i + r)));
        b = _mm512_max_ps(v, b);
        s += v;
      }
      if (_mm512_cmp_ps_mask(s, s, _CMP_UNORD_Q)) {
        for (long r = 0; r < streams; ++r)
          for (long k = j; k < j + 16; ++k) {
            const float v = x[(i + r) * n + k];
            if (best[k] == best[k] && !(v <= best[k])) best[k] = v, where[k] = static_cast<int>(i + r);
          }
        continue;
      }
      _mm512_storeu_ps(best + j, b);
      _mm512_storeu_si512(where + j, w);
    }
  for (long j = 0; j < n; ++j) y[j] = where[j];
}

}  // namespace bench::hand
#endif
