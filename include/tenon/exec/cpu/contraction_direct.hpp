// tenon/exec/cpu/contraction_direct.hpp: products of small matrices in memory, started without a plan.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a plan finds out about a contraction takes longer than a product of few numbers. Where the types say that rows,
// columns and the sum are one axis each of two matrices, their extents and strides are the arguments of
// product_in_place() as they are. What that does not take, or what overlaps the target, is left to the plan.
#pragma once
#include <tenon/exec/cpu/micro_kernel.hpp>
#include <tenon/exec/loops.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// A matrix in memory: extents and strides of its two axes, one by one (Dims would be written in parts, read as a
// whole).
template <class N>
struct MatrixLeaf {
  static constexpr bool known = false;
};
template <class T, class E, class Hold, bool Dense>
requires(E::rank == 2) struct MatrixLeaf<Leaf<T, E, Hold, Dense>> {
  using N = Leaf<T, E, Hold, Dense>;
  static constexpr bool known = true;
  TENON_INLINE static const auto* data(const N& n) {
    n.check();
    return n.data;
  }
  TENON_INLINE static index_t extent(const N& n, int axis) { return n.shape[axis]; }
  TENON_INLINE static index_t stride(const N& n, int axis) {
    if constexpr (Dense) {
      return axis == 0 ? n.shape[1] : 1;
    } else {
      return n.strides.d[axis];
    }
  }
};
template <class A>
requires(MatrixLeaf<A>::known) struct MatrixLeaf<Movement<move::Permute<1, 0>, A>> {
  using N = Movement<move::Permute<1, 0>, A>;
  using Inner = MatrixLeaf<A>;
  static constexpr bool known = true;
  TENON_INLINE static const auto* data(const N& n) { return Inner::data(n.arg); }
  TENON_INLINE static index_t extent(const N& n, int axis) { return Inner::extent(n.arg, 1 - axis); }
  TENON_INLINE static index_t stride(const N& n, int axis) { return Inner::stride(n.arg, 1 - axis); }
};
// The bytes of m by n elements of strides of any sign; neither extent is 0.
inline ByteRange matrix_range(const void* data, index_t m, index_t m_stride, index_t n, index_t n_stride,
                              index_t bytes) {
  const index_t down = m_stride * (m - 1), along = n_stride * (n - 1);
  const char* const p = static_cast<const char*>(data);
  return {p + ((down < 0 ? down : 0) + (along < 0 ? along : 0)) * bytes,
          p + ((down > 0 ? down : 0) + (along > 0 ? along : 0) + 1) * bytes};
}

// Whether labels are those of a matrix product: row and column of C, one of each operand, and a sum over one of both.
constexpr bool is_matrix_product(const ContractionLabels& l) {
  return l.count == 3 && l.a[0] >= 0 && l.b[0] < 0 && l.a[1] < 0 && l.b[1] >= 0 && l.c[2] < 0 && l.a[2] >= 0 &&
         l.b[2] >= 0;
}

// c[m, n], dense, = a b; false if c overlaps an operand and `noalias` does not deny it.
template <class T>
[[gnu::noinline]] bool direct_product(index_t m, index_t n, index_t k, const T* a, index_t a_row, index_t a_step,
                                      const T* b, index_t b_step, T* c, bool noalias) {
  constexpr index_t bytes = sizeof(T);
  if (!noalias) {
    const ByteRange range{reinterpret_cast<const char*>(c), reinterpret_cast<const char*>(c + m * n)};
    if (range.overlaps(matrix_range(a, m, a_row, k, a_step, bytes)) ||
        range.overlaps(matrix_range(b, k, b_step, n, 1, bytes)))
      return false;
  }
  product_by_tiles(m, n, k, a, a_row, a_step, b, b_step, c, n, false);
  return true;
}

/// Whether contraction N into elements Out is a product of two matrices in memory, to be run without a plan.
template <class N, class Out>
struct DirectProduct {
  static constexpr bool ok = false;
};
template <class Spec, class E, class A, class B, class T>
requires((__is_same(T, float) || __is_same(T, double)) && __is_same(typename A::value_type, T) &&
         __is_same(typename B::value_type, T) && !E::is_static && MatrixLeaf<A>::known && MatrixLeaf<B>::known &&
         is_matrix_product(contraction_labels<Spec>))  //
    struct DirectProduct<Contract<Spec, E, A, B>, T> {
  static constexpr bool ok = true;
  /// False if the product is not small, or the target, which is dense, overlaps an operand.
  TENON_INLINE static bool run(const Contract<Spec, E, A, B>& node, T* c, bool noalias) {
    constexpr ContractionLabels l = Spec::labels();
    const A& a = node.template operand<0>();
    const B& b = node.template operand<1>();
    using X = MatrixLeaf<A>;
    using Y = MatrixLeaf<B>;
    const index_t m = X::extent(a, l.a[0]), n = Y::extent(b, l.b[1]), k = X::extent(a, l.a[2]);
    const index_t b_step = Y::stride(b, l.b[2]);
    if (k == 0 || Y::extent(b, l.b[2]) != k || Y::stride(b, l.b[1]) != 1 || !fits_in_place<T>(m, n, k)) return false;
    return direct_product<T>(m, n, k, X::data(a), X::stride(a, l.a[0]), X::stride(a, l.a[2]), Y::data(b), b_step, c,
                             noalias);
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
