// tests/unit/ad/jets_nested.cpp: power series inside and around of other derivatives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/jet.hpp>
#include <tenon/ops/catalogue.hpp>

#include "derivatives.hpp"

using namespace tenon;
using tenon::test::near;

TEST_CASE("grad and jvp of taylor, taylor of grad, captured variables") {
  const auto f = [](auto x) { return sin(x) * exp(x * x); };
  const auto d = taylor<4>(f, 0.4, 1.0);
  CHECK(near(grad([&](auto x) { return taylor<3>(f, x, 1.0)(3); })(0.4), d(4), 1e-12));
  CHECK(near(taylor<3>(grad(f), 0.4, 1.0)(3), d(4), 1e-12));
  CHECK(near(jvp([&](auto x) { return taylor<3>(f, x, 1.0)(3); }, 0.4, 1.0).tangent, d(4), 1e-12));
  // Captured variables: d/dx (x d/dy (x + y)) = 1, in all pairs of modes.
  const auto by_taylor = [](const auto& g, auto x) { return taylor<2>(g, x, 1.0)(1); };
  CHECK(near(by_taylor([&](auto x) { return x * by_taylor([x](auto y) { return x + y; }, 1.0); }, 3.0), 1));
  CHECK(near(by_taylor([&](auto x) { return x * by_taylor([x](auto y) { return x + y; }, x); }, 3.0), 1));
  CHECK(near(by_taylor([&](auto x) { return x * grad([x](auto y) { return x + y; })(1.0); }, 3.0), 1));
  CHECK(near(by_taylor([&](auto x) { return x * jvp([x](auto y) { return x * y; }, 1.0, 1.0).tangent; }, 3.0), 6));
  CHECK(near(grad([&](auto x) { return x * by_taylor([x](auto y) { return x * y; }, 1.0); })(3.0), 6));
  CHECK(near(jvp([&](auto x) { return x * by_taylor([x](auto y) { return x * y; }, 1.0); }, 3.0, 1.0).tangent, 6));
}
