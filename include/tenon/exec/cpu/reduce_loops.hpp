// tenon/exec/cpu/reduce_loops.hpp: the loops of reductions, shared by all ops and expressions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along a contiguous axis a row is folded in lanes; across rows every lane is a column, a few rows at a time. States of
// blocks are joined pairwise, so the error of a sum grows with the logarithm of its length. The grouping depends on the
// extents and the strides alone: the same bits every time. The loops are no templates of the expression or the op: they
// call its row kernel and its fold kernel.
#pragma once
#include <tenon/exec/cpu/fold.hpp>
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/cpu/repeated_rows.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

inline constexpr index_t chunk_bytes = 4096;
// Rows of so many elements and fewer are turned, so that lanes are rows.
inline constexpr index_t most_turned = Columns::most_rows;
constexpr index_t at_most(index_t n, index_t limit) { return n < limit ? n : limit; }

// How many elements of a contiguous row are folded at once.
inline index_t chunk_of(const FoldKernel& op) {
  const index_t packs = chunk_bytes / (op.bytes * op.lanes);
  return (packs > 4 ? packs : 4) * op.lanes;
}

// How far apart the elements of an axis are, over all leaves.
inline index_t span(const Nest& nest, int axis) {
  index_t s = 0;
  for (int k = 1; k < nest.operands; ++k) {
    const index_t step = nest.operand[k].stride[axis] * nest.operand[k].bytes;
    s += step < 0 ? -step : step;
  }
  return s;
}
// Axes [first, last) from far apart to near.
inline void sort_axes(Nest& nest, int first, int last) {
  for (int a = first; a < last; ++a)
    for (int b = a; b > first && span(nest, b - 1) < span(nest, b); --b) nest.swap(b - 1, b);
}

// Operand 0 of the nest is the output (stride 0 along reduced axes), operands from 1 on are the program's leaves; axes
// [0, kept) are kept, the rest reduced. `row` fills the buffer; `direct`: the only leaf has the buffer's type. The nest
// may be a part of a larger one: `outputs` is the whole's extent along the last kept axis, by which the way is chosen.
class ReduceLoops {
 public:
  ReduceLoops(const FoldKernel& op, const Nest& nest, int kept, index_t outputs, RowFunction row, bool direct,
              index_t count, index_t plane)
      : op_(op),
        nest_(nest),
        kept_(kept),
        outputs_(outputs),
        row_(row),
        direct_(direct),
        count_(count),
        results_{kept > 0 ? nest.operand[0].stride[kept - 1] : 0, count, plane} {
    chunk_ = chunk_of(op);
    room_ = 4 * chunk_;
    if ((room_ + op.lanes) * op.bytes > static_cast<index_t>(sizeof(near_))) {
      far_ = tenon::detail::BlockRef(static_cast<size_t>((room_ + op.lanes) * op.bytes));
      buffer_ = far_.data();
    }
  }
  ReduceLoops(const ReduceLoops&) = delete;
  ReduceLoops& operator=(const ReduceLoops&) = delete;

  void run() {
    const int inner = nest_.rank - 1;
    if (kept_ == 0 || nest_.rank == kept_ || count_ == 0 || span(nest_, kept_ - 1) >= span(nest_, inner)) {
      over_rows();
    } else if (op_.indexed && nest_.extent[inner] >> 30) {
      over_rows();  // an index would not fit into a lane
    } else if (op_.indexed || inner != kept_ || outputs_ >= op_.lanes || !side_by_side()) {
      over_columns();
    }
  }
  // Folds elements [from, to) of a single row, all of which is reduced; `from` is a multiple of a chunk.
  void fold(void* total, int levels, index_t from, index_t to) {
    Walk walk;
    walk.start(nest_, 0, 0);
    index_t pitch;
    op_.start(total, levels);
    for (; from < to; from += chunk_) {
      const index_t length = at_most(to - from, chunk_);
      op_.add(total, block(walk, -1, 0, 1, 0, from, length, pitch), length, from);
    }
  }

