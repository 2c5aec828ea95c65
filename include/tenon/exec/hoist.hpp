// tenon/exec/hoist.hpp: what a loop needs once, not for each of its elements: costly maps of elements that repeat.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/expr/map.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A node that computes itself into dense memory (`compute(out)`) instead of joining its consumer's program.
template <class N>
concept cut_node = requires {
  requires bare_t<N>::is_cut;
};

namespace detail {
// A named costly value of few static elements is copied into its uses; others are shared.
template <class N>
inline constexpr bool shares_by_value = [] {
  using E = typename N::extents_type;
  if constexpr (E::is_static)
    return !is_taped<typename N::value_type> &&
           static_size<E> * static_cast<index_t>(sizeof(typename N::value_type)) <= 256;
  else
    return false;
}();
}  // namespace detail

namespace exec {

template <class N, class Out>
void write(const N& n, Out* out, const StridedMap& target);
template <class N, class Out>
TENON_INLINE void assign_dense(const N& n, Out* out, bool noalias);

namespace detail {

// Whether A's elements repeat in a whole of extents E, by their types.
template <class A, class E>
constexpr bool repeats() {
  if (A::rank < E::rank) return true;
  for (int a = 0; a < A::rank; ++a)
    if (A::static_extent(a) == 1 && E::static_extent(a) != 1) return true;
  return false;
}
// The value of a costly node: few numbers of static extents lie in the expression itself.
template <class A>
TENON_INLINE auto value_of(const A& a) {
  using T = typename A::value_type;
  using E = typename A::extents_type;
  if constexpr (tenon::detail::shares_by_value<A>) {
    if (!a.cache.ready) {
      Value<T, E> v;
      if constexpr (cut_node<A>) {
        a.compute(v.values);
      } else {
        assign_dense(a, v.values, true);
      }
      return v;
    }
  }
  return shared_leaf(a);
}
/// What is computed once before a loop, not for each element of it: costly maps whose elements repeat. `in` gives the
/// node with their values in their places.
template <class N>
struct Hoisted {
  static constexpr bool any = false;
};
template <class N, class E>
inline constexpr bool is_hoisted = cut_node<N>&& tenon::detail::shares_by_value<N>;
template <class Op, class T, class Args, class... N, class E>
inline constexpr bool is_hoisted<Map<Op, T, Args, N...>, E> =
    !Map<Op, T, Args, N...>::cheap && repeats<typename Map<Op, T, Args, N...>::extents_type, E>();
template <class Op, class T, class Args, class... N>
struct Hoisted<Map<Op, T, Args, N...>> {
  using M = Map<Op, T, Args, N...>;
  static constexpr bool any =
      !is_taped<T> && ((is_hoisted<N, typename M::extents_type> || Hoisted<N>::any) || ... || false);
  TENON_INLINE static auto in(const M& n) { return in(n, make_seq<static_cast<int>(sizeof...(N))>{}); }

 private:
  template <class A>
  TENON_INLINE static auto operand(const A& a) {
    if constexpr (is_hoisted<A, typename M::extents_type> || cut_node<A>) {
      return value_of(a);
    } else if constexpr (Hoisted<A>::any) {
      return Hoisted<A>::in(a);
    } else {
      return A(a);
    }
  }
  template <int... I>
  TENON_INLINE static auto in(const M& n, Seq<I...>) {
    return Map<Op, T, Args, decltype(operand(operand_at<I>(n.operands)))...>(operand(operand_at<I>(n.operands))...);
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
