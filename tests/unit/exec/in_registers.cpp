// Statements over few numbers of static extents, which go from registers to registers: against loops over elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <cfenv>
#include <cmath>
#include <limits>
#include <tenon/tenon.hpp>
#include <type_traits>

#include "exact.hpp"
#include "support/guarded.hpp"

using namespace tenon;

using test::exact;
using test::filled;
using test::wrong;

namespace {

template <class T, index_t M, index_t N>
void check_operands() {
  CAPTURE(M);
  CAPTURE(N);
  const auto a = filled<T, 1, M, N>(), b = filled<T, 2, M, N>();
  const auto t = filled<T, 3, N, M>();
  const auto big = filled<T, 4, M + 3, N + 2>();
  const auto v = filled<T, 5, N>(), w = filled<T, 6, N>();
  const auto u = filled<T, 7, M>();
  const auto column = filled<T, 8, M, 1>();
  const auto line = filled<T, 9, 1, N>();
  const auto one = filled<T, 10, 1>();
  const auto at = [](T x) { return x; };
  Tensor<T, M, N> y;
  const auto check = [&](const auto& f) {
    CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(f(i, j)); }) == 0);
  };
  y = a + b;
  check([&](index_t i, index_t j) { return a(i, j) + b(i, j); });
  y = a * T(2) - b;
  check([&](index_t i, index_t j) { return a(i, j) * T(2) - b(i, j); });
  y = T(3);
  check([&](index_t, index_t) { return T(3); });
  y = a + v;
  check([&](index_t i, index_t j) { return a(i, j) + v(j); });
  y = v - w * a;
  check([&](index_t i, index_t j) { return v(j) - w(j) * a(i, j); });
  y = a * column + line * one;
  check([&](index_t i, index_t j) { return a(i, j) * column(i, 0) + line(0, j) * one(0); });
  y = column * line;
  check([&](index_t i, index_t j) { return column(i, 0) * line(0, j); });
  y = slice(u, whole, newaxis) * v;
  check([&](index_t i, index_t j) { return u(i) * v(j); });
  y = transpose(t);
  check([&](index_t i, index_t j) { return t(j, i); });
  y = a + transpose(t);
  check([&](index_t i, index_t j) { return a(i, j) + t(j, i); });
  y = transpose(Tensor<T, N, M>(t)) * a;  // of a temporary
  check([&](index_t i, index_t j) { return t(j, i) * a(i, j); });
  y = flip<0>(a) - flip<1>(b);
  check([&](index_t i, index_t j) { return a(M - 1 - i, j) - b(i, N - 1 - j); });
  y = flip<0>(Tensor<T, M, N>(a)) - b;
  check([&](index_t i, index_t j) { return a(M - 1 - i, j) - b(i, j); });
  y = slice(big, range<2, M + 2>(), range<1, N + 1>()) * a;
  check([&](index_t i, index_t j) { return big(i + 2, j + 1) * a(i, j); });
  y = transpose(transpose(a) + t);
  check([&](index_t i, index_t j) { return a(i, j) + t(j, i); });
  y = where(a > b, a, b) - minimum(a, b);
  check([&](index_t i, index_t j) { return (a(i, j) > b(i, j) ? a(i, j) : b(i, j)) - std::min(a(i, j), b(i, j)); });
  y = a;
  y += slice(big, 1, range<0, N>());
  check([&](index_t i, index_t j) { return a(i, j) + big(1, j); });

  // Rows, columns and blocks, read and written.
  Tensor<T, N> r;
  Tensor<T, M> c;
  r = row(a, M - 1) + w;
  CHECK(wrong(r, [&](index_t j) { return static_cast<T>(a(M - 1, j) + w(j)); }) == 0);
  c = col(a, N - 1) * u;
  CHECK(wrong(c, [&](index_t i) { return static_cast<T>(a(i, N - 1) * u(i)); }) == 0);
  y = a;
  row(y, 0) = v * w;
  check([&](index_t i, index_t j) { return i == 0 ? v(j) * w(j) : a(i, j); });
  y = a;
  col(y, N - 1) = u + u;
  check([&](index_t i, index_t j) { return j == N - 1 ? u(i) + u(i) : a(i, j); });
  y = a;
  transpose(y) = t + transpose(b);
  check([&](index_t i, index_t j) { return t(j, i) + b(i, j); });
  auto target = big;
  slice(target, range<1, M + 1>(), range<2, N + 2>()) = a - b;
  CHECK(wrong(target, [&](index_t i, index_t j) {
          const bool inside = i >= 1 && i < M + 1 && j >= 2;
          return inside ? static_cast<T>(a(i - 1, j - 2) - b(i - 1, j - 2)) : at(big(i, j));
        }) == 0);
}

