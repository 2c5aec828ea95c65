// tenon/base/fixed_string.hpp: a string usable as a template argument, such as an einsum spec or an op's name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// N characters without a terminator; `FixedString{"abc"}` deduces N = 3.
template <int N>
struct FixedString {
  char chars[N + 1] = {};
  constexpr FixedString() = default;
  TENON_FN FixedString(const char (&text)[N + 1]) {
    for (int i = 0; i < N; ++i) chars[i] = text[i];
  }
  TENON_FN static int size() { return N; }
  TENON_FN static bool empty() { return N == 0; }
  TENON_FN char operator[](int i) const { return chars[i]; }
  TENON_FN const char* c_str() const { return chars; }
  template <int M>
  TENON_FN bool operator==(const FixedString<M>& other) const {
    if (N != M) return false;
    for (int i = 0; i < N; ++i)
      if (chars[i] != other.chars[i]) return false;
    return true;
  }
};
template <size_t N>
FixedString(const char (&)[N]) -> FixedString<static_cast<int>(N) - 1>;

}  // namespace TENON_ABI
}  // namespace tenon
