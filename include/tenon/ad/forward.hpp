// tenon/ad/forward.hpp: forward mode on functions (jvp), and what needs both modes: jacobian, hessian, hvp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [y, dy] = jvp(f, x, dx);        // value and directional derivative, one pass
//   auto J = jacobian(f)(x);             // extents: those of f(x), then those of x; of containers, their size
//   auto H = hessian(f)(x);              // forward over reverse
//   auto hv = hvp(f, x, v);              // H v without H
#pragma once
#include <tenon/ad/numbers.hpp>
#include <tenon/ad/vjp.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A value and its derivative along a direction.
template <class V, class D>
struct ValueAndTangent {
  V value;
  D tangent;
};

namespace detail {

// Tangent k of Tag's layer, wherever in r it is; zero if r has none.
template <class Tag, class R>
constexpr auto tangent_of(const R& r, int k) {
  if constexpr (!has_tag<R, Tag>) {
    return R(0);
  } else if constexpr (__is_same(typename Layer<R>::tag, Tag)) {
    return r.tangent[k];
  } else {
    using T = remove_tag<R, Tag>;
    T t(tangent_of<Tag>(r.value, k));
    for (int n = 0; n < R::tangents; ++n) t.tangent[n] = tangent_of<Tag>(r.tangent[n], k);
    return t;
  }
}
template <class Tag, class R>
constexpr auto value_of(const R& r) {
  if constexpr (!has_tag<R, Tag>) {
    return r;
  } else if constexpr (__is_same(typename Layer<R>::tag, Tag)) {
    return r.value;
  } else {
    using T = remove_tag<R, Tag>;
    T t(value_of<Tag>(r.value));
    for (int n = 0; n < R::tangents; ++n) t.tangent[n] = value_of<Tag>(r.tangent[n]);
    return t;
  }
}

template <class Tag, int K>  // K < 0: the value
struct Extract {
  template <class T>
  using type = remove_tag<T, Tag>;
  template <class T>
  static auto of(const T& v) {
    if constexpr (K < 0) {
      return value_of<Tag>(v);
    } else {
      return tangent_of<Tag>(v, K);
    }
  }
  template <class R, class X>
  R leaf(X& x) {
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) set_element(r, i, of(get_element(x, i)));
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return of(x);
  }
};
template <class Tag, int K, class R>
auto extract(R& r) {
  Extract<Tag, K> e;
  return transform<twin_t<Extract<Tag, K>, R>>(e, r);
}

template <class Tag>
struct LiftDual {
  template <class R, class X, class D>
  R leaf(X& x, D& dx) {
    R r = like<R>(x);
    if constexpr (requires { dx.dims(); })
      if (!(dx.dims() == x.dims()))
        fail_shapes("jvp", "a point and its direction differ in shape", x.dims(), dx.dims());
    for (index_t i = 0, n = x.size(); i < n; ++i) {
      typename R::value_type v(get_element(x, i));
      v.tangent[0] = get_element(dx, i);
      r.data()[i] = v;
    }
    return r;
  }
  template <class R, class X, class D>
  R scalar(X& x, D& dx) {
    R r(x);
    if constexpr (!__is_same(R, X)) r.tangent[0] = dx;
    return r;
  }
};

// Whether numbers of T have no other layers than dual ones, through which tangents are found.
template <class T>
inline constexpr bool dual_only = is_plain<T>;
template <class T, int N, class Tag>
inline constexpr bool dual_only<dual<T, N, Tag>> = dual_only<T>;

template <class Tag, class F, class X, class D>
auto jvp_at(const F& f, const X& x, const D& dx) {
  using L = twin_t<DualOf<Tag, 1>, X>;
  static_assert(
      requires(const L& l) { f(l); },
      "tenon: the function to differentiate cannot be called with dual numbers: make it generic "
      "(a lambda on const auto&, or a template on the element type)");
  using R = bare_t<decltype(f(some<const L&>()))>;
  using S = typename ResultElement<R>::type;
  using Given = typename ArgumentElement<X>::type;
  using C = remove_tag<S, Tag>;
  if constexpr (has_tag<S, Tag> && !dual_only<C> && !__is_same(rebase_t<C, double>, rebase_t<Given, double>)) {
    // f captured variables of an enclosing derivative of another mode: the point must have their structure.
    Restructure<C> r;
    return jvp_at<Tag>(f, transform<twin_t<Restructure<C>, X>>(r, x), transform<twin_t<Restructure<C>, X>>(r, dx));
  } else {
    LiftDual<Tag> lift;
    const L lifted = transform<L>(lift, x, dx);
    auto y = owned(f(lifted));
    auto v = extract<Tag, -1>(y);
    auto t = extract<Tag, 0>(y);
    return ValueAndTangent<decltype(v), decltype(t)>{static_cast<decltype(v)&&>(v), static_cast<decltype(t)&&>(t)};
  }
}

