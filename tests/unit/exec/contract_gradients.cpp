// Contractions of dual and rev elements: derivatives against central differences.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

TEST_CASE("dual numbers go through the plain loops") {
  Tensor<dual<double>, 2, 2> a{{1, 2}, {3, 4}};
  a(0, 1) = dual<double>(2.0, 1.0);
  const Tensor<dual<double>, 2, 2> c = matmul(a, a);
  CHECK(c(0, 0).value == 7);
  CHECK(c(0, 0).tangent[0] == 3);
  CHECK(c(1, 1).tangent[0] == 3);
  CHECK(c(1, 0).tangent[0] == 0);
}

TEST_CASE("gradients of contractions") {
  Tensor<double, 3, 4> a{{1, 2, 3, 4}, {5, 6, 7, 8}, {2, 4, 6, 1}};
  Tensor<double, 4, 2> b{{1, 2}, {3, 4}, {5, 6}, {7, 8}};
  Tensor<double, 2, 3, 4> stack;
  stack = a * 2;
  Tensor<double, 3, 3> s{{1, 2, 3}, {4, 5, 6}, {7, 8, 10}};
  const auto check = [](const auto& f, const auto& x) {
    const auto g = grad(f)(x);
    auto moved = x;
    for (index_t i = 0; i < x.size(); ++i) {
      const double h = 1e-5, at = x.data()[i];
      moved.data()[i] = at + h;
      const double up = f(moved);
      moved.data()[i] = at - h;
      const double down = f(moved);
      moved.data()[i] = at;
      CHECK(g.data()[i] == doctest::Approx((up - down) / (2 * h)).epsilon(1e-6));
    }
  };
  check([&](const auto& x) { return evaluate(sum(square(matmul(x, b)))); }, a);
  check([&](const auto& x) { return evaluate(sum(square(matmul(a, x)))); }, b);
  check([&](const auto& x) { return evaluate(sum(square(matmul(stack, x)))); }, b);
  check([&](const auto& x) { return evaluate(sum(square(matmul(x, b)))); }, stack);
  check([&](const auto& x) { return evaluate(sum(tanh(einsum<"ij,jk->ki">(x, b) * 0.01))); }, a);
  check([&](const auto& x) { return evaluate(sum(square(einsum<"ii,ij->j">(x, a)))); }, s);
  check([&](const auto& x) { return evaluate(einsum<"ij,jk,kl,li->">(x, x, x, s)); }, s);
}

}  // namespace
