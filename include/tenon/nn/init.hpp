// tenon/nn/init.hpp: initial values of a model's parameters, from a generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto net = nn::init<Mlp<>>(Rng{42});       // or, where extents or vectors are set at run time: nn::init(net, rng)
// The walk gives each layer that has `init(rng)` a generator of its own; the layers of the library start as PyTorch's
// do. Parameters outside of such layers: uniform in +-1/sqrt(fan-in) from two axes on, else zero. The functions below
// fill one tensor, for layers' and users' own `init`. The first axis counts outputs, as in Linear.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/nn/module.hpp>
#include <tenon/tensor/random.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// Inputs of one output of a weight [out, in, window...]: all extents but the first.
template <class X>
double fan_in(const X& weight) {
  const Dims d = weight.dims();
  return d.rank == 0 || d.d[0] == 0 ? 1 : static_cast<double>(d.size()) / static_cast<double>(d.d[0]);
}
/// Outputs that one input of a weight [out, in, window...] goes to: all extents but the second.
template <class X>
double fan_out(const X& weight) {
  const Dims d = weight.dims();
  return d.rank < 2 || d.d[1] == 0 ? 1 : static_cast<double>(d.size()) / static_cast<double>(d.d[1]);
}
/// Uniform with variance gain^2 / fan-in; the gain for ReLU is sqrt(2) (He et al. 2015).
template <class X>
void kaiming_uniform(Rng& rng, X& weight, double gain = 1.4142135623730951) {
  const double bound = gain * math::sqrt(3 / fan_in(weight));
  fill_uniform(rng, weight, -bound, bound);
}
/// Normal with variance gain^2 / fan-in.
template <class X>
void kaiming_normal(Rng& rng, X& weight, double gain = 1.4142135623730951) {
  fill_normal(rng, weight, 0, gain / math::sqrt(fan_in(weight)));
}
/// Uniform with variance 2 gain^2 / (fan-in + fan-out) (Glorot and Bengio 2010).
template <class X>
void xavier_uniform(Rng& rng, X& weight, double gain = 1) {
  const double bound = gain * math::sqrt(6 / (fan_in(weight) + fan_out(weight)));
  fill_uniform(rng, weight, -bound, bound);
}
/// Normal with variance 2 gain^2 / (fan-in + fan-out).
template <class X>
void xavier_normal(Rng& rng, X& weight, double gain = 1) {
  fill_normal(rng, weight, 0, gain * math::sqrt(2 / (fan_in(weight) + fan_out(weight))));
}

namespace detail {

template <class X>
void init_part(X& x, Rng& rng) {
  if constexpr (requires { x.init(rng); }) {
    Rng own = rng.split();
    x.init(own);
  } else if constexpr (!tenon::detail::is_tensor<X>) {
    each_part([&](const auto&, auto& part) { init_part(part, rng); }, x);
  } else if constexpr (is_floating<typename X::value_type>) {
    Rng own = rng.split();
    if constexpr (X::rank < 2) {
      x = typename X::value_type(0.0f);
    } else {
      kaiming_uniform(own, x, 0.57735026918962573);  // bound 1/sqrt(fan-in)
    }
  }
}

}  // namespace detail

/// Gives the model's parameters their initial values.
template <class M>
void init(M& model, Rng rng) {
  detail::init_part(model, rng);
}
/// A model with initial values.
template <class M>
M init(Rng rng) {
  M model{};
  detail::init_part(model, rng);
  return model;
}

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
