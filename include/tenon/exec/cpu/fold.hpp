// tenon/exec/cpu/fold.hpp: folds elements in cache into states of a reduction: along rows, and down columns.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

// Bools are folded as the bytes that they are.
template <class B>
struct FoldedAs {
  using type = B;
};
template <>
struct FoldedAs<bool> {
  using type = unsigned char;
};
template <class N, int W>
struct FoldedPack {
  using type = simd::pack<N, W>;
};
template <class N>
struct FoldedPack<N, 1> {
  using type = N;
};

// The index of an element in a lane as wide as the element's, or 32 bits.
template <class N>
struct FoldedIndex {
  using type = index_t;
};
template <class N>
requires(is_real<N>) struct FoldedIndex<N> {
  using type = simd::int_of<sizeof(N) < 4 ? 4 : static_cast<int>(sizeof(N))>;
};

/// Op's states over buffer elements B: S of one number N, SV of a pack V of W numbers.
template <class Op, class B>
struct Fold {
  using N = typename FoldedAs<B>::type;
  static constexpr int W = is_real<N> ? simd::native_lanes<N> : 1;
  using V = typename FoldedPack<N, W>::type;
  using S = typename Op::template state<N>;
  using SV = typename Op::template state<V>;
  static constexpr bool has_neutral = requires { Op::template neutral<V>(); };

  /// n packs, `stride` elements apart; the first has index `first`, each further one `step` more.
  template <class P>
  TENON_INLINE static auto packs(const N* p, index_t stride, index_t n, index_t first, index_t step) {
    if constexpr (requires { Op::template fold<P>(p, stride, n); }) {
      return Op::template fold<P>(p, stride, n);
    } else {
      // Index of a pack: in its lanes along a row (step > 1), the same in all of them down a column.
      const auto get = [&](index_t i) {
        const P x = simd::load<P>(p + i * stride);
        if constexpr (!Op::indexed) {
          return Op::lift(x, 0);
        } else if constexpr (!simd::is_pack<P>) {
          return Op::lift(x, first + i * step);
        } else {
          using Index = typename FoldedIndex<N>::type;
          using I = simd::rebind_t<P, Index>;
          const I index = simd::broadcast<I>(static_cast<Index>(first + i * step));
          return Op::lift(x, step > 1 ? I(index + simd::iota<I>()) : index);
        }
      };
      auto s = get(0);
      index_t i = 1;
      if (n >= 8) {
        auto a = get(1), b = get(2), c = get(3);
        for (i = 4; i + 4 <= n; i += 4) {
          s = Op::combine(s, get(i));
          a = Op::combine(a, get(i + 1));
          b = Op::combine(b, get(i + 2));
          c = Op::combine(c, get(i + 3));
        }
        s = Op::combine(Op::combine(s, a), Op::combine(b, c));
      }
      for (; i < n; ++i) s = Op::combine(s, get(i));
      return s;
    }
  }
  /// The state of one lane, or of half of the lanes.
  template <class State, class G>
  TENON_INLINE static auto mapped(const State& s, const G& f) {
    if constexpr (requires { s.map(f); }) {
      return s.map(f);
    } else {
      return f(s);
    }
  }
  TENON_INLINE static S lane(const SV& s, int l) {
    if constexpr (W == 1) {
      return s;
    } else if constexpr (requires { s.map([](auto v) { return v; }); }) {
      return s.map([l](const auto& v) { return simd::lane_t<bare_t<decltype(v)>>(v[l]); });
    } else {
      return static_cast<S>(s[l]);
    }
  }
  /// All lanes joined, halves first.
  TENON_INLINE static S joined(const SV& s) { return join_halves<W>(s); }

 private:
  template <int Lanes, class State>
  TENON_INLINE static S join_halves(const State& s) {
#if !defined(__CUDACC__)
    if constexpr (Lanes > 2) {
      const auto low = mapped(s, [](const auto& v) { return simd::low_half(v); });
      const auto high = mapped(s, [](const auto& v) { return simd::high_half(v); });
      return join_halves<Lanes / 2>(Op::combine(low, high));
    }
#endif
    if constexpr (Lanes == 2) {
      return Op::combine(two_lane<State>(s, 0), two_lane<State>(s, 1));
    } else if constexpr (Lanes == 1) {
      return s;
    }
  }
  template <class State>
  TENON_INLINE static S two_lane(const State& s, int l) {
    if constexpr (requires { s.map([](auto v) { return v; }); }) {
      return s.map([l](const auto& v) { return simd::lane_t<bare_t<decltype(v)>>(v[l]); });
    } else {
      return static_cast<S>(s[l]);
    }
  }
};

/// States of equal-sized blocks, joined like the carries of a binary counter.
template <class Op, class S>
struct Pairwise {
  S level[48];
  unsigned long long blocks = 0;
  void push(S s) {
    int l = 0;
    for (unsigned long long b = blocks; b & 1; b >>= 1) s = Op::combine(level[l++], s);
    level[l] = s;
    ++blocks;
  }
  S total() const {
    int l = __builtin_ctzll(blocks);
    S s = level[l];
    for (unsigned long long b = blocks >> l >> 1; b; b >>= 1)
      if (++l; b & 1) s = Op::combine(level[l], s);
    return s;
  }
};

