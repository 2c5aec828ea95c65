// tenon/exec/cpu/fold.hpp: folds elements in cache into states of a reduction: along rows, and down columns.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a reduction op compiles to is a table of a few functions over raw memory; the loops that call them (reduce.hpp)
// are shared by all ops. States of blocks are joined like the carries of a binary counter.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>

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
  // Equal numbers with different derivatives are not the same: the first one must stay.
  static constexpr bool in_order = Op::keeps_first && !is_plain<N>;

  /// The state of x; its index is that of its first lane along a row (step > 1), of all lanes down a column.
  template <class P>
  TENON_INLINE static auto lifted(P x, index_t first, index_t step) {
    if constexpr (!Op::indexed) {
      return Op::lift(x, 0);
    } else if constexpr (!simd::is_pack<P>) {
      return Op::lift(x, first);
    } else {
      using Index = typename FoldedIndex<N>::type;
      using I = simd::rebind_t<P, Index>;
      const I index = simd::broadcast<I>(static_cast<Index>(first));
      return Op::lift(x, step > 1 ? I(index + simd::iota<I>()) : index);
    }
  }
  /// n packs, `stride` elements apart; the first has index `first`, each further one `step` more.
  template <class P>
  TENON_INLINE static auto packs(const N* p, index_t stride, index_t n, index_t first, index_t step) {
    if constexpr (requires { Op::template fold<P>(p, stride, n); }) {
      return Op::template fold<P>(p, stride, n);
    } else {
      // Index of a pack: in its lanes along a row (step > 1), the same in all of them down a column.
      const auto get = [&](index_t i) { return lifted(simd::load<P>(p + i * stride), first + i * step, step); };
      auto s = get(0);
      index_t i = 1;
      if (!in_order && n >= 8) {
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
    } else {
      return lane_of(s, l);
    }
  }
  /// All lanes joined, halves first.
  TENON_INLINE static S joined(const SV& s) {
    if constexpr (requires { Op::joined(s); }) {
      return Op::joined(s);
    } else {
      return join_halves<W>(s);
    }
  }

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
      return Op::combine(lane_of(s, 0), lane_of(s, 1));
    } else if constexpr (Lanes == 1) {
      return s;
    }
  }
  template <class State>
  TENON_INLINE static S lane_of(const State& s, int l) {
    if constexpr (simd::is_pack<State>) {
      return static_cast<S>(s[l]);
    } else {
      return s.map([l](const auto& v) { return simd::lane_t<bare_t<decltype(v)>>(v[l]); });
    }
  }
};

/// Columns that are being folded; the states are in `levels`, level after level, `packs` of them in each.
struct Columns {
  char* levels;
  index_t columns, packs;
  int chain = 0;                                            // blocks in level 0 so far
  unsigned long long chains = 0;                            // full chains: bit l is set when level l + 1 is in use
  static constexpr int blocks_in_chain = 8, most_rows = 8;  // of a chain, of a block
};

/// What executors need to know of an op: sizes, and functions over buffer elements.
struct FoldKernel {
  index_t bytes, lanes, pack_state_bytes, pack_state_alignment, total_bytes;
  bool indexed;   // indices or counts are kept, of 32 bits in lanes
  bool in_order;  // elements must come in their order
  /// m results, each from n elements in a row; rows are `pitch` apart, results `out_stride`; n fits into one chunk.
  void (*rows)(const void* p, index_t pitch, index_t n, index_t m, void* out, index_t out_stride, index_t count);
  /// One result from many chunks: `start`, then `add` (the first of n elements is the index-th), then `end`.
  void (*start)(void* total);
  void (*add)(void* total, const void* p, index_t n, index_t index);
  void (*end)(const void* total, void* out, index_t count);
  /// n more rows of columns; `padded`: a pack may be read past the end of a row.
  void (*columns)(Columns& c, const void* p, index_t pitch, index_t n, index_t index, bool padded);
  void (*finish)(Columns& c, void* out, index_t out_stride, index_t count);
  /// As finish, where column j belongs to result j % results; `rest` holds further rows, of `results` elements each.
  void (*finish_together)(Columns& c, index_t results, const void* rest, index_t rows, void* out, index_t out_stride,
                          index_t count);
};

namespace detail {

template <class Op, class S>
struct Pairwise {
  S level[48];
  unsigned long long blocks;
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

template <bool Indexed, class S, class SV>
struct KeptState {
  using type = SV;
};
template <class S, class SV>
struct KeptState<true, S, SV> {
  using type = S;
};

template <class Op, class B, class R>
struct Folds {
  using F = Fold<Op, B>;
  using N = typename F::N;
  using V = typename F::V;
  using S = typename F::S;
  using SV = typename F::SV;
  static constexpr index_t W = F::W;
  // Lanes hold 32-bit indices and counts, so those are joined chunk by chunk.
  using Kept = typename KeptState<Op::indexed, S, SV>::type;
  struct Total {
    Pairwise<Op, Kept> packs;
    Pairwise<Op, S> single;
  };