 private:
  static constexpr index_t rows_at_once = Columns::most_rows, turned_packs = 8;

  // A block of rows x cols elements from `walk` on: in the buffer, or where the only leaf has them already.
  const char* block(const Walk& walk, int row_axis, index_t r, index_t rows, int col_axis, index_t c, index_t cols,
                    index_t& pitch) {
    const void* source[max_operands];
    index_t stride[max_operands];
    stride[0] = 0;
    bool joined = true;
    for (int k = 1; k < nest_.operands; ++k) {
      const index_t by_row = row_axis < 0 ? 0 : nest_.operand[k].stride[row_axis];
      const index_t by_col = col_axis < 0 ? 0 : nest_.operand[k].stride[col_axis];
      source[k - 1] = walk.byte(k) + (r * by_row + c * by_col) * nest_.operand[k].bytes;
      stride[k - 1] = by_col;
      joined = joined && by_row == by_col * cols;
    }
    if (direct_ && (stride[0] == 1 || cols == 1)) {
      pitch = row_axis < 0 ? cols : nest_.operand[1].stride[row_axis];
      return static_cast<const char*>(source[0]);
    }
    pitch = cols;
    if (joined || rows == 1) {
      row_(buffer_, 1, source, stride, rows * cols);
    } else {
      for (index_t i = 0; i < rows; ++i) {
        row_(buffer_ + i * cols * op_.bytes, 1, source, stride, cols);
        for (int k = 1; k < nest_.operands; ++k)
          source[k - 1] =
              static_cast<const char*>(source[k - 1]) + nest_.operand[k].stride[row_axis] * nest_.operand[k].bytes;
      }
    }
    return buffer_;
  }
  char* output(const Walk& outer, int axis, index_t i) const {
    return outer.out() + (axis < 0 ? 0 : i * nest_.operand[0].stride[axis] * nest_.operand[0].bytes);
  }

  // The innermost reduced axis is contiguous, or as near to it as there is.
  void over_rows() {
    const int inner = nest_.rank > kept_ ? nest_.rank - 1 : -1, last = inner < 0 ? kept_ : inner, along = kept_ - 1;
    const index_t n = inner < 0 ? 1 : nest_.extent[inner], outputs = along < 0 ? 1 : nest_.extent[along];
    const bool short_rows = last == kept_ && n <= chunk_ && n > 0;
    const bool in_place = direct_ && (inner < 0 || nest_.operand[1].stride[inner] == 1);
    const bool tiny_rows = short_rows && n <= most_turned && n > 1 && op_.lanes > 1 && is_word(op_.bytes);
    const index_t fit = tiny_rows ? room_ / n / op_.lanes * op_.lanes : chunk_ / (n > 0 ? n : 1);
    const index_t batch = short_rows && in_place ? outputs : fit;
    char* total = few_;
    const int levels = levels_for(n > 0 ? count_ / n * ((n + chunk_ - 1) / chunk_) : 0);
    if (const index_t bytes = op_.total_bytes(levels); !short_rows && bytes > static_cast<index_t>(sizeof(few_))) {
      many_ = tenon::detail::BlockRef(static_cast<size_t>(bytes));
      total = many_.data();
    }
    index_t pitch;
    Walk outer;
    outer.start(nest_, 0, along < 0 ? 0 : along);
    do {
      if (short_rows) {
        for (index_t o = 0; o < outputs; o += batch) {
          const index_t m = at_most(outputs - o, batch);
          const char* p = block(outer, along, o, m, inner, 0, n, pitch);
          if (tiny_rows && outputs_ >= op_.lanes)
            turned_rows(p, pitch, n, m, output(outer, along, o));
          else
            op_.rows(p, pitch, n, m, output(outer, along, o), results_);
        }
        continue;
      }
      for (index_t o = 0; o < outputs; ++o) {
        op_.start(total, levels);
        Walk walk;
        walk.start(nest_, kept_, last, outer);
        if (along >= 0)
          for (int k = 1; k < nest_.operands; ++k)
            walk.move(k, o * nest_.operand[k].stride[along] * nest_.operand[k].bytes);
        index_t index = 0;
        if (count_ > 0) do {
            for (index_t c = 0; c < n; c += chunk_) {
              const index_t length = at_most(n - c, chunk_);
              op_.add(total, block(walk, -1, 0, 1, inner, c, length, pitch), length, index);
              index += length;
            }
          } while (walk.next(nest_, kept_, last));
        op_.end(total, output(outer, along, o), results_);
      }
    } while (along > 0 && outer.next(nest_, 0, along));
  }

