// tests/unit/linalg/eigen_gradients.hpp: gradients of solves with Eigen's matrices, written by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <Eigen/Core>
#include <Eigen/LU>

namespace tenon::test {

using Mat = Eigen::Matrix3d;
using Vec = Eigen::Vector3d;
inline const Mat spd = (Mat() << 4, 1, 0.5, 1, 5, 0.25, 0.5, 0.25, 6).finished();
inline const Mat general = (Mat() << 1, 2, 3, -4, 5, 0.25, 0.5, -7, 6).finished();
inline const Vec b(1, -2, 3), w(0.5, 1, -1.5);

// Of matrices, not of expressions: compiled once.
inline bool near(const Mat& a, const Mat& wanted) {
  const double error = (a - wanted).norm();
  if (error <= 1e-12 * (1 + wanted.norm())) return true;
  MESSAGE("differs by " << error);
  return false;
}
// The gradient of w . inv(a) b with respect to a.
inline Mat solve_gradient(const Mat& a) {
  const Vec x = a.inverse() * b, l = a.transpose().inverse() * w;
  return -l * x.transpose();
}
// All solves are functions of the lower triangle of a symmetric matrix when they look at no more.
inline Mat lower(const Mat& g) {
  Mat r = (g + g.transpose()).triangularView<Eigen::StrictlyLower>();
  r.diagonal() = g.diagonal();
  return r;
}

}  // namespace tenon::test
