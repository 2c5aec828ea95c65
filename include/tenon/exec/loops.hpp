// tenon/exec/loops.hpp: loop nests over strided operands: axes collapsed, rows found, nothing that depends on types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A nest holds up to `max_operands` operands, all broadcast to the same extents. `collapse` removes axes of extent 1
// and merges neighbours that every operand walks as one. The innermost axis is the row. No template: all statements
// share the code that walks it, and of the memory only what the operands take is touched.
#pragma once
#include <tenon/expr/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// The most operands of a loop nest, the result among them.
inline constexpr int max_operands = TENON_EMBEDDED ? 16 : 128;

/// What a nest knows of an operand: its first element, the size of one in bytes, its strides in elements.
struct Walked {
  const char* base;
  index_t bytes;
  index_t stride[max_rank];

  void set(const void* data, index_t element_bytes, const StridedMap& map) {
    base = static_cast<const char*>(data) + map.offset * element_bytes;
    bytes = element_bytes;
    for (int a = 0; a < map.extents.rank; ++a) stride[a] = map.strides.d[a];  // 0 where the map names none
  }
};

/// A loop nest over operands.
struct Nest {
  int rank = 0, operands = 0;
  index_t extent[max_rank] = {};
  Walked operand[max_operands];

  Nest() {}
  Nest(const Nest& o) { *this = o; }
  Nest& operator=(const Nest& o) {
    rank = o.rank;
    operands = o.operands;
    __builtin_memcpy(extent, o.extent, sizeof(extent));
    __builtin_memcpy(operand, o.operand, static_cast<size_t>(operands) * sizeof(Walked));
    return *this;
  }

  void start(const Dims& extents) {
    rank = extents.rank;
    for (int a = 0; a < rank; ++a) extent[a] = extents.d[a];
  }
  void add(const void* data, index_t element_bytes, const StridedMap& map) {
    expect<value_error>(operands < max_operands,
                        "tenon: too many operands in one statement; evaluate a part of it first");
    operand[operands++].set(data, element_bytes, map);
  }
  void drop(int axis) {
    for (int a = axis; a + 1 < rank; ++a) {
      extent[a] = extent[a + 1];
      for (int k = 0; k < operands; ++k) operand[k].stride[a] = operand[k].stride[a + 1];
    }
    --rank;
  }
  /// Indices [from, to) of an axis only.
  void narrow(index_t from, index_t to, int axis = 0) {
    extent[axis] = to - from;
    for (int k = 0; k < operands; ++k) operand[k].base += from * operand[k].stride[axis] * operand[k].bytes;
  }
  index_t size() const {
    index_t n = 1;
    for (int a = 0; a < rank; ++a) n *= extent[a];
    return n;
  }
  void swap(int a, int b) {
    const index_t e = extent[a];
    extent[a] = extent[b];
    extent[b] = e;
    for (int k = 0; k < operands; ++k) {
      index_t* const stride = operand[k].stride;
      const index_t s = stride[a];
      stride[a] = stride[b];
      stride[b] = s;
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
      for (int k = 0; k < operands; ++k)
        merge = merge && operand[k].stride[a] == operand[k].stride[a + 1] * extent[a + 1];
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
struct Walk {
  const void* at[max_operands];
  index_t index[max_rank];

  const char* byte(int operand) const { return static_cast<const char*>(at[operand]); }
  char* out() const { return static_cast<char*>(const_cast<void*>(at[0])); }
  void move(int operand, index_t by) { at[operand] = byte(operand) + by; }

  void start(const Nest& nest, int first, int last) {
    for (int k = 0; k < nest.operands; ++k) at[k] = nest.operand[k].base;
    for (int a = first; a < last; ++a) index[a] = 0;
  }
  // From the pointers of an outer walk.
  void start(const Nest& nest, int first, int last, const Walk& outer) {
    for (int k = 0; k < nest.operands; ++k) at[k] = outer.at[k];
    for (int a = first; a < last; ++a) index[a] = 0;
  }
  bool next(const Nest& nest, int first, int last) {
    for (int a = last - 1; a >= first; --a) {
      if (++index[a] < nest.extent[a]) {
        for (int k = 0; k < nest.operands; ++k) move(k, nest.operand[k].stride[a] * nest.operand[k].bytes);
        return true;
      }
      index[a] = 0;
      for (int k = 0; k < nest.operands; ++k)
        move(k, -nest.operand[k].stride[a] * nest.operand[k].bytes * (nest.extent[a] - 1));
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
namespace detail {
inline index_t magnitude(index_t x) { return x < 0 ? -x : x; }
}  // namespace detail
/// Whether two indices of a map may mean one element, as they do in a broadcast or in windows.
inline bool may_repeat(const StridedMap& m) {
  bool seen[max_rank] = {};
  index_t reach = 0;
  for (int step = 0; step < m.extents.rank; ++step) {
    int least = -1;
    for (int a = 0; a < m.extents.rank; ++a)
      if (!seen[a] && (least < 0 || detail::magnitude(m.strides.d[a]) < detail::magnitude(m.strides.d[least])))
        least = a;
    seen[least] = true;
    if (m.extents.d[least] <= 1) continue;
    if (detail::magnitude(m.strides.d[least]) <= reach) return true;
    reach += detail::magnitude(m.strides.d[least]) * (m.extents.d[least] - 1);
  }
  return false;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
