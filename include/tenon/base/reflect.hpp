// tenon/base/reflect.hpp: the members of a type by name, and the names of types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plain aggregate needs nothing: its members are found by base/aggregate.hpp, and a member's name is read from the
// compiler's spelling of a pointer to that member of an object that is never made. Any other type lists its members:
//   class Scale {
//     Tensor<float> factor_;
//    public:
//     static auto members(auto& self) { return named_members(named<"factor">(self.factor_)); }
//   };
// or has the pair `auto members()` and `auto members() const` that return such lists.
#pragma once
#include <tenon/base/aggregate.hpp>
#include <tenon/base/config.hpp>
#include <tenon/base/fixed_string.hpp>
#include <tenon/base/type_list.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A reference to a member, with its name; made by `named`.
template <FixedString Name, class T>
struct NamedRef {
  static constexpr auto name = Name;
  using type = T;
  T& value;
};
/// Gives a member its name, in a list for `named_members`.
template <FixedString Name, class T>
TENON_FN NamedRef<Name, T> named(T& member) {
  return {member};
}

/// The list that a type's `members()` returns.
template <class... N>
struct NamedMembers {
  static constexpr int size = static_cast<int>(sizeof...(N));
  template <int I>
  using at = at_t<I, TypeList<N...>>;
  RefList<typename N::type&...> refs;
};
template <class... N>
TENON_FN NamedMembers<N...> named_members(N... n) {
  return {refs(n.value...)};
}

namespace detail {

template <class M>
inline constexpr bool lists_members = requires(M& m) {
  M::members(m).refs;
}
|| requires(M& m) { m.members().refs; };
template <class M>
constexpr auto list_members(M& m) {
  if constexpr (requires { M::members(m); }) {
    return M::members(m);
  } else {
    return m.members();
  }
}
template <class M>
using members_t = decltype(list_members(value_of<M&>()));

template <class M>
TENON_HD constexpr int count_any_members() {
  if constexpr (lists_members<M>) {
    return members_t<M>::size;
  } else {
    return checked_size<M>();
  }
}

// A const object of any type that has an address in constant expressions and no value. Only consteval functions name
// it, so that it takes no space in a program. It must be defined for types without linkage (local, unnamed namespace),
// and so is a union; nvcc's device pass spells members of a union as offsets, but asks for no definition.
#if defined(__CUDA_ARCH__)
template <class M>
struct NeverMade {
  M value;
};
template <class M>
extern const NeverMade<M> never_made;
#else
template <class M>
union NeverMade {
  char none;
  M value;
  constexpr NeverMade() : none() {}
  constexpr ~NeverMade() {}
};
template <class M>
inline constexpr NeverMade<M> never_made{};
#endif

template <class M, int I>
consteval auto member_pointer() {
  return __builtin_addressof(get<I>(bind_members<aggregate_size<M>>(never_made<M>.value)));
}

template <auto Pointer>
TENON_FN const char* pointer_spelling() {
  return __PRETTY_FUNCTION__;
}
template <class T>
TENON_FN const char* type_spelling() {
  return __PRETTY_FUNCTION__;
}

// A part of a string literal.
struct Slice {
  const char* text;
  int size;
};
TENON_FN bool in_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
// "... [with auto Pointer = (& never_made<M>.NeverMade<M>::value.M::weight)]": the last identifier.
TENON_FN Slice last_identifier(const char* text) {
  int end = static_cast<int>(__builtin_strlen(text));
  while (end > 0 && !in_identifier(text[end - 1])) --end;
  int begin = end;
  while (begin > 0 && in_identifier(text[begin - 1])) --begin;
  return {text + begin, end - begin};
}
// "... [with T = float]", "... [T = float]": what is between "T = " and the last bracket.
TENON_FN Slice type_argument(const char* text) {
  const int n = static_cast<int>(__builtin_strlen(text));
  int begin = 0;
  for (int i = 0; i + 4 < n && begin == 0; ++i)
    if ((text[i] == '[' || text[i] == ' ') && text[i + 1] == 'T' && text[i + 2] == ' ' && text[i + 3] == '=')
      begin = i + 5;
  int end = n;
  while (end > begin && text[end - 1] != ']') --end;
  return {text + begin, end - 1 - begin};
}
TENON_FN bool starts_with(Slice s, int at, const char* prefix) {
  for (int i = 0; prefix[i] != 0; ++i)
    if (at + i >= s.size || s.text[at + i] != prefix[i]) return false;
  return true;
}
// Copies a type's name without `tenon::` and the names of inline namespaces (v0_..., __cxx11, __1) to `out` unless that
// is null; the length of the copy.
TENON_FN int copy_short_name(Slice s, char* out) {
  int n = 0;
  for (int i = 0; i < s.size;) {
    const bool starts_name = in_identifier(s.text[i]) && (i == 0 || !in_identifier(s.text[i - 1]));
    if (starts_name) {
      int end = i;
      while (end < s.size && in_identifier(s.text[end])) ++end;
      const bool is_scope = starts_with(s, end, "::");
      const bool is_hidden = starts_with(s, i, "v0_") || starts_with(s, i, "__") || starts_with(s, i, "tenon::");
      if (is_scope && is_hidden) {
        i = end + 2;
        continue;
      }
    }
    if (out) out[n] = s.text[i];
    ++n;
    ++i;
  }
  return n;
}

template <class M, int I>
TENON_FN auto make_member_name() {
  if constexpr (lists_members<M>) {
    return members_t<M>::template at<I>::name;
  } else {
    constexpr Slice s = last_identifier(pointer_spelling<member_pointer<M, I>()>());
    FixedString<s.size> name;
    for (int i = 0; i < s.size; ++i) name.chars[i] = s.text[i];
    return name;
  }
}
template <class T>
TENON_FN auto make_type_name() {
  constexpr Slice s = type_argument(type_spelling<T>());
  FixedString<copy_short_name(s, nullptr)> name;
  copy_short_name(s, name.chars);
  return name;
}

template <class M, int I>
inline constexpr auto member_name_of = make_member_name<M, I>();
template <class T>
inline constexpr auto type_name_of = make_type_name<T>();

}  // namespace detail

