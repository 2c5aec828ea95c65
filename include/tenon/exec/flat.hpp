// tenon/exec/flat.hpp: statements over dense operands, which need no loop nest: pointers and a row kernel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Most statements meet operands of one shape, element on element, or repeat a vector over rows (a layer's bias). What a
// loop nest finds out about them takes longer than a few hundred numbers. Small views are copied to be dense.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/cpu/repeated_rows.hpp>
#include <tenon/exec/cpu/turned_rows.hpp>
#include <tenon/exec/executor.hpp>
#include <tenon/exec/few.hpp>
#include <tenon/exec/flat_operands.hpp>
#include <tenon/exec/hoist.hpp>
#include <tenon/expr/program.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// The bytes of elements of so many bytes.
inline ByteRange plane_range(const char* from, const Plane& p, index_t bytes) {
  const index_t along = p.stride * (p.n - 1), down = p.outer * (p.m - 1);
  return {from + ((along < 0 ? along : 0) + (down < 0 ? down : 0)) * bytes,
          from + ((along > 0 ? along : 0) + (down > 0 ? down : 0) + 1) * bytes};
}
// Copies aside what a kernel cannot walk as it is: views with gaps, unless it goes by rows and they lie in rows, and
// those that the result `out` of so many bytes overlaps otherwise than element on element. False if there is not enough
// room.
[[gnu::noinline]] inline bool gather_views(const void** at, FlatView* view, int views, const void* out,
                                           index_t out_element, index_t out_bytes, bool by_rows, char* place,
                                           index_t room) {
  const char* const first = static_cast<const char*>(out);
  const ByteRange result{first, first + out_bytes};
  for (; views > 0; --views, ++view) {
    const char* const from = static_cast<const char*>(at[view->operand]);
    const Plane& p = view->plane;
    const index_t bytes = p.n * p.m * view->bytes;
    if (view->dense && (!result.overlaps({from, from + bytes}) || (from == first && view->bytes == out_element)))
      continue;
    if (by_rows && p.m > 1 && (p.stride == 0 || p.stride == 1) && !result.overlaps(plane_range(from, p, view->bytes))) {
      view->in_rows = true;
      continue;
    }
    // Two numbers of four bytes, taken for a word, may lie between words.
    const bool aligned = reinterpret_cast<__UINTPTR_TYPE__>(from) % static_cast<size_t>(unit_of(view->bytes)) == 0;
    if (bytes > room || !can_stage(view->bytes) || !aligned) return false;
    if (p.outer == 1 && p.m > 1 && is_word(view->bytes))
      turn(place, p.n, from, p.stride, view->bytes, p.m, p.n);
    else
      gather(place, from, view->bytes, p);
    at[view->operand] = place;
    constexpr index_t line = alignment;
    const index_t used = (bytes + line - 1) / line * line;
    place += used;
    room -= used;
  }
  return true;
}
template <class P, int Rank, class E, class Out, class Operands>
TENON_INLINE bool run_flat(const E& e, index_t size, Out* out, Operands& operands) {
  if constexpr (Rank == E::rank) {
    exec::row<P, Out>(out, 1, operands.at, unit_strides, size);
    return true;
  } else {
    index_t rows = 1;
    for (int a = 0; a < E::rank - Rank; ++a) rows *= e[a];
    return size == 0 || drive_repeated({exec::row<P, Out>, load_bytes<P>, LoadTable<loads_of<P>>::constant, P::loads,
                                        packed_rows_of<P, Out>()},
                                       out, sizeof(Out), operands.at, operands.repeats, rows, size / rows);
  }
}
// A register of elements of views.
template <class P, class Views>
struct LanesOfViews {
  const row_operands<P>& x;
  const Views& views;
  index_t n;
  template <int J, class V, class T>
  TENON_INLINE V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    if constexpr (at_t<J, loads_of<P>>::constant) {
      return x.template number<J, V>();
    } else {
      const T* const p = static_cast<const T*>(x.at[J]);
      const int view = views.view_of[J];
      if (view < 0 || views.view[view].dense) return simd::load_last<V>(p, n);
      return load_plane<V>(p, views.view[view].plane, n);
    }
  }
};
// All is read before anything is written, so that any operand may overlap the result.
template <class P, class Out, class Views>
TENON_INLINE void run_register(const Views& views, Out* out, index_t n) {
  Machine<P, lanes_of<P>> machine;
  machine.run(LanesOfViews<P, Views>{row_operands<P>(views.at), views, n});
  simd::store_last(out, machine.result(), n);
}
// Rows whose operands lie in rows, some of them apart; false if the kernel does not take them so.
[[gnu::noinline]] inline bool run_in_rows(const PackedRow& kernel, const void** at, const FlatView* view, int views,
                                          void* out, index_t rows, index_t n) {
  index_t stride[most_flat_loads], step[most_flat_loads];
  for (int k = 0; k < kernel.loads; ++k) {
    stride[k] = 1;
    step[k] = kernel.constant[k] ? 0 : n * kernel.bytes[k];
  }
  for (; views > 0; --views, ++view) {
    if (!view->in_rows) continue;
    stride[view->operand] = view->plane.stride;
    step[view->operand] = view->plane.outer * view->bytes;
  }
  if (!takes_planes(&kernel, stride, n)) return false;
  run_plane(kernel, out, at, stride, n, {rows, n * kernel.out_bytes, step});
  return true;
}
template <class N, class Out>
[[gnu::noinline]] bool write_views(const N& n, Out* out, index_t size) {
  using P = program_of<N>;
  using E = typename N::extents_type;
  const E& e = tenon::detail::extents_in_place(n);
  FlatViews<P::loads + 1> operands;
  alignas(alignment) char aside[aside_bytes];
  constexpr index_t bytes = sizeof(Out);
  constexpr bool has_rows = E::rank == 2 && flat_rank<N, E> == 2 && lanes_of < P >> 1;
  const bool by_rows = has_rows && size > 0 && e[E::rank - 1] >= lanes_of<P>;
  if (!flat_operands(n, e, operands)) return false;
  if constexpr (runs_in_place<P, Out> && flat_rank<N, E> == E::rank && E::rank <= 2)
    if (size > 0 && size <= lanes_of<P>) {
      run_register<P>(operands, out, size);
      return true;
    }
  if (!gather_views(operands.at, operands.view, operands.views, out, bytes, size * bytes, by_rows, aside,
                    static_cast<index_t>(sizeof(aside))))
    return false;
  if constexpr (has_rows) {
    bool apart = false;
    for (int v = 0; v < operands.views; ++v) apart = apart || operands.view[v].in_rows;
    if (apart) return run_in_rows(packed_rows<P, Out>, operands.at, operands.view, operands.views, out, e[0], e[1]);
  }
  return run_flat<P, flat_rank<N, E>>(e, size, out, operands);
}
// Pointers to the operands are all that a kernel needs of a node of dense leaves.
template <class N, class Out>
TENON_INLINE bool write_dense(const N& n, Out* out, index_t size) {
  using P = program_of<N>;
  using E = typename N::extents_type;
  const E& e = tenon::detail::extents_in_place(n);
  if (size * static_cast<index_t>(sizeof(Out)) >= streamed_bytes || goes_in_parts(size)) return false;
  FlatOperands<P::loads + 1> operands;
  return flat_operands(n, e, operands) && run_flat<P, flat_rank<N, E>>(e, size, out, operands);
}
template <class N, class Out>
[[gnu::noinline]] bool write_many(const N& n, Out* out, index_t size) {
  if constexpr (has_views<N, typename N::extents_type>) {
    if (size * static_cast<index_t>(sizeof(Out)) >= streamed_bytes || goes_in_parts(size)) return false;
    return write_views(n, out, size);
  } else {
    return write_dense(n, out, size);
  }
}
// The elements of axes [First, Last) of E.
template <int First, int Last, class E>
TENON_INLINE index_t size_of_axes(const E& e) {
  index_t n = 1;
  for (int a = First; a < Last; ++a) n *= tenon::detail::on_its_own(e[a]);
  return n;
}
// Operands in list L that have fewer axes than E.
template <class E, class List>
struct RepeatsIn;
template <class E, class... L>
struct RepeatsIn<E, TypeList<L...>> {
  static constexpr bool at[sizeof...(L) + 1] = {L::rank < E::rank..., false};
};
// Few numbers, in place; false if they are not few.
template <class P, int Rank, class Repeats, class E, class Out, class Operands>
TENON_INLINE bool run_in_place(const E& e, index_t size, Out* out, const Operands& operands) {
  constexpr index_t W = lanes_of<P>;
  const row_operands<P> x(operands.at);
  if constexpr (Rank == E::rank) {
    row_in_place<P>(x, out, size);
  } else {
    const index_t n = size_of_axes<E::rank - Rank, E::rank>(e), rows = size_of_axes<0, E::rank - Rank>(e);
    if (rows > 1 && (n + W - 1) / W * rows > most_in_place) return false;
    // What repeats would be read again after a row was written.
    if (x.template are_overwritten<Repeats>(
            {reinterpret_cast<const char*>(out), reinterpret_cast<const char*>(out + size)}, n))
      return false;
    rows_in_place<P, Repeats>(x, out, rows, n);
  }
  return true;
}
template <class N, class Out>
TENON_INLINE bool write_in_place(const N& n, Out* out, index_t size) {
  using P = program_of<N>;
  using E = typename N::extents_type;
  const E& e = tenon::detail::extents_in_place(n);
  FlatOperands<P::loads + 1> operands;
  using Repeats = RepeatsIn<E, typename OperandsOf<N>::type>;
  return flat_operands(n, e, operands) && run_in_place<P, flat_rank<N, E>, Repeats>(e, size, out, operands);
}
template <class N, class Out>
[[gnu::noinline]] bool call_in_place(const N& n, Out* out, index_t size) {
  return write_in_place(n, out, size);
}
template <class N, class Out>
inline constexpr bool may_be_few =
    !N::extents_type::is_static && runs_in_place<program_of<N>, Out> && !has_views<N, typename N::extents_type>;
