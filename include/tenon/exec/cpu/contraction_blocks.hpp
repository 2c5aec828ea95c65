// tenon/exec/cpu/contraction_blocks.hpp: what the blocked engine is asked for: operands, target, epilogue; its lines.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/contraction_dots.hpp>
#include <tenon/exec/cpu/contraction_prologue.hpp>
#include <tenon/exec/cpu/row.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Where a tile goes that is finished in registers: its first row of the target and of each leaf, and how many bytes
/// other rows are apart.
struct TileEnd {
  static constexpr int max_leaves = 16;
  char* out;
  index_t out_row;
  bool streamed;
  const char* source[max_leaves];
  index_t row_bytes[max_leaves];
};
/// How full tiles are finished in registers, if they can be: all leaves but constants lie along the columns.
struct TileEpilogue {
  void (*run)(index_t k, const void* a, index_t a_row, index_t a_step, const void* b, index_t b_step,
              const TileEnd& end) = nullptr;
  const bool* constant = nullptr;  // which leaves are
};

/// What is done to finished rows on their way into the target: a row kernel, one leaf of which is the product.
struct Epilogue {
  static constexpr int max_leaves = TileEnd::max_leaves;
  RowFunction row = nullptr;
  TileEpilogue tile;
  int leaves = 0, product = 0;  // leaf `product` is the row of the product
  bool past_caches = false;     // results are not to be kept in them
  const char* data[max_leaves];
  index_t bytes[max_leaves], batch[max_leaves], row_stride[max_leaves], column_stride[max_leaves];
};

/// An operand: where it is, how it is packed as rows or as columns, and whether its elements are words (`plain`). Or
/// what it is computed from: then it is nowhere.
struct BlockedOperand {
  const void* data;
  index_t bytes;
  PackFunction pack_rows, pack_columns;
  bool plain;
  CopyRowsFunction copy_rows = nullptr;  // of words of several elements
  const Prologue* prologue = nullptr;
  /// Whether it may be read where it lies.
  bool in_place() const { return plain && !prologue; }
};
/// One contraction for the blocked engine.
struct BlockedCall {
  BlockedOperand a, b;
  DotKernels dots, swapped_dots;  // of a and b, and of b and a
  void* c;
  index_t c_bytes;
  bool add;  // c = c + ...
  const Epilogue* epilogue;
};

namespace detail {

inline index_t smaller(index_t a, index_t b) { return a < b ? a : b; }
inline index_t rounded_up(index_t n, index_t to) { return (n + to - 1) / to * to; }

// Rows of the product, `apart` bytes from each other, on their way through the epilogue.
struct Strip {
  const void* line = nullptr;
  index_t apart = 0, row = 0, rows = 0, column = 0, columns = 0;
};

// What the threads that share a contraction have in common.
struct BlockedFields {
  BlockedCall call_{};
  Line a_row_, a_sum_, b_column_, b_sum_, c_row_, c_column_;
  const char *a_ = nullptr, *b_ = nullptr;  // of the batch
  char* c_ = nullptr;
  const index_t *row_leaf_ = nullptr, *column_leaf_ = nullptr;
  index_t batch_ = 0, sum_block_ = 0, column_block_ = 0, row_block_ = 0;
  bool packs_a_ = false, packs_b_ = false, computes_a_ = false, copies_a_ = false, by_dots_ = false, is_narrow_ = false,
       by_vector_ = false, by_columns_ = false, swapped_ = false, walks_columns_ = false;

  // Lines for tiles of so many lanes; gives the tables that they refer to.
  tenon::detail::BlockRef start(const BlockedCall& call, ContractionPlan& p, index_t lanes);
  // Where operands are read in place, and how large blocks are, for tiles of T.
  template <class T>
  void choose();  // contraction_choice.hpp
  void finish(const Strip& s) const;
  bool finishes_tiles() const;
  bool tile_end(TileEnd& end, index_t row, index_t column) const;

