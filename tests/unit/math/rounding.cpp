// floor, ceil, trunc, round, rint, fmod, remainder, ldexp: all exact.
#include <initializer_list>
#include <tenon/math/rounding.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("floor") { sweep("floor", bound(0), -1e3, 1e3, TENON_CALL(floor), TENON_REFERENCE(std::floor(x))); }
TEST_CASE("ceil") { sweep("ceil", bound(0), -1e3, 1e3, TENON_CALL(ceil), TENON_REFERENCE(std::ceil(x))); }
TEST_CASE("trunc") { sweep("trunc", bound(0), -1e7, 1e7, TENON_CALL(trunc), TENON_REFERENCE(std::trunc(x))); }
TEST_CASE("round") { sweep("round", bound(0), -1e7, 1e7, TENON_CALL(round), TENON_REFERENCE(std::round(x))); }
TEST_CASE("rint") { sweep("rint", bound(0), -1e7, 1e7, TENON_CALL(rint), TENON_REFERENCE(std::rint(x))); }

TEST_CASE("halves") {
  const double halves[] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}, even[] = {-2, -2, 0, 0, 2, 2},
               away[] = {-3, -2, -1, 1, 2, 3};
  for (int i = 0; i < 6; ++i) {
    CHECK(math::rint(halves[i]) == even[i]);
    CHECK(math::round(halves[i]) == away[i]);
  }
  CHECK(math::round(0.49999999999999994) == 0);
  CHECK(math::round(0.49999997f) == 0);
}

TEST_CASE("fmod and remainder") {
  sweep_pairs("fmod", bound(0), -100, 100, -10, 10, TENON_CALL_2(fmod),
              [](long double x, long double y) { return std::fmod(x, y); });
  sweep_pairs("remainder", bound(0), -100, 100, -10, 10, TENON_CALL_2(remainder),
              [](long double x, long double y) { return std::remainder(x, y); });
}

template <class T>
int wrong_ldexp(int n) {
  using V = simd::native<T>;
  int wrong = 0;
  for (int i = 0; i < 20000; i += simd::lanes<V>) {
    T x[simd::lanes<V>], y[simd::lanes<V>];
    for (int j = 0; j < simd::lanes<V>; ++j)
      x[j] = i < edge_count<T> ? edges<T>[(i + j) % edge_count<T>] : pattern<T>(static_cast<std::uint64_t>(i + j));
    simd::store(y, math::ldexp(simd::load<V>(x), n));
    for (int j = 0; j < simd::lanes<V>; ++j) {
      const T want = std::ldexp(x[j], n);
      wrong += !same_bits(want, y[j]) + !same_bits(want, math::ldexp(x[j], n));
    }
  }
  return wrong;
}
TEST_CASE("ldexp") {
  for (int n : {-2147483647, -5000, -2200, -1074, -1000, -500, -278, -149, -126, -30,  -1,
                0,           1,     30,    127,   128,   278,  1000, 1024, 2098, 5000, 2147483647}) {
    CAPTURE(n);
    CHECK(wrong_ldexp<float>(n) == 0);
    CHECK(wrong_ldexp<double>(n) == 0);
  }
}

TEST_CASE("ldexp takes a pack of exponents") {
  using V = simd::native<double>;
  const auto n = simd::iota<simd::rebind_t<V, int>>() * 600 - 1200;
  const V y = math::ldexp(simd::broadcast<V>(1.5), n);
  for (int i = 0; i < simd::lanes<V>; ++i) CHECK(y[i] == std::ldexp(1.5, i * 600 - 1200));
}
