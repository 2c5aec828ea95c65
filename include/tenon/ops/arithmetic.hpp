// tenon/ops/arithmetic.hpp: sums, products, signs and lengths.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integer sums, differences, products, negation and absolute values wrap: nothing here is undefined.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/complex_math.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto sign(X&& x);
template <operand X, operand Y>
TENON_FN auto copysign(X&& x, Y&& y);

namespace op {

/// a + b; derivatives 1, 1.
struct Add : Pointwise<Add> {
  static constexpr FixedString name{"add"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Add"};
  static constexpr FixedString stablehlo{"add"};
  static constexpr Typing typing = Typing::numeric;
  TENON_FN static auto value(auto a, auto b) { return lanewise::add(a, b); }
  TENON_FN static auto partials(auto, auto) { return d(lit(1), lit(1)); }
};

/// a - b; derivatives 1, -1.
struct Subtract : Pointwise<Subtract> {
  static constexpr FixedString name{"subtract"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Sub"};
  static constexpr FixedString stablehlo{"subtract"};
  static constexpr Typing typing = Typing::numeric;
  TENON_FN static auto value(auto a, auto b) { return lanewise::subtract(a, b); }
  TENON_FN static auto partials(auto, auto) { return d(lit(1), lit(-1)); }
};

/// a * b; derivatives b, a.
struct Multiply : Pointwise<Multiply> {
  static constexpr FixedString name{"multiply"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Mul"};
  static constexpr FixedString stablehlo{"multiply"};
  static constexpr Typing typing = Typing::numeric;
  TENON_FN static auto value(auto a, auto b) { return lanewise::multiply(a, b); }
  TENON_FN static auto partials(auto a, auto b) { return d(b, a); }
};

/// -x.
struct Negate : Pointwise<Negate> {
  static constexpr FixedString name{"negate"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Neg"};
  static constexpr FixedString stablehlo{"negate"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  TENON_FN static auto value(auto x) { return lanewise::negate(x); }
  TENON_FN static auto partials(auto) { return d(lit(-1)); }
};

/// x.
struct Positive : Pointwise<Positive> {
  static constexpr FixedString name{"positive"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Identity"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  TENON_FN static auto value(auto x) { return x; }
  TENON_FN static auto partials(auto) { return d(lit(1)); }
};

/// |x|, for complex numbers the real modulus; derivative sign(x), 0 at 0. The lowest integer is its own absolute value.
struct Abs : Pointwise<Abs> {
  static constexpr FixedString name{"abs"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr FixedString onnx{"Abs"};
  static constexpr FixedString stablehlo{"abs"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return math::hypot(x.real(), x.imag());
    else if constexpr (lanewise::integral<V>)
      return simd::select(x < V{}, lanewise::negate(x), x);
    else
      return math::abs(x);
  }
  TENON_FN static auto partials(auto x) { return d(sign(x)); }
};

/// -1, 0 or 1; x itself for zeros and NaN; derivative zero. Of complex numbers z/|z|, which has no derivative.
struct Sign : Pointwise<Sign> {
  static constexpr FixedString name{"sign"};
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr FixedString onnx{"Sign"};
  static constexpr FixedString stablehlo{"sign"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 3;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>) {
      return complex_math::sign(x);
    } else {
      const V one = lanewise::constant<V>(1);
      return simd::select(x > V{}, one, simd::select(x < V{}, lanewise::negate(one), x));
    }
  }
};

/// x * x; derivative 2x.
struct Square : Pointwise<Square> {
  static constexpr FixedString name{"square"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Typing typing = Typing::numeric;
  TENON_FN static auto value(auto x) { return lanewise::multiply(x, x); }
  TENON_FN static auto partials(auto x) { return d(lit(2) * x); }
};

/// a * b + c rounded once; derivatives b, a, 1.
struct Fma : Pointwise<Fma> {
  static constexpr FixedString name{"fma"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Typing typing = Typing::numeric;
  template <class V>
  TENON_FN static V value(V a, V b, V c) {
    if constexpr (lanewise::floating<V>)
      return math::fma_once(a, b, c);
    else
      return lanewise::add(lanewise::multiply(a, b), c);
  }
  TENON_FN static auto partials(auto a, auto b, auto) { return d(b, a, lit(1)); }
};

/// The length of (x, y), without overflow in between; derivatives x/h, y/h, both 0 at the origin.
struct Hypot : Pointwise<Hypot> {
  static constexpr FixedString name{"hypot"};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 12;
  TENON_FN static auto value(auto x, auto y) { return math::hypot(x, y); }
  TENON_FN static auto partials_with_output(auto h, auto x, auto y) {
    const auto length = where(h == lit(0), lit(1), h);
    return d(x / length, y / length);
  }
};

/// The magnitude of x with the sign of y; derivative +-1 for x (0 at 0), zero for y.
struct Copysign : Pointwise<Copysign> {
  static constexpr FixedString name{"copysign"};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 3;
  TENON_FN static auto value(auto x, auto y) { return math::copysign(x, y); }
  TENON_FN static auto partials(auto x, auto y) { return d(sign(x) * copysign(lit(1), y), NoPartial{}); }
};

/// a + t (b - a), exactly a for t = 0 and b for t = 1; derivatives 1 - t, t, b - a.
struct Lerp : Pointwise<Lerp> {
  static constexpr FixedString name{"lerp"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{0, 10, 10, 20};
  static constexpr Claim claim{4, 4};
  static constexpr int cost = 5;
  template <class V>
  TENON_FN static V value(V a, V b, V t) {
    const V span = b - a;
    if constexpr (is_complex<V>)
      return math::hypot(t.real(), t.imag()) < 0.5f ? a + t * span : b + (t - lit(1)) * span;
    else
      return simd::select(t < lit(0.5), math::fma(t, span, a), math::fma(t - lit(1), span, b));
  }
  TENON_FN static auto partials(auto a, auto b, auto t) { return d(lit(1) - t, t, b - a); }
};

}  // namespace op

/// a + b.
template <operand A, operand B>
TENON_FN auto add(A&& a, B&& b) {
  return apply<op::Add>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a - b.
template <operand A, operand B>
TENON_FN auto subtract(A&& a, B&& b) {
  return apply<op::Subtract>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// a * b.
template <operand A, operand B>
TENON_FN auto multiply(A&& a, B&& b) {
  return apply<op::Multiply>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// -x.
template <operand X>
TENON_FN auto negate(X&& x) {
  return apply<op::Negate>(static_cast<X&&>(x));
}

/// x.
template <operand X>
TENON_FN auto positive(X&& x) {
  return apply<op::Positive>(static_cast<X&&>(x));
}

/// |x|; for complex numbers the modulus.
template <operand X>
TENON_FN auto abs(X&& x) {
  return apply<op::Abs>(static_cast<X&&>(x));
}

/// -1, 0 or 1; for complex numbers z/|z|.
template <operand X>
TENON_FN auto sign(X&& x) {
  return apply<op::Sign>(static_cast<X&&>(x));
}

/// x * x.
template <operand X>
TENON_FN auto square(X&& x) {
  return apply<op::Square>(static_cast<X&&>(x));
}

/// a * b + c, rounded once.
template <operand A, operand B, operand C>
TENON_FN auto fma(A&& a, B&& b, C&& c) {
  return apply<op::Fma>(static_cast<A&&>(a), static_cast<B&&>(b), static_cast<C&&>(c));
}

/// sqrt(x^2 + y^2) without overflow.
template <operand X, operand Y>
TENON_FN auto hypot(X&& x, Y&& y) {
  return apply<op::Hypot>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

/// |x| with the sign of y.
template <operand X, operand Y>
TENON_FN auto copysign(X&& x, Y&& y) {
  return apply<op::Copysign>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

/// a + t (b - a).
template <operand A, operand B, operand T>
TENON_FN auto lerp(A&& a, B&& b, T&& t) {
  return apply<op::Lerp>(static_cast<A&&>(a), static_cast<B&&>(b), static_cast<T&&>(t));
}

}  // namespace TENON_ABI
}  // namespace tenon
