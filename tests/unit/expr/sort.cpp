// sort, argsort, top_k, quantile and median.
#include <doctest/doctest.h>

#include <string>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/cpu/sort.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>
#include <type_traits>
#include <vector>

#include "support/allocations.hpp"
#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();
using Int64 = __INT64_TYPE__;

unsigned next(unsigned& state) { return state = state * 1664525u + 1013904223u; }
template <class T>
T random_element(unsigned& state) {
  const unsigned r = next(state) >> 8;
  if constexpr (is_bool<T>) return r % 2 != 0;
  if constexpr (is_integer<T>) return static_cast<T>(r % 3 ? r : 7);
  if constexpr (is_floating<T>) {
    if (r % 50 == 0) return T(not_a_number);
    if (r % 50 == 1) return T(r % 4 ? -0.f : 0.f);
    if (r % 50 == 2) return T(r % 4 ? infinity : -infinity);
    return T(static_cast<float>(static_cast<int>(r % 2001) - 1000) / (r % 8 ? 8.f : 1e5f));
  }
}
// NaN last, in both directions.
template <class T>
bool before(T a, T b, bool down) {
  const double x = static_cast<double>(a), y = static_cast<double>(b);
  if (std::isnan(x)) return false;
  if (std::isnan(y)) return true;
  return down ? x > y : x < y;
}
template <class T>
bool same(T a, T b) {
  return static_cast<double>(a) == static_cast<double>(b) ||
         (std::isnan(static_cast<double>(a)) && std::isnan(static_cast<double>(b)));
}

