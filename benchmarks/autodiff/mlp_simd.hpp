// benchmarks/autodiff/mlp_simd.hpp: the gradient of the small network by hand, eight samples at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Samples are the lanes on the way there, and for what goes back through the weights: these come in as they lie, a
// number for all lanes. Derivatives of weights are sums over samples: for them inputs are the lanes, so that what a
// layer was given is kept the other way round, too.
#pragma once
#include "mlp.hpp"
#include "simd.hpp"

#if BENCH_HAND

namespace bench::mlp {
using simd::Pack;

/// The gradient for layers of these extents, which are multiples of 8 (Out: of 4).
template <size_t In, size_t Hidden, size_t Out>
class Simd {
 public:
  double operator()(const Net& n, const double* p, const double* inputs, const double* targets, double* gradient) {
    const double *second = p + n.first(), *third = second + n.second();
    double *dsecond = gradient + n.first(), *dthird = dsecond + n.second();
    for (size_t i = 0; i < n.parameters(); ++i) gradient[i] = 0;
    const __m512d scale = simd::all(1 / static_cast<double>(n.batch));
    __m512d total = _mm512_setzero_pd();
    for (size_t s = 0; s < n.batch; s += simd::lanes, inputs += simd::lanes * In, targets += simd::lanes * Out) {
      const size_t samples = std::min(simd::lanes, n.batch - s);
      const auto same = [](__m512d x, size_t) { return x; };
      const auto tanh = [](Pack(&of)[Hidden]) {
        for (Pack& x : of) simd::store(x, simd::tanh(simd::load(x)));
      };
      turn<In>(inputs, samples, x_);
      turn<Out>(targets, samples, y_);
      layer<Hidden, In>(p, x_, h1_, same), tanh(h1_);
      layer<Hidden, Hidden>(second, h1_, h2_, same), tanh(h2_);
      layer<Out, Hidden>(third, h2_, y_, [&](__m512d y, size_t o) {
        const __m512d e = _mm512_maskz_sub_pd(simd::first_lanes(samples), y, simd::load(y_[o]));
        total = _mm512_fmadd_pd(e, e, total);
        return _mm512_mul_pd(e, scale);
      });
      turn_back(h1_, rows1_);
      turn_back(h2_, rows2_);
      const auto curve = [](Pack(&h)[Hidden]) {  // tanh' where tanh is h
        return [&h](__m512d g, size_t i) {
          const __m512d y = simd::load(h[i]);
          return _mm512_fnmadd_pd(_mm512_mul_pd(g, y), y, g);
        };
      };
      weights<Out, Hidden>(y_, rows2_, simd::lanes, dthird);
      pull<Out, Hidden>(third, y_, h2_, curve(h2_));
      weights<Hidden, Hidden>(h2_, rows1_, simd::lanes, dsecond);
      pull<Hidden, Hidden>(second, h2_, h1_, curve(h1_));
      weights<Hidden, In>(h1_, inputs, samples, gradient);
    }
    return _mm512_reduce_add_pd(_mm512_mul_pd(total, scale)) / 2;
  }
  size_t bytes() const { return sizeof(*this); }

 private:
  // Rows of samples to columns, and back.
  template <size_t N>
  static void turn(const double* rows, size_t samples, Pack (&to)[N]) {
    for (size_t i = 0; i < N; i += 8) {
      __m512d columns[8];
      simd::transpose(rows + i, N, samples, N - i, columns);
      for (size_t j = 0; j < std::min(N - i, size_t{8}); ++j) simd::store(to[i + j], columns[j]);
    }
  }
  static void turn_back(const Pack (&columns)[Hidden], double (&to)[simd::lanes * Hidden]) {
    for (size_t i = 0; i < Hidden; i += 8) {
      __m512d rows[8];
      simd::transpose(columns[i].lane, 8, 8, 8, rows);
      for (size_t s = 0; s < 8; ++s) _mm512_store_pd(to + s * Hidden + i, rows[s]);
    }
  }

