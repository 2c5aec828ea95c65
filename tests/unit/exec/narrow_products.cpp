// Products of few rows or few columns, and of vectors, of run-time extents: each way through the engine, and its edges.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/tenon.hpp>
#include <vector>

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
  for (const index_t n : {1, 2, 3, 4, 5, 7, 8, 9, 17})
    for (const index_t m : {1, 2, 3, 4, 5, 8, 13, 40})
      for (const index_t k : {1, 3, 8, 16, 37, 150}) check_matrices<T>(m, n, k);
  check_matrices<T>(300, 3, 70);
  check_matrices<T>(2000, 3, 3);
  check_matrices<T>(40, 4, 300);             // the columns of all steps do not fit the stack
  for (const index_t n : {2, 3, 4, 7, 8}) {  // more than is started without a plan, in several blocks of the sum
    check_matrices<T>(37, n, 1101);
    check_matrices<T>(20, n, 4101);
  }
}
TEST_CASE_TEMPLATE("few columns of strided operands into strided targets", T, float, double, int) {
  for (const index_t n : {2, 3, 4, 6, 8})
    for (const index_t k : {16, 41, 130}) {
      CAPTURE(n);
      CAPTURE(k);
      const index_t m = 67;
      const auto wide_a = numbers<T>(m, k + 5, 1), wide_b = numbers<T>(k, 2 * n + 1, 2);
      const TensorView<const T, dyn, dyn> a(wide_a.data() + 2, Dims{2, {m, k}}, Dims{2, {k + 5, 1}}),
          b(wide_b.data(), Dims{2, {k, n}}, Dims{2, {2 * n + 1, 1}}),
          apart(wide_b.data(), Dims{2, {k, n}}, Dims{2, {2 * n + 1, 2}}),
          backwards(wide_b.data() + n - 1, Dims{2, {k, n}}, Dims{2, {2 * n + 1, -1}});
      // A guard around each row of the target.
      Tensor<T, dyn, dyn> rows(m + 2, n + 2), columns(n + 2, m + 2);
      rows = T(77);
      columns = T(77);
      TensorView<T, dyn, dyn> into(rows.data() + n + 3, Dims{2, {m, n}}, Dims{2, {n + 2, 1}}),
          turned(columns.data() + m + 3, Dims{2, {m, n}}, Dims{2, {1, m + 2}});
      into = matmul(a, b);
      turned = matmul(a, b);
      const Tensor<T, dyn, dyn> plain = matmul(a, b), of_apart = matmul(a, apart), of_backwards = matmul(a, backwards);
      into += matmul(a, apart);
      Tensor<T, dyn, dyn> spread_memory(m, 2 * n);
      TensorView<T, dyn, dyn> spread(spread_memory.data(), Dims{2, {m, n}}, Dims{2, {2 * n, 2}});
      spread = matmul(a, b);
      index_t wrong = 0;
      for (index_t i = 0; i < m + 2; ++i)
        for (index_t j = 0; j < n + 2; ++j) {
          if (i == 0 || j == 0 || i > m || j > n) {
            wrong += rows(i, j) != 77 || columns(j, i) != 77;
            continue;
          }
          T x = 0, y = 0, z = 0;
          for (index_t s = 0; s < k; ++s) {
            x += a(i - 1, s) * b(s, j - 1);
            y += a(i - 1, s) * apart(s, j - 1);
            z += a(i - 1, s) * backwards(s, j - 1);
          }
          wrong += plain(i - 1, j - 1) != x || of_apart(i - 1, j - 1) != y || of_backwards(i - 1, j - 1) != z;
          wrong += spread(i - 1, j - 1) != x || rows(i, j) != x + y || columns(j, i) != x;
        }
      CHECK(wrong == 0);
    }
}
// Operands that end where their memory ends, as a sanitizer sees it.
TEST_CASE_TEMPLATE("few rows and few columns read nothing beside their operands", T, float, double) {
  for (const index_t n : {1, 2, 3, 4, 6, 8})
    for (const index_t k : {1, 7, 9, 33, 64})
      for (const index_t m : {1, 3, 4, 30, 65}) {
        const std::vector<T> a(static_cast<std::size_t>(m * k), T(1)), b(static_cast<std::size_t>(k * n), T(2));
        std::vector<T> c(static_cast<std::size_t>(m * n));
        const TensorView<const T, dyn, dyn> x(a.data(), m, k), y(b.data(), k, n), turned(b.data(), n, k);
        TensorView<T, dyn, dyn> z(c.data(), m, n);
        for (const int way : {0, 1}) {
          z = T(0);
          if (way == 0)
            z = matmul(x, y);
          else
            z = matmul(x, transpose(turned));
          for (const T value : c) REQUIRE(value == static_cast<T>(2 * k));
        }
      }
}
// Of numbers that are no numbers or infinite only the results that they belong to are made.
TEST_CASE_TEMPLATE("places that hold no step and no column count nothing", T, float, double) {
  const T infinity = std::numeric_limits<T>::infinity();
  for (const index_t n : {3, 4, 5})
    for (const index_t k : {17, 18, 19}) {
      auto a = numbers<T>(65, k, 1);
      const auto b = numbers<T>(k, n, 2);
      const Tensor<T, dyn, dyn> plain = matmul(a, b);
      a(64, k - 1) = infinity;
      a(3, 0) = infinity;
      const Tensor<T, dyn, dyn> c = matmul(a, b);
      for (index_t i = 0; i < 65; ++i)
        for (index_t j = 0; j < n; ++j) {
          if (i != 64 && i != 3) CHECK(c(i, j) == plain(i, j));
          const T factor = b(i == 64 ? k - 1 : 0, j);
          if (i == 64 || i == 3)
            CHECK((factor == 0 ? std::isnan(c(i, j)) : c(i, j) == (factor > 0 ? 1 : -1) * infinity));
        }
    }
  // Memory that is used again is full of what it was used for.
  for (const index_t n : {2, 4, 8})
    for (const index_t k : {301, 601, 1201}) {
      const auto a = numbers<T>(65, k, 1), b = numbers<T>(k, n, 2), turned = numbers<T>(n, k, 2);
      const index_t columns = (n + exec::narrow_columns<T> - 1) / exec::narrow_columns<T> * exec::narrow_columns<T>,
                    place = (k + exec::narrow_steps<T> - 1) / exec::narrow_steps<T> * exec::narrow_steps<T> * columns;
      const auto dirty = [&] {
        Tensor<T, dyn> x(place + simd::native_lanes<T>);
        x = std::numeric_limits<T>::quiet_NaN();
      };
      Tensor<T, dyn, dyn> c(65, n), d(65, n);
      dirty();
      c = matmul(a, b);
      dirty();
      d = matmul(a, transpose(turned));
      index_t numbers = 0;
      for (index_t i = 0; i < c.size(); ++i) numbers += !std::isnan(c.data()[i]) && !std::isnan(d.data()[i]);
      CHECK(numbers == c.size());
    }
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
TEST_CASE_TEMPLATE("few rows may be their own operands and their target", T, float, double) {
  for (const index_t n : {2, 3, 4}) {
    const auto a = numbers<T>(n, n, 1), b = numbers<T>(n, n, 2);
    const auto v = vector_of<T>(n, 3);
    const Tensor<T, dyn, dyn> ab = matmul(a, b), aa = matmul(a, a);
    const Tensor<T, dyn> av = matmul(a, v);
    auto left = a, right = b, both = a;
    auto x = v;
    left = matmul(left, b);
    right = matmul(a, right);
    both = matmul(both, both);
    x = matmul(a, x);
    index_t wrong = 0;
    for (index_t i = 0; i < n * n; ++i)
      wrong += left.data()[i] != ab.data()[i] || right.data()[i] != ab.data()[i] || both.data()[i] != aa.data()[i];
    for (index_t i = 0; i < n; ++i) wrong += x(i) != av(i);
    CHECK(wrong == 0);
  }
}
// The columns, which are prepared first, and the rows, of which later ones are read after earlier results are written.
TEST_CASE("few columns may be operand and target") {
  const auto a = numbers<float>(64, 64, 1), tall = numbers<float>(64, 4, 2);
  const Tensor<float, dyn, dyn> expected = matmul(a, tall);
  auto b = tall;
  b = matmul(a, b);
  for (index_t i = 0; i < b.size(); ++i) CHECK(b.data()[i] == expected.data()[i]);
  const auto square = numbers<float>(4, 4, 3);
  auto c = numbers<float>(4096, 4, 4);
  const Tensor<float, dyn, dyn> turned = matmul(c, square);
  c = matmul(c, square);
  for (index_t i = 0; i < c.size(); ++i) CHECK(c.data()[i] == turned.data()[i]);
  // Rows that overlap each other and, further on, the results of earlier ones.
  auto small = numbers<float>(64, 4, 5);
  const auto steps = numbers<float>(16, 4, 6), before = small;
  const TensorView<const float, dyn, dyn> rows_before(before.data(), Dims{2, {64, 16}}, Dims{2, {3, 1}}),
      rows_of_small(small.data(), Dims{2, {64, 16}}, Dims{2, {3, 1}});
  const Tensor<float, dyn, dyn> of_overlapping = matmul(rows_before, steps);
  small = matmul(rows_of_small, steps);
  for (index_t i = 0; i < small.size(); ++i) CHECK(small.data()[i] == of_overlapping.data()[i]);
  auto memory = numbers<float>(200, 64, 5);  // the target is the first columns of the operand
  const TensorView<float, dyn, dyn> all(memory.data(), 200, 64);
  const Tensor<float, dyn, dyn> product = matmul(all, tall);
  TensorView<float, dyn, dyn> first(memory.data() + 32, Dims{2, {200, 4}}, Dims{2, {64, 1}});
  first = matmul(all, tall);
  index_t wrong = 0;
  for (index_t i = 0; i < 200; ++i)
    for (index_t j = 0; j < 4; ++j) wrong += first(i, j) != product(i, j);
  CHECK(wrong == 0);
}
// Sums that depend on their order: it is the same with a plan and without.
TEST_CASE_TEMPLATE("few rows and few columns have the same bits wherever the target lies", T, float, double) {
  const auto uneven = [](index_t m, index_t n, int seed) {
    Tensor<T, dyn, dyn> x(m, n);
    for (index_t i = 0; i < m * n; ++i)
      x.data()[i] = static_cast<T>(std::sin(static_cast<double>(i * i % 1009 + seed)));
    return x;
  };
  for (const index_t n : {2, 3, 4, 6, 8})
    for (const index_t m : {3, 4, 9, 32, 60, 200})
      for (const index_t k : {8, 31, 32, 300, 1100}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(k);
        const auto a = uneven(m, k, 1), b = uneven(k, n, 2);
        const Tensor<T, dyn, dyn> plain = matmul(a, b);
        std::vector<T> memory(static_cast<std::size_t>(m * k + m * n));
        for (index_t i = 0; i < m * k; ++i) memory[static_cast<std::size_t>(i)] = a.data()[i];
        const TensorView<const T, dyn, dyn> x(memory.data(), m, k);
        TensorView<T, dyn, dyn> over(memory.data() + m * k - 1, m, n);  // from the operand's last element on
        over = matmul(x, b);
        index_t wrong = 0;
        for (index_t i = 0; i < m * n; ++i) wrong += over.data()[i] != plain.data()[i];
        CHECK(wrong == 0);
      }
}
TEST_CASE("adjoints of few columns are added to what is there") {
  const index_t m = 70, n = 40;
  for (const index_t k : {3, 4, 7}) {
    const auto x = numbers<double>(m, k, 1), w = numbers<double>(k, n, 2), weights = numbers<double>(m, n, 3);
    const auto f = [&](const auto& v) { return sum(matmul(v, w) * weights) + 2 * sum(matmul(v, w) * weights); };
    const auto g = grad(f)(x);
    const auto every_other = [&](const auto& v) { return f(slice(v, whole, range(0, end, 2))); };
    const auto h = grad(every_other)(numbers<double>(m, 2 * k, 4));
    index_t wrong = 0;
    for (index_t i = 0; i < m; ++i)
      for (index_t s = 0; s < k; ++s) {
        double expected = 0;
        for (index_t j = 0; j < n; ++j) expected += weights(i, j) * w(s, j);
        wrong += g(i, s) != 3 * expected;
        wrong += h(i, 2 * s) != 3 * expected || h(i, 2 * s + 1) != 0;
      }
    CHECK(wrong == 0);
  }
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
