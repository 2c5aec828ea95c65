// tests/unit/ad/vmap.cpp: functions mapped over the first axis of their arguments.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/vmap.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

const Matrix points = matrix(5, 3);
const auto length = [](const auto& p) { return sqrt(sum(p * p)); };

}  // namespace

TEST_CASE("values: tensors, vectors, arguments that are passed whole, static extents") {
  const auto lengths = vmap(length)(points);
  static_assert(__is_same(bare_t<decltype(lengths)>, Vector));
  CHECK(near_all(lengths, sqrt(sum<1>(points * points)), 1e-15));
  const Vector scale = vector(5), whole = vector(3);
  const auto scaled = vmap<0, 1>([](const auto& p, auto s, const auto& w) { return p * s + w; })(points, scale, whole);
  static_assert(__is_same(bare_t<decltype(scaled)>, Matrix));
  for (index_t i = 0; i < 5; ++i)
    for (index_t k = 0; k < 3; ++k) CHECK(near(scaled(i, k), points(i, k) * scale(i) + whole(k), 1e-15));
  const auto fixed = vmap([](const auto& p) { return p(0) * p(1); })(Tensor<float, 2, 2>{{1, 2}, {3, 4}});
  static_assert(__is_same(bare_t<decltype(fixed)>, Tensor<float, 2>));
  CHECK(fixed(1) == 12);
  // An expression, and no items at all.
  CHECK(near_all(vmap(length)(points * 2), 2 * lengths, 1e-15));
  CHECK(vmap(length)(Matrix(0, 3)).size() == 0);
  // Twice: over rows and their elements.
  CHECK(near_all(vmap(vmap([](auto v) { return v * v; }))(points), points * points));
}

TEST_CASE("derivatives through it and of what is in it") {
  const Vector w = vector(5);
  const auto loss = [&](const auto& p) { return sum(vmap(length)(p) * w); };
  Matrix want = points;
  for (index_t i = 0; i < 5; ++i) {
    const double l = std::sqrt(points(i, 0) * points(i, 0) + points(i, 1) * points(i, 1) + points(i, 2) * points(i, 2));
    for (index_t k = 0; k < 3; ++k) want(i, k) *= w(i) / l;
  }
  CHECK(near_all(grad(loss)(points), want, 1e-14));
  CHECK(near(jvp(loss, points, points).tangent, sum(want * points), 1e-13));
  // Of a tensor that is computed on the way, and gone before the sweep.
  const Matrix gone = grad([&](const auto& p) {
    const auto products = [&] {
      const auto twice = evaluate(p * 2);
      return vmap([](const auto& q) { return q * q(0); })(twice);
    }();
    return sum(products);
  })(points);
  for (index_t i = 0; i < 5; ++i)
    for (index_t k = 0; k < 3; ++k)
      CHECK(near(gone(i, k), 4 * points(i, 0) + (k == 0 ? 4 * (points(i, 0) + points(i, 1) + points(i, 2)) : 0)));
}

TEST_CASE("a gradient for each example, and a gradient of that") {
  const auto each = vmap(grad(length))(points);
  for (index_t i = 0; i < 5; ++i) {
    const double l = std::sqrt(points(i, 0) * points(i, 0) + points(i, 1) * points(i, 1) + points(i, 2) * points(i, 2));
    for (index_t k = 0; k < 3; ++k) CHECK(near(each(i, k), points(i, k) / l, 1e-14));
  }
  const auto cube = [](auto t) { return t * t * t; };
  const Vector x = vector(6);
  CHECK(near_all(grad([&](const auto& v) { return sum(vmap(grad(cube))(v)); })(x), 6 * x, 1e-14));
}

TEST_CASE("wrong shapes") {
  const auto add = [](const auto& a, const auto& b) { return a + b; };
  CHECK_THROWS_WITH_AS(vmap(add)(points, matrix(4, 3)), doctest::Contains("one argument has 5 items, another 4"),
                       shape_error);
  int n = 1;
  CHECK_THROWS_WITH_AS(vmap([&](const auto& p) { return evaluate(slice(p, range(0, n++))); })(points),
                       doctest::Contains("results differ in shape"), shape_error);
}
