// tenon/expr/softmax.hpp: softmax and log_softmax along an axis, without overflow.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto p = softmax<-1>(scores * scale);    // every row sums to 1
// Each line is computed while it is in cache, its operand fused. Elements of -inf get probability 0. A line is NaN
// throughout if it has a NaN or +inf in it, or nothing but -inf (there is no limit to take, and a mask that removes
// everything should be seen).
#pragma once
#include <tenon/expr/reductions.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <bool Log>
struct SoftmaxName {
  static constexpr FixedString value{"softmax"};
};
template <>
struct SoftmaxName<true> {
  static constexpr FixedString value{"log_softmax"};
};
}  // namespace detail

/// Softmax of A's lines along Axis; its logarithm if Log.
template <int Axis, bool Log, class A>
struct Softmax
    : Cut<Softmax<Axis, Log, A>, rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>,
          typename A::extents_type, A> {
  using T = rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>;
  using Base = Cut<Softmax, T, typename A::extents_type, A>;
  using Result = primal_t<T>;
  using C = compute_t<Result>;
  static constexpr auto name = detail::SoftmaxName<Log>::value;
  using Base::Base;

  TENON_FN auto extents() const { return this->template operand<0>().extents(); }
  void compute(Result* out) const;  // exec/cpu/softmax.hpp

  constexpr C at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const index_t n = extents()[Axis];
    Dims k = i;
    C top = reduction_bound<C, false>(), sum = reduction_constant<C>(0);
    for (k.d[Axis] = 0; k.d[Axis] < n; ++k.d[Axis]) {
      const C e = element(x, k);
      top = e > top ? e : top;
    }
    for (k.d[Axis] = 0; k.d[Axis] < n; ++k.d[Axis]) sum = sum + exp(C(element(x, k) - top));
    if constexpr (Log) {
      return (element(x, i) - top) - log(sum);
    } else {
      return exp(C(element(x, i) - top)) / sum;
    }
  }
  template <class B>
  static auto with(B x) {
    return Softmax<Axis, Log, B>(static_cast<B&&>(x));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    if constexpr (!X::active) {
    } else if constexpr (Log) {
      x.add(g - exp(y) * reduce<op::Sum, Axis>(g, keepdims));
    } else {
      x.add(y * (g - reduce<op::Sum, Axis>(g * y, keepdims)));
    }
  }

 private:
  template <class X>
  TENON_FN static C element(const X& x, const Dims& i) {
    return static_cast<C>(x.at(i));
  }
};

namespace detail {
template <int Axis, bool Log, class X>
constexpr auto softmax_of(X&& x) {
  using N = node_of<X>;
  static_assert(AxisExists<Softmax<0, Log, N>, Axis, N::rank>::ok);
  [[maybe_unused]] constexpr bool takes = expect_complex_fits<op::LogSumExp, typename N::value_type>;
  if constexpr (complex_fits<op::LogSumExp, typename N::value_type>)
    return Softmax<(Axis < 0 ? Axis + N::rank : Axis), Log, N>(as_node(static_cast<X&&>(x)));
  else
    return N(as_node(static_cast<X&&>(x)));  // the compiler shall have no more to say
}
}  // namespace detail

/// e^x over the sum of e^x along Axis (the last, if none is named); integers give float.
template <int Axis = -1, expression X>
constexpr auto softmax(X&& x) {
  return detail::softmax_of<Axis, false>(static_cast<X&&>(x));
}
/// log(softmax(x)), accurate where the softmax is nearly 0 or 1.
template <int Axis = -1, expression X>
constexpr auto log_softmax(X&& x) {
  return detail::softmax_of<Axis, true>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
