// tenon/exec/cpu/sort.hpp: runs sort, argsort and top_k line by line, and quantile and median.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/lines.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/quantile.hpp>
#include <tenon/expr/sort.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Lines of the same length in two memories; `out` has them `out_step` apart inside a line.
template <bool Indices, bool Down, class C, class R>
[[gnu::noinline]] void sort_panel(const Panel<C>& p, tenon::detail::LineSorter<C, Down>& sorter, R* out, index_t k,
                                  index_t inner) {
  for (index_t j = 0; j < p.lines; ++j) {
    const C* from = p.data + j * p.apart;
    const index_t line = p.line + j, step = p.step;
    R* to = out + line / inner * k * inner + line % inner;
    const auto at = [from, step](index_t i) { return from[i * step]; };
    const auto put = [to, inner](index_t i, auto v) { to[i * inner] = static_cast<R>(v); };
    if constexpr (Indices) {
      sorter.indices(at, k, put);
    } else {
      sorter.values(at, k, put);
    }
  }
}

// The quantile of n numbers that `at` gives.
template <class C, class At>
C quantile_of(tenon::detail::LineSorter<C, false>& sorter, index_t n, double q, const At& at) {
  const tenon::detail::QuantilePlace place(n, q);
  C low{}, high{};
  bool nan = n == 0;
  sorter.values(at, n, [&](index_t i, const C& v) {
    if (i == place.low) low = v;
    if (i == place.high) high = v;
    if (i == n - 1) nan = v != v;  // NaN is last
  });
  if (nan) return tenon::detail::quantile_nan<C>();
  return place.between(low, high);
}

}  // namespace detail
}  // namespace exec

template <bool Indices, int Axis, index_t K, bool Down, class A>
void Sorted<Indices, Axis, K, Down, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  const Dims e = x.extents().dims();
  index_t inner = 1;
  for (int a = Axis + 1; a < e.rank; ++a) inner *= e.d[a];
  if (e.size() == 0 || k == 0) return;
  exec::each_panel<Number>(x, Axis, static_cast<Number*>(nullptr), [&](const exec::Panel<Number>& p) {
    detail::LineSorter<Number, Down> sorter(e.d[Axis]);
    exec::detail::sort_panel<Indices, Down>(p, sorter, out, k, inner);
  });
}

template <unsigned Mask, bool Keep, class A>
void Quantile<Mask, Keep, A>::compute(Result* out) const {
  const auto x = exec::operand(this->template operand<0>());
  const Dims e = x.shape.dims(), s = x.strides;
  Dims kept = e, inner = e;
  for (int a = 0; a < e.rank; ++a) (Mask >> a & 1u ? kept : inner).d[a] = 1;
  const index_t n = inner.size(), results = kept.size();
  detail::LineSorter<Number, false> sorter(n);
  detail::BlockRef block(static_cast<size_t>(n) * sizeof(Number));
  Number* group = reinterpret_cast<Number*>(block.data());
  const auto next = [](const Dims& extents, Dims& i) {
    for (int a = extents.rank - 1; a >= 0; --a) {
      if (++i.d[a] < extents.d[a]) return;
      i.d[a] = 0;
    }
  };
  const auto offset = [&](const Dims& i) {
    index_t o = 0;
    for (int a = 0; a < e.rank; ++a) o += i.d[a] * s.d[a];
    return o;
  };
  Dims r;
  for (index_t k = 0; k < results; ++k, next(kept, r)) {
    const auto* from = x.data + (n > 0 ? offset(r) : 0);
    Dims i;
    for (index_t c = 0; c < n; ++c, next(inner, i)) group[c] = static_cast<Number>(from[offset(i)]);
    out[k] =
        static_cast<Result>(exec::detail::quantile_of<Number>(sorter, n, q, [group](index_t c) { return group[c]; }));
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
