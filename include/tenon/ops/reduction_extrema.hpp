// tenon/ops/reduction_extrema.hpp: the smallest and largest element, and where they are.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NaN counts as extremal, as in NumPy: the minimum and the maximum of elements with a NaN among them are NaN, and
// argmin and argmax give the first NaN. Of equal elements the first is taken, and the derivative is its alone.
#pragma once
#include <tenon/ops/reduction.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// Whether b comes before a in the order of the extremum: further out, or the first NaN. A mask for packs.
template <bool Largest, class V>
TENON_FN auto more_extreme(V b, V a) {
  if constexpr (lanewise::integral<V> || is_bool<V>) {
    if constexpr (Largest) {
      return b > a;
    } else {
      return b < a;
    }
  } else if constexpr (Largest) {
    return lanewise::either(b > a, lanewise::both(b != b, a == a));
  } else {
    return lanewise::either(b < a, lanewise::both(b != b, a == a));
  }
}
template <class V>
TENON_FN auto same_extreme(V a, V b) {
  if constexpr (lanewise::integral<V> || is_bool<V>) {
    return a == b;
  } else {
    return lanewise::either(a == b, lanewise::both(a != a, b != b));
  }
}

// v where it is further out, else `best`: that where one is NaN.
template <bool Largest, class V>
TENON_FN V further(V v, V best) {
  if constexpr (lanewise::floating<V> && simd::is_pack<V>) {
    return Largest ? math::kernel::larger(v, best) : math::kernel::smaller(v, best);
  } else {
    return Largest ? simd::select(v > best, v, best) : simd::select(v < best, v, best);
  }
}
// The extreme of some packs, lane by lane, NaNs left out; and a NaN where there was one, else any element.
template <class V>
struct Extremes {
  V best, nan;
};
// Of n > 0 packs. NaNs are kept aside, which leaves one instruction on the way from one pack to the next.
template <bool Largest, class V>
TENON_FN Extremes<V> extremes(const simd::lane_t<V>* p, index_t stride, index_t n) {
  const V first = simd::load<V>(p);
  V best[4] = {first, first, first, first}, nan[4] = {first, first, first, first};
  const auto meet = [&](index_t i, int u) __attribute__((always_inline)) {
    const V v = simd::load<V>(p + i * stride);
    best[u] = further<Largest>(v, best[u]);
    if constexpr (lanewise::floating<V>) nan[u] = math::kernel::nan_of(v, nan[u]);
  };
  index_t i = 0;
  for (; i + 4 <= n; i += 4)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) meet(i + u, u);
  for (; i < n; ++i) meet(i, 0);
  best[0] = further<Largest>(further<Largest>(best[0], best[1]), further<Largest>(best[2], best[3]));
  if constexpr (lanewise::floating<V>) {
    using math::kernel::nan_of;
    nan[0] = nan_of(nan_of(nan[0], nan[1]), nan_of(nan[2], nan[3]));
  }
  return {best[0], nan[0]};
}

template <class D, bool Largest>
struct Extremum : Reduction<D> {
  static constexpr bool rounds = false, needs_element = true, keeps_first = true, finishes_packs = true;
  template <class V>
  TENON_FN static V identity() {
    return reduction_bound<V, !Largest>();
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_bound<V, !Largest>();
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return simd::select(more_extreme<Largest>(b, a), b, a);
  }
  template <class V>
  requires(simd::is_pack<V>) TENON_FN static V fold(const simd::lane_t<V>* p, index_t stride, index_t n) {
    const auto [best, nan] = extremes<Largest, V>(p, stride, n);
    if constexpr (lanewise::floating<V>) {
      return math::kernel::nan_of(nan, best);
    } else {
      return best;
    }
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over& over) {
    over.groups(y, g, x, [](const auto& best, const auto& gradient, index_t n, const auto& at, const auto& add) {
      for (index_t i = 0; i < n; ++i) {
        const auto e = at(i);
        if (e == best || e != e) return add(i, gradient);
      }
    });
  }
};

// Small integers and bools are compared as int32, so that an index fits into a lane.
template <class T>
struct LocatedNumber {
  using type = compute_t<T>;
};
template <class T>
requires(is_bool<T> || (is_integer<T> && sizeof(T) < 4)) struct LocatedNumber<T> {
  using type = __INT32_TYPE__;
};
template <class V, bool Pack = simd::is_pack<V>>
struct LocationOf {
  using type = index_t;
};
template <class V>
struct LocationOf<V, true> {
  using type = simd::rebind_t<V, simd::int_of<sizeof(simd::lane_t<V>)>>;
};

template <class V>
struct Located {
  V value;
  typename LocationOf<V>::type index;
  template <class F>
  TENON_FN auto map(const F& f) const {
    return Located<bare_t<decltype(f(value))>>{f(value), f(index)};
  }
};

