// tenon/exec/cpu/contraction_parts.hpp: contractions of duals as contractions of their numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// (a, a') (b, b') = (a b, a b' + a' b): a product with all parts of one operand, which are one more axis of its rows or
// columns, and one with the tangents of the other. In memory the numbers of a dual lie side by side. Where that keeps
// the engine from walking rows of numbers, the parts are laid out as rows of their own before, and so is the result.
#pragma once
#include <tenon/exec/cpu/contraction_plan.hpp>
#include <tenon/exec/cpu/pointwise.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// The numbers of an operand's elements: part p of an element is `p * apart` numbers after its value.
struct Parts {
  void* data = nullptr;
  StridedMap map{};
  index_t apart = 1;
  tenon::detail::BlockRef block{};

  StridedMap from(index_t part) const {
    StridedMap m = map;
    m.offset += part * apart;
    return m;
  }
};

/// Elements that fill their memory: how many there are, and the axis along which they follow each other (-1: there is
/// but one). `filled` is false if they leave gaps.
struct Filled {
  index_t count = 1;
  int unit = -1;
  bool filled = true;
};
inline Filled filled_by(const StridedMap& m) {
  Filled f;
  index_t elements = 1;
  for (int a = 0; a < m.extents.rank; ++a)
    if (m.strides.d[a] != 0) elements *= m.extents.d[a];
  while (f.count < elements) {
    int next = -1;
    for (int a = 0; a < m.extents.rank; ++a)
      if (m.extents.d[a] > 1 && m.strides.d[a] == f.count) next = a;
    if (next < 0) break;
    if (f.count == 1) f.unit = next;
    f.count *= m.extents.d[next];
  }
  f.filled = f.count == elements;
  return f;
}

/// Parts side by side, as they are.
inline Parts side_by_side(const void* data, StridedMap m, index_t count) {
  for (int i = 0; i < m.extents.rank; ++i) m.strides.d[i] *= count;
  m.offset *= count;
  return {const_cast<void*>(data), m, 1, {}};
}
/// Place for parts in rows: each run of elements along the unit axis is so many rows, one for each part.
template <class T>
Parts place_in_rows(const StridedMap& m, const Filled& f) {
  Parts parts{nullptr, m, f.unit < 0 ? 1 : m.extents.d[f.unit],
              tenon::detail::BlockRef(static_cast<size_t>(f.count) * sizeof(T))};
  parts.data = parts.block.data();
  parts.map.offset = 0;
  for (int a = 0; a < m.extents.rank; ++a)
    if (a != f.unit) parts.map.strides.d[a] *= parts_of<T>;
  return parts;
}

// Runs of n elements of N numbers T, and rows of parts: one from the other.
template <int N, class T>
[[gnu::noinline]] void rows_from_elements(T* row, const T* element, index_t n, index_t runs) {
  using V = simd::native<T>;
  constexpr int W = simd::lanes<V>;
  for (; runs > 0; --runs, row += N * n, element += N * n) {
    index_t i = 0;
    if constexpr (W > 1 && N <= 4)
      for (; i + W <= n; i += W) separate_packs<V>(row + i, n, element + i * N, simd::detail::Count<N>{});
    for (; i < n; ++i)
      for (int k = 0; k < N; ++k) row[k * n + i] = element[i * N + k];
  }
}
template <bool Add, class V, class T, int N, int... J>
TENON_INLINE void store_elements(T* element, const V (&part)[N], simd::detail::Ints<J...>) {
  constexpr int W = simd::lanes<V>;
  if constexpr (Add) {
    (simd::store<V>(element + J * W, simd::load<V>(element + J * W) + simd::interleaved<J>(part)), ...);
  } else {
    (simd::store<V>(element + J * W, simd::interleaved<J>(part)), ...);
  }
}
template <bool Add, int N, class T>
[[gnu::noinline]] void elements_from_rows(T* element, const T* row, index_t n, index_t runs) {
  using V = simd::native<T>;
  constexpr int W = simd::lanes<V>;
  for (; runs > 0; --runs, row += N * n, element += N * n) {
    index_t i = 0;
    if constexpr (W > 1 && N <= 4)
      for (; i + W <= n; i += W) {
        V part[N];
        for (int k = 0; k < N; ++k) part[k] = simd::load<V>(row + k * n + i);
        store_elements<Add>(element + i * N, part, simd::detail::Count<N>{});
      }
    for (; i < n; ++i)
      for (int k = 0; k < N; ++k) element[i * N + k] = (Add ? element[i * N + k] : T(0)) + row[k * n + i];
  }
}

/// The parts of x in rows.
template <class T>
Parts in_rows(const Source& x) {
  using R = base_t<T>;
  const Filled f = filled_by(x.map);
  if (!f.filled) {
    const StridedMap dense{x.map.extents, row_major(x.map.extents), 0};
    const tenon::detail::BlockRef copy(static_cast<size_t>(dense.extents.size()) * sizeof(T));
    pointwise<Program<Load<T, false>>>(&x, reinterpret_cast<T*>(copy.data()), dense);
    return in_rows<T>({copy.data(), dense, 0, {}});
  }
  Parts parts = place_in_rows<T>(x.map, f);
  rows_from_elements<static_cast<int>(parts_of<T>)>(reinterpret_cast<R*>(parts.block.data()),
                                                    static_cast<const R*>(x.data) + x.map.offset * parts_of<T>,
                                                    parts.apart, f.count / parts.apart);
  return parts;
}
/// Elements T at `to`, which they fill, from their parts in rows.
template <class T>
void from_rows(const Parts& parts, T* to, const Filled& f, bool add) {
  using R = base_t<T>;
  constexpr int N = static_cast<int>(parts_of<T>);
  const auto* const row = static_cast<const R*>(parts.data);
  (add ? elements_from_rows<true, N, R> : elements_from_rows<false, N, R>)(reinterpret_cast<R*>(to), row, parts.apart,
                                                                           f.count / parts.apart);
}

/// Whether the axis `unit` of one of X and the result is an axis of both, and not of Y.
inline bool is_of_one(const ContractionLabels& l, const signed char* labels, int unit, const signed char* x,
                      const signed char* y) {
  for (int i = 0; i < l.count; ++i)
    if (labels[i] == unit) return x[i] >= 0 && y[i] < 0 && l.c[i] >= 0;
  return false;
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
