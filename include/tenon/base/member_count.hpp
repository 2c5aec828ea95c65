// tenon/base/member_count.hpp: how many members a plain aggregate has.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `{}` initialises exactly one member of an aggregate, whatever its type, so the largest number of `{}` that `M{...}`
// takes is the number of members (or bases, which are looked for separately). Where a member has no default value, an
// object that converts to anything stands in for it. C++20 cannot repeat `{}` by expanding a pack, hence the listing.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/type_list.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The largest number of members of an aggregate that can be walked.
inline constexpr int max_members = 64;

namespace detail {

// Stands in for a value of any type; never evaluated, like the two below. (The conversions have bodies because clang
// instantiates constexpr constructors that call them, and then asks for a definition if T has no linkage.)
struct AnyValue {
  int position;
  template <class T>
  TENON_HD operator T() const {
    __builtin_unreachable();
  }
};
// Stands in for a base class of M and nothing else. Not copyable, so that a member such as std::any does not hold it.
template <class M>
struct BaseValue {
  BaseValue(const BaseValue&) = delete;
  template <class T>
  requires(__is_base_of(T, M) && !__is_same(T, M)) TENON_HD operator T() const { __builtin_unreachable(); }
};
// Converts to nothing: a first member that takes this takes everything, and says nothing about bases.
struct NoValue {
  NoValue(const NoValue&) = delete;
};
template <class T>
T&& value_of();

template <class M, int... I>
constexpr bool takes_values(Seq<I...>) {
  return requires { M{AnyValue{I}...}; };
}
template <class M, int... I>
constexpr bool takes_values_then_default(Seq<I...>) {
  return requires { M{AnyValue{I}..., {}}; };
}
template <class M, int... I>
constexpr bool starts_with_base(Seq<I...>) {
  return requires { M{value_of<BaseValue<M>>(), AnyValue{I}...}; }
  &&!requires { M{value_of<NoValue>(), AnyValue{I}...}; };
}

// The most initialisers that M takes, tried from N upwards until one too many; -1 if it takes none.
template <class M, int N, bool Found>
constexpr int count_values() {
  if constexpr (N <= max_members + 1) {
    if constexpr (takes_values<M>(make_seq<N>{})) return count_values<M, N + 1, true>();
    if constexpr (!Found && !takes_values<M>(make_seq<N>{})) return count_values<M, N + 1, false>();
  }
  return Found ? N - 1 : -1;
}

// The most `{}` that M takes.
// clang-format off
template <class M>
constexpr int count_defaults() {
  if constexpr (!requires { M{{}}; }) return 0;
  else if constexpr (!requires { M{{},{}}; }) return 1;
  else if constexpr (!requires { M{{},{},{}}; }) return 2;
  else if constexpr (!requires { M{{},{},{},{}}; }) return 3;
  else if constexpr (!requires { M{{},{},{},{},{}}; }) return 4;
  else if constexpr (!requires { M{{},{},{},{},{},{}}; }) return 5;
  else if constexpr (!requires { M{{},{},{},{},{},{},{}}; }) return 6;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{}}; }) return 7;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{}}; }) return 8;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{}}; }) return 9;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{}}; }) return 10;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 11;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 12;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 13;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 14;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 15;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 16;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 17;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 18;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 19;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 20;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 21;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 22;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      }; }) return 23;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      }; }) return 24;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      }; }) return 25;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      }; }) return 26;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      }; }) return 27;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {}}; }) return 28;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{}}; }) return 29;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{}}; }) return 30;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{}}; }) return 31;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{}}; }) return 32;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{}}; }) return 33;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{}}; }) return 34;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{}}; }) return 35;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{}}; }) return 36;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{}}; }) return 37;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{}}; }) return 38;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{}}; }) return 39;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 40;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 41;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 42;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 43;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 44;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 45;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 46;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 47;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 48;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 49;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 50;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 51;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 52;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 53;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 54;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 55;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 56;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}; }) return 57;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {}}; }) return 58;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{}}; }) return 59;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{}}; }) return 60;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{}}; }) return 61;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{}}; }) return 62;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{}}; }) return 63;
  else if constexpr (!requires { M{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},
      {},{},{},{},{},{},{}}; }) return 64;
  else return max_members + 1;
}
// clang-format on

template <class M>
constexpr int count_members() {
  if constexpr (!__is_aggregate(M) || __is_union(M)) {
    return -1;
  } else if constexpr (!requires { M{}; }) {
    return count_values<M, 1, false>();
  } else {
    constexpr int n = count_defaults<M>();
    // A member with an initialiser in the class may have no default value: `{}` stops there, but not every value does.
    if constexpr (n <= max_members) {
      if constexpr (takes_values<M>(make_seq<n + 1>{}) && !takes_values_then_default<M>(make_seq<n>{}))
        return count_values<M, n + 1, true>();
    }
    return n;
  }
}

template <class M, int N>
constexpr bool find_base() {
  if constexpr (!__is_aggregate(M) || __is_union(M) || N < 1) {
    return false;
  } else if constexpr (requires { M{}; }) {
    return starts_with_base<M>(make_seq<0>{});
  } else {
    return starts_with_base<M>(make_seq<N - 1>{});
  }
}

// What the aggregate M has, as far as it can be found out: -1 if it is no aggregate or cannot be initialised, as one
// with a reference; bases count as members.
template <class M>
inline constexpr int aggregate_size = count_members<M>();

}  // namespace detail

/// True for an aggregate whose first element is a base class.
template <class M>
inline constexpr bool has_base = detail::find_base<M, detail::aggregate_size<M>>();

}  // namespace TENON_ABI
}  // namespace tenon
