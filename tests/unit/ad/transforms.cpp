// tests/unit/ad/transforms.cpp: jvp, vjp, jacobian, hessian and hvp against values worked out by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/forward.hpp>
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/expr/matmul.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

const Vector x = filled(Vector(3), [](double i) { return i + 1; });
const Vector v = filled(Vector(3), [](double i) { return 2 - i; });

}  // namespace

TEST_CASE("jvp of numbers, tensors and expressions") {
  const auto [y, dy] = jvp([](auto t) { return t * t * t; }, 2.0, 3.0);
  CHECK(y == 8);
  CHECK(dy == 36);
  const auto f = [](const auto& t) { return t * t + sum(t); };
  const auto [w, dw] = jvp(f, x, v);
  static_assert(__is_same(bare_t<decltype(w)>, Vector));
  CHECK(near_all(w, x * x + 6));
  CHECK(near_all(dw, 2 * x * v + 3));
  // Points and directions may be expressions.
  CHECK(near_all(jvp(f, x * 1, flip<0>(v)).tangent, 2 * x * flip<0>(v) + 3));
  CHECK_THROWS_AS(jvp(f, x, vector(4)), shape_error);
}

TEST_CASE("jvp of a matrix product") {
  const Tensor<double, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
  const auto [y, dy] = jvp([&](const auto& t) { return matmul(a, t); }, x, v);
  CHECK(near_all(y, Tensor<double, 2>{14, 32}));
  CHECK(near_all(dy, Tensor<double, 2>{4, 13}));
}

TEST_CASE("vjp may be called many times") {
  auto back = vjp([](const auto& t) { return t * t * slice(t, 0); }, x);
  CHECK(near_all(back.value, x * x));
  for (int repeat = 0; repeat < 3; ++repeat) {
    // sum(c t^2 t0): 2 c t t0, and sum(c t^2) to the first
    CHECK(near_all(back(v), Vector{4 + 2 * 1 + 1 * 4 + 0, 4, 0}));
    CHECK(near_all(back(x), Vector{2 + 1 + 8 + 27, 8, 18}));
  }
  CHECK(near_all(back(0 * v), 0 * x));
  CHECK_THROWS_AS(back(vector(4)), shape_error);
  auto scalar = vjp([](auto t) { return t * t; }, 3.0);
  CHECK(scalar(1.0) == 6);
  CHECK(scalar(2) == 12);
  // A result that was written element by element, and one that is the point or a constant.
  auto written = vjp(
      [](const auto& t) {
        auto r = t;
        r(0) = t(1) * t(2);
        r(1) = 5;
        return r;
      },
      x);
  CHECK(near_all(written(Vector{1, 10, 100}), Vector{0, 3, 102}));
  CHECK(near_all(vjp([](const auto& t) { return t; }, x)(v), v));
  CHECK(near_all(vjp([](const auto&) { return Vector(x); }, x)(v), 0 * v));
  // Two at a time.
  auto other = vjp([](const auto& t) { return t * 2; }, x);
  CHECK(near_all(other(v), 2 * v));
  CHECK(near_all(back(x), Vector{2 + 1 + 8 + 27, 8, 18}));
}

TEST_CASE("jacobian by both modes") {
  const auto f = [](const auto& t) {
    const auto r = evaluate(slice(t, range(0, 2)) * slice(t, range(1, 3)));
    return evaluate(r * r);
  };
  // (t0 t1)^2, (t1 t2)^2
  const Tensor<double, dyn, dyn> want{{2 * 1 * 4, 2 * 1 * 2, 0}, {0, 2 * 2 * 9, 2 * 4 * 3}};
  CHECK(near_all(jacobian(f)(x), want));
  CHECK(near_all(jacobian_reverse(f)(x), want));
  CHECK(near_all(jacobian_forward(f)(x), want));
  // Static extents: those of the result, then those of the point.
  const auto g = [](const auto& t) { return transpose(t) * 2; };
  const Tensor<double, 2, 3> m{{1, 2, 3}, {4, 5, 6}};
  const auto j = jacobian(g)(m);
  static_assert(__is_same(bare_t<decltype(j)>, Tensor<double, 3, 2, 2, 3>));
  CHECK(near_all(jacobian_forward(g)(m), j));
  CHECK(j(2, 1, 1, 2) == 2);
  CHECK(sum(j) == 12);
  // Numbers on either side.
  CHECK(near_all(jacobian([](auto t) { return t * x; })(2.0), x));
  CHECK(near_all(jacobian_forward([](auto t) { return t * x; })(2.0), x));
  CHECK(near_all(jacobian([](const auto& t) { return sum(t * t); })(x), 2 * x));
  CHECK(near_all(jacobian_forward([](const auto& t) { return sum(t * t); })(x), 2 * x));
  CHECK(jacobian([](auto t) { return t * t; })(3.0) == 6);
}

TEST_CASE("hessian and hvp") {
  // t0 t1^2 + t2^3 t0
  const auto f = [](const auto& t) { return t(0) * t(1) * t(1) + t(2) * t(2) * t(2) * t(0); };
  const Matrix want{{0, 4, 27}, {4, 2, 0}, {27, 0, 18}};
  CHECK(near_all(hessian(f)(x), want));
  CHECK(near_all(hvp(f, x, v), Vector{4, 10, 54}));
  const auto g = [](const auto& t) { return evaluate(sum(exp(t * t) * x)); };
  const auto h = hessian(g)(x / 3);
  const Vector z = x / 3;
  for (index_t i = 0; i < 3; ++i)
    for (index_t k = 0; k < 3; ++k)
      CHECK(near(h(i, k), i == k ? x(i) * std::exp(z(i) * z(i)) * (2 + 4 * z(i) * z(i)) : 0));
  CHECK(near_all(hvp(g, z, v), diagonal(h) * v));
  CHECK(hessian([](auto t) { return t * t * t; })(2.0) == 12);
}
