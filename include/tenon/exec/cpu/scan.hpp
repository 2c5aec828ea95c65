// tenon/exec/cpu/scan.hpp: runs scans: four lines at once along the last axis, a pack of lines along another.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A line is a chain of dependent operations, so speed comes from doing several lines at the same time; the order within
// a line is always that of its elements.
#pragma once
#include <tenon/exec/cpu/lines.hpp>
#include <tenon/expr/scan.hpp>
#include <tenon/simd/memory.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Lines one after the other; R* out has the lines `n` apart.
template <class Op, int Lines, class C, class R>
TENON_INLINE void scan_lines(const C* x, index_t apart, R* out, index_t n) {
  decltype(Op::start(x[0])) s[Lines];
  for (int l = 0; l < Lines; ++l) {
    s[l] = Op::start(x[l * apart]);
    out[l * n] = static_cast<R>(Op::value(s[l]));
  }
  for (index_t i = 1; i < n; ++i)
    for (int l = 0; l < Lines; ++l) {
      s[l] = Op::next(s[l], x[l * apart + i]);
      out[l * n + i] = static_cast<R>(Op::value(s[l]));
    }
}

// W lines side by side, or the first `lanes` of them.
template <class Op, class V, bool Whole, class C, class R>
TENON_INLINE void scan_columns(const C* x, index_t step, R* out, index_t out_step, index_t n, index_t lanes) {
  const auto load = [&](index_t i) {
    return Whole ? simd::load<V>(x + i * step) : simd::load_partial<V>(x + i * step, lanes);
  };
  const auto store = [&](index_t i, const V& v) {
    if constexpr (!simd::is_pack<V>) {
      out[i * out_step] = static_cast<R>(v);
    } else if constexpr (is_floating<R> == is_floating<C> && __is_same(compute_t<R>, R)) {
      const auto r = simd::convert<R>(v);
      Whole ? simd::store(out + i * out_step, r) : simd::store_partial(out + i * out_step, r, lanes);
    } else {
      for (index_t l = 0; l < lanes; ++l) out[i * out_step + l] = static_cast<R>(v[l]);
    }
  };
  auto s = Op::start(load(0));
  store(0, Op::value(s));
  for (index_t i = 1; i < n; ++i) {
    s = Op::next(s, load(i));
    store(i, Op::value(s));
  }
}

template <class C, int W>
struct ScanPack {
  using type = simd::pack<C, W>;
};
template <class C>
struct ScanPack<C, 1> {
  using type = C;
};

template <class Op, class C, class R>
[[gnu::noinline]] void scan_panel(const Panel<C>& p, R* out, index_t inner) {
  if (inner == 1) {
    R* to = out + p.line * p.n;
    index_t j = 0;
    for (; j + 4 <= p.lines; j += 4) scan_lines<Op, 4>(p.data + j * p.apart, p.apart, to + j * p.n, p.n);
    for (; j < p.lines; ++j) scan_lines<Op, 1>(p.data + j * p.apart, p.apart, to + j * p.n, p.n);
    return;
  }
  constexpr int W = is_real<C> && !is_bool<C> ? simd::native_lanes<C> : 1;
  using V = typename ScanPack<C, W>::type;
  R* to = out + p.line / inner * p.n * inner + p.line % inner;
  index_t j = 0;
  for (; j + W <= p.lines; j += W) scan_columns<Op, V, true>(p.data + j, p.step, to + j, inner, p.n, W);
  if constexpr (W > 1)
    if (j < p.lines) scan_columns<Op, V, false>(p.data + j, p.step, to + j, inner, p.n, p.lines - j);
}

}  // namespace detail
}  // namespace exec

template <class Op, int Axis, class A>
void ScanAlong<Op, Axis, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  const Dims e = x.extents().dims();
  index_t inner = 1;
  for (int a = Axis + 1; a < e.rank; ++a) inner *= e.d[a];
  exec::each_panel<Number>(x, Axis, static_cast<Number*>(nullptr),
                           [&](const exec::Panel<Number>& p) { exec::detail::scan_panel<Op>(p, out, inner); });
}

}  // namespace TENON_ABI
}  // namespace tenon
