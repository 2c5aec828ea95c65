// Eigen's sparse solvers of dual and rev numbers: w . inv(a) b has the gradient -l xᵀ, with l = inv(aᵀ) w, x = inv(a)
// b.
#if __has_include(<Eigen/SparseCore>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <Eigen/IterativeLinearSolvers>
#include <Eigen/LU>
#include <Eigen/SparseLU>
#include <tenon/ad/eigen.hpp>
#include <vector>

using namespace tenon;

namespace {

constexpr int n = 5;
using Dense = Eigen::Matrix<double, n, n>;
const Eigen::Vector<double, n> b{1, -2, 3, 0.5, 1}, w{0.5, 1, -1.5, 2, -1};
// Symmetric, with diagonals of 5 and 1, and 0.25 in corners.
const Dense a = [] {
  Dense m = Dense::Identity() * 5;
  for (int i = 1; i < n; ++i) m(i - 1, i) = m(i, i - 1) = 1;
  m(0, n - 1) = m(n - 1, 0) = 0.25;
  return m;
}();
const Dense wanted = -(a.inverse() * w) * (a.inverse() * b).transpose();

// w . inv(m) b, where m has the elements of `numbers` for which a is not 0.
template <class T, template <class> class Solver>
T solved(const std::vector<T>& numbers) {
  std::vector<Eigen::Triplet<T>> list;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      if (a(i, j) != 0) list.emplace_back(i, j, numbers[static_cast<std::size_t>(i * n + j)]);
  Eigen::SparseMatrix<T> m(n, n);
  m.setFromTriplets(list.begin(), list.end());
  Solver<Eigen::SparseMatrix<T>> solver;
  solver.compute(m);
  const Eigen::Vector<T, n> x = solver.solve(b.cast<T>().eval());
  return w.dot(x);
}
template <class M>
using Lu = Eigen::SparseLU<M>;
template <class M>
using Iterative = Eigen::ConjugateGradient<M, Eigen::Lower | Eigen::Upper>;

std::vector<double> elements() {
  std::vector<double> r;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) r.push_back(a(i, j));
  return r;
}

}  // namespace

TEST_CASE("SparseLU of rev numbers") {
  Tape tape;
  const auto at = elements();
  const auto v = tape.variable(at);
  const auto [g] = tape.gradient(solved<rev<double>, Lu>(v), v);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      CHECK(std::fabs(g[static_cast<std::size_t>(i * n + j)] - (a(i, j) != 0 ? wanted(i, j) : 0)) < 1e-14);
}

TEST_CASE("ConjugateGradient of dual numbers") {
  // A symmetric change: the method reads both triangles.
  const std::vector<double> at = elements();
  std::vector<dual<double, 4>> numbers(at.begin(), at.end());
  for (std::size_t k = 0; k < 4; ++k) {
    numbers[k * n + k + 1].tangent[k] = 1;
    numbers[(k + 1) * n + k].tangent[k] = 1;
  }
  const auto y = solved<dual<double, 4>, Iterative>(numbers);
  CHECK(std::fabs(y.value - w.dot(a.inverse() * b)) < 1e-13);
  for (int k = 0; k < 4; ++k) CHECK(std::fabs(y.tangent[k] - wanted(k, k + 1) - wanted(k + 1, k)) < 1e-12);
}
#endif
