// tenon/ad/jet.hpp: Taylor mode: numbers that are power series, cut after t^N, for derivatives of higher order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   jet<double, 3> t{2, 1};                  // 2 + t
//   auto y = exp(t) * t;                     // y.coefficient[k] t^k; y.derivative(3) is the third derivative at 2
//   auto d = taylor<3>(f, x, v);             // d(k): the k-th derivative of f(x + t v) at t = 0, for k = 0..3
// An op costs O(N^2): Griewank, Walther, "Evaluating Derivatives", 2nd ed., 2008, chapter 13. Every op with a
// derivative rule works: one without a recurrence of its own is the integral of its rule's series. Nests with dual and
// rev.
#pragma once
#include <tenon/ad/forward.hpp>
#include <tenon/ad/jet_rules.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T, int N, class Other, class Tag>
struct RemoveTag<jet<T, N, Other>, Tag> {
  using type = jet<typename RemoveTag<T, Tag>::type, N, Other>;
};

// The common jet of the arguments that are not plain.
template <class Acc, class... X>
struct JointJet {
  using type = Acc;
};
template <class Acc, class X, class... Rest>
struct JointJet<Acc, X, Rest...> : JointJet<Acc, Rest...> {};
template <class X, class... Rest>
requires(is_jet<X> || differential<X>) struct JointJet<void, X, Rest...> : JointJet<X, Rest...> {
};
template <class Acc, class X, class... Rest>
requires(!__is_same(Acc, void) && (is_jet<X> || differential<X>)) struct JointJet<Acc, X, Rest...>
    : JointJet<promote_t<Acc, X>, Rest...> {
};

// An argument as a jet of R's layer, or as a constant of R's numbers.
template <class R, class X>
TENON_FN auto jet_operand(const X& x) {
  using T = typename R::inner;
  if constexpr (is_jet<X>) {
    if constexpr (__is_same(typename X::tag, typename R::tag)) {
      if constexpr (__is_same(X, R)) {
        return x;
      } else {
        R r;
        for (int k = 0; k <= R::order; ++k) r.coefficient[k] = T(x.coefficient[k]);
        return r;
      }
    } else {
      return T(x);
    }
  } else if constexpr (is_bool<X>) {
    return x;
  } else {
    return as_number<T>(settled(x));
  }
}

// Whether a partial derivative is a jet of R's layer.
template <class P, class R>
inline constexpr bool is_series = false;
template <class T, int M, class Tag, class R>
inline constexpr bool is_series<jet<T, M, Tag>, R> = __is_same(Tag, typename R::tag);
// Adds the integral of p x' to y, from t^1 on, for a partial derivative p.
template <class R, class P, class X>
TENON_FN void add_integral(R& y, const P& p, const X& x) {
  using T = typename R::inner;
  if constexpr (__is_same(X, R) && !is_no_partial<P>) {
    for (int k = 1; k <= R::order; ++k) {
      if constexpr (is_series<P, R>) {
        T sum = times(1, x.coefficient[1]) * T(p.coefficient[k - 1]);
        for (int j = 2; j <= k; ++j) sum = sum + times(j, x.coefficient[j]) * T(p.coefficient[k - j]);
        y.coefficient[k] = y.coefficient[k] + over(sum, k);
      } else {
        y.coefficient[k] = y.coefficient[k] + as_number<T>(p) * x.coefficient[k];
      }
    }
  }
}
template <class R, class P, int... I, class... X>
TENON_FN void integrate(R& y, const P& p, Seq<I...>, const X&... x) {
  (add_integral(y, partial<I>(p), x), ...);
}

// A choice between two jets or constants.
template <class R, class C, class A, class B>
TENON_FN R select_jet(const C& condition, const A& a, const B& b) {
  return head<R>(condition) != 0 ? R(a) : R(b);
}

// Op on operands that are jets R or constants.
template <class R, class Op, class... X>
TENON_FN auto apply_jets(const X&... x) {
  constexpr int arity = static_cast<int>(sizeof...(X));
  if constexpr (condition_first<Op>) {
    return select_jet<R>(x...);
  } else if constexpr (!differentiable<Op, arity>) {
    return settled(tenon::apply<Op>(head<R>(x)...));
  } else {
    R y;
    if constexpr (JetRule<Op>::known) {
      JetRule<Op>::run(y, x...);
    } else {
      y.coefficient[0] = tenon::apply<Op>(head<R>(x)...);
      if constexpr (R::order > 0) {
        // The rule's series are needed to order N - 1 only.
        if constexpr (requires { Op::partials(shorter<R>(x)...); }) {
          integrate(y, Op::partials(shorter<R>(x)...), make_seq<arity>{}, x...);
        } else {
          const auto z = tenon::apply<Op>(shorter<R>(x)...);
          integrate(y, partials_of<Op>(z, shorter<R>(x)...), make_seq<arity>{}, x...);
        }
      }
    }
    return y;
  }
}

}  // namespace detail

