// tenon/exec/cpu/contraction_direct.hpp: products of small matrices in memory, started without a plan.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a plan finds out about a contraction takes longer than a product of few numbers. Where the types say that rows,
// columns and the sum are at most one axis each of two matrices or vectors, their extents and strides are the arguments
// of the kernels as they are. Columns of B that are its runs in memory (a layer's x W^T) are turned before. What is not
// small is left to the plan.
#pragma once
#include <tenon/exec/cpu/contraction_prologue.hpp>
#include <tenon/exec/cpu/matrix_vector.hpp>
#include <tenon/exec/cpu/micro_kernel.hpp>
#include <tenon/exec/cpu/narrow_product.hpp>
#include <tenon/exec/cpu/stage.hpp>
#include <tenon/exec/executor.hpp>
#include <tenon/exec/loops.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// A matrix or vector in memory: extents and strides of its axes, one by one (Dims would be written in parts, read as a
// whole); of an axis that it has not, -1, the extent is 1.
template <class N>
struct MatrixLeaf {
  static constexpr bool known = false;
};
template <class T, class E, class Hold, bool Dense>
requires(E::rank == 1 || E::rank == 2) struct MatrixLeaf<Leaf<T, E, Hold, Dense>> {
  using N = Leaf<T, E, Hold, Dense>;
  static constexpr bool known = true;
  TENON_INLINE static const auto* data(const N& n) {
    n.check();
    return n.data;
  }
  TENON_INLINE static index_t extent(const N& n, int axis) { return axis < 0 ? 1 : n.shape[axis]; }
  TENON_INLINE static index_t stride(const N& n, int axis) {
    if constexpr (Dense) {
      return axis == 0 && E::rank == 2 ? n.shape[E::rank - 1] : 1;
    } else {
      return axis < 0 ? 1 : n.strides.d[axis];
    }
  }
};
template <class A>
requires(MatrixLeaf<A>::known&& A::extents_type::rank == 2) struct MatrixLeaf<Movement<move::Permute<1, 0>, A>> {
  using N = Movement<move::Permute<1, 0>, A>;
  using Inner = MatrixLeaf<A>;
  static constexpr bool known = true;
  TENON_INLINE static const auto* data(const N& n) { return Inner::data(n.arg); }
  TENON_INLINE static index_t extent(const N& n, int axis) { return Inner::extent(n.arg, turned(axis)); }
  TENON_INLINE static index_t stride(const N& n, int axis) { return Inner::stride(n.arg, turned(axis)); }
  static constexpr int turned(int axis) { return axis < 0 ? axis : 1 - axis; }
};
// The bytes of m by n elements of strides of any sign; neither extent is 0.
inline ByteRange matrix_range(const void* data, index_t m, index_t m_stride, index_t n, index_t n_stride,
                              index_t bytes) {
  const index_t down = m_stride * (m - 1), along = n_stride * (n - 1);
  const char* const p = static_cast<const char*>(data);
  return {p + ((down < 0 ? down : 0) + (along < 0 ? along : 0)) * bytes,
          p + ((down > 0 ? down : 0) + (along > 0 ? along : 0) + 1) * bytes};
}

// The labels of a matrix product by what they are, -1 for those of operands that are vectors.
struct ProductLabels {
  int row = -1, column = -1, sum = -1;
  bool ok = true;
  constexpr explicit ProductLabels(const ContractionLabels& l) {
    for (int i = 0; i < l.count; ++i) {
      int& to = l.c[i] < 0 ? sum : l.b[i] < 0 ? row : column;
      if (to >= 0 || (l.c[i] < 0 ? l.a[i] < 0 || l.b[i] < 0 : l.a[i] >= 0 && l.b[i] >= 0)) ok = false;
      to = i;
    }
    if (sum < 0 || (row >= 0 && column >= 0 && l.c[row] > l.c[column])) ok = false;
  }
};

