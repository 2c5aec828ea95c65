// tenon/exec/cpu/contraction_blocked.hpp: contractions as blocked matrix products around the micro-kernels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows, columns and the sum are cut into blocks that fit the caches; operands are packed block by block (gathered from
// any strides), or read where they lie if that is no slower. The order of additions depends on extents and strides
// alone. The driver is compiled once for each kind of step; what the elements are stored as is in pack functions.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/exec/cpu/contraction_choice.hpp>
#include <tenon/exec/cpu/matrix_vector.hpp>
#include <tenon/exec/executor.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

template <class T>
class Blocked : BlockedFields, BlockTiles<T> {
 public:
  using Tiles = BlockTiles<T>;
  using Tiles::R, Tiles::C, Tiles::W, Tiles::group, Tiles::begin, Tiles::number, Tiles::has_vector_kernel, Tiles::words,
      Tiles::computed_row;
  using typename Tiles::Word, typename Tiles::Number;

  Blocked(const BlockedCall& call, ContractionPlan& p) {
    [[maybe_unused]] const tenon::detail::BlockRef tables = start(call, p, W);
    choose<T>();
    // Many products, or small ones, go to the executor's threads whole, others in parts of their rows.
    const index_t products = p.batch.size(), work = a_row_.size * b_column_.size * a_sum_.size;
    share(products, products < 16 && work >= 8 * least_part ? products : 1, work,
          [&p](Blocked& x, index_t first, index_t last) { x.batch(p.batch, first, last); });
  }

 private:
  // A block of columns and of the sum, and what the threads that share its rows have in common.
  struct Block {
    index_t column = 0, columns = 0, step = 0, steps = 0;
    bool whole = false;            // the sum is one block: rows are finished tile by tile
    const Word* panels = nullptr;  // packed columns; those before `panels_from` are read in place
    index_t panels_from = 0;
    Number* rows = nullptr;  // if they are not finished tile by tile: from `first_row` on, on their way to the epilogue
    index_t first_row = 0, width = 0, strip = 0;
  };
  Blocked(const BlockedFields& fields, const Block& block) : BlockedFields(fields), block_(block) {}
  // Products [from, to) of the batch.
  void batch(const ContractionAxes& axes, index_t from, index_t to) {
    ContractionWalk w;
    w.start(axes, from);
    for (batch_ = from; batch_ < to; ++batch_, w.next(axes)) {
      a_ = at(call_.a, swapped_ ? w.b : w.a);
      b_ = at(call_.b, swapped_ ? w.a : w.b);
      c_ = static_cast<char*>(call_.c) + w.c * call_.c_bytes;
      const index_t m = a_row_.size, n = b_column_.size, k = a_sum_.size;
      if (by_vector_)
        share(n, vector_rows, k, [](Blocked& x, index_t first, index_t last) { x.one_row(first, last); });
      else if (is_narrow_)
        share(m, narrow_rows, n * k, [](Blocked& x, index_t first, index_t last) { x.few_columns(first, last); });
      else if (by_dots_ && m == 1)
        share(n, 2 * dot_columns, k, [](Blocked& x, index_t first, index_t last) { x.dots(0, 1, first, last); });
      else if (by_dots_)
        share(m, dot_rows, n * k, [n](Blocked& x, index_t first, index_t last) { x.dots(first, last, 0, n); });
      else if (by_columns_)
        share(n, 16 * W, k, [](Blocked& x, index_t first, index_t last) { x.one_row(first, last); });
      else if (m <= 3 * R)  // too few rows for threads
        share(n, C, m * k, [m](Blocked& x, index_t first, index_t last) { x.blocks(0, m, first, last); });
      else if (packs_b_)
        blocks(0, m, 0, n);  // threads share what is packed
      else
        share(m, R, n * k, [n](Blocked& x, index_t first, index_t last) { x.blocks(first, last, 0, n); });
    }
  }
  // Calls f(engine, first, last) for parts of [0, n): this engine for the whole, else each part has one of its own.
  template <class F>
  void share(index_t n, index_t unit, index_t work, const F& f) {
    in_parts(n, unit, work, [&](index_t first, index_t last) {
      if (last - first == n) return f(*this, first, last);
      Blocked part(*this, block_);
      f(part, first, last);
    });
  }
  static const char* at(const BlockedOperand& x, index_t offset) {
    return x.prologue ? nullptr : static_cast<const char*>(x.data) + offset * x.bytes;
  }
  static const Word* in_place(const char* p) { return reinterpret_cast<const Word*>(p); }
  template <class X>
  static X* buffer(tenon::detail::BlockRef& block, index_t n) {
    const size_t bytes = static_cast<size_t>(n + C) * sizeof(X);
    if (block.capacity() < bytes) block = tenon::detail::BlockRef(bytes);
    return reinterpret_cast<X*>(block.data());
  }

