// tenon/exec/cpu/pointwise.hpp: runs a program over all elements: one loop nest around the row kernel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/row_planes.hpp>
#include <tenon/exec/executor.hpp>
#include <tenon/exec/loops.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Not templates of the program: every pointwise expression with so many operands shares this code.

// The row should be where the output is contiguous; otherwise the longest axis keeps calls few.
inline void order_axes(Nest& nest) {
  nest.collapse(0, nest.rank);
  if (nest.rank > 1 && nest.operand[0].stride[nest.rank - 1] != 1) {
    for (int a = 0; a < nest.rank - 1; ++a)
      if (nest.operand[0].stride[a] == 1) {
        nest.swap(a, nest.rank - 1);
        break;
      }
  }
}
// A row whose results go past the caches, from the first line of 64 bytes on.
inline void streamed_row(const Nest& nest, RowFunction row, char* out, const void* const* row_start,
                         const index_t* stride, index_t n) {
  const index_t unaligned = before_line(out, nest.operand[0].bytes), before = unaligned < n ? unaligned : n;
  if (before > 0) row(out, 1, row_start, stride, before);
  const void* source[max_operands];
  for (int k = 1; k < nest.operands; ++k)
    source[k - 1] = static_cast<const char*>(row_start[k - 1]) + before * stride[k - 1] * nest.operand[k].bytes;
  if (before < n) row(out + before * nest.operand[0].bytes, past_caches, source, stride, n - before);
  stream_fence();
}
// A row kernel, and what takes many rows at a time, where there is such.
struct RowKernel {
  RowFunction row;
  const PackedRow* packed = nullptr;
};
// Whether rows of a nest go many at a time.
inline bool goes_in_planes(const Nest& nest, const RowKernel& kernel) {
  const int inner = nest.rank - 1;
  index_t stride[max_operands];
  if (inner < 1 || nest.operand[0].stride[inner] != 1) return false;
  for (int k = 0; k < nest.operands; ++k) stride[k] = nest.operand[k].stride[inner];
  return takes_planes(kernel.packed, stride + 1, nest.extent[inner]);
}
// The last two axes of a nest as rows.
inline void drive_planes(const Nest& nest, const RowKernel& kernel) {
  const int inner = nest.rank - 1, outer = inner - 1;
  index_t stride[max_operands], step[max_operands];
  for (int k = 0; k < nest.operands; ++k) {
    stride[k] = nest.operand[k].stride[inner];
    step[k] = nest.operand[k].stride[outer] * nest.operand[k].bytes;
  }
  Walk walk;
  walk.start(nest, 0, outer);
  do
    run_plane(*kernel.packed, walk.out(), walk.at + 1, stride + 1, nest.extent[inner],
              {nest.extent[outer], step[0], step + 1});
  while (outer > 0 && walk.next(nest, 0, outer));
}
[[gnu::noinline]] inline void drive_rows(const Nest& nest, const RowKernel& kernel, bool streamed) {
  if (!streamed && goes_in_planes(nest, kernel)) return drive_planes(nest, kernel);
  const RowFunction row = kernel.row;
  const int inner = nest.rank - 1;
  index_t stride[max_operands];
  for (int k = 0; k < nest.operands; ++k) stride[k] = nest.rank ? nest.operand[k].stride[inner] : 0;
  const index_t n = nest.rank ? nest.extent[inner] : 1;
  Walk walk;
  walk.start(nest, 0, inner < 0 ? 0 : inner);
  do {
    if (streamed && stride[0] == 1) {
      streamed_row(nest, row, walk.out(), walk.at + 1, stride + 1, n);
    } else {
      row(walk.out(), nest.rank ? stride[0] : 1, walk.at + 1, stride + 1, n);
    }
  } while (inner > 0 && walk.next(nest, 0, inner));
}