 private:
  const char* leaf(int l, index_t row, index_t column) const {
    const Epilogue& e = *call_.epilogue;
    return e.data[l] + (batch_ * e.batch[l] + row * row_leaf_[l] + column * column_leaf_[l]) * e.bytes[l];
  }
  char* target(index_t row, index_t column) const {
    return c_ + (c_row_.at(row) + c_column_.at(column)) * call_.c_bytes;
  }
};

// Columns are where the output is contiguous, unless they are too few to fill a register of `lanes`: then what was
// called rows are the columns, if they are neighbours in memory or there is but one column.
inline bool swaps_operands(const ContractionPlan& p, index_t lanes) {
  const index_t rows = p.row.size(), columns = p.column.size();
  if (p.column.rank == 0) return p.row.rank > 0;
  if (p.row.rank == 0) return false;
  const bool row_unit = p.row.c[p.row.rank - 1] == 1, column_unit = p.column.c[p.column.rank - 1] == 1;
  if (columns <= lanes / 2 && rows >= 2 * columns && p.row.a[p.row.rank - 1] == 1) return true;
  if (rows <= lanes / 2 && columns >= 2 * rows) return false;
  return row_unit && !column_unit;
}

[[gnu::noinline]] inline tenon::detail::BlockRef BlockedFields::start(const BlockedCall& call, ContractionPlan& p,
                                                                      index_t lanes) {
  call_ = call;
  tenon::detail::BlockRef tables;
  const bool swap = swapped_ = swaps_operands(p, lanes);
  ContractionAxes &rows = swap ? p.column : p.row, &columns = swap ? p.row : p.column;
  if (rows.rank > 1 || columns.rank > 1 || p.sum.rank > 1)
    tables = tenon::detail::BlockRef(static_cast<size_t>(2 * (rows.size() + columns.size() + p.sum.size())) *
                                     sizeof(index_t));
  index_t* table = tables ? reinterpret_cast<index_t*>(tables.data()) : nullptr;
  a_row_ = make_line(rows, swap ? rows.b : rows.a, table);
  a_sum_ = make_line(p.sum, swap ? p.sum.b : p.sum.a, table);
  b_column_ = make_line(columns, swap ? columns.a : columns.b, table);
  b_sum_ = make_line(p.sum, swap ? p.sum.a : p.sum.b, table);
  c_row_ = make_line(rows, rows.c, table);
  c_column_ = make_line(columns, columns.c, table);
  if (swap) {
    call_.a = call.b;
    call_.b = call.a;
    call_.dots = call.swapped_dots;
  }
  if (const Epilogue* const e = call.epilogue) {
    row_leaf_ = swap ? e->column_stride : e->row_stride;
    column_leaf_ = swap ? e->row_stride : e->column_stride;
  }
  return tables;
}

[[gnu::noinline]] inline void BlockedFields::finish(const Strip& s) const {
  const Epilogue& e = *call_.epilogue;
  const void* source[Epilogue::max_leaves];
  for (index_t r = 0; r < s.rows; ++r) {
    const index_t row = s.row + r;
    for (int l = 0; l < e.leaves; ++l)
      if (l != e.product) source[l] = leaf(l, row, s.column);  // which has no memory of its own
    source[e.product] = static_cast<const char*>(s.line) + r * s.apart;
    char* const out = target(row, s.column);
    if (!e.past_caches || c_column_.stride != 1) {
      e.row(out, c_column_.stride, source, column_leaf_, s.columns);
      continue;
    }
    const index_t before = smaller(before_line(out, call_.c_bytes), s.columns);
    if (before > 0) e.row(out, 1, source, column_leaf_, before);
    for (int l = 0; l < e.leaves; ++l)
      source[l] = static_cast<const char*>(source[l]) + before * column_leaf_[l] * e.bytes[l];
    if (before < s.columns) e.row(out + before * call_.c_bytes, past_caches, source, column_leaf_, s.columns - before);
  }
}

// Whether the epilogue has a kernel for full tiles, and its leaves and the target lie as that wants them.
inline bool BlockedFields::finishes_tiles() const {
  const Epilogue* const e = call_.epilogue;
  if (!e || !e->tile.run || c_row_.offset || c_column_.offset || c_column_.stride != 1) return false;
  for (int l = 0; l < e->leaves; ++l)
    if (l != e->product && !e->tile.constant[l] && column_leaf_[l] != 1) return false;
  return true;
}
// The end of the tile that begins there; false if it is to go past the caches, and rows do not begin with their lines.
[[gnu::noinline]] inline bool BlockedFields::tile_end(TileEnd& end, index_t row, index_t column) const {
  const Epilogue& e = *call_.epilogue;
  end.out = target(row, column);
  end.out_row = c_row_.stride * call_.c_bytes;
  end.streamed = e.past_caches;
  if (e.past_caches && (before_line(end.out, call_.c_bytes) > 0 || end.out_row % 64 != 0)) return false;
  for (int l = 0; l < e.leaves; ++l) {
    end.source[l] = l == e.product ? nullptr : leaf(l, row, column);
    end.row_bytes[l] = l == e.product ? 0 : row_leaf_[l] * e.bytes[l];
  }
  return true;
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
