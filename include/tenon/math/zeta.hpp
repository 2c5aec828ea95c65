// tenon/math/zeta.hpp: derivatives of the digamma function and of Riemann's zeta function, of any order that is asked.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both come from sums over (x + k)^-s by Euler and Maclaurin's formula (Abramowitz and Stegun 23.1.30): some terms, the
// integral over the others, and corrections by Bernoulli numbers. Lane by lane and in double, as in special.hpp.
#pragma once
#include <tenon/math/power.hpp>
#include <tenon/math/special.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace detail {

// B_2j / (2j)! for j = 1, 2, ...
inline constexpr double maclaurin[] = {0.083333333333333333,    -0.0013888888888888889,  3.3068783068783069e-05,
                                       -8.2671957671957672e-07, 2.0876756987868099e-08,  -5.2841901386874932e-10,
                                       1.3382536530684679e-11,  -3.3896802963225829e-13, 8.5860620562778446e-15,
                                       -2.1748686985580619e-16, 5.5090028283602295e-18,  -1.3954464685812523e-19};

/// The sum of (x + k)^-s over k = 0, 1, ..., for whole s > 1 and x > 0.
TENON_HD constexpr double hurwitz(int s, double x) {
  double y = 0;
  const double n = s;
  for (; x < 12 + n; x += 1) {
    const double term = pow(x, -n);
    y += term;
    if (term < y * 1e-18) return y;  // and so are all others together
  }
  const double last = pow(x, -n), z = 1 / (x * x);
  y += last * (x / (n - 1) + 0.5);
  double factor = n * last / x;
  for (int j = 0; j < 12; ++j) {
    const double term = maclaurin[j] * factor;
    y += term;
    if (term < 0 ? -term < y * 1e-18 : term < y * 1e-18) break;
    factor *= (n + 2 * j + 1) * (n + 2 * j + 2) * z;
  }
  return y;
}

struct Polygamma {
  // (-1)^(n+1) n! times the sum of (x + k)^-(n+1); for negative x, the sum over all whole k less the missing ones.
  TENON_HD static constexpr double value(double order, double x) {
    if (!(order >= 0 && order <= 1000) || x != x) return kernel::Format<double>::nan;
    const int n = static_cast<int>(order), s = n + 1;
    if (n == 0) return Digamma::value(x);
    if (n == 1) return Trigamma::value(x);
    if (x == kernel::Format<double>::infinity) return n % 2 ? 0.0 : -0.0;
    double sum = 0;
    if (x > 0) {
      sum = hurwitz(s, x);
    } else {
      const double above = x - floor(x), below = -floor(-x) - x, parity = s % 2 ? -1 : 1;
      if (above == 0) return n % 2 ? kernel::Format<double>::infinity : kernel::Format<double>::nan;
      sum = hurwitz(s, above) + parity * (hurwitz(s, below) - hurwitz(s, 1 - x));
    }
    for (int k = 2; k <= n; ++k) sum *= k;
    return n % 2 ? sum : -sum;
  }
};

/// A truncated power series in e: values at s + e, whose k-th coefficient is the k-th derivative over k!.
struct Series {
  static constexpr int size = 5;
  double c[size] = {};
  TENON_HD constexpr friend Series operator+(const Series& a, const Series& b) {
    Series r;
    for (int i = 0; i < size; ++i) r.c[i] = a.c[i] + b.c[i];
    return r;
  }
  TENON_HD constexpr friend Series operator*(const Series& a, const Series& b) {
    Series r;
    for (int i = 0; i < size; ++i)
      for (int j = 0; i + j < size; ++j) r.c[i + j] += a.c[i] * b.c[j];
    return r;
  }
};
/// f e^(a e)
TENON_HD constexpr Series exponential(double f, double a) {
  Series r;
  for (int i = 0; i < Series::size; ++i) {
    r.c[i] = f;
    f *= a / (i + 1);
  }
  return r;
}
/// a + f e
TENON_HD constexpr Series linear(double a, double f = 1) { return Series{{a, f}}; }
TENON_HD constexpr Series constant_series(double a) { return Series{{a}}; }