  // Rows of a few elements each: turned, so that lanes are rows.
  void turned_rows(const char* p, index_t pitch, index_t n, index_t m, char* out) {
    const index_t most = turned_packs * op_.lanes;
    alignas(alignment) char turned[most_turned * turned_packs * simd::native_bytes + simd::native_bytes];
    Columns c;
    give_levels(c, most, 0);
    for (index_t i = 0; i < m; i += most) {
      const index_t some = at_most(m - i, most);
      gather(turned, p + i * pitch * op_.bytes, op_.bytes, {pitch, some, 1, n});
      __builtin_memset(turned + n * some * op_.bytes, 0, simd::native_bytes);  // the last pack may go past the end
      start(c, some);
      op_.columns(c, turned, some, n, 0, true);
      op_.finish(c, out + i * results_.stride * nest_.operand[0].bytes, results_);
    }
  }

  // Memory for the states of columns, in as many levels as there are bits in the number of chains.
  void give_levels(Columns& c, index_t columns, index_t rows) {
    index_t n = 3;
    for (index_t chains = rows / Columns::short_chain; chains > 0; chains /= 2) ++n;
    // Packs of counts are wider, and so more aligned, than any memory given.
    const index_t align = op_.pack_state_alignment;
    const index_t bytes = n * ((columns + op_.lanes - 1) / op_.lanes) * op_.pack_state_bytes + align;
    char* memory = few_;
    if (bytes > static_cast<index_t>(sizeof(few_))) {
      many_ = tenon::detail::BlockRef(static_cast<size_t>(bytes));
      memory = many_.data();
    }
    const index_t over = static_cast<index_t>(reinterpret_cast<__UINTPTR_TYPE__>(memory)) & (align - 1);
    c.levels = over == 0 ? memory : memory + (align - over);
  }
  void start(Columns& c, index_t columns) const {
    c.columns = columns;
    c.packs = (columns + op_.lanes - 1) / op_.lanes;
    c.rows = 0;
    c.chains = 0;
  }
  void add(Columns& c, const char* p, index_t pitch, index_t rows, index_t index) const {
    const bool padded = p == buffer_;
    if (padded) __builtin_memset(buffer_ + rows * pitch * op_.bytes, 0, static_cast<size_t>(op_.lanes * op_.bytes));
    op_.columns(c, p, pitch, rows, index, padded);
  }

  // The innermost kept axis is contiguous: lanes are columns.
  void over_columns() {
    const int along = kept_ - 1, inner = nest_.rank - 1;
    const index_t columns = nest_.extent[along], rows = nest_.extent[inner];
    // Long runs of each row keep the prefetchers going.
    const bool in_place = direct_ && nest_.operand[1].stride[along] == 1;
    const bool long_runs = in_place && op_.pack_state_bytes == op_.lanes * op_.bytes;  // states are numbers
    const index_t width = at_most(columns, long_runs ? room_ : chunk_), fit = room_ / at_most(outputs_, chunk_);
    const index_t some = in_place ? rows : fit < rows_at_once ? fit : fit / rows_at_once * rows_at_once;
    Columns c;
    give_levels(c, width, count_);
    Walk outer;
    outer.start(nest_, 0, along);
    do {
      for (index_t from = 0; from < columns; from += width) {
        const index_t m = at_most(columns - from, width);
        start(c, m);
        Walk walk;
        walk.start(nest_, kept_, inner, outer);
        index_t index = 0, pitch;
        do {
          for (index_t r = 0; r < rows; r += some) {
            const index_t n = at_most(rows - r, some);
            const char* p = block(walk, inner, r, n, along, from, m, pitch);
            add(c, p, pitch, n, index);
            index += n;
          }
        } while (walk.next(nest_, kept_, inner));
        op_.finish(c, output(outer, along, from), results_);
      }
    } while (along > 0 && outer.next(nest_, 0, along));
  }

