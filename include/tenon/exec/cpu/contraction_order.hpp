// tenon/exec/cpu/contraction_order.hpp: contracts several operands in the order that their extents make cheapest.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of all steps, which the types nest in some order, are put side by side with their labels. All have one
// element type, so that one function contracts any two of them. The last step is left to the caller, who may have an
// epilogue for it.
#pragma once
#include <tenon/exec/cpu/contraction_call.hpp>
#include <tenon/exec/cpu/contraction_prologue.hpp>
#include <tenon/shape/contraction_order.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// Whether a node is a step of its consumer, a contraction whose order is chosen when it runs.
template <class N>
inline constexpr bool is_step = false;
template <class Spec, class E, class A, class B>
inline constexpr bool is_step<Contract<Spec, E, A, B>> = Spec::is_step;
/// Whether a node is a contraction that has steps.
template <class N>
inline constexpr bool is_ordered = false;
template <class Spec, class E, class A, class B>
inline constexpr bool is_ordered<Contract<Spec, E, A, B>> = is_step<A> || is_step<B>;

template <class Spec>
struct SpecLabels;
template <template <class, class, class> class Spec, class A, class B, class C>
struct SpecLabels<Spec<A, B, C>> {
  static constexpr EinsumLabels of[3] = {tenon::detail::labels_of(A{}), tenon::detail::labels_of(B{}),
                                         tenon::detail::labels_of(C{})};
};
/// Calls f(operand) for the operands of an ordered contraction.
template <class Spec, class E, class A, class B, class F>
void each_operand(const Contract<Spec, E, A, B>& n, const F& f) {
  const auto visit = [&](const auto& x) {
    if constexpr (is_step<bare_t<decltype(x)>>) {
      each_operand(x, f);
    } else {
      f(x);
    }
  };
  visit(n.template operand<0>());
  visit(n.template operand<1>());
}

/// The operands that an ordered contraction nests, from left to right, and the order in which it does.
struct Nesting {
  EinsumForm form;
  ContractionOrder order;
  OperandSets sets{};
};
template <class N, bool Step = is_step<N>>
struct NestedOperands {
  static constexpr int count = 1;
  static constexpr ContractionOrder::Set add(Nesting& to, const EinsumLabels& labels) {
    to.form.in[to.form.operands++] = labels;
    return 1u << (to.order.operands - to.form.operands);
  }
};
template <class Spec, class E, class A, class B>
struct NestedOperands<Contract<Spec, E, A, B>, true> {
  static constexpr int count = NestedOperands<A>::count + NestedOperands<B>::count;
  static constexpr ContractionOrder::Set add(Nesting& to, const EinsumLabels&) {
    const auto a = NestedOperands<A>::add(to, SpecLabels<Spec>::of[0]);
    const auto b = NestedOperands<B>::add(to, SpecLabels<Spec>::of[1]);
    to.order.first[a | b] = static_cast<unsigned char>(a);
    return a | b;
  }
};
template <class N>
inline constexpr int nested_operands = NestedOperands<N, true>::count;
template <class N>
inline constexpr Nesting nested_labels = [] {
  Nesting r;
  r.order.operands = nested_operands<N>;
  r.form.out = SpecLabels<typename N::spec>::of[2];
  NestedOperands<N, true>::add(r, r.form.out);
  return r;
}();
template <class N>
inline constexpr OperandSetsOf<nested_operands<N>> nested_sets{nested_labels<N>.form};
template <class N>
inline constexpr Nesting nesting = {nested_labels<N>.form, nested_labels<N>.order, nested_sets<N>};

}  // namespace detail

/// The operands of a contraction, and the order of its steps.
struct OrderedContraction {
  using Set = ContractionOrder::Set;
  const EinsumForm& form;
  const OperandSets& sets;
  ContractionOrder order;
  int operands = 0;
  Dims shape[max_einsum_operands];

  explicit OrderedContraction(const detail::Nesting& n) : form(n.form), sets(n.sets), order(n.order) {}
  void add(const Dims& extents) { shape[operands++] = extents; }
  /// Once all operands are there: the order is that of the types unless another may be worth the search for it.
  void start() {
    const ContractionCosts costs(sets, shape);
    if (costs.of(order) > enough(operands)) costs.cheapest(order);
  }
  /// Whether no order takes less than `products` multiplications.
  [[gnu::noinline]] bool none_below(double products) {
    return ContractionCosts(sets, shape).cheapest(order) >= products;
  }
  /// So many multiplications take no longer than a search, which takes three times as long for each operand more.
  static constexpr double enough(int operands) {
    double n = 64;
    for (int k = 0; k < operands; ++k) n *= 3;
    return n;
  }
  /// Contracts a set of operands: `one(k)` is operand k, `pair(set, labels, a, b)` what contracts two. The order that
  /// gives is that of the steps.
  template <class One, class Pair>
  auto run(Set s, const One& one, const Pair& pair) const -> decltype(one(0)) {
    if (order.is_one(s)) return one(order.operand(s));
    auto a = run(order.first[s], one, pair);
    auto b = run(order.rest(s), one, pair);
    return pair(s, contraction_of(form, order, s), a, b);
  }
};

/// The same with operands in memory, or programs.
struct OrderedCall {
  struct Operand {
    Source source;
    const OperandProgram* program = nullptr;
  };
  OrderedContraction steps;
  Operand operand[max_einsum_operands];
  ContractionLabels last;

  explicit OrderedCall(const detail::Nesting& n) : steps(n) {}
  /// Leaves the last step to `call`, whose functions and sizes are those of all steps.
  [[gnu::noinline]] void run(ContractionCall& call) {
    steps.start();
    const auto one = [&](int k) { return static_cast<Operand&&>(operand[k]); };
    const auto pair = [&](ContractionOrder::Set, const ContractionLabels& l, Operand& a, Operand& b) {
      return contract(call, l, a, b);
    };
    const auto all = steps.order.all();
    auto a = steps.run(steps.order.first[all], one, pair);
    auto b = steps.run(steps.order.rest(all), one, pair);
    last = contraction_of(steps.form, steps.order, all);
    fill(call, last, a, b);
  }

 private:
  static void fill(ContractionCall& call, const ContractionLabels& l, Operand& a, Operand& b) {
    call.labels = &l;
    call.a = static_cast<Source&&>(a.source);
    call.b = static_cast<Source&&>(b.source);
    call.a_program = a.program;
    call.b_program = b.program;
  }
  static Operand contract(const ContractionCall& like, const ContractionLabels& l, Operand& a, Operand& b) {
    ContractionCall call = like;
    const Dims extents = contracted_dims(l, a.source.map.extents, b.source.map.extents);
    fill(call, l, a, b);
    Operand r;
    r.source.map = dense_map(extents);
    r.source.keep = tenon::detail::BlockRef(static_cast<size_t>(extents.size() * call.sum_bytes));
    r.source.data = r.source.keep.data();
    assign_contraction(call, r.source.keep.data(), r.source.map, true);
    return r;
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
