// tenon/exec/operand.hpp: an operand of a cut as strided memory: a leaf as it lies, anything else evaluated first.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/evaluate.hpp>
#include <tenon/expr/cut.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {
template <class N>
inline constexpr bool is_memory = false;  // a leaf, possibly through movements
template <class T, class E, class Hold, bool Dense>
inline constexpr bool is_memory<Leaf<T, E, Hold, Dense>> = true;
template <class M, class A>
inline constexpr bool is_memory<Movement<M, A>> = is_memory<A> || cut_node<A>;
template <class A, class R>
inline constexpr bool is_memory<Unpacked<A, R>> = true;
// A movement in which elements repeat, of something to be computed: that is computed once for each element.
template <class N>
inline constexpr bool repeats_computed = false;
template <class M, class A>
inline constexpr bool repeats_computed<Movement<M, A>> =
    !is_memory<Movement<M, A>> && (repeats_elements<M> || repeats_computed<A>);
}  // namespace detail

/// Operand n as a strided leaf that keeps its memory alive. Leaves and movements of leaves cost nothing; other nodes
/// are evaluated into a block (cuts once, for all their uses).
template <class N>
auto operand(const N& n) {
  using T = typename N::value_type;
  using E = typename N::extents_type;
  Leaf<T, E, tenon::detail::BlockRef, false> leaf;
  leaf.shape = n.extents();
  const auto place = [&leaf](const void* data, const StridedMap& map, slot_t slot) {
    const auto* p = static_cast<const primal_t<T>*>(data);
    leaf.data = p ? p + map.offset : p;
    leaf.strides = map.strides;
    leaf.slot = slot ? static_cast<slot_t>(static_cast<index_t>(slot) + map.offset * adjoint_units<T>) : 0;
  };
  if constexpr (detail::repeats_computed<N>) {
    auto whole = operand(n.arg);
    place(whole.data, n.move.apply({whole.shape.dims(), whole.strides, 0}), whole.slot);
    leaf.hold = static_cast<tenon::detail::BlockRef&&>(whole.hold);
  } else if constexpr (detail::is_memory<N> || cut_node<N>) {
    Source s;
    Source* end = &s;
    n.fill(end);
    place(s.data, s.map, s.slot);
    leaf.hold = static_cast<tenon::detail::BlockRef&&>(s.keep);
  } else {
    ValueCache<true> cache;
    Evaluate<T>::materialize_into(n, cache);
    leaf.data = cache.block ? reinterpret_cast<const primal_t<T>*>(cache.block.data()) : nullptr;
    leaf.strides = row_major(n.extents().dims());
    leaf.slot = cache.slot;
    leaf.hold = static_cast<tenon::detail::BlockRef&&>(cache.block);
  }
  return leaf;
}

}  // namespace exec

template <class A, class R>
void Unpacked<A, R>::fill(Source*& out) const {
  using T = typename A::value_type;
  const Dims e = arg.extents().dims();
  if (!cache.ready) {
    const auto leaf = exec::operand(arg);
    cache.block = detail::BlockRef(static_cast<size_t>(e.size()) * sizeof(R));
    R* to = reinterpret_cast<R*>(cache.block.data());
    Dims i;
    i.rank = e.rank;
    for (index_t k = 0, n = e.size(); k < n; ++k) {
      index_t offset = 0;
      for (int a = 0; a < e.rank; ++a) offset += i.d[a] * leaf.strides.d[a];
      to[k] = R(T(leaf.data[offset],
                  leaf.slot ? static_cast<slot_t>(static_cast<index_t>(leaf.slot) + offset * adjoint_units<T>) : 0));
      for (int a = e.rank - 1; a >= 0 && ++i.d[a] == e.d[a]; --a) i.d[a] = 0;
    }
    cache.ready = true;
  }
  out->data = cache.block.data();
  out->map = {e, row_major(e), 0};
  out->keep = cache.block;
  ++out;
}

}  // namespace TENON_ABI
}  // namespace tenon