/// True for a type whose members can be walked: a plain aggregate, or one that lists its members().
template <class M>
inline constexpr bool has_members = detail::lists_members<M> || is_plain_aggregate<M>;

/// The number of members of M; a compile error that says why if they cannot be known.
template <class M>
inline constexpr int member_count = detail::count_any_members<M>();

/// References to all members of `m`, in order: a RefList, to be read by `get<I>`. (In device code: `tie_aggregate`.)
template <class M>
constexpr auto tie_members(M& m) {
  if constexpr (detail::lists_members<M>) {
    return detail::list_members(m).refs;
  } else {
    return tie_aggregate(m);
  }
}

/// The name of member I of M, a FixedString.
template <class M, int I>
TENON_FN auto member_name() {
  constexpr auto name = detail::make_member_name<M, I>();
  return name;
}
/// The same as a string that lives as long as the program.
template <class M, int I>
constexpr const char* member_name_text() {
  return detail::member_name_of<M, I>.c_str();
}

/// A short readable name of a type, a FixedString: without the library's own namespace.
template <class T>
TENON_FN auto type_name() {
  constexpr auto name = detail::make_type_name<T>();
  return name;
}
/// The same as a string that lives as long as the program.
template <class T>
constexpr const char* type_name_text() {
  return detail::type_name_of<T>.c_str();
}

namespace detail {
template <class List, class F, int... I>
constexpr void each_member(const List& list, F& f, Seq<I...>) {
  (static_cast<void>(f(get<I>(list))), ...);
}
template <class M, class List, class F, int... I>
constexpr void each_named_member(const List& list, F& f, Seq<I...>) {
  (static_cast<void>(f(member_name_text<M, I>(), get<I>(list))), ...);
}
}  // namespace detail

/// Calls f(member) for each member of `m`, in order.
template <class M, class F>
constexpr void for_each_member(M& m, F&& f) {
  const auto list = tie_members(m);
  detail::each_member(list, f, make_seq<decltype(list)::size>{});
}
/// Calls f(name, member) for each member of `m`, in order; the name is a C string that lives as long as the program.
template <class M, class F>
constexpr void for_each_named_member(M& m, F&& f) {
  const auto list = tie_members(m);
  detail::each_named_member<typename detail::WithoutConst<M>::type>(list, f, make_seq<decltype(list)::size>{});
}

}  // namespace TENON_ABI
}  // namespace tenon
