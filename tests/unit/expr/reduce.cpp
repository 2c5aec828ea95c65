// Reductions: axes and shapes, element types, empty operands, NaN and ties, extreme values, errors, constants.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>
#include <type_traits>

#include "support/allocations.hpp"
#include "unit/tensor/values.hpp"

using namespace tenon;
using tenon::test::AllocationCount;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();
using Int64 = __INT64_TYPE__;

template <class X, class T>
constexpr bool gives = std::is_same_v<typename X::value_type, T>;

}  // namespace

TEST_CASE("axes: all, one, several, from the end; keepdims leaves ones") {
  Tensor<float, 2, 3, 4> x;
  for (int i = 0; i < 24; ++i) x.data()[i] = static_cast<float>(i);
  CHECK(float(sum(x)) == 276);
  CHECK(holds(sum<0>(x), {12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34}));
  CHECK(holds(sum<1>(x), {12, 15, 18, 21, 48, 51, 54, 57}));
  CHECK(holds(sum<-1>(x), {6, 22, 38, 54, 70, 86}));
  CHECK(holds(sum<0, 2>(x), {60, 92, 124}));
  CHECK(holds(sum<2, 0>(x), {60, 92, 124}));
  CHECK(holds(sum<0, 1, 2>(x), {276}));
  static_assert(std::is_same_v<decltype(sum<1>(x))::extents_type, Extents<2, 4>>);
  static_assert(std::is_same_v<decltype(sum<1>(x, keepdims))::extents_type, Extents<2, 1, 4>>);
  static_assert(std::is_same_v<decltype(sum(x, keepdims))::extents_type, Extents<1, 1, 1>>);
  static_assert(std::is_same_v<decltype(sum(x))::extents_type, Extents<>>);
  Tensor<float, dyn, 3> d(5, 3);
  static_assert(std::is_same_v<decltype(max<0>(d))::extents_type, Extents<3>>);
  static_assert(std::is_same_v<decltype(max<1>(d, keepdims))::extents_type, Extents<dyn, 1>>);
  CHECK(holds(mean<1>(d, keepdims), {0, 0, 0, 0, 0}));
  // The mean broadcasts back.
  Tensor<float, 2, 3, 4> centred = x - mean<-1>(x, keepdims);
  CHECK(centred(0, 0, 0) == -1.5f);
  CHECK(centred(1, 2, 3) == 1.5f);
}

TEST_CASE("a rank-0 operand and operands of one element") {
  Tensor<float> x(3.f);
  CHECK(float(sum(x)) == 3);
  CHECK(Int64(argmax(x)) == 0);
  CHECK(float(var(x)) == 0);
  CHECK(float(stddev(x)) == 0);
  CHECK(std::isnan(float(var(x, ddof<1>))));
  Tensor<double, dyn, dyn> y(1, 1);
  CHECK(holds(max<0>(y), {0}));
}

TEST_CASE("the types of results") {
  Tensor<bool, 3> b{true, false, true};
  Tensor<signed char, 3> i8{100, 100, 100};
  Tensor<unsigned char, 3> u8{200, 200, 200};
  Tensor<int, 3> i{7, 8, 9};
  Tensor<half, 3> h{half(1.f), half(2.f), half(4.f)};
  Tensor<unsigned long long, 2> u64{1, 2};
  static_assert(gives<decltype(sum(b)), Int64> && gives<decltype(sum(i8)), Int64> && gives<decltype(prod(i)), Int64>);
  static_assert(gives<decltype(sum(u64)), unsigned long long>);
  static_assert(gives<decltype(sum(h)), half> && gives<decltype(var(h)), half> && gives<decltype(norm(h)), half>);
  static_assert(gives<decltype(mean(i)), float> && gives<decltype(var(i)), float> &&
                gives<decltype(norm_l1(i)), float>);
  static_assert(gives<decltype(max(i8)), signed char> && gives<decltype(min(b)), bool> &&
                gives<decltype(max(h)), half>);
  static_assert(gives<decltype(argmax(h)), Int64> && gives<decltype(count_nonzero(h)), Int64>);
  static_assert(gives<decltype(any(h)), bool> && gives<decltype(all(i)), bool>);
  CHECK(Int64(sum(b)) == 2);
  CHECK(Int64(sum(i8)) == 300);
  CHECK(Int64(sum(u8)) == 600);
  CHECK(Int64(prod(i8)) == 1000000);
  CHECK(float(mean(i)) == 8);
  CHECK(float(mean(b)) == doctest::Approx(2.0 / 3));
  CHECK(signed(static_cast<signed char>(max(i8))) == 100);
  CHECK(bool(max(b)));
  CHECK(!bool(min(b)));
  CHECK(float(half(sum(h))) == 7);
  CHECK(float(half(prod(h))) == 8);
}

