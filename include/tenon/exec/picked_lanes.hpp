// tenon/exec/picked_lanes.hpp: few numbers of static extents, loaded into lanes from where they lie in memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the types tell the places, lanes are picked by shuffles that are constants. Of a view whose strides come when
// it runs all registers are loaded at once: rows apart in pieces, columns as a matrix that is transposed on the way,
// anything else number by number.
#pragma once
#include <tenon/expr/node.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Where the elements of W lanes lie, the first of which is element `first` of E; those past the end repeat the first.
template <int W>
struct LaneOffsets {
  int at[W] = {};
  int least = 0, span = 0;  // elements between the first and the last of them in memory
  bool same = true;
};
template <int W, class E>
constexpr LaneOffsets<W> lane_offsets(StridedMap m, index_t first) {
  const Dims e = E::static_dims();
  m.broadcast_to(e);
  LaneOffsets<W> o;
  int most = 0;
  for (int l = 0; l < W; ++l) {
    index_t k = first + l < e.size() ? first + l : first, offset = m.offset;
    for (int a = e.rank - 1; a >= 0; --a) {
      offset += k % e.d[a] * m.strides.d[a];
      k /= e.d[a];
    }
    o.at[l] = static_cast<int>(offset);
    o.least = l == 0 || o.at[l] < o.least ? o.at[l] : o.least;
    most = l == 0 || o.at[l] > most ? o.at[l] : most;
    o.same = o.same && o.at[l] == o.at[0];
  }
  o.span = most - o.least + 1;
  return o;
}
// The maps of views that are looked for.
template <class E>
struct InRows {
  static constexpr StridedMap map() { return {E::static_dims(), row_major(E::static_dims()), 0}; }
};
template <class E>
struct InColumns {
  static constexpr StridedMap map() {
    constexpr index_t rows = E::rank == 2 ? E::static_extent(0) : 1;
    return {E::static_dims(), {E::rank, {1, rows}}, 0};
  }
};
template <class Map, class E, int W, int Pack>
inline constexpr LaneOffsets<W> offsets_of = lane_offsets<W, E>(Map::map(), static_cast<index_t>(Pack) * W);

// Lanes are picked from a register that holds them all, or from two, or else are loaded one by one.
template <class T>
constexpr int lanes_around(int span, int W) {
  int lanes = W;
  while (lanes < span && lanes * 2 <= simd::native_lanes<T>) lanes *= 2;
  return lanes;
}
template <class T, int W, class Map, class E, int Pack>
inline constexpr bool lane_by_lane = [] {
  constexpr int span = offsets_of<Map, E, W, Pack>.span, around = lanes_around<T>(span, W);
  return span > (around == W ? 2 * W : around);
}();
template <class V, class Map, class E, int Pack, int... I>
TENON_INLINE V load_by(const simd::lane_t<V>* p, Seq<I...>) {
  using T = simd::lane_t<V>;
  constexpr int W = simd::lanes<V>;
  constexpr LaneOffsets<W> o = offsets_of<Map, E, W, Pack>;
  constexpr int around = lanes_around<T>(o.span, W);
  if constexpr (o.same) {
    return simd::broadcast<V>(p[o.least]);
  } else if constexpr (o.span <= around) {
    return simd::pick<V, (o.at[I] - o.least)...>(simd::load_first<simd::pack<T, around>, o.span>(p + o.least));
  } else if constexpr (!lane_by_lane<T, W, Map, E, Pack>) {
    return simd::shuffle<(o.at[I] - o.least)...>(simd::load<V>(p + o.least),
                                                 simd::load_first<V, o.span - W>(p + o.least + W));
  } else {
    return V{p[o.at[I]]...};
  }
}

// Lanes from element First on of a view with any strides, one by one; by 16 bytes, as gcc would put more together in
// memory.
template <class V, class E, index_t First, int... I>
TENON_INLINE V load_strided(const simd::lane_t<V>* p, index_t outer, index_t inner, Seq<I...>) {
  if constexpr (sizeof(V) > 16) {
    using Half = simd::pack<simd::lane_t<V>, simd::lanes<V> / 2>;
    using Lanes = make_seq<simd::lanes<Half>>;
    return simd::concat(load_strided<Half, E, First>(p, outer, inner, Lanes{}),
                        load_strided<Half, E, First + simd::lanes<Half>>(p, outer, inner, Lanes{}));
  } else {
    constexpr index_t columns = E::static_extent(E::rank - 1), size = static_size<E>;
    constexpr auto in = [](index_t i) { return First + i < size ? First + i : 0; };
    return V{p[in(I) / columns * outer + in(I) % columns * inner]...};
  }
}

// ---- views, all registers at once ----------------------------------------------------------------------------------

/// A view of extents E in packs of W lanes; those past the end repeat some of the elements.
template <class T, int W, class E>
struct HeldView {
  using V = simd::pack<T, W>;
  static constexpr index_t size = static_size<E>, columns = E::static_extent(E::rank - 1), rows = size / columns;
  static constexpr int packs = static_cast<int>((size + W - 1) / W);
  // Lanes of a piece of a row, of which a pack has one or several; 0 where rows end within a piece.
  static constexpr int piece = columns % W == 0 ? W : W % columns == 0 ? static_cast<int>(columns) : 0;
  // 16 bytes of as many rows as a piece has lanes are turned at once.
  static constexpr int side = 16 / static_cast<int>(sizeof(T));
  static constexpr bool turns = E::rank == 2 && piece >= side && rows % side == 0;
  template <int... K>
  static constexpr bool all_picked(Seq<K...>) {
    return !(lane_by_lane<T, W, InColumns<E>, E, K> || ...);
  }
  static constexpr bool picks = all_picked(make_seq<packs>{});
  static constexpr bool two = packs == 2;  // registers, from which all lanes are picked

