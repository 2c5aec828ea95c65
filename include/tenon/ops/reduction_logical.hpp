// tenon/ops/reduction_logical.hpp: whether some or all elements are set, and how many.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements count as set when they are not zero (NaN is set). Bools are folded as bytes, a register full at a time.
#pragma once
#include <tenon/ops/reduction.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// Whether any element is not zero; false when there are none.
struct Any : Reduction<Any> {
  static constexpr FixedString name{"any"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr bool rounds = false;
  static constexpr FixedString stablehlo{"reduce_or"};
  template <class T>
  using number = bool;
  template <class T>
  using result = bool;
  template <class V>
  TENON_FN static V identity() {
    return V{};
  }
  template <class V>
  TENON_FN static V neutral() {
    return V{};
  }
  template <class V>
  TENON_FN static V combine(V a, V b) {
    return static_cast<V>(a | b);
  }
};

/// Whether every element is not zero; true when there are none.
struct All : Reduction<All> {
  static constexpr FixedString name{"all"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr bool rounds = false;
  static constexpr FixedString stablehlo{"reduce_and"};
  template <class T>
  using number = bool;
  template <class T>
  using result = bool;
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(1);
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_constant<V>(1);
  }
  template <class V>
  TENON_FN static V combine(V a, V b) {
    return static_cast<V>(a & b);
  }
};

/// The number of elements that are not zero.
struct CountNonzero : Reduction<CountNonzero> {
  static constexpr FixedString name{"count_nonzero"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  template <class V, bool Pack = simd::is_pack<V>>
  struct StateOf {
    using type = index_t;
  };
  template <class V>
  struct StateOf<V, true> {
    using type = simd::rebind_t<V, __INT32_TYPE__>;
  };
  static constexpr bool indexed = true;
  template <class T>
  using number = bool;
  template <class V>
  using state = typename StateOf<V>::type;
  template <class T>
  using result = __INT64_TYPE__;
  template <class V>
  TENON_FN static state<V> identity() {
    return state<V>{};
  }
  template <class V>
  TENON_FN static V neutral() {
    return V{};
  }
  template <class V, class I>
  TENON_FN static state<V> lift(V x, I) {
    return simd::convert<simd::lane_t<state<V>>>(x);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return a + b;
  }
  /// Bytes are summed in bytes as long as they cannot overflow.
  template <class V>
  TENON_FN static state<V> fold(const simd::lane_t<V>* p, index_t stride, index_t n) {
    state<V> total{};
    for (index_t i = 0; i < n;) {
      const index_t end = n - i < 255 ? n : i + 255;
      V bytes{};
      for (; i < end; ++i) bytes = static_cast<V>(bytes + simd::load<V>(p + i * stride));
      total = total + simd::convert<simd::lane_t<state<V>>>(bytes);
    }
    return total;
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
