// Statements over few elements: the ways that need no loop nest, and what must not change because of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <cfenv>
#include <cmath>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// Numbers that are exact in every type, of which sums of some hundred are exact, too.
template <class T>
T exact(index_t i, int seed) {
  return static_cast<T>((i * 7 + seed * 5) % 11 - 5);
}
template <class T, int R>
Tensor<T, dyn, dyn> matrix(index_t m, index_t n) {
  Tensor<T, dyn, dyn> a(m, n);
  for (index_t i = 0; i < m * n; ++i) a.data()[i] = exact<T>(i, R);
  return a;
}
template <class T, int R>
Tensor<T, dyn> vector(index_t n) {
  Tensor<T, dyn> x(n);
  for (index_t i = 0; i < n; ++i) x.data()[i] = exact<T>(i, R);
  return x;
}
// How many elements of a matrix are not what f gives for their indices.
template <class M, class F>
index_t wrong(const M& y, const F& f) {
  index_t n = 0;
  for (index_t i = 0; i < y.extent(0); ++i)
    for (index_t j = 0; j < y.extent(1); ++j) n += !(y(i, j) == f(i, j));
  return n;
}

template <class T>
void check_rows(index_t m, index_t n) {
  CAPTURE(m);
  CAPTURE(n);
  using S = compute_t<T>;
  const auto z = matrix<T, 1>(m, n), w = matrix<T, 2>(m, n);
  const auto b = vector<T, 3>(n), c = vector<T, 4>(n), d = vector<T, 5>(m);
  Tensor<T, dyn, dyn> y(m, n);
  const auto at = [](const auto& x, auto... i) { return static_cast<S>(x(i...)); };
  y = z + b;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(z, i, j) + at(b, j)); }) == 0);
  y = b - z * c;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(b, j) - at(z, i, j) * at(c, j)); }) == 0);
  y = T(2) * b + z + w;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(S(2) * at(b, j) + at(z, i, j) + at(w, i, j)); }) ==
        0);
  // Columns: every row its own number.
  y = slice(d, whole, newaxis) * b;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(d, i) * at(b, j)); }) == 0);
  y = outer(d, c);
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(d, i) * at(c, j)); }) == 0);
  y = z + slice(d, whole, newaxis);
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(z, i, j) + at(d, i)); }) == 0);
}

template <class T>
void check_views(index_t m, index_t n) {
  CAPTURE(m);
  CAPTURE(n);
  using S = compute_t<T>;
  const auto a = matrix<T, 1>(m, n), t = matrix<T, 2>(n, m), big = matrix<T, 3>(m + 3, n + 2);
  const auto b = vector<T, 4>(n);
  const auto at = [](const auto& x, auto... i) { return static_cast<S>(x(i...)); };
  Tensor<T, dyn, dyn> y(m, n);
  Tensor<T, dyn> v(n), u(m);
  y = transpose(t);
  CHECK(wrong(y, [&](index_t i, index_t j) { return t(j, i); }) == 0);
  y = a + transpose(t);
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(a, i, j) + at(t, j, i)); }) == 0);
  y = slice(big, range(2, m + 2), range(1, n + 1)) * a;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(big, i + 2, j + 1) * at(a, i, j)); }) == 0);
  y = flip<0>(a) + flip<1>(a);
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(a, m - 1 - i, j) + at(a, i, n - 1 - j)); }) == 0);
  y = a + flip<0>(b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(a, i, j) + at(b, n - 1 - j)); }) == 0);
  y = transpose(transpose(a) + t);  // a movement of an expression
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(a, i, j) + at(t, j, i)); }) == 0);
  y = a * slice(big, range(0, m), range(1, 2));  // extents of 1 that have strides
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(a, i, j) * at(big, i, 1)); }) == 0);
  y = slice(big, range(2, 3), range(0, n)) - a;
  CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(at(big, 2, j) - at(a, i, j)); }) == 0);
  if (n > 0 && m > 0) {
    v = row(a, m - 1);
    index_t differ = 0;
    for (index_t j = 0; j < n; ++j) differ += !(v(j) == a(m - 1, j));
    u = col(a, n - 1) + slice(big, range(0, m), 1);
    for (index_t i = 0; i < m; ++i) differ += !(at(u, i) == at(a, i, n - 1) + at(big, i, 1));
    CHECK(differ == 0);
  }
}

