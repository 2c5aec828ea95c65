// tenon/exec/cpu/fold_columns.hpp: folds rows into states of a reduction down columns: every lane is a column.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows come a few at a time. Sums of some rows are a chain, rounded one after the other; chains are joined like the
// carries of a binary counter. Which rows are joined when depends on their number, and for rows that are computed on
// how many of them the buffer holds; never on threads.
#pragma once
#include <tenon/exec/cpu/fold_state.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

// What becomes of a chain of rows while it grows: the op's state, unless it keeps something else until the chain ends.
template <class Op, class V>
struct ChainOf {
  using type = typename Op::template state<V>;
  static constexpr bool ends = false;
};
template <class Op, class V>
requires requires { typename Op::template chain<V>; }
struct ChainOf<Op, V> {
  using type = typename Op::template chain<V>;
  static constexpr bool ends = true;
};

/// Columns that are being folded. Level 0 of `levels` has `packs` chains, further levels have as many states each.
struct Columns {
  char* levels;
  index_t columns, packs;
  index_t rows = 0;               // in level 0 so far: a chain, which is full after so many
  unsigned long long chains = 0;  // full chains: bit l is set when level l + 1 is in use
  static constexpr index_t long_chain = 64, short_chain = 32;
  static constexpr index_t most_rows = 8;  // of a block
};

namespace detail {

template <class Op, class B>
struct FoldColumns {
  using F = Fold<Op, B>;
  using N = typename F::N;
  using V = typename F::V;
  using SV = typename F::SV;
  using Chain = typename ChainOf<Op, V>::type;
  static constexpr index_t W = F::W;
  static constexpr bool ends = ChainOf<Op, V>::ends;
  static constexpr index_t bytes = sizeof(SV) > sizeof(Chain) ? sizeof(SV) : sizeof(Chain);  // of a pack in a level

