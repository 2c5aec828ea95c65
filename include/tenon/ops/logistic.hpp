// tenon/ops/logistic.hpp: the logistic function, its inverse, and sums in the logarithmic domain.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/math/math.hpp>
#include <tenon/ops/complex_math.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/hyperbolic.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto sigmoid(X&& x);

namespace op {

/// 1/(1 + e^-x); derivative y (1 - y), where 1 - y is e^-x y for positive x (it has no digits left in float from x = 17
/// otherwise). The exponential is the one that the value is made of, which compilers see.
struct Sigmoid : Pointwise<Sigmoid> {
  static constexpr FixedString name{"sigmoid"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Sigmoid"};
  static constexpr FixedString stablehlo{"logistic"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::sigmoid(x);
    else
      return math::sigmoid(x);
  }
  template <class Y, class X>
  TENON_FN static auto partials_with_output(const Y& y, const X& x) requires(!is_complex<base_t<X>>) {
    const auto negative = x < lit(0);
    return d(y * where(negative, lit(1) - y, exp(where(negative, x, -x)) * y));
  }
  TENON_FN static auto partials(auto x) { return d(sigmoid(x) * sigmoid(-x)); }
};

/// log(sigmoid(x)) = -softplus(-x); derivative sigmoid(-x).
struct LogSigmoid : Pointwise<LogSigmoid> {
  static constexpr FixedString name{"log_sigmoid"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 26;
  TENON_FN static auto value(auto x) { return -math::softplus(-x); }
  TENON_FN static auto partials(auto x) { return d(sigmoid(-x)); }
};

/// log(1 + e^x) without overflow; derivative sigmoid(x).
struct Softplus : Pointwise<Softplus> {
  static constexpr FixedString name{"softplus"};
  static constexpr FixedString onnx{"Softplus"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 26;
  TENON_FN static auto value(auto x) { return math::softplus(x); }
  TENON_FN static auto partials(auto x) { return d(sigmoid(x)); }
};

/// log(e^a + e^b) without overflow; derivatives sigmoid(a - b), sigmoid(b - a).
struct LogAddExp : Pointwise<LogAddExp> {
  static constexpr FixedString name{"logaddexp"};
  static constexpr Domain domain{0, 20, 0, 20};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 28;
  template <class V>
  TENON_FN static V value(V a, V b) {
    const V top = math::max(a, b);
    // Equal infinities leave no gap to speak of.
    return top + math::kernel::softplus_of_negative(V(simd::select(a == b, V{}, math::abs(a - b))));
  }
  TENON_FN static auto partials(auto a, auto b) {
    // NaN for equal infinities, which share alike. One exponential and one division for both; no abs(), whose
    // derivative at 0 would make that of the derivatives wrong.
    const auto gap = where(a - b == a - b, a - b, lit(0));
    const auto smaller = exp(where(gap > lit(0), -gap, gap));
    const auto of_larger = lit(1) / (lit(1) + smaller), of_smaller = smaller * of_larger;
    return d(where(gap > lit(0), of_larger, of_smaller), where(gap > lit(0), of_smaller, of_larger));
  }
};

/// log(p / (1 - p)), the inverse of sigmoid; derivative 1/(p (1 - p)).
struct Logit : Pointwise<Logit> {
  static constexpr FixedString name{"logit"};
  static constexpr Domain domain{0.001, 0.999};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 30;
  template <class V>
  TENON_FN static V value(V p) {
    // Away from 1/2 the quotient is far from 1 and log is accurate; near it log1p is, until its argument nears -1.
    const V odds = p / (lit(1) - p);
    const V near = math::log1p((lit(2) * p - lit(1)) / (lit(1) - p));
    return simd::select(math::abs(p - lit(0.5)) < lit(0.1875), near, math::log(odds));
  }
  TENON_FN static auto partials(auto p) { return d(lit(1) / (p * (lit(1) - p))); }
};

}  // namespace op

/// 1/(1 + e^-x).
template <operand X>
TENON_FN auto sigmoid(X&& x) {
  return apply<op::Sigmoid>(static_cast<X&&>(x));
}

/// log(sigmoid(x)).
template <operand X>
TENON_FN auto log_sigmoid(X&& x) {
  return apply<op::LogSigmoid>(static_cast<X&&>(x));
}

/// log(1 + e^x).
template <operand X>
TENON_FN auto softplus(X&& x) {
  return apply<op::Softplus>(static_cast<X&&>(x));
}

/// log(e^a + e^b).
template <operand A, operand B>
TENON_FN auto logaddexp(A&& a, B&& b) {
  return apply<op::LogAddExp>(static_cast<A&&>(a), static_cast<B&&>(b));
}

/// log(p / (1 - p)).
template <operand P>
TENON_FN auto logit(P&& p) {
  return apply<op::Logit>(static_cast<P&&>(p));
}

}  // namespace TENON_ABI
}  // namespace tenon
