// tenon/nn/layer.hpp: what all layers do with their argument, and what they may say about themselves.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer is any type with `operator()(x) const` that returns an expression. `evaluated(x)` gives its argument a value
// first, so that types do not nest across layers and `layer(load())` owns what it reads. A layer may also have
//   template <class E> static constexpr bool takes;     whether it accepts extents E: Sequential's error names both
//   LayerCost describe(const Dims& input) const;        for nn::summary
//   void init(Rng& rng);                                for nn::init
#pragma once
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {
template <class N>
inline constexpr bool is_leaf = false;
template <class T, class E, class Hold, bool Dense>
inline constexpr bool is_leaf<Leaf<T, E, Hold, Dense>> = true;

// Whether a layer accepts extents E, as far as it says.
template <class Layer, class E>
constexpr bool layer_takes() {
  if constexpr (requires { Layer::template takes<E>; }) {
    return Layer::template takes<E>;
  } else {
    return true;
  }
}
// What stands for the output where a layer does not take its input X, which is an error: extents that fit anywhere, so
// that it stays the only one.
template <class X>
struct UnfitDims {
  static constexpr Dims value() {
    Dims d{1, {dyn}};
    while (d.rank < bare_t<X>::rank) d.push(dyn);
    return d;
  }
};
template <class X>
using Unfit = decltype(tenon::detail::tensor_of<typename bare_t<X>::value_type>(extents_from<UnfitDims<X>>{}));
}  // namespace detail

/// x with its value computed: a tensor, view or leaf as it is, any other expression evaluated (a named one once, for
/// all its uses).
template <expression X>
constexpr decltype(auto) evaluated(X&& x) {
  if constexpr (tensor_like<X> || detail::is_leaf<bare_t<X>>) {
    return static_cast<X&&>(x);
  } else if constexpr (bare_t<X>::cheap) {
    return evaluate(static_cast<X&&>(x));
  } else {
    return shared_leaf(x);
  }
}

/// What a layer makes of an input of known extents: the output's extents and the floating-point operations it takes.
struct LayerCost {
  Dims output;
  double flops = 0;
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
