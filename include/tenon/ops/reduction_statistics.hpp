// tenon/ops/reduction_statistics.hpp: variance and standard deviation.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state is a mean, the sum of squared distances from it, and the number of elements; of complex numbers squared
// distances are |x - mean|^2, and the result is real. Squares are summed around an
// estimate of the mean, and blocks join by the update of T. F. Chan, G. H. Golub and R. J. LeVeque (Updating formulae
// and a pairwise algorithm for computing sample variances, 1979), so nothing cancels however far the data are from
// zero.
#pragma once
#include <tenon/ops/power.hpp>
#include <tenon/ops/reduction.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class V>
struct Moments {
  V mean, squares;  // squares: the sum of |x - mean|^2
  index_t count;
  template <class F>
  TENON_FN auto map(const F& f) const {
    return Moments<bare_t<decltype(f(mean))>>{f(mean), f(squares), count};
  }
};

// a b, of complex numbers the real part of a conj(b).
template <class V>
TENON_FN V real_product(V a, V b) {
  if constexpr (is_complex<V>)
    return V(a.real() * b.real() + a.imag() * b.imag(), 0);
  else
    return V(a * b);
}
template <class V>
TENON_FN auto real_part(V v) {
  if constexpr (is_complex<V>)
    return v.real();
  else
    return v;
}

// Sums of more and more elements around a number near them, on their way to be moments.
template <class V>
struct SumsAround {
  V near, sum, squares;  // of x - near, and of |x - near|^2
};

// Joins moments of so many elements.
template <class V>
struct Joining {
  V share, weight;
  index_t count;
  TENON_FN Joining(index_t a, index_t b) : count(a + b) {
    const double part = static_cast<double>(b) / static_cast<double>(count);
    share = reduction_constant<V>(part);
    weight = reduction_constant<V>(static_cast<double>(a) * part);
  }
  TENON_FN Moments<V> operator()(const Moments<V>& a, const Moments<V>& b) const {
    const V delta = b.mean - a.mean;
    return {V(a.mean + delta * share), V(a.squares + b.squares + real_product(delta, delta) * weight), count};
  }
};

template <class D>
struct Spread : Reduction<D> {
  static constexpr OnComplex on_complex = OnComplex::values;
  template <class T>
  using number = mean_number_t<T>;
  template <class T>
  using result = real_t<fractional_t<T>>;
  template <class V>
  using state = Moments<V>;
  template <class V>
  TENON_FN static Moments<V> identity() {
    return {reduction_constant<V>(0), reduction_constant<V>(0), 0};
  }
  template <class V, class I>
  TENON_FN static Moments<V> lift(V x, I) {
    return {x, reduction_constant<V>(0), 1};
  }
  template <class V>
  TENON_FN static Moments<V> combine(const Moments<V>& a, const Moments<V>& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    return Joining<V>(a.count, b.count)(a, b);
  }
  /// What combines states that have as many elements as these, and some.
  template <class V>
  TENON_FN static Joining<V> joining(const Moments<V>& a, const Moments<V>& b) {
    return {a.count, b.count};
  }
  template <class V>
  TENON_FN static Moments<V> fold(const simd::lane_t<V>* p, index_t stride, index_t n) {
    return ended(started<V>(p, stride, n), n);
  }
  /// What a chain of rows is until it ends: its further elements need no mean of those so far.
  template <class V>
  using chain = SumsAround<V>;
  /// Of n packs: squares are summed around the mean of the first ones, which is near enough that nothing cancels. (What
  /// does is at most N / m times the sum that is left of N elements, where m of them gave the mean.)
  template <class V>
  TENON_FN static SumsAround<V> started(const simd::lane_t<V>* p, index_t stride, index_t n) {
    const index_t first = n < 8 ? n : 8;
    V sum = simd::load<V>(p);
    if (n >= 8) {
      const auto at = [&](index_t i) { return simd::load<V>(p + i * stride); };
      sum = ((sum + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)));
    } else {
      for (index_t i = 1; i < first; ++i) sum = sum + simd::load<V>(p + i * stride);
    }
    return around(V(sum * reduction_constant<V>(1 / static_cast<double>(first))), p, stride, n);
  }
  /// n packs more.
  template <class V>
  TENON_FN static SumsAround<V> continued(const SumsAround<V>& s, const simd::lane_t<V>* p, index_t stride, index_t n) {
    const SumsAround<V> more = around(s.near, p, stride, n);
    return {more.near, V(s.sum + more.sum), V(s.squares + more.squares)};
  }
  /// The same around the mean of all elements so far.
  template <class V>
  TENON_FN static SumsAround<V> settled(const SumsAround<V>& s, index_t count) {
    const Moments<V> m = ended(s, count);
    return {m.mean, reduction_constant<V>(0), m.squares};
  }
  /// The state of a chain of so many elements.
  template <class V>
  TENON_FN static Moments<V> ended(const SumsAround<V>& s, index_t count) {
    const V off = s.sum * reduction_constant<V>(1 / static_cast<double>(count));
    return {V(s.near + off), V(s.squares - real_product(off, s.sum)), count};
  }

  /// All lanes, which have the same count: squares around the first lane's mean, which is as near to the others as they
  /// are to each other, so that both sums are under way together.
  template <class V>
  requires(simd::is_pack<V>) TENON_FN static Moments<simd::lane_t<V>> joined(const Moments<V>& s) {
    using T = simd::lane_t<V>;
    const T near = s.mean[0], count = static_cast<T>(s.count);
    const V delta = s.mean - near;
    const T sum = simd::reduce_add(delta), squares = simd::reduce_add(V(s.squares + delta * delta * count));
    const T off = sum * static_cast<T>(1.0 / simd::lanes<V>);
    return {near + off, squares - off * sum * count, s.count * simd::lanes<V>};
  }

 protected:
  template <class V>
  TENON_FN static SumsAround<V> around(V near, const simd::lane_t<V>* p, index_t stride, index_t n) {
    const V zero = reduction_constant<V>(0);
    V sum[4] = {zero, zero, zero, zero}, squares[4] = {zero, zero, zero, zero};
    const auto distance = [&](index_t i) __attribute__((always_inline)) {
      return V(simd::load<V>(p + i * stride) - near);
    };
    const auto add = [&](index_t i, int u) __attribute__((always_inline)) {
      const V d = distance(i);
      sum[u] = sum[u] + d;
      squares[u] = squares[u] + real_product(d, d);
    };
    index_t i = 0;
    if (n >= 4) {
#pragma GCC unroll 4
      for (; i < 4; ++i) {
        sum[i] = distance(i);
        squares[i] = real_product(sum[i], sum[i]);
      }
    }
    if (n == 8) {  // of columns: no loop
#pragma GCC unroll 4
      for (; i < 8; ++i) add(i, static_cast<int>(i - 4));
    }
    for (; i + 4 <= n; i += 4)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) add(i + u, u);
    for (; i < n; ++i) add(i, 0);
    // One behind the other, so that of four packs each square is multiplied and added at once.
    return {near, V((sum[0] + sum[1]) + (sum[2] + sum[3])), V(squares[0] + (squares[1] + (squares[2] + squares[3])))};
  }
  // The divisor of the sum of squares, never negative.
  TENON_FN static double degrees(index_t count, int ddof) {
    return count > ddof ? static_cast<double>(count - ddof) : 0.0;
  }
};

}  // namespace detail

