// tenon/tensor/geometry.hpp: small vectors and matrices for graphics, games and robots: cross, inverse, transforms.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto view = look_at(eye, target, up);
//   auto clip = matmul(perspective(1.0f, 16.0f / 9, 0.1f, 100.0f), view);
//   Tensor<float, 3> p = transform_point(clip, x);
// Extents are static; everything is usable in constant expressions and for any element type (double, dual, rev).
// Column vectors, M x; right-handed; the camera looks along -z; clip space has depth -1 to 1 (OpenGL's conventions).
#pragma once
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/trigonometric.hpp>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/inverse.hpp>
#include <tenon/tensor/join.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <FixedString Op, class E, index_t... Expected>
struct HasShape {
  static constexpr bool ok = __is_same(E, Extents<Expected...>);
  static_assert(ok, "tenon: the operand has not the expected extents (the operation, its extents and those above)");
};
template <FixedString Op, class E>
struct LastIsThree {
  static constexpr bool ok =
      E::rank >= 1 && (E::static_extent(E::rank - 1) == 3 || E::static_extent(E::rank - 1) == dyn);
  static_assert(ok, "tenon: the last axis has not extent 3 (the operation and the extents stand above)");
};
// Vectors whose elements are computed one by one, in registers.
template <class X>
inline constexpr bool is_small_vector = __is_same(extents_t<X>, Extents<3>) &&
                                        !is_taped<typename bare_t<X>::value_type>;
template <class T>
using Vector3 = Tensor<T, 3>;
}  // namespace detail

/// The cross product along the last axis, of extent 3; leading axes broadcast.
template <expression A, expression B>
constexpr auto cross(A&& a, B&& b) {
  static_assert(detail::LastIsThree<"cross", extents_t<A>>::ok && detail::LastIsThree<"cross", extents_t<B>>::ok);
  if constexpr (detail::is_small_vector<A> && detail::is_small_vector<B>) {
    using T = promote_t<typename bare_t<A>::value_type, typename bare_t<B>::value_type>;
    const Tensor<T, 3> x(static_cast<A&&>(a)), y(static_cast<B&&>(b));
    Tensor<T, 3> r;
    r(0) = static_cast<T>(x(1) * y(2) - x(2) * y(1));
    r(1) = static_cast<T>(x(2) * y(0) - x(0) * y(2));
    r(2) = static_cast<T>(x(0) * y(1) - x(1) * y(0));
    return r;
  } else {
    const auto check = [](const Dims& e) {
      if (e.d[e.rank - 1] != 3) fail_shape("cross", "the last axis has not extent 3", e);
    };
    check(a.extents().dims());
    check(b.extents().dims());
    const auto x = as_node(static_cast<A&&>(a));
    const auto y = as_node(static_cast<B&&>(b));
    const auto at = [](const auto& v, index_t i) { return select<-1>(v, i); };
    return stack<-1>(at(x, 1) * at(y, 2) - at(x, 2) * at(y, 1), at(x, 2) * at(y, 0) - at(x, 0) * at(y, 2),
                     at(x, 0) * at(y, 1) - at(x, 1) * at(y, 0));
  }
}

/// x divided by its Euclidean norm along Axis (the last, if none is named); shorter than `epsilon`, by that. As in
/// other libraries, squares of the elements must not overflow (float: below 1e19).
template <int Axis = -1, expression X>
constexpr auto normalize(X&& x, double epsilon = 1e-12) {
  constexpr int a = axis_of<"normalize", Axis, extents_t<X>>;
  if constexpr (detail::is_small_vector<X> && !is_complex<base_t<typename bare_t<X>::value_type>>) {
    using T = typename bare_t<X>::value_type;
    Tensor<T, 3> r(static_cast<X&&>(x));
    const T squares = static_cast<T>(r(0) * r(0) + r(1) * r(1) + r(2) * r(2));
    const T inverse = static_cast<T>(lit(1) / maximum(sqrt(squares), lit(epsilon)));
    for (int i = 0; i < 3; ++i) r(i) = static_cast<T>(r(i) * inverse);
    return r;
  } else {
    const auto v = as_node(static_cast<X&&>(x));
    using B = base_t<typename bare_t<X>::value_type>;
    if constexpr (is_complex<B>) {
      return v / maximum(norm_l2<a>(v, keepdims), lit(epsilon));
    } else if constexpr (__is_same(B, float) || __is_same(B, double)) {
      return v * rsqrt(maximum(sum<a>(v * v, keepdims), lit(epsilon * epsilon)));
    } else {
      return v / maximum(norm_l2<a>(v, keepdims), lit(epsilon));
    }
  }
}

