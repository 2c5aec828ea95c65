// tenon/exec/cpu/reduce.hpp: runs reductions: the operand's row kernel fills a buffer in cache, the op folds it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along a contiguous axis a row is folded in lanes; across rows every lane is a column, eight rows at a time. States of
// blocks are joined like the carries of a binary counter, so the error of a sum grows with the logarithm of its length.
// The grouping depends on the extents and the order of the strides alone: the same bits every time. Nothing here is a
// template of the expression: kernels are shared by all operands of a type.
#pragma once
#include <tenon/exec/cpu/fold.hpp>
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/evaluate.hpp>
#include <tenon/expr/reductions.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Operand 0 of the nest is the output (stride 0 along reduced axes), operands from 1 on are the program's leaves; axes
// [0, kept) are kept, the rest reduced. `row` fills a buffer of B; `direct`: the only leaf is the buffer. R is the
// result's type.
template <class Op, class B, class R, int K>
struct ReduceLoops {
  using F = Fold<Op, B>;
  using N = typename F::N;
  static constexpr index_t W = F::W;
  static constexpr index_t buffer_bytes = 16384, rows_at_once = 8;
  static constexpr index_t at_most(index_t n, index_t limit) { return n < limit ? n : limit; }
  static constexpr index_t fit = buffer_bytes / static_cast<index_t>(sizeof(N)) / W * W;
  static constexpr index_t chunk = fit > 1024 ? 1024 : fit < W ? W : fit;     // elements folded at once along a row
  static constexpr index_t width = chunk / 4 / W > 0 ? chunk / 4 / W* W : W;  // columns folded at once across rows

  Nest<K>& nest;
  int kept;
  RowFunction row;
  bool direct;
  index_t count;
  // Packs may be read past the last row of a block, hence the slack.
  static constexpr index_t capacity = rows_at_once * width > chunk ? rows_at_once* width : chunk;
  alignas(alignment) char memory[(capacity + W) * static_cast<index_t>(sizeof(N))];

  ReduceLoops(Nest<K>& n, int k, RowFunction r, bool d, index_t c) : nest(n), kept(k), row(r), direct(d), count(c) {
    __builtin_memset(memory + capacity * static_cast<index_t>(sizeof(N)), 0, W * sizeof(N));
  }

  N* buffer() { return reinterpret_cast<N*>(memory); }
  // A block of rows x cols elements from `walk` on: in the buffer, or where the only leaf has them already.
  const N* block(const Walk<K>& walk, int row_axis, index_t r, index_t rows, int col_axis, index_t c, index_t cols,
                 index_t& pitch) {
    const void* source[K];
    index_t stride[K] = {};
    bool joined = true;
    for (int k = 1; k < nest.operands; ++k) {
      const index_t by_row = row_axis < 0 ? 0 : nest.stride[k][row_axis];
      const index_t by_col = col_axis < 0 ? 0 : nest.stride[k][col_axis];
      source[k - 1] = walk.at[k] + (r * by_row + c * by_col) * nest.bytes[k];
      stride[k - 1] = by_col;
      joined = joined && by_row == by_col * cols;
    }
    if (direct && (stride[0] == 1 || cols == 1)) {
      pitch = row_axis < 0 ? cols : nest.stride[1][row_axis];
      return static_cast<const N*>(source[0]);
    }
    pitch = cols;
    if (joined || rows == 1) {
      row(memory, 1, source, stride, rows * cols);
    } else {
      for (index_t i = 0; i < rows; ++i) {
        row(buffer() + i * cols, 1, source, stride, cols);
        for (int k = 1; k < nest.operands; ++k)
          source[k - 1] = static_cast<const char*>(source[k - 1]) + nest.stride[k][row_axis] * nest.bytes[k];
      }
    }
    return buffer();
  }
  void store(const Walk<K>& outer, int axis, index_t i, const typename F::S& s) {
    const index_t offset = axis < 0 ? 0 : i * nest.stride[0][axis] * nest.bytes[0];
    *reinterpret_cast<R*>(const_cast<char*>(outer.at[0]) + offset) = Op::template finish<R>(s, count);
  }

  void run(bool across) {
    if (across) {
      over_columns();
    } else {
      over_rows();
    }
  }

