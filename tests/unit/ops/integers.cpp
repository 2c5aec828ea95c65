// tests/unit/ops/integers.cpp: integer arithmetic is total: it wraps, dividing by zero is zero, shifts are limited.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <tenon/ops/catalogue.hpp>

using namespace tenon;

namespace {

constexpr int lowest = std::numeric_limits<int>::min(), highest = std::numeric_limits<int>::max();
using Bytes = simd::pack<signed char, 16>;
using Ints = simd::pack<int, 4>;

// What Python gives, for all pairs of small integers.
int python_floor_divide(int a, int b) {
  const int q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

}  // namespace

TEST_CASE("sums, differences, products and negation wrap") {
  static_assert(add(highest, 1) == lowest);
  static_assert(subtract(lowest, 1) == highest);
  static_assert(multiply(65536, 65536) == 0);
  static_assert(negate(lowest) == lowest);
  static_assert(tenon::abs(lowest) == lowest);
  static_assert(square(65536) == 0);
  static_assert(tenon::fma(highest, 2, 3) == 1);
  static_assert(add(std::int8_t(127), std::int8_t(1)) == -128);
  static_assert(multiply(std::uint16_t(65535), std::uint16_t(65535)) == 1);
  static_assert(__is_same(decltype(add(std::int8_t(1), std::int8_t(1))), std::int8_t));
  static_assert(add(std::numeric_limits<std::int64_t>::max(), std::int64_t(1)) ==
                std::numeric_limits<std::int64_t>::min());
  const Bytes b = op::Add::value(Bytes{} + static_cast<signed char>(127), Bytes{} + static_cast<signed char>(2));
  CHECK(b[7] == -127);
  const Ints i = op::Multiply::value(Ints{} + 65536, Ints{} + 65536);
  CHECK(i[3] == 0);
  CHECK(op::Abs::value(Ints{} + lowest)[0] == lowest);
}

TEST_CASE("bool counts as a number in arithmetic") {
  static_assert(add(true, true) == 2);
  static_assert(__is_same(decltype(multiply(true, true)), int));
  static_assert(maximum(false, true) == true);
  static_assert(__is_same(decltype(maximum(false, true)), bool));
}

TEST_CASE("division and remainders by zero are zero") {
  static_assert(floor_divide(7, 0) == 0 && mod(7, 0) == 0 && tenon::fmod(7, 0) == 0);
  static_assert(floor_divide(lowest, -1) == lowest && mod(lowest, -1) == 0 && tenon::fmod(lowest, -1) == 0);
  static_assert(floor_divide(std::uint8_t(7), std::uint8_t(0)) == 0);
  const Ints a{7, -7, lowest, 5}, b{0, 0, -1, -2};
  const Ints q = op::FloorDivide::value(a, b), r = op::Mod::value(a, b);
  CHECK(q[0] == 0);
  CHECK(q[1] == 0);
  CHECK(q[2] == lowest);
  CHECK(q[3] == -3);
  CHECK(r[0] == 0);
  CHECK(r[1] == 0);
  CHECK(r[2] == 0);
  CHECK(r[3] == -1);
}

TEST_CASE("floor_divide rounds down, mod has the sign of the divisor, fmod that of the dividend") {
  for (int a = -12; a <= 12; ++a)
    for (int b = -5; b <= 5; ++b) {
      if (b == 0) continue;
      CAPTURE(a);
      CAPTURE(b);
      CHECK(floor_divide(a, b) == python_floor_divide(a, b));
      CHECK(mod(a, b) == a - b * python_floor_divide(a, b));
      CHECK(tenon::fmod(a, b) == a % b);
      const float x = static_cast<float>(a), y = static_cast<float>(b);
      CHECK(floor_divide(x, y) == static_cast<float>(python_floor_divide(a, b)));
      CHECK(mod(x, y) == static_cast<float>(a - b * python_floor_divide(a, b)));
      CHECK(tenon::fmod(x, y) == static_cast<float>(a % b));
    }
  // As in Python: one tenth is a little more than 1/10.
  CHECK(floor_divide(1.0, 0.1) == 9.0);
  CHECK(mod(-1e-20, 3.0) == 3.0);
}

TEST_CASE("divide of integers is a float") {
  static_assert(divide(1, 4) == 0.25f);
  static_assert(__is_same(decltype(divide(1, 4)), float));
  static_assert(__is_same(decltype(divide(std::int64_t(1), 2.0)), double));
  static_assert(divide(1.0f, 0.0f) == limits<float>::infinity() &&
                divide(1.0, -0.0) == limits<double>::minus_infinity());
  constexpr float nan = divide(0.0f, 0.0f);
  CHECK(isnan(nan));
}

TEST_CASE("shift counts outside of the bits are defined") {
  static_assert(shift_left(1, 31) == lowest);
  static_assert(shift_left(1, 32) == 0 && shift_left(1, -1) == 0 && shift_left(-1, 1) == -2);
  static_assert(shift_right(-8, 1) == -4 && shift_right(-8, 32) == -1 && shift_right(8, 32) == 0);
  static_assert(shift_right(-8, -1) == -1);
  static_assert(shift_left(std::int8_t(3), std::int8_t(7)) == -128 && shift_left(std::int8_t(1), std::int8_t(8)) == 0);
  static_assert(shift_right(std::uint8_t(255), std::uint8_t(8)) == 0);
  const Ints a{1, -8, -8, 1}, n{31, 1, 40, -3};
  const Ints left = op::ShiftLeft::value(a, n), right = op::ShiftRight::value(a, n);
  CHECK(left[0] == lowest);
  CHECK(left[1] == -16);
  CHECK(left[2] == 0);
  CHECK(left[3] == 0);
  CHECK(right[1] == -4);
  CHECK(right[2] == -1);
  CHECK(right[3] == 0);
}

TEST_CASE("bit operations on bools are logical") {
  static_assert(bit_not(true) == false && bit_not(5) == -6);
  static_assert(bit_and(true, false) == false && __is_same(decltype(bit_and(true, false)), bool));
  static_assert(bit_xor(std::uint8_t(255), std::uint8_t(15)) == 240);
  static_assert(logical_and(3, 0.5f) && !logical_and(3, 0.0f) && logical_not(0) && logical_xor(1, 0));
}