  // The last elements of a row, fewer than a pack, filled up with elements that change nothing.
  TENON_INLINE static bool tail_fills_pack(index_t rest) { return F::has_neutral && rest > 2; }
  TENON_INLINE static SV tail_pack(const N* p, index_t rest, index_t index) {
    V v = simd::load_partial<V>(p, rest);
    if constexpr (F::has_neutral) v = simd::select(simd::first_lanes<V>(rest), v, Op::template neutral<V>());
    return F::lifted(v, index, W);
  }
  TENON_INLINE static S row(const N* p, index_t n, index_t index) {
    if constexpr (W == 1) {
      return F::template packs<N>(p, 1, n, index, 1);
    } else {
      if constexpr (requires { Op::template line<V>(p, n); })
        if (n >= W) return Op::moved(Op::template line<V>(p, n), index);
      const index_t whole = n / W, rest = n % W;
      if (whole == 0 && !tail_fills_pack(rest)) return F::template packs<N>(p, 1, n, index, 1);
      SV s = whole > 0 ? F::template packs<V>(p, W, whole, index, W) : tail_pack(p, rest, index);
      if (rest == 0 || whole == 0) return F::joined(s);
      if (tail_fills_pack(rest)) return F::joined(Op::combine(s, tail_pack(p + whole * W, rest, index + whole * W)));
      return Op::combine(F::joined(s), F::template packs<N>(p + whole * W, 1, rest, index + whole * W, 1));
    }
  }

  static void rows(const void* memory, index_t pitch, index_t n, index_t m, void* out, index_t out_stride,
                   index_t count) {
    const N* p = static_cast<const N*>(memory);
    for (index_t i = 0; i < m; ++i)
      static_cast<R*>(out)[i * out_stride] = Op::template finish<R>(row(p + i * pitch, n, 0), count);
  }
  static void start(void* total) {
    static_cast<Total*>(total)->packs.blocks = 0;
    static_cast<Total*>(total)->single.blocks = 0;
  }
  static void add(void* total, const void* memory, index_t n, index_t index) {
    Total& t = *static_cast<Total*>(total);
    const N* p = static_cast<const N*>(memory);
    if constexpr (Op::indexed) {
      t.packs.push(Op::moved(row(p, n, 0), index));
    } else {
      const index_t whole = n / W, rest = n % W;
      if (whole > 0) t.packs.push(F::template packs<V>(p, W, whole, 0, W));
      if constexpr (W > 1) {
        if (rest == 0) return;
        if (tail_fills_pack(rest)) {
          t.packs.push(tail_pack(p + whole * W, rest, 0));
        } else {
          t.single.push(F::template packs<N>(p + whole * W, 1, rest, 0, 1));
        }
      }
    }
  }
  static void end(const void* total, void* out, index_t count) {
    const Total& t = *static_cast<const Total*>(total);
    S s = Op::template identity<N>();
    if (t.packs.blocks != 0) {
      if constexpr (Op::indexed) {
        s = t.packs.total();
      } else {
        s = F::joined(t.packs.total());
      }
    }
    if (t.single.blocks != 0) s = t.packs.blocks != 0 ? Op::combine(s, t.single.total()) : t.single.total();
    *static_cast<R*>(out) = Op::template finish<R>(s, count);
  }

