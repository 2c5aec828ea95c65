// Reductions down columns: whichever way rows are walked, the order in which a column's numbers are joined is the same.
#include <cmath>
#include <complex>

#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

constexpr index_t wide = 1029;  // columns; the last ones are no whole pack
// Around the lengths of blocks and chains, and chains of several levels.
constexpr index_t lengths[] = {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 96, 128, 200, 1031};

template <class T>
Tensor<T, dyn, dyn> sample(index_t rows) {
  Tensor<T, dyn, dyn> x(rows, wide);
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < wide; ++j) x(i, j) = static_cast<T>((i * 37 + j * 101 + i * j) % 1009) / 5000 + T(0.9);
  return x;
}

template <class T>
void check_against_double(double tolerance) {
  for (const index_t rows : lengths) {
    CAPTURE(rows);
    const auto x = sample<T>(rows);
    const Tensor<T, dyn> sums = sum<0>(x), means = mean<0>(x), spreads = var<0>(x), tops = max<0>(x);
    const Tensor<__INT64_TYPE__, dyn> places = argmax<0>(x);
    double sum_error = 0, mean_error = 0, spread_error = 0;
    int wrong = 0;
    for (index_t j = 0; j < wide; ++j) {
      long double total = 0, squares = 0;
      index_t top = 0;
      for (index_t i = 0; i < rows; ++i) {
        total += static_cast<long double>(x(i, j));
        if (x(i, j) > x(top, j)) top = i;
      }
      const long double center = total / static_cast<long double>(rows);
      for (index_t i = 0; i < rows; ++i) squares += std::pow(static_cast<long double>(x(i, j)) - center, 2.0L);
      const auto apart = [](T got, long double expected) {
        return static_cast<double>(std::fabs(static_cast<long double>(got) - expected));
      };
      sum_error = std::fmax(sum_error, apart(sums(j), total) / static_cast<double>(total));
      mean_error = std::fmax(mean_error, apart(means(j), center));
      spread_error = std::fmax(spread_error, apart(spreads(j), squares / static_cast<long double>(rows)));
      wrong += tops(j) != x(top, j) || places(j) != top;
    }
    CHECK(sum_error < tolerance);
    CHECK(mean_error < tolerance);
    CHECK(spread_error < tolerance / 8);  // of about 1 / 300
    CHECK(wrong == 0);
  }
}

template <class T>
void check_bits(index_t narrow) {
  for (const index_t rows : lengths) {
    CAPTURE(rows);
    const auto x = sample<T>(rows);
    const Tensor<T, dyn> sums = sum<0>(x), products = prod<0>(x), lengths_l1 = norm_l1<0>(x), spreads = var<0>(x);
    int different = 0;
    for (index_t from = 0; from + narrow <= wide; from += narrow) {
      const Tensor<T, dyn, dyn> part = slice(x, range(0, rows), range(from, from + narrow));
      const auto own = [&](const auto& whole) { return slice(whole, range(from, from + narrow)); };
      different += !all(sum<0>(part) == own(sums)) + !all(prod<0>(part) == own(products)) +
                   !all(norm_l1<0>(part) == own(lengths_l1)) + !all(var<0>(part) == own(spreads));
    }
    CHECK(different == 0);
  }
}

}  // namespace

TEST_CASE("columns of any length") {
  check_against_double<float>(1e-6);
  check_against_double<double>(2e-15);
}

TEST_CASE("a column does not depend on how many there are beside it") {
  for (const index_t packs : {3, 8}) {
    check_bits<float>(packs * simd::native_lanes<float>);
    check_bits<double>(packs * simd::native_lanes<double>);
  }
}

namespace {

// The largest relative error of a variance of columns whose elements are value(row, random), against sums in double.
template <class T, class F>
double spread_error(index_t rows, const F& value) {
  Tensor<T, dyn, dyn> x(rows, wide);
  unsigned state = 1;
  const auto random = [&] {
    return static_cast<double>((state = state * 1664525u + 1013904223u) >> 8) / 16777216 - 0.5;
  };
  for (auto& e : x) e = T{};
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < wide; ++j) x(i, j) = value(i, random);
  const auto spreads = evaluate(var<0>(x));
  double worst = 0;
  for (index_t j = 0; j < wide; ++j) {
    std::complex<double> mean = 0;
    double squares = 0;
    for (index_t i = 0; i < rows; ++i) mean += std::complex<double>(x(i, j)) / static_cast<double>(rows);
    for (index_t i = 0; i < rows; ++i) squares += std::norm(std::complex<double>(x(i, j)) - mean);
    worst = std::fmax(worst, std::fabs(static_cast<double>(spreads(j)) * static_cast<double>(rows) / squares - 1));
  }
  return worst;
}

}  // namespace

