// tests/unit/threads/gradients.cpp: threads that take gradients at once; each has tapes of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <thread>
#include <vector>

#include <tenon/ad/variable.hpp>

#include "unit/ad/gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("eight threads take gradients of one model at once") {
  const Matrix w = matrix(9, 9);
  const Vector x = vector(9);
  const auto loss = [&](const auto& m) {
    auto h = evaluate(sum<1>(m * x));
    h(0) = h(1) * 2;
    return evaluate(sum(tanh(h) * h));
  };
  const Matrix want = grad(loss)(w);
  int right[8] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const Matrix g = grad(loss)(w);
        Tape tape;
        const auto v = tape.variable(w);
        const auto [again] = tape.gradient(loss(v), v);
        bool same = true;
        for (index_t k = 0; k < g.size(); ++k)
          same = same && g.data()[k] == want.data()[k] && again.data()[k] == want.data()[k];
        right[t] += same;
      }
    });
  for (auto& t : threads) t.join();
  for (int t = 0; t < 8; ++t) CHECK(right[t] == 40);
}
