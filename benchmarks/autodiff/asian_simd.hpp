// benchmarks/autodiff/asian_simd.hpp: the derivatives of the Asian call by hand, eight paths at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A price is spot e^(n drift + width Z), with n the steps so far and Z the sum of their normal numbers: its derivatives
// are known when it is, as n and Z times the price, and nothing is kept for a way back.
#pragma once
#include "asian.hpp"
#include "simd.hpp"

#if BENCH_HAND

namespace bench::asian {

/// The derivatives; returns the value. All is in registers.
inline double hand_simd(const Simulation& s, const double* p, const double* z, double* gradient) {
  const double spot = p[0], rate = p[1], volatility = p[2], maturity = p[3], strike = p[4];
  const double steps = static_cast<double>(s.steps), dt = maturity / steps;
  const double drift = (rate - 0.5 * volatility * volatility) * dt, width = volatility * std::sqrt(dt);
  const __m512d one = simd::all(1);
  __m512d total = _mm512_setzero_pd(), dspot = total, ddrift = total, dwidth = total;
  unsigned paid = 0;
  for (size_t path = 0; path < s.paths; path += simd::lanes, z += simd::lanes * s.steps) {
    const size_t paths = s.paths - path;
    // Prices are multiples of the first.
    __m512d price = one, walk = _mm512_setzero_pd(), count = walk, sum = walk, by_count = walk, by_walk = walk;
    for (size_t i = 0; i < s.steps; i += 8) {
      __m512d normal[8];
      simd::transpose(z + i, s.steps, paths, s.steps - i, normal);
#pragma GCC unroll 8
      for (size_t j = 0; j < 8; ++j) {
        if (i + j == s.steps) break;
        price = _mm512_mul_pd(price, simd::exp(_mm512_fmadd_pd(simd::all(width), normal[j], simd::all(drift))));
        walk = _mm512_add_pd(walk, normal[j]);
        count = _mm512_add_pd(count, one);
        sum = _mm512_add_pd(sum, price);
        by_count = _mm512_fmadd_pd(count, price, by_count);
        by_walk = _mm512_fmadd_pd(walk, price, by_walk);
      }
    }
    const __m512d payoff = _mm512_fmsub_pd(simd::all(spot / steps), sum, simd::all(strike));
    const __mmask8 pays = _mm512_mask_cmp_pd_mask(simd::first_lanes(paths), payoff, _mm512_setzero_pd(), _CMP_GT_OQ);
    total = _mm512_mask_add_pd(total, pays, total, payoff);
    dspot = _mm512_mask_add_pd(dspot, pays, dspot, sum);
    ddrift = _mm512_mask_add_pd(ddrift, pays, ddrift, by_count);
    dwidth = _mm512_mask_add_pd(dwidth, pays, dwidth, by_walk);
    paid += static_cast<unsigned>(__builtin_popcount(pays));
  }
  const double discount = std::exp(-rate * maturity) / static_cast<double>(s.paths), sums = _mm512_reduce_add_pd(total);
  const double by_drift = _mm512_reduce_add_pd(ddrift) * spot / steps;
  const double by_width = _mm512_reduce_add_pd(dwidth) * spot / steps, slope = rate - 0.5 * volatility * volatility;
  gradient[0] = discount * _mm512_reduce_add_pd(dspot) / steps;
  gradient[1] = discount * (by_drift * dt - maturity * sums);
  gradient[2] = discount * (-by_drift * volatility * dt + by_width * std::sqrt(dt));
  gradient[3] =
      discount * (by_drift * slope / steps + by_width * volatility / (2 * std::sqrt(dt) * steps) - rate * sums);
  gradient[4] = -discount * paid;
  return discount * sums;
}

}  // namespace bench::asian
#endif
