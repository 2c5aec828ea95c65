// benchmarks/einsum.cpp: contractions of tensors of rank 3 and 4.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/tenon.hpp>

#include "hand_gemm.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <unsupported/Eigen/CXX11/Tensor>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::einsum;
using tenon::index_t;
using tenon::Tensor;
using Rank2 = Tensor<float, dyn, dyn>;
using Rank3 = Tensor<float, dyn, dyn, dyn>;
using Rank4 = Tensor<float, dyn, dyn, dyn, dyn>;

template <class A, class B, class C>
struct Contraction : Reference {
  // `terms(f)` calls f(x, y, z) for every product a[x] b[y] that is added to c[z].
  Contraction(A x, B y, C z, double contracted, auto terms)
      : a(static_cast<A&&>(x)), b(static_cast<B&&>(y)), c(static_cast<C&&>(z)) {
    fill(a.data(), static_cast<std::size_t>(a.size()), -1, 1, 1);
    fill(b.data(), static_cast<std::size_t>(b.size()), -1, 1, 2);
    tolerance = 1e-5, scale = std::sqrt(contracted);
    expected.assign(static_cast<std::size_t>(c.size()), 0);
    terms([&](index_t i, index_t j, index_t k) {
      expected[static_cast<std::size_t>(k)] += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[j]);
    });
  }
  std::span<float> result() { return {c.data(), expected.size()}; }
  A a;
  B b;
  C c;
};

#if BENCH_EIGEN
template <int Rank>
using EigenIn = Eigen::TensorMap<Eigen::Tensor<const float, Rank, Eigen::RowMajor>, Eigen::Aligned64>;
template <int Rank>
using EigenOut = Eigen::TensorMap<Eigen::Tensor<float, Rank, Eigen::RowMajor>, Eigen::Aligned64>;
using Pair = Eigen::IndexPair<int>;
#endif

// ---- ijk,kl->ijl: a matrix product, if one sees that i and j lie together -------------------------------------------

using Stacked = Contraction<Rank3, Rank2, Rank3>;
constexpr index_t I = 32, J = 32, K = 128, L = 128;

void add_stacked() {
  auto c = add_case<Stacked>("einsum/ijk,kl->ijl/f32/32,32,128,128", [] {
    return new Stacked(Rank3(I, J, K), Rank2(K, L), Rank3(I, J, L), K, [](auto f) {
      for (index_t i = 0; i < I * J; ++i)
        for (index_t k = 0; k < K; ++k)
          for (index_t l = 0; l < L; ++l) f(i * K + k, k * L + l, i * L + l);
    });
  });
  c.run("tenon", [](Stacked& d) { d.c = einsum<"ijk,kl->ijl">(d.a, d.b); });
  c.bound("peak", [](auto& s) { run_peak<float>(s, I * J * K * L); });
#if BENCH_HAND
  c.run("hand", [](Stacked& d) { hand::product<float, I * J, L, K>(d.a.data(), d.b.data(), d.c.data()); });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](Stacked& d) { blas.gemm(I * J, L, K, d.a.data(), d.b.data(), d.c.data()); });
#if BENCH_EIGEN
  c.run("eigen", [](Stacked& d) {
    const Eigen::array<Pair, 1> pairs{Pair(2, 0)};
    EigenOut<3>(d.c.data(), I, J, L) = EigenIn<3>(d.a.data(), I, J, K).contract(EigenIn<2>(d.b.data(), K, L), pairs);
  });
#endif
}

// ---- bhqd,bhkd->bhqk: the scores of attention -----------------------------------------------------------------------

using Scores = Contraction<Rank4, Rank4, Rank4>;
constexpr index_t heads = 16, Q = 128, D = 64;  // b = 2, h = 8; as many keys as queries

void add_scores() {
  auto c = add_case<Scores>("einsum/bhqd,bhkd->bhqk/f32/2,8,128,128,64", [] {
    return new Scores(Rank4(2, 8, Q, D), Rank4(2, 8, Q, D), Rank4(2, 8, Q, Q), D, [](auto f) {
      for (index_t h = 0; h < heads; ++h)
        for (index_t q = 0; q < Q; ++q)
          for (index_t k = 0; k < Q; ++k)
            for (index_t d = 0; d < D; ++d) f((h * Q + q) * D + d, (h * Q + k) * D + d, (h * Q + q) * Q + k);
    });
  });
  c.run("tenon", [](Scores& d) { d.c = einsum<"bhqd,bhkd->bhqk">(d.a, d.b); });
  c.bound("peak", [](auto& s) { run_peak<float>(s, heads * Q * Q * D); });
#if BENCH_HAND
  c.run("hand", [](Scores& d) {
    for (index_t h = 0; h < heads; ++h) {
      const float* b = d.b.data() + h * Q * D;
      alignas(64) static float turned[D * Q];
      hand::turn(b, Q, D, turned, Q);
      hand::product<float, Q, Q, D>(d.a.data() + h * Q * D, turned, d.c.data() + h * Q * Q);
    }
  });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](Scores& d) {
      for (index_t h = 0; h < heads; ++h)
        blas.gemm(Q, Q, D, d.a.data() + h * Q * D, d.b.data() + h * Q * D, d.c.data() + h * Q * Q, true);
    });
