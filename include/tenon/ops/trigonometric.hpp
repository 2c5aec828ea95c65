// tenon/ops/trigonometric.hpp: trigonometric functions and their inverses; angles are in radians.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/complex_math.hpp>
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

// Used by rules before their ops are complete.
template <operand X>
TENON_FN auto sin(X&& x);
template <operand X>
TENON_FN auto cos(X&& x);
template <operand X>
TENON_FN auto sinpi(X&& x);
template <operand X>
TENON_FN auto cospi(X&& x);

namespace op {

/// The sine; derivative cos x.
struct Sin : Pointwise<Sin> {
  static constexpr FixedString name{"sin"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Sin"};
  static constexpr FixedString stablehlo{"sine"};
  static constexpr Domain domain{-100, 100};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::sin(x);
    else
      return math::sin(x);
  }
  TENON_FN static auto partials(auto x) { return d(cos(x)); }
};

/// The cosine; derivative -sin x.
struct Cos : Pointwise<Cos> {
  static constexpr FixedString name{"cos"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Cos"};
  static constexpr FixedString stablehlo{"cosine"};
  static constexpr Domain domain{-100, 100};
  static constexpr Claim claim{1, 1};
  static constexpr int cost = 16;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::cos(x);
    else
      return math::cos(x);
  }
  TENON_FN static auto partials(auto x) { return d(-sin(x)); }
};

/// The tangent; derivative 1/cos^2 x.
struct Tan : Pointwise<Tan> {
  static constexpr FixedString name{"tan"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Tan"};
  static constexpr FixedString stablehlo{"tan"};
  static constexpr Domain domain{-100, 100};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 24;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::tan(x);
    else
      return math::tan(x);
  }
  TENON_FN static auto partials(auto x) {
    const auto c = cos(x);
    return d(lit(1) / (c * c));
  }
};

/// The inverse sine, in [-pi/2, pi/2]; derivative 1/sqrt((1 - x)(1 + x)), where no digit of 1 - x is lost.
struct Asin : Pointwise<Asin> {
  static constexpr FixedString name{"asin"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Asin"};
  static constexpr Domain domain{-0.999, 0.999};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 20;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::asin(x);
    else
      return math::asin(x);
  }
  TENON_FN static auto partials(auto x) { return d(rsqrt((lit(1) - x) * (lit(1) + x))); }
};

/// The inverse cosine, in [0, pi]; derivative -1/sqrt((1 - x)(1 + x)).
struct Acos : Pointwise<Acos> {
  static constexpr FixedString name{"acos"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Acos"};
  static constexpr Domain domain{-0.999, 0.999};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 20;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::acos(x);
    else
      return math::acos(x);
  }
  TENON_FN static auto partials(auto x) { return d(-rsqrt((lit(1) - x) * (lit(1) + x))); }
};

/// The inverse tangent, in [-pi/2, pi/2]; derivative 1/(1 + x^2).
struct Atan : Pointwise<Atan> {
  static constexpr FixedString name{"atan"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Atan"};
  static constexpr Domain domain{-100, 100};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 18;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>)
      return complex_math::atan(x);
    else
      return math::atan(x);
  }
  TENON_FN static auto partials(auto x) { return d(lit(1) / (lit(1) + x * x)); }
};

/// The angle of the point (x, y), in [-pi, pi]; derivatives x/h^2 for y and -y/h^2 for x with h the distance to the
/// origin, 0 there.
struct Atan2 : Pointwise<Atan2> {
  static constexpr FixedString name{"atan2"};
  static constexpr FixedString stablehlo{"atan2"};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 30;
  TENON_FN static auto value(auto y, auto x) { return math::atan2(y, x); }
  TENON_FN static auto partials(auto y, auto x) {
    // Dividing twice keeps h^2 from overflowing.
    const auto h = hypot(x, y);
    const auto length = where(h == lit(0), lit(1), h);
    return d(x / length / length, -(y / length / length));
  }
};

/// sin(pi r) for |r| <= 1/2: that of the rounded product, and what the product and pi lost times its derivative, of
/// which few digits count: 1 - 4 r^2 is within 0.06.
template <class V>
TENON_FN V sine_of_pi_times(V r) {
  using T = simd::lane_t<V>;
  constexpr T rest = sizeof(T) == 4 ? T(-8.74227766e-8) : T(1.2246467991473532e-16);  // what pi is more than rounded
  const auto [p, low] = math::kernel::exact_product(lanewise::constant<V>(3.141592653589793), r);
  const V lost = math::fma(r, lanewise::constant<V>(rest), low);
  const V slope = math::fma(V(lit(-4) * r), r, lanewise::constant<V>(1));
  return math::fma(lost, slope, math::sin(p));
}

