// benchmarks/autodiff/lstm_simd.hpp: the gradient of ADBench's LSTM by hand, eight units at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Time goes on one step after the other, and so do the layers; but a layer can take a step while the next one takes the
// step before. Of a step the gates and the cell are kept, for what is hidden is the product of two of them.
#pragma once
#include "lstm.hpp"
#include "simd.hpp"

#if BENCH_HAND

namespace bench::lstm {
using simd::Pack;

/// The gradient for so many layers and units.
template <size_t Layers, size_t Width>
class Simd {
 public:
  double operator()(const Model& m, const double* p, const double* start, const double* text, double* gradient) {
    const size_t steps = m.length - 1;
    kept_.resize(m.length);
    text_ = text;
    for (size_t l = 0; l < Layers; ++l)
      for (size_t k = 0; k < packs; ++k) {
        for (size_t i = 0; i < 8; ++i) simd::store(gates_[l].of[i][k], read(p + (8 * l + i) * Width, k));
        simd::store(kept_[0].layer[l].out[k], read(start + 2 * l * Width, k));
        simd::store(kept_[0].layer[l].curve[k], simd::all(1));
        simd::store(kept_[0].layer[l].cell[k], read(start + (2 * l + 1) * Width, k));
      }
    for (size_t i = 0; i < 3; ++i)
      for (size_t k = 0; k < packs; ++k) simd::store(extra_[i][k], read(p + (8 * Layers + i) * Width, k));
    forwards(steps);
    sums_ = {};
    const double scale = -1 / static_cast<double>(steps * Width);
    __m512d total = _mm512_setzero_pd();
    for (size_t begin = (steps - 1) / 8 * 8, end = steps; end > 0; end = begin, begin -= 8) {
      total = _mm512_add_pd(total, likelihood(begin, end, scale));
      for (size_t t = end; t-- > begin;) go_back(t, likelihood_[t - begin]);
    }
    for (size_t l = 0; l < Layers; ++l)
      for (size_t i = 0; i < 8; ++i) write(sums_.gates[l].of[i], gradient + (8 * l + i) * Width);
    for (size_t i = 0; i < 3; ++i) write(sums_.extra[i], gradient + (8 * Layers + i) * Width);
    return _mm512_reduce_add_pd(total) * scale;
  }
  size_t bytes() const { return sizeof(*this) + kept_.size() * sizeof(Step); }

 private:
  static constexpr size_t packs = (Width + simd::lanes - 1) / simd::lanes;
  using Units = Pack[packs];
  struct Gates {
    Units of[8];  // weights, then biases, of the gates: forget, in, out, change
  };
  struct Layer {
    Units forget, in, out, change, curve, cell;  // curve: tanh of the cell
  };
  struct Step {
    Layer layer[Layers];
  };
  struct Sums {
    Gates gates[Layers];
    Units extra[3], hidden[Layers], cell[Layers];  // derivatives with respect to what a step begins with
  };

  static __mmask8 there(size_t k) { return simd::first_lanes(Width - k * simd::lanes); }
  static __m512d read(const double* p, size_t k) { return _mm512_maskz_loadu_pd(there(k), p + k * simd::lanes); }
  static void write(const Units& from, double* p) {
    for (size_t k = 0; k < packs; ++k) _mm512_mask_storeu_pd(p + k * simd::lanes, there(k), simd::load(from[k]));
  }
  static void add(Pack& sum, __m512d x) { simd::store(sum, _mm512_add_pd(simd::load(sum), x)); }
  static void add(Pack& sum, __m512d x, __m512d y) { simd::store(sum, _mm512_fmadd_pd(x, y, simd::load(sum))); }

  __m512d bits(size_t t, size_t k) const { return read(text_ + t * Width, k); }
  // Before step t.
  __m512d hidden(size_t l, size_t t, size_t k) const {
    const Layer& of = kept_[t].layer[l];
    return _mm512_mul_pd(simd::load(of.out[k]), simd::load(of.curve[k]));
  }
  __m512d input(size_t l, size_t t, size_t k) const {
    return l == 0 ? _mm512_mul_pd(bits(t, k), simd::load(extra_[0][k])) : hidden(l - 1, t + 1, k);
  }

  // A step is made of three parts, which the layers take in turn, each layer two steps behind the one before it: so
  // what a part needs was computed a part ago, and the time a unit takes for one is that of the others.
  void forwards(size_t steps) {
    const auto each = [&](size_t wave, auto part) {
      for (size_t l = 0; l < Layers; ++l)
        if (wave >= 2 * l && wave - 2 * l < steps) (this->*part)(l, wave - 2 * l);
    };
    each(0, &Simd::see);
    for (size_t wave = 0; wave < steps + 2 * (Layers - 1); ++wave)
      each(wave, &Simd::recall), each(wave, &Simd::settle), each(wave + 1, &Simd::see);
  }
  __m512d gate(size_t l, size_t i, size_t k, __m512d of) const {
    return _mm512_fmadd_pd(of, simd::load(gates_[l].of[i][k]), simd::load(gates_[l].of[4 + i][k]));
  }
  // The gates that depend on the input, those that depend on what is hidden, and what comes of them.
  void see(size_t l, size_t t) {
    Layer& to = kept_[t + 1].layer[l];
#pragma GCC unroll 4
    for (size_t k = 0; k < packs; ++k) {
      const __m512d x = input(l, t, k);
      simd::store(to.forget[k], simd::sigmoid(gate(l, 0, k, x)));
      simd::store(to.out[k], simd::sigmoid(gate(l, 2, k, x)));
    }
  }
  void recall(size_t l, size_t t) {
    Layer& to = kept_[t + 1].layer[l];
#pragma GCC unroll 4
    for (size_t k = 0; k < packs; ++k) {
      const __m512d h = hidden(l, t, k);
      simd::store(to.in[k], simd::sigmoid(gate(l, 1, k, h)));
      simd::store(to.change[k], simd::tanh(gate(l, 3, k, h)));
    }
  }
  void settle(size_t l, size_t t) {
    Layer& to = kept_[t + 1].layer[l];
#pragma GCC unroll 4
    for (size_t k = 0; k < packs; ++k) {
      const __m512d kept = _mm512_mul_pd(simd::load(kept_[t].layer[l].cell[k]), simd::load(to.forget[k]));
      const __m512d cell = _mm512_fmadd_pd(simd::load(to.in[k]), simd::load(to.change[k]), kept);
      simd::store(to.cell[k], cell);
      simd::store(to.curve[k], simd::tanh(cell));
    }
  }