TEST_CASE("16-bit floats are summed in float") {
  Tensor<half, dyn> x(10000);
  Tensor<bfloat16, dyn> y(10000);
  for (auto& e : x) e = half(1.f);
  for (auto& e : y) e = bfloat16(1.f);
  CHECK(float(half(sum(x))) == 10000);     // half alone stops at 2048
  CHECK(float(bfloat16(sum(y))) == 9984);  // the nearest bfloat16; bfloat16 alone stops at 256
  CHECK(float(half(mean(x))) == 1);
  CHECK(float(half(var(x * 3))) == 0);
}

TEST_CASE("integers wrap") {
  constexpr Int64 big = std::numeric_limits<Int64>::max();
  Tensor<Int64, 2> x{big, 2};
  CHECK(Int64(sum(x)) == std::numeric_limits<Int64>::min() + 1);
  CHECK(Int64(prod(x)) == -2);
  Tensor<Int64, dyn> y(100);
  for (auto& e : y) e = big;
  CHECK(Int64(sum(y)) == -100);
}

TEST_CASE("no elements: identities, NaN, or an error") {
  Tensor<float, 3, 0> none;
  Tensor<float, dyn, dyn> rows(0, 4);
  CHECK(float(sum(none)) == 0);
  CHECK(float(prod(none)) == 1);
  CHECK(std::isnan(float(mean(none))));
  CHECK(std::isnan(float(var(none))));
  CHECK(!bool(any(none)));
  CHECK(bool(all(none)));
  CHECK(Int64(count_nonzero(none)) == 0);
  CHECK(float(logsumexp(none)) == -infinity);
  CHECK(float(norm_l2(none)) == 0);
  CHECK(float(norm_inf(none)) == 0);
  CHECK(holds(sum<0>(rows), {0, 0, 0, 0}));
  CHECK(holds(prod<1>(none), {1, 1, 1}));
  CHECK(sum<1>(rows).size() == 0);
  Tensor<float, dyn> t;
  t = max<1>(rows);  // no results, so nothing is missing
  CHECK(t.size() == 0);
  CHECK_THROWS_WITH_AS(float(max(rows)), "tenon: max: no elements to reduce in shape: [0, 4]", shape_error);
  CHECK_THROWS_AS(evaluate(min<0>(rows)), shape_error);
  CHECK_THROWS_AS(evaluate(argmax<1>(none)), shape_error);
  CHECK_THROWS_AS(evaluate(argmin(none)), shape_error);
}

TEST_CASE("NaN is extremal, the first of equals wins") {
  // Long enough for lanes, several places for what is looked for.
  for (const index_t n : {1, 2, 5, 16, 17, 40, 1000, 3000})
    for (index_t at = 0; at < n; at = at * 2 + 1) {
      Tensor<float, dyn> x(n);
      for (index_t i = 0; i < n; ++i) x(i) = 1;
      CHECK(Int64(argmax(x)) == 0);
      CHECK(Int64(argmin(x)) == 0);
      x(at) = 2;
      x(n - 1) = 2;
      CHECK(float(max(x)) == 2);
      CHECK(Int64(argmax(x)) == at);
      CHECK(Int64(argmin(-x)) == at);
      x(at) = not_a_number;
      CHECK(std::isnan(float(max(x))));
      CHECK(std::isnan(float(min(x))));
      CHECK(std::isnan(float(norm_inf(x))));
      CHECK(Int64(argmax(x)) == at);
      CHECK(Int64(argmin(x)) == at);
      Tensor<float, dyn, dyn> columns(n, 3);
      for (index_t i = 0; i < n; ++i) columns(i, 0) = columns(i, 1) = columns(i, 2) = x(i);
      CHECK(holds(argmax<0>(columns), {double(at), double(at), double(at)}));
      CHECK(std::isnan(evaluate(max<0>(columns))(1)));
    }
  Tensor<float, 3> low{-infinity, -infinity, -infinity};
  CHECK(float(max(low)) == -infinity);
  CHECK(Int64(argmax(low)) == 0);
  Tensor<int, 4> ties{1, 3, 3, 0};
  CHECK(Int64(argmax(ties)) == 1);
  Tensor<bool, 4> b{false, true, true, false};
  CHECK(Int64(argmax(b)) == 1);
}

