// tenon/exec/cpu/reduce.hpp: runs reductions: the operand's row kernel fills a buffer in cache, the op folds it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along a contiguous axis a row is folded in SIMD lanes; across rows whole rows of states are combined. Partial results
// of blocks are joined pairwise, so the error of a sum grows with the logarithm of its length, and the grouping depends
// on the extents alone: the same bits every time.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/evaluate.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// States of equal-sized blocks, joined like the carries of a binary counter.
template <class Op, class S>
struct Pairwise {
  S level[48];
  unsigned long long blocks = 0;
  void push(S s) {
    int l = 0;
    for (unsigned long long b = blocks; b & 1; b >>= 1) s = Op::combine(level[l++], s);
    level[l] = s;
    ++blocks;
  }
  S total() const {
    S s = Op::template identity<S>();
    bool any = false;
    for (int l = 0; l < 48; ++l)
      if (blocks >> l & 1) {
        s = any ? Op::combine(level[l], s) : level[l];
        any = true;
      }
    return s;
  }
};

inline constexpr index_t chunk = 1024;

// Folds n contiguous elements; `first` is the index of x[0] among the reduced elements.
template <class Op, class B, class S>
[[gnu::noinline]] S fold(const B* x, index_t n, index_t first) {
  S s = Op::template identity<S>();
  if constexpr (requires { Op::template fold<S>(x, n, first); }) {
    return Op::template fold<S>(x, n, first);
  } else if constexpr (Op::lanewise && is_real<S> && __is_same(B, S)) {
    constexpr int W = simd::native_lanes<S>;
    using V = simd::pack<S, W>;
    constexpr int U = 4;
    index_t i = 0;
    if (n >= U * W) {
      V acc[U];
      for (int u = 0; u < U; ++u) acc[u] = simd::load<V>(x + u * W);
      for (i = U * W; i + U * W <= n; i += U * W)
        for (int u = 0; u < U; ++u) acc[u] = Op::combine(acc[u], simd::load<V>(x + i + u * W));
      const V v = Op::combine(Op::combine(acc[0], acc[1]), Op::combine(acc[2], acc[3]));
      S lane[W];
      simd::store(lane, v);
      for (int step = 1; step < W; step *= 2)
        for (int l = 0; l + step < W; l += 2 * step) lane[l] = Op::combine(lane[l], lane[l + step]);
      s = lane[0];
    }
    for (; i < n; ++i) s = Op::combine(s, x[i]);
    return s;
  } else {
    for (index_t i = 0; i < n; ++i) s = Op::combine(s, Op::template lift<S>(x[i], first + i));
    return s;
  }
}

// acc[j] = combine(acc[j], x[j]), the rows of a reduction across rows.
template <class Op, class B, class S>
[[gnu::noinline]] void fold_across(S* acc, const B* x, index_t n, index_t index) {
  index_t j = 0;
  if constexpr (Op::lanewise && is_real<S> && __is_same(B, S)) {
    constexpr int W = simd::native_lanes<S>;
    using V = simd::pack<S, W>;
    for (; j + W <= n; j += W) simd::store(acc + j, Op::combine(simd::load<V>(acc + j), simd::load<V>(x + j)));
  }
  for (; j < n; ++j) acc[j] = Op::combine(acc[j], Op::template lift<S>(x[j], index));
}
template <class Op, class S>
void join_rows(S* acc, const S* x, index_t n) {
  for (index_t j = 0; j < n; ++j) acc[j] = Op::combine(acc[j], x[j]);
}

