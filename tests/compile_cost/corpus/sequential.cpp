// A training step of a Sequential of LAYERS layers, every other one an activation.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// variant: 10 -DLAYERS=10
// variant: 20 -DLAYERS=20
// variant: 40 -DLAYERS=40
// variant: 50 -DLAYERS=50
#include <tenon/tenon.hpp>

using namespace tenon;

template <int I>
struct Layer {
  using type = nn::Linear<64, 64>;
};
template <int I>
requires(I % 2 == 1) struct Layer<I> {
  using type = nn::ReLU;
};
template <class S>
struct Layers;
template <int... I>
struct Layers<Seq<I...>> {
  using type = nn::Sequential<typename Layer<I>::type...>;
};
using Net = Layers<make_seq<LAYERS>>::type;

float train(Net& net, optim::Adam<Net>& adam, const Tensor<float, dyn, 64>& x, const Tensor<int, dyn>& labels) {
  auto [loss, g] = value_and_grad([&](const auto& n) { return nn::cross_entropy(n(x), labels); })(net);
  adam.step(net, g);
  return loss;
}
