// tenon/math/hyperbolic.hpp: sinh, cosh, tanh and their inverses.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Below 1 an odd polynomial, above it the definition by e^x (which has no cancellation left there); the inverses are
// log(1 + a) with a as a pair of numbers. The polynomials are minimax, fitted as those of exponential.hpp.
#pragma once
#include <tenon/math/basic.hpp>
#include <tenon/math/logarithm.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

/// The hyperbolic sine. Error at most 2 ULP (measured 1.62).
template <class V>
TENON_FN V sinh(V x) {
  using T = simd::lane_t<V>;
  if (device::active()) return device::sinh(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= (kernel::is_single<V> ? V(89.4159851f) : V(710.4758600739439))))
      return x != x ? x : copysign(kernel::format<V>::infinity, x);
  V half = kernel::exp_shifted(a, -1), z = a * a, p;
  if constexpr (kernel::is_single<V>)
    p = kernel::horner<V>(z, 0.166666672f, 0.00833331048f, 0.000198428956f, 2.78221341e-6f);
  else
    p = kernel::horner<V>(z, 0.16666666666666669, 0.008333333333332912, 0.0001984126984159339, 2.755731910677178e-06,
                          2.5052130994937893e-08, 1.6056659572257437e-10, 7.776584507099594e-13);
  V y = simd::select(a < kernel::constant<V>(T(1)), kernel::fma(V(a * z), p, a), V(half - T(0.25) / half));
  return kernel::flip(y, kernel::sign_bit(x));
}

/// The hyperbolic cosine. Error at most 1.5 ULP (measured 1.46).
template <class V>
TENON_FN V cosh(V x) {
  using T = simd::lane_t<V>;
  if (device::active()) return device::cosh(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= (kernel::is_single<V> ? V(89.4159851f) : V(710.4758600739439))))
      return x != x ? x : kernel::format<V>::infinity;
  V half = kernel::exp_shifted(a, -1);
  return half + T(0.25) / half;
}

namespace kernel {
/// tanh(5 i / 16) for i < 32.
alignas(64) inline constexpr float tanh_steps[32] = {
    0.0f,         0.302709728f, 0.554599702f, 0.734071493f, 0.848283648f, 0.915824533f, 0.954045236f, 0.975136697f,
    0.986614287f, 0.992812812f, 0.99614656f,  0.997935534f, 0.998894453f, 0.999408066f, 0.999683142f, 0.999830365f,
    0.999909222f, 0.999951422f, 0.999974012f, 0.999986053f, 0.999992549f, 0.999996006f, 0.999997854f, 0.999998868f,
    0.999999404f, 0.999999702f, 0.999999821f, 0.999999881f, 0.99999994f,  1.0f,         1.0f,         1.0f};
/// tanh a for a >= 0 or NaN, in float: with c the next multiple of 5/16, t = tanh c and h = tanh(a - c), which is a
/// short polynomial, tanh a = (t + h) / (1 + t h).
template <class V>
TENON_FN V tanh_by_lookup(V a) {
  a = at_most(a, 9.5f);
  const V shift = constant<V>(12582912.0f), shifted = fma(a, constant<V>(3.2f), shift);
  const V r = fma(V(shifted - shift), constant<V>(-0.3125f), a), z = r * r, t = lookup<V>(tanh_steps, bits(shifted));
  const V h = fma(mul(z, horner<V>(z, -0.333333284f, 0.133319944f, -0.0529797375f)), r, r);
  return (t + h) / fma(t, h, constant<V>(1));
}
/// Beyond it e^2a may overflow. tanh is 1 from 10 (20) on, its derivative goes on falling.
template <class V>
inline constexpr simd::lane_t<V> largest_tanh = is_single<V> ? simd::lane_t<V>(43) : simd::lane_t<V>(350);
/// (e^2a - 1) / 2.
template <class V>
TENON_FN V tanh_quotient(V a) {
  using T = simd::lane_t<V>;
  constexpr bool single = is_single<V>;
  a = at_most(a, largest_tanh<V>);
  // The shift of `nearest` and the exponent's bias, so that the sum's last bits are the exponent of 2^n.
  const V shift = constant<V>(single ? T(12583039) : T(6755399441056767)), half = constant<V>(T(0.5));
  const V shifted = fma(a, constant<V>(single ? T(2.88539008f) : T(2.8853900817779268)), shift);
  // An error of ln 2 matters where n is not 0, and there only the size of h does.
  const V r = fma(V(shifted - shift), constant<V>(single ? T(-0.346573591f) : T(-0.34657359027997264)), a);
  const V power = from_bits<V>(bits(shifted) << format<V>::mantissa_bits);
  V h = fma(V(r * r), short_exp_quotient<V>(r, 2), r);
  return fma(power, h, fma(power, half, V(-half)));
}
/// The same for all number types: h / (h + 1) of h = (e^2a - 1) / 2.
template <class V>
TENON_FN V tanh_by_exp(V a) {
  const V h = tanh_quotient(a);
  return h / (h + 1);
}
}  // namespace kernel

