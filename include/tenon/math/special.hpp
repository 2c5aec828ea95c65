// tenon/math/special.hpp: the gamma function and its relatives, Bessel functions, elliptic integrals, polynomials.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lane by lane and in double, also for float: these are called seldom and cost hundreds of cycles in any form. The
// gamma family works everywhere, on GPUs too; the rest is the standard library's (C++17 [sf.cmath], host only) and is
// there where the library has it, with NaN in place of its domain errors. This is the one header of math/ that needs
// <cmath>.
#pragma once
#include <cmath>
#include <tenon/math/logarithm.hpp>
#include <tenon/math/rounding.hpp>
#include <tenon/math/trigonometric.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace detail {
template <class V>
TENON_FN double lane_as_double(V x, [[maybe_unused]] int i) {
  if constexpr (simd::is_pack<V>)
    return x[i];
  else
    return static_cast<double>(x);
}
// F::value on the lanes of x, as double. The parameters before it are packs like x, or scalars that hold for all lanes.
template <class F, class V, class... P>
TENON_FN V per_lane(V x, P... parameters) {
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i)
      x[i] = static_cast<simd::lane_t<V>>(F::value(lane_as_double(parameters, i)..., lane_as_double(x, i)));
    return x;
  } else {
    return static_cast<V>(F::value(lane_as_double(parameters, 0)..., static_cast<double>(x)));
  }
}

// The same for the functions that GPUs lack.
template <class F, class V, class... P>
TENON_INLINE V per_host_lane(V x, P... parameters) {
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i)
      x[i] = static_cast<simd::lane_t<V>>(F::value(lane_as_double(parameters, i)..., lane_as_double(x, i)));
    return x;
  } else {
    return static_cast<V>(F::value(static_cast<double>(parameters)..., static_cast<double>(x)));
  }
}

struct Tgamma {
  TENON_HD static double value(double x) { return ::tgamma(x); }
};
struct Lgamma {
  TENON_HD static double value(double x) {
#if defined(__GLIBC__) && !defined(__CUDA_ARCH__)
    int sign;  // lgamma itself writes to a global variable
    return ::lgamma_r(x, &sign);
#else
    return ::lgamma(x);
#endif
  }
};

struct Digamma {
  // Between 1 and 2, over x - root; the root in two parts keeps the result's digits around it.
  TENON_HD static constexpr double between_1_and_2(double x) {
    constexpr double root = 1.4616321449683622, root_rest = 9.549995429965697e-17;
    const double p = kernel::horner<double>(
        x - 1.5, 0.951055876031833, -0.4236274212814606, 0.24054248424077398, -0.14840492305389, 0.09498872445497322,
        -0.06192213327470003, 0.04076083381078379, -0.026975796691105974, 0.01790725248206979, -0.011908219422228706,
        0.007926944008856034, -0.005279946225217472, 0.0035190122071989418, -0.002345421005752047,
        0.0015565990320799037, -0.0010368411206035182, 0.0007234380129435955, -0.00048473316901474376,
        0.00022702324587141028, -0.00014697324807179865, 0.000259852936932972, -0.00017656596435992482);
    return ((x - root) - root_rest) * p;
  }
  // Bernoulli numbers B_2k / 2k: Abramowitz and Stegun 6.3.18.
  TENON_HD static constexpr double asymptotic(double x) {
    const double z = 1 / (x * x);
    return log(x) - 0.5 / x -
           z * kernel::horner<double>(z, 0.08333333333333333, -0.008333333333333333, 0.003968253968253968,
                                      -0.004166666666666667, 0.007575757575757576, -0.021092796092796094,
                                      0.08333333333333333, -0.4432598039215686);
  }
  TENON_HD static constexpr double value(double x) {
    if (x != x || x == kernel::Format<double>::infinity) return x;
    double y = 0;
    if (x <= 0) {
      if (x == 0) return copysign(kernel::Format<double>::infinity, -x);
      if (floor(x) == x) return kernel::Format<double>::nan;
      // psi(x) = psi(1 - x) - pi / tan(pi x)
      const double turn = x - rint(x);
      y = -3.141592653589793 / tan(3.141592653589793 * turn);
      x = 1 - x;
    }
    if (x >= 10) return y + asymptotic(x);
    if (x < 1) {
      y -= 1 / x;
      x += 1;
    }
    for (; x > 2; x -= 1) y += 1 / (x - 1);
    return y + between_1_and_2(x);
  }
};

