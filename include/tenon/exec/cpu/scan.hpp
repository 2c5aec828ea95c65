// tenon/exec/cpu/scan.hpp: runs scans: lines in lanes, transposed in registers along the last axis.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A line is a chain of dependent operations, so speed comes from doing several lines at the same time; the order within
// a line is always that of its elements. Lines side by side go a few rows at a time through the states of many lines,
// so that memory is read as it lies.
#pragma once
#include <tenon/exec/cpu/lines.hpp>
#include <tenon/expr/scan.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Lines one after the other; R* out has the lines `n` apart.
template <class Op, int Lines, class C, class E, class R>
TENON_INLINE void scan_lines(const E* x, index_t apart, R* out, index_t n) {
  decltype(Op::start(C{})) s[Lines];
  for (int l = 0; l < Lines; ++l) {
    s[l] = Op::start(static_cast<C>(x[l * apart]));
    out[l * n] = static_cast<R>(Op::value(s[l]));
  }
  for (index_t i = 1; i < n; ++i)
    for (int l = 0; l < Lines; ++l) {
      s[l] = Op::next(s[l], static_cast<C>(x[l * apart + i]));
      out[l * n + i] = static_cast<R>(Op::value(s[l]));
    }
}

// Numbers of type C in registers of V, read from elements E and written as R.
template <class C, class E, class R>
struct ScanLanes {
  static constexpr int W = is_real<C> && !is_bool<C> ? simd::native_lanes<C> : 1;
  // Whether packs of numbers become packs of results.
  static constexpr bool packs = W > 1 && is_floating<R> == is_floating<C>&& __is_same(compute_t<R>, R);

  template <bool Whole = true>
  TENON_INLINE static auto load(const E* p, index_t lanes = W) {
    if constexpr (W == 1)
      return static_cast<C>(*p);
    else if constexpr (Whole)
      return simd::convert<C>(simd::load<simd::pack<E, W>>(p));
    else
      return simd::convert<C>(simd::load_partial<simd::pack<E, W>>(p, lanes));
  }
  using V = decltype(load(static_cast<const E*>(nullptr)));
  template <bool Whole = true>
  TENON_INLINE static void store(R* p, const V& v, index_t lanes = W) {
    if constexpr (W == 1) {
      *p = static_cast<R>(v);
    } else if constexpr (packs) {
      const auto r = simd::convert<R>(v);
      Whole ? simd::store(p, r) : simd::store_partial(p, r, lanes);
    } else {
      for (index_t l = 0; l < lanes; ++l) p[l] = static_cast<R>(v[l]);
    }
  }
};

// The elements of a panel of lines side by side; rows of `out` are `inner` apart.
template <class Op, class C, class E, class R>
void scan_columns(const Panel<E>& p, R* out, index_t inner) {
  using L = ScanLanes<C, E, R>;
  using S = decltype(Op::start(typename L::V{}));
  constexpr index_t W = L::W, most = 8192 / static_cast<index_t>(sizeof(S));  // they stay in the first-level cache
  for (index_t j = 0; j + W <= p.lines;) {
    const index_t left = (p.lines - j) / W, packs = left < most ? left : most;
    S state[most];
    for (index_t k = 0; k < packs; ++k) {
      state[k] = Op::start(L::load(p.data + j + k * W));
      L::store(out + j + k * W, Op::value(state[k]));
    }
    const auto rows = [&]<int Count>(index_t i, Seq<Count>) __attribute__((always_inline)) {
      for (index_t k = 0; k < packs; ++k) {
        const E* x = p.data + i * p.step + j + k * W;
        R* to = out + i * inner + j + k * W;
        S s = state[k];
#pragma GCC unroll 4
        for (int r = 0; r < Count; ++r, x += p.step, to += inner) {
          s = Op::next(s, L::load(x));
          L::store(to, Op::value(s));
        }
        state[k] = s;
      }
    };
    index_t i = 1;
    for (; i + 4 <= p.n; i += 4) rows(i, Seq<4>{});
    for (; i < p.n; ++i) rows(i, Seq<1>{});
    j += packs * W;
  }
  if constexpr (W > 1) {
    const index_t j = p.lines / W * W, lanes = p.lines - j;
    if (lanes == 0) return;
    S s = Op::start(L::template load<false>(p.data + j, lanes));
    L::template store<false>(out + j, Op::value(s), lanes);
    for (index_t i = 1; i < p.n; ++i) {
      s = Op::next(s, L::template load<false>(p.data + i * p.step + j, lanes));
      L::template store<false>(out + i * inner + j, Op::value(s), lanes);
    }
  }
}

