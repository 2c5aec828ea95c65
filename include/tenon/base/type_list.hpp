// tenon/base/type_list.hpp: lists of types and of integers, on the compilers' builtins.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   at_t<1, TypeList<int, float>> is float;   index_of<float, TypeList<int, float>> is 1;   make_seq<3> is Seq<0, 1,
//   2>.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A list of types; has no members to construct.
template <class... T>
struct TypeList {
  static constexpr int size = static_cast<int>(sizeof...(T));
};
/// Carries a type as a value.
template <class T>
struct TypeTag {
  using type = T;
};

/// A list of ints.
template <int... I>
struct Seq {
  static constexpr int size = static_cast<int>(sizeof...(I));
};

namespace detail {

#if defined(__clang__)
template <class T, T... I>
struct SeqOf {
  using type = Seq<I...>;
};
template <int N>
struct MakeSeq : __make_integer_seq<SeqOf, int, N> {};
#else
template <int N>
struct MakeSeq {
  using type = Seq<__integer_pack(N)...>;
};
#endif

#if !(defined(__has_builtin) && __has_builtin(__type_pack_element))
// Without the builtin: a class derived from one base per type is converted to the base with the wanted index, one
// overload resolution whatever the length of the list.
template <int I, class T>
struct Indexed {};
template <class S, class... T>
struct IndexedTypes;
template <int... I, class... T>
struct IndexedTypes<Seq<I...>, T...> : Indexed<I, T>... {};
template <int I, class T>
TypeTag<T> find_indexed(Indexed<I, T>*);
#endif

template <int I, class List>
struct TypeAt;
template <int I, class... T>
struct TypeAt<I, TypeList<T...>> {
  static_assert(I >= 0 && I < static_cast<int>(sizeof...(T)), "tenon: index outside of a TypeList");
#if defined(__has_builtin) && __has_builtin(__type_pack_element)
  using type = __type_pack_element<I, T...>;
#else
  using type = typename decltype(find_indexed<I>(
      static_cast<IndexedTypes<typename MakeSeq<static_cast<int>(sizeof...(T))>::type, T...>*>(nullptr)))::type;
#endif
};

constexpr int first_true(const bool* matches, int n) {
  for (int i = 0; i < n; ++i)
    if (matches[i]) return i;
  return -1;
}
template <class X, class List>
struct TypeIndex;
template <class X, class... T>
struct TypeIndex<X, TypeList<T...>> {
  static constexpr int compute() {
    const bool matches[] = {__is_same(X, T)..., false};
    return first_true(matches, static_cast<int>(sizeof...(T)));
  }
};

template <class... List>
struct TypeConcat {
  using type = TypeList<>;
};
template <class... A>
struct TypeConcat<TypeList<A...>> {
  using type = TypeList<A...>;
};
template <class... A, class... B, class... Rest>
struct TypeConcat<TypeList<A...>, TypeList<B...>, Rest...> : TypeConcat<TypeList<A..., B...>, Rest...> {};

template <class List, template <class...> class To>
struct TypeApply;
template <class... T, template <class...> class To>
struct TypeApply<TypeList<T...>, To> {
  using type = To<T...>;
};

}  // namespace detail

/// Seq<0, 1, ..., N - 1>.
template <int N>
using make_seq = typename detail::MakeSeq<N>::type;

/// The type at position I of a TypeList.
template <int I, class List>
using at_t = typename detail::TypeAt<I, List>::type;

/// The position of X in a TypeList, -1 if it is not there.
template <class X, class List>
inline constexpr int index_of = detail::TypeIndex<X, List>::compute();
/// True if X is in a TypeList.
template <class X, class List>
inline constexpr bool contains = index_of<X, List> >= 0;

/// The types of several TypeLists in one.
template <class... List>
using concat_t = typename detail::TypeConcat<List...>::type;

/// To<T...> for a TypeList<T...>.
template <class List, template <class...> class To>
using apply_t = typename detail::TypeApply<List, To>::type;

}  // namespace TENON_ABI
}  // namespace tenon