/// zeta(s + e) for s > -0.25, s != 1.
TENON_HD constexpr Series zeta_series(double s) {
  constexpr int terms = 16;
  Series y = constant_series(1);
  for (int k = 2; k < terms; ++k) y = y + exponential(pow(static_cast<double>(k), -s), -log(static_cast<double>(k)));
  const Series last = exponential(pow(static_cast<double>(terms), -s), -log(static_cast<double>(terms)));
  Series inverse;  // 1 / (s - 1 + e)
  inverse.c[0] = 1 / (s - 1);
  for (int i = 1; i < Series::size; ++i) inverse.c[i] = -inverse.c[i - 1] / (s - 1);
  y = y + last * (constant_series(terms) * inverse + constant_series(0.5));
  Series factor = last * linear(s / terms, 1.0 / terms);
  for (int j = 0; j < 12; ++j) {
    y = y + constant_series(maclaurin[j]) * factor;
    factor = factor * linear((s + 2 * j + 1) / terms, 1.0 / terms) * linear((s + 2 * j + 2) / terms, 1.0 / terms);
  }
  return y;
}
/// zeta(s + e) for s <= -0.25 by zeta(s) = 2 (2 pi)^(s-1) sin(pi s / 2) gamma(1 - s) zeta(1 - s).
TENON_HD inline Series reflected_zeta_series(double s) {
  constexpr double log_two_pi = 1.8378770664093453, half_pi = 1.5707963267948966;
  const double x = 1 - s, turn = half_pi * fmod(s, 4.0), sine = sin(turn), cosine = cos(turn);
  Series wave, mirror = zeta_series(x), growth = constant_series(Tgamma::value(x));
  const double derivative[4] = {fmod(s, 2.0) == 0 ? 0 : sine, cosine, -(fmod(s, 2.0) == 0 ? 0 : sine), -cosine};
  double power = 1;  // of pi/2, over the factorial
  for (int i = 0; i < Series::size; ++i) {
    wave.c[i] = power * derivative[i % 4];
    power *= half_pi / (i + 1);
    if (i % 2) mirror.c[i] = -mirror.c[i];
  }
  // gamma(x - e) = gamma(x) exp(-psi e + psi' e^2 / 2 - ...), whose coefficients follow from those of the exponent.
  double exponent[Series::size] = {}, over = -1;
  for (int i = 1; i < Series::size; ++i) {
    exponent[i] = over * Polygamma::value(i - 1, x);
    over /= -(i + 1);
  }
  for (int i = 1; i < Series::size; ++i) {
    double sum = 0;
    for (int k = 1; k <= i; ++k) sum += k * exponent[k] * growth.c[i - k];
    growth.c[i] = sum / i;
  }
  return exponential(2 * exp(log_two_pi * (s - 1)), log_two_pi) * wave * growth * mirror;
}

struct ZetaDerivative {
  TENON_HD static double value(double order, double s) {
    if (!(order >= 0 && order < Series::size) || s != s || s == 1) return kernel::Format<double>::nan;
    const int n = static_cast<int>(order);
    if (s == kernel::Format<double>::infinity) return n == 0 ? 1 : 0;
    if (s < -150) return kernel::Format<double>::nan;  // gamma(1 - s) is near the largest number
    double y = (s > -0.25 ? zeta_series(s) : reflected_zeta_series(s)).c[n];
    for (int k = 2; k <= n; ++k) y *= k;
    return y;
  }
};

}  // namespace detail

/// The n-th derivative of digamma, for whole n >= 0; at 0 and negative integers infinite for odd n, else NaN. The
/// relative error is below 1e-14 for positive x; near zeros on the negative side the error is absolute.
template <class N, class V>
TENON_FN V polygamma(N n, V x) {
  return detail::per_lane<detail::Polygamma>(x, n);
}
/// The n-th derivative of Riemann's zeta function, for whole 0 <= n <= 4, and s >= -150; NaN otherwise, and at the pole
/// s = 1. The relative error is below 1e-12, near zeros the error is absolute.
template <class N, class V>
TENON_FN V zeta_derivative(N n, V s) {
  return detail::per_lane<detail::ZetaDerivative>(s, n);
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
