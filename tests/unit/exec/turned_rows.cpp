// Matrices that are transposed in registers: every size up to some tiles, over their operands, two of them, with gaps.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// Sums and products of these are exact.
template <class X>
void fill(X& x, int seed) {
  using T = typename X::value_type;
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>((i * 7 + seed * 5) % 23 - 11);
}
template <class T>
using Matrix = Tensor<T, dyn, dyn>;

template <class T>
index_t wrong(index_t n, index_t m) {
  Matrix<T> a(n, m), b(m, n), d(m, 2 * n + 3), y(n, m);
  Tensor<T, dyn> v(m);
  fill(a, 1), fill(b, 2), fill(d, 3), fill(v, 4);
  const auto gaps = slice(d, whole, range(1, n + 1));
  index_t count = 0;
  const auto differs = [&](const Matrix<T>& z, const auto& expected) {
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < m; ++j) count += z(i, j) != expected(i, j);
  };
  y = a + transpose(b);
  differs(y, [&](index_t i, index_t j) { return a(i, j) + b(j, i); });
  y = transpose(gaps) * T(2) + v;
  differs(y, [&](index_t i, index_t j) { return d(j, i + 1) * T(2) + v(j); });
  y = transpose(b) - transpose(gaps);
  differs(y, [&](index_t i, index_t j) { return b(j, i) - d(j, i + 1); });
  y = a;
  y = y + transpose(b);  // over an operand, element on element
  differs(y, [&](index_t i, index_t j) { return a(i, j) + b(j, i); });
  y = a;
  y += slice(y, whole, whole) * transpose(b);
  differs(y, [&](index_t i, index_t j) { return a(i, j) + a(i, j) * b(j, i); });
  if (n == m) {
    y = b;
    y = a + transpose(y);  // over what is transposed
    differs(y, [&](index_t i, index_t j) { return a(i, j) + b(j, i); });
  }
  // Over another part of what is read.
  Matrix<T> both(2 * n, m);
  fill(both, 5);
  const Matrix<T> before = both;
  auto below = slice(both, range(n / 2, n / 2 + n));
  below = slice(both, range(0, n)) + transpose(b);
  for (index_t i = 0; i < 2 * n; ++i)
    for (index_t j = 0; j < m; ++j) {
      const bool in = i >= n / 2 && i < n / 2 + n;
      count += both(i, j) != (in ? before(i - n / 2, j) + b(j, i - n / 2) : before(i, j));
    }
  return count;
}
template <class T, index_t N, index_t M>
index_t wrong_static() {
  Tensor<T, N, M> a, y;
  Tensor<T, M, N> b;
  fill(a, 1), fill(b, 2);
  index_t count = 0;
  y = a + transpose(b);
  for (index_t i = 0; i < N; ++i)
    for (index_t j = 0; j < M; ++j) count += y(i, j) != a(i, j) + b(j, i);
  return count;
}

}  // namespace

TEST_CASE_TEMPLATE("transposed in registers", T, float, double) {
  for (const index_t n : {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 33, 64})
    for (const index_t m : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 35, 64}) {
      CAPTURE(n);
      CAPTURE(m);
      CHECK(wrong<T>(n, m) == 0);
    }
}
TEST_CASE("the same of static extents") {
  CHECK(wrong_static<float, 4, 4>() == 0);
  CHECK(wrong_static<float, 16, 16>() == 0);
  CHECK(wrong_static<float, 20, 17>() == 0);
  CHECK(wrong_static<double, 9, 12>() == 0);
}
