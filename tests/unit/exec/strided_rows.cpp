// Operands that are strided, broadcast or short along the last axis: gathered into buffers before the row kernel.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

template <class T>
T value(index_t k) {
  return static_cast<T>(k % 97 + 1);
}
template <class T, class X>
void count_up(X& x) {
  for (index_t k = 0; k < x.size(); ++k) x.data()[k] = value<T>(k);
}

// y(i, j) = x(i, j) * row(j) + column(i), with y and x whole or every second column of twice as many.
template <class T, class Y, class X>
void check_rows(Y&& y, const X& x, index_t m, index_t n) {
  Tensor<T, dyn> row(n), column(m);
  count_up<T>(row);
  count_up<T>(column);
  const auto as_rows = TensorView<const T, dyn, 1>(column.data(), m, 1);
  y = x * row + as_rows;
  bool same = true;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) same = same && y(i, j) == static_cast<T>(x(i, j) * row(j) + column(i));
  CHECK_MESSAGE(same, m, " x ", n);
}
template <class T>
void check_shapes() {
  for (const index_t n : {1, 2, 3, 4, 5, 7, 16, 31, 32, 33, 65, 700})
    for (const index_t m : {1, 3, 15, 64, 131}) {
      Tensor<T, dyn, dyn> x(m, n), y(m, n), wide(m, 2 * n);
      count_up<T>(x);
      check_rows<T>(y, x, m, n);
      check_rows<T>(slice(wide, whole, range(0, end, 2)), x, m, n);
      count_up<T>(wide);
      check_rows<T>(y, slice(wide, whole, range(1, end, 2)), m, n);
    }
}

// x = s x x - x row + x + s and x += row where x lies, as one run and as rows with gaps: what fills no pack is computed
// by several operators, and by one. Nothing beside the rows changes.
template <class T>
void check_in_place(index_t m, index_t n, index_t gap) {
  Tensor<T, dyn, dyn> all(m, n + gap);
  count_up<T>(all);
  auto x = slice(all, whole, range(0, n));
  Tensor<T, dyn> row(n);
  count_up<T>(row);
  const T s = 2;
  bool same = true;
  x = s * x * x - x * row + x + s;
  x += row;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n + gap; ++j) {
      const T v = value<T>(i * (n + gap) + j);
      same = same && all(i, j) == (j < n ? static_cast<T>(s * v * v - v * row(j) + v + s + row(j)) : v);
    }
  CHECK_MESSAGE(same, m, " x ", n, ", ", gap, " apart");
}

}  // namespace

TEST_CASE("rows where they lie, of any length") {
  for (index_t n = 1; n <= 300; n += n < 150 ? 1 : 7)
    for (const index_t m : {1, 3})
      for (const index_t gap : {0, 5}) {
        check_in_place<float>(m, n, gap);
        check_in_place<double>(m, n, gap);
        check_in_place<int>(m, n, gap);
      }
}
TEST_CASE("rows of any length and stride") {
  check_shapes<float>();
  check_shapes<double>();
  check_shapes<int16_t>();
}
TEST_CASE("a long strided row is longer than the buffer") {
  Tensor<double, dyn, 2> x(5000, 2);
  count_up<double>(x);
  Tensor<double, dyn> y(5000);
  y = slice(x, whole, 0) + slice(x, whole, 1);
  bool same = true;
  for (index_t i = 0; i < 5000; ++i) same = same && y(i) == x(i, 0) + x(i, 1);
  CHECK(same);
}
TEST_CASE("idle lanes of the last pack divide by nothing that is not there") {
  Tensor<int, dyn> a(19), b(19);
  for (index_t i = 0; i < 19; ++i) a(i) = static_cast<int>(7 * i), b(i) = static_cast<int>(i + 1);
  Tensor<int, dyn> y(19);
  y = floor_divide(a, b);
  bool same = true;
  for (index_t i = 0; i < 19; ++i) same = same && y(i) == 7 * i / (i + 1);
  CHECK(same);
}
TEST_CASE("reductions of short rows, many at once") {
  for (const index_t n : {2, 3, 4, 5, 8, 9})
    for (const index_t m : {15, 16, 17, 128, 131, 1000}) {
      Tensor<float, dyn, dyn> x(m, n), wide(m, n + 3);
      for (index_t k = 0; k < x.size(); ++k) x.data()[k] = static_cast<float>(k * 37 % 101) - 50;
      slice(wide, whole, range(2, n + 2)) = x;
      const Tensor<float, dyn> sums(sum<1>(x)), tops(max<1>(slice(wide, whole, range(2, n + 2)))),
          norms(norm_l2<1>(x * 1e30f)), spreads(var<1>(x));
      const Tensor<int64_t, dyn> places(argmax<1>(x));
      bool same = true;
      for (index_t i = 0; i < m; ++i) {
        double total = 0, squares = 0, off = 0;
        index_t best = 0;
        for (index_t j = 0; j < n; ++j) {
          total += x(i, j);
          squares += double(x(i, j)) * x(i, j);
          if (x(i, j) > x(i, best)) best = j;
        }
        const double each = 1 / static_cast<double>(n), mean = total * each;
        for (index_t j = 0; j < n; ++j) off += (x(i, j) - mean) * (x(i, j) - mean) * each;
        const double length = std::sqrt(squares) * 1e30;
        same = same && sums(i) == total && tops(i) == x(i, best) && places(i) == best &&
               std::fabs(norms(i) - length) <= 1e-6 * length && std::fabs(spreads(i) - off) <= 1e-5 * off + 1e-5;
      }
      CHECK_MESSAGE(same, m, " x ", n);
    }
}
TEST_CASE("what repeats along an axis is computed once, also where the target is read") {
  Tensor<float, dyn, dyn> x(37, 21), y(37, 21);
  for (index_t k = 0; k < x.size(); ++k) x.data()[k] = static_cast<float>(k * 37 % 101);
  y = x;
  y = (y - mean<1>(y, keepdims)) / sqrt(var<1>(y, keepdims) + 1e-5f) + exp(-max<0>(y));
  bool same = true;
  for (index_t i = 0; i < 37; ++i) {
    double total = 0, off = 0;
    for (index_t j = 0; j < 21; ++j) total += static_cast<double>(x(i, j));
    for (index_t j = 0; j < 21; ++j) off += std::pow(static_cast<double>(x(i, j)) - total / 21, 2) / 21;
    for (index_t j = 0; j < 21; ++j) {
      double top = 0;
      for (index_t r = 0; r < 37; ++r) top = std::fmax(top, static_cast<double>(x(r, j)));
      const double expected = (static_cast<double>(x(i, j)) - total / 21) / std::sqrt(off + 1e-5) + std::exp(-top);
      same = same && std::fabs(static_cast<double>(y(i, j)) - expected) <= 1e-5;
    }
  }
  CHECK(same);
}
