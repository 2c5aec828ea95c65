// Products of static extents that are unrolled in place: every layout, sizes off the packs, aliased targets, constants.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

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

}  // namespace

TEST_CASE("small products, in place") {
  check<1, 1, 1, float>();
  check<3, 3, 3, float>();
  check<4, 4, 4, float>();
  check<5, 7, 3, double>();
  check<16, 16, 16, float>();
  check<30, 4, 33, double>();
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
