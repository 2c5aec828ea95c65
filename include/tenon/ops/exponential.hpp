// tenon/ops/exponential.hpp: exponentials and logarithms.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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
TENON_FN auto exp(X&& x);
template <operand X>
TENON_FN auto log(X&& x);
template <operand X>
TENON_FN auto log1p(X&& x);

namespace op {

/// e^x; derivative e^x, from the result.
struct Exp : Pointwise<Exp> {
  static constexpr FixedString name{"exp"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Exp"};
  static constexpr FixedString stablehlo{"exponential"};
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 10;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::exp(x);
    else
      return math::exp(x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(y); }
};

/// 2^x; derivative 2^x log 2, from the result.
struct Exp2 : Pointwise<Exp2> {
  static constexpr FixedString name{"exp2"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-120, 120};
  static constexpr Claim claim{1.25, 1.25};  // 1 where there is a fused multiply-add
  static constexpr int cost = 10;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::exp2(x);
    else
      return math::exp2(x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(0.6931471805599453) * y); }
};

/// 10^x; derivative 10^x log 10, from the result.
struct Exp10 : Pointwise<Exp10> {
  static constexpr FixedString name{"exp10"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-37, 37};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 12;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::exp10(x);
    else
      return math::exp10(x);
  }
  TENON_FN static auto partials_from_output(auto y) { return d(lit(2.302585092994046) * y); }
};

/// e^x - 1 without cancellation near 0; derivative e^x (not y + 1, which has no digits left for very negative x).
struct Expm1 : Pointwise<Expm1> {
  static constexpr FixedString name{"expm1"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString stablehlo{"exponential_minus_one"};
  static constexpr Domain domain{-30, 80};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::expm1(x);
    else
      return math::expm1(x);
  }
  TENON_FN static auto partials(auto x) { return d(exp(x)); }
};

/// The natural logarithm; derivative 1/x.
struct Log : Pointwise<Log> {
  static constexpr FixedString name{"log"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Log"};
  static constexpr FixedString stablehlo{"log"};
  static constexpr Domain domain{1e-30, 1e30};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 12;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::log(x);
    else
      return math::log(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(1) / x); }
};

/// The logarithm to base 2; derivative 1/(x log 2).
struct Log2 : Pointwise<Log2> {
  static constexpr FixedString name{"log2"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{1e-30, 1e30};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 12;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::log2(x);
    else
      return math::log2(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(1.4426950408889634) / x); }
};

/// The logarithm to base 10; derivative 1/(x log 10).
struct Log10 : Pointwise<Log10> {
  static constexpr FixedString name{"log10"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{1e-30, 1e30};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 12;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::log10(x);
    else
      return math::log10(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(0.4342944819032518) / x); }
};

/// log(1 + x) without cancellation near 0; derivative 1/(1 + x).
struct Log1p : Pointwise<Log1p> {
  static constexpr FixedString name{"log1p"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString stablehlo{"log_plus_one"};
  static constexpr Domain domain{-0.99, 1e10};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static auto value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::log1p(x);
    else
      return math::log1p(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(1) / (lit(1) + x)); }
};

/// x log y, and 0 for x = 0 whatever y is (but NaN); derivatives log y, x/y.
struct Xlogy : Pointwise<Xlogy> {
  static constexpr FixedString name{"xlogy"};
  static constexpr Domain domain{-10, 10, 0.01, 10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 14;
  template <class V>
  TENON_FN static V value(V x, V y) {
    return simd::select((x == V{}) & (y == y), V{}, x * math::log(y));
  }
  TENON_FN static auto partials(auto x, auto y) { return d(log(y), x / y); }
};

/// x log(1 + y), and 0 for x = 0 whatever y is (but NaN); derivatives log(1 + y), x/(1 + y).
struct Xlog1py : Pointwise<Xlog1py> {
  static constexpr FixedString name{"xlog1py"};
  static constexpr Domain domain{-10, 10, -0.9, 10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V x, V y) {
    return simd::select((x == V{}) & (y == y), V{}, x * math::log1p(y));
  }
  TENON_FN static auto partials(auto x, auto y) { return d(log1p(y), x / (lit(1) + y)); }
};

}  // namespace op

/// e^x.
template <operand X>
TENON_FN auto exp(X&& x) {
  return apply<op::Exp>(static_cast<X&&>(x));
}

/// 2^x.
template <operand X>
TENON_FN auto exp2(X&& x) {
  return apply<op::Exp2>(static_cast<X&&>(x));
}

/// 10^x.
template <operand X>
TENON_FN auto exp10(X&& x) {
  return apply<op::Exp10>(static_cast<X&&>(x));
}

/// e^x - 1.
template <operand X>
TENON_FN auto expm1(X&& x) {
  return apply<op::Expm1>(static_cast<X&&>(x));
}

/// The natural logarithm.
template <operand X>
TENON_FN auto log(X&& x) {
  return apply<op::Log>(static_cast<X&&>(x));
}

/// The logarithm to base 2.
template <operand X>
TENON_FN auto log2(X&& x) {
  return apply<op::Log2>(static_cast<X&&>(x));
}

/// The logarithm to base 10.
template <operand X>
TENON_FN auto log10(X&& x) {
  return apply<op::Log10>(static_cast<X&&>(x));
}

/// log(1 + x).
template <operand X>
TENON_FN auto log1p(X&& x) {
  return apply<op::Log1p>(static_cast<X&&>(x));
}

/// x log y, 0 for x = 0.
template <operand X, operand Y>
TENON_FN auto xlogy(X&& x, Y&& y) {
  return apply<op::Xlogy>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

/// x log(1 + y), 0 for x = 0.
template <operand X, operand Y>
TENON_FN auto xlog1py(X&& x, Y&& y) {
  return apply<op::Xlog1py>(static_cast<X&&>(x), static_cast<Y&&>(y));
}

}  // namespace TENON_ABI
}  // namespace tenon
