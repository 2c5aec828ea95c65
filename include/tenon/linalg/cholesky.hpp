// tenon/linalg/cholesky.hpp: the Cholesky factor of symmetric positive definite matrices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/linalg/solve.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {
namespace op {

/// The lower Cholesky factor. I. Murray, "Differentiation of the Cholesky decomposition" (2016), 3.1.
struct Cholesky {
  static constexpr FixedString name{"cholesky"};
  static constexpr bool square = true;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) { return a; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const EigenMatrix<T> mean = (a + a.transpose()) / T(2);
    const Eigen::LLT<EigenMatrix<T>> llt(mean);
    if (llt.info() != Eigen::Success)
      raise<linalg_error>(Message() << "tenon: cholesky: the matrix is not positive definite");
    y = llt.matrixL();
  }
  // inv(l) x, and transposed(inv(l)) x
  template <class T>
  static Stack<T> left(const Stack<T>& l, const Stack<T>& x) {
    return apply_to(Solve<Structure::lower>{}, l, x);
  }
  template <class T>
  static Stack<T> left_t(const Stack<T>& l, const Stack<T>& x) {
    return apply_to(Solve<Structure::lower, true>{}, l, x);
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& l, const Stack<T>&, const Stack<T>& da) {
    const Stack<T> m = left(l, transposed(left(l, symmetric(da))));
    return mul(l, lower_part(m, true));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& l, const Stack<T>& g, const Stack<T>&, const Give& give) {
    const Stack<T> m = lower_part(mul_t_(l, lower_part(g, false)), true);
    give(symmetric(transposed(left_t(l, transposed(left_t(l, m))))));
  }
};

}  // namespace op

/// The lower triangular l with l transposed(l) = a, for the symmetric part of a; linalg_error if that is not positive
/// definite.
template <expression A>
auto cholesky(A&& a) {
  return matrix_node(op::Cholesky{}, as_node(static_cast<A&&>(a)));
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
