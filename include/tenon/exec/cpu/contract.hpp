// tenon/exec/cpu/contract.hpp: runs contractions, and pulls their adjoints back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Real numbers go through the blocked engine, any other element type through plain loops. Operands that are pointwise
// programs are computed while they are packed where that pays; all that is not in memory otherwise is evaluated first.
#pragma once
#include <tenon/exec/cpu/contraction_call.hpp>
#include <tenon/exec/cpu/contraction_chain.hpp>
#include <tenon/exec/cpu/contraction_direct.hpp>
#include <tenon/exec/cpu/contraction_generic.hpp>
#include <tenon/exec/cpu/contraction_order.hpp>
#include <tenon/exec/cpu/contraction_parts.hpp>
#include <tenon/exec/cpu/contraction_spread.hpp>
#include <tenon/exec/cpu/contraction_static.hpp>
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
// Whether elements of A are stored as T computes them.
template <class A, class T>
inline constexpr bool stored_as = __is_same(A, T) || (is_integer<A> && is_integer<T> && sizeof(A) == sizeof(T));

}  // namespace detail

/// What products of elements of A and B are summed in.
template <class A, class B>
using contraction_sum_t = typename detail::ContractionSum<A, B>::type;

namespace detail {

// Rows and columns of elements S, beside elements R, for the steps T.
template <class T, class S, class R>
BlockedOperand blocked_operand(const Source& x) {
  BlockedOperand o{static_cast<const S*>(x.data) + x.map.offset, sizeof(S), pack<row_format<T, S>, tile_rows<T>>,
                   nullptr, stored_as<S, T>};
  if constexpr (!__is_same(T, Int8Quad) || number_kind<S> == NumberKind::int8)
    o.pack_columns = pack<column_format<T, S, R>, tile_columns<T>>;
  if constexpr (Step<T>::group > 1) o.copy_rows = copy_rows<row_format<T, S>>;
  return o;
}
template <class T, class A, class B>
void contract_steps(ContractionPlan& p, const Source& a, const Source& b, const ContractionTarget& c) {
  BlockedCall call{};
  call.a = blocked_operand<T, A, B>(a);
  call.b = blocked_operand<T, B, A>(b);
  call.a.prologue = c.a;
  call.b.prologue = c.b;
  using Dot = dot_step_t<A, B, sum_t<T>>;
  call.dots = dot_kernels<Dot, A, B>();
  call.swapped_dots = dot_kernels<Dot, B, A>();
  call.c = static_cast<char*>(c.data) + c.map.offset * c.bytes;
  call.c_bytes = c.bytes;
  call.add = c.add;
  call.epilogue = c.epilogue;
  contract_blocked<T>(call, p);
}
// Real numbers: one instance for each pair of element types.
template <class A, class B>
[[gnu::noinline]] void contract_planned(ContractionPlan& p, const Source& a, const Source& b,
                                        const ContractionTarget& c) {
  using S = contraction_sum_t<A, B>;
  using T = contraction_step_t<A, B, S>;
  using Swapped = contraction_step_t<B, A, S>;
  if constexpr (!__is_same(T, Swapped))
    if (swaps_operands(p, simd::native_lanes<S>)) return contract_steps<Swapped, A, B>(p, a, b, c);
  contract_steps<T, A, B>(p, a, b, c);
}
template <class A, class B>
[[gnu::noinline]] void contract_real(const ContractionLabels& l, const Source& a, const Source& b,
                                     const ContractionTarget& c) {
  ContractionPlan p;
  plan_contraction(p, l, a.map, b.map, c.map);
  contract_planned<A, B>(p, a, b, c);
}

// Real numbers with tangents. Parts stay side by side where they lengthen the runs of numbers that the engine walks:
// those of an operand's own axis, of a result's axis that comes from the only operand with tangents.
template <class A, class B>
[[gnu::noinline]] void contract_parts(const ContractionLabels& l, const Source& a, const Source& b,
                                      const ContractionTarget& c) {
  using S = contraction_sum_t<A, B>;
  constexpr index_t of_a = parts_of<A>, of_b = parts_of<B>;
  Parts pa = side_by_side(a.data, a.map, of_a), pb = side_by_side(b.data, b.map, of_b),
        pc = side_by_side(c.data, c.map, parts_of<S>);
  const Filled fc = filled_by(c.map);
  bool aside = fc.filled && a.map.extents.size() > 0 && b.map.extents.size() > 0;
  if constexpr (of_a > 1 && of_b > 1) {
    if (aside) pa = in_rows<A>(a), pb = in_rows<B>(b);
  } else if (aside) {
    const signed char *const x = of_a > 1 ? l.a : l.b, *const y = of_a > 1 ? l.b : l.a;
    const Filled f = filled_by(of_a > 1 ? a.map : b.map);
    if (!f.filled || !is_of_one(l, x, f.unit, x, y)) {
      if constexpr (of_a > 1) pa = in_rows<A>(a);
      if constexpr (of_b > 1) pb = in_rows<B>(b);
    }
    aside = !is_of_one(l, l.c, fc.unit, x, y);
  }
  if (aside) pc = place_in_rows<S>(c.map, fc);
  // The product of so many parts of A's elements, from `first` on, and of B's, one of them only the first.
  const auto add_product = [&](index_t first, index_t some_a, index_t some_b, bool add) {
    const StridedMap at = pc.from(first);
    const Source sa{pa.data, pa.from(first), 0, {}}, sb{pb.data, pb.map, 0, {}};
    ContractionPlan p;
    plan_contraction(p, l, sa.map, sb.map, at);
    if (some_a > 1) {
      p.row.push(some_a, pa.apart, 0, pc.apart);
      p.row.tidy(true);
    }
    if (some_b > 1) {
      p.column.push(some_b, 0, pb.apart, pc.apart);
      p.column.tidy(true);
    }
    contract_planned<base_t<A>, base_t<B>>(p, sa, sb, {pc.data, sizeof(base_t<S>), at, add, nullptr});
  };
  const bool add = c.add && !aside;
  if constexpr (of_b == 1) {
    add_product(0, of_a, 1, add);
  } else {
    add_product(0, 1, of_b, add);
    if constexpr (of_a > 1) add_product(1, of_a - 1, 1, true);
  }
  if (aside) from_rows(pc, static_cast<S*>(c.data) + c.map.offset, fc, c.add);
}

// Other elements.
template <class A, class B>
[[gnu::noinline]] void contract_any(const ContractionLabels& l, const Source& a, const Source& b,
                                    const ContractionTarget& c) {
  using S = contraction_sum_t<A, B>;
  ContractionPlan p;
  plan_contraction(p, l, a.map, b.map, c.map);
  contract_generic<S>(p, static_cast<const A*>(a.data) + a.map.offset, static_cast<const B*>(b.data) + b.map.offset,
                      static_cast<S*>(c.data) + c.map.offset, c.add);
}

template <class A, class B>
inline constexpr bool contracts_real = is_real<A>&& is_real<B>;
template <class A, class B>
constexpr ContractionFunction contraction_function() {
  if constexpr (contracts_real<A, B>) {
    return contract_real<A, B>;
  } else if constexpr (has_real_parts<A> && has_real_parts<B> && has_real_parts<contraction_sum_t<A, B>>) {
    return contract_parts<A, B>;
  } else {
    return contract_any<A, B>;
  }
}

// An operand in memory.
template <class N>
void fill_operand(const N& n, Source& s) {
  if constexpr (program_of<N>::size == 1) {
    Source* end = &s;
    n.fill(end);
  } else {
    auto leaf = operand(n);
    s.data = leaf.data;
    s.map = {leaf.shape.dims(), leaf.strides, 0};
    s.keep = static_cast<tenon::detail::BlockRef&&>(leaf.hold);
  }
}
// What a call holds of its operands: of programs the leaves.
template <class N, bool Program>
struct OperandLeaves {
  const OperandProgram* fill(const N& n, Source& s) {
    fill_operand(n, s);
    return nullptr;
  }
};
template <class N>
struct OperandLeaves<N, true> {
  using P = program_of<N>;
  using T = typename N::value_type;
  Source source[P::loads];
  OperandProgram program;
  const OperandProgram* fill(const N& n, Source& s) {
    sources_of<P>(n, source);
    s.map = dense_map(n.extents().dims());
    program = {{source, load_bytes<P>, P::loads, row<P, T>, nullptr, sizeof(T), s.map}, !N::cheap};
    return &program;
  }
};
template <class N>
struct PairLeaves;
// A step has no place of its own, but its operands have.
template <class N, bool Real>
struct PlaceOf {
  using type = OperandLeaves<N, Real && may_be_packed<N>>;
};
template <class N, bool Real>
requires(is_step<N>) struct PlaceOf<N, Real> {
  using type = PairLeaves<N>;
};
template <class Spec, class E, class A, class B>
struct PairLeaves<Contract<Spec, E, A, B>> {
  static constexpr bool real = contracts_real<typename A::value_type, typename B::value_type>;
  typename PlaceOf<A, real>::type a;
  typename PlaceOf<B, real>::type b;
};
template <class N>
struct CallLeaves : PairLeaves<N> {};
template <class N>
requires(is_ordered<N>) struct CallLeaves<N> : PairLeaves<N> {
  OrderedCall ordered{nesting<N>};
};
template <class N, class Leaves>
void add_operand(OrderedCall& call, const N& n, Leaves& leaves) {
  if constexpr (is_step<N>) {
    add_operand(call, n.template operand<0>(), leaves.a);
    add_operand(call, n.template operand<1>(), leaves.b);
  } else {
    auto& operand = call.operand[call.steps.operands];
    operand.program = leaves.fill(n, operand.source);
    call.steps.add(operand.source.map.extents);
  }
}
template <class Spec, class E, class A, class B>
void fill_call(const Contract<Spec, E, A, B>& n, ContractionCall& call, CallLeaves<Contract<Spec, E, A, B>>& leaves) {
  using PA = primal_t<typename A::value_type>;
  using PB = primal_t<typename B::value_type>;
  call.run = contraction_function<PA, PB>();
  call.a_bytes = sizeof(PA);
  call.b_bytes = sizeof(PB);
  call.sum_bytes = sizeof(contraction_sum_t<PA, PB>);
  call.fuses = contracts_real<PA, PB>;
  if constexpr (is_ordered<Contract<Spec, E, A, B>>) {
    add_operand(leaves.ordered, n.template operand<0>(), leaves.a);
    add_operand(leaves.ordered, n.template operand<1>(), leaves.b);
    leaves.ordered.run(call);
  } else {
    call.labels = &contraction_labels<Spec>;
    call.a_program = leaves.a.fill(n.template operand<0>(), call.a);
    call.b_program = leaves.b.fill(n.template operand<1>(), call.b);
  }
}

template <class N>
concept contraction_node = cut_node<N> && requires {
  requires N::is_contraction;
};
template <class N>
struct SumOf;
template <class Spec, class E, class A, class B>
struct SumOf<Contract<Spec, E, A, B>> {
  using type = contraction_sum_t<primal_t<typename A::value_type>, primal_t<typename B::value_type>>;
};

}  // namespace detail