#if BENCH_EIGEN
  c.run("eigen", [](Scores& d) {
    const Eigen::array<Pair, 1> pairs{Pair(1, 1)};  // Tensor has no batched contraction
    for (index_t h = 0; h < heads; ++h)
      EigenOut<2>(d.c.data() + h * Q * Q, Q, Q) =
          EigenIn<2>(d.a.data() + h * Q * D, Q, D).contract(EigenIn<2>(d.b.data() + h * Q * D, Q, D), pairs);
  });
#endif
}

// ---- acik,cbkj->abij: two contracted axes, the results' axes interleaved
// ---------------------------------------------

using Crossed = Contraction<Rank4, Rank4, Rank4>;

#if BENCH_HAND
// Axes 1 and 2 of four of N elements each exchanged, in runs of N: a short one in a vector that reaches beyond it, but
// for the very last. What is written too much is overwritten by the next.
template <int N>
void exchanged(const float* from, float* to) {
  for (int x = 0; x < N; ++x)
    for (int z = 0; z < N; ++z, to += N * N) {
      const float* run = from + (x * N * N + z) * N;
      if (N < 8 && (x < N - 1 || z < N - 1)) {
#pragma GCC unroll 8
        for (int y = 0; y < N; ++y) _mm256_storeu_ps(to + y * N, _mm256_loadu_ps(run + y * N * N));
      } else {
        for (int y = 0; y < N; ++y) __builtin_memcpy(to + y * N, run + y * N * N, N * sizeof(float));
      }
    }
}
#endif

template <int N>
void add_crossed() {
  constexpr index_t n = N, rows = n * n;
  auto c = add_case<Crossed>("einsum/acik,cbkj->abij/f32/" + std::to_string(N), [] {
    return new Crossed(Rank4(n, n, n, n), Rank4(n, n, n, n), Rank4(n, n, n, n), rows, [](auto f) {
      for (index_t x = 0; x < rows * rows; ++x)  // a, c, i, k
        for (index_t y = 0; y < rows; ++y) {     // b, j
          const index_t k = x % n, i = x / n % n, c = x / rows % n, a = x / rows / n, b = y / n, j = y % n;
          f(x, ((c * n + b) * n + k) * n + j, ((a * n + b) * n + i) * n + j);
        }
    });
  });
  c.run("tenon", [](Crossed& d) { d.c = einsum<"acik,cbkj->abij">(d.a, d.b); });
  c.bound("peak", [](auto& s) { run_peak<float>(s, static_cast<double>(rows * rows * rows)); });
  // Matrices [(a, i), (c, k)] and [(c, k), (b, j)], their product, and its axes put into their places.
  static float a[rows * rows], b[rows * rows], ab[rows * rows];
  const auto exchange = [](const float* from, float* to) {  // axes 1 and 2 of four
    for (index_t x = 0; x < n; ++x)
      for (index_t y = 0; y < n; ++y)
        for (index_t z = 0; z < n; ++z)
          __builtin_memcpy(to + ((x * n + z) * n + y) * n, from + ((x * n + y) * n + z) * n, n * sizeof(float));
  };
#if BENCH_HAND
  c.run("hand", [](Crossed& d) {
    exchanged<N>(d.b.data(), b);
    exchanged<N>(d.a.data(), a);
    if constexpr (N == 6)
      hand::square_of_36(a, b, ab);
    else
      hand::square<float, N * N>(a, b, ab);
    exchanged<N>(ab, d.c.data());
  });
#endif
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas, exchange](Crossed& d) {
      exchange(d.a.data(), a);
      exchange(d.b.data(), b);
      blas.gemm(rows, rows, rows, a, b, ab);
      exchange(ab, d.c.data());
    });
  // The block [a, c] of the first operand is a matrix [i, k] as it lies, and the sum over c one over products.
  if (const auto products = xsmm_sum_of_products(n, rows, n))
    c.run("libxsmm", [products, exchange](Crossed& d) {
      exchange(d.b.data(), b);
      const float *x[n], *y[n];
      for (index_t i = 0; i < n; ++i) y[i] = b + i * n * rows;
      for (index_t i = 0; i < n; ++i) {
        for (index_t k = 0; k < n; ++k) x[k] = d.a.data() + (i * n + k) * rows;
        call(products, x, y, ab + i * n * rows, n);
      }
      exchange(ab, d.c.data());
    });
#if BENCH_EIGEN
  c.run("eigen", [](Crossed& d) {
    const Eigen::array<Pair, 2> pairs{Pair(1, 0), Pair(3, 2)};
    const Eigen::array<int, 4> order{0, 2, 1, 3};
    EigenOut<4>(d.c.data(), n, n, n, n) =
        EigenIn<4>(d.a.data(), n, n, n, n).contract(EigenIn<4>(d.b.data(), n, n, n, n), pairs).shuffle(order);
  });
#endif
}

const Area area([] { add_stacked(), add_scores(), add_crossed<24>(), add_crossed<6>(); });

}  // namespace
}  // namespace bench
