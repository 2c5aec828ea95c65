// tenon/ops/compare.hpp: comparisons and classification; the results are bools, their derivatives zero.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// a == b.
struct Equal : Pointwise<Equal> {
  static constexpr FixedString name{"equal"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Equal"};
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a == b; }
};

/// a != b.
struct NotEqual : Pointwise<NotEqual> {
  static constexpr FixedString name{"not_equal"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a != b; }
};

/// a < b.
struct Less : Pointwise<Less> {
  static constexpr FixedString name{"less"};
  static constexpr FixedString onnx{"Less"};
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a < b; }
};

/// a <= b.
struct LessEqual : Pointwise<LessEqual> {
  static constexpr FixedString name{"less_equal"};
  static constexpr FixedString onnx{"LessOrEqual"};
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a <= b; }
};

/// a > b.
struct Greater : Pointwise<Greater> {
  static constexpr FixedString name{"greater"};
  static constexpr FixedString onnx{"Greater"};
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a > b; }
};

/// a >= b.
struct GreaterEqual : Pointwise<GreaterEqual> {
  static constexpr FixedString name{"greater_equal"};
  static constexpr FixedString onnx{"GreaterOrEqual"};
  static constexpr Typing typing = Typing::comparison;
  TENON_FN static auto value(auto a, auto b) { return a >= b; }
};

/// Whether x, or a part of it, is not a number; false for integers.
struct IsNan : Pointwise<IsNan> {
  static constexpr FixedString name{"isnan"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"IsNaN"};
  static constexpr Typing typing = Typing::comparison;
  template <class V>
  TENON_FN static simd::mask_t<V> value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::isnan(x);
    else if constexpr (is_complex<V>)
      return math::isnan(x.real()) || math::isnan(x.imag());
    else
      return simd::mask_t<V>{};
  }
};

/// Whether x, or a part of it, is infinite; false for integers.
struct IsInf : Pointwise<IsInf> {
  static constexpr FixedString name{"isinf"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"IsInf"};
  static constexpr Typing typing = Typing::comparison;
  template <class V>
  TENON_FN static simd::mask_t<V> value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::isinf(x);
    else if constexpr (is_complex<V>)
      return math::isinf(x.real()) || math::isinf(x.imag());
    else
      return simd::mask_t<V>{};
  }
};

/// Whether x, and each part of it, is neither infinite nor NaN; true for integers.
struct IsFinite : Pointwise<IsFinite> {
  static constexpr FixedString name{"isfinite"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString stablehlo{"is_finite"};
  static constexpr Typing typing = Typing::comparison;
  template <class V>
  TENON_FN static simd::mask_t<V> value(V x) {
    if constexpr (lanewise::floating<V>)
      return math::isfinite(x);
    else if constexpr (is_complex<V>)
      return math::isfinite(x.real()) && math::isfinite(x.imag());
    else
      return x == x;
  }
};

/// |a - b| <= atol + rtol |b|, as numpy.isclose: equal infinities are close, NaN is close to nothing.
struct IsClose : Pointwise<IsClose> {
  static constexpr FixedString name{"isclose"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr int cost = 7;
  template <class V>
  TENON_FN static simd::mask_t<V> value(V a, V b, V rtol, V atol) {
    if constexpr (is_complex<V>) {
      const auto length = [](const V& z) { return math::hypot(z.real(), z.imag()); };
      return a == b || (length(a - b) <= atol.real() + rtol.real() * length(b) && IsFinite::value(b));
    } else {
      const auto near = math::abs(a - b) <= atol + rtol * math::abs(b);
      return simd::mask_t<V>((a == b) | (near & math::isfinite(b)));
    }
  }
};

}  // namespace op

/// a == b.
template <operand A, operand B>
TENON_FN auto equal(A&& a, B&& b) {
  return apply<op::Equal>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a != b.
template <operand A, operand B>
TENON_FN auto not_equal(A&& a, B&& b) {
  return apply<op::NotEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a < b.
template <operand A, operand B>
TENON_FN auto less(A&& a, B&& b) {
  return apply<op::Less>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a <= b.
template <operand A, operand B>
TENON_FN auto less_equal(A&& a, B&& b) {
  return apply<op::LessEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a > b.
template <operand A, operand B>
TENON_FN auto greater(A&& a, B&& b) {
  return apply<op::Greater>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a >= b.
template <operand A, operand B>
TENON_FN auto greater_equal(A&& a, B&& b) {
  return apply<op::GreaterEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// Whether x is NaN.
template <operand X>
TENON_FN auto isnan(X&& x) {
  return apply<op::IsNan>(static_cast<X&&>(x));
}

/// Whether x is infinite.
template <operand X>
TENON_FN auto isinf(X&& x) {
  return apply<op::IsInf>(static_cast<X&&>(x));
}

/// Whether x is neither infinite nor NaN.
template <operand X>
TENON_FN auto isfinite(X&& x) {
  return apply<op::IsFinite>(static_cast<X&&>(x));
}

/// Whether a is near b: |a - b| <= atol + rtol |b|.
template <operand A, operand B, operand Rtol = Literal, operand Atol = Literal>
TENON_FN auto isclose(A&& a, B&& b, Rtol&& rtol = lit(1e-5), Atol&& atol = lit(1e-8)) {
  return apply<op::IsClose>(static_cast<A&&>(a), static_cast<B&&>(b), static_cast<Rtol&&>(rtol),
                            static_cast<Atol&&>(atol));
}

}  // namespace TENON_ABI
}  // namespace tenon