TEST_CASE("argmax over several axes counts in row-major order") {
  Tensor<float, 2, 3, 4> x;
  x(1, 2, 3) = 5;
  CHECK(Int64(argmax(x)) == 23);
  CHECK(holds(argmax<0, 2>(x), {0, 0, 7}));
  CHECK(holds(argmax<1, 2>(permute<2, 0, 1>(x)), {0, 0, 0, 5}));
  CHECK(holds(argmax<0, 1>(x), {0, 0, 0, 5}));
}

TEST_CASE("any, all and count_nonzero: NaN counts") {
  Tensor<float, dyn> x(777);
  CHECK(!bool(any(x)));
  CHECK(bool(all(x == 0)));
  x(700) = not_a_number;
  CHECK(bool(any(x)));
  CHECK(Int64(count_nonzero(x)) == 1);
  for (auto& e : x) e = 0.25f;
  CHECK(bool(all(x)));
  CHECK(Int64(count_nonzero(x)) == 777);
  x(3) = 0;
  CHECK(!bool(all(x)));
  Tensor<bool, dyn, dyn> b(1000, 70);
  for (auto& e : b) e = true;
  b(999, 69) = false;
  CHECK(Int64(count_nonzero(b)) == 69999);
  CHECK(evaluate(count_nonzero<0>(b))(68) == 1000);
  CHECK(evaluate(count_nonzero<0>(b))(69) == 999);
  CHECK(Int64(count_nonzero(all<0>(b))) == 69);
}

TEST_CASE("long sums lose next to nothing") {
  constexpr index_t n = 1 << 20;
  Tensor<float, dyn> x(n);
  double exact = 0;
  for (index_t i = 0; i < n; ++i) exact += static_cast<double>(x(i) = 0.1f + 1e-3f * static_cast<float>(i % 7));
  CHECK(std::fabs(double(float(sum(x))) / exact - 1) < 3e-7);
  CHECK(std::fabs(double(float(sum(x * 1))) / exact - 1) < 3e-7);
  // Across rows: chains of additions are cut, too.
  Tensor<float, dyn, 2> two(n, 2);
  Tensor<float, dyn, 40> wide(n / 8, 40);
  for (auto& e : two) e = 0.1f;
  for (auto& e : wide) e = 0.1f;
  CHECK(std::fabs(double(evaluate(sum<0>(two))(1)) / (0.1f * double(n)) - 1) < 2e-6);
  CHECK(std::fabs(double(evaluate(sum<0>(wide))(39)) / (0.1f * double(n / 8)) - 1) < 3e-7);
}

TEST_CASE("variance of data far from zero") {
  constexpr index_t n = 5000;
  Tensor<float, dyn> x(n);
  Tensor<double, dyn> y(n);
  for (index_t i = 0; i < n; ++i) {
    x(i) = 4096.f + static_cast<float>(i % 2);
    y(i) = 1e9 + static_cast<double>(i % 3);
  }
  CHECK(float(var(x)) == doctest::Approx(0.25).epsilon(1e-6));
  CHECK(float(stddev(x)) == doctest::Approx(0.5).epsilon(1e-6));
  const double exact = (1667 + 4 * 1666) / double(n) - 0.9998 * 0.9998;  // of 0, 1, 2, ...
  CHECK(double(var(y)) == doctest::Approx(exact).epsilon(1e-6));
  CHECK(double(var(y, ddof<1>)) == doctest::Approx(exact * n / (n - 1)).epsilon(1e-6));
  // The first elements far off: the estimate that squares are summed around is poor.
  x(0) = x(1) = 1e6f;
  double mean = 0, squares = 0;
  for (float e : x) mean += e / double(n);
  for (float e : x) squares += (e - mean) * (e - mean);
  CHECK(float(var(x)) == doctest::Approx(squares / n).epsilon(1e-5));
  Tensor<float, dyn, dyn> columns(n, 5);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j < 5; ++j) columns(i, j) = x(i);
  CHECK(evaluate(var<0>(columns))(4) == doctest::Approx(squares / n).epsilon(1e-5));
}

