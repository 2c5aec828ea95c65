// tenon/tensor/movement.hpp: functions that look at the same elements in another order: slice, transpose, flip, ...
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No data moves. Of a named tensor or a view they give a TensorView, to read or to write through; of an expression or a
// temporary tensor a node that owns it:
//   slice(b, range(1, 5), whole, 0) = row(a, 2) * 2;
//   Tensor<float, 4, 3> t = transpose(a * 2);
#pragma once
#include <tenon/shape/axes.hpp>
#include <tenon/shape/slice.hpp>
#include <tenon/tensor/view.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class X>
concept owning_tensor = requires(const bare_t<X>& x) {
  x.view();
  x.storage();
};
template <class X>
concept view_like = requires(const bare_t<X>& x) {
  x.moved(move::SwapAxes<0, 0>{});
  x.strides();
};
}  // namespace detail

/// A view of the same elements that cannot be written through.
template <class T, index_t... E>
constexpr auto read_only(const TensorView<T, E...>& v) {
  TensorView<const bare_t<T>, E...> r(detail::Valid{}, v.data(), v.extents(), v.strides(), v.hold(), v.slot());
  r.set_owner(v.owner());
  return r;
}

/// x through a movement: a view if x is a named tensor or a view, else a node that owns its operand.
template <expression X, class M>
TENON_INLINE constexpr auto moved(X&& x, const M& movement) {
  if constexpr (detail::owning_tensor<X> && detail::is_lvalue<X>) {
    return x.view().moved(movement);
  } else if constexpr (detail::view_like<X>) {
    return x.moved(movement);
  } else {
    return Movement<M, node_of<X>>(movement, as_node(static_cast<X&&>(x)));
  }
}
/// The same, read only: for movements that show an element more than once.
template <expression X, class M>
constexpr auto moved_const(X&& x, const M& movement) {
  if constexpr (detail::owning_tensor<X> && detail::is_lvalue<X>) {
    return read_only(x.view()).moved(movement);
  } else if constexpr (detail::view_like<X>) {
    return read_only(x).moved(movement);
  } else {
    return moved(static_cast<X&&>(x), movement);
  }
}
/// The Extents of X.
template <class X>
using extents_t = typename bare_t<X>::extents_type;

// ---- slices --------------------------------------------------------------------------------------------------------

/// Part of x: for each axis an index (the axis goes away), range(...), or `whole`; `newaxis` and `ellipsis` as in
/// NumPy. Axes that are not named are whole. index_error when an index or a range leaves its axis.
template <expression X, class... I>
constexpr auto slice(X&& x, const I&... index) {
  return moved(static_cast<X&&>(x), slice_movement(x.extents(), index...));
}
namespace detail {
template <int A, class X, class I, int... Before>
constexpr auto slice_axis(X&& x, const I& index, Seq<Before...>) {
  return slice(static_cast<X&&>(x), ((void)Before, whole)..., index);
}
}  // namespace detail
/// Part of x along one axis: an index or a range.
template <int Axis, expression X, class I>
constexpr auto slice(X&& x, const I& index) {
  constexpr int a = axis_of<"slice", Axis, extents_t<X>>;
  return detail::slice_axis<a>(static_cast<X&&>(x), index, make_seq<a>{});
}
/// x at one index of an axis, which goes away; negative indices count from the end.
template <int Axis, expression X>
constexpr auto select(X&& x, index_t index) {
  return slice<Axis>(static_cast<X&&>(x), index);
}
/// x[i, ...]
template <expression X>
constexpr auto row(X&& x, index_t i) {
  return slice<0>(static_cast<X&&>(x), i);
}
/// x[:, j, ...]
template <expression X>
constexpr auto col(X&& x, index_t j) {
  return slice<1>(static_cast<X&&>(x), j);
}
namespace detail {
template <FixedString Op, index_t Index, index_t Extent>
struct IndexWithin {
  static constexpr bool ok = Extent == dyn || (Index >= -Extent && Index < Extent);
  static_assert(ok, "tenon: this index lies outside of an axis of Extent (the operation stands above)");
};
}  // namespace detail
/// x[I, ...]; a compile error if a static extent has no such index.
template <index_t I, expression X>
constexpr auto row(X&& x) {
  constexpr int a = axis_of<"row", 0, extents_t<X>>;
  static_assert(detail::IndexWithin<"row", I, extents_t<X>::static_extent(a)>::ok);
  return row(static_cast<X&&>(x), I);
}
/// x[:, J, ...]; a compile error if a static extent has no such index.
template <index_t J, expression X>
constexpr auto col(X&& x) {
  constexpr int a = axis_of<"col", 1, extents_t<X>>;
  static_assert(detail::IndexWithin<"col", J, extents_t<X>::static_extent(a)>::ok);
  return col(static_cast<X&&>(x), J);
}

