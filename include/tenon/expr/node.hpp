// tenon/expr/node.hpp: the nodes of an expression: leaves, pointwise maps and strided movements, and who owns what.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Building an expression runs nothing. A node knows its element type, its extents and its operands; `fill` writes its
// leaves into a flat table, `at` computes one element (constant evaluation, device code, tiny tensors). Named tensors
// are watched leaves, temporaries are moved in, and a costly expression used by name is evaluated once (`shared`).
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/expr/typing.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/shape/extents.hpp>
#include <tenon/shape/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// One occurrence of a leaf as kernels see it: element (i0, i1, ...) is `data[offset + sum of i * stride]`.
struct Source {
  const void* data = nullptr;
  StridedMap map;           // extents, strides, offset; in elements
  slot_t slot = 0;          // where the adjoint of data[0] is, 0 when the leaf is a constant
  detail::BlockRef keep{};  // keeps intermediate values alive while a tape may need them
};

namespace detail {
// How a leaf relates to its data: it watches a named tensor, or shares ownership of a block.
using Watched = Watch;
using Shared = BlockRef;

template <class X>
concept has_node_tag = bare_t<X>::is_node;
}  // namespace detail

/// Expression nodes (tensors and views become one when they are used as operands).
template <class X>
concept node_type = requires {
  requires bare_t<X>::is_node;
};

struct ExprDomain {
  static constexpr int rank = 3;
  template <class Op, class... X>
  static constexpr auto apply(X&&... x);  // expr/map.hpp
};

/// Evaluates a node into a fresh block, once for all uses of the node; declared here, defined by the executors.
template <class N>
void materialize(const N& node);
template <class N>
constexpr auto scalar_value(const N& node);

/// Where a costly node keeps its value once somebody asked for it by name. Cheap nodes keep nothing.
template <bool On>
struct ValueCache {
  mutable detail::BlockRef block{};
  mutable slot_t slot = 0;
  mutable bool ready = false;  // an empty tensor has a value but no block
  constexpr ValueCache() = default;
  // Constant evaluation keeps no values, and may not read mutable members.
  TENON_INLINE constexpr ValueCache(const ValueCache& o) {
    if (!__builtin_is_constant_evaluated()) take(o.block, o);
  }
  TENON_INLINE constexpr ValueCache(ValueCache&& o) noexcept {
    if (!__builtin_is_constant_evaluated()) take(static_cast<detail::BlockRef&&>(o.block), o);
  }
  ValueCache& operator=(const ValueCache&) = delete;
  TENON_INLINE constexpr ~ValueCache() = default;

 private:
  TENON_INLINE void take(detail::BlockRef b, const ValueCache& o) {
    block = static_cast<detail::BlockRef&&>(b);
    slot = o.slot;
    ready = o.ready;
  }
};
template <>
struct ValueCache<false> {};

/// Base of all nodes: element type T and extents E.
template <class D, class T, class E>
struct Node {
  static constexpr bool is_node = true;
  static constexpr int rank = E::rank;
  using value_type = T;
  using extents_type = E;
  using tenon_domain = ExprDomain;

  constexpr const D& self() const { return static_cast<const D&>(*this); }
  /// The extent of an axis, negative axes from the end; index_error when there is none.
  constexpr index_t extent(int axis) const { return self().extents()[normalize_axis("extent", axis, rank)]; }
  constexpr index_t size() const { return self().extents().size(); }
  /// A rank-0 expression is its only element.
  constexpr operator T() const requires(E::rank == 0) { return scalar_value(self()); }
};

namespace detail {
// A node's extents where they lie, and how many elements they make. What was written one by one and is read as a whole
// makes processors wait; the compiler does not see that it was.
template <class N>
TENON_FN decltype(auto) extents_in_place(const N& n) {
  if constexpr (requires { n.shape; }) {
    return (n.shape);
  } else {
    return n.extents();
  }
}
TENON_FN index_t on_its_own(index_t x) {
#if !defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) asm("" : "+r"(x));
#endif
  return x;
}
template <class E>
TENON_FN index_t size_one_by_one(const E& e) {
  if constexpr (E::is_static) {
    return e.size();
  } else {
    size_t size = 1;  // of extents that cannot be counted, whatever comes out
    for (int a = 0; a < E::rank; ++a) size *= static_cast<size_t>(on_its_own(e[a]));
    return static_cast<index_t>(size);
  }
}
}  // namespace detail

// ---- leaves --------------------------------------------------------------------------------------------------------

/// A tensor's data. Hold says whether the leaf watches a named tensor or shares a block; Dense: row-major without gaps.
template <class T, class E, class Hold, bool Dense>
struct Leaf : Node<Leaf<T, E, Hold, Dense>, T, E> {
  static constexpr bool has_cuts = false, cheap = true;
  static constexpr bool constant = E::is_static && is_plain<T>;  // may occur in constant evaluation
  static constexpr int cost = 0;
  using primal = primal_t<T>;

