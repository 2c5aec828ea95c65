// tests/unit/ad/numbers.cpp: gradients over float, double, half and bfloat16, and next to integers and bools.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("float, double, bfloat16 and half leaves, mixed by casts") {
  const auto wide = [](const auto& x) { return sum(cast<double>(x) * cast<double>(x) + x); };
  const auto x = filled(Tensor<float, dyn>(23), scatter);
  CHECK(near_all(grad(wide)(x), 2 * x + 1, 1e-6));
  static_assert(__is_same(decltype(grad(wide)(x)), Tensor<float, dyn>));

  const auto [v, g] = value_and_grad<0, 1>([](const auto& a, const auto& b) { return sum(a * b * 2); })(
      x, filled(Tensor<double, dyn>(23), scatter));
  static_assert(__is_same(bare_t<decltype(v)>, double));
  CHECK(near_all(g.a, 2 * x, 1e-6));
  CHECK(near_all(g.b, 2 * x, 1e-6));

  const auto h = filled(Tensor<half, dyn>(21), scatter);
  const auto b = filled(Tensor<bfloat16, dyn>(21), scatter);
  CHECK(near_all(cast<float>(grad([](const auto& t) { return sum(t * t * t); })(h)),
                 3 * cast<float>(h) * cast<float>(h), 2e-2));
  CHECK(near_all(cast<float>(grad([](const auto& t) { return sum(t * t); })(b)), 2 * cast<float>(b), 2e-2));
  CHECK(near_all(cast<float>(grad([&](const auto& t) { return sum(t * cast<half>(b) * cast<float>(h)); })(h)),
                 cast<float>(h) * cast<float>(b), 2e-2));
  // Elements of a half tensor are on the same tape as the tensor.
  CHECK(near_all(cast<float>(grad([](const auto& t) { return t(1) * t(2) + sum(t); })(h)),
                 filled(Tensor<float, dyn>(21),
                        [&](double i) {
                          return 1 + (i == 1 ? static_cast<float>(h(2)) : i == 2 ? static_cast<float>(h(1)) : 0);
                        }),
                 2e-2));
  // 5000 contributions of 1/8192 add up in float, not in half.
  CHECK(near(static_cast<float>(
                 grad([](const auto& t) { return sum(broadcast_to<5000>(t) / 8192); })(Tensor<half, 1>{half(1)})(0)),
             5000.0 / 8192, 1e-3));
}

TEST_CASE("integers, bools, comparisons and where take part without derivatives") {
  const Vector x = vector(25);
  Tensor<int, dyn> k(25);
  for (int i = 0; i < 25; ++i) k(i) = i % 3;
  check_gradient([&](const auto& t) { return sum(where(t > 0.1, t * t, -2 * t) * k * cast<double>(t > 0)); }, x);
  check_gradient([&](const auto& t) { return sum(where(k == 1, t, 0) * maximum(t, 0.25) * minimum(t, 0.5)); }, x);
  check_gradient([&](const auto& t) { return sum(abs(t) + sign(t) * t + floor(t * 4)); }, x);
  // An expression whose derivative is infinite, under one that has none.
  CHECK(near_all(grad([](const auto& t) { return sum(floor(sqrt(t)) + t); })(Vector(9)), Vector(9) + 1));
}
