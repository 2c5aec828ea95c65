// tenon/math/basic.hpp: absolute value, minimum and maximum, classification, square roots, fused multiply-add.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All exact, or correctly rounded, unless a bound is given. abs, min and max take integers too.
#pragma once
#include <tenon/math/arithmetic.hpp>
#include <tenon/math/device.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {
/// Whether V is float, double or a pack of one.
template <class V>
inline constexpr bool is_floating = __is_same(simd::lane_t<V>, float) || __is_same(simd::lane_t<V>, double);

/// The square root, correctly rounded, digit by digit: for constant evaluation, where no instruction is at hand.
template <class T>
TENON_HD constexpr T sqrt_early(T x) {
  using U = typename Format<T>::Uint;
  constexpr int m = Format<T>::mantissa_bits;
  if (!(x > 0)) return x == 0 ? x : Format<T>::nan;
  if (x > Format<T>::max) return x;
  int exponent = 0;
  for (; x < 1; x *= 4) --exponent;
  for (; x >= 4; x /= 4) ++exponent;
  // x = radicand / 2^m, 1 <= x < 4; root collects its digits and one more, remainder what is left.
  U remainder = static_cast<U>(x * static_cast<T>(U{1} << m)) << 1, root = 0, twice = 0;
  for (U digit = U{1} << (m + 1); digit != 0; digit >>= 1, remainder <<= 1)
    if (twice + digit <= remainder) {
      remainder -= twice + digit;
      twice += 2 * digit;
      root += digit;
    }
  root += remainder != 0 ? root & 1 : 0;
  T y = static_cast<T>(root >> 1) / static_cast<T>(U{1} << m);
  for (; exponent < 0; ++exponent) y /= 2;
  for (; exponent > 0; --exponent) y *= 2;
  return y;
}
}  // namespace kernel

/// x without its sign.
template <class V>
TENON_FN V abs(V x) {
  if constexpr (kernel::is_floating<V>)
    return kernel::magnitude(x);
  else
    return simd::select(x < V{}, V(-x), x);
}

/// The magnitude of x with the sign of y.
template <class V>
TENON_FN V copysign(V x, V y) {
  return kernel::flip(kernel::magnitude(x), kernel::sign_bit(y));
}

/// The smaller; NaN if either is. Of two zeros of different sign, either.
template <class V>
TENON_FN V min(V a, V b) {
  return kernel::nan_of(a, kernel::smaller(a, b));
}
/// The larger; NaN if either is. Of two zeros of different sign, either.
template <class V>
TENON_FN V max(V a, V b) {
  return kernel::nan_of(a, kernel::larger(a, b));  // the second one if that is NaN
}
/// The smaller; if one is NaN, the other.
template <class V>
TENON_FN V fmin(V a, V b) {
  return simd::select((a < b) | (b != b), a, b);
}
/// The larger; if one is NaN, the other.
template <class V>
TENON_FN V fmax(V a, V b) {
  return simd::select((a > b) | (b != b), a, b);
}

/// Whether x is NaN: a bool, or a mask.
template <class V>
TENON_FN auto isnan(V x) {
  return x != x;
}
/// Whether x is an infinity: a bool, or a mask.
template <class V>
TENON_FN auto isinf(V x) {
  return kernel::magnitude(x) == kernel::constant<V>(kernel::format<V>::infinity);
}
/// Whether x is neither infinite nor NaN: a bool, or a mask.
template <class V>
TENON_FN auto isfinite(V x) {
  return kernel::magnitude(x) < kernel::constant<V>(kernel::format<V>::infinity);
}
/// Whether the sign bit is set, as it is in -0 and may be in NaN: a bool, or a mask.
template <class V>
TENON_FN auto signbit(V x) {
  return simd::bitcast<kernel::int_t<V>>(x) < kernel::int_t<V>{};
}

/// a * b + c, rounded once where the target has such an instruction, else twice; scalars and packs do the same.
template <class V>
TENON_FN V fma(V a, V b, V c) {
  return kernel::fma(a, b, c);
}

/// a * b + c, rounded once on every target: where there is no such instruction, by the C library, lane by lane.
template <class V>
TENON_FN V fma_once(V a, V b, V c) {
  if constexpr (simd::is_pack<V>) {
    if constexpr (kernel::has_fma) return kernel::fma(a, b, c);
    for (int i = 0; i < simd::lanes<V>; ++i) c[i] = fma_once<simd::lane_t<V>>(a[i], b[i], c[i]);
    return c;
  } else {
#if defined(__clang__)
    if (kernel::evaluated_early()) return kernel::fma(a, b, c);  // which it cannot fold
#endif
    if constexpr (kernel::is_single<V>)
      return __builtin_fmaf(a, b, c);
    else
      return __builtin_fma(a, b, c);
  }
}

/// The square root, correctly rounded; NaN below 0.
template <class V>
TENON_FN V sqrt(V x) {
  if (device::active()) return device::sqrt(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) return kernel::sqrt_early(x);
  return kernel::sqrt_by_instruction(x);
}

/// 1 / sqrt(x). Correctly rounded in float where the target has a fused multiply-add, else the error is at most 1.5 ULP
/// (measured 1.49).
template <class V>
TENON_FN V rsqrt(V x) {
  if (device::active()) return device::rsqrt(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) return x == 0 ? copysign(kernel::format<V>::infinity, x) : 1 / sqrt(x);
  if constexpr (kernel::is_single<V> && kernel::has_fma) return kernel::rsqrt_single(x);
  return 1 / sqrt(x);
}

/// The next number after x towards y; y if they are equal, NaN if either is.
template <class V>
TENON_FN V nextafter(V x, V y) {
  using U = kernel::uint_t<V>;
  if (device::active()) return device::nextafter(x, y);
  // Away from zero the bits go up by one, towards it down by one, on both sides of zero.
  U up = kernel::bits(x) + 1, down = kernel::bits(x) - 1;
  U away = simd::select((y > x) == (x > V{}), up, down);
  U from_zero = kernel::sign_bit(y) | U(U{} + 1);
  V next = kernel::from_bits<V>(simd::select(x == V{}, from_zero, away));
  return simd::select((x == y) | (y != y), y, simd::select(x != x, x, next));
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
