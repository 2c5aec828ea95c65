// tenon/ops/literal.hpp: arithmetic and comparisons of literals with plain numbers and packs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A literal takes the type of the number it meets, so that one derivative rule serves float, double and packs without
// a conversion to double in between:
//   lit(0.5) * 3.0f    // 1.5f
// Two literals give a literal, or a bool when compared.
#pragma once
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Built-in, half and complex numbers and packs: the operands that are their own value. (Enumerations are ruled out
/// first, because comparing two of the library's own would otherwise ask this concept about itself.)
template <class X>
concept number = !__is_enum(X) && (is_arithmetic<X> || simd::is_pack<X>);

TENON_FN Literal operator-(Literal a) { return {-a.value}; }
TENON_FN Literal operator+(Literal a, Literal b) { return {a.value + b.value}; }
TENON_FN Literal operator-(Literal a, Literal b) { return {a.value - b.value}; }
TENON_FN Literal operator*(Literal a, Literal b) { return {a.value * b.value}; }
TENON_FN Literal operator/(Literal a, Literal b) { return {a.value / b.value}; }
TENON_FN bool operator<(Literal a, Literal b) { return a.value < b.value; }
TENON_FN bool operator<=(Literal a, Literal b) { return a.value <= b.value; }
TENON_FN bool operator>(Literal a, Literal b) { return a.value > b.value; }
TENON_FN bool operator>=(Literal a, Literal b) { return a.value >= b.value; }
TENON_FN bool operator==(Literal a, Literal b) { return a.value == b.value; }
TENON_FN bool operator!=(Literal a, Literal b) { return a.value != b.value; }

/// c0 + c1 x + c2 x^2 + ... by Horner's rule, for any value type.
template <class X, class... C>
TENON_FN auto polynomial(const X& x, double c0, C... c) {
  if constexpr (sizeof...(C) == 0)
    return lit(c0);
  else
    return lit(c0) + x * polynomial(x, c...);
}

template <number X>
TENON_FN X operator+(Literal a, X b) {
  return lanewise::add(lanewise::constant<X>(a.value), b);
}
template <number X>
TENON_FN X operator+(X a, Literal b) {
  return lanewise::add(a, lanewise::constant<X>(b.value));
}
template <number X>
TENON_FN X operator-(Literal a, X b) {
  return lanewise::subtract(lanewise::constant<X>(a.value), b);
}
template <number X>
TENON_FN X operator-(X a, Literal b) {
  return lanewise::subtract(a, lanewise::constant<X>(b.value));
}
// A real factor scales a complex number without the products that would turn an infinity into NaN.
template <number X>
TENON_FN X operator*(Literal a, X b) {
  if constexpr (is_complex<X>)
    return X(static_cast<real_t<X>>(a.value) * b.real(), static_cast<real_t<X>>(a.value) * b.imag());
  else
    return lanewise::multiply(lanewise::constant<X>(a.value), b);
}
template <number X>
TENON_FN X operator*(X a, Literal b) {
  return b * a;
}
template <number X>
TENON_FN X operator/(Literal a, X b) {
  if constexpr (lanewise::integral<X>)
    return lanewise::quotient(lanewise::constant<X>(a.value), b);
  else
    return lanewise::constant<X>(a.value) / b;
}
template <number X>
TENON_FN X operator/(X a, Literal b) {
  if constexpr (is_complex<X>)
    return X(a.real() / static_cast<real_t<X>>(b.value), a.imag() / static_cast<real_t<X>>(b.value));
  else if constexpr (lanewise::integral<X>)
    return lanewise::quotient(a, lanewise::constant<X>(b.value));
  else
    return a / lanewise::constant<X>(b.value);
}

template <number X>
TENON_FN simd::mask_t<X> operator<(Literal a, X b) {
  return lanewise::constant<X>(a.value) < b;
}
template <number X>
TENON_FN simd::mask_t<X> operator<(X a, Literal b) {
  return a < lanewise::constant<X>(b.value);
}
template <number X>
TENON_FN simd::mask_t<X> operator<=(Literal a, X b) {
  return lanewise::constant<X>(a.value) <= b;
}
template <number X>
TENON_FN simd::mask_t<X> operator<=(X a, Literal b) {
  return a <= lanewise::constant<X>(b.value);
}
template <number X>
TENON_FN simd::mask_t<X> operator>(Literal a, X b) {
  return lanewise::constant<X>(a.value) > b;
}
template <number X>
TENON_FN simd::mask_t<X> operator>(X a, Literal b) {
  return a > lanewise::constant<X>(b.value);
}
template <number X>
TENON_FN simd::mask_t<X> operator>=(Literal a, X b) {
  return lanewise::constant<X>(a.value) >= b;
}
template <number X>
TENON_FN simd::mask_t<X> operator>=(X a, Literal b) {
  return a >= lanewise::constant<X>(b.value);
}
template <number X>
TENON_FN simd::mask_t<X> operator==(Literal a, X b) {
  return lanewise::constant<X>(a.value) == b;
}
template <number X>
TENON_FN simd::mask_t<X> operator==(X a, Literal b) {
  return a == lanewise::constant<X>(b.value);
}
template <number X>
TENON_FN simd::mask_t<X> operator!=(Literal a, X b) {
  return lanewise::constant<X>(a.value) != b;
}
template <number X>
TENON_FN simd::mask_t<X> operator!=(X a, Literal b) {
  return a != lanewise::constant<X>(b.value);
}

}  // namespace TENON_ABI
}  // namespace tenon
