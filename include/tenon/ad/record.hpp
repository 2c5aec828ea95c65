// tenon/ad/record.hpp: what a tape keeps of a tensor statement, and how it pulls the statement's adjoint back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of a pointwise statement is its program with its table of leaves; pulling back is one fused sweep. The
// record of a cut (reduction, contraction, opaque op) is the cut on primal operands; pulling back is its `pull` rule.
// Intermediate values are kept by count; plain tensors that a rule needs are copied, since their owner may change or
// drop them before the sweep. A record whose adjoint is zero throughout is passed over.
#pragma once
#include <tenon/ad/rev.hpp>
#include <tenon/exec/cpu/offsets.hpp>
#include <tenon/exec/cpu/pullback.hpp>
#include <tenon/exec/operand.hpp>
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

// Replaces a leaf by a copy of the elements it touches; an adjoint takes `units`.
inline void keep_copy(Source& s, index_t bytes, index_t units) {
  Dims extents = s.map.extents;
  for (int a = 0; a < extents.rank; ++a)
    if (s.map.strides.d[a] == 0) extents.d[a] = 1;
  const index_t n = extents.size();
  BlockRef copy(static_cast<size_t>(n * bytes));
  exec::Nest<4> nest;
  StridedMap from = s.map;
  from.extents = extents;
  StridedMap to = exec::dense_map(extents);
  nest.start(extents);
  nest.add(copy.data(), bytes, to);
  nest.add(s.data, bytes, from);
  nest.collapse(0, nest.rank);
  if (n > 0) {
    const int inner = nest.rank - 1;
    const index_t row = nest.rank ? nest.extent[inner] : 1;
    const bool dense = !nest.rank || (nest.stride[0][inner] == 1 && nest.stride[1][inner] == 1);
    exec::Walk<4> walk;
    walk.start(nest, 0, inner < 0 ? 0 : inner);
    do {
      char* out = const_cast<char*>(walk.at[0]);
      if (dense) {
        __builtin_memcpy(out, walk.at[1], static_cast<size_t>(row * bytes));
      } else {
        for (index_t i = 0; i < row; ++i)
          __builtin_memcpy(out + i * nest.stride[0][inner] * bytes, walk.at[1] + i * nest.stride[1][inner] * bytes,
                           static_cast<size_t>(bytes));
      }
    } while (inner > 0 && walk.next(nest, 0, inner));
  }
  to.extents = s.map.extents;
  for (int a = 0; a < extents.rank; ++a)
    if (s.map.strides.d[a] == 0) to.strides.d[a] = 0;
  if (s.slot) s.slot = static_cast<slot_t>(static_cast<index_t>(s.slot) + s.map.offset * units);
  s.map = to;
  s.data = copy.data();
  s.keep = static_cast<BlockRef&&>(copy);
}
// Whether the memory behind a leaf may be gone or changed by the time of the sweep.
inline bool transient(const Source& s) {
  return !s.keep && (s.slot == 0 || s.map.strides == Dims{s.map.strides.rank, {}});
}

inline index_t magnitude(index_t x) { return x < 0 ? -x : x; }
// to[map] += from, element after element; `from` is dense.
template <class A>
void add_adjoints(A* to, const StridedMap& map, const A* from) {
  exec::Nest<4> nest;
  nest.start(map.extents);
  nest.add(to, sizeof(A), map);
  if (nest.empty()) return;
  exec::Walk<4> walk;
  walk.start(nest, 0, nest.rank);
  do {
    A& t = *reinterpret_cast<A*>(const_cast<char*>(walk.at[0]));
    t = static_cast<A>(apply<op::Add>(t, *from++));
  } while (walk.next(nest, 0, nest.rank));
}

template <class P, class List>
struct ActiveLoads;
template <class P, class... L>
struct ActiveLoads<P, TypeList<L...>> {
  static constexpr bool active[] = {L::active..., false};
  static constexpr index_t bytes[] = {static_cast<index_t>(sizeof(compute_t<typename L::type>))..., 0};
};

// A pointwise statement.
template <class P>
struct ProgramRecord {
  using Loads = ActiveLoads<P, exec::loads_of<P>>;
  using A = compute_t<typename P::result>;
  Source source[P::loads];
  Dims extents;
  slot_t out;

  static void sweep(Tape& tape, char* begin, char*) {
    ProgramRecord& r = *reinterpret_cast<ProgramRecord*>(begin);
    if (are_zero_adjoints(tape.adjoint<A>(r.out), r.extents.size())) return;
    void* adjoint[P::loads];
    for (int k = 0; k < P::loads; ++k)
      adjoint[k] = Loads::active[k] && r.source[k].slot ? tape.adjoint<char>(r.source[k].slot) : nullptr;
    exec::pull_program<P>(r.source, tape.adjoint<A>(r.out), sizeof(A), adjoint, Loads::bytes, r.extents);
  }
  static void destroy(char* begin) { reinterpret_cast<ProgramRecord*>(begin)->~ProgramRecord(); }
};

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

