// tenon/math/inverse_trigonometric.hpp: asin, acos, atan and atan2, in radians.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function is brought to an odd polynomial on a short interval by an identity: asin x = pi/2 - 2 asin
// sqrt((1-x)/2) for x > 1/2, and atan x = pi/4 + atan((x-1)/(x+1)) or pi/2 - atan(1/x) for larger x (as in Cephes, S.
// L. Moshier). The multiple of pi is added without loss. The polynomials are minimax, fitted as those of
// exponential.hpp.
#pragma once
#include <tenon/math/basic.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace kernel {
/// (asin(s) - s) / (s z) for z = s^2 <= 1/4.
template <class V>
TENON_FN V asin_series(V z) {
  if constexpr (is_single<V>)
    return horner<V>(z, 0.166666597f, 0.0750052184f, 0.0445137545f, 0.0318311714f, 0.0143641094f, 0.0376015827f);
  else
    return horner<V>(z, 0.1666666666666676, 0.07499999999970859, 0.04464285717456836, 0.03038194271118601,
                     0.022372214806717642, 0.017351617063349357, 0.013980741382429352, 0.011399659319427349,
                     0.010775867631615232, 0.003722362884419303, 0.021673122845912763, -0.020960532122509718,
                     0.0326127342274891);
}

/// (atan(t) - t) / (t z) for z = t^2, |t| <= tan(pi/8).
template <class V>
TENON_FN V atan_series(V z) {
  if constexpr (is_single<V>)
    return horner<V>(z, -0.333333164f, 0.199985281f, -0.14244391f, 0.105991684f, -0.0609005056f);
  else
    return horner<V>(z, -0.333333333333332, 0.1999999999995366, -0.14285714280185796, 0.11111110782155441,
                     -0.09090897702332482, 0.07692058969587015, -0.06663087436472657, 0.058477533104274386,
                     -0.0503863367813717, 0.038046236433512015, -0.017885931726199636);
}

/// pi/4 and its multiples up to 4: the first part has room for the factor.
template <class V>
inline constexpr simd::lane_t<V> quarter_pi = is_single<V> ? simd::lane_t<V>(0.785398006f)
                                                           : simd::lane_t<V>(0.7853981633974483);
template <class V>
inline constexpr simd::lane_t<V> quarter_pi_rest = is_single<V> ? simd::lane_t<V>(1.56958237e-7f)
                                                                : simd::lane_t<V>(3.061616997868383e-17);

/// k pi/4 + t + tail, for a whole k from 0 to 4 and |t| <= |k|.
template <class V>
TENON_FN V add_quarters(V k, V t, V tail) {
  Pair<V> s = quick_sum(mul(k, constant<V>(quarter_pi<V>)), t);
  return s.high + (s.low + fma(k, constant<V>(quarter_pi_rest<V>), tail));
}
}  // namespace kernel

/// The inverse sine, from -pi/2 to pi/2; NaN outside [-1, 1]. Error at most 1.25 ULP (measured 1.11).
template <class V>
TENON_FN V asin(V x) {
  using T = simd::lane_t<V>;
  if (device::active()) return device::asin(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= 1)) return kernel::format<V>::nan;
  auto upper = a > kernel::constant<V>(T(0.5));
  V z = simd::select(upper, V((1 - a) * T(0.5)), V(a * a));
  V s = simd::select(upper, sqrt(z), a);
  V h = s * simd::select(upper, kernel::constant<V>(T(-2)), kernel::constant<V>(T(1)));
  V y = kernel::add_quarters<V>(kernel::choose<V>(upper, T(2), T(0)), h, kernel::mul(V(h * z), kernel::asin_series(z)));
  return kernel::flip(kernel::magnitude(y), kernel::sign_bit(x));
}

