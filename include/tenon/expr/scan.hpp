// tenon/expr/scan.hpp: scans along an axis: cumsum<0>(x), cumprod, cummax, cummin, logcumsumexp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto cdf = cumsum<-1>(softmax<-1>(logits));
// Element i of a line is the reduction of elements 0 to i; the shape stays.
#pragma once
#include <tenon/expr/line.hpp>
#include <tenon/expr/reduce.hpp>
#include <tenon/ops/scan.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Op's running values along axis Axis of A.
template <class Op, int Axis, class A>
struct ScanAlong : Cut<ScanAlong<Op, Axis, A>,
                       rebase_t<typename A::value_type, typename Op::template result<base_t<typename A::value_type>>>,
                       typename A::extents_type, A> {
  using T = rebase_t<typename A::value_type, typename Op::template result<base_t<typename A::value_type>>>;
  using Base = Cut<ScanAlong, T, typename A::extents_type, A>;
  using Result = primal_t<T>;
  using Number = typename Op::template number<primal_t<typename A::value_type>>;
  using operation = Op;
  static constexpr int axis = Axis;
  using Base::Base;

  TENON_FN auto extents() const { return this->template operand<0>().extents(); }
  void compute(Result* out) const;  // exec/cpu/scan.hpp

  constexpr auto at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    Dims k = i;
    k.d[Axis] = 0;
    auto s = Op::start(detail::to_number<Number>(x.at(k)));
    for (k.d[Axis] = 1; k.d[Axis] <= i.d[Axis]; ++k.d[Axis]) s = Op::next(s, detail::to_number<Number>(x.at(k)));
    return static_cast<compute_t<Result>>(Op::value(s));
  }
  template <class B>
  static auto with(B x) {
    return ScanAlong<Op, Axis, B>(static_cast<B&&>(x));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    if constexpr (X::active)
      detail::pull_lines<Axis>(
          y, g, x, [](index_t n, const auto& value, const auto& adjoint, const auto& element, const auto& add) {
            Op::pull(n, value, adjoint, element, add);
          });
  }
};

namespace detail {
template <class Op, int Axis, class X>
constexpr auto scan_along(X&& x) {
  using N = node_of<X>;
  static_assert(AxisExists<Op, Axis, N::rank>::ok);
  constexpr int axis = Axis < 0 ? Axis + N::rank : Axis;
  [[maybe_unused]] constexpr bool takes = expect_complex_fits<Op, typename N::value_type>;
  if constexpr (complex_fits<Op, typename N::value_type>)
    return ScanAlong<Op, axis, N>(as_node(static_cast<X&&>(x)));
  else
    return ScanAlong<op::CumSum, axis, N>(as_node(static_cast<X&&>(x)));  // the compiler shall have no more to say
}
}  // namespace detail

/// Running sum along Axis; bool and integers in 64 bits.
template <int Axis, expression X>
constexpr auto cumsum(X&& x) {
  return detail::scan_along<op::CumSum, Axis>(static_cast<X&&>(x));
}
/// Running product along Axis; bool and integers in 64 bits.
template <int Axis, expression X>
constexpr auto cumprod(X&& x) {
  return detail::scan_along<op::CumProd, Axis>(static_cast<X&&>(x));
}
/// Running maximum along Axis, NaN from the first NaN on.
template <int Axis, expression X>
constexpr auto cummax(X&& x) {
  return detail::scan_along<op::CumMax, Axis>(static_cast<X&&>(x));
}
/// Running minimum along Axis, NaN from the first NaN on.
template <int Axis, expression X>
constexpr auto cummin(X&& x) {
  return detail::scan_along<op::CumMin, Axis>(static_cast<X&&>(x));
}
/// Running log(sum(exp(x))) along Axis, without overflow.
template <int Axis, expression X>
constexpr auto logcumsumexp(X&& x) {
  return detail::scan_along<op::LogCumSumExp, Axis>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
