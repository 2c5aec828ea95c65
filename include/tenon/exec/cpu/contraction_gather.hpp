// tenon/exec/cpu/contraction_gather.hpp: contractions over several axes of a class, laid out as products of matrices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the axes of a class do not lie in memory as one, an operand is copied once into a matrix that does, in runs of
// neighbours, and a result is computed aside and copied back. What follows is a product of matrices, which are read in
// place. Runs may be short: the copies are loops over at most four axes, without tables.
#pragma once
#include <tenon/exec/cpu/contraction_blocked.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// An axis of a copy, and its strides.
struct CopiedAxis {
  index_t extent, to, from;
};
// The elements of an operand or of the result over two classes of axes, as a matrix of one stride for each class.
struct GatheredMatrix {
  static constexpr int capacity = 4;
  static constexpr index_t most = index_t{1} << 24;  // elements that are worth a second place in memory
  index_t first = 0, second = 0;                     // strides of the matrix
  bool in_place = false, possible = false;
  // If it is a copy: the axes in the order of the matrix, the last of which is contiguous.
  CopiedAxis axis[capacity];

  // `back`: what is copied is the matrix.
  GatheredMatrix(const ContractionAxes& x, const index_t* x_stride, const ContractionAxes& y, const index_t* y_stride,
                 bool back = false) {
    in_place = possible = one_stride(x, x_stride, first) && one_stride(y, y_stride, second);
    if (in_place || x.rank + y.rank > capacity || x.size() * y.size() > most) return;
    const bool by_x = y.rank > 0 && y_stride[y.rank - 1] == 1;
    possible = by_x || (x.rank > 0 && x_stride[x.rank - 1] == 1);
    first = by_x ? y.size() : 1;
    second = by_x ? 1 : x.size();
    int to = capacity;
    index_t step = 1;
    const auto take = [&](const ContractionAxes& axes, const index_t* strides) {
      for (int i = axes.rank - 1; i >= 0; --i) {
        const index_t n = axes.extent[i], there = strides[i];
        axis[--to] = {n, back ? there : step, back ? step : there};
        step *= n;
      }
    };
    take(by_x ? y : x, by_x ? y_stride : x_stride);
    take(by_x ? x : y, by_x ? x_stride : y_stride);
    while (to > 0) axis[--to] = {1, 0, 0};
  }
  index_t size() const { return axis[0].extent * axis[1].extent * axis[2].extent * axis[3].extent; }

 private:
  static bool one_stride(const ContractionAxes& x, const index_t* stride, index_t& s) {
    if (x.rank > 0) s = stride[x.rank - 1];
    for (int i = x.rank - 1; i > 0; --i)
      if (stride[i - 1] != stride[i] * x.extent[i]) return false;
    return true;
  }
};

