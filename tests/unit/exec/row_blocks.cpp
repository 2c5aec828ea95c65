// Statements over reductions of their own rows, which run a block of rows at a time.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

constexpr index_t rows = 701, columns = 259;  // several blocks, and none of the extents a multiple of anything

Tensor<float, dyn, dyn> sample() {
  Tensor<float, dyn, dyn> x(rows, columns);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j)
      x(i, j) = static_cast<float>((i * 37 + j * 101 + i * j) % 1009) / 500 - 1 + static_cast<float>(i % 5);
  return x;
}
// The largest difference of y from x's rows, normalised.
template <class X, class Y>
double difference(const X& x, const Y& y) {
  double worst = 0;
  for (index_t i = 0; i < rows; ++i) {
    double sum = 0, squares = 0;
    for (index_t j = 0; j < columns; ++j) sum += static_cast<double>(x(i, j));
    const double mean = sum / columns;
    for (index_t j = 0; j < columns; ++j)
      squares += (static_cast<double>(x(i, j)) - mean) * (static_cast<double>(x(i, j)) - mean);
    const double deviation = std::sqrt(squares / columns + 1e-5);
    for (index_t j = 0; j < columns; ++j)
      worst =
          std::fmax(worst, std::fabs((static_cast<double>(x(i, j)) - mean) / deviation - static_cast<double>(y(i, j))));
  }
  return worst;
}
const auto normalised = [](const auto& x) { return (x - mean<1>(x, keepdims)) * rsqrt(var<1>(x, keepdims) + 1e-5f); };

// Runs tasks in the order from last to first.
struct Backwards {
  int runs = 0;
  template <class F>
  void run(int n, const F& task) {
    ++runs;
    for (int i = n - 1; i >= 0; --i) task(i);
  }
  int threads() const { return 3; }
};

}  // namespace

TEST_CASE("rows normalised in blocks") {
  const auto x = sample();
  static_assert(exec::goes_by_rows<node_of<decltype(normalised(x))>>);
  const Tensor<float, dyn, dyn> y = normalised(x);
  CHECK(difference(x, y) < 1e-5);

  SUBCASE("the same bits on any number of threads") {
    Backwards executor;
    Tensor<float, dyn, dyn> z(rows, columns);
    {
      const Parallel scope(executor);
      z = normalised(x);
    }
    CHECK(executor.runs == 1);
    CHECK(all(z == y));
  }
  SUBCASE("in place") {
    auto z = x;
    z = normalised(z);
    CHECK(difference(x, z) < 1e-5);
  }
  SUBCASE("into a part of a larger tensor, from a transposed operand") {
    Tensor<float, dyn, dyn> wide(rows + 2, columns + 3);
    const Tensor<float, dyn, dyn> turned = transpose(x);
    slice(wide, range(1, rows + 1), range(2, columns + 2)) = normalised(transpose(turned));
    CHECK(difference(x, slice(wide, range(1, rows + 1), range(2, columns + 2))) < 1e-5);
    CHECK(sum(select<0>(wide, 0)) == 0.0f);
    CHECK(sum(select<0>(wide, rows + 1)) == 0.0f);
  }
}

TEST_CASE("operands of fewer rows take part as wholes") {
  const auto x = sample();
  Tensor<float, dyn> bias(columns);
  Tensor<float, dyn, dyn> one_row(1, columns), scale(rows, 1);
  for (index_t j = 0; j < columns; ++j) bias(j) = static_cast<float>(j), one_row(0, j) = static_cast<float>(2 * j);
  for (index_t i = 0; i < rows; ++i) scale(i, 0) = static_cast<float>(i % 3);
  const Tensor<float, dyn, dyn> y = (x - max<1>(x, keepdims)) * scale + bias + one_row * 0.5f;
  bool right = true;
  for (index_t i = 0; i < rows; ++i) {
    float top = x(i, 0);
    for (index_t j = 0; j < columns; ++j) top = x(i, j) > top ? x(i, j) : top;
    for (index_t j = 0; j < columns; ++j)
      right = right && std::fabs(y(i, j) - ((x(i, j) - top) * scale(i, 0) + 2 * bias(j))) <= 1e-4f;
  }
  CHECK(right);
}

TEST_CASE("three axes, and reductions that need all rows") {
  Tensor<float, dyn, dyn, dyn> x(70, 31, 47);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * 7919 % 1000) / 100;
  const Tensor<float, dyn, dyn, dyn> y = x - sum<1>(x, keepdims) + mean<1, 2>(x, keepdims), z = x - max(x, keepdims);
  static_assert(!exec::goes_by_rows<node_of<decltype(x - max(x, keepdims))>>);
  static_assert(!exec::goes_by_rows<node_of<decltype(x - max<0>(x, keepdims))>>);
  double worst = 0;
  for (index_t i = 0; i < 70; ++i) {
    double all = 0;
    for (index_t j = 0; j < 31; ++j)
      for (index_t k = 0; k < 47; ++k) all += static_cast<double>(x(i, j, k));
    for (index_t k = 0; k < 47; ++k) {
      double sum = 0;
      for (index_t j = 0; j < 31; ++j) sum += static_cast<double>(x(i, j, k));
      for (index_t j = 0; j < 31; ++j)
        worst = std::fmax(worst, std::fabs(static_cast<double>(x(i, j, k)) - sum + all / (31 * 47) -
                                           static_cast<double>(y(i, j, k))));
    }
  }
  CHECK(worst < 1e-3);
  CHECK(max(z) == 0.0f);
}