// The columns of b are its runs.
template <class T>
[[gnu::noinline]] void product_by_turned(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                         const T* b, index_t b_column, T* c) {
  alignas(alignment) char turned[aside_bytes];
  T* const rows = reinterpret_cast<T*>(turned);
  turn(rows, n, b, b_column, sizeof(T), k, n);
  product_by_tiles(m, n, k, a, a_row, a_step, rows, n, c, n, false);
}
// A product of few rows by one pack of columns. All is read before anything is written, as matrix_by_vector() of few
// rows does: c may overlap the operands.
inline constexpr int few_rows = 8;
template <class T, int... I>
[[gnu::noinline]] void product_of_few(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                      const T* b, index_t b_step, T* c, Seq<I...>) {
  using V = simd::native<T>;
  const T* row[] = {a + (I < m ? I : m - 1) * a_row...};
  V sum[sizeof...(I)] = {};
  for (index_t s = 0; s < k; ++s) {
    const V y = simd::load_partial<V>(b + s * b_step, n);
    ((sum[I] = Step<T>::multiply_add(simd::broadcast<V>(row[I][s * a_step]), y, sum[I])), ...);
  }
  ((I < m ? simd::store_partial(c + I * n, sum[I], n) : void()), ...);
}

// One row by a matrix that the second-level cache holds: the engine's tiles, in one block of the sum as there.
template <class T>
bool row_fits(index_t m, index_t n, index_t k) {
  return m == 1 && masked_tiles<T> && k <= most_steps && k * n * static_cast<index_t>(sizeof(T)) <= row_bytes &&
         !goes_in_parts(n * k);
}

// How a small product is computed, if it is.
enum class DirectWay : unsigned char { none, column, row, narrow, turned, tiles };
template <class T>
DirectWay direct_way(index_t m, index_t n, index_t k, index_t a_step, index_t b_step, index_t b_column) {
  // First what needs few questions: all others are about narrow products, or operands whose runs are sums.
  if (m > 1 && n > 1 && n > simd::native_lanes<T> / 2 && b_column == 1 && fits_in_place<T>(m, n, k))
    return DirectWay::tiles;
  const bool along_sums = a_step == 1 && b_step == 1, little = m * n * k < 2 * least_part;
  if (along_sums && n == 1) return little ? DirectWay::column : DirectWay::none;
  if (along_sums && m == 1) return little ? DirectWay::row : DirectWay::none;
  if (a_step == 1 && is_narrow<T>(m, n, k)) return little ? DirectWay::narrow : DirectWay::none;
  const bool turned = b_column != 1;
  if (turned && (b_step != 1 || n * k * static_cast<index_t>(sizeof(T)) > aside_bytes)) return DirectWay::none;
  if (!fits_in_place<T>(m, n, k) && (turned || !row_fits<T>(m, n, k))) return DirectWay::none;
  return turned ? DirectWay::turned : DirectWay::tiles;
}
// c[m, n], dense, = a b; false if it is not small. c may overlap an operand unless `noalias` denies it.
template <class T>
[[gnu::noinline]] bool direct_product(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                      const T* b, index_t b_step, index_t b_column, T* c, bool noalias) {
  constexpr index_t bytes = sizeof(T);
  const DirectWay way = direct_way<T>(m, n, k, a_step, b_step, b_column);
  if (way == DirectWay::none) return false;
  if (!noalias) {
    const ByteRange range{reinterpret_cast<const char*>(c), reinterpret_cast<const char*>(c + m * n)};
    if (range.overlaps(matrix_range(a, m, a_row, k, a_step, bytes)) ||
        range.overlaps(matrix_range(b, k, b_step, n, b_column, bytes))) {
      // Aside by the same kernel, so that sums come in the same order.
      const size_t size = static_cast<size_t>(m * n * bytes);
      const tenon::detail::BlockRef aside(size);
      T* const values = reinterpret_cast<T*>(aside.data());
      if (!direct_product<T>(m, n, k, a, a_row, a_step, b, b_step, b_column, values, true)) return false;
      __builtin_memcpy(c, values, size);
      return true;
    }
  }
  if (way == DirectWay::tiles)
    product_by_tiles(m, n, k, a, a_row, a_step, b, b_step, c, n, false);
  else if (way == DirectWay::column)
    matrix_by_vector(m, k, a, a_row, b, c, false);
  else if (way == DirectWay::row)
    matrix_by_vector(n, k, b, b_column, a, c, false);
  else if (way == DirectWay::narrow)
    narrow_product(m, n, k, a, a_row, b, b_step, b_column, c, n, false);
  else
    product_by_turned(m, n, k, a, a_row, a_step, b, b_column, c);
  return true;
}

