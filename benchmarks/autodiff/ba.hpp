// benchmarks/autodiff/ba.hpp: the reprojection error of bundle adjustment, and its Jacobian by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The problem of ADBench (Srajer, Kukelova, Fitzgibbon 2018): a point is rotated (Rodrigues), projected and distorted.
// The 15 parameters of an observation: rotation 3, centre 3, focal length, principal point 2, distortion 2 (together
// the camera), point 3, weight. Two errors.
#pragma once
#include <cmath>
#include <cstddef>

namespace bench::ba {
using std::size_t;

inline constexpr int parameters = 15;

template <class T>
void rotate(const T* rotation, const T* x, T* y) {
  using std::cos;
  using std::sin;
  using std::sqrt;
  const T square = rotation[0] * rotation[0] + rotation[1] * rotation[1] + rotation[2] * rotation[2];
  if (square != 0.0) {
    const T angle = sqrt(square), c = cos(angle), s = sin(angle), inverse = 1.0 / angle;
    const T w[3] = {rotation[0] * inverse, rotation[1] * inverse, rotation[2] * inverse};
    const T cross[3] = {w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2], w[0] * x[1] - w[1] * x[0]};
    const T along = (w[0] * x[0] + w[1] * x[1] + w[2] * x[2]) * (1.0 - c);
    for (int i = 0; i < 3; ++i) y[i] = x[i] * c + cross[i] * s + w[i] * along;
  } else {
    y[0] = x[0] + rotation[1] * x[2] - rotation[2] * x[1];
    y[1] = x[1] + rotation[2] * x[0] - rotation[0] * x[2];
    y[2] = x[2] + rotation[0] * x[1] - rotation[1] * x[0];
  }
}

template <class T, class F>
void error(const T* p, const F* feature, T* e) {
  const T x[3] = {p[11] - p[3], p[12] - p[4], p[13] - p[5]};
  T camera[3];
  rotate(p, x, camera);
  const T u = camera[0] / camera[2], v = camera[1] / camera[2];
  const T square = u * u + v * v;
  const T distortion = 1.0 + p[9] * square + p[10] * square * square;
  e[0] = p[14] * (u * distortion * p[6] + p[7] - feature[0]);
  e[1] = p[14] * (v * distortion * p[6] + p[8] - feature[1]);
}

/// Errors and jacobian[2, 15] by hand: forward once, back once for each error, all in registers. The rotation is
/// y = c x + a (r cross x) + b r (r . x) with a = sin(t)/t, b = (1 - cos t)/t^2, t = |r|; da/dr = a1 r, db/dr = b1 r.
inline void hand(const double* __restrict p, const double* __restrict feature, double* __restrict e,
                 double* __restrict jacobian) {
  const double x0 = p[11] - p[3], x1 = p[12] - p[4], x2 = p[13] - p[5], r0 = p[0], r1 = p[1], r2 = p[2];
  const double square_angle = r0 * r0 + r1 * r1 + r2 * r2;
  double c = 1, a = 1, b = 0.5, a1 = -1.0 / 3, b1 = -1.0 / 12;  // at no rotation
  if (square_angle != 0) {
    const double angle = std::sqrt(square_angle), inverse = 1 / square_angle;
    c = std::cos(angle);
    a = std::sin(angle) * angle * inverse;
    b = (1 - c) * inverse;
    a1 = (c - a) * inverse;
    b1 = (a - 2 * b) * inverse;
  }
  const double dot = r0 * x0 + r1 * x1 + r2 * x2, along = b * dot;
  const double n0 = r1 * x2 - r2 * x1, n1 = r2 * x0 - r0 * x2, n2 = r0 * x1 - r1 * x0;
  const double depth = 1 / (c * x2 + a * n2 + r2 * along);
  const double u = (c * x0 + a * n0 + r0 * along) * depth, v = (c * x1 + a * n1 + r1 * along) * depth;
  const double square = u * u + v * v, distortion = 1 + p[9] * square + p[10] * square * square;
  const double slope = 2 * (p[9] + 2 * p[10] * square), weight = p[14], scale = weight * p[6];
  const double du = scale * (distortion + slope * u * u), mixed = scale * slope * u * v;
  const double dv = scale * (distortion + slope * v * v);
  const auto row = [&](double of_u, double of_v, double* __restrict j) {
    const double g0 = of_u * depth, g1 = of_v * depth, g2 = -(g0 * u + g1 * v);  // of y
    const double gr = g0 * r0 + g1 * r1 + g2 * r2, gx = g0 * x0 + g1 * x1 + g2 * x2, gn = g0 * n0 + g1 * n1 + g2 * n2;
    const double of_x0 = c * g0 - a * (r1 * g2 - r2 * g1) + b * gr * r0;
    const double of_x1 = c * g1 - a * (r2 * g0 - r0 * g2) + b * gr * r1;
    const double of_x2 = c * g2 - a * (r0 * g1 - r1 * g0) + b * gr * r2;
    const double of_square = a1 * gn + b1 * dot * gr - a * gx, bgr = b * gr;
    j[0] = r0 * of_square + a * (x1 * g2 - x2 * g1) + along * g0 + bgr * x0;
    j[1] = r1 * of_square + a * (x2 * g0 - x0 * g2) + along * g1 + bgr * x1;
    j[2] = r2 * of_square + a * (x0 * g1 - x1 * g0) + along * g2 + bgr * x2;
    j[3] = -of_x0, j[4] = -of_x1, j[5] = -of_x2;
    j[11] = of_x0, j[12] = of_x1, j[13] = of_x2;
  };
  row(du, mixed, jacobian);
  row(mixed, dv, jacobian + parameters);
  const auto rest = [&](double uv, double one, double zero, double shift, double* __restrict j) {
    const double without_weight = uv * distortion * p[6] + shift;
    j[6] = weight * uv * distortion;
    j[7] = one, j[8] = zero;
    j[9] = scale * uv * square, j[10] = scale * uv * square * square;
    j[14] = without_weight;
    return weight * without_weight;
  };
  e[0] = rest(u, weight, 0, p[7] - feature[0], jacobian);
  e[1] = rest(v, 0, weight, p[8] - feature[1], jacobian + parameters);
}

}  // namespace bench::ba
