// tenon/ops/activation.hpp: the activation functions of neural networks; sigmoid and softplus are in logistic.hpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/error_function.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/hyperbolic.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/logistic.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// max(x, 0), NaN stays; derivative 1 for x > 0, else 0, from the result.
struct Relu : Pointwise<Relu> {
  static constexpr FixedString name{"relu"};
  static constexpr FixedString onnx{"Relu"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  template <class V>
  TENON_FN static V value(V x) {
    return math::kernel::at_least(x, simd::lane_t<V>(0));
  }
  TENON_FN static auto partials_from_output(auto y) { return d(where(y > lit(0), lit(1), lit(0))); }
};

/// min(max(x, 0), 6), NaN stays; derivative 1 for 0 < x < 6, else 0, from the result.
struct Relu6 : Pointwise<Relu6> {
  static constexpr FixedString name{"relu6"};
  static constexpr Typing typing = Typing::numeric;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V x) {
    return math::kernel::at_most(math::kernel::at_least(x, simd::lane_t<V>(0)), simd::lane_t<V>(6));
  }
  TENON_FN static auto partials_from_output(auto y) {
    return d(where(y > lit(0), where(y < lit(6), lit(1), lit(0)), lit(0)));
  }
};

/// x for x > 0, else slope x; derivatives 1 or slope, 0 or x.
struct LeakyRelu : Pointwise<LeakyRelu> {
  static constexpr FixedString name{"leaky_relu"};
  static constexpr Domain domain{-10, 10, 0, 1};
  static constexpr int cost = 3;
  template <class V>
  TENON_FN static V value(V x, V slope) {
    return simd::select(x > V{}, x, slope * x);
  }
  TENON_FN static auto partials(auto x, auto slope) {
    return d(where(x > lit(0), lit(1), slope), where(x > lit(0), lit(0), x));
  }
};

/// x for x > 0, else alpha (e^x - 1); derivatives 1 or alpha e^x, 0 or e^x - 1.
struct Elu : Pointwise<Elu> {
  static constexpr FixedString name{"elu"};
  static constexpr Domain domain{-10, 10, 0.5, 2};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V x, V alpha) {
    return simd::select(x > V{}, x, alpha * math::expm1(x));
  }
  TENON_FN static auto partials(auto x, auto alpha) {
    const auto low = where(x > lit(0), lit(0), x);
    return d(where(x > lit(0), lit(1), alpha * exp(low)), expm1(low));
  }
};

/// elu with the scales that keep activations normalised (Klambauer et al. 2017); derivative its scale, times alpha e^x
/// for x <= 0.
struct Selu : Pointwise<Selu> {
  static constexpr FixedString name{"selu"};
  static constexpr FixedString onnx{"Selu"};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 18;
  template <class V>
  TENON_FN static V value(V x) {
    const V low = lit(1.6732632423543772) * math::expm1(x);
    return lit(1.0507009873554805) * simd::select(x > V{}, x, low);
  }
  TENON_FN static auto partials(auto x) {
    const auto low = where(x > lit(0), lit(0), x);
    return d(where(x > lit(0), lit(1.0507009873554805), lit(1.7580993408473766) * exp(low)));
  }
};

/// x for x > 0, else alpha (e^(x/alpha) - 1); derivatives 1 or e^(x/alpha), 0 or (1 - x/alpha) e^(x/alpha) - 1.
struct Celu : Pointwise<Celu> {
  static constexpr FixedString name{"celu"};
  static constexpr Domain domain{-10, 10, 0.5, 2};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 18;
  template <class V>
  TENON_FN static V value(V x, V alpha) {
    return simd::select(x > V{}, x, alpha * math::expm1(x / alpha));
  }
  TENON_FN static auto partials(auto x, auto alpha) {
    // Near 0 the difference cancels: there its Taylor series -z^2 (1/2 + z/3 + ...).
    const auto low = where(x > lit(0), lit(0), x / alpha);
    const auto series = polynomial(low, -0.5, -0.3333333333333333, -0.125, -0.03333333333333333, -0.006944444444444444,
                                   -0.0011904761904761906, -0.00017361111111111112, -2.2045855379188714e-05,
                                   -2.48015873015873e-06, -2.505210838544172e-07, -2.296443268665491e-08,
                                   -1.9270852604185937e-09, -1.4911969277048643e-10, -1.0706029224547743e-11);
    return d(where(x > lit(0), lit(1), exp(low)),
             where(low > lit(-0.5), low * low * series, expm1(low) - low * exp(low)));
  }
};

