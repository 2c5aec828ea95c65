// tenon/ad/lift.hpp: takes arguments into a derivative: scalars, tensors and models become their dual or rev twins.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model `M<T>` (or `M<3, 4, T>`) is a plain aggregate; its twin is the same template on another element type, built
// member by member. Lifting to rev aliases the parameters' storage. Integer tensors and plain scalars stay what they
// are; `frozen(x)` keeps all of x out of the derivative.
#pragma once
#include <tenon/ad/statement.hpp>
#include <tenon/base/reflect.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// An argument or member that takes no part in derivatives.
template <class X>
struct Frozen {
  X value;
  template <class... A>
  constexpr auto operator()(A&&... a) const {
    return value(static_cast<A&&>(a)...);
  }
};
/// x without derivative: `value_and_grad(f)(frozen(encoder), head)`; the reference must outlive the call.
template <class X>
constexpr Frozen<const X&> frozen(const X& x) {
  return {x};
}

namespace detail {

template <class T>
inline constexpr bool is_tensor = false;
template <class T, index_t... E>
inline constexpr bool is_tensor<Tensor<T, E...>> = true;
template <class T>
inline constexpr bool is_view = false;
template <class T, index_t... E>
inline constexpr bool is_view<TensorView<T, E...>> = true;
template <class X>
inline constexpr bool is_frozen = false;
template <class X>
inline constexpr bool is_frozen<Frozen<X>> = true;

/// Whether numbers of type T have derivatives: floating point, complex, or already dual or rev.
template <class T>
inline constexpr bool has_derivative = is_floating<base_t<T>> || is_complex<base_t<T>>;

template <class X>
concept sequence = requires(X& x) {
  x.begin();
  x.end();
  x.size();
  typename X::value_type;
}
&&!is_tensor<X> && !is_view<X>;

// std::optional and std::variant, and what looks like them.
template <class X>
concept optional_like = requires(X& x) {
  x.has_value();
  x.reset();
  *x;
  typename X::value_type;
};
template <class X>
concept variant_like = requires(X& x) {
  x.index();
  x.valueless_by_exception();
};
template <class X>
inline constexpr int alternatives = 0;
template <template <class...> class V, class... A>
inline constexpr int alternatives<V<A...>> = static_cast<int>(sizeof...(A));
// Calls f with the alternative that is engaged in x and the same one of twins y.
template <int I = 0, class F, class X, class... Y>
constexpr void visit_alternative(const F& f, X& x, Y&... y) {
  if constexpr (I < alternatives<bare_t<X>>) {
    if (x.index() != I) return visit_alternative<I + 1>(f, x, y...);
    if (!((y.index() == I) && ... && true))
      raise<value_error>(Message() << "tenon: models that are used together hold different alternatives of a variant");
    f(*get_if<I>(&x), *get_if<I>(&y)...);
  }
}

// The twin of type X where numbers T become F<T>. F has `template <class T> using type`.
template <class F, class X>
struct TwinType {
  using type = X;
};
template <class F, class X>
using twin_t = typename TwinType<F, X>::type;

template <class F, class T, index_t... E>
requires(has_derivative<T>) struct TwinType<F, Tensor<T, E...>> {
  using type = Tensor<typename F::template type<T>, E...>;
};
template <class F, class X>
requires(is_element<X>&& has_derivative<X>) struct TwinType<F, X> {
  using type = typename F::template type<X>;
};

// Twins of models: the last template argument is the element type.
template <class F, class X>
struct TwinOfTemplate {
  static constexpr bool found = false;
};
template <class F, template <class> class M, class T>
struct TwinOfTemplate<F, M<T>> {
  static constexpr bool found = true;
  using type = M<twin_t<F, T>>;
};
template <class F, template <auto, class> class M, auto A, class T>
struct TwinOfTemplate<F, M<A, T>> {
  static constexpr bool found = true;
  using type = M<A, twin_t<F, T>>;
};
template <class F, template <auto, auto, class> class M, auto A, auto B, class T>
struct TwinOfTemplate<F, M<A, B, T>> {
  static constexpr bool found = true;
  using type = M<A, B, twin_t<F, T>>;
};
template <class F, template <auto, auto, auto, class> class M, auto A, auto B, auto C, class T>
struct TwinOfTemplate<F, M<A, B, C, T>> {
  static constexpr bool found = true;
  using type = M<A, B, C, twin_t<F, T>>;
};
template <class F, template <auto, auto, auto, auto, class> class M, auto A, auto B, auto C, auto D, class T>
struct TwinOfTemplate<F, M<A, B, C, D, T>> {
  static constexpr bool found = true;
  using type = M<A, B, C, D, twin_t<F, T>>;
};

template <class F, template <auto, auto, auto, auto, auto, class> class M, auto A, auto B, auto C, auto D, auto G,
          class T>
struct TwinOfTemplate<F, M<A, B, C, D, G, T>> {
  static constexpr bool found = true;
  using type = M<A, B, C, D, G, twin_t<F, T>>;
};

// The element type of a type with `rebind`: what its first tensor, or its parts' first tensor, holds.
template <class X>
concept has_rebind = requires {
  typename X::template rebind<float>;
};
template <class X>
struct FirstElement {
  using type = void;
};
template <class T, index_t... E>
requires(has_derivative<T>) struct FirstElement<Tensor<T, E...>> {
  using type = T;
};
template <class... X>
struct FirstOf {
  using type = void;
};
template <class X, class... Rest>
struct FirstOf<X, Rest...> {
  using here = typename FirstElement<X>::type;
  template <bool Found, class U>
  struct Or {
    using type = U;
  };
  template <class U>
  struct Or<false, U> {
    using type = typename FirstOf<Rest...>::type;
  };
  using type = typename Or<!__is_same(here, void), here>::type;
};
template <class List>
struct FirstOfRefs;
template <class... X>
struct FirstOfRefs<RefList<X&...>> : FirstOf<bare_t<X>...> {};
template <class X>
requires(sequence<X>) struct FirstElement<X> : FirstElement<typename X::value_type> {
};
template <class X>
requires(optional_like<X>) struct FirstElement<X> : FirstElement<typename X::value_type> {
};
template <class X>
requires(__is_class(X) && !sequence<X> && !is_element<X> && !is_tensor<X> && !is_view<X> &&
         has_members<X>) struct FirstElement<X> : FirstOfRefs<decltype(tie_members(some<X&>()))> {
};

template <class F, class X>
requires(!is_element<X> && !is_tensor<X> && !has_rebind<X> && !sequence<X> && !is_frozen<X> && !variant_like<X> &&
         TwinOfTemplate<F, X>::found) struct TwinType<F, X> {
  using type = typename TwinOfTemplate<F, X>::type;
};
template <class F, class X>
requires(!is_element<X> && !is_tensor<X> && has_rebind<X>) struct TwinType<F, X> {
  using element = typename FirstElement<X>::type;
  template <class T>
  struct Rebound {
    using type = typename X::template rebind<typename F::template type<T>>;
  };
  template <bool Any>
  struct Choose {
    using type = typename Rebound<element>::type;
  };
  static constexpr bool any = !__is_same(element, void);
  template <bool, class Y>
  struct If {
    using type = Y;
  };
  template <class Y>
  struct If<true, Y> : Rebound<element> {};
  using type = typename If<any, X>::type;
};
// Containers: vector<Layer<T>>, array<Layer<T>, N>.
template <class F, template <class, class> class C, class X, template <class> class A>
requires(sequence<C<X, A<X>>>) struct TwinType<F, C<X, A<X>>> {
  using type = C<twin_t<F, X>, A<twin_t<F, X>>>;
};
template <class F, template <class, size_t> class C, class X, size_t N>
requires(sequence<C<X, N>>) struct TwinType<F, C<X, N>> {
  using type = C<twin_t<F, X>, N>;
};

template <class F, template <class...> class V, class... A>
requires(variant_like<V<A...>>) struct TwinType<F, V<A...>> {
  using type = V<twin_t<F, A>...>;
};

template <class R, class Fn, class X, class... Y>
constexpr R transform(Fn& fn, X& x, Y&... y);

template <int I, class R, class Fn, class X, class... Y>
constexpr void transform_alternative(R& r, Fn& fn, X& x, Y&... y) {
  if constexpr (I < alternatives<R>) {
    if (x.index() != I) return transform_alternative<I + 1>(r, fn, x, y...);
    using A = bare_t<decltype(*get_if<I>(&r))>;
    r.template emplace<I>(transform<A>(fn, *get_if<I>(&x), *get_if<I>(&y)...));
  }
}

template <int I, class M, class Fn, class X, class... Y>
constexpr M transform_member(Fn& fn, const X& x, const Y&... y) {
  return transform<M>(fn, get<I>(x), get<I>(y)...);
}
template <class R, class Fn, class... M, int... I, class X, class... Y>
constexpr R transform_members(Fn& fn, TypeTag<RefList<M&...>>, Seq<I...>, const X& x, const Y&... y) {
  if constexpr (lists_members<R>) {
    R r{};
    const auto into = tie_members(r);
    ((get<I>(into) = transform_member<I, M>(fn, x, y...)), ...);
    return r;
  } else {
    return R{transform_member<I, M>(fn, x, y...)...};
  }
}

// The numbers of a frozen part as constants of another element type.
struct Constants {
  template <class R, class X>
  R leaf(X& x) {
    using T = typename X::value_type;
    R r;
    if constexpr (__is_same(R, bare_t<X>)) {
      r = x;
    } else if constexpr (is_taped<typename R::value_type>) {
      r.storage().borrow(const_cast<T*>(x.data()), x.extents(), 0);
    } else {
      r = like<R>(x);
      for (index_t i = 0, n = x.size(); i < n; ++i) r.data()[i] = typename R::value_type(get_element(x, i));
    }
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return R(x);
  }
};

/// How a type of another library is taken apart (ad/eigen.hpp): `apply<R>(fn, x, y...)`.
template <class X>
struct TransformPart;

/// An R made from x (and other twins of it) part by part: `fn.template leaf<R>(x, y...)` for tensors and numbers with
/// derivatives, copies of everything else. A part with `twin<R>(y...)` says itself what becomes of it.
template <class R, class Fn, class X, class... Y>
constexpr R transform(Fn& fn, X& x, Y&... y) {
  using B = bare_t<X>;
  if constexpr (is_tensor<B>) {
    if constexpr (has_derivative<typename B::value_type>) {
      return fn.template leaf<R>(x, y...);
    } else {
      return x;
    }
  } else if constexpr (is_element<B>) {
    return fn.template scalar<R>(x, y...);
  } else if constexpr (requires { TransformPart<B>(); }) {
    return TransformPart<B>::template apply<R>(fn, x, y...);
  } else if constexpr (requires { x.template twin<R>(y...); }) {
    return x.template twin<R>(y...);
  } else if constexpr (is_frozen<B>) {
    if constexpr (requires { Fn::collects; }) {
      return R{};
    } else if constexpr (__is_same(R, B)) {
      return x;
    } else {
      Constants constants;
      return R{transform<bare_t<decltype(some<R&>().value)>>(constants, x.value)};
    }
  } else if constexpr (optional_like<B>) {
    R r{};
    if (x.has_value()) r.emplace(transform<typename R::value_type>(fn, *x, *y...));
    return r;
  } else if constexpr (variant_like<B>) {
    R r{};
    transform_alternative<0>(r, fn, x, y...);
    return r;
  } else if constexpr (sequence<B>) {
    R r{};
    if constexpr (requires { r.resize(x.size()); }) r.resize(x.size());
    for (size_t i = 0; i < x.size(); ++i) r[i] = transform<typename R::value_type>(fn, x[i], y[i]...);
    return r;
  } else if constexpr (__is_class(B) && has_members<B>) {
    if constexpr (member_count<B> == 0) {
      return R{};
    } else {
      using Refs = decltype(tie_members(some<R&>()));
      return transform_members<R>(fn, TypeTag<Refs>{}, make_seq<member_count<B>>{}, tie_members(x), tie_members(y)...);
    }
  } else {
    static_assert(__is_same(R, B), "tenon: this member cannot be taken into a derivative (see B above)");
    return x;
  }
}

template <class Tag>
struct RevOf {
  template <class T>
  using type = rev<T, Tag>;
};
template <class Tag, int N>
struct DualOf {
  template <class T>
  using type = dual<T, N, Tag>;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
