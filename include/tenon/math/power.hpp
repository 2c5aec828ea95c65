// tenon/math/power.hpp: pow, cbrt and hypot.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x^y is 2^(y log2 x), and an error of the exponent becomes a relative error of the result 700 times larger for double.
// So log2 x is computed as a pair of doubles, 65 digits good; for float plain double is enough. log2(1 + f) is the
// series in s = f / (2 + f); the polynomials are minimax, fitted as those of exponential.hpp.
#pragma once
#include <tenon/math/logarithm.hpp>
#include <tenon/math/rounding.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {
/// log2 of a positive finite x, with a relative error of 2^-65.
template <class V>
TENON_FN Pair<V> log2_pair(V x) {
  auto [e, f, unused] = reduce_log(x);
  Pair<V> s = quotient<V>({f, V{}}, quick_sum(constant<V>(2), f)), z = product(s, s);
  V p = horner<V>(z.high, 0.5770780163556178, 0.4121985830919889, 0.32059890226528515, 0.26230770182196156,
                  0.2219839666799229, 0.19125586467503006, 0.19037906380412586);
  Pair<V> u = product({constant<V>(0.9617966939259756), constant<V>(5.0577616648125907e-17)}, z);
  u = sum(u, {mul(V(z.high * z.high), p), V{}});
  u = sum({constant<V>(2.8853900817779268), constant<V>(4.0710547481862066e-17)}, u);
  Pair<V> l = product(s, u), y = quick_sum(e, l.high);
  return quick_sum(y.high, V(y.low + l.low));
}

/// x^y for positive finite x and finite y, double.
template <class V>
TENON_FN V positive_power(V x, V y) {
  Pair<V> l = log2_pair(x);
  // A larger exponent makes no difference: log2(x) is 0 or at least 2^-53.
  y = clamp<V>(y, -0x1p66, 0x1p66);
  Pair<V> h = exact_product(y, l.high);
  h = quick_sum(h.high, fma(y, l.low, h.low));
  // In [-1100, 1100] or beyond every result; there the low part is lost with the high one.
  V low = simd::select(magnitude(h.high) < constant<V>(1100), h.low, V{});
  V high = clamp<V>(h.high, -1100, 1100);
  if constexpr (!simd::is_pack<V>)
    if (evaluated_early() && high >= 1024) return format<V>::infinity;
  Whole<V> n = nearest(high, 1.0);
  Pair<V> r = quick_sum(V(high - n.value), low);
  V q = horner<V>(r.high, 0.6931471805599453, 0.2402265069591007, 0.05550410866482337, 0.009618129107630248,
                  0.0013333558146035602, 0.0001540353038885466, 1.5252734165312925e-05, 1.3215490936303234e-06,
                  1.0177933034780283e-07, 7.053356825973448e-09, 4.4731270516129053e-10, 2.7735331330749757e-11);
  V tail = r.low * 0.6931471805599453;
  return scale(V(1 + fma(r.high, q, tail)), n);
}

/// x^y for positive finite x and finite y, float, in lanes of double.
template <class V>
TENON_FN V power_by_double(V single_x, V single_y) {
  using D = simd::rebind_t<V, double>;
  D x = simd::convert<double>(single_x), y = simd::convert<double>(single_y);
  auto [e, f, unused] = reduce_log(x);
  D s = f / (2 + f), z = s * s;
  D p = horner<D>(z, 2.8853900817779268, 0.9617966940572162, 0.5770779533627889, 0.4122083847094486,
                  0.31993546012627094, 0.2825301455135423);
  D h = clamp<D>(mul(y, fma(s, p, e)), -200, 200);
  if constexpr (!simd::is_pack<V>)
    if (evaluated_early() && h >= 128) return format<V>::infinity;
  Whole<D> n = nearest(h, 1.0);
  D r = h - n.value;
  D q = horner<D>(r, 0.693147183820509, 0.24022650921045213, 0.05550400366611811, 0.009618056865374553,
                  0.0013341955712214896, 0.00015461390138705336, 1.3359410796893486e-05);
  return simd::convert<float>(D(fma(r, q, constant<D>(1)) * power_of_two<D>(n.integer)));
}

/// The same, in registers full of doubles.
template <class V>
TENON_FN V positive_power_single(V single_x, V single_y) {
#if !defined(__CUDACC__)
  if constexpr (simd::is_pack<V> && 2 * sizeof(V) > simd::native_bytes)
    return simd::concat(positive_power_single(simd::low_half(single_x), simd::low_half(single_y)),
                        positive_power_single(simd::high_half(single_x), simd::high_half(single_y)));
  else
#endif
    return power_by_double(single_x, single_y);
}
}  // namespace kernel

