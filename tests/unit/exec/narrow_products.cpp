// Products of few rows or few columns, and of vectors, of run-time extents: each way through the engine, and its edges.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T>
Tensor<T, dyn, dyn> numbers(index_t m, index_t n, int seed) {
  Tensor<T, dyn, dyn> a(m, n);
  for (index_t i = 0; i < m * n; ++i) a.data()[i] = static_cast<T>((i * 7 + seed) % 23 - 11) / T(8);
  return a;
}
template <class T>
Tensor<T, dyn> vector_of(index_t n, int seed) {
  Tensor<T, dyn> x(n);
  for (index_t i = 0; i < n; ++i) x.data()[i] = static_cast<T>((i * 5 + seed) % 19 - 9) / T(8);
  return x;
}
// Products of multiples of 1/64 below 2, so few that sums are exact: any order of them must give the same.
template <class T>
void check_matrices(index_t m, index_t n, index_t k) {
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  const auto a = numbers<T>(m, k, 1), b = numbers<T>(k, n, 2), turned_b = numbers<T>(n, k, 3),
             turned_a = numbers<T>(k, m, 4);
  Tensor<T, dyn, dyn> c(m, n), d(m, n), e(m, n), f(m, n);
  c = matmul(a, b);
  d = matmul(a, transpose(turned_b));
  e = matmul(transpose(turned_a), b);
  f = matmul(a, b) + T(1);
  index_t wrong = 0;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) {
      T plain = 0, with_b = 0, with_a = 0;
      for (index_t s = 0; s < k; ++s) {
        plain += a(i, s) * b(s, j);
        with_b += a(i, s) * turned_b(j, s);
        with_a += turned_a(s, i) * b(s, j);
      }
      wrong += c(i, j) != plain || d(i, j) != with_b || e(i, j) != with_a || f(i, j) != plain + 1;
    }
  CHECK(wrong == 0);
}
template <class T>
void check_vectors(index_t m, index_t k) {
  CAPTURE(m);
  CAPTURE(k);
  const auto a = numbers<T>(m, k, 1), b = numbers<T>(k, m, 2), column = numbers<T>(k, 1, 3), row = numbers<T>(1, k, 4),
             wide = numbers<T>(k, 3, 5);
  const auto x = vector_of<T>(k, 6);
  Tensor<T, dyn> y(m), z(m), spread(m);
  Tensor<T, dyn, dyn> of_column(m, 1), of_row(1, m);
  y = matmul(a, x);
  z = matmul(x, b);
  of_column = matmul(a, column);
  of_row = matmul(row, transpose(a));
  spread = matmul(a, slice(wide, whole, 1));
  index_t wrong = 0;
  for (index_t i = 0; i < m; ++i) {
    T ax = 0, xb = 0, ac = 0, ra = 0, aw = 0;
    for (index_t s = 0; s < k; ++s) {
      ax += a(i, s) * x(s);
      xb += x(s) * b(s, i);
      ac += a(i, s) * column(s, 0);
      ra += row(0, s) * a(i, s);
      aw += a(i, s) * wide(s, 1);
    }
    wrong += y(i) != ax || z(i) != xb || of_column(i, 0) != ac || of_row(0, i) != ra || spread(i) != aw;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("products of few columns", T, float, double) {
  for (const index_t n : {1, 2, 3, 4, 5, 7, 9, 17})
    for (const index_t m : {1, 2, 5, 8, 13, 40})
      for (const index_t k : {1, 3, 8, 16, 37, 150}) check_matrices<T>(m, n, k);
  check_matrices<T>(300, 3, 70);
  check_matrices<T>(2000, 3, 3);
}
TEST_CASE_TEMPLATE("matrices by vectors", T, float, double) {
  for (const index_t m : {1, 2, 3, 4, 5, 8, 9, 15, 16, 33})
    for (const index_t k : {1, 2, 3, 4, 7, 8, 16, 17, 31, 32, 100}) check_vectors<T>(m, k);
  check_vectors<T>(300, 300);  // more than is started without a plan
}
TEST_CASE("empty products of vectors") {
  const Tensor<float, dyn, dyn> none(3, 0), empty(0, 4);
  const Tensor<float, dyn> nothing(0), x = vector_of<float>(4, 1);
  Tensor<float, dyn> y(3);
  y = 7.f;
  y = matmul(none, nothing);
  for (index_t i = 0; i < 3; ++i) CHECK(y(i) == 0);
  CHECK(evaluate(matmul(empty, x)).size() == 0);
}
// More rows than are summed at a time: what is written is read again by the next.
TEST_CASE("a small product may be its own operand and its target") {
  const auto a = numbers<float>(21, 21, 1);
  const auto before = vector_of<float>(21, 2);
  const Tensor<float, dyn> expected = matmul(a, before);
  auto x = before;
  x = matmul(a, x);
  for (index_t i = 0; i < 21; ++i) CHECK(x(i) == expected(i));
  x = before;
  x += matmul(a, before);
  for (index_t i = 0; i < 21; ++i) CHECK(x(i) == before(i) + expected(i));
  auto c = a;
  c = matmul(c, a);
  const Tensor<float, dyn, dyn> square = matmul(a, a);
  for (index_t i = 0; i < c.size(); ++i) CHECK(c.data()[i] == square.data()[i]);
}
TEST_CASE("adjoints of matrices by vectors are added to what is there") {
  const auto a = numbers<double>(21, 5, 1);
  const auto x = vector_of<double>(5, 2);
  const auto twice = [&](const auto& v) { return sum(matmul(a, v)) + 3 * sum(matmul(a, v)); };
  const auto [value, g] = value_and_grad(twice)(x);
  for (index_t s = 0; s < 5; ++s) {
    double column = 0;
    for (index_t i = 0; i < 21; ++i) column += a(i, s);
    CHECK(g(s) == 4 * column);
  }
  // The other way round: the rows of the transposed matrix follow the sum.
  const auto b = numbers<double>(5, 21, 3);
  const auto y = vector_of<double>(5, 4);
  const auto thrice = [&](const auto& v) { return sum(matmul(v, b)) + 2 * sum(matmul(v, b)); };
  const auto h = grad(thrice)(y);
  for (index_t s = 0; s < 5; ++s) {
    double row = 0;
    for (index_t i = 0; i < 21; ++i) row += b(s, i);
    CHECK(h(s) == 3 * row);
  }
}
TEST_CASE("wrong extents of small products are an error") {
  const auto a = numbers<float>(4, 5, 1);
  const auto x = vector_of<float>(4, 2);
  Tensor<float, dyn> y(4);
  CHECK_THROWS_AS(static_cast<void>(y = matmul(a, x)), shape_error);
}