/// The hyperbolic tangent. Error at most 3 ULP (measured 2.87).
template <class V>
TENON_FN V tanh(V x) {
  if (device::active()) return device::tanh(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && x != x) return x;
  const V a = kernel::magnitude(x);
  if constexpr (kernel::is_single<V> && kernel::has_lookup)
    return kernel::flip(kernel::tanh_by_lookup(a), kernel::sign_bit(x));
  else
    return kernel::flip(kernel::tanh_by_exp(a), kernel::sign_bit(x));
}
/// The derivative of y = tanh x: (1 + |y|) (1 - |y|), whose second factor 1 / (h + 1) keeps its digits where y is near
/// 1. Compilers see that h is the one that y is made of; where it is made of none, (1 + |y|)^2 e^-2|x|.
template <class V>
TENON_FN V tanh_slope(V y, V x) {
  using T = simd::lane_t<V>;
  const V a = kernel::magnitude(x), sum = 1 + kernel::magnitude(y);
  if (device::active() || (kernel::is_single<V> && kernel::has_lookup)) return exp(V(T(-2) * a)) * (sum * sum);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && x != x) return x;
  const V slope = sum / (kernel::tanh_quotient(a) + 1);
  return simd::select(a > kernel::constant<V>(kernel::largest_tanh<V>), V{}, slope);
}

namespace kernel {
/// From here on a^2 + 1 and a^2 - 1 are a^2, and the inverse hyperbolic functions are log(2 a).
template <class V>
inline constexpr simd::lane_t<V> large_hyperbolic = is_single<V> ? simd::lane_t<V>(1e9) : simd::lane_t<V>(1e18);
/// log(1 + u), or log(2 a) where a is large.
template <class V, class M>
TENON_FN V log1p_or_large(Pair<V> u, M large, V a) {
  u = {simd::select(large, a, u.high), simd::select(large, V{}, u.low)};
  V y = log1p_pair(u, choose<V>(large, 1, 0));
  return simd::select(a == constant<V>(format<V>::infinity), a, y);
}
}  // namespace kernel

/// The inverse hyperbolic sine. Error at most 1.5 ULP (measured 1.29).
template <class V>
TENON_FN V asinh(V x) {
  if (device::active()) return device::asinh(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= kernel::format<V>::max)) return x;
  auto large = a > kernel::constant<V>(kernel::large_hyperbolic<V>);
  V b = simd::select(large, kernel::constant<V>(1), a), z = kernel::mul(b, b);
  // a + sqrt(1 + a^2) - 1, the root's excess over 1 without cancellation.
  kernel::Pair<V> u = kernel::quick_sum(b, V(z / (1 + sqrt(V(1 + z)))));
  return kernel::flip(kernel::log1p_or_large(u, large, a), kernel::sign_bit(x));
}

/// The inverse hyperbolic cosine, not negative; NaN below 1. Error at most 2 ULP (measured 1.82).
template <class V>
TENON_FN V acosh(V x) {
  if (device::active()) return device::acosh(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(x >= 1 && x <= kernel::format<V>::max))
      return x > 1 ? x : kernel::format<V>::nan;
  auto large = x > kernel::constant<V>(kernel::large_hyperbolic<V>);
  V t = simd::select(large, kernel::constant<V>(1), V(x - 1));
  V s = sqrt(kernel::fma(t, t, V(t + t)));
  V y = kernel::log1p_or_large(kernel::exact_sum(t, s), large, x);
  return simd::select(x < kernel::constant<V>(1), kernel::constant<V>(kernel::format<V>::nan), y);
}

/// The inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond. Error at most 1.25 ULP (measured 1.12).
template <class V>
TENON_FN V atanh(V x) {
  using T = simd::lane_t<V>;
  using F = kernel::format<V>;
  if (device::active()) return device::atanh(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a < 1)) return a == 1 ? copysign(F::infinity, x) : F::nan;
  // log((1 + a) / (1 - a)) / 2
  kernel::Pair<V> u = kernel::quotient<V>({V(a + a), V{}}, kernel::quick_sum(kernel::constant<V>(1), V(-a)));
  V y = kernel::mul(kernel::log1p_pair(u, V{}), kernel::constant<V>(T(0.5)));
  y = simd::select(
      a < kernel::constant<V>(1), y,
      simd::select(a == kernel::constant<V>(1), kernel::constant<V>(F::infinity), kernel::constant<V>(F::nan)));
  return kernel::flip(y, kernel::sign_bit(x));
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
