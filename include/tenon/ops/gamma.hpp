// tenon/ops/gamma.hpp: the gamma function and its relatives, for positive and most negative numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// They are computed lane by lane. All have derivatives of any order.
#pragma once
#include <tenon/base/element.hpp>
#include <tenon/math/special.hpp>
#include <tenon/math/zeta.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto digamma(X&& x);
template <operand X>
TENON_FN auto trigamma(X&& x);
template <operand N, operand X>
TENON_FN auto polygamma(N&& n, X&& x);

namespace op {

/// The gamma function; derivative gamma(x) digamma(x).
struct Tgamma : Pointwise<Tgamma> {
  static constexpr FixedString name{"tgamma"};
  static constexpr Domain domain{0.1, 20};
  static constexpr Claim claim{1, 8};
  static constexpr int cost = 200;
  TENON_FN static auto value(auto x) { return math::tgamma(x); }
  TENON_FN static auto partials_with_output(auto y, auto x) { return d(y * digamma(x)); }
};

/// log |gamma(x)|; derivative digamma(x).
struct Lgamma : Pointwise<Lgamma> {
  static constexpr FixedString name{"lgamma"};
  static constexpr Domain domain{2.5, 1000};
  static constexpr Claim claim{1, 4};
  static constexpr int cost = 200;
  TENON_FN static auto value(auto x) { return math::lgamma(x); }
  TENON_FN static auto partials(auto x) { return d(digamma(x)); }
};

/// The derivative of lgamma; its own is trigamma(x).
struct Digamma : Pointwise<Digamma> {
  static constexpr FixedString name{"digamma"};
  static constexpr Domain domain{0.1, 1000};
  static constexpr Claim claim{4, 4};
  static constexpr int cost = 200;
  TENON_FN static auto value(auto x) { return math::digamma(x); }
  TENON_FN static auto partials(auto x) { return d(trigamma(x)); }
};

/// The second derivative of lgamma; its own is polygamma(2, x).
struct Trigamma : Pointwise<Trigamma> {
  static constexpr FixedString name{"trigamma"};
  static constexpr Domain domain{0.1, 1000};
  static constexpr Claim claim{8, 8};
  static constexpr int cost = 200;
  TENON_FN static auto value(auto x) { return math::trigamma(x); }
  TENON_FN static auto partials(auto x) { return d(polygamma(lit(2), x)); }
};

/// The n-th derivative of digamma, for whole n >= 0; derivative polygamma(n + 1, x).
struct Polygamma : Pointwise<Polygamma> {
  static constexpr FixedString name{"polygamma"};
  static constexpr Domain domain{0, 6, 0.1, 50};
  static constexpr Claim claim{1, 64};
  static constexpr int cost = 600;
  TENON_FN static auto value(auto n, auto x) { return math::polygamma(n, x); }
  TENON_FN static auto partials(auto n, auto x) { return d(NoPartial{}, polygamma(n + lit(1), x)); }
};

/// gamma(a) gamma(b)/gamma(a + b); derivatives y (digamma(a) - digamma(a + b)), and so for b.
struct Beta : Pointwise<Beta> {
  static constexpr FixedString name{"beta"};
  static constexpr Domain domain{0.5, 5, 0.5, 5};
  static constexpr Claim claim{1, 128};
  static constexpr int cost = 600;
  TENON_FN static auto value(auto a, auto b) { return math::beta(a, b); }
  TENON_FN static auto partials_with_output(auto y, auto a, auto b) {
    const auto both = digamma(a + b);
    return d(y * (digamma(a) - both), y * (digamma(b) - both));
  }
};

}  // namespace op

/// The gamma function.
template <operand X>
TENON_FN auto tgamma(X&& x) {
  return apply<op::Tgamma>(static_cast<X&&>(x));
}

/// log |gamma(x)|.
template <operand X>
TENON_FN auto lgamma(X&& x) {
  return apply<op::Lgamma>(static_cast<X&&>(x));
}

/// The derivative of lgamma.
template <operand X>
TENON_FN auto digamma(X&& x) {
  return apply<op::Digamma>(static_cast<X&&>(x));
}

/// The second derivative of lgamma.
template <operand X>
TENON_FN auto trigamma(X&& x) {
  return apply<op::Trigamma>(static_cast<X&&>(x));
}

/// The n-th derivative of digamma.
template <operand N, operand X>
TENON_FN auto polygamma(N&& n, X&& x) {
  return apply<op::Polygamma>(static_cast<N&&>(n), static_cast<X&&>(x));
}

/// gamma(a) gamma(b)/gamma(a + b).
template <operand A, operand B>
TENON_FN auto beta(A&& a, B&& b) {
  return apply<op::Beta>(static_cast<A&&>(a), static_cast<B&&>(b));
}

}  // namespace TENON_ABI
}  // namespace tenon