namespace op {

/// Variance: the sum of squared distances |x - mean|^2 over (count - Ddof), NaN where that is 0.
template <int Ddof>
struct Var : tenon::detail::Spread<Var<Ddof>> {
  static constexpr FixedString name{"var"};
  static constexpr bool finishes_packs = true;
  template <class R, class V>
  TENON_FN static R finish(const tenon::detail::Moments<V>& s, index_t count) {
    const auto squares = tenon::detail::real_part(s.squares);
    using N = bare_t<decltype(squares)>;
    return static_cast<R>(N(squares / reduction_constant<N>(Var::degrees(count, Ddof))));
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y&, const G& g, X& x, const Over& over) {
    x.add(g * (2 / Var::degrees(over.count(), Ddof)) * (x.value - over.mean(x.value)));
  }
};

/// Standard deviation: the square root of the variance; its derivative is 0 where it is 0.
template <int Ddof>
struct Std : tenon::detail::Spread<Std<Ddof>> {
  static constexpr FixedString name{"std"};
  template <class R, class V>
  TENON_FN static R finish(const tenon::detail::Moments<V>& s, index_t count) {
    const auto squares = tenon::detail::real_part(s.squares);
    using N = bare_t<decltype(squares)>;
    const N v = N(squares / reduction_constant<N>(Std::degrees(count, Ddof)));
    if (v == reduction_constant<N>(0)) return static_cast<R>(reduction_constant<N>(0));
    return static_cast<R>(N(sqrt(v)));
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over& over) {
    const auto slope = g * (1 / Std::degrees(over.count(), Ddof)) / where(y == lit(0), lit(1), y);
    x.add(where(y == lit(0), lit(0), slope) * (x.value - over.mean(x.value)));
  }
};

/// The mean, and as second result what D, Var or Std, makes of the same state.
template <class D>
struct MeanAnd : tenon::detail::Spread<MeanAnd<D>> {
  static constexpr FixedString name{"mean_var"};
  static constexpr OnComplex on_complex = OnComplex::refused;  // the two results would differ in type
  static constexpr bool has_second = true, finishes_packs = D::finishes_packs;
  template <class R, class V>
  TENON_FN static R finish(const tenon::detail::Moments<V>& s, index_t count) {
    const V nothing = reduction_constant<V>(0) / reduction_constant<V>(static_cast<double>(count));
    return static_cast<R>(V(s.mean + nothing));  // no mean of no elements
  }
  template <class R, class V>
  TENON_FN static R second(const tenon::detail::Moments<V>& s, index_t count) {
    return D::template finish<R>(s, count);
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
