// Consumers of products that are finished in a tile's registers: every place of a tile, leaf, target and type. All
// numbers are small integers, so that results are exact.
#include <doctest/doctest.h>

#include <tenon/tenon.hpp>

#include "laid_out.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T>
double number(const T& x) {
  return static_cast<double>(x);
}
template <class T>
void fill(T& x, index_t seed) {
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<typename T::value_type>((i * 7 + seed * 5 + i / 11) % 9 - 4);
}
template <class A, class B>
Tensor<double, dyn, dyn> product(const A& a, const B& b) {
  Tensor<double, dyn, dyn> p(a.extent(0), b.extent(1));
  for (index_t i = 0; i < p.extent(0); ++i)
    for (index_t j = 0; j < p.extent(1); ++j) {
      p(i, j) = 0;
      for (index_t s = 0; s < a.extent(1); ++s) p(i, j) += number(a(i, s)) * number(b(s, j));
    }
  return p;
}
// How many elements of y differ from f(i, j).
template <class Y, class F>
int wrong(const Y& y, const F& f) {
  int n = 0;
  for (index_t i = 0; i < y.extent(0); ++i)
    for (index_t j = 0; j < y.extent(1); ++j) n += number(y(i, j)) != f(i, j);
  return n;
}

template <class T>
void check_shape(index_t m, index_t n, index_t k) {
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  Tensor<T, dyn, dyn> a(m, k), b(k, n), z(m, n), y(m, n);
  Tensor<T, dyn> bias(n), down(m);
  Tensor<bool, dyn, dyn> keep(m, n);
  fill(a, 1), fill(b, 2), fill(z, 3), fill(bias, 4), fill(down, 5);
  for (index_t i = 0; i < m * n; ++i) keep.data()[i] = i % 3 != 1;
  const auto p = product(a, b);
  y = relu(matmul(a, b) + bias);
  CHECK(wrong(y, [&](index_t i, index_t j) { return std::fmax(p(i, j) + number(bias(j)), 0); }) == 0);
  // The other way round: the same kernel with its first two leaves exchanged.
  y = relu(bias + matmul(a, b));
  CHECK(wrong(y, [&](index_t i, index_t j) { return std::fmax(p(i, j) + number(bias(j)), 0); }) == 0);
  y = z - bias * matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return number(z(i, j)) - number(bias(j)) * p(i, j); }) == 0);
  y = bias - matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return number(bias(j)) - p(i, j); }) == 0);
  y = T(3) + matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return 3 + p(i, j); }) == 0);
  y = z - T(2) * matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return number(z(i, j)) - 2 * p(i, j); }) == 0);
  y = where(keep, matmul(a, b), z);
  CHECK(wrong(y, [&](index_t i, index_t j) { return keep(i, j) ? p(i, j) : number(z(i, j)); }) == 0);
  y = matmul(a, b) + reshape<dyn, 1>(down, m, 1);  // one number for each row
  CHECK(wrong(y, [&](index_t i, index_t j) { return p(i, j) + number(down(i)); }) == 0);
  y = z;
  y = y + matmul(a, b);
  CHECK(wrong(y, [&](index_t i, index_t j) { return number(z(i, j)) + p(i, j); }) == 0);
  const Tensor<bool, dyn, dyn> large = matmul(a, b) > bias;
  CHECK(wrong(large, [&](index_t i, index_t j) { return p(i, j) > number(bias(j)) ? 1.0 : 0.0; }) == 0);
  for (int layout = 0; layout < layouts; ++layout) {
    CAPTURE(layout);
    LaidOut<T> leaf(m, n, layout), target(m, n, layout);
    fill(leaf.elements, 6);
    target.elements = T(0.5);
    auto to = target.target();
    to = maximum(matmul(a, b), leaf.view()) + bias;
    CHECK(wrong(to, [&](index_t i, index_t j) {
            return std::fmax(p(i, j), number(leaf.view()(i, j))) + number(bias(j));
          }) == 0);
    to = matmul(a, b) + bias;
    CHECK(wrong(to, [&](index_t i, index_t j) { return p(i, j) + number(bias(j)); }) == 0);
    index_t untouched = 0;
    for (index_t i = 0; i < target.elements.size(); ++i) untouched += target.elements.data()[i] == T(0.5);
    CHECK(untouched == target.elements.size() - m * n);
  }
}

