// Statements over reductions of an axis of two to four elements, whose lanes are vectors.
#include <cmath>
#include <initializer_list>
#include <string>

#include <doctest/doctest.h>
#include <tenon/tenon.hpp>
#include <tenon/tensor/geometry.hpp>

using namespace tenon;

namespace {

template <class T>
T element(index_t i) {
  return static_cast<T>((i * 7919 + 13) % 1009) / T(500) - T(1);
}
template <class X>
void fill(X& x) {
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = element<typename X::value_type>(i);
}
const auto unit = [](const auto& x) { return x * rsqrt(maximum(sum<1>(x * x, keepdims), 1e-20f)); };

// The largest error of rows divided by their lengths.
template <class X, class Y>
double error_of(const X& x, const Y& y) {
  double worst = 0;
  for (index_t i = 0; i < x.extent(0); ++i) {
    double squares = 0;
    for (index_t j = 0; j < x.extent(1); ++j) squares += std::pow(static_cast<double>(x(i, j)), 2);
    for (index_t j = 0; j < x.extent(1); ++j)
      worst =
          std::fmax(worst, std::fabs(static_cast<double>(x(i, j)) / std::sqrt(squares) - static_cast<double>(y(i, j))));
  }
  return worst;
}

template <class T, index_t N>
void vectors_of() {
  const double bound = sizeof(T) == 4 ? 3e-7 : 1e-15;
  for (const index_t n : {1, 2, 7, 8, 16, 17, 64, 100, 641, 3000}) {
    Tensor<T, dyn, N> x(n, N);
    fill(x);
    static_assert(exec::has_short_axis<node_of<decltype(unit(x))>, T> == (simd::native_lanes<T> > 1));
    const Tensor<T, dyn, N> y = unit(x);
    CHECK(error_of(x, y) < bound);
    Tensor<T, N, dyn> turned = transpose(x), side_by_side = normalize<0>(turned);
    CHECK(error_of(x, transpose(side_by_side)) < bound);
    const Tensor<T, dyn, N> from_turned = unit(transpose(turned));
    CHECK(all(from_turned == y));
    x = unit(x);
    CHECK(all(x == y));
  }
}

struct Backwards {
  template <class F>
  void run(int n, const F& task) {
    for (int i = n - 1; i >= 0; --i) task(i);
  }
  int threads() const { return 3; }
};

}  // namespace

TEST_CASE("vectors of two, three and four, one after the other and side by side") {
  vectors_of<float, 2>();
  vectors_of<float, 3>();
  vectors_of<float, 4>();
  vectors_of<double, 2>();
  vectors_of<double, 3>();
  vectors_of<double, 4>();
}

TEST_CASE("operands that repeat, and other reductions") {
  for (const index_t n : {5, 48, 700}) {
    Tensor<float, dyn, 3> x(n, 3);
    Tensor<float, dyn, 1> scale(n, 1);
    fill(x), fill(scale);
    const Tensor<float, 3> bias{1, 2, 3};
    const Tensor<float, 1, 3> row{{0.5f, 0.25f, 0.125f}};
    const Tensor<float, dyn, 3> y = (x * row - mean<1>(x * row, keepdims)) * scale + bias * max<1>(x, keepdims) -
                                    prod<1>(x + bias, keepdims) / 7.0f;
    const Tensor<float, dyn, 1> length = sqrt(sum<1>(x * x, keepdims)) * 2 + scale;
    double worst = 0;
    for (index_t i = 0; i < n; ++i) {
      double m = 0, top = static_cast<double>(x(i, 0)), product = 1, squares = 0;
      for (index_t j = 0; j < 3; ++j) {
        const double v = static_cast<double>(x(i, j));
        m += v * static_cast<double>(row(0, j)) / 3, top = std::fmax(top, v), squares += v * v;
        product *= v + static_cast<double>(bias(j));
      }
      for (index_t j = 0; j < 3; ++j) {
        const double right = (static_cast<double>(x(i, j) * row(0, j)) - m) * static_cast<double>(scale(i, 0)) +
                             static_cast<double>(bias(j)) * top - product / 7;
        worst = std::fmax(worst, std::fabs(right - static_cast<double>(y(i, j))));
      }
      worst = std::fmax(worst, std::fabs(std::sqrt(squares) * 2 + static_cast<double>(scale(i, 0) - length(i, 0))));
    }
    CHECK(worst < 4e-6);
  }
}