/// x Phi(x) with the normal distribution Phi, exactly (Hendrycks and Gimpel 2016), with its digits also for negative x;
/// derivative Phi(x) + x phi(x).
struct Gelu : Pointwise<Gelu> {
  static constexpr FixedString name{"gelu"};
  static constexpr FixedString onnx{"Gelu"};
  static constexpr Domain domain{-12, 10};
  static constexpr Claim claim{8, 4};
  static constexpr int cost = 30;
  TENON_FN static auto value(auto x) { return x * NormalCdf::value(x); }
  TENON_FN static auto partials(auto x) {
    return d(normal_cdf(x) + x * (lit(0.3989422804014327) * exp(lit(-0.5) * x * x)));
  }
};

/// The approximation x (1 + tanh u)/2, u = sqrt(2/pi) (x + 0.044715 x^3), of gelu, as x sigmoid(2u), which keeps its
/// digits for negative x; derivative s + x 2u' s sigmoid(-2u) with s = sigmoid(2u).
struct GeluTanh : Pointwise<GeluTanh> {
  static constexpr FixedString name{"gelu_tanh"};
  static constexpr Domain domain{-3, 10};
  static constexpr Claim claim{16, 16};
  static constexpr int cost = 18;
  TENON_FN static auto value(auto x) {
    return x / (lit(1) + math::exp(x * (lit(-1.5957691216057308) - lit(0.07135481627260025) * (x * x))));
  }
  TENON_FN static auto partials(auto x) {
    const auto u = x * (lit(1.5957691216057308) + lit(0.07135481627260025) * (x * x));
    const auto w = x * (lit(1.5957691216057308) + lit(0.21406444881780074) * (x * x));
    // As for silu, with w = x 2u' in place of x.
    const auto e = exp(where(u > lit(0), -u, u));
    const auto n = lit(1) + e;
    return d(where(u > lit(0), n + w * e, e * (n + w)) / (n * n));
  }
};

/// x sigmoid(x), also called swish; derivative s (1 + x sigmoid(-x)) with s = sigmoid(x).
struct Silu : Pointwise<Silu> {
  static constexpr FixedString name{"silu"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-80, 80};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 15;
  TENON_FN static auto value(auto x) { return x * Sigmoid::value(x); }
  template <class X>
  TENON_FN static auto partials(const X& x) requires(is_complex<base_t<X>>) {
    const auto y = sigmoid(x);
    return d(y + x * y * sigmoid(-x));
  }
  template <class X>
  TENON_FN static auto partials(const X& x) requires(!is_complex<base_t<X>>) {
    // With e = e^-|x|: (1 + e + x e)/(1 + e)^2 for positive x, e (1 + e + x)/(1 + e)^2 for negative.
    const auto e = exp(where(x > lit(0), -x, x));
    const auto n = lit(1) + e;
    return d(where(x > lit(0), n + x * e, e * (n + x)) / (n * n));
  }
};

/// x tanh(softplus(x)) (Misra 2019); derivative t + x sigmoid(x)/cosh^2(softplus(x)) with t = tanh(softplus(x)).
struct Mish : Pointwise<Mish> {
  static constexpr FixedString name{"mish"};
  static constexpr FixedString onnx{"Mish"};
  static constexpr Domain domain{-40, 40};
  static constexpr Claim claim{4, 4};
  static constexpr int cost = 22;
  template <class V>
  TENON_FN static V value(V x) {
    // tanh(log(1 + e^x)) is (e^2x + 2 e^x)/(e^2x + 2 e^x + 2): multiplied by e^-2x for positive x.
    const V e = math::exp(-math::abs(x));
    const V n = simd::select(x < V{}, e * (e + lit(2)), lit(1) + lit(2) * e);
    return x * (n / (n + lit(2) * simd::select(x < V{}, lanewise::constant<V>(1), e * e)));
  }
  TENON_FN static auto partials(auto x) {
    // The formula above as a quotient of polynomials in e^-|x|, one exponential in all.
    const auto e = exp(where(x > lit(0), -x, x));
    const auto a = lit(4) * (x + lit(1));
    const auto b = lit(4) * x + lit(6);
    const auto n = where(x > lit(0), lit(1) + e * (lit(4) + e * (b + e * a)), e * (a + e * (b + e * (lit(4) + e))));
    const auto m = where(x > lit(0), lit(1) + e * (lit(2) + lit(2) * e), lit(2) + e * (lit(2) + e));
    return d(n / (m * m));
  }
};

