// tenon/exec/cpu/repeated_rows.hpp: dense rows of which some operands are one row again and again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/row_planes.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Fills `to` with copies of a run, and writes at most a register past them: nothing that was just written is read.
inline void repeat_run(char* to, const void* from, index_t bytes, index_t count) {
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<4>>;
  if (bytes % 4 == 0) {
    constexpr index_t W = simd::lanes<V>;
    const index_t n = bytes / 4, whole = n / W * W, rest = n - whole;
    const Word<4>* const run = static_cast<const Word<4>*>(from);
    const V last = simd::load_partial<V>(run + whole, rest);
    for (; count > 0; --count, to += bytes) {
      Word<4>* const place = reinterpret_cast<Word<4>*>(to);
      for (index_t i = 0; i < whole; i += W) simd::store<V>(place + i, simd::load<V>(run + i));
      if (rest > 0) simd::store<V>(place + whole, last);
    }
  }
#endif
  for (; count > 0; --count, to += bytes) __builtin_memcpy(to, from, static_cast<size_t>(bytes));
}
// A row kernel and its leaves' element sizes.
struct FlatKernel {
  RowFunction row;
  const index_t* bytes;
  const bool* constant;  // leaves that are a number
  int loads;
  const PackedRow* packed;
};
/// The most operands of kernels that are called without a nest.
inline constexpr int most_flat_loads = 64;
inline constexpr index_t unit_strides[most_flat_loads] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
// How many rows go at once, where `each` bytes of a row and `gaps` bytes beside all rows are copied: whole registers of
// them if they are many.
inline index_t rows_at_once(index_t room, index_t each, index_t gaps, index_t rows) {
  if (each == 0) return rows;
  const index_t fit = gaps < room ? (room - gaps) / each : 0, whole = fit > 16 ? fit / 16 * 16 : fit;
  return whole < 1 ? 1 : whole < rows ? whole : rows;
}
/// Dense rows of n elements, some operands of which repeat from row to row, or are a number. Of rows that repeat, those
/// of less than a pack are copied one behind the other, so that many go at once. False, and nothing is written, if the
/// result overlaps what would be read again after that.
[[gnu::noinline]] inline bool drive_repeated(const FlatKernel& kernel, void* out, index_t out_bytes, const void** at,
                                             const bool* repeats, index_t rows, index_t n) {
  constexpr index_t room = 2048, line = alignment;
  alignas(alignment) char buffer[room];
  index_t each = 0, gaps = 0;
  for (int k = 0; k < kernel.loads; ++k)
    if (repeats[k] && !kernel.constant[k]) each += n * kernel.bytes[k], gaps += 2 * line;
  // A row of whole packs begins where it is; the kernel goes from row to row.
  const bool planes = kernel.packed && kernel.packed->rows && n >= kernel.packed->lanes;
  const index_t some = planes ? 1 : rows_at_once(room, each, gaps, rows);
  const bool copies = each > 0 && some > 1;
  char* to = static_cast<char*>(out);
  const ByteRange result{to, to + rows * n * out_bytes};
  for (int k = 0; some < rows && k < kernel.loads; ++k) {
    const char* const from = static_cast<const char*>(at[k]);
    const bool again = kernel.constant[k] || (repeats[k] && !copies);
    if (again && result.overlaps({from, from + (kernel.constant[k] ? 1 : n) * kernel.bytes[k]})) return false;
  }
  if (planes) {
    index_t step[most_flat_loads];
    for (int k = 0; k < kernel.loads; ++k) step[k] = repeats[k] ? 0 : n * kernel.bytes[k];
    kernel.packed->rows(to, at, contiguous.all, n, {rows, n * out_bytes, step});
    return true;
  }
  char* place = buffer;
  for (int k = 0; copies && k < kernel.loads; ++k) {
    if (!repeats[k] || kernel.constant[k]) continue;
    repeat_run(place, at[k], n * kernel.bytes[k], some);
    at[k] = place;
    place += (some * n * kernel.bytes[k] + 2 * line - 1) / line * line;
  }
  for (index_t i = 0; i < rows; i += some) {
    const index_t m = rows - i < some ? rows - i : some;
    kernel.row(to, 1, at, unit_strides, m * n);
    to += m * n * out_bytes;
    for (int k = 0; k < kernel.loads; ++k)
      if (!repeats[k]) at[k] = static_cast<const char*>(at[k]) + m * n * kernel.bytes[k];
  }
  return true;
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
