// tests/catalogue/pointwise.hpp: one body of checks that every pointwise op goes through.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   value: within the claim of the long double reference;  constexpr: likewise;  pack: the scalar's bits;
//   partials: differences of the reference, and as accurate in float as conditioning allows.
// The catalogue is cut into slices by index, one for each translation unit, so a new op needs no new line.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/derivative.hpp>
#include <type_traits>

#include "catalogue/references.hpp"
#include "support/ulp.hpp"

namespace tenon::test {

/// Op::value on its arity of arguments; a condition is "not negative", a logical argument too.
template <class Op, class V>
TENON_FN auto call(const V* x) {
  constexpr int n = arity<Op>;
  if constexpr (tenon::detail::condition_first<Op>)
    return Op::value(x[0] >= V{}, x[1], x[2]);
  else if constexpr (Op::typing == Typing::logical && n == 1)
    return Op::value(x[0] >= V{});
  else if constexpr (Op::typing == Typing::logical)
    return Op::value(x[0] >= V{}, x[1] >= V{});
  else if constexpr (n == 1)
    return Op::value(x[0]);
  else if constexpr (n == 2)
    return Op::value(x[0], x[1]);
  else if constexpr (n == 3)
    return Op::value(x[0], x[1], x[2]);
  else
    return Op::value(x[0], x[1], x[2], x[3]);
}
// Compiled once for each type, whatever calls it.
template <class Op, class T>
[[gnu::noinline]] auto scalar_value(const T* x) {
  return call<Op>(x);
}
template <class Op, class V, class T>
[[gnu::noinline]] auto pack_value(const T (*x)[simd::lanes<V>], void* result) {
  V v[4];
  for (int a = 0; a < arity<Op>; ++a) std::memcpy(&v[a], x[a], sizeof(V));
  auto y = call<Op>(v);
  std::memcpy(result, &y, sizeof(y));
  return simd::lane_t<decltype(y)>();
}

template <class Op>
inline constexpr bool has_reference = requires {
  &Reference<Op>::at;
};
/// The exact value: the reference, else Op's own in double.
template <class Op>
Real exact(const Real* x) {
  if constexpr (has_reference<Op>) {
    if constexpr (arity<Op> == 1) return Reference<Op>::at(x[0]);
    if constexpr (arity<Op> == 2) return Reference<Op>::at(x[0], x[1]);
    if constexpr (arity<Op> == 3) return Reference<Op>::at(x[0], x[1], x[2]);
  } else {
    double v[4];
    for (int a = 0; a < arity<Op>; ++a) v[a] = static_cast<double>(x[a]);
    return static_cast<Real>(scalar_value<Op>(v));
  }
}

/// Reproducible numbers from an interval: evenly spread, by magnitude, and its ends.
class Samples {
 public:
  Real next(double lo, double hi) {
    for (;;) {
      const Real u = uniform();
      const int kind = static_cast<int>(bits() >> 60);
      if (kind == 0) return u < 0.5L ? lo : hi;
      if (kind < 8) return lo + u * (static_cast<Real>(hi) - lo);
      const Real top = std::fmax(std::fabs(lo), std::fabs(hi));
      const Real bottom = lo > 0 ? lo : top * 1e-6L;
      const Real magnitude = bottom * powl(top / bottom, u);
      const Real x = lo < 0 && bits() >> 63 ? -magnitude : magnitude;
      if (x >= lo && x <= hi) return x;
    }
  }
  template <class Op>
  void fill(Real* x) {
    x[0] = next(Op::domain.lo, Op::domain.hi);
    for (int a = 1; a < 4; ++a) x[a] = next(Op::domain.lo2, Op::domain.hi2);
  }
  std::uint64_t bits() { return state_ = state_ * 6364136223846793005u + 1442695040888963407u; }

