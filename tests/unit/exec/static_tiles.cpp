// Products of static extents that are loops over tiles of constant strides: groups of columns of every width, beside
// memory that must not be touched, and in the order of sums that products of run-time extents have.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstring>
#include <new>

#include "support/guarded.hpp"
#include "support/jobs.hpp"

using namespace tenon;
using test::Guarded;

namespace {

// Sums depend on their order.
template <class T>
void uneven(T* x, index_t n, int seed) {
  for (index_t i = 0; i < n; ++i) x[i] = static_cast<T>(std::sin(static_cast<double>(i * i % 1009 + seed)));
}
template <class T>
[[gnu::noinline]] bool same_bits(const T* c, index_t m, index_t n, index_t k, const T* a, const T* b) {
  const TensorView<const T, dyn, dyn> x(a, m, k), y(b, k, n);
  const Tensor<T, dyn, dyn> product = matmul(x, y);
  return std::memcmp(product.data(), c, static_cast<size_t>(m * n) * sizeof(T)) == 0;
}
template <class T>
[[gnu::noinline]] bool right(const T* c, index_t m, index_t n, index_t k, const T* a, const T* b) {
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) {
      double sum = 0;
      for (index_t s = 0; s < k; ++s) sum += double(a[i * k + s]) * double(b[s * n + j]);
      if (std::abs(sum - double(c[i * n + j])) > 1e-4) return false;
    }
  return true;
}
// A tensor that ends where memory does, if it holds its numbers itself.
template <class X>
struct Placed : Guarded {
  Placed() : Guarded(sizeof(X)), x(*new (last<X>(1)) X) {}
  ~Placed() { x.~X(); }
  Placed(const Placed&) = delete;
  Placed& operator=(const Placed&) = delete;
  X& x;
};
template <class T, index_t M, index_t K, index_t N>
void check() {
  INFO(M << " x " << K << " x " << N);
  Placed<Tensor<T, M, K>> a;
  Placed<Tensor<T, K, N>> b;
  Placed<Tensor<T, M, N>> c;
  uneven(a.x.data(), M * K, 1);
  uneven(b.x.data(), K * N, 2);
  c.x = T(77);
  c.x = matmul(a.x, b.x);
  CHECK(right(c.x.data(), M, N, K, a.x.data(), b.x.data()));
  CHECK(same_bits(c.x.data(), M, N, K, a.x.data(), b.x.data()));
}

}  // namespace

TEST_CASE_TEMPLATE("groups of packs of columns, one of them masked", T, float, double) {
  check<T, 16, 40, 33>();
  check<T, 31, 64, 72>();
  check<T, 52, 40, 100>();
  check<T, 32, 64, 112>();
}
TEST_CASE_TEMPLATE("operands that only the second-level cache holds", T, float, double) {
  check<T, 24, 200, 96>();
  check<T, 26, 184, 120>();
  check<T, 130, 256, 70>();
  check<T, 48, 257, 70>();  // the engine's
}
TEST_CASE_TEMPLATE("the target of a large product is an operand, or threads share it", T, float, double) {
  constexpr index_t N = 136;
  Tensor<T, N, N> a, b, c, product;
  uneven(a.data(), N * N, 1);
  uneven(b.data(), N * N, 2);
  product = matmul(a, b);
  c = a;
  c = matmul(c, b);
  CHECK(all(c == product));
  c = b;
  c = matmul(a, c);
  CHECK(all(c == product));
  test::Jobs jobs{3};
  const Parallel scope(jobs);
  c = matmul(a, b);
  CHECK(jobs.tasks > jobs.runs);
  CHECK(all(c == product));
}
