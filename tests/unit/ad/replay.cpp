// tests/unit/ad/replay.cpp: functions that were recorded once, evaluated for other inputs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/replay.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

int runs = 0;
struct Energy {
  template <class X>
  auto operator()(const X& x) const {
    ++runs;
    auto e = 0.25 * x(0);
    for (index_t i = 0; i + 1 < x.size(); ++i) {
      const auto d = x(i + 1) - x(i);
      e += 0.5 * d * d / (1 + x(i) * x(i)) + maximum(x(i), 0.2) * exp(-d);
      e += where(d > 0.1, sin(d), d * d) + relu(d) - abs(x(i));
    }
    return e;
  }
};

}  // namespace

TEST_CASE("values, gradients and batches are those of the function, which runs once") {
  const Vector at = vector(6);
  runs = 0;
  const auto r = record(Energy{}, at);
  CHECK(runs == 1);
  Matrix points(6, 21), values(1, 21), gradients(6, 21), again(1, 21);
  for (int k = 0; k < 21; ++k) {
    const Vector x = filled(Vector(6), [&](double i) { return scatter(i + 7 * k); });
    for (index_t i = 0; i < 6; ++i) points(i, k) = x(i);
    const auto want = value_and_grad(Energy{})(x);
    const auto got = r.value_and_grad(x);
    CHECK(near(r(x), want.value, 1e-14));
    CHECK(got.value == r(x));
    CHECK(near_all(got.grad, want.grad, 1e-13));
    CHECK(near_all(r.grad(x), want.grad, 1e-13));
  }
  runs = 0;
  r.batch(values, gradients, points);
  r.batch(again, points);
  for (index_t k = 0; k < 21; ++k) {
    Vector x(6), g(6);
    for (index_t i = 0; i < 6; ++i) x(i) = points(i, k), g(i) = gradients(i, k);
    CHECK(near(values(0, k), r(x), 1e-14));
    CHECK(again(0, k) == values(0, k));
    CHECK(near_all(g, r.grad(x), 1e-13));
  }
  CHECK(runs == 0);
}

TEST_CASE("numbers, float, constants, and only what the result needs") {
  const auto r = record(
      [](auto x, auto y) {
        const auto unused = exp(x) * sin(y);
        (void)unused;
        return x * y + 2;
      },
      3.0f, 4.0f);
  CHECK(r.operations() == 2);
  CHECK(r(5, 6) == 32.0f);
  const auto [gx, gy] = r.grad<0, 1>(5, 6);
  CHECK(gx == 6);
  CHECK(gy == 5);
  const auto constant = record([](auto) { return 7.0; }, 1.0);
  CHECK(constant(2.0) == 7);
  CHECK(constant.grad(2.0) == 0);
  const auto same = record([](auto x) { return x; }, 1.0);
  CHECK(same(2.0) == 2);
  CHECK(same.grad(2.0) == 1);
}

TEST_CASE("what has no adjoint gets none, not even 0 * inf") {
  const auto r = record([](const auto& x) { return where(x(0) > 0, sqrt(x(0)), x(0)) + 0 * x(1); }, Vector{1, 1});
  CHECK(near_all(r.grad(Vector{0, 1}), Vector{1, 0}));
  Matrix values(1, 2), gradients(2, 2);
  r.batch(values, gradients, Matrix{{0, 4}, {1, 1}});
  CHECK(near_all(gradients, Matrix{{1, 0.25}, {0, 0}}));
}

TEST_CASE("branches on values and wrong shapes are errors") {
  const auto branches = [](auto x) { return x > 0 ? x : -x; };
  CHECK_THROWS_WITH_AS(record(branches, 1.0), doctest::Contains("branches on the value"), value_error);
  // On constants, sizes and numbers of another kind it may.
  const auto r = record(
      [](const auto& x, int n) {
        auto y = x(0) * 1;
        for (int i = 0; i < n; ++i) y = y * x(i % x.size());
        return 2.0 > 1 ? y : -y;
      },
      Vector{2, 3}, 4);
  CHECK(r(Vector{1, 2}, 4) == 4);
  CHECK_THROWS_WITH_AS(r(Vector{1, 2, 3}, 4), doctest::Contains("differs in shape"), shape_error);
  Matrix values(1, 3), few(1, 2);
  CHECK_THROWS_AS(r.batch(values, Matrix(3, 3)), shape_error);
  CHECK_THROWS_AS(r.batch(few, Matrix(2, 3)), shape_error);
  CHECK_THROWS_AS(r.batch(values, few, Matrix(2, 3)), shape_error);
}
