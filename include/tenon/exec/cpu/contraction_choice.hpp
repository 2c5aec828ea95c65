// tenon/exec/cpu/contraction_choice.hpp: by which way a product goes, what of it is packed, and how large blocks are.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Extents and strides decide, and what the caches are taken to hold: docs/decisions/0022 and 0059.
#pragma once
#include <tenon/exec/cpu/contraction_blocks.hpp>
#include <tenon/exec/cpu/micro_kernel.hpp>
#include <tenon/exec/cpu/narrow_product.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// The tiles of a product of elements T, and how it is stored on the way.
template <class T>
struct BlockTiles {
  using Word = word_t<T>;
  using Number = sum_t<T>;
  static constexpr index_t R = tile_rows<T>, C = tile_columns<T>, W = simd::native_lanes<Number>;
  // Elements of the sum in a word, and words that a panel of columns begins with.
  static constexpr index_t group = Step<T>::group, begin = Step<T>::begins ? 1 : 0, number = sizeof(Number);
  // Plain rows by a plain vector go to matrix_by_vector().
  static constexpr bool has_vector_kernel = __is_same(T, float) || __is_same(T, double);
  // From so many bytes on, for all of a sum, the second-level cache does not hold lines that lie a power of two apart;
  // wide tiles make up for some of that by longer reads.
  static constexpr index_t compete = wide_tiles<T> ? 2097152 : 1048576;

  static index_t words(index_t steps) { return (steps + group - 1) / group; }
  // Rows of A that follow the sum need no panels: they are read as they are computed, one after the other.
  static index_t computed_row(index_t steps) {
    constexpr index_t line = 64 / static_cast<index_t>(sizeof(Word));
    return rounded_up(words(steps), line) + line;
  }
};
// Lines that lie x bytes apart are in as few sets of a cache as if they lay the largest power of two in x apart.
inline index_t lines_apart(index_t x) { return x & -x; }

template <class T>
void BlockedFields::choose() {
  using Tiles = BlockTiles<T>;
  constexpr index_t R = Tiles::R, C = Tiles::C, W = Tiles::W, group = Tiles::group, compete = Tiles::compete;
  const index_t m = a_row_.size, n = b_column_.size, k = a_sum_.size,
                bytes = static_cast<index_t>(sizeof(typename Tiles::Word));
  const bool a_lines = !a_row_.offset && !a_sum_.offset, b_lines = !b_column_.offset && !b_sum_.offset;
  const bool stored = !call_.a.prologue && !call_.b.prologue;
  const bool along_sums =
      stored && a_lines && b_lines && a_sum_.stride == 1 && b_sum_.stride == 1 && b_column_.stride != 1;
  by_vector_ = Tiles::has_vector_kernel && along_sums && m == 1 && call_.a.plain && call_.b.plain;
  is_narrow_ = stored && call_.a.plain && call_.b.plain && a_lines && b_lines && a_sum_.stride == 1 && group == 1 &&
               is_narrow<typename Tiles::Number>(m, n, k);
  by_dots_ = along_sums && call_.dots.block && k >= call_.dots.least &&
             (m == 1 || (call_.a.plain && call_.b.plain ? 6 * m < k : m <= dot_rows));
  const bool a_strided = call_.a.in_place() && a_lines, b_strided = call_.b.in_place() && b_lines;
  by_columns_ = stored && call_.dots.columns && !call_.b.plain && m == 1 && a_lines && b_lines && b_column_.stride == 1;
  // Rows of A that follow the sum need no panels: a row of tiles walks them one after the other, where they lie, or
  // where they have been computed or made words.
  computes_a_ = call_.a.prologue && call_.a.plain && !call_.a.prologue->by_outer;
  copies_a_ = call_.a.copy_rows && !call_.a.prologue && a_lines && a_sum_.stride == 1;
  // Narrow tiles read columns often, and rows once for each block of columns: both are packed where the second-level
  // cache does not keep them.
  const bool often = !wide_tiles<T> && m >= 64 && k * n * bytes >= kept_bytes;
  const bool both = often && n >= 16 * C && m * k * bytes > 4 * kept_bytes;
  packs_a_ = computes_a_ || copies_a_
                 ? false
                 : !a_strided || both || (a_sum_.stride != 1 && m > 2 && n > 3 * C && m * k * bytes > 16384);
  const bool b_in_place = b_strided && b_column_.stride == 1, few = m <= 3 * R;
  const index_t apart = b_in_place ? lines_apart(b_sum_.stride * bytes) : 1, most = most_steps;
  const bool one_by_one = m == 1 && group == 1, short_sums = packs_a_ || (few && apart * smaller(k, most) > compete);
  const index_t limit = one_by_one   ? (k * n * bytes > row_bytes ? 16 : most)
                        : short_sums ? (bytes == 4 ? 320 : 256)
                                     : most;
  const index_t parts = (Tiles::words(k) + limit - 1) / limit;
  sum_block_ = parts > 1 ? (Tiles::words(k) + parts - 1) / parts * group : k;
  // Neither do columns, unless there are few of the caches' sets for them, and rows enough to make up for it; or
  // tiles are so low, or so narrow, that columns that the second-level cache does not keep are read too often.
  packs_b_ = !b_in_place || (!few && (R < 6 ? k * n * bytes > 65536 || b_sum_.stride * bytes > 2048
                                            : often || apart * sum_block_ > compete || (apart >= 4096 && m >= 256)));
  walks_columns_ = both && packs_a_ && !call_.epilogue;
  column_block_ = (walks_columns_ ? 128 : 32) * W;
  row_block_ = (walks_columns_ ? 24 : 16) * R;
  if (!packs_a_ && !one_by_one && k > 0) {  // columns that the second-level cache holds beside the rows that pass
    const index_t fit = kept_bytes / (Tiles::words(sum_block_) * bytes) / C * C;
    column_block_ = fit < 2 * C ? 2 * C : fit;
  }
  if (computes_a_ ||
      copies_a_) {  // and rows that are computed or made words; many, since those just written are read more slowly
    const index_t fit = kept_bytes / 4 / (Tiles::computed_row(sum_block_) * bytes) / R * R;
    row_block_ = fit < R ? R : smaller(fit, row_block_);
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
