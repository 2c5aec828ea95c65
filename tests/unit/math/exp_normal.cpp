// e^x of terms of sums: 0 instead of subnormal numbers.
#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <support/ulp.hpp>
#include <tenon/ops/reduction_logsumexp.hpp>

using namespace tenon;

TEST_CASE_TEMPLATE("the exponential for softmax: as accurate, 0 instead of subnormal numbers", T, float, double) {
  using V = simd::native<T>;
  const T lowest = sizeof(T) == 4 ? T(-87.25) : T(-708.25), tiny = std::numeric_limits<T>::min();
  double worst = 0;
  bool zero = true;
  const auto check = [&](auto of, T first) {
    V x{};
    for (int l = 0; l < simd::lanes<V>; ++l) x[l] = l % 2 ? first : T(first / 3);
    const V y = of(x);
    for (int l = 0; l < simd::lanes<V>; ++l) {
      if (x[l] < lowest)
        zero = zero && y[l] == 0;
      else
        worst = std::max(worst, test::ulp_distance(static_cast<T>(y[l]), std::exp(static_cast<long double>(x[l]))));
    }
  };
  const auto any = [](V x) { return exp_normal(x); };
  const auto negative = [](V x) { return exp_normal<false>(x); };
  const T end = sizeof(T) == 4 ? T(-90) : T(-712);
  for (int i = 0; i < 20000; ++i) {
    const T x = end * static_cast<T>(i) / T(20000.5);
    check(negative, x);
    check(any, x);
    check(any, T(-x));
  }
  for (const T x :
       std::initializer_list<T>{T(0), T(-0.0), lowest, T(lowest * (1 + std::numeric_limits<T>::epsilon())), -tiny,
                                T(-1e9), std::numeric_limits<T>::lowest(), -std::numeric_limits<T>::infinity()})
    check(negative, x), check(any, x);
  CHECK(zero);
  CHECK(worst <= 1);
  const V nan = simd::broadcast<V>(std::numeric_limits<T>::quiet_NaN()), y = exp_normal<false>(nan);
  for (int l = 0; l < simd::lanes<V>; ++l) CHECK(y[l] != y[l]);
}
