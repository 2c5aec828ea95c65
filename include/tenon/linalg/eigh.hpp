// tenon/linalg/eigh.hpp: eigenvalues and eigenvectors of symmetric matrices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [w, v] = linalg::eigh(a);      // a v = v diag(w), w ascending
#pragma once
#include <tenon/linalg/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {
namespace op {

/// The eigenvectors, and beside them the eigenvalues; Giles 3.1. Between equal eigenvalues eigenvectors do not turn:
/// right for functions that do not depend on which of the eigenvectors were found.
struct Eigh {
  static constexpr FixedString name{"eigh"};
  static constexpr bool square = true;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) { return Dims{2, {a.d[0], a.d[1] == dyn ? dyn : a.d[1] + 1}}; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const index_t n = a.rows();
    if (n == 0) return;
    const EigenMatrix<T> mean = (a + a.transpose()) / T(2);
    const Eigen::SelfAdjointEigenSolver<EigenMatrix<T>> e(mean);
    if (e.info() != Eigen::Success) raise<linalg_error>(Message() << "tenon: eigh: the iteration did not converge");
    y.leftCols(n) = e.eigenvectors();
    y.col(n) = e.eigenvalues();
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& y, const Stack<T>& a, const Stack<T>& da) {
    const index_t n = a.extent(1);
    const Stack<T> v = columns_of(y, 0, n), w = transposed(columns_of(y, n, n + 1));
    const Stack<T> m = mul_t_(v, mul(symmetric(da), v));
    return transposed(stacked(transposed(mul(v, times(reciprocal_gaps(w), m))), diagonal_of(m)));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& y, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    const index_t n = a.extent(1);
    const Stack<T> v = columns_of(y, 0, n), w = transposed(columns_of(y, n, n + 1));
    const Stack<T> gv = columns_of(g, 0, n), gw = transposed(columns_of(g, n, n + 1));
    const Stack<T> m = plus(times(reciprocal_gaps(w), mul_t_(v, gv)), times(identities<T>(a.extent(0), n), gw));
    give(symmetric(mul(v, mul_t(m, v))));
  }
};

}  // namespace op

/// Eigenvalues in ascending order, and the eigenvectors as columns.
template <class W, class V>
struct EigenPairs {
  W eigenvalues;
  V eigenvectors;
};
/// Eigenvalues [..., n] and eigenvectors [..., n, n] of the symmetric part of [..., n, n]; the sign of a vector is any.
template <expression A>
auto eigh(A&& a) {
  const auto node = as_node(static_cast<A&&>(a));
  const index_t n = node.extent(-1);
  const auto both = evaluate(matrix_node(op::Eigh{}, node));
  auto w = evaluate(select<-1>(both, n));
  auto v = evaluate(detail::part<-1, 0, detail::MatrixExtents<decltype(both)>::rows>(both, 0, n));
  return EigenPairs<decltype(w), decltype(v)>{static_cast<decltype(w)&&>(w), static_cast<decltype(v)&&>(v)};
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
