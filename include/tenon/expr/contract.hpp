// tenon/expr/contract.hpp: contractions: matmul, einsum and their relatives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every contraction of two operands is one node, `Contract<Contraction<A labels, B labels, output labels>, ...>`;
// einsum of more operands contracts pairs, in the order that takes the fewest multiplications. Nodes are nested as the
// types alone would have it; where extents are known only when the statement runs, so is the order, and small products
// alone take that of the nest. The result has the promoted element type, with 8- and 16-bit integers and bool summed
// into int32; half and bfloat16 are summed in float.
//   matmul(a, b);   einsum<"bhqd,bhkd->bhqk">(q, k);   einsum<"ii->i">(a);   einsum<"ij,jk,kl">(a, b, c);
#pragma once
#include <tenon/expr/cut.hpp>
#include <tenon/expr/map.hpp>
#include <tenon/expr/reduce.hpp>
#include <tenon/shape/contraction_order.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class T>
struct ContractedNumber {
  using type = T;
};
template <class T>
requires(is_integer<T> || is_bool<T>) struct ContractedNumber<T> {
  using type = contraction_accumulator_t<T>;
};
template <class A, class B>
struct ContractedType {
  using promoted = promote_t<A, B>;
  using type = rebase_t<promoted, typename ContractedNumber<base_t<promoted>>::type>;
};
}  // namespace detail

/// The element type of a contraction of elements A and B.
template <class A, class B>
using contracted_t = typename detail::ContractedType<A, B>::type;

/// c[labels of C] = sum of a * b over the other labels; Spec is a Contraction. An output axis of extent 1 whose label
/// is longer in an operand is summed over as well.
template <class Spec, class E, class A, class B>
struct Contract : Cut<Contract<Spec, E, A, B>, contracted_t<typename A::value_type, typename B::value_type>, E, A, B> {
  using Base = Cut<Contract, contracted_t<typename A::value_type, typename B::value_type>, E, A, B>;
  using Result = primal_t<typename Base::value_type>;
  using spec = Spec;
  static constexpr bool is_contraction = true;
  static constexpr FixedString name{"contract"};
  E shape;

  TENON_INLINE constexpr Contract(const E& e, A&& a, B&& b)
      : Base(static_cast<A&&>(a), static_cast<B&&>(b)), shape(e) {}
  TENON_INLINE constexpr Contract(const Contract&) = default;
  TENON_INLINE constexpr Contract(Contract&&) = default;
  TENON_INLINE constexpr ~Contract() = default;
  TENON_FN E extents() const { return shape; }
  void compute(Result* out) const;  // exec/cpu/contract.hpp

  constexpr auto at(const Dims& i) const {
    constexpr ContractionLabels l = Spec::labels();
    using Sum = rebase_t<Result, contraction_accumulator_t<base_t<Result>>>;
    const auto& a = this->template operand<0>();
    const auto& b = this->template operand<1>();
    const Dims ea = a.extents().dims(), eb = b.extents().dims(), ec = shape.dims();
    index_t extent[ContractionLabels::capacity] = {}, index[ContractionLabels::capacity] = {}, terms = 1;
    bool free[ContractionLabels::capacity] = {};
    for (int k = 0; k < l.count; ++k) {
      const index_t x = l.a[k] < 0 ? 1 : ea.d[l.a[k]], y = l.b[k] < 0 ? 1 : eb.d[l.b[k]];
      extent[k] = x == 1 ? y : x;
      free[k] = l.c[k] < 0 || ec.d[l.c[k]] != extent[k];
      if (free[k]) terms *= extent[k];
      if (!free[k]) index[k] = i.d[l.c[k]];
    }
    Sum sum(typename ScalarTraits<Sum>::base(0));
    for (index_t t = 0; t < terms; ++t) {
      Dims ia = ea, ib = eb;
      for (int k = 0; k < l.count; ++k) {
        if (l.a[k] >= 0) ia.d[l.a[k]] = ea.d[l.a[k]] == 1 ? 0 : index[k];
        if (l.b[k] >= 0) ib.d[l.b[k]] = eb.d[l.b[k]] == 1 ? 0 : index[k];
      }
      sum = apply<op::Add>(sum, apply<op::Multiply>(convert_element<Sum>(a.at(ia)), convert_element<Sum>(b.at(ib))));
      for (int k = l.count - 1; k >= 0; --k) {
        if (!free[k]) continue;
        if (++index[k] < extent[k]) break;
        index[k] = 0;
      }
    }
    return static_cast<compute_t<Result>>(sum);
  }
  template <class X, class Y>
  constexpr auto with(X x, Y y) const {
    return Contract<Spec, E, X, Y>(shape, static_cast<X&&>(x), static_cast<Y&&>(y));
  }
  /// The adjoint of each operand is the contraction of g with the other one.
  template <class Y, class G, class XA, class XB>
  static void pull(const Y&, const G& g, XA& a, XB& b);  // exec/cpu/contract.hpp
};

