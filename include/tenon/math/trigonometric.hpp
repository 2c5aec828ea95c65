// tenon/math/trigonometric.hpp: sin, cos and tan, for every argument in radians.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x is cut into n pi/2 + r with |r| <= 0.8, r as a pair of numbers: near a multiple of pi/2 all digits of r come from
// far behind the point. Up to a bound three words of pi/2 do (Cody and Waite); beyond it a lane takes the slow path
// with 192 bits of 2/pi around the point (M. H. Payne and R. N. Hanek, SIGNUM Newsletter 18, 1983). Then sin r and cos
// r are minimax polynomials (fitted as those of exponential.hpp), with the first order in the low part of r.
#pragma once
#include <tenon/math/arithmetic.hpp>
#include <tenon/math/device.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {

#if !defined(__CUDA_ARCH__)
/// The binary digits of 2/pi behind the point, 32 a word, with 64 zeros in front.
inline constexpr unsigned two_over_pi[] = {
    0,          0,          0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
    0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b,
    0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea,
    0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20};

/// x modulo pi/2 and the quotient modulo 4, for finite |x| >= 1e5.
[[gnu::noinline]] constexpr Pair<double> reduce_huge(double x, unsigned& quadrant) {
  using U = __UINT64_TYPE__;
  U b = bits(magnitude(x));
  U mantissa = (b & 0xfffffffffffff) | (U{1} << 52);  // |x| = mantissa * 2^exponent
  int exponent = static_cast<int>(b >> 52) - 1075;
  // The window begins with the digit that mantissa * 2^exponent lifts to weight 2; digits before it give multiples
  // of 4, digits after it are below 2^-137.
  int position = exponent - 2 + 64, word = position / 32, shift = position % 32;
  U window[6] = {}, product[6] = {};
  for (int i = 0; i < 6; ++i) window[i] = ((U{two_over_pi[word + i]} << 32 | two_over_pi[word + i + 1]) << shift) >> 32;
  U carry = 0;
  for (int i = 5; i >= 0; --i) {
    U t = (mantissa & 0xffffffff) * window[i] + carry;
    product[i] = t & 0xffffffff;
    carry = t >> 32;
  }
  carry = 0;
  for (int i = 4; i >= 0; --i) {
    U t = (mantissa >> 32) * window[i + 1] + product[i] + carry;
    product[i] = t & 0xffffffff;
    carry = t >> 32;
  }
  quadrant = static_cast<unsigned>(product[0] >> 30);
  product[0] &= 0x3fffffff;
  bool upper_half = product[0] >= 0x20000000;
  if (upper_half) {  // towards the next multiple: 1 - fraction
    ++quadrant;
    carry = 1;
    for (int i = 5; i >= 0; --i) {
      U t = (product[i] ^ (i == 0 ? 0x3fffffff : 0xffffffff)) + carry;
      product[i] = t & 0xffffffff;
      carry = t >> 32;
    }
  }
  double part[5] = {}, unit = 0x1p-30;
  for (int i = 0; i < 5; ++i, unit *= 0x1p-32) part[i] = static_cast<double>(product[i]) * unit;
  Pair<double> fraction = sum(sum(exact_sum(part[0], part[1]), exact_sum(part[2], part[3])), {part[4], 0.0});
  Pair<double> r = kernel::product(fraction, {1.5707963267948966, 6.123233995736766e-17});
  bool negative = x < 0;
  if (negative) quadrant = 0u - quadrant;
  return negative != upper_half ? Pair<double>{-r.high, -r.low} : r;
}
#else
__device__ inline Pair<double> reduce_huge(double x, unsigned&) { return {x, 0}; }  // device code uses CUDA's own
#endif

/// x = n pi/2 + r, n modulo 2^32; NaN if x is not finite.
template <class V>
struct Angle {
  uint_t<V> n;
  Pair<V> r;
};

/// The reduction of one finite scalar of any size.
template <class T>
TENON_FN Angle<T> reduce_huge_angle(T x) {
  unsigned quadrant = 0;
  Pair<double> r = reduce_huge(x, quadrant);
  T high = static_cast<T>(r.high);
  return {quadrant, {high, static_cast<T>((r.high - static_cast<double>(high)) + r.low)}};
}

template <class V>
TENON_FN Angle<V> reduce_angle(V x) {
  using T = simd::lane_t<V>;
  constexpr bool single = is_single<V>;
  constexpr T bound = single ? T(1e5) : T(1e9);
  V size = magnitude(x);
  auto large = size >= constant<V>(bound), finite = size < constant<V>(format<V>::infinity);
  auto huge = large & finite;
  if constexpr (!simd::is_pack<V>)
    if (huge) return reduce_huge_angle(x);

  Whole<V> n = nearest(x, single ? T(0.636619747f) : T(0.6366197723675814));
  const V p1 = constant<V>(single ? T(1.57079637f) : T(1.5707963267948966));
  const V p2 = constant<V>(single ? T(-4.37113883e-8f) : T(6.123233995736766e-17));
  const V p3 = constant<V>(single ? T(-1.71512451e-15f) : T(-1.4973849048591698e-33));
  // x - n p1 is a multiple of the last place of p1 (or of x), and below 1: it is exact.
  V r = fma(-n.value, p1, x);
  if (!has_fma || evaluated_early()) {
    Pair<V> np1 = exact_product(n.value, p1);
    r = (x - np1.high) - np1.low;
  }
  Pair<V> np2 = exact_product(n.value, p2);
  Pair<V> s = exact_sum(r, V(-np2.high));
  Angle<V> angle{n.integer, {s.high, fma(-n.value, p3, V(s.low - np2.low))}};
  if constexpr (simd::is_pack<V>)
    if (simd::any(huge)) [[unlikely]]
      for (int i = 0; i < simd::lanes<V>; ++i)
        if (huge[i]) {
          Angle<T> lane = reduce_huge_angle<T>(x[i]);
          angle.n[i] = lane.n;
          angle.r.high[i] = lane.r.high;
          angle.r.low[i] = lane.r.low;
        }
  return angle;
}