// Copies runs of N neighbours or, if N is 0, of any number not less than a register holds: whole packs, the last of
// which ends with the run. Masked packs would be as wide as a register, and cross a line of memory at almost every run.
template <class T, int N>
TENON_INLINE void copy_run(T* p, const T* q, index_t n) {
  using V = simd::native<T>;
  constexpr index_t W = simd::lanes<V>;
  if constexpr (N > 0) {
    __builtin_memcpy(p, q, N * sizeof(T));
  } else {
    const V last = simd::load<V>(q + (n - W));
    for (index_t x = 0; x + W < n; x += W) simd::store(p + x, simd::load<V>(q + x));
    simd::store(p + (n - W), last);
  }
}
// The smallest pack that holds N elements.
constexpr int pack_of(int n) {
  int w = 1;
  while (w < n) w *= 2;
  return w;
}
// Whether each run may be copied as W > N elements, if all but the last outer ones are: what is written behind it is
// written again by the next, and behind what is read there are more elements, as some stride leads to another run.
template <int N, int W>
bool has_room(const CopiedAxis& row, const CopiedAxis& column, const CopiedAxis& run) {
  const auto fits = [](const CopiedAxis& x, index_t next) {
    return x.extent == 1 || (x.to == next && x.from >= W - N);
  };
  return fits(run, N) && fits(column, N * run.extent) && fits(row, N * run.extent * column.extent);
}
template <class T, int N>
void copy_runs_of(const CopiedAxis* axis, T* to, const T* from) {
  // Neighbours are written one after the other.
  const int inner = axis[1].to < axis[2].to ? 1 : 2;
  const CopiedAxis &row = axis[0], &column = axis[3 - inner], &run = axis[inner];
  // What is written could be the axes, as far as the compiler knows: they are read before.
  const index_t rows = row.extent, columns = column.extent, runs = run.extent, n = axis[3].extent;
  const index_t to_row = row.to, to_column = column.to, to_run = run.to;
  const index_t from_row = row.from, from_column = column.from, from_run = run.from;
  if (rows * columns * runs == 0) return;
  index_t i = 0, j = 0;
  const T* of = from;
  if constexpr (constexpr int W = pack_of(N); N > 0 && N < W)
    if (has_room<N, W>(row, column, run)) {
      // One load and one store a run, all of which are written one behind the other; not yet the very last ones.
      using V = simd::pack<T, W>;
      T* p = to;
      for (; i < rows; ++i, from += from_row) {
        const index_t last = i + 1 < rows ? columns : columns - 1;
        for (j = 0, of = from; j < last; ++j, of += from_column) {
          const T* q = of;
          index_t k = runs;
          for (; k > 2; k -= 3, p += 3 * N, q += 3 * from_run) {
            simd::store(p, simd::load<V>(q));
            simd::store(p + N, simd::load<V>(q + from_run));
            simd::store(p + 2 * N, simd::load<V>(q + 2 * from_run));
          }
          for (; k > 0; --k, p += N, q += from_run) simd::store(p, simd::load<V>(q));
        }
      }
      --i, from -= from_row, to += i * to_row;
    }
  for (; i < rows; ++i, j = 0, to += to_row, of = from += from_row)
    for (; j < columns; ++j, of += from_column) {
      T* p = to + j * to_column;
      const T* q = of;
      for (index_t k = runs; k > 0; --k, p += to_run, q += from_run) copy_run<T, N>(p, q, n);
    }
}
template <class T, int N = simd::native_lanes<T> - 1>
[[gnu::noinline]] void copy_runs(const CopiedAxis* axis, T* to, const T* from) {
  const index_t n = axis[3].extent;
  if constexpr (N == 0) {
    if (n == 0) return;  // nothing is summed
  } else {
    if (n == N) return copy_runs_of<T, N>(axis, to, from);
    if (n < N) return copy_runs<T, N - 1>(axis, to, from);
  }
  copy_runs_of<T, 0>(axis, to, from);
}

// The copy of an operand, if it needs one.
template <class T>
class Gathered {
 public:
  Gathered(const GatheredMatrix& m, const void* from, bool stays = false) : data_(from) {
    if (m.in_place || stays) return;
    block_ = tenon::detail::BlockRef(static_cast<size_t>(m.size()) * sizeof(T));
    data_ = block_.data();
    copy_runs<T>(m.axis, reinterpret_cast<T*>(block_.data()), static_cast<const T*>(from));
  }
  const void* data() const { return data_; }

 private:
  tenon::detail::BlockRef block_;
  const void* data_;
};