// ---- order of axes -------------------------------------------------------------------------------------------------

namespace detail {
template <int Rank, int... P>
using permute_to = move::Permute<(P < 0 ? P + Rank : P)...>;
template <class X, int... I>
TENON_INLINE constexpr auto reverse_axes(X&& x, Seq<I...>) {
  return moved(static_cast<X&&>(x), move::Permute<(static_cast<int>(sizeof...(I)) - 1 - I)...>{});
}
}  // namespace detail

/// Axis i of the result is axis P[i] of x.
template <int... P, expression X>
constexpr auto permute(X&& x) {
  static_assert(PermutationOf<"permute", extents_t<X>, P...>::ok);
  return moved(static_cast<X&&>(x), detail::permute_to<bare_t<X>::rank, P...>{});
}
/// x with its axes in reverse order.
template <expression X>
TENON_INLINE constexpr auto transpose(X&& x) {
  return detail::reverse_axes(static_cast<X&&>(x), make_seq<bare_t<X>::rank>{});
}
/// x with axes A and B exchanged.
template <int A, int B, expression X>
constexpr auto swapaxes(X&& x) {
  using E = extents_t<X>;
  return moved(static_cast<X&&>(x), move::SwapAxes<axis_of<"swapaxes", A, E>, axis_of<"swapaxes", B, E>>{});
}
namespace detail {
// Axis i of the result when axis `from` moves to position `to`.
constexpr int after_move(int i, int from, int to) {
  if (i == to) return from;
  const int k = i < to ? i : i - 1;  // among the axes that stay
  return k < from ? k : k + 1;
}
template <int From, int To, class X, int... I>
constexpr auto move_axis(X&& x, Seq<I...>) {
  return moved(static_cast<X&&>(x), move::Permute<after_move(I, From, To)...>{});
}
}  // namespace detail
/// x with axis From at position To; the others keep their order.
template <int From, int To, expression X>
constexpr auto moveaxis(X&& x) {
  using E = extents_t<X>;
  return detail::move_axis<axis_of<"moveaxis", From, E>, axis_of<"moveaxis", To, E>>(static_cast<X&&>(x),
                                                                                     make_seq<E::rank>{});
}

// ---- axes of extent 1, broadcasting --------------------------------------------------------------------------------

/// x with a new axis of extent 1 that becomes axis Axis of the result.
template <int Axis, expression X>
constexpr auto expand_dims(X&& x) {
  using Longer = extents_from<MovedDims<move::Insert<0>, extents_t<X>>>;
  return moved(static_cast<X&&>(x), move::Insert<axis_of<"expand_dims", Axis, Longer>>{});
}
namespace detail {
template <int Axis, class E>
struct Squeezable {
  static constexpr bool ok = E::static_extent(Axis) == 1 || E::static_extent(Axis) == dyn;
  static_assert(ok, "tenon: squeeze: the axis has an extent other than 1 (the axis and the extents stand above)");
};
}  // namespace detail
/// x without an axis of extent 1; shape_error if it has another extent.
template <int Axis, expression X>
constexpr auto squeeze(X&& x) {
  constexpr int a = axis_of<"squeeze", Axis, extents_t<X>>;
  static_assert(detail::Squeezable<a, extents_t<X>>::ok);
  if (x.extents()[a] != 1) fail_shape("squeeze", "the axis has an extent other than 1", x.extents().dims());
  return moved(static_cast<X&&>(x), move::Select<a>{0});
}