TEST_CASE("reductions of what becomes of elements") {
  Tensor<float, dyn, 3> x(37, 3);
  fill(x);
  const Tensor<float, dyn, 3> y = x / norm_l1<1>(x, keepdims), z = x / norm_inf<1>(x, keepdims) - min<1>(x, keepdims);
  double worst = 0;
  for (index_t i = 0; i < 37; ++i) {
    double sum = 0, top = 0, least = 9;
    for (index_t j = 0; j < 3; ++j) {
      const double v = static_cast<double>(x(i, j));
      sum += std::fabs(v), top = std::fmax(top, std::fabs(v)), least = std::fmin(least, v);
    }
    for (index_t j = 0; j < 3; ++j) {
      const double v = static_cast<double>(x(i, j));
      worst = std::fmax(worst, std::fabs(v / sum - static_cast<double>(y(i, j))));
      worst = std::fmax(worst, std::fabs(v / top - least - static_cast<double>(z(i, j))));
    }
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("three axes, strides and overlap") {
  Tensor<float, dyn, 3, dyn> x(9, 3, 37), y(9, 3, 37);
  Tensor<float, 40, 3, 2> narrow;  // rows shorter than a register
  fill(x), fill(narrow);
  const auto centred = [](const auto& v) { return v - mean<1>(v, keepdims); };
  y = centred(x);
  const Tensor<float, 40, 3, 2> z = centred(narrow);
  const auto right = [](const auto& v, const auto& w) {
    double worst = 0;
    for (index_t i = 0; i < v.extent(0); ++i)
      for (index_t k = 0; k < v.extent(2); ++k) {
        const double m =
            (static_cast<double>(v(i, 0, k)) + static_cast<double>(v(i, 1, k)) + static_cast<double>(v(i, 2, k))) / 3;
        for (index_t j = 0; j < 3; ++j)
          worst = std::fmax(worst, std::fabs(static_cast<double>(v(i, j, k)) - m - static_cast<double>(w(i, j, k))));
      }
    return worst;
  };
  CHECK(right(x, y) < 1e-6);
  CHECK(right(narrow, z) < 1e-6);

  Tensor<float, dyn, 3> u(200, 3), v(200, 3);
  fill(u);
  v = unit(u);
  Tensor<float, dyn, 7> wide(201, 7);
  for (index_t i = 0; i < wide.size(); ++i) wide.data()[i] = 5;
  slice(wide, range(1, 201), range(2, 5)) = unit(u);
  bool inside = true, beside = true;
  for (index_t i = 0; i < 201; ++i)
    for (index_t j = 0; j < 7; ++j)
      if (i > 0 && j >= 2 && j < 5)
        inside = inside && wide(i, j) == v(i - 1, j - 2);
      else
        beside = beside && wide(i, j) == 5.0f;
  CHECK(inside);
  CHECK(beside);
  // Each row from the one before it, which is overwritten as well.
  slice(u, range(1, 200)) = unit(slice(u, range(0, 199)));
  CHECK(all(slice(u, range(1, 200)) == slice(v, range(0, 199))));
  // A number of the target's own.
  Tensor<float, 40, 3> own;
  fill(own);
  const Tensor<float, 40, 3> before = own;
  own = (own - mean<1>(own, keepdims)) * slice(own, range<0, 1>(), range<2, 3>());
  const Tensor<float, 40, 3> after = (before - mean<1>(before, keepdims)) * before(0, 2);
  CHECK(all(own == after));
  // Elements that another row's reduction reads.
  Tensor<float, 3, 3> m{{1, 2, 2}, {2, 3, 6}, {1, 4, 8}};
  m = transpose(unit(m));
  CHECK(std::fabs(m(2, 1) - 6.0f / 7) < 1e-6f);
  CHECK(std::fabs(m(1, 2) - 4.0f / 9) < 1e-6f);
}

// Every number of vectors up to three packs, first or last axis, with what is left over in place.
template <class T, index_t N>
void one_operand() {
  const auto length = [](const auto& x) { return sqrt(sum<0>(x * x, keepdims)) * T(2) + T(1); };
  const double bound = sizeof(T) == 4 ? 2e-6 : 4e-15;
  for (index_t n = 0; n <= 50; ++n) {
    Tensor<T, dyn, N> x(n, N);
    Tensor<T, N, dyn> turned(N, n);
    Tensor<T, 2, dyn, N> more(2, n, N);
    fill(x), fill(more);
    turned = transpose(x);
    const Tensor<T, 1, dyn> lengths = length(turned);
    const Tensor<T, dyn, 1> sums = sum<1>(x * T(3), keepdims) - T(1);
    const Tensor<T, dyn, N> scaled = x * (sum<1>(x, keepdims) + T(2));
    const Tensor<T, 2, dyn, N> centred = more - mean<2>(more, keepdims);
    more = more - mean<2>(more, keepdims);
    CHECK(all(more == centred));
    turned = turned * (sum<0>(turned, keepdims) + T(2));
    double worst = 0;
    for (index_t i = 0; i < n; ++i) {
      double squares = 0, total = 0;
      for (index_t j = 0; j < N; ++j) {
        const double v = static_cast<double>(x(i, j));
        squares += v * v, total += v;
      }
      worst = std::fmax(worst, std::fabs(static_cast<double>(lengths(0, i)) - 2 * std::sqrt(squares) - 1));
      worst = std::fmax(worst, std::fabs(static_cast<double>(sums(i, 0)) - 3 * total + 1));
      for (index_t j = 0; j < N; ++j) {
        const double right = static_cast<double>(x(i, j)) * (total + 2);
        worst = std::fmax(worst, std::fabs(static_cast<double>(scaled(i, j)) - right));
        worst = std::fmax(worst, std::fabs(static_cast<double>(turned(j, i)) - right));
      }
      double mean_of = 0;
      for (index_t j = 0; j < N; ++j) mean_of += element<T>((n + i) * N + j) / N;
      for (index_t j = 0; j < N; ++j)
        worst =
            std::fmax(worst, std::fabs(static_cast<double>(centred(1, i, j) - element<T>((n + i) * N + j)) + mean_of));
    }
    CHECK(worst < bound);
  }
}

TEST_CASE("one dense operand and numbers") {
  one_operand<float, 2>();
  one_operand<float, 3>();
  one_operand<float, 4>();
  one_operand<double, 2>();
  one_operand<double, 3>();
  one_operand<double, 4>();
}

TEST_CASE("the same bits on any number of threads, and wherever a vector is") {
  Tensor<float, dyn, 3> x(50001, 3), y(50001, 3), z(50001, 3);
  fill(x);
  y = unit(x);
  {
    Backwards executor;
    const Parallel scope(executor);
    z = unit(x);
  }
  CHECK(all(y == z));
  {
    Backwards executor;
    const Parallel scope(executor);
    z = x;
    z = unit(z);  // in place, with vectors left over
    Tensor<float, 3, dyn> turned = transpose(x);
    turned = normalize<0>(turned);
    CHECK(error_of(x, transpose(turned)) < 3e-7);
  }
  CHECK(all(y == z));
  // Of a single vector the statement is one of few numbers, which are summed in another order.
  bool same = true;
  for (const index_t n : {2, 3, 5, 16, 33})
    for (index_t i = 0; i < 100; ++i) {
      const Tensor<float, dyn, 3> some = unit(TensorView<const float, dyn, 3>(x.data() + 3 * i, n, 3));
      same = same && all(some == TensorView<const float, dyn, 3>(y.data() + 3 * i, n, 3));
    }
  CHECK(same);
  const TensorView<const float, dyn, 3> single(x.data() + 3 * 37, 1, 3);
  CHECK(error_of(single, evaluate(unit(single))) < 3e-7);
}

TEST_CASE("nothing is read past the end, and no idle lane traps") {
  Tensor<double, 5, 3> x;
  fill(x);
  const Tensor<double, 5, 3> y = x / sum<1>(x * x, keepdims);
  CHECK(std::fabs(y(4, 2) - x(4, 2) / (x(4, 0) * x(4, 0) + x(4, 1) * x(4, 1) + x(4, 2) * x(4, 2))) < 1e-12);
  CHECK(std::string(explain(x / sum<1>(x * x, keepdims)).c_str()).find("in registers") != std::string::npos);
}
