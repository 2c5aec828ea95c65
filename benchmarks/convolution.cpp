// benchmarks/convolution.cpp: images with 3 x 3 filters, as a contraction over windows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An image's result is one matrix product: [filters, (c, y, x)] by [(c, y, x), (h, w)], the second of which (im2col) is
// a look at the image. A BLAS library needs it laid out; tenon reads it while it packs, `hand` while it multiplies.
#include <tenon/tenon.hpp>

#include "hand_gemm.hpp"
#include "peers.hpp"

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using Rank4 = tenon::Tensor<float, dyn, dyn, dyn, dyn>;

constexpr index_t images = 8, channels = 32, side = 28, filters = 64, window = 3;
constexpr index_t out = side - window + 1, places = out * out, depth = channels * window * window;

struct Images : Reference {
  Images() : x(images, channels, side, side), w(filters, channels, window, window), y(images, filters, out, out) {
    fill(x.data(), static_cast<std::size_t>(x.size()), -1, 1, 1);
    fill(w.data(), static_cast<std::size_t>(w.size()), -1, 1, 2);
    tolerance = 1e-5, scale = std::sqrt(static_cast<double>(depth));
    expected.assign(static_cast<std::size_t>(y.size()), 0);
    double* to = expected.data();
    for (index_t n = 0; n < images; ++n)
      for (index_t o = 0; o < filters; ++o, to += places)
        for (index_t p = 0; p < depth; ++p) {
          const double f = static_cast<double>(w.data()[o * depth + p]);
          const float* from = row(n, p);
          for (index_t i = 0; i < places; ++i) to[i] += f * static_cast<double>(from[i / out * side + i % out]);
        }
  }
  /// Where element p = (c, y, x) of image n's first window lies.
  const float* row(index_t n, index_t p) const {
    const index_t c = p / (window * window), i = p / window % window, j = p % window;
    return x.data() + ((n * channels + c) * side + i) * side + j;
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  Rank4 x, w, y;
};

#if BENCH_HAND
// Transposed: 13 neighbouring places of a row by 32 filters stay in registers. An element of the image is broadcast
// from where it lies, so nothing of it is packed; half of the filters, [(c, y, x), 32], stays in the first-level cache.
constexpr int neighbours = 13, together = 32;
static_assert(out % neighbours == 0 && filters % together == 0);

inline void tile(const float* x, const float* w, float* to) {
  __m512 sum[neighbours][2];
#pragma GCC unroll 16
  for (auto& s : sum) s[0] = s[1] = _mm512_setzero_ps();
  for (index_t c = 0; c < channels; ++c, x += side * side)
    for (index_t i = 0; i < window; ++i)
#pragma GCC unroll 1  // or elements would be kept for the next j, and sums would not stay in registers
      for (index_t j = 0; j < window; ++j, w += together) {
        const __m512 low = _mm512_loadu_ps(w), high = _mm512_loadu_ps(w + 16);
#pragma GCC unroll 16
        for (int p = 0; p < neighbours; ++p) {
          const __m512 v = _mm512_set1_ps(x[i * side + j + p]);
          sum[p][0] = _mm512_fmadd_ps(v, low, sum[p][0]), sum[p][1] = _mm512_fmadd_ps(v, high, sum[p][1]);
        }
      }
#pragma GCC unroll 16
  for (int p = 0; p < neighbours; ++p)
    _mm512_storeu_ps(to + p * together, sum[p][0]), _mm512_storeu_ps(to + p * together + 16, sum[p][1]);
}
[[gnu::noinline]] void convolve(const float* x, const float* w, float* y) {
  alignas(64) static float packed[depth * together], sums[16 * together], turned[together * 16];
  for (index_t o = 0; o < filters; o += together) {
    for (index_t p = 0; p < depth; ++p)
      for (index_t f = 0; f < together; ++f) packed[p * together + f] = w[(o + f) * depth + p];
    for (index_t n = 0; n < images; ++n)
      for (index_t i = 0; i < places; i += neighbours) {
        tile(x + n * channels * side * side + i / out * side + i % out, packed, sums);
        hand::turn(sums, 16, together, turned, 16);
        float* to = y + (n * filters + o) * places + i;
        for (index_t f = 0; f < together; ++f)
          _mm512_mask_storeu_ps(to + f * places, (1u << neighbours) - 1, _mm512_load_ps(turned + f * 16));
      }
  }
}
#endif

const Area area([] {
  auto c = add_case<Images>("convolution/3x3/f32/8,32,28,28;64", [] { return new Images; });
  c.run("tenon", [](Images& d) {
    d.y = tenon::einsum<"nchwyx,ocyx->nohw">(tenon::windows<3, window>(tenon::windows<2, window>(d.x)), d.w);
  });
  c.bound("peak", [](auto& s) { run_peak<float>(s, static_cast<double>(images * filters * places * depth)); });
#if BENCH_HAND
  c.run("hand", [](Images& d) { convolve(d.x.data(), d.w.data(), d.y.data()); });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](Images& d) {
      static std::vector<float> laid_out(static_cast<std::size_t>(depth * places));
      for (index_t n = 0; n < images; ++n) {
        float* to = laid_out.data();
        for (index_t p = 0; p < depth; ++p)
          for (index_t h = 0; h < out; ++h, to += out)
            __builtin_memcpy(to, d.row(n, p) + h * side, out * sizeof(float));
        blas.gemm(filters, places, depth, d.w.data(), laid_out.data(), d.y.data() + n * filters * places);
      }
    });
  c.peers([](Images& d) {
    return Operands{{images, channels, side, side, filters, window, window}, {d.x.data(), d.w.data(), d.y.data()}};
  });
});

}  // namespace
}  // namespace bench
