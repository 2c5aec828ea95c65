// tenon/tensor/random.hpp: random tensors that have the same bits on every machine: uniform, normal, integers, choices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Rng rng{42};
//   auto a = uniform<float>(rng, n, m);        // in [0, 1)
//   auto b = normal<float, 3, 4>(rng);
//   fill_normal(rng, weights, 0, 0.1);         // into an existing tensor or view; allocates nothing
// Element k of a draw is a pure function of the generator's state and k (Philox4x32-10): neither threads nor vector
// width change it. A draw advances the generator by a whole number of blocks of four words; a copy repeats it.
#pragma once
#include <tenon/math/philox.hpp>
#include <tenon/math/reproducible.hpp>
#include <tenon/tensor/create.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A counter-based random number generator; copies continue alike, `split` and `fold_in` give independent ones.
class Rng {
 public:
  using result_type = unsigned;

  /// The sequence of a seed.
  constexpr explicit Rng(unsigned long long seed = 0) : seed_(seed) {}

  /// A generator independent of this one and of all others split off before; advances this one.
  constexpr Rng split() { return derived(splits | position_++); }
  /// The generator that belongs to number n (a worker, a layer, a step), whatever was drawn before.
  constexpr Rng fold_in(unsigned long long n) const { return derived(folds | (n & ~folds)); }

  /// 32 random bits; with `min` and `max` this makes it a uniform random bit generator of the standard library.
  constexpr unsigned operator()() {
    const unsigned word = block(0).word[0];
    skip(1);
    return word;
  }
  static constexpr unsigned min() { return 0; }
  static constexpr unsigned max() { return ~0u; }

  /// The four words of the i-th block from here.
  constexpr math::PhiloxCounter block(index_t i) const {
    return math::philox4x32(position_ + static_cast<unsigned long long>(i), stream_, seed_);
  }
  constexpr void skip(index_t blocks) { position_ += static_cast<unsigned long long>(blocks); }

  constexpr bool operator==(const Rng&) const = default;

 private:
  // Draws count below 2^62, children are numbered above, so that no block serves both.
  static constexpr unsigned long long folds = 1ull << 63, splits = 1ull << 62;
  constexpr Rng derived(unsigned long long number) const {
    const math::PhiloxCounter w = math::philox4x32(number, stream_, seed_);
    Rng r((static_cast<unsigned long long>(w.word[1]) << 32) | w.word[0]);
    r.stream_ = (static_cast<unsigned long long>(w.word[3]) << 32) | w.word[2];
    return r;
  }

  unsigned long long seed_ = 0, stream_ = 0, position_ = 0;
};

