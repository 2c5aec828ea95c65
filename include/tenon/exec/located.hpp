// tenon/exec/located.hpp: operands in memory: tensors, views, and movements of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/expr/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Whether a map is row-major without gaps.
inline bool is_dense(const StridedMap& m) {
  index_t step = 1;
  for (int a = m.extents.rank - 1; a >= 0; --a) {
    if (m.extents.d[a] != 1 && m.strides.d[a] != step) return false;
    step *= m.extents.d[a] > 0 ? m.extents.d[a] : 1;  // as row_major counts
  }
  return true;
}

namespace detail {

// Whether the type of a movement says all about it.
template <class M>
inline constexpr bool is_stateless = __is_empty(M);
template <class E>
inline constexpr bool is_stateless<move::BroadcastTo<E>> = E::is_static;

/// Where node N's elements lie: `data(n)`, of which `map(n)` is the map. `dense`: the type says that they are row-major
/// without gaps; `fixed`: it tells the whole map, as `fixed_map()`.
template <class N>
struct Located {
  static constexpr bool known = false, dense = false, fixed = false;
};
template <class T, class E, class Hold, bool Dense>
struct Located<Leaf<T, E, Hold, Dense>> {
  using N = Leaf<T, E, Hold, Dense>;
  static constexpr bool known = true, dense = Dense, fixed = Dense && E::is_static;
  TENON_INLINE static const auto* data(const N& n) {
    n.check();
    return n.data;
  }
  TENON_INLINE static StridedMap map(const N& n) { return {n.shape.dims(), n.stride_dims(), 0}; }
  static constexpr StridedMap fixed_map() requires(fixed) { return {E::static_dims(), row_major(E::static_dims()), 0}; }
};
template <class T, class E>
struct Located<Value<T, E>> {
  static constexpr bool known = true, dense = true, fixed = true;
  TENON_INLINE static const T* data(const Value<T, E>& n) { return n.values; }
  TENON_INLINE static StridedMap map(const Value<T, E>&) { return fixed_map(); }
  static constexpr StridedMap fixed_map() { return {E::static_dims(), row_major(E::static_dims()), 0}; }
};
template <class M, class A>
requires(Located<A>::known) struct Located<Movement<M, A>> {
  static constexpr bool known = true, dense = false;
  static constexpr bool fixed = Located<A>::fixed && is_stateless<M> && Movement<M, A>::E::is_static;
  TENON_INLINE static const auto* data(const Movement<M, A>& n) { return Located<A>::data(n.arg); }
  TENON_INLINE static StridedMap map(const Movement<M, A>& n) { return n.move.apply(Located<A>::map(n.arg)); }
  static constexpr StridedMap fixed_map() requires(fixed) { return M{}.apply(Located<A>::fixed_map()); }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
