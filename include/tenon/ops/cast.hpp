// tenon/ops/cast.hpp: conversion to another element type.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Floating to integer rounds towards zero; out of range gives the nearest integer and NaN gives 0, so no conversion is
// undefined. Integer to narrower integer wraps. To bool is "not zero" (NaN is true).
//   cast<signed char>(300.0f)    // 127
#pragma once
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

namespace detail {
constexpr int length(const char* text) {
  int n = 0;
  while (text[n] != 0) ++n;
  return n;
}
template <class To>
constexpr auto cast_name() {
  FixedString<5 + length(dtype_name<To>())> name;
  for (int i = 0; i < 5; ++i) name.chars[i] = "cast_"[i];
  for (int i = 5; i < name.size(); ++i) name.chars[i] = dtype_name<To>()[i - 5];
  return name;
}
}  // namespace detail

/// x as a To; derivative 1 where To is floating. A pack stays in the type that To is computed in (float for bfloat16,
/// rounded to its values), and a pack of bools is a mask: convert one with select(mask, 1, 0).
template <class To>
struct Cast : Pointwise<Cast<To>> {
  static_assert(is_arithmetic<To>, "tenon: cast needs a built-in element type");
  using result_type = To;
  static constexpr auto name = detail::cast_name<To>();
  static constexpr FixedString stablehlo{"convert"};
  static constexpr Typing typing = Typing::same;
  static constexpr OnComplex on_complex = is_complex<To> || is_bool<To> ? OnComplex::analytic : OnComplex::values;
  template <class V>
  TENON_FN static auto value(V x) {
    using From = simd::lane_t<V>;
    if constexpr (__is_same(From, To))
      return x;
    else if constexpr (is_bool<To>)
      return x != V{};
    else if constexpr (is_complex<From>)
      return value_from_complex(x);
    else if constexpr (is_complex<To>)
      return To(static_cast<real_t<To>>(x), real_t<To>(0));
    else if constexpr (is_floating<From> && is_integer<To>)
      return lanewise::to_integer<To>(x);
    else if constexpr (__is_same(compute_t<To>, To))
      return simd::convert<To>(x);
    else if constexpr (!simd::is_pack<V>)
      return To(x);
    else
      return round_lanes(x);
  }
  TENON_FN static auto partials(auto) requires(is_floating<To> || is_complex<To>) { return d(lit(1)); }

 private:
  template <class Z>
  TENON_FN static auto value_from_complex(Z z) {
    if constexpr (is_complex<To>)
      return To(static_cast<real_t<To>>(z.real()), static_cast<real_t<To>>(z.imag()));
    else
      return value(z.real());
  }
  template <class V>
  TENON_FN static auto round_lanes(V x) {
    auto r = simd::convert<float>(x);
    for (int i = 0; i < simd::lanes<V>; ++i) r[i] = static_cast<float>(To(simd::lane_t<V>(x[i])));
    return r;
  }
};

}  // namespace op

/// x as a To.
template <class To, operand X>
TENON_FN auto cast(X&& x) {
  return apply<op::Cast<To>>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
