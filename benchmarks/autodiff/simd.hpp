// benchmarks/autodiff/simd.hpp: AVX-512 in double, the bricks of the gradients by hand that are called hand_simd.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../hand.hpp"

#if BENCH_HAND
#include <cstddef>
#include <vector>

namespace bench::simd {
using std::size_t;

/// Eight numbers, as memory keeps them.
struct alignas(64) Pack {
  double lane[8];
};
inline constexpr size_t lanes = 8;
inline __m512d load(const Pack& p) { return _mm512_load_pd(p.lane); }
inline void store(Pack& p, __m512d x) { _mm512_store_pd(p.lane, x); }
inline __m512d all(double x) { return _mm512_set1_pd(x); }
/// The first n lanes, or all.
inline __mmask8 first_lanes(size_t n) { return static_cast<__mmask8>(n < lanes ? (1u << n) - 1 : 0xffu); }

/// 2^(i/16), and what their last bits leave out as a share of them: two registers each, in which an instruction looks
/// lanes up.
alignas(64) inline constexpr double sixteenths[16] = {1.0,
                                                      1.0442737824274138,
                                                      1.0905077326652577,
                                                      1.1387886347566916,
                                                      1.189207115002721,
                                                      1.241857812073484,
                                                      1.2968395546510096,
                                                      1.3542555469368927,
                                                      1.4142135623730951,
                                                      1.4768261459394993,
                                                      1.5422108254079407,
                                                      1.6104903319492543,
                                                      1.681792830507429,
                                                      1.7562521603732995,
                                                      1.8340080864093424,
                                                      1.9152065613971474};
alignas(64) inline constexpr double rests_of_sixteenths[16] = {0,           8.1893e-17,  -2.7939e-17, 7.8266e-17,  //
                                                               3.3485e-17,  3.7509e-17,  1.9573e-17,  5.6865e-17,  //
                                                               -6.8358e-17, -2.3591e-17, 5.1548e-17,  1.5341e-17,  //
                                                               4.8752e-17,  1.6855e-17,  1.7901e-17,  -5.5451e-17};
inline __m512d look_up(const double (&table)[16], __m512d index) {
  return _mm512_permutex2var_pd(_mm512_load_pd(table), _mm512_castpd_si512(index), _mm512_load_pd(table + 8));
}
/// e^r - 1 for |r| <= ln(2)/32.
inline __m512d exp_minus_1(__m512d r) {
  __m512d q = _mm512_fmadd_pd(all(0.0013889034348599464), r, all(0.008333449701253456));
  q = _mm512_fmadd_pd(q, r, all(0.04166666666496045));
  q = _mm512_fmadd_pd(q, r, all(0.1666666666530169));
  q = _mm512_fmadd_pd(q, r, all(0.5));
  return _mm512_fmadd_pd(_mm512_mul_pd(r, r), q, r);
}
/// e^x within 2 units in the last place, for every argument: n counts sixteenths of ln 2, and the rest is at most
/// ln(2)/32; bounded, so that where 2^n is infinite or 0 the product is. (bench::hand::exp is right within 1.)
inline __m512d exp(__m512d x) {
  const __m512d shift = all(0x1.8p48), shifted = _mm512_fmadd_pd(x, all(0x1.71547652b82fep0), shift);
  const __m512d n = _mm512_sub_pd(shifted, shift), t = look_up(sixteenths, shifted);
  const __m512d r = _mm512_fnmadd_pd(n, all(0x1.62e42fefa39efp-1), x);
  const __m512d rest = _mm512_range_pd(_mm512_fnmadd_pd(n, all(0x1.abc9e3b39803fp-56), r), all(0.5), 2);
  return _mm512_scalef_pd(_mm512_fmadd_pd(t, exp_minus_1(rest), t), n);
}
/// tanh x = h / (h + 2) with h = e^2x - 1, within 8 units in the last place.
inline __m512d tanh(__m512d x) {
  const __m512d bounded = _mm512_max_pd(all(-20), _mm512_min_pd(all(20), x));  // in this order NaN stays
  const __m512d shift = all(0x1.8p48), shifted = _mm512_fmadd_pd(bounded, all(0x1.71547652b82fep1), shift);
  const __m512d n = _mm512_sub_pd(shifted, shift), half = _mm512_fnmadd_pd(n, all(0x1.62e42fefa39efp-2), bounded);
  const __m512d t = _mm512_scalef_pd(look_up(sixteenths, shifted), n);
  const __m512d q = _mm512_add_pd(exp_minus_1(_mm512_add_pd(half, half)), look_up(rests_of_sixteenths, shifted));
  const __m512d h = _mm512_fmadd_pd(t, q, _mm512_sub_pd(t, all(1)));
  return _mm512_div_pd(h, _mm512_add_pd(h, all(2)));
}
inline __m512d sigmoid(__m512d x) {
  return _mm512_div_pd(all(1), _mm512_add_pd(all(1), exp(_mm512_sub_pd(_mm512_setzero_pd(), x))));
}
/// ln x within 2 units in the last place for normal x > 0: 2 artanh s of the mantissa m, where s = (m - 1) / (m + 1).
inline __m512d log(__m512d x) {
  const __m512d one = all(1), m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
  const __m512d above = _mm512_getexp_pd(x);
  const __m512d e = _mm512_mask_add_pd(above, _mm512_cmp_pd_mask(m, one, _CMP_LT_OQ), above, one);
  const __m512d s = _mm512_div_pd(_mm512_sub_pd(m, one), _mm512_add_pd(m, one)), z = _mm512_mul_pd(s, s);
  __m512d p = all(2.0 / 21);
#pragma GCC unroll 16
  for (int i = 19; i > 1; i -= 2) p = _mm512_fmadd_pd(p, z, all(2.0 / i));
  const __m512d small = _mm512_fmadd_pd(_mm512_mul_pd(p, z), s, _mm512_mul_pd(e, all(0x1.abc9e3b39803fp-56)));
  return _mm512_fmadd_pd(e, all(0x1.62e42fefa39efp-1), _mm512_fmadd_pd(all(2), s, small));
}

/// Columns of eight rows, which are `stride` numbers apart: to[i] is column i. `rows` and `columns` are how many there
/// are; what is missing is 0.
inline void transpose(const double* from, size_t stride, size_t rows, size_t columns, __m512d (&to)[8]) {
  const __mmask8 mask = first_lanes(columns);
  __m512d a[8], b[8];
#pragma GCC unroll 8
  for (size_t i = 0; i < 8; ++i) a[i] = i < rows ? _mm512_maskz_loadu_pd(mask, from + i * stride) : _mm512_setzero_pd();
#pragma GCC unroll 4
  for (size_t i = 0; i < 8; i += 2) {
    b[i] = _mm512_unpacklo_pd(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_pd(a[i], a[i + 1]);
  }
#pragma GCC unroll 2
  for (size_t odd = 0; odd < 2; ++odd) {
    const __m512d low0 = _mm512_shuffle_f64x2(b[odd], b[2 + odd], 0x88);
    const __m512d low1 = _mm512_shuffle_f64x2(b[4 + odd], b[6 + odd], 0x88);
    const __m512d high0 = _mm512_shuffle_f64x2(b[odd], b[2 + odd], 0xdd);
    const __m512d high1 = _mm512_shuffle_f64x2(b[4 + odd], b[6 + odd], 0xdd);
    to[odd] = _mm512_shuffle_f64x2(low0, low1, 0x88), to[4 + odd] = _mm512_shuffle_f64x2(low0, low1, 0xdd);
    to[2 + odd] = _mm512_shuffle_f64x2(high0, high1, 0x88), to[6 + odd] = _mm512_shuffle_f64x2(high0, high1, 0xdd);
  }
}

/// The sums of the lanes of eight registers.
inline __m512d sums(const __m512d* x) {
  __m512d pair[4], four[2];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    pair[i] = _mm512_add_pd(_mm512_unpacklo_pd(x[2 * i], x[2 * i + 1]), _mm512_unpackhi_pd(x[2 * i], x[2 * i + 1]));
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i)
    four[i] = _mm512_add_pd(_mm512_shuffle_f64x2(pair[2 * i], pair[2 * i + 1], 0x88),
                            _mm512_shuffle_f64x2(pair[2 * i], pair[2 * i + 1], 0xdd));
  return _mm512_add_pd(_mm512_shuffle_f64x2(four[0], four[1], 0x88), _mm512_shuffle_f64x2(four[0], four[1], 0xdd));
}
/// The same of any number of registers: `to` has room for a multiple of eight.
template <size_t N>
void sums(const __m512d (&x)[N], double* to) {
  __m512d padded[(N + 7) / 8 * 8];
#pragma GCC unroll 64
  for (size_t i = 0; i < (N + 7) / 8 * 8; ++i) padded[i] = i < N ? x[i < N ? i : 0] : _mm512_setzero_pd();
#pragma GCC unroll 8
  for (size_t i = 0; i < N; i += 8) _mm512_storeu_pd(to + i, sums(padded + i));
}

}  // namespace bench::simd
#endif
