// A training step of fifty blocks of two layers each: their number is a run-time value, and costs nothing to compile.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/tenon.hpp>

using namespace tenon;

template <class T = float>
struct Block {
  nn::Linear<64, 64, T> in, out;
  auto operator()(const auto& x) const { return x + out(relu(in(x))); }
};
using Net = nn::Repeat<Block<>>;

float train(Net& net, optim::Adam<Net>& adam, const Tensor<float, dyn, 64>& x, const Tensor<int, dyn>& labels) {
  auto [loss, g] = value_and_grad([&](const auto& n) { return nn::cross_entropy(n(x), labels); })(net);
  adam.step(net, g);
  return loss;
}
