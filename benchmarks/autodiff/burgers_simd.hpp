// benchmarks/autodiff/burgers_simd.hpp: the adjoint of the stepper for Burgers' equation by hand, eight cells at a
// time. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All cells stay in registers from step to step, on the way there and on the way back; neighbours come from shifting
// registers, as what was just stored could not be loaded at other places without waiting for it.
#pragma once
#include "burgers.hpp"
#include "simd.hpp"

#if BENCH_HAND

namespace bench::burgers {
using simd::Pack;

/// The gradient for so many cells.
template <std::size_t Cells>
class Simd {
 public:
  double operator()(const Grid& g, const double* initial, double* gradient) {
    const std::size_t steps = static_cast<std::size_t>(g.steps);
    kept_.resize(steps * packs + 2);  // and one on each side, where neighbours are read
    c_ = simd::all(g.advection()), d_ = simd::all(g.diffusion()), rest_ = simd::all(1 - 2 * g.diffusion());
    __m512d x[packs], sum = _mm512_setzero_pd();
#pragma GCC unroll 16
    for (std::size_t k = 0; k < packs; ++k) x[k] = _mm512_maskz_loadu_pd(there(k), initial + k * simd::lanes);
    for (std::size_t step = 0; step < steps; ++step) advance(x, kept_.data() + 1 + step * packs);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < packs; ++k) {
      sum = _mm512_fmadd_pd(x[k], x[k], sum);
      x[k] = _mm512_maskz_add_pd(inner(k), x[k], x[k]);
    }
    for (std::size_t step = steps; --step > 0;) go_back<false>(x, kept_.data() + 1 + step * packs);
    go_back<true>(x, kept_.data() + 1);  // the ends are zero from then on
#pragma GCC unroll 16
    for (std::size_t k = 0; k < packs; ++k) _mm512_mask_storeu_pd(gradient + k * simd::lanes, there(k), x[k]);
    return _mm512_reduce_add_pd(sum);
  }
  std::size_t bytes() const { return kept_.size() * sizeof(Pack); }

 private:
  static constexpr std::size_t packs = (Cells + simd::lanes - 1) / simd::lanes;
  using Row = __m512d[packs];
  static __mmask8 there(std::size_t k) { return simd::first_lanes(Cells - k * simd::lanes); }
  static __mmask8 inner(std::size_t k) {  // all but the ends
    return simd::first_lanes(Cells - 1 - k * simd::lanes) & (k == 0 ? 0xfe : 0xff);
  }
  // The neighbours on the left of x, and on the right.
  static __m512d left(__m512d before, __m512d x) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(x), _mm512_castpd_si512(before), 7));
  }
  static __m512d right(__m512d x, __m512d after) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(after), _mm512_castpd_si512(x), 1));
  }

  void advance(Row& x, Pack* to) const {
    __m512d before = _mm512_setzero_pd();
#pragma GCC unroll 16
    for (std::size_t k = 0; k < packs; ++k) {
      const __m512d u = x[k], l = left(before, u), r = right(u, k + 1 < packs ? x[k + 1] : _mm512_setzero_pd());
      simd::store(to[k], u);
      before = u;
      const __m512d share = _mm512_fnmadd_pd(c_, _mm512_sub_pd(r, l), rest_);
      x[k] = _mm512_maskz_fmadd_pd(inner(k), u, share, _mm512_mul_pd(d_, _mm512_add_pd(r, l)));
    }
  }
  // x are derivatives, with respect to the ends as well if asked for.
  template <bool Ends>
  void go_back(Row& x, const Pack* from) const {
    const auto to_left = [&](std::size_t k) {
      return _mm512_mul_pd(x[k], _mm512_fmadd_pd(c_, simd::load(from[k]), d_));
    };
    __m512d before = _mm512_setzero_pd(), now = to_left(0);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < packs; ++k) {
      const double* const u = from[k].lane;
      const __m512d to_right = _mm512_mul_pd(x[k], _mm512_fnmadd_pd(c_, simd::load(from[k]), d_));
      const __m512d after = k + 1 < packs ? to_left(k + 1) : _mm512_setzero_pd();
      const __m512d share = _mm512_fnmadd_pd(c_, _mm512_sub_pd(_mm512_loadu_pd(u + 1), _mm512_loadu_pd(u - 1)), rest_);
      const __m512d others = _mm512_add_pd(left(before, to_right), right(now, after));
      x[k] = _mm512_maskz_fmadd_pd(Ends ? there(k) : inner(k), x[k], share, others);
      before = to_right, now = after;
    }
  }

  __m512d c_, d_, rest_;
  std::vector<Pack> kept_;
};

}  // namespace bench::burgers
#endif
