// bfloat16 and half: all values, and the rounding of all that lie between two of them.
#include <doctest/doctest.h>
#include <tenon/base/element.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>

using namespace tenon;

namespace {

template <class T>
T of(int bits) {
  return T::from_bits(static_cast<unsigned short>(bits));
}
bool is_nan(float x) { return x != x; }

// The value by the definition of the format.
template <class T>
double decode(int bits) {
  const int fraction_bits = __is_same(T, half) ? 10 : 7, bias = __is_same(T, half) ? 15 : 127;
  const int sign = bits >> 15, e = (bits & 0x7fff) >> fraction_bits, m = bits & ((1 << fraction_bits) - 1);
  const double magnitude =
      e == 0 ? std::ldexp(m, 1 - bias - fraction_bits) : std::ldexp(m + (1 << fraction_bits), e - bias - fraction_bits);
  return sign ? -magnitude : magnitude;
}
template <class T>
int infinity_bits() {
  return __is_same(T, half) ? 0x7c00 : 0x7f80;
}

template <class T>
void check_all_values() {
  for (int bits = 0; bits < 65536; ++bits) {
    const T x = of<T>(bits);
    const int magnitude = bits & 0x7fff;
    if (magnitude > infinity_bits<T>()) {
      REQUIRE(is_nan(x));
      const int back = T(static_cast<float>(x)).bits;
      REQUIRE((back & 0x7fff) > infinity_bits<T>());
      REQUIRE((back & 0x8000) == (bits & 0x8000));
      REQUIRE((back | (__is_same(T, half) ? 0x200 : 0x40)) == back);  // quiet
    } else {
      if (magnitude < infinity_bits<T>()) REQUIRE(static_cast<double>(static_cast<float>(x)) == decode<T>(bits));
      REQUIRE(T(static_cast<float>(x)).bits == bits);
      REQUIRE(T(static_cast<double>(static_cast<float>(x))).bits == bits);
    }
  }
}

// Between each value and the next: just below, at and just above the middle, from float and from double.
template <class T>
void check_all_ties() {
  for (int bits = 0; bits < infinity_bits<T>(); ++bits) {
    const double low = decode<T>(bits), high = decode<T>(bits + 1);  // past the largest: what would be next
    const double middle = (low + high) / 2;
    const int even = bits & 1 ? bits + 1 : bits;
    for (int sign = 0; sign < 2; ++sign) {
      const double s = sign ? -1 : 1;
      const int sign_bit = sign << 15;
      REQUIRE(T(s * middle).bits == (even | sign_bit));
      REQUIRE(T(s * std::nextafter(middle, 0.0)).bits == (bits | sign_bit));
      REQUIRE(T(s * std::nextafter(middle, 1e300)).bits == ((bits + 1) | sign_bit));
      const float f = static_cast<float>(middle);
      if (f != middle) continue;  // the middle of two subnormal bfloat16 is a float, all others are, too
      REQUIRE(T(static_cast<float>(s) * f).bits == (even | sign_bit));
      REQUIRE(T(static_cast<float>(s) * std::nextafterf(f, 0.0f)).bits == (bits | sign_bit));
      REQUIRE(T(static_cast<float>(s) * std::nextafterf(f, HUGE_VALF)).bits == ((bits + 1) | sign_bit));
    }
  }
}

}  // namespace

TEST_CASE("bfloat16: all 65536 values survive the way to float and back") { check_all_values<bfloat16>(); }
TEST_CASE("half: all 65536 values survive the way to float and back") { check_all_values<half>(); }
TEST_CASE("bfloat16: rounds to nearest, ties to even, once") { check_all_ties<bfloat16>(); }
TEST_CASE("half: rounds to nearest, ties to even, once") { check_all_ties<half>(); }