// Statements that write where they read.
template <class T, index_t N>
void check_overlap() {
  CAPTURE(N);
  const auto a = filled<T, 1, N, N>();
  const auto v = filled<T, 2, N>();
  Tensor<T, N, N> y = a;
  const auto check = [&](const auto& f) {
    CHECK(wrong(y, [&](index_t i, index_t j) { return static_cast<T>(f(i, j)); }) == 0);
    y = a;
  };
  y = transpose(y);
  check([&](index_t i, index_t j) { return a(j, i); });
  y = y + transpose(y);
  check([&](index_t i, index_t j) { return a(i, j) + a(j, i); });
  y += row(y, N - 1);
  check([&](index_t i, index_t j) { return a(i, j) + a(N - 1, j); });
  y = flip<0>(y) - y;
  check([&](index_t i, index_t j) { return a(N - 1 - i, j) - a(i, j); });
  y = y * slice(y, whole, range<0, 1>());
  check([&](index_t i, index_t j) { return a(i, j) * a(i, 0); });
  y = y - y(N - 1, N - 1);
  check([&](index_t i, index_t j) { return a(i, j) - a(N - 1, N - 1); });
  row(y, 0) = col(y, N - 1) + v;
  check([&](index_t i, index_t j) { return i == 0 ? a(j, N - 1) + v(j) : a(i, j); });
  transpose(y) = y;
  check([&](index_t i, index_t j) { return a(j, i); });
  Tensor<T, N + 1> x, z;
  for (index_t i = 0; i <= N; ++i) x(i) = z(i) = exact<T>(i, 3);
  slice(x, range<1, N + 1>()) = slice(x, range<0, N>()) + v;
  CHECK(wrong(x, [&](index_t i) { return i == 0 ? z(0) : static_cast<T>(z(i - 1) + v(i - 1)); }) == 0);
  x = flip<0>(x);
  x = flip<0>(x);
  CHECK(wrong(x, [&](index_t i) { return i == 0 ? z(0) : static_cast<T>(z(i - 1) + v(i - 1)); }) == 0);
}

template <class T, index_t M, index_t N>
void check_reductions() {
  CAPTURE(M);
  CAPTURE(N);
  const auto a = filled<T, 1, M, N>(), b = filled<T, 2, M, N>();
  T all = 0, largest = a(0, 0);
  Tensor<T, N> down{}, top = row(a, 0);
  Tensor<T, M> across{}, least = col(a, 0);
  for (index_t i = 0; i < M; ++i)
    for (index_t j = 0; j < N; ++j) {
      all += a(i, j);
      largest = std::max(largest, a(i, j));
      down(j) += a(i, j) * b(i, j);
      across(i) += a(i, j) * b(i, j);
      top(j) = std::max(top(j), a(i, j));
      least(i) = std::min(least(i), a(i, j));
    }
  CHECK(T(sum(a)) == all);
  CHECK(T(max(a)) == largest);
  Tensor<T, N> r;
  Tensor<T, M> c;
  r = sum<0>(a * b);
  CHECK(wrong(r, [&](index_t j) { return down(j); }) == 0);
  c = sum<1>(a * b);
  CHECK(wrong(c, [&](index_t i) { return across(i); }) == 0);
  r = max<0>(a);
  CHECK(wrong(r, [&](index_t j) { return top(j); }) == 0);
  c = min<1>(a);
  CHECK(wrong(c, [&](index_t i) { return least(i); }) == 0);
  r = mean<0>(a * T(M));
  Tensor<T, N> sums{};
  for (index_t i = 0; i < M; ++i) sums += row(a, i);
  CHECK(wrong(r, [&](index_t j) { return sums(j); }) == 0);
  // What is computed once, or for each row, within a statement.
  Tensor<T, M, N> y;
  y = a - sum(a) * b;
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) - all * b(i, j); }) == 0);
  y = a - sum<1>(a * b, keepdims);
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) - across(i); }) == 0);
  y = a * sum<0>(a * b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) * down(j); }) == 0);
  const auto total = sum(a * b);  // named: computed once for both
  T product = 0;
  for (index_t j = 0; j < N; ++j) product += down(j);
  y = a * total - b * total;
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) * product - b(i, j) * product; }) == 0);
  y = a / sqrt(sum(a * a) + T(1));
  T squares = 0;
  for (index_t i = 0; i < M * N; ++i) squares += a.data()[i] * a.data()[i];
  CHECK(wrong(y, [&](index_t i, index_t j) { return a(i, j) / std::sqrt(squares + T(1)); }) == 0);
}

