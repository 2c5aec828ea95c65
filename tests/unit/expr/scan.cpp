// Scans: values along each axis, types, extreme values, derivatives, constants.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/cpu/scan.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>
#include <type_traits>

#include "support/allocations.hpp"
#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();
using Int64 = __INT64_TYPE__;

// Element (i, j, k) of a scan of x along `axis` is the reduction of the elements up to it.
template <int Axis, class S, class R, class X>
void compare(const S& scan, const R& reduction, const X& x) {
  const auto y = evaluate(scan(x, std::integral_constant<int, Axis>{}));
  double worst = 0;
  for (index_t n = 1; n <= x.extent(Axis); n += n < 20 ? 1 : 7) {
    const auto part = [&] {
      if constexpr (Axis == 0) return evaluate(slice(x, range(n)));
      if constexpr (Axis == 1) return evaluate(slice(x, whole, range(n)));
      if constexpr (Axis == 2) return evaluate(slice(x, whole, whole, range(n)));
    }();
    const auto want = evaluate(reduction(part, std::integral_constant<int, Axis>{}));
    const auto got = [&] {
      if constexpr (Axis == 0) return evaluate(slice(y, range(n - 1, n)));
      if constexpr (Axis == 1) return evaluate(slice(y, whole, range(n - 1, n)));
      if constexpr (Axis == 2) return evaluate(slice(y, whole, whole, range(n - 1, n)));
    }();
    for (index_t i = 0; i < want.size(); ++i) {
      const double w = static_cast<double>(want.data()[i]), g = static_cast<double>(got.data()[i]);
      worst = std::fmax(worst, std::fabs(g - w) / std::fmax(1.0, std::fabs(w)));
    }
  }
  CHECK(worst < 1e-5);
}
template <class S, class R>
void compare_all(const S& scan, const R& reduction) {
  for (const auto& e : {Dims{3, {3, 4, 5}}, Dims{3, {2, 37, 18}}, Dims{3, {50, 1, 9}}, Dims{3, {1, 2, 130}}}) {
    Tensor<float, dyn, dyn, dyn> x(e);
    for (index_t i = 0; i < x.size(); ++i)
      x.data()[i] = 1 + 0.125f * static_cast<float>(std::sin(static_cast<double>(i * i)));
    compare<0>(scan, reduction, x);
    compare<1>(scan, reduction, x);
    compare<2>(scan, reduction, x);
  }
}

}  // namespace

#define SCAN(f) [](const auto& x, auto axis) { return f<decltype(axis)::value>(x); }
#define SCAN_FUSED(f) [](const auto& x, auto axis) { return f<decltype(axis)::value>(x * 1); }

TEST_CASE("a scan is the reduction of everything so far") {
  compare_all(SCAN(cumsum), SCAN(sum));
  compare_all(SCAN_FUSED(cumprod), SCAN(prod));
  compare_all(SCAN(cummax), SCAN(max));
  compare_all(SCAN_FUSED(cummin), SCAN(min));
  compare_all(SCAN(logcumsumexp), SCAN(logsumexp));
}

