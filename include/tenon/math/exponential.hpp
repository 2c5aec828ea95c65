// tenon/math/exponential.hpp: exp, exp2, exp10, expm1 and the logistic sigmoid.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x is cut into n ln 2 + r with |r| <= ln(2)/2; e^r comes from a polynomial and 2^n goes into the exponent. ln 2 is
// held in two parts, the first short enough that n times it is exact (W. J. Cody and W. Waite, Software Manual for the
// Elementary Functions, 1980). Where a table of 16 numbers is looked up by one instruction, n counts sixteenths in
// float: the polynomial is shorter. The polynomials are minimax in relative error: Remez exchange at 200 bits, then
// rounded coefficient by coefficient from the lowest, refitting the rest.
#pragma once
#include <tenon/math/arithmetic.hpp>
#include <tenon/math/device.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {

/// x = n ln 2 + r + c with r exact, |r| <= 0.347 and |c| < 3e-4, for |x| < 1e5; sum is r + c.
template <class V>
struct ExpArgument {
  Whole<V> n;
  V r, c, sum;
};
template <class V>
TENON_FN ExpArgument<V> reduce_exp(V x) {
  using T = simd::lane_t<V>;
  Whole<V> n = nearest(x, is_single<V> ? T(1.44269504f) : T(1.4426950408889634));
  V r = fma(n.value, constant<V>(is_single<V> ? T(-0.693145752f) : T(-0.6931471805598903)), x);
  V low = constant<V>(is_single<V> ? T(-1.42860677e-6f) : T(-5.497923018708371e-14));
  return {n, r, mul(n.value, low), fma(n.value, low, r)};
}

/// a (c0 + c1 a x + c2 a^2 x^2 + ...), where a is a power of two and z = x^2: Horner's rule two terms at a time, which
/// waits half as long for results.
template <class V>
TENON_FN V in_pairs(simd::lane_t<V> a, V, V, simd::lane_t<V> c0) {
  return constant<V>(a * c0);
}
template <class V>
TENON_FN V in_pairs(simd::lane_t<V> a, V x, V, simd::lane_t<V> c0, simd::lane_t<V> c1) {
  return fma(constant<V>(a * a * c1), x, constant<V>(a * c0));
}
template <class V, class... C>
TENON_FN V in_pairs(simd::lane_t<V> a, V x, V z, simd::lane_t<V> c0, simd::lane_t<V> c1, C... c) {
  return fma(in_pairs<V>(a, x, z, (a * a * c)...), z, in_pairs<V>(a, x, z, c0, c1));
}
/// a (e^(a r) - 1 - a r) / (a r)^2 for |a r| <= 0.347, a power of two; the error is below 2^-26 (2^-60 for double) of
/// e^(a r) - 1.
template <class V>
TENON_FN V short_exp_quotient(V r, simd::lane_t<V> a) {
  const V z = r * r;
  if constexpr (is_single<V>)
    return in_pairs<V>(a, r, z, 0.49999997f, 0.16666546f, 0.041667435f, 0.008366273f, 0.001387071f);
  else
    return in_pairs<V>(a, r, z, 0.5, 0.16666666666666677, 0.0416666666666667, 0.008333333333321797,
                       0.0013888888888870905, 0.0001984126988457197, 2.4801587328277232e-05, 2.755724669689364e-06,
                       2.7557291384022106e-07, 2.5107925184178723e-08, 2.090382969642848e-09);
}
/// e^r for |r| <= 0.347.
template <class V>
TENON_FN V short_exp(V r) {
  const V one = constant<V>(1), q = short_exp_quotient<V>(r, 1);
  return has_fma ? fma(fma(q, r, one), r, one) : V(one + fma(V(r * r), q, r));
}
/// (e^r - 1 - r) / r^2 for |r| <= 0.347; the error is below 2^-31 (2^-60 for double) of e^r - 1.
template <class V>
TENON_FN V exp_quotient(V r) {
  if constexpr (is_single<V>)
    return horner<V>(r, 0.5f, 0.166666657f, 0.0416664667f, 0.0083336439f, 0.00139350432f, 0.00019662967f);
  else
    return short_exp_quotient<V>(r, 1);
}

/// x limited to [lo, hi]; NaN stays.
template <class V>
TENON_FN V clamp(V x, simd::lane_t<V> lo, simd::lane_t<V> hi) {
  return at_least(at_most(x, hi), lo);
}

