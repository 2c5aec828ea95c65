// tenon/base/float16.hpp: bfloat16 and half, numbers stored in 16 bits and computed in float.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversion from float rounds to nearest, ties to even; too large becomes infinity, NaN stays a quiet NaN with its
// leading payload bits, subnormals are exact multiples of the smallest one. Conversion to float is exact and implicit,
// so comparisons and mixed arithmetic are those of float; arithmetic of two values of one type, or of one and an
// integer, rounds back to that type:
//   bfloat16 a(1.5f), b = a * a;    // 2.25
//   float c = a * 0.1f;             // float
// Conversions from double and from 64-bit integers round once, not twice.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/number_kind.hpp>

namespace tenon {
inline namespace TENON_ABI {

static_assert(sizeof(unsigned short) == 2 && sizeof(unsigned) == 4 && sizeof(float) == 4 && sizeof(double) == 8,
              "tenon: needs 16-bit short, 32-bit int, and IEEE 754 float and double");

namespace detail {

TENON_FN unsigned float_bits(float x) { return __builtin_bit_cast(unsigned, x); }
TENON_FN float float_of_bits(unsigned bits) { return __builtin_bit_cast(float, bits); }

// Rounding to float "to odd" keeps the knowledge that digits were lost, so that a second rounding to at most 22 bits
// gives what one rounding would: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008.
TENON_FN float round_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  const double back = nearest;
  const unsigned bits = float_bits(nearest);
  if (back == x || x != x || (bits & 1u)) return nearest;
  const bool away_from_zero = (back < 0 ? -back : back) > (x < 0 ? -x : x);
  // Zero from an underflow has no sign of its own magnitude to trust: take that of x.
  const unsigned sign = x < 0 ? 0x80000000u : 0u;
  return float_of_bits(sign | ((away_from_zero ? bits - 1u : bits + 1u) & 0x7fffffffu));
}

// The same for an integer: the 53 leading bits, the last of them set if anything below was.
template <class I>
TENON_FN float round_to_odd_integer(I x) {
  if constexpr (sizeof(I) < 8) {
    return round_to_odd(static_cast<double>(x));
  } else {
    const bool negative = x < 0;
    unsigned long long u = static_cast<unsigned long long>(x);
    if (negative) u = 0ull - u;
    if (u >> 53) u = (u & ~0x7ffull) | ((u & 0x7ffull) ? 0x800ull : 0ull);
    const double magnitude = static_cast<double>(u);
    return round_to_odd(negative ? -magnitude : magnitude);
  }
}

TENON_FN unsigned short bfloat16_bits(float x) {
  const unsigned u = float_bits(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) return static_cast<unsigned short>((u >> 16) | 0x40u);
  return static_cast<unsigned short>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

TENON_FN unsigned short half_bits(float x) {
  const unsigned u = float_bits(x), sign = (u >> 16) & 0x8000u, a = u & 0x7fffffffu;
  unsigned r = 0;
  if (a > 0x7f800000u) {
    r = 0x7e00u | ((a >> 13) & 0x3ffu);
  } else if (a >= 0x477ff000u) {  // 65520 and more: nearer to 65536 than to the largest half, or tied with it
    r = 0x7c00u;
  } else if (a >= 0x38800000u) {  // 2^-14, the smallest normal half: change the bias from 127 to 15
    const unsigned rebiased = a - 0x38000000u;
    r = (rebiased + 0xfffu + ((rebiased >> 13) & 1u)) >> 13;
  } else if (a >= 0x33000000u) {  // 2^-25, half of the smallest subnormal: shift to a multiple of 2^-24
    const unsigned shift = 126u - (a >> 23), m = (a & 0x7fffffu) | 0x800000u;
    const unsigned rest = m & ((1u << shift) - 1u), tie = 1u << (shift - 1u);
    r = m >> shift;
    r += (rest > tie || (rest == tie && (r & 1u))) ? 1u : 0u;
  }
  return static_cast<unsigned short>(sign | r);
}

TENON_FN float half_to_float(unsigned short bits) {
  const unsigned sign = (bits & 0x8000u) << 16, e = (bits >> 10) & 0x1fu, m = bits & 0x3ffu;
  if (e == 0) return float_of_bits(sign | float_bits(static_cast<float>(m) * 0x1p-24f));
  if (e == 31) return float_of_bits(sign | 0x7f800000u | (m << 13) | (m ? 0x400000u : 0u));
  return float_of_bits(sign | ((e + 112u) << 23) | (m << 13));
}

// The arithmetic that bfloat16 and half share, found by argument-dependent lookup only.
template <class T>
struct Arithmetic16 {
  TENON_FN friend T operator+(T a, T b) { return T(float(a) + float(b)); }
  TENON_FN friend T operator-(T a, T b) { return T(float(a) - float(b)); }
  TENON_FN friend T operator*(T a, T b) { return T(float(a) * float(b)); }
  TENON_FN friend T operator/(T a, T b) { return T(float(a) / float(b)); }
  TENON_FN friend T operator-(T a) { return T::from_bits(static_cast<unsigned short>(a.bits ^ 0x8000u)); }
  TENON_FN friend T& operator+=(T& a, float b) { return a = T(float(a) + b); }
  TENON_FN friend T& operator-=(T& a, float b) { return a = T(float(a) - b); }
  TENON_FN friend T& operator*=(T& a, float b) { return a = T(float(a) * b); }
  TENON_FN friend T& operator/=(T& a, float b) { return a = T(float(a) / b); }

  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator+(T a, I b) { return a + T(b); }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator-(T a, I b) { return a - T(b); }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator*(T a, I b) { return a * T(b); }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator/(T a, I b) { return a / T(b); }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator+(I a, T b) { return T(a) + b; }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator-(I a, T b) { return T(a) - b; }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator*(I a, T b) { return T(a) * b; }
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN friend T operator/(I a, T b) { return T(a) / b; }
};

}  // namespace detail

/// The upper half of a float: its range, with 8 significant bits.
struct bfloat16 : detail::Arithmetic16<bfloat16> {
  unsigned short bits;  ///< 1 sign, 8 exponent, 7 fraction

  bfloat16() = default;
  TENON_FN explicit bfloat16(float x) : bits(detail::bfloat16_bits(x)) {}
  TENON_FN explicit bfloat16(double x) : bits(detail::bfloat16_bits(detail::round_to_odd(x))) {}
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN explicit bfloat16(I x)
      : bits(detail::bfloat16_bits(detail::round_to_odd_integer(x))) {}

  /// The number with this representation.
  TENON_FN static bfloat16 from_bits(unsigned short b) {
    bfloat16 r(0.0f);
    r.bits = b;
    return r;
  }
  TENON_FN operator float() const { return detail::float_of_bits(static_cast<unsigned>(bits) << 16); }
};

/// IEEE 754 binary16: 11 significant bits, up to 65504.
struct half : detail::Arithmetic16<half> {
  unsigned short bits;  ///< 1 sign, 5 exponent, 10 fraction

  half() = default;
  TENON_FN explicit half(float x) : bits(detail::half_bits(x)) {}
  TENON_FN explicit half(double x) : bits(detail::half_bits(detail::round_to_odd(x))) {}
  template <class I>
  requires(is_integer<I> || is_bool<I>) TENON_FN explicit half(I x)
      : bits(detail::half_bits(detail::round_to_odd_integer(x))) {}

  /// The number with this representation.
  TENON_FN static half from_bits(unsigned short b) {
    half r(0.0f);
    r.bits = b;
    return r;
  }
  TENON_FN operator float() const { return detail::half_to_float(bits); }
};

template <>
inline constexpr NumberKind number_kind<bfloat16> = NumberKind::bfloat16;
template <>
inline constexpr NumberKind number_kind<half> = NumberKind::float16;

}  // namespace TENON_ABI
}  // namespace tenon
