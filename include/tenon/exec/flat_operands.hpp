// tenon/exec/flat_operands.hpp: the operands of statements without a loop nest: where they are, and which repeat.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/cpu/repeated_rows.hpp>
#include <tenon/exec/few.hpp>
#include <tenon/exec/located.hpp>
#include <tenon/expr/program.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Whether extents F are the last axes of E, as far as the types know; with `Stretch`, an extent of 1 may be another.
template <class F, class E, bool Stretch>
constexpr bool are_last_axes() {
  bool fits = F::rank <= E::rank && (F::rank > 0 || E::rank == 0);
  for (int a = 1; fits && a <= F::rank; ++a) {
    const index_t f = F::static_extent(F::rank - a), e = E::static_extent(E::rank - a);
    fits = f == dyn || e == dyn || f == e || (Stretch && f == 1);
  }
  return fits;
}
// Whether N may be a program over dense operands, which needs no loop nest: each has all axes of extents E, or the last
// so many of them, over which it repeats, or is a number. Then this is the number of axes that all have, else -1. The
// types allow it; `flat_operands` gives the operands and says whether their run-time extents do, too.
template <class N, class E>
inline constexpr int flat_rank = [] {
  using F = typename N::extents_type;
  if (Located<N>::known && F::rank == 0) return E::rank;
  return Located<N>::known && are_last_axes<F, E, F::rank == E::rank>() ? F::rank : -1;
}();
template <class T, class E>
inline constexpr int flat_rank<Scalar<T>, E> = E::rank;
template <class Op, class T, class Args, class... N, class E>
inline constexpr int flat_rank<Map<Op, T, Args, N...>, E> = [] {
  int least = E::rank;
  ((least = flat_rank<N, E> < least ? flat_rank<N, E> : least), ...);
  const bool same = ((flat_rank<N, E> == least || flat_rank<N, E> == E::rank) && ...);
  return same ? least : -1;
}();
// Whether operands of N are known to be dense only when it runs, or never are: views, columns.
template <class N, class E>
inline constexpr bool has_views =
    Located<N>::known&& N::rank > 0 && !(Located<N>::dense && are_last_axes<typename N::extents_type, E, false>());
template <class Op, class T, class Args, class... N, class E>
inline constexpr bool has_views<Map<Op, T, Args, N...>, E> = (has_views<N, E> || ...);

// Whether the types tell the extents of all of N's operands.
template <class N>
inline constexpr bool all_static = N::extents_type::is_static;
template <class Op, class T, class Args, class... N>
inline constexpr bool all_static<Map<Op, T, Args, N...>> = (all_static<N> && ...);
// Whether N is a kernel's call over dense operands of all of extents E.
template <class N, class E>
inline constexpr bool is_dense_over =
    flat_rank<N, E> == E::rank && !has_views<N, E> && program_of<N>::loads <= most_flat_loads;

// Where the operands are, and which of them repeat.
template <int N>
struct FlatOperands {
  const void* at[N];
  bool repeats[N];
  int count = 0;

  TENON_INLINE bool add(const void* data, bool again) {
    at[count] = data;
    repeats[count++] = again;
    return true;
  }
};
// A view among the operands.
struct FlatView {
  int operand;
  index_t bytes;  // of an element
  bool dense;
  Plane plane;
  bool in_rows = false;  // walked where it lies: rows of neighbours, or of one element
};
template <int N>
struct FlatViews : FlatOperands<N> {
  FlatView view[N];
  int views = 0;
  signed char view_of[N];  // operands: which view it is, or -1

  TENON_INLINE bool add(const void* data, bool again) {
    view_of[this->count] = -1;
    return FlatOperands<N>::add(data, again);
  }
  /// Elements of T by a map of extents F, which are E's, or the last of them.
  template <class T, class F, class E>
  TENON_INLINE bool add_view(const T* data, const StridedMap& m, const E& e) {
    constexpr int missing = E::rank - F::rank, last = F::rank - 1;
    index_t extent[F::rank + 1], stride[F::rank + 1], step = 1;
    bool dense = true;
#pragma GCC unroll 8
    for (int a = last; a >= 0; --a) {
      extent[a] = e[a + missing];
      stride[a] = m.strides.d[a];
      if (m.extents.d[a] != extent[a]) {
        if (missing > 0 || m.extents.d[a] != 1) return false;
        stride[a] = 0;
      }
      dense = dense && (extent[a] == 1 || stride[a] == step);
      step *= extent[a];
    }
    FlatView& v = view[views++];
    v = {this->count, static_cast<index_t>(sizeof(T)), dense, {1, step, 0, 1}, false};
    if constexpr (F::rank > 0)
      if (!dense) v.plane.stride = stride[last], v.plane.n = extent[last];
    if constexpr (F::rank == 2)
      if (!dense) v.plane.outer = stride[0], v.plane.m = extent[0];
    FlatOperands<N>::add(data + m.offset, missing > 0);
    view_of[v.operand] = static_cast<signed char>(views - 1);
    return dense || F::rank <= 2;
  }
};
template <class N, class E, class Out>
TENON_INLINE bool flat_operands(const N& n, const E& e, Out& out) requires(Located<N>::known) {
  using F = typename N::extents_type;
  using L = Located<N>;
  if constexpr (has_views<N, E>) {
    return out.template add_view<bare_t<decltype(*L::data(n))>, F>(L::data(n), L::map(n), e);
  } else {
    if constexpr (!F::is_static || !E::is_static) {
      const auto& f = tenon::detail::extents_in_place(n);
      for (int a = 1; a <= F::rank; ++a)
        if (f[F::rank - a] != e[E::rank - a]) return false;
    }
    if constexpr (L::dense) {
      return out.add(L::data(n), F::rank < E::rank);
    } else {
      return out.add(L::data(n) + L::map(n).offset, true);  // a number: without axes there are no strides
    }
  }
}
template <class T, class E, class Out>
TENON_INLINE bool flat_operands(const Scalar<T>& n, const E&, Out& out) {
  return out.add(&n.number, true);
}
template <class Op, class T, class Args, class... N, int... I, class E, class Out>
TENON_INLINE bool flat_operands_of(const Map<Op, T, Args, N...>& n, const E& e, Out& out, Seq<I...>);
template <class Op, class T, class Args, class... N, class E, class Out>
TENON_INLINE bool flat_operands(const Map<Op, T, Args, N...>& n, const E& e, Out& out) {
  return flat_operands_of(n, e, out, make_seq<static_cast<int>(sizeof...(N))>{});
}
template <class Op, class T, class Args, class... N, int... I, class E, class Out>
TENON_INLINE bool flat_operands_of(const Map<Op, T, Args, N...>& n, const E& e, Out& out, Seq<I...>) {
  return (flat_operands(operand_at<I>(n.operands), e, out) && ...);
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