TEST_CASE_TEMPLATE("rows, columns and steps around a tile's", T, float, double) {
  constexpr index_t rows = exec::full_rows<T>, columns = exec::tile_columns<T>;
  for (const index_t m : {rows, 2 * rows + 1})
    for (const index_t n : {columns, columns + 3, 2 * columns, 40 * columns + 8})
      if (m == rows || n < 40 * columns) check_shape<T>(m, n, 9);
  for (const index_t k : {exec::detail::long_sum - 1, exec::detail::long_sum, exec::detail::long_sum + 1})
    check_shape<T>(rows, columns, k);
  check_shape<T>(5 * rows, 3 * columns, 40);
}
TEST_CASE("the last block of a sum is short") {
  // Columns far apart and few rows: sums of doubles in blocks of 129 and 128 steps.
  Tensor<double, dyn, dyn> a(exec::full_rows<double>, 257), b(257, 2048);
  Tensor<double, dyn> bias(2048);
  fill(a, 1), fill(b, 2), fill(bias, 3);
  const auto p = product(a, b);
  const auto y = evaluate(matmul(a, b) + bias);
  CHECK(wrong(y, [&](index_t i, index_t j) { return p(i, j) + bias(j); }) == 0);
}
TEST_CASE("operands that are computed, laid out otherwise, or changed in place") {
  const index_t m = 40, n = 130, k = 30;
  Tensor<float, dyn, dyn> a(m, k), y(m, n);
  Tensor<float, dyn> bias(n);
  fill(a, 1), fill(bias, 3);
  for (int layout = 0; layout < layouts; ++layout) {
    CAPTURE(layout);
    LaidOut<float> b(k, n, layout), rows(m, k, layout);
    fill(b.elements, 2), fill(rows.elements, 7);
    const auto p = product(a, b.view()), q = product(rows.view(), b.view());
    y = relu(matmul(a, b.view()) + bias);
    CHECK(wrong(y, [&](index_t i, index_t j) { return std::fmax(p(i, j) + number(bias(j)), 0); }) == 0);
    y = relu(matmul(rows.view(), b.view()) + bias);
    CHECK(wrong(y, [&](index_t i, index_t j) { return std::fmax(q(i, j) + number(bias(j)), 0); }) == 0);
    y = relu(matmul(a * 2, b.view()) + bias);
    CHECK(wrong(y, [&](index_t i, index_t j) { return std::fmax(2 * p(i, j) + number(bias(j)), 0); }) == 0);
  }
  Tensor<float, dyn, dyn> square(96, 96);
  fill(square, 4);
  const Tensor<float, dyn, dyn> before = square;
  const auto p = product(before, before);
  square = matmul(square, square) - square;
  CHECK(wrong(square, [&](index_t i, index_t j) { return p(i, j) - number(before(i, j)); }) == 0);
}
TEST_CASE("batches, and results in other types") {
  Tensor<float, dyn, dyn, dyn> a(3, 30, 20), b(3, 20, 70), z(3, 30, 70);
  fill(a, 1), fill(b, 2), fill(z, 3);
  const auto plain = evaluate(matmul(a, b));
  const auto fused = evaluate(matmul(a, b) * z + slice(z, 1));
  CHECK(sum(fused == plain * z + slice(z, 1)) == fused.size());
  Tensor<float, dyn, dyn> x(30, 20), w(20, 70);
  Tensor<float, dyn> bias(70);
  fill(x, 4), fill(w, 5), fill(bias, 6);
  const auto p = product(x, w);
  const auto right = [&](const auto& y) {
    return wrong(y, [&](index_t i, index_t j) { return std::fmax(p(i, j) + number(bias(j)), 0); }) == 0;
  };
  CHECK(right(evaluate(cast<bfloat16>(relu(matmul(x, w) + bias)))));
  CHECK(right(evaluate(cast<half>(relu(matmul(x, w) + bias)))));
  // Sums of float beside a leaf of another type, on either side of it.
  const Tensor<bfloat16, dyn, dyn> short_x = cast<bfloat16>(x), short_w = cast<bfloat16>(w);
  const Tensor<bfloat16, dyn> short_bias = cast<bfloat16>(bias);
  CHECK(right(evaluate(relu(matmul(short_x, short_w) + short_bias))));
  CHECK(right(evaluate(relu(short_bias + matmul(short_x, short_w)))));
  CHECK(right(evaluate(cast<double>(relu(matmul(x, w) + bias)))));
  CHECK(right(evaluate(cast<int>(relu(matmul(x, w) + bias)))));
  const Tensor<half, dyn, dyn> hx = x, hw = w;
  CHECK(right(evaluate(relu(matmul(hx, hw) + bias))));
  const Tensor<bfloat16, dyn, dyn> bx = x, bw = w;
  CHECK(right(evaluate(relu(matmul(bx, bw) + bias))));
}
TEST_CASE("results past the caches: rows that begin with a line, and others") {
  const index_t m = 4100, n = 1152;
  static_assert(m * n * 4 > exec::streamed_bytes / 2);
  Tensor<float, dyn, dyn> a(m, 3), b(3, n);
  Tensor<float, dyn> bias(n);
  fill(a, 1), fill(b, 2), fill(bias, 3);
  const auto expected = [&](index_t i, index_t j) {
    return a(i, 0) * b(0, j) + a(i, 1) * b(1, j) + a(i, 2) * b(2, j) + bias(j);
  };
  for (const index_t gap : {0, 16, 5})
    for (const index_t first : {0, 16, 3}) {
      if (first > gap) continue;
      CAPTURE(gap);
      CAPTURE(first);
      Tensor<float, dyn, dyn> y(m, n + gap);
      y = 0.5f;
      auto part = slice(y, whole, range(first, first + n));
      part = matmul(a, b) + bias;
      index_t bad = 0;
      for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n + gap; ++j)
          bad += y(i, j) != (j < first || j >= first + n ? 0.5f : expected(i, j - first));
      CHECK(bad == 0);
    }
}

}  // namespace