// Operand 0 of the nest is the output (stride 0 along reduced axes), operands from 1 on are the program's leaves; axes
// [0, kept) are kept, the rest reduced. `row` fills a buffer of B; `direct`: the only leaf is the buffer.
template <class Op, class B, class S, class R, int K>
[[gnu::noinline]] void reduce(Nest<K>& nest, int kept, RowFunction row, bool direct, index_t count) {
  nest.collapse(kept, nest.rank);
  kept = nest.collapse(0, kept);
  const int rank = nest.rank;
  index_t stride[K];
  const void* source[K];
  const auto advance = [&](const Walk<K>& walk, int axis, index_t by) {
    for (int k = 1; k < nest.operands; ++k)
      source[k - 1] = walk.at[k] + (axis < 0 ? 0 : by * nest.stride[k][axis] * nest.bytes[k]);
  };
  const auto load = [&](B* buffer, index_t n) -> const B* {
    if (direct && (stride[0] == 1 || n == 1)) return static_cast<const B*>(source[0]);
    row(buffer, 1, source, stride, n);
    return buffer;
  };
  const auto span = [&](int axis) {
    index_t s = 0;
    for (int k = 1; k < nest.operands; ++k)
      s += nest.stride[k][axis] < 0 ? -nest.stride[k][axis] : nest.stride[k][axis];
    return s;
  };
  alignas(alignment) B buffer[chunk];
  const int inner = rank - 1;
  const bool across = kept > 0 && rank > kept && span(kept - 1) < span(inner);
  Walk<K> outer;
  if (!across) {
    for (int k = 1; k < nest.operands; ++k) stride[k - 1] = rank > kept ? nest.stride[k][inner] : 0;
    const index_t n = rank > kept ? nest.extent[inner] : 1;
    outer.start(nest, 0, kept);
    do {
      Pairwise<Op, S> total;
      Walk<K> walk;
      const int last = rank > kept ? inner : kept;
      walk.start(nest, kept, last, outer);
      index_t index = 0;
      if (count > 0) do {
          for (index_t c = 0; c < n; c += chunk) {
            const index_t m = n - c < chunk ? n - c : chunk;
            advance(walk, rank > kept ? inner : -1, c);
            total.push(fold<Op, B, S>(load(buffer, m), m, index));
            index += m;
          }
        } while (walk.next(nest, kept, last));
      *reinterpret_cast<R*>(const_cast<char*>(outer.at[0])) = Op::template finish<R>(total.total(), count);
    } while (outer.next(nest, 0, kept));
    return;
  }
  // Across: blocks of the last kept axis; three levels of states bound the length of each chain of additions.
  const int along = kept - 1;
  for (int k = 1; k < nest.operands; ++k) stride[k - 1] = nest.stride[k][along];
  constexpr index_t width = 256, group = 64;
  S level[3][width];
  outer.start(nest, 0, along);
  do {
    for (index_t c = 0; c < nest.extent[along]; c += width) {
      const index_t m = nest.extent[along] - c < width ? nest.extent[along] - c : width;
      for (auto& l : level)
        for (index_t j = 0; j < m; ++j) l[j] = Op::template identity<S>();
      Walk<K> walk;
      walk.start(nest, kept, rank, outer);
      index_t index = 0;
      if (count > 0) do {
          advance(walk, along, c);
          fold_across<Op, B, S>(level[0], load(buffer, m), m, index);
          ++index;
          for (int l = 0, g = group; l < 2 && index % g == 0; ++l, g *= group) {
            join_rows<Op>(level[l + 1], level[l], m);
            for (index_t j = 0; j < m; ++j) level[l][j] = Op::template identity<S>();
          }
        } while (walk.next(nest, kept, rank));
      // Older groups first, so that ops that care for order (the first maximum) see the elements in theirs.
      join_rows<Op>(level[2], level[1], m);
      join_rows<Op>(level[2], level[0], m);
      for (index_t j = 0; j < m; ++j)
        *reinterpret_cast<R*>(const_cast<char*>(outer.at[0]) + (c + j) * nest.stride[0][along] * nest.bytes[0]) =
            Op::template finish<R>(level[2][j], count);
    }
  } while (outer.next(nest, 0, along));
}

// Lanewise ops convert elements to the state's type in the row kernel; others take them as they are.
template <class N, class S>
struct BufferOf {
  using type = compute_t<primal_t<typename N::value_type>>;
  using program = program_of<N>;
};
template <class N, class S>
requires(is_real<S> && !__is_same(S, compute_t<primal_t<typename N::value_type>>)) struct BufferOf<N, S> {
  using type = S;
  using program =
      apply_t<concat_t<typename tenon::detail::Lower<N>::type, TypeList<Call<op::Cast<S>, S, false, 1>>>, Program>;
};

}  // namespace detail
}  // namespace exec

template <class Op, unsigned Mask, bool Keep, class A>
void Reduce<Op, Mask, Keep, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  using Buffer = exec::detail::BufferOf<A, State>;
  using B = typename Buffer::type;
  using P = typename Buffer::program;
  const Dims e = x.extents().dims();
  const index_t n = count();
  if (Op::needs_element && n == 0 && extents().size() > 0)
    fail_shape(Op::name.c_str(), "no elements to reduce in shape", e);
  Source source[P::loads];
  exec::sources_of<P>(x, source);
  // Kept axes first, then the reduced ones.
  int order[max_rank], kept = 0, k = 0;
  for (int a = 0; a < e.rank; ++a)
    if (!(Mask >> a & 1u)) order[kept++] = a;
  for (int a = 0, r = kept; a < e.rank; ++a)
    if (Mask >> a & 1u) order[r++] = a;
  Dims ordered;
  StridedMap target;
  index_t step = 1;
  ordered.rank = e.rank;
  target.strides.rank = e.rank;
  for (k = 0; k < e.rank; ++k) ordered.d[k] = e.d[order[k]];
  for (k = kept - 1; k >= 0; --k) {
    target.strides.d[k] = step;
    step *= ordered.d[k];
  }
  exec::Nest<exec::detail::nest_size(P::loads + 1)> nest;
  nest.start(ordered);
  nest.add(out, sizeof(Result), target);
  for (int l = 0; l < P::loads; ++l) {
    StridedMap m = source[l].map;
    for (k = 0; k < e.rank; ++k) m.strides.d[k] = source[l].map.strides.d[order[k]];
    nest.add(source[l].data, exec::load_bytes<P>[l], m);
  }
  if (extents().size() == 0) return;
  constexpr bool direct = P::size == 1 && __is_same(typename P::result, B);
  exec::detail::reduce<Op, B, State, Result>(nest, kept, exec::row<P, B>, direct, n);
}

}  // namespace TENON_ABI
}  // namespace tenon
