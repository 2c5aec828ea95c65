// tenon/ops/typing.hpp: which type an op computes in, and which type it gives, for every mix of element types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   op_argument_t<op::Exp, int> is float;    op_result_t<op::Less, float, int> is bool.
// An op is computed in compute_t of its argument type (float for half and bfloat16) and then rounded to it.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// How an op's arguments and result are typed; T is the promoted type of the arguments.
enum class Typing {
  floating,    ///< T, integers and bool first become float: exp, divide
  numeric,     ///< T, bool first becomes int32: add, multiply
  same,        ///< T as it is: minimum, select
  comparison,  ///< arguments promoted to T, result bool: less, isnan
  logical,     ///< arguments become bool, result bool: logical_and
  integral,    ///< T must be an integer type or bool: bit_and, shift
};

/// What an op does with complex numbers.
enum class OnComplex {
  refused,   ///< does not compile, as it is for real numbers: order, rounding, most special functions
  values,    ///< has a value but no complex derivative: abs, conj
  analytic,  ///< has a value, and its derivative rule holds: exp (or the result is piecewise constant: equal)
};

/// A number that takes the type of whatever it meets: `lit(0.5) * x` is float, a pack, a dual or an expression as x is.
struct Literal {
  double value;
};
TENON_FN Literal lit(double value) { return {value}; }

namespace detail {

template <Typing K, class T>
struct ArgumentFor {
  using type = T;
};
template <class T>
requires(is_integer<T> || is_bool<T>) struct ArgumentFor<Typing::floating, T> {
  using type = float;
};
template <>
struct ArgumentFor<Typing::numeric, bool> {
  using type = int;
};
template <class T>
struct ArgumentFor<Typing::logical, T> {
  using type = bool;
};
template <class T>
requires(!is_integer<T> && !is_bool<T>) struct ArgumentFor<Typing::integral, T> {
  static_assert(is_integer<T> || is_bool<T>, "tenon: this operation needs integers or bool");
  using type = int;
};

// What is said where an op meets complex numbers X... that it is not for, or that are differentiated.
template <class Op, class... X>
struct TakesComplex {
  static constexpr bool ok = Op::on_complex != OnComplex::refused;
  static_assert(ok, "tenon: this operation is for real numbers, not complex ones (see Op and X above)");
};
template <class Op, class... X>
struct HasComplexDerivative {
  static constexpr bool ok = Op::on_complex == OnComplex::analytic;
  static_assert(ok,
                "tenon: this operation has no complex derivative (see Op and X above): differentiate with respect "
                "to real and imaginary parts that are tensors of their own, or use stop_gradient");
};

// The first argument of select is a condition and takes no part in promotion.
template <class Op>
concept condition_first = requires {
  requires Op::condition_first;
};

template <class R, class C, class T>
struct RoundTo {
  using type = R;
};
template <class C, class T>
struct RoundTo<C, C, T> {
  using type = T;
};

template <class Op, bool Condition, class... T>
struct OpTypes {
  using argument = typename ArgumentFor<Op::typing, common_t<T...>>::type;
  using compute = compute_t<argument>;
  template <class>
  using each = compute;
  using result = typename RoundTo<decltype(Op::value(each<T>{}...)), compute, argument>::type;
};
template <class Op, class B, class... T>
struct OpTypes<Op, true, B, T...> {
  using argument = typename ArgumentFor<Op::typing, common_t<T...>>::type;
  using compute = compute_t<argument>;
  template <class>
  using each = compute;
  using result = typename RoundTo<decltype(Op::value(true, each<T>{}...)), compute, argument>::type;
};

}  // namespace detail

/// The element type that Op converts arguments of element types T... to (without the condition of a select).
template <class Op, class... T>
using op_argument_t = typename detail::OpTypes<Op, detail::condition_first<Op>, T...>::argument;
/// The element type that Op gives for arguments of element types T...
template <class Op, class... T>
using op_result_t = typename detail::OpTypes<Op, detail::condition_first<Op>, T...>::result;

}  // namespace TENON_ABI
}  // namespace tenon
