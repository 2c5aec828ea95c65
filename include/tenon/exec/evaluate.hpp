// tenon/exec/evaluate.hpp: gives expressions their values: into a target, into a shared block, as one number.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The schedule is decided by types: a cut (reduction, contraction, opaque op, reshape) computes itself into a dense
// block, everything between cuts is one program and one loop. `Evaluate<T>` says what computing an element type means;
// plain numbers and duals compute, rev specialises it to compute and record.
#pragma once
#include <tenon/exec/flat.hpp>
#include <tenon/exec/in_registers.hpp>
#include <tenon/exec/row_blocks.hpp>
#include <tenon/exec/short_axis.hpp>
#include <tenon/expr/program.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What evaluating a node of element type T means. Primary: compute.
template <class T>
struct Evaluate;

namespace exec {

inline StridedMap dense_map(const Dims& extents) { return {extents, row_major(extents), 0}; }

namespace detail {

template <class N>
inline constexpr bool is_expansion = false;
template <class E, class A>
inline constexpr bool is_expansion<Movement<move::BroadcastTo<E>, A>> = E::rank == A::rank;

}  // namespace detail

/// The leaves of a node, broadcast to its extents; evaluates the cuts below it.
template <class P, class N>
void sources_of(const N& n, Source* out) {
  Source* end = out;
  n.fill(end);
}

/// How a node writes itself straight into a target instead of running a program; specialised for what can (cuts; a
/// contraction with a pointwise consumer). `run` says whether it did; one that is `complete` has `assign` instead,
/// which also takes care of aliasing.
template <class N>
struct DirectWrite {
  static constexpr bool possible = false;
};
template <class N>
requires(cut_node<N>) struct DirectWrite<N> {
  static constexpr bool possible = true;
  /// Few numbers in place, which may overlap the operands' own element on element; false if they are not few.
  template <class Out>
  TENON_INLINE static bool run_small(const N& n, Out* out, bool) requires requires {
    n.compute_few(out);
  }
  { return !n.cache.ready && n.compute_few(out); }
  template <class Out>
  static bool run(const N& n, Out* out, const StridedMap& target) {
    if constexpr (__is_same(Out, primal_t<typename N::value_type>)) {
      if (!n.cache.ready && is_dense(target)) {
        n.compute(out + target.offset);
        return true;
      }
    }
    return false;
  }
};

namespace detail {

/// Runs a node's program into a target; the operands' leaves and the cuts below are ready in a flat table first.
template <class N, class Out>
void write_program(const N& n, Out* out, const StridedMap& target, bool noalias) {
  if constexpr (has_short_axis<N, Out>)
    if (write_short_axis(n, out, target, noalias)) return;
  if constexpr (goes_by_rows<N>)
    if (write_by_rows(n, out, target, noalias)) return;
  if constexpr (has_moments<N>) compute_moments(n);
  if constexpr (Hoisted<N>::any) return write_program(Hoisted<N>::in(n), out, target, noalias);
  using P = program_of<N>;
  if constexpr (may_be_flat<N>())
    if (is_dense(target) && write_flat(n, out + target.offset)) return;
  Source source[P::loads];
  sources_of<P>(n, source);
  const PackedRow* rows = nullptr;
  if constexpr (N::rank > 1) rows = packed_rows_of<P, Out>();
  assign_pointwise({source, load_bytes<P>, P::loads, exec::row<P, Out>, out, sizeof(Out), target, rows}, noalias);
}

// Whether all that is special about N is what is computed once before its loop.
template <class N, class Out>
inline constexpr bool only_hoists = [] {
  if constexpr (requires { DirectWrite<N>::complete; } || DirectWrite<N>::possible) {
    return false;
  } else {
    return Hoisted<N>::any && !has_short_axis<N, Out> && !goes_by_rows<N> && !has_moments<N> && !is_expansion<N>;
  }
}();

// Asks each leaf of a node whether writing a target changes it before it is read; no template, as all nodes share it.
struct Hazard {
  const void* out;
  const StridedMap& map;
  index_t bytes;
  ByteRange range = range_of(out, map, bytes);
  bool found = false;