  TENON_INLINE static SV state(Columns& c, int l, index_t k) { return F::by_packs(level(c, l)[k]); }
  static SV* level(Columns& c, int l) { return reinterpret_cast<SV*>(c.levels + l * c.packs * bytes); }
  static Chain* chains(Columns& c) { return reinterpret_cast<Chain*>(c.levels); }
  TENON_INLINE static SV ended(Columns& c, index_t k) {
    if constexpr (ends) {
      return Op::ended(chains(c)[k], c.rows);
    } else {
      return state(c, 0, k);
    }
  }
  static auto states(const SV* s) {
    return [s](index_t k) { return F::by_packs(s[k]); };
  }
  // Joins the states of a level with later ones, b(k), from a pack on. All packs have as many elements.
  template <class G>
  static void join(Columns& c, int l, const G& b, SV* to, index_t from = 0) {
    const SV* const a = level(c, l);
    if constexpr (ends) {
      const auto combine = Op::joining(a[from], b(from));
      for (index_t k = from; k < c.packs; ++k) to[k] = combine(a[k], b(k));
    } else {
      for (index_t k = from; k < c.packs; ++k) to[k] = Op::combine(F::by_packs(a[k]), b(k));
    }
  }
  // The first level that is not in use: the chain in level 0 goes there, joined with those of all levels below.
  static int free_level(const Columns& c) { return 1 + __builtin_ctzll(~c.chains); }
  static void carry(Columns& c, index_t from = 0) {
    const int to = free_level(c);
    SV* const s = level(c, to);
    const auto chains = [&c](index_t k) { return ended(c, k); };
    if (to == 1) {
      for (index_t k = from; k < c.packs; ++k) s[k] = chains(k);
    } else {
      join(c, 1, chains, s, from);
    }
    for (int l = 2; l < to; ++l) join(c, l, states(s), s, from);
    ++c.chains;
    c.rows = 0;
  }
  // Every row rounds sums of one number, so their chains are short. Where a state fills a line of the cache they go row
  // by row, as these lie in memory. Others take less to be extended by some rows than to be read and written for each;
  // four rows are as many streams as prefetchers follow well.
  static constexpr bool extends = requires(const SV& s, const N* p) { Op::extended(s, p, 0, 0, 0, 0); };
  static constexpr bool one_number = simd::is_pack<SV> && !extends && !requires(const N* p) {
    Op::template fold<V>(p, 0, 0);
  };
  static constexpr bool row_by_row = one_number && sizeof(SV) >= 64;
  static constexpr index_t chain = one_number ? Columns::short_chain : Columns::long_chain;
  static constexpr index_t at_once = ends || extends || one_number ? 4 : Columns::most_rows;
  static constexpr index_t at_start = ends ? at_once : Columns::most_rows;
  static constexpr index_t wide = 32;  // packs of a row from which on it is worth while
  // The chain of n rows after those of `to`, `before` in number.
  TENON_INLINE static Chain more(const Chain& to, const N* p, index_t pitch, index_t n, index_t index,
                                 [[maybe_unused]] index_t before) {
    if constexpr (ends) {
      return Op::continued(to, p, pitch, n);
    } else if constexpr (extends) {
      return Op::extended(F::by_packs(to), p, pitch, n, index, before);
    } else if constexpr (one_number) {
      SV s = to;
#pragma GCC unroll 8
      for (index_t i = 0; i < n; ++i) s = Op::combine(s, Op::lift(simd::load<V>(p + i * pitch), 0));
      return s;
    } else {
      return Op::combine(F::by_packs(to), F::template packs<V>(p, pitch, n, index, 1));
    }
  }
  // The chain of n rows.
  TENON_INLINE static Chain first(const N* p, index_t pitch, index_t n, index_t index) {
    if constexpr (ends) {
      return Op::template started<V>(p, pitch, n);
    } else if constexpr (one_number) {
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
  // How many of n rows come at once.
  static index_t few(index_t before, index_t n) {
    const index_t most = before == 0 ? at_start : at_once;
    return n < most ? n : most;
  }
  // Whether n rows complete the first quarter of a chain: what it keeps is then made to fit the rows so far.
  static bool settles(index_t before, index_t n) { return ends && before < chain / 4 && before + n >= chain / 4; }
  TENON_INLINE static Chain settled(const Chain& s, [[maybe_unused]] index_t rows) {
    if constexpr (ends) {
      return Op::settled(s, rows);
    } else {
      return s;
    }
  }
  // The last pack of n rows, which is not whole.
  static void last_pack(Columns& c, const N* p, index_t pitch, index_t n, index_t index, index_t lanes) {
    Chain& s = chains(c)[c.packs - 1];
    for (index_t i = 0, some; i < n; i += some) {
      const index_t before = c.rows + i;
      some = few(before, n - i);
      N staged[Columns::most_rows * W] = {};
      for (index_t r = 0; r < some; ++r) simd::store(staged + r * W, simd::load_partial<V>(p + (i + r) * pitch, lanes));
      s = before == 0 ? first(staged, W, some, index) : more(s, staged, W, some, index + i, before);
      if (settles(before, some)) s = settled(s, before + some);
    }
  }
  [[gnu::noinline]] static void columns(Columns& c, const void* memory, index_t pitch, index_t n, index_t index,
                                        bool padded) {
    const N* p = static_cast<const N*>(memory);
    const index_t rest = c.columns - (c.packs - 1) * W, whole = padded || rest == W ? c.packs : c.packs - 1;
    Chain* const s = chains(c);
    const bool walks = row_by_row && whole >= wide;
    for (index_t m; n > 0; n -= m, p += m * pitch, index += m) {
      constexpr index_t most = Columns::most_rows;
      m = walks && Op::rounds ? (chain - c.rows + most - 1) / most * most : most;  // blocks up to the end of a chain
      if (m > n) m = n;
      const index_t before = c.rows;
      if constexpr (row_by_row)
        if (walks) walk(c, p, pitch, m, whole);
      if (!walks) {
        for (index_t i = 0, some; i < m; i += some) {
          const index_t so_far = before + i, at = index + i;
          const N* const from = p + i * pitch;
          some = few(so_far, m - i);
          const bool settle = settles(so_far, some);
          // Two packs of 32 bytes are a line of the cache.
          const auto each = [&](const auto& f) __attribute__((always_inline)) {
#pragma GCC unroll 2
            for (index_t k = 0; k < whole; ++k) s[k] = f(k, from + k * W);
          };
          // Constants unroll the loops over rows.
          if (some == at_start && so_far == 0) {
            each([&](index_t, const N* q) __attribute__((always_inline)) { return first(q, pitch, at_start, at); });
          } else if (so_far == 0) {
            each([&](index_t, const N* q) __attribute__((always_inline)) { return first(q, pitch, some, at); });
          } else if (some == at_once && !settle) {
            each([&](index_t k, const N* q)
                     __attribute__((always_inline)) { return more(s[k], q, pitch, at_once, at, so_far); });
          } else if (some == at_once) {
            each([&](index_t k, const N* q) __attribute__((always_inline)) {
              return settled(more(s[k], q, pitch, at_once, at, so_far), so_far + at_once);
            });
          } else {
            each([&](index_t k, const N* q) __attribute__((always_inline)) {
              const Chain x = more(s[k], q, pitch, some, at, so_far);
              return settle ? settled(x, so_far + some) : x;
            });
          }
        }
      }
      if constexpr (W > 1)
        if (whole < c.packs) last_pack(c, p + whole * W, pitch, m, index, rest);
      c.rows += m;
      if constexpr (Op::rounds)
        if (c.rows >= chain) carry(c, walks ? whole : 0);
    }
  }
  /// The states of all rows.
  static const SV* total_columns(Columns& c) {
    if constexpr (!Op::rounds) return level(c, 0);
    if (!ends && c.chains == 0) return level(c, 0);  // all in the first chain
    if (c.rows > 0) carry(c);
    int l = __builtin_ctzll(c.chains) + 1;
    SV* const s = level(c, l);
    for (unsigned long long b = c.chains >> l; b; b >>= 1)
      if (++l; b & 1) join(c, l, states(s), s);
    return s;
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
