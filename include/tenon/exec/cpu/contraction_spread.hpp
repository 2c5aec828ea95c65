// tenon/exec/cpu/contraction_spread.hpp: small contractions over several axes of a class, started without a plan.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `contraction_gather.hpp` does with a plan, for dense tensors of few numbers: the labels tell how the axes of
// each class lie in each operand, whatever their extents are. What is not a matrix as it lies is copied into one, and a
// result's axes are put into their places. Sums come in the same order as by a plan.
#pragma once
#include <tenon/exec/cpu/contraction_direct.hpp>
#include <tenon/exec/cpu/contraction_gather.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// A dense operand of at most four axes, or the result, as a matrix.
struct SpreadMatrix {
  int rank = 0;
  signed char label[GatheredMatrix::capacity] = {};  // of each axis
  signed char axis[GatheredMatrix::capacity] = {};   // in the order of the matrix
  bool in_place = true, turned = false;              // is a matrix as it lies; has the first class last

  // Of axes with these labels; those of the first class, then of the second, or the other way about, as the last lies.
  constexpr bool arrange(const signed char* axes, int labels, const bool* first, const bool* second,
                         const signed char* order) {
    for (int i = 0; i < labels; ++i) {
      if (axes[i] < 0) continue;
      if (axes[i] >= GatheredMatrix::capacity || !(first[i] || second[i])) return false;
      label[axes[i]] = static_cast<signed char>(i);
      ++rank;
    }
    if (rank == 0 || rank > GatheredMatrix::capacity) return false;
    turned = first[label[rank - 1]];
    int n = 0;
    const bool* const classes[] = {turned ? second : first, turned ? first : second};
    for (const bool* of : classes)
      for (int x = 0; x < labels; ++x)
        if (axes[order[x]] >= 0 && of[order[x]]) axis[n++] = axes[order[x]];
    for (int x = 0; x < n; ++x) in_place = in_place && axis[x] == x;
    return n == rank && axis[n - 1] == n - 1;
  }
};
// A contraction of three such.
struct SpreadLabels {
  static constexpr int capacity = ContractionLabels::capacity;
  SpreadMatrix a, b, c;
  int count = 0;
  bool row[capacity] = {}, column[capacity] = {}, sum[capacity] = {};
  bool ok = true;

  constexpr explicit SpreadLabels(const ContractionLabels& l) : count(l.count) {
    signed char order[capacity] = {};  // rows and columns as in the result, sums as in both operands
    int n = 0;
    const signed char* const by[] = {l.c, l.a};
    for (const signed char* axes : by)
      for (int axis = 0; axis < capacity; ++axis)
        for (int i = 0; i < count; ++i)
          if (axes[i] == axis && (axes == l.c || l.c[i] < 0)) order[n++] = static_cast<signed char>(i);
    int last = -1;
    for (int x = 0; x < n; ++x) {
      const int i = order[x];
      row[i] = l.a[i] >= 0 && l.b[i] < 0 && l.c[i] >= 0;
      column[i] = l.a[i] < 0 && l.b[i] >= 0 && l.c[i] >= 0;
      sum[i] = l.a[i] >= 0 && l.b[i] >= 0 && l.c[i] < 0;
      if (sum[i]) ok = ok && l.b[i] > last, last = l.b[i];
    }
    ok = ok && n == count && a.arrange(l.a, count, row, sum, order) && b.arrange(l.b, count, sum, column, order) &&
         c.arrange(l.c, count, row, column, order) && !b.turned && !c.turned;
  }
};

// The axes of a copy; `back`: what is copied is the matrix.
inline void spread_axes(const SpreadMatrix& m, const index_t* extent, bool back, CopiedAxis* axis) {
  index_t stride[GatheredMatrix::capacity], step = 1;
  for (int i = m.rank - 1; i >= 0; --i) stride[i] = step, step *= extent[m.label[i]];
  step = 1;
  for (int to = GatheredMatrix::capacity - 1, i = m.rank - 1; to >= 0; --to, --i) {
    if (i < 0) {
      axis[to] = {1, 0, 0};
      continue;
    }
    const index_t n = extent[m.label[m.axis[i]]], there = stride[m.axis[i]];
    axis[to] = {n, back ? there : step, back ? step : there};
    step *= n;
  }
}

