// The columns that are left beside full registers, one row by a matrix, and rows of narrow numbers as they lie: beside
// memory that must not be touched, and in the order of sums that every other way has.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <cmath>

#include "support/guarded.hpp"

using namespace tenon;
using test::Guarded;

namespace {

template <class T>
using Matrix = TensorView<T, dyn, dyn>;

// Their sums depend on the order.
template <class T>
void uneven(Tensor<T, dyn, dyn>& x, int seed) {
  for (index_t i = 0, n = 0; i < x.extent(0); ++i)
    for (index_t j = 0; j < x.extent(1); ++j, ++n)
      x(i, j) = static_cast<T>(std::sin(static_cast<double>(n * n % 1009 + seed)));
}
template <class T>
void integers(Matrix<T> x, int seed) {
  for (index_t i = 0, n = 0; i < x.extent(0); ++i)
    for (index_t j = 0; j < x.extent(1); ++j, ++n)
      x(i, j) = static_cast<T>(static_cast<float>((n * 7 + seed) % 11 - 5));
}
template <class A, class B, class C>
index_t wrong_elements(const A& a, const B& b, const C& c) {
  index_t wrong = 0;
  for (index_t i = 0; i < c.extent(0); ++i)
    for (index_t j = 0; j < c.extent(1); ++j) {
      double sum = 0;
      for (index_t s = 0; s < a.extent(1); ++s) sum += double(a(i, s)) * double(b(s, j));
      wrong += sum != double(c(i, j));
    }
  return wrong;
}

}  // namespace

TEST_CASE_TEMPLATE("columns that are left, beside memory that faults", T, float, double) {
  const size_t room = 128 * 1024;
  Guarded for_a(room), for_b(room), for_c(room);
  for (const index_t n : {1, 3, 4, 17, 19, 20, 33, 35, 36, 50, 68})
    for (const index_t m : {11, 12, 13, 24, 37})
      for (const index_t k : {1, 2, 3, 4, 5, 7, 36}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(k);
        for (const bool at_end : {true, false}) {
          Matrix<T> a(at_end ? for_a.last<T>(m * k) : for_a.first<T>(), m, k),
              b(at_end ? for_b.last<T>(k * n) : for_b.first<T>(), k, n),
              c(at_end ? for_c.last<T>(m * n) : for_c.first<T>(), m, n);
          integers(a, 1);
          integers(b, 2);
          c = T(77);
          c = matmul(a, b);
          CHECK(wrong_elements(a, b, c) == 0);
        }
      }
}
// Whether the target is dense, spread (which takes the blocked engine), or added to what is there.
TEST_CASE_TEMPLATE("columns that are left have the order of sums of all others", T, float, double) {
  for (const index_t n : {20, 35, 36})
    for (const index_t m : {12, 30, 36})
      for (const index_t k : {6, 36, 41}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(k);
        Tensor<T, dyn, dyn> a(m, k), b(k, n), dense(m, n), memory(m, 2 * n), twice(m, n);
        uneven<T>(a, 1);
        uneven<T>(b, 2);
        Matrix<T> spread(memory.data(), Dims{2, {m, n}}, Dims{2, {2 * n, 2}});
        dense = matmul(a, b);
        spread = matmul(a, b);
        twice = T(0);
        twice += matmul(a, b);
        index_t wrong = 0;
        for (index_t i = 0; i < m; ++i)
          for (index_t j = 0; j < n; ++j) wrong += dense(i, j) != spread(i, j) || dense(i, j) != twice(i, j);
        CHECK(wrong == 0);
        if (!exec::fits_in_place<T>(m, n, k)) continue;
        exec::product_in_place<T>(m, n, k, a.data(), k, 1, b.data(), n, dense.data(), n, true);
        CHECK(all(dense == spread * T(2)));
      }
}
TEST_CASE_TEMPLATE("one row by a matrix, wherever the target lies", T, float, double) {
  for (const index_t n : {2, 16, 40, 128, 200, 300})
    for (const index_t k : {1, 30, 784, 1024, 1025}) {
      CAPTURE(n);
      CAPTURE(k);
      Tensor<T, dyn, dyn> row(1, k), w(k, n);
      uneven<T>(row, 1);
      uneven<T>(w, 2);
      Tensor<T, dyn> x(k), y(n), memory(2 * n);
      for (index_t s = 0; s < k; ++s) x(s) = row(0, s);
      TensorView<T, dyn> spread(memory.data(), Dims{1, {n}}, Dims{1, {2}});
      y = matmul(x, w);
      spread = matmul(x, w);

      index_t wrong = 0;
      for (index_t j = 0; j < n; ++j) {
        double sum = 0;
        for (index_t s = 0; s < k; ++s) sum += double(x(s)) * double(w(s, j));
        wrong += y(j) != spread(j) || std::abs(sum - double(y(j))) > 1e-3;
      }
      CHECK(wrong == 0);
      if (n == k) continue;
      // The target begins within the operand.
      Tensor<T, dyn> together(k + n);
      for (index_t s = 0; s < k; ++s) together(s) = x(s);
      const TensorView<const T, dyn> before(together.data(), k);
      TensorView<T, dyn> over(together.data() + k - 1, n);
      over = matmul(before, w);
      for (index_t j = 0; j < n; ++j) wrong += over(j) != y(j);
      CHECK(wrong == 0);
    }
}
TEST_CASE_TEMPLATE("rows of narrow numbers, beside memory that faults", T, bfloat16, signed char, unsigned char,
                   short) {
  const size_t room = 256 * 1024;
  Guarded for_a(room), for_b(room);
  for (const index_t n : {1, 5, 40})
    for (const index_t m : {1, 2, 7, 30})
      for (const index_t k : {1, 2, 3, 5, 31, 32, 33, 65, 700}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(k);
        for (const bool at_end : {true, false}) {
          Matrix<T> a(at_end ? for_a.last<T>(m * k) : for_a.first<T>(), m, k),
              b(at_end ? for_b.last<T>(k * n) : for_b.first<T>(), k, n);
          for (index_t i = 0; i < m * k; ++i) a.data()[i] = static_cast<T>(static_cast<float>(i * 7 % 6));
          for (index_t i = 0; i < k * n; ++i) b.data()[i] = static_cast<T>(static_cast<float>(i * 5 % 7));
          using S = compute_t<typename bare_t<decltype(matmul(a, b))>::value_type>;
          Tensor<S, dyn, dyn> sums(m, n);
          sums = cast<S>(matmul(a, b));
          CHECK(wrong_elements(a, b, sums) == 0);
          Tensor<double, dyn, dyn> wide(m, n);
          wide = cast<double>(matmul(a, b));
          CHECK(wrong_elements(a, b, wide) == 0);
        }
      }
}