// Lines are taken several at a time, in lanes; each must be what it is alone, element after element and bit for bit.
template <class T>
void check_lines(index_t rows, index_t columns) {
  CAPTURE(rows);
  CAPTURE(columns);
  Tensor<T, dyn, dyn> x(rows, columns);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>((i * 7 + i / 5) % 11 - 5) / static_cast<T>(2);
  const auto check = [&](const auto& y, const auto& z, auto start, auto next) {
    using R = std::remove_const_t<std::remove_reference_t<decltype(y.data()[0])>>;
    int wrong = 0;
    for (index_t i = 0; i < rows; ++i) {
      auto so_far = start;
      for (index_t j = 0; j < columns; ++j) wrong += y(i, j) != static_cast<R>(so_far = next(so_far, x(i, j)));
    }
    for (index_t j = 0; j < columns; ++j) {
      auto so_far = start;
      for (index_t i = 0; i < rows; ++i) wrong += z(i, j) != static_cast<R>(so_far = next(so_far, x(i, j)));
    }
    CHECK(wrong == 0);
  };
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, Int64>;
  check(evaluate(cumsum<1>(x)), evaluate(cumsum<0>(x)), Sum(0), [](Sum a, T b) { return a + static_cast<Sum>(b); });
  check(evaluate(cummax<1>(x)), evaluate(cummax<0>(x)), std::numeric_limits<T>::lowest(),
        [](T a, T b) { return a > b ? a : b; });
  if constexpr (std::is_floating_point_v<T>) {
    // In another order products would be 0 or infinite on the way.
    for (index_t i = 0; i < x.size(); ++i)
      x.data()[i] = i % 3 ? std::numeric_limits<T>::min() * T(1 + i % 4) : 1 / std::numeric_limits<T>::min() * T(0.3);
    check(evaluate(cumprod<1>(x)), evaluate(cumprod<0>(x)), T(1), [](T a, T b) { return a * b; });
  }
}
TEST_CASE_TEMPLATE("numbers of lines and elements around those that go at once", T, float, double, int, Int64) {
  for (const index_t rows : {1, 2, 3, 5, 9, 20})
    for (const index_t columns : {1, 2, 7, 15, 16, 17, 33, 70}) {
      check_lines<T>(rows, columns);
      if (columns < 20) check_lines<T>(columns, rows);
    }
  check_lines<T>(6, 2100);
  check_lines<T>(1100, 7);
}

TEST_CASE("types and shapes") {
  Tensor<signed char, 2, 3> x{{100, 100, 100}, {1, 2, 3}};
  static_assert(std::is_same_v<decltype(cumsum<1>(x))::value_type, Int64>);
  static_assert(std::is_same_v<decltype(cumsum<-1>(x))::extents_type, Extents<2, 3>>);
  static_assert(std::is_same_v<decltype(cummax<0>(x))::value_type, signed char>);
  static_assert(std::is_same_v<decltype(logcumsumexp<0>(x))::value_type, float>);
  CHECK(holds(cumsum<1>(x), {100, 200, 300, 1, 3, 6}));
  CHECK(holds(cumsum<0>(x), {100, 100, 100, 101, 102, 103}));
  CHECK(holds(cumprod<1>(x), {100, 10000, 1000000, 1, 2, 6}));
  CHECK(holds(cummin<0>(x), {100, 100, 100, 1, 2, 3}));
  Tensor<bool, 4> b{true, false, true, true};
  CHECK(holds(cumsum<0>(b), {1, 1, 2, 3}));
  CHECK(holds(cummax<0>(Tensor<bool, 3>{false, true, false}), {0, 1, 1}));
  Tensor<half, 3> h{half(1.f), half(2.f), half(4.f)};
  CHECK(holds(cumsum<0>(h), {1, 3, 7}));
  CHECK(cumsum<0>(Tensor<float, dyn, 3>(0, 3)).size() == 0);
  CHECK(evaluate(cumsum<1>(Tensor<float, dyn, dyn>(3, 0))).size() == 0);
}

TEST_CASE("views scan as they lie") {
  Tensor<float, dyn, dyn> x{{1, 2, 3}, {4, 5, 6}};
  CHECK(holds(cumsum<0>(transpose(x)), {1, 4, 3, 9, 6, 15}));
  CHECK(holds(cumsum<1>(flip<1>(x)), {3, 5, 6, 6, 11, 15}));
  CHECK(holds(cumsum<1>(transpose(x) + 1), {2, 7, 3, 9, 4, 11}));
  x = cumsum<1>(x);  // in place
  CHECK(holds(x, {1, 3, 6, 4, 9, 15}));
}

