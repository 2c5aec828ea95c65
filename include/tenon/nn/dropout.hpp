// tenon/nn/dropout.hpp: Dropout: in training, elements become 0 with a probability and the others grow to make up.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In inference (the default, see nn/mode.hpp) x passes as it is. Srivastava et al., "Dropout", 2014; inverted scaling.
#pragma once
#include <tenon/nn/layer.hpp>
#include <tenon/nn/mode.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// x -> x * mask / (1 - rate), mask 0 with probability `rate` and else 1; in inference x. value_error unless
/// 0 <= rate < 1.
struct Dropout {
  float rate = 0.5f;

  template <expression X>
  auto operator()(X&& x) const {
    using T = base_t<typename bare_t<X>::value_type>;
    using E = typename bare_t<X>::extents_type;
    auto mask = ones_for<T>(x.extents());
    T scale(1.0f);
    if (Mode::training() && rate != 0) {
      expect<value_error>(rate >= 0 && rate < 1, "tenon: nn::Dropout: the rate lies outside of [0, 1)");
      scale = T(1 / (1 - rate));
      draw(mask);
    }
    return static_cast<X&&>(x) * static_cast<Leaf<T, E, tenon::detail::BlockRef, false>&&>(mask) * Scalar<T>(scale);
  }
  static LayerCost describe(const Dims& x) { return {x, 0}; }

 private:
  // A single one with strides of zero: what inference multiplies by.
  template <class T, class E>
  static auto ones_for(const E& extents) {
    Leaf<T, E, tenon::detail::BlockRef, false> leaf;
    leaf.shape = extents;
    leaf.strides = Dims{E::rank, {}};
    leaf.hold = tenon::detail::BlockRef(sizeof(T));
    T* one = reinterpret_cast<T*>(leaf.hold.data());
    *one = T(1.0f);
    leaf.data = one;
    return leaf;
  }
  template <class T, index_t... E>
  void draw(Leaf<T, Extents<E...>, tenon::detail::BlockRef, false>& leaf) const {
    const Dims extents = leaf.shape.dims();
    leaf.hold = tenon::detail::BlockRef(static_cast<size_t>(extents.size()) * sizeof(T));
    leaf.strides = row_major(extents);
    T* p = reinterpret_cast<T*>(leaf.hold.data());
    leaf.data = p;
    fill_bernoulli(Mode::key(), TensorView<T, E...>(p, extents), 1 - static_cast<double>(rate));
  }
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
