// tenon/ops/reduction_norms.hpp: vector norms.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No norm overflows or underflows on the way to a result that can be represented. The Euclidean norm sums squares in
// three accumulators, of scaled-down large, plain, and scaled-up small elements (J. L. Blue, A portable Fortran program
// to find the Euclidean norm of a vector, 1978; scales of powers of two, so scaling is exact).
#pragma once
#include <tenon/ops/power.hpp>
#include <tenon/ops/reduction.hpp>
#include <tenon/ops/reduction_extrema.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class D>
struct Norm : Reduction<D> {
  static constexpr OnComplex on_complex = OnComplex::values;
  static constexpr bool of_moduli = true;
  template <class T>
  using number = compute_t<fractional_t<T>>;
  template <class T>
  using result = fractional_t<T>;
  template <class V>
  TENON_FN static V neutral() {
    return reduction_constant<V>(0);
  }
};

// Squares of elements in [small, large], of larger ones times `down` and of smaller ones times `up` neither overflow
// nor lose digits, even summed over 2^20 (float) or 2^50 (double) elements.
template <class B>
struct BlueScales {
  static constexpr double large = 0x1p52, down = 0x1p-76, small = 0x1p-51, up = 0x1p100;
};
template <>
struct BlueScales<double> {
  static constexpr double large = 0x1p485, down = 0x1p-538, small = 0x1p-485, up = 0x1p900;
};
}  // namespace detail

namespace op {

/// Sum of absolute values, 0 when there are none. Derivative sign(x), 0 at 0.
struct NormL1 : tenon::detail::Norm<NormL1> {
  static constexpr FixedString name{"norm_l1"};
  static constexpr bool finishes_packs = true;
  static constexpr FixedString onnx{"ReduceL1"};
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(0);
  }
  template <class V, class I>
  TENON_FN static V lift(V x, I) {
    return abs(x);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return a + b;
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y&, const G& g, X& x, const Over&) {
    x.add(g * sign(x.value));
  }
};

/// Largest absolute value, 0 when there are no elements, NaN if there is one. Derivative sign(x) for the first such
/// element.
struct NormInf : tenon::detail::Norm<NormInf> {
  static constexpr FixedString name{"norm_inf"};
  static constexpr bool rounds = false, keeps_first = true, finishes_packs = true;
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(0);
  }
  template <class V, class I>
  TENON_FN static V lift(V x, I) {
    return abs(x);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return Max::combine(a, b);
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over& over) {
    over.groups(y, g, x, [](const auto& best, const auto& gradient, index_t n, const auto& at, const auto& add) {
      for (index_t i = 0; i < n; ++i) {
        const auto e = at(i);
        if (abs(e) == best || e != e) return add(i, gradient * sign(e));
      }
    });
  }
};

/// Euclidean norm, 0 when there are no elements. Derivative x / norm, 0 where the norm is 0.
struct NormL2 : tenon::detail::Norm<NormL2> {
  static constexpr FixedString name{"norm_l2"};
  static constexpr bool finishes_packs = true;
  static constexpr FixedString onnx{"ReduceL2"};
  template <class V>
  struct Squares {
    V small, plain, large;
    template <class F>
    TENON_FN auto map(const F& f) const {
      return Squares<bare_t<decltype(f(plain))>>{f(small), f(plain), f(large)};
    }
  };
  template <class V>
  using state = Squares<V>;
  template <class V>
  TENON_FN static Squares<V> identity() {
    const V zero = reduction_constant<V>(0);
    return {zero, zero, zero};
  }
  template <class V, class I>
  TENON_FN static Squares<V> lift(V x, I) {
    using Scale = tenon::detail::BlueScales<base_t<simd::lane_t<V>>>;
    const V zero = reduction_constant<V>(0);
    const V size = abs(x);
    const auto large = size > reduction_constant<V>(Scale::large), small = size < reduction_constant<V>(Scale::small);
    // Chosen before they are scaled and squared: what is not chosen could overflow, which constant evaluation forbids.
    const V up = simd::select(small, x, zero) * reduction_constant<V>(Scale::up);
    const V down = simd::select(large, x, zero) * reduction_constant<V>(Scale::down);
    const V plain = simd::select(lanewise::either(small, large), zero, x);
    return {V(up * up), V(plain * plain), V(down * down)};
  }
  template <class V>
  TENON_FN static Squares<V> combine(const Squares<V>& a, const Squares<V>& b) {
    return {V(a.small + b.small), V(a.plain + b.plain), V(a.large + b.large)};
  }
  /// Plain squares as long as that is safe for every lane.
  template <class V>
  TENON_FN static Squares<V> fold(const simd::lane_t<V>* p, index_t stride, index_t n) {
    using Scale = tenon::detail::BlueScales<base_t<simd::lane_t<V>>>;
    V sum[4] = {V{}, V{}, V{}, V{}};
    index_t i = 0;
    for (; i + 4 <= n; i += 4)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) {
        const V x = simd::load<V>(p + (i + u) * stride);
        sum[u] = sum[u] + x * x;
      }
    for (; i < n; ++i) {
      const V x = simd::load<V>(p + i * stride);
      sum[0] = sum[0] + x * x;
    }
    const V total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    // A sum this large has lost nothing that matters to squares of elements below `small`.
    const auto safe =
        lanewise::both(total<reduction_constant<V>(Scale::large * Scale::large), total> reduction_constant<V>(
            Scale::small * Scale::small * 0x1p40));
    const V zero = reduction_constant<V>(0);
    if (all_set(safe)) return {zero, total, zero};
    Squares<V> s = identity<V>();
    for (i = 0; i < n; ++i) s = combine(s, lift(V(simd::load<V>(p + i * stride)), 0));
    return s;
  }
  template <class R, class V>
  TENON_FN static R finish(const Squares<V>& s, index_t count) {
    const V zero = reduction_constant<V>(0);
    if constexpr (simd::is_pack<V>) {
      if (all_set(s.large + s.small == zero)) return V(sqrt(s.plain));
      V r;
      for (int l = 0; l < simd::lanes<V>; ++l) {
        const auto lane = s.map([l](const V& v) { return simd::lane_t<V>(v[l]); });
        r[l] = finish<simd::lane_t<V>>(lane, count);
      }
      return r;
    } else {
      return finish_one<R>(s);
    }
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over&) {
    x.add(where(y == lit(0), lit(0), g) * (x.value / where(y == lit(0), lit(1), y)));
  }

 private:
  template <class R, class V>
  TENON_FN static R finish_one(const Squares<V>& s) {
    using Scale = tenon::detail::BlueScales<base_t<V>>;
    const V zero = reduction_constant<V>(0);
    if (s.large > zero) {
      const V scale = reduction_constant<V>(Scale::down);
      return static_cast<R>(V(sqrt(V(s.large + s.plain * scale * scale)) / scale));
    }
    if (s.small > zero) {
      const V scale = reduction_constant<V>(Scale::up);
      if (!(s.plain == zero)) return static_cast<R>(V(sqrt(V(s.plain + s.small / scale / scale))));
      return static_cast<R>(V(sqrt(s.small) / scale));
    }
    if (s.plain == zero) return static_cast<R>(zero + s.large);
    return static_cast<R>(V(sqrt(s.plain)) + s.large);
  }
  template <class M>
  TENON_FN static bool all_set(M mask) {
    if constexpr (simd::is_pack<M>) {
      return simd::all(mask);
    } else {
      return mask;
    }
  }
};

