// benchmarks/gemm.hpp: matrix products with static and with run-time extents; sgemm.cpp and dgemm.cpp register them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/tenon.hpp>

#include "hand_narrow.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif

namespace bench {

using tenon::dyn;
using tenon::index_t;
using tenon::Tensor;

template <class T, index_t M, index_t N, index_t K>
struct Product : Reference {
  Product(index_t m, index_t n, index_t k) : a(m, k), b(k, n), c(m, n) {
    fill(a.data(), static_cast<std::size_t>(m * k), -1, 1, 1);
    fill(b.data(), static_cast<std::size_t>(k * n), -1, 1, 2);
    tolerance = sizeof(T) == 4 ? 1e-5 : 1e-14;
    scale = std::sqrt(static_cast<double>(k));
    expected.assign(static_cast<std::size_t>(m * n), 0);
    for (index_t i = 0; i < m; ++i)
      for (index_t p = 0; p < k; ++p)
        for (index_t j = 0; j < n; ++j)
          expected[static_cast<std::size_t>(i * n + j)] += static_cast<double>(a(i, p)) * static_cast<double>(b(p, j));
  }
  std::span<T> result() { return {c.data(), expected.size()}; }
  int m() const { return static_cast<int>(c.extent(0)); }
  int n() const { return static_cast<int>(c.extent(1)); }
  int k() const { return static_cast<int>(a.extent(1)); }

  alignas(64) Tensor<T, M, K> a;  // static ones store their elements in themselves
  char apart_[1344];  // or the three would lie at equal distances from a page's start: loads that wait for stores
  alignas(64) Tensor<T, K, N> b;
  char apart_too_[1344];
  alignas(64) Tensor<T, M, N> c;
};

template <class T, index_t M, index_t N, index_t K>
void add_product(const char* name, index_t m, index_t n, index_t k) {
  using P = Product<T, M, N, K>;
  [[maybe_unused]] constexpr bool is_static = M != dyn;
  const std::string size =
      m == n && n == k ? std::to_string(n) : std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n);
  auto c = add_case<P>(
      (sizeof(T) == 4 ? std::string("sgemm/") : std::string("dgemm/")) + name + "/" + type_name<T> + "/" + size,
      [=] { return new P(m, n, k); });
  c.run("tenon", [](P& d) { d.c = matmul(d.a, d.b); });
#if BENCH_HAND
  // By hand extents are always known.
  const auto few = [&](auto product) { c.run("hand", [=](P& d) { product(d.a.data(), d.b.data(), d.c.data()); }); };
  const auto squares = [&]<int... X>(std::integer_sequence<int, X...>) {
    ((X == m && X == n && X == k ? few(hand::square<T, X>) : void()), ...);
  };
  squares(std::integer_sequence<int, 16, 32, 64, 128, 256, 512, 1024, 2048>{});
  if (n == 3 && m == 3 && k == 3) few([](const T* a, const T* b, T* to) { hand::three(a, b, to); });
  if (n == 4 && m == 4 && k == 4) few([](const T* a, const T* b, T* to) { hand::four(a, b, to); });
  if (n == 8 && m == 8 && k == 8) few([](const T* a, const T* b, T* to) { hand::eight(a, b, to); });
  if (n == 128 && m == 32 && k == 784)
    few([](const T* a, const T* b, T* to) { hand::product<T, 32, 128, 784>(a, b, to); });
  if (n == 4 && m == 256 && k == 16) few(hand::four_columns<T, 256, 16>);
  if (n == 4 && m == 64 && k == 64) few(hand::four_columns<T, 64, 64>);
  if (n == 4 && m == 60 && k == 256) few(hand::four_columns<T, 60, 256>);
#endif
  c.bound("peak", [=](benchmark::State& s) { run_peak<T>(s, static_cast<double>(m * n * k)); });
#if BENCH_EIGEN
  c.run("eigen", [](P& d) {
    constexpr int x = is_static ? static_cast<int>(M) : Eigen::Dynamic,
                  y = is_static ? static_cast<int>(N) : Eigen::Dynamic,
                  z = is_static ? static_cast<int>(K) : Eigen::Dynamic;
    using A = Eigen::Matrix<T, x, z, Eigen::RowMajor>;
    using B = Eigen::Matrix<T, z, y, Eigen::RowMajor>;
    using C = Eigen::Matrix<T, x, y, Eigen::RowMajor>;
    Eigen::Map<C, Eigen::Aligned64>(d.c.data(), d.m(), d.n()).noalias() =
        Eigen::Map<const A, Eigen::Aligned64>(d.a.data(), d.m(), d.k()) *
        Eigen::Map<const B, Eigen::Aligned64>(d.b.data(), d.k(), d.n());
  });
#endif
  if constexpr (is_static)
    if (const auto product = xsmm_product<T>(static_cast<int>(m), static_cast<int>(n), static_cast<int>(k)))
      c.run("libxsmm", [product](P& d) { call(product, d.a.data(), d.b.data(), d.c.data()); });
  for (const Blas& blas : blas_libraries())
    c.run(blas.name, [&blas](P& d) { blas.gemm(d.m(), d.n(), d.k(), d.a.data(), d.b.data(), d.c.data()); });
  c.peers([](P& d) { return Operands{{d.m(), d.n(), d.k()}, {d.a.data(), d.b.data(), d.c.data()}}; });
}

template <class T>
void add_products() {
  const auto fixed = []<index_t... N>(std::integer_sequence<index_t, N...>) {
    (add_product<T, N, N, N>("static", N, N, N), ...);
  };
  fixed(std::integer_sequence<index_t, 8, 16, 32, 64, 128, 256>{});
  for (const index_t n : {3, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048})
    add_product<T, dyn, dyn, dyn>("dynamic", n, n, n);
  // Columns that fill no register.
  add_product<T, dyn, dyn, dyn>("narrow", 256, 4, 16);
  add_product<T, dyn, dyn, dyn>("narrow", 64, 4, 64);
  add_product<T, dyn, dyn, dyn>("narrow", 60, 4, 256);
}

}  // namespace bench
