// tenon/ops/complex.hpp: the parts of complex numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any complex type with real() and imag() will do (is_complex); the modulus is `abs`. The derivative rules are those on
// the real axis: these functions have no complex derivative.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// The real part; of a real number itself.
struct Real : Pointwise<Real> {
  static constexpr FixedString name{"real"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr FixedString stablehlo{"real"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static auto value(V z) {
    if constexpr (is_complex<V>)
      return z.real();
    else
      return z;
  }
  TENON_FN static auto partials(auto) { return d(lit(1)); }
};

/// The imaginary part; of a real number 0.
struct Imag : Pointwise<Imag> {
  static constexpr FixedString name{"imag"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr FixedString stablehlo{"imag"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static auto value(V z) {
    if constexpr (is_complex<V>)
      return z.imag();
    else
      return V{};
  }
};

/// The complex conjugate; of a real number itself.
struct Conj : Pointwise<Conj> {
  static constexpr FixedString name{"conj"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V z) {
    if constexpr (is_complex<V>)
      return V(z.real(), -z.imag());
    else
      return z;
  }
  TENON_FN static auto partials(auto) { return d(lit(1)); }
};

/// The angle to the positive real axis, in [-pi, pi]; of a real number 0 or, below zero, pi.
struct Arg : Pointwise<Arg> {
  static constexpr FixedString name{"arg"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 30;
  template <class V>
  TENON_FN static auto value(V z) {
    if constexpr (is_complex<V>)
      return math::atan2(z.imag(), z.real());
    else
      return simd::select(math::signbit(z) & (z == z), lanewise::constant<V>(3.141592653589793), z - z);
  }
};

}  // namespace op

/// The real part.
template <operand Z>
TENON_FN auto real(Z&& z) {
  return apply<op::Real>(static_cast<Z&&>(z));
}

/// The imaginary part.
template <operand Z>
TENON_FN auto imag(Z&& z) {
  return apply<op::Imag>(static_cast<Z&&>(z));
}

/// The complex conjugate.
template <operand Z>
TENON_FN auto conj(Z&& z) {
  return apply<op::Conj>(static_cast<Z&&>(z));
}

/// The angle to the positive real axis.
template <operand Z>
TENON_FN auto arg(Z&& z) {
  return apply<op::Arg>(static_cast<Z&&>(z));
}

}  // namespace TENON_ABI
}  // namespace tenon
