// tenon/ad/cut_record.hpp: what a tape keeps of a reduction, a contraction or an opaque op, and how it pulls it back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of a cut is the cut on primal operands; pulling back is its `pull` rule.
#pragma once
#include <tenon/ad/record.hpp>
#include <tenon/exec/cpu/offsets.hpp>
#include <tenon/tensor/view.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// An operand as a `pull` rule sees it: its value, and its adjoint to add to if it is active.
template <class P, class E, bool Active>
struct Pulled;
template <class P, index_t... E>
struct Pulled<P, Extents<E...>, true> {
  static constexpr bool active = true;
  TensorView<const P, E...> value;
  TensorView<compute_t<P>, E...> adjoint;
  template <class X>
  void add(X&& x) {
    if (!exec::writes_twice(adjoint.map())) {
      adjoint += static_cast<X&&>(x);
      return;
    }
    // A broadcast operand: many elements add to one adjoint.
    using G = compute_t<P>;
    const Dims extents = adjoint.dims();
    const detail::BlockRef block(static_cast<size_t>(extents.size()) * sizeof(G));
    G* const given = reinterpret_cast<G*>(block.data());
    TensorView<G, E...>(given, extents) = static_cast<X&&>(x);
    exec::OffsetTables tables(extents);
    for (int a = 0; a < extents.rank; ++a) tables.identity(a, adjoint.strides().d[a]);
    exec::add_at_offsets(given, adjoint.data(), tables);
  }
};
template <class P, index_t... E>
struct Pulled<P, Extents<E...>, false> {
  static constexpr bool active = false;
  TensorView<const P, E...> value;
  template <class X>
  void add(X&&) {}
};

namespace detail {

// to[map] += from, element after element; `from` is dense.
template <class A>
void add_adjoints(A* to, const StridedMap& map, const A* from) {
  exec::Nest nest;
  nest.start(map.extents);
  nest.add(to, sizeof(A), map);
  if (nest.empty()) return;
  exec::Walk walk;
  walk.start(nest, 0, nest.rank);
  do {
    A& t = *reinterpret_cast<A*>(walk.out());
    t = static_cast<A>(apply<op::Add>(t, *from++));
  } while (walk.next(nest, 0, nest.rank));
}

template <class A>
inline constexpr bool leaf_active = is_taped<typename A::value_type>;

template <class T, index_t... E>
auto const_view(const T* data, const Extents<E...>& e, const Dims& strides) {
  return TensorView<const T, E...>(data, e.dims(), strides);
}
template <class T, index_t... E>
auto adjoint_view(T* data, const Extents<E...>& e, const Dims& strides) {
  return TensorView<T, E...>(data, e.dims(), strides);
}

template <class A>
using PrimalLeaf = Leaf<primal_t<typename A::value_type>, typename A::extents_type, BlockRef, false>;

// An adjoint that a rule adds to in a place of its own: of an operand whose indices share elements, which are added up
// after the rule; of a constant of an active type, where it is dropped.
template <class G>
struct AsideAdjoint {
  BlockRef block;
  StridedMap map;  // of the operand
  slot_t slot = 0;

  G* start(const StridedMap& m, slot_t s) {
    const size_t bytes = static_cast<size_t>(m.extents.size()) * sizeof(G);
    block = BlockRef(bytes);
    __builtin_memset(block.data(), 0, bytes);
    map = m;
    slot = s;
    return reinterpret_cast<G*>(block.data());
  }
  void finish(Tape& tape) {
    if (slot) add_adjoints(tape.adjoint<G>(slot), map, reinterpret_cast<const G*>(block.data()));
  }
};

// The value of a statement, as its rule may need it: a few numbers are kept in the record, others where the node has
// them.
template <class P, class E, bool Few = E::is_static&& static_size<E>* static_cast<index_t>(sizeof(P)) <= 16>
struct KeptValue {
  void keep(const ValueCache<true>& cache, BlockRef&& b) { cache.block = static_cast<BlockRef&&>(b); }
  const P* data(const ValueCache<true>& cache) const {
    return reinterpret_cast<const P*>(cache.block ? cache.block.data() : nullptr);
  }
};
template <class P, class E>
struct KeptValue<P, E, true> {
  static constexpr size_t bytes = static_cast<size_t>(static_size<E>) * sizeof(P);
  alignas(P) char numbers[bytes > 0 ? bytes : 1];
  void keep(const ValueCache<true>&, const BlockRef& b) { __builtin_memcpy(numbers, b.data(), bytes); }
  const P* data(const ValueCache<true>&) const { return reinterpret_cast<const P*>(numbers); }
};

// A cut: the node on primal leaves, which have the slots of the operands' adjoints, with its value of elements P and
// the slot of its adjoint. Nothing here depends on the tag: functions that record the same cut share it.
template <class N, class P, bool... Active>
struct CutRecord {
  using E = typename N::extents_type;
  N node;
  [[no_unique_address]] KeptValue<P, E> value;