template <class T, index_t M, index_t N>
void check_softmax() {
  CAPTURE(M);
  CAPTURE(N);
  auto a = filled<T, 1, M, N>();
  a(0, 0) = T(90);  // far above the others
  if (N > 1) a(M - 1, N - 1) = -std::numeric_limits<T>::infinity();
  Tensor<T, M, N> y, l;
  y = softmax<1>(a * T(1));
  l = log_softmax<1>(a);
  double worst = 0;
  for (index_t i = 0; i < M; ++i) {
    double top = static_cast<double>(a(i, 0)), total = 0;
    for (index_t j = 0; j < N; ++j) top = std::max(top, static_cast<double>(a(i, j)));
    for (index_t j = 0; j < N; ++j) total += std::exp(static_cast<double>(a(i, j)) - top);
    for (index_t j = 0; j < N; ++j) {
      const double x = static_cast<double>(a(i, j)) - top, e = std::exp(x) / total;
      worst = std::max(worst, std::abs(static_cast<double>(y(i, j)) - e));
      if (std::isinf(x))
        CHECK(l(i, j) == -std::numeric_limits<T>::infinity());
      else
        worst = std::max(worst, std::abs(static_cast<double>(l(i, j)) - (x - std::log(total))) / (1 + std::abs(x)));
    }
  }
  CHECK(worst <= 4 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  a(0, N - 1) = std::numeric_limits<T>::quiet_NaN();
  y = softmax<1>(a);
  for (index_t j = 0; j < N; ++j) CHECK(std::isnan(y(0, j)));
}

// Views of n static elements that end where memory does, and begin where it does.
template <class T, index_t N>
void check_bounds() {
  test::Guarded of_x, of_y;
  for (const bool at_end : {true, false}) {
    T* const x = at_end ? of_x.last<T>(N) : of_x.first<T>();
    T* const y = at_end ? of_y.last<T>(N) : of_y.first<T>();
    for (index_t i = 0; i < N; ++i) x[i] = exact<T>(i, 1);
    TensorView<T, N> to(y, N);
    const TensorView<const T, N> from(x, N);
    to = from + T(1);
    index_t differ = 0;
    for (index_t i = 0; i < N; ++i) differ += y[i] != x[i] + T(1);
    to = T(2) * flip<0>(from);
    for (index_t i = 0; i < N; ++i) differ += y[i] != T(2) * x[N - 1 - i];
    to = exp(from);
    for (index_t i = 0; i < N; ++i)
      differ += !(std::abs(y[i] - std::exp(x[i])) <= 4 * std::numeric_limits<T>::epsilon() * std::exp(x[i]));
    CHECK(differ == 0);
  }
}

}  // namespace

// More numbers than an int counts are no reason for the compiler to stop. Not run: there is no memory for them.
using Huge = Tensor<float, 65536, 65536>;
[[maybe_unused]] static float huge(Huge& y, Tensor<float, 65536>& rows, const Huge& a) {
  y = exp(a) + a;
  rows = max<1>(a);
  return sum(a * a);
}