TEST_CASE("mean_var computes both at once") {
  Tensor<float, dyn, dyn> x(30, 70);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i * i % 101);
  auto [m, v] = mean_var<1>(x, ddof<1>, keepdims);
  static_assert(std::is_same_v<decltype(m)::extents_type, Extents<dyn, 1>>);
  Tensor<float, dyn, 1> m1 = m, v1 = v, m2 = mean<1>(x, keepdims), v2 = var<1>(x, ddof<1>, keepdims);
  for (index_t i = 0; i < 30; ++i) {
    CHECK(m1(i, 0) == doctest::Approx(m2(i, 0)).epsilon(1e-6));
    CHECK(v1(i, 0) == v2(i, 0));
  }
  auto [a, b] = mean_var(Tensor<float, 3>{1, 2, 6});
  CHECK(float(a) == 3);
  CHECK(float(b) == doctest::Approx(14.0 / 3));
  auto [c, d] = mean_var(Tensor<float, dyn>(0));
  CHECK(std::isnan(float(c)));
  CHECK(std::isnan(float(d)));
}

TEST_CASE("logsumexp: infinities and large numbers") {
  CHECK(float(logsumexp(Tensor<float, 3>{1000, 1000, -infinity})) == doctest::Approx(1000 + std::log(2.0)));
  CHECK(float(logsumexp(Tensor<float, 2>{-1000, -1001})) == doctest::Approx(-1000 + std::log1p(std::exp(-1.0))));
  CHECK(float(logsumexp(Tensor<float, 3>{-infinity, -infinity, -infinity})) == -infinity);
  CHECK(float(logsumexp(Tensor<float, 3>{0, infinity, infinity})) == infinity);
  CHECK(std::isnan(float(logsumexp(Tensor<float, 3>{0, not_a_number, infinity}))));
  CHECK(std::isnan(float(logsumexp(Tensor<float, 3>{not_a_number, 0, 0}))));
  // The same in lanes, along rows and columns.
  for (const index_t n : {16, 33, 2000}) {
    Tensor<float, dyn, dyn> x(n, n);
    for (auto& e : x) e = -infinity;
    CHECK(evaluate(logsumexp<1>(x))(n - 1) == -infinity);
    CHECK(evaluate(logsumexp<0>(x))(n - 1) == -infinity);
    x(n / 2, n - 1) = 1e30f;
    x(0, n - 1) = 3;
    CHECK(evaluate(logsumexp<1>(x))(n / 2) == 1e30f);
    CHECK(evaluate(logsumexp<0>(x))(n - 1) == 1e30f);
    CHECK(evaluate(logsumexp<0>(x))(0) == -infinity);
    CHECK(evaluate(logsumexp<1>(x))(0) == 3);
    x(1, 1) = infinity;
    x(2, 2) = not_a_number;
    CHECK(evaluate(logsumexp<0>(x))(1) == infinity);
    CHECK(evaluate(logsumexp<1>(x))(1) == infinity);
    CHECK(std::isnan(evaluate(logsumexp<0>(x))(2)));
    CHECK(std::isnan(evaluate(logsumexp<1>(x))(2)));
  }
}

TEST_CASE("norms do not overflow or underflow") {
  CHECK(float(norm_l2(Tensor<float, 2>{3e30f, 4e30f})) == doctest::Approx(5e30));
  CHECK(float(norm_l2(Tensor<float, 2>{3e-30f, 4e-30f})) == doctest::Approx(5e-30));
  CHECK(double(norm_l2(Tensor<double, 2>{3e300, 4e300})) == doctest::Approx(5e300));
  CHECK(double(norm_l2(Tensor<double, 2>{3e-300, 4e-300})) == doctest::Approx(5e-300));
  CHECK(float(norm(Tensor<float, 2>{3e30f, 3e30f}, order<3>)) == doctest::Approx(3e30 * std::cbrt(2.0)));
  CHECK(float(norm(Tensor<float, 2>{1, 2}, order<1>)) == 3);
  CHECK(float(norm(Tensor<float, 2>{3, 4}, order<4, 2>)) == 5);
  CHECK(float(norm_l2(Tensor<float, 2>{infinity, 1})) == infinity);
  CHECK(std::isnan(float(norm_l2(Tensor<float, 2>{not_a_number, 1e30f}))));
  CHECK(std::isnan(float(norm_l2(Tensor<float, 2>{not_a_number, 1e-30f}))));
  CHECK(std::isnan(float(norm(Tensor<float, 2>{not_a_number, 1}, order<3>))));
  CHECK(float(norm_l2(Tensor<float, 2>{0, 0})) == 0);
  for (const float size : {1.f, 1e30f, 1e-30f, 1e-42f}) {
    Tensor<float, dyn, dyn> x(100, 100);
    for (auto& e : x) e = size;
    CHECK(evaluate(norm_l2<0>(x))(99) == doctest::Approx(10 * double(size)).epsilon(1e-3));
    CHECK(evaluate(norm_l2<1>(x))(99) == doctest::Approx(10 * double(size)).epsilon(1e-3));
  }
}

