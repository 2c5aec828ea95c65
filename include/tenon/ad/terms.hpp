// tenon/ad/terms.hpp: the derivative of a scalar statement: a linear form in the numbers it was made of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/differential.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// A linear form in N numbers: the derivative of a scalar statement. Members, not arrays, so that it stays in registers.
template <class T, int N>
struct Terms {
  T multiplier;
  slot_t operand;  ///< 0: a constant
  Terms<T, N - 1> rest;
};
template <class T>
struct Terms<T, 0> {};
template <class T, int N>
TENON_INLINE constexpr Terms<T, N> joined(const Terms<T, 0>&, const Terms<T, N>& b) {
  return b;
}
template <class T, int N, int M>
TENON_INLINE constexpr auto joined(const Terms<T, N>& a, const Terms<T, M>& b) {
  return Terms<T, N + M>{a.multiplier, a.operand, joined(a.rest, b)};
}

// What a statement gives: a number and its slot.
template <class T>
struct Result {
  T value;
  slot_t slot;
};

// Whether an adjoint is zero and depends on nothing.
template <class T>
bool is_zero_adjoint(const T& x) {
  if constexpr (is_real<T>) {
    return x == T(0);
  } else {
    const T zero{};
    return __builtin_memcmp(&x, &zero, sizeof(T)) == 0;
  }
}
template <class T>
bool are_zero_adjoints(const T* x, index_t n) {
  for (index_t i = 0; i < n; ++i)
    if (!is_zero_adjoint(x[i])) return false;
  return true;
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
