// tenon/math/elliptic.hpp: the elliptic integral D, which derivatives of the others are made of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/special.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace detail {
struct EllintD {
  // Carlson's R_D(x, y, 1) by duplication (B. C. Carlson, Numerical computation of real or complex elliptic integrals,
  // 1995), for x, y >= 0, not both 0.
  TENON_HD static double carlson(double x, double y) {
    double z = 1, sum = 0, factor = 1, mean = (x + y + 3 * z) / 5;
    double dx = mean - x, dy = mean - y;
    for (int i = 0; i < 30; ++i) {
      const double spread = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
      const double third = abs(dx + dy) / 3;  // the distance of z, three times in the mean
      if (factor * (spread > third ? spread : third) < 2e-3 * mean) break;
      const double rx = sqrt(x), ry = sqrt(y), rz = sqrt(z), step = rx * ry + rx * rz + ry * rz;
      sum += factor / (rz * (z + step));
      factor /= 4;
      x = (x + step) / 4;
      y = (y + step) / 4;
      z = (z + step) / 4;
      mean = (mean + step) / 4;
    }
    const double ex = factor * dx / mean, ey = factor * dy / mean, ez = -(ex + ey) / 3;
    const double xy = ex * ey, zz = ez * ez, e2 = xy - 6 * zz, e3 = (3 * xy - 8 * zz) * ez;
    const double e4 = 3 * (xy - zz) * zz, e5 = xy * zz * ez;
    const double series = 1 - 3 * e2 / 14 + e3 / 6 + 9 * e2 * e2 / 88 - 3 * e4 / 22 - 9 * e2 * e3 / 52 + 3 * e5 / 26;
    return factor * series / (mean * sqrt(mean)) + 3 * sum;
  }
  // Odd in phi, and twice the complete integral larger for each half turn.
  TENON_HD static double value(double k, double phi) {
    constexpr double pi = 3.141592653589793, pi_rest = 1.2246467991473532e-16;
    if (!(k >= -1 && k <= 1) || phi != phi) return kernel::Format<double>::nan;
    const double turns = rint(phi / pi), rest = (phi - turns * pi) - turns * pi_rest;
    const double s = sin(rest), c = cos(rest), kc = (1 - k) * (1 + k);
    const double part = s * s * s / 3 * carlson(c * c, kc * s * s + c * c);
    if (turns == 0) return part;
    if (kc == 0) return copysign(kernel::Format<double>::infinity, phi);
    return part + turns * (2.0 / 3) * carlson(0, kc);
  }
};
}  // namespace detail

/// The elliptic integral D(phi, k) = (F - E)/k^2 of the first kind less that of the second, |k| <= 1 the modulus. The
/// relative error is below 1e-14.
template <class K, class V>
TENON_FN V ellint_d(K k, V phi) {
  return detail::per_lane<detail::EllintD>(phi, k);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
