// tenon/exec/cpu/fold.hpp: folds elements in cache into states of a reduction: along rows; what ops compile to.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a reduction op compiles to is a table of a few functions over raw memory; the loops that call them, in
// reduce_loops.hpp, are shared by all ops. States of blocks are joined like the carries of a binary counter.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/exec/cpu/fold_columns.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

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
  /// Of columns, unless every axis is reduced: n more rows; `padded`: a pack may be read past the end of a row.
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
struct Folds : FoldColumns<Op, B> {
  using C = FoldColumns<Op, B>;
  using F = Fold<Op, B>;
  using N = typename F::N;
  using V = typename F::V;
  using S = typename F::S;
  using SV = typename F::SV;
  static constexpr index_t W = F::W;
  static constexpr bool indexed = Op::indexed;
  static constexpr bool has_line = requires(const N* p) { Op::template line<V>(p, index_t{}); };
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
          put_result(to + (i + j) * results.stride,
                     end_of_row(F::joined(F::by_packs(some[j])), p + (i + j) * pitch, n, 0), results);
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

  static void finish(Columns& c, void* out, const Results& results) {
    const SV* const total = C::total_columns(c);
    for (index_t k = 0; k < c.packs; ++k) {
      const SV s = F::by_packs(total[k]);
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
    if (stride == 1 && lanes == simd::lanes<P>) {
      simd::store(to, result);
    } else if (stride == 1) {
      simd::store_partial(to, result, lanes);
    } else {
      for (int l = 0; l < lanes; ++l) to[l * stride] = result[l];
    }
  }
  static void finish_together(Columns& c, index_t n, const void* rest, index_t rows, void* out,
                              const Results& results) {
    const SV* const total = C::total_columns(c);
    const N* p = static_cast<const N*>(rest);
    for (index_t r = 0; r < n; ++r) {
      S s = F::lane(total[r / W], static_cast<int>(r % W));
      for (index_t j = r + n; j < c.columns; j += n) s = Op::combine(s, F::lane(total[j / W], static_cast<int>(j % W)));
      for (index_t i = 0; i < rows; ++i) s = Op::combine(s, Op::lift(p[i * n + r], 0));
      put_result(static_cast<R*>(out) + r * results.stride, s, results);
    }
  }
};

template <class F, bool Whole>
constexpr FoldKernel functions_of() {
  FoldKernel k{};
  k.bytes = sizeof(typename F::N);
  k.lanes = F::W;
  k.pack_state_bytes = F::C::bytes;
  k.pack_state_alignment = alignof(typename F::SV);
  k.level_bytes = sizeof(typename F::Kept) + sizeof(typename F::S);
  k.indexed = F::indexed;
  k.in_order = k.indexed || F::C::F::in_order;
  k.rows = F::rows;
  k.start = F::start;
  k.add = F::add;
  k.end = F::end;
  k.join = F::join;
  if constexpr (!Whole) {
    k.columns = F::columns;
    k.finish = F::finish;
    k.finish_together = F::finish_together;
  }
  return k;
}
}  // namespace detail

/// The functions of Op on buffer elements B, with results of type R. Whole: every axis is reduced, so there are no
/// columns, whose functions are most of the code.
template <class Op, class B, class R, bool Whole>
inline constexpr FoldKernel fold_kernel = detail::functions_of<detail::Folds<Op, B, R>, Whole>();

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
