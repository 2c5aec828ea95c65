// tenon/exec/cpu/finishing_tile.hpp: a tile of a product whose sums a program finishes before they leave the registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where sums are short, storing them for the row kernel and reading them back takes as long as several steps. So full
// tiles of plain float or double have one kernel more for each short program; all other tiles, and sums that are not
// done in one block, go through the row kernel.
#pragma once
#include <tenon/exec/cpu/contraction_blocks.hpp>
#include <tenon/exec/cpu/micro_kernel.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Whether program P can finish sums of type S: its registers hold as many numbers, and it is short.
template <class P, class S>
inline constexpr bool finishes_tiles =
    (__is_same(S, float) || __is_same(S, double)) && lanes_of<P> > 1 && lanes_of<P> == simd::native_lanes<S> &&
    !alternates<P> && goes_in_pairs<P>;

// The leaves of a row of a tile; leaf At is the row of sums, in registers.
template <int At, int Pack, class Leaves, class V>
struct SumsAndLeaves {
  const Leaves& leaves;
  const V& sum;
  template <int J, class X, class T>
  TENON_FN X operator()(Seq<J>, TypeTag<X>, TypeTag<T>) const {
    if constexpr (J == At) {
      return sum;
    } else {
      return leaves.template get<J, X, T>(Pack);
    }
  }
};

template <class P, int At, class Out, class T, int R, int N>
struct FinishedRows {
  static constexpr int W = simd::native_lanes<T>;
  using V = simd::native<T>;

  template <int Pack, class Leaves>
  TENON_INLINE static void finish(const V& sum, const Leaves& leaves, Out* out, bool streamed) {
    Machine<P, W> machine;
    machine.run(SumsAndLeaves<At, Pack, Leaves, V>{leaves, sum});
    const auto v = machine.result();
    if constexpr (simd::is_pack<bare_t<decltype(v)>> && sizeof(v) == simd::native_bytes && sizeof(Out) * W == sizeof(v))
      if (streamed) return stream(out + Pack * W, v);
    store_lanes(out + Pack * W, v);
  }
  template <int Row, int... Pack>
  TENON_INLINE static void row(const Tile<T, R, N>& t, const TileEnd& end, Seq<Pack...>) {
    const void* source[P::loads];
    for (int l = 0; l < P::loads; ++l) source[l] = end.source[l] + Row * end.row_bytes[l];
    typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
    leaves.start(source, contiguous.all);
    Out* const out = reinterpret_cast<Out*>(end.out + Row * end.out_row);
    (finish<Pack>(t.sum[Row * N + Pack], leaves, out, end.streamed), ...);
  }
  template <int... Row>
  TENON_INLINE static void rows(const Tile<T, R, N>& t, const TileEnd& end, Seq<Row...>) {
    (row<Row>(t, end, make_seq<N>{}), ...);
  }
};

template <class P, int At, class Out, class T>
[[gnu::noinline]] void finishing_tile(index_t k, const void* a, index_t a_row, index_t a_step, const void* b,
                                      index_t b_step, const TileEnd& end) {
  constexpr int R = full_rows<T>, N = tile_packs<T>;
  Tile<T, R, N> t{};
  t.run(k, static_cast<const T*>(a), a_row, a_step, static_cast<const T*>(b), b_step, make_seq<Tile<T, R, N>::bases>{});
  FinishedRows<P, At, Out, T, R, N>::rows(t, end, make_seq<R>{});
}

/// How a program whose load At is the product finishes tiles of sums of type S; nothing if it does not.
template <class P, int At, class Out, class S>
constexpr TileEpilogue tile_epilogue() {
  if constexpr (finishes_tiles<P, S>) {
    return {finishing_tile<P, At, Out, S>, LoadTable<loads_of<P>>::constant};
  } else {
    return {};
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