/// sin(r) for |r| <= 0.8, as an unevaluated sum.
template <class V>
TENON_FN Pair<V> sin_reduced(Pair<V> r) {
  using T = simd::lane_t<V>;
  V z = r.high * r.high, p;
  if constexpr (is_single<V>)
    p = horner<V>(z, -0.166666538f, 0.00833209511f, -0.0001950554f);
  else
    p = horner<V>(z, -0.16666666666666666, 0.00833333333333304, -0.0001984126984095931, 2.7557319071907056e-06,
                  -2.5052070294201126e-08, 1.6054222336903096e-10, -7.384657403762186e-13);
  V low = fma(z * T(-0.5), r.low, r.low);
  return quick_sum(r.high, fma(z * r.high, p, low));
}

/// cos(r) for |r| <= 0.8, as an unevaluated sum.
template <class V>
TENON_FN Pair<V> cos_reduced(Pair<V> r) {
  using T = simd::lane_t<V>;
  V z = r.high * r.high, p;
  if constexpr (is_single<V>)
    p = horner<V>(z, 0.0416666418f, -0.00138871302f, 2.44120874e-5f);
  else
    p = horner<V>(z, 0.041666666666666595, -0.001388888888887334, 2.4801587288999525e-05, -2.7557314216004316e-07,
                  2.0875705220726283e-09, -1.1358738597331724e-11);
  V half = mul(z, constant<V>(T(0.5)));
  Pair<V> head = quick_sum(constant<V>(T(1)), V(-half));
  return quick_sum(head.high, fma(z * z, p, fma(-r.high, r.low, head.low)));
}

/// The sign bit of (-1)^(n div 2).
template <class V>
TENON_FN uint_t<V> half_turn_sign(uint_t<V> n) {
  return (n >> 1) << (8 * static_cast<int>(sizeof(simd::lane_t<V>)) - 1);
}
template <class V>
TENON_FN auto is_odd(uint_t<V> n) {
  return (n & 1) != uint_t<V>{};
}
}  // namespace kernel

/// The sine and the cosine of one argument.
template <class V>
struct SinCos {
  V sin, cos;
};

/// sin(x) and cos(x) for little more than the price of one.
template <class V>
TENON_FN SinCos<V> sincos(V x) {
  using U = typename kernel::format<V>::Uint;
  if (device::active()) return {device::sin(x), device::cos(x)};
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(kernel::magnitude(x) <= kernel::format<V>::max))
      return {kernel::format<V>::nan, kernel::format<V>::nan};
  auto [n, r] = kernel::reduce_angle(x);
  V s = kernel::sin_reduced(r).high, c = kernel::cos_reduced(r).high;
  auto odd = kernel::is_odd<V>(n);
  // The sine keeps the sign of a zero: r and all its corrections are +0 where x is -0.
  V sine = simd::select(x == V{}, x, kernel::flip(simd::select(odd, c, s), kernel::half_turn_sign<V>(n)));
  return {sine, kernel::flip(simd::select(odd, s, c), kernel::half_turn_sign<V>(n + U{1}))};
}

/// The sine. Error at most 1 ULP (measured 0.80).
template <class V>
TENON_FN V sin(V x) {
  if (device::active()) return device::sin(x);
  return sincos(x).sin;
}

/// The cosine. Error at most 1 ULP (measured 0.81).
template <class V>
TENON_FN V cos(V x) {
  if (device::active()) return device::cos(x);
  return sincos(x).cos;
}

/// The tangent. Error at most 1 ULP (measured 0.99), 1.25 without fused multiply-add (1.06).
template <class V>
TENON_FN V tan(V x) {
  if (device::active()) return device::tan(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(kernel::magnitude(x) <= kernel::format<V>::max)) return kernel::format<V>::nan;
  auto [n, r] = kernel::reduce_angle(x);
  kernel::Pair<V> s = kernel::sin_reduced(r), c = kernel::cos_reduced(r);
  auto odd = kernel::is_odd<V>(n);
  V y = kernel::quotient<V>({simd::select(odd, V(-c.high), s.high), simd::select(odd, V(-c.low), s.low)},
                            {simd::select(odd, s.high, c.high), simd::select(odd, s.low, c.low)})
            .high;
  return simd::select(x == V{}, x, y);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
