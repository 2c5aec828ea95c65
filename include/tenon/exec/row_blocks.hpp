// tenon/exec/row_blocks.hpp: statements over reductions of their own rows run a block of rows at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// y = (x - mean<1>(x, keepdims)) * rsqrt(var<1>(x, keepdims) + eps) reads x three times: twice to reduce it, once to
// use it. Row for row these are statements of their own, so they run for as many rows as fit into the second-level
// cache, then for the next ones; blocks go to the executor's threads, if there is one. A cut takes part if it keeps
// its operand's rank and says by `line_axes` along which axes its elements depend on others.
#pragma once
#include <tenon/expr/map.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Bytes of results in a block of rows.
inline constexpr index_t row_block_bytes = 131072;

/// How to see rows [from, from + m) of axis 0 of a node as a node of the same type; `R`: the statement's rank.
template <class N, int R>
struct RowsOf {
  static constexpr bool possible = false, reduces = false;
};
template <class T, class E, class Hold, bool Dense, int R>
struct RowsOf<Leaf<T, E, Hold, Dense>, R> {
  using L = Leaf<T, E, Hold, Dense>;
  static constexpr bool whole = E::rank < R || E::static_extent(0) == 1;
  static constexpr bool possible = !is_taped<T> && (whole || E::static_extent(0) == dyn), reduces = false;
  static bool computed(const L&) { return false; }
  static L at(const L& n, index_t from, index_t m) {
    L r(n);
    if constexpr (!whole) {
      Dims e = n.shape.dims();
      if (e.d[0] == 1) return r;
      e.d[0] = m;
      r.data += from * n.stride_dims().d[0];
      r.shape = E::from(e);
    }
    return r;
  }
};
template <class T, class E, int R>
struct RowsOf<Value<T, E>, R> {
  static constexpr bool possible = !is_taped<T> && (E::rank < R || E::static_extent(0) == 1), reduces = false;
  static bool computed(const Value<T, E>&) { return false; }
  static const Value<T, E>& at(const Value<T, E>& n, index_t, index_t) { return n; }
};
template <class T, int R>
struct RowsOf<Scalar<T>, R> {
  static constexpr bool possible = !is_taped<T>, reduces = false;
  static bool computed(const Scalar<T>&) { return false; }
  static const Scalar<T>& at(const Scalar<T>& n, index_t, index_t) { return n; }
};
template <class Op, class T, class Args, class... N, int R>
struct RowsOf<Map<Op, T, Args, N...>, R> {
  using M = Map<Op, T, Args, N...>;
  static constexpr bool possible = (RowsOf<N, R>::possible && ...), reduces = (RowsOf<N, R>::reduces || ...);
  static bool computed(const M& n) { return computed(n, make_seq<static_cast<int>(sizeof...(N))>{}); }
  static M at(const M& n, index_t from, index_t m) {
    return at(n, from, m, make_seq<static_cast<int>(sizeof...(N))>{});
  }

 private:
  template <int... I>
  static bool computed(const M& n, Seq<I...>) {
    if constexpr (!M::cheap)
      if (n.cache.ready) return true;
    return (RowsOf<N, R>::computed(operand_at<I>(n.operands)) || ...);
  }
  template <int... I>
  static M at(const M& n, index_t from, index_t m, Seq<I...>) {
    return M(N(RowsOf<N, R>::at(operand_at<I>(n.operands), from, m))...);
  }
};
template <class N, int R>
requires(N::rank == R && requires { N::line_axes; }) struct RowsOf<N, R> {
  using A = bare_t<decltype(tenon::detail::some<N>().template operand<0>())>;
  static constexpr bool possible = !(N::line_axes & 1u) && RowsOf<A, R>::possible, reduces = true;
  static bool computed(const N& n) { return n.cache.ready || RowsOf<A, R>::computed(n.template operand<0>()); }
  static N at(const N& n, index_t from, index_t m) {
    return n.with(A(RowsOf<A, R>::at(n.template operand<0>(), from, m)));
  }
};

/// Whether N is a pointwise statement over reductions of its rows.
template <class N>
inline constexpr bool goes_by_rows = false;
template <class Op, class T, class Args, class... N>
inline constexpr bool goes_by_rows<Map<Op, T, Args, N...>> =
    Map<Op, T, Args, N...>::rank > 1 && RowsOf<Map<Op, T, Args, N...>, Map<Op, T, Args, N...>::rank>::possible&&
                                            RowsOf<Map<Op, T, Args, N...>, Map<Op, T, Args, N...>::rank>::reduces;

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