template <class Op, class... X>
TENON_FN auto JetDomain::apply(const X&... x) {
  using R = typename detail::JointJet<void, detail::settled_t<X>...>::type;
  if constexpr (differential<R>) {
    return DifferentialDomain::apply<Op>(x...);
  } else {
    return detail::apply_jets<R, Op>(detail::jet_operand<R>(x)...);
  }
}

namespace detail {

template <int N, class Tag>
struct JetOf {
  template <class T>
  using type = jet<T, N, Tag>;
};
template <int N, class Tag>
struct LiftJet {
  template <class R, class X, class V>
  R leaf(X& x, V& v) {
    R r = like<R>(x);
    if constexpr (requires { v.dims(); })
      if (!(v.dims() == x.dims()))
        fail_shapes("taylor", "a point and its direction differ in shape", x.dims(), v.dims());
    for (index_t i = 0, n = x.size(); i < n; ++i)
      r.data()[i] = typename R::value_type(get_element(x, i), get_element(v, i));
    return r;
  }
  template <class R, class X, class V>
  R scalar(X& x, V& v) {
    if constexpr (__is_same(R, X)) {
      return x;
    } else {
      return R(x, v);
    }
  }
};

template <class T, int N, class Tag>
struct RemoveTag<jet<T, N, Tag>, Tag> {
  using type = T;
};
// Derivative k of a result's number, whose jet of Tag's layer may be inside of others; of a constant if it has none.
template <class Tag, class E>
remove_tag<E, Tag> derivative_of(const E& e, int k) {
  if constexpr (!has_tag<E, Tag>) {
    return k == 0 ? e : E();
  } else if constexpr (__is_same(typename E::tag, Tag)) {
    return e.derivative(k);
  } else if constexpr (is_jet<E>) {
    remove_tag<E, Tag> r;
    for (int i = 0; i <= E::order; ++i) r.coefficient[i] = derivative_of<Tag>(e.coefficient[i], k);
    return r;
  } else {
    remove_tag<E, Tag> r(derivative_of<Tag>(e.value, k));
    for (int n = 0; n < E::tangents; ++n) r.tangent[n] = derivative_of<Tag>(e.tangent[n], k);
    return r;
  }
}

template <int N, class F, class X, class V>
auto taylor_at(const F& f, const X& x, const V& v) {
  using L = twin_t<JetOf<N, F>, X>;
  static_assert(
      requires(const L& l) { f(l); },
      "tenon: taylor: the function cannot be called with jets: make it generic (a lambda on const auto&, or a "
      "template on the element type)");
  LiftJet<N, F> lift;
  const L lifted = transform<L>(lift, x, v);
  const auto y = owned(f(lifted));
  using Y = bare_t<decltype(y)>;
  if constexpr (is_element<Y>) {
    using T = remove_tag<Y, F>;
    Tensor<T, N + 1> d;
    for (int k = 0; k <= N; ++k) set_element(d, k, derivative_of<F>(y, k));
    return d;
  } else {
    using T = remove_tag<typename Y::value_type, F>;
    using J = decltype(tensor_with(static_cast<T*>(nullptr),
                                   extents_from<JoinedDims<Extents<N + 1>, typename Y::extents_type>>{}));
    Dims dims;
    dims.push(N + 1);
    for (int a = 0; a < Y::rank; ++a) dims.push(y.dims().d[a]);
    J d;
    if constexpr (!J::extents_type::is_static) d = J(dims);
    for (int k = 0; k <= N; ++k)
      for (index_t i = 0, n = y.size(); i < n; ++i) set_element(d, k * n + i, derivative_of<F>(get_element(y, i), k));
    return d;
  }
}

}  // namespace detail

/// The derivatives d^k/dt^k f(x + t v) at t = 0 for k = 0, ..., N: extents N + 1, then those of f(x). x is a number, a
/// tensor or a model, v is like x; shape_error if they differ.
template <int N, class F, class X, class V>
auto taylor(const F& f, const X& x, const V& v) {
  return detail::taylor_at<N>(f, detail::own_argument(x), detail::own_argument(v));
}

}  // namespace TENON_ABI
}  // namespace tenon
