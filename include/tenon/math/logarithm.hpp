// tenon/math/logarithm.hpp: log, log2, log10, log1p and softplus.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x is 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), so that e = 0 near x = 1 and nothing cancels there.
// log(1 + f) is a polynomial in f for float; for double it is the series in s = f / (2 + f), of which only every other
// power occurs (as in fdlibm's log, Sun Microsystems, 1993). The leading terms are summed without loss. The polynomials
// of softplus, whose argument is always between 1 and 2, are minimax on their own interval.
#pragma once
#include <tenon/math/exponential.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {

/// x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), f exact, for positive finite x.
template <class V>
struct LogArgument {
  V e, f;
  V twice_inverse;  ///< 2^(1 - e) for normal x
};
template <class V>
TENON_FN LogArgument<V> reduce_log(V x) {
  using T = simd::lane_t<V>;
  using U = typename format<V>::Uint;
  constexpr int m = format<V>::mantissa_bits;
  // The bits of sqrt(1/2); subtracting them first makes the exponent field round the way that is wanted.
  constexpr U root_half = is_single<V> ? U(0x3f3504f3) : U(0x3fe6a09e667f3bcd);
  // Adding an integer below 2^m to the bits of 2^m gives the number 2^m + integer: a conversion on every target.
  constexpr T two_m = is_single<V> ? T(8388608) : T(4503599627370496);
  constexpr T up = is_single<V> ? T(16777216) : T(18014398509481984);  // 2^24, 2^54
  auto subnormal = x < constant<V>(format<V>::min_normal);
  x = x * choose<V>(subnormal, up, 1);
  uint_t<V> biased = (bits(x) - (root_half - (U(format<V>::bias) << m))) >> m;
  V one_f = from_bits<V>(bits(x) - (biased << m) + (U(format<V>::bias) << m));
  V e = from_bits<V>(biased | bits(constant<V>(two_m))) - (two_m + T(format<V>::bias));
  e = e - choose<V>(subnormal, is_single<V> ? T(24) : T(54), T(0));
  return {e, one_f - 1, from_bits<V>((U(2 * format<V>::bias + 1) - biased) << m)};
}

/// log(1 + f) - f for 1 + f between sqrt(1/2) and sqrt(2), and a little beyond.
template <class V>
TENON_FN V log1p_tail(V f) {
  if constexpr (is_single<V>) {
    return mul(V(f * f), horner<V>(f, -0.5f, 0.333333135f, -0.250001669f, 0.200022236f, -0.166593835f, 0.1420957f,
                                   -0.125493035f, 0.121084787f, -0.109186523f, 0.0534211621f));
  } else {
    V s = f / (2 + f), z = s * s, half = mul(V(f * f), constant<V>(0.5));
    V r = horner<V>(z, 0.6666666666666666, 0.4000000000000492, 0.28571428569412677, 0.22222222606682038,
                    0.18181778380745225, 0.15386987691490608, 0.13252174564142474, 0.13234538111896874);
    return fma(s, fma(z, r, half), -half);
  }
}

/// log(2^e (1 + f + c)) for small c.
template <class V>
TENON_FN V log_sum(V e, V f, V c) {
  using T = simd::lane_t<V>;
  // e times the leading digits of ln 2 is exact, and either 0 or larger than f.
  V head = mul(e, constant<V>(is_single<V> ? T(0.693145752f) : T(0.6931471805598903)));
  V tail = fma(e, constant<V>(is_single<V> ? T(1.42860677e-6f) : T(5.497923018708371e-14)), log1p_tail(f)) + c;
  Pair<V> s = quick_sum(head, f);
  return s.high + (s.low + tail);
}

/// log(2^n (1 + x)) for a positive finite 1 + x and a small whole n.
template <class V>
TENON_FN V log1p_pair(Pair<V> x, V n) {
  Pair<V> u = exact_sum(constant<V>(1), x.high);
  auto [e, f, twice_inverse] = reduce_log(u.high);
  V inverse = twice_inverse * simd::lane_t<V>(0.5);
  // What 1 + x lost belongs to f; that sum is exact, and x again, where e = 0.
  Pair<V> g = exact_sum(f, mul(u.low, inverse));
  return log_sum(V(e + n), g.high, fma(x.low, inverse, g.low));
}

/// y with what a logarithm of x must be where x is not positive and finite.
template <class V>
TENON_FN V log_specials(V x, V y) {
  using F = format<V>;
  y = simd::select(x < constant<V>(F::infinity), y, x);
  return simd::select(x > V{}, y, choose<V>(x == V{}, -F::infinity, F::nan));
}

/// log(1 + f) as a sum whose first part has so few digits that its product with another such number is exact.
template <class V>
TENON_FN Pair<V> log_split(V f) {
  V tail = log1p_tail(f);
  V head = leading(f + tail);
  return {head, (f - head) + tail};
}
}  // namespace kernel

/// The natural logarithm; -infinity at 0, NaN below. Error at most 1 ULP (measured 0.91).
template <class V>
TENON_FN V log(V x) {
  if (device::active()) return device::log(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(x > 0 && x <= kernel::format<V>::max)) return kernel::log_specials(x, x);
  auto [e, f, unused] = kernel::reduce_log(x);
  return kernel::log_specials(x, kernel::log_sum(e, f, V{}));
}

