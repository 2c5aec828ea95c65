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

/// 2^(i/8), and what its rounding left out, relative to it.
alignas(64) inline constexpr double eighths[8] = {1.0,
                                                  1.0905077326652577,
                                                  1.189207115002721,
                                                  1.2968395546510096,
                                                  1.4142135623730951,
                                                  1.5422108254079407,
                                                  1.681792830507429,
                                                  1.8340080864093424};
alignas(64) inline constexpr double left_out[8] = {0,
                                                   -2.7939114859515733e-17,
                                                   3.3484623336251524e-17,
                                                   1.9572585293112036e-17,
                                                   -6.835808657661922e-17,
                                                   5.1548301170786783e-17,
                                                   4.875160526227062e-17,
                                                   1.790126907604513e-17};
/// e^x = 2^n (1 + rest), where n counts eighths; `power` is 2 to its fraction, which scaling by n makes 2^n.
struct ExpParts {
  __m512d power, n, rest;
};
/// If `Bounded`, x is any number; else it is not infinite, and only the size of e^x - 1 counts.
template <bool Bounded>
inline ExpParts exp_parts(__m512d x) {
  const __m512d shift = _mm512_set1_pd(844424930131968.0);  // the sum's last bits are the index
  const __m512d shifted = _mm512_fmadd_pd(x, _mm512_set1_pd(0x1.71547652b82fep0), shift), n = shifted - shift;
  const __m512i index = _mm512_castpd_si512(shifted);
  __m512d r = _mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.62e42fefa39efp-1), x);
  if constexpr (Bounded)
    r = _mm512_range_pd(_mm512_fnmadd_pd(n, _mm512_set1_pd(0x1.abc9e3b39803fp-56), r), _mm512_set1_pd(0.5), 2);
  // e^r - 1 to r^8, two terms at a time, to shorten the chain.
  const auto pair = [r](double low, double high) {
    return _mm512_fmadd_pd(_mm512_set1_pd(high), r, _mm512_set1_pd(low));
  };
  const __m512d z = r * r;
  __m512d q =
      _mm512_fmadd_pd(_mm512_set1_pd(2.480275166327699e-05), z, pair(0.0013888888873096704, 0.00019842175119693027));
  q = _mm512_fmadd_pd(q, z, pair(0.04166666666666738, 0.008333333324836583));
  q = _mm512_fmadd_pd(q, z, pair(0.5, 0.16666666666666866));
  return {_mm512_permutexvar_pd(index, _mm512_load_pd(eighths)), n,
          _mm512_fmadd_pd(q, z, r + _mm512_permutexvar_pd(index, _mm512_load_pd(left_out)))};
}
inline __m512d exp(__m512d x) {
  const ExpParts e = exp_parts<true>(x);
  return _mm512_scalef_pd(_mm512_fmadd_pd(e.power, e.rest, e.power), e.n);
}
/// tanh |x| = h / (h + 2) with h = e^2|x| - 1.
inline __m512d tanh(__m512d x) {
  const ExpParts e = exp_parts<false>(_mm512_min_pd(_mm512_set1_pd(40), _mm512_abs_pd(x + x)));  // so NaN stays
  const __m512d power = _mm512_scalef_pd(e.power, e.n);
  const __m512d h = _mm512_fmadd_pd(power, e.rest, power - _mm512_set1_pd(1));
  return _mm512_or_pd(h / (h + _mm512_set1_pd(2)), _mm512_and_pd(x, _mm512_set1_pd(-0.0)));
}

}  // namespace bench::hand
#endif
