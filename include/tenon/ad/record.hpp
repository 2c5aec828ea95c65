// tenon/ad/record.hpp: reverse mode on tensors: a statement is computed by its primal kernel and recorded whole.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record of a pointwise statement is its program with its table of leaves; pulling back is one fused sweep. The
// record of a cut (reduction, contraction, opaque op) is the cut on primal operands; pulling back is its `pull` rule.
// Kernels are those of the primal type: training shares them with inference. Intermediate values are kept by count;
// plain tensors that a rule needs are copied, since their owner may change or drop them before the sweep.
#pragma once
#include <tenon/ad/rev.hpp>
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
    adjoint += static_cast<X&&>(x);
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

template <class P>
inline constexpr index_t units_of = (static_cast<index_t>(sizeof(compute_t<P>)) + 3) / 4;

// Replaces a leaf by a copy of the elements it touches.
inline void keep_copy(Source& s, index_t bytes) {
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
  s.map = to;
  s.data = copy.data();
  s.keep = static_cast<BlockRef&&>(copy);
}
// Whether the memory behind a leaf may be gone or changed by the time of the sweep.
inline bool transient(const Source& s) {
  return !s.keep && (s.slot == 0 || s.map.strides == Dims{s.map.strides.rank, {}});
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
  template <int... I>
  void pull(Tape& tape, Seq<I...>) {
    const Dims dense = row_major(shape.dims());
    const auto y = const_view(reinterpret_cast<const P*>(value ? value.data() : nullptr), shape, dense);
    const auto g = const_view(static_cast<const compute_t<P>*>(tape.adjoint<compute_t<P>>(out)), shape, dense);
    BlockRef unwanted;
    pull_with(y, g, pulled<A>(tape, node.template operand<I>(), slot[I], unwanted)...);
  }
  template <class Y, class G, class... X>
  void pull_with(const Y& y, const G& g, X... x) {
    node.pull(y, g, x...);
  }
  template <class Old, class Lf>
  static auto pulled(Tape& tape, const Lf& leaf, slot_t s, BlockRef& unwanted) {
    using Q = typename Lf::value_type;
    constexpr bool active = leaf_active<Old>;
    auto value = const_view(leaf.data, leaf.shape, leaf.strides);
    if constexpr (active) {
      using G = compute_t<Q>;
      G* to;
      if (s) {
        to = tape.adjoint<G>(s);
      } else {
        // A constant of an active type: what it is given goes nowhere.
        const StridedMap map{leaf.shape.dims(), leaf.strides, 0};
        const exec::ByteRange range = exec::range_of(nullptr, map, sizeof(G));
        unwanted = BlockRef(static_cast<size_t>(range.hi - range.lo));
        __builtin_memset(unwanted.data(), 0, static_cast<size_t>(range.hi - range.lo));
        to = reinterpret_cast<G*>(unwanted.data() - (range.lo - static_cast<const char*>(nullptr)));
      }
      return Pulled<Q, typename Lf::extents_type, true>{value, adjoint_view(to, leaf.shape, leaf.strides)};
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
struct CopyRecordFrom {
  index_t n;
  slot_t to, from;
  static void sweep(Tape& tape, char* begin, char*) {
    CopyRecordFrom& r = *reinterpret_cast<CopyRecordFrom*>(begin);
    using A = compute_t<P>;
    A *to = tape.adjoint<A>(r.to), *from = tape.adjoint<A>(r.from);
    for (index_t i = 0; i < r.n; ++i) {
      from[i] = static_cast<A>(apply<op::Add>(from[i], to[i]));
      to[i] = A{};
    }
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

/// One element of a rev tensor, writable: reads as a rev number on the element's slot, records what is assigned to it.
template <class T, class Tag>
class ElementRef {
 public:
  using tenon_domain = DifferentialDomain;
  ElementRef(detail::BlockStorage<T>& owner, index_t size, index_t offset)
      : owner_(&owner), size_(size), offset_(offset) {}
  operator rev<T, Tag>() const { return get(); }
  rev<T, Tag> get() const {
    return {owner_->values[offset_], detail::slot_at<rev<T, Tag>>(owner_->slot, owner_->slot ? offset_ : 0)};
  }
  ElementRef& operator=(const ElementRef& o) { return *this = o.get(); }
  template <class X>
  ElementRef& operator=(const X& x) {
    const rev<T, Tag> r(x);
    detail::Element<rev<T, Tag>>::make_writable(*owner_, size_);
    owner_->values[offset_] = r.value;
    Tape* tape = detail::active_tape<Tag>;
    if (!tape || !owner_->slot) return *this;
    const compute_t<T> one(1);
    tape->statement(get().slot, r.slot ? 1 : 0, &one, &r.slot);
    return *this;
  }
  template <class X>
  ElementRef& operator+=(const X& x) {
    return *this = get() + x;
  }
  template <class X>
  ElementRef& operator-=(const X& x) {
    return *this = get() - x;
  }
  template <class X>
  ElementRef& operator*=(const X& x) {
    return *this = get() * x;
  }
  template <class X>
  ElementRef& operator/=(const X& x) {
    return *this = get() / x;
  }

 private:
  detail::BlockStorage<T>* owner_;
  index_t size_, offset_;
};

namespace detail {
template <class T, class Tag>
requires(!contains_rev<T>) struct Element<rev<T, Tag>> {
  using R = rev<T, Tag>;
  template <class S>
  static auto access(const S& s, index_t offset) {
    if constexpr (requires { s.values; }) {
      return R(s.values[offset], s.slot ? slot_at<R>(s.slot, offset) : 0);
    } else {
      return R(s.data()[offset], s.slot() ? slot_at<R>(s.slot(), offset) : 0);
    }
  }
  template <class S>
  static auto access(S& s, index_t offset) requires requires {
    s.values;
  }
  { return ElementRef<T, Tag>(s, s.shape.size(), offset); }
  // Values in a block nobody else sees, and slots of its own to overwrite.
  static void make_writable(BlockStorage<T>& s, index_t n) {
    s.unshare(n);
    Tape* tape = active_tape<Tag>;
    if (!tape || (s.slot && !s.shares_slot)) return;
    const slot_t from = s.slot;
    s.slot = tape->allocate(n, units_of<T>);
    s.shares_slot = false;
    if (!from) return;
    ::new (new_record<CopyRecordFrom<T>>(*tape, nullptr)) CopyRecordFrom<T>{n, s.slot, from};
  }
};
}  // namespace detail

namespace detail {
/// Element i (row-major) of an owning tensor, as its element type.
template <class X>
auto get_element(const X& x, index_t i) {
  return typename X::value_type(Element<typename X::value_type>::access(x.storage(), i));
}
template <class X, class V>
void set_element(X& x, index_t i, const V& v) {
  Element<typename X::value_type>::access(x.storage(), i) = v;
}
/// An owning tensor like R with the extents of x.
template <class R, class X>
R like(const X& x) {
  if constexpr (R::extents_type::is_static) {
    return R{};
  } else {
    return R(x.dims());
  }
}
}  // namespace detail

/// Evaluation of rev tensors: compute with the primal kernel, record if a tape is active and an operand is.
template <class T, class Tag>
requires(!contains_rev<T>) struct Evaluate<rev<T, Tag>> {
  template <class N>
  static void materialize_into(const N& n, const ValueCache<true>& cache) {
    if constexpr (cut_node<N>) {
      compute_cut(n, cache, make_seq<N::arity>{});
    } else {
      compute_program(n, cache);
    }
    cache.ready = true;
  }

  /// target = node: an owning tensor takes over a fresh value; a view's elements are overwritten, which is recorded.
  template <class Target, class N>
  static void assign(Target& target, const N& n, bool) {
    ValueCache<true> result;
    if constexpr (requires { target.storage(); }) {
      materialize_into(n, result);
      target.storage().adopt(static_cast<detail::BlockRef&&>(result.block), target.extents(), result.slot);
    } else {
      materialize_into(n, result);
      target.overwrite([&](T* data, const StridedMap& map, slot_t slot) {
        Source source{result.block ? result.block.data() : nullptr, exec::dense_map(map.extents), 0, {}};
        exec::pointwise<Program<Load<T, false>>>(&source, data, map);
        if (Tape* tape = detail::active_tape<Tag>; tape && slot) {
          auto* r = detail::new_record<detail::CopyRecord<T>>(*tape, nullptr);
          ::new (r) detail::CopyRecord<T>{map, slot, result.slot};
        }
      });
    }
  }

 private:
  template <class N>
  static void compute_program(const N& n, const ValueCache<true>& cache) {
    using P = program_of<N>;
    using R = typename P::result;
    const Dims extents = n.extents().dims();
    Source source[P::loads];
    exec::sources_of<P>(n, source);
    detail::BlockRef block(static_cast<size_t>(extents.size()) * sizeof(T));
    exec::pointwise<P>(source, reinterpret_cast<T*>(block.data()), exec::dense_map(extents));
    cache.block = static_cast<detail::BlockRef&&>(block);
    Tape* tape = detail::active_tape<Tag>;
    bool active = false;
    for (const Source& s : source) active = active || s.slot;
    if (!tape || !active) return;
    using Record = detail::ProgramRecord<P>;
    auto* r = ::new (detail::new_record<Record>(*tape, &Record::destroy)) Record;
    for (int k = 0; k < P::loads; ++k) {
      if (detail::transient(source[k])) detail::keep_copy(source[k], exec::load_bytes<P>[k]);
      r->source[k] = static_cast<Source&&>(source[k]);
    }
    r->extents = extents;
    r->out = cache.slot = tape->allocate(extents.size(), detail::units_of<R>);
  }
  template <class N, int... I>
  static void compute_cut(const N& n, const ValueCache<true>& cache, Seq<I...>) {
    compute_cut_with(n, cache, exec::operand(n.template operand<I>())...);
  }
  template <class N, class... L>
  static void compute_cut_with(const N& n, const ValueCache<true>& cache, L... leaf) {
    auto node = n.with(detail::primal_leaf<typename L::value_type, typename L::extents_type, L>(leaf)...);
    using M = decltype(node);
    using E = typename N::extents_type;
    const E shape = n.extents();
    detail::BlockRef block(static_cast<size_t>(shape.size()) * sizeof(T));
    node.compute(reinterpret_cast<T*>(block.data()));
    cache.block = block;
    Tape* tape = detail::active_tape<Tag>;
    if (!tape || !((leaf.slot != 0) || ... || false)) return;
    (keep(leaf), ...);
    cache.slot = tape->allocate(shape.size(), detail::units_of<T>);
    using Record = detail::CutRecord<M, T, E, L...>;
    ::new (detail::new_record<Record>(*tape, &Record::destroy))
        Record{n.with(detail::primal_leaf<typename L::value_type, typename L::extents_type, L>(leaf)...),
               static_cast<detail::BlockRef&&>(block),
               shape,
               cache.slot,
               {leaf.slot..., 0}};
  }
  template <class L>
  static void keep(L& leaf) {
    if (leaf.hold || leaf.slot) return;
    using P = primal_t<typename L::value_type>;
    Source s{leaf.data, {leaf.shape.dims(), leaf.strides, 0}, 0, {}};
    detail::keep_copy(s, sizeof(P));
    leaf.data = static_cast<const P*>(s.data);
    leaf.strides = s.map.strides;
    leaf.hold = static_cast<detail::BlockRef&&>(s.keep);
  }
};

}  // namespace TENON_ABI
}  // namespace tenon