// Statements that write where they read, against the same with copies.
template <class T>
void check_aliases(index_t n) {
  CAPTURE(n);
  const auto a = matrix<T, 1>(n, n);
  const auto b = vector<T, 2>(n);
  const auto same = [&](const auto& x, const auto& y) {
    return wrong(x, [&](index_t i, index_t j) { return y(i, j); }) == 0;
  };
  Tensor<T, dyn, dyn> x(n, n), y(n, n), expected(n, n);
  x = a;
  x = transpose(x);
  expected = transpose(a);
  CHECK(same(x, expected));
  x = a;
  x = x + transpose(x);
  expected = a + transpose(a);
  CHECK(same(x, expected));
  x = a;
  x += row(x, n - 1);
  y = a;
  expected = y + row(a, n - 1);
  CHECK(same(x, expected));
  x = a;
  x = row(x, 0) + x;
  expected = row(a, 0) + a;
  CHECK(same(x, expected));
  x = a;
  x = x * slice(x, whole, range(0, 1));
  expected = a * slice(a, whole, range(0, 1));
  CHECK(same(x, expected));
  x = a;
  x = flip<0>(x) - x;
  expected = flip<0>(a) - a;
  CHECK(same(x, expected));
  // Through views that are contiguous, and begin elsewhere.
  Tensor<T, dyn> v(2 * n), w(2 * n), plain(2 * n);
  for (index_t i = 0; i < 2 * n; ++i) v.data()[i] = w.data()[i] = exact<T>(i, 3);
  slice(v, range(1, n + 1)) = slice(v, range(0, n)) + b;
  plain = w;
  for (index_t i = 0; i < n; ++i) plain(i + 1) = static_cast<T>(w(i) + b(i));
  index_t differ = 0;
  for (index_t i = 0; i < 2 * n; ++i) differ += !(v(i) == plain(i));
  CHECK(differ == 0);
  v = w;
  slice(v, range(0, n)) = slice(v, range(1, n + 1)) + slice(v, range(0, n));
  plain = w;
  for (index_t i = 0; i < n; ++i) plain(i) = static_cast<T>(w(i + 1) + w(i));
  differ = 0;
  for (index_t i = 0; i < 2 * n; ++i) differ += !(v(i) == plain(i));
  CHECK(differ == 0);
}

