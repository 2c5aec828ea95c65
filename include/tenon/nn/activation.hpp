// tenon/nn/activation.hpp: activations as layers, for nn::Sequential; in plain code call relu(x) and its like.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/expr/softmax.hpp>
#include <tenon/nn/layer.hpp>
#include <tenon/ops/catalogue.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

#define TENON_DETAIL_ACTIVATION(Layer, function)                                \
  struct Layer {                                                                \
    template <expression X>                                                     \
    constexpr auto operator()(X&& x) const {                                    \
      return function(static_cast<X&&>(x));                                     \
    }                                                                           \
    static LayerCost describe(const Dims& x) {                                  \
      return {x, static_cast<double>(x.size())}; /* one operation an element */ \
    }                                                                           \
  };
/// max(x, 0)
TENON_DETAIL_ACTIVATION(ReLU, relu)
/// x Phi(x), exactly
TENON_DETAIL_ACTIVATION(GELU, gelu)
/// the tanh approximation of GELU
TENON_DETAIL_ACTIVATION(GELUTanh, gelu_tanh)
/// x sigmoid(x)
TENON_DETAIL_ACTIVATION(SiLU, silu)
/// x tanh(softplus(x))
TENON_DETAIL_ACTIVATION(Mish, mish)
/// x for x > 0, else e^x - 1
TENON_DETAIL_ACTIVATION(ELU, elu)
/// x hardsigmoid(x)
TENON_DETAIL_ACTIVATION(Hardswish, hardswish)
TENON_DETAIL_ACTIVATION(Tanh, tanh)
TENON_DETAIL_ACTIVATION(Sigmoid, sigmoid)
TENON_DETAIL_ACTIVATION(Softplus, softplus)
/// along the last axis
TENON_DETAIL_ACTIVATION(Softmax, softmax<-1>)
/// along the last axis
TENON_DETAIL_ACTIVATION(LogSoftmax, log_softmax<-1>)
#undef TENON_DETAIL_ACTIVATION

/// x for x > 0, else slope x
struct LeakyReLU {
  float slope = 0.01f;
  template <expression X>
  constexpr auto operator()(X&& x) const {
    return leaky_relu(static_cast<X&&>(x), slope);
  }
  static LayerCost describe(const Dims& x) { return {x, static_cast<double>(x.size())}; }
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
