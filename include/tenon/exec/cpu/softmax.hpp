// tenon/exec/cpu/softmax.hpp: runs softmax: largest element, sum of exponentials, quotients; line by line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/lines.hpp>
#include <tenon/expr/softmax.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Bytes of a strip of lines side by side that the second-level cache holds beside the rest, and of a row of it.
inline constexpr index_t kept_strip = 262144, widest_strip = 512, narrowest_strip = 128;

// All lanes of a pack, or the first few: how they are read, and written as R.
struct Whole {
  template <class V>
  TENON_INLINE static V load(const simd::lane_t<V>* p) {
    return simd::load<V>(p);
  }
  template <class R, class V>
  TENON_INLINE static void store(R* p, const V& v) {
    if constexpr (__is_same(R, simd::lane_t<V>)) {
      simd::store(p, v);
    } else {
      store_lanes(p, v);
    }
  }
};
struct Part {
  index_t lanes;
  template <class V>
  TENON_INLINE V load(const simd::lane_t<V>* p) const {
    return simd::load_partial<V>(p, lanes);
  }
  template <class R, class V>
  TENON_INLINE void store(R* p, const V& v) const {
    if constexpr (__is_same(R, simd::lane_t<V>)) {
      simd::store_partial(p, v, lanes);
    } else {
      for (index_t l = 0; l < lanes; ++l) p[l] = static_cast<R>(v[l]);
    }
  }
};

// Lines side by side, some lines of the cache wide, from a copy that the second-level cache holds: so x is read and the
// result is written once, and e^x is computed once. `copy` has room for n rows of `columns` rounded up to packs.
template <bool Log, class V, class C, class R>
[[gnu::noinline]] void softmax_strip(const C* x, index_t step, index_t n, index_t columns, C* copy, R* out,
                                     index_t out_step) {
  constexpr index_t W = simd::lanes<V>, most = widest_strip / static_cast<index_t>(sizeof(V));
  const index_t whole = columns / W, rest = columns % W, width = (columns + W - 1) / W * W;
  const auto each_pack = [&](const auto& f) {
    for (index_t k = 0; k < whole; ++k) f(k, Whole{});
    if (rest > 0) f(whole, Part{rest});
  };
  V top[most], sum[most];
  // No infinity, from which -inf could not be taken.
  for (V& t : top) t = reduction_constant<V>(static_cast<double>(limits<base_t<C>>::lowest()));
  for (V& s : sum) s = reduction_constant<V>(0);
  for (index_t i = 0; i < n; ++i)
    each_pack([&](index_t k, auto part) {
      const V v = part.template load<V>(x + i * step + k * W);
      simd::store(copy + i * width + k * W, v);
      top[k] = math::kernel::larger(v, top[k]);
    });
  // A NaN may be lost from the largest; its exponential makes the sum NaN.
  for (index_t i = 0; i < n; ++i)
    for (index_t k = 0; k * W < width; ++k) {
      C* const at = copy + i * width + k * W;
      const V v = simd::load<V>(at) - top[k], e = exp_normal<false>(v);
      simd::store(at, Log ? v : e);
      sum[k] = sum[k] + e;
    }
  for (V& s : sum) {
    if constexpr (Log) {
      s = log(s);
    } else {
      s = reduction_constant<V>(1) / s;
    }
  }
  for (index_t i = 0; i < n; ++i)
    each_pack([&](index_t k, auto part) {
      const V v = simd::load<V>(copy + i * width + k * W);
      part.store(out + i * out_step + k * W, Log ? V(v - sum[k]) : V(v * sum[k]));
    });
}

