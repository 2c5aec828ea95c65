// tenon/math/arithmetic.hpp: bits of floating-point numbers, powers of two, polynomials, pairs of numbers, 1/sqrt.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tools the functions of math/ are made of. V is float, double or a pack of them; the same branch-free code serves
// all, at run time and in constant evaluation. A Pair is an unevaluated sum high + low with |low| at most half a unit
// in the last place of high: about twice the digits (T. J. Dekker, Numerische Mathematik 18, 1971; the sum without a
// condition is D. E. Knuth's, The Art of Computer Programming 2, 4.2.2).
#pragma once
#include <tenon/math/hardware.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {
namespace kernel {

/// The layout of float and double (IEEE 754 binary32 and binary64).
template <class T>
struct Format {
  using Int = int;
  using Uint = unsigned;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr Uint sign = 0x80000000u, infinity_bits = 0x7f800000u;
  static constexpr float max = __FLT_MAX__, min_normal = __FLT_MIN__, infinity = __builtin_inff(),
                         nan = __builtin_nanf("");
};
template <>
struct Format<double> {
  using Int = __INT64_TYPE__;
  using Uint = __UINT64_TYPE__;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr Uint sign = 0x8000000000000000u, infinity_bits = 0x7ff0000000000000u;
  static constexpr double max = __DBL_MAX__, min_normal = __DBL_MIN__, infinity = __builtin_inf(),
                          nan = __builtin_nan("");
};
template <class V>
using format = Format<simd::lane_t<V>>;
/// Signed and unsigned integers with lanes as wide as those of V.
template <class V>
using int_t = simd::rebind_t<V, typename format<V>::Int>;
template <class V>
using uint_t = simd::rebind_t<V, typename format<V>::Uint>;

template <class V>
TENON_FN uint_t<V> bits(V x) {
  return simd::bitcast<uint_t<V>>(x);
}
template <class V>
TENON_FN V from_bits(uint_t<V> b) {
  return simd::bitcast<V>(b);
}
/// The constant c in every lane.
template <class V>
TENON_FN V constant(simd::lane_t<V> c) {
  return simd::broadcast<V>(c);
}
/// x without its sign.
template <class V>
TENON_FN V magnitude(V x) {
  return from_bits<V>(bits(x) & ~format<V>::sign);
}
/// The sign bit of x alone.
template <class V>
TENON_FN uint_t<V> sign_bit(V x) {
  return bits(x) & format<V>::sign;
}
/// x, negated where the sign bit given is set.
template <class V>
TENON_FN V flip(V x, uint_t<V> sign) {
  return from_bits<V>(bits(x) ^ sign);
}
/// a where the mask is set, else b; both are constants.
template <class V, class M>
TENON_FN V choose(M mask, simd::lane_t<V> a, simd::lane_t<V> b) {
  return simd::select(mask, constant<V>(a), constant<V>(b));
}

/// Whether the call is evaluated by the compiler, where no NaN may arise and nothing may overflow.
TENON_FN bool evaluated_early() { return __builtin_is_constant_evaluated(); }

/// An integer held as a number, and modulo 2^w in the bits of a w-bit integer.
template <class V>
struct Whole {
  V value;
  uint_t<V> integer;
};
/// x * factor + offset rounded to the nearest integer, halves to even; |result| < 2^21 (2^50 for double). The sum with
/// 3 * 2^(mantissa_bits - 1) leaves no place for a fraction.
template <class V>
TENON_FN Whole<V> nearest(V x, simd::lane_t<V> factor) {
  constexpr simd::lane_t<V> shift = is_single<V> ? 12582912.0f : static_cast<simd::lane_t<V>>(6755399441055744.0);
  V shifted = fma(x, constant<V>(factor), constant<V>(shift));
  return {shifted - shift, bits(shifted) - bits(shift)};
}

/// 2^n for a normal result.
template <class V>
TENON_FN V power_of_two(uint_t<V> n) {
  return from_bits<V>((n + static_cast<typename format<V>::Uint>(format<V>::bias)) << format<V>::mantissa_bits);
}

/// x * 2^n rounded once if x is normal; |n| <= 2 * bias - 2. The factor is split so that only the last product can
/// round.
template <class V>
TENON_FN V scale(V x, Whole<V> n) {
  if constexpr (simd::is_pack<V> && has_scaling) {
    return scale_by_instruction(x, n.value);
  } else {
    // Both halves with the exponent's bias, so that they are exponents as they are and what is halved is not negative.
    const uint_t<V> both = n.integer + 2u * format<V>::bias, half = both >> 1, rest = both - half;
    constexpr int shift = format<V>::mantissa_bits;
    return mul(V(x * from_bits<V>(half << shift)), from_bits<V>(rest << shift));
  }
}

/// c0 + c1 x + c2 x^2 + ... by Horner's rule.
template <class V>
TENON_FN V horner(V, simd::lane_t<V> c0) {
  return constant<V>(c0);
}
template <class V, class... C>
TENON_FN V horner(V x, simd::lane_t<V> c0, C... c) {
  return fma(horner<V>(x, c...), x, constant<V>(c0));
}

/// The unevaluated sum high + low.
template <class V>
struct Pair {
  V high, low;
};
/// a + b exactly, for |a| >= |b| or a = 0.
template <class V>
TENON_FN Pair<V> quick_sum(V a, V b) {
  V s = a + b;
  return {s, b - (s - a)};
}
/// a + b exactly.
template <class V>
TENON_FN Pair<V> exact_sum(V a, V b) {
  V s = a + b;
  V t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
/// The leading half of the digits of x, so that the product of two such halves is exact.
template <class V>
TENON_FN V leading(V x) {
  constexpr int rest = (format<V>::mantissa_bits + 2) / 2;
  constexpr auto ones = ~typename format<V>::Uint{};
  return from_bits<V>(bits(x) & (ones << rest));
}
/// a * b exactly, unless it overflows or its low part underflows.
template <class V>
TENON_FN Pair<V> exact_product(V a, V b) {
  V p = a * b;
  if constexpr (has_fma)
    if (!evaluated_early()) return {p, fma(a, b, -p)};
  V ah = leading(a), bh = leading(b);
  V al = a - ah, bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}
/// a + b and a * b, with an error of about the square of the unit in the last place.
template <class V>
TENON_FN Pair<V> sum(Pair<V> a, Pair<V> b) {
  Pair<V> s = exact_sum(a.high, b.high);
  return quick_sum(s.high, s.low + (a.low + b.low));
}
template <class V>
TENON_FN Pair<V> product(Pair<V> a, Pair<V> b) {
  Pair<V> p = exact_product(a.high, b.high);
  return quick_sum(p.high, fma(a.high, b.low, fma(a.low, b.high, p.low)));
}

/// a / b, with an error of about the square of the unit in the last place; 1 / b must not overflow.
template <class V>
TENON_FN Pair<V> quotient(Pair<V> a, Pair<V> b) {
  V inverse = 1 / b.high, q = mul(a.high, inverse);
  Pair<V> p = exact_product(q, b.high);
  V rest = ((a.high - p.high) - p.low) + fma(-q, b.low, a.low);
  return quick_sum(q, mul(rest, inverse));
}

/// 1 / sqrt(x) in float, correctly rounded. Needs `has_fma`.
template <class V>
TENON_FN V rsqrt_single(V x) {
  // Half of a normal number, without one of the units that multiply.
  const auto half = [](V v) { return from_bits<V>(bits(v) - (1u << 23)); };
  constexpr float below_one = 0x1.fffffep-1f;
  // `low` is the root less a quarter to half a unit in the last place, and rounded: the float next to the root, or the
  // one below that. What lies close to the middle of two floats comes from the lower one on every processor.
  V rough{}, low{};
#if TENON_ISA == 512 && !defined(__CUDACC__)
  // A division and a root take three times as long in registers this wide, on most processors.
  if constexpr (simd::is_pack<V>) {
    rough = detail::by_register<detail::RoughRsqrt>(x);
    low = fma(half(rough), fma(V(-(x * rough)), rough, constant<V>(below_one)), rough);
  } else
#endif
  {
    rough = low = below_one / sqrt_by_instruction(x);
  }
  // y + y/2 e with e = 1 - x y^2 from products with their rounding errors: a step that misses 3/8 y e^2, which matters
  // for a few roots next to the middle of two floats. Two units more of y/2 stand for it: from `low` all are right.
  const V product = x * low, error = fma(x, low, V(-product));
  const V e = fma(V(-error), low, fma(product, V(-low), constant<V>(1)));
  const V root = fma(from_bits<V>(bits(half(low)) | 2u), e, low);
#if TENON_ISA == 512 && !defined(__CUDACC__)
  if constexpr (__is_same(V, detail::F16)) return detail::OfEnds::apply(x, root);
#endif
  return simd::select(root == root, root, rough);  // of 0 and infinity, whose products are NaN, the first one is right
}

}  // namespace kernel
}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
