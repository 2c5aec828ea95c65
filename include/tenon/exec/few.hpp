// tenon/exec/few.hpp: statements over few numbers of run-time extents: the row kernel in place, without a call.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row of n numbers is its last pack, which may overlap the one before it, or less than a pack, and whole packs up to
// there. The last one is computed first and written last, so that a row may be written over its operands. All begins
// with pointers in registers, where a call would begin with tables of them.
#pragma once
#include <tenon/exec/cpu/row.hpp>
#include <tenon/exec/in_registers.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// Whether program P into elements Out may be run in place.
template <class P, class Out, class List = loads_of<P>>
inline constexpr bool runs_in_place = false;
template <class P, class Out, class... L>
inline constexpr bool runs_in_place<P, Out, TypeList<L...>> = [] {
  if constexpr (lanes_of < P >> 1 && held_as_stored<Out> && __is_same(typename P::result, Out) &&
                all_held_as_stored<P>) {
    return (held_as_stored<typename L::type> && ... && true);
  } else {
    return false;
  }
}();
/// The most packs of a row, and of all rows.
inline constexpr index_t most_in_place = 16;
/// Whether P's work is not worth a call.
template <class P>
inline constexpr bool is_short = work_of<P> <= 24;

template <class V, class X>
TENON_INLINE V first_lanes_of(const X& x) {
  if constexpr (__is_same(V, X)) {
    return x;
  } else {
    return first_lanes_of<V>(simd::low_half(x));
  }
}
// The operands of program P at a row's first element.
template <class P, class S, class... L>
struct RowOperands;
template <class P, int... K, class... L>
struct RowOperands<P, Seq<K...>, L...> {
  static constexpr int W = lanes_of<P>;
  const void* at[sizeof...(L) + 1];
  tenon::detail::RegisterFile<Seq<K...>, typename SplatOf<typename L::type, L::constant, P, W>::type...> numbers;

  TENON_INLINE explicit RowOperands(const void* const* from) : at{from[K]..., nullptr} { (splat_one<K, L>(), ...); }
  template <int J, class V>
  TENON_INLINE V number() const {
    return first_lanes_of<V>(tenon::detail::reg<J>(const_cast<RowOperands*>(this)->numbers));
  }
  /// On by n elements of those that do not repeat.
  template <class Repeats>
  TENON_INLINE void next_row(index_t n) {
    (move_one<K, L, Repeats::at[K]>(n), ...);
  }
  /// Whether writing n elements to the result changes those that repeat, of which there are `each`.
  template <class Repeats>
  TENON_INLINE bool are_overwritten(const ByteRange& result, index_t each) const {
    return (is_overwritten<K, L, Repeats::at[K]>(result, each) || ...);
  }

 private:
  template <int J, class Lo>
  TENON_INLINE void splat_one() {
    if constexpr (Lo::constant) {
      using T = typename Lo::type;
      tenon::detail::reg<J>(numbers) = splat<register_t<T, P, W>>(static_cast<const T*>(at[J]));
    }
  }
  template <int J, class Lo, bool Repeats>
  TENON_INLINE void move_one(index_t n) {
    if constexpr (!Lo::constant && !Repeats) at[J] = static_cast<const typename Lo::type*>(at[J]) + n;
  }
  template <int J, class Lo, bool Repeats>
  TENON_INLINE bool is_overwritten(const ByteRange& result, index_t each) const {
    if constexpr (Lo::constant || !Repeats) {
      return false;
    } else {
      const char* const from = static_cast<const char*>(at[J]);
      return result.overlaps({from, from + each * static_cast<index_t>(sizeof(typename Lo::type))});
    }
  }
};
template <class P, class List>
struct RowOperandsOf;
template <class P, class... L>
struct RowOperandsOf<P, TypeList<L...>> {
  using type = RowOperands<P, make_seq<static_cast<int>(sizeof...(L))>, L...>;
};
template <class P>
using row_operands = typename RowOperandsOf<P, loads_of<P>>::type;

