// tenon/nn/sequential.hpp: layers one after the other, as one layer.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   nn::Sequential<nn::Linear<784, 128>, nn::ReLU, nn::Linear<128, 10>> net;    // parameters "0.weight", "2.weight",
//   ... auto y = net(x);
// The parts are named by their position, as in PyTorch. Layers that do not fit are a compile error that names the
// position, the layer and the shape it was given. `net.at<2>()` is a part.
#pragma once
#include <tenon/base/reflect.hpp>
#include <tenon/nn/buffer.hpp>
#include <tenon/nn/layer.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {

template <int Position, class Layer, class Input>
struct Fits {
  static_assert(layer_takes<Layer, Input>(),
                "tenon: nn::Sequential: the layer at this position does not take what the layers before it give (see "
                "Position, Layer and Input)");
};

constexpr int decimal_digits(int n) { return n < 10 ? 1 : 1 + decimal_digits(n / 10); }
template <int N>
constexpr auto decimal() {
  FixedString<decimal_digits(N)> s;
  for (int i = decimal_digits(N), k = N; i > 0; k /= 10) s.chars[--i] = static_cast<char>('0' + k % 10);
  return s;
}

}  // namespace detail

/// Applies Layers in order; each result becomes the next layer's argument.
template <class... Layers>
class Sequential {
  static constexpr int count = static_cast<int>(sizeof...(Layers));

 public:
  template <class U>
  using rebind = Sequential<rebind_t<Layers, U>...>;

  constexpr Sequential() = default;
  constexpr explicit Sequential(Layers... layers) requires(count > 0) : layers_{{static_cast<Layers&&>(layers)}...} {}

  template <class E>
  static constexpr bool takes = detail::layer_takes<at_t<0, TypeList<Layers..., Sequential<>>>, E>();

  template <expression X>
  auto operator()(X&& x) const {
    return run<0>(static_cast<X&&>(x));
  }
  /// The layer at position I.
  template <int I>
  constexpr auto& at() {
    return static_cast<tenon::detail::Operand<I, at_t<I, TypeList<Layers...>>>&>(layers_).node;
  }
  template <int I>
  constexpr const auto& at() const {
    return operand_at<I>(layers_);
  }
  static constexpr auto members(auto& self) { return list(self, make_seq<count>{}); }

 private:
  template <class S, int... I>
  static constexpr auto list(S& self, Seq<I...>) {
    return named_members(named<detail::decimal<I>()>(self.template at<I>())...);
  }
  template <int I, class X>
  auto run(X&& x) const {
    if constexpr (I == count) {
      return as_node(static_cast<X&&>(x));
    } else if constexpr (!detail::layer_takes<at_t<I, TypeList<Layers...>>, typename bare_t<X>::extents_type>()) {
      static_cast<void>(detail::Fits<I, at_t<I, TypeList<Layers...>>, typename bare_t<X>::extents_type>());
      return detail::Unfit<X>();
    } else if constexpr (I + 1 == count) {
      return at<I>()(static_cast<X&&>(x));
    } else {
      return run<I + 1>(at<I>()(static_cast<X&&>(x)));
    }
  }

  Operands<Layers...> layers_;
};
template <>
class Sequential<> {
 public:
  template <class E>
  static constexpr bool takes = true;
  template <expression X>
  auto operator()(X&& x) const {
    return as_node(static_cast<X&&>(x));
  }
  static constexpr auto members(auto&) { return named_members(); }
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
