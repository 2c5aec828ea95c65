// Statements over reductions of their own rows, which run a block of rows at a time.
#include <cmath>
#include <memory>
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
  // What the types know to have one element in each row, dense and as every other element of a view.
  Tensor<float, dyn, 1> known(rows, 1);
  Tensor<float, dyn, 2> pairs(rows, 2);
  for (index_t i = 0; i < rows; ++i) known(i, 0) = pairs(i, 0) = scale(i, 0), pairs(i, 1) = -1;
  const TensorView<const float, dyn, 1> apart(pairs.data(), Dims{2, {rows, 1}}, Dims{2, {2, 1}});
  CHECK(all((x - max<1>(x, keepdims)) * known + bias + one_row * 0.5f == y));
  CHECK(all((x - max<1>(x, keepdims)) * apart + bias + one_row * 0.5f == y));
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

TEST_CASE("steps of all kinds give what whole tensors give") {
  Tensor<float, dyn, dyn, dyn> x(6, 50, 259), mean_of(6, 50, 1), other(6, 50, 1);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * 7919 % 1000) / 100 - 4;
  Tensor<float, dyn> weight(259);
  for (index_t i = 0; i < 259; ++i) weight(i) = static_cast<float>(i % 7) / 8;
  const auto worst = [](const auto& a, const auto& b) { return float(max(abs(a - b))); };
  using Whole = Tensor<float, dyn, dyn, dyn>;
  mean_of = mean<2>(x, keepdims);

  SUBCASE("numbers, hoisted maps and maps that no row changes") {
    other = max<2>(x, keepdims);
    const Tensor<float, dyn> factor = exp(weight);
    const Whole y = (x * 2 - mean<2>(x, keepdims)) * exp(weight) + rsqrt(max<2>(x, keepdims) + 3.5f);
    const Whole z = (x * 2 - mean_of) * factor + rsqrt(other + 3.5f);
    // Two programs, in one of which the compiler may multiply and add in one rounding: results up to 32 differ by one
    // unit in the last place.
    CHECK(worst(y, z) < 2e-6f);
    CHECK(max(abs(z)) < 32);
  }
  SUBCASE("reductions of what other reductions gave") {
    const Whole centred = x - mean_of;
    const Whole squares = centred * centred;
    other = sqrt(mean<2>(squares, keepdims));
    const Whole y = x - sqrt(mean<2>((x - mean<2>(x, keepdims)) * (x - mean<2>(x, keepdims)), keepdims));
    CHECK(worst(y, Whole(x - other)) < 1e-5f);
  }
  SUBCASE("a mean and a deviation of elements that differ by a number only") {
    other = stddev<2>(x, keepdims);
    const Whole y = (x - mean<2>(x * 2.0f, keepdims)) / stddev<2>(x * 3.0f, keepdims);
    CHECK(worst(y, Whole((x - mean_of * 2) / (other * 3))) < 1e-5f);
  }
  SUBCASE("a mean and a deviation of different tensors of one type") {
    const Whole w = x * x;
    other = stddev<2>(w, keepdims);
    const Whole y = (x - mean<2>(x, keepdims)) / stddev<2>(w, keepdims);
    CHECK(worst(y, Whole((x - mean_of) / other)) < 1e-5f);
  }
  SUBCASE("two means beside one variance") {
    other = var<2>(x, keepdims);
    const Whole y = (x - mean<2>(x, keepdims)) / var<2>(x, keepdims) + mean<2>(x, keepdims);
    CHECK(worst(y, Whole((x - mean_of) / other + mean_of)) < 1e-5f);
  }
  SUBCASE("several reductions of one row") {
    const Tensor<float, dyn, dyn, dyn> length = norm<1, 2>(x, keepdims);
    const Whole y = x / norm<1, 2>(x, keepdims) + mean<2>(x, keepdims);
    CHECK(worst(y, Whole(x / length + mean_of)) < 1e-6f);
  }
  SUBCASE("double, and results of another type") {
    const Tensor<double, dyn, dyn, dyn> d = x, y = (d - mean<2>(d, keepdims)) * 0.5;
    CHECK(worst(Whole(cast<float>(y)), Whole((x - mean_of) * 0.5f)) < 1e-5f);
    const Tensor<bool, dyn, dyn, dyn> above = x > mean<2>(x, keepdims);
    bool right = true;
    for (index_t i = 0; i < 6; ++i)
      for (index_t j = 0; j < 50; ++j)
        for (index_t k = 0; k < 259; ++k) right = right && above(i, j, k) == (x(i, j, k) > mean_of(i, j, 0));
    CHECK(right);
  }
}

TEST_CASE("rows of any length, static extents, rows without elements") {
  for (const index_t n : {1, 3, 8, 9, 17, 1023, 1024, 1025, 5000, 70000}) {
    const index_t m = 40000 / n + 3;
    Tensor<float, dyn, dyn> x(m, n);
    Tensor<float, dyn, 1> top(m, 1);
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * 7919 % 1009);
    top = max<1>(x, keepdims);
    const Tensor<float, dyn, dyn> y = x - max<1>(x, keepdims);
    CHECK(all(y == x - top));
  }
  const auto s = std::make_unique<Tensor<float, 96, 128>>();
  for (index_t i = 0; i < s->size(); ++i) s->data()[i] = static_cast<float>(i * 31 % 257);
  const Tensor<float, 96, 1> top = max<1>(*s, keepdims);
  const auto y = std::make_unique<Tensor<float, 96, 128>>(*s - max<1>(*s, keepdims));
  CHECK(all(*y == *s - top));

  Tensor<float, dyn, dyn> wide(200, 100), none(200, 0);
  for (index_t i = 0; i < wide.size(); ++i) wide.data()[i] = 1;
  CHECK_THROWS_AS(wide = wide * 2 - max<1>(none, keepdims), shape_error);
  Tensor<float, dyn, dyn> z = wide - sum<1>(none, keepdims);
  CHECK(all(z == 1));
}

TEST_CASE("a mean beside a variance takes no pass of its own") {
  auto x = sample();
  Tensor<float, dyn, dyn> y(rows, columns), z(rows, columns);
  // Down columns: both come from one fold, as from mean_var.
  y = (x - mean<0>(x, keepdims)) * rsqrt(var<0>(x, keepdims) + 1e-5f);
  auto [m, v] = mean_var<0>(x, keepdims);
  z = (x - m) * rsqrt(v + 1e-5f);
  CHECK(all(y == z));
  // Along rows, too.
  y = (x - mean<1>(x, keepdims)) / stddev<1>(x, ddof<1>, keepdims);
  auto [n, w] = mean_var<1>(x, ddof<1>, keepdims);
  z = (x - n) / sqrt(w);
  CHECK(float(max(abs(y - z))) < 1e-5f);
  double worst = 0;
  for (index_t j = 0; j < columns; ++j) {
    double sum = 0;
    for (index_t i = 0; i < rows; ++i) sum += static_cast<double>(x(i, j));
    worst =
        std::fmax(worst, std::fabs(static_cast<double>(evaluate(mean_var<0>(x, keepdims).mean)(0, j)) - sum / rows));
    if (j == 3) break;
  }
  CHECK(worst < 1e-5);
}
