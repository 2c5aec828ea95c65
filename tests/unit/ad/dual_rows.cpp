// tests/unit/ad/dual_rows.cpp: pointwise statements on tensors of duals, however they lie, are those of their elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T, int N>
using Vector = Tensor<dual<T, N>, dyn>;
template <class T, int N>
using Matrix = Tensor<dual<T, N>, dyn, dyn>;

template <class D>
D number(index_t i) {
  using T = typename D::inner;
  D d(static_cast<T>(0.37 * static_cast<double>((i * 7) % 19) - 3.1));
  for (int k = 0; k < D::tangents; ++k)
    d.tangent[k] = static_cast<T>(0.5 * static_cast<double>((i * 5 + k * 3) % 11) - 2);
  return d;
}
template <class X>
void fill(X& x, index_t from) {
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = number<typename X::value_type>(from + i);
}
template <class D>
bool close(const D& a, const D& b) {
  const double tolerance = sizeof(typename D::inner) == 4 ? 2e-5 : 1e-13;
  const auto near = [&](auto x, auto y) {
    return std::fabs(static_cast<double>(x) - static_cast<double>(y)) <=
           tolerance * (1 + std::fabs(static_cast<double>(y)));
  };
  bool same = near(a.value, b.value);
  for (int k = 0; k < D::tangents; ++k) same = same && near(a.tangent[k], b.tangent[k]);
  return same;
}
// Of elements and of tensors.
auto chain(const auto& a, const auto& b, const auto& c) { return tanh(a * b + 2) * exp(-square(c) / 8) - b / 3; }

template <class T, int N>
void check_vectors() {
  using D = dual<T, N>;
  CAPTURE(N);
  for (const index_t n : {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 100, 1500}) {
    CAPTURE(n);
    Vector<T, N> a(n), b(2 * n), c(n), y(n), z(3 * n);
    fill(a, 1), fill(b, 5), fill(c, 9), fill(z, 3);
    const D one = number<D>(4);
    Tensor<T, dyn> plain(n);
    Tensor<bool, dyn> mask(n);
    for (index_t i = 0; i < n; ++i) plain(i) = static_cast<T>(0.01 * static_cast<double>(i)), mask(i) = i % 3 == 1;
    const auto every = [&](const auto& result, const auto& f) {
      bool same = true;
      for (index_t i = 0; i < n; ++i) same = same && close(D(result(i)), D(f(i)));
      return same;
    };
    y = chain(a, c, a);
    CHECK(every(y, [&](index_t i) { return chain(a(i), c(i), a(i)); }));
    y = chain(a, slice(b, range(0, 2 * n, 2)), c);
    CHECK(every(y, [&](index_t i) { return chain(a(i), b(2 * i), c(i)); }));
    y = chain(flip<0>(a), broadcast_to(slice(b, range(1, 2)), n), one);
    CHECK(every(y, [&](index_t i) { return chain(a(n - 1 - i), b(1), one); }));
    y = where(mask, a * plain, c + plain) + plain;
    CHECK(every(y, [&](index_t i) { return (mask(i) ? a(i) * plain(i) : c(i) + plain(i)) + plain(i); }));
    y = where(a < c, a, square(c));
    CHECK(every(y, [&](index_t i) { return a(i) < c(i) ? a(i) : square(c(i)); }));
    const Tensor<bool, dyn> less = a < c;
    for (index_t i = 0; i < n; ++i) CHECK(less(i) == (a(i).value < c(i).value));
    // Every third element of the target; the others stay.
    const Vector<T, N> before = z;
    slice(z, range(0, 3 * n, 3)) = a * c;
    for (index_t i = 0; i < 3 * n; ++i) CHECK(close(z(i), i % 3 == 0 ? a(i / 3) * c(i / 3) : before(i)));
    y = a;
    y += c * one;
    CHECK(every(y, [&](index_t i) { return a(i) + c(i) * one; }));
  }
}
template <class T, int N>
void check_matrices() {
  CAPTURE(N);
  for (const auto& [m, n] : {std::pair<index_t, index_t>{3, 5}, {40, 10}, {17, 33}, {64, 70}}) {
    CAPTURE(m);
    CAPTURE(n);
    Matrix<T, N> a(m, n), b(n, m), row(1, n), column(m, 1), y(m, n);
    fill(a, 1), fill(b, 2), fill(row, 3), fill(column, 4);
    const auto every = [&](const auto& f) {
      bool same = true;
      for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n; ++j) same = same && close(y(i, j), f(i, j));
      return same;
    };
    y = chain(a, transpose(b), row);
    CHECK(every([&](index_t i, index_t j) { return chain(a(i, j), b(j, i), row(0, j)); }));
    y = a * column - row;
    CHECK(every([&](index_t i, index_t j) { return a(i, j) * column(i, 0) - row(0, j); }));
    y = transpose(transpose(a) * b);
    CHECK(every([&](index_t i, index_t j) { return a(i, j) * b(j, i); }));
    Matrix<T, N> t(n, m);
    transpose(t) = a + column;
    y = transpose(t);
    CHECK(every([&](index_t i, index_t j) { return a(i, j) + column(i, 0); }));
  }
}
// The derivative of the gradient along v, against differences.
template <class F, class X>
void check_hvp(const F& f, const X& x, const X& v) {
  const auto h = hvp(f, x, v);
  const double step = 1e-4;
  const auto plus = grad(f)(evaluate(x + step * v)), minus = grad(f)(evaluate(x - step * v));
  for (index_t i = 0; i < x.size(); ++i)
    CHECK(h.data()[i] == doctest::Approx((plus.data()[i] - minus.data()[i]) / (2 * step)).epsilon(1e-5));
}

}  // namespace

