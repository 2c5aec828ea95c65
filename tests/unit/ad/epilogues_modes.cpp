// tests/unit/ad/epilogues_modes.cpp: products with a pointwise consumer in second derivatives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("second derivatives are those of two statements") {
  const Matrix x = numbers(Matrix(4, 3), 0), w = numbers(Matrix(3, 5), 1), v = numbers(Matrix(3, 5), 4);
  const Vector b = numbers(Vector(5), 2);
  const auto check = [&](const auto& consumer) {
    const auto loss = [&](bool together) {
      return [&, together](const auto& m) {
        const auto y = [&] {
          if (together) return evaluate(consumer(matmul(x, m) + b));
          const auto z = evaluate(matmul(x, m));
          return evaluate(consumer(z + b));
        }();
        return evaluate(sum(y * y * y));
      };
    };
    CHECK(near_all(hvp(loss(true), w, v), hvp(loss(false), w, v), 1e-12));
    const auto along = [&](bool together) {
      return grad([&, together](const auto& m) { return evaluate(sum(grad(loss(together))(m) * v)); })(w);
    };
    CHECK(near_all(along(true), along(false), 1e-12));
    CHECK(near_all(along(true), hvp(loss(true), w, v), 1e-12));
  };
  check([](auto&& z) { return exp(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return relu(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return tanh(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return sqrt(4 + static_cast<decltype(z)>(z)); });
}
