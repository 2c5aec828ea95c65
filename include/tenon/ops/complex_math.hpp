// tenon/ops/complex_math.hpp: elementary functions of complex numbers, as the complex type's own library has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Complex numbers are recognised by their members, without <complex>; so whoever has one has included its functions
// (std::exp, thrust::exp). Argument-dependent lookup finds them below, and overload resolution prefers them to the
// template that calls because they name the type.
#pragma once
#include <tenon/base/config.hpp>

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
template <class Z>
TENON_FN Z pow(const Z& z, const Z& w) {
  return pow(z, w);
}

}  // namespace complex_math
}  // namespace TENON_ABI
}  // namespace tenon
