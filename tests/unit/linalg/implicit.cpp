// Solutions of equations and minima have the derivatives of closed forms, nested too, and record little.
#if __has_include(<Eigen/Dense>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <tenon/ad/implicit.hpp>
#include <tenon/ad/variable.hpp>

#include "unit/ad/derivatives.hpp"

using namespace tenon;

TEST_CASE("roots of one equation, to third order") {
  // x^2 = p + 1
  const auto f = [](auto p) { return root([&](const auto& x) { return x * x - p - 1.0; }, 1.0); };
  CHECK(test::near(f(3.0), 2, 1e-14));
  CHECK(test::near(grad(f)(3.0), 1.0 / 4, 1e-14));
  CHECK(test::near(jvp(f, 3.0, 2.0).tangent, 2.0 / 4, 1e-14));
  CHECK(test::near(grad(grad(f))(3.0), -1.0 / 32, 1e-13));
  CHECK(test::near(hvp(f, 3.0, 1.0), -1.0 / 32, 1e-13));
  CHECK(test::near(jvp(grad(grad(f)), 3.0, 1.0).tangent, 3.0 / 256, 1e-12));
}

TEST_CASE("roots of several equations, fixed points and minima") {
  const Tensor<double, 3, 3> a{{4, 1, 0.5}, {1, 5, 0.25}, {0.5, 0.25, 6}};
  const Tensor<double, 3> b{1, -2, 3}, zero{};
  const auto along = [](const auto& solution) { return evaluate(sum(solution * solution * solution)); };
  // x + x^3 / 4 = b with weights a, against differences
  const auto of_root = [&](const auto& p) {
    return along(root([&](const auto& x) { return evaluate(matmul(a, x) + 0.25 * x * x * x - p); }, zero));
  };
  const auto plain = [&](const Tensor<double, 3>& p) { return static_cast<double>(of_root(p)); };
  CHECK(test::near_all(grad(of_root)(b), test::slopes(plain, b), 1e-9));

  // x = cos(x p) / 2
  const auto of_point = [](auto p) { return fixed_point([&](const auto& x) { return 0.5 * cos(x * p); }, 0.3); };
  const double x = of_point(1.2), s = 0.5 * std::sin(x * 1.2);
  CHECK(test::near(x, 0.5 * std::cos(x * 1.2), 1e-13));
  CHECK(test::near(grad(of_point)(1.2), -s * x / (1 + s * 1.2), 1e-12));

  // Ridge regression: w = inv(a a + l) a b; d/dl = -inv(a a + l) w
  const auto ridge = [&](auto l) {
    return minimize([&](const auto& w) { return sum(square(matmul(a, w) - b)) + l * sum(w * w); }, zero);
  };
  const auto wanted = [&](double l) {
    const Tensor<double, 3, 3> m = matmul(a, a) + l * eye<double, 3>();
    return evaluate(linalg::solve(m, matmul(a, b)));
  };
  const Tensor<double, 3, 3> m = matmul(a, a) + 2.0 * eye<double, 3>();
  CHECK(test::near_all(ridge(2.0), wanted(2.0), 1e-13));
  CHECK(test::near_all(jvp(ridge, 2.0, 1.0).tangent, evaluate(-linalg::solve(m, wanted(2.0))), 1e-13));
  const auto size = [&](auto l) { return sum(square(ridge(l))); };
  CHECK(test::near(grad(size)(2.0), -2 * static_cast<double>(sum(wanted(2.0) * linalg::solve(m, wanted(2.0)))), 1e-12));
}

TEST_CASE("a tape holds one evaluation, whatever the solver did") {
  Tape tape;
  const auto p = tape.variable(3.0);
  const auto g = [&](const auto& x) { return x * x - p; };
  const index_t before = static_cast<index_t>(tape.bytes());
  const rev<double> x = root(g, 100.0);
  CHECK(static_cast<index_t>(tape.bytes()) - before < 200);
  const auto [d] = tape.gradient(x, p);
  CHECK(test::near(d, 0.5 / std::sqrt(3.0), 1e-14));
  // A solution from elsewhere.
  const rev<double> y = implicit_root(g, std::sqrt(3.0));
  const auto [e] = tape.gradient(y, p);
  CHECK(test::near(e, 0.5 / std::sqrt(3.0), 1e-14));
}

TEST_CASE("no solution") {
  // Steps that end where the Jacobian is singular: the equation is at fault, not a matrix.
  const auto above = [](const auto& x) { return x * x + 1.0; };
  const char* said =
      "tenon: root: no solution after 1 steps, where the Jacobian is singular; begin closer to it, or "
      "pass one to implicit_root";
  CHECK_THROWS_WITH_AS(root(above, 1.0), said, value_error);
  CHECK_THROWS_AS(root([&](const auto& x) { return evaluate(x * x + 1); }, Tensor<double, 2>{1, 0}), value_error);
  CHECK_THROWS_AS(root([](const auto& x) { return x * x + 1.0; }, 1.5), value_error);
  CHECK_THROWS_AS(fixed_point([](const auto& x) { return 2.0 * x + 1.0; }, 1.0, {.max_steps = 50}), value_error);
  const Tensor<double, 2> two{1, 1};
  CHECK_THROWS_AS(root([](const auto& x) { return evaluate(slice(x, range(0, 1))); }, two), shape_error);
}
#endif