/// x/(1 + |x|); derivative 1/(1 + |x|)^2.
struct Softsign : Pointwise<Softsign> {
  static constexpr FixedString name{"softsign"};
  static constexpr FixedString onnx{"Softsign"};
  static constexpr Domain domain{-100, 100};
  static constexpr Claim claim{1.5, 1.5};
  static constexpr int cost = 6;
  TENON_FN static auto value(auto x) { return x / (lit(1) + math::abs(x)); }
  TENON_FN static auto partials(auto x) {
    const auto n = lit(1) + abs(x);
    return d(lit(1) / (n * n));
  }
};

/// x/6 + 1/2 limited to [0, 1]; derivative 1/6 for -3 < x < 3, else 0.
struct HardSigmoid : Pointwise<HardSigmoid> {
  static constexpr FixedString name{"hardsigmoid"};
  static constexpr Domain domain{-2, 6};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 4;
  template <class V>
  TENON_FN static V value(V x) {
    // Next to -3 the sum is exact, where x/6 + 1/2 would be nothing but the rounding of 1/6.
    const V y = (x + lit(3)) * lit(1.0 / 6);
    return math::min(math::max(y, V{}), lanewise::constant<V>(1));
  }
  TENON_FN static auto partials(auto x) {
    return d(where(x > lit(-3), where(x < lit(3), lit(1.0 / 6), lit(0)), lit(0)));
  }
};

/// x hardsigmoid(x); derivative 0 for x <= -3, x/3 + 1/2 in between, 1 for x >= 3.
struct HardSwish : Pointwise<HardSwish> {
  static constexpr FixedString name{"hardswish"};
  static constexpr FixedString onnx{"HardSwish"};
  static constexpr Domain domain{-2, 6};
  static constexpr Claim claim{3, 3};
  static constexpr int cost = 5;
  TENON_FN static auto value(auto x) { return x * HardSigmoid::value(x); }
  TENON_FN static auto partials(auto x) {
    return d(where(x <= lit(-3), lit(0), where(x >= lit(3), lit(1), lit(1.0 / 3) * x + lit(0.5))));
  }
};

/// x for x > t, else v; NaN stays. Derivatives 1 or 0 for x, 0 or 1 for v.
struct Threshold : Pointwise<Threshold> {
  static constexpr FixedString name{"threshold"};
  static constexpr Typing typing = Typing::same;
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 2;
  template <class V>
  TENON_FN static V value(V x, V t, V v) {
    return simd::select(x <= t, v, x);
  }
  TENON_FN static auto partials(auto x, auto t, auto) {
    return d(where(x > t, lit(1), lit(0)), NoPartial{}, where(x > t, lit(0), lit(1)));
  }
};

/// x for |x| > width, else 0; derivative 1 or 0.
struct HardShrink : Pointwise<HardShrink> {
  static constexpr FixedString name{"hardshrink"};
  static constexpr Domain domain{-10, 10, 0, 5};
  static constexpr Claim claim{0, 0};
  static constexpr int cost = 4;
  template <class V>
  TENON_FN static V value(V x, V width) {
    return simd::select((x > width) | (x < -width), x, x - x);
  }
  TENON_FN static auto partials(auto x, auto width) {
    return d(where(x > width, lit(1), where(x < -width, lit(1), lit(0))), NoPartial{});
  }
};

/// x moved towards 0 by width, 0 for |x| <= width; derivatives 1 or 0, -sign(x) or 0.
struct SoftShrink : Pointwise<SoftShrink> {
  static constexpr FixedString name{"softshrink"};
  static constexpr Domain domain{-10, 10, 0, 5};
  static constexpr int cost = 5;
  template <class V>
  TENON_FN static V value(V x, V width) {
    return simd::select(x > width, x - width, simd::select(x < -width, x + width, x - x));
  }
  TENON_FN static auto partials(auto x, auto width) {
    const auto up = where(x > width, lit(1), lit(0));
    const auto down = where(x < -width, lit(1), lit(0));
    return d(up + down, down - up);
  }
};

}  // namespace op