  CutRecord(N&& n, BlockRef&& block, slot_t slot) : node(static_cast<N&&>(n)) {
    value.keep(node.cache, static_cast<BlockRef&&>(block));
    node.cache.slot = slot;
  }
  static void sweep(Tape& tape, const Segment& segment) {
    CutRecord& r = *reinterpret_cast<CutRecord*>(segment.begin());
    const compute_t<P>* const adjoint = tape.given<compute_t<P>>(r.node.cache.slot);
    if (adjoint && !are_zero_adjoints(adjoint, r.node.extents().size())) r.pull(tape, adjoint);
    tape.passed_on(r.node.cache.slot);
  }
  /// Pulls the result's adjoint back.
  void pull(Tape& tape, const compute_t<P>* adjoint) {
    pull(tape, adjoint, make_seq<static_cast<int>(sizeof...(Active))>{});
  }
  static void destroy(char* begin) { reinterpret_cast<CutRecord*>(begin)->~CutRecord(); }

 private:
  template <int I>
  using adjoint_of = compute_t<typename bare_t<decltype(some<const N&>().template operand<I>())>::value_type>;

  template <int... I>
  void pull(Tape& tape, const compute_t<P>* adjoint, Seq<I...>) {
    const E shape = node.extents();
    const Dims dense = row_major(shape.dims());
    const auto y = const_view(value.data(node.cache), shape, dense);
    const auto g = const_view(adjoint, shape, dense);
    Operands<AsideAdjoint<adjoint_of<I>>...> aside;
    pull_with(y, g, pulled<Active>(tape, node.template operand<I>(), mutable_at<I>(aside))...);
    (mutable_at<I>(aside).finish(tape), ...);
  }
  template <int I, class X>
  static X& mutable_at(Operand<I, X>& o) {
    return o.node;
  }
  template <class Y, class G, class... X>
  void pull_with(const Y& y, const G& g, X... x) {
    node.pull(y, g, x...);
  }
  template <bool IsActive, class Lf, class G>
  static auto pulled(Tape& tape, const Lf& leaf, AsideAdjoint<G>& aside) {
    using Q = typename Lf::value_type;
    auto value = const_view(leaf.data, leaf.shape, leaf.strides);
    if constexpr (IsActive) {
      const StridedMap map{leaf.shape.dims(), leaf.strides, 0};
      const bool apart = leaf.slot == 0 || exec::may_repeat(map);
      G* to = apart ? aside.start(map, leaf.slot) : tape.adjoint<G>(leaf.slot);
      return Pulled<Q, typename Lf::extents_type, true>{
          value, adjoint_view(to, leaf.shape, apart ? row_major(map.extents) : map.strides)};
    } else {
      return Pulled<Q, typename Lf::extents_type, false>{value};
    }
  }
};

// An operand of a cut as its rule sees it.
template <class A>
PrimalLeaf<A> primal_operand(const A& l) {
  PrimalLeaf<A> p;
  p.data = l.data;
  p.shape = l.shape;
  p.strides = l.strides;
  p.hold = l.hold;
  p.slot = l.slot;
  return p;
}
// Keeps an operand of a cut, unless it lives as long as the tape.
template <class L>
void keep_operand(L& leaf) {
  if (leaf.hold || leaf.slot) return;
  using P = primal_t<typename L::value_type>;
  Source s{leaf.data, {leaf.shape.dims(), leaf.strides, 0}, 0, {}};
  keep_copy(s, sizeof(P), 0);
  leaf.data = static_cast<const P*>(s.data);
  leaf.strides = s.map.strides;
  leaf.hold = static_cast<BlockRef&&>(s.keep);
}

}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