 private:
  // The innermost reduced axis is contiguous, or as near to it as there is.
  void over_rows() {
    const int inner = nest.rank > kept ? nest.rank - 1 : -1, last = inner < 0 ? kept : inner, along = kept - 1;
    const index_t n = inner < 0 ? 1 : nest.extent[inner], outputs = kept ? nest.extent[along] : 1;
    const bool short_rows = last == kept && n <= chunk && n > 0;  // several results from one block
    const index_t batch = !short_rows ? 1 : direct && nest.stride[1][inner < 0 ? 0 : inner] == 1 ? outputs : chunk / n;
    index_t pitch;
    Walk<K> outer;
    outer.start(nest, 0, along < 0 ? 0 : along);
    do {
      for (index_t o = 0; o < outputs; o += batch) {
        const index_t m = at_most(outputs - o, batch);
        if (short_rows) {
          const N* p = block(outer, along, o, m, inner, 0, n, pitch);
          for (index_t i = 0; i < m; ++i) {
            Total<Op, B> total;
            total.add(p + i * pitch, n, 0);
            store(outer, along, o + i, total.state());
          }
          continue;
        }
        Total<Op, B> total;
        Walk<K> walk;
        walk.start(nest, kept, last, outer);
        if (along >= 0)
          for (int k = 1; k < nest.operands; ++k) walk.at[k] += o * nest.stride[k][along] * nest.bytes[k];
        index_t index = 0;
        if (count > 0) do {
            for (index_t c = 0; c < n; c += chunk) {
              const index_t length = at_most(n - c, chunk);
              total.add(block(walk, -1, 0, 1, inner, c, length, pitch), length, index);
              index += length;
            }
          } while (walk.next(nest, kept, last));
        store(outer, along, o, total.state());
      }
    } while (along > 0 && outer.next(nest, 0, along));
  }

  // The innermost kept axis is contiguous: lanes are columns.
  void over_columns() {
    const int along = kept - 1, inner = nest.rank - 1;
    const index_t columns = nest.extent[along], rows = nest.extent[inner];
    if (!Op::indexed && columns < W && rows >= 4 * rows_at_once && side_by_side(along, inner)) return;
    Walk<K> outer;
    outer.start(nest, 0, along);
    Columns<Op, B> sums(at_most(columns, width), count / rows_at_once + nest_rows(inner));
    do {
      for (index_t c = 0; c < columns; c += width) {
        const index_t m = at_most(columns - c, width);
        sums.start(m);
        Walk<K> walk;
        walk.start(nest, kept, inner, outer);
        index_t index = 0, pitch;
        if (count > 0) do {
            for (index_t r = 0; r < rows; r += rows_at_once) {
              const index_t some = at_most(rows - r, rows_at_once);
              const N* p = block(walk, inner, r, some, along, c, m, pitch);
              sums.add(p, pitch, some, index, p == buffer());
              index += some;
            }
          } while (walk.next(nest, kept, inner));
        sums.finish([&](index_t j, const typename F::S& s) { store(outer, along, c + j, s); });
      }
    } while (along > 0 && outer.next(nest, 0, along));
  }
  // Blocks of rows end early at the end of the innermost reduced axis, once for each step of the axes around it.
  index_t nest_rows(int inner) const {
    index_t n = 1;
    for (int a = kept; a < inner; ++a) n *= nest.extent[a];
    return n;
  }

  // A few columns, stored row after row: as many rows as fit make one wide row, whose columns are joined in the end.
  bool side_by_side(int along, int inner) {
    const index_t columns = nest.extent[along], rows = nest.extent[inner];
    for (int k = 1; k < nest.operands; ++k)
      if (nest.stride[k][inner] != nest.stride[k][along] * columns) return false;
    if (inner != kept) return false;
    const index_t together = at_most(width / columns, rows / rows_at_once), wide = together * columns;
    Walk<K> outer;
    outer.start(nest, 0, along);
    Columns<Op, B> sums(wide, rows / together / rows_at_once + 1);
    typename F::S state[W];
    do {
      sums.start(wide);
      index_t pitch;
      for (index_t r = 0; r < rows / together; r += rows_at_once) {
        const index_t some = at_most(rows / together - r, rows_at_once);
        const N* p = block(outer, inner, r * together, 1, along, 0, some * wide, pitch);
        sums.add(p, wide, some, 0, p == buffer());
      }
      sums.finish([&](index_t j, const typename F::S& s) {
        state[j % columns] = j < columns ? s : Op::combine(state[j % columns], s);
      });
      for (index_t r = rows / together * together; r < rows; ++r) {
        const N* p = block(outer, inner, r, 1, along, 0, columns, pitch);
        for (index_t j = 0; j < columns; ++j) state[j] = Op::combine(state[j], Op::lift(p[j], r));
      }
      for (index_t j = 0; j < columns; ++j) store(outer, along, j, state[j]);
    } while (along > 0 && outer.next(nest, 0, along));
    return true;
  }
};