  // A few columns, stored row after row: as many rows as fit make one wide row, whose columns are joined in the end.
  bool side_by_side() {
    const int along = kept_ - 1, inner = nest_.rank - 1;
    const index_t columns = nest_.extent[along], rows = nest_.extent[inner];
    const index_t together = at_most(chunk_ / 4 / columns, rows / rows_at_once), wide = together * columns;
    if (together < 2) return false;
    for (int k = 1; k < nest_.operands; ++k)
      if (nest_.operand[k].stride[inner] != nest_.operand[k].stride[along] * columns) return false;
    const index_t wide_rows = rows / together, done = wide_rows * together;
    Columns c;
    give_levels(c, wide, wide_rows);
    Walk outer;
    outer.start(nest_, 0, along);
    do {
      start(c, wide);
      index_t pitch;
      for (index_t r = 0; r < wide_rows; r += rows_at_once) {
        const index_t some = at_most(wide_rows - r, rows_at_once);
        add(c, block(outer, inner, r * together, 1, along, 0, some * wide, pitch), wide, some, 0);
      }
      const char* rest = block(outer, inner, done, 1, along, 0, (rows - done) * columns, pitch);
      op_.finish_together(c, columns, rest, rows - done, output(outer, along, 0), results_);
    } while (along > 0 && outer.next(nest_, 0, along));
    return true;
  }

  const FoldKernel& op_;
  const Nest& nest_;
  int kept_;
  index_t outputs_;
  RowFunction row_;
  bool direct_;
  index_t count_;
  Results results_;
  index_t chunk_, room_;  // elements folded at once along a row; elements of the buffer
  tenon::detail::BlockRef far_{}, many_{};
  alignas(alignment) char near_[4 * chunk_bytes + alignment];  // the buffer and a pack, unless elements are large
  alignas(alignment) char few_[8192];                          // states of columns, or the total of a row
  char* buffer_ = near_;
};

/// What a reduction is, without its types.
struct ReduceCall {
  const FoldKernel* op;
  RowFunction row;
  bool direct;    // the only leaf has the buffer's type
  Dims extents;   // of the operand
  unsigned mask;  // its reduced axes
  void* out;      // dense
  index_t bytes;  // of a result
  index_t count;  // elements that go into each
  index_t plane;  // elements from the first results to the second ones, of an op that has two
};