TEST_CASE("variances of columns do not cancel where the first rows lie apart, nor far from zero") {
  const auto apart = [](index_t i, const auto& random) { return static_cast<float>(random() + (i % 64 < 4 ? 30 : 0)); };
  const auto above = [](index_t i, const auto& random) {
    return static_cast<float>(random() + (i % 64 < 4 ? 0 : 300));
  };
  const auto climb = [](index_t i, const auto& random) {
    return static_cast<float>(random() + static_cast<double>(i));
  };
  const auto far = [](index_t, const auto& random) { return static_cast<float>(random() * 4 + 1000); };
  for (const index_t rows : {61, 64, 128, 1024}) {
    CAPTURE(rows);
    CHECK(spread_error<float>(rows, apart) < 1.5e-6);
    CHECK(spread_error<float>(rows, above) < 1.5e-6);
    CHECK(spread_error<float>(rows, climb) < 1.5e-6);
    CHECK(spread_error<float>(rows, far) < 2e-5);
  }
}
TEST_CASE("variances of complex columns") {
  const auto value = [](index_t i, const auto& random) {
    return std::complex<double>(random() + (i % 64 < 4 ? 30 : 0), random());
  };
  for (const index_t rows : lengths)
    if (rows > 1) CHECK(spread_error<std::complex<double>>(rows, value) < 1e-14);
}

namespace {

// softmax and log_softmax of columns, against sums in double.
template <class T>
int wrong_softmax(index_t rows, index_t columns, double tolerance, double step = 0.0625) {
  Tensor<T, dyn, dyn> x(rows, columns + 3);
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<T>(static_cast<double>((i * 37 + i / 13) % 101) * step);
  if (rows > 1) x(1, 0) = static_cast<T>(-limits<float>::infinity());
  auto part = slice(x, whole, range(0, columns));
  const Tensor<T, dyn, dyn> p = softmax<0>(part), l = log_softmax<0>(part);
  const Tensor<T, dyn, dyn> before = x;
  part = softmax<0>(part);  // in place
  int wrong = 0;
  for (index_t j = 0; j < columns; ++j) {
    double top = -1e300, sum = 0;
    for (index_t i = 0; i < rows; ++i) top = std::fmax(top, static_cast<double>(before(i, j)));
    for (index_t i = 0; i < rows; ++i) sum += std::exp(static_cast<double>(before(i, j)) - top);
    for (index_t i = 0; i < rows; ++i) {
      const double v = static_cast<double>(before(i, j)) - top, e = std::exp(v) / sum;
      const double error = std::fabs(static_cast<double>(p(i, j)) - e), got = static_cast<double>(l(i, j));
      wrong += !(error <= tolerance * e + 1e-30) || static_cast<double>(x(i, j)) != static_cast<double>(p(i, j));
      wrong += v < -1e300 ? got != v : !(std::fabs(got - (v - std::log(sum))) <= tolerance * 16);
    }
  }
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = columns; j < columns + 3; ++j) wrong += x(i, j) != before(i, j);
  return wrong;
}

}  // namespace

TEST_CASE("softmax of columns: strips of any width, lines of any length") {
  for (const index_t rows : {1, 2, 3, 9, 100, 513, 1030, 2050})
    for (const index_t columns : {1, 7, 33, 130, 300}) {
      if (rows * columns > 200000) continue;
      CAPTURE(rows);
      CAPTURE(columns);
      CHECK(wrong_softmax<float>(rows, columns, 1e-4) == 0);
      CHECK(wrong_softmax<double>(rows, columns, 1e-13) == 0);
    }
  CHECK(wrong_softmax<bfloat16>(100, 40, 1e-2) == 0);
  CHECK(wrong_softmax<float>(300, 40, 1e-4, 3) == 0);  // e^x overflows unless the largest is taken from x
}
TEST_CASE("softmax of columns: a NaN spoils its column alone") {
  Tensor<float, dyn, dyn> x(20, 40);
  x = 1.0f;
  x(7, 5) = __builtin_nanf("");
  for (index_t i = 0; i < 20; ++i) x(i, 9) = -limits<float>::infinity();
  const Tensor<float, dyn, dyn> y = softmax<0>(x);
  int nans = 0;
  for (index_t i = 0; i < 20; ++i)
    for (index_t j = 0; j < 40; ++j) nans += y(i, j) != y(i, j) ? (j == 5 || j == 9 ? 1 : 1000) : y(i, j) != 0.05f;
  CHECK(nans == 40);
}
