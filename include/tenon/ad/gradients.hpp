// tenon/ad/gradients.hpp: what derivatives come back in: a value, gradients of several arguments, auxiliary results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A value and its gradient.
template <class V, class G>
struct ValueAndGrad {
  V value;
  G grad;
};
/// Gradients with respect to several arguments, at most eight; read by `get<I>` or structured bindings.
template <class... G>
struct Gradients {
  static_assert(sizeof...(G) <= 8,
                "tenon: grad: at most eight arguments have gradients of their own; pass a struct of them");
};
template <class A>
struct Gradients<A> {
  A a;
};
template <class A, class B>
struct Gradients<A, B> {
  A a;
  B b;
};
template <class A, class B, class C>
struct Gradients<A, B, C> {
  A a;
  B b;
  C c;
};
template <class A, class B, class C, class D>
struct Gradients<A, B, C, D> {
  A a;
  B b;
  C c;
  D d;
};
template <class A, class B, class C, class D, class E>
struct Gradients<A, B, C, D, E> {
  A a;
  B b;
  C c;
  D d;
  E e;
};
template <class A, class B, class C, class D, class E, class F>
struct Gradients<A, B, C, D, E, F> {
  A a;
  B b;
  C c;
  D d;
  E e;
  F f;
};
template <class A, class B, class C, class D, class E, class F, class G>
struct Gradients<A, B, C, D, E, F, G> {
  A a;
  B b;
  C c;
  D d;
  E e;
  F f;
  G g;
};
template <class A, class B, class C, class D, class E, class F, class G, class H>
struct Gradients<A, B, C, D, E, F, G, H> {
  A a;
  B b;
  C c;
  D d;
  E e;
  F f;
  G g;
  H h;
};
namespace detail {
template <int I, class X>
constexpr auto& gradient_at(X& x) {
  if constexpr (I == 0) return x.a;
  if constexpr (I == 1) return x.b;
  if constexpr (I == 2) return x.c;
  if constexpr (I == 3) return x.d;
  if constexpr (I == 4) return x.e;
  if constexpr (I == 5) return x.f;
  if constexpr (I == 6) return x.g;
  if constexpr (I == 7) return x.h;
}
}  // namespace detail
template <int I, class... G>
constexpr auto& get(Gradients<G...>& g) {
  static_assert(I < static_cast<int>(sizeof...(G)), "tenon: there are not so many gradients");
  return detail::gradient_at<I>(g);
}
template <int I, class... G>
constexpr const auto& get(const Gradients<G...>& g) {
  static_assert(I < static_cast<int>(sizeof...(G)), "tenon: there are not so many gradients");
  return detail::gradient_at<I>(g);
}
/// What a function returns to hand out more than its value: `return with_aux(loss, logits)`.
template <class V, class A>
struct WithAux {
  V value;
  A aux;
};
template <class V, class A>
constexpr auto with_aux(V value, A aux) {
  return WithAux<V, A>{static_cast<V&&>(value), static_cast<A&&>(aux)};
}
/// A value, its gradient, and what else the function returned.
template <class V, class G, class A>
struct ValueGradAux {
  V value;
  G grad;
  A aux;
};

}  // namespace TENON_ABI
}  // namespace tenon