// How far apart the elements of an axis are, over all leaves.
template <int K>
index_t span(const Nest<K>& nest, int axis) {
  index_t s = 0;
  for (int k = 1; k < nest.operands; ++k) {
    const index_t step = nest.stride[k][axis] * nest.bytes[k];
    s += step < 0 ? -step : step;
  }
  return s;
}
// Axes [first, last) from far apart to near.
template <int K>
void sort_axes(Nest<K>& nest, int first, int last) {
  for (int a = first; a < last; ++a)
    for (int b = a; b > first && span(nest, b - 1) < span(nest, b); --b) nest.swap(b - 1, b);
}

template <class Op, class B, class R, int K>
[[gnu::noinline]] void reduce(Nest<K>& nest, int kept, RowFunction row, bool direct, index_t count) {
  sort_axes(nest, 0, kept);
  if (!Op::indexed) sort_axes(nest, kept, nest.rank);
  nest.collapse(kept, nest.rank);
  kept = nest.collapse(0, kept);
  ReduceLoops<Op, B, R, K> loops(nest, kept, row, direct, count);
  loops.run(kept > 0 && nest.rank > kept && count > 0 && span(nest, kept - 1) < span(nest, nest.rank - 1));
}

// Elements are converted to the op's number type in the row kernel.
template <class N, class Number>
struct BufferOf {
  using program =
      apply_t<concat_t<typename tenon::detail::Lower<N>::type, TypeList<Call<op::Cast<Number>, Number, false, 1>>>,
              Program>;
};
template <class N, class Number>
requires(__is_same(Number, compute_t<primal_t<typename N::value_type>>)) struct BufferOf<N, Number> {
  using program = program_of<N>;
};

}  // namespace detail
}  // namespace exec

template <class Op, unsigned Mask, bool Keep, class A>
void Reduce<Op, Mask, Keep, A>::compute(Result* out) const {
  const A& x = this->template operand<0>();
  using P = typename exec::detail::BufferOf<A, Number>::program;
  const Dims e = x.extents().dims();
  const index_t n = count(), outputs = extents().size();
  if (Op::needs_element && n == 0 && outputs > 0) fail_shape(Op::name.c_str(), "no elements to reduce in shape", e);
  if (outputs == 0) return;
  Source source[P::loads];
  exec::sources_of<P>(x, source);
  // Kept axes first, then the reduced ones.
  int order[max_rank], kept = 0;
  for (int a = 0; a < e.rank; ++a)
    if (!(Mask >> a & 1u)) order[kept++] = a;
  for (int a = 0, r = kept; a < e.rank; ++a)
    if (Mask >> a & 1u) order[r++] = a;
  const auto ordered = [&](const Dims& d) {
    Dims r;
    r.rank = e.rank;
    for (int k = 0; k < e.rank; ++k) r.d[k] = d.d[order[k]];
    return r;
  };
  StridedMap target;
  target.extents = ordered(e);
  target.strides.rank = e.rank;
  index_t step = 1;
  for (int k = kept - 1; k >= 0; --k) {
    target.strides.d[k] = step;
    step *= target.extents.d[k];
  }
  exec::Nest<exec::detail::nest_size(P::loads + 1)> nest;
  nest.start(target.extents);
  nest.add(out, sizeof(Result), target);
  for (int l = 0; l < P::loads; ++l)
    nest.add(source[l].data, exec::load_bytes<P>[l],
             { target.extents, ordered(source[l].map.strides), source[l].map.offset });
  // A load is the program's buffer unless 16-bit floats become floats on the way.
  constexpr bool direct = P::size == 1 && __is_same(typename P::result, Number);
  exec::detail::reduce<Op, Number, Result>(nest, kept, exec::row<P, Number>, direct, n);
}

}  // namespace TENON_ABI
}  // namespace tenon