// W lines one after the other, a line of the cache of each at a time: rows may lie so that caches hold few of them.
template <class Op, class C, class E, class R>
void scan_turned_lines(const E* x, index_t apart, R* out, index_t n) {
  using L = ScanLanes<C, E, R>;
  constexpr int W = L::W;
  constexpr index_t line = W * static_cast<int>(sizeof(E)) < 64 ? 64 / static_cast<int>(sizeof(E)) : W;
  auto s = Op::start(typename L::V{});
  const auto next = [&](bool first, const typename L::V& v) __attribute__((always_inline)) {
    s = first ? Op::start(v) : Op::next(s, v);
    return Op::value(s);
  };
  const auto columns = [&](index_t i, bool first) __attribute__((always_inline)) {
    simd::pack<E, W> v[W];
    simd::pack<R, W> r[W];
#pragma GCC unroll 16
    for (int l = 0; l < W; ++l) v[l] = simd::load<simd::pack<E, W>>(x + l * apart + i);
    simd::transpose(v);
    r[0] = simd::convert<R>(next(first, simd::convert<C>(v[0])));
#pragma GCC unroll 16
    for (int l = 1; l < W; ++l) r[l] = simd::convert<R>(next(false, simd::convert<C>(v[l])));
    simd::transpose(r);
#pragma GCC unroll 16
    for (int l = 0; l < W; ++l) simd::store(out + l * n + i, r[l]);
  };
  index_t i = 0;
  if (n >= line) columns(0, true), i = W;
  for (; i % line != 0; i += W) columns(i, false);
  for (; i + line <= n; i += line)
#pragma GCC unroll 4
    for (index_t c = 0; c < line; c += W) columns(i + c, false);
  for (; i < n; ++i) {
    E e[W];
    R r[W];
    for (int l = 0; l < W; ++l) e[l] = x[l * apart + i];
    L::store(r, next(i == 0, L::load(e)));
    for (int l = 0; l < W; ++l) out[l * n + i] = r[l];
  }
}

template <class Op, class C, class E, class R>
[[gnu::noinline]] void scan_panel(const Panel<E>& p, R* out, index_t inner) {
  if (inner != 1) return scan_columns<Op, C>(p, out + p.line / inner * p.n * inner + p.line % inner, inner);
  using L = ScanLanes<C, E, R>;
  R* to = out + p.line * p.n;
  index_t j = 0;
  if constexpr (L::packs)
    for (; j + L::W <= p.lines; j += L::W) scan_turned_lines<Op, C>(p.data + j * p.apart, p.apart, to + j * p.n, p.n);
  for (; j + 4 <= p.lines; j += 4) scan_lines<Op, 4, C>(p.data + j * p.apart, p.apart, to + j * p.n, p.n);
  for (; j < p.lines; ++j) scan_lines<Op, 1, C>(p.data + j * p.apart, p.apart, to + j * p.n, p.n);
}

}  // namespace detail
}  // namespace exec

template <class Op, int Axis, class A>
void ScanAlong<Op, Axis, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  const Dims e = x.extents().dims();
  index_t inner = 1;
  for (int a = Axis + 1; a < e.rank; ++a) inner *= e.d[a];
  using Steps = typename Op::template Steps<Number, compute_t<primal_t<typename A::value_type>>>;
  using E = typename Steps::element;
  exec::each_panel<E>(x, Axis, static_cast<E*>(nullptr),
                      [&](const exec::Panel<E>& p) { exec::detail::scan_panel<Steps, Number>(p, out, inner); });
}

}  // namespace TENON_ABI
}  // namespace tenon
