// tenon/tensor/inverse.hpp: determinant and inverse of static 2x2, 3x3 and 4x4 matrices, in closed form.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For any element type (double, dual, rev), in constant expressions, too. Inverses of 4x4 matrices of floats and
// doubles are computed in packs, two 2x2 blocks to a pack.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>
#include <tenon/tensor/tensor.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class E>
inline constexpr bool is_small_square =
    E::rank == 2 &&
    E::is_static&& E::static_extent(0) == E::static_extent(1) && E::static_extent(0) >= 2 && E::static_extent(0) <= 4;
template <FixedString Op, class E>
struct SmallSquare {
  static constexpr bool ok = is_small_square<E>;
  static_assert(ok, "tenon: the operand is not a static 2x2, 3x3 or 4x4 matrix (the operation and its extents above)");
};

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

#if !defined(__CUDACC__)
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
  // Where registers hold the matrix, one permutation takes it apart, and one puts the blocks together.
  constexpr bool whole = 2 * sizeof(V) <= simd::native_bytes;
  V ad, bc;
  if constexpr (whole) {
    const auto m = simd::load<simd::pack<T, 16>>(from);
    const auto blocks = simd::shuffle<0, 1, 4, 5, 10, 11, 14, 15, 2, 3, 6, 7, 8, 9, 12, 13>(m, m);
    ad = simd::low_half(blocks), bc = simd::high_half(blocks);
  } else {
    const V top = simd::load<V>(from), bottom = simd::load<V>(from + 8);
    ad = simd::shuffle<0, 1, 10, 11, 4, 5, 14, 15>(top, bottom);
    bc = simd::shuffle<8, 9, 2, 3, 12, 13, 6, 7>(top, bottom);
    ad = simd::shuffle<0, 1, 4, 5, 2, 3, 6, 7>(ad, ad);
    bc = simd::shuffle<2, 3, 6, 7, 0, 1, 4, 5>(bc, bc);
  }
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
  if constexpr (whole) {
    // What is stored in parts and then copied as a whole, as a result may be, waits for the stores to leave the core.
    const auto r = simd::concat(xw_f, zy_f);
    simd::store(to, simd::shuffle<3, 1, 15, 13, 2, 0, 14, 12, 11, 9, 7, 5, 10, 8, 6, 4>(r, r));
  } else {
    const V xy = simd::shuffle<0, 1, 2, 3, 12, 13, 14, 15>(xw_f, zy_f),
            zw = simd::shuffle<0, 1, 2, 3, 12, 13, 14, 15>(zy_f, xw_f);
    simd::store(to, simd::shuffle<3, 1, 7, 5, 2, 0, 6, 4>(xy, xy));
    simd::store(to + 8, simd::shuffle<3, 1, 7, 5, 2, 0, 6, 4>(zw, zw));
  }
}
#endif
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
  [[maybe_unused]] constexpr bool expected = detail::SmallSquare<"inverse", extents_t<M>>::ok;
  if constexpr (!detail::is_small_square<extents_t<M>>) {
    return evaluate(static_cast<M&&>(matrix));  // so that the compiler has no more to say
  } else {
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
}

}  // namespace TENON_ABI
}  // namespace tenon
