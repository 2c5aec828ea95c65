// tenon/exec/cpu/fold.hpp: folds elements in cache into states of a reduction: along rows, and down columns.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a reduction op compiles to is a table of a few functions over raw memory; the loops that call them, in
// reduce_loops.hpp, are shared by all ops. States of blocks are joined like the carries of a binary counter.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/exec/cpu/fold_state.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Columns that are being folded; the states are in `levels`, level after level, `packs` of them in each.
struct Columns {
  char* levels;
  index_t columns, packs;
  index_t rows = 0;               // in level 0 so far: a chain, which is full after so many
  unsigned long long chains = 0;  // full chains: bit l is set when level l + 1 is in use
  static constexpr index_t long_chain = 64, short_chain = 32;
  static constexpr int most_rows = 8;  // of a block
};

/// How results lie, and what they are made from.
struct Results {
  index_t stride;     // in elements, from one to the next
  index_t count;      // elements that go into each
  index_t plane = 0;  // elements from the first to the second result, of an op that has two
};

/// What executors need to know of an op: sizes, and functions over buffer elements.
struct FoldKernel {
  index_t bytes, lanes, pack_state_bytes, pack_state_alignment, level_bytes;
  bool indexed;   // indices or counts are kept, of 32 bits in lanes
  bool in_order;  // elements must come in their order
  /// m results, each from n elements in a row; rows are `pitch` apart; n fits into one chunk.
  void (*rows)(const void* p, index_t pitch, index_t n, index_t m, void* out, const Results& results);
  /// One result from fewer than 2^levels chunks: `start`, then `add` (the first of n elements is the index-th), then
  /// `end`. The total takes total_bytes(levels).
  void (*start)(void* total, int levels);
  void (*add)(void* total, const void* p, index_t n, index_t index);
  void (*end)(const void* total, void* out, const Results& results);
  /// As if the chunks of `more` had been added to the total, which has a multiple of a power of two of them that is at
  /// least their number.
  void (*join)(void* total, const void* more);
  /// n more rows of columns; `padded`: a pack may be read past the end of a row.
  void (*columns)(Columns& c, const void* p, index_t pitch, index_t n, index_t index, bool padded);
  void (*finish)(Columns& c, void* out, const Results& results);
  /// As finish, where column j belongs to result j % n; `rest` holds further rows, of n elements each.
  void (*finish_together)(Columns& c, index_t n, const void* rest, index_t rows, void* out, const Results& results);

  index_t total_bytes(int levels) const {
    constexpr index_t line = static_cast<index_t>(alignment);
    return (line + levels * level_bytes + line - 1) / line * line;
  }
};

// Levels of a total of so many chunks.
inline int levels_for(index_t chunks) { return chunks > 0 ? 64 - __builtin_clzll(static_cast<size_t>(chunks)) : 1; }

