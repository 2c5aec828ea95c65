// benchmarks/hand_half.hpp: loads and stores of bfloat16 and half as float, and exp and tanh, in AVX-512 or AVX2.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As the library does, numbers are computed in float and rounded once, to the nearest, when they are stored; NaN stays.
// In AVX2 there is no table of sixteen numbers in a register: e^x is a longer polynomial, and tanh |x| = h / (h + 1)
// with h = (e^2|x| - 1) / 2.
#pragma once
#include "hand.hpp"

#if BENCH_HAND || (defined(__AVX2__) && defined(__FMA__) && defined(__F16C__))
#define BENCH_HAND_HALF 1
#include <immintrin.h>

namespace bench::hand {

#if BENCH_HAND
using Floats = __m512;
constexpr std::size_t floats = 16;
inline Floats all(float x) { return _mm512_set1_ps(x); }
inline Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
struct Bfloat16 {
  static Floats load(const void* p) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(p))), 16));
  }
  static void store(void* p, Floats v) {
#if defined(__AVX512BF16__)
    _mm256_storeu_si256(static_cast<__m256i*>(p), (__m256i)_mm512_cvtneps_pbh(v));
#else
    const __m512i bits = _mm512_castps_si512(v),
                  odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i r = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    r = _mm512_mask_mov_epi32(r, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), _mm512_set1_epi32(0x7fc00000));
    _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(r, 16)));
#endif
  }
};
struct Half {
  static Floats load(const void* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p))); }
  static void store(void* p, Floats v) { _mm256_storeu_si256(static_cast<__m256i*>(p), _mm512_cvtps_ph(v, 0)); }
};
#else
using Floats = __m256;
constexpr std::size_t floats = 8;
inline Floats all(float x) { return _mm256_set1_ps(x); }
inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
struct Bfloat16 {
  static Floats load(const void* p) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p))), 16));
  }
  static void store(void* p, Floats v) {
    const __m256i bits = _mm256_castps_si256(v),
                  odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i r = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    r = _mm256_blendv_epi8(r, _mm256_set1_epi32(0x7fc00000), _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
    r = _mm256_srli_epi32(r, 16);
    _mm_storeu_si128(static_cast<__m128i*>(p),
                     _mm_packus_epi32(_mm256_castsi256_si128(r), _mm256_extracti128_si256(r, 1)));
  }
};
struct Half {
  static Floats load(const void* p) { return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(p))); }
  static void store(void* p, Floats v) { _mm_storeu_si128(static_cast<__m128i*>(p), _mm256_cvtps_ph(v, 0)); }
};

/// (e^r - 1 - r) / r^2 for |r| <= 0.347, two terms at a time.
inline Floats exp_quotient(Floats r, Floats z) {
  const Floats low = fma(all(0.16666546f), r, all(0.49999997f)), high = fma(all(0.008366273f), r, all(0.041667435f));
  return fma(fma(all(0.001387071f), z, high), z, low);
}
inline __m256i bits(Floats x) { return _mm256_castps_si256(x); }
/// e^x for results that are normal, infinite, 0 or NaN, and for subnormal ones: 2^n in two factors.
inline Floats exp(Floats x) {
  // In this order NaN stays.
  x = _mm256_max_ps(all(-105), _mm256_min_ps(all(90), x));
  const Floats shift = all(12582912.0f), shifted = fma(x, all(1.44269504f), shift), n = _mm256_sub_ps(shifted, shift);
  const Floats r = fma(n, all(-1.42860677e-6f), fma(n, all(-0.693145752f), x)), z = _mm256_mul_ps(r, r);
  const Floats e = fma(fma(exp_quotient(r, z), r, all(1)), r, all(1));
  const __m256i whole = _mm256_add_epi32(_mm256_sub_epi32(bits(shifted), bits(shift)), _mm256_set1_epi32(254));
  const __m256i half = _mm256_srli_epi32(whole, 1), rest = _mm256_sub_epi32(whole, half);
  return _mm256_mul_ps(_mm256_mul_ps(e, _mm256_castsi256_ps(_mm256_slli_epi32(half, 23))),
                       _mm256_castsi256_ps(_mm256_slli_epi32(rest, 23)));
}
inline Floats tanh(Floats x) {
  const Floats sign = _mm256_and_ps(x, all(-0.0f)), a = _mm256_min_ps(all(43), _mm256_xor_ps(x, sign));
  const Floats shift = all(12583039.0f), shifted = fma(a, all(2.88539008f), shift);
  const Floats r = fma(_mm256_sub_ps(shifted, shift), all(-0.346573591f), a), t = _mm256_add_ps(r, r);
  const Floats power = _mm256_castsi256_ps(_mm256_slli_epi32(bits(shifted), 23));
  const Floats q = exp_quotient(t, _mm256_mul_ps(t, t));
  const Floats h = fma(_mm256_mul_ps(t, r), q, r);  // (e^t - 1) / 2
  const Floats y = fma(power, h, fma(power, all(0.5f), all(-0.5f)));
  return _mm256_or_ps(_mm256_div_ps(y, _mm256_add_ps(y, all(1))), sign);
}
#endif

}  // namespace bench::hand
#else
#define BENCH_HAND_HALF 0
#endif
