// tenon/tensor/search.hpp: where values belong and how often they occur: searchsorted, histogram, bincount.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   searchsorted(edges, x)              // the places at which x would be inserted
//   auto [counts, edges] = histogram(x, 10);
// The results are owning tensors of integers, as in NumPy.
#pragma once
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Of equal elements, before the first (left) or after the last (right).
enum class Side { left, right };

namespace detail {
// Whether a comes before b; NaN comes last.
template <class A, class B>
constexpr bool comes_before(A a, B b) {
  static_assert(!is_complex<A> && !is_complex<B>, "tenon: complex numbers have no order to sort by");
  if constexpr (is_complex<A> || is_complex<B>)
    return false;  // the compiler shall have no more to say
  else
    return a < b || (a == a && b != b);
}
// The number of elements before v.
template <class T, class V>
constexpr index_t position_in(const T* sorted, index_t n, V v, Side side) {
  index_t lo = 0, hi = n;
  while (lo < hi) {
    const index_t mid = lo + (hi - lo) / 2;
    const bool before = side == Side::left ? comes_before(sorted[mid], v) : !comes_before(v, sorted[mid]);
    (before ? lo : hi) = before ? mid + 1 : mid;
  }
  return lo;
}
}  // namespace detail

/// For each value the index at which it could be inserted into `sorted`, an ascending vector. NaN belongs at the end.
template <expression S, expression V>
constexpr auto searchsorted(S&& sorted, V&& values, Side side = Side::left) {
  static_assert(bare_t<S>::rank == 1, "tenon: searchsorted: the sorted operand is a vector");
  using T = promote_t<typename bare_t<S>::value_type, typename bare_t<V>::value_type>;
  const auto s = evaluate(static_cast<S&&>(sorted));
  const auto v = evaluate(static_cast<V&&>(values));
  auto r = detail::create_like<index_t>(v.extents());
  for (index_t i = 0; i < v.size(); ++i)
    r.data()[i] = detail::position_in(s.data(), s.size(), static_cast<compute_t<T>>(v.data()[i]), side);
  return r;
}

/// Counts of the elements between neighbouring edges.
struct Histogram {
  Tensor<index_t, dyn> counts;
  Tensor<double, dyn> edges;  ///< one more than counts
};
/// Counts the elements of x in `bins` equal parts of [lo, hi]; hi belongs to the last part; what lies outside is left
/// out. value_error if there are no bins or lo > hi.
template <expression X>
Histogram histogram(X&& x, index_t bins, double lo, double hi) {
  expect<value_error>(bins > 0, "tenon: histogram: the number of bins is not positive");
  expect<value_error>(lo <= hi && hi - lo < limits<double>::infinity(),
                      "tenon: histogram: the range is not finite or its ends are exchanged");
  if (lo == hi) {
    lo -= 0.5;
    hi += 0.5;
  }
  const auto v = evaluate(static_cast<X&&>(x));
  Histogram h{Tensor<index_t, dyn>(bins), linspace(lo, hi, bins + 1)};
  const double* edge = h.edges.data();
  for (index_t i = 0; i < v.size(); ++i) {
    const double value = static_cast<double>(v.data()[i]);
    if (!(value >= lo && value <= hi)) continue;
    index_t k = static_cast<index_t>((value - lo) / (hi - lo) * static_cast<double>(bins));
    if (k >= bins) k = bins - 1;
    // The quotient may be off by rounding: the edges decide.
    if (k > 0 && value < edge[k]) --k;
    if (k + 1 < bins && value >= edge[k + 1]) ++k;
    ++h.counts.data()[k];
  }
  return h;
}
/// The same between the smallest and the largest element; value_error if an element is infinite or NaN.
template <expression X>
Histogram histogram(X&& x, index_t bins = 10) {
  const auto v = evaluate(static_cast<X&&>(x));
  double lo = 0, hi = v.size() > 0 ? 0 : 1;
  for (index_t i = 0; i < v.size(); ++i) {
    const double value = static_cast<double>(v.data()[i]);
    expect<value_error>(value - value == 0, "tenon: histogram: an element is infinite or NaN: name a range");
    lo = i == 0 || value < lo ? value : lo;
    hi = i == 0 || value > hi ? value : hi;
  }
  return histogram(v, bins, lo, hi);
}
/// Counts the elements between neighbouring edges, an ascending vector; the last one belongs to the last part.
template <expression X, expression B>
Histogram histogram(X&& x, B&& edges) {
  static_assert(bare_t<B>::rank == 1, "tenon: histogram: the edges are a vector");
  const auto v = evaluate(static_cast<X&&>(x));
  const auto given = evaluate(static_cast<B&&>(edges));
  expect<value_error>(given.size() > 1, "tenon: histogram: there are fewer than two edges");
  Histogram h{Tensor<index_t, dyn>(given.size() - 1), Tensor<double, dyn>(given.size())};
  double* edge = h.edges.data();
  const index_t bins = h.counts.size();
  for (index_t i = 0; i <= bins; ++i) {
    edge[i] = static_cast<double>(given.data()[i]);
    expect<value_error>(i == 0 || edge[i - 1] <= edge[i], "tenon: histogram: the edges do not ascend");
  }
  for (index_t i = 0; i < v.size(); ++i) {
    const double value = static_cast<double>(v.data()[i]);
    if (!(value >= edge[0] && value <= edge[bins])) continue;
    const index_t k = detail::position_in(edge, bins + 1, value, Side::right) - 1;
    ++h.counts.data()[k < bins ? k : bins - 1];
  }
  return h;
}

namespace detail {
template <class X>
index_t bins_for(const X& x, index_t at_least) {
  static_assert(is_integer<typename X::value_type>, "tenon: bincount: the elements are integers");
  index_t n = at_least;
  for (index_t i = 0; i < x.size(); ++i) {
    const auto v = static_cast<index_t>(x.data()[i]);
    expect<value_error>(v >= 0, "tenon: bincount: an element is negative");
    n = v >= n ? extents_added(v, 1) : n;
  }
  return n;
}
}  // namespace detail
/// How often each integer 0, 1, ... occurs in x; at least `length` counts. value_error if one is negative.
template <expression X>
Tensor<index_t, dyn> bincount(X&& x, index_t length = 0) {
  const auto v = evaluate(static_cast<X&&>(x));
  Tensor<index_t, dyn> r(detail::bins_for(v, length));
  for (index_t i = 0; i < v.size(); ++i) ++r.data()[static_cast<index_t>(v.data()[i])];
  return r;
}
/// The sum of the weights of the elements equal to 0, 1, ...; x and the weights have the same number of elements.
template <expression X, expression W>
auto bincount(X&& x, W&& weights, index_t length = 0) {
  const auto v = evaluate(static_cast<X&&>(x));
  const auto w = evaluate(static_cast<W&&>(weights));
  if (!(v.dims() == w.dims())) fail_shapes("bincount", "the weights have another shape", w.dims(), v.dims());
  using T = accumulator_t<typename bare_t<W>::value_type>;
  Tensor<T, dyn> r(detail::bins_for(v, length));
  for (index_t i = 0; i < v.size(); ++i) r.data()[static_cast<index_t>(v.data()[i])] += static_cast<T>(w.data()[i]);
  return r;
}

}  // namespace TENON_ABI
}  // namespace tenon