// Lines along axis 1 of (a, n, c), against the standard library.
template <class T>
void check_sort(const Dims& e) {
  unsigned state = 12345;
  Tensor<T, dyn, dyn, dyn> x(e);
  for (auto& v : x) v = random_element<T>(state);
  for (const bool down : {false, true}) {
    Tensor<T, dyn, dyn, dyn> s;
    Tensor<Int64, dyn, dyn, dyn> i;
    if (down) {
      s = sort<1>(x, descending);
      i = argsort<1>(x, descending);
    } else {
      s = sort<1>(x);
      i = argsort<1>(x);
    }
    const index_t k = std::min<index_t>(e.d[1], 5);
    const auto top = top_k<1>(x, k);
    const Tensor<T, dyn, dyn, dyn> v = top.values;
    const Tensor<Int64, dyn, dyn, dyn> j = top.indices;
    bool good = true;
    for (index_t a = 0; a < e.d[0]; ++a)
      for (index_t c = 0; c < e.d[2]; ++c) {
        std::vector<index_t> order(static_cast<std::size_t>(e.d[1]));
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(),
                         [&](index_t p, index_t q) { return before(x(a, p, c), x(a, q, c), down); });
        for (index_t n = 0; n < e.d[1]; ++n) {
          const index_t want = order[static_cast<std::size_t>(n)];
          good = good && i(a, n, c) == want && same(s(a, n, c), x(a, want, c));
          if (down && n < k) good = good && j(a, n, c) == want && same(v(a, n, c), x(a, want, c));
        }
      }
    INFO(std::string(dtype_name<T>()) << " " << e.d[0] << " " << e.d[1] << " " << e.d[2] << (down ? " down" : " up"));
    CHECK(good);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("every type, every length, against std::stable_sort", T, float, double, half, signed char,
                   unsigned char, int, Int64, bool) {
  for (const index_t n : {1, 2, 15, 16, 17, 33, 100, 511, 512, 1500}) check_sort<T>(Dims{3, {2, n, n < 40 ? 3 : 1}});
  check_sort<T>(Dims{3, {1, 700, 4}});
}

TEST_CASE("axes, shapes, strides") {
  const Tensor<float, 2, 3> x{{3, 1, 2}, {0, 5, 4}};
  CHECK(holds(sort(x), {1, 2, 3, 0, 4, 5}));
  CHECK(holds(sort<0>(x), {0, 1, 2, 3, 5, 4}));
  CHECK(holds(sort<0>(transpose(x)), {1, 0, 2, 4, 3, 5}));
  CHECK(holds(sort<1>(flip<1>(x) * 2, descending), {6, 4, 2, 10, 8, 0}));
  CHECK(holds(argsort<0>(x, descending), {0, 1, 1, 1, 0, 0}));
  static_assert(std::is_same_v<decltype(argsort(x))::value_type, Int64>);
  const auto top = top_k<1, 2>(x);
  static_assert(std::is_same_v<decltype(top.values)::extents_type, Extents<2, 2>>);
  CHECK(holds(top.values, {3, 2, 5, 4}));
  CHECK(holds(top.indices, {0, 2, 1, 2}));
  CHECK(top_k(x, 0).values.size() == 0);
  CHECK(evaluate(sort(Tensor<float, dyn, dyn>(3, 0))).size() == 0);
  CHECK_THROWS_WITH_AS(top_k(x, 4), "tenon: top_k: the number of elements 4 is out of range for extent 3", index_error);
  CHECK_THROWS_AS(top_k(x, -1), index_error);
  Tensor<float, dyn> y{3, 1, 2};
  y = sort(y);
  CHECK(holds(y, {1, 2, 3}));
}

TEST_CASE("top_k of a temporary keeps its operand alive") {
  const auto top = top_k(evaluate(Tensor<float, dyn>{3, 1, 2} * 2), 2);
  CHECK(holds(top.values, {6, 4}));
  CHECK(holds(top.indices, {0, 2}));
  const auto computed = top_k(exp(Tensor<float, dyn>{3, 1, 2}), 1);
  CHECK(holds(computed.indices, {0}));
}

TEST_CASE("quantile and median") {
  CHECK(float(median(Tensor<float, 5>{5, 1, 4, 2, 3})) == 3);
  CHECK(float(median(Tensor<float, 4>{5, 1, 4, 2})) == 3);
  CHECK(float(median(Tensor<int, 2>{1, 2})) == 1.5f);
  CHECK(float(quantile(Tensor<float, 5>{5, 1, 4, 2, 3}, 0.9)) == doctest::Approx(4.6));
  CHECK(float(quantile(Tensor<float, 5>{5, 1, 4, 2, 3}, 0)) == 1);
  CHECK(float(quantile(Tensor<float, 5>{5, 1, 4, 2, 3}, 1)) == 5);
  const Tensor<double, 2, 3> x{{3, 1, 2}, {0, 5, 4}};
  CHECK(holds(median<1>(x), {2, 4}));
  CHECK(holds(median<0>(x), {1.5, 3, 3}));
  CHECK(holds(median<0>(x, keepdims), {1.5, 3, 3}));
  static_assert(std::is_same_v<decltype(median<0>(x, keepdims))::extents_type, Extents<1, 3>>);
  CHECK(double(median(transpose(x))) == 2.5);
  CHECK(holds(quantile<1>(x * 2, 0.25), {3, 4}));
  CHECK(std::isnan(float(median(Tensor<float, 3>{1, not_a_number, 2}))));
  CHECK(std::isnan(float(median(Tensor<float, 0>{}))));
  CHECK(float(median(Tensor<float, 2>{infinity, infinity})) == infinity);
  CHECK_THROWS_AS(quantile(x, 1.5), value_error);
  CHECK_THROWS_AS(quantile(x, -0.1), value_error);
  CHECK_THROWS_AS(quantile(x, std::nan("")), value_error);
}

TEST_CASE("derivatives go back to where the elements came from") {
  Tensor<double, 3, 5> x, w;
  for (int i = 0; i < 15; ++i) {
    x.data()[i] = std::sin(1.0 + i);
    w.data()[i] = std::cos(3.0 * i);
  }
  CHECK(verify_gradient([&](const auto& a) { return sum(w * sort<0>(a)); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(w * sort(a * 2, descending)); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(square(top_k<1, 2>(a).values)); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(square(top_k<0>(a, 2).values)); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(square(median<1>(a))); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(w * quantile<0>(a, 0.3, keepdims)); }, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return square(quantile(transpose(a), 0.71)); }, x).ok);
  const auto f = [&](const auto& a) { return sum(w * sort<1>(a)) + quantile(a, 0.4); };
  CHECK(jvp(f, x, w).tangent == doctest::Approx(double(sum(grad(f)(x) * w))).epsilon(1e-12));
  CHECK(holds(grad([](const auto& a) { return sum(top_k(a, 1).values); })(Tensor<double, 3>{2, 2, 1}), {1, 0, 0}));
}

TEST_CASE("constants, and no allocation after the first") {
  constexpr Tensor<int, 5> s = sort(Tensor<int, 5>{3, 1, 3, 0, 2});
  static_assert(s(0) == 0 && s(3) == 3 && s(4) == 3);
  constexpr Tensor<Int64, 5> i = argsort(Tensor<int, 5>{3, 1, 3, 0, 2});
  static_assert(i(0) == 3 && i(3) == 0 && i(4) == 2);
  constexpr double m = median(Tensor<double, 4>{4, 1, 3, 2});
  static_assert(m == 2.5);
  Tensor<float, dyn, dyn> x(10, 600), y(10, 600);
  for (index_t k = 0; k < 6000; ++k) x.data()[k] = static_cast<float>(k * 7919 % 6007);
  Tensor<Int64, dyn, dyn> a(600, 10);
  Tensor<float, dyn> q(10);
  const auto run = [&] {
    y = sort(x);
    a = argsort<0>(transpose(x));
    q = quantile<1>(x, 0.3);
  };
  run();
  tenon::test::AllocationCount count;
  run();
  CHECK(count() == 0);
}
