// tenon/expr/sort.hpp: sort, argsort and top_k along an axis.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [best, where] = top_k<-1>(scores, 5);   // values and int64 indices, best first
// All are stable (equal elements stay in order) and put NaN last, in both directions. The derivative of a sorted value
// belongs to the element it came from.
#pragma once
#include <tenon/expr/line.hpp>
#include <tenon/expr/order.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Passed to sort and argsort: the largest elements first.
struct Descending {};
inline constexpr Descending descending{};

namespace detail {

inline constexpr index_t whole_line = -2;  // as many results as elements

// E with K along Axis.
template <int Axis, index_t K, class E>
struct SortedDims {
  static constexpr Dims value() {
    Dims e = E::static_dims();
    if (K != whole_line) e.d[Axis] = K;
    return e;
  }
};
template <bool Indices, class T>
struct SortedType {
  using type = T;
};
template <class T>
struct SortedType<true, T> {
  using type = __INT64_TYPE__;
};

}  // namespace detail

/// A's lines along Axis in order, or the indices of their elements; the first K of each (dyn: `k`).
template <bool Indices, int Axis, index_t K, bool Down, class A>
struct Sorted
    : Cut<Sorted<Indices, Axis, K, Down, A>, typename detail::SortedType<Indices, typename A::value_type>::type,
          extents_from<detail::SortedDims<Axis, K, typename A::extents_type>>, A> {
  using T = typename detail::SortedType<Indices, typename A::value_type>::type;
  using E = extents_from<detail::SortedDims<Axis, K, typename A::extents_type>>;
  using Base = Cut<Sorted, T, E, A>;
  using Result = primal_t<T>;
  using Number = compute_t<primal_t<typename A::value_type>>;
  index_t k;

  constexpr Sorted(A x, index_t count) : Base(static_cast<A&&>(x)), k(count) {
    const index_t n = this->template operand<0>().extents()[Axis];
    if (K == detail::whole_line) k = n;
    if (k < 0 || k > n) fail_index("top_k", "the number of elements", k, n);
  }
  TENON_FN E extents() const {
    Dims e = this->template operand<0>().extents().dims();
    e.d[Axis] = k;
    return E::from(e);
  }
  void compute(Result* out) const;  // exec/cpu/sort.hpp

  constexpr auto at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const index_t n = x.extents()[Axis];
    Dims c = i, o = i;
    for (c.d[Axis] = 0; c.d[Axis] < n - 1; ++c.d[Axis]) {
      const Number e = static_cast<Number>(x.at(c));
      index_t before = 0;
      for (o.d[Axis] = 0; o.d[Axis] < n; ++o.d[Axis]) {
        const Number f = static_cast<Number>(x.at(o));
        if (detail::sorts_before<Down>(f, e)) ++before;
        if (!detail::sorts_before<Down>(e, f) && !detail::sorts_before<Down>(f, e) && o.d[Axis] < c.d[Axis]) ++before;
      }
      if (before == i.d[Axis]) break;
    }
    if constexpr (Indices) {
      return static_cast<Result>(c.d[Axis]);
    } else {
      return static_cast<Number>(x.at(c));
    }
  }
  template <class B>
  auto with(B x) const {
    return Sorted<Indices, Axis, K, Down, B>(static_cast<B&&>(x), k);
  }
  template <class Y, class G, class X>
  void pull(const Y& y, const G& g, X& x) const requires(!Indices) {
    if constexpr (X::active) {
      const index_t n = x.value.extents()[Axis], first = k;
      detail::LineSorter<Number, Down> sorter(n);
      detail::pull_lines<Axis>(
          y, g, x, [&](index_t, const auto&, const auto& adjoint, const auto& element, const auto& add) {
            sorter.indices(element, first, [&](index_t i, index_t from) { add(from, adjoint(i)); });
          });
    }
  }
};

namespace detail {
template <bool Indices, int Axis, index_t K, bool Down, class X>
constexpr auto sorted_of(X&& x, index_t k) {
  using N = node_of<X>;
  static_assert(AxisExists<Descending, Axis, N::rank>::ok);
  static_assert(!is_complex<base_t<typename N::value_type>>, "tenon: complex numbers have no order to sort by");
  if constexpr (is_complex<base_t<typename N::value_type>>)
    return N(as_node(static_cast<X&&>(x)));  // the compiler shall have no more to say
  else
    return Sorted<Indices, (Axis < 0 ? Axis + N::rank : Axis), K, Down, N>(as_node(static_cast<X&&>(x)), k);
}
}  // namespace detail

/// Each line along Axis (the last, if none is named) in ascending order, NaN last.
template <int Axis = -1, expression X>
constexpr auto sort(X&& x) {
  return detail::sorted_of<false, Axis, detail::whole_line, false>(static_cast<X&&>(x), 0);
}
/// In descending order, NaN last.
template <int Axis = -1, expression X>
constexpr auto sort(X&& x, Descending) {
  return detail::sorted_of<false, Axis, detail::whole_line, true>(static_cast<X&&>(x), 0);
}
/// The int64 indices that would sort each line along Axis; equal elements stay in order.
template <int Axis = -1, expression X>
constexpr auto argsort(X&& x) {
  return detail::sorted_of<true, Axis, detail::whole_line, false>(static_cast<X&&>(x), 0);
}
template <int Axis = -1, expression X>
constexpr auto argsort(X&& x, Descending) {
  return detail::sorted_of<true, Axis, detail::whole_line, true>(static_cast<X&&>(x), 0);
}

/// What top_k gives: two expressions.
template <class V, class I>
struct TopK {
  V values;
  I indices;
};
namespace detail {
template <int Axis, index_t K, class X>
constexpr auto top_of(X&& x, index_t k) {
  const auto node = as_node(static_cast<X&&>(x));  // a costly expression is evaluated once for both
  auto values = sorted_of<false, Axis, K, true>(node, k);
  auto indices = sorted_of<true, Axis, K, true>(node, k);
  return TopK<decltype(values), decltype(indices)>{static_cast<decltype(values)&&>(values),
                                                   static_cast<decltype(indices)&&>(indices)};
}
template <class E, int Axis, index_t K>
struct HasElements {
  static constexpr index_t extent = E::static_extent(Axis < 0 ? Axis + E::rank : Axis);
  static constexpr bool ok = extent == dyn || extent >= K;
  static_assert(ok, "tenon: top_k: a line has fewer than K elements (see E, Axis and K above)");
};
}  // namespace detail

/// The k largest elements of each line along Axis, largest first, and their indices; NaN only where there is nothing
/// else. index_error when a line has fewer than k elements.
template <int Axis = -1, expression X>
constexpr auto top_k(X&& x, index_t k) {
  return detail::top_of<Axis, dyn>(static_cast<X&&>(x), k);
}
/// The K largest, with K in the shape.
template <int Axis, index_t K, expression X>
constexpr auto top_k(X&& x) {
  static_assert(detail::HasElements<typename bare_t<X>::extents_type, Axis, K>::ok);
  return detail::top_of<Axis, K>(static_cast<X&&>(x), K);
}

}  // namespace TENON_ABI
}  // namespace tenon