/// x^y; special cases as C's pow. Error at most 0.6 ULP for float, 1.25 for double (measured 0.51 and 1.14).
template <class V>
TENON_FN V pow(V x, V y) {
  using T = simd::lane_t<V>;
  using F = kernel::format<V>;
  using kernel::constant;
  if (device::active()) return device::pow(x, y);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && (x != x || y != y)) return x == 1 || y == 0 ? V(1) : F::nan;
  const V a = abs(x), one = constant<V>(1), infinity = constant<V>(F::infinity);
  auto missing = (x != x) | (y != y);
  const V size = abs(y);
  auto at_end = (a == V{}) | (a == infinity) | (size == infinity);
  auto ordinary = !(missing | at_end);
  V z;
  if constexpr (kernel::is_single<V>)
    z = kernel::positive_power_single(simd::select(ordinary, a, one), simd::select(ordinary, y, one));
  else
    z = kernel::positive_power(simd::select(ordinary, a, one), simd::select(ordinary, y, one));
  // Where |x| is 0 or infinite, or y infinite: 0 or infinity, or 1 for |x| = 1.
  auto grows = (y > V{}) == (a > one);
  z = simd::select(at_end, simd::select(a == one, one, simd::select(grows, infinity, V{})), z);
  // A negative x: an odd y gives a negative result, a fraction NaN.
  V half = y * T(0.5);
  auto whole = floor(y) == y, even = floor(half) == half;
  auto broken = (x < V{}) & (a < infinity);
  z = simd::select(even, z, kernel::flip(z, kernel::sign_bit(x)));
  z = simd::select(whole, z, simd::select(broken, constant<V>(F::nan), kernel::magnitude(z)));
  z = simd::select(missing, V(x + y), z);
  return simd::select((y == V{}) | (x == one), one, z);
}

/// The cube root; negative for negative x. Error at most 0.51 ULP (measured 0.501).
template <class V>
TENON_FN V cbrt(V x) {
  using T = simd::lane_t<V>;
  using F = kernel::format<V>;
  using U = typename F::Uint;
  using kernel::constant;
  constexpr bool single = kernel::is_single<V>;
  constexpr int m = F::mantissa_bits;
  if (device::active()) return device::cbrt(x);
  V a = kernel::magnitude(x);
  auto ordinary = (a > V{}) & (a < constant<V>(F::infinity));
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !ordinary) return x;
  auto subnormal = a < constant<V>(F::min_normal);
  a = a * kernel::choose<V>(subnormal, single ? T(16777216) : T(18014398509481984), T(1));  // 2^24, 2^54
  // a = 2^(3 k) 2^j (1 + f), j from -1 to 1; the root of 1 + f from a polynomial, of 2^j from a table.
  V exponent = kernel::from_bits<V>((kernel::bits(a) >> m) | kernel::bits(constant<V>(kernel::all_integers<V>)));
  exponent = exponent - (kernel::all_integers<V> + T(F::bias));
  V one_f = kernel::from_bits<V>((kernel::bits(a) & ((U{1} << m) - 1)) | (U(F::bias) << m));
  kernel::Whole<V> k = kernel::nearest(exponent, T(0.333333333333));
  V j = kernel::fma(k.value, constant<V>(-3), exponent), f = one_f - 1, y;
  auto low = j<V{}, high = j> V{};
  if constexpr (single)
    y = kernel::horner<V>(f, 1.00000918f, 0.332789749f, -0.105962791f, 0.0436784066f, -0.0106050977f);
  else
    y = kernel::horner<V>(f, 1.0000000246943266, 0.3333298060136115, -0.11102831848852625, 0.060979176947046146,
                          -0.03772071393632274, 0.021094441247901382, -0.008323755177321968, 0.0015904194326916816);
  y = y * simd::select(low, constant<V>(T(0.7937005259840998)), kernel::choose<V>(high, T(1.2599210498948732), T(1)));
  V t = one_f * simd::select(low, constant<V>(T(0.5)), kernel::choose<V>(high, T(2), T(1)));
  // One step of Halley's method, y -= y (y^3 - t) / (2 y^3 + t), with y^3 - t as exact as it must be.
  kernel::Pair<V> square = kernel::exact_product(y, y), cube = kernel::exact_product(square.high, y);
  V excess = (cube.high - t) + kernel::fma(square.low, y, cube.low);
  V root = y - kernel::mul(y, V(excess / (2 * cube.high + t)));
  root = root * kernel::power_of_two<V>(k.integer) *
         kernel::choose<V>(subnormal, single ? T(0.00390625) : T(1) / 262144, T(1));
  return simd::select(ordinary, kernel::flip(root, kernel::sign_bit(x)), x);
}

/// sqrt(x^2 + y^2) without overflow on the way; infinite if either is. Error at most 1 ULP (measured 0.97), 1.25
/// without fused multiply-add (1.20).
template <class V>
TENON_FN V hypot(V x, V y) {
  using T = simd::lane_t<V>;
  using kernel::constant;
  constexpr bool single = kernel::is_single<V>;
  const V infinity = constant<V>(kernel::format<V>::infinity);
  if (device::active()) return device::hypot(x, y);
  x = abs(x);
  y = abs(y);
  V a = max(x, y), b = min(x, y);
  auto infinite = (x == infinity) | (y == infinity);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= kernel::format<V>::max)) return infinite ? infinity : a;
  // 2^100 and 2^600 bring any size to where squares neither overflow nor become subnormal.
  auto huge = a > constant<V>(single ? T(1e18) : T(1e150)), tiny = a < constant<V>(single ? T(1e-18) : T(1e-150));
  constexpr T up = single ? T(0x1p100) : T(0x1p600), down = 1 / up;
  V factor = simd::select(huge, constant<V>(down), kernel::choose<V>(tiny, up, T(1)));
  V back = simd::select(huge, constant<V>(up), kernel::choose<V>(tiny, down, T(1)));
  a = a * factor;
  b = b * factor;
  V r = kernel::mul(sqrt(kernel::fma(a, a, kernel::mul(b, b))), back);
  return simd::select(infinite, infinity, r);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
