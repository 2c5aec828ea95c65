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
struct SmallSquare {
  static constexpr bool ok = E::rank == 2 && E::is_static && E::static_extent(0) == E::static_extent(1) &&
                             E::static_extent(0) >= 2 && E::static_extent(0) <= 4;
  static_assert(ok, "tenon: the operand is not a static 2x2, 3x3 or 4x4 matrix (the operation and its extents above)");
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

// ---- determinant and inverse ---------------------------------------------------------------------------------------

namespace detail {

// Subdeterminants of rows 0, 1 (s) and rows 2, 3 (c) of a 4x4 matrix: Laplace's expansion along pairs of rows.
template <class M, class T>
struct Minors {
  T s[6], c[6];
  constexpr explicit Minors(const M& m) {
    constexpr int p[6] = {0, 0, 0, 1, 1, 2}, q[6] = {1, 2, 3, 2, 3, 3};
    for (int k = 0; k < 6; ++k) {
      s[k] = static_cast<T>(m(0, p[k]) * m(1, q[k]) - m(0, q[k]) * m(1, p[k]));
      c[k] = static_cast<T>(m(2, p[k]) * m(3, q[k]) - m(2, q[k]) * m(3, p[k]));
    }
  }
  constexpr T determinant() const {
    return static_cast<T>(s[0] * c[5] - s[1] * c[4] + s[2] * c[3] + s[3] * c[2] - s[4] * c[1] + s[5] * c[0]);
  }
};
template <int N, class M>
constexpr auto determinant_of(const M& m) {
  using T = typename M::value_type;
  if constexpr (N == 2) {
    return static_cast<T>(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0));
  } else if constexpr (N == 3) {
    return static_cast<T>(m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) -
                          m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0)) +
                          m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0)));
  } else {
    return Minors<M, T>(m).determinant();
  }
}

// Pairs of 2x2 matrices, row by row; # is the adjugate.
template <int I, int J, int K, int L, class V>
TENON_INLINE V each_of_pair(V v) {
  return simd::shuffle<I, J, K, L, 4 + I, 4 + J, 4 + K, 4 + L>(v, v);
}
template <class V>
TENON_INLINE V times(V a, V b) {
  return math::fma(a, each_of_pair<0, 3, 0, 3>(b), V(each_of_pair<1, 0, 3, 2>(a) * each_of_pair<2, 1, 2, 1>(b)));
}
template <class V>
TENON_INLINE V adjugate_times(V a, V b) {
  return math::fma(each_of_pair<3, 3, 0, 0>(a), b, V(-(each_of_pair<1, 1, 2, 2>(a) * each_of_pair<2, 3, 0, 1>(b))));
}
template <class V>
TENON_INLINE V times_adjugate(V a, V b) {
  return math::fma(a, each_of_pair<3, 0, 3, 0>(b), V(-(each_of_pair<1, 0, 3, 2>(a) * each_of_pair<2, 1, 2, 1>(b))));
}
// In the first lane of each: |A| and |D|.
template <class V>
TENON_INLINE V determinants_of_pair(V ad) {
  const V products = ad * each_of_pair<3, 2, 1, 0>(ad);
  return products - each_of_pair<1, 0, 3, 2>(products);
}
// The inverse of (A B; C D) by its blocks: (X# Y#; Z# W#) / det with X = |D| A - B D#C, Y = |B| C - D (A#B)#,
// Z = |C| B - A (D#C)#, W = |A| D - C A#B and det = |A||D| + |B||C| - tr(A#B D#C)  (Bernstein, Matrix
// Mathematics, 2.8). Two blocks go in one pack: A and D, B and C, X and W, Z and Y.
template <class T>
TENON_INLINE void inverse_by_blocks(const T* from, T* to) {
  using V = simd::pack<T, 8>;
  const V top = simd::load<V>(from), bottom = simd::load<V>(from + 8);
  V ad = simd::shuffle<0, 1, 10, 11, 4, 5, 14, 15>(top, bottom),
    bc = simd::shuffle<8, 9, 2, 3, 12, 13, 6, 7>(top, bottom);
  ad = simd::shuffle<0, 1, 4, 5, 2, 3, 6, 7>(ad, ad);
  bc = simd::shuffle<2, 3, 6, 7, 0, 1, 4, 5>(bc, bc);
  const V det_ad = determinants_of_pair(ad), det_bc = determinants_of_pair(bc);
  const V det_da = simd::shuffle<4, 4, 4, 4, 0, 0, 0, 0>(det_ad, det_ad),
          det_cb = simd::shuffle<4, 4, 4, 4, 0, 0, 0, 0>(det_bc, det_bc);
  const V ab_dc = adjugate_times(ad, bc), dc_ab = simd::shuffle<4, 5, 6, 7, 0, 1, 2, 3>(ab_dc, ab_dc);
  V trace = ab_dc * each_of_pair<0, 2, 1, 3>(dc_ab);
  trace = trace + each_of_pair<1, 0, 3, 2>(trace);
  trace = trace + each_of_pair<2, 3, 0, 1>(trace);
  const V xw = math::fma(det_da, ad, V(-times(bc, dc_ab))), zy = math::fma(det_cb, bc, V(-times_adjugate(ad, dc_ab)));
  const V det = math::fma(each_of_pair<0, 0, 0, 0>(det_ad), det_da,
                          math::fma(each_of_pair<0, 0, 0, 0>(det_bc), det_cb, V(-trace)));
  const V f = V{1, -1, -1, 1, 1, -1, -1, 1} / det, xw_f = xw * f, zy_f = zy * f;
  const V xy = simd::shuffle<0, 1, 2, 3, 12, 13, 14, 15>(xw_f, zy_f),
          zw = simd::shuffle<0, 1, 2, 3, 12, 13, 14, 15>(zy_f, xw_f);
  const V top_rows = simd::shuffle<3, 1, 7, 5, 2, 0, 6, 4>(xy, xy),
          more = simd::shuffle<3, 1, 7, 5, 2, 0, 6, 4>(zw, zw);
  if constexpr (2 * sizeof(V) <= simd::native_bytes) {
    // What is stored in parts and then copied as a whole, as a result may be, waits for the stores to leave the core.
    simd::store(to, simd::concat(top_rows, more));
  } else {
    simd::store(to, top_rows);
    simd::store(to + 8, more);
  }
}
}  // namespace detail