template <class T>
void check_consumers(index_t m, index_t n, index_t k) {
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  const auto a = matrix<T, 1>(m, k), b = matrix<T, 2>(k, n), t = matrix<T, 3>(n, k), c = matrix<T, 4>(m, n);
  const auto bias = vector<T, 5>(n), x = vector<T, 6>(k), column = vector<T, 7>(m);
  Tensor<T, dyn, dyn> p(m, n), q(m, n), y(m, n);
  Tensor<T, dyn> r(m), z(m);
  p = matmul(a, b);
  q = matmul(a, transpose(t));
  r = matmul(a, x);
  const auto relu_of = [](T v) { return v > T(0) ? v : T(0); };
  y = relu(matmul(a, b) + bias);
  CHECK(wrong(y, [&](index_t i, index_t j) { return relu_of(p(i, j) + bias(j)); }) == 0);
  y = relu(matmul(a, transpose(t)) + bias);
  CHECK(wrong(y, [&](index_t i, index_t j) { return relu_of(q(i, j) + bias(j)); }) == 0);
  y = c - T(2) * matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return c(i, j) - T(2) * p(i, j); }) == 0);
  y = matmul(a, b) + slice(column, whole, newaxis);
  CHECK(wrong(y, [&](index_t i, index_t j) { return p(i, j) + column(i); }) == 0);
  y = matmul(a, b) * matmul(a, transpose(t)) + c;  // one product after the other
  CHECK(wrong(y, [&](index_t i, index_t j) { return p(i, j) * q(i, j) + c(i, j); }) == 0);
  y = T(0) * c + matmul(x, b);  // a product that repeats
  Tensor<T, dyn> row_of(n);
  row_of = matmul(x, b);
  CHECK(wrong(y, [&](index_t, index_t j) { return row_of(j); }) == 0);
  z = relu(matmul(a, x) + column);
  index_t differ = 0;
  for (index_t i = 0; i < m; ++i) differ += z(i) != relu_of(r(i) + column(i));
  CHECK(differ == 0);
  // Into what is read.
  z = column;
  z = relu(matmul(a, x) + z);
  for (index_t i = 0; i < m; ++i) differ += z(i) != relu_of(r(i) + column(i));
  y = c;
  y = relu(y - matmul(a, b));
  CHECK(wrong(y, [&](index_t i, index_t j) { return relu_of(c(i, j) - p(i, j)); }) == 0);
  if (m == n && n == k) {
    y = a;
    y = relu(matmul(y, b) + y);
    CHECK(wrong(y, [&](index_t i, index_t j) { return relu_of(p(i, j) + a(i, j)); }) == 0);
    y = a;
    y = transpose(y) + matmul(b, y);
    Tensor<T, dyn, dyn> other(n, n);
    other = matmul(b, a);
    CHECK(wrong(y, [&](index_t i, index_t j) { return a(j, i) + other(i, j); }) == 0);
  }
  CHECK(differ == 0);
}

template <class T, int M, int K>
void check_static_vectors() {
  CAPTURE(M);
  CAPTURE(K);
  Tensor<T, M, K> a;
  Tensor<T, K, M> t;
  Tensor<T, K> x;
  Tensor<T, M> b, y, z;
  for (index_t i = 0; i < M * K; ++i) a.data()[i] = exact<T>(i, 1), t.data()[i] = exact<T>(i, 2);
  for (index_t i = 0; i < K; ++i) x(i) = exact<T>(i, 3);
  for (index_t i = 0; i < M; ++i) b(i) = exact<T>(i, 4);
  index_t differ = 0;
  const auto product = [&](index_t i, bool turned) {
    T sum = 0;
    for (index_t k = 0; k < K; ++k) sum += (turned ? t(k, i) : a(i, k)) * x(k);
    return sum;
  };
  y = matmul(a, x);
  z = matmul(x, t);
  for (index_t i = 0; i < M; ++i) differ += (y(i) != product(i, false)) + (z(i) != product(i, true));
  y = matmul(transpose(t), x);
  z = einsum<"ik,k->i">(a, x);
  for (index_t i = 0; i < M; ++i) differ += (y(i) != product(i, true)) + (z(i) != product(i, false));
  y = einsum<"ki,k->i">(t, x);
  z = matmul(x, transpose(a));
  for (index_t i = 0; i < M; ++i) differ += (y(i) != product(i, true)) + (z(i) != product(i, false));
  y = relu(matmul(a, x) + b);
  for (index_t i = 0; i < M; ++i) differ += y(i) != (product(i, false) + b(i) > 0 ? product(i, false) + b(i) : T(0));
  if constexpr (M == K) {
    z = x;
    z = matmul(a, z);
    for (index_t i = 0; i < M; ++i) differ += z(i) != product(i, false);
    z = x;
    z = matmul(z, t);
    for (index_t i = 0; i < M; ++i) differ += z(i) != product(i, true);
  }
  CHECK(differ == 0);
}