// Lanes of the operands: the pack that begins at element i; the last of n elements; the first n < W from i on.
template <class P>
struct PackAt {
  const row_operands<P>& x;
  index_t i;
  template <class V, class T>
  TENON_INLINE V lanes(const T* p) const {
    return simd::load<V>(p + i);
  }
};
template <class P>
struct LastPack {
  const row_operands<P>& x;
  index_t n;
  template <class V, class T>
  TENON_INLINE V lanes(const T* p) const {
    return simd::load_last<V>(p, n);
  }
};
template <class P>
struct PackPart {
  const row_operands<P>& x;
  index_t i, n;
  template <class V, class T>
  TENON_INLINE V lanes(const T* p) const {
    return simd::load_partial<V>(p + i, n, simd::broadcast<V>(p[i]));
  }
};
template <class P, class From>
struct LanesFrom {
  From from;
  template <int J, class V, class T>
  TENON_INLINE V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    if constexpr (at_t<J, loads_of<P>>::constant) {
      return from.x.template number<J, V>();
    } else {
      return from.template lanes<V>(static_cast<const T*>(from.x.at[J]));
    }
  }
};
template <class P, int W = lanes_of<P>, class From>
TENON_INLINE auto computed(const From& from) {
  Machine<P, W> machine;
  machine.run(LanesFrom<P, From>{from});
  return machine.result();
}

// The last n <= lanes elements of a plane, as load_last has them. Those that lie within a register are loaded at once
// and picked; others one by one.
template <class V>
[[gnu::noinline]] V load_plane(const simd::lane_t<V>* p, const Plane& plane, index_t n) {
  constexpr index_t W = simd::lanes<V>;
  using I = simd::int_of<sizeof(simd::lane_t<V>)>;
  using At = simd::rebind_t<V, I>;
  const index_t span = (plane.m - 1) * plane.outer + (plane.n - 1) * plane.stride + 1;
  if constexpr (simd::has_permute<V> && W <= 16) {
    if (plane.outer >= 0 && plane.stride >= 0 && span <= W) {
      static constexpr I numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
      // Quotients of numbers below 16 by numbers up to 16, in 256ths.
      static constexpr unsigned short over[17] = {0, 256, 128, 86, 64, 52, 43, 37, 32, 29, 26, 24, 22, 20, 19, 18, 16};
      const auto all = [](index_t x) { return simd::broadcast<At>(static_cast<I>(x)); };
      const At k = simd::load_last<At>(numbers, n), row = (k * all(over[plane.n])) >> 8;
      const At at = row * all(plane.outer) + (k - row * all(plane.n)) * all(plane.stride);
      index_t whole = W;  // elements of the first piece; the last piece ends with the last lanes of as many again
      while (whole > span) whole /= 2;
      const index_t gap = whole == W ? 0 : 2 * whole - span;
      return simd::permute(simd::load_last<V>(p, span), At(at + ((at >= all(whole)) & all(gap))));
    }
  }
  simd::lane_t<V> elements[W];
  index_t k = 0;
  for (index_t i = 0; i < plane.m; ++i)
    for (index_t j = 0; j < plane.n; ++j) elements[k++] = p[i * plane.outer + j * plane.stride];
  return simd::load_last<V>(elements, n);
}