// All of a row is reduced to one result, on the executor's threads: parts of a power of two of chunks, whose states
// are then joined as if they had come one after the other.
inline void reduce_row(const ReduceCall& call, const Nest& nest) {
  const index_t n = nest.extent[0];
  constexpr index_t most = 64;
  index_t part = chunk_of(*call.op);
  const int levels = levels_for((n + part - 1) / part);  // of what is joined in the end
  while (part < least_part || n > most * part) part *= 2;
  const index_t parts = (n + part - 1) / part, bytes = call.op->total_bytes(levels);
  const tenon::detail::BlockRef totals(static_cast<size_t>(parts * bytes));
  in_parts(parts, 1, part, [&](index_t from, index_t to) {
    ReduceLoops loops(*call.op, nest, 0, 1, call.row, call.direct, call.count, call.plane);
    for (; from < to; ++from)
      loops.fold(totals.data() + from * bytes, levels, from * part, at_most(n, (from + 1) * part));
  });
  for (index_t p = 1; p < parts; ++p) call.op->join(totals.data(), totals.data() + p * bytes);
  call.op->end(totals.data(), call.out, {0, call.count, call.plane});
}
// A nest whose axes [0, kept) are kept: parts of axis 0 on the executor's threads, whose results are their own.
inline void reduce_nest(const ReduceCall& call, const Nest& nest, int kept) {
  index_t work = 1;
  for (int a = 0; a < nest.rank; ++a) work *= nest.extent[a];
  if (kept == 0 && nest.rank == 1 && goes_in_parts(work)) return reduce_row(call, nest);
  const index_t outputs = kept > 0 ? nest.extent[kept - 1] : 1, n = kept > 0 ? nest.extent[0] : 1;
  // Along a single kept axis lanes may be results: whole packs, in long runs.
  const int inner = nest.rank - 1;
  const bool long_rows =
      kept > 0 && inner >= kept && nest.extent[inner] > most_turned && span(nest, kept - 1) >= span(nest, inner);
  in_parts(n, kept > 1 || long_rows ? 1 : 4 * call.op->lanes, n > 0 ? work / n : 0, [&](index_t from, index_t to) {
    if (to - from == n)
      return ReduceLoops(*call.op, nest, kept, outputs, call.row, call.direct, call.count, call.plane).run();
    Nest part = nest;
    part.narrow(from, to);
    ReduceLoops(*call.op, part, kept, outputs, call.row, call.direct, call.count, call.plane).run();
  });
}

// Whether rows of n elements, each of which is reduced to a result, are so few that what a nest finds out about them
// takes longer; they are folded as over_rows does it.
inline bool is_few(const FoldKernel& op, index_t rows, index_t n) {
  return n > 0 && rows > 0 && (rows < op.lanes || n > most_turned) && n <= chunk_bytes / rows && n <= chunk_of(op) &&
         (rows * n + op.lanes) * op.bytes <= chunk_bytes;
}
// Such rows, one behind the other; leaf k begins at at[k], and is met element by element.
[[gnu::noinline]] inline void reduce_few(const ReduceCall& call, const void** at, index_t rows, index_t n) {
  alignas(alignment) char buffer[chunk_bytes];
  if (!call.direct) call.row(buffer, 1, at, unit_strides, rows * n);
  call.op->rows(call.direct ? at[0] : buffer, n, n, rows, call.out, {1, call.count, call.plane});
}

// Kept axes first, then the reduced ones, each from far apart to near. `operand`: the leaves, with strides over the
// operand's axes.
[[gnu::noinline]] inline void reduce(const ReduceCall& call, const Walked* operand, int loads) {
  const int rank = call.extents.rank;
  int order[max_rank], kept = 0;
  for (int a = 0; a < rank; ++a)
    if (!(call.mask >> a & 1u)) order[kept++] = a;
  for (int a = 0, r = kept; a < rank; ++a)
    if (call.mask >> a & 1u) order[r++] = a;
  const auto ordered = [&](const index_t* d) {
    Dims r;
    r.rank = rank;
    for (int k = 0; k < rank; ++k) r.d[k] = d[order[k]];
    return r;
  };
  StridedMap target{ordered(call.extents.d), {}, 0};
  target.strides.rank = rank;
  index_t step = 1;
  for (int k = kept - 1; k >= 0; --k) {
    target.strides.d[k] = step;
    step *= target.extents.d[k];
  }
  Nest nest;
  nest.start(target.extents);
  nest.add(call.out, call.bytes, target);
  for (int l = 0; l < loads; ++l)
    nest.add(operand[l].base, operand[l].bytes, {target.extents, ordered(operand[l].stride), 0});
  sort_axes(nest, 0, kept);
  if (!call.op->in_order) sort_axes(nest, kept, nest.rank);
  nest.collapse(kept, nest.rank);
  kept = nest.collapse(0, kept);
  reduce_nest(call, nest, kept);
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