  const primal* data = nullptr;
  E shape{};
  StridesFor<Dense, E::rank> strides{};
  Hold hold{};
  slot_t slot = 0;

  constexpr Leaf() = default;
  // Number by number: a copy of all at once may be too much for the compiler to see that nothing need be in memory, and
  // processors then wait for what was written in parts and is read as a whole.
  TENON_FN Leaf(const Leaf& o) : data(o.data), shape(o.shape.copy()), strides(o.strides), hold(o.hold), slot(o.slot) {}
  TENON_FN Leaf(Leaf&& o) noexcept
      : data(o.data), shape(o.shape.copy()), strides(o.strides), hold(static_cast<Hold&&>(o.hold)), slot(o.slot) {}
  constexpr Leaf& operator=(const Leaf&) = default;
  constexpr Leaf& operator=(Leaf&&) = default;
  constexpr ~Leaf() = default;

  TENON_FN E extents() const { return shape; }
  TENON_FN Dims stride_dims() const {
    if constexpr (Dense) {
      return detail::dense_strides(shape);
    } else {
      return strides;
    }
  }
  constexpr void check() const {
    if constexpr (!__is_same(Hold, detail::BlockRef)) hold.check();
  }
  void fill(Source*& out) const {
    check();
    out->data = data;
    fill_map(out->map);
    out->slot = slot;
    if constexpr (__is_same(Hold, detail::BlockRef)) out->keep = hold;
    ++out;
  }
  /// Calls f(data, map, element bytes, elementwise) for each leaf below.
  template <class F>
  void each_leaf(const F& f) const {
    f(data, StridedMap{shape.dims(), stride_dims(), 0}, static_cast<index_t>(sizeof(primal)), true);
  }
  TENON_FN compute_t<primal> at(const Dims& i) const {
    index_t offset = 0;
    const Dims s = stride_dims();
    for (int a = 0; a < E::rank; ++a) offset += i.d[a] * s.d[a];
    return static_cast<compute_t<primal>>(data[offset]);
  }

 private:
  // Number by number into its place: a whole Dims, copied from where it was written in parts, would wait for them.
  TENON_INLINE void fill_map(StridedMap& m) const {
    index_t step = 1;
    m.extents.rank = m.strides.rank = E::rank;
    for (int a = E::rank - 1; a >= 0; --a) {
      const index_t n = detail::on_its_own(shape[a]);
      m.extents.d[a] = n;
      if constexpr (Dense) {
        m.strides.d[a] = step;
        step *= n > 0 ? n : 1;
      } else {
        m.strides.d[a] = strides.d[a];
      }
    }
    m.offset = 0;
  }
};

/// A tensor held by value: a temporary with static extents that was moved in.
template <class T, class E>
struct Value : Node<Value<T, E>, T, E> {
  static constexpr bool constant = is_plain<T>;
  static constexpr bool has_cuts = false, cheap = static_size<E> * static_cast<index_t>(sizeof(T)) <= 256;
  static constexpr int cost = 0;
  T values[static_size<E> > 0 ? static_size<E> : 1] = {};

  TENON_FN E extents() const { return {}; }
  void fill(Source*& out) const {
    out->data = values;
    out->map = {E::static_dims(), row_major(E::static_dims()), 0};
    ++out;
  }
  template <class F>
  void each_leaf(const F&) const {}
  TENON_FN compute_t<T> at(const Dims& i) const {
    const Dims s = row_major(E::static_dims());
    index_t offset = 0;
    for (int a = 0; a < E::rank; ++a) offset += i.d[a] * s.d[a];
    return static_cast<compute_t<T>>(values[offset]);
  }
};

/// A number in an expression.
template <class T>
struct Scalar : Node<Scalar<T>, T, Extents<>> {
  static constexpr bool constant = is_plain<T>;
  static constexpr bool has_cuts = false, cheap = true;
  static constexpr int cost = 0;
  T number{};
  constexpr Scalar() = default;
  TENON_FN explicit Scalar(T n) : number(n) {}

  TENON_FN Extents<> extents() const { return {}; }
  void fill(Source*& out) const {
    if constexpr (is_taped<T>) {
      out->data = &number.value;
      out->slot = number.slot;
    } else {
      out->data = &number;
    }
    out->map = {};
    ++out;
  }
  template <class F>
  void each_leaf(const F&) const {}
  TENON_FN auto at(const Dims&) const {
    if constexpr (is_taped<T>) {
      return static_cast<compute_t<primal_t<T>>>(number.value);
    } else {
      return static_cast<compute_t<T>>(number);
    }
  }
};

/// A built-in scalar or Literal before it met a tensor: it takes the tensor's type.
template <class S>
struct Weak {
  S number;
};

// ---- operands of a node --------------------------------------------------------------------------------------------