namespace detail {
template <class From, class To>
struct BroadcastsTo {
  static constexpr bool ok = fits_into(To::static_dims(), From::static_dims());
  static_assert(ok, "tenon: broadcast_to: shape From does not broadcast to shape To (see above)");
};
}  // namespace detail
/// x broadcast to `extents`; read only, because elements repeat. shape_error if it does not fit.
template <expression X, index_t... E>
constexpr auto broadcast_to(X&& x, const Extents<E...>& extents) {
  static_assert(detail::BroadcastsTo<extents_t<X>, Extents<E...>>::ok);
  const Dims from = x.extents().dims(), to = extents.dims();
  if (!detail::fits_into(to, from))
    fail_shapes("broadcast_to", "the first shape does not broadcast to the second", from, to);
  return moved_const(static_cast<X&&>(x), move::BroadcastTo<Extents<E...>>{extents});
}
/// `broadcast_to<3, 4>(x)`
template <index_t... E, expression X>
requires((E != dyn) && ... && (sizeof...(E) > 0)) constexpr auto broadcast_to(X&& x) {
  return broadcast_to(static_cast<X&&>(x), Extents<E...>{});
}
namespace detail {
template <class I>
inline constexpr index_t any_extent = dyn;
}  // namespace detail
/// `broadcast_to(x, n, m)`
template <expression X, class... I>
requires((is_integer<I> && ...) && (sizeof...(I) > 0)) constexpr auto broadcast_to(X&& x, I... extent) {
  using E = Extents<detail::any_extent<I>...>;
  const Dims d{static_cast<int>(sizeof...(I)), {static_cast<index_t>(extent)...}};
  if (!E::admits(d)) fail_shape("broadcast_to", "a shape has no negative extents", d);
  return broadcast_to(static_cast<X&&>(x), E::from(d));
}

// ---- backwards, diagonals, windows ---------------------------------------------------------------------------------

/// x backwards along an axis.
template <int Axis, expression X>
constexpr auto flip(X&& x) {
  return moved(static_cast<X&&>(x), move::Flip<axis_of<"flip", Axis, extents_t<X>>>{});
}
/// x backwards along several axes.
template <int Axis, int Next, int... Rest, expression X>
constexpr auto flip(X&& x) {
  return flip<Next, Rest...>(flip<Axis>(static_cast<X&&>(x)));
}

namespace detail {
// The diagonal with its extent in the type: the main one only.
template <int A, int B>
struct MainDiagonal {
  TENON_FN static Dims static_dims(const Dims& e) {
    const index_t a = e.d[A], b = e.d[B];
    return move::Diagonal<A, B>::without(e, a == dyn || b == dyn ? dyn : a < b ? a : b);
  }
  TENON_FN static StridedMap apply(const StridedMap& m) { return move::Diagonal<A, B>{}.apply(m); }
};
template <class E, int A, int B>
struct TwoAxes {
  static constexpr int a = axis_of<"diagonal", A, E>, b = axis_of<"diagonal", B, E>;
  static_assert(a < b, "tenon: diagonal: name two axes, the first one first");
};
}  // namespace detail
/// The elements with equal index along axes A < B (the last two if none are named), as a new last axis.
template <int A = -2, int B = -1, expression X>
constexpr auto diagonal(X&& x) {
  using Axes = detail::TwoAxes<extents_t<X>, A, B>;
  return moved(static_cast<X&&>(x), detail::MainDiagonal<Axes::a, Axes::b>{});
}
/// The diagonal k above the main one (below if negative); empty beyond the corners.
template <int A = -2, int B = -1, expression X>
constexpr auto diagonal(X&& x, index_t k) {
  using Axes = detail::TwoAxes<extents_t<X>, A, B>;
  return moved(static_cast<X&&>(x), move::Diagonal<Axes::a, Axes::b>{k});
}

namespace detail {
template <int Axis, index_t W, index_t S, index_t D, class E>
struct WindowFits {
  static_assert(W >= 1 && S >= 1 && D >= 1, "tenon: windows: length, step and dilation are at least 1");
  static constexpr index_t n = E::static_extent(Axis);
  static constexpr bool ok = n == dyn || n >= (W - 1) * D + 1;
  static_assert(ok, "tenon: windows: a window of length W does not fit into the axis (see the extents above)");
};
}  // namespace detail
/// Windows of W elements along an axis, Step apart, with gaps if Dilation > 1: the axis counts windows, a new last axis
/// walks inside one. Read only, because windows overlap. shape_error if not even one fits.
template <int Axis, index_t W, index_t Step = 1, index_t Dilation = 1, expression X>
constexpr auto windows(X&& x) {
  constexpr int a = axis_of<"windows", Axis, extents_t<X>>;
  static_assert(detail::WindowFits<a, W, Step, Dilation, extents_t<X>>::ok);
  if (x.extents()[a] < (W - 1) * Dilation + 1)
    fail_shape("windows", "the window is longer than the axis", x.extents().dims());
  return moved_const(static_cast<X&&>(x), move::Window<a, W, Step, Dilation>{});
}

}  // namespace TENON_ABI
}  // namespace tenon