  [[gnu::noinline]] void ask(const void* data, const StridedMap& m, index_t element_bytes, bool elementwise) {
    if (!range.overlaps(range_of(data, m, element_bytes))) return;
    if (elementwise && element_bytes == bytes && m.extents == map.extents && same_walk(data, m, out, map, bytes))
      return;  // each element is read just before it is written
    found = true;
  }
};
/// Whether writing the target could disturb an operand that a direct write reads.
template <class N>
bool direct_hazard(const N& n, const void* out, const StridedMap& map, index_t bytes) {
  Hazard hazard{out, map, bytes};
  n.each_leaf([&](const void* data, const StridedMap& m, index_t element_bytes, bool elementwise) {
    hazard.ask(data, m, element_bytes, elementwise);
  });
  return hazard.found;
}

}  // namespace detail

/// Writes a node's elements to `out`, laid out by `target` (its extents are the node's). Unless `noalias`, computes
/// aside when an operand overlaps the target otherwise than element on element.
template <class N, class Out>
void assign(const N& n, Out* out, const StridedMap& target, bool noalias) {
  if (writes_twice(target))
    fail_shape("assignment", "the target is a broadcast view, which has no elements of its own", target.extents);
  if constexpr (detail::is_expansion<N>) {
    if (n.arg.extents().dims() == target.extents) return assign(n.arg, out, target, noalias);
  }
  if constexpr (requires { DirectWrite<N>::complete; }) {
    DirectWrite<N>::assign(n, out, target, noalias);
  } else {
    if constexpr (detail::goes_in_registers<N, Out>)
      if (detail::write_in_registers(n, out, target)) return;
    if constexpr (DirectWrite<N>::possible) {
      if (noalias || !detail::direct_hazard(n, out, target, sizeof(Out)))
        if (DirectWrite<N>::run(n, out, target)) return;
    }
    detail::write_program(n, out, target, noalias);
  }
}
/// The same to elements that may lie apart; few numbers in place.
template <class N, class Out>
TENON_INLINE void assign_view(const N& n, Out* out, const StridedMap& target, bool noalias) {
  if constexpr (detail::InRegisters<N, Out>::always && (N::rank == 1 || N::rank == 2))
    if (!writes_twice(target)) {
      detail::write_in_registers(n, out, target);
      return;
    }
  assign(n, out, target, noalias);
}
template <class N, class Out>
[[gnu::noinline]] void assign_many(const N& n, Out* out, bool noalias) {
  assign(n, out, dense_map(n.extents().dims()), noalias);
}
/// The same into dense elements.
template <class N, class Out>
TENON_INLINE void assign_dense(const N& n, Out* out, bool noalias) {
  // Small products, few numbers and dense operands need no more than pointers.
  if constexpr (requires { DirectWrite<N>::run_small(n, out, noalias); }) {
    if (DirectWrite<N>::run_small(n, out, noalias)) return;
  } else if constexpr (detail::InRegisters<N, Out>::always) {
    detail::InRegisters<N, Out>::run(n, out);
    return;
  } else if constexpr (detail::may_be_flat<N>()) {
    if (!detail::write_flat(n, out)) assign_many(N(n), out, noalias);
    return;
  } else if constexpr (detail::only_hoists<N, Out>) {
    return assign_dense(detail::Hoisted<N>::in(n), out, noalias);
  }
  assign(n, out, dense_map(n.extents().dims()), noalias);
}
template <class N, class Out>
void write(const N& n, Out* out, const StridedMap& target) {
  assign(n, out, target, true);
}
/// The same into dense elements; small products without a plan, but nothing is computed in place.
template <class N, class Out>
void write_dense(const N& n, Out* out) {
  if constexpr (requires { DirectWrite<N>::run_small(n, out, true); })
    if (DirectWrite<N>::run_small(n, out, true)) return;
  assign(n, out, dense_map(n.extents().dims()), true);
}

}  // namespace exec