// Rows and columns of a block that is turned: whole lines of memory, and not too short rows.
inline constexpr index_t turned_rows = 16, turned_columns = 128;
inline bool is_turned(const Walked& o, int axis, int inner) {
  return o.stride[axis] == 1 && o.stride[inner] != 1 && o.stride[inner] != 0 && is_word(o.bytes);
}
// The axis along which operands are contiguous that are not so along the rows (-1: none): blocks of them are turned.
inline int turned_axis(const Nest& nest) {
  const int inner = nest.rank - 1;
  if (inner < 1 || nest.operand[0].stride[inner] != 1) return -1;
  int best = -1, most = 0;
  for (int a = 0; a < inner; ++a) {
    if (nest.extent[a] < 4) continue;
    int count = 0;
    for (int k = 1; k < nest.operands; ++k) count += is_turned(nest.operand[k], a, inner);
    if (count > most) best = a, most = count;
  }
  return best;
}
// Places of staged operands: each begins aligned, whatever was staged before it.
inline constexpr index_t staged_places = staging_bytes + 8 * max_operands;
inline index_t place_bytes(index_t bytes) { return (bytes + 7) / 8 * 8; }

// Blocks of rows by columns: what is turned is transposed into a buffer in the first-level cache before.
[[gnu::noinline]] inline void drive_turned(Nest& nest, int axis, const RowKernel& kernel, bool streamed) {
  const int inner = nest.rank - 1, outer = inner - 1;
  nest.swap(axis, outer);
  const index_t rows = nest.extent[outer], columns = nest.extent[inner];
  bool turned[max_operands];
  index_t stride[max_operands], step[max_operands], each = 0;
  for (int k = 0; k < nest.operands; ++k) {
    turned[k] = k > 0 && is_turned(nest.operand[k], outer, inner);
    stride[k] = turned[k] ? 1 : nest.operand[k].stride[inner];
    if (turned[k]) each += nest.operand[k].bytes;
  }
  alignas(alignment) char buffer[staged_places];
  const index_t wide = columns < turned_columns ? columns : turned_columns;
  const index_t fit = staging_bytes / (each * wide), high = fit > turned_rows ? fit / turned_rows * turned_rows : fit;
  if (high == 0) return drive_rows(nest, kernel, streamed);
  const bool planes = !streamed && takes_planes(kernel.packed, stride + 1, columns);
  Walk walk;
  walk.start(nest, 0, outer);
  do {
    for (index_t i = 0; i < rows; i += high) {
      const index_t m = rows - i < high ? rows - i : high;
      for (index_t j = 0; j < columns; j += wide) {
        const index_t n = columns - j < wide ? columns - j : wide;
        const void* at[max_operands];
        char* place = buffer;
        for (int k = 0; k < nest.operands; ++k) {
          const Walked& o = nest.operand[k];
          const char* const from = walk.byte(k) + (i * o.stride[outer] + j * o.stride[inner]) * o.bytes;
          at[k] = turned[k] ? place : from;
          step[k] = (turned[k] ? n : o.stride[outer]) * o.bytes;
          if (!turned[k]) continue;
          turn(place, n, from, o.stride[inner], o.bytes, m, n);
          place += place_bytes(m * n * o.bytes);
        }
        if (planes) {
          run_plane(*kernel.packed, const_cast<void*>(at[0]), at + 1, stride + 1, n, {m, step[0], step + 1});
          continue;
        }
        for (index_t r = 0; r < m; ++r) {
          char* const out = static_cast<char*>(const_cast<void*>(at[0]));
          if (streamed)
            streamed_row(nest, kernel.row, out, at + 1, stride + 1, n);
          else
            kernel.row(out, 1, at + 1, stride + 1, n);
          for (int k = 0; k < nest.operands; ++k) at[k] = static_cast<const char*>(at[k]) + step[k];
        }
      }
    }
  } while (outer > 0 && walk.next(nest, 0, outer));
}

/// Walks a nest whose operand 0 alone is written.
[[gnu::noinline]] inline void drive(Nest& nest, const RowKernel& kernel, bool streamed = false) {
  if (nest.empty()) return;
  order_axes(nest);
  if (const int axis = turned_axis(nest); axis >= 0) return drive_turned(nest, axis, kernel, streamed);
  drive_rows(nest, kernel, streamed);
}

