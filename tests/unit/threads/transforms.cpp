// Threads that take derivatives at once of what has code of its own for that: vmap, power series, solutions of
// equations, matrix decompositions.
#include <thread>
#include <vector>

#include <tenon/ad/jet.hpp>
#include <tenon/ad/vmap.hpp>
#include <tenon/ops/catalogue.hpp>
#if __has_include(<Eigen/Dense>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <tenon/ad/implicit.hpp>
#include <tenon/linalg/cholesky.hpp>
#include <tenon/linalg/solve.hpp>
#endif

#include "unit/ad/gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// f(), a tensor, has the same bits on eight threads at once, again and again, as on this one before.
void check_together(Matrix (*f)(const Matrix&)) {
  const Matrix x = matrix(4, 4), wanted = f(x);
  int right[8] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const Matrix y = f(x);
        bool same = y.dims() == wanted.dims();
        for (index_t k = 0; same && k < y.size(); ++k) same = y.data()[k] == wanted.data()[k];
        right[t] += same;
      }
    });
  for (auto& t : threads) t.join();
  for (const int times : right) CHECK(times == 10);
  double size = 0;
  for (const double e : wanted) size += std::fabs(e);
  CHECK(size > 0.1);
  CHECK(size < 1e4);
}

}  // namespace

TEST_CASE("vmap of gradients, and a gradient through it") {
  check_together([](const Matrix& x) -> Matrix {
    const auto cube = [](const auto& row) { return sum(row * row * sin(row)); };
    const Matrix each = vmap(grad(cube))(x);
    return each + grad([&](const auto& m) { return sum(square(vmap(cube)(m))); })(x);
  });
}

TEST_CASE("power series, and gradients of their coefficients") {
  check_together([](const Matrix& x) -> Matrix {
    const auto f = [](auto t) { return exp(sin(t)) * t; };
    Matrix y(2, 4);
    for (index_t i = 0; i < 4; ++i) {
      const auto d = taylor<4>(f, x(i, 0), 1.0);
      y(0, i) = d(4);
      y(1, i) = grad([&](auto t) { return taylor<3>(f, t, 1.0)(3); })(x(i, 1));
    }
    return y;
  });
}

#if __has_include(<Eigen/Dense>)
TEST_CASE("solutions of equations") {
  check_together([](const Matrix& x) -> Matrix {
    const auto settled = [](auto p) { return root([&](const auto& t) { return t * t * t + t - p; }, 0.5); };
    const auto pulled = [&](const auto& m) {
      return sum(square(fixed_point([&](const auto& t) { return evaluate(0.3 * cos(t) * m); }, x)));
    };
    Matrix y = grad(pulled)(x);
    for (index_t i = 0; i < 4; ++i) y(i, 0) += grad(settled)(x(i, 0));
    return y;
  });
}

TEST_CASE("solves and factors") {
  check_together([](const Matrix& x) -> Matrix {
    Matrix spd = matmul(x, transpose(x));
    for (index_t i = 0; i < 4; ++i) spd(i, i) += static_cast<double>(i + 1);
    const auto f = [&](const auto& m) {
      return evaluate(sum(square(linalg::solve(m, x))) + sum(linalg::cholesky(m) * x));
    };
    return grad(f)(spd);
  });
}
#endif
