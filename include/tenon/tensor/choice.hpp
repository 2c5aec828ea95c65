// tenon/tensor/choice.hpp: random choices: categories, permutations, shuffling.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Tensor<index_t, dyn> token = categorical(rng, logits);    // one for each row of the last axis
//   Tensor<index_t, dyn> order = permutation(rng, n);
// The same on every machine for a seed, like all of tensor/random.hpp.
#pragma once
#include <tenon/tensor/random.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class E>
struct WithoutLast {
  static constexpr Dims value() { return without(E::static_dims()); }
  static constexpr Dims without(Dims d) {
    --d.rank;
    return d;
  }
};
// For each row of the last axis of x: pick(row, n).
template <class X, class F>
auto choose_rows(X&& x, const F& pick) {
  using B = typename bare_t<X>::value_type;
  using E = extents_t<X>;
  static_assert(E::rank >= 1, "tenon: categorical: the last axis counts the categories");
  using Rows = WithoutLast<E>;
  return [&]<index_t... D>(Extents<D...>) {
    const Tensor<B, D...> values(static_cast<X&&>(x));
    const auto rows = extents_from<Rows>::from(Rows::without(values.dims()));
    const index_t n = values.extent(-1);
    expect<value_error>(n > 0 || rows.size() == 0, "tenon: categorical: there are no categories");
    auto r = create_like<index_t>(rows);
    for (index_t i = 0; i < r.size(); ++i) r.data()[i] = pick(values.data() + i * n, n);
    return r;
  }
  (E{});
}
}  // namespace detail

/// One category for each row of the last axis, with probability proportional to exp(logit): the largest of logits plus
/// independent Gumbel noise. Shape: that of the logits without its last axis.
template <detail::generator R, expression X>
auto categorical(R&& rng, X&& logits) {
  Rng& source = rng;
  index_t word = 0;
  math::PhiloxCounter words{};
  auto r = detail::choose_rows(static_cast<X&&>(logits), [&](const auto* row, index_t n) {
    index_t best = 0;
    double largest = 0;
    for (index_t c = 0; c < n; ++c, ++word) {
      if (word % 2 == 0) words = source.block(word / 2);
      const unsigned* w = words.word + word % 2 * 2;
      const double u = math::positive_uniform_double(w[0], w[1]) - 0x1p-54;  // in (0, 1)
      const double value = static_cast<double>(row[c]) - math::reproducible_log(-math::reproducible_log(u));
      if (c == 0 || value > largest) {
        best = c;
        largest = value;
      }
    }
    return best;
  });
  source.skip((word + 1) / 2);
  return r;
}
/// One category for each row of the last axis, with probability proportional to the weights, which are not negative and
/// not all 0 (value_error).
template <detail::generator R, expression X>
auto categorical_from_weights(R&& rng, X&& weights) {
  Rng& source = rng;
  return detail::choose_rows(static_cast<X&&>(weights), [&](const auto* row, index_t n) {
    double total = 0;
    for (index_t c = 0; c < n; ++c) {
      expect<value_error>(static_cast<double>(row[c]) >= 0, "tenon: categorical: a weight is negative or NaN");
      total += static_cast<double>(row[c]);
    }
    expect<value_error>(total > 0 && total < limits<double>::infinity(), "tenon: categorical: the weights have no sum");
    const unsigned high = source.block(0).word[0], low = source.block(0).word[1];
    source.skip(1);
    const double at = math::uniform_double(high, low) * total;
    double sum = 0;
    index_t last = 0;
    for (index_t c = 0; c < n; ++c) {
      if (!(static_cast<double>(row[c]) > 0)) continue;
      last = c;
      sum += static_cast<double>(row[c]);
      if (at < sum) break;
    }
    return last;
  });
}

namespace detail {
// A uniform integer in [0, n) from one block.
constexpr index_t pick_below(Rng& rng, index_t n) {
  const math::PhiloxCounter w = rng.block(0);
  rng.skip(1);
  return static_cast<index_t>(scaled_word(w.word, static_cast<unsigned long long>(n)));
}
}  // namespace detail

/// The numbers 0 to n - 1 in random order (Fisher and Yates).
template <detail::generator R>
Tensor<index_t, dyn> permutation(R&& rng, index_t n) {
  Tensor<index_t, dyn> r = arange(n);
  for (index_t i = n - 1; i > 0; --i) {
    const index_t j = detail::pick_below(rng, i + 1), t = r.data()[i];
    r.data()[i] = r.data()[j];
    r.data()[j] = t;
  }
  return r;
}
/// Puts the slices of x along axis 0 in random order, in place.
template <detail::generator R, detail::fillable X>
constexpr void shuffle(R&& rng, X&& x) {
  static_assert(bare_t<X>::rank >= 1, "tenon: shuffle: there is no axis to shuffle");
  for (index_t i = x.extents()[0] - 1; i > 0; --i) {
    const index_t j = detail::pick_below(rng, i + 1);
    if (i == j) continue;
    auto a = row(x, i), b = row(x, j);
    const StridedMap m = a.map();
    Dims at;
    for (index_t k = 0, n = a.size(), offset = 0; k < n; ++k) {
      const auto t = a.data()[offset];
      a.data()[offset] = b.data()[offset];
      b.data()[offset] = t;
      for (int axis = m.extents.rank - 1; axis >= 0; --axis) {
        offset += m.strides.d[axis];
        if (++at.d[axis] < m.extents.d[axis]) break;
        offset -= m.strides.d[axis] * m.extents.d[axis];
        at.d[axis] = 0;
      }
    }
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
