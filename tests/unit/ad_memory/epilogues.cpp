// tests/unit/ad_memory/epilogues.cpp: what a product and its pointwise consumer take on the tape and on the way back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "block_bytes.hpp"

using namespace tenon;
using tenon::test::BlockBytes;

namespace {

constexpr index_t n = 400, k = 8;
constexpr std::size_t matrix = n * n * sizeof(double), slack = matrix / 4;

Tensor<double, dyn, dyn> ramp(index_t rows, index_t columns, double step) {
  Tensor<double, dyn, dyn> x(rows, columns);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = step * static_cast<double>(i % 101 - 50);
  return x;
}

// So many matrices of y = f(x w, b) are kept, and one more is there on the way back: an adjoint.
template <class F>
void check_bytes(const F& f, std::size_t kept) {
  const auto x = ramp(n, k, 0.01), w = ramp(k, n, 0.02);
  const Tensor<double, dyn> b = full<double>(0.5, n);
  Tape tape;
  const BlockBytes count;
  [&] {
    const auto xv = tape.variable(x);
    const auto wv = tape.variable(w);
    const auto bv = tape.variable(b);
    const rev<double> s = sum(evaluate(f(matmul(xv, wv), bv)));
    CHECK(tape.statements() == 2);
    const std::size_t recorded = BlockBytes::now;
    CHECK(recorded > kept * matrix);
    CHECK(recorded < kept * matrix + slack);
    const auto [gx, gw, gb] = tape.gradient(s, xv, wv, bv);
    CHECK(BlockBytes::most < recorded + matrix + slack);
    CHECK((gx.size() == x.size() && gw.size() == w.size() && gb.size() == n));
  }();
  tape.reset();
}

}  // namespace

TEST_CASE("where the derivative can be had of the result, the result alone is kept") {
  check_bytes([](auto&& z, const auto& b) { return relu(static_cast<decltype(z)>(z) + b); }, 1);
  check_bytes([](auto&& z, const auto& b) { return exp(static_cast<decltype(z)>(z) * 0.5 + b); }, 1);
  check_bytes([](auto&& z, const auto& b) { return 1 - static_cast<decltype(z)>(z) * 3 + b; }, 1);
}

TEST_CASE("where it cannot, the product is kept beside it") {
  check_bytes([](auto&& z, const auto& b) { return tanh(static_cast<decltype(z)>(z) + b); }, 2);
  check_bytes([](auto&& z, const auto& b) { return static_cast<decltype(z)>(z) * b; }, 2);
}

TEST_CASE("a training loop of layers takes no memory after its first step") {
  const auto x = ramp(n, k, 0.01), targets = ramp(n, k, 0.03);
  auto w = ramp(k, n, 0.02), v = ramp(n, k, 0.02);
  Tensor<double, dyn> b = full<double>(0.5, n);
  const BlockBytes count;
  std::size_t first = 0;
  for (int step = 0; step < 4; ++step) {
    const auto g = grad<0, 1, 2>([&](const auto& first_weight, const auto& bias, const auto& second_weight) {
      const auto h = evaluate(relu(matmul(x, first_weight) + bias));
      const auto y = evaluate(tanh(matmul(h, second_weight)) * 2);
      return evaluate(sum(square(y - targets)));
    })(w, b, v);
    if (step == 0) first = BlockBytes::calls;
    CHECK(BlockBytes::calls == first);
    w -= 1e-4 * get<0>(g);
    b -= 1e-4 * get<1>(g);
    v -= 1e-4 * get<2>(g);
  }
}
