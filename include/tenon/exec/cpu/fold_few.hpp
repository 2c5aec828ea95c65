// tenon/exec/cpu/fold_few.hpp: reductions of few numbers of run-time extents, from registers to registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packs of the operand's program are folded as they are computed, without a buffer, in the order of the loops of
// reduce_loops.hpp.
#pragma once
#include <tenon/exec/cpu/fold.hpp>
#include <tenon/exec/few.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

template <class Op, class P, class B, class R>
struct FoldFew {
  using F = Fold<Op, B>;
  using N = typename F::N;
  using V = typename F::V;
  using S = typename F::S;
  static constexpr index_t W = F::W;
  // States of one number, which neutral elements do not change, and no way of the op's own to fold rows.
  static constexpr bool possible = [] {
    if constexpr (runs_in_place<P, B>) {
      return lanes_of<P> == W && __is_same(N, B) && !Op::indexed && F::has_neutral && __is_same(typename F::SV, V) &&
             !has_second<Op> && !requires(const N* p) {
        Op::template line<V>(p, index_t{});
      }
      &&!FoldColumns<Op, B>::extends && FoldColumns<Op, B>::one_number;
    } else {
      return false;
    }
  }();
  static constexpr index_t most = most_in_place * W;
  static constexpr int narrow = [] {
    if constexpr (possible) {
      return requires(V v) { Op::joined(v); }
      ? 0 : narrow_lanes<P>;
    } else {
      return 0;
    }
  }();

  /// A row of n >= 1 elements to one result.
  TENON_INLINE static R row(const row_operands<P>& x, index_t n) {
    if constexpr (narrow > 0)
      if (n == narrow)
        return Op::template finish<R>(
            F::template join_halves<narrow>(Op::lift(computed<P, narrow>(PackAt<P>{x, 0}), 0)), n);
    if (n == W) return Op::template finish<R>(F::joined(Op::lift(computed<P>(PackAt<P>{x, 0}), 0)), n);
    const index_t whole = n / W * W, rest = n - whole;
    const bool some = whole > 0;
    bool apart = false;  // elements that are not worth a pack
    V end{}, s{};
    if (some)
      s = F::chained(
          whole / W, [&](index_t i) __attribute__((always_inline)) {
            return V(Op::lift(computed<P>(PackAt<P>{x, i * W}), 0));
          });
    if (rest > 0) {
      end = computed<P>(PackPart<P>{x, whole, rest});
      apart = some && rest <= 2;
      if (!apart) {
        const V last = Op::lift(simd::select(simd::first_lanes<V>(rest), end, Op::template neutral<V>()), 0);
        s = some ? V(Op::combine(s, last)) : last;
      }
    }
    S r = F::joined(s);
    if (apart) {
      S e = Op::lift(N(end[0]), 0);
      if (rest > 1) e = Op::combine(e, Op::lift(N(end[1]), 0));
      r = Op::combine(r, e);
    }
    return Op::template finish<R>(r, n);
  }
  /// Rows one behind the other.
  TENON_INLINE static bool rows(const void* const* at, R* out, index_t rows, index_t n) {
    if ((n + W - 1) / W * rows > most_in_place) [[unlikely]]
      return false;
    row_operands<P> x(at);
    for (; rows > 0; --rows, ++out) {
      *out = row(x, n);
      x.template next_row<NoneRepeats<P>>(n);
    }
    return true;
  }
  /// Columns of rows of n elements each.
  TENON_INLINE static bool columns(const void* const* at, R* out, index_t rows, index_t n) {
    // So many that the loops take them one after the other.
    if (rows >= (n < W ? 2 * Columns::most_rows : Columns::short_chain) || (n + W - 1) / W * rows > 4 * most_in_place)
      return false;
    const row_operands<P> x(at);
    const V last = column(x, rows, n, [n](const auto& y) { return LastPack<P>{y, n}; });
    for (index_t i = 0; i + W < n; i += W)
      put(column(x, rows, n, [i](const auto& y) { return PackAt<P>{y, i}; }), out + i, rows, W);
    put(last, out, rows, n);
    return true;
  }

 private:
  // A pack of columns.
  template <class From>
  TENON_INLINE static V column(row_operands<P> x, index_t rows, index_t n, const From& from) {
    V s = Op::lift(computed<P>(from(x)), 0);
    for (index_t i = 1; i < rows; ++i) {
      x.template next_row<NoneRepeats<P>>(n);
      s = Op::combine(s, Op::lift(computed<P>(from(x)), 0));
    }
    return s;
  }
  // The last of n results.
  TENON_INLINE static void put(const V& s, R* out, index_t rows, index_t n) {
    if constexpr (Op::finishes_packs && __is_same(R, N)) {
      simd::store_last(out, Op::template finish<V>(s, rows), n);
    } else {
      N numbers[W];
      const index_t some = n < W ? n : W;
      simd::store_last(numbers, s, some);
      for (index_t l = 0; l < some; ++l) out[n - some + l] = Op::template finish<R>(numbers[l], rows);
    }
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