// A contraction writes any strided target; elements stored in fewer bits than they are summed in are rounded by the
// epilogue.
template <detail::contraction_node N>
requires(cut_node<N>) struct DirectWrite<N> {
  static constexpr bool possible = true, complete = true;
  /// A small product of static extents into dense elements, in place of a call; false if it would overlap an operand.
  template <class Out>
  TENON_INLINE static bool run_small(const N& n, Out* out,
                                     bool noalias) requires(detail::SmallContraction<N, Out>::ok) {
    return !n.cache.ready && detail::SmallContraction<N, Out>::run(n, out, noalias);
  }
  /// The same for small matrices or tensors of run-time extents or strides; false also if they are not small.
  template <class Out>
  TENON_INLINE static bool run_small(const N& n, Out* out,
                                     bool noalias) requires(!detail::SmallContraction<N, Out>::ok &&
                                                            detail::DirectProduct<N, Out>::ok) {
    return !n.cache.ready && detail::DirectProduct<N, Out>::run(n, out, noalias);
  }
  /// The same for products of such products.
  template <class Out>
  TENON_INLINE static bool run_small(const N& n, Out* out, bool noalias) requires(detail::ChainedProduct<N, Out>::ok) {
    return !n.cache.ready && detail::ChainedProduct<N, Out>::run(n, out, noalias);
  }
  template <class Out>
  [[gnu::noinline]] static void assign(const N& n, Out* out, const StridedMap& target, bool noalias) {
    if constexpr (__is_same(Out, primal_t<typename N::value_type>))
      if (n.cache.ready && n.cache.block) return copy_elements(n.cache.block.data(), out, sizeof(Out), target);
    if constexpr (detail::SmallContraction<N, Out>::ok)
      if (is_dense(target) && detail::SmallContraction<N, Out>::run(n, out + target.offset, noalias)) return;
    using S = typename detail::SumOf<N>::type;
    ContractionCall call;
    detail::CallLeaves<N> leaves;
    detail::fill_call(n, call, leaves);
    if constexpr (__is_same(Out, S)) {
      assign_contraction(call, out, target, noalias);
    } else {
      using P = Program<Load<S, false>>;
      Source source{};
      assign_consumer(call, {&source, load_bytes<P>, 1, row<P, Out>, out, sizeof(Out), target}, &source, 0,
                      n.extents().dims(), noalias);
    }
  }
};

}  // namespace exec

