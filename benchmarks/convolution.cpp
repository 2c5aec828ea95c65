// benchmarks/convolution.cpp: images with 3 x 3 filters, as a contraction over windows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The filters of an image are one matrix product: [filters, (c, y, x)] by [(c, y, x), (h, w)], the second of which
// (im2col) is a look at the image. A BLAS library needs it laid out, `hand` reads it while it packs its panels.
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
// The matrix [(c, y, x), (h, w)] of an image, read without laying it out: pieces of the image's rows.
struct Windows {
  const float* image;
  [[gnu::always_inline]] void operator()(long p, long column, long count, float* to) const {
    const float* from = image + (p / 9 * side + p / 3 % 3) * side + p % 3;
    for (long done = 0; done < count;) {
      const long w = (column + done) % out, piece = std::min(out - w, count - done);
      const float* f = from + (column + done) / out * side + w;
      for (long i = 0; i < piece; i += 16) {
        const auto mask = static_cast<__mmask16>(piece - i >= 16 ? 0xffff : (1u << (piece - i)) - 1);
        const __m512 v = _mm512_maskz_loadu_ps(mask, f + i);
        // Whole stores where there is room: what is too much is overwritten next, and masked ones delay later loads.
        done + i + 16 <= count ? _mm512_storeu_ps(to + done + i, v) : _mm512_mask_storeu_ps(to + done + i, mask, v);
      }
      done += piece;
    }
    // Up to a whole vector.
    for (long i = count; i % 16; ++i) to[i] = 0;
  }
};
#endif

const Area area([] {
  auto c = add_case<Images>("convolution/3x3/f32/8,32,28,28;64", [] { return new Images; });
  c.run("tenon", [](Images& d) {
    d.y = tenon::einsum<"nchwyx,ocyx->nohw">(tenon::windows<3, window>(tenon::windows<2, window>(d.x)), d.w);
  });
  c.bound("peak", [](auto& s) { run_peak<float>(s, static_cast<double>(images * filters * places * depth)); });
#if BENCH_HAND
  c.run("hand", [](Images& d) {
    for (index_t n = 0; n < images; ++n)
      hand::gemm<float>(filters, places, depth, hand::Dense<float>{d.w.data(), depth}, Windows{d.row(n, 0)},
                        d.y.data() + n * filters * places, places, hand::Plain{});
  });
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
