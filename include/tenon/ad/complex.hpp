// tenon/ad/complex.hpp: std::complex of dual and rev numbers next to real numbers. Included by name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   std::complex<T> z(re, im);
//   auto w = exp(z * 2.0) / (re * im);      // T: dual<double> or rev<double>
// The functions of std::complex are templates of the standard library, which run on these numbers as they are; what it
// lacks is arithmetic with numbers of another type.
#pragma once
#include <complex>

#include <tenon/ad/limits.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ops/catalogue.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
// A number that meets a complex<T> without being a T.
template <class S, class T>
concept beside_complex = (is_dual<T> || is_rev<T>)&&!__is_same(S, T) && (is_real<S> || is_pending<S>);
}  // namespace detail

template <class T, detail::beside_complex<T> S>
std::complex<T> operator+(const std::complex<T>& z, const S& x) {
  return z + T(x);
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator+(const S& x, const std::complex<T>& z) {
  return T(x) + z;
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator-(const std::complex<T>& z, const S& x) {
  return z - T(x);
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator-(const S& x, const std::complex<T>& z) {
  return T(x) - z;
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator*(const std::complex<T>& z, const S& x) {
  return z * T(x);
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator*(const S& x, const std::complex<T>& z) {
  return T(x) * z;
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator/(const std::complex<T>& z, const S& x) {
  return z / T(x);
}
template <class T, detail::beside_complex<T> S>
std::complex<T> operator/(const S& x, const std::complex<T>& z) {
  return T(x) / z;
}

}  // namespace TENON_ABI
}  // namespace tenon