// Rows shorter than this go many at once: operands that do not continue from row to row are gathered before.
inline constexpr index_t short_row = 32;
inline bool has_short_rows(const Nest& nest) {
  bool possible = nest.rank > 1 && nest.extent[nest.rank - 1] < short_row && !nest.empty();
  for (int k = 0; k < nest.operands; ++k) possible = possible && can_stage(nest.operand[k].bytes);
  return possible;
}
[[gnu::noinline]] inline void drive_short_rows(const Nest& nest, RowFunction row) {
  const int inner = nest.rank - 1, outer = nest.rank - 2;
  const index_t n = nest.extent[inner], m = nest.extent[outer];
  index_t stride[max_operands], each = 0;
  bool joined[max_operands];
  for (int k = 0; k < nest.operands; ++k) {
    joined[k] = nest.operand[k].stride[outer] == n * nest.operand[k].stride[inner];
    stride[k] = joined[k] ? nest.operand[k].stride[inner] : 1;
    if (!joined[k]) each += n * nest.operand[k].bytes;
  }
  const index_t fit = staging_bytes / (each > 0 ? each : 1), some = fit < 1 ? 1 : fit > 64 ? fit / 64 * 64 : fit;
  alignas(alignment) char buffer[staged_places];
  if (each > staging_bytes) return drive(const_cast<Nest&>(nest), {row});
  Walk walk;
  walk.start(nest, 0, outer);
  do {
    for (index_t i = 0; i < m; i += some) {
      const index_t rows = m - i < some ? m - i : some;
      const char* at[max_operands];
      char* place = buffer;
      for (int k = 0; k < nest.operands; ++k) {
        at[k] = walk.byte(k) + i * nest.operand[k].stride[outer] * nest.operand[k].bytes;
        if (joined[k]) continue;
        if (k > 0 && (i == 0 || nest.operand[k].stride[outer] != 0))
          gather(place, at[k], nest.operand[k].bytes,
                 {nest.operand[k].stride[inner], n, nest.operand[k].stride[outer], rows});
        at[k] = place;
        place += place_bytes(some * n * nest.operand[k].bytes);
      }
      const void* source[max_operands];
      for (int k = 1; k < nest.operands; ++k) source[k - 1] = at[k];
      row(const_cast<char*>(at[0]), stride[0], source, stride + 1, rows * n);
      if (!joined[0])
        scatter(walk.out() + i * nest.operand[0].stride[outer] * nest.operand[0].bytes, at[0], nest.operand[0].bytes,
                {nest.operand[0].stride[inner], n, nest.operand[0].stride[outer], rows});
    }
  } while (outer > 0 && walk.next(nest, 0, outer));
}

// Operand 0 is the result.
inline void drive_all(Nest& nest, RowFunction row) {
  order_axes(nest);
  if (has_short_rows(nest)) return drive_short_rows(nest, row);
  drive(nest, {row});
}

}  // namespace detail

/// A pointwise loop without its types: what all expressions share.
struct PointwiseCall {
  const Source* source;  // broadcast to the target's extents
  const index_t* bytes;  // element size of each source
  int loads;
  RowFunction row;
  void* out;
  index_t out_bytes;
  StridedMap target;
  const detail::PackedRow* packed = nullptr;  // of `row`, where that is known
};

namespace detail {
// Results of at least so many bytes that are not also read.
inline bool goes_past_caches(const PointwiseCall& c, index_t least = streamed_bytes) {
  if (c.target.extents.size() * c.out_bytes < least || !is_word(c.out_bytes)) return false;
  const ByteRange range = range_of(c.out, c.target, c.out_bytes);
  for (int k = 0; k < c.loads; ++k)
    if (range.overlaps(range_of(c.source[k].data, c.source[k].map, c.bytes[k]))) return false;
  return true;
}
}  // namespace detail