// c = a b; `extent` of each label. False if that is not small, or c would overlap an operand.
template <class T>
[[gnu::noinline]] bool spread_product(const SpreadLabels& l, const index_t* extent, const T* a, const T* b, T* c,
                                      bool noalias) {
  index_t m = 1, n = 1, k = 1;
  for (int i = 0; i < l.count; ++i) (l.row[i] ? m : l.column[i] ? n : k) *= extent[i];
  if (m < 2 || n < 2 || k < 2 || !fits_in_place<T>(m, n, k) || is_narrow<T>(m, n, k)) return false;
  if (!noalias) {
    const ByteRange range = matrix_range(c, m, n, n, 1, sizeof(T));
    if (range.overlaps(matrix_range(a, m, k, k, 1, sizeof(T))) ||
        range.overlaps(matrix_range(b, k, n, n, 1, sizeof(T))))
      return false;
  }
  const auto room = [](const SpreadMatrix& x, index_t size) {
    return x.in_place ? 0 : rounded_up(size * static_cast<index_t>(sizeof(T)), alignment);
  };
  const index_t of_a = room(l.a, m * k), of_b = room(l.b, k * n);
  const tenon::detail::BlockRef block(static_cast<size_t>(of_a + of_b + room(l.c, m * n)));
  const auto gathered = [&](const SpreadMatrix& x, const T* from, char* to) {
    if (x.in_place) return from;
    CopiedAxis axis[GatheredMatrix::capacity];
    spread_axes(x, extent, false, axis);
    copy_runs<T>(axis, reinterpret_cast<T*>(to), from);
    return reinterpret_cast<const T*>(to);
  };
  b = gathered(l.b, b, block.data() + of_a);  // before A: what is written last is read more slowly, and more of B
  a = gathered(l.a, a, block.data());
  T* const product = l.c.in_place ? c : reinterpret_cast<T*>(block.data() + of_a + of_b);
  product_in_place(m, n, k, a, l.a.turned ? 1 : k, l.a.turned ? m : 1, b, n, product, n, false);
  if (!l.c.in_place) {
    CopiedAxis axis[GatheredMatrix::capacity];
    spread_axes(l.c, extent, true, axis);
    copy_runs<T>(axis, c, product);
  }
  return true;
}

// A dense tensor in memory, whose axes have no strides of their own.
template <class N>
inline constexpr bool is_dense_leaf = false;
template <class T, class E, class Hold>
inline constexpr bool is_dense_leaf<Leaf<T, E, Hold, true>> = E::rank <= GatheredMatrix::capacity;

/// As a DirectProduct: a contraction of two dense tensors, some class of which has several axes.
template <class Spec, class E, class A, class B, class T>
requires((__is_same(T, float) || __is_same(T, double)) && __is_same(typename A::value_type, T) &&
         __is_same(typename B::value_type, T) && is_dense_leaf<A> && is_dense_leaf<B> &&
         !ProductLabels(contraction_labels<Spec>).ok && SpreadLabels(contraction_labels<Spec>).ok)  //
    struct DirectProduct<Contract<Spec, E, A, B>, T> {
  static constexpr bool ok = true, is_matrix = false;
  static constexpr SpreadLabels labels{contraction_labels<Spec>};
  /// False if the product is not small. The target is dense.
  TENON_INLINE static bool run(const Contract<Spec, E, A, B>& node, T* c, bool noalias) {
    const A& a = node.template operand<0>();
    const B& b = node.template operand<1>();
    a.check();
    b.check();
    index_t extent[SpreadLabels::capacity];
    return read_extents(a, b, extent, make_seq<labels.count>{}) &&
           spread_product<T>(labels, extent, a.data, b.data, c, noalias);
  }

 private:
  // False if an extent of 1 stands for another one.
  template <int... I>
  TENON_INLINE static bool read_extents(const A& a, const B& b, index_t* extent, Seq<I...>) {
    return (read_extent<I>(a, b, extent[I]) && ...);
  }
  template <int I>
  TENON_INLINE static bool read_extent(const A& a, const B& b, index_t& to) {
    constexpr ContractionLabels l = Spec::labels();
    if constexpr (l.a[I] >= 0) to = a.shape[l.a[I]];
    if constexpr (l.a[I] < 0) to = b.shape[l.b[I]];
    return !labels.sum[I] || to == b.shape[l.b[I] < 0 ? 0 : l.b[I]];
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
