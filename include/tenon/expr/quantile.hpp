// tenon/expr/quantile.hpp: quantiles and the median, over all axes or over named ones.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto m = median<0>(x), p90 = quantile(x, 0.9);
// Between elements the quantile is interpolated linearly (NumPy's default, R's type 7). A NaN among the elements, or no
// elements at all, give NaN. The derivative belongs to the one or two elements in between.
#pragma once
#include <tenon/expr/order.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// The elements between which the quantile lies, and how far from the lower one.
struct QuantilePlace {
  index_t low = 0, high = 0;
  double share = 0;
  constexpr QuantilePlace(index_t n, double q) {
    const double at = n > 0 ? q * static_cast<double>(n - 1) : 0;
    low = static_cast<index_t>(at);
    share = at - static_cast<double>(low);
    high = share > 0 ? low + 1 : low;
  }
  // Exactly one of them where they are equal, infinities among them.
  template <class C>
  constexpr C between(const C& a, const C& b) const {
    return a == b ? a : static_cast<C>(a + (b - a) * static_cast<real_t<base_t<C>>>(share));
  }
};
template <class C>
constexpr C quantile_nan() {
  return C(limits<base_t<C>>::nan());
}

}  // namespace detail

/// The q-th quantile over the axes in Mask.
template <unsigned Mask, bool Keep, class A>
struct Quantile
    : Cut<Quantile<Mask, Keep, A>, rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>,
          extents_from<detail::ReducedDims<Mask, Keep, typename A::extents_type>>, A> {
  using T = rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>;
  using E = extents_from<detail::ReducedDims<Mask, Keep, typename A::extents_type>>;
  using Base = Cut<Quantile, T, E, A>;
  using Result = primal_t<T>;
  using Number = compute_t<Result>;
  double q;

  constexpr Quantile(A x, double share) : Base(static_cast<A&&>(x)), q(share) {
    expect<value_error>(share >= 0 && share <= 1, "tenon: quantile: the share is not between 0 and 1");
  }
  TENON_FN E extents() const {
    return E::from(detail::ReducedDims<Mask, Keep, int>::reduced(this->template operand<0>().extents().dims()));
  }
  void compute(Result* out) const;  // exec/cpu/sort.hpp

  constexpr Number at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const Dims e = x.extents().dims();
    Dims first;
    first.rank = e.rank;
    for (int a = 0, k = 0; a < e.rank; ++a) {
      const bool kept = !(Mask >> a & 1u);
      if (kept) first.d[a] = i.d[k];
      if (kept || Keep) ++k;
    }
    const index_t n = detail::OverAxes<Mask>::count_of(e);
    const auto element = [&](index_t k) {
      Dims at = first;
      for (int a = e.rank - 1; a >= 0; --a)
        if (Mask >> a & 1u) {
          at.d[a] = k % e.d[a];
          k /= e.d[a];
        }
      return static_cast<Number>(x.at(at));
    };
    const detail::QuantilePlace place(n, q);
    Number low{}, high{};
    for (index_t c = 0; c < n; ++c) {
      const Number v = element(c);
      if (v != v) return detail::quantile_nan<Number>();
      index_t before = 0;
      for (index_t o = 0; o < n; ++o) {
        const Number w = element(o);
        before += w < v || (!(v < w) && o < c);
      }
      if (before == place.low) low = v;
      if (before == place.high) high = v;
    }
    return n == 0 ? detail::quantile_nan<Number>() : place.between(low, high);
  }
  template <class B>
  auto with(B x) const {
    return Quantile<Mask, Keep, B>(static_cast<B&&>(x), q);
  }
  template <class Y, class G, class X>
  void pull(const Y& y, const G& g, X& x) const {
    if constexpr (X::active) {
      const detail::OverAxes<Mask> over{detail::OverAxes<Mask>::count_of(x.value.extents().dims())};
      const detail::QuantilePlace place(over.count(), q);
      detail::LineSorter<compute_t<typename bare_t<decltype(x.value)>::value_type>, false> sorter(over.count());
      const auto spread = [](const auto& v) { return detail::with_reduced_axes<Mask, Keep, A::rank>(v); };
      over.groups(spread(y), spread(g), x,
                  [&](const auto&, const auto& adjoint, index_t, const auto& at, const auto& add) {
                    sorter.indices(at, over.count(), [&](index_t i, index_t from) {
                      const auto share = static_cast<real_t<base_t<bare_t<decltype(adjoint)>>>>(place.share);
                      if (i == place.low) add(from, place.low == place.high ? adjoint : adjoint * (1 - share));
                      if (i == place.high && i != place.low) add(from, adjoint * share);
                    });
                  });
    }
  }
};

namespace detail {
template <bool Keep, int... Axis, class X>
constexpr auto quantile_over(X&& x, double q) {
  using N = node_of<X>;
  static_assert(!is_complex<base_t<typename N::value_type>>, "tenon: complex numbers have no order to sort by");
  constexpr unsigned mask = axis_mask<KeepDims, N::rank, Axis...>();
  if constexpr (is_complex<base_t<typename N::value_type>>)
    return Reduce<op::Sum, mask, Keep, N>(as_node(static_cast<X&&>(x)));  // the compiler shall have no more to say
  else
    return Quantile<mask, Keep, N>(as_node(static_cast<X&&>(x)), q);
}
}  // namespace detail

/// The q-th quantile (0 <= q <= 1, value_error otherwise) over all axes, or over the named ones; integers give float.
template <int... Axis, expression X>
constexpr auto quantile(X&& x, double q) {
  return detail::quantile_over<false, Axis...>(static_cast<X&&>(x), q);
}
template <int... Axis, expression X>
constexpr auto quantile(X&& x, double q, KeepDims) {
  return detail::quantile_over<true, Axis...>(static_cast<X&&>(x), q);
}
/// The median over all axes, or over the named ones: of an even number of elements, the mean of the middle two.
template <int... Axis, expression X>
constexpr auto median(X&& x) {
  return detail::quantile_over<false, Axis...>(static_cast<X&&>(x), 0.5);
}
template <int... Axis, expression X>
constexpr auto median(X&& x, KeepDims) {
  return detail::quantile_over<true, Axis...>(static_cast<X&&>(x), 0.5);
}

}  // namespace TENON_ABI
}  // namespace tenon