TEST_CASE("operands of every kind, and targets") {
  check_operands<float, 1, 1>();
  check_operands<float, 3, 3>();
  check_operands<float, 13, 9>();
  check_operands<double, 4, 3>();
  check_operands<int, 3, 5>();
}
TEST_CASE("statements over few numbers that write where they read") {
  check_overlap<float, 1>();
  check_overlap<float, 3>();
  check_overlap<float, 8>();
  check_overlap<float, 13>();
  check_overlap<double, 2>();
}
TEST_CASE("reductions in registers") {
  check_reductions<float, 3, 1>();
  check_reductions<float, 4, 4>();
  check_reductions<float, 5, 7>();
  check_reductions<float, 2, 40>();
  check_reductions<double, 2, 3>();
  check_reductions<double, 16, 16>();
}
TEST_CASE("the largest of few numbers is NaN where one of them is, and no idle lane counts") {
  Tensor<float, 3> x{-1, -2, -3};
  CHECK(float(max(x)) == -1);
  CHECK(float(prod(x)) == -6);
  CHECK(float(min(x * -1.0f)) == 1);
  for (index_t i = 0; i < 3; ++i) {
    Tensor<float, 3> y = x;
    y(i) = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(float(max(y))));
    CHECK(std::isnan(float(min(y))));
    CHECK(std::isnan(float(sum(y))));
  }
  Tensor<double, 5> d{4, 3, 2, 3, 4};
  CHECK(double(min(d)) == 2);
  CHECK(index_t(argmin(d)) == 2);
  CHECK(double(mean(d)) == doctest::Approx(3.2));
}
TEST_CASE("softmax of few numbers") {
  check_softmax<float, 1, 1>();
  check_softmax<float, 1, 4>();
  check_softmax<float, 3, 5>();
  check_softmax<float, 2, 16>();
  check_softmax<float, 2, 17>();
  check_softmax<float, 4, 40>();
  check_softmax<double, 3, 3>();
  check_softmax<double, 2, 8>();
  check_softmax<double, 2, 9>();
}
TEST_CASE("nothing beyond the elements is read or written") {
  check_bounds<float, 1>();
  check_bounds<float, 3>();
  check_bounds<float, 5>();
  check_bounds<float, 7>();
  check_bounds<float, 17>();  // a last register of one element
  check_bounds<float, 100>();
  check_bounds<double, 3>();
  check_bounds<double, 9>();
}
TEST_CASE("idle lanes raise nothing that the elements do not") {
  std::feclearexcept(FE_ALL_EXCEPT);
  Tensor<float, 3> x{1, 2, 3}, y;
  Tensor<double, 5> d{1, 2, 3, 4, 5}, e;
  y = 1.f / x;
  e = log(d) / d;
  y = y / sqrt(sum(y * y));
  y = softmax<0>(y);
  CHECK(std::fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW) == 0);
  Tensor<int, 3> i, j;
  i = 12;
  j = 5;
  i = i % j;  // idle lanes do not divide by zero
  CHECK(i(2) == 2);
}
TEST_CASE("numbers of several types in one statement") {
  Tensor<float, 3> x{1, 2, 3};
  Tensor<double, 3> d{0.5, 1.5, 2.5}, y;
  Tensor<int, 3> i{3, 2, 1}, k;
  y = cast<double>(x) * d + cast<double>(i);
  CHECK(wrong(y, [&](index_t n) { return static_cast<double>(x(n)) * d(n) + i(n); }) == 0);
  k = cast<int>(d) + i;
  CHECK(wrong(k, [&](index_t n) { return static_cast<int>(d(n)) + i(n); }) == 0);
  Tensor<float, 3> z;
  z = where(i > 1, x, -x);
  CHECK(wrong(z, [&](index_t n) { return i(n) > 1 ? x(n) : -x(n); }) == 0);
}
TEST_CASE("a statement over few numbers is evaluated by the compiler as well") {
  static constexpr Tensor<float, 3> x{1, 2, 3};
  constexpr Tensor<float, 3> y = x * 2.0f + x;
  static_assert(y(2) == 9);
  Tensor<float, 3> z;
  z = x * 2.0f + x;
  CHECK(z(2) == y(2));
}
