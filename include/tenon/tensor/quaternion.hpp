// tenon/tensor/quaternion.hpp: rotations as unit quaternions (w, x, y, z): products, matrices, slerp, rotate.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto q = quaternion_multiply(quaternion(0.5f, up), quaternion(1.0f, right));    // first right, then up
//   Tensor<float, 3> v = rotate(q, x);
// A quaternion is a Tensor<T, 4>, the real part first. q and -q are the same rotation.
#pragma once
#include <tenon/tensor/geometry.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The rotation about an axis (of any length) by an angle in radians.
template <class T, expression A>
constexpr Tensor<T, 4> quaternion(T angle, A&& axis) {
  static_assert(detail::HasShape<"quaternion", extents_t<A>, 3>::ok);
  const Tensor<T, 3> u = normalize(static_cast<A&&>(axis));
  const T half_angle = static_cast<T>(angle * T(0.5)), s = static_cast<T>(sin(half_angle));
  Tensor<T, 4> q;
  q(0) = static_cast<T>(cos(half_angle));
  for (int i = 0; i < 3; ++i) q(i + 1) = static_cast<T>(u(i) * s);
  return q;
}
/// Hamilton's product a b: the rotation b followed by a.
template <expression A, expression B>
constexpr auto quaternion_multiply(const A& left, const B& right) {
  static_assert(detail::HasShape<"quaternion_multiply", extents_t<A>, 4>::ok);
  static_assert(detail::HasShape<"quaternion_multiply", extents_t<B>, 4>::ok);
  using T = promote_t<typename A::value_type, typename B::value_type>;
  const Tensor<T, 4> a(left), b(right);
  Tensor<T, 4> r;
  r(0) = static_cast<T>(a(0) * b(0) - a(1) * b(1) - a(2) * b(2) - a(3) * b(3));
  for (int i = 1; i < 4; ++i) {
    const int j = i % 3 + 1, k = j % 3 + 1;
    r(i) = static_cast<T>(a(0) * b(i) + a(i) * b(0) + a(j) * b(k) - a(k) * b(j));
  }
  return r;
}
/// The inverse rotation of a unit quaternion.
template <expression Q>
constexpr auto quaternion_conjugate(const Q& quaternion) {
  static_assert(detail::HasShape<"quaternion_conjugate", extents_t<Q>, 4>::ok);
  using T = typename Q::value_type;
  Tensor<T, 4> r(quaternion);
  for (int i = 1; i < 4; ++i) r(i) = static_cast<T>(-r(i));
  return r;
}
/// v under the rotation of a unit quaternion q: v + 2 w (u x v) + 2 u x (u x v), with q = (w, u).
template <expression Q, expression V>
constexpr auto rotate(const Q& quaternion, const V& vector) {
  static_assert(detail::HasShape<"rotate", extents_t<Q>, 4>::ok && detail::HasShape<"rotate", extents_t<V>, 3>::ok);
  using T = promote_t<typename Q::value_type, typename V::value_type>;
  const Tensor<T, 4> q(quaternion);
  const Tensor<T, 3> v(vector);
  Tensor<T, 3> u;
  for (int i = 0; i < 3; ++i) u(i) = q(i + 1);
  const Tensor<T, 3> t = cross(u, v), s = cross(u, t);
  Tensor<T, 3> r;
  for (int i = 0; i < 3; ++i) r(i) = static_cast<T>(v(i) + T(2) * (q(0) * t(i) + s(i)));
  return r;
}
/// The 3x3 rotation matrix of a unit quaternion.
template <expression Q>
constexpr auto quaternion_to_matrix(const Q& quaternion) {
  static_assert(detail::HasShape<"quaternion_to_matrix", extents_t<Q>, 4>::ok);
  using T = typename Q::value_type;
  const Tensor<T, 4> q(quaternion);
  Tensor<T, 3, 3> m;
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    const T x = q(i + 1), y = q(j + 1), z = q(k + 1);
    m(i, i) = static_cast<T>(T(1) - T(2) * (y * y + z * z));
    m(j, i) = static_cast<T>(T(2) * (x * y + q(0) * z));
    m(k, i) = static_cast<T>(T(2) * (x * z - q(0) * y));
  }
  return m;
}
/// The unit quaternion of a 3x3 rotation matrix, its largest element positive (S. W. Shepperd, "Quaternion from
/// rotation matrix", 1978: the largest element is computed first, so that nothing cancels).
template <expression M>
constexpr auto quaternion_from_matrix(const M& matrix) {
  static_assert(detail::HasShape<"quaternion_from_matrix", extents_t<M>, 3, 3>::ok);
  using T = typename M::value_type;
  const Tensor<T, 3, 3> m(matrix);
  const T squares[] = {static_cast<T>(m(0, 0) + m(1, 1) + m(2, 2)), m(0, 0), m(1, 1), m(2, 2)};
  int largest = 0;
  for (int i = 1; i < 4; ++i)
    if (squares[i] > squares[largest]) largest = i;
  Tensor<T, 4> q;
  if (largest == 0) {
    const T w = static_cast<T>(sqrt(T(1) + squares[0]) * T(0.5)), f = static_cast<T>(T(0.25) / w);
    q(0) = w;
    for (int i = 0; i < 3; ++i) {
      const int j = (i + 1) % 3, k = (i + 2) % 3;
      q(i + 1) = static_cast<T>((m(k, j) - m(j, k)) * f);
    }
  } else {
    const int i = largest - 1, j = (i + 1) % 3, k = (i + 2) % 3;
    const T x = static_cast<T>(sqrt(T(1) + m(i, i) - m(j, j) - m(k, k)) * T(0.5)), f = static_cast<T>(T(0.25) / x);
    q(0) = static_cast<T>((m(k, j) - m(j, k)) * f);
    q(i + 1) = x;
    q(j + 1) = static_cast<T>((m(j, i) + m(i, j)) * f);
    q(k + 1) = static_cast<T>((m(k, i) + m(i, k)) * f);
  }
  return q;
}
/// The rotation on the shortest great arc from a (t = 0) to b (t = 1), both unit quaternions (K. Shoemake, "Animating
/// rotation with quaternion curves", 1985). Nearly equal ones are interpolated on the chord and normalised.
template <expression A, expression B, class T>
constexpr auto slerp(const A& from, const B& to, T t) {
  static_assert(detail::HasShape<"slerp", extents_t<A>, 4>::ok && detail::HasShape<"slerp", extents_t<B>, 4>::ok);
  using R = common_t<typename A::value_type, typename B::value_type, T>;
  const Tensor<R, 4> a(from), b(to);
  R cosine = static_cast<R>(a(0) * b(0) + a(1) * b(1) + a(2) * b(2) + a(3) * b(3));
  const bool opposite = cosine < R(0);
  if (opposite) cosine = static_cast<R>(-cosine);
  R p = static_cast<R>(R(1) - t), q = static_cast<R>(t);
  const bool near = cosine > R(0.9995);
  if (!near) {
    const R angle = static_cast<R>(acos(cosine)), f = detail::one_over(static_cast<R>(sin(angle)));
    p = static_cast<R>(sin(p * angle) * f);
    q = static_cast<R>(sin(q * angle) * f);
  }
  if (opposite) q = static_cast<R>(-q);
  Tensor<R, 4> r;
  R squares(0);
  for (int i = 0; i < 4; ++i) {
    r(i) = static_cast<R>(a(i) * p + b(i) * q);
    squares = static_cast<R>(squares + r(i) * r(i));
  }
  if (near)
    for (int i = 0; i < 4; ++i) r(i) = static_cast<R>(r(i) / sqrt(squares));
  return r;
}

}  // namespace TENON_ABI
}  // namespace tenon