template <class Spec, class E, class A, class B>
void Contract<Spec, E, A, B>::compute(Result* out) const {
  exec::write_dense(*this, out);
}

namespace detail {

template <class V>
void fill_view(const V& v, Source& s) {
  s.data = v.data();
  s.map = {v.extents().dims(), v.strides(), 0};
}
// x.adjoint += g times the other operand.
template <class LX, class LY, class LC, class G, class X, class Y>
void pull_contraction(const G& g, X& x, const Y& other) {
  using P = typename bare_t<decltype(x.value)>::value_type;
  using Back = Contraction<LC, LY, LX>;
  if constexpr (is_taped<P>) {
    const auto gn = g.leaf();
    const auto on = other.value.leaf();
    const auto e = x.value.extents();
    x.add(Contract<Back, bare_t<decltype(e)>, bare_t<decltype(gn)>, bare_t<decltype(on)>>(e, gn, on));
  } else {
    using A = typename bare_t<decltype(g)>::value_type;
    using B = typename bare_t<decltype(other.value)>::value_type;
    using C = typename bare_t<decltype(x.adjoint)>::value_type;
    using S = exec::contraction_sum_t<A, B>;
    constexpr exec::ContractionFunction run = exec::detail::contraction_function<A, B>();
    Source sg, so;
    fill_view(g, sg);
    fill_view(other.value, so);
    const StridedMap target{x.adjoint.extents().dims(), x.adjoint.strides(), 0};
    if constexpr (__is_same(C, S)) {
      run(contraction_labels<Back>, sg, so, {x.adjoint.data(), sizeof(S), target, true, nullptr});
    } else {
      BlockRef aside(static_cast<size_t>(target.extents.size()) * sizeof(S));
      Source source[] = {{x.adjoint.data(), target, 0, {}}, {aside.data(), exec::dense_map(target.extents), 0, {}}};
      run(contraction_labels<Back>, sg, so, {aside.data(), sizeof(S), source[1].map, false, nullptr});
      using Sum = compute_t<C>;
      exec::pointwise<
          Program<Load<C, false>, Load<S, false>, Call<op::Cast<Sum>, Sum, false, 1>, Call<op::Add, Sum, false, 3, 1>>>(
          source, x.adjoint.data(), target);
    }
  }
}
template <class Spec>
struct PullContraction;
template <template <class, class, class> class Spec, class LA, class LB, class LC>
struct PullContraction<Spec<LA, LB, LC>> {
  template <class G, class XA, class XB>
  static void run(const G& g, XA& a, XB& b) {
    if constexpr (XA::active) pull_contraction<LA, LB, LC>(g, a, b);
    if constexpr (XB::active) pull_contraction<LB, LA, LC>(g, b, a);
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
