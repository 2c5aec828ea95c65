// tests/unit/threads/sharing.cpp: threads that share recorded functions, and run checkpointed ones at once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <thread>
#include <vector>

#include <tenon/ad/checkpoint_loop.hpp>
#include <tenon/ad/sparse.hpp>
#include <tenon/ops/catalogue.hpp>

#include "unit/ad/derivatives.hpp"

using namespace tenon;

using Vector = Tensor<double, dyn>;

TEST_CASE("eight threads") {
  const Vector x{0.3, -0.7, 1.1, 0.2};
  const auto f = [](const auto& u) { return u(0) * u(1) * u(1) + sin(u(2)) * u(3); };
  const auto recorded = record(f, x);
  const auto hessian = sparse_hessian(f, x);
  const auto walk = [](auto t) {
    return checkpoint_loop(50, t, [=](auto u) { return u + 0.1 * sin(u) * t; }, {.snapshots = 3});
  };
  const auto gradient = recorded.grad(x);
  const auto matrix = hessian(x);
  const double slope = grad(walk)(0.4);
  int right[8] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const Vector g = recorded.grad(x);
        const auto m = hessian(x);
        const double s = grad(walk)(0.4);
        bool same = s == slope;
        for (index_t k = 0; k < 4; ++k) same = same && g.data()[k] == gradient.data()[k];
        for (index_t k = 0; k < m.entries(); ++k) same = same && m.value.data()[k] == matrix.value.data()[k];
        right[t] += same;
      }
    });
  for (auto& t : threads) t.join();
  for (int t = 0; t < 8; ++t) CHECK(right[t] == 20);
  CHECK(matrix.entries() == 6);
}
