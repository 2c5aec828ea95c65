// tenon/shape/axes.hpp: axes as template arguments: counted from the end when negative, and checked.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The error names the operation, the axis and the extents: `AxisOf<"flip", 2, Extents<3, 4>>`.
#pragma once
#include <tenon/base/fixed_string.hpp>
#include <tenon/shape/extents.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Axis number `Axis` of extents E, from 0 to E::rank - 1, for the operation named Op; a compile error if there is
/// none.
template <FixedString Op, int Axis, class E>
struct AxisOf {
  static constexpr bool ok = Axis >= -E::rank && Axis < E::rank;
  static_assert(ok, "tenon: there is no such axis (the operation, the axis and the extents stand above)");
  static constexpr int value = !ok ? 0 : Axis < 0 ? Axis + E::rank : Axis;
};
template <FixedString Op, int Axis, class E>
inline constexpr int axis_of = AxisOf<Op, Axis, E>::value;

namespace detail {
template <int... P>
constexpr bool is_permutation(int rank) {
  unsigned seen = 0;
  ((seen |= P >= -rank && P < rank ? 1u << (P < 0 ? P + rank : P) : 0u), ...);
  return static_cast<int>(sizeof...(P)) == rank && seen == (1u << rank) - 1u;
}
}  // namespace detail

/// Whether P... names each axis of extents E once, for the operation named Op; a compile error if not.
template <FixedString Op, class E, int... P>
struct PermutationOf {
  static constexpr bool ok = detail::is_permutation<P...>(E::rank);
  static_assert(ok, "tenon: these axes do not name each axis of the operand once (see the extents and axes above)");
};

}  // namespace TENON_ABI
}  // namespace tenon
