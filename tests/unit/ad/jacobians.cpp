// tests/unit/ad/jacobians.cpp: several results of a sweep and several tangents of a run at once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <array>
#include <vector>

#include <tenon/ad/forward.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/expr/matmul.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

int runs = 0;

// r(i) = x(i) sin(x(0)) + x(i + 1)^2, over numbers.
struct Chain {
  template <class X>
  auto operator()(const X& x) const {
    ++runs;
    X r = x;
    const index_t n = x.size();
    for (index_t i = 0; i < n; ++i) r(i) = x(i) * sin(x(0)) + x((i + 1) % n) * x((i + 1) % n);
    return r;
  }
};
Matrix by_hand(const Vector& x) {
  const index_t n = x.size();
  Matrix j(n, n);
  for (index_t i = 0; i < n; ++i) {
    j(i, i) += std::sin(x(0));
    j(i, 0) += x(i) * std::cos(x(0));
    j(i, (i + 1) % n) += 2 * x((i + 1) % n);
  }
  return j;
}

}  // namespace

TEST_CASE("as many rows and columns as there are, in packs of eight") {
  for (index_t n : {1, 2, 3, 7, 8, 9, 16, 21}) {
    CAPTURE(n);
    const Vector x = vector(n);
    const Matrix want = by_hand(x);
    runs = 0;
    CHECK(near_all(jacobian_reverse(Chain{})(x), want, 1e-14));
    CHECK(runs == 1);
    runs = 0;
    CHECK(near_all(jacobian_forward(Chain{})(x), want, 1e-14));
    CHECK(runs == (n + 7) / 8);
  }
  CHECK(jacobian_forward(Chain{})(Vector(0)).size() == 0);
}

TEST_CASE("float, static extents, numbers") {
  const Tensor<float, 3> x{0.5f, -1, 2};
  const Tensor<float, 3, 3> want{{std::sin(0.5f) + 0.5f * std::cos(0.5f), -2, 0},
                                 {-std::cos(0.5f), std::sin(0.5f), 4},
                                 {2 * std::cos(0.5f) + 1, 0, std::sin(0.5f)}};
  const auto reverse = jacobian_reverse(Chain{})(x);
  const auto forward = jacobian_forward(Chain{})(x);
  static_assert(__is_same(decltype(reverse), decltype(want)) && __is_same(decltype(forward), decltype(want)));
  CHECK(near_all(reverse, want, 1e-6));
  CHECK(near_all(forward, want, 1e-6));
  const auto all = [](const auto& v) { return v(0) * v(1) * v(2); };
  CHECK(near_all(jacobian_forward(all)(x), Tensor<float, 3>{-2, 1, -0.5f}, 1e-6));
}

TEST_CASE("a lane that does not depend on a statement gets nothing from it, not even 0 * inf") {
  const auto f = [](const auto& x) {
    auto r = evaluate(x * 1);
    r(0) = sqrt(x(0));  // infinite slope at 0
    r(1) = 3 * x(1);
    r(2) = x(1) * x(2);
    return r;
  };
  const Vector x{0, 2, 5};
  // The copy is a tensor statement; element by element it is scalar statements only.
  CHECK(near_all(slice(jacobian_reverse(f)(x), range(1, 3)), Matrix{{0, 3, 0}, {0, 5, 2}}));
  Tape tape;
  const std::vector<rev<double>> v{tape.variable(0.0), tape.variable(2.0)};
  const rev<double> root = sqrt(v[0]);
  const std::vector<rev<double>> r{root * v[1], 3 * v[1], v[0] * v[1], 7};
  const Matrix j = tape.jacobian(r, v);
  CHECK(std::isinf(j(0, 0)));
  CHECK(near_all(slice(j, range(1, 4)), Matrix{{0, 3}, {2, 0}, {0, 0}}));
}

TEST_CASE("the Jacobian of what is on a tape") {
  struct Point {
    rev<double> x;
    std::array<rev<double>, 2> rest;
  };
  Tape tape;
  const Point at{tape.variable(1.5), {tape.variable(-0.5), tape.variable(2.0)}};
  const auto p = at.x * at.rest[0];
  const Point result{p * at.rest[1], {at.x + 0, exp(at.rest[1])}};
  const Matrix want{{-1, 3, -0.75}, {1, 0, 0}, {0, 0, std::exp(2.0)}};
  CHECK(near_all(tape.jacobian(result, at), want, 1e-14));
  CHECK(near_all(tape.jacobian(at, at), Matrix{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 1e-14));
  CHECK(near_all(tape.jacobian(result.x, at), Matrix{{-1, 3, -0.75}}, 1e-14));
  // Afterwards a gradient is what it was.
  const auto [g] = tape.gradient(result.x, at.x);
  CHECK(g == -1);
  // With tensor statements, a sweep for each.
  const Vector w = vector(4);
  const auto v = tape.variable(w);
  const auto squares = evaluate(v * v * at.x);
  const Matrix j = tape.jacobian(squares, v);
  for (index_t i = 0; i < 4; ++i)
    for (index_t k = 0; k < 4; ++k) CHECK(near(j(i, k), i == k ? 3 * w(i) : 0));
}

// Of several tensors, small and large, whose adjoints lie in one block or in several; with constants between them.
TEST_CASE("through tensor statements, of several tensors at once") {
  for (const index_t n : {index_t{3}, index_t{16}, index_t{512}}) {
    CAPTURE(n);
    Tape tape;
    using Rev = Tensor<rev<double>, dyn>;
    Vector p(n), q(n);
    Matrix w(3, n);
    for (index_t i = 0; i < n; ++i) p(i) = static_cast<double>(i % 7) - 2, q(i) = static_cast<double>(i % 5) - 1;
    for (index_t i = 0; i < 3 * n; ++i) w.data()[i] = static_cast<double>(i % 11) - 4;
    std::vector<Rev> at{tape.variable(p), tape.variable(q), tape.variable(p)};
    const auto y = evaluate(matmul(w, at[0] * at[1]));
    at.insert(at.begin() + 1, Rev(n));  // no variable
    const Matrix j = tape.jacobian(y, at);
    CHECK(j.dims() == Dims{2, {3, 4 * n}});
    bool right = true;
    for (index_t i = 0; i < 3; ++i)
      for (index_t k = 0; k < n; ++k)
        right = right && j(i, k) == w(i, k) * q(k) && j(i, n + k) == 0 && j(i, 2 * n + k) == w(i, k) * p(k) &&
                j(i, 3 * n + k) == 0;
    CHECK(right);
    // Backwards, one by one.
    const std::vector<rev<double>> some{at[2](n - 1), at[2](0), at[0](n - 1), at[0](1)};
    const Matrix s = tape.jacobian(y, some);
    for (index_t i = 0; i < 3; ++i) {
      CHECK(s(i, 0) == w(i, n - 1) * p(n - 1));
      CHECK(s(i, 1) == w(i, 0) * p(0));
      CHECK(s(i, 2) == w(i, n - 1) * q(n - 1));
      CHECK(s(i, 3) == w(i, 1) * q(1));
    }
  }
}