/// Runs the loop.
[[gnu::noinline]] inline void run_pointwise(const PointwiseCall& c) {
  Nest nest;
  nest.start(c.target.extents);
  nest.add(c.out, c.out_bytes, c.target);
  for (int k = 0; k < c.loads; ++k) nest.add(c.source[k].data, c.bytes[k], c.source[k].map);
  detail::order_axes(nest);
  const detail::RowKernel kernel{c.row, c.packed};
  if (detail::has_short_rows(nest) && !detail::goes_in_planes(nest, kernel)) {
    detail::drive_short_rows(nest, c.row);
  } else {
    const bool streamed = detail::goes_past_caches(c);
    const index_t n = nest.rank ? nest.extent[0] : 1;
    in_parts(n, nest.rank > 1 ? 1 : 4096, n > 0 ? c.target.extents.size() / n : 0, [&](index_t from, index_t to) {
      if (to - from == n) return detail::drive(nest, kernel, streamed);
      Nest part = nest;
      part.narrow(from, to);
      detail::drive(part, kernel, streamed);
    });
  }
}
namespace detail {
// Elements of `bytes` bytes from one place to another.
inline void row_copy(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n,
                     index_t bytes) {
  char* to = static_cast<char*>(out);
  const char* from = static_cast<const char*>(source[0]);
  if (out_stride == past_caches) out_stride = 1;
  if (out_stride == 1 && stride[0] == 1) {
    __builtin_memmove(to, from, static_cast<size_t>(n * bytes));
  } else {
    for (index_t i = 0; i < n; ++i)
      __builtin_memmove(to + i * out_stride * bytes, from + i * stride[0] * bytes, static_cast<size_t>(bytes));
  }
}
template <int Bytes>
void row_copy_of(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n) {
  row_copy(out, out_stride, source, stride, n, Bytes);
}
}  // namespace detail

/// Whether writing the target could change a source before it is read: they overlap, and not element on element.
[[gnu::noinline]] inline bool pointwise_hazard(const PointwiseCall& c) {
  const ByteRange range = range_of(c.out, c.target, c.out_bytes);
  for (int k = 0; k < c.loads; ++k) {
    const Source& s = c.source[k];
    if (range.overlaps(range_of(s.data, s.map, c.bytes[k])) &&
        !(c.bytes[k] == c.out_bytes && same_walk(s.data, s.map, c.out, c.target, c.out_bytes)))
      return true;
  }
  return false;
}
/// Copies dense elements to the target.
[[gnu::noinline]] inline void copy_elements(const void* from, void* out, index_t bytes, const StridedMap& target) {
  const Source source{from, {target.extents, row_major(target.extents), 0}, 0, {}};
  const RowFunction row = bytes == 1   ? detail::row_copy_of<1>
                          : bytes == 2 ? detail::row_copy_of<2>
                          : bytes == 4 ? detail::row_copy_of<4>
                          : bytes == 8 ? detail::row_copy_of<8>
                                       : nullptr;
  if (row) return run_pointwise({&source, &bytes, 1, row, out, bytes, target});
  // Larger elements (duals, complex) as a last axis of bytes would not collapse; they go one by one.
  Nest nest;
  nest.start(target.extents);
  nest.add(out, bytes, target);
  nest.add(from, bytes, source.map);
  if (nest.empty()) return;
  Walk walk;
  walk.start(nest, 0, nest.rank);
  do __builtin_memmove(walk.out(), walk.at[1], static_cast<size_t>(bytes));
  while (walk.next(nest, 0, nest.rank));
}
/// Runs the loop; through a block of its own where writing the target could change a source.
[[gnu::noinline]] inline void assign_pointwise(PointwiseCall c, bool noalias) {
  if (noalias || !pointwise_hazard(c)) return run_pointwise(c);
  const StridedMap target = c.target;
  void* const out = c.out;
  const tenon::detail::BlockRef aside(static_cast<size_t>(target.extents.size() * c.out_bytes));
  c.out = aside.data();
  c.target = {target.extents, row_major(target.extents), 0};
  run_pointwise(c);
  copy_elements(aside.data(), out, c.out_bytes, target);
}

/// Runs program P over `target`'s extents; sources are broadcast to them already.
template <class P, class Out>
void pointwise(const Source* source, Out* out, const StridedMap& target) {
  run_pointwise({source, load_bytes<P>, P::loads, row<P, Out>, out, sizeof(Out), target});
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