/// The p-norm with p = Num / Den, (sum |x|^p)^(1/p); 0 when there are no elements. Derivative
/// sign(x) (|x| / norm)^(p-1), 0 where the norm is 0.
template <int Num, int Den>
struct NormP : tenon::detail::Norm<NormP<Num, Den>> {
  static_assert(Den > 0 && Num >= Den, "tenon: the order of a norm is at least 1");
  static constexpr FixedString name{"norm_p"};
  static constexpr double p = static_cast<double>(Num) / Den;
  template <class V>
  struct Scaled {
    V top, sum;  // sum of (|x| / top)^p
    template <class F>
    TENON_FN auto map(const F& f) const {
      return Scaled<bare_t<decltype(f(top))>>{f(top), f(sum)};
    }
  };
  template <class V>
  using state = Scaled<V>;
  template <class V>
  TENON_FN static Scaled<V> identity() {
    return {reduction_constant<V>(0), reduction_constant<V>(0)};
  }
  template <class V, class I>
  TENON_FN static Scaled<V> lift(V x, I) {
    const V zero = reduction_constant<V>(0), size = abs(x);
    return {size, simd::select(size == zero, zero, reduction_constant<V>(1))};
  }
  template <class V>
  TENON_FN static Scaled<V> combine(const Scaled<V>& a, const Scaled<V>& b) {
    const V zero = reduction_constant<V>(0), one = reduction_constant<V>(1);
    const auto larger = Max::combine(a.top, b.top) == a.top;
    const V top = simd::select(larger, a.top, b.top), low = simd::select(larger, b.top, a.top);
    // NaN in either place makes the factor NaN; equal tops, zero and infinite ones among them, need no scaling.
    const V ratio = low / simd::select(top == low, one, top);
    V power = simd::select(ratio == zero, one, ratio);
    raise_to_power(power);
    const V factor = simd::select(top == low, one, simd::select(ratio == zero, zero, power));
    return {top, simd::select(larger, V(a.sum + b.sum * factor), V(b.sum + a.sum * factor))};
  }
  // A call: a power is long, and is needed in many places.
  template <class V>
  [[gnu::noinline]] static constexpr void raise_to_power(V& x) {
    x = pow(x, reduction_constant<V>(p));
  }
  template <class R, class V>
  TENON_FN static R finish(const Scaled<V>& s, index_t) {
    const V zero = reduction_constant<V>(0);
    if (s.top == zero) return static_cast<R>(zero);
    return static_cast<R>(V(s.top * pow(s.sum, reduction_constant<V>(1 / p))));
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over&) {
    const auto length = where(y == lit(0), lit(1), y);
    x.add(where(y == lit(0), lit(0), g) * sign(x.value) * pow(abs(x.value) / length, lit(p - 1)));
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