template <class A, class B>
struct JoinedDims {
  static constexpr Dims value() {
    Dims d = A::static_dims();
    const Dims b = B::static_dims();
    for (int i = 0; i < b.rank; ++i) d.push(b.d[i]);
    return d;
  }
};
template <class X>
struct ExtentsOf {
  using type = Extents<>;
};
template <class X>
requires(expression<X>) struct ExtentsOf<X> {
  using type = typename X::extents_type;
};
template <class T, index_t... E>
Tensor<T, E...> tensor_with(T*, Extents<E...>);

template <class X>
Dims dims_of(const X& x) {
  if constexpr (expression<X>) {
    return x.extents().dims();
  } else {
    return Dims{};
  }
}
template <class X>
constexpr index_t size_of(const X& x) {
  if constexpr (expression<X>) {
    return x.size();
  } else {
    return 1;
  }
}

// Tangents of a pass: as many as share a pack of 64 bytes, fewer for fewer inputs.
constexpr int tangents_a_pass(index_t inputs) {
  if (inputs == dyn || inputs > 4) return 8;
  return inputs > 2 ? 4 : static_cast<int>(inputs);
}

template <class F>
struct JacobianForward {
  F f;
  template <class X>
  auto operator()(const X& point) const {
    static_assert(Argument<X>::no_integer,
                  "tenon: jacobian: an integer argument has no derivative; pass float or double");
    const auto x = own_argument(point);
    using A = bare_t<decltype(x)>;
    if constexpr (!derivable<X>) {
      return x;
    } else if constexpr (is_element<A>) {
      return jvp_at<JacobianForward>(f, x, A(1)).tangent;
    } else if constexpr (!expression<A>) {
      return JacobianForward<OfNumbers<F, A>>{{f, x}}(numbers_of(x));
    } else if constexpr (travel_together<A>()) {
      return several(x);
    } else {
      return one_by_one(x);
    }
  }

 private:
  template <class Y, class A>
  using Result =
      decltype(tensor_with(static_cast<typename ResultElement<Y>::type*>(nullptr),
                           extents_from<JoinedDims<typename ExtentsOf<Y>::type, typename A::extents_type>>{}));
  template <class A>
  static constexpr int tangents = tangents_a_pass(A::extents_type::is_static ? static_size<typename A::extents_type>
                                                                             : dyn);
  template <class A>
  using Lifted = twin_t<DualOf<JacobianForward, tangents<A>>, A>;

  // Whether f takes several tangents at once: at a point of plain numbers, unless it captured variables of an outer
  // derivative.
  template <class A>
  static constexpr bool travel_together() {
    using T = typename A::value_type;
    if constexpr (!__is_same(T, float) && !__is_same(T, double)) {
      return false;
    } else if constexpr (static_size<typename A::extents_type> == 0 ||
                         !requires(const F& g, const Lifted<A>& l) { g(l); }) {
      return false;
    } else {
      using R = bare_t<decltype(some<const F&>()(some<const Lifted<A>&>()))>;
      return __is_same(typename ResultElement<R>::type, dual<T, tangents<A>, JacobianForward>);
    }
  }
  template <class J, class A, class Y>
  static void shape(J& jacobian, const A& x, const Y& column) {
    if constexpr (!J::extents_type::is_static) {
      Dims d = dims_of(column);
      for (int a = 0; a < A::rank; ++a) d.push(x.dims().d[a]);
      jacobian = J(d);
    }
  }

  template <class A>
  auto several(const A& x) const {
    using D = typename Lifted<A>::value_type;
    using Y = decltype(owned(f(some<const Lifted<A>&>())));
    using Column = twin_t<Extract<JacobianForward, 0>, Y>;
    constexpr int width = tangents<A>;
    Result<Column, A> jacobian;
    Lifted<A> lifted = like<Lifted<A>>(x);
    const index_t n = x.size();
    for (index_t j = 0; j < n; ++j) lifted.data()[j] = D(x.data()[j]);
    for (index_t j = 0; j < n; j += width) {
      const int count = n - j < width ? static_cast<int>(n - j) : width;
      for (int k = 0; k < count; ++k) lifted.data()[j + k].tangent[k] = 1;
      const Y y = owned(f(static_cast<const Lifted<A>&>(lifted)));
      for (int k = 0; k < count; ++k) lifted.data()[j + k].tangent[k] = 0;
      if (j == 0) shape(jacobian, x, y);
      for (index_t i = 0, m = size_of(y); i < m; ++i)
        for (int k = 0; k < count; ++k) jacobian.data()[i * n + j + k] = element(y, i).tangent[k];
    }
    return jacobian;
  }
  template <class Y>
  static const auto& element(const Y& y, [[maybe_unused]] index_t i) {
    if constexpr (is_element<Y>) {
      return y;
    } else {
      return y.data()[i];
    }
  }

