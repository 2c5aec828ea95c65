// tests/catalogue/references.hpp: what ops should give, in long double, from the C library and textbook formulas.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An op without an entry is compared with its own value in double, which still finds errors of float evaluation.
#pragma once
#include <cmath>
#include <exception>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/special_catalogue.hpp>

namespace tenon::test {

using Real = long double;
inline constexpr Real pi = 3.14159265358979323846264338327950288L;
inline constexpr Real sqrt_half = 0.70710678118654752440084436210484904L;

/// `Reference<Op>::at(x...)` in long double; without `at` where there is none.
template <class Op>
struct Reference {};

#define TENON_TEST_REFERENCE_1(OP, FORMULA)    \
  template <>                                  \
  struct Reference<op::OP> {                   \
    static Real at(Real x) { return FORMULA; } \
  };
#define TENON_TEST_REFERENCE_2(OP, FORMULA)            \
  template <>                                          \
  struct Reference<op::OP> {                           \
    static Real at(Real x, Real y) { return FORMULA; } \
  };
#define TENON_TEST_REFERENCE_3(OP, FORMULA)                    \
  template <>                                                  \
  struct Reference<op::OP> {                                   \
    static Real at(Real x, Real y, Real z) { return FORMULA; } \
  };

inline Real floored_mod(Real x, Real y) {
  const Real r = fmodl(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
inline Real sin_pi(Real x) {
  const Real n = rintl(x);
  return (fmodl(n, 2) == 0 ? 1 : -1) * sinl(pi * (x - n));
}
inline Real cos_pi(Real x) {
  const Real n = rintl(x);
  return (fmodl(n, 2) == 0 ? 1 : -1) * sinl(pi * (0.5L - fabsl(x - n)));
}
// Asymptotic series (Abramowitz and Stegun 6.3.18, 6.4.12) after steps up to 40.
inline Real digamma(Real x) {
  Real y = 0;
  for (; x < 40; x += 1) y -= 1 / x;
  const Real z = 1 / (x * x);
  return y + logl(x) - 0.5L / x -
         z * (1.0L / 12 - z * (1.0L / 120 - z * (1.0L / 252 - z * (1.0L / 240 - z * (1.0L / 132 - z * 691 / 32760)))));
}
inline Real trigamma(Real x) {
  Real y = 0;
  for (; x < 40; x += 1) y += 1 / (x * x);
  const Real z = 1 / (x * x);
  return y + 1 / x + z / 2 + z / x * (1.0L / 6 - z * (1.0L / 30 - z * (1.0L / 42 - z * (1.0L / 30 - z * 5 / 66))));
}
// Differences of trigamma's sum, k! (x + i)^-(k+1), and the asymptotic series of what is left.
inline Real polygamma(unsigned k, Real x) {
  if (k == 0) return digamma(x);
  const Real s = k + 1;
  Real y = 0, factorial = 1;
  for (unsigned i = 2; i <= k; ++i) factorial *= i;
  for (; x < 60; x += 1) y += powl(x, -s);
  const Real z = 1 / (x * x), f = s * powl(x, -s - 1);
  y += powl(x, -s) * (x / (s - 1) + 0.5L) +
       f * (1.0L / 12 - (s + 1) * (s + 2) * z *
                            (1.0L / 720 - (s + 3) * (s + 4) * z * (1.0L / 30240 - (s + 5) * (s + 6) * z / 1209600)));
  return (k % 2 ? 1 : -1) * factorial * y;
}
inline unsigned whole(Real x) { return static_cast<unsigned>(x); }
// Newton's method on erf from the double result.
inline Real erfinv(Real x) {
  Real y = math::erfinv(static_cast<double>(x));
  for (int i = 0; i < 3; ++i) y -= (erfl(y) - x) * sqrtl(pi) / 2 * expl(y * y);
  return y;
}
// The standard library gives up on some arguments by throwing.
template <class F>
Real or_nan(F f) {
  try {
    return f();
  } catch (const std::exception&) {
    return NAN;
  }
}
inline Real softplus(Real x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }

TENON_TEST_REFERENCE_2(Add, x + y)
TENON_TEST_REFERENCE_2(Subtract, x - y)
TENON_TEST_REFERENCE_2(Multiply, x* y)
TENON_TEST_REFERENCE_1(Negate, -x)
TENON_TEST_REFERENCE_1(Positive, x)
TENON_TEST_REFERENCE_1(Abs, fabsl(x))
TENON_TEST_REFERENCE_1(Sign, x > 0 ? 1 : x < 0 ? -1 : x)
TENON_TEST_REFERENCE_1(Square, x* x)
TENON_TEST_REFERENCE_3(Fma, fmal(x, y, z))
TENON_TEST_REFERENCE_2(Hypot, hypotl(x, y))
TENON_TEST_REFERENCE_2(Copysign, copysignl(x, y))
TENON_TEST_REFERENCE_3(Lerp, x + z * (y - x))
TENON_TEST_REFERENCE_2(Divide, x / y)
TENON_TEST_REFERENCE_1(Reciprocal, 1 / x)
TENON_TEST_REFERENCE_2(FloorDivide, floorl(x / y))
TENON_TEST_REFERENCE_2(Mod, floored_mod(x, y))
TENON_TEST_REFERENCE_2(Fmod, fmodl(x, y))
TENON_TEST_REFERENCE_2(Remainder, remainderl(x, y))
TENON_TEST_REFERENCE_2(Minimum, x < y ? x : y)
TENON_TEST_REFERENCE_2(Maximum, x > y ? x : y)
TENON_TEST_REFERENCE_2(Fmin, fminl(x, y))
TENON_TEST_REFERENCE_2(Fmax, fmaxl(x, y))
TENON_TEST_REFERENCE_3(Clamp, fminl(fmaxl(x, y), z))
TENON_TEST_REFERENCE_2(Fdim, fdiml(x, y))
TENON_TEST_REFERENCE_1(Floor, floorl(x))
TENON_TEST_REFERENCE_1(Ceil, ceill(x))
TENON_TEST_REFERENCE_1(Trunc, truncl(x))
TENON_TEST_REFERENCE_1(Round, roundl(x))
TENON_TEST_REFERENCE_1(Rint, rintl(x))
TENON_TEST_REFERENCE_1(Frac, x - truncl(x))
TENON_TEST_REFERENCE_2(Ldexp, ldexpl(x, static_cast<int>(y)))
TENON_TEST_REFERENCE_1(Logb, logbl(x))
TENON_TEST_REFERENCE_1(Exp, expl(x))
TENON_TEST_REFERENCE_1(Exp2, exp2l(x))
TENON_TEST_REFERENCE_1(Exp10, powl(10, x))
TENON_TEST_REFERENCE_1(Expm1, expm1l(x))
TENON_TEST_REFERENCE_1(Log, logl(x))
TENON_TEST_REFERENCE_1(Log2, log2l(x))
TENON_TEST_REFERENCE_1(Log10, log10l(x))
TENON_TEST_REFERENCE_1(Log1p, log1pl(x))
TENON_TEST_REFERENCE_2(Xlogy, x == 0 ? 0 : x * logl(y))
TENON_TEST_REFERENCE_2(Xlog1py, x == 0 ? 0 : x * log1pl(y))
TENON_TEST_REFERENCE_2(Pow, powl(x, y))
TENON_TEST_REFERENCE_1(Sqrt, sqrtl(x))
TENON_TEST_REFERENCE_1(Rsqrt, 1 / sqrtl(x))
TENON_TEST_REFERENCE_1(Cbrt, cbrtl(x))
TENON_TEST_REFERENCE_1(Sin, sinl(x))
TENON_TEST_REFERENCE_1(Cos, cosl(x))
TENON_TEST_REFERENCE_1(Tan, tanl(x))
TENON_TEST_REFERENCE_1(Asin, asinl(x))
TENON_TEST_REFERENCE_1(Acos, acosl(x))
TENON_TEST_REFERENCE_1(Atan, atanl(x))
TENON_TEST_REFERENCE_2(Atan2, atan2l(x, y))
TENON_TEST_REFERENCE_1(SinPi, sin_pi(x))
TENON_TEST_REFERENCE_1(CosPi, cos_pi(x))
TENON_TEST_REFERENCE_1(Deg2rad, x* pi / 180)
TENON_TEST_REFERENCE_1(Rad2deg, x * 180 / pi)
TENON_TEST_REFERENCE_1(Sinh, sinhl(x))
TENON_TEST_REFERENCE_1(Cosh, coshl(x))
TENON_TEST_REFERENCE_1(Tanh, tanhl(x))
TENON_TEST_REFERENCE_1(Asinh, asinhl(x))
TENON_TEST_REFERENCE_1(Acosh, acoshl(x))
TENON_TEST_REFERENCE_1(Atanh, atanhl(x))
TENON_TEST_REFERENCE_1(Sigmoid, 1 / (1 + expl(-x)))
TENON_TEST_REFERENCE_1(LogSigmoid, -softplus(-x))
TENON_TEST_REFERENCE_1(Softplus, softplus(x))
TENON_TEST_REFERENCE_2(LogAddExp, fmaxl(x, y) + log1pl(expl(-fabsl(x - y))))
TENON_TEST_REFERENCE_1(Logit, 2 * atanhl(2 * x - 1))
TENON_TEST_REFERENCE_1(Erf, erfl(x))
TENON_TEST_REFERENCE_1(Erfc, erfcl(x))
TENON_TEST_REFERENCE_1(Erfinv, erfinv(x))
TENON_TEST_REFERENCE_1(NormalCdf, erfcl(-x* sqrt_half) / 2)
TENON_TEST_REFERENCE_1(NormalQuantile, erfinv(2 * x - 1) / sqrt_half)
TENON_TEST_REFERENCE_1(Sinc, x == 0 ? 1 : sin_pi(x) / (pi * x))
TENON_TEST_REFERENCE_1(Relu, x > 0 ? x : 0)
TENON_TEST_REFERENCE_1(Relu6, fminl(fmaxl(x, 0), 6))
TENON_TEST_REFERENCE_2(LeakyRelu, x > 0 ? x : y * x)
TENON_TEST_REFERENCE_2(Elu, x > 0 ? x : y * expm1l(x))
TENON_TEST_REFERENCE_1(Selu, 1.0507009873554804934193349852946L *
                                 (x > 0 ? x : 1.6732632423543772848170429916717L * expm1l(x)))
TENON_TEST_REFERENCE_2(Celu, x > 0 ? x : y * expm1l(x / y))
TENON_TEST_REFERENCE_1(Gelu, x* erfcl(-x* sqrt_half) / 2)
TENON_TEST_REFERENCE_1(GeluTanh, x / (1 + expl(-2 * sqrtl(2 / pi) * (x + 0.044715L * x * x * x))))
TENON_TEST_REFERENCE_1(Silu, x / (1 + expl(-x)))
TENON_TEST_REFERENCE_1(Mish, x* tanhl(softplus(x)))
TENON_TEST_REFERENCE_1(Softsign, x / (1 + fabsl(x)))
TENON_TEST_REFERENCE_1(HardSigmoid, fminl(fmaxl(x / 6 + 0.5L, 0), 1))
TENON_TEST_REFERENCE_1(HardSwish, x* fminl(fmaxl(x / 6 + 0.5L, 0), 1))
TENON_TEST_REFERENCE_3(Threshold, x > y ? x : z)
TENON_TEST_REFERENCE_2(HardShrink, fabsl(x) > y ? x : 0)
TENON_TEST_REFERENCE_2(SoftShrink, x > y ? x - y : x < -y ? x + y : 0)
TENON_TEST_REFERENCE_1(Real, x)
TENON_TEST_REFERENCE_1(Imag, 0 * x)
TENON_TEST_REFERENCE_1(Conj, x)
TENON_TEST_REFERENCE_1(Arg, x < 0 ? pi : 0)

TENON_TEST_REFERENCE_1(Tgamma, tgammal(x))
TENON_TEST_REFERENCE_1(Lgamma, lgammal(x))
TENON_TEST_REFERENCE_1(Digamma, digamma(x))
TENON_TEST_REFERENCE_1(Trigamma, trigamma(x))
TENON_TEST_REFERENCE_2(Polygamma, polygamma(whole(x), y))
TENON_TEST_REFERENCE_2(Beta, expl(lgammal(x) + lgammal(y) - lgammal(x + y)))
#if defined(__STDCPP_MATH_SPEC_FUNCS__)
TENON_TEST_REFERENCE_2(CylBesselJ, x >= 0 && y >= 0 ? or_nan([&] { return std::cyl_bessel_jl(x, y); }) : NAN)
TENON_TEST_REFERENCE_2(CylNeumann, x >= 0 && y >= 0 ? or_nan([&] { return std::cyl_neumannl(x, y); }) : NAN)
TENON_TEST_REFERENCE_2(CylBesselI, x >= 0 && y >= 0 ? or_nan([&] { return std::cyl_bessel_il(x, y); }) : NAN)
TENON_TEST_REFERENCE_2(CylBesselK, x >= 0 && y >= 0 ? or_nan([&] { return std::cyl_bessel_kl(x, y); }) : NAN)
TENON_TEST_REFERENCE_2(SphBessel, x >= 0 && y >= 0 ? std::sph_bessell(whole(x), y) : NAN)
TENON_TEST_REFERENCE_2(SphNeumann, x >= 0 && y >= 0 ? std::sph_neumannl(whole(x), y) : NAN)
TENON_TEST_REFERENCE_1(CompEllint1, std::comp_ellint_1l(x))
TENON_TEST_REFERENCE_1(CompEllint2, std::comp_ellint_2l(x))
TENON_TEST_REFERENCE_2(CompEllint3, std::comp_ellint_3l(x, y))
TENON_TEST_REFERENCE_2(Ellint1, std::ellint_1l(x, y))
TENON_TEST_REFERENCE_2(Ellint2, std::ellint_2l(x, y))
TENON_TEST_REFERENCE_3(Ellint3, std::ellint_3l(x, y, z))
TENON_TEST_REFERENCE_2(EllintD, (std::ellint_1l(x, y) - std::ellint_2l(x, y)) / (x * x))
TENON_TEST_REFERENCE_3(SphLegendre,
                       x >= 0 && y >= 0 && whole(y) <= whole(x) ? std::sph_legendrel(whole(x), whole(y), z) : 0)
TENON_TEST_REFERENCE_1(Expint, std::expintl(x))
TENON_TEST_REFERENCE_1(RiemannZeta, std::riemann_zetal(x))
TENON_TEST_REFERENCE_2(Legendre, x >= 0 && y <= 1 ? std::legendrel(whole(x), y) : NAN)
TENON_TEST_REFERENCE_3(AssocLegendre, x >= 0 && y >= 0 && z <= 1 ? std::assoc_legendrel(whole(x), whole(y), z) : NAN)
TENON_TEST_REFERENCE_2(Laguerre, x >= 0 && y >= 0 ? std::laguerrel(whole(x), y) : NAN)
TENON_TEST_REFERENCE_3(AssocLaguerre, x >= 0 && y >= 0 && z >= 0 ? std::assoc_laguerrel(whole(x), whole(y), z) : NAN)
TENON_TEST_REFERENCE_2(Hermite, x >= 0 ? std::hermitel(whole(x), y) : NAN)
#endif

template <class To>
struct Reference<op::Cast<To>> {
  static Real at(Real x) { return x; }
};

#undef TENON_TEST_REFERENCE_1
#undef TENON_TEST_REFERENCE_2
#undef TENON_TEST_REFERENCE_3

}  // namespace tenon::test
