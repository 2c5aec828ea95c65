// tenon/ad/argument.hpp: what derivatives may be taken with respect to, and which of its numbers are variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/lift.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// The type of X's variables: of the first numbers that have another type in its twin Y. Void if there are none.
template <class X, class Y>
struct VariableElement {
  using type = void;
};
template <class X, class Y>
requires(is_element<X> && !__is_same(X, Y)) struct VariableElement<X, Y> {
  using type = X;
};
template <class X, class Y>
requires((is_tensor<X> || sequence<X> || optional_like<X>)&&!__is_same(X, Y)) struct VariableElement<X, Y>
    : VariableElement<typename X::value_type, typename Y::value_type> {
};
template <class X, class Y>
struct FirstVariableElement {
  using type = void;
};
template <class X, class... XRest, class Y, class... YRest>
struct FirstVariableElement<RefList<X&, XRest...>, RefList<Y&, YRest...>> : VariableElement<bare_t<X>, bare_t<Y>> {};
template <class X, class... XRest, class Y, class... YRest>
requires(__is_same(typename VariableElement<bare_t<X>, bare_t<Y>>::type,
                   void)) struct FirstVariableElement<RefList<X&, XRest...>, RefList<Y&, YRest...>>
    : FirstVariableElement<RefList<XRest...>, RefList<YRest...>> {
};
template <class X, class Y>
requires(__is_class(X) && !is_element<X> && !is_tensor<X> && !sequence<X> && !optional_like<X> && !__is_same(X, Y) &&
         has_members<X>) struct VariableElement<X, Y>
    : FirstVariableElement<decltype(tie_members(some<X&>())), decltype(tie_members(some<Y&>()))> {
};

// The element type of an argument, void if it has no derivative. Tensors say it for the model that they are in.
template <class X>
struct ArgumentElement : FirstElement<X> {};
template <class X>
requires(is_element<X>) struct ArgumentElement<X> {
  using type = X;
};
template <class X>
requires(!is_element<X> && !expression<X> && __is_same(typename FirstElement<X>::type, void)) struct ArgumentElement<X>
    : VariableElement<X, twin_t<RevOf<void>, X>> {
};

enum class ArgumentKind { variable, integer, constants, unknown };

template <class... M>
constexpr bool any_floating(TypeTag<RefList<M&...>>) {
  return (is_floating<bare_t<M>> || ... || false);
}
// Models may be without parameters, but a struct of numbers that are all constants was meant otherwise.
template <class X>
constexpr ArgumentKind argument_kind() {
  if constexpr (is_element<X>) {
    return has_derivative<X> ? ArgumentKind::variable : ArgumentKind::integer;
  } else if constexpr (expression<X>) {
    return has_derivative<typename X::value_type> ? ArgumentKind::variable : ArgumentKind::integer;
  } else if constexpr (is_frozen<X> || variant_like<X> || requires { TransformPart<X>(); }) {
    return ArgumentKind::variable;
  } else if constexpr (sequence<X> || optional_like<X>) {
    return argument_kind<typename X::value_type>();
  } else if constexpr (!__is_class(X) || !has_members<X>) {
    return ArgumentKind::unknown;
  } else if constexpr (member_count<X> > 0 && __is_same(typename ArgumentElement<X>::type, void)) {
    return any_floating(TypeTag<decltype(tie_members(some<X&>()))>{}) ? ArgumentKind::constants
                                                                      : ArgumentKind::variable;
  } else {
    return ArgumentKind::variable;
  }
}
/// Whether a derivative with respect to an X makes sense.
template <class X>
inline constexpr bool derivable = argument_kind<X>() == ArgumentKind::variable;

/// Refuses types that hold no numbers with derivatives, other than integers, of which the caller speaks.
template <class X>
struct Argument {
  static constexpr bool known = argument_kind<X>() != ArgumentKind::unknown;
  static_assert(known,
                "tenon: there is no derivative with respect to this type (see X): take float, double, tensors or "
                "containers of them, or a model, which is an aggregate");
  static constexpr bool varies = argument_kind<X>() != ArgumentKind::constants;
  static_assert(varies,
                "tenon: the numbers of this struct are constants (see X): make it a template on their type, "
                "`template <class T> struct Spring { T stiffness; };`");
  static constexpr bool no_integer = argument_kind<X>() != ArgumentKind::integer;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