 private:
  Real uniform() { return static_cast<Real>(bits() >> 11) * 0x1p-53L; }
  std::uint64_t state_ = 42;
};

template <class Op, class T, bool Own>
void check_value() {
  Samples samples;
  using R = std::remove_const_t<decltype(scalar_value<Op>(static_cast<const T*>(nullptr)))>;
  const double claim = sizeof(R) == 4 ? Op::claim.float_ulp : Op::claim.double_ulp;
  double worst = 0;
  T worst_at[4] = {};
  for (int i = 0; i < (Own ? 5000 : 300); ++i) {
    Real x[4];
    T v[4];
    samples.fill<Op>(x);
    for (int a = 0; a < 4; ++a) x[a] = v[a] = static_cast<T>(x[a]);
    const double distance = ulp_distance<R>(scalar_value<Op>(v), exact<Op>(x));
    if (!(distance <= worst)) {
      worst = distance;
      std::memcpy(worst_at, v, sizeof(v));
    }
  }
  CAPTURE(worst_at[0]);
  CAPTURE(worst_at[1]);
  CAPTURE(worst_at[2]);
  CAPTURE(sizeof(T));
  CHECK(worst <= claim + 0.002);
}

/// Values that are evaluated by the compiler, at three points of the domain.
template <class Op, class T>
struct EarlyValues {
  struct Result {
    T x[3][4] = {};
    T y[3] = {};
  };
  static constexpr Result compute() {
    Result r;
    const double fraction[3] = {0.2, 0.55, 0.9};
    for (int i = 0; i < 3; ++i) {
      r.x[i][0] = static_cast<T>(Op::domain.lo + fraction[i] * (Op::domain.hi - Op::domain.lo));
      for (int a = 1; a < 4; ++a)
        r.x[i][a] = static_cast<T>(Op::domain.lo2 + fraction[(i + a) % 3] * (Op::domain.hi2 - Op::domain.lo2));
      r.y[i] = static_cast<T>(call<Op>(r.x[i]));
    }
    return r;
  }
  static constexpr Result result = compute();
};
template <class Op, class T>
void check_constexpr() {
  const auto& early = EarlyValues<Op, T>::result;
  const double claim = sizeof(T) == 4 ? Op::claim.float_ulp : Op::claim.double_ulp;
  for (int i = 0; i < 3; ++i) {
    Real x[4];
    for (int a = 0; a < 4; ++a) x[a] = early.x[i][a];
    CHECK(ulp_distance<T>(early.y[i], exact<Op>(x)) <= claim + 0.002);
  }
}

template <class T>
bool same_bits(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (a != a && b != b) return true;
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Edges of T: zeros, ones, the largest and smallest numbers, infinities and NaN, and values in between.
template <class T>
T edge(std::uint64_t bits) {
  using Limits = std::numeric_limits<T>;
  switch (bits >> 60) {
    case 0:
      return T(0);
    case 1:
      return static_cast<T>(-T(0));
    case 2:
      return T(1);
    case 3:
      return static_cast<T>(-1);
    case 4:
      return Limits::max();
    case 5:
      return Limits::lowest();
    case 6:
      return Limits::has_infinity ? Limits::infinity() : T(2);
    case 7:
      return static_cast<T>(Limits::has_infinity ? -Limits::infinity() : T(3));
    case 8:
      return Limits::has_quiet_NaN ? Limits::quiet_NaN() : T(5);
    case 9:
      return Limits::has_infinity ? Limits::denorm_min() : T(7);
    case 10:
      return Limits::has_infinity ? Limits::min() : T(8);
    default:
      return static_cast<T>(static_cast<double>(bits & 0xffff) / (bits & 0x10000 ? 512 : -512));
  }
}

template <class Op, class T, bool Edges>
void check_pack() {
  constexpr int width = simd::native_lanes<T>;
  using V = simd::pack<T, width>;
  Samples samples;
  for (int i = 0; i < 300; ++i) {
    T x[4][width];
    for (int lane = 0; lane < width; ++lane) {
      Real inside[4];
      samples.fill<Op>(inside);
      for (int a = 0; a < 4; ++a)
        x[a][lane] = (Edges && i % 2) || std::is_integral_v<T> ? edge<T>(samples.bits()) : static_cast<T>(inside[a]);
    }
    alignas(64) unsigned char result[8 * sizeof(V)];
    using Lane = decltype(pack_value<Op, V>(x, result));
    pack_value<Op, V>(x, result);
    for (int lane = 0; lane < width; ++lane) {
      const T v[4] = {x[0][lane], x[1][lane], x[2][lane], x[3][lane]};
      const auto scalar = scalar_value<Op>(v);
      Lane got;
      std::memcpy(&got, result + static_cast<std::size_t>(lane) * sizeof(Lane), sizeof(Lane));
      // Masks stand for bools, and a half or bfloat16 stays a float in packs.
      bool same = false;
      if constexpr (std::is_same_v<decltype(scalar), const bool>)
        same = (got != 0) == scalar;
      else
        same = same_bits(got, static_cast<Lane>(scalar));
      if (!same) {
        CAPTURE(v[0]);
        CAPTURE(v[1]);
        CAPTURE(v[2]);
        CAPTURE(sizeof(T));
        CHECK(same);
        return;
      }
    }
  }
}

/// A partial as a number; NoPartial is zero.
template <class T>
T number_of(T p) {
  return p;
}
inline double number_of(Literal p) { return p.value; }
inline double number_of(bool p) { return p; }
inline double number_of(NoPartial) { return 0; }

template <class Op, class T>
[[gnu::noinline]] void partials_at(const T* x, T* p) {
  constexpr int n = arity<Op>;
  const T y = static_cast<T>(call<Op>(x));
  auto store = [&](const auto& r) {
    p[0] = static_cast<T>(number_of(partial<0>(r)));
    if constexpr (n > 1) p[1] = static_cast<T>(number_of(partial<1>(r)));
    if constexpr (n > 2) p[2] = static_cast<T>(number_of(partial<2>(r)));
  };
  if constexpr (tenon::detail::condition_first<Op>)
    store(partials_of<Op>(y, x[0] >= T(0), x[1], x[2]));
  else if constexpr (n == 1)
    store(partials_of<Op>(y, x[0]));
  else if constexpr (n == 2)
    store(partials_of<Op>(y, x[0], x[1]));
  else
    store(partials_of<Op>(y, x[0], x[1], x[2]));
}

/// d exact / d x[a] by a five-point formula with the step h; NaN-free inside of a domain.
template <class Op>
Real difference(const Real* x, int a, Real h) {
  Real at[4] = {x[0], x[1], x[2], x[3]};
  auto f = [&](Real dx) {
    at[a] = x[a] + dx;
    return exact<Op>(at);
  };
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

struct Slope {
  bool known = false;
  Real value = 0, error = 0;
};
/// The slope of the exact value in x[a], where two steps agree on it; at kinks, jumps and the ends of a domain they do
/// not. Rounding and truncation balance for a step of the fifth root of epsilon, if the function varies on the scale of
/// x, of 0.01, or of 1.
template <class Op>
Slope slope_of(const Real* x, int a) {
  const Real step = has_reference<Op> ? 1e-4L : 6e-4L, tolerance = has_reference<Op> ? 1e-9L : 1e-7L;
  const Real here = exact<Op>(x), size = fabsl(x[a]);
  for (const Real scale : {fmaxl(size, 0.01L), size, 1.0L}) {
    const Real h = step * scale;
    if (h < 1e-7L * size || h < 1e-30L) continue;
    Real at[4] = {x[0], x[1], x[2], x[3]};
    at[a] = x[a] + h;
    const Real right = (exact<Op>(at) - here) / h;
    at[a] = x[a] - h;
    const Real left = (here - exact<Op>(at)) / h;
    const Real value = difference<Op>(x, a, h), check = difference<Op>(x, a, h / 2);
    const Real unit = fabsl(value) + fabsl(here) / fmaxl(scale, size) + 1e-30L;
    if (fabsl(value - check) <= tolerance * unit && fabsl(left - right) <= 0.1L * unit)
      return {true, value, tolerance * unit};
  }
  return {};
}

template <class Op, bool Own>
void check_partials() {
  constexpr int n = arity<Op>, points = Own ? 1000 : 60;
  constexpr bool rule = differentiable<Op, n>;
  Samples samples;
  int compared = 0, wrong = 0;
  double worst_float = 0;
  float worst_at[4] = {};
  for (int i = 0; i < points; ++i) {
    Real x[4];
    float xf[4];
    double xd[4], pd[3] = {};
    samples.fill<Op>(x);
    for (int a = 0; a < 4; ++a) x[a] = xd[a] = xf[a] = static_cast<float>(x[a]);
    if constexpr (rule) partials_at<Op>(xd, pd);
    for (int a = 0; a < n; ++a) {
      Slope slope = slope_of<Op>(x, a);
      if (!slope.known) continue;
      // Without a rule the derivative is NaN, never silently something else.
      if (requires { Op::incomplete; } && pd[a] != pd[a]) {
        ++compared;
        continue;
      }
      ++compared;
      if (!(fabsl(pd[a] - slope.value) <= 10 * slope.error)) {
        if (++wrong > 3) continue;
        CAPTURE(a);
        CAPTURE(xd[0]);
        CAPTURE(xd[1]);
        CAPTURE(xd[2]);
        CAPTURE(static_cast<double>(slope.value));
        CHECK(pd[a] == doctest::Approx(static_cast<double>(slope.value)).epsilon(1e-8));
      }
    }
    if constexpr (rule) {
      // In float a rule may lose what half a unit in an argument changes, and a few units of the result.
      float pf[3] = {};
      partials_at<Op>(xf, pf);
      double allowed[3] = {};
      for (int a = 0; a < n; ++a)
        for (double side : {-0x1p-23, 0x1p-23}) {
          double moved[4] = {xd[0], xd[1], xd[2], xd[3]}, pm[3] = {};
          moved[a] *= 1 + side;
          partials_at<Op>(moved, pm);
          for (int b = 0; b < n; ++b)
            if (std::fabs(pm[b] - pd[b]) > allowed[b]) allowed[b] = std::fabs(pm[b] - pd[b]);
        }
      for (int b = 0; b < n; ++b) {
        const double unit = 0x1p-23 * std::fmax(std::fabs(pd[b]), 0x1p-126);
        if (requires { Op::incomplete; } && pd[b] != pd[b] && pf[b] != pf[b]) continue;
        const double error = std::fabs(pf[b] - pd[b]) / (allowed[b] + unit);
        if (!(error <= worst_float)) {
          worst_float = error;
          std::memcpy(worst_at, xf, sizeof(xf));
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(compared > points * n / 3);
  CAPTURE(worst_at[0]);
  CAPTURE(worst_at[1]);
  CAPTURE(worst_at[2]);
  CHECK(worst_float <= 8);
}

/// Whether Op's result on floating arguments is a floating number, so that it has an error and a slope.
template <class Op>
constexpr bool floating_result() {
  if constexpr (Op::typing == Typing::integral || Op::typing == Typing::logical)
    return false;
  else
    return std::is_floating_point_v<
        std::remove_const_t<decltype(scalar_value<Op>(static_cast<const double*>(nullptr)))>>;
}

/// Own: whether values are computed by the library itself. Those from the standard library are no constant expressions,
/// and it throws for some extreme arguments.
template <class Op, bool Own>
void check_op() {
  INFO(std::string(Op::name.c_str()));
  if constexpr (floating_result<Op>()) {
    constexpr bool same_type = std::is_same_v<decltype(scalar_value<Op>(static_cast<const float*>(nullptr))), float>;
    if constexpr (Own) check_constexpr<Op, double>();
    check_value<Op, double, Own>();
    if constexpr (same_type) {
      if constexpr (Own) check_constexpr<Op, float>();
      check_value<Op, float, Own>();
      check_partials<Op, Own>();
    }
  }
  if constexpr (Op::typing != Typing::integral) {
    check_pack<Op, float, Own>();
    check_pack<Op, double, Own>();
  }
  if constexpr (Op::typing != Typing::floating && Op::typing != Typing::logical) {
    check_pack<Op, signed char, Own>();
    check_pack<Op, unsigned char, Own>();
    check_pack<Op, int, Own>();
    check_pack<Op, std::int64_t, Own>();
  }
}

/// Every Slices-th op of a list, from Slice on.
template <class List, int Slice = 0, int Slices = 1, bool Own = true>
void check_slice() {
  if constexpr (Slice < List::size) {
    check_op<at_t<Slice, List>, Own>();
    check_slice<List, Slice + Slices, Slices, Own>();
  }
}

}  // namespace tenon::test
