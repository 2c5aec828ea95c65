// tenon/nn/linear.hpp: the fully connected layer, x W^T + b.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   nn::Linear<784, 128> hidden;      // weight[128, 784], bias[128], as PyTorch stores them
//   auto h = relu(hidden(x));         // x[..., 784]; nothing runs before h is evaluated or used by name
#pragma once
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/expr/matmul.hpp>
#include <tenon/math/math.hpp>
#include <tenon/nn/layer.hpp>
#include <tenon/tensor/movement.hpp>
#include <tenon/tensor/random.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {

/// Whether an input of extents E ends in an axis of `In`, as far as the types know.
template <class E, index_t In>
constexpr bool ends_in() {
  if constexpr (E::rank == 0) {
    return false;
  } else {
    const index_t last = E::static_extent(E::rank - 1);
    return last == In || last == dyn || In == dyn;
  }
}
template <class Layer, class Input>
struct Takes {
  static_assert(Layer::template takes<Input>,
                "tenon: nn::Linear<In, Out>: the last extent of the input is not In (see Layer and Input)");
};
// Uniform in +-1/sqrt(inputs), as PyTorch initialises nn.Linear.
template <class X>
void init_uniform(Rng& rng, X& x, index_t inputs) {
  const double bound = inputs > 0 ? 1 / math::sqrt(static_cast<double>(inputs)) : 0;
  fill_uniform(rng, x, -bound, bound);
}

// x[..., in] times the transpose of a weight[out, in].
inline LayerCost describe_product(Dims x, const Dims& weight) {
  if (x.rank == 0 || x.d[x.rank - 1] != weight.d[1])
    fail_shapes("nn::Linear", "the last extent of the input is not the weight's second", x, weight);
  x.d[x.rank - 1] = weight.d[0];
  return {x, 2 * static_cast<double>(x.size()) * static_cast<double>(weight.d[1])};
}

}  // namespace detail

/// x[..., In] -> x W^T + b[..., Out]. Extents may be `dyn`: then the tensors' own count.
template <index_t In, index_t Out, class T = float>
struct Linear {
  Tensor<T, Out, In> weight;
  Tensor<T, Out> bias;

  template <class E>
  static constexpr bool takes = detail::ends_in<E, In>();

  template <expression X>
  auto operator()(X&& x) const {
    if constexpr (takes<typename bare_t<X>::extents_type>) {
      return matmul(evaluated(static_cast<X&&>(x)), transpose(weight)) + bias;
    } else {
      static_cast<void>(detail::Takes<Linear, typename bare_t<X>::extents_type>());
      return detail::Unfit<X>();
    }
  }
  void init(Rng& rng) {
    detail::init_uniform(rng, weight, weight.extent(1));
    detail::init_uniform(rng, bias, weight.extent(1));
  }
  LayerCost describe(const Dims& x) const {
    const LayerCost c = detail::describe_product(x, weight.dims());
    return {c.output, c.flops + static_cast<double>(c.output.size())};
  }
};

/// x[..., In] -> x W^T[..., Out]: a Linear without bias.
template <index_t In, index_t Out, class T = float>
struct Projection {
  Tensor<T, Out, In> weight;

  template <class E>
  static constexpr bool takes = detail::ends_in<E, In>();

  template <expression X>
  auto operator()(X&& x) const {
    if constexpr (takes<typename bare_t<X>::extents_type>) {
      return matmul(evaluated(static_cast<X&&>(x)), transpose(weight));
    } else {
      static_cast<void>(detail::Takes<Projection, typename bare_t<X>::extents_type>());
      return detail::Unfit<X>();
    }
  }
  void init(Rng& rng) { detail::init_uniform(rng, weight, weight.extent(1)); }
  LayerCost describe(const Dims& x) const { return detail::describe_product(x, weight.dims()); }
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
