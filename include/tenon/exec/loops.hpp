// tenon/exec/loops.hpp: loop nests over strided operands: axes collapsed, rows found, nothing that depends on types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A nest holds up to `Operands` operands, all broadcast to the same extents. `collapse` removes axes of extent 1 and
// merges neighbours that every operand walks as one. The innermost axis is the row.
#pragma once
#include <tenon/expr/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// A loop nest over operands; strides in elements, `bytes` the element size of each operand.
template <int Operands>
struct Nest {
  int rank = 0, operands = 0;
  index_t extent[max_rank] = {};
  index_t stride[Operands][max_rank];
  const char* base[Operands];
  index_t bytes[Operands];

  void start(const Dims& extents) {
    rank = extents.rank;
    for (int a = 0; a < rank; ++a) extent[a] = extents.d[a];
  }
  void add(const void* data, index_t element_bytes, const StridedMap& map) {
    base[operands] = static_cast<const char*>(data) + map.offset * element_bytes;
    bytes[operands] = element_bytes;
    for (int a = 0; a < rank; ++a) stride[operands][a] = map.strides.d[a];
    ++operands;
  }
  void drop(int axis) {
    for (int a = axis; a + 1 < rank; ++a) {
      extent[a] = extent[a + 1];
      for (int k = 0; k < operands; ++k) stride[k][a] = stride[k][a + 1];
    }
    --rank;
  }
  /// Indices [from, to) of axis 0 only.
  void narrow(index_t from, index_t to) {
    extent[0] = to - from;
    for (int k = 0; k < operands; ++k) base[k] += from * stride[k][0] * bytes[k];
  }
  void swap(int a, int b) {
    const index_t e = extent[a];
    extent[a] = extent[b];
    extent[b] = e;
    for (int k = 0; k < operands; ++k) {
      const index_t s = stride[k][a];
      stride[k][a] = stride[k][b];
      stride[k][b] = s;
    }
  }
  // Axes [first, last) only: reductions collapse kept and reduced axes apart.
  int collapse(int first, int last) {
    for (int a = last - 1; a >= first; --a)
      if (extent[a] == 1) {
        drop(a);
        --last;
      }
    for (int a = last - 2; a >= first; --a) {
      bool merge = true;
      for (int k = 0; k < operands; ++k) merge = merge && stride[k][a] == stride[k][a + 1] * extent[a + 1];
      if (merge) {
        extent[a + 1] *= extent[a];
        drop(a);
        --last;
      }
    }
    return last;
  }
  bool empty() const {
    for (int a = 0; a < rank; ++a)
      if (extent[a] == 0) return true;
    return false;
  }
};

/// Walks axes [first, last) of a nest in row-major order, keeping every operand's pointer.
template <int Operands>
struct Walk {
  const char* at[Operands];
  index_t index[max_rank];

  void start(const Nest<Operands>& nest, int first, int last) {
    for (int k = 0; k < nest.operands; ++k) at[k] = nest.base[k];
    for (int a = first; a < last; ++a) index[a] = 0;
  }
  // From the pointers of an outer walk.
  void start(const Nest<Operands>& nest, int first, int last, const Walk& outer) {
    for (int k = 0; k < nest.operands; ++k) at[k] = outer.at[k];
    for (int a = first; a < last; ++a) index[a] = 0;
  }
  bool next(const Nest<Operands>& nest, int first, int last) {
    for (int a = last - 1; a >= first; --a) {
      if (++index[a] < nest.extent[a]) {
        for (int k = 0; k < nest.operands; ++k) at[k] += nest.stride[k][a] * nest.bytes[k];
        return true;
      }
      index[a] = 0;
      for (int k = 0; k < nest.operands; ++k) at[k] -= nest.stride[k][a] * nest.bytes[k] * (nest.extent[a] - 1);
    }
    return false;
  }
};

/// The half-open byte range that a strided map of elements touches.
struct ByteRange {
  const char *lo = nullptr, *hi = nullptr;
  bool overlaps(const ByteRange& o) const { return lo < o.hi && o.lo < hi; }
};
inline ByteRange range_of(const void* data, const StridedMap& m, index_t bytes) {
  index_t lo = m.offset, hi = m.offset;
  for (int a = 0; a < m.extents.rank; ++a) {
    if (m.extents.d[a] == 0) return {};
    const index_t reach = m.strides.d[a] * (m.extents.d[a] - 1);
    (reach < 0 ? lo : hi) += reach;
  }
  const char* base = static_cast<const char*>(data);
  return {base + lo * bytes, base + (hi + 1) * bytes};
}
/// Whether two maps of the same data visit the same element at every index.
inline bool same_walk(const void* p, const StridedMap& a, const void* q, const StridedMap& b, index_t bytes) {
  if (static_cast<const char*>(p) + a.offset * bytes != static_cast<const char*>(q) + b.offset * bytes) return false;
  for (int i = 0; i < a.extents.rank; ++i)
    if (a.strides.d[i] != b.strides.d[i] && a.extents.d[i] != 1) return false;
  return true;
}
/// Whether an output map writes some element twice (stride 0 along a real axis).
inline bool writes_twice(const StridedMap& m) {
  bool repeats = false;
  for (int a = 0; a < m.extents.rank; ++a) {
    if (m.extents.d[a] == 0) return false;
    repeats = repeats || (m.strides.d[a] == 0 && m.extents.d[a] > 1);
  }
  return repeats;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
