// tenon/ad/ordered_record.hpp: reverse mode of contractions of several operands, whose order is chosen when they run.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each step is a record of its own, so that intermediate products are computed once and kept for the way back. Which
// step it is, and whose adjoints are wanted, are data: orders share one instance for each type of numbers.
#pragma once
#include <tenon/ad/cut_record.hpp>
#include <tenon/exec/cpu/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

/// c = the contraction of a and b; an operand without slot is a constant.
template <class T>
struct StepRecord {
  static constexpr exec::ContractionFunction contract = exec::detail::contraction_function<T, T>();
  EinsumLabels a_labels, b_labels, c_labels;
  Source a, b;
  Dims extents;  // of c
  slot_t slot;

  static void sweep(Tape& tape, const Segment& segment) {
    const StepRecord& r = *reinterpret_cast<const StepRecord*>(segment.begin());
    const T* const adjoint = tape.given<T>(r.slot);
    if (adjoint && !are_zero_adjoints(adjoint, r.extents.size())) {
      const Source g{adjoint, exec::dense_map(r.extents), 0, {}};
      pull(tape, contraction_of(r.c_labels, r.b_labels, r.a_labels), g, r.a, r.b);
      pull(tape, contraction_of(r.c_labels, r.a_labels, r.b_labels), g, r.b, r.a);
    }
    tape.passed_on(r.slot);
  }
  static void destroy(char* begin) { reinterpret_cast<StepRecord*>(begin)->~StepRecord(); }

 private:
  // x's adjoint += g times the other operand.
  static void pull(Tape& tape, const ContractionLabels& l, const Source& g, const Source& x, const Source& other) {
    if (!x.slot) return;
    AsideAdjoint<T> aside;
    const bool apart = exec::may_repeat(x.map);
    T* const to = apart ? aside.start(x.map, x.slot) : tape.adjoint<T>(x.slot);
    contract(l, g, other, {to, sizeof(T), apart ? exec::dense_map(x.map.extents) : x.map, true, nullptr});
    aside.finish(tape);
  }
};

/// Computes the contraction n of rev elements and records its steps, if a tape is given.
template <class T, class N>
void compute_ordered(const N& n, const ValueCache<true>& cache, Tape* tape) {
  using Record = StepRecord<T>;
  exec::OrderedContraction steps{exec::detail::nesting<N>};
  Source operand[max_einsum_operands];
  exec::detail::each_operand(n, [&](const auto& x) {
    const auto leaf = exec::operand(x);
    static_assert(__is_same(T, primal_t<typename bare_t<decltype(x)>::value_type>));
    const slot_t slot = tape && tape->owns(leaf.slot) ? leaf.slot : 0;
    operand[steps.operands] = {leaf.data, {leaf.shape.dims(), leaf.strides, 0}, slot, leaf.hold};
    steps.add(leaf.shape.dims());
  });
  steps.start();
  const auto step = [&](ContractionOrder::Set s, const ContractionLabels& l, Source& a, Source& b) {
    const Dims extents = contracted_dims(l, a.map.extents, b.map.extents);
    BlockRef block(static_cast<size_t>(extents.size()) * sizeof(T));
    Source r{block.data(), exec::dense_map(extents), 0, static_cast<BlockRef&&>(block)};
    Record::contract(l, a, b, {r.keep.data(), sizeof(T), r.map, false, nullptr});
    if (!a.slot && !b.slot) return r;
    if (!a.keep && !a.slot) keep_copy(a, sizeof(T), 0);
    if (!b.keep && !b.slot) keep_copy(b, sizeof(T), 0);
    r.slot = tape->allocate_tensor(extents.size(), units_of<T>);
    const auto labels = [&](ContractionOrder::Set set) { return contracted_labels(steps.form, steps.order, set); };
    ::new (new_record<Record>(*tape)) Record{labels(steps.order.first[s]),
                                             labels(steps.order.rest(s)),
                                             labels(s),
                                             static_cast<Source&&>(a),
                                             static_cast<Source&&>(b),
                                             extents,
                                             r.slot};
    return r;
  };
  Source all = steps.run(
      steps.order.all(), [&](int k) { return operand[k]; }, step);
  cache.block = static_cast<BlockRef&&>(all.keep);
  cache.slot = all.slot;
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
