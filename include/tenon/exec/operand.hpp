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
}  // namespace detail

/// Operand n as a strided leaf that keeps its memory alive. Leaves and movements of leaves cost nothing; other nodes
/// are evaluated into a block (cuts once, for all their uses).
template <class N>
auto operand(const N& n) {
  using T = typename N::value_type;
  using E = typename N::extents_type;
  Leaf<T, E, tenon::detail::BlockRef, false> leaf;
  leaf.shape = n.extents();
  if constexpr (detail::is_memory<N> || cut_node<N>) {
    Source s;
    Source* end = &s;
    n.fill(end);
    const auto* p = static_cast<const primal_t<T>*>(s.data);
    leaf.data = p ? p + s.map.offset : p;
    leaf.strides = s.map.strides;
    leaf.slot = s.slot ? static_cast<slot_t>(static_cast<index_t>(s.slot) + s.map.offset * adjoint_units<T>) : 0;
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
}  // namespace TENON_ABI
}  // namespace tenon
