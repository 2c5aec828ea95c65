// tests/unit/ad/nesting_tensors.cpp: derivatives of tensor functions inside of derivatives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/forward.hpp>
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/exec/cpu/softmax.hpp>
#include <tenon/expr/matmul.hpp>
#include <tenon/expr/softmax.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

const Vector x = filled(Vector(3), [](double i) { return i + 1; });
const Vector y = filled(Vector(3), [](double i) { return 0.5 / (i + 1); });
const Vector v = filled(Vector(3), [](double i) { return i - 1.5; });

// Cases share their numbers' types, and so their code.
struct Inner {
  int which;
  template <class X>
  auto operator()(const X& b) const {
    static const Matrix w = matrix(3, 3);
    if (which == 0) {
      const auto h = evaluate(tanh(matmul(w, b)));
      return evaluate(sum(softmax(h) * flip<0>(b)) + logsumexp(b * 2));
    }
    auto t = b;
    t(0) = t(1) * t(2);
    t = t * b;
    slice(t, range(1, 3)) = slice(t, range(0, 2)) * 2;
    return evaluate(sum(t * t));
  }
};
struct Outer {
  Inner inner;
  template <class X>
  auto operator()(const X& a) const {
    const auto d = grad(inner)(a);
    return evaluate(sum(d * a));
  }
};
void check_nested(int which) {
  const Outer outer{{which}};
  const Vector want = slopes([&](const Vector& a) { return static_cast<double>(outer(a)); }, y);
  const Vector got = grad(outer)(y);
  CHECK(near_all(got, want));
}

}  // namespace

TEST_CASE("captured tensors, all four pairs of modes") {
  // sum(x d/dy sum(x y^2)) = sum(2 x^2 y), by x: 4 x y
  const Vector want = 4 * x * y;
  const double along = sum(want * v);
  const auto rr = [](const auto& a) { return sum(a * grad([&](const auto& b) { return sum(a * b * b); })(y)); };
  const auto fr = [](const auto& a) {
    return sum(a * jvp([&](const auto& b) { return a * b * b; }, y, Vector(y * 0 + 1)).tangent);
  };
  CHECK(near_all(Vector(grad(rr)(x)), want));
  CHECK(near(jvp(rr, x, v).tangent, along));
  CHECK(near_all(grad(fr)(x), want));
  CHECK(near(jvp(fr, x, v).tangent, along));
}

TEST_CASE("reverse over reverse through reductions, products, softmax and movements") { check_nested(0); }
TEST_CASE("in-place updates inside of nested derivatives") { check_nested(1); }

TEST_CASE("vjp with a captured variable") {
  const auto f = [](const auto& a) {
    auto back = vjp([&](const auto& b) { return a * b * b; }, y);
    return evaluate(sum(back(back.value) * a));  // (2 a y) (a y^2) a
  };
  const Vector want = 6 * x * x * y * y * y;
  CHECK(near_all(Vector(grad(f)(x)), want));
}

TEST_CASE("three levels") {
  // c -> a b c^2 sum: by c 2 a b c; at c = b, by b: 4 a b; at b = a, times a: sum(4 a^3): by a 12 a^2
  const auto rrr = [](const auto& a) {
    return sum(a *
               grad([&](const auto& b) { return sum(grad([&](const auto& c) { return sum(a * b * c * c); })(b)); })(a));
  };
  const Vector want = 12 * x * x;
  CHECK(near_all(Vector(grad(rrr)(x)), want));
}
