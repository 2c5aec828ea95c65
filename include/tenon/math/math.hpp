// tenon/math/math.hpp: elementary functions over float, double and packs of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First version: lane by lane through the compiler's builtins, to fix the names.
#pragma once
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {

namespace detail {
template <class V, class F>
TENON_FN V per_lane(V x, F f) {
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i) x[i] = f(simd::lane_t<V>(x[i]));
    return x;
  } else {
    return f(x);
  }
}
template <class V, class F>
TENON_FN V per_lane(V x, V y, F f) {
  if constexpr (simd::is_pack<V>) {
    for (int i = 0; i < simd::lanes<V>; ++i) x[i] = f(simd::lane_t<V>(x[i]), simd::lane_t<V>(y[i]));
    return x;
  } else {
    return f(x, y);
  }
}
}  // namespace detail

template <class V>
TENON_FN V sqrt(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_sqrtf(float(a)) : __builtin_sqrt(a)); });
}
template <class V>
TENON_FN V cbrt(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_cbrtf(float(a)) : __builtin_cbrt(a)); });
}
template <class V>
TENON_FN V exp(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_expf(float(a)) : __builtin_exp(a)); });
}
template <class V>
TENON_FN V exp2(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_exp2f(float(a)) : __builtin_exp2(a)); });
}
template <class V>
TENON_FN V exp10(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_exp10f(float(a)) : __builtin_exp10(a)); });
}
template <class V>
TENON_FN V expm1(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_expm1f(float(a)) : __builtin_expm1(a)); });
}
template <class V>
TENON_FN V log(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_logf(float(a)) : __builtin_log(a)); });
}
template <class V>
TENON_FN V log2(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_log2f(float(a)) : __builtin_log2(a)); });
}
template <class V>
TENON_FN V log10(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_log10f(float(a)) : __builtin_log10(a)); });
}
template <class V>
TENON_FN V log1p(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_log1pf(float(a)) : __builtin_log1p(a)); });
}
template <class V>
TENON_FN V sin(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_sinf(float(a)) : __builtin_sin(a)); });
}
template <class V>
TENON_FN V cos(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_cosf(float(a)) : __builtin_cos(a)); });
}
template <class V>
TENON_FN V tan(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_tanf(float(a)) : __builtin_tan(a)); });
}
template <class V>
TENON_FN V asin(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_asinf(float(a)) : __builtin_asin(a)); });
}
template <class V>
TENON_FN V acos(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_acosf(float(a)) : __builtin_acos(a)); });
}
template <class V>
TENON_FN V atan(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_atanf(float(a)) : __builtin_atan(a)); });
}
template <class V>
TENON_FN V sinh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_sinhf(float(a)) : __builtin_sinh(a)); });
}
template <class V>
TENON_FN V cosh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_coshf(float(a)) : __builtin_cosh(a)); });
}
template <class V>
TENON_FN V tanh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_tanhf(float(a)) : __builtin_tanh(a)); });
}
template <class V>
TENON_FN V asinh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_asinhf(float(a)) : __builtin_asinh(a)); });
}
template <class V>
TENON_FN V acosh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_acoshf(float(a)) : __builtin_acosh(a)); });
}
template <class V>
TENON_FN V atanh(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_atanhf(float(a)) : __builtin_atanh(a)); });
}
template <class V>
TENON_FN V erf(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_erff(float(a)) : __builtin_erf(a)); });
}
template <class V>
TENON_FN V erfc(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_erfcf(float(a)) : __builtin_erfc(a)); });
}
template <class V>
TENON_FN V floor(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_floorf(float(a)) : __builtin_floor(a)); });
}
template <class V>
TENON_FN V ceil(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_ceilf(float(a)) : __builtin_ceil(a)); });
}
template <class V>
TENON_FN V trunc(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_truncf(float(a)) : __builtin_trunc(a)); });
}
template <class V>
TENON_FN V round(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_roundf(float(a)) : __builtin_round(a)); });
}
template <class V>
TENON_FN V rint(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_rintf(float(a)) : __builtin_rint(a)); });
}
template <class V>
TENON_FN V tgamma(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_tgammaf(float(a)) : __builtin_tgamma(a)); });
}
template <class V>
TENON_FN V lgamma(V x) {
  return detail::per_lane(
      x, [](auto a) { return decltype(a)(sizeof(a) == 4 ? __builtin_lgammaf(float(a)) : __builtin_lgamma(a)); });
}
template <class V>
TENON_FN V pow(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_powf(float(a), float(b)) : __builtin_pow(a, b));
  });
}
template <class V>
TENON_FN V hypot(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_hypotf(float(a), float(b)) : __builtin_hypot(a, b));
  });
}
template <class V>
TENON_FN V atan2(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_atan2f(float(a), float(b)) : __builtin_atan2(a, b));
  });
}
template <class V>
TENON_FN V copysign(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_copysignf(float(a), float(b)) : __builtin_copysign(a, b));
  });
}
template <class V>
TENON_FN V fmin(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_fminf(float(a), float(b)) : __builtin_fmin(a, b));
  });
}
template <class V>
TENON_FN V fmax(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_fmaxf(float(a), float(b)) : __builtin_fmax(a, b));
  });
}
template <class V>
TENON_FN V fmod(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_fmodf(float(a), float(b)) : __builtin_fmod(a, b));
  });
}
template <class V>
TENON_FN V remainder(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_remainderf(float(a), float(b)) : __builtin_remainder(a, b));
  });
}
template <class V>
TENON_FN V nextafter(V x, V y) {
  return detail::per_lane(x, y, [](auto a, auto b) {
    return decltype(a)(sizeof(a) == 4 ? __builtin_nextafterf(float(a), float(b)) : __builtin_nextafter(a, b));
  });
}

