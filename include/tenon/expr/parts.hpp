// tenon/expr/parts.hpp: frexp and modf, which split numbers in two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [mantissa, exponent] = frexp(x);    // x is mantissa 2^exponent, 1/2 <= |mantissa| < 1
//   auto [fraction, whole] = modf(x);
// Both parts are expressions of x, or numbers if x is one.
#pragma once
#include <tenon/expr/map.hpp>
#include <tenon/ops/representation.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What frexp gives.
template <class M, class E>
struct Frexp {
  M mantissa;
  E exponent;  ///< int
};
/// What modf gives.
template <class F, class W>
struct Modf {
  F fraction;
  W whole;
};

namespace detail {
template <class X>
constexpr auto exponent_of(const X& x) {
  return where(isfinite(x) && x != lit(0), ilogb(x) + 1, 0);
}
template <class X>
constexpr auto frexp_of(const X& x) {
  auto mantissa = ldexp(x, -exponent_of(x));
  auto exponent = exponent_of(x);
  return Frexp<decltype(mantissa), decltype(exponent)>{static_cast<decltype(mantissa)&&>(mantissa),
                                                       static_cast<decltype(exponent)&&>(exponent)};
}
template <class X>
constexpr auto modf_of(const X& x) {
  auto fraction = where(isinf(x), copysign(lit(0), x), frac(x));
  auto whole = trunc(x);
  return Modf<decltype(fraction), decltype(whole)>{static_cast<decltype(fraction)&&>(fraction),
                                                   static_cast<decltype(whole)&&>(whole)};
}
}  // namespace detail

/// x as mantissa 2^exponent with 1/2 <= |mantissa| < 1; 0, infinities and NaN as they are with exponent 0. The
/// derivative of the mantissa is 2^-exponent.
template <operand X>
constexpr auto frexp(X&& x) {
  if constexpr (expression<X>)
    return detail::frexp_of(as_node(static_cast<X&&>(x)));
  else
    return detail::frexp_of(x);
}
/// x as the sum of a whole number and a fraction, both with the sign of x; the derivative is that of the fraction.
template <operand X>
constexpr auto modf(X&& x) {
  if constexpr (expression<X>)
    return detail::modf_of(as_node(static_cast<X&&>(x)));
  else
    return detail::modf_of(x);
}

}  // namespace TENON_ABI
}  // namespace tenon
