// Decompositions of dual numbers by Eigen, forward mode, against derivatives written by hand.
#if __has_include(<Eigen/Dense>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <tenon/ad/eigen.hpp>

#include "eigen_gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// A tangent for each element of the matrix, by columns as Eigen stores them.
using Number = dual<double, 9>;
using Mat3 = Eigen::Matrix<Number, 3, 3>;
using Vec3 = Eigen::Matrix<Number, 3, 1>;

Mat3 variable(const Mat& a) {
  Mat3 x;
  for (int i = 0; i < 9; ++i) {
    x.data()[i] = a.data()[i];
    x.data()[i].tangent[i] = 1;
  }
  return x;
}
Mat gradient(const Number& y) {
  Mat g;
  for (int i = 0; i < 9; ++i) g.data()[i] = y.tangent[i];
  return g;
}
// Whether w . x has the value and the gradient of w . inv(a) b.
bool solves(const Vec3& x, const Mat& a, const Mat& wanted) {
  const Number y = w.dot(x);
  return std::fabs(y.value - w.dot(a.inverse() * b)) < 1e-14 && near(gradient(y), wanted);
}

}  // namespace

TEST_CASE("solves and a determinant by decompositions of dual numbers") {
  const Vec3 right = b.cast<Number>();
  const Mat3 a = variable(general), s = variable(spd);
  CHECK(solves(a.partialPivLu().solve(right), general, solve_gradient(general)));
  CHECK(solves(a.householderQr().solve(right), general, solve_gradient(general)));
  CHECK(solves(s.llt().solve(right), spd, lower(solve_gradient(spd))));
  CHECK(solves(s.ldlt().solve(right), spd, lower(solve_gradient(spd))));
  CHECK(near(gradient(a.partialPivLu().determinant()), general.determinant() * general.inverse().transpose()));
}

TEST_CASE("eigenvalues and eigenvectors of a symmetric matrix of dual numbers") {
  const Eigen::SelfAdjointEigenSolver<Mat3> e(variable(spd));
  Mat v;
  for (int i = 0; i < 9; ++i) v.data()[i] = e.eigenvectors().data()[i].value;
  CHECK((v.transpose() * v - Mat::Identity()).norm() < 1e-14);
  const auto value = [&](int k) { return e.eigenvalues()(k).value; };
  for (int k = 0; k < 3; ++k) {
    const Vec of_k = v.col(k);
    CHECK((spd * of_k - value(k) * of_k).norm() < 1e-13);
    CHECK(near(gradient(e.eigenvalues()(k)), lower(of_k * of_k.transpose())));
    // dv_k is the sum over the others of v_l (v_l . da v_k) / (the difference of the eigenvalues).
    for (int i = 0; i < 3; ++i) {
      Mat wanted = Mat::Zero();
      for (int l = 0; l < 3; ++l)
        if (l != k) wanted += v(i, l) / (value(k) - value(l)) * v.col(l) * of_k.transpose();
      CHECK(near(gradient(e.eigenvectors()(i, k)), lower(wanted)));
    }
  }
}
#endif
