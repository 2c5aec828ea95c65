// Few numbers of run-time extents: the row kernel in place, reductions in registers, rows of a plane by one call.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// Numbers of which sums and products of a few are exact.
template <class T>
T exact(index_t i, int seed) {
  return static_cast<T>((i * 7 + seed * 5) % 11 - 5);
}
template <class X>
X filled(X x, int seed) {
  using T = typename X::value_type;
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = exact<T>(i, seed);
  return x;
}
template <class T>
Tensor<T, dyn, dyn> matrix(index_t m, index_t n, int seed) {
  return filled(Tensor<T, dyn, dyn>(m, n), seed);
}
template <class T>
Tensor<T, dyn> vector(index_t n, int seed) {
  return filled(Tensor<T, dyn>(n), seed);
}

// A pack's pieces: which elements come, that they go where they came from, and that nothing else is touched.
template <class T>
void check_pieces() {
  using V = simd::native<T>;
  constexpr index_t W = simd::lanes<V>;
  constexpr T nothing = 127;
  index_t wrong = 0;
  for (index_t n = 1; n <= 3 * W; ++n) {
    T from[3 * W], to[3 * W + 2], first[W + 2];
    for (index_t i = 0; i < 3 * W; ++i) from[i] = static_cast<T>(i - 96);
    for (T& t : to) t = nothing;
    const index_t some = n < W ? n : W;
    const V v = simd::load_last<V>(from, n);
    for (index_t l = 0; l < W; ++l) wrong += v[l] < from[n - some] || v[l] > from[n - 1];
    simd::store_last(to + 1, v, n);
    for (index_t i = -1; i < 3 * W + 1; ++i) wrong += to[i + 1] != (i >= n - some && i < n ? from[i] : nothing);
    if (n > W) continue;
    for (T& t : first) t = nothing;
    simd::store_pieces(first + 1, simd::load<V>(from), n);
    for (index_t i = -1; i < W + 1; ++i) wrong += first[i + 1] != (i >= 0 && i < n ? from[i] : nothing);
  }
  CHECK(wrong == 0);
}

template <class T>
void check_rows(index_t n) {
  CAPTURE(n);
  const auto x = vector<T>(n, 1), v = vector<T>(n, 2);
  index_t wrong = 0;
  Tensor<T, dyn> z(n);
  z = T(2) * x + v;
  for (index_t i = 0; i < n; ++i) wrong += z(i) != static_cast<T>(T(2) * x(i) + v(i));
  z = x;
  z = z * z + z;  // over its operands
  for (index_t i = 0; i < n; ++i) wrong += z(i) != static_cast<T>(x(i) * x(i) + x(i));
  z += v;
  for (index_t i = 0; i < n; ++i) wrong += z(i) != static_cast<T>(x(i) * x(i) + x(i) + v(i));
  // Into the midst of others.
  Tensor<T, dyn> around(n + 8);
  around = T(77);
  slice(around, range(4, n + 4)) = x - v;
  for (index_t i = 0; i < n + 8; ++i)
    wrong += around(i) != (i >= 4 && i < n + 4 ? static_cast<T>(x(i - 4) - v(i - 4)) : T(77));
  // Of other extents than before.
  z = vector<T>(n + 3, 3) + vector<T>(n + 3, 4);
  wrong += z.extent(0) != n + 3;
  for (index_t i = 0; i < z.size(); ++i) wrong += z(i) != static_cast<T>(exact<T>(i, 3) + exact<T>(i, 4));
  CHECK(wrong == 0);
}

template <class T>
void check_planes(index_t m, index_t n) {
  CAPTURE(m);
  CAPTURE(n);
  const auto a = matrix<T>(m, n, 1), big = matrix<T>(m + 2, n + 3, 2), t = matrix<T>(n, m, 3);
  const auto x = vector<T>(n, 4), u = vector<T>(m, 5);
  Tensor<T, dyn, dyn> y(m, n);
  index_t wrong = 0;
  const auto each = [&](const auto& f) {
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < n; ++j) wrong += y(i, j) != static_cast<T>(f(i, j));
  };
  const auto column = [](const auto& w) { return slice(w, whole, newaxis); };
  y = a;
  y = y + x;
  each([&](index_t i, index_t j) { return a(i, j) + x(j); });
  y = a;
  y = (y + column(u)) * y;
  each([&](index_t i, index_t j) { return (a(i, j) + u(i)) * a(i, j); });
  y = outer(u, x) + slice(big, range(1, m + 1), range(2, n + 2));
  each([&](index_t i, index_t j) { return u(i) * x(j) + big(i + 1, j + 2); });
  y = flip<0>(a) * column(u) + transpose(t) * x;
  each([&](index_t i, index_t j) { return a(m - 1 - i, j) * u(i) + t(j, i) * x(j); });
  y = column(u) + (column(u) + (column(u) + (column(u) + (column(u) + (column(u) + (column(u) + a))))));
  each([&](index_t i, index_t j) { return 7 * u(i) + a(i, j); });
  y = a;
  y = y + slice(y, whole, range(0, 1)) * flip<0>(y);
  each([&](index_t i, index_t j) { return a(i, j) + a(i, 0) * a(m - 1 - i, j); });
  y = a;
  y = transpose(transpose(y) + t);
  each([&](index_t i, index_t j) { return a(i, j) + t(j, i); });
  CHECK(wrong == 0);
}

