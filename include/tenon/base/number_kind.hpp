// tenon/base/number_kind.hpp: one small integer for each real number type, so rules on types are plain arithmetic.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Promotion, accumulation and naming compare kinds in ordinary constexpr functions instead of instantiating templates
// for each pair. Built-in integers are told apart by size and sign only: `long` and `long long` are both int64 where
// they are eight bytes wide. `char` and `wchar_t` are characters, not numbers.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The real number types, in order of promotion within a group; `none` for everything else.
enum class NumberKind : signed char {
  none = -1,
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,
  bfloat16,
  float32,
  float64,
};

namespace detail {
constexpr NumberKind sized_integer(size_t bytes, bool is_unsigned) {
  const int log2_bytes = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
  return static_cast<NumberKind>(static_cast<int>(is_unsigned ? NumberKind::uint8 : NumberKind::int8) + log2_bytes);
}
}  // namespace detail

/// The kind of a real number type; `none` for any other type, also for a const or reference one.
template <class T>
inline constexpr NumberKind number_kind = NumberKind::none;
template <>
inline constexpr NumberKind number_kind<bool> = NumberKind::boolean;
template <>
inline constexpr NumberKind number_kind<signed char> = NumberKind::int8;
template <>
inline constexpr NumberKind number_kind<short> = detail::sized_integer(sizeof(short), false);
template <>
inline constexpr NumberKind number_kind<int> = detail::sized_integer(sizeof(int), false);
template <>
inline constexpr NumberKind number_kind<long> = detail::sized_integer(sizeof(long), false);
template <>
inline constexpr NumberKind number_kind<long long> = NumberKind::int64;
template <>
inline constexpr NumberKind number_kind<unsigned char> = NumberKind::uint8;
template <>
inline constexpr NumberKind number_kind<unsigned short> = detail::sized_integer(sizeof(short), true);
template <>
inline constexpr NumberKind number_kind<unsigned int> = detail::sized_integer(sizeof(int), true);
template <>
inline constexpr NumberKind number_kind<unsigned long> = detail::sized_integer(sizeof(long), true);
template <>
inline constexpr NumberKind number_kind<unsigned long long> = NumberKind::uint64;
template <>
inline constexpr NumberKind number_kind<float> = NumberKind::float32;
template <>
inline constexpr NumberKind number_kind<double> = NumberKind::float64;

/// True for bool.
template <class T>
inline constexpr bool is_bool = number_kind<T> == NumberKind::boolean;
/// True for the built-in signed and unsigned integers of 8 to 64 bits, not for bool and characters.
template <class T>
inline constexpr bool is_integer = number_kind<T> >= NumberKind::int8&& number_kind<T> <= NumberKind::uint64;
/// True for signed built-in integers.
template <class T>
inline constexpr bool is_signed_integer = number_kind<T> >= NumberKind::int8&& number_kind<T> <= NumberKind::int64;
/// True for half, bfloat16, float and double.
template <class T>
inline constexpr bool is_floating = number_kind<T> >= NumberKind::float16;
/// True for bool, integers and floating types: everything ordered that computes by itself.
template <class T>
inline constexpr bool is_real = number_kind<T> != NumberKind::none;

}  // namespace TENON_ABI
}  // namespace tenon
