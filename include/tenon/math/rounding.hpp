// tenon/math/rounding.hpp: floor, ceil, trunc, round, rint, fmod, remainder, ldexp and logb.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All exact (ldexp: correctly rounded where the result is subnormal). Signs of zero are kept, NaN and infinities are
// returned as IEEE 754 asks.
#pragma once
#include <tenon/math/basic.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {
/// 2^mantissa_bits: numbers of this size and above are integers.
template <class V>
inline constexpr simd::lane_t<V> all_integers = is_single<V> ? simd::lane_t<V>(8388608)
                                                             : simd::lane_t<V>(4503599627370496);
/// x rounded to the nearest integer, halves to even, without an instruction for it: adding and subtracting
/// 2^mantissa_bits leaves no place for a fraction.
template <class V>
TENON_FN V rint_by_sum(V x) {
  V m = magnitude(x);
  auto has_fraction = m < constant<V>(all_integers<V>);
  if constexpr (!simd::is_pack<V>)
    if (!has_fraction) return x;
  return simd::select(has_fraction, flip(V((m + all_integers<V>)-all_integers<V>), sign_bit(x)), x);
}
}  // namespace kernel

/// The nearest integer, halves to even.
template <class V>
TENON_FN V rint(V x) {
  if (device::active()) return device::rint(x);
  if constexpr (kernel::has_rounding) {
    if constexpr (simd::is_pack<V>)
      return kernel::round_to<8>(x);
    else if (!kernel::evaluated_early())
      return kernel::is_single<V> ? V(__builtin_rintf(float(x))) : V(__builtin_rint(x));
  }
  return kernel::rint_by_sum(x);
}

/// The largest integer not above x.
template <class V>
TENON_FN V floor(V x) {
  if (device::active()) return device::floor(x);
  if constexpr (kernel::has_rounding) {
    if constexpr (simd::is_pack<V>)
      return kernel::round_to<9>(x);
    else if (!kernel::evaluated_early())
      return kernel::is_single<V> ? V(__builtin_floorf(float(x))) : V(__builtin_floor(x));
  }
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(kernel::magnitude(x) < kernel::all_integers<V>)) return x;
  V y = kernel::rint_by_sum(x);
  return simd::select(y > x, V(y - 1), y);
}

/// The smallest integer not below x.
template <class V>
TENON_FN V ceil(V x) {
  if (device::active()) return device::ceil(x);
  return -floor(-x);
}

/// x without its fraction.
template <class V>
TENON_FN V trunc(V x) {
  if (device::active()) return device::trunc(x);
  return kernel::flip(floor(kernel::magnitude(x)), kernel::sign_bit(x));
}

/// The nearest integer, halves away from zero.
template <class V>
TENON_FN V round(V x) {
  if (device::active()) return device::round(x);
  V m = kernel::magnitude(x), y = floor(m);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(m < kernel::all_integers<V>)) return x;
  y = simd::select(m - y >= kernel::constant<V>(simd::lane_t<V>(0.5)), V(y + 1), y);
  return kernel::flip(y, kernel::sign_bit(x));
}

namespace kernel {
/// x modulo y for positive finite x and y by long division, and the parity of the quotient: for constant evaluation.
template <class T>
TENON_HD constexpr T fmod_early(T x, T y, bool& odd) {
  odd = false;
  while (x >= y) {
    T step = y;
    while (step <= x / 2) step *= 2;
    x -= step;
    odd = odd != (step == y);
  }
  return x;
}
}  // namespace kernel

/// x - n y with the integer n = trunc(x / y), exactly; the sign is that of x. NaN if y is 0 or x infinite.
template <class V>
TENON_FN V fmod(V x, V y) {
  if (device::active()) return device::fmod(x, y);
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i) x[i] = fmod<simd::lane_t<V>>(x[i], y[i]);
    return x;
  } else {
    if (kernel::evaluated_early()) {
      if (!isfinite(x) || y == 0 || y != y) return kernel::format<V>::nan;
      if (isinf(y)) return x;
      bool odd = false;
      return copysign(kernel::fmod_early(abs(x), abs(y), odd), x);
    }
    return kernel::is_single<V> ? V(__builtin_fmodf(float(x), float(y))) : V(__builtin_fmod(x, y));
  }
}

