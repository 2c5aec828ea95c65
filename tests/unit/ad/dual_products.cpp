// tests/unit/ad/dual_products.cpp: products of tensors of dual numbers are products of their parts.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <array>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T, int N>
using Matrix = Tensor<dual<T, N>, dyn, dyn>;

template <class T>
T number(index_t i, index_t j, int part) {
  return static_cast<T>(((i * 7 + j * 3 + part * 5) % 11) - 5);  // products and sums are exact
}
template <class T, int N>
Matrix<T, N> duals(index_t rows, index_t columns, int first) {
  Matrix<T, N> m(rows, columns);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) {
      m(i, j).value = number<T>(i, j, first);
      for (int k = 0; k < N; ++k) m(i, j).tangent[k] = number<T>(i, j, first + 1 + k);
    }
  return m;
}
template <class T>
Tensor<T, dyn, dyn> reals(index_t rows, index_t columns) {
  Tensor<T, dyn, dyn> m(rows, columns);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) m(i, j) = number<T>(i, j, 2);
  return m;
}
// The sum of products number by number.
template <class C, class A, class B>
bool is_product(const C& c, const A& a, const B& b) {
  using S = typename C::value_type;
  bool same = c.extent(0) == a.extent(0) && c.extent(1) == b.extent(1);
  for (index_t i = 0; i < a.extent(0); ++i)
    for (index_t j = 0; j < b.extent(1); ++j) {
      S sum(0);
      for (index_t k = 0; k < a.extent(1); ++k) sum += a(i, k) * b(k, j);
      same = same && c(i, j).value == sum.value;
      for (int t = 0; t < S::tangents; ++t) same = same && c(i, j).tangent[t] == sum.tangent[t];
    }
  return same;
}

}  // namespace

TEST_CASE_TEMPLATE("products of duals, of reals and duals, of duals and reals", T, float, double) {
  for (const auto& [m, k, n] : {std::array<index_t, 3>{1, 1, 1},
                                {3, 5, 7},
                                {17, 9, 33},
                                {40, 64, 24},
                                {1, 20, 5},
                                {20, 6, 1},
                                {4, 0, 3},
                                {0, 3, 2}}) {
    CAPTURE(m);
    CAPTURE(k);
    CAPTURE(n);
    const auto check = [&](const auto& a, const auto& b) {
      const auto c = evaluate(matmul(a, b));
      CHECK(is_product(c, a, b));
      // Operands and results that lie otherwise.
      const auto at = evaluate(transpose(a));
      const auto bt = evaluate(transpose(b));
      CHECK(is_product(evaluate(matmul(transpose(at), b)), a, b));
      CHECK(is_product(evaluate(matmul(a, transpose(bt))), a, b));
      CHECK(is_product(evaluate(transpose(evaluate(matmul(transpose(b), transpose(a))))), a, b));
    };
    check(duals<T, 1>(m, k, 0), duals<T, 1>(k, n, 3));
    check(reals<T>(m, k), duals<T, 1>(k, n, 3));
    check(duals<T, 1>(m, k, 0), reals<T>(k, n));
    check(duals<T, 3>(m, k, 0), duals<T, 3>(k, n, 5));
    check(duals<T, 8>(m, k, 0), reals<T>(k, n));
  }
}

TEST_CASE("a Hessian times a vector through products, with a batch") {
  Tensor<double, dyn, dyn, dyn> x(2, 3, 4), v(2, 3, 4);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = 0.1 * static_cast<double>(i), v.data()[i] = 1 - x.data()[i];
  const auto f = [](const auto& a) {
    const auto g = evaluate(einsum<"bij,bkj->bik">(a, a));
    return evaluate(sum(g * g));
  };
  const auto h = hvp(f, x, v);
  const double step = 1e-4;
  const auto plus = grad(f)(evaluate(x + step * v)), minus = grad(f)(evaluate(x - step * v));
  for (index_t i = 0; i < x.size(); ++i)
    CHECK(h.data()[i] == doctest::Approx((plus.data()[i] - minus.data()[i]) / (2 * step)).epsilon(1e-6));
}
