// tenon/ad/eigen.hpp: dual and rev numbers as scalars of Eigen's matrices. Needs Eigen 3.4; included by name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto f = [](const auto& a) { return log(a.llt().matrixLLT().diagonal().prod()); };
//   Eigen::Matrix3d g = grad(f)(spd);        // Eigen matrices are arguments of derivatives as tensors are
//   auto a = tape.variable(spd);             // Eigen::Matrix<rev<double>, 3, 3>
// Eigen's own code runs on the numbers, products with matrices of double included. Every element is a number of its
// own: for large matrices the functions of tenon/linalg record one statement instead.
#pragma once
#include <Eigen/Core>

#include <tenon/ad/limits.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ops/catalogue.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T>
inline constexpr bool is_eigen_scalar = is_floating<T>;
template <class T>
requires(is_dual<T> || is_rev<T>) inline constexpr bool is_eigen_scalar<T> = true;
// Two scalars of which one at least has derivatives.
template <class A, class B>
concept eigen_mixed = !__is_same(A, B) && (!is_plain<A> || !is_plain<B>)&&is_eigen_scalar<A> && is_eigen_scalar<B>;

template <class M>
struct EigenElements {
  using type = Tensor<typename M::Scalar, dyn>;
  static type of(const M& m) {
    type t(m.size());
    for (index_t i = 0; i < t.size(); ++i) set_element(t, i, m.data()[i]);
    return t;
  }
};

// An Eigen matrix is taken into a derivative as the tensor of its elements.
template <class T, int... N>
struct TransformPart<Eigen::Matrix<T, N...>> {
  template <class R, class Fn, class X, class... Y>
  static R apply(Fn& fn, const X& x, const Y&... y) {
    return run<R>(fn, x, EigenElements<X>::of(x), EigenElements<Y>::of(y)...);
  }

 private:
  template <class R, class Fn, class X, class... E>
  static R run(Fn& fn, const X& x, E... elements) {
    auto t = fn.template leaf<Tensor<typename R::Scalar, dyn>>(elements...);
    R r(x.rows(), x.cols());
    for (index_t i = 0; i < t.size(); ++i) r.data()[i] = get_element(t, i);
    return r;
  }
};
template <class F, class T, int... N>
requires(has_derivative<T>) struct TwinType<F, Eigen::Matrix<T, N...>> {
  using type = Eigen::Matrix<typename F::template type<T>, N...>;
};
template <class T, int... N>
requires(has_derivative<T>) struct FirstElement<Eigen::Matrix<T, N...>> {
  using type = T;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

/// What Eigen knows of dual and rev numbers. Products have no packets: a number is a scalar to Eigen.
template <class T>
requires(tenon::is_dual<T> || tenon::is_rev<T>) struct Eigen::NumTraits<T> : Eigen::NumTraits<tenon::base_t<T>> {
  using Base = Eigen::NumTraits<tenon::base_t<T>>;
  using Real = T;
  using NonInteger = T;
  using Literal = T;
  using Nested = T;
  enum { RequireInitialization = 1, ReadCost = 2, AddCost = 4, MulCost = 8 };
  static T epsilon() { return T(Base::epsilon()); }
  static T dummy_precision() { return T(Base::dummy_precision()); }
  static T highest() { return T((Base::highest)()); }
  static T lowest() { return T((Base::lowest)()); }
  static T infinity() { return T(Base::infinity()); }
  static T quiet_NaN() { return T(Base::quiet_NaN()); }
};
/// Mixed expressions: a matrix of rev times one of double, numbers of nested derivatives.
template <class A, class B, class Op>
requires(tenon::detail::eigen_mixed<A, B>) struct Eigen::ScalarBinaryOpTraits<A, B, Op> {
  using ReturnType = tenon::promote_t<A, B>;
};
/// Eigen's BDCSVD finds the singular values of larger matrices by bisection and drops small numbers, which loses
/// derivatives: of these numbers it is a JacobiSVD.
template <class T, int... N>
requires(tenon::is_dual<T> || tenon::is_rev<T>) class Eigen::BDCSVD<Eigen::Matrix<T, N...>>
    : public Eigen::JacobiSVD<Eigen::Matrix<T, N...>> {
 public:
  using Eigen::JacobiSVD<Eigen::Matrix<T, N...>>::JacobiSVD;
  void setSwitchSize(int) {}
};
