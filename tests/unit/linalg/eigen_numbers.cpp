// dual and rev numbers as scalars of Eigen: products, decompositions and solves against gradients written by hand.
#if __has_include(<Eigen/Dense>)
#define EIGEN_DONT_VECTORIZE  // g++ 12 warns of its own AVX-512 header in Eigen's kernels
#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <tenon/ad/eigen.hpp>
#include <tenon/ad/forward.hpp>

#include "eigen_gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// On a tape, so that all functions share one type of numbers: Eigen's templates take long to compile.
using Number = rev<double>;
using Mat3 = Eigen::Matrix<Number, 3, 3>;
template <class F>
Mat gradient(const F& f, const Mat& at) {
  Tape tape;
  const Mat3 a = tape.variable(at);
  const Number y = f(a);
  const auto [g] = tape.gradient(y, a);
  return g;
}

}  // namespace

TEST_CASE("products, norms and coefficient-wise functions, mixed with matrices of double") {
  const Mat& a = general;
  const Mat c = general * a * spd + 2 * a - a * 3.0 + general;
  const Mat gc = 2 * c * b * b.transpose();
  Mat wanted = general.transpose() * gc * spd.transpose() - gc + a(0, 1) * a(1, 0) * Mat::Ones();
  wanted(0, 1) += a(1, 0) * a.sum();
  wanted(1, 0) += a(0, 1) * a.sum();
  wanted += Mat::Identity() / (a(0, 0) + 10);
  wanted(0, 0) -= a.trace() / (a(0, 0) + 10) / (a(0, 0) + 10);
  const auto mixed = [](const Mat3& x) {
    const Mat3 y = general * x * spd + 2 * x - x * 3.0 + general;
    return (y * b).squaredNorm() + (x(0, 1) * x(1, 0) * x).sum() + (x / (x(0, 0) + 10.0)).trace();
  };
  CHECK(near(gradient(mixed, a), wanted));
  const auto pointwise = [](const Mat3& x) {
    return x.norm() + x.cwiseAbs().sum() + x.array().exp().sum() + x.maxCoeff() + x.cwiseMin(1.5).sum();
  };
  const Mat highest = (a.array() == 6).cast<double>(), small = (a.array() < 1.5).cast<double>();
  CHECK(near(gradient(pointwise, a), a / a.norm() + a.cwiseSign() + a.array().exp().matrix() + highest + small));
}

TEST_CASE("decompositions and solves") {
  const auto right = b.cast<Number>().eval();  // Eigen solves for right-hand sides of the matrix's own scalar
  const auto of = [&](const auto& x) { return w.dot(x); };
  CHECK(near(gradient([&](const Mat3& a) { return of(a.partialPivLu().solve(right)); }, general),
             solve_gradient(general)));
  CHECK(near(gradient([&](const Mat3& a) { return of(a.householderQr().solve(right)); }, general),
             solve_gradient(general)));
  CHECK(near(gradient([&](const Mat3& a) { return of(a.llt().solve(right)); }, spd), lower(solve_gradient(spd))));
  CHECK(near(gradient([&](const Mat3& a) { return of(a.ldlt().solve(right)); }, spd), lower(solve_gradient(spd))));
  const Mat transposed = general.transpose().inverse();
  CHECK(near(gradient([](const Mat3& a) { return a.inverse().sum() + a.determinant(); }, general),
             -transposed * Mat::Ones() * transposed + general.determinant() * transposed));
}

TEST_CASE("eigenvalues and singular values") {
  // Also the vectors that their gradients are made of are taken from the numbers, not computed in double again.
  const auto value = [](const auto& x) {
    Mat m;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) m(i, j) = x(i, j).value;
    return m;
  };
  Mat u, v;
  const Mat of_eigenvalue = gradient(
      [&](const Mat3& a) {
        const Eigen::SelfAdjointEigenSolver<Mat3> e(a);
        v = value(e.eigenvectors());
        return e.eigenvalues()(2);
      },
      spd);
  CHECK((spd * v.col(2)).eval().dot(v.col(0)) < 1e-12);
  CHECK(near(of_eigenvalue, lower(v.col(2) * v.col(2).transpose())));
  const Mat of_singular_value = gradient(
      [&](const Mat3& a) {
        const Eigen::JacobiSVD<Mat3, Eigen::NoQRPreconditioner> svd(a, Eigen::ComputeFullU | Eigen::ComputeFullV);
        u = value(svd.matrixU());
        v = value(svd.matrixV());
        return svd.singularValues()(0);
      },
      general);
  CHECK((general * v.col(0)).eval().dot(u.col(1)) < 1e-12);
  CHECK(near(of_singular_value, u.col(0) * v.col(0).transpose()));
}

TEST_CASE("Eigen matrices as arguments of grad, jvp and hvp") {
  const auto f = [](const auto& x) { return x.squaredNorm() * x(0) + double(x.size()); };
  const Eigen::VectorXd x = b;
  Eigen::VectorXd wanted = 2 * x(0) * x;
  wanted(0) += x.squaredNorm();
  CHECK((grad(f)(x) - wanted).norm() < 1e-14);
  CHECK(std::fabs(jvp(f, x, Eigen::VectorXd(w)).tangent - wanted.dot(w)) < 1e-14);
  Eigen::VectorXd along = 2 * x(0) * w + 2 * w(0) * x;
  along(0) += 2 * x.dot(w);
  CHECK((hvp(f, x, Eigen::VectorXd(w)) - along).norm() < 1e-14);
}
#endif