namespace detail {
template <int I, class N>
struct Operand {
  N node;
};
template <class S, class... N>
struct OperandList;
template <int... I, class... N>
struct OperandList<Seq<I...>, N...> : Operand<I, N>... {};

// The same that nodes consist of. Destructors of nodes are always inlined: an exception that passes calls them, and a
// node whose address is taken anywhere is written to memory, number by number, before anything is computed.
template <int I, class N>
struct NodeOperand {
  N node;
  constexpr explicit NodeOperand(N&& n) : node(static_cast<N&&>(n)) {}
  TENON_INLINE constexpr NodeOperand(const NodeOperand&) = default;
  TENON_INLINE constexpr NodeOperand(NodeOperand&&) = default;
  TENON_INLINE constexpr ~NodeOperand() = default;
};
template <class S, class... N>
struct NodeOperandList;
template <int... I, class... N>
struct NodeOperandList<Seq<I...>, N...> : NodeOperand<I, N>... {
  constexpr explicit NodeOperandList(N&&... n) : NodeOperand<I, N>(static_cast<N&&>(n))... {}
  TENON_INLINE constexpr NodeOperandList(const NodeOperandList&) = default;
  TENON_INLINE constexpr NodeOperandList(NodeOperandList&&) = default;
  TENON_INLINE constexpr ~NodeOperandList() = default;
};
}  // namespace detail

/// A list of operands, an aggregate.
template <class... N>
using Operands = detail::OperandList<make_seq<static_cast<int>(sizeof...(N))>, N...>;
/// The operands of a node.
template <class... N>
using NodeOperands = detail::NodeOperandList<make_seq<static_cast<int>(sizeof...(N))>, N...>;
template <int I, class N>
TENON_FN const N& operand_at(const detail::Operand<I, N>& o) {
  return o.node;
}
template <int I, class N>
TENON_FN const N& operand_at(const detail::NodeOperand<I, N>& o) {
  return o.node;
}

/// The index of an operand's element that meets element i of the whole: aligned from the last axis, 1 stretches.
template <class E>
TENON_FN Dims broadcast_index(const E& operand_extents, const Dims& i) {
  Dims r;
  r.rank = E::rank;
  for (int a = 0; a < E::rank; ++a) r.d[a] = operand_extents[a] == 1 ? 0 : i.d[a + i.rank - E::rank];
  return r;
}
/// The node's leaves, broadcast to `extents`.
template <class N>
void fill_broadcast(const N& node, const Dims& extents, Source*& out) {
  Source* first = out;
  node.fill(out);
  for (Source* s = first; s != out; ++s) s->map.broadcast_to(extents);
}

// ---- strided movement ----------------------------------------------------------------------------------------------

/// A node seen through a strided index map M (permute, slice, flip, broadcast, ...): no data moves.
template <class M, class A>
struct Movement : Node<Movement<M, A>, typename A::value_type, extents_from<MovedDims<M, typename A::extents_type>>> {
  static constexpr bool has_cuts = A::has_cuts, cheap = A::cheap, constant = A::constant;
  static constexpr int cost = A::cost;
  using E = extents_from<MovedDims<M, typename A::extents_type>>;
  M move;
  A arg;
  E shape;

  constexpr Movement(M m, A&& a)
      : move(m), arg(static_cast<A&&>(a)), shape(E::from(move.apply(dense_map(arg)).extents)) {}
  TENON_FN E extents() const { return shape; }
  void fill(Source*& out) const {
    Source* first = out;
    arg.fill(out);
    const Dims whole = arg.extents().dims();
    for (Source* s = first; s != out; ++s) {
      s->map.broadcast_to(whole);
      s->map = move.apply(s->map);
    }
  }
  template <class F>
  void each_leaf(const F& f) const {
    const Dims whole = arg.extents().dims();
    arg.each_leaf([&](const void* data, StridedMap m, index_t bytes, bool elementwise) {
      m.broadcast_to(whole);
      f(data, move.apply(m), bytes, elementwise);
    });
  }
  TENON_FN auto at(const Dims& i) const { return arg.at(source_index(i)); }

  ValueCache<!cheap> cache{};

 private:
  TENON_FN static StridedMap dense_map(const A& a) {
    const Dims e = a.extents().dims();
    return {e, row_major(e), 0};
  }
  // Strides that pick out one source axis at a time tell where each output index comes from.
  TENON_FN Dims source_index(const Dims& i) const {
    Dims r;
    r.rank = A::rank;
    for (int axis = 0; axis < A::rank; ++axis) {
      StridedMap probe{arg.extents().dims(), {}, 0};
      probe.strides.rank = A::rank;
      probe.strides.d[axis] = 1;
      const StridedMap m = move.apply(probe);
      r.d[axis] = m.offset;
      for (int a = 0; a < i.rank; ++a) r.d[axis] += i.d[a] * m.strides.d[a];
    }
    return r;
  }
};

}  // namespace TENON_ABI
}  // namespace tenon