template <class V>
TENON_FN V abs(V x) {
  return simd::select(x < V{}, V(-x), x);
}
template <class V>
TENON_FN V rsqrt(V x) {
  return 1 / sqrt(x);
}
template <class V>
TENON_FN V sigmoid(V x) {
  return 1 / (1 + exp(-x));
}
template <class V>
TENON_FN V softplus(V x) {
  return log1p(exp(x));
}
/// a * b + c.
template <class V>
TENON_FN V fma(V a, V b, V c) {
  return a * b + c;
}
/// The smaller; NaN if either is.
template <class V>
TENON_FN V min(V a, V b) {
  return simd::select((a < b) | (a != a), a, b);
}
/// The larger; NaN if either is.
template <class V>
TENON_FN V max(V a, V b) {
  return simd::select((a > b) | (a != a), a, b);
}
/// x * 2^n; n is int for a scalar, an integer pack for a pack.
template <class V, class N>
TENON_FN V ldexp(V x, N n) {
  if constexpr (simd::is_pack<V>)
    return x * exp2(simd::convert<simd::lane_t<V>>(n));
  else
    return x * exp2(V(n));
}
template <class V>
TENON_FN auto isnan(V x) {
  return x != x;
}
template <class V>
TENON_FN auto isinf(V x) {
  return abs(x) >
         simd::broadcast<V>(sizeof(simd::lane_t<V>) == 4 ? simd::lane_t<V>(__FLT_MAX__) : simd::lane_t<V>(__DBL_MAX__));
}
template <class V>
TENON_FN auto isfinite(V x) {
  return abs(x) <=
         simd::broadcast<V>(sizeof(simd::lane_t<V>) == 4 ? simd::lane_t<V>(__FLT_MAX__) : simd::lane_t<V>(__DBL_MAX__));
}
template <class V>
TENON_FN auto signbit(V x) {
  using I = simd::rebind_t<V, simd::int_of<sizeof(simd::lane_t<V>)>>;
  return simd::bitcast<I>(x) < I{};
}

}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