namespace detail {

template <class R>
concept generator = __is_same(bare_t<R>, Rng);
// What can be filled: a named tensor, or a view.
template <class X>
concept fillable = (owning_tensor<X> && is_lvalue<X>) || view_like<X>;

// Gives each element of `target`, in row-major order, f(words): Words (1, 2 or 4) random words of its own.
template <int Words, class X, class F>
constexpr void draw(Rng& rng, X& target, const F& f) {
  static_assert(!is_taped<typename X::value_type>,
                "tenon: random numbers are drawn into plain tensors, not taped ones");
  constexpr int each = 4 / Words;
  const index_t n = target.size(), blocks = (n + each - 1) / each;
  const StridedMap m = target.map();
  const int inner = m.extents.rank - 1;
  auto* p = target.data();
  Dims i;
  index_t offset = 0;
  for (index_t b = 0, k = 0; b < blocks; ++b) {
    const math::PhiloxCounter words = rng.block(b);
    for (int e = 0; e < each && k < n; ++e, ++k) {
      p[offset] = f(words.word + e * Words);
      for (int a = inner; a >= 0; --a) {
        offset += m.strides.d[a];
        if (++i.d[a] < m.extents.d[a]) break;
        offset -= m.strides.d[a] * m.extents.d[a];
        i.d[a] = 0;
      }
    }
  }
  rng.skip(blocks);
}

// Words that one number of type T takes.
template <class T>
inline constexpr int words_for = sizeof(T) == 8 ? 2 : 1;

// In [0, 1): as many bits as T holds exactly.
template <class T>
constexpr T unit_interval(const unsigned* w) {
  static_assert(is_floating<T>, "tenon: uniform and normal random numbers are floating-point");
  if constexpr (__is_same(T, double)) {
    return math::uniform_double(w[0], w[1]);
  } else if constexpr (__is_same(T, float)) {
    return math::uniform_float(w[0]);
  } else {
    constexpr int digits = __is_same(T, half) ? 11 : 8;
    return T(static_cast<float>(w[0] >> (32 - digits)) / static_cast<float>(1 << digits));
  }
}
// In (0, 1/2) with a sign: the argument of the normal quantile's lower half.
struct HalfInterval {
  double p;
  bool upper;
};
template <class T>
constexpr HalfInterval half_interval(const unsigned* w) {
  if constexpr (words_for<T> == 2) {
    const unsigned long long bits = (static_cast<unsigned long long>(w[0] & 0x7fffffffu) << 21) | (w[1] >> 11);
    return {(static_cast<double>(bits) + 0.5) * 0x1p-53, (w[0] >> 31) != 0};
  } else {
    return {(static_cast<double>(w[0] & 0x7fffffffu) + 0.5) * 0x1p-32, (w[0] >> 31) != 0};
  }
}
template <class T>
constexpr double standard_normal(const unsigned* w) {
  const HalfInterval h = half_interval<T>(w);
  const double x = math::reproducible_quantile_lower(h.p);
  return h.upper ? -x : x;
}
// The p of reproducible_quantile(p) = x, by bisection: exact enough, the same everywhere, once a draw.
constexpr double normal_cumulative(double x) {
  if (x < -8) return 0x1p-52;
  if (x > 8) return 1 - 0x1p-52;
  double lo = 0, hi = 1;
  for (int i = 0; i < 60; ++i) {
    const double mid = (lo + hi) * 0.5;
    (mid < 1 && math::reproducible_quantile(mid) < x ? lo : hi) = mid;
  }
  return hi;
}
// floor(w * n / 2^64) for the 64-bit number w: uniform in [0, n) but for a bias below n / 2^64.
constexpr unsigned long long scaled_word(const unsigned* w, unsigned long long n) {
  const unsigned long long n0 = n & 0xffffffffu, n1 = n >> 32;
  const unsigned long long carry = (w[1] * n0) >> 32;
  const unsigned long long mid = w[0] * n0 + carry, low = w[1] * n1 + (mid & 0xffffffffu);
  return w[0] * n1 + (mid >> 32) + (low >> 32);
}
template <class V>
constexpr void check_probability(V p) {
  expect<value_error>(p >= V(0) && p <= V(1), "tenon: bernoulli: a probability lies outside of [0, 1]");
}

}  // namespace detail

// ---- filling existing tensors --------------------------------------------------------------------------------------