  // Derivatives with respect to what eight steps at most predict; returns the sum of the likelihoods.
  __m512d likelihood(size_t begin, size_t end, double scale) {
    __m512d total = _mm512_setzero_pd(), sum[8] = {}, ones[8] = {};
    for (size_t j = 0; j < end - begin; ++j)
      for (size_t k = 0; k < packs; ++k) {
        const __m512d next = bits(begin + j + 1, k), h = hidden(Layers - 1, begin + j + 1, k);
        const __m512d predicted = _mm512_fmadd_pd(h, simd::load(extra_[1][k]), simd::load(extra_[2][k]));
        const __m512d e = _mm512_maskz_mov_pd(there(k), simd::exp(predicted));
        simd::store(likelihood_[j][k], e);
        sum[j] = _mm512_add_pd(sum[j], e);
        ones[j] = _mm512_add_pd(ones[j], next);
        total = _mm512_fmadd_pd(next, predicted, total);
      }
    const __m512d all = _mm512_add_pd(simd::sums(sum), simd::all(2)), expected = simd::sums(ones);
    Pack shares;
    simd::store(shares, _mm512_div_pd(expected, all));
    for (size_t j = 0; j < end - begin; ++j)
      for (size_t k = 0; k < packs; ++k) {
        const __m512d next = bits(begin + j + 1, k);
        const __m512d d = _mm512_fnmadd_pd(simd::all(shares.lane[j]), simd::load(likelihood_[j][k]), next);
        simd::store(likelihood_[j][k], _mm512_mul_pd(simd::all(scale), d));
      }
    return _mm512_fnmadd_pd(expected, simd::log(all), total);
  }

  // Through step t; d are derivatives with respect to what it predicts.
  void go_back(size_t t, const Units& d) {
    __m512d dx[packs];
#pragma GCC unroll 4
    for (size_t k = 0; k < packs; ++k) {
      const __m512d dk = simd::load(d[k]);
      add(sums_.extra[1][k], dk, hidden(Layers - 1, t + 1, k));
      add(sums_.extra[2][k], dk);
      dx[k] = _mm512_mul_pd(dk, simd::load(extra_[1][k]));
    }
    for (size_t l = Layers; l-- > 0;)
#pragma GCC unroll 4
      for (size_t k = 0; k < packs; ++k) dx[k] = pull(l, t, k, dx[k]);
#pragma GCC unroll 4
    for (size_t k = 0; k < packs; ++k) add(sums_.extra[0][k], dx[k], bits(t, k));
  }
  // Through a layer; returns derivatives with respect to its input.
  __m512d pull(size_t l, size_t t, size_t k, __m512d dx) {
    const Layer& of = kept_[t + 1].layer[l];
    const __m512d forget = simd::load(of.forget[k]), in = simd::load(of.in[k]), out = simd::load(of.out[k]);
    const __m512d change = simd::load(of.change[k]), curve = simd::load(of.curve[k]);
    const __m512d x = input(l, t, k), h = hidden(l, t, k), cell = simd::load(kept_[t].layer[l].cell[k]);
    const auto times = [](__m512d a, __m512d b) { return _mm512_mul_pd(a, b); };
    const auto minus_product = [](__m512d a, __m512d b, __m512d c) { return _mm512_fnmadd_pd(b, c, a); };
    const __m512d dh = _mm512_add_pd(dx, simd::load(sums_.hidden[l][k]));
    const __m512d slope = times(out, minus_product(simd::all(1), curve, curve));
    const __m512d dc = _mm512_fmadd_pd(dh, slope, simd::load(sums_.cell[l][k]));
    // With respect to the gates' arguments.
    const __m512d dforget = times(dc, times(cell, minus_product(forget, forget, forget)));
    const __m512d din = times(dc, times(change, minus_product(in, in, in)));
    const __m512d dout = times(dh, times(curve, minus_product(out, out, out)));
    const __m512d dchange = times(dc, times(in, minus_product(simd::all(1), change, change)));
    Units* const sums = sums_.gates[l].of;
    add(sums[0][k], dforget, x), add(sums[1][k], din, h), add(sums[2][k], dout, x), add(sums[3][k], dchange, h);
    add(sums[4][k], dforget), add(sums[5][k], din), add(sums[6][k], dout), add(sums[7][k], dchange);
    const auto weight = [&](size_t i) { return simd::load(gates_[l].of[i][k]); };
    simd::store(sums_.hidden[l][k], _mm512_fmadd_pd(din, weight(1), times(dchange, weight(3))));
    simd::store(sums_.cell[l][k], times(dc, forget));
    return _mm512_fmadd_pd(dforget, weight(0), times(dout, weight(2)));
  }

  const double* text_ = nullptr;
  Gates gates_[Layers];
  Units extra_[3];
  Sums sums_;
  Units likelihood_[8];
  std::vector<Step> kept_;  // step t is at t + 1; of what is there before the first, hidden as out
};

}  // namespace bench::lstm
#endif
