// tenon/linalg/determinant.hpp: det and slogdet.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [sign, logabsdet] = linalg::slogdet(a);     // det(a) = sign * exp(logabsdet), without overflow
#pragma once
#include <tenon/linalg/solve.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {
namespace op {

/// The determinant; Giles 2.2.4. Of a singular matrix the derivative is the matrix of cofactors, by the singular value
/// decomposition; a second derivative there does not exist in this form: linalg_error.
struct Determinant {
  static constexpr FixedString name{"det"};
  static constexpr bool square = true;
  static constexpr int rank = 0;
  static constexpr Dims result(const Dims&) { return Dims{2, {1, 1}}; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    y(0, 0) = a.rows() == 0 ? T(1) : Eigen::PartialPivLU<EigenMatrix<T>>(a).determinant();
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& y, const Stack<T>& a, const Stack<T>& da) {
    return total_of(times(cofactors(y, a), da));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& y, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    give(times(g, cofactors(y, a)));
  }

 private:
  // The derivatives of the determinant y with respect to the elements of a.
  template <class T>
  static Stack<T> cofactors(const Stack<T>& y, const Stack<T>& a) {
    if constexpr (is_plain<T>) {
      Stack<T> c(a.dims());
      const index_t n = a.extent(1);
      for (index_t i = 0; i < a.extent(0) && n > 0; ++i) {
        const EigenConstMap<T> m(a.data() + i * n * n, n, n);
        EigenMap<T> of(c.data() + i * n * n, n, n);
        const T det = y.data()[i];
        if (det != 0) {
          of = det * EigenMatrix<T>(m.inverse().transpose());
          if (of.allFinite()) continue;
        }
        const Eigen::JacobiSVD<EigenMatrix<T>> svd(m, Eigen::ComputeFullU | Eigen::ComputeFullV);
        const auto& s = svd.singularValues();
        EigenMatrix<T> others = EigenMatrix<T>::Identity(n, n);
        for (index_t k = 0; k < n; ++k)
          for (index_t j = 0; j < n; ++j)
            if (j != k) others(k, k) *= s(j);
        of = svd.matrixU() * others * svd.matrixV().transpose();
        of *= svd.matrixU().determinant() * svd.matrixV().determinant();
      }
      return c;
    } else {
      return times(y, transposed(apply_to(Inverse{}, a)));
    }
  }
};

/// Sign and logarithm of the absolute determinant, one below the other.
struct SignLogDet {
  static constexpr FixedString name{"slogdet"};
  static constexpr bool square = true;
  static constexpr int rank = 1;
  static constexpr Dims result(const Dims&) { return Dims{2, {2, 1}}; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const Eigen::PartialPivLU<EigenMatrix<T>> lu(a);
    T sign = a.rows() == 0 ? T(1) : static_cast<T>(lu.permutationP().determinant()), log_abs = 0;
    for (index_t i = 0; i < a.rows(); ++i) {
      const T pivot = lu.matrixLU()(i, i);
      sign = pivot == 0 ? T(0) : pivot < 0 ? -sign : sign;
      log_abs += tenon::log(pivot < 0 ? -pivot : pivot);
    }
    y << sign, log_abs;
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>&, const Stack<T>& a, const Stack<T>& da) {
    const Stack<T> d = total_of(times(transposed(apply_to(Inverse{}, a)), da));
    return stacked(Stack<T>(d.dims()), d);
  }
  template <class T, class Give>
  static void pull(const Stack<T>&, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    give(times(rows_of(g, 1, 2), transposed(apply_to(Inverse{}, a))));
  }
};

}  // namespace op

/// Sign of a determinant (0 if it is zero) and logarithm of its absolute value (then -inf).
template <class S, class L>
struct SignAndLog {
  S sign;
  L logabsdet;
};

/// The determinants of square matrices.
template <expression A>
auto det(A&& a) {
  return matrix_node(op::Determinant{}, as_node(static_cast<A&&>(a)));
}
/// det(a) as sign and logarithm: `auto [sign, logabsdet] = slogdet(a)`; the sign has derivative 0.
template <expression A>
auto slogdet(A&& a) {
  const auto parts = evaluate(matrix_node(op::SignLogDet{}, as_node(static_cast<A&&>(a))));
  auto sign = evaluate(select<-1>(parts, 0));
  auto logabsdet = evaluate(select<-1>(parts, 1));
  return SignAndLog<decltype(sign), decltype(logabsdet)>{static_cast<decltype(sign)&&>(sign),
                                                         static_cast<decltype(logabsdet)&&>(logabsdet)};
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
