// tenon/ops/operators.hpp: the operators of everything beyond plain numbers: dual and rev scalars, expressions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each operator is its op, element by element; `==` and `&&` too. At least one operand must belong to a domain above
// that of plain numbers, so the built-in operators and those of other libraries are never in competition.
// `%` is `mod`, with the sign of the divisor. Shifts stay functions: `<<` writes to streams.
#pragma once
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/compare.hpp>
#include <tenon/ops/division.hpp>
#include <tenon/ops/logical.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// An operand whose domain is above that of plain numbers.
template <class X>
concept lifted = domain_t<X>::rank >
0;
/// Operands of which at least one is lifted.
template <class A, class B>
concept lifted_pair = (lifted<A> || lifted<B>)&&operand<A>&& operand<B>;

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator+(A&& a, B&& b) {
  return apply<op::Add>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator-(A&& a, B&& b) {
  return apply<op::Subtract>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator*(A&& a, B&& b) {
  return apply<op::Multiply>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator/(A&& a, B&& b) {
  return apply<op::Divide>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator%(A&& a, B&& b) {
  return apply<op::Mod>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator==(A&& a, B&& b) {
  return apply<op::Equal>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator!=(A&& a, B&& b) {
  return apply<op::NotEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator<(A&& a, B&& b) {
  return apply<op::Less>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator<=(A&& a, B&& b) {
  return apply<op::LessEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator>(A&& a, B&& b) {
  return apply<op::Greater>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator>=(A&& a, B&& b) {
  return apply<op::GreaterEqual>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator&&(A&& a, B&& b) {
  return apply<op::LogicalAnd>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator||(A&& a, B&& b) {
  return apply<op::LogicalOr>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator&(A&& a, B&& b) {
  return apply<op::BitAnd>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator|(A&& a, B&& b) {
  return apply<op::BitOr>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <class A, class B>
requires lifted_pair<A, B> TENON_FN auto operator^(A&& a, B&& b) {
  return apply<op::BitXor>(static_cast<A&&>(a), static_cast<B&&>(b));
}

template <lifted A>
TENON_FN auto operator+(A&& a) {
  return apply<op::Positive>(static_cast<A&&>(a));
}

template <lifted A>
TENON_FN auto operator-(A&& a) {
  return apply<op::Negate>(static_cast<A&&>(a));
}

template <lifted A>
TENON_FN auto operator!(A&& a) {
  return apply<op::LogicalNot>(static_cast<A&&>(a));
}

template <lifted A>
TENON_FN auto operator~(A&& a) {
  return apply<op::BitNot>(static_cast<A&&>(a));
}

}  // namespace TENON_ABI
}  // namespace tenon
