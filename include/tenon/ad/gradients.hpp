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
/// Gradients with respect to several arguments; read by `get<I>` or structured bindings of up to four.
template <class... G>
struct Gradients;
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
template <int I, class... G>
constexpr auto& get(Gradients<G...>& g) {
  static_assert(I < static_cast<int>(sizeof...(G)), "tenon: there are not so many gradients");
  if constexpr (I == 0) return g.a;
  if constexpr (I == 1) return g.b;
  if constexpr (I == 2) return g.c;
  if constexpr (I == 3) return g.d;
}
template <int I, class... G>
constexpr const auto& get(const Gradients<G...>& g) {
  static_assert(I < static_cast<int>(sizeof...(G)), "tenon: there are not so many gradients");
  if constexpr (I == 0) return g.a;
  if constexpr (I == 1) return g.b;
  if constexpr (I == 2) return g.c;
  if constexpr (I == 3) return g.d;
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
