// Extremes and their places along either axis: ties, NaN, infinities, every kind of extent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

enum class Values { spread, few, with_nan, infinite, all_nan };

template <class T>
Tensor<T, dyn, dyn> sample(index_t rows, index_t columns, Values kind) {
  Tensor<T, dyn, dyn> x(rows, columns);
  std::uint64_t state = static_cast<std::uint64_t>(rows * 7919 + columns * 104729 + static_cast<int>(kind));
  const auto next = [&] {
    return static_cast<int>((state = state * 6364136223846793005u + 1442695040888963407u) >> 40);
  };
  for (index_t i = 0; i < x.size(); ++i) {
    T v = static_cast<T>(kind == Values::few ? next() % 3 : next() % 100);
    if constexpr (std::is_floating_point_v<T>) {
      if (kind == Values::with_nan && next() % 61 == 0) v = std::numeric_limits<T>::quiet_NaN();
      if (kind == Values::infinite)
        v = next() % 2 ? std::numeric_limits<T>::infinity() : -std::numeric_limits<T>::infinity();
      if (kind == Values::all_nan) v = std::numeric_limits<T>::quiet_NaN();
    }
    x.data()[i] = v;
  }
  return x;
}
template <bool Largest, class T>
bool better(T a, T b) {
  if (b != b) return false;
  return a != a || (Largest ? a > b : a < b);
}
template <class T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

template <bool Largest, class T>
bool right(index_t rows, index_t columns, Values kind) {
  const auto x = sample<T>(rows, columns, kind);
  const auto extreme = [&]<int... Axis>(std::integer_sequence<int, Axis...>) {
    if constexpr (Largest)
      return evaluate(max<Axis...>(x));
    else
      return evaluate(min<Axis...>(x));
  };
  const auto place = [&]<int... Axis>(std::integer_sequence<int, Axis...>) {
    if constexpr (Largest)
      return evaluate(argmax<Axis...>(x));
    else
      return evaluate(argmin<Axis...>(x));
  };
  bool good = true;
  const auto check = [&](const auto& values, const auto& places, index_t lines, index_t apart, index_t n,
                         index_t step) {
    for (index_t l = 0; l < lines; ++l) {
      const T* line = x.data() + l * apart;
      index_t best = 0;
      for (index_t i = 1; i < n; ++i)
        if (better<Largest>(line[i * step], line[best * step])) best = i;
      good = good && places.data()[l] == best && same(values.data()[l], line[best * step]);
    }
  };
  using First = std::integer_sequence<int, 0>;
  using Second = std::integer_sequence<int, 1>;
  using All = std::integer_sequence<int>;
  check(extreme(First{}), place(First{}), columns, 1, rows, columns);
  check(extreme(Second{}), place(Second{}), rows, columns, columns, 1);
  check(extreme(All{}), place(All{}), 1, 0, rows * columns, 1);
  return good;
}

}  // namespace

TEST_CASE_TEMPLATE("the first extreme element or NaN, along either axis and all", T, float, double, int, std::int64_t,
                   std::uint32_t, std::int8_t) {
  for (const Values kind : {Values::spread, Values::few, Values::with_nan, Values::infinite, Values::all_nan})
    for (const index_t rows : {1, 2, 7, 9, 70})
      for (const index_t columns : {1, 3, 8, 15, 16, 17, 33, 64, 65, 130, 1050}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(static_cast<int>(kind));
        CHECK(right<true, T>(rows, columns, kind));
        CHECK(right<false, T>(rows, columns, kind));
      }
}

TEST_CASE("a NaN in the last element, the first row or a later block of rows is found") {
  for (const index_t row : {0, 5, 8, 63, 64, 199})
    for (const index_t column : {0, 15, 16, 129}) {
      auto x = sample<float>(200, 130, Values::spread);
      x(row, column) = std::numeric_limits<float>::quiet_NaN();
      x(199, column) = std::numeric_limits<float>::quiet_NaN();
      CHECK(evaluate(argmax<0>(x))(column) == row);
      CHECK(evaluate(argmin<0>(x))(column) == row);
      CHECK(evaluate(argmax<1>(x))(row) == column);
      CHECK(std::isnan(evaluate(max<0>(x))(column)));
      CHECK(std::isnan(evaluate(min<1>(x))(row)));
      CHECK(std::int64_t(argmax(x)) == row * 130 + column);
    }
}

TEST_CASE("infinities of both signs down a column are no NaN") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  auto x = sample<float>(40, 33, Values::spread);
  for (const index_t row : {17, 18, 20}) x(row, 5) = row == 18 ? -infinity : infinity;
  CHECK(evaluate(argmax<0>(x))(5) == 17);
  CHECK(evaluate(argmin<0>(x))(5) == 18);
  x(19, 5) = std::numeric_limits<float>::quiet_NaN();
  CHECK(evaluate(argmax<0>(x))(5) == 19);
  CHECK(evaluate(argmin<0>(x))(5) == 19);
}