// Lanes of the narrowest registers, if they are fewer than those of P: rows of so many elements are frequent (vectors
// and rows of matrices in space), and take half the instructions of other rows that are less than a pack.
template <class P>
inline constexpr int narrow_lanes = [] {
  constexpr int lanes = 16 / tenon::detail::widest(static_cast<P*>(nullptr));
  return lanes > 1 && lanes < lanes_of<P> && most_cost<P> <= 8 ? lanes : 0;
}();
/// A row of n >= 1 elements: less than a pack, or packs.
template <class P, class Out>
TENON_INLINE void short_row_in_place(const row_operands<P>& x, Out* out, index_t n) {
  simd::store_last(out, computed<P>(LastPack<P>{x, n}), n);
}
template <class P, class Out>
TENON_INLINE void long_row_in_place(const row_operands<P>& x, Out* out, index_t n) {
  constexpr index_t W = lanes_of<P>;
  const index_t before = n - W;
  const auto last = computed<P>(PackAt<P>{x, before});
  for (index_t i = 0; i < before; i += W) simd::store(out + i, computed<P>(PackAt<P>{x, i}));
  simd::store(out + before, last);
}
template <class P, class Out>
TENON_INLINE void row_in_place(const row_operands<P>& x, Out* out, index_t n) {
  if constexpr (narrow_lanes < P >> 0)
    if (n == narrow_lanes<P>) {
      simd::store(out, computed<P, narrow_lanes<P>>(PackAt<P>{x, 0}));
      return;
    }
  if (n < lanes_of<P>)
    short_row_in_place<P>(x, out, n);
  else
    long_row_in_place<P>(x, out, n);
}

// Which operands repeat from row to row.
template <class P>
struct NoneRepeats {
  static constexpr bool at[P::loads + 1] = {};
};
// Operands of rows of n elements, a power of two that packs consist of, as packs over several rows meet them: what
// repeats from row to row does so within packs.
template <class P, class Repeats, class S, class... L>
struct ShortRows;
template <class P, class Repeats, int... K, class... L>
struct ShortRows<P, Repeats, Seq<K...>, L...> {
  tenon::detail::RegisterFile<Seq<K...>, register_t<typename L::type, P, lanes_of<P>>...> repeated;

  TENON_INLINE ShortRows(const row_operands<P>& x, index_t n) { (take<K, L>(x, n), ...); }
  template <class From>
  TENON_INLINE auto computed(const From& from) {
    Machine<P, lanes_of<P>> machine;
    machine.run([&]<int J, class V, class T>(Seq<J> j, TypeTag<V> v, TypeTag<T> t) __attribute__((always_inline)) {
      if constexpr (Repeats::at[J] && !at_t<J, TypeList<L...>>::constant) {
        return tenon::detail::reg<J>(repeated);
      } else {
        return LanesFrom<P, From>{from}(j, v, t);
      }
    });
    return machine.result();
  }

 private:
  template <int J, class Lo>
  TENON_INLINE void take(const row_operands<P>& x, index_t n) {
    using T = typename Lo::type;
    if constexpr (Repeats::at[J] && !Lo::constant)
      tenon::detail::reg<J>(repeated) =
          simd::load_last<register_t<T, P, lanes_of<P>>>(static_cast<const T*>(x.at[J]), n);
  }
};
template <class P, class Repeats, class List>
struct ShortRowsOf;
template <class P, class Repeats, class... L>
struct ShortRowsOf<P, Repeats, TypeList<L...>> {
  using type = ShortRows<P, Repeats, make_seq<static_cast<int>(sizeof...(L))>, L...>;
};
template <class P, class Repeats, class Out>
TENON_INLINE void short_rows_in_place(const row_operands<P>& x, Out* out, index_t size, index_t n) {
  constexpr index_t W = lanes_of<P>;
  typename ShortRowsOf<P, Repeats, loads_of<P>>::type rows(x, n);
  const auto last = rows.computed(LastPack<P>{x, size});
  for (index_t i = 0; i + W < size; i += W) simd::store(out + i, rows.computed(PackAt<P>{x, i}));
  simd::store_last(out, last, size);
}
/// Rows one behind the other.
template <class P, class Repeats, class Out>
TENON_INLINE void rows_in_place(row_operands<P> x, Out* out, index_t rows, index_t n) {
  constexpr index_t W = lanes_of<P>;
  if (n <= W && (n & (n - 1)) == 0) {
    short_rows_in_place<P, Repeats>(x, out, rows * n, n);
  } else if (n > W) {
    for (; rows > 0; --rows, out += n) {
      long_row_in_place<P>(x, out, n);
      x.template next_row<Repeats>(n);
    }
  } else {
    for (; rows > 0; --rows, out += n) {
      short_row_in_place<P>(x, out, n);
      x.template next_row<Repeats>(n);
    }
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
