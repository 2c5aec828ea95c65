// tenon/exec/cpu/contract.hpp: runs contractions, and pulls their adjoints back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/contraction_generic.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// c = (accumulate: c +) the contraction of a and b by Spec; with Conjugate of a and conj(b).
template <class Spec, bool Conjugate, class A, class B, class C>
void contract(const A* a, const StridedMap& ma, const B* b, const StridedMap& mb, C* c, const StridedMap& mc,
              bool accumulate) {
  constexpr ContractionLabels l = Spec::labels();
  using S = contraction_accumulator_t<compute_t<C>>;
  ContractionPlan p;
  plan_contraction(p, l, ma, mb, mc);
  detail::contract_generic<S, Conjugate>(p, a + ma.offset, b + mb.offset, c + mc.offset, accumulate);
}

namespace detail {
template <class V>
StridedMap map_of(const V& v) {
  return {v.extents().dims(), v.strides(), 0};
}
template <class T, class E, class H>
StridedMap map_of(const Leaf<T, E, H, false>& v) {
  return {v.shape.dims(), v.strides, 0};
}
}  // namespace detail
}  // namespace exec

template <class Spec, class E, class A, class B>
void Contract<Spec, E, A, B>::compute(Result* out) const {
  const auto a = exec::operand(this->template operand<0>());
  const auto b = exec::operand(this->template operand<1>());
  exec::contract<Spec, false>(a.data, exec::detail::map_of(a), b.data, exec::detail::map_of(b), out,
                              exec::dense_map(shape.dims()), false);
}

namespace detail {
// adjoint of x += g times the other operand.
template <class LX, class LY, class LC, class G, class X, class Y>
void pull_contraction(const G& g, X& x, const Y& other) {
  if constexpr (X::active) {
    using P = typename bare_t<decltype(x.adjoint)>::value_type;
    if constexpr (is_taped<P>) {
      using Back = Contraction<LC, LY, LX>;
      const auto gn = g.leaf();
      const auto on = other.value.leaf();
      const auto e = x.value.extents();
      x.add(Contract<Back, bare_t<decltype(e)>, bare_t<decltype(gn)>, bare_t<decltype(on)>>(e, gn, on));
    } else {
      exec::contract<Contraction<LC, LY, LX>, true>(g.data(), exec::detail::map_of(g), other.value.data(),
                                                    exec::detail::map_of(other.value), x.adjoint.data(),
                                                    exec::detail::map_of(x.adjoint), true);
    }
  }
}
template <class Spec>
struct PullContraction;
template <class LA, class LB, class LC>
struct PullContraction<Contraction<LA, LB, LC>> {
  template <class G, class XA, class XB>
  static void run(const G& g, XA& a, XB& b) {
    pull_contraction<LA, LB, LC>(g, a, b);
    pull_contraction<LB, LA, LC>(g, b, a);
  }
};
}  // namespace detail

template <class Spec, class E, class A, class B>
template <class Y, class G, class XA, class XB>
void Contract<Spec, E, A, B>::pull(const Y&, const G& g, XA& a, XB& b) {
  detail::PullContraction<Spec>::run(g, a, b);
}

}  // namespace TENON_ABI
}  // namespace tenon