struct Trigamma {
  TENON_HD static constexpr double value(double x) {
    if (x != x) return x;
    if (x == kernel::Format<double>::infinity) return 0;
    double y = 0, sign = 1;
    if (x <= 0) {
      if (floor(x) == x) return kernel::Format<double>::infinity;
      // psi'(x) = (pi / sin(pi x))^2 - psi'(1 - x)
      const double s = 3.141592653589793 / sin(3.141592653589793 * (x - rint(x)));
      y = s * s;
      sign = -1;
      x = 1 - x;
    }
    for (; x < 12; x += 1) y += sign / (x * x);
    const double z = 1 / (x * x);
    // Abramowitz and Stegun 6.4.12.
    return y + sign * (1 / x + 0.5 * z +
                       z / x *
                           kernel::horner<double>(z, 0.16666666666666666, -0.03333333333333333, 0.023809523809523808,
                                                  -0.03333333333333333, 0.07575757575757576, -0.2531135531135531,
                                                  1.1666666666666667));
  }
};

struct Beta {
  TENON_HD static double value(double a, double b) {
    if (a > 0 && b > 0 && a + b > 170) return exp(Lgamma::value(a) + Lgamma::value(b) - Lgamma::value(a + b));
    const double small = a < b ? a : b, large = a < b ? b : a;
    return Tgamma::value(small) * (Tgamma::value(large) / Tgamma::value(a + b));
  }
};
}  // namespace detail

/// The gamma function; NaN at negative integers. Error at most 1 ULP for float, 8 ULP for double with glibc.
template <class V>
TENON_FN V tgamma(V x) {
  return detail::per_lane<detail::Tgamma>(x);
}
/// log |gamma(x)|; infinite at 0 and negative integers. Error at most 1 ULP for float; with glibc 4 ULP for double,
/// 8 ULP for negative x.
template <class V>
TENON_FN V lgamma(V x) {
  return detail::per_lane<detail::Lgamma>(x);
}
/// The derivative of log gamma; infinite at 0, NaN at negative integers. Error at most 4 ULP for positive x (measured:
/// float 0.5, double 2); near the zeros on the negative side the error is absolute.
template <class V>
TENON_FN V digamma(V x) {
  return detail::per_lane<detail::Digamma>(x);
}
/// The second derivative of log gamma; infinite at 0 and negative integers. Error at most 8 ULP for positive x.
template <class V>
TENON_FN V trigamma(V x) {
  return detail::per_lane<detail::Trigamma>(x);
}
/// gamma(a) gamma(b) / gamma(a + b). The relative error is below 1e-13 for a + b <= 170, below 1e-13 log gamma beyond.
template <class V>
TENON_FN V beta(V a, V b) {
  return detail::per_lane<detail::Beta>(b, a);
}

