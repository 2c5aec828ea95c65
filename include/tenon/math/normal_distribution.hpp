// tenon/math/normal_distribution.hpp: the distribution function of the standard normal distribution.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For float one exponential and one quotient: Phi(-a) = e^(-a^2/2) t Q(t)/2 with t = 1/(1 + 0.297 a), the form of
// Abramowitz and Stegun 7.1.26 with a longer polynomial Q, interpolated at the Chebyshev points of 0 <= a <= 14.5 to
// 2^-27 of the result. For double erfc(w)/2, with the rounding of w = -x/sqrt(2) made good.
#pragma once
#include <tenon/math/error_function.hpp>
#include <tenon/math/exponential.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

/// The probability that a standard normal number is below x, accurate in both tails. Error at most 8 ULP for
/// float, 4 for double (measured: 6.5 near 0, 2.3).
template <class V>
TENON_FN V normal_cdf(V x) {
  using kernel::constant;
  if constexpr (!simd::is_pack<V>)
    if (kernel::evaluated_early() && x != x) return x;
  if constexpr (kernel::is_single<V>) {
    // Below -14.5 the result is 0; NaN stays.
    V a = kernel::magnitude(x);
    a = simd::select(a > constant<V>(16), constant<V>(16), a);
    const kernel::Pair<V> square = kernel::exact_product(a, a);
    const V t = 1 / kernel::fma(a, constant<V>(0.296875f), constant<V>(1));
    const V q = kernel::horner<V>(t, 0.23688765f, 0.236483451f, 0.220192934f, 0.148238923f, 0.219162215f, -0.207610846f,
                                  0.449964299f, -0.495982113f, 0.234452605f, -0.0417891241f);
    // e^(-a^2/2)/2; what is left of a^2 counts in the tails.
    const V power = kernel::exp_shifted(V(-0.5f * square.high), -1);
    const V tail = kernel::mul(V(kernel::fma(power, V(-0.5f * square.low), power)), V(kernel::mul(t, q)));
    return simd::select(x < V{}, tail, V(1 - tail));
  } else {
    constexpr double high = 0.7071067811865476, low = -4.833646656726457e-17;
    V a = simd::select(x < constant<V>(-40), constant<V>(-40), x);
    a = simd::select(a > constant<V>(40), constant<V>(40), a);
    const kernel::Pair<V> w = kernel::exact_product(a, constant<V>(high));
    const V rest = kernel::fma(a, constant<V>(low), w.low);
    const V y = V(0.5 * erfc(V(-w.high)));
    // With v = -w, erfc(v + d) is erfc(v) (1 - d (v + sqrt(v^2 + 4/pi))) to a few percent: Abramowitz and
    // Stegun 7.1.13.
    const V slope = V(sqrt(V(kernel::fma(w.high, w.high, constant<V>(1.2732395447351628)))) - w.high);
    return kernel::fma(y, V(rest * slope), y);
  }
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
