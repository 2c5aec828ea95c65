// tenon/simd/transpose.hpp: transposes W packs of W lanes in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks of half the size are exchanged each time: log2(W) rounds of W shuffles of two packs. Where the elements come
// from memory, loads may put 16 bytes of a row into their place; what is left are shuffles inside of 16 bytes, of which
// processors do more at a time, in fewer rounds.
#pragma once
#include <tenon/simd/lanes.hpp>
#include <tenon/simd/memory.hpp>
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
// The first halves of each 16 bytes of a and b, lane by lane in turn, or the second ones.
template <int Half, class V, int... I>
TENON_FN V riffled(V a, V b, Ints<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I)), L = 16 / static_cast<int>(sizeof(lane_t<V>));
  return shuffle<(I / L * L + Half * (L / 2) + I % L / 2 + I % 2 * W)...>(a, b);
}
template <class V, int L, int... I>
TENON_FN void riffle(V (&v)[L], Ints<I...>) {
  using Lanes = Count<lanes<V>>;
  const V w[] = {riffled<I % 2>(v[I / 2], v[I / 2 + L / 2], Lanes{})...};
  ((v[I] = w[I]), ...);
}
template <int Rounds, class V, int L>
TENON_FN void riffle_rounds(V (&v)[L]) {
  riffle(v, Count<L>{});
  if constexpr (Rounds > 1) riffle_rounds<Rounds / 2>(v);
}
// 16 bytes of each of rows that are L rows of `apart` elements apart.
template <class V>
TENON_FN V load_parts(const lane_t<V>* p, [[maybe_unused]] index_t apart) {
  if constexpr (sizeof(V) <= 16) {
    return load<V>(p);
  } else {
    using Half = pack<lane_t<V>, lanes<V> / 2>;
    return simd::concat(load_parts<Half>(p, apart), load_parts<Half>(p + lanes<Half> * apart, apart));
  }
}
}  // namespace detail

/// Columns from p on of as many rows as V has lanes, `apart` elements after each other: 16 bytes of each row, which are
/// v[0], v[1], ...
template <class V, int L>
TENON_FN void load_columns(V (&v)[L], const lane_t<V>* p, index_t apart) {
  static_assert(L * sizeof(lane_t<V>) == 16);
#pragma GCC unroll 16
  for (int r = 0; r < L; ++r, p += apart) v[r] = detail::load_parts<V>(p, apart);
  detail::riffle_rounds<L / 2>(v);
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