#if defined(__STDCPP_MATH_SPEC_FUNCS__)
// Parameters come before the argument, as in the standard; they are packs like it, or scalars that hold for all lanes.
namespace detail {
struct Expint {
  static double value(double x) { return x == x ? std::expint(x) : kernel::Format<double>::nan; }
};
struct RiemannZeta {
  static double value(double x) { return x == x && x != 1 ? std::riemann_zeta(x) : kernel::Format<double>::nan; }
};
struct CylBesselJ {
  static double value(double nu, double x) {
    return nu >= 0 && x >= 0 ? std::cyl_bessel_j(nu, x) : kernel::Format<double>::nan;
  }
};
struct CylNeumann {
  static double value(double nu, double x) {
    return nu >= 0 && x >= 0 ? std::cyl_neumann(nu, x) : kernel::Format<double>::nan;
  }
};
struct CylBesselI {
  static double value(double nu, double x) {
    return nu >= 0 && x >= 0 ? std::cyl_bessel_i(nu, x) : kernel::Format<double>::nan;
  }
};
struct CylBesselK {
  static double value(double nu, double x) {
    return nu >= 0 && x >= 0 ? std::cyl_bessel_k(nu, x) : kernel::Format<double>::nan;
  }
};
struct SphBessel {
  static double value(double n, double x) {
    return n >= 0 && x >= 0 ? std::sph_bessel(static_cast<unsigned>(n), x) : kernel::Format<double>::nan;
  }
};
struct SphNeumann {
  static double value(double n, double x) {
    return n >= 0 && x >= 0 ? std::sph_neumann(static_cast<unsigned>(n), x) : kernel::Format<double>::nan;
  }
};
struct CompEllint1 {
  static double value(double k) { return k > -1 && k < 1 ? std::comp_ellint_1(k) : kernel::Format<double>::nan; }
};
struct CompEllint2 {
  static double value(double k) { return k >= -1 && k <= 1 ? std::comp_ellint_2(k) : kernel::Format<double>::nan; }
};
struct CompEllint3 {
  static double value(double k, double nu) {
    return k > -1 && k < 1 && nu < 1 ? std::comp_ellint_3(k, nu) : kernel::Format<double>::nan;
  }
};
struct Ellint1 {
  static double value(double k, double phi) {
    return k >= -1 && k <= 1 && phi == phi ? std::ellint_1(k, phi) : kernel::Format<double>::nan;
  }
};
struct Ellint2 {
  static double value(double k, double phi) {
    return k >= -1 && k <= 1 && phi == phi ? std::ellint_2(k, phi) : kernel::Format<double>::nan;
  }
};
struct Ellint3 {
  static double value(double k, double nu, double phi) {
    return k >= -1 && k <= 1 && nu == nu && phi == phi ? std::ellint_3(k, nu, phi) : kernel::Format<double>::nan;
  }
};
struct Legendre {
  static double value(double n, double x) {
    return n >= 0 && x >= -1 && x <= 1 ? std::legendre(static_cast<unsigned>(n), x) : kernel::Format<double>::nan;
  }
};
struct AssocLegendre {
  static double value(double n, double m, double x) {
    return n >= 0 && m >= 0 && x >= -1 && x <= 1
               ? std::assoc_legendre(static_cast<unsigned>(n), static_cast<unsigned>(m), x)
               : kernel::Format<double>::nan;
  }
};
struct SphLegendre {
  static double value(double l, double m, double theta) {
    if (!(l >= 0 && m >= 0 && theta == theta)) return kernel::Format<double>::nan;
    const auto degree = static_cast<unsigned>(l), order = static_cast<unsigned>(m);
    return order > degree ? 0 : std::sph_legendre(degree, order, theta);
  }
};
struct Laguerre {
  static double value(double n, double x) {
    return n >= 0 && x >= 0 ? std::laguerre(static_cast<unsigned>(n), x) : kernel::Format<double>::nan;
  }
};
struct AssocLaguerre {
  static double value(double n, double m, double x) {
    return n >= 0 && m >= 0 && x >= 0 ? std::assoc_laguerre(static_cast<unsigned>(n), static_cast<unsigned>(m), x)
                                      : kernel::Format<double>::nan;
  }
};
struct Hermite {
  static double value(double n, double x) {
    return n >= 0 && x == x ? std::hermite(static_cast<unsigned>(n), x) : kernel::Format<double>::nan;
  }
};
}  // namespace detail