TEST_CASE("statements on duals are those of their elements") {
  check_vectors<double, 1>();
  check_vectors<double, 3>();
  check_vectors<double, 8>();
  check_vectors<float, 2>();
  check_vectors<float, 4>();
  check_matrices<double, 1>();
}

TEST_CASE("duals of float beside tensors of double") {
  const index_t n = 37;
  Vector<float, 1> a(n);
  fill(a, 1);
  Tensor<double, dyn> b(n);
  for (index_t i = 0; i < n; ++i) b(i) = 1.0 / static_cast<double>(i + 1);
  const auto y = evaluate(a * b + exp(a));
  static_assert(std::is_same_v<decltype(y)::value_type, dual<double, 1>>);
  for (index_t i = 0; i < n; ++i) {
    const double e = static_cast<double>(std::exp(a(i).value));
    CHECK(y(i).value == doctest::Approx(a(i).value * b(i) + e).epsilon(1e-6));
    CHECK(y(i).tangent[0] == doctest::Approx(a(i).tangent[0] * (b(i) + e)).epsilon(1e-6));
  }
}

TEST_CASE("gradients of duals reach operands that are strided, broadcast, shifted and single") {
  for (const auto& [m, n] : {std::pair<index_t, index_t>{3, 4}, {20, 10}, {9, 35}}) {
    CAPTURE(m);
    CAPTURE(n);
    Tensor<double, dyn, dyn> x(m, n), v(m, n);
    for (index_t i = 0; i < x.size(); ++i)
      x.data()[i] = 0.11 * static_cast<double>(i % 17) - 0.8, v.data()[i] = 0.1 * static_cast<double>(i % 7) - 0.3;
    check_hvp([](const auto& a) { return evaluate(sum(tanh(a) * exp(a * 0.3))); }, x, v);
    check_hvp([](const auto& a) { return evaluate(sum(square(a - mean<1>(a, keepdims)) * tanh(a))); }, x, v);
    check_hvp([](const auto& a) { return evaluate(sum(square(sum<0>(a * a)) + sum<0>(sin(a)))); }, x, v);
    check_hvp([](const auto& a) { return evaluate(sum(exp(transpose(a) * 0.2) * sum<1>(transpose(a), keepdims))); }, x,
              v);
    check_hvp(
        [k = n](const auto& a) {
          const auto left = slice<1>(a, range(0, k - 1)), right = slice<1>(a, range(1, k));
          return evaluate(sum(square(left * right) + left));
        },
        x, v);
    check_hvp(
        [](const auto& a) {
          using T = typename std::remove_cvref_t<decltype(a)>::value_type;
          const T s = sum(a);  // one number, used by all elements
          return evaluate(sum(sin(a * s)) + sum(relu(a)));
        },
        x, v);
    check_hvp([](const auto& a) { return evaluate(sum(softmax<1>(a) * a)); }, x, v);
  }
}

TEST_CASE("duals beside products of plain numbers") {
  Tensor<double, dyn, dyn> a(21, 9), b(9, 35);
  for (index_t i = 0; i < a.size(); ++i) a.data()[i] = 0.1 * static_cast<double>(i % 13) - 0.5;
  for (index_t i = 0; i < b.size(); ++i) b.data()[i] = 0.1 * static_cast<double>(i % 11) - 0.4;
  Matrix<double, 1> c(21, 35), row(1, 35);
  fill(c, 1), fill(row, 2);
  const auto product = evaluate(matmul(a, b));
  const auto y = evaluate(matmul(a, b) * c + row);
  const auto z = evaluate(where(c < row, transpose(matmul(transpose(b), transpose(a))) + row, c));
  for (index_t i = 0; i < 21; ++i)
    for (index_t j = 0; j < 35; ++j) {
      CHECK(close(y(i, j), product(i, j) * c(i, j) + row(0, j)));
      CHECK(close(z(i, j), c(i, j) < row(0, j) ? product(i, j) + row(0, j) : c(i, j)));
    }
}

TEST_CASE("a tangent and its value") {
  const index_t n = 100;
  Tensor<double, dyn> x(n), v(n);
  for (index_t i = 0; i < n; ++i) x(i) = 0.05 * static_cast<double>(i) - 2, v(i) = i % 2 ? 1 : -2;
  const auto f = [](const auto& a) { return evaluate(tanh(a * 2) * exp(-a * a)); };
  const auto [y, dy] = jvp(f, x, v);
  const auto plain = f(x);
  for (index_t i = 0; i < n; ++i) {
    CHECK(y(i) == plain(i));
    const double t = std::tanh(2 * x(i)), e = std::exp(-x(i) * x(i));
    CHECK(dy(i) == doctest::Approx(v(i) * e * (2 * (1 - t * t) - 2 * x(i) * t)).epsilon(1e-12));
  }
}