template <class T>
void check_reductions(index_t m, index_t n) {
  CAPTURE(m);
  CAPTURE(n);
  const auto a = matrix<T, 1>(m, n), b = matrix<T, 2>(m, n);
  Tensor<T, dyn> sums(m), largest(m);
  Tensor<index_t, dyn> places(m);
  sums = sum<1>(a * b);
  largest = max<1>(a);
  places = argmax<1>(a);
  T all = 0;
  index_t differ = 0;
  for (index_t i = 0; i < m; ++i) {
    T s = 0;
    index_t at = 0;
    for (index_t j = 0; j < n; ++j) {
      s += a(i, j) * b(i, j);
      if (a(i, j) > a(i, at)) at = j;
    }
    all += s;
    differ += (sums(i) != s) + (largest(i) != a(i, at)) + (places(i) != at);
  }
  CHECK(differ == 0);
  CHECK(T(sum(a * b)) == all);
  Tensor<T, dyn, dyn> y(m, n);
  y = a - sum(a * b);  // a number that is computed once
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) - all; }) == 0);
  const auto total = sum(a * b);  // named: computed once for both
  y = a * total - b * total;
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) * all - b(i, j) * all; }) == 0);
  y = a / sqrt(sum(a * a) + T(1));
  T squares = 0;
  for (index_t i = 0; i < m * n; ++i) squares += a.data()[i] * a.data()[i];
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) / std::sqrt(squares + T(1)); }) == 0);
}

}  // namespace