TEST_CASE("infinities and NaN") {
  const Tensor<float, dyn> s = cumsum<0>(Tensor<float, 5>{1, infinity, 2, -infinity, 3});
  CHECK(s(1) == infinity);
  CHECK(s(2) == infinity);
  CHECK(std::isnan(s(3)));
  CHECK(std::isnan(s(4)));
  const Tensor<float, dyn> m = cummax<0>(Tensor<float, 5>{1, 3, not_a_number, 5, 2});
  CHECK(m(1) == 3);
  CHECK(std::isnan(m(2)));
  CHECK(std::isnan(m(4)));
  CHECK(holds(cummin<0>(Tensor<float, 3>{-infinity, 0, infinity}), {-infinity, -infinity, -infinity}));
  const Tensor<float, dyn> l = logcumsumexp<0>(Tensor<float, 5>{-infinity, -infinity, 1000, 1000, infinity});
  CHECK(l(0) == -infinity);
  CHECK(l(1) == -infinity);
  CHECK(l(2) == 1000);
  CHECK(l(3) == doctest::Approx(1000 + std::log(2.0)));
  CHECK(l(4) == infinity);
}

TEST_CASE("a long running sum loses next to nothing") {
  constexpr index_t n = 1 << 20;
  Tensor<float, dyn> x(n);
  Tensor<double, dyn> y(n);
  for (index_t i = 0; i < n; ++i) y(i) = x(i) = 0.1f;
  CHECK(evaluate(cumsum<0>(x))(n - 1) == doctest::Approx(0.1f * double(n)).epsilon(1e-7));
  CHECK(evaluate(cumsum<0>(y))(n - 1) == doctest::Approx(double(0.1f) * double(n)).epsilon(1e-14));
}

TEST_CASE("derivatives") {
  Tensor<double, 3, 5> x, w;
  for (int i = 0; i < 15; ++i) {
    x.data()[i] = std::sin(1.0 + i);
    w.data()[i] = std::cos(3.0 * i);
  }
  auto zeros = x;
  zeros(1, 2) = zeros(2, 2) = 0;
  const auto check = [&](const auto& scan, const auto& x) {
    const auto first = [&](const auto& a) { return sum(w * scan(a, std::integral_constant<int, 0>{})); };
    const auto second = [&](const auto& a) { return sum(w * scan(a * 2, std::integral_constant<int, 1>{})); };
    CHECK(verify_gradient(first, x).ok);
    CHECK(verify_gradient(second, x).ok);
    CHECK(jvp(second, x, w).tangent == doctest::Approx(double(sum(grad(second)(x) * w))).epsilon(1e-12));
  };
  check(SCAN(cumsum), x);
  check(SCAN(cumprod), zeros);
  check(SCAN(cummax), x);
  check(SCAN(cummin), x);
  check(SCAN(logcumsumexp), x);
  // The first of equal elements.
  CHECK(
      holds(grad([](const auto& a) { return sum(cummax<0>(a)); })(Tensor<double, 5>{1, 3, 3, 2, 4}), {1, 3, 0, 0, 1}));
  CHECK(holds(grad([](const auto& a) { return sum(logcumsumexp<0>(a)); })(Tensor<double, 3>{-HUGE_VAL, -HUGE_VAL, 0}),
              {0, 0, 1}));
}

TEST_CASE("constants, and no allocation after the first") {
  constexpr Tensor<float, 2, 3> x{{1, 2, 3}, {4, 5, 6}};
  constexpr Tensor<float, 2, 3> c = cumsum<1>(x);
  static_assert(c(0, 2) == 6 && c(1, 2) == 15);
  constexpr Tensor<float, 2, 3> p = cumprod<0>(x);
  static_assert(p(1, 2) == 18 && p(0, 2) == 3);
  Tensor<float, dyn, dyn> y(60, 70), z(60, 70);
  const auto run = [&] {
    z = cumsum<0>(y * 2);
    z = cummax<1>(y);
  };
  run();
  tenon::test::AllocationCount count;
  run();
  CHECK(count() == 0);
}
