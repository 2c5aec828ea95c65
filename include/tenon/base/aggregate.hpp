// tenon/base/aggregate.hpp: references to all members of a plain aggregate.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   struct Linear { Tensor<float, 2, 3> weight; Tensor<float, 2> bias; };
//   member_count<Linear> is 2;   get<1>(tie_members(layer)) is layer.bias;   for_each_member(layer, f) calls f on both.
// Structured bindings name the members (C++20 cannot bind a pack, hence the listing). A type with a base class, with
// references, arrays or constructors is refused, unless it lists its members itself: see base/reflect.hpp.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/member_count.hpp>
#include <tenon/base/type_list.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <int I, class T>
struct RefLeaf {
  T value;
};
template <class S, class... T>
struct RefLeaves;
template <int... I, class... T>
struct RefLeaves<Seq<I...>, T...> : RefLeaf<I, T>... {};
template <int I, class T>
TENON_FN T leaf_value(const RefLeaf<I, T>& leaf) {
  return leaf.value;
}

}  // namespace detail

/// A list of references; T... are reference types.
template <class... T>
struct RefList : detail::RefLeaves<make_seq<static_cast<int>(sizeof...(T))>, T...> {
  static constexpr int size = static_cast<int>(sizeof...(T));
};
/// The I-th reference of a list.
template <int I, class... T>
TENON_FN at_t<I, TypeList<T...>> get(const RefList<T...>& list) {
  return detail::leaf_value<I>(list);
}
/// The list of references to the arguments.
template <class... T>
TENON_FN RefList<T&...> refs(T&... x) {
  return {{{x}...}};
}

namespace detail {

template <class T>
inline constexpr bool is_array_ref = false;
template <class T, size_t N>
inline constexpr bool is_array_ref<T (&)[N]> = true;
template <class... T>
TENON_HD constexpr bool any_array(const RefList<T...>*) {
  return (is_array_ref<T> || ...);
}

// clang-format off
template <int N>
TENON_FN auto bind_members(auto& m) {
  if constexpr (N == 1) { auto& [a0] = m; return refs(a0); }
  else if constexpr (N == 2) { auto& [a0, a1] = m; return refs(a0, a1); }
  else if constexpr (N == 3) { auto& [a0, a1, a2] = m; return refs(a0, a1, a2); }
  else if constexpr (N == 4) { auto& [a0, a1, a2, a3] = m; return refs(a0, a1, a2, a3); }
  else if constexpr (N == 5) { auto& [a0, a1, a2, a3, a4] = m; return refs(a0, a1, a2, a3, a4); }
  else if constexpr (N == 6) { auto& [a0, a1, a2, a3, a4, a5] = m; return refs(a0, a1, a2, a3, a4, a5); }
  else if constexpr (N == 7) { auto& [a0, a1, a2, a3, a4, a5, a6] = m; return refs(a0, a1, a2, a3, a4, a5, a6); }
  else if constexpr (N == 8) { auto& [a0,a1,a2,a3,a4,a5,a6,a7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7); }
  else if constexpr (N == 9) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8); }
  else if constexpr (N == 10) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9); }
  else if constexpr (N == 11) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0); }
  else if constexpr (N == 12) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1); }
  else if constexpr (N == 13) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2); }
  else if constexpr (N == 14) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3); }
  else if constexpr (N == 15) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4); }
  else if constexpr (N == 16) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5); }
  else if constexpr (N == 17) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6); }
  else if constexpr (N == 18) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7); }
  else if constexpr (N == 19) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8); }
  else if constexpr (N == 20) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9); }
  else if constexpr (N == 21) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0); }
  else if constexpr (N == 22) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1); }
  else if constexpr (N == 23) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2); }
  else if constexpr (N == 24) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3); }
  else if constexpr (N == 25) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4); }
  else if constexpr (N == 26) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,
      c5] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5); }
  else if constexpr (N == 27) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6); }
  else if constexpr (N == 28) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7); }
  else if constexpr (N == 29) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8); }
  else if constexpr (N == 30) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9); }
  else if constexpr (N == 31) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0); }
  else if constexpr (N == 32) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1); }
  else if constexpr (N == 33) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2); }
  else if constexpr (N == 34) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,
      d3); }
  else if constexpr (N == 35) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4); }
  else if constexpr (N == 36) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5); }
  else if constexpr (N == 37) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6); }
  else if constexpr (N == 38) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7); }
  else if constexpr (N == 39) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8); }
  else if constexpr (N == 40) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9); }
  else if constexpr (N == 41) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0); }
  else if constexpr (N == 42) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1); }
  else if constexpr (N == 43) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2); }
  else if constexpr (N == 44) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3); }
  else if constexpr (N == 45) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4); }
  else if constexpr (N == 46) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5); }
  else if constexpr (N == 47) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6); }
  else if constexpr (N == 48) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7); }
  else if constexpr (N == 49) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8); }
  else if constexpr (N == 50) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9); }
  else if constexpr (N == 51) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0); }
  else if constexpr (N == 52) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1); }
  else if constexpr (N == 53) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2); }
  else if constexpr (N == 54) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3); }
  else if constexpr (N == 55) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4); }
  else if constexpr (N == 56) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5); }
  else if constexpr (N == 57) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6); }
  else if constexpr (N == 58) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7); }
  else if constexpr (N == 59) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8); }
  else if constexpr (N == 60) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9); }
  else if constexpr (N == 61) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0); }
  else if constexpr (N == 62) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1); }
  else if constexpr (N == 63) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1,
      g2] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1,g2); }
  else if constexpr (N == 64) { auto& [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,
      c6,c7,c8,c9,d0,d1,d2,d3,d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1,g2,
      g3] = m;
    return refs(a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,b0,b1,b2,b3,b4,b5,b6,b7,b8,b9,c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,d0,d1,d2,d3,
      d4,d5,d6,d7,d8,d9,e0,e1,e2,e3,e4,e5,e6,e7,e8,e9,f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,g0,g1,g2,g3); }
}
// clang-format on

