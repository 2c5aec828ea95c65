// tenon/linalg/qr.hpp: the reduced QR decomposition, and least squares by it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [q, r] = linalg::qr(a);        // a = q r
//   auto x = linalg::lstsq(a, b);       // minimises the norm of a x - b
#pragma once
#include <tenon/linalg/solve.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {

namespace op {

/// q, and below it transposed(r). S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions"
/// (2012); for m >= n and full rank.
struct Qr {
  static constexpr FixedString name{"qr"};
  static constexpr bool square = false;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) {
    return Dims{2, {detail::total(a.d[0], a.d[1], 0), detail::least(a.d[0], a.d[1])}};
  }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const index_t m = a.rows(), n = a.cols(), k = y.cols();
    const Eigen::HouseholderQR<EigenMatrix<T>> qr(a);
    y.topRows(m) = qr.householderQ() * EigenMatrix<T>::Identity(m, k);
    const EigenMatrix<T> r = qr.matrixQR().topRows(k).template triangularView<Eigen::Upper>();
    y.bottomRows(n) = r.transpose();
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& y, const Stack<T>& a, const Stack<T>& da) {
    const Parts<T> p(y, a);
    const Stack<T> x = over_r(p.r, da), c = mul_t_(p.q, x);
    const Stack<T> low = strictly_lower(c);
    const Stack<T> skew = minus(low, transposed(low));
    const Stack<T> dq = plus(mul(p.q, minus(skew, c)), x);
    return stacked(dq, transposed(mul(minus(c, skew), p.r)));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& y, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    const Parts<T> p(y, a), d(g, a);
    const Stack<T> gr = transposed(lower_part(transposed(d.r), false));  // elsewhere r is zero
    const Stack<T> m = minus(mul_t(p.r, gr), mul_t_(d.q, p.q));
    const Stack<T> low = lower_part(m, true);
    const Stack<T> both = plus(d.q, mul(p.q, plus(low, transposed(low))));
    // both * inv(transposed(r))
    give(transposed(apply_to(Solve<Structure::upper>{}, p.r, transposed(both))));
  }

 private:
  template <class T>
  struct Parts {
    Stack<T> q, r;
    Parts(const Stack<T>& y, const Stack<T>& a)
        : q(rows_of(y, 0, a.extent(1))), r(transposed(rows_of(y, a.extent(1), y.extent(1)))) {
      if (a.extent(1) < a.extent(2))
        raise<linalg_error>(Message() << "tenon: qr: a matrix with more columns than rows has no derivative here; "
                                         "decompose its transpose");
    }
  };
  // x inv(r)
  template <class T>
  static Stack<T> over_r(const Stack<T>& r, const Stack<T>& x) {
    return transposed(apply_to(Solve<Structure::upper, true>{}, r, transposed(x)));
  }
};

}  // namespace op

/// The two factors of a decomposition.
template <class Q, class R>
struct QrFactors {
  Q q;
  R r;
};
/// The reduced QR decomposition a = q r of [..., m, n]: q [..., m, k] with orthonormal columns, r [..., k, n] upper
/// triangular (its diagonal may be negative), k = min(m, n). The derivative needs m >= n and full rank.
template <expression A>
auto qr(A&& a) {
  const auto node = as_node(static_cast<A&&>(a));
  const index_t m = node.extent(-2), n = node.extent(-1);
  const auto packed = evaluate(matrix_node(op::Qr{}, node));
  using S = detail::MatrixExtents<decltype(node)>;
  auto q = evaluate(detail::part<-2, 0, S::rows>(packed, 0, m));
  auto r =
      evaluate(swapaxes<-2, -1>(detail::part<-2, S::rows, detail::total(S::rows, S::columns, 0)>(packed, m, m + n)));
  return QrFactors<decltype(q), decltype(r)>{static_cast<decltype(q)&&>(q), static_cast<decltype(r)&&>(r)};
}

/// The x that minimises the norm of a x - b: [..., m, n] of full column rank (m >= n), and [..., m, k] or a vector [m].
/// linalg_error where a column of a depends on the others so exactly that r has a zero on its diagonal.
template <expression A, expression B>
auto lstsq(A&& a, B&& b) {
  const auto [q, r] = qr(static_cast<A&&>(a));
  return evaluate(solve(r, matmul(swapaxes<-2, -1>(q), static_cast<B&&>(b)), upper));
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