// Lanes are lines, and rows of them are walked as they lie in memory: twice, since e^x of 64 bytes costs less than it
// takes to write it to memory and to read it again. The first walk keeps the largest element so far and the sum
// relative to it (M. Milakov and N. Gimelshein, Online normalizer calculation for softmax, 2018), some rows at a time.
// Narrower registers go strip by strip, unless lines are so long that a strip would be a line of the cache or two.
template <bool Log, class V, class C, class R>
[[gnu::noinline]] void softmax_columns(const Panel<C>& p, R* out, index_t out_step) {
  constexpr index_t W = simd::lanes<V>, most = Panel<C>::most_columns / W, together = 8;
  const index_t packs = (p.lines + W - 1) / W, whole = p.lines / W, rest = p.lines % W;
  // Calls f for each pack of a row; `part` has the lanes of the last one where it is not whole.
  const auto each_pack = [&](const auto& f) {
    for (index_t k = 0; k < whole; ++k) f(k, Whole{});
    if (W > 1 && rest > 0) f(whole, Part{rest});
  };
  if constexpr (simd::is_pack<V> && sizeof(V) < 64) {
    index_t row = widest_strip;
    while (row >= narrowest_strip && p.n * row > kept_strip) row /= 2;
    if (row >= narrowest_strip && p.n > 2) {
      const index_t width = row / static_cast<index_t>(sizeof(C));
      const tenon::detail::BlockRef copy(static_cast<size_t>(p.n * row));
      for (index_t j = 0; j < p.lines; j += width) {
        const index_t columns = p.lines - j < width ? p.lines - j : width;
        softmax_strip<Log, V>(p.data + j, p.step, p.n, columns, reinterpret_cast<C*>(copy.data()), out + j, out_step);
      }
      return;
    }
  }
  const auto load = [&](index_t i, index_t k, auto part) { return part.template load<V>(p.data + i * p.step + k * W); };
  alignas(alignment) char tops[most * sizeof(V)], sums[most * sizeof(V)];
  V* top = reinterpret_cast<V*>(tops);
  V* sum = reinterpret_cast<V*>(sums);
  for (index_t k = 0; k < packs; ++k) {
    // No infinity, from which -inf could not be taken.
    top[k] = reduction_constant<V>(static_cast<double>(limits<base_t<C>>::lowest()));
    sum[k] = reduction_constant<V>(0);
  }
  // A NaN may be lost from the largest so far; its exponential makes the sum NaN.
  const auto join = [&](index_t k, V high, auto add) {
    V s = sum[k] * exp_normal<false>(V(top[k] - high));
    add([&](const V& x) { s = s + exp_normal<false>(V(x - high)); });
    top[k] = high;
    sum[k] = s;
  };
  index_t i = 0;
  for (; i + together <= p.n; i += together)
    each_pack([&](index_t k, auto part) {
      V x[together], high = top[k];
#pragma GCC unroll 8
      for (index_t r = 0; r < together; ++r) high = math::kernel::larger(x[r] = load(i + r, k, part), high);
      join(k, high, [&](const auto& put) {
#pragma GCC unroll 8
        for (index_t r = 0; r < together; ++r) put(x[r]);
      });
    });
  for (; i < p.n; ++i)
    each_pack([&](index_t k, auto part) {
      const V x = load(i, k, part);
      join(k, math::kernel::larger(x, top[k]), [&](const auto& put) { put(x); });
    });
  for (index_t k = 0; k < packs; ++k) {
    if constexpr (Log) {
      sum[k] = log(sum[k]);
    } else {
      sum[k] = reduction_constant<V>(1) / sum[k];
    }
  }
  for (i = 0; i < p.n; ++i)
    each_pack([&](index_t k, auto part) {
      const V v = load(i, k, part) - top[k];
      if constexpr (Log) {
        part.store(out + i * out_step + k * W, V(v - sum[k]));
      } else {
        part.store(out + i * out_step + k * W, V(exp_normal<false>(v) * sum[k]));
      }
    });
}

// One contiguous line; exponentials go to `work`: the result itself, or a buffer where the result is 16 bit.
template <bool Log, class C>
[[gnu::noinline]] void softmax_line(const C* x, C* work, index_t n) {
  using math::kernel::larger;
  constexpr int W = simd::native_lanes<C>;
  using V = simd::pack<C, W>;
  const index_t whole = n / W * W, rest = n - whole;
  // The last lanes are filled up with elements that add nothing. (A line of -inf is NaN all the same.)
  const V last =
      simd::select(simd::first_lanes<V>(rest), simd::load_partial<V>(x + whole, rest), reduction_bound<V, false>());
  V tops[4] = {last, last, last, last};
  index_t i = 0;
  for (; i + 4 * W <= whole; i += 4 * W)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) tops[u] = larger(simd::load<V>(x + i + u * W), tops[u]);
  for (; i < whole; i += W) tops[0] = larger(simd::load<V>(x + i), tops[0]);
  // A NaN may be lost here; its exponential makes the sum NaN.
  tops[0] = larger(larger(tops[1], tops[0]), larger(tops[3], tops[2]));
  const V top = simd::broadcast<V>(simd::reduce(tops[0], [](auto a, auto b) { return simd::select(a > b, a, b); }));
  V end{}, sum[2] = {V{}, V{}};
  const auto add = [&](index_t at, int u) {
    const V e = exp_normal<false>(V(simd::load<V>(x + at) - top));
    if constexpr (Log) {
      __builtin_prefetch(work + at, 1);  // the result comes in while there is work to do
    } else {
      simd::store(work + at, e);
    }
    sum[u] = sum[u] + e;
  };
  for (i = 0; i + 2 * W <= whole; i += 2 * W) {
    add(i, 0);
    add(i + W, 1);
  }
  if (i < whole) add(i, 0);
  if (rest > 0) {
    end = exp_normal<false>(V(last - top));
    sum[1] = sum[1] + end;
  }
  const C total = simd::reduce_add(V(sum[0] + sum[1]));
  if constexpr (Log) {
    const V scale = simd::broadcast<V>(log(total));
    for (i = 0; i < whole; i += W) simd::store(work + i, V((simd::load<V>(x + i) - top) - scale));
    simd::store_partial(work + whole, V((last - top) - scale), rest);
  } else {
    const V scale = simd::broadcast<V>(1 / total);
    for (i = 0; i < whole; i += W) simd::store(work + i, V(simd::load<V>(work + i) * scale));
    simd::store_partial(work + whole, V(end * scale), rest);
  }
}

