// tenon/exec/explain_order.hpp: the loops of a contraction of several operands, in the order that their extents decide.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/text.hpp>
#include <tenon/exec/cpu/contraction_order.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

/// What a plan says of an operand. One that is a program may be computed while it is packed.
struct ExplainedOperand {
  Dims extents;
  bool program = false, costly = false;
  Text name{};
  double flops = 0, bytes = 0;
};

/// Writes all steps but for where the last one goes. E is the Explainer, N the contraction.
template <class E, class N>
struct ExplainedOrder {
  using T = typename N::value_type;
  E& e;
  exec::OrderedContraction steps{exec::detail::nesting<N>};
  ExplainedOperand operand[max_einsum_operands];

  explicit ExplainedOrder(E& to) : e(to) {}

  template <class A>
  void add(const A& a) {
    ExplainedOperand& o = operand[steps.operands];
    o.extents = a.extents().dims();
    steps.add(o.extents);
    if constexpr (exec::detail::may_be_packed<A>) {
      o.program = true;
      o.costly = !A::cheap;
      e.name(o.name, a);
      o.flops = e.flops_of(a);
      e.below(a);
    } else {
      e.memory_operand(a);
    }
    const double before = e.plan.bytes_read;
    e.reads(a);
    o.bytes = e.plan.bytes_read - before;
  }
  // An operand is computed by a loop of its own unless that is better done while it is packed.
  void settle(ExplainedOperand& o, const ExplainedOperand& other, const ContractionLabels& l, const signed char* mine,
              const signed char* theirs) {
    int axis[3];
    if (!o.program ||
        exec::detail::prologue_axes(axis, l, mine, o.extents, theirs, other.extents, sizeof(primal_t<T>), o.costly))
      return;
    o.program = false;
    e.start();
    e.plan.text << "loop " << o.name;
    e.plan.flops += o.flops;
    e.plan.bytes_read += o.bytes;
    e.template finish<T>(o.extents, true);
    e.plan.text << '\n';
  }
  void write(const char* before, const ExplainedOperand& o) {
    e.plan.text << before;
    if (o.program) {
      e.plan.text << o.name << ' ';
      e.plan.flops += o.flops;
    }
    e.extents(o.extents);
  }
  ExplainedOperand pair(const ContractionLabels& l, ExplainedOperand& a, ExplainedOperand& b, bool last) {
    settle(a, b, l, l.a, l.b);
    settle(b, a, l, l.b, l.a);
    e.start();
    e.plan.text << N::name;
    e.count_products(l, a.extents, b.extents);
    write(" ", a);
    write(" x ", b);
    ExplainedOperand r;
    r.extents = contracted_dims(l, a.extents, b.extents);
    if (!last) {
      e.template finish<T>(r.extents, true);
      e.number_as({nullptr, nullptr});
      e.plan.bytes_read += e.bytes_of(r.extents, sizeof(primal_t<T>));
    }
    return r;
  }
};
template <class E, class N>
void explain_ordered(E& e, const N& n) {
  ExplainedOrder<E, N> x(e);
  exec::detail::each_operand(n, [&](const auto& a) { x.add(a); });
  x.steps.start();
  const auto all = x.steps.order.all();
  x.steps.run(
      all, [&](int k) { return x.operand[k]; },
      [&](ContractionOrder::Set s, const ContractionLabels& l, ExplainedOperand& a, ExplainedOperand& b) {
        return x.pair(l, a, b, s == all);
      });
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
