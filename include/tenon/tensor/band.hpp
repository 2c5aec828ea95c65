// tenon/tensor/band.hpp: parts of matrices by diagonals: tril, triu, diag; coordinates of a grid: meshgrid.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   tril(scores)             // zeros above the main diagonal of the last two axes
//   diag(v) * 2              // a matrix with v on its diagonal
//   auto [x, y] = meshgrid(linspace(0.0, 1.0, 5), arange(3.0));
// All are expressions: they fuse, and adjoints flow through them.
#pragma once
#include <tenon/ops/select.hpp>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/rearrange.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <FixedString Op, int Rank, int AtLeast, int AtMost>
struct RankOf {
  static constexpr bool ok = Rank >= AtLeast && Rank <= AtMost;
  static_assert(ok, "tenon: the operand has too few or too many axes (the operation, its rank and the limits above)");
};
// Ones on and below diagonal k of a matrix with the last two extents of E.
template <class E>
constexpr auto lower_mask(const E& e, index_t k) {
  constexpr index_t n = E::static_extent(E::rank - 2), m = E::static_extent(E::rank - 1);
  if constexpr (n != dyn && m != dyn) {
    return tri<bool, n, m>(k);
  } else {
    return tri<bool>(e[E::rank - 2], e[E::rank - 1], k);
  }
}
template <class X>
using zero_of = Scalar<base_t<typename bare_t<X>::value_type>>;
}  // namespace detail

/// x with zeros above diagonal k of its last two axes.
template <expression X>
constexpr auto tril(X&& x, index_t k = 0) {
  static_assert(detail::RankOf<"tril", bare_t<X>::rank, 2, max_rank>::ok);
  auto mask = detail::lower_mask(x.extents(), k);
  return where(static_cast<decltype(mask)&&>(mask), static_cast<X&&>(x), detail::zero_of<X>());
}
/// x with zeros below diagonal k of its last two axes.
template <expression X>
constexpr auto triu(X&& x, index_t k = 0) {
  static_assert(detail::RankOf<"triu", bare_t<X>::rank, 2, max_rank>::ok);
  auto mask = detail::lower_mask(x.extents(), k - (k > -__PTRDIFF_MAX__ ? 1 : 0));
  return where(static_cast<decltype(mask)&&>(mask), detail::zero_of<X>(), static_cast<X&&>(x));
}
/// Of a vector: the matrix with it on the main diagonal and zeros elsewhere. Of a matrix: its main diagonal.
template <expression X>
constexpr auto diag(X&& x) {
  static_assert(detail::RankOf<"diag", bare_t<X>::rank, 1, 2>::ok);
  if constexpr (bare_t<X>::rank == 2) {
    return diagonal(static_cast<X&&>(x));
  } else {
    constexpr index_t n = extents_t<X>::static_extent(0);
    if constexpr (n != dyn) {
      return where(eye<bool, n>(), static_cast<X&&>(x), detail::zero_of<X>());
    } else {
      auto mask = eye<bool>(x.extents()[0]);
      return where(static_cast<decltype(mask)&&>(mask), static_cast<X&&>(x), detail::zero_of<X>());
    }
  }
}
/// The same with diagonal k, above the main one if positive.
template <expression X>
auto diag(X&& x, index_t k) {
  static_assert(detail::RankOf<"diag", bare_t<X>::rank, 1, 2>::ok);
  if constexpr (bare_t<X>::rank == 2) {
    return diagonal(static_cast<X&&>(x), k);
  } else {
    const index_t before = k > 0 ? k : 0, after = k >= 0 ? 0 : k < -__PTRDIFF_MAX__ ? __PTRDIFF_MAX__ : -k;
    const index_t n = extents_added(x.extents()[0], extents_added(before, after));
    auto mask = eye<bool>(n, n, k);
    return where(static_cast<decltype(mask)&&>(mask), pad(static_cast<X&&>(x), {{before, after}}),
                 detail::zero_of<X>());
  }
}

/// How meshgrid lays out its axes: `ij` in the order of the arguments, `xy` with the first two exchanged, as pictures
/// are (rows are y).
enum class Indexing { ij, xy };
/// The coordinates of a grid's points.
template <class... X>
struct Grid;
template <class X, class Y>
struct Grid<X, Y> {
  X x;
  Y y;
};
template <class X, class Y, class Z>
struct Grid<X, Y, Z> {
  X x;
  Y y;
  Z z;
};

namespace detail {
template <int Axis, index_t... E, class N>
constexpr auto on_grid(N&& n, const Extents<E...>& grid) {
  constexpr int after = static_cast<int>(sizeof...(E)) - 1 - Axis;
  auto widened = [&]<int... I>(Seq<I...>) { return slice(static_cast<N&&>(n), whole, ((void)I, newaxis)...); }
  (make_seq<after>{});
  return broadcast_to(static_cast<decltype(widened)&&>(widened), grid);
}
template <Indexing Order, class X, class Y>
constexpr auto grid_of(X&& x, Y&& y) {
  constexpr bool xy = Order == Indexing::xy;
  constexpr index_t nx = extents_t<X>::static_extent(0), ny = extents_t<Y>::static_extent(0);
  using E = Extents<xy ? ny : nx, xy ? nx : ny>;
  const index_t dx = x.extents()[0], dy = y.extents()[0];
  const E e = E::from(Dims{2, {xy ? dy : dx, xy ? dx : dy}});
  auto gx = on_grid < xy ? 1 : 0 > (static_cast<X&&>(x), e);
  auto gy = on_grid < xy ? 0 : 1 > (static_cast<Y&&>(y), e);
  return Grid<decltype(gx), decltype(gy)>{gx, gy};
}
template <Indexing Order, class X, class Y, class Z>
constexpr auto grid_of(X&& x, Y&& y, Z&& z) {
  constexpr bool xy = Order == Indexing::xy;
  constexpr index_t nx = extents_t<X>::static_extent(0), ny = extents_t<Y>::static_extent(0);
  using E = Extents<xy ? ny : nx, xy ? nx : ny, extents_t<Z>::static_extent(0)>;
  const index_t dx = x.extents()[0], dy = y.extents()[0];
  const E e = E::from(Dims{3, {xy ? dy : dx, xy ? dx : dy, z.extents()[0]}});
  auto gx = on_grid < xy ? 1 : 0 > (static_cast<X&&>(x), e);
  auto gy = on_grid < xy ? 0 : 1 > (static_cast<Y&&>(y), e);
  auto gz = on_grid<2>(static_cast<Z&&>(z), e);
  return Grid<decltype(gx), decltype(gy), decltype(gz)>{gx, gy, gz};
}
}  // namespace detail
/// The coordinates of the points of a grid over two or three vectors, as expressions that take no memory:
/// `auto [x, y] = meshgrid(xs, ys);` gives x(i, j) = xs(j) and y(i, j) = ys(i).
template <Indexing Order = Indexing::xy, expression... X>
constexpr auto meshgrid(X&&... x) {
  static_assert(sizeof...(X) == 2 || sizeof...(X) == 3, "tenon: meshgrid: takes two or three vectors");
  static_assert((detail::RankOf<"meshgrid", bare_t<X>::rank, 1, 1>::ok && ...));
  return detail::grid_of<Order>(static_cast<X&&>(x)...);
}

}  // namespace TENON_ABI
}  // namespace tenon
