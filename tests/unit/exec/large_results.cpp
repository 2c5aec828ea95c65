// Results that are larger than the caches, which are written past them.
#include <doctest/doctest.h>

#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

constexpr index_t large = exec::streamed_bytes / static_cast<index_t>(sizeof(float)) + 1037;

}  // namespace

TEST_CASE("large results: aligned or not, in place, copied, transposed") {
  Tensor<float, dyn> a(large), y(large + 3);
  for (index_t i = 0; i < large; ++i) a(i) = static_cast<float>(i % 1021);
  y = 0.0f;
  TensorView<float, dyn> inside(y.data() + 1, large);
  inside = a * 2 + 1;
  bool same = y(0) == 0 && y(large + 1) == 0 && y(large + 2) == 0;
  for (index_t i = 0; i < large; ++i) same = same && y(i + 1) == a(i) * 2 + 1;
  CHECK(same);
  inside = inside - a;
  for (index_t i = 0; i < large; ++i) same = same && y(i + 1) == a(i) + 1;
  CHECK(same);
  inside = flip<0>(inside) + 0;  // through a block of its own
  for (index_t i = 0; i < large; ++i) same = same && y(i + 1) == a(large - 1 - i) + 1;
  CHECK(same);
}
TEST_CASE("large results in rows") {
  const index_t m = large / 1000 + 1, n = 1000;
  Tensor<float, dyn, dyn> x(m, n), y(m, n);
  Tensor<float, dyn> row(n);
  for (index_t j = 0; j < n; ++j) row(j) = static_cast<float>(j);
  for (index_t i = 0; i < m * n; ++i) x.data()[i] = static_cast<float>(i % 509);
  y = x + row;
  bool same = true;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) same = same && y(i, j) == x(i, j) + row(j);
  CHECK(same);
}
TEST_CASE("large results of products: rows that begin anywhere, targets with gaps, sums with the target") {
  const index_t m = 4100, n = 1100;
  static_assert(m * n * 4 > exec::streamed_bytes / 2);
  Tensor<float, dyn, dyn> a(m, 3), b(3, n), y(m, n + 5);
  Tensor<float, dyn> bias(n);
  for (index_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i % 11 - 5);
  for (index_t i = 0; i < b.size(); ++i) b.data()[i] = static_cast<float>(i % 13 - 6);
  for (index_t j = 0; j < n; ++j) bias(j) = static_cast<float>(j);
  const auto expected = [&](index_t i, index_t j) {
    return a(i, 0) * b(0, j) + a(i, 1) * b(1, j) + a(i, 2) * b(2, j) + bias(j);
  };
  y = 0.5f;
  auto part = slice(y, whole, range(2, n + 2));
  part = matmul(a, b) + bias;
  bool same = true;
  for (index_t i = 0; i < m; ++i) {
    for (index_t j = 0; j < n; ++j) same = same && y(i, j + 2) == expected(i, j);
    for (const index_t j : {index_t{0}, index_t{1}, n + 2, n + 3, n + 4}) same = same && y(i, j) == 0.5f;
  }
  CHECK(same);
  part = matmul(a, b) + bias + part;
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) same = same && y(i, j + 2) == 2 * expected(i, j);
  CHECK(same);
}
TEST_CASE("large results of duals, each as long as a double") {
  using From = dual<double, 1>;
  const index_t n = exec::streamed_bytes / static_cast<index_t>(sizeof(dual<float, 1>)) + 21;
  Tensor<From, dyn> x(n);
  for (index_t i = 0; i < n; ++i) x.data()[i] = From(static_cast<double>(i % 509), static_cast<double>(i % 7));
  const Tensor<dual<float, 1>, dyn> y = cast<float>(x);
  bool same = true;
  for (index_t i = 0; i < n; ++i)
    same =
        same && y.data()[i].value == static_cast<float>(i % 509) && y.data()[i].tangent[0] == static_cast<float>(i % 7);
  CHECK(same);
}