// ---- transforms ----------------------------------------------------------------------------------------------------

namespace detail {
template <class T, index_t N>
constexpr Tensor<T, N, N> identity_matrix() {
  Tensor<T, N, N> m;
  for (int i = 0; i < N; ++i) m(i, i) = T(1);
  return m;
}
template <class T>
constexpr T one_over(const T& x) {
  return static_cast<T>(lit(1) / x);
}
}  // namespace detail

/// The 3x3 matrix that moves points of the plane by (x, y).
template <class T>
constexpr Tensor<T, 3, 3> translation(T x, T y) {
  auto m = detail::identity_matrix<T, 3>();
  m(0, 2) = x;
  m(1, 2) = y;
  return m;
}
/// The 4x4 matrix that moves points of space by (x, y, z).
template <class T>
constexpr Tensor<T, 4, 4> translation(T x, T y, T z) {
  auto m = detail::identity_matrix<T, 4>();
  m(0, 3) = x;
  m(1, 3) = y;
  m(2, 3) = z;
  return m;
}
/// The 3x3 matrix that scales the plane's axes.
template <class T>
constexpr Tensor<T, 3, 3> scaling(T x, T y) {
  auto m = detail::identity_matrix<T, 3>();
  m(0, 0) = x;
  m(1, 1) = y;
  return m;
}
/// The 4x4 matrix that scales the axes of space.
template <class T>
constexpr Tensor<T, 4, 4> scaling(T x, T y, T z) {
  auto m = detail::identity_matrix<T, 4>();
  m(0, 0) = x;
  m(1, 1) = y;
  m(2, 2) = z;
  return m;
}
/// The 3x3 matrix that turns the plane by an angle in radians, counter-clockwise.
template <class T>
constexpr Tensor<T, 3, 3> rotation(T angle) {
  const T c = static_cast<T>(cos(angle)), s = static_cast<T>(sin(angle));
  auto m = detail::identity_matrix<T, 3>();
  m(0, 0) = c;
  m(0, 1) = static_cast<T>(-s);
  m(1, 0) = s;
  m(1, 1) = c;
  return m;
}
/// The 4x4 matrix that turns space about an axis (of any length) by an angle in radians, counter-clockwise when the
/// axis points to the viewer (Rodrigues' formula).
template <class T, expression A>
constexpr Tensor<T, 4, 4> rotation(T angle, A&& axis) {
  static_assert(detail::HasShape<"rotation", extents_t<A>, 3>::ok);
  const Tensor<T, 3> u = normalize(static_cast<A&&>(axis));
  const T c = static_cast<T>(cos(angle)), s = static_cast<T>(sin(angle)), d = static_cast<T>(lit(1) - c);
  auto m = detail::identity_matrix<T, 4>();
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    m(i, i) = static_cast<T>(c + u(i) * u(i) * d);
    m(j, i) = static_cast<T>(u(j) * u(i) * d + u(k) * s);
    m(k, i) = static_cast<T>(u(k) * u(i) * d - u(j) * s);
  }
  return m;
}
/// The 4x4 matrix from world to camera coordinates: the camera stands at `eye`, looks at `target`, `up` is upwards.
template <expression E, expression C, expression U>
constexpr auto look_at(E&& eye, C&& target, U&& up) {
  static_assert(detail::HasShape<"look_at", extents_t<E>, 3>::ok && detail::HasShape<"look_at", extents_t<C>, 3>::ok &&
                detail::HasShape<"look_at", extents_t<U>, 3>::ok);
  using T = common_t<typename bare_t<E>::value_type, typename bare_t<C>::value_type, typename bare_t<U>::value_type>;
  const Tensor<T, 3> from(static_cast<E&&>(eye)), to(static_cast<C&&>(target));
  const Tensor<T, 3> back = normalize(Tensor<T, 3>(from - to));
  const Tensor<T, 3> right = normalize(Tensor<T, 3>(cross(Tensor<T, 3>(static_cast<U&&>(up)), back)));
  const Tensor<T, 3> above = cross(back, right);
  auto m = detail::identity_matrix<T, 4>();
  const auto set = [&](int i, const Tensor<T, 3>& axis) {
    for (int k = 0; k < 3; ++k) m(i, k) = axis(k);
    m(i, 3) = static_cast<T>(-(axis(0) * from(0) + axis(1) * from(1) + axis(2) * from(2)));
  };
  set(0, right);
  set(1, above);
  set(2, back);
  return m;
}
/// The 4x4 perspective projection: vertical field of view in radians, width over height, distances of the clip planes.
template <class T>
constexpr Tensor<T, 4, 4> perspective(T field_of_view, T aspect, T near, T far) {
  const T f = detail::one_over(static_cast<T>(tan(field_of_view * T(0.5)))), d = detail::one_over(T(near - far));
  Tensor<T, 4, 4> m;
  m(0, 0) = static_cast<T>(f / aspect);
  m(1, 1) = f;
  m(2, 2) = static_cast<T>((near + far) * d);
  m(2, 3) = static_cast<T>(T(2) * near * far * d);
  m(3, 2) = T(-1);
  return m;
}
/// The 4x4 orthographic projection of the box [left, right] x [bottom, top] x [-near, -far].
template <class T>
constexpr Tensor<T, 4, 4> ortho(T left, T right, T bottom, T top, T near, T far) {
  auto m = detail::identity_matrix<T, 4>();
  const T lo[] = {left, bottom, static_cast<T>(-near)}, hi[] = {right, top, static_cast<T>(-far)};
  for (int i = 0; i < 3; ++i) {
    const T scale = detail::one_over(static_cast<T>(hi[i] - lo[i]));
    m(i, i) = static_cast<T>(T(2) * scale);
    m(i, 3) = static_cast<T>(-(hi[i] + lo[i]) * scale);
  }
  return m;
}

