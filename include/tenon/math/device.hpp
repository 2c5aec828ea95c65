// tenon/math/device.hpp: the CUDA library's scalar functions, which math:: uses in device code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function of math/ begins with `if (device::active()) return device::f(x);`. In device code that is CUDA's own f,
// with the accuracy that the CUDA C++ Programming Guide states; on the host and in constant evaluation the test is
// constant and false, and the functions here are never reached.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {
namespace device {

/// Whether the call runs on a GPU.
TENON_FN bool active() {
#if defined(__CUDA_ARCH__)
  return !__builtin_is_constant_evaluated();
#else
  return false;
#endif
}

// Each line of the list below declares one function of one or two arguments.
#if defined(__CUDA_ARCH__)
#define TENON_DEVICE_1(name)                                              \
  __device__ __forceinline__ float name(float x) { return ::name##f(x); } \
  __device__ __forceinline__ double name(double x) { return ::name(x); }
#define TENON_DEVICE_2(name)                                                          \
  __device__ __forceinline__ float name(float x, float y) { return ::name##f(x, y); } \
  __device__ __forceinline__ double name(double x, double y) { return ::name(x, y); }
#else
#define TENON_DEVICE_1(name) \
  template <class V>         \
  TENON_FN V name(V x) {     \
    return x;                \
  }
#define TENON_DEVICE_2(name) \
  template <class V>         \
  TENON_FN V name(V x, V) {  \
    return x;                \
  }
#endif
TENON_DEVICE_1(acos)
TENON_DEVICE_1(acosh)
TENON_DEVICE_1(asin)
TENON_DEVICE_1(asinh)
TENON_DEVICE_1(atan)
TENON_DEVICE_1(atanh)
TENON_DEVICE_1(cbrt)
TENON_DEVICE_1(ceil)
TENON_DEVICE_1(cos)
TENON_DEVICE_1(cosh)
TENON_DEVICE_1(erf)
TENON_DEVICE_1(erfc)
TENON_DEVICE_1(erfinv)
TENON_DEVICE_1(exp)
TENON_DEVICE_1(exp10)
TENON_DEVICE_1(exp2)
TENON_DEVICE_1(expm1)
TENON_DEVICE_1(floor)
TENON_DEVICE_1(lgamma)
TENON_DEVICE_1(log)
TENON_DEVICE_1(log10)
TENON_DEVICE_1(log1p)
TENON_DEVICE_1(log2)
TENON_DEVICE_1(rint)
TENON_DEVICE_1(round)
TENON_DEVICE_1(rsqrt)
TENON_DEVICE_1(sin)
TENON_DEVICE_1(sinh)
TENON_DEVICE_1(sqrt)
TENON_DEVICE_1(tan)
TENON_DEVICE_1(tanh)
TENON_DEVICE_1(tgamma)
TENON_DEVICE_1(trunc)
TENON_DEVICE_2(atan2)
TENON_DEVICE_2(fmod)
TENON_DEVICE_2(hypot)
TENON_DEVICE_2(nextafter)
TENON_DEVICE_2(pow)
TENON_DEVICE_2(remainder)
#undef TENON_DEVICE_1
#undef TENON_DEVICE_2

}  // namespace device
}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