/// The exponential integral Ei(x).
template <class V>
TENON_INLINE V expint(V x) {
  return detail::per_host_lane<detail::Expint>(x);
}
/// Riemann's zeta function.
template <class V>
TENON_INLINE V riemann_zeta(V x) {
  return detail::per_host_lane<detail::RiemannZeta>(x);
}
/// The Bessel function of the first kind J_nu(x), for nu, x >= 0.
template <class Nu, class V>
TENON_INLINE V cyl_bessel_j(Nu nu, V x) {
  return detail::per_host_lane<detail::CylBesselJ>(x, nu);
}
/// The Bessel function of the second kind Y_nu(x), for nu, x >= 0.
template <class Nu, class V>
TENON_INLINE V cyl_neumann(Nu nu, V x) {
  return detail::per_host_lane<detail::CylNeumann>(x, nu);
}
/// The modified Bessel function of the first kind I_nu(x), for nu, x >= 0.
template <class Nu, class V>
TENON_INLINE V cyl_bessel_i(Nu nu, V x) {
  return detail::per_host_lane<detail::CylBesselI>(x, nu);
}
/// The modified Bessel function of the second kind K_nu(x), for nu, x >= 0.
template <class Nu, class V>
TENON_INLINE V cyl_bessel_k(Nu nu, V x) {
  return detail::per_host_lane<detail::CylBesselK>(x, nu);
}
/// The spherical Bessel function j_n(x), for whole n >= 0 and x >= 0.
template <class N, class V>
TENON_INLINE V sph_bessel(N n, V x) {
  return detail::per_host_lane<detail::SphBessel>(x, n);
}
/// The spherical Neumann function y_n(x), for whole n >= 0 and x >= 0.
template <class N, class V>
TENON_INLINE V sph_neumann(N n, V x) {
  return detail::per_host_lane<detail::SphNeumann>(x, n);
}
/// The complete elliptic integral of the first kind K(k), |k| < 1 the modulus.
template <class V>
TENON_INLINE V comp_ellint_1(V k) {
  return detail::per_host_lane<detail::CompEllint1>(k);
}
/// The complete elliptic integral of the second kind E(k), |k| <= 1 the modulus.
template <class V>
TENON_INLINE V comp_ellint_2(V k) {
  return detail::per_host_lane<detail::CompEllint2>(k);
}
/// The complete elliptic integral of the third kind Pi(nu, k), |k| < 1 the modulus, nu < 1.
template <class K, class V>
TENON_INLINE V comp_ellint_3(K k, V nu) {
  return detail::per_host_lane<detail::CompEllint3>(nu, k);
}
/// The elliptic integral of the first kind F(phi, k), |k| <= 1 the modulus.
template <class K, class V>
TENON_INLINE V ellint_1(K k, V phi) {
  return detail::per_host_lane<detail::Ellint1>(phi, k);
}
/// The elliptic integral of the second kind E(phi, k), |k| <= 1 the modulus.
template <class K, class V>
TENON_INLINE V ellint_2(K k, V phi) {
  return detail::per_host_lane<detail::Ellint2>(phi, k);
}
/// The elliptic integral of the third kind Pi(nu, phi, k), |k| <= 1 the modulus.
template <class K, class Nu, class V>
TENON_INLINE V ellint_3(K k, Nu nu, V phi) {
  return detail::per_host_lane<detail::Ellint3>(phi, k, nu);
}
/// The Legendre polynomial P_n(x), for whole n >= 0 and |x| <= 1.
template <class N, class V>
TENON_INLINE V legendre(N n, V x) {
  return detail::per_host_lane<detail::Legendre>(x, n);
}
/// The associated Legendre function P_n^m(x) without the phase (-1)^m, for whole n, m >= 0 and |x| <= 1.
template <class N, class M, class V>
TENON_INLINE V assoc_legendre(N n, M m, V x) {
  return detail::per_host_lane<detail::AssocLegendre>(x, n, m);
}
/// The spherical harmonic Y_l^m(theta, 0) with the phase (-1)^m, for whole l >= m >= 0; 0 for m > l.
template <class L, class M, class V>
TENON_INLINE V sph_legendre(L l, M m, V theta) {
  return detail::per_host_lane<detail::SphLegendre>(theta, l, m);
}
/// The Laguerre polynomial L_n(x), for whole n >= 0 and x >= 0.
template <class N, class V>
TENON_INLINE V laguerre(N n, V x) {
  return detail::per_host_lane<detail::Laguerre>(x, n);
}
/// The associated Laguerre polynomial L_n^m(x), for whole n, m >= 0 and x >= 0.
template <class N, class M, class V>
TENON_INLINE V assoc_laguerre(N n, M m, V x) {
  return detail::per_host_lane<detail::AssocLaguerre>(x, n, m);
}
/// The Hermite polynomial H_n(x), the physicists', for whole n >= 0.
template <class N, class V>
TENON_INLINE V hermite(N n, V x) {
  return detail::per_host_lane<detail::Hermite>(x, n);
}
#endif

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