template <class T>
void check_folds(index_t m, index_t n) {
  CAPTURE(m);
  CAPTURE(n);
  const auto a = matrix<T>(m, n, 1), b = matrix<T>(m, n, 2);
  index_t wrong = 0;
  // By axis 0, by axis 1, of the operand and of a program; `f` joins two numbers.
  const auto each = [&](const auto& down, const auto& along, const auto& all, const auto& of, const auto& f) {
    Tensor<T, dyn> d(n), r(m);
    Tensor<T, dyn, dyn> e(m, 1);
    d = down(a, b);
    r = along(a, b);
    for (index_t j = 0; j < n; ++j) {
      T s = of(0, j);
      for (index_t i = 1; i < m; ++i) s = f(s, of(i, j));
      wrong += d(j) != s;
    }
    T total{};
    for (index_t i = 0; i < m; ++i) {
      T s = of(i, 0);
      for (index_t j = 1; j < n; ++j) s = f(s, of(i, j));
      wrong += r(i) != s;
      total = i == 0 ? s : f(total, s);
    }
    wrong += T(all(a, b)) != total;
  };
  const auto plus = [](T x, T y) { return static_cast<T>(x + y); };
  const auto larger = [](T x, T y) { return x > y ? x : y; };
  const auto smaller = [](T x, T y) { return x < y ? x : y; };
  each([](auto& x, auto&) { return cast<T>(sum<0>(x)); }, [](auto& x, auto&) { return cast<T>(sum<1>(x)); },
       [](auto& x, auto&) { return cast<T>(sum(x)); }, [&](index_t i, index_t j) { return a(i, j); }, plus);
  each([](auto& x, auto& y) { return cast<T>(sum<0>(x * y + x)); },
       [](auto& x, auto& y) { return cast<T>(sum<1>(x * y + x)); },
       [](auto& x, auto& y) { return cast<T>(sum(x * y + x)); },
       [&](index_t i, index_t j) { return static_cast<T>(a(i, j) * b(i, j) + a(i, j)); }, plus);
  each([](auto& x, auto& y) { return max<0>(x - y); }, [](auto& x, auto& y) { return max<1>(x - y); },
       [](auto& x, auto& y) { return max(x - y); }, [&](index_t i, index_t j) { return a(i, j) - b(i, j); }, larger);
  each([](auto& x, auto&) { return min<0>(x); }, [](auto& x, auto&) { return min<1>(x); },
       [](auto& x, auto&) { return min(x); }, [&](index_t i, index_t j) { return a(i, j); }, smaller);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("the last elements of a row, in pieces") {
  check_pieces<float>();
  check_pieces<double>();
  check_pieces<int>();
  check_pieces<short>();
  check_pieces<signed char>();
}
TEST_CASE("rows in place") {
  for (index_t n = 1; n <= 70; ++n) {
    check_rows<float>(n);
    check_rows<double>(n);
    check_rows<int>(n);
  }
  for (const index_t n : {100, 127, 128, 129, 255, 256, 257, 300}) {
    check_rows<float>(n);
    check_rows<double>(n);
  }
}
TEST_CASE("rows of a plane") {
  for (const index_t m : {1, 2, 5, 16, 17, 40})
    for (const index_t n : {1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 63, 64, 100}) {
      check_planes<float>(m, n);
      check_planes<double>(m, n);
    }
  for (const index_t n : {31, 32, 33, 64, 65, 130}) check_planes<int>(20, n);
}
TEST_CASE("few numbers reduced in place") {
  for (const index_t m : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33})
    for (index_t n = 1; n <= 40; ++n) {
      check_folds<float>(m, n);
      check_folds<double>(m, n);
    }
  for (const index_t m : {1, 3, 9})
    for (const index_t n : {1, 2, 3, 8, 17, 100, 130, 300}) {
      check_folds<float>(m, n);
      check_folds<int>(m, n);
    }
}
TEST_CASE("reductions into what they read") {
  Tensor<float, dyn, dyn> a = matrix<float>(1, 21, 1), b = matrix<float>(21, 1, 2);
  const auto a0 = a;
  a = sum<0>(a * a, keepdims);
  b = sum<1>(b + b, keepdims);
  index_t wrong = 0;
  for (index_t i = 0; i < 21; ++i) wrong += (a(0, i) != a0(0, i) * a0(0, i)) + (b(i, 0) != 2 * exact<float>(i, 2));
  CHECK(wrong == 0);
  Tensor<float, 1, dyn> c(1, 21);
  Tensor<float, dyn, 1> d(21, 1);
  c = a0;
  d = transpose(a0);
  c = sum<0>(c * c, keepdims);
  d = max<1>(d * d, keepdims);
  for (index_t i = 0; i < 21; ++i) wrong += (c(0, i) != a(0, i)) + (d(i, 0) != a(0, i));
  CHECK(wrong == 0);
  Tensor<float, dyn> x = vector<float>(9, 3);
  const auto x0 = x;
  x = x - sum(x);
  float total = 0;
  for (index_t i = 0; i < 9; ++i) total += x0(i);
  for (index_t i = 0; i < 9; ++i) wrong += x(i) != x0(i) - total;
  CHECK(wrong == 0);
}
TEST_CASE("no elements, and sums of none") {
  Tensor<float, dyn> x(0), z(0), s(3);
  z = x + x;
  CHECK(z.size() == 0);
  CHECK(float(sum(x)) == 0);
  s = sum<0>(Tensor<float, dyn, dyn>(0, 3));
  CHECK(float(sum(s * s)) == 0);
}