  // As a whole a struct of packs would go through memory once more, in narrower pieces.
  TENON_INLINE static SV by_packs(const SV& s) {
    return F::mapped(s, [](const auto& v) { return v; });
  }
  TENON_INLINE static SV state(Columns& c, int l, index_t k) { return by_packs(level(c, l)[k]); }
  static SV* level(Columns& c, int l) { return reinterpret_cast<SV*>(c.levels) + l * c.packs; }
  static void carry(Columns& c) {
    SV* s = level(c, 0);
    int l = 1;
    for (unsigned long long b = c.chains; b & 1; b >>= 1, ++l)
      for (index_t k = 0; k < c.packs; ++k) s[k] = Op::combine(state(c, l, k), state(c, 0, k));
    for (index_t k = 0; k < c.packs; ++k) level(c, l)[k] = state(c, 0, k);
    ++c.chains;
    c.chain = 0;
  }
  TENON_INLINE static void put(SV& to, bool first, const N* p, index_t pitch, index_t n, index_t index) {
    if constexpr (requires { Op::extended(to, p, pitch, n, index); }) {
      if (!first) {
        to = Op::extended(by_packs(to), p, pitch, n, index);
        return;
      }
    }
    const SV s = F::template packs<V>(p, pitch, n, index, 1);
    if (first) {
      to = s;
    } else {
      to = Op::combine(by_packs(to), s);
    }
  }
  [[gnu::noinline]] static void columns(Columns& c, const void* memory, index_t pitch, index_t n, index_t index,
                                        bool padded) {
    const N* p = static_cast<const N*>(memory);
    const bool first = c.chain == 0;
    const index_t rest = c.columns - (c.packs - 1) * W, whole = padded || rest == W ? c.packs : c.packs - 1;
    for (index_t k = 0; k < whole; ++k) put(level(c, 0)[k], first, p + k * W, pitch, n, index);
    if constexpr (W > 1)
      if (whole < c.packs) {
        N staged[Columns::most_rows * W] = {};
        for (index_t i = 0; i < n; ++i)
          simd::store(staged + i * W, simd::load_partial<V>(p + whole * W + i * pitch, rest));
        put(level(c, 0)[whole], first, staged, W, n, index);
      }
    ++c.chain;
    if constexpr (Op::rounds)
      if (c.chain == Columns::blocks_in_chain) carry(c);
  }
  static void total_columns([[maybe_unused]] Columns& c) {
    if constexpr (!Op::rounds) return;
    if (c.chains == 0) return;  // all in the first chain
    if (c.chain > 0) carry(c);
    int l = __builtin_ctzll(c.chains) + 1;
    SV* s = level(c, 0);
    for (index_t k = 0; k < c.packs; ++k) s[k] = state(c, l, k);
    for (unsigned long long b = c.chains >> l; b; b >>= 1)
      if (++l; b & 1)
        for (index_t k = 0; k < c.packs; ++k) s[k] = Op::combine(state(c, l, k), state(c, 0, k));
  }
  // The results of a pack of states; in halves where they are wider than a register.
  template <class State>
  TENON_INLINE static void finish_pack(const State& s, R* to, index_t out_stride, index_t lanes, index_t count) {
#if !defined(__CUDACC__)
    const auto result_of = [&](const auto& part) {
      return Op::template finish<simd::pack<R, simd::native_lanes<R>>>(part, count);
    };
    if constexpr (sizeof(R) > sizeof(N)) {
      const index_t low = W / 2;
      store_results(to, result_of(F::mapped(s, [](const auto& v) { return simd::low_half(v); })), out_stride,
                    lanes < low ? lanes : low);
      if (lanes > low)
        store_results(to + low * out_stride, result_of(F::mapped(s, [](const auto& v) { return simd::high_half(v); })),
                      out_stride, lanes - low);
    } else {
      store_results(to, result_of(s), out_stride, lanes);
    }
#endif
  }
  template <class Results>
  TENON_INLINE static void store_results(R* to, Results r, index_t out_stride, index_t lanes) {
    if (out_stride == 1) {
      simd::store_partial(to, r, lanes);
    } else {
      for (int l = 0; l < lanes; ++l) to[l * out_stride] = r[l];
    }
  }
  static void finish(Columns& c, void* out, index_t out_stride, index_t count) {
    total_columns(c);
    R* to = static_cast<R*>(out);
    for (index_t k = 0; k < c.packs; ++k) {
      const SV s = state(c, 0, k);
      const index_t from = k * W, lanes = c.columns - from < W ? c.columns - from : W;
      if constexpr (Op::finishes_packs && W > 1 && (__is_same(R, N) || Op::indexed)) {
        finish_pack(s, to + from * out_stride, out_stride, lanes, count);
      } else {
        for (int l = 0; l < lanes; ++l) to[(from + l) * out_stride] = Op::template finish<R>(F::lane(s, l), count);
      }
    }
  }
  static void finish_together(Columns& c, index_t results, const void* rest, index_t rows, void* out,
                              index_t out_stride, index_t count) {
    total_columns(c);
    const N* p = static_cast<const N*>(rest);
    for (index_t r = 0; r < results; ++r) {
      S s = F::lane(level(c, 0)[r / W], static_cast<int>(r % W));
      for (index_t j = r + results; j < c.columns; j += results)
        s = Op::combine(s, F::lane(level(c, 0)[j / W], static_cast<int>(j % W)));
      for (index_t i = 0; i < rows; ++i) s = Op::combine(s, Op::lift(p[i * results + r], 0));
      static_cast<R*>(out)[r * out_stride] = Op::template finish<R>(s, count);
    }
  }
};

}  // namespace detail

/// The functions of Op on buffer elements B, with results of type R.
template <class Op, class B, class R>
inline constexpr FoldKernel fold_kernel = {sizeof(typename detail::Folds<Op, B, R>::N),
                                           detail::Folds<Op, B, R>::W,
                                           sizeof(typename detail::Folds<Op, B, R>::SV),
                                           alignof(typename detail::Folds<Op, B, R>::SV),
                                           sizeof(typename detail::Folds<Op, B, R>::Total),
                                           Op::indexed,
                                           Op::indexed || detail::Folds<Op, B, R>::F::in_order,
                                           detail::Folds<Op, B, R>::rows,
                                           detail::Folds<Op, B, R>::start,
                                           detail::Folds<Op, B, R>::add,
                                           detail::Folds<Op, B, R>::end,
                                           detail::Folds<Op, B, R>::columns,
                                           detail::Folds<Op, B, R>::finish,
                                           detail::Folds<Op, B, R>::finish_together};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
