// tests/unit/ad/preaccumulate.cpp: functions whose derivative is taken when they are called.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <vector>

#include <tenon/ad/forward.hpp>
#include <tenon/ad/preaccumulate.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/expr/matmul.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T = double>
struct Pair {
  Tensor<T, dyn> a;
  Tensor<T, 2> b;
  double scale = 3;  // no parameter
};

const auto drag = [](const auto& v, const auto& rho) {
  auto y = evaluate(v * rho);
  for (int i = 0; i < 30; ++i) y = y + 0.1 * sin(y) * v;
  return y;
};
// The loss of three rows of data.
Matrix rows_of(const Matrix& x, index_t i) { return evaluate(slice<0>(x, range(3 * i, 3 * i + 3))); }
auto loss_of(const auto& x, const auto& w) { return evaluate(sum(square(tanh(matmul(x, w))))); }

}  // namespace

TEST_CASE("numbers: one statement, whatever happens inside, and the same derivatives") {
  const auto plain = [](auto a, auto b) { return drag(a * b, b) * a; };
  const auto spared = [](auto a, auto b) { return preaccumulate(drag)(a * b, b) * a; };
  const auto want = value_and_grad<0, 1>(plain)(0.7, 1.3), got = value_and_grad<0, 1>(spared)(0.7, 1.3);
  CHECK(near(got.value, want.value, 1e-14));
  CHECK(near(got.grad.a, want.grad.a, 1e-13));
  CHECK(near(got.grad.b, want.grad.b, 1e-13));
  CHECK(near(preaccumulate(drag)(0.7, 1.3), drag(0.7, 1.3), 1e-14));  // no derivative: the function as it is

  const auto bytes_of = [](const auto& f) {
    Tape tape;
    const auto a = tape.variable(0.7), b = tape.variable(1.3);
    rev<double> sum = 0;
    for (int i = 0; i < 100; ++i) sum += f(a * i, b);
    return tape.bytes();
  };
  CHECK(bytes_of(drag) > 5 * bytes_of(preaccumulate(drag)));
}

TEST_CASE("sums: every term runs once, and one term is in memory at a time") {
  const Matrix x = matrix(60, 4), w = matrix(4, 5);
  int runs = 0;
  const auto summed = [&](const auto& v) {
    return preaccumulate(20, [&](index_t i, const auto& u) {
      ++runs;
      return loss_of(rows_of(x, i), u);
    })(v);
  };
  const auto whole = [&](const auto& v) { return loss_of(x, v); };
  const auto want = value_and_grad(whole)(w), got = value_and_grad(summed)(w);
  CHECK(runs == 20);
  CHECK(near(got.value, want.value, 1e-13));
  CHECK(near_all(got.grad, want.grad, 1e-12));
  CHECK(near(summed(w), want.value, 1e-13));

  // The sum as the function itself: its gradient is added where it is returned.
  const auto alone =
      value_and_grad(preaccumulate(20, [&](index_t i, const auto& u) { return loss_of(rows_of(x, i), u); }))(w);
  CHECK(near(alone.value, want.value, 1e-13));
  CHECK(near_all(alone.grad, want.grad, 1e-12));

  const auto twice = [&](const auto& v) { return summed(v * 2) * summed(v) + sum(v); };
  CHECK(near_all(grad(twice)(w), grad([&](const auto& v) { return whole(v * 2) * whole(v) + sum(v); })(w), 1e-12));

  const auto bytes_of = [&](index_t terms) {
    Tape tape;
    const auto v = tape.variable(w);
    const rev<double> y = preaccumulate(terms, [&](index_t i, const auto& u) { return loss_of(rows_of(x, i), u); })(v);
    const auto [g] = tape.gradient(y, v);
    return tape.bytes();
  };
  CHECK(bytes_of(20) == bytes_of(2));
}

TEST_CASE("models, containers, constants, nothing at all") {
  const Pair<> at{vector(4), {0.3, -0.4}};
  const Vector data = vector(4);
  const auto f = [](const auto& p, const auto& d) { return sum(p.a * p.a * d) * p.scale * p.b(0) + exp(p.b(1)); };
  const auto want = grad([&](const auto& p) { return f(p, data) * p.b(1); })(at);
  const auto got = grad([&](const auto& p) { return preaccumulate(f)(p, data) * p.b(1); })(at);
  CHECK(near_all(got.a, want.a, 1e-13));
  CHECK(near_all(got.b, want.b, 1e-13));

  const std::vector<double> numbers{0.1, 0.2, 0.3};
  const auto product = [](const auto& v) { return v[0] * v[1] * v[2] + sin(v[0]); };
  const auto dv = grad([&](const auto& v) { return preaccumulate(product)(v); })(numbers);
  CHECK(near(dv[0], 0.06 + std::cos(0.1), 1e-14));
  CHECK(near(dv[2], 0.02, 1e-14));

  // A function of nothing that varies, of a variable itself, and a sum of no terms.
  CHECK(grad([](auto x) { return x * preaccumulate([](auto) { return 2.0; })(x); })(3.0) == 2.0);
  CHECK(grad([](auto x) { return x * preaccumulate([](auto y) { return y; })(x); })(3.0) == 6.0);
  CHECK(grad([](auto x) { return x + preaccumulate(0, [](index_t, auto y) { return y * y; })(x); })(3.0) == 1.0);
  CHECK_THROWS_AS(preaccumulate(-1, [](index_t, auto y) { return y; })(1.0), value_error);
}

TEST_CASE("floats, whose derivatives are kept in float") {
  const Tensor<float, dyn> x{1, 2, 3};
  const auto f = [](const auto& v) { return sum(v * v * v); };
  const auto g = grad([&](const auto& v) { return preaccumulate(f)(v) * 2.0f; })(x);
  CHECK(g(0) == 6);
  CHECK(g(2) == 54);
}

TEST_CASE("nested derivatives: second derivatives by every pair of modes") {
  const Vector x = vector(5), d = vector(5) * 2.0 + 1.0;
  const auto inner = [](index_t i, const auto& v) { return sum(exp(v * (0.1 * static_cast<double>(i + 1))) * v); };
  const auto plain = [&](const auto& v) { return square(inner(0, v) + inner(1, v) + inner(2, v)); };
  const auto spared = [&](const auto& v) { return square(preaccumulate(3, inner)(v)); };
  CHECK(near_all(grad(spared)(x), grad(plain)(x), 1e-13));
  CHECK(near_all(hvp(spared, x, d), hvp(plain, x, d), 1e-12));
  CHECK(near_all(grad([&](const auto& v) { return sum(grad(spared)(v) * d); })(x), hvp(plain, x, d), 1e-12));
  CHECK(near(jvp(spared, x, d).tangent, jvp(plain, x, d).tangent, 1e-12));
  // Inside and outside of each other.
  const auto nested = [&](const auto& v) {
    return preaccumulate([&](const auto& u) { return preaccumulate(3, inner)(u * u) * sum(u); })(v);
  };
  const auto flat = [&](const auto& v) {
    const auto u = evaluate(v * v);
    return (inner(0, u) + inner(1, u) + inner(2, u)) * sum(v);
  };
  CHECK(near_all(grad(nested)(x), grad(flat)(x), 1e-12));
  CHECK(near_all(hvp(nested, x, d), hvp(flat, x, d), 1e-11));
}
