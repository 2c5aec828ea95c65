// benchmarks/hand.hpp: exp and tanh in AVX-512, the bricks of the hand-written kernels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Accurate to a few units in the last place for finite arguments, as the library's claims are; NaN goes through.
#pragma once
#include "common.hpp"

#if BENCH_HAND
#include <immintrin.h>

namespace bench::hand {

// A polynomial in r, its coefficients from the highest to the lowest. (A loop over them is not unrolled at -O2.)
template <class... C>
inline __m512 horner(__m512 r, float highest, C... rest) {
  __m512 p = _mm512_set1_ps(highest);
  ((p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(rest))), ...);
  return p;
}
template <class... C>
inline __m512d horner(__m512d r, double highest, C... rest) {
  __m512d p = _mm512_set1_pd(highest);
  ((p = _mm512_fmadd_pd(p, r, _mm512_set1_pd(rest))), ...);
  return p;
}

/// e^x: 2^n times Taylor's polynomial of the rest, |rest| <= ln(2)/2 (Cody and Waite's reduction).
inline __m512 exp(__m512 x) {
  constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(0x1.715476p0f)), nearest);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e430p-1f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-0x1.05c610p-29f), r);
  const __m512 p = horner(r, 0x1.6c16c2p-10f, 0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1.0f, 1.0f);
  return _mm512_scalef_ps(p, n);
}

/// 1/x by Newton's iteration: about 1 unit in the last place.
inline __m512 reciprocal(__m512 x) {
  const __m512 r = _mm512_rcp14_ps(x);
  return _mm512_mul_ps(r, _mm512_fnmadd_ps(x, r, _mm512_set1_ps(2)));
}

/// tanh x = x P(x^2) / Q(x^2) for |x| <= 9, where tanh is 1 in float: a weighted least-squares fit, relative error
/// 7e-9.
inline __m512 tanh(__m512 x) {
  x = _mm512_min_ps(_mm512_set1_ps(9), _mm512_max_ps(_mm512_set1_ps(-9), x));  // in this order NaN stays
  const __m512 s = _mm512_mul_ps(x, x);
  const __m512 p = horner(s, -8.48807586581755e-14f, 5.2777907475568485e-11f, -2.0225109446536423e-08f,
                          1.115433114969014e-05f, 0.003103962051368073f, 0.13084016645488772f, 0.9999999935300616f);
  const __m512 q = horner(s, 0.000254615141809483f, 0.024495205648027856f, 0.46417343816060863f, 1.0f);
  return _mm512_mul_ps(_mm512_mul_ps(x, p), reciprocal(q));
}

inline __m512d round_scale(__m512d x, __m512d& r) {
  constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const __m512d n = _mm512_roundscale_pd(_mm512_mul_pd(x, _mm512_set1_pd(0x1.71547652b82fep0)), nearest);
  r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.62e42fefa39efp-1), x);
  r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.abc9e3b39803fp-56), r);
  return n;
}
// (e^r - 1) / r - 1, |r| <= ln(2)/2: Taylor's polynomial in two halves (Estrin's scheme shortens the chain).
inline __m512d exp_tail(__m512d r) {
  const __m512d s = _mm512_mul_pd(r, r);
  const __m512d even = horner(s, 1.0 / 6227020800, 1.0 / 39916800, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6);
  const __m512d odd = horner(s, 1.0 / 479001600, 1.0 / 3628800, 1.0 / 40320, 1.0 / 720, 1.0 / 24, 1.0 / 2);
  return _mm512_fmadd_pd(even, s, _mm512_mul_pd(odd, r));
}
inline __m512d exp(__m512d x) {
  __m512d r;
  const __m512d n = round_scale(x, r);
  const __m512d p = _mm512_fmadd_pd(exp_tail(r), r, r);
  return _mm512_scalef_pd(_mm512_add_pd(p, _mm512_set1_pd(1)), n);
}
/// tanh x = E / (E + 2) with E = e^2x - 1, of |x|; the quotient by Newton's iteration.
inline __m512d tanh(__m512d x) {
  const __m512d sign = _mm512_and_pd(x, _mm512_set1_pd(-0.0));
  const __m512d u = _mm512_min_pd(_mm512_set1_pd(40), _mm512_abs_pd(_mm512_add_pd(x, x)));
  __m512d r;
  const __m512d n = round_scale(u, r);
  const __m512d p = _mm512_fmadd_pd(exp_tail(r), r, r);
  const __m512d two_n = _mm512_scalef_pd(_mm512_set1_pd(1), n);
  const __m512d e = _mm512_fmadd_pd(two_n, p, _mm512_sub_pd(two_n, _mm512_set1_pd(1)));
  const __m512d d = _mm512_add_pd(e, _mm512_set1_pd(2));
  __m512d i = _mm512_rcp14_pd(d);
  i = _mm512_fmadd_pd(i, _mm512_fnmadd_pd(d, i, _mm512_set1_pd(1)), i);
  i = _mm512_fmadd_pd(i, _mm512_fnmadd_pd(d, i, _mm512_set1_pd(1)), i);
  const __m512d t = _mm512_mul_pd(e, i);
  return _mm512_or_pd(_mm512_fmadd_pd(_mm512_fnmadd_pd(d, t, e), i, t), sign);
}

}  // namespace bench::hand
#endif
