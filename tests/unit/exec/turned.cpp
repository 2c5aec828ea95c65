// Operands that lie across the rows of a statement: transposed block by block, whatever their type, extents and axes.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <complex>

using namespace tenon;

namespace {

template <class T, index_t... E>
void fill(Tensor<T, E...>& x) {
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(static_cast<float>((i * 7 + 3) % 101));
}
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}

// y = a + transpose(b) * c and plain transposes, read back element by element.
template <class T>
void check(index_t n, index_t m) {
  CAPTURE(n);
  CAPTURE(m);
  Tensor<T, dyn, dyn> a(n, m), b(m, n), y(n, m), t(n, m), back(n, m);
  Tensor<T, dyn> c(m);
  fill(a);
  fill(b);
  fill(c);
  y = a + transpose(b) + c;
  t = transpose(b);
  back = flip<0>(transpose(flip<0>(b)));
  bool right = true;
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < m; ++j) {
      right = right && same(y(i, j), static_cast<T>(static_cast<T>(a(i, j) + b(j, i)) + c(j)));
      right = right && same(t(i, j), b(j, i)) && same(back(i, j), b(m - 1 - j, n - 1 - i));
    }
  CHECK(right);
}

}  // namespace

TEST_CASE_TEMPLATE("two axes", T, float, double, signed char, short, std::complex<float>, half) {
  for (const index_t n : {1, 3, 4, 15, 16, 17, 40, 130})
    for (const index_t m : {1, 4, 31, 32, 33, 64, 127, 128, 129, 300}) check<T>(n, m);
  check<T>(0, 40);
  check<T>(40, 0);
}

TEST_CASE("more axes, two operands turned about different ones, in place") {
  Tensor<float, dyn, dyn, dyn> x(5, 40, 36), y(36, 5, 40), z(40, 36, 5), w(5, 40, 36);
  fill(x);
  fill(y);
  fill(z);
  w = x + permute<1, 2, 0>(y) * 2 - permute<2, 0, 1>(z);
  const Tensor<float, dyn, dyn, dyn> p = permute<2, 0, 1>(x);
  bool right = true;
  for (index_t i = 0; i < 5; ++i)
    for (index_t j = 0; j < 40; ++j)
      for (index_t k = 0; k < 36; ++k)
        right = right && w(i, j, k) == x(i, j, k) + y(k, i, j) * 2 - z(j, k, i) && p(k, i, j) == x(i, j, k);
  CHECK(right);

  Tensor<double, dyn, dyn> s(70, 70), before(70, 70);
  fill(s);
  before = s;
  s = s + transpose(s);
  right = true;
  for (index_t i = 0; i < 70; ++i)
    for (index_t j = 0; j < 70; ++j) right = right && s(i, j) == before(i, j) + before(j, i);
  CHECK(right);
}

TEST_CASE("strided targets and sources, comparisons, results past the caches") {
  Tensor<float, dyn, dyn> a(90, 200), b(100, 90), y(90, 100);
  fill(a);
  fill(b);
  y = 0;
  slice(y, range(0, 90, 2)) = transpose(slice(transpose(slice(a, range(0, 90, 2), range(0, 200, 2))))) +
                              transpose(slice<1>(b, range(0, 90, 2)));
  const Tensor<bool, dyn, dyn> less = transpose(b) < slice<1>(a, range(0, 100));
  bool right = true;
  for (index_t i = 0; i < 90; ++i)
    for (index_t j = 0; j < 100; ++j) {
      right = right && y(i, j) == (i % 2 == 0 ? a(i, 2 * j) + b(j, i) : 0);
      right = right && less(i, j) == (b(j, i) < a(i, j));
    }
  CHECK(right);

  Tensor<float, dyn, dyn> large(3001, 2801), turned(2801, 3001);
  fill(large);
  turned = transpose(large) * 2;
  right = true;
  for (index_t i = 0; i < 2801; i += 13)
    for (index_t j = 0; j < 3001; ++j) right = right && turned(i, j) == large(j, i) * 2;
  CHECK(right);
}

namespace {

// Operands of one byte staged in front of wider ones: each must lie where its elements may.
template <class T>
void check_mixed_widths() {
  for (const index_t n : {3, 5, 7, 31}) {
    Tensor<T, dyn, dyn> tall(2 * n, 50), b(50, n), y(50, n), wide(100, 2 * n);
    Tensor<T, dyn> row(n);
    Tensor<bool, dyn> mask(n);
    for (index_t k = 0; k < tall.size(); ++k) tall.data()[k] = T(static_cast<float>(k % 97 + 1));
    for (index_t k = 0; k < b.size(); ++k) b.data()[k] = T(static_cast<float>(k % 89 + 100));
    for (index_t j = 0; j < n; ++j) row(j) = T(static_cast<float>(j - 3));
    for (index_t j = 0; j < n; ++j) mask(j) = j % 3 == 1;
    auto every_second = slice<0>(tall, range(0, 2 * n, 2));
    auto strided = slice(wide, range(0, 100, 2), range(0, 2 * n, 2));
    y = where(mask, transpose(every_second), row + b);
    strided = where(mask, row * b, transpose(every_second));
    bool right = true;
    for (index_t i = 0; i < 50; ++i)
      for (index_t j = 0; j < n; ++j) {
        const T turned = tall(2 * j, i);
        right = right && y(i, j) == (mask(j) ? turned : row(j) + b(i, j));
        right = right && strided(i, j) == (mask(j) ? row(j) * b(i, j) : turned);
      }
    CHECK_MESSAGE(right, n, " columns");
  }
}

}  // namespace

TEST_CASE("turned and short rows of elements of several widths") {
  check_mixed_widths<float>();
  check_mixed_widths<double>();
  check_mixed_widths<std::complex<double>>();
  check_mixed_widths<dual<float, 2>>();
  check_mixed_widths<dual<double, 8>>();
}