/// 2^(i/16) e^d for i < 16. Of the small d this is one for which all of them are nearly numbers of float, those most
/// where a result's error counts most in others (S. Gal, Computing elementary functions: a new approach for achieving
/// high accuracy and good performance, 1986).
alignas(64) inline constexpr float sixteenths[16] = {
    1.00978625f, 1.05449331f, 1.10117972f, 1.1499331f,  1.200845f,   1.25401092f, 1.30953074f, 1.36750865f,
    1.42805338f, 1.49127877f, 1.55730331f, 1.62625098f, 1.69825125f, 1.77343929f, 1.85195613f, 1.93394923f};

/// e^x as power 2^n. If `Bounded`, x is one whose e^x is finite and not 0, or NaN; else any, but power is then only
/// right where 2^n is neither infinite nor 0, and finite and positive elsewhere.
template <class V>
struct ExpParts {
  V power;
  Whole<V> n;
};
template <bool Bounded, class V>
TENON_FN ExpParts<V> exp_parts(V x) {
  // Not in constant expressions: a product of sixteenths is exact only in a fused multiply-add.
  if constexpr (is_single<V> && has_lookup)
    if (simd::is_pack<V> || !evaluated_early()) {
      const V shift = constant<V>(786432.0f);  // 3 * 2^18, which leaves room for sixteenths
      const V shifted = fma(x, constant<V>(1.44269504f), shift);
      const uint_t<V> index = bits(shifted);
      const V n = shifted - shift;
      V r = fma(n, constant<V>(-1.42860677e-6f), fma(n, constant<V>(-0.693145752f), x));
      if constexpr (!Bounded) r = within(r, 0.5f);
      const V t = lookup<V>(sixteenths, index);
      const V p = horner<V>(r, -0.00969140697f, 0.990308583f, 0.495172709f, 0.165078893f);  // e^(r - d) - 1
      return {fma(t, p, t), {n, ((index - bits(shift) + 65536u) >> 4) - 4096u}};
    }
  auto [n, unused, unused_too, r] = reduce_exp(x);
  if constexpr (!Bounded) r = within(r, simd::lane_t<V>(0.5));
  return {short_exp(r), n};
}
/// e^x for x <= 0 or NaN, but 0 below `lowest`; above it 2^n must be a normal number, so that one product scales by it.
template <class V>
TENON_FN V exp_of_negative(V x, simd::lane_t<V> lowest) {
  const auto [n, unused, unused_too, r] = reduce_exp(x);
  const V scaled = short_exp(r) * power_of_two<V>(n.integer);
  return from_bits<V>(bits(scaled) & ~simd::bitcast<uint_t<V>>(x < constant<V>(lowest)));
}
/// 2^shift e^x; beyond a shift of a few the range of x where it is right shrinks.
template <class V>
TENON_FN V exp_shifted(V x, int shift) {
  using T = simd::lane_t<V>;
  // Scaling by an instruction gives infinity and 0 by itself, and NaN of NaN; else x is held where the result is such.
  constexpr bool saturates = simd::is_pack<V> && has_scaling;
  if constexpr (!saturates) x = clamp<V>(x, is_single<V> ? T(-105) : T(-746), is_single<V> ? T(90) : T(711));
  auto [power, n] = exp_parts<!saturates>(x);
  if (shift != 0) {
    n.value = n.value + static_cast<T>(shift);
    n.integer = n.integer + static_cast<typename format<V>::Uint>(shift);
  }
  return scale<V>(power, n);
}
}  // namespace kernel

/// e^x. Error at most 1 ULP (measured 0.97).
template <class V>
TENON_FN V exp(V x) {
  if (device::active()) return device::exp(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) {
      if (x != x) return x;
      if (x > (kernel::is_single<V> ? V(88.7228317f) : V(709.782712893384))) return kernel::format<V>::infinity;
    }
  return kernel::exp_shifted(x, 0);
}