/// Uniform in [lo, hi) into a tensor or view.
template <detail::generator R, detail::fillable X>
constexpr void fill_uniform(R&& rng, X&& target, double lo = 0, double hi = 1) {
  using T = typename bare_t<X>::value_type;
  using C = compute_t<T>;
  static_assert(is_floating<T>, "tenon: uniform and normal random numbers are floating-point");
  const double width = hi - lo;
  detail::draw<detail::words_for<T>>(rng, target, [&](const unsigned* w) {
    if (lo == 0 && hi == 1) return detail::unit_interval<T>(w);
    const T x = static_cast<T>(math::fused(static_cast<double>(detail::unit_interval<C>(w)), width, lo));
    return static_cast<double>(x) < hi || width <= 0 ? x : static_cast<T>(lo);  // rounding may reach hi
  });
}
/// Normal with the given mean and standard deviation into a tensor or view. Each number is the quantile of one uniform
/// number: of 32 bits (up to 6.3 standard deviations), of 53 for double. Of a complex number, both parts are normal and
/// independent, with half of the variance each.
template <detail::generator R, detail::fillable X>
constexpr void fill_normal(R&& rng, X&& target, double mean = 0, double deviation = 1) {
  using T = typename bare_t<X>::value_type;
  if constexpr (is_complex<T>) {
    using Part = real_t<T>;
    constexpr int words = detail::words_for<Part>;
    const double part = deviation * 0.7071067811865476;
    detail::draw<2 * words>(rng, target, [&](const unsigned* w) {
      return T(static_cast<Part>(math::fused(detail::standard_normal<Part>(w), part, mean)),
               static_cast<Part>(detail::standard_normal<Part>(w + words) * part));
    });
  } else {
    static_assert(is_floating<T>, "tenon: uniform and normal random numbers are floating-point");
    detail::draw<detail::words_for<T>>(rng, target, [&](const unsigned* w) {
      return static_cast<T>(math::fused(detail::standard_normal<T>(w), deviation, mean));
    });
  }
}
/// Normal, but only between mean + lo * deviation and mean + hi * deviation.
template <detail::generator R, detail::fillable X>
constexpr void fill_truncated_normal(R&& rng, X&& target, double mean = 0, double deviation = 1, double lo = -2,
                                     double hi = 2) {
  using T = typename bare_t<X>::value_type;
  static_assert(is_floating<T>, "tenon: uniform and normal random numbers are floating-point");
  expect<value_error>(lo < hi, "tenon: truncated_normal: the lower bound is not below the upper one");
  const double first = detail::normal_cumulative(lo), width = detail::normal_cumulative(hi) - first;
  detail::draw<2>(rng, target, [&](const unsigned* w) {
    double x = math::reproducible_quantile(math::fused(math::uniform_double(w[0], w[1]) + 0x1p-54, width, first));
    x = x < lo ? lo : x > hi ? hi : x;
    return static_cast<T>(math::fused(x, deviation, mean));
  });
}
/// True (1) with probability p, else false (0), into a tensor or view.
template <detail::generator R, detail::fillable X>
constexpr void fill_bernoulli(R&& rng, X&& target, double p) {
  using T = typename bare_t<X>::value_type;
  detail::check_probability(p);
  const double limit = p * 0x1p32;
  detail::draw<1>(rng, target, [&](const unsigned* w) { return static_cast<T>(static_cast<double>(w[0]) < limit); });
}
/// Integers in [lo, hi) into a tensor or view; value_error if there are none.
template <detail::generator R, detail::fillable X>
constexpr void fill_randint(R&& rng, X&& target, index_t lo, index_t hi) {
  using T = typename bare_t<X>::value_type;
  expect<value_error>(lo < hi, "tenon: randint: the lower bound is not below the upper one");
  const auto first = static_cast<unsigned long long>(lo);
  const unsigned long long n = static_cast<unsigned long long>(hi) - first;
  detail::draw<2>(rng, target, [&](const unsigned* w) {
    return static_cast<T>(static_cast<index_t>(first + detail::scaled_word(w, n)));
  });
}

// ---- new tensors ---------------------------------------------------------------------------------------------------

/// Uniform in [0, 1): `uniform<float>(rng, n, m)`, `uniform<float, 3, 4>(rng)`.
template <class T, index_t... E, detail::generator R, class... I>
constexpr auto uniform(R&& rng, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  fill_uniform(rng, r);
  return r;
}
/// Normal with mean 0 and variance 1.
template <class T, index_t... E, detail::generator R, class... I>
constexpr auto normal(R&& rng, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  fill_normal(rng, r);
  return r;
}
/// Normal with mean 0 and variance 1, but only between -2 and 2.
template <class T, index_t... E, detail::generator R, class... I>
constexpr auto truncated_normal(R&& rng, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  fill_truncated_normal(rng, r);
  return r;
}
/// True with probability p: `bernoulli(rng, 0.5, n)`; `bernoulli<float, 3>(rng, 0.5)` gives ones and zeros.
template <class T = bool, index_t... E, detail::generator R, class... I>
constexpr auto bernoulli(R&& rng, double p, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  fill_bernoulli(rng, r, p);
  return r;
}
/// True with the probability that each element of p states.
template <detail::generator R, expression P>
auto bernoulli(R&& rng, P&& p) {
  using B = typename bare_t<P>::value_type;
  return [&]<index_t... E>(Extents<E...>) {
    const Tensor<B, E...> chance(static_cast<P&&>(p));
    auto r = detail::create_like<bool>(chance.extents());
    const B* q = chance.data();
    detail::draw<1>(rng, r, [&](const unsigned* w) {
      const double limit = static_cast<double>(*q++);
      detail::check_probability(limit);
      return static_cast<double>(w[0]) < limit * 0x1p32;
    });
    return r;
  }
  (extents_t<P>{});
}
/// Integers in [lo, hi): `randint<int>(rng, 0, 10, n)`, `randint<int, 3>(rng, 0, 10)`.
template <class T, index_t... E, detail::generator R, class... I>
constexpr auto randint(R&& rng, index_t lo, index_t hi, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  fill_randint(rng, r, lo, hi);
  return r;
}

}  // namespace TENON_ABI
}  // namespace tenon
