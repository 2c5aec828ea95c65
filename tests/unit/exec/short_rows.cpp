// Few numbers of run-time extents at every width of a register: vectors that are added to rows, folded rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <cmath>

using namespace tenon;

namespace {

template <class X>
X filled(X x, int seed) {
  using T = typename X::value_type;
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>((i * 7 + seed * 5) % 23 - 11);
  return x;
}

template <class T>
index_t wrong_rows(index_t m, index_t n) {
  using M = Tensor<T, dyn, dyn>;
  const M a = filled(M(m, n), 1);
  const auto v = filled(Tensor<T, dyn>(n), 2), w = filled(Tensor<T, dyn>(n), 3);
  M y(m, n);
  index_t count = 0;
  y = a * T(2) + v - w;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) count += y(i, j) != a(i, j) * T(2) + v(j) - w(j);
  y = a;
  y = v - y;  // over an operand
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) count += y(i, j) != v(j) - a(i, j);
  // The vector is a row of the result.
  for (const index_t row : {index_t{0}, m - 1}) {
    y = a;
    const TensorView<const T, dyn> r(y.data() + row * n, n);
    y = y + r;
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < n; ++j) count += y(i, j) != a(i, j) + a(row, j);
  }
  return count;
}

template <class T>
void check_folds(index_t n) {
  CAPTURE(n);
  const auto x = filled(Tensor<T, dyn>(n), 1);
  T sum = 0, most = x(0);
  for (index_t i = 0; i < n; ++i) sum += x(i) * x(i), most = x(i) > most ? x(i) : most;
  const T s = tenon::sum(x * x), m = max(x);
  CHECK(s == sum);
  CHECK(m == most);
  Tensor<T, dyn> z(n);
  z = x / sqrt(tenon::sum(x * x));
  const double length = std::sqrt(static_cast<double>(sum));
  double error = 0;
  for (index_t i = 0; i < n; ++i)
    error = std::fmax(error, std::fabs(static_cast<double>(z(i)) - static_cast<double>(x(i)) / length));
  CHECK(error < 1e-6);
}

}  // namespace

TEST_CASE_TEMPLATE("vectors added to short rows", T, float, double) {
  for (index_t m = 1; m <= 17; ++m)
    for (const index_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 64, 70}) {
      CAPTURE(m);
      CAPTURE(n);
      CHECK(wrong_rows<T>(m, n) == 0);
    }
}
TEST_CASE_TEMPLATE("rows folded at every width", T, float, double) {
  for (index_t n = 1; n <= 70; ++n) check_folds<T>(n);
  for (const index_t n : {127, 128, 129, 255, 256, 257}) check_folds<T>(n);
}
TEST_CASE("roots of numbers that have none") {
  Tensor<float, dyn> x(4), z(4);
  x = -1.0f;
  z = x * sqrt(tenon::sum(x));
  for (index_t i = 0; i < 4; ++i) CHECK(z(i) != z(i));
}
TEST_CASE("extents that do not fit") {
  Tensor<float, dyn, dyn> a(3, 4), b(4, 3), y(3, 4);
  Tensor<float, dyn> v(3);
  CHECK_THROWS_AS(y = a + b, shape_error);
  CHECK_THROWS_AS(y = a + v, shape_error);
  CHECK_THROWS_AS(y = a * a + transpose(a), shape_error);
}