  // Rows [from, to) and columns [from_column, to_column) of one batch.
  void blocks(index_t from, index_t to, index_t from_column, index_t to_column) {
    const index_t k = a_sum_.size;
    block_.whole = sum_block_ == k;
    block_.first_row = from;
    for (index_t j = from_column; j < to_column; j += column_block_) {
      block_.column = j;
      block_.columns = smaller(column_block_, to_column - j);
      if (call_.epilogue) {
        block_.strip = block_.whole ? 32 * W : column_block_;  // rows of a strip stay in the first-level cache
        block_.width = smaller(rounded_up(block_.columns, C), block_.strip + C);
        if (!block_.whole) block_.rows = buffer<Number>(rows_buffer_, block_.width * (to - from));
      }
      index_t s = 0;
      do {
        block_.step = s;
        block_.steps = smaller(sum_block_, k - s);
        prepare_columns();
        share(to - from, R, block_.columns * block_.steps,
              [from](Blocked& x, index_t first, index_t last) { x.rows_of_block(from + first, from + last); });
        s += block_.steps;
      } while (s < k);
    }
  }
  // Rows [from, to) of a block.
  void rows_of_block(index_t from, index_t to) {
    if (call_.epilogue && block_.whole) block_.rows = buffer<Number>(rows_buffer_, block_.width * R);
    const index_t s = block_.step, steps = block_.steps;
    for (index_t i = from; i < to; i += row_block_) {
      const index_t rows = smaller(row_block_, to - i);
      if (computes_a_ || copies_a_) make_rows(i, rows, s, steps);
      if (packs_a_)
        pack(call_.a, call_.a.pack_rows, R, buffer<Word>(a_buffer_, rounded_up(rows, R) * words(steps)), a_, a_row_, i,
             rows, a_sum_, s, steps);
      tiles(i, rows);
    }
    finished();
  }
  // What went past the caches is in memory before this thread says that it is done.
  void finished() const {
    if (call_.epilogue && call_.epilogue->past_caches) stream_fence();
  }
  // B's block in panels; if it is read in place, only the columns that do not fill a tile.
  void prepare_columns() {
    const index_t columns = block_.columns, steps = block_.steps;
    const index_t in_place = packs_b_ ? 0 : masked_tiles<T> ? columns : columns / W * W, packed = columns - in_place;
    block_.panels_from = in_place;
    if (packed == 0) return;
    const index_t panel = begin + words(steps);
    Word* const to = buffer<Word>(b_buffer_, rounded_up(packed, C) * panel);
    block_.panels = to;
    static_assert(C % simd::native_lanes<Word> == 0, "a panel's last store must not reach into another thread's");
    in_parts(packed, C, steps, [&](index_t first, index_t last) {
      pack(call_.b, call_.b.pack_columns, C, to + first * panel, b_, b_column_, block_.column + in_place + first,
           last - first, b_sum_, block_.step, steps);
    });
  }
  void make_rows(index_t i, index_t rows, index_t s, index_t steps) {
    constexpr index_t bytes = sizeof(Word);
    Word* const to = buffer<Word>(a_buffer_, rows * computed_row(steps));
    if (copies_a_)
      call_.a.copy_rows(to, computed_row(steps), a_ + (a_row_.at(i) + s) * call_.a.bytes, a_row_.stride, rows, steps);
    else
      call_.a.prologue->compute_rows(to, computed_row(steps) * bytes, rows, batch_, i, s, steps);
  }
  // The same rows of the next block are computed from what comes while those of this one go through the tiles.
  void expect_rows(index_t i, index_t rows) const {
    for (const index_t end = smaller(i + row_block_ + rows, a_row_.size); i + row_block_ < end; ++i)
      call_.a.prologue->expect(batch_, i + row_block_, block_.step, block_.steps);
  }
  void pack(const BlockedOperand& x, PackFunction f, index_t panel, Word* to, const char* from, const Line& outer,
            index_t o, index_t n, const Line& sum, index_t k, index_t m) const {
    if (x.prologue)
      pack_computed(*x.prologue, f, panel, group, sizeof(Word), to, batch_, o, n, k, m);
    else
      f(to, from, outer, o, n, sum, k, m);
  }
  // Rows of a block. Those of a large product go past the columns of one tile, which the first-level cache holds, and
  // then past those of the next.
  void tiles(index_t i, index_t rows) {
    const index_t some = walks_columns_ ? C : block_.columns;
    for (index_t q = 0; q < block_.columns; q += some) tiles(i, rows, q, smaller(q + some, block_.columns));
  }
  // Rows by columns [from, columns) of a block, tile by tile.
  void tiles(index_t i, index_t rows, index_t from, index_t columns) {
    const index_t j = block_.column, s = block_.step, panels_from = block_.panels_from;
    const index_t width = block_.width;
    const bool first = s == 0, last = s + block_.steps == a_sum_.size, made = computes_a_ || copies_a_;
    const index_t k = words(block_.steps);
    const int widest = tile_width<T>(columns - from, panels_from == 0);
    const bool in_registers = __is_same(T, Number) && first && last && !packs_a_ && k <= long_sum && finishes_tiles();
    for (index_t r = 0; r < rows;) {
      const int height = tile_height<T>(packs_a_ ? smaller(rows - r, R - r % R) : rows - r, widest);
      const Word* a = packs_a_ ? in_place(a_buffer_.data()) + r / R * R * k + r % R
                      : made   ? in_place(a_buffer_.data()) + r * computed_row(block_.steps)
                               : in_place(a_) + a_row_.at(i + r) + a_sum_.at(s);
      const index_t a_row = packs_a_ ? 1 : made ? computed_row(block_.steps) : a_row_.stride;
      const index_t a_step = packs_a_ ? R : made ? 1 : a_sum_.stride;
      if (computes_a_) expect_rows(i + r, height);
      for (index_t q = from, start = from; q < columns;) {
        const bool panel = q >= panels_from;
        const index_t wide = vector_columns<T>, left = (panel ? columns : panels_from) - q;
        const bool vector = height == 1 && !panel && left >= wide;
        const int packs = tile_width<T>(left, panel);
        const index_t lanes = vector ? wide : packs * W, valid = smaller(lanes, left);
        const index_t b_step = panel ? C : b_sum_.stride;
        const index_t p = q - panels_from;
        const Word* b =
            panel ? block_.panels + p / C * C * (begin + k) + p % C : in_place(b_) + b_column_.at(j + q) + b_sum_.at(s);
        const TileFunction<T> f = vector ? vector_tile<T> : tile_function<T>(height, packs, packs_a_);
        const bool fills = valid == lanes || (masked_tiles<T> && packs == 1 && !vector);
        TileEnd end;
        if (in_registers && height == full_rows<T> && valid == C && start == q && tile_end(end, i + r, j + q)) {
          call_.epilogue->tile.run(k, a, a_row, a_step, b, b_step, end);
          start = q + valid;
        } else if (call_.epilogue) {
          Number* const line = block_.rows + (block_.whole ? 0 : (i + r - block_.first_row) * width);
          f(k, a, a_row, a_step, b, b_step, line + (q - start), width, !first, valid);
          if (last && (q + valid == columns || q + valid - start >= block_.strip)) {
            finish({line, width * number, i + r, height, j + start, q + valid - start});
            start = q + valid;
          }
        } else if (fills && !c_row_.offset && c_column_.contiguous(j + q) >= valid) {
          Number* c = reinterpret_cast<Number*>(c_) + c_row_.at(i + r) + c_column_.at(j + q);
          index_t alike = valid == C && c_column_.contiguous(j + q) >= left ? left / C : 1;  // tiles, from this one on
          for (;; b += panel ? C * (begin + k) : C, c += C, q += C) {
            f(k, a, a_row, a_step, b, b_step, c, c_row_.stride, call_.add || !first, valid);
            if (--alike == 0) break;
          }
        } else {
          alignas(alignment) Number tile[R * C];
          f(k, a, a_row, a_step, b, b_step, tile, C, false, valid);
          scatter(tile, C, i + r, height, j + q, valid, call_.add || !first);
        }
        q += valid;
      }
      r += height;
    }
  }
  void scatter(const Number* tile, index_t stride, index_t i, index_t rows, index_t j, index_t columns, bool add) {
    using V = simd::native<Number>;
    Number* c = reinterpret_cast<Number*>(c_);
    for (index_t q = 0; q < columns;) {
      const index_t run = smaller(c_column_.contiguous(j + q), columns - q), last = q + run,
                    start = c_column_.at(j + q) - q;
      for (index_t r = 0; r < rows; ++r) {
        Number* to = c + c_row_.at(i + r) + start;
        const Number* from = tile + r * stride;
        for (index_t p = q; p < last; p += W) {
          const index_t n = smaller(W, last - p);
          if (n == 1) {
            to[p] = add ? to[p] + from[p] : from[p];
          } else {
            const V v = simd::load_partial<V>(from + p, n);
            simd::store_partial(to + p, add ? V(simd::load_partial<V>(to + p, n) + v) : v, n);
          }
        }
      }
      q = last;
    }
  }
  // Rows [from, to) by few columns.
  void few_columns(index_t from, index_t to) {
    if constexpr (group == 1) {
      const index_t n = b_column_.size, k = a_sum_.size;
      const bool into_target = !call_.epilogue && !c_row_.offset && c_column_.contiguous(0) >= n;
      // Through a buffer many rows at once, so that preparing the columns for each time is little.
      const index_t some = into_target ? to - from : smaller(to - from, 1024);
      Number* const buffered = into_target ? nullptr : buffer<Number>(rows_buffer_, some * n);
      for (; from < to; from += some) {
        const index_t m = smaller(some, to - from);
        Number* const lines =
            into_target ? reinterpret_cast<Number*>(c_) + c_row_.at(from) + c_column_.at(0) : buffered;
        narrow_product<Number>(m, n, k, in_place(a_) + a_row_.at(from), a_row_.stride, in_place(b_), b_sum_.stride,
                               b_column_.stride, lines, into_target ? c_row_.stride : n, into_target && call_.add);
        if (call_.epilogue)
          finish({lines, n * number, from, m, 0, n});
        else if (!into_target)
          scatter(lines, n, from, m, 0, n, call_.add);
      }
      finished();
    }
  }
  // Both operands follow the sum in memory: packs run along the sum. Rows and columns from ... to.
  void dots(index_t from_row, index_t to_row, index_t from_column, index_t to_column) {
    constexpr int rows = dot_rows, columns = dot_columns;
    const index_t n = to_column - from_column, k = a_sum_.size;
    const bool single = a_row_.size == 1;
    const index_t height = single ? 1 : rows, width = single ? 2 * columns : columns;
    Number* const lines = call_.epilogue ? buffer<Number>(rows_buffer_, n * height) : nullptr;
    const void *a[rows], *b[2 * columns];
    for (index_t i = from_row; i < to_row; i += height) {
      const index_t valid_rows = smaller(height, to_row - i);
      for (index_t r = 0; r < height; ++r) a[r] = a_ + a_row_.at(i + smaller(r, valid_rows - 1)) * call_.a.bytes;
      for (index_t j = 0; j < n; j += width) {
        const index_t valid = smaller(width, n - j), column = from_column + j;
        for (index_t q = 0; q < width; ++q) b[q] = b_ + b_column_.at(column + smaller(q, valid - 1)) * call_.b.bytes;
        alignas(alignment) Number tile[2 * rows * columns];
        (single ? call_.dots.row : call_.dots.block)(k, a, b, tile);
        if (lines) {
          for (index_t r = 0; r < valid_rows; ++r)
            for (index_t q = 0; q < valid; ++q) lines[r * n + j + q] = tile[r * width + q];
        } else {
          scatter(tile, width, i, valid_rows, column, valid, call_.add);
        }
      }
      if (lines) finish({lines, n * number, i, valid_rows, from_column, n});
    }
    finished();
  }