/// The logarithm to base 2; exact for powers of two. Error at most 1 ULP (measured 0.99).
template <class V>
TENON_FN V log2(V x) {
  using T = simd::lane_t<V>;
  constexpr bool single = kernel::is_single<V>;
  constexpr T high = single ? T(1.4423828125f) : T(1.4426950216293335),
              low = single ? T(0.000312228396f) : T(1.9259629911266175e-08);
  if (device::active()) return device::log2(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(x > 0 && x <= kernel::format<V>::max)) return kernel::log_specials(x, x);
  auto [e, f, unused] = kernel::reduce_log(x);
  auto [head, rest] = kernel::log_split(f);
  V tail = kernel::fma(rest, kernel::constant<V>(high), V((head + rest) * low));
  kernel::Pair<V> s = kernel::quick_sum(e, kernel::mul(head, kernel::constant<V>(high)));
  return kernel::log_specials(x, s.high + (s.low + tail));
}

/// The logarithm to base 10. Error at most 1 ULP (measured 0.83).
template <class V>
TENON_FN V log10(V x) {
  using T = simd::lane_t<V>;
  constexpr bool single = kernel::is_single<V>;
  constexpr T high = single ? T(0.4342041015625f) : T(0.4342944771051407),
              low = single ? T(9.03803375e-5f) : T(4.798111141615973e-09);
  constexpr T two_high = single ? T(0.301025391f) : T(0.30102999566395283),
              two_low = single ? T(4.60503907e-6f) : T(2.8363394551044964e-14);
  if (device::active()) return device::log10(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(x > 0 && x <= kernel::format<V>::max)) return kernel::log_specials(x, x);
  auto [e, f, unused] = kernel::reduce_log(x);
  auto [head, rest] = kernel::log_split(f);
  V tail = kernel::fma(rest, kernel::constant<V>(high), V((head + rest) * low));
  tail = kernel::fma(e, kernel::constant<V>(two_low), tail);
  kernel::Pair<V> s =
      kernel::quick_sum(kernel::mul(e, kernel::constant<V>(two_high)), kernel::mul(head, kernel::constant<V>(high)));
  return kernel::log_specials(x, s.high + (s.low + tail));
}

/// log(1 + x), accurate near 0. Error at most 1 ULP (measured 0.998).
template <class V>
TENON_FN V log1p(V x) {
  if (device::active()) return device::log1p(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(x > -1 && x <= kernel::format<V>::max))
      return kernel::log_specials(V(1 + x), V(1 + x));
  V y = kernel::log_specials(V(1 + x), kernel::log1p_pair<V>({x, V{}}, V{}));
  return kernel::flip(kernel::magnitude(y), kernel::sign_bit(x));
}

namespace kernel {
/// log(1 + f) - f for f from -1/4 to 1/2: as log1p_tail, but two terms at a time, which wait less for each other.
template <class V>
TENON_FN V log1p_tail_by_pairs(V f) {
  if constexpr (is_single<V>) {
    V z = f * f;
    V low = fma(horner<V>(f, 0.19991117f, -0.166437627f), z, horner<V>(f, 0.333334475f, -0.250001942f));
    V high = fma(horner<V>(f, 0.105836318f, -0.0461817928f), z, horner<V>(f, 0.144673886f, -0.131864407f));
    return mul(z, fma(f, fma(high, V(z * z), low), constant<V>(-0.5f)));
  } else {
    V s = f / (2 + f), z = s * s, z2 = z * z, half = mul(V(f * f), constant<V>(0.5));
    V low = fma(horner<V>(z, 0.285714285560072488, 0.222222242761931013), z2,
                horner<V>(z, 0.666666666666665973, 0.400000000000559418));
    V high = fma(horner<V>(z, 0.131742622514154251, 0.138385639982623344), z2,
                 horner<V>(z, 0.181816670891307823, 0.153910724062507397));
    return fma(s, fma(z, fma(high, V(z2 * z2), low), half), -half);
  }
}
/// log(1 + e^-x) for x >= 0. The argument of the logarithm is between 1 and 2: it is 1 + f, or 2 (1 + f), without
/// error.
template <class V>
TENON_FN V softplus_of_negative(V x) {
  using T = simd::lane_t<V>;
  V y = exp(V(-x));
  if (device::active()) return device::log1p(y);
  if constexpr (!simd::is_pack<V>)
    if (evaluated_early() && !(y >= 0)) return y;
  auto large = y >= constant<V>(T(0.5));
  V f = simd::select(large, fma(y, constant<V>(T(0.5)), constant<V>(T(-0.5))), y);
  V head = choose<V>(large, is_single<V> ? T(0.693145752f) : T(0.6931471805598903), T(0));
  V rest = choose<V>(large, is_single<V> ? T(1.42860677e-6f) : T(5.497923018708371e-14), T(0));
  Pair<V> s = quick_sum(head, f);
  return s.high + (s.low + (log1p_tail_by_pairs(f) + rest));
}
}  // namespace kernel

/// log(1 + e^x), accurate in both tails. Error at most 2 ULP (measured 1.49).
template <class V>
TENON_FN V softplus(V x) {
  return simd::select(x < V{}, V{}, x) + kernel::softplus_of_negative(kernel::magnitude(x));
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
