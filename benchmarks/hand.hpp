// benchmarks/hand.hpp: exp and tanh in AVX-512, the bricks of the hand-written kernels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// They promise what the library does, or a limit would mean nothing: e^x within 1 unit in the last place and tanh
// within 3, for every argument: infinities, NaN, results that are 0 or subnormal. (A rational tanh takes a tenth less
// time for the chain of tanh and exp, and is wrong by up to 5.4 units; without a bound on its rest e^x of an infinity
// is NaN.)
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

/// 2^(i/16) e^d, and tanh(5 i / 16): one and two registers, in which an instruction looks lanes up.
alignas(64) inline constexpr float sixteenths[16] = {
    1.00978625f, 1.05449331f, 1.10117972f, 1.1499331f,  1.200845f,   1.25401092f, 1.30953074f, 1.36750865f,
    1.42805338f, 1.49127877f, 1.55730331f, 1.62625098f, 1.69825125f, 1.77343929f, 1.85195613f, 1.93394923f};
alignas(64) inline constexpr float tanh_steps[32] = {
    0.0f,         0.302709728f, 0.554599702f, 0.734071493f, 0.848283648f, 0.915824533f, 0.954045236f, 0.975136697f,
    0.986614287f, 0.992812812f, 0.99614656f,  0.997935534f, 0.998894453f, 0.999408066f, 0.999683142f, 0.999830365f,
    0.999909222f, 0.999951422f, 0.999974012f, 0.999986053f, 0.999992549f, 0.999996006f, 0.999997854f, 0.999998868f,
    0.999999404f, 0.999999702f, 0.999999821f, 0.999999881f, 0.99999994f,  1.0f,         1.0f,         1.0f};

/// e^x before it is scaled, and the power of two: n counts sixteenths of ln 2, e^(rest - d) is a short polynomial. The
/// rest is taken from x in two steps (Cody and Waite); it is bounded, so that where 2^n is infinite or 0 the product
/// is.
template <bool Bounded = true>
inline __m512 exp_parts(__m512 x, __m512& n) {
  const __m512 shift = _mm512_set1_ps(786432.0f);  // the sum's last bits are the index
  const __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(1.44269504f), shift);
  const __m512 t = _mm512_permutexvar_ps(_mm512_castps_si512(shifted), _mm512_load_ps(sixteenths));
  n = _mm512_sub_ps(shifted, shift);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);
  if constexpr (Bounded) r = _mm512_range_ps(r, _mm512_set1_ps(0.5f), 2);  // the smaller magnitude, not a NaN
  return _mm512_fmadd_ps(t, horner(r, 0.165078893f, 0.495172709f, 0.990308583f, -0.00969140697f), t);
}
inline __m512 exp(__m512 x) {
  __m512 n;
  const __m512 p = exp_parts(x, n);
  return _mm512_scalef_ps(p, n);
}
/// e^x for x <= 0 or NaN, but 0 where that is subnormal, which would take a hundred times as long.
inline __m512 exp_normal(__m512 x) {
  __m512 n;
  const __m512 p = exp_parts<false>(x, n);
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.25f), _CMP_NLT_UQ), p, n);
}

/// tanh |x| = (t + h) / (1 + t h), where t is tanh of the next multiple of 5/16 and h a polynomial in the rest.
inline __m512 tanh(__m512 x) {
  const __m512 a = _mm512_min_ps(_mm512_set1_ps(9.5f), _mm512_abs_ps(x));  // in this order NaN stays
  const __m512 shift = _mm512_set1_ps(12582912.0f), shifted = _mm512_fmadd_ps(a, _mm512_set1_ps(3.2f), shift);
  const __m512 t =
      _mm512_permutex2var_ps(_mm512_load_ps(tanh_steps), _mm512_castps_si512(shifted), _mm512_load_ps(tanh_steps + 16));
  const __m512 r = _mm512_fnmadd_ps(_mm512_sub_ps(shifted, shift), _mm512_set1_ps(0.3125f), a), z = _mm512_mul_ps(r, r);
  const __m512 h = _mm512_fmadd_ps(_mm512_mul_ps(z, horner(z, -0.0529797375f, 0.133319944f, -0.333333284f)), r, r);
  const __m512 y = _mm512_div_ps(_mm512_add_ps(t, h), _mm512_fmadd_ps(t, h, _mm512_set1_ps(1)));
  return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(y), _mm512_castps_si512(x),
                                                       _mm512_set1_epi32(static_cast<int>(0x80000000)), 0x78));
}

// a (e^(a r) - 1 - a r) / (a r)^2, |a r| <= ln(2)/2: Taylor's polynomial two terms at a time, to shorten the chain.
template <int A>
inline __m512d exp_quotient(__m512d r, __m512d z) {
  constexpr double a = A;
  const auto pair = [r](double low, double high) {
    return _mm512_fmadd_pd(_mm512_set1_pd(high), r, _mm512_set1_pd(low));
  };
  constexpr double a3 = a * a * a, a5 = a3 * a * a, a7 = a5 * a * a, a9 = a7 * a * a, a11 = a9 * a * a;
  __m512d q = _mm512_fmadd_pd(pair(a11 / 479001600, a11 * a / 6227020800), z, pair(a9 / 3628800, a9 * a / 39916800));
  q = _mm512_fmadd_pd(q, z, pair(a7 / 40320, a7 * a / 362880));
  q = _mm512_fmadd_pd(q, z, pair(a5 / 720, a5 * a / 5040));
  q = _mm512_fmadd_pd(q, z, pair(a3 / 24, a3 * a / 120));
  return _mm512_fmadd_pd(q, z, pair(a / 2, a * a / 6));
}
inline __m512d exp(__m512d x) {
  const __m512d shift = _mm512_set1_pd(6755399441055744.0), one = _mm512_set1_pd(1);
  const __m512d n = _mm512_sub_pd(_mm512_fmadd_pd(x, _mm512_set1_pd(0x1.71547652b82fep0), shift), shift);
  __m512d r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.62e42fefa39efp-1), x);
  r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.abc9e3b39803fp-56), r);
  r = _mm512_range_pd(r, _mm512_set1_pd(0.5), 2);
  const __m512d q = exp_quotient<1>(r, _mm512_mul_pd(r, r));
  return _mm512_scalef_pd(_mm512_fmadd_pd(_mm512_fmadd_pd(q, r, one), r, one), n);
}
/// tanh |x| = H / (H + 1) with H = (e^2|x| - 1) / 2: the exponent of 2^n is in the last bits of the shifted sum.
inline __m512d tanh(__m512d x) {
  const __m512d a = _mm512_min_pd(_mm512_set1_pd(20), _mm512_abs_pd(x)), half = _mm512_set1_pd(0.5);
  const __m512d shift = _mm512_set1_pd(6755399441056767.0);
  const __m512d shifted = _mm512_fmadd_pd(a, _mm512_set1_pd(2.8853900817779268), shift);
  const __m512d r = _mm512_fnmadd_pd(_mm512_sub_pd(shifted, shift), _mm512_set1_pd(0.34657359027997264), a);
  const __m512d two_n = _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(shifted), 52));
  const __m512d z = _mm512_mul_pd(r, r);
  __m512d h = _mm512_fmadd_pd(z, exp_quotient<2>(r, z), r);
  h = _mm512_fmadd_pd(two_n, h, _mm512_fmsub_pd(two_n, half, half));
  const __m512d y = _mm512_div_pd(h, _mm512_add_pd(h, _mm512_set1_pd(1)));
  return _mm512_or_pd(y, _mm512_and_pd(x, _mm512_set1_pd(-0.0)));
}

}  // namespace bench::hand
#endif