template <class D, bool Largest>
struct Locate : Reduction<D> {
  static constexpr bool rounds = false, needs_element = true, indexed = true, finishes_packs = true;
  template <class T>
  using number = typename LocatedNumber<T>::type;
  template <class V>
  using state = Located<V>;
  template <class T>
  using result = __INT64_TYPE__;
  template <class V>
  TENON_FN static Located<V> identity() {
    using I = typename LocationOf<V>::type;
    return {reduction_bound<V, !Largest>(), simd::broadcast<I>(limits<simd::lane_t<I>>::max())};
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_bound<V, !Largest>();
  }
  template <class V, class I>
  TENON_FN static Located<V> lift(V x, I index) {
    return {x, index};
  }
  template <class V>
  TENON_FN static Located<V> combine(const Located<V>& a, const Located<V>& b) {
    const auto before = simd::mask_cast<V>(b.index < a.index);
    const auto take = lanewise::either(more_extreme<Largest>(b.value, a.value),
                                       lanewise::both(same_extreme(a.value, b.value), before));
    return {simd::select(take, b.value, a.value), simd::select(take, b.index, a.index)};
  }
  /// The state of n packs after those of s, whose indices are the same in all lanes, from `first` on.
  template <class V>
  requires(simd::is_pack<V>) TENON_FN static Located<V> extended(const Located<V>& s, const simd::lane_t<V>* p,
                                                                 index_t stride, index_t n, index_t first, index_t) {
    using I = decltype(s.index);
    Located<V> r{s.value, s.index};
    V sum{};  // NaN if an element is, and seldom else (of infinities of both signs)
    const auto at = [&](index_t i) { return simd::broadcast<I>(static_cast<simd::lane_t<I>>(first + i)); };
    const auto meet = [&](index_t i) __attribute__((always_inline)) {
      const V v = simd::load<V>(p + i * stride);
      r.index = simd::select(Largest ? v > r.value : v < r.value, at(i), r.index);
      r.value = further<Largest>(v, r.value);
      if constexpr (lanewise::floating<V>) sum = sum + v;
    };
    if (n == 4) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) meet(i);
    } else {
      for (index_t i = 0; i < n; ++i) meet(i);
    }
    if constexpr (!lanewise::integral<V>) {
      constexpr unsigned long long all = ~0ull >> (64 - simd::lanes<V>);
      if (simd::equal_lanes(sum, sum) != all) {
        r = {s.value, s.index};
        for (index_t i = 0; i < n; ++i) r = combine(r, {simd::load<V>(p + i * stride), at(i)});
      }
    }
    return r;
  }
  /// The state of n >= lanes neighbours: the extreme first, then its place, by when they are in the cache.
  template <class V>
  requires(simd::is_pack<V>) TENON_FN static Located<simd::lane_t<V>> line(const simd::lane_t<V>* p, index_t n) {
    constexpr index_t W = simd::lanes<V>;
    const V last = simd::load<V>(p + n - W);  // overlaps the pack before, unless packs fill the line
    auto [best, nan] = extremes<Largest, V>(p, W, n / W);
    const auto top = simd::reduce(further<Largest>(last, best), [](auto a, auto b) { return further<Largest>(a, b); });
    index_t i = 0;
    if (simd::any((nan != nan) | (last != last))) {
      while (p[i] == p[i]) ++i;
    } else {
      const V all = simd::broadcast<V>(top);
      const auto found = [&](index_t k) { return simd::equal_lanes(simd::load<V>(p + k), all); };
      unsigned long long bits = 0;
      for (; i + 4 * W <= n; i += 4 * W)
        if ((bits = found(i) | found(i + W) << W | found(i + 2 * W) << 2 * W | found(i + 3 * W) << 3 * W)) break;
      for (; bits == 0 && i + W <= n; i += W)
        if ((bits = found(i))) break;
      if (bits == 0) bits = found(i = n - W);
      i += __builtin_ctzll(bits);
    }
    return {p[i], i};
  }
  template <class V>
  TENON_FN static Located<V> moved(const Located<V>& s, index_t by) {
    return {s.value, s.index + by};
  }
  template <class R, class V>
  TENON_FN static R finish(const Located<V>& s, index_t) {
    if constexpr (simd::is_pack<V>) {
      return simd::convert<simd::lane_t<R>>(s.index);
    } else {
      return static_cast<R>(s.index);
    }
  }
};

}  // namespace detail

namespace op {

/// The largest element, NaN if there is one; shape_error when there are no elements.
struct Max : tenon::detail::Extremum<Max, true> {
  static constexpr FixedString name{"max"};
  static constexpr FixedString onnx{"ReduceMax"};
  static constexpr FixedString stablehlo{"reduce_maximum"};
};

/// The smallest element, NaN if there is one; shape_error when there are no elements.
struct Min : tenon::detail::Extremum<Min, false> {
  static constexpr FixedString name{"min"};
  static constexpr FixedString onnx{"ReduceMin"};
  static constexpr FixedString stablehlo{"reduce_minimum"};
};

/// The index of the first largest element, or of the first NaN; shape_error when there are no elements.
struct ArgMax : tenon::detail::Locate<ArgMax, true> {
  static constexpr FixedString name{"argmax"};
  static constexpr FixedString onnx{"ArgMax"};
};

/// The index of the first smallest element, or of the first NaN; shape_error when there are no elements.
struct ArgMin : tenon::detail::Locate<ArgMin, false> {
  static constexpr FixedString name{"argmin"};
  static constexpr FixedString onnx{"ArgMin"};
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
