// tenon/linalg/svd.hpp: the reduced singular value decomposition, and the pseudo-inverse.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [u, s, vt] = linalg::svd(a);   // a = u diag(s) vt, s descending
#pragma once
#include <tenon/linalg/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {
namespace op {

/// u, v and s one below the other. J. Townsend, "Differentiating the singular value decomposition" (2016). Between
/// equal singular values, and where one is zero, singular vectors do not turn: right for functions that do not depend
/// on which of them were found.
struct Svd {
  static constexpr FixedString name{"svd"};
  static constexpr bool square = false;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) {
    return Dims{2, {detail::total(a.d[0], a.d[1], 1), detail::least(a.d[0], a.d[1])}};
  }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const index_t m = a.rows(), n = a.cols();
    if (m == 0 || n == 0) return;
    const Eigen::JacobiSVD<EigenMatrix<T>> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);  // exact for small values
    y.topRows(m) = svd.matrixU();
    y.middleRows(m, n) = svd.matrixV();
    y.row(m + n) = svd.singularValues().transpose();
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& y, const Stack<T>& a, const Stack<T>& da) {
    const Parts<T> p(y, a);
    const Stack<T> av = mul(da, p.v), au = mul_t_(da, p.u), x = mul_t_(p.u, av);
    const Stack<T> xs = times(x, p.s), sx = times(transposed(p.s), x);
    const Stack<T> f = reciprocal_gaps(times(p.s, p.s)), over = reciprocal_or_zero(p.s);
    const Stack<T> du = plus(mul(p.u, times(f, plus(xs, transposed(xs)))), times(outside(p.u, av), over));
    const Stack<T> dv = plus(mul(p.v, times(f, plus(sx, transposed(sx)))), times(outside(p.v, au), over));
    return stacked(stacked(du, dv), diagonal_of(x));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& y, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    const Parts<T> p(y, a), d(g, a);
    const Stack<T> f = reciprocal_gaps(times(p.s, p.s)), over = reciprocal_or_zero(p.s);
    const Stack<T> gu = mul_t_(p.u, d.u), gv = mul_t_(p.v, d.v);
    const Stack<T> turn_u = times(times(f, minus(gu, transposed(gu))), p.s);
    const Stack<T> turn_v = times(transposed(p.s), times(f, minus(gv, transposed(gv))));
    const Stack<T> gs = times(identities<T>(a.extent(0), p.s.extent(2)), d.s);
    const Stack<T> core = plus(gs, plus(turn_u, turn_v));
    const Stack<T> left = plus(mul(p.u, core), times(outside(p.u, d.u), over));
    give(plus(mul_t(left, p.v), mul_t(p.u, times(outside(p.v, d.v), over))));
  }

 private:
  template <class T>
  struct Parts {
    Stack<T> u, v, s;
    Parts(const Stack<T>& y, const Stack<T>& a)
        : u(rows_of(y, 0, a.extent(1))),
          v(rows_of(y, a.extent(1), a.extent(1) + a.extent(2))),
          s(rows_of(y, a.extent(1) + a.extent(2), a.extent(1) + a.extent(2) + 1)) {}
  };
  // x without its part in the space of u's columns.
  template <class T>
  static Stack<T> outside(const Stack<T>& u, const Stack<T>& x) {
    return minus(x, mul(u, mul_t_(u, x)));
  }
};

/// The pseudo-inverse; G. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973), 4.12.
struct PseudoInverse {
  static constexpr FixedString name{"pinv"};
  static constexpr bool square = false;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) { return Dims{2, {a.d[1], a.d[0]}}; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const index_t m = a.rows(), n = a.cols();
    if (m == 0 || n == 0) return;
    const Eigen::JacobiSVD<EigenMatrix<T>> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
    auto s = svd.singularValues().eval();
    const T least = s(0) * static_cast<T>(m > n ? m : n) * limits<T>::epsilon();
    for (index_t i = 0; i < s.size(); ++i) s(i) = s(i) > least ? 1 / s(i) : T(0);
    y = svd.matrixV() * s.asDiagonal() * svd.matrixU().transpose();
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& p, const Stack<T>& a, const Stack<T>& da) {
    const Stack<T> dt = transposed(da);
    const Stack<T> left = mul(mul_t(p, p), dt), right = mul(dt, mul_t_(p, p));
    const Stack<T> first = minus(left, mul(mul(left, a), p)), second = minus(right, mul(p, mul(a, right)));
    return minus(plus(first, second), mul(p, mul(da, p)));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& p, const Stack<T>& g, const Stack<T>& a, const Give& give) {
    const Stack<T> gt = transposed(g);
    const Stack<T> left = mul(gt, mul_t(p, p)), right = mul(mul_t_(p, p), gt);
    const Stack<T> first = minus(left, mul(a, mul(p, left))), second = minus(right, mul(mul(right, p), a));
    give(minus(plus(first, second), mul_t(mul_t_(p, g), p)));
  }
};

}  // namespace op

/// The three factors.
template <class U, class S, class V>
struct SvdFactors {
  U u;
  S s;
  V vt;
};
/// The reduced singular value decomposition a = u diag(s) vt of [..., m, n]: u [..., m, k], s [..., k] descending, vt
/// [..., k, n], k = min(m, n).
template <expression A>
auto svd(A&& a) {
  const auto node = as_node(static_cast<A&&>(a));
  const index_t m = node.extent(-2), n = node.extent(-1);
  const auto packed = evaluate(matrix_node(op::Svd{}, node));
  using S = detail::MatrixExtents<decltype(node)>;
  auto u = evaluate(detail::part<-2, 0, S::rows>(packed, 0, m));
  auto s = evaluate(select<-2>(packed, m + n));
  auto vt =
      evaluate(swapaxes<-2, -1>(detail::part<-2, S::rows, detail::total(S::rows, S::columns, 0)>(packed, m, m + n)));
  return SvdFactors<decltype(u), decltype(s), decltype(vt)>{
      static_cast<decltype(u)&&>(u), static_cast<decltype(s)&&>(s), static_cast<decltype(vt)&&>(vt)};
}
/// The Moore-Penrose inverse [..., n, m] of [..., m, n]; singular values below max(m, n) epsilon times the largest
/// count as zero. Its derivative is that at constant rank.
template <expression A>
auto pinv(A&& a) {
  return matrix_node(op::PseudoInverse{}, as_node(static_cast<A&&>(a)));
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