/// 2^x. Error at most 1 ULP (measured 0.87), 1.25 without fused multiply-add (1.10).
template <class V>
TENON_FN V exp2(V x) {
  using T = simd::lane_t<V>;
  constexpr bool single = kernel::is_single<V>;
  if (device::active()) return device::exp2(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) {
      if (x != x) return x;
      if (x >= (single ? T(128) : T(1024))) return kernel::format<V>::infinity;
    }
  x = kernel::clamp<V>(x, single ? T(-151) : T(-1076), single ? T(128) : T(1024));
  kernel::Whole<V> n = kernel::nearest(x, T(1));
  V r = x - n.value, q;
  if constexpr (single)
    q = kernel::horner<V>(r, 0.693147242f, 0.240226552f, 0.0555028096f, 0.00961714052f, 0.00134125329f,
                          0.000157575152f);
  else
    q = kernel::horner<V>(r, 0.6931471805599453, 0.2402265069591007, 0.05550410866482337, 0.009618129107630248,
                          0.0013333558146035602, 0.0001540353038885466, 1.5252734165312925e-05, 1.3215490936303234e-06,
                          1.0177933034780283e-07, 7.053356825973448e-09, 4.4731270516129053e-10,
                          2.7735331330749757e-11);
  return kernel::scale(kernel::fma(r, q, kernel::constant<V>(1)), n);
}

/// 10^x. Error at most 1.25 ULP (measured 1.004), 1.5 without fused multiply-add (1.26).
template <class V>
TENON_FN V exp10(V x) {
  using T = simd::lane_t<V>;
  using kernel::constant;
  constexpr bool single = kernel::is_single<V>;
  if (device::active()) return device::exp10(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) {
      if (x != x) return x;
      if (x > (single ? T(38.5318375f) : T(308.2547155599167))) return kernel::format<V>::infinity;
    }
  x = kernel::clamp<V>(x, single ? T(-45.3f) : T(-323.8), single ? T(38.6f) : T(308.4));
  kernel::Whole<V> n = kernel::nearest(x, single ? T(3.32192809f) : T(3.321928094887362));
  V r = kernel::fma(n.value, constant<V>(single ? T(-0.301025390625) : T(-0.30102999566395283)), x), q;
  r = kernel::fma(n.value, constant<V>(single ? T(-4.60503907e-6f) : T(-2.8363394551044964e-14)), r);
  if constexpr (single)
    q = kernel::horner<V>(r, 2.30258512f, 2.65094876f, 2.03465557f, 1.17129445f, 0.541848958f, 0.206201002f);
  else
    q = kernel::horner<V>(r, 2.302585092994046, 2.6509490552391997, 2.0346785922933046, 1.171255148911528,
                          0.5393829292338719, 0.2069958489083501, 0.06808936157443515, 0.019597671202466634,
                          0.005014066623393685, 0.0011556011767448512, 0.0002399109314857386, 2.7909754801141226e-05);
  return kernel::scale(kernel::fma(r, q, constant<V>(1)), n);
}

/// e^x - 1, accurate near 0. Error at most 1.5 ULP (measured 1.24).
template <class V>
TENON_FN V expm1(V x) {
  using T = simd::lane_t<V>;
  constexpr bool single = kernel::is_single<V>;
  if (device::active()) return device::expm1(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early()) {
      if (x != x) return x;
      if (x > (single ? T(88.7228317f) : T(709.782712893384))) return kernel::format<V>::infinity;
    }
  auto [n, r, c, s] = kernel::reduce_exp(kernel::clamp<V>(x, single ? T(-20) : T(-40), single ? T(88.8f) : T(709.8)));
  // 2^n overflows before the result does, so there one factor of two comes last.
  auto top = x > (single ? T(88) : T(709));
  V power = kernel::power_of_two<V>(n.integer - simd::select(top, kernel::uint_t<V>{} + 1, kernel::uint_t<V>{}));
  V tail = kernel::fma(s * s, kernel::exp_quotient(s), c);
  V y = kernel::fma(power, tail, kernel::fma(power, r, power - 1)) * kernel::choose<V>(top, T(2), T(1));
  return kernel::flip(kernel::magnitude(y), kernel::sign_bit(x));
}

/// 1 / (1 + e^-x), accurate in both tails. Error at most 1.5 ULP (measured 1.48), 2 without fused multiply-add (1.97).
template <class V>
TENON_FN V sigmoid(V x) {
  auto negative = x < V{};
  V e = exp(V(simd::select(negative, x, V(-x))));
  V numerator = simd::select(negative, e, kernel::constant<V>(1));
  kernel::Pair<V> d = kernel::quick_sum(kernel::constant<V>(1), e);
  V y = numerator / d.high;
  // One step of Newton's method repays the rounding of 1 + e and of the quotient; 1 / (1 + e) is y or 1 - y.
  V residual = kernel::fma(-y, d.low, kernel::fma(-y, d.high, numerator));
  return kernel::fma(residual, simd::select(negative, 1 - y, y), y);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