namespace detail {

template <class Op, class S>
struct Pairwise {
  S* level;
  unsigned long long blocks;
  // Of 2^l blocks, which follow a multiple of so many.
  void push(S s, int l = 0) {
    const unsigned long long pushed = 1ull << l;
    for (unsigned long long b = blocks >> l; b & 1; b >>= 1) s = Op::combine(level[l++], s);
    level[l] = s;
    blocks += pushed;
  }
  void append(const Pairwise& o) {
    for (unsigned long long b = o.blocks; b;) {
      const int l = 63 - __builtin_clzll(b);
      push(o.level[l], l);
      b -= 1ull << l;
    }
  }
  S total() const {
    int l = __builtin_ctzll(blocks);
    S s = level[l];
    for (unsigned long long b = blocks >> l >> 1; b; b >>= 1)
      if (++l; b & 1) s = Op::combine(level[l], s);
    return s;
  }
};

// Whether an op has two results: `finish` gives the first, `second` the other one.
template <class Op>
inline constexpr bool has_second = requires {
  requires Op::has_second;
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
  static constexpr bool has_line = requires(const N* p) { Op::template line<V>(p, index_t{}); };
  // Lanes hold 32-bit indices and counts, so those are joined chunk by chunk.
  using Kept = typename KeptState<Op::indexed, S, SV>::type;
  struct Total {
    Pairwise<Op, Kept> packs;
    Pairwise<Op, S> single;
  };

  // As a whole a struct of packs would go through memory once more, in narrower pieces.
  TENON_INLINE static SV by_packs(const SV& s) {
    return F::mapped(s, [](const auto& v) { return v; });
  }
  // The last elements of a row, fewer than a pack, filled up with elements that change nothing.
  TENON_INLINE static bool tail_fills_pack(index_t rest) { return F::has_neutral && rest > 2; }
  TENON_INLINE static SV tail_pack(const N* p, index_t rest, index_t index) {
    V v = simd::load_partial<V>(p, rest);
    if constexpr (F::has_neutral) v = simd::select(simd::first_lanes<V>(rest), v, Op::template neutral<V>());
    return F::lifted(v, index, W);
  }
  // Whole packs of a row of n >= W, and its tail if that fills a pack; then all lanes, and the tail if it did not.
  TENON_INLINE static SV lanes_of_row(const N* p, index_t n, index_t index) {
    const index_t whole = n / W;
    if constexpr (F::has_neutral) {
      if (const index_t rest = n % W; tail_fills_pack(rest))
        return Op::combine(F::template packs<V>(p, W, whole, index, W),
                           tail_pack(p + whole * W, rest, index + whole * W));
    }
    return F::template packs<V>(p, W, whole, index, W);
  }
  TENON_INLINE static S end_of_row(S s, const N* p, index_t n, index_t index) {
    const index_t rest = n % W, done = n - rest;
    if (rest == 0 || tail_fills_pack(rest)) return s;
    return Op::combine(s, F::template packs<N>(p + done, 1, rest, index + done, 1));
  }
  TENON_INLINE static S row(const N* p, index_t n, index_t index) {
    if constexpr (W == 1) {
      return F::template packs<N>(p, 1, n, index, 1);
    } else {
      if constexpr (has_line)
        if (n >= W) return Op::moved(Op::template line<V>(p, n), index);
      if (n >= W) return end_of_row(F::joined(lanes_of_row(p, n, index)), p, n, index);
      if (tail_fills_pack(n)) return F::joined(tail_pack(p, n, index));
      return F::template packs<N>(p, 1, n, index, 1);
    }
  }

  TENON_INLINE static void put_result(R* to, const S& s, const Results& results) {
    *to = Op::template finish<R>(s, results.count);
    if constexpr (has_second<Op>) to[results.plane] = Op::template second<R>(s, results.count);
  }
  static void rows(const void* memory, index_t pitch, index_t n, index_t m, void* out, const Results& results) {
    const N* p = static_cast<const N*>(memory);
    R* const to = static_cast<R*>(out);
    if constexpr (W > 1 && !has_line && !simd::is_pack<SV>) {
      // Lanes of states of several packs take long to join: some rows are folded before, so that joins overlap.
      constexpr index_t most = 4;
      alignas(SV) char memory_of_states[most * sizeof(SV)];
      SV* const some = reinterpret_cast<SV*>(memory_of_states);
      for (index_t i = 0; n >= W && i < m; i += most) {
        const index_t k = m - i < most ? m - i : most;
        for (index_t j = 0; j < k; ++j) some[j] = lanes_of_row(p + (i + j) * pitch, n, 0);
        for (index_t j = 0; j < k; ++j)
          put_result(to + (i + j) * results.stride, end_of_row(F::joined(by_packs(some[j])), p + (i + j) * pitch, n, 0),
                     results);
      }
      if (n >= W) return;
    }
    for (index_t i = 0; i < m; ++i) put_result(to + i * results.stride, row(p + i * pitch, n, 0), results);
  }
  static void start(void* total, int levels) {
    static_assert(sizeof(Total) <= alignment && sizeof(Kept) % alignof(S) == 0);
    Kept* const packs = reinterpret_cast<Kept*>(static_cast<char*>(total) + alignment);
    *static_cast<Total*>(total) = {{packs, 0}, {reinterpret_cast<S*>(packs + levels), 0}};
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
  static void end(const void* total, void* out, const Results& results) {
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
    put_result(static_cast<R*>(out), s, results);
  }

  static void join(void* total, const void* more) {
    Total& t = *static_cast<Total*>(total);
    const Total& m = *static_cast<const Total*>(more);
    t.packs.append(m.packs);
    t.single.append(m.single);
  }

  TENON_INLINE static SV state(Columns& c, int l, index_t k) { return by_packs(level(c, l)[k]); }
  static SV* level(Columns& c, int l) { return reinterpret_cast<SV*>(c.levels) + l * c.packs; }
  // States of packs that hold as many elements, those before in `a`.
  static void combine_all(SV* to, const SV* a, const SV* b, index_t packs) {
    if constexpr (requires { Op::combine_all(to, a, b, packs); }) {
      Op::combine_all(to, a, b, packs);
    } else {
      for (index_t k = 0; k < packs; ++k) to[k] = Op::combine(by_packs(a[k]), by_packs(b[k]));
    }
  }
  // The first level that is not in use: the chain in level 0 goes there, joined with those of all levels below.
  static int free_level(const Columns& c) { return 1 + __builtin_ctzll(~c.chains); }
  static void carry(Columns& c, index_t from = 0) {
    const int to = free_level(c);
    SV* const s = level(c, to) + from;
    if (to == 1)
      for (index_t k = from; k < c.packs; ++k) level(c, 1)[k] = state(c, 0, k);
    for (int l = 1; l < to; ++l) combine_all(s, level(c, l) + from, l == 1 ? level(c, 0) + from : s, c.packs - from);
    ++c.chains;
    c.rows = 0;
  }
  // States of one number go from row to row as these lie in memory, in chains that are short: each row rounds. Others
  // take less to be extended by some rows than to be read and written for each; four rows are as many streams as
  // prefetchers follow well.
  static constexpr bool extends = requires(const SV& s, const N* p) { Op::extended(s, p, 0, 0, 0, 0); };
  static constexpr bool row_by_row = simd::is_pack<SV> && !extends && !requires(const N* p) {
    Op::template fold<V>(p, 0, 0);
  };
  static constexpr index_t chain = row_by_row ? Columns::short_chain : Columns::long_chain;
  static constexpr index_t at_once = extends ? 4 : Columns::most_rows;
  static constexpr index_t wide = 32;  // packs of a row from which on walking it pays
  // The state of n rows after those of `to`, `before` in number.
  TENON_INLINE static SV more(const SV& to, const N* p, index_t pitch, index_t n, index_t index,
                              [[maybe_unused]] index_t before) {
    if constexpr (extends) {
      return Op::extended(by_packs(to), p, pitch, n, index, before);
    } else if constexpr (row_by_row) {
      SV s = to;
      for (index_t i = 0; i < n; ++i) s = Op::combine(s, Op::lift(simd::load<V>(p + i * pitch), 0));
      return s;
    } else {
      return Op::combine(by_packs(to), F::template packs<V>(p, pitch, n, index, 1));
    }
  }
  // The state of n rows.
  TENON_INLINE static SV first(const N* p, index_t pitch, index_t n, index_t index) {
    if constexpr (row_by_row) {
      return more(Op::lift(simd::load<V>(p), 0), p + pitch, pitch, n - 1, index + 1, 1);
    } else {
      return F::template packs<V>(p, pitch, n, index, 1);
    }
  }
  // Rows one after the other, so many packs of each. The prefetchers of some cores fall behind such a walk, and a pass
  // of its own for what is carried would keep memory waiting: a chain's last row takes it along.
  static void walk(Columns& c, const N* p, index_t pitch, index_t n, index_t packs) {
    SV* const s = level(c, 0);
    const bool full = Op::rounds && c.rows + n >= chain;
    const auto each = [&](index_t i, const auto& put) __attribute__((always_inline)) {
      constexpr index_t ahead = 1024;  // bytes
      const N* const row = p + i * pitch;
#pragma GCC unroll 4
      for (index_t k = 0; k < packs; ++k) {
        __builtin_prefetch(reinterpret_cast<const char*>(row + k * W) + ahead);
        put(k, Op::lift(simd::load<V>(row + k * W), 0));
      }
    };
    index_t i = 0;
    if (c.rows == 0) each(i++, [&](index_t k, const SV& x) { s[k] = x; });
    for (; i + full < n; ++i) each(i, [&](index_t k, const SV& x) { s[k] = Op::combine(s[k], x); });
    if (i == n) return;
    SV* const to = level(c, free_level(c));
    each(i, [&](index_t k, const SV& x) {
      SV v = Op::combine(s[k], x);
      for (SV* l = s + c.packs; l < to; l += c.packs) v = Op::combine(l[k], v);
      to[k] = v;
    });
  }
  [[gnu::noinline]] static void columns(Columns& c, const void* memory, index_t pitch, index_t n, index_t index,
                                        bool padded) {
    const N* p = static_cast<const N*>(memory);
    const index_t rest = c.columns - (c.packs - 1) * W, whole = padded || rest == W ? c.packs : c.packs - 1;
    SV* const s = level(c, 0);
    const index_t before = c.rows;
    const bool walks = row_by_row && whole >= wide;
    if constexpr (row_by_row)
      if (walks) walk(c, p, pitch, n, whole);
    if (!walks) {
      index_t i = 0;  // rows done
      if (before == 0) {
        i = n;
        for (index_t k = 0; k < whole; ++k) s[k] = first(p + k * W, pitch, n, index);
      }
      for (; i + at_once <= n; i += at_once)  // a constant, which unrolls the loops over rows
        for (index_t k = 0; k < whole; ++k)
          s[k] = more(s[k], p + i * pitch + k * W, pitch, at_once, index + i, before + i);
      if (i < n)
        for (index_t k = 0; k < whole; ++k)
          s[k] = more(s[k], p + i * pitch + k * W, pitch, n - i, index + i, before + i);
    }
    if constexpr (W > 1)
      if (whole < c.packs) {
        N staged[Columns::most_rows * W] = {};
        for (index_t r = 0; r < n; ++r)
          simd::store(staged + r * W, simd::load_partial<V>(p + whole * W + r * pitch, rest));
        s[whole] = before == 0 ? first(staged, W, n, index) : more(s[whole], staged, W, n, index, before);
      }
    c.rows += n;
    if constexpr (Op::rounds)
      if (c.rows >= chain) carry(c, walks ? whole : 0);
  }
  static void total_columns([[maybe_unused]] Columns& c) {
    if constexpr (!Op::rounds) return;
    if (c.chains == 0) return;  // all in the first chain
    if (c.rows > 0) carry(c);
    int l = __builtin_ctzll(c.chains) + 1;
    SV* s = level(c, 0);
    for (index_t k = 0; k < c.packs; ++k) s[k] = state(c, l, k);
    for (unsigned long long b = c.chains >> l; b; b >>= 1)
      if (++l; b & 1) combine_all(s, level(c, l), s, c.packs);
  }
  static void finish(Columns& c, void* out, const Results& results) {
    total_columns(c);
    for (index_t k = 0; k < c.packs; ++k) {
      const SV s = state(c, 0, k);
      const index_t from = k * W, lanes = c.columns - from < W ? c.columns - from : W;
      R* to = static_cast<R*>(out) + from * results.stride;
      if constexpr (Op::finishes_packs && W > 1 && (__is_same(R, N) || Op::indexed)) {
        put_pack(to, s, lanes, results);
      } else {
        for (int l = 0; l < lanes; ++l) put_result(to + l * results.stride, F::lane(s, l), results);
      }
    }
  }
  // The results of a pack of states; in halves where they are wider than a register.
  template <class State>
  TENON_INLINE static void put_pack(R* to, const State& s, index_t lanes, const Results& results) {
#if !defined(__CUDACC__)
    if constexpr (sizeof(R) > sizeof(N) && __is_same(State, SV)) {
      const index_t low = lanes < W / 2 ? lanes : W / 2;
      put_pack(to, F::mapped(s, [](const auto& v) { return simd::low_half(v); }), low, results);
      put_pack(to + low * results.stride, F::mapped(s, [](const auto& v) { return simd::high_half(v); }), lanes - low,
               results);
    } else {
      using P = simd::native<R>;
      store_pack(to, Op::template finish<P>(s, results.count), lanes, results.stride);
      if constexpr (has_second<Op>)
        store_pack(to + results.plane, Op::template second<P>(s, results.count), lanes, results.stride);
    }
#endif
  }
  template <class P>
  TENON_INLINE static void store_pack(R* to, P result, index_t lanes, index_t stride) {
    if (stride == 1) {
      simd::store_partial(to, result, lanes);
    } else {
      for (int l = 0; l < lanes; ++l) to[l * stride] = result[l];
    }
  }
  static void finish_together(Columns& c, index_t n, const void* rest, index_t rows, void* out,
                              const Results& results) {
    total_columns(c);
    const N* p = static_cast<const N*>(rest);
    for (index_t r = 0; r < n; ++r) {
      S s = F::lane(level(c, 0)[r / W], static_cast<int>(r % W));
      for (index_t j = r + n; j < c.columns; j += n)
        s = Op::combine(s, F::lane(level(c, 0)[j / W], static_cast<int>(j % W)));
      for (index_t i = 0; i < rows; ++i) s = Op::combine(s, Op::lift(p[i * n + r], 0));
      put_result(static_cast<R*>(out) + r * results.stride, s, results);
    }
  }
};

}  // namespace detail

/// The functions of Op on buffer elements B, with results of type R.
template <class Op, class B, class R>
inline constexpr FoldKernel fold_kernel = {
    sizeof(typename detail::Folds<Op, B, R>::N),
    detail::Folds<Op, B, R>::W,
    sizeof(typename detail::Folds<Op, B, R>::SV),
    alignof(typename detail::Folds<Op, B, R>::SV),
    sizeof(typename detail::Folds<Op, B, R>::Kept) + sizeof(typename detail::Folds<Op, B, R>::S),
    Op::indexed,
    Op::indexed || detail::Folds<Op, B, R>::F::in_order,
    detail::Folds<Op, B, R>::rows,
    detail::Folds<Op, B, R>::start,
    detail::Folds<Op, B, R>::add,
    detail::Folds<Op, B, R>::end,
    detail::Folds<Op, B, R>::join,
    detail::Folds<Op, B, R>::columns,
    detail::Folds<Op, B, R>::finish,
    detail::Folds<Op, B, R>::finish_together};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