  V pack[packs];

  /// Strides of extents of 1 do not matter.
  TENON_INLINE void load(const T* p, index_t outer, index_t inner) {
    using All = make_seq<packs>;
    const bool in_rows = columns == 1 || inner == 1, in_columns = E::rank == 2 && (rows == 1 || outer == 1);
    if (in_rows && (rows == 1 || outer == columns)) return load_dense<InRows<E>>(p, All{});
    if constexpr (E::rank == 2 && (two || picks))
      if (in_columns && (columns == 1 || inner == rows)) {
        if constexpr (two) return pick_columns(p, make_seq<W>{});
        return load_dense<InColumns<E>>(p, All{});
      }
    if constexpr (E::rank == 2 && piece > 0)
      if (in_rows) return load_rows(p, outer, All{});
    if constexpr (turns)
      if (in_columns) return load_columns(p, inner, make_seq<rows / side>{}, make_seq<columns / piece>{}, All{});
    // Parts of larger matrices come here, too, where rows do not fill registers: in place if they are few.
    if constexpr (piece == 0 && size <= 16)
      load_each(p, outer, inner, All{});
    else
      load_all(strided(p, outer, inner, All{}), All{});
  }
  /// To rows of neighbours.
  TENON_INLINE void store_rows(T* p, index_t outer) const { store_packs(p, outer, make_seq<packs>{}); }

 private:
  template <class Map, int... K>
  TENON_INLINE void load_dense(const T* p, Seq<K...>) {
    ((pack[K] = load_by<V, Map, E, K>(p, make_seq<W>{})), ...);
  }
  template <int... I>
  TENON_INLINE void pick_columns(const T* p, Seq<I...>) {
    const V low = simd::load<V>(p), high = simd::load_first<V, size - W>(p + W);
    pack[0] = simd::shuffle<offsets_of<InColumns<E>, E, W, 0>.at[I]...>(low, high);
    pack[1] = simd::shuffle<offsets_of<InColumns<E>, E, W, 1>.at[I]...>(low, high);
  }
  // The lanes of R from element First on; the first elements stand for those past the end.
  template <class R, index_t First>
  TENON_INLINE static R of_rows(const T* p, index_t outer) {
    if constexpr (simd::lanes<R> <= piece) {
      constexpr index_t at = First < size ? First : 0;
      return simd::load<R>(p + at / columns * outer + at % columns);
    } else {
      using Half = simd::pack<T, simd::lanes<R> / 2>;
      return simd::concat(of_rows<Half, First>(p, outer), of_rows<Half, First + simd::lanes<Half>>(p, outer));
    }
  }
  template <int... K>
  TENON_INLINE void load_rows(const T* p, index_t outer, Seq<K...>) {
    ((pack[K] = of_rows<V, K * W>(p, outer)), ...);
  }
  template <int... K>
  TENON_INLINE void store_packs(T* p, index_t outer, Seq<K...>) const {
    (to_rows<K * W>(p, outer, pack[K]), ...);
  }
  template <index_t First, class R>
  TENON_INLINE static void to_rows(T* p, index_t outer, const R& v) {
    if constexpr (First >= size) {
      return;
    } else if constexpr (simd::lanes<R> <= piece) {
      simd::store(p + First / columns * outer + First % columns, v);
    } else {
      to_rows<First>(p, outer, simd::low_half(v));
      to_rows<First + simd::lanes<R> / 2>(p, outer, simd::high_half(v));
    }
  }
  struct Pieces {
    simd::pack<T, piece> v[size / piece];
  };
  template <class R, int First>
  TENON_INLINE static R of_pieces(const Pieces& x) {
    if constexpr (simd::lanes<R> == piece) {
      return x.v[First < size / piece ? First : 0];
    } else {
      using Half = simd::pack<T, simd::lanes<R> / 2>;
      constexpr int pieces = simd::lanes<Half> / piece;
      return simd::concat(of_pieces<Half, First>(x), of_pieces<Half, First + pieces>(x));
    }
  }
  template <int I, int J, int... R>
  TENON_INLINE static void turn(Pieces& x, const T* p, index_t inner, Seq<R...>) {
    simd::pack<T, piece> v[side];
    simd::load_columns(v, p + I * side + J * piece * inner, inner);
    ((x.v[(I * side + R) * (columns / piece) + J] = v[R]), ...);
  }
  template <int I, int... J>
  TENON_INLINE static void turn_rows(Pieces& x, const T* p, index_t inner, Seq<J...>) {
    (turn<I, J>(x, p, inner, make_seq<side>{}), ...);
  }
  template <int... I, int... J, int... K>
  TENON_INLINE void load_columns(const T* p, index_t inner, Seq<I...>, Seq<J...>, Seq<K...>) {
    Pieces x;
    (turn_rows<I>(x, p, inner, Seq<J...>{}), ...);
    ((pack[K] = of_pieces<V, K * W / piece>(x)), ...);
  }
  template <int... K>
  TENON_INLINE void load_each(const T* p, index_t outer, index_t inner, Seq<K...>) {
    ((pack[K] = load_strided<V, E, K * W>(p, outer, inner, make_seq<W>{})), ...);
  }
  template <int... K>
  [[gnu::noinline]] static HeldView strided(const T* p, index_t outer, index_t inner, Seq<K...>) {
    HeldView x;
    x.load_each(p, outer, inner, Seq<K...>{});
    return x;
  }
  template <int... K>
  TENON_INLINE void load_all(const HeldView& x, Seq<K...>) {
    ((pack[K] = x.pack[K]), ...);
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