  // sum[j] += sum over i of w[i * across + j * along] x[i]
  template <size_t N, size_t Tile>
  static void products(const double* w, size_t across, size_t along, const Pack* x, __m512d (&sum)[Tile]) {
    for (size_t i = 0; i < N; ++i) {
      const __m512d xi = simd::load(x[i]);
#pragma GCC unroll 16
      for (size_t j = 0; j < Tile; ++j) sum[j] = _mm512_fmadd_pd(simd::all(w[i * across + j * along]), xi, sum[j]);
    }
  }
  // y[o] = f(bias[o] + sum over i of weight[o, i] x[i], o)
  template <size_t N, size_t M, class F>
  static void layer(const double* p, const Pack (&x)[M], Pack (&y)[N], const F& f) {
    constexpr size_t tile = std::min(N, size_t{16});
    for (size_t o = 0; o < N; o += tile) {
      __m512d sum[tile];
#pragma GCC unroll 16
      for (size_t j = 0; j < tile; ++j) sum[j] = simd::all(p[N * M + o + j]);
      products<M>(p + o * M, 1, M, x, sum);
#pragma GCC unroll 16
      for (size_t j = 0; j < tile; ++j) simd::store(y[o + j], f(sum[j], o + j));
    }
  }
  // dx[i] = f(sum over o of weight[o, i] dy[o], i)
  template <size_t N, size_t M, class F>
  static void pull(const double* p, const Pack (&dy)[N], Pack (&dx)[M], const F& f) {
    constexpr size_t tile = std::min(M, size_t{16});
    for (size_t i = 0; i < M; i += tile) {
      __m512d sum[tile] = {};
      products<N>(p + i, M, 1, dy, sum);
#pragma GCC unroll 16
      for (size_t j = 0; j < tile; ++j) simd::store(dx[i + j], f(sum[j], i + j));
    }
  }
  // Adds to the gradient of a layer's parameters; `x` holds rows of samples.
  template <size_t N, size_t M>
  static void weights(const Pack (&dy)[N], const double* x, size_t samples, double* gradient) {
    constexpr size_t across = M / 8, down = std::min(N, 16 / across);
    for (size_t o = 0; o < N; o += down) {
      __m512d sum[down][across];
      double* const to = gradient + o * M;
#pragma GCC unroll 16
      for (size_t j = 0; j < down; ++j)
#pragma GCC unroll 16
        for (size_t k = 0; k < across; ++k) sum[j][k] = _mm512_loadu_pd(to + j * M + 8 * k);
      for (size_t s = 0; s < samples; ++s) {
        __m512d row[across];
#pragma GCC unroll 16
        for (size_t k = 0; k < across; ++k) row[k] = _mm512_loadu_pd(x + s * M + 8 * k);
#pragma GCC unroll 16
        for (size_t j = 0; j < down; ++j)
#pragma GCC unroll 16
          for (size_t k = 0; k < across; ++k)
            sum[j][k] = _mm512_fmadd_pd(simd::all(dy[o + j].lane[s]), row[k], sum[j][k]);
      }
#pragma GCC unroll 16
      for (size_t j = 0; j < down; ++j)
#pragma GCC unroll 16
        for (size_t k = 0; k < across; ++k) _mm512_storeu_pd(to + j * M + 8 * k, sum[j][k]);
    }
    double* const bias = gradient + N * M;
    for (size_t o = 0; o < N; o += 8) {
      __m512d d[8];
      for (size_t j = 0; j < 8; ++j) d[j] = o + j < N ? simd::load(dy[o + j]) : _mm512_setzero_pd();
      const __mmask8 mask = simd::first_lanes(N - o);
      _mm512_mask_storeu_pd(bias + o, mask, _mm512_add_pd(_mm512_maskz_loadu_pd(mask, bias + o), simd::sums(d)));
    }
  }

  // Columns: a sample is a lane. Derivatives take the place of values. Then rows.
  Pack x_[In], h1_[Hidden], h2_[Hidden], y_[Out];
  alignas(64) double rows1_[simd::lanes * Hidden], rows2_[simd::lanes * Hidden];
};

}  // namespace bench::mlp
#endif