TEST_CASE("16-bit numbers: overflow, underflow and NaN") {
  CHECK(half(65519.99f).bits == 0x7bff);
  CHECK(half(65520.0f).bits == 0x7c00);
  CHECK(half(-1e30f).bits == 0xfc00);
  CHECK(half(1e300).bits == 0x7c00);
  CHECK(half(0x1p-25f).bits == 0);
  CHECK(half(0x1.000002p-25f).bits == 1);
  CHECK(half(-0x1p-26f).bits == 0x8000);
  CHECK(half(1e-300).bits == 0);
  CHECK(half(-1e-300).bits == 0x8000);
  CHECK(bfloat16(-1e-300).bits == 0x8000);
  CHECK(bfloat16(-0.0).bits == 0x8000);
  CHECK(bfloat16(limits<float>::max()).bits == 0x7f80);
  CHECK(bfloat16(1e300).bits == 0x7f80);
  CHECK(bfloat16(-1e300).bits == 0xff80);
  CHECK(is_nan(half(limits<float>::nan())));
  CHECK(is_nan(bfloat16(limits<double>::nan())));
  // A NaN whose payload is only in the bits that are dropped must not become infinity.
  float odd_nan;
  const std::uint32_t odd_bits = 0x7f800001u;
  std::memcpy(&odd_nan, &odd_bits, 4);
  CHECK(bfloat16(odd_nan).bits == 0x7fc0);
  CHECK(half(odd_nan).bits == 0x7e00);
}

TEST_CASE("16-bit numbers: integers and doubles are rounded once") {
  CHECK(half(2049).bits == half(2048.0f).bits);
  CHECK(half(2051).bits == half(2052.0f).bits);
  CHECK(half(-5) == -5.0f);
  CHECK(half(true) == 1.0f);
  CHECK(half(70000) == limits<float>::infinity());
  // Above the middle by one in the 57th place, which neither float nor double holds.
  const std::int64_t middle = (std::int64_t{1} << 56) + (std::int64_t{1} << 48);
  CHECK(bfloat16(middle) == 0x1p56f);
  CHECK(bfloat16(middle + 1) == 0x1.02p56f);
  CHECK(bfloat16(-middle - 1) == -0x1.02p56f);
  CHECK(bfloat16(limits<std::uint64_t>::max()) == 0x1p64f);
  CHECK(bfloat16(limits<std::int64_t>::lowest()) == -0x1p63f);
  // Through float this double would first round down to the middle, and then to even.
  CHECK(bfloat16(0x1.0100000001p0) == 0x1.02p0f);
  CHECK(half(0x1.0020000001p0) == 0x1.004p0f);
}

TEST_CASE("16-bit numbers: conversion from random floats agrees with the nearest of two neighbours") {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    float x;
    std::memcpy(&x, &bits, 4);
    if (!(std::fabs(x) < 65504.0f)) continue;
    const half h(x);
    const double error = std::fabs(static_cast<double>(float(h)) - static_cast<double>(x));
    for (int step : {-1, 1}) {
      const int other = h.bits + step;
      if ((other & 0x7fff) >= 0x7c00 || (h.bits & 0x7fff) == 0) continue;
      REQUIRE(error <= std::fabs(decode<half>(other) - static_cast<double>(x)));
    }
  }
}

TEST_CASE("16-bit numbers: arithmetic") {
  bfloat16 a(1.5f);
  a += 1.0f;
  CHECK(a == 2.5f);
  a *= a;
  CHECK(a == 6.25f);
  a -= bfloat16(0.25f);
  a /= 3;
  CHECK(a == 2.0f);
  CHECK(2 * a + 1 == 5);
  CHECK(-a == -2.0f);
  CHECK((-half(0)).bits == 0x8000);
  CHECK(half(1) / half(3) == half(1.0f / 3.0f));
  CHECK(half(1) < half(2));
  CHECK(half(1) <= 1);
  CHECK_FALSE(limits<half>::nan() == limits<half>::nan());
  CHECK(static_cast<int>(half(7.75f)) == 7);
}
