// tenon/ops/complex_math.hpp: elementary functions of complex numbers, as the complex type's own library has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What it lacks (expm1, log2, sigmoid, ...) is made here of real functions and of what it has; errors are a few units
// in the last place of the modulus. Complex numbers are recognised by their members, without <complex>; so whoever has
// one has included its functions (std::exp, thrust::exp). Argument-dependent lookup finds them below, and overload
// resolution prefers them to the template that calls because they name the type.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>
#include <tenon/math/math.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace complex_math {

template <class Z>
TENON_FN Z exp(const Z& z) {
  return exp(z);
}
template <class Z>
TENON_FN Z log(const Z& z) {
  return log(z);
}
template <class Z>
TENON_FN Z sqrt(const Z& z) {
  return sqrt(z);
}
template <class Z>
TENON_FN Z sin(const Z& z) {
  return sin(z);
}
template <class Z>
TENON_FN Z cos(const Z& z) {
  return cos(z);
}
template <class Z>
TENON_FN Z tan(const Z& z) {
  return tan(z);
}
template <class Z>
TENON_FN Z asin(const Z& z) {
  return asin(z);
}
template <class Z>
TENON_FN Z acos(const Z& z) {
  return acos(z);
}
template <class Z>
TENON_FN Z atan(const Z& z) {
  return atan(z);
}
template <class Z>
TENON_FN Z sinh(const Z& z) {
  return sinh(z);
}
template <class Z>
TENON_FN Z cosh(const Z& z) {
  return cosh(z);
}
template <class Z>
TENON_FN Z tanh(const Z& z) {
  return tanh(z);
}
template <class Z>
TENON_FN Z asinh(const Z& z) {
  return asinh(z);
}
template <class Z>
TENON_FN Z acosh(const Z& z) {
  return acosh(z);
}
template <class Z>
TENON_FN Z atanh(const Z& z) {
  return atanh(z);
}
/// f z, without the products that would turn an infinity into NaN.
template <class Z>
TENON_FN Z scaled(real_t<Z> f, const Z& z) {
  return Z(f * z.real(), f * z.imag());
}
/// r (cos t + i sin t), real for t = 0.
template <class Z>
TENON_FN Z polar_form(real_t<Z> r, real_t<Z> t) {
  return t == 0 ? Z(r, t) : Z(r * math::cos(t), r * math::sin(t));
}
/// z^w; exact products for whole w up to 100, 1 for w = 0, whatever z is.
template <class Z>
TENON_FN Z pow(const Z& z, const Z& w) {
  using R = real_t<Z>;
  const R n = w.real();
  if (w.imag() == 0 && n == math::rint(n) && n >= -100 && n <= 100) {
    Z r(1, 0), square = z;
    for (int k = static_cast<int>(n < 0 ? -n : n); k > 0; k /= 2) {
      if (k % 2) r = r * square;
      if (k > 1) square = square * square;
    }
    return n < 0 ? Z(1, 0) / r : r;
  }
  return pow(z, w);
}
template <class Z>
TENON_FN Z exp2(const Z& z) {
  return polar_form<Z>(math::exp2(z.real()), static_cast<real_t<Z>>(0.6931471805599453) * z.imag());
}
template <class Z>
TENON_FN Z exp10(const Z& z) {
  return polar_form<Z>(math::exp10(z.real()), static_cast<real_t<Z>>(2.302585092994046) * z.imag());
}
template <class Z>
TENON_FN Z expm1(const Z& z) {
  using R = real_t<Z>;
  const R half_sine = math::sin(static_cast<R>(0.5) * z.imag());
  const R real = math::expm1(z.real()) * math::cos(z.imag()) - 2 * half_sine * half_sine;
  return z.imag() == 0 ? Z(math::expm1(z.real()), z.imag()) : Z(real, math::exp(z.real()) * math::sin(z.imag()));
}
template <class Z>
TENON_FN Z log2(const Z& z) {
  return scaled(static_cast<real_t<Z>>(1.4426950408889634), complex_math::log(z));
}
template <class Z>
TENON_FN Z log10(const Z& z) {
  return scaled(static_cast<real_t<Z>>(0.4342944819032518), complex_math::log(z));
}
/// log(1 + z): near 0 by |1 + z|^2 - 1 = x (2 + x) + y^2.
template <class Z>
TENON_FN Z log1p(const Z& z) {
  using R = real_t<Z>;
  const R x = z.real(), y = z.imag();
  if (math::abs(x) > static_cast<R>(0.5) || math::abs(y) > static_cast<R>(0.5)) return complex_math::log(Z(1 + x, y));
  return Z(static_cast<R>(0.5) * math::log1p(x * (2 + x) + y * y), math::atan2(y, 1 + x));
}
template <class Z>
TENON_FN Z rsqrt(const Z& z) {
  return Z(1, 0) / complex_math::sqrt(z);
}
/// sin(pi z), as exact at the zeros of its parts as the real function.
template <class Z>
TENON_FN Z sinpi(const Z& z) {
  using R = real_t<Z>;
  constexpr R pi = static_cast<R>(3.141592653589793), half = static_cast<R>(0.5);
  const R n = math::rint(z.real()), r = z.real() - n, y = pi * z.imag();
  const R sign = half * n == math::floor(half * n) ? R(1) : R(-1);
  const R c = math::abs(r) == half ? R(0) : math::cos(pi * r);
  return Z(sign * math::sin(pi * r) * math::cosh(y), sign * c * math::sinh(y));
}
/// cos(pi z), likewise.
template <class Z>
TENON_FN Z cospi(const Z& z) {
  using R = real_t<Z>;
  constexpr R pi = static_cast<R>(3.141592653589793), half = static_cast<R>(0.5);
  const R n = math::rint(z.real()), r = z.real() - n, y = pi * z.imag();
  const R sign = half * n == math::floor(half * n) ? R(1) : R(-1);
  const R c = math::abs(r) == half ? R(0) : math::cos(pi * r);
  return Z(sign * c * math::cosh(y), -sign * math::sin(pi * r) * math::sinh(y));
}
template <class Z>
TENON_FN Z sigmoid(const Z& z) {
  const Z one(1, 0);
  if (z.real() >= 0) return one / (one + complex_math::exp(-z));
  const Z e = complex_math::exp(z);
  return e / (one + e);
}
/// z/|z|, and z itself for 0.
template <class Z>
TENON_FN Z sign(const Z& z) {
  const auto r = math::hypot(z.real(), z.imag());
  return r == 0 ? z : Z(z.real() / r, z.imag() / r);
}

}  // namespace complex_math
}  // namespace TENON_ABI
}  // namespace tenon
