// tenon/exec/cpu/softmax.hpp: runs softmax: largest element, exponentials and their sum, quotient, line by line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/lines.hpp>
#include <tenon/expr/softmax.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Lanes are neighbouring lines (`step` > 1), or one lane each: `n` elements of V from x, `step` apart, to `out`.
template <bool Log, class V, class R>
void softmax_columns(const simd::lane_t<V>* x, index_t step, R* out, index_t out_step, index_t n, index_t lanes) {
  using C = simd::lane_t<V>;
  const auto load = [&](index_t i) {
    if constexpr (simd::is_pack<V>)
      if (lanes < simd::lanes<V>) return simd::load_partial<V>(x + i * step, lanes);
    return simd::load<V>(x + i * step);
  };
  const auto store = [&](index_t i, const V& v) {
    if constexpr (!simd::is_pack<V>) {
      out[i * out_step] = static_cast<R>(v);
    } else {
      for (index_t l = 0; !__is_same(R, C) && l < lanes; ++l) out[i * out_step + l] = static_cast<R>(v[l]);
      if constexpr (__is_same(R, C)) {
        if (lanes == simd::lanes<V>) {
          simd::store(out + i * out_step, v);
        } else {
          simd::store_partial(out + i * out_step, v, lanes);
        }
      }
    }
  };
  V top = load(0);
  for (index_t i = 1; i < n; ++i) {
    const V v = load(i);
    top = simd::select(v > top, v, top);
  }
  V sum = reduction_constant<V>(0);
  if constexpr (Log) {
    for (index_t i = 0; i < n; ++i) sum = sum + exp(V(load(i) - top));
    const V scale = log(sum);
    for (index_t i = 0; i < n; ++i) store(i, (load(i) - top) - scale);
  } else {
    C* work = const_cast<C*>(x);  // panels of columns are always in a buffer
    for (index_t i = 0; i < n; ++i) {
      const V e = exp(V(load(i) - top));
      sum = sum + e;
      if constexpr (simd::is_pack<V>) {
        if (lanes < simd::lanes<V>) {
          simd::store_partial(work + i * step, e, lanes);
        } else {
          simd::store(work + i * step, e);
        }
      } else {
        work[i * step] = e;
      }
    }
    const V scale = reduction_constant<V>(1) / sum;
    for (index_t i = 0; i < n; ++i) store(i, V(load(i) * scale));
  }
}

// One contiguous line; exponentials go to `work` (the result itself, or a buffer where the result is 16 bit).
template <bool Log, class C>
[[gnu::noinline]] void softmax_line(const C* x, C* work, index_t n) {
  constexpr int W = simd::native_lanes<C>;
  using V = simd::pack<C, W>;
  const index_t whole = n / W * W, rest = n - whole;
  // The last lanes, filled up with elements that add nothing (and make a line of nothing but -inf NaN, as it should
  // be).
  C staged[W];
  simd::store(staged, reduction_bound<V, false>());
  for (index_t i = 0; i < rest; ++i) staged[i] = x[whole + i];
  const V last = simd::load<V>(staged);
  V tops[4] = {last, last, last, last};
  index_t i = 0;
  for (; i + 4 * W <= whole; i += 4 * W)
    for (int u = 0; u < 4; ++u) {
      const V v = simd::load<V>(x + i + u * W);
      tops[u] = simd::select(v > tops[u], v, tops[u]);
    }
  for (; i < whole; i += W) {
    const V v = simd::load<V>(x + i);
    tops[0] = simd::select(v > tops[0], v, tops[0]);
  }
  V top = tops[0];
  for (int u = 1; u < 4; ++u) top = simd::select(tops[u] > top, tops[u], top);
  // A NaN may be lost here; its exponential makes the sum NaN.
  const C highest = simd::reduce(top, [](auto a, auto b) { return simd::select(a > b, a, b); });
  top = simd::broadcast<V>(highest);
  V sum[2] = {exp(V(last - top)), V{}};
  const V end = sum[0];
  if constexpr (Log) {
    for (i = 0; i + 2 * W <= whole; i += 2 * W)
      for (int u = 0; u < 2; ++u) sum[u] = sum[u] + exp(V(simd::load<V>(x + i + u * W) - top));
    if (i < whole) sum[0] = sum[0] + exp(V(simd::load<V>(x + i) - top));
    const V scale = simd::broadcast<V>(log(simd::reduce_add(V(sum[0] + sum[1]))));
    for (i = 0; i < whole; i += W) simd::store(work + i, V((simd::load<V>(x + i) - top) - scale));
    simd::store(staged, V((last - top) - scale));
  } else {
    for (i = 0; i + 2 * W <= whole; i += 2 * W)
      for (int u = 0; u < 2; ++u) {
        const V e = exp(V(simd::load<V>(x + i + u * W) - top));
        simd::store(work + i + u * W, e);
        sum[u] = sum[u] + e;
      }
    if (i < whole) {
      const V e = exp(V(simd::load<V>(x + i) - top));
      simd::store(work + i, e);
      sum[0] = sum[0] + e;
    }
    const V scale = simd::broadcast<V>(1 / simd::reduce_add(V(sum[0] + sum[1])));
    for (i = 0; i < whole; i += W) simd::store(work + i, V(simd::load<V>(work + i) * scale));
    simd::store(staged, V(end * scale));
  }
  for (i = 0; i < rest; ++i) work[whole + i] = staged[i];
}

template <bool Log, class C, class R>
void softmax_panel(const Panel<C>& p, R* out, index_t inner) {
  R* to = out + p.line / inner * p.n * inner + p.line % inner;
  if constexpr (!is_real<C>) {
    // Lines of their own where they lie may not be overwritten: exponentials are kept in a block.
    tenon::detail::BlockRef block;
    const C* x = p.data;
    if (!p.work) {
      block = tenon::detail::BlockRef(static_cast<size_t>(p.n) * sizeof(C));
      C* copy = reinterpret_cast<C*>(block.data());
      for (index_t i = 0; i < p.n; ++i) copy[i] = x[i];
      x = copy;
    }
    for (index_t j = 0; j < p.width; ++j) softmax_columns<Log, C>(x + j, p.step, to + j, inner, p.n, 1);
  } else if (inner == 1) {
    if constexpr (__is_same(C, R)) {
      softmax_line<Log>(p.data, to, p.n);
    } else {
      softmax_line<Log>(p.data, p.work, p.n);
      for (index_t i = 0; i < p.n; ++i) to[i] = static_cast<R>(p.work[i]);
    }
  } else {
    constexpr int W = simd::native_lanes<C>;
    for (index_t j = 0; j < p.width; j += W)
      softmax_columns<Log, simd::pack<C, W>>(p.data + j, p.step, to + j, inner, p.n, p.width - j < W ? p.width - j : W);
  }
}

}  // namespace detail
}  // namespace exec

template <int Axis, bool Log, class A>
void Softmax<Axis, Log, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  const Dims e = x.extents().dims();
  index_t inner = 1;
  for (int a = Axis + 1; a < e.rank; ++a) inner *= e.d[a];
  C* place = nullptr;
  if constexpr (__is_same(C, Result)) place = out;
  exec::each_panel<C>(x, Axis, place,
                      [&](const exec::Panel<C>& p) { exec::detail::softmax_panel<Log>(p, out, inner); });
}

}  // namespace TENON_ABI
}  // namespace tenon
