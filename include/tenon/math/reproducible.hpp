// tenon/math/reproducible.hpp: the logarithm and the normal quantile with the same bits on every machine.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random numbers must not depend on the instruction set. The functions here use only operations that IEEE 754 rounds
// correctly, and every product that is added to something is an explicit fused multiply-add, so that no compiler has a
// choice left to fuse or not. On machines without the instruction that is a call of `fma`.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace detail {

struct Exact {
  double high, low;
};
// a + b exactly (Knuth).
TENON_FN Exact exact_sum(double a, double b) {
  const double s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
// The upper 26 bits of x (Dekker, Veltkamp).
TENON_FN double upper_half(double x) {
  const double t = x * 134217729.0;
  return t - (t - x);
}
TENON_FN Exact exact_product(double a, double b) {
  const double p = a * b, ah = upper_half(a), al = a - ah, bh = upper_half(b), bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}
// For constant evaluation, where not every compiler knows fma: the exact sum of three numbers, the smaller two added
// "to odd" so that the last rounding is the only one (S. Boldo and G. Melquiond, "Emulation of FMA and correctly
// rounded sums", 2008).
TENON_FN double fused_early(double a, double b, double c) {
  const Exact p = exact_product(a, b), low = exact_sum(c, p.low), high = exact_sum(p.high, low.high);
  const Exact rest = exact_sum(low.low, high.low);
  auto bits = __builtin_bit_cast(unsigned long long, rest.high);
  if (rest.low != 0 && bits % 2 == 0) bits += (rest.low > 0) == (rest.high > 0) ? 1ull : ~0ull;
  return high.high + __builtin_bit_cast(double, bits);
}

}  // namespace detail

/// a * b + c, rounded once.
TENON_FN double fused(double a, double b, double c) {
  if (__builtin_is_constant_evaluated()) return detail::fused_early(a, b, c);
  return __builtin_fma(a, b, c);
}

namespace detail {
/// c0 + c1 x + c2 x^2 + ...
TENON_FN double fused_polynomial(double, double c0) { return c0; }
template <class... C>
TENON_FN double fused_polynomial(double x, double c0, C... c) {
  return fused(fused_polynomial(x, c...), x, c0);
}
}  // namespace detail

/// The natural logarithm of a positive normal number, within 1 ulp and the same everywhere. With x = 2^e m, m between
/// sqrt(1/2) and sqrt(2), it is e ln 2 + 2 artanh((m - 1) / (m + 1)), the latter by its Taylor series.
TENON_FN double reproducible_log(double x) {
  const auto bits = __builtin_bit_cast(unsigned long long, x);
  int e = static_cast<int>(bits >> 52) - 1023;
  double m = __builtin_bit_cast(double, (bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    ++e;
  }
  const double f = m - 1, s = f / (m + 1), z = s * s;
  const double series = detail::fused_polynomial(z, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15,
                                                 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23);
  // 2 s = f - s f exactly, so that the leading term f carries no rounding error.
  const double tail = s * fused(2 * z, series, -f), n = e;
  // ln 2 in two parts, of which n times the first is exact.
  return fused(n, 0x1.62e42fefa38p-1, f + fused(n, 0x1.ef35793c7673p-45, tail));
}

/// The x at which the standard normal distribution function is p, for 0 < p <= 1/2: M. J. Wichura, "Algorithm AS 241:
/// The percentage points of the normal distribution", Applied Statistics 37, 1988 (PPND16, about 1e-16 relative).
TENON_FN double reproducible_quantile_lower(double p) {
  const double q = 0.5 - p;
  if (q <= 0.425) {
    const double r = fused(-q, q, 0.180625);
    return -(q *
             detail::fused_polynomial(r, 3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                                      13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                                      33430.575583588128105, 2509.0809287301226727) /
             detail::fused_polynomial(r, 1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
                                      21213.794301586595867, 39307.895800092710610, 28729.085735721942674,
                                      5226.4952788528545610));
  }
  double r = __builtin_sqrt(-reproducible_log(p));
  if (r <= 5) {
    r = r - 1.6;
    return -(detail::fused_polynomial(r, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
                                      3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
                                      0.0227238449892691845833, 7.74545014278341407640e-4) /
             detail::fused_polynomial(r, 1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
                                      0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
                                      1.05075007164441684324e-9));
  }
  r = r - 5;
  return -(detail::fused_polynomial(r, 6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
                                    0.296560571828504891230, 0.0265321895265761230930, 1.24266094738807843860e-3,
                                    2.71155556874348757815e-5, 2.01033439929228813265e-7) /
           detail::fused_polynomial(r, 1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
                                    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                    2.04426310338993978564e-15));
}
/// The same for 0 < p < 1.
TENON_FN double reproducible_quantile(double p) {
  return p <= 0.5 ? reproducible_quantile_lower(p) : -reproducible_quantile_lower(1 - p);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
