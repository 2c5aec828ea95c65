// tenon/ops/reduction_logsumexp.hpp: the logarithm of a sum of exponentials, without overflow.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state is the largest element m and the sum of e^(x - m), so only factors of at most 1 are ever added; states join
// by scaling the smaller one (M. Milakov and N. Gimelshein, Online normalizer calculation for softmax, 2018).
#pragma once
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/reduction.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
/// e^x, but 0 where that is below the smallest normal number: a term that small changes no sum with a 1 in it, and
/// subnormal results take many times as long as others.
/// `Positive`: whether x may be positive.
template <bool Positive = true, class V>
TENON_FN V exp_normal(V x) {
  using T = simd::lane_t<V>;
  if constexpr (is_floating<T>) {
    constexpr T lowest = T(sizeof(T) == 4 ? -87.25 : -708.25);
    const V zero = reduction_constant<V>(0);
    if constexpr (simd::is_pack<V> && math::kernel::has_scaling) {
      const auto [power, n] = math::kernel::exp_parts<!Positive>(x);
      return math::kernel::scale_unless_below(power, n.value, x, lowest);
    } else if constexpr (!Positive && simd::is_pack<V>) {
      return math::kernel::exp_of_negative(x, lowest);
    } else {
      const auto low = x < reduction_constant<V>(lowest);
      return simd::select(low, zero, exp(simd::select(low, zero, x)));
    }
  } else {
    return exp(x);
  }
}

namespace op {

/// log(sum(e^x)); -inf when there are no elements or all are -inf (the derivative is then 0), +inf when one is.
struct LogSumExp : Reduction<LogSumExp> {
  static constexpr FixedString name{"logsumexp"};
  static constexpr FixedString onnx{"ReduceLogSumExp"};
  template <class T>
  using number = compute_t<fractional_t<T>>;
  template <class T>
  using result = fractional_t<T>;
  template <class V>
  struct Scaled {
    V top, sum;  // sum of e^(x - top); with top infinite, of e^x
    template <class F>
    TENON_FN auto map(const F& f) const {
      return Scaled<bare_t<decltype(f(top))>>{f(top), f(sum)};
    }
  };
  template <class V>
  using state = Scaled<V>;
  template <class V>
  TENON_FN static Scaled<V> identity() {
    return {reduction_bound<V, false>(), reduction_constant<V>(0)};
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_bound<V, false>();
  }
  template <class V, class I>
  TENON_FN static Scaled<V> lift(V x, I) {
    return {x, exp_normal(V(x - shift(x)))};
  }
  template <class V>
  TENON_FN static Scaled<V> combine(const Scaled<V>& a, const Scaled<V>& b) {
    const auto larger = a.top >= b.top;  // NaN is in the sums already
    const V top = simd::select(larger, a.top, b.top), low = simd::select(larger, b.top, a.top);
    const V one = reduction_constant<V>(1);
    const V factor = simd::select(top == low, one, exp_normal(V(low - top)));
    return {top, simd::select(larger, V(a.sum + b.sum * factor), V(b.sum + a.sum * factor))};
  }
  template <class V>
  TENON_FN static Scaled<V> fold(const simd::lane_t<V>* p, index_t stride, index_t n) {
    V top = simd::load<V>(p);
    for (index_t i = 1; i < n; ++i) {
      const V x = simd::load<V>(p + i * stride);
      top = simd::select(x > top, x, top);
    }
    const V zero = shift(top);
    V sum = V{};
    for (index_t i = 0; i < n; ++i) sum = sum + exp_normal(V(simd::load<V>(p + i * stride) - zero));
    return {simd::select(top == top, top, reduction_bound<V, false>()), sum};
  }
  template <class V>
  TENON_FN static Scaled<simd::lane_t<V>> joined(const Scaled<V>& s) {
    const auto highest = simd::reduce_max(s.top);
    const V top = simd::broadcast<V>(highest), one = reduction_constant<V>(1);
    const V factor = simd::select(s.top == top, one, exp_normal(V(s.top - top)));
    return {highest, simd::reduce_add(V(s.sum * factor))};
  }
  /// The logarithm that a state stands for.
  template <class V>
  TENON_FN static V value(const Scaled<V>& s) {
    const V zero = reduction_constant<V>(0), one = reduction_constant<V>(1);
    const auto empty = s.sum == zero;
    return simd::select(empty, reduction_bound<V, false>(), V(shift(s.top) + log(simd::select(empty, one, s.sum))));
  }
  template <class R, class V>
  TENON_FN static R finish(const Scaled<V>& s, index_t) {
    return static_cast<R>(value(s));
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over&) {
    x.add(g * where(y == lit(-__builtin_huge_val()), lit(0), exp(x.value - y)));
  }

 private:
  // What exponents are taken relative to: an infinite top would give inf - inf.
  template <class V>
  TENON_FN static V shift(V top) {
    const V zero = reduction_constant<V>(0);
    return simd::select(lanewise::both(top<reduction_bound<V, true>(), top> reduction_bound<V, false>()), top, zero);
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