/// The inverse cosine, from 0 to pi; NaN outside [-1, 1]. Error at most 1.25 ULP (measured 1.09).
template <class V>
TENON_FN V acos(V x) {
  using T = simd::lane_t<V>;
  if (device::active()) return device::acos(x);
  V a = kernel::magnitude(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && !(a <= 1)) return kernel::format<V>::nan;
  auto upper = a > kernel::constant<V>(T(0.5)), negative = x < V{};
  V z = simd::select(upper, V((1 - a) * T(0.5)), V(a * a));
  V s = simd::select(upper, sqrt(z), a);
  // 2 asin(s) for x > 1/2, pi - 2 asin(s) for x < -1/2, pi/2 - asin(x) between.
  V h = kernel::flip(V(s * kernel::choose<V>(upper, T(2), T(-1))), kernel::sign_bit(x));
  V k = simd::select(upper, kernel::choose<V>(negative, T(4), T(0)), kernel::constant<V>(T(2)));
  return kernel::add_quarters<V>(k, h, kernel::mul(V(h * z), kernel::asin_series(z)));
}

/// The inverse tangent, from -pi/2 to pi/2. Error at most 2 ULP (measured 1.93).
template <class V>
TENON_FN V atan(V x) {
  using T = simd::lane_t<V>;
  if (device::active()) return device::atan(x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && x != x) return x;
  V a = kernel::magnitude(x);
  auto middle = a > kernel::constant<V>(T(0.41421356)), outer = a > kernel::constant<V>(T(2.4142136));
  V numerator = simd::select(outer, kernel::constant<V>(T(-1)), simd::select(middle, V(a - 1), a));
  V denominator = simd::select(outer, a, simd::select(middle, V(a + 1), kernel::constant<V>(T(1))));
  V k = simd::select(outer, kernel::constant<V>(T(2)), kernel::choose<V>(middle, T(1), T(0)));
  V t = numerator / denominator, z = t * t;
  V y = kernel::add_quarters<V>(k, t, kernel::mul(V(t * z), kernel::atan_series(z)));
  return kernel::flip(kernel::magnitude(y), kernel::sign_bit(x));
}

/// The angle of the point (x, y), from -pi to pi; signed zeros and infinities as C's atan2. Error at most 2 ULP
/// (measured 1.84).
template <class V>
TENON_FN V atan2(V y, V x) {
  using T = simd::lane_t<V>;
  using F = kernel::format<V>;
  using kernel::constant;
  if (device::active()) return device::atan2(y, x);
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && (x != x || y != y)) return F::nan;
  V ay = kernel::magnitude(y), ax = kernel::magnitude(x);
  auto steep = ay > ax;
  V large = simd::select(steep, ay, ax), small = simd::select(steep, ax, ay);
  // Infinities become directions; sums of large numbers must not overflow.
  auto infinite = large == constant<V>(F::infinity), both = small == constant<V>(F::infinity);
  small = simd::select(infinite, kernel::choose<V>(both, T(1), T(0)), small);
  large = simd::select(infinite, constant<V>(T(1)), large);
  V shrink = kernel::choose<V>(large > constant<V>(F::max / 4), T(0.25), T(1));
  small = small * shrink;
  large = large * shrink;
  auto middle = small > kernel::mul(large, constant<V>(T(0.41421356)));
  V numerator = simd::select(middle, V(small - large), small);
  V denominator = simd::select(middle, V(small + large), large);
  denominator = simd::select(denominator == V{}, constant<V>(T(1)), denominator);
  V t = numerator / denominator, k = kernel::choose<V>(middle, T(1), T(0));
  // Mirrored at the diagonal, then at the axis.
  t = simd::select(steep, V(-t), t);
  k = simd::select(steep, V(2 - k), k);
  t = kernel::flip(t, kernel::sign_bit(x));
  k = simd::select(signbit(x), V(4 - k), k);
  V z = t * t;
  V angle = kernel::add_quarters<V>(k, t, kernel::mul(V(t * z), kernel::atan_series(z)));
  angle = kernel::flip(kernel::magnitude(angle), kernel::sign_bit(y));
  return simd::select((x != x) | (y != y), V(x + y), angle);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
