// Eigen's BDCSVD of rev numbers, of a size that Eigen splits: the gradient of a singular value is u vᵀ.
#if __has_include(<Eigen/SVD>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <Eigen/SVD>
#include <tenon/ad/eigen.hpp>

using namespace tenon;

TEST_CASE("BDCSVD of more columns than it takes for one piece") {
  constexpr int n = 20;
  using Matrix = Eigen::MatrixX<rev<double>>;
  Eigen::MatrixXd a(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) a(i, j) = ((7 * i + 3 * j) % 11 - 5) / 4.0 + (i == j ? 1 + i : 0);
  Tape tape;
  const Matrix v = tape.variable(a);
  const Eigen::BDCSVD<Matrix> svd = v.bdcSvd(Eigen::ComputeThinU | Eigen::ComputeThinV);
  for (const int k : {0, 2, n - 1}) {
    const auto [g] = tape.gradient(svd.singularValues()(k), v);
    double worst = 0, product = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const double wanted = svd.matrixU()(i, k).value * svd.matrixV()(j, k).value;
        worst = std::fmax(worst, std::fabs(g(i, j) - wanted));
        product += wanted * a(i, j);  // uᵀ a v
      }
    CHECK(worst < 1e-10);
    CHECK(std::fabs(product - svd.singularValues()(k).value) < 1e-12);
  }
}
#endif