// Whether two indices of a map may mean one element, as they do in a broadcast or in windows.
inline bool may_repeat(const StridedMap& m) {
  bool seen[max_rank] = {};
  index_t reach = 0;
  for (int step = 0; step < m.extents.rank; ++step) {
    int least = -1;
    for (int a = 0; a < m.extents.rank; ++a)
      if (!seen[a] && (least < 0 || magnitude(m.strides.d[a]) < magnitude(m.strides.d[least]))) least = a;
    seen[least] = true;
    if (m.extents.d[least] <= 1) continue;
    if (magnitude(m.strides.d[least]) <= reach) return true;
    reach += magnitude(m.strides.d[least]) * (m.extents.d[least] - 1);
  }
  return false;
}

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

// A cut: the node on primal leaves, its value, where its adjoint and its operands' adjoints are.
template <class N, class P, class E, class... A>
struct CutRecord {
  N node;
  BlockRef value;
  E shape;
  slot_t out;
  slot_t slot[sizeof...(A) + 1];

  static void sweep(Tape& tape, char* begin, char*) {
    reinterpret_cast<CutRecord*>(begin)->pull(tape, make_seq<static_cast<int>(sizeof...(A))>{});
  }
  static void destroy(char* begin) { reinterpret_cast<CutRecord*>(begin)->~CutRecord(); }

 private:
  template <class Old>
  using adjoint_of = compute_t<primal_t<typename Old::value_type>>;

  template <int... I>
  void pull(Tape& tape, Seq<I...>) {
    const compute_t<P>* adjoint = tape.adjoint<compute_t<P>>(out);
    if (are_zero_adjoints(adjoint, shape.size())) return;
    const Dims dense = row_major(shape.dims());
    const auto y = const_view(reinterpret_cast<const P*>(value ? value.data() : nullptr), shape, dense);
    const auto g = const_view(adjoint, shape, dense);
    Operands<AsideAdjoint<adjoint_of<A>>...> aside;
    pull_with(y, g, pulled<A>(tape, node.template operand<I>(), slot[I], mutable_at<I>(aside))...);
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
  template <class Old, class Lf, class G>
  static auto pulled(Tape& tape, const Lf& leaf, slot_t s, AsideAdjoint<G>& aside) {
    using Q = typename Lf::value_type;
    constexpr bool active = leaf_active<Old>;
    auto value = const_view(leaf.data, leaf.shape, leaf.strides);
    if constexpr (active) {
      const StridedMap map{leaf.shape.dims(), leaf.strides, 0};
      const bool apart = s == 0 || may_repeat(map);
      G* to = apart ? aside.start(map, s) : tape.adjoint<G>(s);
      return Pulled<Q, typename Lf::extents_type, true>{
          value, adjoint_view(to, leaf.shape, apart ? row_major(map.extents) : leaf.strides)};
    } else {
      return Pulled<Q, typename Lf::extents_type, false>{value};
    }
  }
};

// dst[view] = src, recorded: the adjoint of what was overwritten is cleared, that of src receives it.
template <class P>
struct CopyRecord {
  StridedMap target;
  slot_t to, from;  // of target's element 0 and of the dense source
  static void sweep(Tape& tape, char* begin, char*) {
    CopyRecord& r = *reinterpret_cast<CopyRecord*>(begin);
    using A = compute_t<P>;
    A* to = tape.adjoint<A>(r.to);
    A* from = r.from ? tape.adjoint<A>(r.from) : nullptr;
    exec::Nest<4> nest;
    nest.start(r.target.extents);
    nest.add(to, sizeof(A), r.target);
    nest.add(from, from ? sizeof(A) : 0, exec::dense_map(r.target.extents));
    if (nest.empty()) return;
    exec::Walk<4> walk;
    walk.start(nest, 0, nest.rank);
    do {
      A* t = reinterpret_cast<A*>(const_cast<char*>(walk.at[0]));
      A* f = reinterpret_cast<A*>(const_cast<char*>(walk.at[1]));
      if (f) *f = static_cast<A>(apply<op::Add>(*f, *t));
      *t = A{};
    } while (walk.next(nest, 0, nest.rank));
  }
};

// n adjoints at `to` go on to those at `from`: two tensors that shared slots part ways.
template <class P>
struct PartingRecord {
  index_t n;
  slot_t to, from;
  static void sweep(Tape& tape, char* begin, char*) {
    PartingRecord& r = *reinterpret_cast<PartingRecord*>(begin);
    using A = compute_t<P>;
    A *to = tape.adjoint<A>(r.to), *from = tape.adjoint<A>(r.from);
    for (index_t i = 0; i < r.n; ++i) from[i] = static_cast<A>(apply<op::Add>(from[i], to[i]));
  }
};

template <class R>
R* new_record(Tape& tape, void (*destroy)(char*)) {
  return static_cast<R*>(tape.record(sizeof(R), &R::sweep, destroy));
}

template <class T, class E, class A>
PrimalLeaf<A> primal_leaf(const Leaf<T, E, BlockRef, false>& l) {
  PrimalLeaf<A> p;
  p.data = l.data;
  p.shape = l.shape;
  p.strides = l.strides;
  p.hold = l.hold;
  return p;
}

}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
