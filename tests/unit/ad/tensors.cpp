// tests/unit/ad/tensors.cpp: gradients with respect to tensors: shapes, broadcasts, what takes no part.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("static and run-time extents, from one element to more than one row of lanes") {
  const auto f = [](const auto& x) { return sum(tanh(x) * x * 3 - exp(x) / 2); };
  check_gradient(f, filled(Tensor<double, 2, 3>{}, scatter));
  for (index_t n : {1, 7, 8, 9, 17, 33}) check_gradient(f, vector(n));
  check_gradient(f, filled(Tensor<double>{}, scatter));
}

TEST_CASE("empty tensors have empty gradients") {
  const auto g = value_and_grad([](const auto& x) { return sum(x * x) + 2; })(Vector(0));
  CHECK(g.value == 2);
  CHECK(g.grad.size() == 0);
  const auto [v, both] = value_and_grad<0, 1>([](const auto& x, const auto& y) { return sum(x * x) + sum(y * y); })(
      Matrix(0, 3), vector(3));
  CHECK(both.a.extent(1) == 3);
  CHECK(near_all(both.b, vector(3) * 2));
}

TEST_CASE("operands are broadcast: scalars, rows, columns, all at once") {
  const Matrix a = matrix(4, 9);
  const Vector r = vector(9);
  const Matrix c = matrix(4, 1);
  const auto f = [](const auto& x, const auto& row, const auto& column, const auto& s) {
    return sum(x * row * column * s + row * column) * s;
  };
  const auto g = grad<0, 1, 2, 3>(f)(a, r, c, 1.5);
  CHECK(near_all(g.a, 2.25 * r * c));
  CHECK(near_all(g.b, slopes([&](const Vector& x) { return static_cast<double>(f(a, x, c, 1.5)); }, r)));
  CHECK(near_all(g.c, slopes([&](const Matrix& x) { return static_cast<double>(f(a, r, x, 1.5)); }, c)));
  CHECK(near(g.d, slope([&](double x) { return static_cast<double>(f(a, r, c, x)); }, 1.5)));
  // Where the variable is all there is along an axis, and between axes that are not broadcast.
  check_gradient([](const auto& x) { return sum(transpose(x) * x); }, matrix(1, 13));
  const auto cube = filled(Tensor<double, dyn, dyn, dyn>(2, 3, 17), scatter);
  const auto h = [&](const auto& x) { return sum(cube * x * x); };
  check_gradient(h, matrix(3, 1));
  check_gradient(h, matrix(1, 17));
  check_gradient(h, filled(Tensor<double, dyn, dyn, dyn>(2, 1, 1), scatter));
}

TEST_CASE("one tensor in several places of a statement") {
  check_gradient([](const auto& x) { return sum(x * x * x - x * x); }, vector(19));
  check_gradient([](const auto& x) { return sum(slice(x, range(1, 20)) * slice(x, range(0, 19)) * slice(x, 0)); },
                 vector(20));
}

TEST_CASE("results that do not depend on the variable have zero gradients") {
  const Vector x = vector(9);
  CHECK(near_all(grad([](const auto&) { return 3.0; })(x), 0 * x));
  CHECK(near_all(grad([&](const auto&) { return sum(x); })(x), 0 * x));
  CHECK(near_all(grad([](const auto& t) { return sum(floor(t)); })(x), 0 * x));
  CHECK(near_all(grad([](const auto& t) { return static_cast<double>(t.size()); })(x), 0 * x));
}

TEST_CASE("what the result does not depend on adds nothing, not even 0 * inf") {
  const Vector zeros(9);
  const auto f = [](const auto& t) {
    const auto unused = evaluate(sqrt(t) + log(t));
    const auto more = evaluate(sum(unused));
    return sum(t) * 2;
  };
  CHECK(near_all(grad(f)(zeros), zeros + 2));
}

TEST_CASE("an argument may be an expression or a view") {
  const Matrix a = matrix(4, 5);
  const auto f = [](const auto& x) { return sum(x * x); };
  CHECK(near_all(grad(f)(a * 3), 6 * a));
  CHECK(near_all(grad(f)(transpose(a)), 2 * transpose(a)));
  CHECK(near_all(grad(f)(row(a, 2)), 2 * row(a, 2)));
  CHECK(near_all(grad<1>([](const auto& y, const auto& x) { return sum(y * x); })(a, row(a, 1) + 1), sum<0>(a)));
}
