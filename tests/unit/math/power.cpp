// pow, cbrt, hypot and rsqrt within their claims.
#include <tenon/math/power.hpp>

#include "sweep.hpp"

#include <initializer_list>

using namespace tenon;
using namespace tenon::test;

TEST_CASE("pow") {
  const auto reference = [](long double x, long double y) { return std::pow(x, y); };
  sweep_pairs("pow", Bound{0.6, 1.25}, 0, 4, -60, 60, TENON_CALL_2(pow), reference);
  sweep_pairs("pow", Bound{0.6, 1.25}, 0.5, 2, -1074, 1024, TENON_CALL_2(pow), reference);
  sweep_pairs("pow", Bound{0.6, 1.25}, 0.999, 1.001, -7e5, 7e5, TENON_CALL_2(pow), reference);
  sweep_pairs(
      "pow", Bound{0.6, 1.25}, -4, 4, -9, 9,
      [](auto x, auto y) __attribute__((always_inline)) { return math::pow(x, math::rint(y)); },
      [](long double x, long double y) { return std::pow(x, std::rint(y)); });
}
TEST_CASE("cbrt") { sweep("cbrt", bound(0.51), -8, 8, TENON_CALL(cbrt), TENON_REFERENCE(std::cbrt(x))); }
TEST_CASE("rsqrt") {
  sweep("rsqrt", Bound{bound(0.51, 1.5).single, 1.5}, 0, 4, TENON_CALL(rsqrt), TENON_REFERENCE(1 / std::sqrt(x)));
}
TEST_CASE("roots next to powers of two and eight, at the ends") {
  sweep_near("cbrt", bound(0.51), {1, 8, 0x1p-126, 0x1p-149, 0x1p127}, {1, 8, 0x1p-1022, 0x1p-1074, 0x1p1023},
             TENON_CALL(cbrt), TENON_REFERENCE(std::cbrt(x)));
  sweep_near("rsqrt", Bound{bound(0.51, 1.5).single, 1.5}, {1, 2, 4, 0x1p-126, 0x1p-149, 0x1p127},
             {1, 2, 4, 0x1p-1022, 0x1p-1074, 0x1p1023}, TENON_CALL(rsqrt), TENON_REFERENCE(1 / std::sqrt(x)));
}
TEST_CASE("rsqrt of floats is correctly rounded") {
  if (!math::kernel::has_fma) return;
  using V = simd::native<float>;
  int wrong = 0;
  const auto check = [&](float x) {
    const auto right = static_cast<float>(1 / std::sqrt(static_cast<long double>(x)));
    const V y = math::rsqrt(simd::broadcast<V>(x));
    wrong += !same_bits(math::rsqrt(x), right);
    for (int i = 0; i < simd::lanes<V>; ++i) wrong += !same_bits(y[i], right);
  };
  // The numbers from 1 to 4 whose roots are nearest to the middle of two floats, above it or below it (all others were
  // tried as well), and numbers of every exponent.
  for (const float x : {0x1.14b90cp+0f, 0x1.39403p+0f, 0x1.745472p+0f, 0x1.8ca7b4p+0f, 0x1.a3260ap+0f, 0x1.a4411ep+0f,
                        0x1.b5d284p+0f, 0x1.da646p+0f, 0x1.13e07p+1f, 0x1.46e0f6p+1f, 0x1.7431c6p+1f, 0x1.85da2cp+1f,
                        0x1.d47d9cp+1f, 0x1.fb7758p+1f, 0x1.fffffcp+1f})
    for (int e = -126; e <= 126; e += 2) check(std::ldexp(x, e));
  for (int i = 0; i < samples / 16; ++i)
    if (const float x = pattern<float>(static_cast<std::uint64_t>(i)); x > 0 && std::isfinite(x)) check(x);
  for (const float x : edges<float>)
    if (x >= 0) check(x);
  CHECK(wrong == 0);
}
TEST_CASE("hypot") {
  sweep_pairs("hypot", bound(1, 1.25), -2, 2, -2, 2, TENON_CALL_2(hypot),
              [](long double x, long double y) { return std::hypot(x, y); });
}