/// max(x, 0).
template <operand X>
TENON_FN auto relu(X&& x) {
  return apply<op::Relu>(static_cast<X&&>(x));
}

/// min(max(x, 0), 6).
template <operand X>
TENON_FN auto relu6(X&& x) {
  return apply<op::Relu6>(static_cast<X&&>(x));
}

/// x for x > 0, else slope x.
template <operand X, operand Slope = Literal>
TENON_FN auto leaky_relu(X&& x, Slope&& slope = lit(0.01)) {
  return apply<op::LeakyRelu>(static_cast<X&&>(x), static_cast<Slope&&>(slope));
}

/// x for x > 0, else alpha (e^x - 1).
template <operand X, operand Alpha = Literal>
TENON_FN auto elu(X&& x, Alpha&& alpha = lit(1)) {
  return apply<op::Elu>(static_cast<X&&>(x), static_cast<Alpha&&>(alpha));
}

/// elu, scaled to keep activations normalised.
template <operand X>
TENON_FN auto selu(X&& x) {
  return apply<op::Selu>(static_cast<X&&>(x));
}

/// x for x > 0, else alpha (e^(x/alpha) - 1).
template <operand X, operand Alpha = Literal>
TENON_FN auto celu(X&& x, Alpha&& alpha = lit(1)) {
  return apply<op::Celu>(static_cast<X&&>(x), static_cast<Alpha&&>(alpha));
}

/// x Phi(x), exactly.
template <operand X>
TENON_FN auto gelu(X&& x) {
  return apply<op::Gelu>(static_cast<X&&>(x));
}

/// The tanh approximation of gelu.
template <operand X>
TENON_FN auto gelu_tanh(X&& x) {
  return apply<op::GeluTanh>(static_cast<X&&>(x));
}

/// x sigmoid(x).
template <operand X>
TENON_FN auto silu(X&& x) {
  return apply<op::Silu>(static_cast<X&&>(x));
}

/// silu by its other name.
template <operand X>
TENON_FN auto swish(X&& x) {
  return apply<op::Silu>(static_cast<X&&>(x));
}

/// x tanh(softplus(x)).
template <operand X>
TENON_FN auto mish(X&& x) {
  return apply<op::Mish>(static_cast<X&&>(x));
}

/// x/(1 + |x|).
template <operand X>
TENON_FN auto softsign(X&& x) {
  return apply<op::Softsign>(static_cast<X&&>(x));
}

/// x/6 + 1/2 limited to [0, 1].
template <operand X>
TENON_FN auto hardsigmoid(X&& x) {
  return apply<op::HardSigmoid>(static_cast<X&&>(x));
}

/// x hardsigmoid(x).
template <operand X>
TENON_FN auto hardswish(X&& x) {
  return apply<op::HardSwish>(static_cast<X&&>(x));
}

/// x limited to [lo, hi], by default [-1, 1].
template <operand X, operand Lo = Literal, operand Hi = Literal>
TENON_FN auto hardtanh(X&& x, Lo&& lo = lit(-1), Hi&& hi = lit(1)) {
  return apply<op::Clamp>(static_cast<X&&>(x), static_cast<Lo&&>(lo), static_cast<Hi&&>(hi));
}

/// x for x > t, else v.
template <operand X, operand T, operand V>
TENON_FN auto threshold(X&& x, T&& t, V&& v) {
  return apply<op::Threshold>(static_cast<X&&>(x), static_cast<T&&>(t), static_cast<V&&>(v));
}

/// x for |x| > width, else 0.
template <operand X, operand Width = Literal>
TENON_FN auto hardshrink(X&& x, Width&& width = lit(0.5)) {
  return apply<op::HardShrink>(static_cast<X&&>(x), static_cast<Width&&>(width));
}

/// x moved towards 0 by width.
template <operand X, operand Width = Literal>
TENON_FN auto softshrink(X&& x, Width&& width = lit(0.5)) {
  return apply<op::SoftShrink>(static_cast<X&&>(x), static_cast<Width&&>(width));
}

}  // namespace TENON_ABI
}  // namespace tenon
