// tenon/expr/typing.hpp: which element types an op's arguments are converted to, and which type it gives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments meet in the promoted number type of the strong ones (tensors); weak ones (built-in scalars, literals)
// adapt. Ops whose `typing` is floating turn integers into float. Derivative structure (dual, rev) is kept where the op
// has a derivative and dropped where it has none: `x > 0` is bool whatever x is.
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/base/type_list.hpp>
#include <tenon/ops/derivative.hpp>
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {

template <class S>
struct Weak;

namespace detail {

// The number type that a list of argument element types meets in; Weak<S> adapts, void is "nothing strong yet".
template <class Acc, class... X>
struct Meet {
  using type = Acc;
};
template <class X, class... Rest>
struct Meet<void, X, Rest...> : Meet<base_t<X>, Rest...> {};
template <class S, class... Rest>
struct Meet<void, Weak<S>, Rest...> : Meet<void, Rest..., Weak<S>> {};  // strong ones first
// Numbers by themselves, as in where(mask, 1, 0): int32, or float for floating ones.
template <class S>
struct MetAlone {
  using type = float;
};
template <class S>
requires(is_integer<S>) struct MetAlone<S> {
  using type = int;
};
template <>
struct MetAlone<bool> {
  using type = bool;
};
template <class X>
inline constexpr bool is_weak = false;
template <class S>
inline constexpr bool is_weak<Weak<S>> = true;
template <class S, class... Rest>
requires(is_weak<Rest>&&...) struct Meet<void, Weak<S>, Rest...> : Meet<typename MetAlone<S>::type, Rest...> {
};
template <class Acc, class X, class... Rest>
requires(!__is_same(Acc, void)) struct Meet<Acc, X, Rest...> : Meet<promote_t<Acc, base_t<X>>, Rest...> {
};
template <class Acc, class S, class... Rest>
requires(!__is_same(Acc, void)) struct Meet<Acc, Weak<S>, Rest...> : Meet<weak_promote_t<Acc, S>, Rest...> {
};

template <Typing K, class B>
struct Adjust {
  using type = B;
};
template <class B>
requires(is_integer<B> || is_bool<B>) struct Adjust<Typing::floating, B> {
  using type = float;
};
template <>
struct Adjust<Typing::numeric, bool> {
  using type = int;
};
template <class B>
struct Adjust<Typing::logical, B> {
  using type = bool;
};

// The common derivative structure of arguments, as an element type over base B.
template <class B, class... X>
struct Structure {
  using type = B;
};
template <class B, class X, class... Rest>
struct Structure<B, X, Rest...> {
  using type = typename Promote<rebase_t<X, B>, typename Structure<B, Rest...>::type>::type;
};
template <class B, class S, class... Rest>
struct Structure<B, Weak<S>, Rest...> : Structure<B, Rest...> {};

// bfloat16 and half are computed in float and stored back; other results are what `value` gives.
template <class R, class B>
struct StoredAs {
  using type = R;
};
template <class R, class B>
requires(!__is_same(compute_t<B>, B) && __is_same(R, compute_t<B>)) struct StoredAs<R, B> {
  using type = B;
};

template <class T>
T some();  // a value of type T, unevaluated

template <class Op, class B, int Conditions, class... X>
struct MapTypes;

template <class Op, class B, class List>
struct ResultOf;
template <class Op, class B, class... A>
struct ResultOf<Op, B, TypeList<A...>> {
  using raw = decltype(Op::value(some<compute_t<A>>()...));
  using type = typename StoredAs<raw, B>::type;
};
// An op that names its result, as a cast does, gives that.
template <class Op, class B, class... A>
requires requires { typename Op::result_type; }
struct ResultOf<Op, B, TypeList<A...>> {
  using type = typename Op::result_type;
};
template <int I, int Conditions, class B>
struct NumberAt {
  using type = B;
};
template <int I, int Conditions, class B>
requires(I < Conditions) struct NumberAt<I, Conditions, B> {
  using type = bool;
};
template <int I, int Conditions, class X, class B>
struct ConvertedAt {
  using type = rebase_t<X, B>;
};
template <int I, int Conditions, class X, class B>
requires(I < Conditions) struct ConvertedAt<I, Conditions, X, B> {
  using type = bool;
};
template <int I, int Conditions, class S, class B>
requires(I >= Conditions) struct ConvertedAt<I, Conditions, Weak<S>, B> {
  using type = B;
};

template <int Skip, class... X>
struct MeetAfter : Meet<void, X...> {};
template <int Skip, class X, class... Rest>
requires(Skip > 0) struct MeetAfter<Skip, X, Rest...> : MeetAfter<Skip - 1, Rest...> {
};
template <int Skip, class B, class... X>
struct StructureAfter : Structure<B, X...> {};
template <int Skip, class B, class X, class... Rest>
requires(Skip > 0) struct StructureAfter<Skip, B, X, Rest...> : StructureAfter<Skip - 1, B, Rest...> {
};

template <class Op, class S, class... X>
struct Typed;
template <class Op, int... I, class... X>
struct Typed<Op, Seq<I...>, X...> {
  static constexpr int conditions = condition_first<Op> ? 1 : 0;  // select's first argument takes no part
  using base = typename Adjust<Op::typing, typename MeetAfter<conditions, X...>::type>::type;
  using arguments = TypeList<typename ConvertedAt<I, conditions, X, base>::type...>;
  using number = typename ResultOf<Op, base, TypeList<typename NumberAt<I, conditions, base>::type...>>::type;
  template <bool Differentiable, class N>
  struct Wrap {
    using type = typename StructureAfter<conditions, N, X...>::type;
  };
  template <class N>
  struct Wrap<false, N> {
    using type = N;
  };
  using result = typename Wrap<differentiable<Op, static_cast<int>(sizeof...(X))>, number>::type;
};

}  // namespace detail

/// Typing of Op on argument element types X (Weak<S> for a built-in scalar): `arguments`, what each is converted to,
/// and `result`.
template <class Op, class... X>
using typed = detail::Typed<Op, make_seq<static_cast<int>(sizeof...(X))>, X...>;

}  // namespace TENON_ABI
}  // namespace tenon
