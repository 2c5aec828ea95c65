// tenon/ops/op.hpp: what an op is, and how a call on any operand finds its meaning.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An op is one struct that carries its meaning: a scalar `value`, a derivative rule, its names abroad, an accuracy
// claim. `apply<Op>(x...)` asks the operands which domain they belong to (plain numbers and SIMD packs, dual and rev
// scalars, tensor expressions) and lets the highest one give the call its meaning. So an op's rule, written with the
// library's own functions and operators, works for all of them:
//   struct Cube : Pointwise<Cube> {
//     static constexpr FixedString name{"cube"};
//     TENON_FN static auto value(auto x) { return x * x * x; }
//     TENON_FN static auto partials(auto x) { return d(lit(3) * x * x); }
//   };
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>
#include <tenon/base/fixed_string.hpp>
#include <tenon/ops/plain.hpp>
#include <tenon/ops/typing.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Largest error of `value` in units in the last place of the type, inside `Domain`.
struct Claim {
  double float_ulp = 0.5, double_ulp = 0.5;
};
/// Where an op is tested: one closed interval for each argument.
struct Domain {
  double lo = -10, hi = 10, lo2 = -10, hi2 = 10;
};

/// Base of the ops that map elements to an element. D defines `name`, `value(x...)`, and at most one of
/// `partials(x...)`, `partials_from_output(y)`, `partials_with_output(y, x...)`; without one its derivative is zero.
template <class D>
struct Pointwise {
  static constexpr FixedString onnx{""}, stablehlo{""};
  static constexpr Typing typing = Typing::floating;
  static constexpr OnComplex on_complex = OnComplex::refused;
  static constexpr Claim claim{};
  static constexpr Domain domain{};
  static constexpr int cost = 1;  ///< about how many instructions; above 8 a named use is computed once
};

/// The partial derivative of an argument that has none (an index, a condition).
struct NoPartial {};
inline constexpr NoPartial none{};

/// The partial derivatives with respect to each argument, in order.
template <class... P>
struct Partials;
template <class A>
struct Partials<A> {
  A a;
};
template <class A, class B>
struct Partials<A, B> {
  A a;
  B b;
};
template <class A, class B, class C>
struct Partials<A, B, C> {
  A a;
  B b;
  C c;
};
template <class... P>
TENON_FN Partials<P...> d(P... p) {
  return {p...};
}
template <int I, class P>
TENON_FN const auto& partial(const P& p) {
  if constexpr (I == 0) return p.a;
  if constexpr (I == 1) return p.b;
  if constexpr (I == 2) return p.c;
}

/// Numbers (built-in, bfloat16, half, complex), literals and SIMD packs: the op's `value` is the meaning.
struct PlainDomain {
  static constexpr int rank = 0;
  template <class Op, class... X>
  TENON_FN static auto apply(X... x) {
    return plain_value<Op>(x...);
  }
};

namespace detail {
template <class X, class = void>
struct DomainOf {
  using type = PlainDomain;
};
template <class X>
struct DomainOf<X, decltype(void(sizeof(typename X::tenon_domain)))> {
  using type = typename X::tenon_domain;
};
template <class T>
struct Bare {
  using type = T;
};
template <class T>
struct Bare<const T> {
  using type = T;
};
template <class T>
struct Bare<T&> {
  using type = typename Bare<T>::type;
};
template <class T>
struct Bare<T&&> {
  using type = typename Bare<T>::type;
};
template <class A, class B, bool First = (A::rank >= B::rank)>
struct Higher {
  using type = A;
};
template <class A, class B>
struct Higher<A, B, false> {
  using type = B;
};
template <class A, class... Rest>
struct Highest {
  using type = A;
};
template <class A, class B, class... Rest>
struct Highest<A, B, Rest...> {
  using type = typename Highest<typename Higher<A, B>::type, Rest...>::type;
};
}  // namespace detail

/// X without reference and const.
template <class X>
using bare_t = typename detail::Bare<X>::type;
/// The domain that decides what an op means for an operand.
template <class X>
using domain_t = typename detail::DomainOf<bare_t<X>>::type;
/// Whatever an op can be applied to.
template <class X>
concept operand = is_element<bare_t<X>> || simd::is_pack<bare_t<X>> || domain_t<X>::rank >
0 || __is_same(bare_t<X>, Literal);

/// Applies Op in the meaning of the operands' highest domain.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable  // expressions are built on the host and evaluated anywhere
#endif
template <class Op, class... X>
TENON_FN auto apply(X&&... x) {
  using D = typename detail::Highest<domain_t<X>...>::type;
  return D::template apply<Op>(static_cast<X&&>(x)...);
}

}  // namespace TENON_ABI
}  // namespace tenon
