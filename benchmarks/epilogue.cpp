// benchmarks/epilogue.cpp: activation(a b + bias) and (x scale) w, in one pass or in two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// gelu is the approximation with tanh. `tenon_two_passes` evaluates the product first; a BLAS library's product gets
// the best separate pass there is, the hand-written one.
#include <tenon/tenon.hpp>

#include "hand_gemm.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using tenon::Tensor;

struct Layer : Reference {
  Layer(index_t m, index_t n, index_t k, bool gelu) : a(m, k), b(k, n), y(m, n), h(m, n), bias(n) {
    fill(a.data(), static_cast<std::size_t>(m * k), -0.3, 0.3, 1);
    fill(b.data(), static_cast<std::size_t>(k * n), -1, 1, 2);
    fill(bias.data(), static_cast<std::size_t>(n), -1, 1, 3);
    tolerance = 1e-5, scale = std::sqrt(static_cast<double>(k));
    expected.resize(static_cast<std::size_t>(m * n));
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < n; ++j) {
        double v = static_cast<double>(bias(j));
        for (index_t p = 0; p < k; ++p) v += static_cast<double>(a(i, p)) * static_cast<double>(b(p, j));
        expected[static_cast<std::size_t>(i * n + j)] =
            gelu ? v / 2 * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v))) : std::fmax(v, 0);
      }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  int m() const { return static_cast<int>(y.extent(0)); }
  int n() const { return static_cast<int>(y.extent(1)); }
  int k() const { return static_cast<int>(a.extent(1)); }

  Tensor<float, dyn, dyn> a, b, y, h;
  Tensor<float, dyn> bias;
};

#if BENCH_HAND
// x sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3)
inline __m512 activated(__m512 x, std::true_type) {
  const __m512 u =
      x * _mm512_fmadd_ps(_mm512_set1_ps(-0.07135481627260025f), x * x, _mm512_set1_ps(-1.5957691216057308f));
  return x / (_mm512_set1_ps(1) + hand::exp(u));
}
inline __m512 activated(__m512 x, std::false_type) { return _mm512_max_ps(x, _mm512_setzero_ps()); }

template <bool Gelu, bool Streams = false>
struct Finish {
  static constexpr bool streams = Streams;
  const float* bias;
  __m512 operator()(__m512 v, long column) const {
    return activated(v + _mm512_loadu_ps(bias + column), std::bool_constant<Gelu>{});
  }
};
template <bool Gelu>
[[gnu::noinline]] void second_pass(const float* bias, float* y, long m, long n) {
  for (long i = 0; i < m; ++i)
    for (long j = 0; j < n; j += 16) {
      float* p = y + i * n + j;
      _mm512_storeu_ps(p, Finish<Gelu>{bias}(_mm512_loadu_ps(p), j));
    }
}
#endif

// What fusing cannot save: the bare product, and the epilogue's own math, of a few rows in the first-level cache as
// often as the result has rows.
template <bool Gelu, index_t m, index_t n, index_t k>
void run_parts(benchmark::State& s) {
  constexpr index_t few = 4096 / n;
  Tensor<float, dyn, dyn> a(m, k), b(k, n), y(m, n), rows(few, n), finished(few, n);
  Tensor<float, dyn> bias(n);
  fill(a.data(), static_cast<std::size_t>(m * k), -0.3, 0.3, 1);
  fill(b.data(), static_cast<std::size_t>(k * n), -1, 1, 2);
  fill(bias.data(), static_cast<std::size_t>(n), -1, 1, 3);
  fill(rows.data(), static_cast<std::size_t>(few * n), -3, 3, 4);
  for (auto _ : s) {
    y = matmul(a, b);
    for (index_t i = 0; i < m; i += few) {
      if constexpr (Gelu) {
        finished = gelu_tanh(rows + bias);
      } else {
        finished = relu(rows + bias);
      }
      benchmark::ClobberMemory();
    }
  }
}

