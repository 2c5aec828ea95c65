// docs/semantics.md: stale views and expressions in a checked build.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/tenon.hpp>
#include <utility>

#include "holds.hpp"

using namespace tenon;

// Few numbers are read in place, so that gcc sees the mistakes that are made here on purpose, and says so.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace {

using Vector = Tensor<float, dyn>;

auto over_a_local() {
  const Vector local{1, 2, 3};
  return local * 2;
}
auto over_a_parameter(Vector x) { return x + 1; }
auto over_a_static_local() {
  const Tensor<float, 3> local{1, 2, 3};
  return local * 2;
}

}  // namespace

TEST_CASE("[L3] an expression outlives its tensor") {
  static_assert(TENON_CHECKED);
  CHECK_THROWS_AS(evaluate(over_a_local()), lifetime_error);
  // A parameter may live as long as the full expression of the call, so the expression is used in the next one.
  const auto over_parameter = over_a_parameter(Vector{1});
  CHECK_THROWS_AS(evaluate(over_parameter), lifetime_error);
  CHECK_THROWS_AS(evaluate(over_a_static_local()), lifetime_error);
}
TEST_CASE("[L3] a tensor gets new elements") {
  Vector a{1, 2, 3};
  const auto e = a * 2;
  const auto v = a.view();
  a = Vector{4, 5, 6};
  CHECK_THROWS_AS(evaluate(e), lifetime_error);
  CHECK_THROWS_AS(v(0), lifetime_error);
  const auto of_moved = a * 2;
  const Vector b = std::move(a);
  CHECK_THROWS_AS(evaluate(of_moved), lifetime_error);
  a = b;
  const auto of_longer = a * 2;
  a = Vector{1, 2, 3, 4} * 1;
  CHECK_THROWS_AS(evaluate(of_longer), lifetime_error);
  // New values of the same extents go to the old place.
  const auto same = a * 2;
  a = a + 1;
  a = Vector(a) * 1;
  CHECK(holds(same, {4, 6, 8, 10}));
}
TEST_CASE("[S7] element access is checked") {
  const Tensor<float, 2, 3> m;
  CHECK_THROWS_AS(m(0, 3), index_error);
  CHECK_THROWS_AS(m.view()(0, -1), index_error);
}