/// x - n y with n the integer nearest x / y, halves to even, exactly. NaN if y is 0 or x infinite.
template <class V>
TENON_FN V remainder(V x, V y) {
  if (device::active()) return device::remainder(x, y);
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i) x[i] = remainder<simd::lane_t<V>>(x[i], y[i]);
    return x;
  } else {
    if (kernel::evaluated_early()) {
      if (!isfinite(x) || y == 0 || y != y) return kernel::format<V>::nan;
      if (isinf(y)) return x;
      bool odd = false;
      V size = abs(y), r = kernel::fmod_early(abs(x), size, odd), rest = size - r;
      return kernel::flip(r > rest || (r == rest && odd) ? -rest : r, kernel::sign_bit(x));
    }
    return kernel::is_single<V> ? V(__builtin_remainderf(float(x), float(y))) : V(__builtin_remainder(x, y));
  }
}

/// x * 2^n, rounded once. n is an int, or a pack of signed integers with as many lanes as x.
template <class V, class N>
TENON_FN V ldexp(V x, N n) {
  using F = kernel::format<V>;
  using I = kernel::int_t<V>;
  using U = typename F::Uint;
  constexpr int m = F::mantissa_bits;
  I exponent{};
  if constexpr (simd::is_pack<N> || !simd::is_pack<V>)
    exponent = simd::convert<typename F::Int>(n);
  else
    exponent = simd::broadcast<I>(static_cast<typename F::Int>(n));
  // Beyond this every x becomes infinite or zero, and sums of exponents stay small.
  constexpr typename F::Int limit = 2 * F::bias + m + 40;
  exponent = min(max(exponent, simd::broadcast<I>(-limit)), simd::broadcast<I>(limit));
  if constexpr (simd::is_pack<V> && kernel::has_scaling) {
    return kernel::scale_by_instruction(x, simd::convert<simd::lane_t<V>>(exponent));
  } else {
    constexpr auto up = simd::lane_t<V>(kernel::is_single<V> ? 16777216.0 : 18014398509481984.0);  // 2^24, 2^54
    V size = kernel::magnitude(x);
    auto subnormal = size < kernel::constant<V>(F::min_normal);
    auto as_it_is = (size == V{}) | !(size < kernel::constant<V>(F::infinity));
    if constexpr (!simd::is_pack<V>)
      if (as_it_is) return x;
    size = size * kernel::choose<V>(subnormal, up, 1);
    I own = simd::bitcast<I>(kernel::bits(size) >> m) - F::bias;
    own = own - simd::select(subnormal, simd::broadcast<I>(m + 1 + (kernel::is_single<V> ? 0 : 1)), I{});
    // A number between 1 and 2 can be scaled to any exponent with one rounding.
    V one = kernel::from_bits<V>((kernel::bits(size) & ((U{1} << m) - 1)) | (U(F::bias) << m));
    constexpr typename F::Int most = F::bias + 1, least = -(F::bias + m + 2);
    I total = min(max(I(own + exponent), simd::broadcast<I>(least)), simd::broadcast<I>(most));
    if constexpr (!simd::is_pack<V>)
      if (kernel::evaluated_early() && total == most) return copysign(F::infinity, x);
    V y = kernel::flip(kernel::scale<V>(one, {one, simd::bitcast<kernel::uint_t<V>>(total)}), kernel::sign_bit(x));
    return simd::select(as_it_is, x, y);
  }
}

/// The exponent of x, floor(log2|x|), exactly; minus infinity for 0, infinity for infinities.
template <class V>
TENON_FN V logb(V x) {
  using F = kernel::format<V>;
  using T = simd::lane_t<V>;
  constexpr int m = F::mantissa_bits;
  constexpr auto up = T(kernel::is_single<V> ? 16777216.0 : 18014398509481984.0);  // 2^24, 2^54
  V size = kernel::magnitude(x);
  const auto subnormal = size < kernel::constant<V>(F::min_normal);
  size = size * kernel::choose<V>(subnormal, up, 1);
  const auto biased = simd::bitcast<kernel::int_t<V>>(kernel::uint_t<V>(kernel::bits(size) >> m));
  const V exponent = simd::convert<T>(biased) -
                     kernel::choose<V>(subnormal, T(F::bias + (kernel::is_single<V> ? 24 : 54)), T(F::bias));
  const V special = simd::select(size == V{}, kernel::constant<V>(-F::infinity), size);
  return simd::select((size == V{}) | !(size < kernel::constant<V>(F::infinity)), special, exponent);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