  template <class A>
  auto one_by_one(const A& x) const {
    A dx = like<A>(x);
    using Y = decltype(jvp_at<JacobianForward>(f, x, dx).tangent);
    Result<Y, A> jacobian;
    const index_t n = x.size();
    for (index_t j = 0; j < n; ++j) {
      set_element(dx, j, typename A::value_type(1));
      const Y column = jvp_at<JacobianForward>(f, x, dx).tangent;
      set_element(dx, j, typename A::value_type(0));
      if (j == 0) shape(jacobian, x, column);
      for (index_t i = 0, m = size_of(column); i < m; ++i) {
        if constexpr (is_element<Y>) {
          set_element(jacobian, j, column);
        } else {
          set_element(jacobian, i * n + j, get_element(column, i));
        }
      }
    }
    return jacobian;
  }
};

}  // namespace detail

/// f(x) and its derivative along dx, which is a number, tensor or model like x. f returns a number or an expression.
template <class F, class X, class D>
auto jvp(const F& f, const X& x, const D& dx) {
  static_assert(detail::Argument<X>::no_integer,
                "tenon: jvp: an integer argument has no derivative; pass float or double");
  if constexpr (detail::derivable<X>) return detail::jvp_at<F>(f, detail::own_argument(x), detail::own_argument(dx));
}

namespace detail {
template <class F>
struct JacobianReverse {
  F f;
  template <class X>
  auto operator()(const X& point) const {
    const auto x = own_argument(point);
    using A = bare_t<decltype(x)>;
    static_assert(Argument<X>::no_integer,
                  "tenon: jacobian: an integer argument has no derivative; pass float or double");
    if constexpr (!derivable<A>) {
      return x;
    } else if constexpr (!is_element<A> && !expression<A>) {
      return JacobianReverse<OfNumbers<F, A>>{{f, x}}(numbers_of(x));
    } else {
      return of_tensor(f, x);
    }
  }

 private:
  template <class A>
  static auto of_tensor(const F& f, const A& x) {
    auto back = vjp(f, x);
    using Y = decltype(back.value);
    if constexpr (is_element<Y>) {
      return back(Y(1));
    } else {
      using T = typename Y::value_type;
      using J = decltype(tensor_with(
          static_cast<T*>(nullptr), extents_from<JoinedDims<typename Y::extents_type, typename ExtentsOf<A>::type>>{}));
      Dims d = back.value.dims();
      const Dims in = dims_of(x);
      for (int a = 0; a < in.rank; ++a) d.push(in.d[a]);
      J jacobian;
      if constexpr (!J::extents_type::is_static) jacobian = J(d);
      if constexpr (decltype(back)::template has_rows<T>) {
        back.rows(jacobian.data());
      } else {
        Y seed = like<Y>(back.value);
        const index_t m = back.value.size(), n = size_of(x);
        for (index_t i = 0; i < m; ++i) {
          set_element(seed, i, T(1));
          const auto row = back(seed);
          set_element(seed, i, T(0));
          for (index_t j = 0; j < n; ++j) {
            if constexpr (is_element<A>) {
              set_element(jacobian, i, row);
            } else {
              set_element(jacobian, i * n + j, get_element(row, j));
            }
          }
        }
      }
      return jacobian;
    }
  }
};
}  // namespace detail

/// The Jacobian of f by forward mode, one pass for every 8 input elements: extents of f(x), then those of x.
/// Containers, models and Eigen's matrices have one axis, with all their numbers.
template <class F>
constexpr auto jacobian_forward(F f) {
  return detail::JacobianForward<detail::ReturnsTensor<F>>{{static_cast<F&&>(f)}};
}
/// The Jacobian of f by reverse mode: extents of f(x), then those of x. One sweep for each output element; for every 8
/// (of float 16) if f is made of scalar statements.
template <class F>
constexpr auto jacobian_reverse(F f) {
  return detail::JacobianReverse<detail::ReturnsTensor<F>>{{static_cast<F&&>(f)}};
}
/// The Jacobian of f. Reverse mode: right for more inputs than outputs; see jacobian_forward for the opposite case.
template <class F>
constexpr auto jacobian(F f) {
  return jacobian_reverse(static_cast<F&&>(f));
}
/// The Hessian of a function that returns a number: extents of x twice. Forward over reverse.
template <class F>
constexpr auto hessian(F f) {
  return jacobian_forward(grad(static_cast<F&&>(f)));
}
/// The Hessian of f at x times v, without the Hessian: forward over reverse.
template <class F, class X, class V>
auto hvp(const F& f, const X& x, const V& v) {
  return jvp(grad(f), x, v).tangent;
}

}  // namespace TENON_ABI
}  // namespace tenon
