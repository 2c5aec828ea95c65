// tenon/exec/cpu/contract.hpp: runs contractions, and pulls their adjoints back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/contraction_blocked.hpp>
#include <tenon/exec/cpu/contraction_generic.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

template <class A, class B>
struct ContractionSum {
  using promoted = promote_t<A, B>;
  using type = rebase_t<promoted, contraction_accumulator_t<compute_t<base_t<promoted>>>>;
};
// What sums of S are computed in by the blocked engine: integers as unsigned ones, which wrap.
template <class S>
struct BlockedNumber {
  using type = S;
};
template <class S>
requires(is_integer<S>) struct BlockedNumber<S>
    : tenon::detail::NumberOf<sizeof(S) == 8 ? NumberKind::uint64 : NumberKind::uint32> {
};
// Whether elements of A are stored as T computes them.
template <class A, class T>
inline constexpr bool stored_as = __is_same(A, T) || (is_integer<A> && is_integer<T> && sizeof(A) == sizeof(T));

}  // namespace detail

/// What products of elements of A and B are summed in.
template <class A, class B>
using contraction_sum_t = typename detail::ContractionSum<A, B>::type;

/// The target of a contraction: elements of `bytes` bytes. Without epilogue they are contraction_sum_t.
struct ContractionTarget {
  void* data;
  index_t bytes;
  StridedMap map;
  bool add;
  const Epilogue* epilogue;
};

/// Contracts real numbers with the blocked engine; one instance for each pair of element types.
template <class A, class B>
[[gnu::noinline]] void contract_real(const ContractionLabels& l, const A* a, const StridedMap& ma, const B* b,
                                     const StridedMap& mb, const ContractionTarget& c) {
  using T = typename detail::BlockedNumber<contraction_sum_t<A, B>>::type;
  ContractionPlan p;
  plan_contraction(p, l, ma, mb, c.map);
  BlockedCall call;
  call.a = {a + ma.offset, sizeof(A), pack<T, A, tile_rows<T>>, pack<T, A, tile_columns<T>>, detail::stored_as<A, T>};
  call.b = {b + mb.offset, sizeof(B), pack<T, B, tile_rows<T>>, pack<T, B, tile_columns<T>>, detail::stored_as<B, T>};
  call.c = static_cast<char*>(c.data) + c.map.offset * c.bytes;
  call.c_bytes = c.bytes;
  call.add = c.add;
  call.epilogue = c.epilogue;
  contract_blocked<T>(call, p);
}

/// c = (add: c +) the contraction of a and b by Spec; with Conjugate of a and conj(b).
template <class Spec, bool Conjugate, class A, class B, class C>
void contract(const A* a, const StridedMap& ma, const B* b, const StridedMap& mb, C* c, const StridedMap& mc,
              bool add) {
  using S = contraction_sum_t<A, B>;
  if constexpr (is_real<A> && is_real<B> && is_real<C>) {
    if constexpr (detail::stored_as<C, S>) {
      contract_real(Spec::labels(), a, ma, b, mb, {c, sizeof(C), mc, add, nullptr});
    } else {
      tenon::detail::BlockRef aside(static_cast<size_t>(mc.extents.size()) * sizeof(S));
      Source source[2] = {{c, mc, 0, {}}, {aside.data(), dense_map(mc.extents), 0, {}}};
      contract_real(Spec::labels(), a, ma, b, mb, {aside.data(), sizeof(S), source[1].map, false, nullptr});
      if (add)
        pointwise<Program<Load<C, false>, Load<S, false>, Call<op::Add, S, false, 2, 1>>>(source, c, mc);
      else
        pointwise<Program<Load<S, false>>>(source + 1, c, mc);
    }
  } else {
    ContractionPlan p;
    plan_contraction(p, Spec::labels(), ma, mb, mc);
    detail::contract_generic<S, Conjugate>(p, a + ma.offset, b + mb.offset, c + mc.offset, add);
  }
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
