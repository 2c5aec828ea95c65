// Small products, which are unrolled in place or start without a plan: every layout, sizes off the packs, aliased
// targets, constants.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include "laid_out.hpp"

using namespace tenon;

namespace {

template <index_t M, index_t K, index_t N, class T>
index_t wrong(const Tensor<T, M, K>& a, const Tensor<T, K, N>& b, const Tensor<T, M, N>& c) {
  index_t n = 0;
  for (index_t i = 0; i < M; ++i)
    for (index_t j = 0; j < N; ++j) {
      T s = 0;
      for (index_t k = 0; k < K; ++k) s += a(i, k) * b(k, j);
      n += c(i, j) != s;
    }
  return n;
}
template <index_t M, index_t K, index_t N, class T>
void check() {
  Tensor<T, M, K> a;
  Tensor<T, K, N> b;
  Tensor<T, M, N> c;
  for (index_t i = 0; i < M * K; ++i) a.data()[i] = static_cast<T>(i % 7 - 3);
  for (index_t i = 0; i < K * N; ++i) b.data()[i] = static_cast<T>(i % 5 - 2);
  const Tensor<T, K, M> at = transpose(a);
  const Tensor<T, N, K> bt = transpose(b);
  INFO(M << " x " << K << " x " << N);
  c = matmul(a, b);
  CHECK(wrong(a, b, c) == 0);
  c = matmul(transpose(at), transpose(bt));
  CHECK(wrong(a, b, c) == 0);
  const Tensor<T, N, M> d = einsum<"ik,kj->ji">(a, b);
  c = transpose(d);
  CHECK(wrong(a, b, c) == 0);
  if constexpr (M == K && K == N) {
    c = a;
    c = matmul(c, b);
    CHECK(wrong(a, b, c) == 0);
    c = b;
    c = matmul(a, c);
    CHECK(wrong(a, b, c) == 0);
  }
}

template <class A, class B, class C>
[[gnu::noinline]] bool is_product(const C& c, const A& a, const B& b) {
  if (c.extent(0) != a.extent(0) || c.extent(1) != b.extent(1)) return false;
  for (index_t i = 0; i < c.extent(0); ++i)
    for (index_t j = 0; j < c.extent(1); ++j) {
      double s = 0;
      for (index_t k = 0; k < a.extent(1); ++k) s += static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
      if (static_cast<double>(c(i, j)) != s) return false;
    }
  return true;
}
template <class T>
bool run_time_is_right(index_t m, index_t n, index_t k) {
  for (int la = 0; la < test::layouts; ++la)
    for (int lb = 0; lb < test::layouts; ++lb) {
      test::LaidOut<T> a(m, k, la), b(k, n, lb);
      for (index_t i = 0; i < a.elements.size(); ++i) a.elements.data()[i] = static_cast<T>(i % 7 - 3);
      for (index_t i = 0; i < b.elements.size(); ++i) b.elements.data()[i] = static_cast<T>(i % 5 - 2);
      const auto x = a.view(), y = b.view();
      Tensor<T, dyn, dyn> c(m, n), fresh = matmul(x, y);
      c = T(9);
      c = matmul(x, y);
      if (!is_product(c, x, y) || !is_product(fresh, x, y)) return false;
      const Tensor<T, dyn, dyn> turned = transpose(x), dense = y;
      c = matmul(transpose(turned), dense);
      if (!is_product(c, x, y)) return false;
    }
  return true;
}

}  // namespace

TEST_CASE("small products of run-time extents") {
  for (const index_t m : {0, 1, 2, 5, 8, 9, 16, 21})
    for (const index_t n : {0, 1, 4, 8, 9, 16, 17, 33, 64, 70})
      for (const index_t k : {0, 1, 2, 8, 13}) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CHECK(run_time_is_right<float>(m, n, k));
        CHECK(run_time_is_right<double>(m, n, k));
      }
}
TEST_CASE("small products of run-time extents whose target is an operand") {
  for (const index_t n : {3, 6, 8, 20}) {
    CAPTURE(n);
    Tensor<float, dyn, dyn> a(n, n), before(n, n), c;
    for (index_t i = 0; i < n * n; ++i) a.data()[i] = static_cast<float>(i % 7 - 3);
    for (index_t i = 0; i < n * n; ++i) before.data()[i] = static_cast<float>(i % 5 - 2);
    c = before;
    c = matmul(c, a);
    CHECK(is_product(c, before, a));
    c = before;
    c = matmul(a, c);
    CHECK(is_product(c, a, before));
    c = before;
    const Tensor<float, dyn, dyn> turned = transpose(before);
    c = matmul(transpose(c), a);
    CHECK(is_product(c, turned, a));
    c = before;
    c = matmul(flip<0>(c), a);
    const Tensor<float, dyn, dyn> flipped = flip<0>(before);
    CHECK(is_product(c, flipped, a));
  }
}
TEST_CASE("small products, in place") {
  check<1, 1, 1, float>();
  check<3, 3, 3, float>();
  check<4, 4, 4, float>();
  check<5, 7, 3, double>();
  check<16, 16, 16, float>();
  check<30, 4, 33, double>();
  // Several rows to a register.
  check<2, 2, 2, double>();
  check<4, 4, 4, double>();
  check<8, 8, 8, float>();
  check<8, 4, 4, float>();
  check<6, 4, 4, float>();
  // Tiles with constant strides.
  check<32, 32, 32, float>();
  check<17, 33, 29, double>();
  check<25, 30, 61, float>();
  check<20, 40, 18, float>();
  check<20, 22, 44, double>();
}
TEST_CASE("small products of constants") {
  constexpr auto f = [] {
    const Tensor<float, 2, 2> a{{1, 2}, {3, 4}};
    const Tensor<float, 2, 2> c = matmul(a, a);
    return c(1, 1);
  };
  static_assert(f() == 22);
  CHECK(f() == 22);
}
