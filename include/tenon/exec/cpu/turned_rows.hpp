// tenon/exec/cpu/turned_rows.hpp: statements over transposed matrices, which are turned in registers on their way in.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of a view whose columns are contiguous 16 bytes of each column are some rows of a pack, by loads into place and a few
// shuffles: no buffer, and what is loaded is used at once. Sixteen rows go together, so that lines of the view are used
// up while they are near.
#pragma once
#include <tenon/exec/few.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// Operands of a matrix of rows by columns: where they begin, the elements from row to row or, of those that are
/// turned, from column to column.
template <int N>
struct TurnedOperands {
  index_t rows, columns;
  ByteRange result;
  bool whole;  // no element is computed twice
  const void* at[N];
  index_t step[N];
  bool turned[N], any = false;
  int count = 0;

  template <class T>
  TENON_INLINE bool add(const T* data, bool again) {
    return put(data, again ? 0 : columns, false, again ? 1 : rows);
  }
  /// Elements of T by a map of extents F, which are E's.
  template <class T, class F, class E>
  TENON_INLINE bool add_view(const T* data, const StridedMap& m, const E& e) {
    if constexpr (F::rank != 2) {
      return false;
    } else {
      if (m.extents.d[0] != e[0] || m.extents.d[1] != e[1]) return false;
      const index_t down = m.strides.d[0], along = m.strides.d[1];
      const bool turns = along != 1;
      any = any || turns;
      return (!turns || down == 1) && put(data + m.offset, turns ? along : down, turns, rows);
    }
  }

 private:
  // False if writing rows may change what is read later.
  template <class T>
  TENON_INLINE bool put(const T* data, index_t s, bool turns, index_t height) {
    at[count] = data;
    step[count] = s;
    turned[count++] = turns;
    const index_t reach = s * ((turns ? columns : height) - 1), run = turns ? height : columns;
    const char* const first = reinterpret_cast<const char*>(data + (reach < 0 ? reach : 0));
    const char* const last = reinterpret_cast<const char*>(data + (reach > 0 ? reach : 0) + run);
    return !result.overlaps({first, last}) ||
           (whole && !turns && height == rows && first == result.lo && last == result.hi);
  }
};
/// More bytes than these are turned block by block, as walks along their columns would miss the caches.
inline constexpr index_t turned_bytes = 262144;

// Views: the operands that may be turned, and the bytes of their elements (0: they differ).
template <class P, class Out, class Views>
inline constexpr bool turns_rows = [] {
  if constexpr (runs_in_place<P, Out>) {
    return (Views::bytes == 4 || Views::bytes == 8) && 16 / Views::bytes * length_of<P> <= 32;
  } else {
    return false;
  }
}();
// In packs of W lanes.
template <class P, int W, class Out, class Views, class S, class... L>
struct TurnedRows;
template <class P, int W, class Out, class Views, int... K, class... L>
struct TurnedRows<P, W, Out, Views, Seq<K...>, L...> {
  static constexpr int side = 16 / Views::bytes;
  static constexpr index_t together = 16;
  template <class T>
  struct Rows {
    register_t<T, P, W> v[side];
  };
  static constexpr bool one = (Views::at[K] + ... + 0) == 1;  // that is turned, else nothing is
  const void* at[P::loads + 1];
  index_t step[P::loads + 1];
  bool turned[P::loads + 1];
  tenon::detail::RegisterFile<Seq<K...>, typename SplatOf<typename L::type, L::constant, P, W>::type...> numbers;
  tenon::detail::RegisterFile<Seq<K...>, Rows<typename L::type>...> rows;

  template <int N>
  TENON_INLINE explicit TurnedRows(const TurnedOperands<N>& from) {
    (take<K, L>(from), ...);
  }
  // `side` rows of a pack, from row i and column j on.
  TENON_INLINE void tile(Out* out, index_t columns, index_t i, index_t j) {
    // Pointers are made anew: those that compilers would keep instead, one for each load, do not fit into registers.
    i = tenon::detail::on_its_own(i);
    (turn<K, L>(i, j), ...);
    out += i * columns + j;
#pragma GCC unroll 4
    for (int r = 0; r < side; ++r, out += columns) {
      Machine<P, W> machine;
      machine.run([&]<int J, class V, class T>(Seq<J>, TypeTag<V>, TypeTag<T>) __attribute__((always_inline)) {
        if constexpr (at_t<J, TypeList<L...>>::constant) {
          return tenon::detail::reg<J>(numbers);
        } else if constexpr (Views::at[J]) {
          return tenon::detail::reg<J>(rows).v[r];
        } else {
          return simd::load<V>(static_cast<const T*>(at[J]) + (i + r) * step[J] + j);
        }
      });
      simd::store(out, machine.result());
    }
  }

 private:
  template <int J, class Lo, int N>
  TENON_INLINE void take(const TurnedOperands<N>& from) {
    using T = typename Lo::type;
    at[J] = from.at[J];
    step[J] = from.step[J];
    turned[J] = one ? Views::at[J] : from.turned[J];
    if constexpr (Lo::constant)
      tenon::detail::reg<J>(numbers) = splat<register_t<T, P, W>>(static_cast<const T*>(at[J]));
  }
  template <int J, class Lo>
  TENON_INLINE void turn(index_t i, index_t j) {
    if constexpr (Views::at[J] && !Lo::constant) {
      using V = register_t<typename Lo::type, P, W>;
      auto& v = tenon::detail::reg<J>(rows).v;
      const auto* const p = static_cast<const typename Lo::type*>(at[J]);
      if (turned[J]) {
        simd::load_columns(v, p + i + j * step[J], step[J]);
      } else {
#pragma GCC unroll 4
        for (int r = 0; r < side; ++r) v[r] = simd::load<V>(p + (i + r) * step[J] + j);
      }
    }
  }
};
template <class P, int W, class Out, class Views, class List>
struct TurnedRowsOf;
template <class P, int W, class Out, class Views, class... L>
struct TurnedRowsOf<P, W, Out, Views, TypeList<L...>> {
  using type = TurnedRows<P, W, Out, Views, make_seq<static_cast<int>(sizeof...(L))>, L...>;
};
template <class P, int W, class Out, class Views>
using turning_rows = typename TurnedRowsOf<P, W, Out, Views, loads_of<P>>::type;
/// At least as many rows and columns as are computed at once; the last ones may be computed twice.
template <class P, int W, class Out, class Views, class Operands>
[[gnu::noinline]] void run_turned(const Operands& operands, Out* out) {
  using Rows = turning_rows<P, W, Out, Views>;
  Rows rows(operands);
  const index_t columns = operands.columns, height = operands.rows;
  const index_t last_row = height - Rows::side, last_column = columns - W;
  for (index_t block = 0; block < height; block += Rows::together) {
    const index_t end = block + Rows::together < height ? block + Rows::together : height;
    for (index_t j = 0; j < columns; j += W)
      for (index_t i = block; i < end; i += Rows::side)
        rows.tile(out, columns, i < last_row ? i : last_row, j < last_column ? j : last_column);
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
