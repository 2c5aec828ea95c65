// tenon/ad/custom.hpp: functions with a derivative of the user's own, and none at all.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto f = custom([](const auto& x) { return softplus(x); },                       // forward
//                   [](const auto& y, const auto& g, auto& x) { x.add(g * ...); });  // pullback: adds to x's adjoint
//   y = f(x);          // one node: what forward does inside is not recorded
//   z = stop_gradient(x) * w;
// A pointwise rule needs neither: an op with `partials` of its own is one (docs/adding-an-op.md).
#pragma once
#include <tenon/ad/statement.hpp>
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace op {
/// x, with derivative zero in every mode.
struct StopGradient : Pointwise<StopGradient> {
  static constexpr FixedString name{"stop_gradient"};
  static constexpr Typing typing = Typing::same;
  static constexpr OnComplex on_complex = OnComplex::analytic;
  TENON_FN static auto value(auto x) { return x; }
};
}  // namespace op
/// x as a constant: derivatives of every enclosing function stop here.
template <operand X>
TENON_FN auto stop_gradient(X&& x) {
  if constexpr (differential<bare_t<decltype(detail::read(x))>>) {
    // Of the same type, so that an enclosing derivative that x depends on is seen in the type of what is made of it.
    const auto& number = detail::read(x);
    return detail::settled_t<bare_t<decltype(number)>>(plain_value(number));
  } else {
    return apply<op::StopGradient>(static_cast<X&&>(x));
  }
}

namespace detail {
template <class A>
auto primal_view(const A& leaf) {
  return const_view(leaf.data, leaf.shape, leaf.strides);
}
template <class A>
using primal_view_t = decltype(primal_view(exec::operand(some<const A&>())));
// What forward gives for operands A..., on their primal values.
template <class F, class... A>
using CustomResult = bare_t<decltype(some<const F&>()(some<primal_view_t<A>>()...))>;

template <class F, class G, class T, class E, class... A>
struct CustomNode : Cut<CustomNode<F, G, T, E, A...>, T, E, A...> {
  using Base = Cut<CustomNode, T, E, A...>;
  static constexpr bool constant = false;
  F forward;
  G backward;
  E shape;
  constexpr CustomNode(F f, G g, const E& e, A... a)
      : Base(static_cast<A&&>(a)...), forward(f), backward(g), shape(e) {}
  TENON_FN E extents() const { return shape; }
  void compute(primal_t<T>* out) const { compute_with(out, make_seq<static_cast<int>(sizeof...(A))>{}); }
  template <class... B>
  auto with(B... b) const {
    return CustomNode<F, G, primal_t<T>, E, B...>(forward, backward, shape, static_cast<B&&>(b)...);
  }
  template <class Y, class D, class... X>
  void pull(const Y& y, const D& g, X&... x) const {
    backward(y, g, x...);
  }

 private:
  template <int... I>
  void compute_with(primal_t<T>* out, Seq<I...>) const {
    run(out, exec::operand(this->template operand<I>())...);
  }
  template <class... L>
  void run(primal_t<T>* out, const L&... leaf) const {
    adjoint_view(out, shape, row_major(shape.dims())) = forward(primal_view(leaf)...);
  }
};

template <class F, class G>
struct Custom {
  F forward;
  G backward;
  template <class... X>
  auto operator()(X&&... x) const {
    return make(as_node(static_cast<X&&>(x))...);
  }

 private:
  template <class... A>
  auto make(A... a) const {
    using R = CustomResult<F, A...>;
    using T = typename Structure<base_t<typename R::value_type>, typename A::value_type...>::type;
    const auto e = forward(primal_view(exec::operand(a))...).extents();
    return CustomNode<F, G, T, bare_t<decltype(e)>, A...>(forward, backward, e, static_cast<A&&>(a)...);
  }
};
}  // namespace detail

/// A function of tensors with its own pullback. `forward(x...)` returns an expression over views of the primal values;
/// `backward(y, g, x...)` receives the result, its adjoint, and for each operand `x.value` and `x.add(expression)`.
template <class F, class G>
constexpr auto custom(F forward, G backward) {
  return detail::Custom<F, G>{forward, backward};
}

}  // namespace TENON_ABI
}  // namespace tenon
