// tests/unit/ad/checkpoint_modes.cpp: checkpoints inside of every kind of derivative.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/checkpoint.hpp>
#include <tenon/ad/forward.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("in every kind of derivative") {
  const Vector x = vector(4), d = vector(4);
  const auto block = [](const auto& v) { return evaluate(sin(v) * v + v(0)); };
  const auto plain = [&](const auto& v) { return sum(block(block(v)) * v); };
  const auto spared = [&](const auto& v) { return sum(checkpoint(block)(checkpoint(block)(v)) * v); };
  CHECK(near_all(hvp(spared, x, d), hvp(plain, x, d), 1e-13));
  const auto slope = [&](const auto& f) { return [&](const auto& v) { return jvp(f, v, d).tangent; }; };
  CHECK(near_all(grad(slope(spared))(x), grad(slope(plain))(x), 1e-13));
  auto back = vjp([&](const auto& v) { return checkpoint(block)(v); }, x);
  auto back_plain = vjp(block, x);
  for (int i = 0; i < 2; ++i) CHECK(near_all(back(d), back_plain(d), 1e-14));
  const auto twice = [](const auto& f) { return [f](auto t) { return grad(f)(t) * t; }; };
  const auto number = [](auto t) { return t * sin(t) * t; };
  CHECK(near(grad(twice(checkpoint(number)))(0.8), grad(twice(number))(0.8), 1e-13));
}