TEST_CASE("vectors that repeat over rows, and columns") {
  for (const index_t m : {0, 1, 2, 3, 5, 8, 17, 33, 70})
    for (const index_t n : {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 64, 130}) check_rows<float>(m, n);
  for (const index_t m : {1, 3, 8, 40})
    for (const index_t n : {1, 3, 4, 9, 16, 31, 70}) {
      check_rows<double>(m, n);
      check_rows<signed char>(m, n);
      check_rows<short>(m, n);
      check_rows<half>(m, n);
    }
}
TEST_CASE("operands of three axes repeat over the first ones") {
  Tensor<float, dyn, dyn, dyn> a(3, 4, 5), y(3, 4, 5);
  for (index_t i = 0; i < 60; ++i) a.data()[i] = exact<float>(i, 1);
  const auto b = matrix<float, 2>(4, 5);
  const auto c = vector<float, 3>(5);
  index_t differ = 0;
  const auto each = [&](const auto& f) {
    for (index_t i = 0; i < 3; ++i)
      for (index_t j = 0; j < 4; ++j)
        for (index_t k = 0; k < 5; ++k) differ += y(i, j, k) != f(i, j, k);
  };
  y = a + b;
  each([&](index_t i, index_t j, index_t k) { return a(i, j, k) + b(j, k); });
  y = a * c;
  each([&](index_t i, index_t j, index_t k) { return a(i, j, k) * c(k); });
  y = a * c + b;  // of two different numbers of axes
  each([&](index_t i, index_t j, index_t k) { return a(i, j, k) * c(k) + b(j, k); });
  y = permute<0, 1, 2>(a) + slice(a, 1);
  each([&](index_t i, index_t j, index_t k) { return a(i, j, k) + a(1, j, k); });
  y = slice(a, range(0, 3), range(0, 4), range(0, 5)) - 1.f;
  each([&](index_t i, index_t j, index_t k) { return a(i, j, k) - 1.f; });
  CHECK(differ == 0);
}
TEST_CASE("views among the operands") {
  for (const index_t m : {0, 1, 2, 3, 5, 8, 16, 19, 33, 64})
    for (const index_t n : {0, 1, 2, 3, 4, 8, 9, 16, 17, 32, 40}) check_views<float>(m, n);
  for (const index_t m : {1, 4, 7, 33})
    for (const index_t n : {1, 4, 8, 21}) {
      check_views<double>(m, n);
      check_views<signed char>(m, n);
      check_views<half>(m, n);
    }
}
TEST_CASE("statements that write where they read") {
  for (const index_t n : {1, 2, 3, 4, 7, 8, 16, 23, 32, 33, 40, 70}) {
    check_aliases<float>(n);
    check_aliases<double>(n);
  }
}
TEST_CASE("long rows of a matrix are added to it") {
  const auto a = matrix<float, 1>(4, 700);
  for (const index_t r : {0, 1, 3}) {
    CAPTURE(r);
    Tensor<float, dyn, dyn> x = a;
    x = x + row(x, r);
    CHECK(wrong(x, [&](index_t i, index_t j) { return a(i, j) + a(r, j); }) == 0);
  }
}
TEST_CASE("an operand of one element, whose type says so, is added to every row") {
  Tensor<float, dyn, 1> a(5, 1), c(5, 1);
  Tensor<float, 1> b;
  for (index_t i = 0; i < 5; ++i) a(i, 0) = static_cast<float>(i);
  b(0) = 10;
  c = a + b;
  CHECK(wrong(c, [&](index_t i, index_t) { return a(i, 0) + 10.0f; }) == 0);
  Tensor<float, dyn> one(1);
  Tensor<float, 4> x{0, 1, 2, 3};
  one(0) = 1;
  CHECK(float(sum(one + x)) == 10);
  CHECK(float(sum(one * x + one)) == 10);
}
TEST_CASE("a number of the target is read before it is written") {
  const index_t m = 1000;
  Tensor<float, dyn, dyn> x(m, 3);
  Tensor<float, dyn> b(3);
  x.view() = 2.0f;
  b.view() = 1.0f;
  x = (x + b) * slice(x, 0, 0);
  CHECK(wrong(x, [](index_t, index_t) { return 6.0f; }) == 0);
  x.view() = 2.0f;
  x = x + row(x, m - 1) * slice(x, 0, 1);
  CHECK(wrong(x, [](index_t, index_t) { return 6.0f; }) == 0);
}
TEST_CASE("consumers of small products") {
  for (const index_t m : {1, 2, 3, 4, 8, 17, 40})
    for (const index_t n : {1, 2, 3, 4, 8, 16, 17, 33, 40})
      for (const index_t k : {1, 2, 4, 8, 17}) check_consumers<float>(m, n, k);
  check_consumers<double>(4, 4, 4);
  check_consumers<double>(8, 8, 8);
  check_consumers<double>(3, 5, 40);
  check_consumers<float>(64, 64, 64);
}
TEST_CASE("static matrices by vectors") {
  // Less than a register, one, several with and without a rest; sums that are short, and longer than rows are wide.
  check_static_vectors<float, 1, 5>();
  check_static_vectors<float, 3, 3>();
  check_static_vectors<float, 4, 4>();
  check_static_vectors<float, 9, 16>();
  check_static_vectors<float, 17, 33>();
  check_static_vectors<float, 40, 40>();
  check_static_vectors<float, 10, 64>();
  check_static_vectors<double, 4, 4>();
  check_static_vectors<double, 8, 9>();
}
TEST_CASE("few elements reduced") {
  for (const index_t m : {1, 2, 3, 8, 9, 20})
    for (const index_t n : {1, 2, 3, 4, 8, 15, 16, 17, 64, 100}) {
      check_reductions<float>(m, n);
      check_reductions<double>(m, n);
    }
}
TEST_CASE("a tail raises nothing that its elements do not") {
  std::feclearexcept(FE_ALL_EXCEPT);
  Tensor<float, dyn> x(5), y(5);
  for (index_t i = 0; i < 5; ++i) x(i) = static_cast<float>(i + 1);
  y = 1.f / x;
  CHECK(std::fetestexcept(FE_DIVBYZERO | FE_INVALID) == 0);
  Tensor<int, dyn> i(3), j(3);
  i = 12;
  j = 5;
  i = i % j;  // idle lanes do not divide by zero
  CHECK(i(2) == 2);
}
