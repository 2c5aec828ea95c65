// tests/unit/ad/replay_tensors.cpp: recorded functions of tensors and models, and recorded derivatives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/forward.hpp>
#include <tenon/ad/replay.hpp>
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/expr/matmul.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T = double>
struct Line {
  Tensor<T, dyn> slope;
  Tensor<T> offset;
  auto operator()(const auto& x) const { return slope * x + offset; }
};

}  // namespace

TEST_CASE("results of any shape, several arguments, models") {
  const auto f = [](const auto& a, const auto& b, int power) {
    auto y = evaluate(tanh(matmul(a, b)) * b(0));
    for (int i = 1; i < power; ++i) y = y * y;
    return y;
  };
  const Matrix a = matrix(11, 3);
  const Vector b = vector(3);
  const auto r = record(f, a, b, 2);
  const Matrix a2 = flip<0>(a) * 2;
  const Vector b2 = b + 1;
  static_assert(__is_same(decltype(r(a2, b2, 2)), Vector));
  CHECK(near_all(r(a2, b2, 2), f(a2, b2, 2), 1e-13));
  const Matrix j = r.jacobian(a2, b2, 2);
  CHECK(j.extent(0) == 11);
  CHECK(j.extent(1) == 36);
  for (index_t i = 0; i < 3; ++i) {
    Vector more = b2, less = b2;
    more(i) += 1e-5, less(i) -= 1e-5;
    CHECK(near_all(slice(j, range(0, 11), 33 + i), (f(a2, more, 2) - f(a2, less, 2)) / 2e-5, 1e-8));
  }
  CHECK_THROWS_AS(r(matrix(10, 3), b, 2), shape_error);

  const auto loss = [](const auto& line, const auto& x, auto scale) { return sum(square(line(x))) * scale; };
  const Line<> line{vector(4), 0.5}, other{vector(4) * 3, -1.0};
  const Vector x = vector(4);
  const auto l = record(loss, line, frozen(x), 2.0);
  const auto want = value_and_grad<0, 2>(loss)(other, x, 3.0);
  const auto got = l.value_and_grad<0, 2>(other, frozen(x), 3.0);
  CHECK(near(got.value, want.value, 1e-13));
  CHECK(near_all(got.grad.a.slope, want.grad.a.slope, 1e-12));
  CHECK(near_all(got.grad.a.offset, want.grad.a.offset, 1e-12));
  CHECK(near(got.grad.b, want.grad.b, 1e-12));
}

TEST_CASE("a recorded gradient: its Jacobian is the Hessian") {
  const Vector at = vector(4), x = vector(4) * 0.7 + 0.3;
  const auto g = record(grad([](const auto& v) { return sum(exp(v) * v) * v(0); }), at);
  double total = 0;
  for (index_t i = 0; i < 4; ++i) total += std::exp(x(i)) * x(i);
  Vector want = x(0) * (x + 1) * exp(x);
  want(0) += total;
  CHECK(near_all(g(x), want, 1e-13));
  Matrix second(4, 4);
  for (index_t i = 0; i < 4; ++i) {
    second(i, i) += x(0) * (x(i) + 2) * std::exp(x(i));
    second(i, 0) += (x(i) + 1) * std::exp(x(i));
    second(0, i) += (x(i) + 1) * std::exp(x(i));
  }
  CHECK(near_all(g.jacobian(x), second, 1e-12));
  const auto number = [](auto t) { return sin(t) * t; };
  const auto d = record([&](auto t) { return jvp(number, t, 2.0).tangent; }, 1.0);
  CHECK(near(d(0.4), jvp(number, 0.4, 2.0).tangent, 1e-13));
}