TEST_CASE("operands are fused, views and movements reduce as they lie, aliasing is safe") {
  Tensor<float, dyn, dyn> x(40, 50);
  for (index_t i = 0; i < 2000; ++i) x.data()[i] = static_cast<float>(i % 37);
  CHECK(float(sum(x * x - x * x)) == 0);
  CHECK(float(sum(slice(x, range(0, 40, 2), range(10, 20)))) == [&] {
    float s = 0;
    for (int i = 0; i < 40; i += 2)
      for (int j = 10; j < 20; ++j) s += x(i, j);
    return s;
  }());
  Tensor<float, dyn> a = sum<0>(x), b = sum<1>(transpose(x));
  for (index_t j = 0; j < 50; ++j) CHECK(a(j) == b(j));
  // A broadcast operand counts as often as it is seen.
  CHECK(float(sum(x - x + Tensor<float, 1, 1>{{2}})) == 4000);
  CHECK(holds(sum<0>(broadcast_to<3, 2>(Tensor<float, 2>{1, 2})), {3, 6}));
  row(x, 0) = sum<0>(x);
  for (index_t j = 0; j < 50; ++j) CHECK(x(0, j) == a(j));
}

TEST_CASE("static operands in constant expressions") {
  constexpr Tensor<float, 2, 3> x{{1, 2, 3}, {4, 5, 6}};
  constexpr Tensor<float, 2> s = sum<1>(x);
  static_assert(s(0) == 6 && s(1) == 15);
  constexpr float m = mean(x * 2);
  static_assert(m == 7);
  static_assert(float(max(x)) == 6 && float(min(-x)) == -6 && float(prod(x)) == 720);
  constexpr Tensor<Int64, 3> a = argmax<0>(x);
  static_assert(a(2) == 1 && bool(all(x)) && Int64(count_nonzero(x > 3)) == 3);
  static_assert(float(var(x)) > 2.9166f && float(var(x)) < 2.9167f);
  static_assert(float(norm_l2(Tensor<float, 2>{3, 4})) == 5 && float(norm_l1(x)) == 21);
  constexpr float l = logsumexp(x);
  CHECK(l == doctest::Approx(float(logsumexp(evaluate(x * 1)))));
}

TEST_CASE("lanes give what elements one by one give") {
  Tensor<double, dyn, dyn> x(23, 150);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<double>(i * i));
  const auto check = [](const auto& node) {
    const auto y = evaluate(node);
    for (index_t i = 0; i < y.size(); ++i)
      CHECK(static_cast<double>(y(i)) == doctest::Approx(static_cast<double>(node.at(Dims{1, {i}}))).epsilon(1e-13));
  };
  check(sum<0>(x));
  check(sum<1>(x));
  check(var<0>(x, ddof<1>));
  check(stddev<1>(x));
  check(logsumexp<0>(x));
  check(logsumexp<1>(x));
  check(norm_l2<0>(x));
  check(norm<1>(x, order<5, 2>));
  check(argmax<0>(x));
  check(argmin<1>(x));
  check(count_nonzero<1>(x > 0));
}

TEST_CASE("the same bits every time, and no allocation after the first") {
  Tensor<float, dyn, dyn> x(300, 400);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  Tensor<float, dyn> r(300), c(400);
  const auto all_of_them = [&] {
    c = sum<0>(x);
    r = var<1>(x * 2);
    c = logsumexp<0>(x) + max<0>(x);
    r = norm_l2<1>(x);
    return float(sum(x)) + float(norm_l2(x));
  };
  const float first = all_of_them();
  AllocationCount count;
  CHECK(all_of_them() == first);
  CHECK(count() == 0);
}
