// tests/catalogue/pointwise.cpp: the checks of pointwise ops, compiled once for all of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/pointwise.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

#include "support/ulp.hpp"

namespace tenon::test {
namespace {

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
  void fill(const Domain& domain, Real* x) {
    x[0] = next(domain.lo, domain.hi);
    for (int a = 1; a < 4; ++a) x[a] = next(domain.lo2, domain.hi2);
  }
  std::uint64_t bits() { return state_ = state_ * 6364136223846793005u + 1442695040888963407u; }

 private:
  Real uniform() { return static_cast<Real>(bits() >> 11) * 0x1p-53L; }
  std::uint64_t state_ = 42;
};

double ulps(bool single, Real got, Real want) {
  return single ? ulp_distance<float>(static_cast<float>(got), want)
                : ulp_distance<double>(static_cast<double>(got), want);
}

void check_value(const PointwiseOp& op, bool single_argument, bool single_result, Real (*value)(const Real*)) {
  Samples samples;
  const double claim = single_result ? op.claim.float_ulp : op.claim.double_ulp;
  double worst = 0;
  Real worst_at[4] = {};
  for (int i = 0; i < (op.own ? 5000 : 300); ++i) {
    Real x[4];
    samples.fill(op.domain, x);
    for (int a = 0; a < 4; ++a) x[a] = single_argument ? static_cast<float>(x[a]) : static_cast<double>(x[a]);
    const double distance = ulps(single_result, value(x), op.exact(x));
    if (!(distance <= worst)) {
      worst = distance;
      std::memcpy(worst_at, x, sizeof(x));
    }
  }
  CAPTURE(worst_at[0]);
  CAPTURE(worst_at[1]);
  CAPTURE(worst_at[2]);
  CAPTURE(single_argument);
  CHECK(worst <= claim + 0.002);
}

template <class T>
void check_constexpr(const PointwiseOp& op, const EarlyValues<T>& early) {
  const double claim = sizeof(T) == 4 ? op.claim.float_ulp : op.claim.double_ulp;
  for (int i = 0; i < 3; ++i) {
    Real x[4];
    for (int a = 0; a < 4; ++a) x[a] = early.x[i][a];
    CHECK(ulp_distance<T>(early.y[i], op.exact(x)) <= claim + 0.002);
  }
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
      return static_cast<T>(static_cast<double>(bits & 0xffff) /
                            (bits & 0x10000 || std::is_unsigned_v<T> ? 512 : -512));
  }
}

// Zeros of either sign differ; NaNs do not.
bool same_bits(Real a, Real b) { return a != a ? b != b : a == b && std::signbit(a) == std::signbit(b); }

template <class T>
void check_pack(const PointwiseOp& op, PointwiseOp::Packs<T> run) {
  if (!run) return;
  constexpr int width = lanes_of<T>;
  Samples samples;
  for (int i = 0; i < 300; ++i) {
    T x[4][width];
    for (int lane = 0; lane < width; ++lane) {
      Real inside[4];
      samples.fill(op.domain, inside);
      for (int a = 0; a < 4; ++a)
        x[a][lane] = (op.own && i % 2) || std::is_integral_v<T> ? edge<T>(samples.bits()) : static_cast<T>(inside[a]);
    }
    Real in_pack[width], in_scalar[width];
    run(x, in_pack, in_scalar);
    for (int lane = 0; lane < width; ++lane) {
      const bool same = same_bits(in_pack[lane], in_scalar[lane]);
      if (!same) {
        CAPTURE(x[0][lane]);
        CAPTURE(x[1][lane]);
        CAPTURE(x[2][lane]);
        CAPTURE(sizeof(T));
        CHECK(same);
        return;
      }
    }
  }
}

/// d exact / d x[a] by a five-point formula with the step h; NaN-free inside of a domain.
Real difference(const PointwiseOp& op, const Real* x, int a, Real h) {
  Real at[4] = {x[0], x[1], x[2], x[3]};
  auto f = [&](Real dx) {
    at[a] = x[a] + dx;
    return op.exact(at);
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
Slope slope_of(const PointwiseOp& op, const Real* x, int a) {
  const Real step = op.referenced ? 1e-4L : 6e-4L, tolerance = op.referenced ? 1e-9L : 1e-7L;
  const Real here = op.exact(x), size = fabsl(x[a]);
  for (const Real scale : {fmaxl(size, 0.01L), size, 1.0L}) {
    const Real h = step * scale;
    if (h < 1e-7L * size || h < 1e-30L) continue;
    Real at[4] = {x[0], x[1], x[2], x[3]};
    at[a] = x[a] + h;
    const Real right = (op.exact(at) - here) / h;
    at[a] = x[a] - h;
    const Real left = (here - op.exact(at)) / h;
    const Real value = difference(op, x, a, h), check = difference(op, x, a, h / 2);
    const Real unit = fabsl(value) + fabsl(here) / fmaxl(scale, size) + 1e-30L;
    if (fabsl(value - check) <= tolerance * unit && fabsl(left - right) <= 0.1L * unit)
      return {true, value, tolerance * unit};
  }
  return {};
}

void check_partials(const PointwiseOp& op) {
  const int n = op.arity, points = op.own ? 1000 : 60;
  Samples samples;
  int compared = 0, wrong = 0;
  double worst_float = 0;
  float worst_at[4] = {};
  for (int i = 0; i < points; ++i) {
    Real x[4];
    float xf[4];
    double xd[4], pd[3] = {};
    samples.fill(op.domain, x);
    for (int a = 0; a < 4; ++a) x[a] = xd[a] = xf[a] = static_cast<float>(x[a]);
    if (op.partials_double) op.partials_double(xd, pd);
    for (int a = 0; a < n; ++a) {
      Slope slope = slope_of(op, x, a);
      if (!slope.known) continue;
      // Without a rule, as for a real order, the derivative is NaN, never silently something else.
      if (op.incomplete && a == 0 && pd[a] != pd[a]) {
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
    if (op.partials_float) {
      // In float a rule may lose what half a unit in an argument changes, and a few units of the result.
      float pf[3] = {};
      op.partials_float(xf, pf);
      double allowed[3] = {};
      for (int a = 0; a < n; ++a)
        for (double side : {-0x1p-23, 0x1p-23}) {
          double moved[4] = {xd[0], xd[1], xd[2], xd[3]}, pm[3] = {};
          moved[a] *= 1 + side;
          op.partials_double(moved, pm);
          for (int b = 0; b < n; ++b)
            if (std::fabs(pm[b] - pd[b]) > allowed[b]) allowed[b] = std::fabs(pm[b] - pd[b]);
        }
      for (int b = 0; b < n; ++b) {
        const double unit = 0x1p-23 * std::fmax(std::fabs(pd[b]), 0x1p-126);
        if (op.incomplete && b == 0 && pd[b] != pd[b] && pf[b] != pf[b]) continue;
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

}  // namespace

void check(const PointwiseOp& op) {
  INFO(std::string(op.name));
  if (op.early_double) check_constexpr(op, *op.early_double);
  if (op.early_float) check_constexpr(op, *op.early_float);
  if (op.in_double) check_value(op, false, op.single_result, op.in_double);
  if (op.in_float) check_value(op, true, true, op.in_float);
  if (op.has_slope) check_partials(op);
  check_pack(op, op.packs_float);
  check_pack(op, op.packs_double);
  check_pack(op, op.packs_int8);
  check_pack(op, op.packs_uint8);
  check_pack(op, op.packs_int);
  check_pack(op, op.packs_int64);
}

}  // namespace tenon::test