// A contraction of which no class has more than one axis, or whose axes need tables.
template <class T>
[[gnu::noinline]] void contract_planned(const BlockedCall& call, ContractionPlan& p) {
  if constexpr (Step<T>::group == 1) {
    // Small matrices, without the engine's arrangements.
    const ContractionAxes &rows = p.row, &columns = p.column, &sum = p.sum;
    if (p.batch.rank == 0 && rows.rank == 1 && columns.rank == 1 && sum.rank == 1 && call.a.in_place() &&
        call.b.in_place() && !call.epilogue && columns.b[0] == 1 && columns.c[0] == 1 &&
        !(sum.a[0] == 1 && is_narrow<T>(rows.extent[0], columns.extent[0], sum.extent[0])) &&
        fits_in_place<T>(rows.extent[0], columns.extent[0], sum.extent[0]))
      return product_in_place(rows.extent[0], columns.extent[0], sum.extent[0], static_cast<const T*>(call.a.data),
                              rows.a[0], sum.a[0], static_cast<const T*>(call.b.data), sum.b[0],
                              static_cast<T*>(call.c), rows.c[0], call.add);
  }
  Blocked<T>(call, p);
}
// Whether the engine packs B from where it lies, in place of a copy: as much work, and panels are read faster than rows
// of a matrix where a tile takes but one line of the cache of each. Runs that fill a panel are packed as fast as
// copied.
template <class T>
bool packs_from_there(const ContractionPlan& p, const ContractionPlan& matrices) {
  const ContractionAxes& columns = p.column;
  return !wide_tiles<T> && columns.rank > 0 && columns.b[columns.rank - 1] == 1 &&
         columns.extent[columns.rank - 1] >= tile_columns<T> && p.row.size() >= 16 * tile_rows<T> &&
         !fits_in_place<T>(p.row.size(), columns.size(), p.sum.size()) &&
         !swaps_operands(matrices, simd::native_lanes<T>);
}
// Axes one behind the other, the last of which has stride s.
inline void lay_out(index_t* stride, const ContractionAxes& x, index_t s) {
  for (int i = x.rank - 1; i >= 0; s *= x.extent[i--]) stride[i] = s;
}
// One of several axes of a class, as a product of matrices; false if that is not possible.
template <class T>
[[gnu::noinline]] bool contract_gathered(BlockedCall call, const ContractionPlan& p) {
  const GatheredMatrix a(p.row, p.row.a, p.sum, p.sum.a), b(p.sum, p.sum.b, p.column, p.column.b),
      c(p.row, p.row.c, p.column, p.column.c, true);
  if (!a.possible || !b.possible || !c.possible || (!c.in_place && (call.add || call.epilogue))) return false;
  ContractionPlan matrices;
  if (p.row.rank) matrices.row.push(p.row.size(), a.first, 0, c.first);
  if (p.column.rank) matrices.column.push(p.column.size(), 0, b.second, c.second);
  if (p.sum.rank) matrices.sum.push(p.sum.size(), a.second, b.first, 0);
  const bool packs = packs_from_there<T>(p, matrices) && !b.in_place;
  if (packs) {
    matrices.column = p.column;
    matrices.sum = p.sum;
    lay_out(matrices.column.c, p.column, c.second);
    lay_out(matrices.sum.a, p.sum, a.second);
  }
  const Gathered<T> first(a, call.a.data), second(b, call.b.data, packs);
  call.a.data = first.data();
  call.b.data = second.data();
  T* const target = static_cast<T*>(call.c);
  tenon::detail::BlockRef aside;
  if (!c.in_place) {
    aside = tenon::detail::BlockRef(static_cast<size_t>(c.size()) * sizeof(T));
    call.c = aside.data();
  }
  contract_planned<T>(call, matrices);
  if (!c.in_place) copy_runs<T>(c.axis, target, reinterpret_cast<const T*>(aside.data()));
  return true;
}

}  // namespace detail

/// Runs a contraction by steps T: float, double, an unsigned integer (sums wrap), or a group.
template <class T>
[[gnu::noinline]] void contract_blocked(const BlockedCall& call, ContractionPlan& p) {
  if (p.nothing) return;
  if constexpr (Step<T>::group == 1)
    if (p.batch.rank == 0 && (p.row.rank > 1 || p.column.rank > 1 || p.sum.rank > 1) && call.a.in_place() &&
        call.b.in_place() && detail::contract_gathered<T>(call, p))
      return;
  detail::contract_planned<T>(call, p);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
