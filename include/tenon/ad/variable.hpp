// tenon/ad/variable.hpp: reverse mode for plain code: a Tape, variables on it, gradients from it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Tape tape;
//   auto v = tape.variable(w);               // w: a number, a tensor or a model
//   auto loss = mean(square(x * v - y));
//   auto [gw] = tape.gradient(loss, v);      // like w
//   tape.reset();                            // before the next recording
#pragma once
#include <tenon/ad/adjoint_lanes.hpp>
#include <tenon/ad/grad.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
// Says what is read after the sweep.
struct WantAdjoints {
  Tape& tape;
  template <class X>
  void number(X& x) const {
    tape.want(x.slot);
  }
  template <class X>
  void tensor(X& x) const {
    const auto& s = x.storage();
    if (!s.slots) return tape.want(s.slot, 1);
    for (index_t i = 0, n = x.size(); i < n; ++i) tape.want(Element<typename bare_t<X>::value_type>::slot_of(s, i));
  }
};
// The adjoints of variables, in the types that they were made from.
template <class Tag>
struct CollectVariables : CollectRev<Tag> {
  template <class R, class X>
  R leaf(X& v) {
    return CollectRev<Tag>::template leaf<R>(v, v);
  }
  template <class R, class X>
  R scalar(X& v) {
    if constexpr (__is_same(R, bare_t<X>)) {
      return v;
    } else {
      return static_cast<R>(this->adjoint(v.slot, R{}));
    }
  }
};
}  // namespace detail

template <class X>
auto Tape::variable(const X& x) {
  using namespace detail;
  activate();
  if constexpr (is_element<X>) {
    static_assert(has_derivative<X>, "tenon: Tape::variable: an integer has no derivative; pass a float or a double");
    return rev<X, DefaultTag>(x, allocate(1, units_of<X>));
  } else {
    LiftRev<DefaultTag> lift{*this};
    return transform<twin_t<RevOf<DefaultTag>, X>>(lift, x);
  }
}

template <class Y, class... V>
auto Tape::gradient(const Y& y, const V&... variables) {
  using namespace detail;
  using S = typename ResultElement<Y>::type;
  static_assert(is_element<S>, "tenon: Tape::gradient: only a number or an expression of rank 0 has a gradient");
  static_assert(!(is_pending<V> || ...),
                "tenon: Tape::gradient: this result of an op was never recorded as a number of its own: "
                "`rev<double> z = exp(x)` or `auto z = evaluate(exp(x))` is");
  const S r = static_cast<S>(y);
  clear_adjoints();
  want_none();
  const WantAdjoints wanted{*this};
  (each_part<DefaultTag>(variables, wanted), ...);
  if constexpr (has_tag<S, DefaultTag>)
    if (r.slot) *adjoint<compute_t<typename S::inner>>(r.slot) = compute_t<typename S::inner>(1);
  sweep();
  const auto collect = [&](const auto& v) {
    using W = bare_t<decltype(v)>;
    if constexpr (is_element<W>) {
      expect<value_error>(v.slot == 0 || owns(v.slot),
                          "tenon: Tape::gradient: the variable is not of this recording; make variables after reset()");
      return v.slot ? static_cast<typename W::inner>(*adjoint<compute_t<typename W::inner>>(home(v.slot)))
                    : typename W::inner(0);
    } else {
      CollectVariables<DefaultTag> c{{*this}};
      return transform<twin_t<Strip<DefaultTag>, W>>(c, v);
    }
  };
  return Gradients<decltype(collect(variables))...>{collect(variables)...};
}

}  // namespace TENON_ABI
}  // namespace tenon