namespace detail {
template <bool Point, class M, class V>
constexpr auto transformed(const M& matrix, const V& vector) {
  using T = promote_t<typename M::value_type, typename V::value_type>;
  const Tensor<T, 4, 4> m(matrix);
  const Tensor<T, 3> v(vector);
  const auto component = [&](int i) {
    const T x = static_cast<T>(m(i, 0) * v(0) + m(i, 1) * v(1) + m(i, 2) * v(2));
    return Point ? static_cast<T>(x + m(i, 3)) : x;
  };
  Tensor<T, 3> r;
  const T w = Point ? one_over(component(3)) : T(1);
  for (int i = 0; i < 3; ++i) r(i) = Point ? static_cast<T>(component(i) * w) : component(i);
  return r;
}
}  // namespace detail
/// The point p under a 4x4 transform: M (p, 1), divided by its last element.
template <expression M, expression P>
constexpr auto transform_point(const M& m, const P& p) {
  static_assert(detail::HasShape<"transform_point", extents_t<M>, 4, 4>::ok);
  static_assert(detail::HasShape<"transform_point", extents_t<P>, 3>::ok);
  return detail::transformed<true>(m, p);
}
/// The direction d under a 4x4 transform: turned and scaled, not moved.
template <expression M, expression D>
constexpr auto transform_direction(const M& m, const D& d) {
  static_assert(detail::HasShape<"transform_direction", extents_t<M>, 4, 4>::ok);
  static_assert(detail::HasShape<"transform_direction", extents_t<D>, 3>::ok);
  return detail::transformed<false>(m, d);
}

}  // namespace TENON_ABI
}  // namespace tenon
