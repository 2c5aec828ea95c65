// Jacobians and Hessians of functions of Eigen's vectors and matrices, and what is printed of them.
#if __has_include(<Eigen/Core>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <sstream>
#include <tenon/ad/eigen.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/tensor/print.hpp>

#include "unit/ad/derivatives.hpp"

using namespace tenon;
using Matrix = Tensor<double, dyn, dyn>;

TEST_CASE("Jacobians and Hessians of Eigen's vectors and matrices") {
  const auto f = [](const auto& x) { return (x * x.sum()).eval(); };
  const Eigen::VectorXd x{{1, -2, 0.5}};
  // x_i sum(x): sum(x) on the diagonal, and x_i everywhere.
  const Matrix want{{0.5, 1, 1}, {-2, -2.5, -2}, {0.5, 0.5, 0}};
  CHECK(test::near_all(jacobian(f)(x), want, 1e-14));
  CHECK(test::near_all(jacobian_forward(f)(x), want, 1e-14));
  const auto cubic = [](const auto& v) { return v.squaredNorm() * v(0); };
  const Matrix curvature{{6, -4, 1}, {-4, 2, 0}, {1, 0, 2}};
  CHECK(test::near_all(hessian(cubic)(x), curvature, 1e-14));
  // Matrices by columns, as Eigen stores them.
  const auto squared = [](const auto& a) { return (a * a).eval(); };
  const Matrix of_square{{2, 2, 3, 0}, {3, 5, 0, 3}, {2, 0, 5, 2}, {0, 2, 3, 8}};
  CHECK(test::near_all(jacobian(squared)(Eigen::Matrix2d{{1, 2}, {3, 4}}), of_square, 1e-14));
}

TEST_CASE("numbers are written to streams, and into Eigen's matrices") {
  Eigen::Matrix2<rev<double>> a;
  a << rev<double>(1), rev<double>(2.5), 3.0, rev<double>(4);
  std::ostringstream s;
  s << a.row(0) << " " << a(1, 0);
  CHECK(s.str() == "  1 2.5 3");
}
#endif
