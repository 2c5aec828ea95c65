// tenon/ad/statement.hpp: reverse mode on tensors: a statement is computed by its primal kernel and recorded whole.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels are those of the primal type: training shares them with inference. A statement is recorded if a tape is
// active for its tag and one of its operands is on that tape.
#pragma once
#include <tenon/ad/element.hpp>
#include <tenon/ad/epilogue_record.hpp>
#include <tenon/ad/flat_record.hpp>
#include <tenon/ad/ordered_record.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Evaluation of rev tensors: compute with the primal kernel, record if a tape is active and an operand is.
template <class T, class Tag>
requires(!contains_rev<T>) struct Evaluate<rev<T, Tag>> {
  template <class N>
  static void materialize_into(const N& n, const ValueCache<true>& cache) {
    if constexpr (shared<N>) {
      if (n.hold && n.data == reinterpret_cast<const T*>(n.hold.data())) {
        cache.block = n.hold;
        cache.slot = n.slot;
        cache.ready = true;
        return;
      }
    }
    if constexpr (exec::detail::is_ordered<N>) {
      detail::compute_ordered<T>(n, cache, detail::active_tape<Tag>);
    } else if constexpr (cut_node<N>) {
      compute_cut(n, cache, make_seq<N::arity>{});
    } else if (!compute_with_product(n, cache)) {
      compute_program(n, cache);
    }
    cache.ready = true;
  }

  /// target = node: an owning tensor takes over a fresh value; a view's elements are overwritten.
  template <class Target, class N>
  static void assign(Target& target, const N& n, bool) {
    ValueCache<true> result;
    if constexpr (requires { target.storage(); }) {
      materialize_into(n, result);
      target.storage().adopt(static_cast<detail::BlockRef&&>(result.block), target.extents(), result.slot);
    } else {
      materialize_into(n, result);
      target.overwrite(result.slot, [&](T* data, const StridedMap& map) {
        Source source{result.block ? result.block.data() : nullptr, exec::dense_map(map.extents), 0, {}};
        exec::pointwise<Program<Load<T, false>>>(&source, data, map);
      });
    }
  }

 private:
  // A value that is there already: tensors share their elements, no statement is needed.
  template <class N>
  static constexpr bool shared = __is_same(N, Leaf<rev<T, Tag>, typename N::extents_type, detail::BlockRef, true>);
  // A product and what is computed of it as one statement; false if they are two.
  template <class N>
  static bool compute_with_product(const N& n, const ValueCache<true>& cache) {
    if constexpr (detail::WithProduct<N>::possible) {
      return detail::WithProduct<N>::compute(n, cache, detail::active_tape<Tag>);
    } else {
      return false;
    }
  }
  template <class N>
  static void compute_program(const N& n, const ValueCache<true>& cache) {
    using P = program_of<N>;
    const auto e = n.extents();
    const Dims extents = e.dims();
    detail::BlockRef block(static_cast<size_t>(extents.size()) * sizeof(T));
    T* const out = reinterpret_cast<T*>(block.data());
    cache.block = static_cast<detail::BlockRef&&>(block);
    constexpr bool active = at_t<P::size - 1, typename P::instructions>::active;
    Tape* const tape = active ? detail::active_tape<Tag> : nullptr;
    if constexpr (detail::may_lie_flat<N, typename N::extents_type> && P::loads < 64) {
      detail::FlatSource source[P::loads];
      detail::FlatSource* end = source;
      if (detail::flat_sources(n, e, end)) {
        detail::FlatRecord::compute(exec::row<P, T>, source, P::loads, extents.size(), out, exec::load_bytes<P>,
                                    sizeof(T));
        if constexpr (active)
          if (tape) cache.slot = detail::FlatRecord::add(*tape, detail::program_info<P>, source, extents.size());
        return;
      }
    }
    Source source[P::loads];
    exec::sources_of<P>(n, source);
    exec::pointwise<P>(source, out, exec::dense_map(extents));
    if constexpr (active)
      if (tape) cache.slot = detail::ProgramRecord::add(*tape, detail::program_info<P>, source, extents);
  }
  template <class N, int... I>
  static void compute_cut(const N& n, const ValueCache<true>& cache, Seq<I...>) {
    compute_cut_with(n, cache, exec::operand(n.template operand<I>())...);
  }
  template <class N, class... L>
  static void compute_cut_with(const N& n, const ValueCache<true>& cache, L... leaf) {
    auto node = n.with(detail::primal_operand(leaf)...);
    using M = decltype(node);
    using E = typename N::extents_type;
    const E shape = n.extents();
    detail::BlockRef block(static_cast<size_t>(shape.size()) * sizeof(T));
    node.compute(reinterpret_cast<T*>(block.data()));
    cache.block = block;
    Tape* tape = detail::active_tape<Tag>;
    if (!tape) return;
    ((leaf.slot = tape->owns(leaf.slot) ? leaf.slot : 0), ...);
    if (!((leaf.slot != 0) || ... || false)) return;
    (detail::keep_operand(leaf), ...);
    auto kept = n.with(detail::primal_operand(leaf)...);
    cache.slot = tape->allocate_tensor(shape.size(), detail::units_of<T>);
    using Record = detail::CutRecord<M, T, detail::leaf_active<L>...>;
    ::new (detail::new_record<Record>(*tape))
        Record(static_cast<M&&>(kept), static_cast<detail::BlockRef&&>(block), cache.slot);
  }
};

}  // namespace TENON_ABI
}  // namespace tenon