namespace detail {
/// All index tuples of static extents, in row-major order.
template <class E, class F>
constexpr void each_index(const F& f) {
  const Dims e = E::static_dims();
  Dims i;
  i.rank = e.rank;
  const index_t n = e.size();
  for (index_t k = 0; k < n; ++k) {
    f(k, i);
    for (int a = e.rank - 1; a >= 0; --a) {
      if (++i.d[a] < e.d[a]) break;
      i.d[a] = 0;
    }
  }
}
}  // namespace detail

template <class T>
struct Evaluate {
  /// Computes a node into a fresh dense block, kept in `cache`.
  template <class N>
  static void materialize_into(const N& n, const ValueCache<true>& cache) {
    using P = primal_t<typename N::value_type>;
    const Dims extents = n.extents().dims();
    if (!extents.countable()) fail_shape("evaluate", "there are more elements than can be counted", extents);
    detail::BlockRef block(static_cast<size_t>(extents.size()) * sizeof(P));
    exec::write_dense(n, reinterpret_cast<P*>(block.data()));
    cache.block = static_cast<detail::BlockRef&&>(block);
    cache.ready = true;
  }
  /// target = node; the node has the target's extents. `target` is a Tensor or TensorView.
  template <class Target, class N>
  TENON_INLINE static constexpr void assign(Target& target, const N& n, bool noalias) {
    if constexpr (N::extents_type::is_static && N::constant) {
      if (__builtin_is_constant_evaluated()) {
        using E = typename N::extents_type;
        T values[static_size<E> + 1] = {};
        index_t at[static_size<E> + 1] = {};
        const Dims strides = target.map().strides;
        detail::each_index<E>([&](index_t k, const Dims& i) {
          values[k] = static_cast<T>(n.at(i));
          for (int a = 0; a < E::rank; ++a) at[k] += i.d[a] * strides.d[a];
        });
        for (index_t k = 0; k < static_size<E>; ++k) target.data()[at[k]] = values[k];
        return;
      }
    }
    if constexpr (requires { target.storage(); }) return exec::assign_dense(n, target.data(), noalias);
    exec::assign_view(n, target.data(), target.map(), noalias);
  }
};

template <class N>
void materialize(const N& n) {
  if (!n.cache.ready) Evaluate<typename N::value_type>::materialize_into(n, n.cache);
}

template <class N>
constexpr auto shared_leaf(const N& n) {
  using T = typename N::value_type;
  using E = typename N::extents_type;
  if constexpr (detail::shares_by_value<N>) {
    Value<T, E> v;
    bool in_constant = false;
    if constexpr (N::constant) in_constant = __builtin_is_constant_evaluated();
    if (in_constant) {
      if constexpr (N::constant)
        detail::each_index<E>([&](index_t k, const Dims& i) { v.values[k] = static_cast<T>(n.at(i)); });
    } else {
      materialize(n);
      __builtin_memcpy(static_cast<void*>(v.values), n.cache.block.data(),
                       sizeof(T) * static_cast<size_t>(static_size<E>));
    }
    return v;
  } else {
    materialize(n);
    Leaf<T, E, detail::BlockRef, true> leaf;
    leaf.data = n.cache.block ? reinterpret_cast<const primal_t<T>*>(n.cache.block.data()) : nullptr;
    leaf.shape = n.extents();
    leaf.hold = n.cache.block;
    leaf.slot = n.cache.slot;
    return leaf;
  }
}

template <class N>
constexpr auto scalar_value(const N& n) {
  using T = typename N::value_type;
  if constexpr (N::constant)
    if (__builtin_is_constant_evaluated()) return static_cast<T>(n.at(Dims{}));
  if constexpr (is_taped<T>) {
    ValueCache<true> aside;
    const ValueCache<true>* c = &aside;
    if constexpr (N::cheap) {
      Evaluate<T>::materialize_into(n, aside);
    } else {
      materialize(n);
      c = &n.cache;
    }
    return T(*reinterpret_cast<const primal_t<T>*>(c->block.data()), c->slot);
  } else {
    T value{};
    if constexpr (cut_node<N>) {
      if (!n.cache.ready) {
        n.compute(&value);
        return value;
      }
    }
    exec::write(n, &value, StridedMap{});
    return value;
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