namespace detail {

template <class F>
struct SeqFrom {
  template <int... I>
  static Seq<F::value().label[I]...> make(Seq<I...>);
  using type = decltype(make(make_seq<F::value().rank>{}));
};
/// The labels that the constexpr function F::value() returns, as a type.
template <class F>
using seq_from = typename SeqFrom<F>::type;

constexpr EinsumLabels labels_of(Seq<>) { return {}; }
template <int... L>
constexpr EinsumLabels labels_of(Seq<L...>) {
  EinsumLabels r;
  (r.push(L), ...);
  return r;
}

}  // namespace detail

/// A node whose axes have labels.
template <class L, class N>
struct Labelled {
  using labels = L;
  using node_t = N;
  N node;
};

namespace detail {

template <class L>
struct Distinct {
  static constexpr EinsumLabels value() {
    const EinsumLabels l = labels_of(L{});
    EinsumLabels r;
    for (int i = 0; i < l.rank; ++i)
      if (r.find(l.label[i]) < 0) r.push(l.label[i]);
    return r;
  }
};
// Labels of L (in order) that are in one of Others.
template <class L, class... Others>
struct CommonLabels {
  static constexpr EinsumLabels value() {
    const EinsumLabels l = labels_of(L{});
    EinsumLabels r;
    for (int i = 0; i < l.rank; ++i)
      if (((labels_of(Others{}).find(l.label[i]) >= 0) || ...)) r.push(l.label[i]);
    return r;
  }
};
template <class A, class B>
struct Joined;
template <int... A, int... B>
struct Joined<Seq<A...>, Seq<B...>> {
  using type = seq_from<Distinct<Seq<A..., B...>>>;
};

// A label twice in one operand becomes the diagonal.
template <int... L, class N>
constexpr auto distinct(Labelled<Seq<L...>, N>&& x) {
  using D = seq_from<Distinct<Seq<L...>>>;
  if constexpr (D::size == static_cast<int>(sizeof...(L))) {
    return Labelled<D, N>{static_cast<N&&>(x.node)};
  } else {
    using M = Movement<move::Diagonals<L...>, N>;
    return Labelled<D, M>{M({}, static_cast<N&&>(x.node))};
  }
}

template <class N, class Keep, int... L>
constexpr unsigned summed_mask(Seq<L...>) {
  unsigned m = 0;
  const int label[] = {L..., 0};
  for (int i = 0; i < static_cast<int>(sizeof...(L)); ++i)
    if (labels_of(Keep{}).find(label[i]) < 0) m |= 1u << i;
  return m;
}
// Sums over the labels that are not in Keep.
template <class Keep, class L, class N>
constexpr decltype(auto) summed(Labelled<L, N>&& x) {
  constexpr unsigned mask = summed_mask<N, Keep>(L{});
  if constexpr (mask == 0) {
    return static_cast<Labelled<L, N>&&>(x);
  } else {
    using R = Reduce<op::Sum, mask, false, N>;
    return Labelled<seq_from<CommonLabels<L, Keep>>, R>{R(static_cast<N&&>(x.node))};
  }
}
// The axes in the order of Out, which has the same labels.
template <int... Out, class L, class N>
constexpr auto arranged(Seq<Out...>, Labelled<L, N>&& x) {
  if constexpr (__is_same(L, Seq<Out...>)) {
    return static_cast<N&&>(x.node);
  } else {
    using M = Movement<move::Permute<labels_of(L{}).find(Out)...>, N>;
    return M({}, static_cast<N&&>(x.node));
  }
}

template <int AxisA, int AxisB, class EA, class EB>
TENON_FN index_t contracted_extent(const EA& a, const EB& b) {
  if constexpr (AxisA < 0) {
    return b[AxisB];
  } else if constexpr (AxisB < 0) {
    return a[AxisA];
  } else {
    return broadcast_extent(a[AxisA], b[AxisB]);
  }
}
// The extents of axes I of the output, one by one: Dims are written in parts and read as a whole, for which processors
// wait. The labels of the output come first, in the order of its axes.
template <class Spec, class E, class EA, class EB, int... I>
TENON_FN E contracted_extents(const EA& a, const EB& b, Seq<I...>) {
  constexpr ContractionLabels l = Spec::labels();
  E e;
  if constexpr (!E::is_static) ((e.values[I] = contracted_extent<l.a[I], l.b[I]>(a, b)), ...);
  return e;
}
/// The contraction of two operands by Spec.
template <class Spec, class A, class B>
TENON_INLINE constexpr auto contracted_by(A&& a, B&& b) {
  using E = extents_from<ContractedDims<Spec, typename A::extents_type, typename B::extents_type>>;
  const E shape = contracted_extents<Spec, E>(extents_in_place(a), extents_in_place(b), make_seq<E::rank>{});
  return Contract<Spec, E, A, B>(shape, static_cast<A&&>(a), static_cast<B&&>(b));
}
/// The contraction of two operands with distinct labels LA and LB; the output has labels C.
template <class C, class LA, class LB, class A, class B>
TENON_INLINE constexpr auto contracted(A&& a, B&& b) {
  return contracted_by<Contraction<LA, LB, C>>(static_cast<A&&>(a), static_cast<B&&>(b));
}
template <class C, bool Step, class LA, class A, class LB, class B>
constexpr auto contract_summed(Labelled<LA, A>&& a, Labelled<LB, B>&& b) {
  if constexpr (Step) {
    return contracted_by<ContractionStep<LA, LB, C>>(static_cast<A&&>(a.node), static_cast<B&&>(b.node));
  } else {
    return contracted<C, LA, LB>(static_cast<A&&>(a.node), static_cast<B&&>(b.node));
  }
}
// 16-bit floats as floats, other numbers as they are.
template <class L, class N>
constexpr auto widened(Labelled<L, N>&& x) {
  using B = base_t<typename N::value_type>;
  if constexpr (__is_same(compute_t<B>, B)) {
    return Labelled<L, N>(static_cast<Labelled<L, N>&&>(x));
  } else {
    auto wide = make_map<op::Cast<compute_t<B>>>(static_cast<N&&>(x.node));
    return Labelled<L, decltype(wide)>{static_cast<decltype(wide)&&>(wide)};
  }
}
template <class T>
inline constexpr bool is_whole = is_integer<T> || is_bool<T>;
// As `contracted`; what only one operand is summed over is summed there first, if that keeps the element type. Sums of
// 16-bit floats stay floats: the result alone is rounded. `Step`: towards a contraction whose order is chosen late.
template <class C, bool Step, class LA, class A, class LB, class B>
constexpr auto contract_pair(Labelled<LA, A>&& a, Labelled<LB, B>&& b) {
  using NA = base_t<typename A::value_type>;
  using NB = base_t<typename B::value_type>;
  using KeepA = seq_from<CommonLabels<LA, LB, C>>;
  using KeepB = seq_from<CommonLabels<LB, LA, C>>;
  if constexpr (is_whole<NA> || is_whole<NB> || (KeepA::size == LA::size && KeepB::size == LB::size)) {
    return contract_summed<C, Step>(static_cast<decltype(a)&&>(a), static_cast<decltype(b)&&>(b));
  } else {
    using T = base_t<contracted_t<typename A::value_type, typename B::value_type>>;
    auto y = contract_summed<C, Step>(summed<KeepA>(widened(static_cast<decltype(a)&&>(a))),
                                      summed<KeepB>(widened(static_cast<decltype(b)&&>(b))));
    if constexpr (__is_same(base_t<typename decltype(y)::value_type>, T)) {
      return y;
    } else {
      return make_map<op::Cast<T>>(static_cast<decltype(y)&&>(y));
    }
  }
}

// ---- more than two operands ----------------------------------------------------------------------------------------

struct Pair {
  int first = 0, second = 1;
};
/// The pair to be contracted first of operands whose contraction has labels Out, as far as their types tell.
template <class Out, class... L, class... N>
constexpr Pair cheapest_pair(TypeList<Labelled<L, N>...>*) {
  EinsumForm f;
  ((f.in[f.operands++] = labels_of(L{})), ...);
  f.out = labels_of(Out{});
  const Dims shapes[] = {N::extents_type::static_dims()...};
  const ContractionOrder order = cheapest_order(f, shapes);
  auto s = order.all();
  while (!order.is_one(order.first[s]) || !order.is_one(order.rest(s)))
    s = order.is_one(order.first[s]) ? order.rest(s) : order.first[s];
  return {order.operand(order.first[s]), order.operand(order.rest(s))};
}
/// Whether the order of contracting such operands is chosen when they are: not all extents are known before, and
/// products are summed in the operands' own type, so that what is rounded does not depend on the order.
template <class X, class... Rest>
inline constexpr bool ordered_late = false;
template <class L, class N, class... LRest, class... NRest>
inline constexpr bool ordered_late<Labelled<L, N>, Labelled<LRest, NRest>...> =
    sizeof...(NRest) > 1 && !(N::extents_type::is_static && ... && NRest::extents_type::is_static) &&
    (__is_same(primal_t<typename N::value_type>, primal_t<typename NRest::value_type>) && ...) &&
    __is_same(contraction_accumulator_t<base_t<typename N::value_type>>, base_t<typename N::value_type>);

template <class Out, bool Late, class X>
constexpr auto contract_all(Operands<X>&& x) {
  return arranged(Out{}, summed<Out>(static_cast<X&&>(static_cast<Operand<0, X>&>(x).node)));
}
template <class Out, bool Late, class A, class B>
constexpr auto contract_all(Operands<A, B>&& x) {
  return contract_pair<Out, false>(static_cast<A&&>(static_cast<Operand<0, A>&>(x).node),
                                   static_cast<B&&>(static_cast<Operand<1, B>&>(x).node));
}
template <class Out, bool Late, class A, class B, class C, class... Rest>
constexpr auto contract_all(Operands<A, B, C, Rest...>&& x);

template <int I, class X>
constexpr X&& moved_at(Operand<I, X>& x) {
  return static_cast<X&&>(x.node);
}
// Contracts operands First and Second of the list, puts the result first and goes on with Others.
template <class Out, bool Late, int First, int Second, int... Others, class List>
constexpr auto contract_step(Seq<Others...>, List&& x) {
  auto&& a = moved_at<First>(x);
  auto&& b = moved_at<Second>(x);
  using A = bare_t<decltype(a)>;
  using B = bare_t<decltype(b)>;
  using Both = typename Joined<typename A::labels, typename B::labels>::type;
  using C = seq_from<CommonLabels<Both, Out, typename bare_t<decltype(moved_at<Others>(x))>::labels...>>;
  static_assert(C::size <= max_rank, "tenon: einsum: an intermediate result would have more than 8 axes");
  auto y = contract_pair<C, Late>(static_cast<A&&>(a), static_cast<B&&>(b));
  using Y = Labelled<C, decltype(y)>;
  return contract_all<Out, Late>(Operands<Y, bare_t<decltype(moved_at<Others>(x))>...>{
      {Y{static_cast<decltype(y)&&>(y)}}, {moved_at<Others>(x)}...});
}
template <int N, int First, int Second>
struct AllBut {
  static constexpr EinsumLabels value() {
    EinsumLabels r;
    for (int i = 0; i < N; ++i)
      if (i != First && i != Second) r.push(i);
    return r;
  }
};
template <class Out, bool Late, class A, class B, class C, class... Rest>
constexpr auto contract_all(Operands<A, B, C, Rest...>&& x) {
  constexpr Pair p = cheapest_pair<Out>(static_cast<TypeList<A, B, C, Rest...>*>(nullptr));
  using Others = seq_from<AllBut<3 + static_cast<int>(sizeof...(Rest)), p.first, p.second>>;
  return contract_step<Out, Late, p.first, p.second>(Others{}, static_cast<decltype(x)&&>(x));
}

/// Contracts labelled operands into the labels Out; extents have been checked.
template <class Out, class... X>
constexpr auto contract_labelled(X&&... x) {
  return contract_all<Out, ordered_late<decltype(distinct(static_cast<X&&>(x)))...>>(
      Operands<decltype(distinct(static_cast<X&&>(x)))...>{{distinct(static_cast<X&&>(x))}...});
}

template <FixedString Spec, class... E>
struct EinsumOut {
  static constexpr EinsumLabels value() { return Einsum<Spec, E...>::form.out; }
};
template <int I, FixedString Spec, class... E>
struct EinsumIn {
  static constexpr EinsumLabels value() { return Einsum<Spec, E...>::form.in[I]; }
};
template <FixedString Spec, int... I, class... N>
constexpr auto einsum_nodes(Seq<I...>, N&&... n) {
  using Form = Einsum<Spec, typename N::extents_type...>;
  if constexpr (Form::ok) {
    if constexpr (!(N::extents_type::is_static && ...)) {
      const Dims shapes[] = {n.extents().dims()...};
      if (!Form::pairs.fit(shapes)) check_einsum("einsum", Form::form, shapes);
    }
    return contract_labelled<seq_from<EinsumOut<Spec, typename N::extents_type...>>>(
        Labelled<seq_from<EinsumIn<I, Spec, typename N::extents_type...>>, N>{static_cast<N&&>(n)}...);
  }
}

}  // namespace detail

/// Einstein summation: `einsum<"ij,jk->ik">(a, b)`; see shape/einsum.hpp for the spec. shape_error if extents of an
/// index differ.
template <FixedString Spec, expression... X>
constexpr auto einsum(X&&... x) {
  return detail::einsum_nodes<Spec>(make_seq<static_cast<int>(sizeof...(X))>{}, as_node(static_cast<X&&>(x))...);
}

}  // namespace TENON_ABI
}  // namespace tenon