// N numbers in place, in one register.
template <bool Log, int N, class V>
TENON_INLINE void softmax_few(simd::lane_t<V>* p) {
  V x = simd::load_first<V, N>(p);  // whose idle lanes repeat some of them
  const auto top = simd::reduce(x, [](auto a, auto b) { return simd::select(a > b, a, b); });
  x = x - simd::broadcast<V>(top);
  V e = exp_normal<false>(x);
  if constexpr (N < simd::lanes<V>) e = simd::select(simd::first_lanes<V>(N), e, V{});
  const auto total = simd::reduce_add(e);
  if constexpr (Log) {
    simd::store_first<N>(p, V(x - simd::broadcast<V>(log(total))));
  } else {
    simd::store_first<N>(p, V(e * simd::broadcast<V>(1 / total)));
  }
}

template <bool Log, class C, class R>
void softmax_panel(const Panel<C>& p, R* out, index_t inner) {
  if (inner > 1) {
    R* to = out + p.line / inner * p.n * inner + p.line % inner;
    if constexpr (is_real<C>) {
      softmax_columns<Log, simd::native<C>>(p, to, inner);
    } else {
      softmax_columns<Log, C>(p, to, inner);
    }
    return;
  }
  for (index_t j = 0; j < p.lines; ++j) {
    const C* from = p.data + j * p.apart;
    R* to = out + (p.line + j) * p.n;
    if constexpr (!is_real<C>) {
      softmax_columns<Log, C>(Panel<C>{from, nullptr, p.n, 1, 1, 1, p.line + j}, to, 1);
    } else if constexpr (__is_same(C, R)) {
      softmax_line<Log>(from, to, p.n);
    } else {
      C* work = p.work + j * p.apart;
      softmax_line<Log>(from, work, p.n);
      for (index_t i = 0; i < p.n; ++i) to[i] = static_cast<R>(work[i]);
    }
  }
}

// Few contiguous lines, one behind the other, need no panels; false if x is not so.
template <int Axis, bool Log, class A, class C>
TENON_INLINE bool softmax_in_place(const A& x, C* out) {
  using X = typename A::extents_type;
  constexpr bool last = Axis + 1 == X::rank && is_real<C>;
  if constexpr (last && X::is_static && InRegisters<A, C>::always) {
    constexpr index_t n = X::static_extent(Axis);
    InRegisters<A, C>::run(x, out);
    for (index_t i = 0; i < static_size<X>; i += n)
      if constexpr (n <= simd::native_lanes<C>) {
        softmax_few<Log, n, simd::native<C>>(out + i);
      } else {
        softmax_line<Log>(out + i, out + i, n);
      }
    return true;
  } else if constexpr (last && is_dense_over<A, X>) {
    using P = typename LinesOf<A, C>::program;
    constexpr bool direct = P::size == 1 && __is_same(typename P::result, C);
    const X& e = tenon::detail::extents_in_place(x);
    const index_t n = e[Axis], size = tenon::detail::size_one_by_one(e);
    FlatOperands<P::loads + 1> operands;
    if (size == 0 || size > 2048 || !flat_operands(x, e, operands)) return false;
    if constexpr (!direct) row<P, C>(out, 1, operands.at, unit_strides, size);
    const C* const from = direct ? static_cast<const C*>(operands.at[0]) : out;
    for (index_t i = 0; i < size; i += n) softmax_line<Log>(from + i, out + i, n);
    return true;
  }
  return false;
}

}  // namespace detail
}  // namespace exec

template <int Axis, bool Log, class A>
void Softmax<Axis, Log, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  if constexpr (__is_same(C, Result))
    if (exec::detail::softmax_in_place<Axis, Log>(x, out)) return;
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
