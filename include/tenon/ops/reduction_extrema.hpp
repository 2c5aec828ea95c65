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

template <class D, bool Largest>
struct Extremum : Reduction<D> {
  static constexpr bool needs_element = true, keeps_first = true, finishes_packs = true;
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
  static constexpr bool needs_element = true, indexed = true;
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
  template <class V>
  TENON_FN static Located<V> moved(const Located<V>& s, index_t by) {
    return {s.value, s.index + by};
  }
  template <class R, class V>
  TENON_FN static R finish(const Located<V>& s, index_t) {
    return static_cast<R>(s.index);
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