template <class T>
struct WithoutConst {
  using type = T;
};
template <class T>
struct WithoutConst<const T> {
  using type = T;
};

}  // namespace detail

/// True for a type whose members can be found without its help: an aggregate without bases and references.
template <class M>
inline constexpr bool is_plain_aggregate = detail::aggregate_size<M> >= 0 && detail::aggregate_size<M> <= max_members &&
                                           (detail::aggregate_size<M> > 0 || __is_empty(M)) && !has_base<M>;

namespace detail {

// The number of members of M, or an error that says why it cannot be known.
template <class M>
TENON_HD constexpr int checked_size() {
  constexpr int n = aggregate_size<M>;
  static_assert(__is_aggregate(M) && !__is_union(M),
                "tenon: cannot walk a type with constructors, private members or virtual functions; make it a plain "
                "aggregate, or let it list its members(), see tenon/base/reflect.hpp");
  static_assert(!has_base<M>,
                "tenon: cannot walk a type with a base class; make the base a member, or let the type list its "
                "members(), see tenon/base/reflect.hpp");
  static_assert(!__is_aggregate(M) || n >= 0,
                "tenon: cannot walk a type whose members are references or cannot be initialised; use plain members, "
                "or let the type list its members(), see tenon/base/reflect.hpp");
  static_assert(n <= max_members, "tenon: cannot walk a type with more than 64 members; group them into structs");
  return is_plain_aggregate<M> ? n : 0;
}

}  // namespace detail

/// References to all members of the plain aggregate `m`, in order of declaration.
template <class M>
TENON_FN auto tie_aggregate(M& m) {
  constexpr int n = detail::checked_size<typename detail::WithoutConst<M>::type>();
  if constexpr (n > 0) {
    using List = decltype(detail::bind_members<n>(m));
    static_assert(!detail::any_array(static_cast<List*>(nullptr)),
                  "tenon: cannot walk a type with an array as a direct member; use std::array or a Tensor, or let the "
                  "type list its members(), see tenon/base/reflect.hpp");
    return detail::bind_members<n>(m);
  } else {
    return RefList<>{};
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