/// One result from chunks of contiguous elements.
template <class Op, class B>
class Total {
  using F = Fold<Op, B>;
  using N = typename F::N;
  static constexpr int W = F::W;

 public:
  /// n more elements, the first of them the `index`-th.
  [[gnu::noinline]] void add(const N* p, index_t n, index_t index) {
    const index_t whole = n / W, rest = n % W;
    if (whole > 0) packs_.push(F::template packs<typename F::V>(p, W, whole, index, W));
    if constexpr (W > 1) {
      if (rest == 0) return;
      p += whole * W;
      index += whole * W;
      if constexpr (F::has_neutral)
        if (rest > 2) {
          N last[W];
          simd::store(last, Op::template neutral<typename F::V>());
          for (index_t i = 0; i < rest; ++i) last[i] = p[i];
          return packs_.push(F::template packs<typename F::V>(last, W, 1, index, W));
        }
      single_.push(F::template packs<N>(p, 1, rest, index, 1));
    }
  }
  typename F::S state() const {
    if (single_.blocks == 0) return packs_.blocks == 0 ? Op::template identity<N>() : F::joined(packs_.total());
    return packs_.blocks == 0 ? single_.total() : Op::combine(F::joined(packs_.total()), single_.total());
  }

 private:
  Pairwise<Op, typename F::SV> packs_;
  Pairwise<Op, typename F::S> single_;
};

/// Results of many columns, from blocks of rows.
template <class Op, class B>
class Columns {
  using F = Fold<Op, B>;
  using N = typename F::N;
  using SV = typename F::SV;
  static constexpr index_t W = F::W;
  static constexpr int blocks_in_chain = 8;

 public:
  /// Room for `columns` columns and `blocks` blocks of rows.
  Columns(index_t columns, index_t blocks) : packs_((columns + W - 1) / W) {
    int levels = 2;
    for (index_t b = blocks / blocks_in_chain; b > 0; b /= 2) ++levels;
    const size_t bytes = static_cast<size_t>(levels * packs_) * sizeof(SV);
    if (bytes <= sizeof(few_)) {
      states_ = reinterpret_cast<SV*>(few_);
    } else {
      many_ = tenon::detail::BlockRef(bytes);
      states_ = reinterpret_cast<SV*>(many_.data());
    }
  }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;

  void start(index_t columns) {
    columns_ = columns;
    chain_ = 0;
    chains_ = 0;
  }
  /// n more rows, `pitch` elements apart, the first of them the `index`-th; `padded`: a pack may be read past the end.
  [[gnu::noinline]] void add(const N* p, index_t pitch, index_t n, index_t index, bool padded) {
    const index_t whole = columns_ / W, rest = columns_ % W;
    for (index_t k = 0; k < whole; ++k) put(k, F::template packs<typename F::V>(p + k * W, pitch, n, index, 1));
    if (rest > 0) {
      p += whole * W;
      if (padded) {
        put(whole, F::template packs<typename F::V>(p, pitch, n, index, 1));
      } else {
        N staged[8 * W] = {};
        for (index_t i = 0; i < n; ++i)
          for (index_t j = 0; j < rest; ++j) staged[i * W + j] = p[i * pitch + j];
        put(whole, F::template packs<typename F::V>(staged, W, n, index, 1));
      }
    }
    if (++chain_ == blocks_in_chain) carry();
  }
  /// Calls f(column, state) for each column.
  template <class G>
  void finish(const G& f) {
    if (chain_ > 0 || chains_ == 0) carry();
    for (index_t k = 0; k * W < columns_; ++k) {
      int l = __builtin_ctzll(chains_);
      SV s = level(l)[k];
      for (unsigned long long b = chains_ >> l >> 1; b; b >>= 1)
        if (++l; b & 1) s = Op::combine(level(l)[k], s);
      for (index_t j = 0; j < W && k * W + j < columns_; ++j) f(k * W + j, F::lane(s, static_cast<int>(j)));
    }
  }

 private:
  SV* level(int l) { return states_ + (l + 1) * packs_; }
  void put(index_t k, const SV& s) { states_[k] = chain_ == 0 ? s : Op::combine(states_[k], s); }
  void carry() {
    int l = 0;
    for (unsigned long long b = chains_; b & 1; b >>= 1, ++l)
      for (index_t k = 0; k * W < columns_; ++k) states_[k] = Op::combine(level(l)[k], states_[k]);
    for (index_t k = 0; k * W < columns_; ++k) level(l)[k] = states_[k];
    ++chains_;
    chain_ = 0;
  }

  index_t packs_, columns_ = 0;
  int chain_ = 0;
  unsigned long long chains_ = 0;
  SV* states_;
  tenon::detail::BlockRef many_{};
  alignas(alignment) char few_[8192];
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