template <bool Gelu, index_t m, index_t n, index_t k>
void add_layer() {
  auto c = add_case<Layer>(std::string("epilogue/") + (Gelu ? "bias_gelu" : "bias_relu") + "/f32/" + std::to_string(m) +
                               "x" + std::to_string(k) + "x" + std::to_string(n),
                           [] { return new Layer(m, n, k, Gelu); });
  c.run("tenon", [](Layer& d) {
    if constexpr (Gelu)
      d.y = gelu_tanh(matmul(d.a, d.b) + d.bias);
    else
      d.y = relu(matmul(d.a, d.b) + d.bias);
  });
  c.run("tenon_two_passes", [](Layer& d) {
    d.h = matmul(d.a, d.b);
    if constexpr (Gelu)
      d.y = gelu_tanh(d.h + d.bias);
    else
      d.y = relu(d.h + d.bias);
  });
  c.bound("peak", [](benchmark::State& s) { run_peak<float>(s, static_cast<double>(m * n * k)); });
  c.bound("tenon_parts", run_parts<Gelu, m, n, k>);
#if BENCH_HAND
  c.run("hand", [](Layer& d) {
    constexpr bool large = m * n >= 4'000'000;
    const Finish<Gelu, large> finish{d.bias.data()};
    hand::product<float, m, n, k, large>(d.a.data(), d.b.data(), d.y.data(), finish);
  });
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](Layer& d) {
      blas.gemm(d.m(), d.n(), d.k(), d.a.data(), d.b.data(), d.y.data());
      second_pass<Gelu>(d.bias.data(), d.y.data(), d.m(), d.n());
    });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](Layer& d) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using In = Eigen::Map<const Matrix, Eigen::Aligned64>;
    Eigen::Map<Matrix, Eigen::Aligned64> y(d.y.data(), d.m(), d.n());
    const Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>, Eigen::Aligned64> bias(d.bias.data(), d.n());
    y.noalias() = In(d.a.data(), d.m(), d.k()) * In(d.b.data(), d.k(), d.n());
    for (Eigen::Index i = 0; i < y.rows(); ++i) {  // by rows: what is a sum and an activation is one pass
      auto v = y.row(i).array();
      if constexpr (Gelu) {
        v += bias;
        v = v * 0.5f * (1 + (0.7978845608f * (v + 0.044715f * v.cube())).tanh());
      } else {
        v = (v + bias).max(0.0f);
      }
    }
  });
#endif
  c.peers([](Layer& d) {
    return Operands{{d.m(), d.n(), d.k()}, {d.a.data(), d.b.data(), d.bias.data(), d.y.data()}};
  });
}

// (x scale) w: the scaled matrix is not stored, or it is a pass of its own.
struct Scaled : Reference {
  Scaled(index_t m, index_t n, index_t k) : x(m, k), w(k, n), y(m, n), h(m, k), scales(k) {
    fill(x.data(), static_cast<std::size_t>(m * k), -0.3, 0.3, 1);
    fill(w.data(), static_cast<std::size_t>(k * n), -1, 1, 2);
    fill(scales.data(), static_cast<std::size_t>(k), -1, 1, 3);
    tolerance = 1e-5, scale = std::sqrt(static_cast<double>(k));
    expected.resize(static_cast<std::size_t>(m * n));
    for (index_t i = 0; i < m; ++i)
      for (index_t p = 0; p < k; ++p) {
        const double v = static_cast<double>(x(i, p)) * static_cast<double>(scales(p));
        for (index_t j = 0; j < n; ++j)
          expected[static_cast<std::size_t>(i * n + j)] += v * static_cast<double>(w(p, j));
      }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  Tensor<float, dyn, dyn> x, w, y, h;
  Tensor<float, dyn> scales;
};
void add_scaled(index_t m, index_t n, index_t k) {
  auto c =
      add_case<Scaled>("epilogue/scaled/f32/" + std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n),
                       [=] { return new Scaled(m, n, k); });
  c.run("tenon", [](Scaled& d) { d.y = matmul(d.x * d.scales, d.w); });
  c.run("tenon_two_passes", [](Scaled& d) {
    d.h = d.x * d.scales;
    d.y = matmul(d.h, d.w);
  });
  c.bound("peak", [=](benchmark::State& s) { run_peak<float>(s, static_cast<double>(m * n * k)); });
#if BENCH_EIGEN
  c.run("eigen", [](Scaled& d) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto in = [](auto& t) {
      return Eigen::Map<const Matrix, Eigen::Aligned64>(t.data(), t.extent(0), t.extent(1));
    };
    const Eigen::Map<const Eigen::RowVectorXf, Eigen::Aligned64> scales(d.scales.data(), d.scales.extent(0));
    Eigen::Map<Matrix, Eigen::Aligned64> y(d.y.data(), d.y.extent(0), d.y.extent(1));
    y.noalias() = in(d.x) * scales.asDiagonal() * in(d.w);
  });
#endif
}

const Area area([] {
  add_scaled(2048, 32, 2048), add_scaled(2048, 512, 64);
  add_layer<false, 256, 256, 256>(), add_layer<true, 256, 256, 256>();
  add_layer<false, 512, 512, 64>(), add_layer<true, 512, 512, 64>();
  add_layer<false, 2048, 2048, 32>(),
      add_layer<false, 2048, 2048, 64>();  // results as large as caches, and little work
});

}  // namespace
}  // namespace bench