// Operands in list L that may be views over E, and the bytes of their elements, 0 if they differ.
template <class E, class List>
struct ViewsIn;
template <class E, class... L>
struct ViewsIn<E, TypeList<L...>> {
  static constexpr bool at[sizeof...(L) + 1] = {has_views<L, E>..., false};
  static constexpr int bytes = [] {
    constexpr int each[] = {static_cast<int>(sizeof(typename L::value_type))..., 0};
    int bytes = 0;
    bool same = true;
    for (int k = 0; k < static_cast<int>(sizeof...(L)); ++k) {
      if (!at[k]) continue;
      same = same && (bytes == 0 || bytes == each[k]);
      bytes = each[k];
    }
    return same ? bytes : 0;
  }();
};
template <class N, class Out>
inline constexpr bool may_be_turned = [] {
  using E = typename N::extents_type;
  if constexpr (E::rank == 2 && has_views<N, E>) {
    return turns_rows<program_of<N>, Out, ViewsIn<E, typename OperandsOf<N>::type>>;
  } else {
    return false;
  }
}();
// Matrices some of which are transposed.
template <class N, class Out>
TENON_INLINE bool write_turned(const N& n, Out* out, index_t size) {
  using P = program_of<N>;
  using E = typename N::extents_type;
  using Views = ViewsIn<E, typename OperandsOf<N>::type>;
  constexpr index_t W = lanes_of<P>, side = 16 / Views::bytes;
  const E& e = tenon::detail::extents_in_place(n);
  const index_t rows = e[0], columns = e[1];
  if (rows < side || columns < side || size * static_cast<index_t>(sizeof(Out)) > turned_bytes) return false;
  using Operands = TurnedOperands<P::loads + 1>;
  Operands operands;
  operands.rows = rows, operands.columns = columns;
  operands.result = {reinterpret_cast<const char*>(out), reinterpret_cast<const char*>(out + size)};
  operands.whole = ((rows & (side - 1)) | (columns & ((columns < W ? side : W) - 1))) == 0;
  if (!flat_operands(n, e, operands) || !operands.any) return false;
  if (rows == side && columns == side)
    turning_rows<P, static_cast<int>(side), Out, Views>(operands).tile(out, side, 0, 0);  // such are frequent: in place
  else if (columns < W)
    run_turned<P, static_cast<int>(side), Out, Views>(Operands(operands), out);
  else
    run_turned<P, static_cast<int>(W), Out, Views>(Operands(operands), out);
  return true;
}
/// Runs the program of a node whose leaves are dense, or views so small that they can be made so, and repeat, if at
/// all, from row to row, into dense elements; false if they are not so. Tensors of the result's shape are met element
/// on element, so that overlap can only be exact.
template <class N, class Out>
TENON_INLINE bool write_flat(const N& n, Out* out) {
  const index_t size = tenon::detail::size_one_by_one(tenon::detail::extents_in_place(n));
  if constexpr (may_be_few<N, Out>) {
    using P = program_of<N>;
    if (size > 0 && size <= most_in_place * lanes_of<P>) [[likely]]
      if (is_short<P> ? write_in_place(n, out, size) : call_in_place(N(n), out, size)) return true;
    return write_dense(N(n), out, size);  // copies: what points into a node keeps it in memory
  } else {
    if constexpr (may_be_turned<N, Out>)
      if (write_turned(n, out, size)) return true;
    return write_many(N(n), out, size);
  }
}
template <class N>
constexpr bool may_be_flat() {
  if constexpr (flat_rank<N, typename N::extents_type> >= 0) {
    return program_of<N>::loads <= most_flat_loads && !Hoisted<N>::any;
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
