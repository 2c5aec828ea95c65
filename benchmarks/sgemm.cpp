// benchmarks/sgemm.cpp: matrix products in float, and a vector times a matrix.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gemm.hpp"

namespace bench {
namespace {

struct MatVec : Reference {
  MatVec() : x(784), w(784, 128), y(128) {
    fill(x.data(), 784, -1, 1, 1);
    fill(w.data(), 784 * 128, -1, 1, 2);
    tolerance = 1e-5, scale = 28;
    expected.assign(128, 0);
    for (index_t p = 0; p < 784; ++p)
      for (index_t j = 0; j < 128; ++j)
        expected[static_cast<std::size_t>(j)] += static_cast<double>(x(p)) * static_cast<double>(w(p, j));
  }
  std::span<float> result() { return {y.data(), 128}; }
  Tensor<float, dyn> x;
  Tensor<float, dyn, dyn> w;
  Tensor<float, dyn> y;
};
#if BENCH_HAND
// All 128 sums in registers. The matrix, which lies in the second-level cache, is read at eight places at once: more
// lines are on their way than where one row follows the other.
[[gnu::noinline]] void matvec(const float* x, const float* w, float* y) {
  constexpr long places = 8, rows = 784 / places;
  __m512 sum[8] = {};
  for (long p = 0; p < rows; ++p)
#pragma GCC unroll 8
    for (long r = 0; r < places; ++r) {
      const long i = r * rows + p;
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j)
        sum[j] = _mm512_fmadd_ps(_mm512_set1_ps(x[i]), _mm512_loadu_ps(w + i * 128 + j * 16), sum[j]);
    }
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) _mm512_storeu_ps(y + j * 16, sum[j]);
}
#endif

void add_matvec() {
  auto c = add_case<MatVec>("sgemm/matvec/f32/784x128", [] { return new MatVec; });
  c.run("tenon", [](MatVec& d) { d.y = matmul(d.x, d.w); });
#if BENCH_HAND
  c.run("hand", [](MatVec& d) { matvec(d.x.data(), d.w.data(), d.y.data()); });
#endif
  c.bound("peak", [](benchmark::State& s) { run_peak<float>(s, 784 * 128); });
#if BENCH_EIGEN
  c.run("eigen", [](MatVec& d) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<Eigen::RowVectorXf, Eigen::Aligned64>(d.y.data(), 128).noalias() =
        Eigen::Map<const Eigen::RowVectorXf, Eigen::Aligned64>(d.x.data(), 784) *
        Eigen::Map<const Matrix, Eigen::Aligned64>(d.w.data(), 784, 128);
  });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](MatVec& d) {
      blas.sgemv(Blas::row_major, Blas::transposed, 784, 128, 1, d.w.data(), 128, d.x.data(), 1, 0, d.y.data(), 1);
    });
}

// y = w x: dot products of the rows.
struct RowsByVector : Reference {
  RowsByVector(index_t m, index_t k) : w(m, k), x(k), y(m) {
    fill(w.data(), static_cast<std::size_t>(m * k), -1, 1, 1);
    fill(x.data(), static_cast<std::size_t>(k), -1, 1, 2);
    tolerance = 1e-5, scale = std::sqrt(static_cast<double>(k));
    expected.assign(static_cast<std::size_t>(m), 0);
    for (index_t i = 0; i < m; ++i)
      for (index_t p = 0; p < k; ++p)
        expected[static_cast<std::size_t>(i)] += static_cast<double>(w(i, p)) * static_cast<double>(x(p));
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  Tensor<float, dyn, dyn> w;
  Tensor<float, dyn> x, y;
};
template <int M, int K>
void add_rows_by_vector() {
  constexpr index_t m = M, k = K;
  auto c = add_case<RowsByVector>("sgemm/rows_by_vector/f32/" + std::to_string(m) + "x" + std::to_string(k),
                                  [=] { return new RowsByVector(m, k); });
  c.run("tenon", [](RowsByVector& d) { d.y = matmul(d.w, d.x); });
#if BENCH_HAND
  c.run("hand", [](RowsByVector& d) { hand::rows_by_vector<M, K>(d.w.data(), d.x.data(), d.y.data()); });
#endif
  c.bound("peak", [=](benchmark::State& s) { run_peak<float>(s, static_cast<double>(m * k)); });
#if BENCH_EIGEN
  c.run("eigen", [](RowsByVector& d) {
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<Eigen::VectorXf, Eigen::Aligned64>(d.y.data(), d.y.size()).noalias() =
        Eigen::Map<const Matrix, Eigen::Aligned64>(d.w.data(), d.w.extent(0), d.w.extent(1)) *
        Eigen::Map<const Eigen::VectorXf, Eigen::Aligned64>(d.x.data(), d.x.size());
  });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](RowsByVector& d) {
      blas.sgemv(Blas::row_major, Blas::plain, static_cast<int>(m), static_cast<int>(k), 1, d.w.data(),
                 static_cast<int>(k), d.x.data(), 1, 0, d.y.data(), 1);
    });
}

const Area area([] {
  add_products<float>();
  add_product<float, dyn, dyn, dyn>("mlp", 32, 128, 784);
  add_matvec();
  add_rows_by_vector<4, 4>();
  add_rows_by_vector<16, 64>();
  add_rows_by_vector<100, 100>();
});

}  // namespace
}  // namespace bench