  // One row by columns [from, to): those that follow the sum in memory; or neighbours, a few rows of which at a time
  // stream past the row of sums.
  void one_row(index_t from, index_t to) {
    const index_t n = to - from, k = a_sum_.size;
    constexpr index_t steps = 32;
    const bool into_target = !call_.epilogue && c_column_.contiguous(from) >= n;
    Number* const line =
        into_target ? reinterpret_cast<Number*>(c_) + c_column_.at(from) : buffer<Number>(rows_buffer_, n);
    const char* const b = b_ + b_column_.at(from) * call_.b.bytes;
    if (by_vector_) {
      if constexpr (has_vector_kernel)
        matrix_by_vector<T>(n, k, in_place(b), b_column_.stride, in_place(a_), line, into_target && call_.add);
    } else {
      index_t s = 0;
      do {
        call_.dots.columns(smaller(steps, k - s), a_ + a_sum_.at(s) * call_.a.bytes, a_sum_.stride,
                           b + b_sum_.at(s) * call_.b.bytes, b_sum_.stride, line, n,
                           s > 0 || (into_target && call_.add));
        s += steps;
      } while (s < k);
    }
    if (call_.epilogue)
      finish({line, n * number, 0, 1, from, n});
    else if (!into_target)
      scatter(line, n, 0, 1, from, n, call_.add);
    finished();
  }

  Block block_;
  tenon::detail::BlockRef a_buffer_, b_buffer_, rows_buffer_;
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