/// Two matrices or vectors in memory: what a product's kernels take. A sum's extent differs if one of them repeats.
template <class T>
struct MatrixPair {
  index_t m, n, k, k_of_b;
  const T* a;
  index_t a_row, a_step;
  const T* b;
  index_t b_step, b_column;

  /// Their product, dense, if it is small.
  TENON_INLINE bool multiply(T* c, bool noalias) const {
    if (m == 0 || n == 0 || k == 0 || k_of_b != k) return false;
    if (n > 1 && m <= few_rows / 2 && n <= simd::native_lanes<T> && k <= 32 && b_column == 1)
      product_of_few(m, n, k, a, a_row, a_step, b, b_step, c, make_seq<few_rows / 2>{});
    else if (n > 1 && m <= few_rows && n <= simd::native_lanes<T> && k < 32 && b_column == 1)  // is not narrow
      product_of_few(m, n, k, a, a_row, a_step, b, b_step, c, make_seq<few_rows>{});
    else if (n == 1 && (m <= vector_rows || (noalias && m <= 64)) && k <= 1024 && a_step == 1 && b_step == 1)
      matrix_by_vector(m, k, a, a_row, b, c, false);
    else
      return direct_product<T>(m, n, k, a, a_row, a_step, b, b_step, b_column, c, noalias);
    return true;
  }
};

/// Whether contraction N into elements Out is a product of two matrices in memory, to be run without a plan.
template <class N, class Out>
struct DirectProduct {
  static constexpr bool ok = false, is_matrix = false;
};
template <class Spec, class E, class A, class B, class T>
requires((__is_same(T, float) || __is_same(T, double)) && __is_same(typename A::value_type, T) &&
         __is_same(typename B::value_type, T) && MatrixLeaf<A>::known && MatrixLeaf<B>::known &&
         ProductLabels(contraction_labels<Spec>).ok)  //
    struct DirectProduct<Contract<Spec, E, A, B>, T> {
  static constexpr bool ok = true, is_matrix = true;
  /// False if the product is not small. The target is dense.
  TENON_INLINE static bool run(const Contract<Spec, E, A, B>& node, T* c, bool noalias) {
    return pair(node.template operand<0>(), node.template operand<1>()).multiply(c, noalias);
  }
  TENON_INLINE static MatrixPair<T> pair(const A& a, const B& b) {
    constexpr ContractionLabels l = Spec::labels();
    constexpr ProductLabels p(l);
    constexpr int a_row = axis(l.a, p.row), b_column = axis(l.b, p.column), a_sum = l.a[p.sum], b_sum = l.b[p.sum];
    using X = MatrixLeaf<A>;
    using Y = MatrixLeaf<B>;
    return {X::extent(a, a_row), Y::extent(b, b_column), X::extent(a, a_sum), Y::extent(b, b_sum),  //
            X::data(a),          X::stride(a, a_row),    X::stride(a, a_sum), Y::data(b),
            Y::stride(b, b_sum), Y::stride(b, b_column)};
  }

 private:
  static constexpr int axis(const signed char* axes, int label) { return label < 0 ? -1 : axes[label]; }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
