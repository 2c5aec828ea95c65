// tenon/tensor/interop.hpp: other libraries' memory as tensors without a copy: column-major data, Eigen, containers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto a = column_major(fortran, n, m);       // element (i, j) is fortran[i + n * j]
//   auto e = as_view(eigen_matrix);             // Eigen::Matrix, Map, Ref, Array; vectors have one axis
//   auto v = as_view(std_vector, n, m);         // whatever has data() and size()
// Nothing is included: types are recognised by their members. The views must not outlive what they refer to.
#pragma once
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class X>
concept eigen_like = requires(X& x) {
  x.data();
  x.rows();
  x.cols();
  x.innerStride();
  x.outerStride();
  static_cast<int>(bare_t<X>::RowsAtCompileTime);
  static_cast<int>(bare_t<X>::ColsAtCompileTime);
  static_cast<bool>(bare_t<X>::IsRowMajor);
};
template <class X>
concept container_like = !eigen_like<X> && !expression<X> && requires(X & x) {
  x.data()[0];
  x.size();
};
template <class P>
struct Pointee;
template <class T>
struct Pointee<T*> {
  using type = T;
};
template <class X>
using pointee_t = typename Pointee<decltype(detail::some<X&>().data())>::type;
constexpr Dims column_strides(const Dims& e) {
  Dims s;
  s.rank = e.rank;
  index_t step = 1;
  for (int a = 0; a < e.rank; ++a) {
    s.d[a] = step;
    step *= e.d[a];
  }
  return s;
}
// The extent Eigen knows; it too writes -1 for what is known at run time.
constexpr index_t eigen_extent(int n) { return n < 0 ? dyn : n; }
}  // namespace detail

/// Column-major elements at p: the first index runs fastest.
template <class T, class... I>
requires((is_integer<I> && ...) && (sizeof...(I) > 0)) constexpr auto column_major(T* p, I... extent) {
  const Dims e{static_cast<int>(sizeof...(I)), {static_cast<index_t>(extent)...}};
  return TensorView<T, detail::any_extent<I>...>(p, e, detail::column_strides(e));
}
/// The same with static extents: `column_major<3, 4>(p)`.
template <index_t... E, class T>
requires(sizeof...(E) > 0) constexpr auto column_major(T* p) {
  const Dims e = Extents<E...>::static_dims();
  return TensorView<T, E...>(p, e, detail::column_strides(e));
}

/// A view of an Eigen matrix, array, map or reference, row- or column-major, with any strides; static extents stay
/// static. What is a vector in its type has one axis.
template <detail::eigen_like X>
auto as_view(X& x) {
  using B = bare_t<X>;
  using T = detail::pointee_t<X>;
  constexpr index_t n = detail::eigen_extent(B::RowsAtCompileTime), m = detail::eigen_extent(B::ColsAtCompileTime);
  const auto inner = static_cast<index_t>(x.innerStride()), outer = static_cast<index_t>(x.outerStride());
  const auto rows = static_cast<index_t>(x.rows()), cols = static_cast<index_t>(x.cols());
  if constexpr (m == 1) {
    return TensorView<T, n>(x.data(), Dims{1, {rows}}, Dims{1, {inner}});
  } else if constexpr (n == 1) {
    return TensorView<T, m>(x.data(), Dims{1, {cols}}, Dims{1, {inner}});
  } else {
    const Dims strides = B::IsRowMajor ? Dims{2, {outer, inner}} : Dims{2, {inner, outer}};
    return TensorView<T, n, m>(x.data(), Dims{2, {rows, cols}}, strides);
  }
}

/// A view of a contiguous container (vector, array, span, string of numbers) as a vector.
template <detail::container_like X>
constexpr auto as_view(X& x) {
  return TensorView<detail::pointee_t<X>, dyn>(x.data(), static_cast<index_t>(x.size()));
}
/// A view of a contiguous container as a row-major tensor of these extents; shape_error if it has another size.
template <detail::container_like X, class... I>
requires((is_integer<I> && ...) && (sizeof...(I) > 0)) constexpr auto as_view(X& x, I... extent) {
  const Dims e{static_cast<int>(sizeof...(I)), {static_cast<index_t>(extent)...}};
  const auto size = static_cast<index_t>(x.size());
  if (e.size() != size) fail_shapes("as_view", "the container has another size", Dims{1, {size}}, e);
  return TensorView<detail::pointee_t<X>, detail::any_extent<I>...>(x.data(), e);
}
/// Writes the elements of x to p in row-major order, converted to P.
template <expression X, class P>
constexpr void copy_to(X&& x, P* p) {
  using E = extents_t<X>;
  const Dims e = x.extents().dims();
  [&]<index_t... N>(Extents<N...>) { TensorView<P, N...>(p, e) = static_cast<X&&>(x); }
  (E{});
}

}  // namespace TENON_ABI
}  // namespace tenon
