// tenon/ad/cell_rows.hpp: the rows of numbers that a time loop goes over, in whole packs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/simd/memory.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Rows of `cells` elements each, `pitch` apart, with room around them. Packs cover the cells [first, last) that a step
// computes; the first of them lies at `origin`, aligned.
struct CellRows {
  index_t cells, first, last, origin, pitch;
  constexpr CellRows(index_t n, int reach, int lanes)
      : cells(n), first(reach < n ? reach : n), last(n - first > first ? n - first : first), origin(0), pitch(0) {
    // Packs at the ends, and what they see or give to their neighbours, may lie beside the cells.
    const index_t beside = 2 * reach > lanes ? 2 * reach : lanes;
    origin = reach ? up(beside, lanes) : 0;
    pitch = up(origin + up(last - first, lanes) + (reach ? beside + reach : 0), lanes);
    if (pitch / lanes % 2 == 0) pitch += lanes;  // no powers of two, at which caches take rows for each other
  }
  static constexpr index_t up(index_t n, index_t unit) { return (n + unit - 1) / unit * unit; }
  index_t computed() const { return last - first; }
  index_t begin() const { return origin - first; }  // of the first cell in a row

  // A row from elements `stride` apart; what is beside it repeats the cells at the ends.
  template <class T, class P>
  void fill(T* row, const P* from, index_t stride) const {
    T* const to = row + begin();
    for (index_t c = 0; c < cells; ++c) to[c] = static_cast<T>(from[c * stride]);
    pad(row);
  }
  template <class T>
  void pad(T* row) const {
    if (cells == 0) return;
    T* const to = row + begin();
    for (T* p = row; p != to; ++p) *p = *to;
    for (T* p = to + cells; p != row + pitch; ++p) *p = to[cells - 1];
  }
  template <class T>
  void add(T* to, index_t stride, const T* row) const {
    row += begin();
    for (index_t c = 0; c < cells; ++c) to[c * stride] += row[c];
  }
  // A row's cells to elements that lie side by side; elements added to a row. A step reads rows in whole packs, so they
  // are written as such: processors wait for packs whose parts were stored just before.
  template <class T>
  void copy(T* to, const T* row) const {
    using V = simd::native<T>;
    for (index_t c = 0; c < first; ++c) to[c] = row[begin() + c];
    row += origin, to += first;
    index_t left = cells - first;
    for (; left >= simd::lanes<V>; left -= simd::lanes<V>, row += simd::lanes<V>, to += simd::lanes<V>)
      simd::store(to, simd::load<V>(row));
    if (left > 0) simd::store_partial(to, simd::load<V>(row), left);
  }
  template <class T>
  void add_to(T* row, const T* from) const {
    using V = simd::native<T>;
    for (index_t c = 0; c < first; ++c) row[begin() + c] += from[c];
    row += origin, from += first;
    index_t left = cells - first;
    for (; left >= simd::lanes<V>; left -= simd::lanes<V>, row += simd::lanes<V>, from += simd::lanes<V>)
      simd::store(row, V(simd::load<V>(row) + simd::load<V>(from)));
    if (left > 0) simd::store(row, V(simd::load<V>(row) + simd::load_partial<V>(from, left)));
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