/// The determinant of a static 2x2, 3x3 or 4x4 matrix, in closed form.
template <expression M>
constexpr auto determinant(M&& matrix) {
  static_assert(detail::SmallSquare<"determinant", extents_t<M>>::ok);
  const auto m = evaluate(static_cast<M&&>(matrix));
  return detail::determinant_of<static_cast<int>(extents_t<M>::static_extent(0))>(m);
}
namespace detail {
template <int n, class T>
constexpr Tensor<T, n, n> inverse_by_minors(const Tensor<T, n, n>& m) {
  Tensor<T, n, n> r;
  if constexpr (n == 2) {
    const T f = static_cast<T>(lit(1) / determinant_of<2>(m));
    r(0, 0) = static_cast<T>(m(1, 1) * f);
    r(0, 1) = static_cast<T>(-m(0, 1) * f);
    r(1, 0) = static_cast<T>(-m(1, 0) * f);
    r(1, 1) = static_cast<T>(m(0, 0) * f);
  } else if constexpr (n == 3) {
    const T f = static_cast<T>(lit(1) / determinant_of<3>(m));
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        // The cofactor of (j, i), its signs in the cyclic order of rows and columns.
        const int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
        r(i, j) = static_cast<T>((m(a, c) * m(b, d) - m(a, d) * m(b, c)) * f);
      }
  } else {
    const Minors<Tensor<T, n, n>, T> k(m);
    const T f = static_cast<T>(lit(1) / k.determinant());
    // Row i of the inverse from the columns but i: signs alternate, pairs of rows come from the other half.
    constexpr int column[4][3] = {{1, 2, 3}, {0, 2, 3}, {0, 1, 3}, {0, 1, 2}};
    constexpr int pair[4][3] = {{5, 4, 3}, {5, 2, 1}, {4, 2, 0}, {3, 1, 0}};
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        const T* minor = j < 2 ? k.c : k.s;
        const int from = j < 2 ? 1 - j : 5 - j;  // the row that is left beside the pair
        const auto sum = m(from, column[i][0]) * minor[pair[i][0]] - m(from, column[i][1]) * minor[pair[i][1]] +
                         m(from, column[i][2]) * minor[pair[i][2]];
        r(i, j) = static_cast<T>((i + j) % 2 == 0 ? sum * f : -sum * f);
      }
  }
  return r;
}
}  // namespace detail

/// The inverse of a static 2x2, 3x3 or 4x4 matrix, in closed form (adjugate over determinant). Of a singular matrix its
/// elements are infinite or NaN.
template <expression M>
[[gnu::always_inline]] constexpr auto inverse(M&& matrix) {
  static_assert(detail::SmallSquare<"inverse", extents_t<M>>::ok);
  constexpr int n = static_cast<int>(extents_t<M>::static_extent(0));
  using T = typename bare_t<M>::value_type;
#if !defined(__CUDACC__)
  if constexpr (n == 4 && (__is_same(T, float) || __is_same(T, double)))
    if (!__builtin_is_constant_evaluated()) {
      Tensor<T, 4, 4> r;
      if constexpr (__is_same(bare_t<M>, Tensor<T, 4, 4>)) {
        detail::inverse_by_blocks(matrix.data(), r.data());
      } else {
        detail::inverse_by_blocks(Tensor<T, 4, 4>(static_cast<M&&>(matrix)).data(), r.data());
      }
      return r;
    }
#endif
  return detail::inverse_by_minors<n>(Tensor<T, n, n>(static_cast<M&&>(matrix)));
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
