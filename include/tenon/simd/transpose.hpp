// tenon/simd/transpose.hpp: transposes W packs of W lanes in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks of half the size are exchanged each time: log2(W) rounds of W shuffles of two packs.
#pragma once
#include <tenon/simd/lanes.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

namespace detail {
// Exchanges the lanes whose index has bit D set in `a` with those that have it not in `b`.
template <int D, class V, int... I>
TENON_FN void exchange_lanes(V& a, V& b, Ints<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I));
  const V x = shuffle<(((I & D) ? W + I - D : I))...>(a, b);
  b = shuffle<(((I & D) ? W + I : I + D))...>(a, b);
  a = x;
}
template <int D, class V, int W, int... I>
TENON_FN void transpose_step(V (&v)[W], Ints<I...>) {
  ((I & D ? void() : exchange_lanes<D>(v[I], v[(I | D) % W], Count<W>{})), ...);
  if constexpr (D > 1) transpose_step<D / 2>(v, Ints<I...>{});
}
}  // namespace detail

/// Lane j of v[i] and lane i of v[j] change places.
template <class V, int W>
TENON_FN void transpose(V (&v)[W]) {
  static_assert(W == lanes<V>);
  if constexpr (W > 1) detail::transpose_step<W / 2>(v, detail::Count<W>{});
}

namespace detail {
template <int D, class V, int W, int... I>
TENON_FN void fold_step(V (&v)[W], Ints<I...>) {
  (exchange_lanes<D>(v[I], v[I + D], Count<W>{}), ...);
  ((v[I] += v[I + D]), ...);
  if constexpr (D > 1) fold_step<D / 2>(v, Count<D / 2>{});
}
}  // namespace detail

/// The sum of the lanes of v[i] in lane i: half as many packs after each round.
template <class V, int W>
TENON_FN V sums_of_lanes(V (&v)[W]) {
  static_assert(W == lanes<V>);
  if constexpr (W > 1) detail::fold_step<W / 2>(v, detail::Count<W / 2>{});
  return v[0];
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