/// sin(pi x), zero at every whole number; derivative pi cos(pi x).
struct SinPi : Pointwise<SinPi> {
  static constexpr FixedString name{"sinpi"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-10, 10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 30;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>) {
      return complex_math::sinpi(x);
    } else {
      // x = n + r with |r| <= 1/2, exactly; odd n change the sign.
      const V n = math::rint(x);
      const V half = lit(0.5) * n;
      const V s = sine_of_pi_times(V(x - n));
      return simd::select(half == math::floor(half), s, -s);
    }
  }
  TENON_FN static auto partials(auto x) { return d(lit(3.141592653589793) * cospi(x)); }
};

/// cos(pi x), zero half-way between whole numbers; derivative -pi sin(pi x).
struct CosPi : Pointwise<CosPi> {
  static constexpr FixedString name{"cospi"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr Domain domain{-10, 10};
  static constexpr Claim claim{2, 2};
  static constexpr int cost = 32;
  template <class V>
  TENON_FN static V value(V x) {
    if constexpr (is_complex<V>) {
      return complex_math::cospi(x);
    } else {
      // As sinpi; the sine of the distance to the nearest zero keeps its digits there.
      const V n = math::rint(x);
      const V half = lit(0.5) * n;
      const V c = sine_of_pi_times(V(lit(0.5) - math::abs(x - n)));
      return simd::select(half == math::floor(half), c, -c);
    }
  }
  TENON_FN static auto partials(auto x) { return d(lit(-3.141592653589793) * sinpi(x)); }
};

/// Degrees as radians; derivative pi/180.
struct Deg2rad : Pointwise<Deg2rad> {
  static constexpr FixedString name{"deg2rad"};
  static constexpr Domain domain{-360, 360};
  static constexpr Claim claim{1, 1};
  TENON_FN static auto value(auto x) { return lit(0.017453292519943295) * x; }
  TENON_FN static auto partials(auto) { return d(lit(0.017453292519943295)); }
};

/// Radians as degrees; derivative 180/pi.
struct Rad2deg : Pointwise<Rad2deg> {
  static constexpr FixedString name{"rad2deg"};
  static constexpr Claim claim{1, 1};
  TENON_FN static auto value(auto x) { return lit(57.29577951308232) * x; }
  TENON_FN static auto partials(auto) { return d(lit(57.29577951308232)); }
};

}  // namespace op

/// The sine.
template <operand X>
TENON_FN auto sin(X&& x) {
  return apply<op::Sin>(static_cast<X&&>(x));
}

/// The cosine.
template <operand X>
TENON_FN auto cos(X&& x) {
  return apply<op::Cos>(static_cast<X&&>(x));
}

/// The tangent.
template <operand X>
TENON_FN auto tan(X&& x) {
  return apply<op::Tan>(static_cast<X&&>(x));
}

/// The inverse sine.
template <operand X>
TENON_FN auto asin(X&& x) {
  return apply<op::Asin>(static_cast<X&&>(x));
}

/// The inverse cosine.
template <operand X>
TENON_FN auto acos(X&& x) {
  return apply<op::Acos>(static_cast<X&&>(x));
}

/// The inverse tangent.
template <operand X>
TENON_FN auto atan(X&& x) {
  return apply<op::Atan>(static_cast<X&&>(x));
}

/// The angle of the point (x, y).
template <operand Y, operand X>
TENON_FN auto atan2(Y&& y, X&& x) {
  return apply<op::Atan2>(static_cast<Y&&>(y), static_cast<X&&>(x));
}

/// sin(pi x).
template <operand X>
TENON_FN auto sinpi(X&& x) {
  return apply<op::SinPi>(static_cast<X&&>(x));
}

/// cos(pi x).
template <operand X>
TENON_FN auto cospi(X&& x) {
  return apply<op::CosPi>(static_cast<X&&>(x));
}

/// Degrees as radians.
template <operand X>
TENON_FN auto deg2rad(X&& x) {
  return apply<op::Deg2rad>(static_cast<X&&>(x));
}

/// Radians as degrees.
template <operand X>
TENON_FN auto rad2deg(X&& x) {
  return apply<op::Rad2deg>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
