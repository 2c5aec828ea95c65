// benchmarks/small.cpp: what graphics, games and robots do: many small matrices and vectors, in the first-level cache.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The size of a case is the number of matrices or vectors that one run computes.
#include <tenon/tenon.hpp>
#include <tenon/tensor/geometry.hpp>

#include "hand_narrow.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#include <Eigen/LU>
#endif
#if BENCH_GLM
#define GLM_FORCE_DEFAULT_ALIGNED_GENTYPES
#define GLM_FORCE_INTRINSICS
#include <glm/ext/matrix_float4x4.hpp>
#include <glm/geometric.hpp>
#include <glm/gtc/type_aligned.hpp>
#include <glm/matrix.hpp>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using tenon::Tensor;

template <int N, int Count>
struct Matrices : Reference {
  using M = Tensor<float, N, N>;
  static_assert(sizeof(M) == sizeof(float) * N * N);
  explicit Matrices(bool inverse) : a(new (std::align_val_t(64)) M[3 * Count]), b(a + Count), c(b + Count) {
    fill(a->data(), Count * N * N, -1, 1, 1);
    fill(b->data(), Count * N * N, -1, 1, 2);
    expected.assign(Count * N * N, 0);
    tolerance = 1e-5;
    for (int m = 0; m < Count; ++m) inverse ? invert(m) : multiply(m);
  }
  ~Matrices() { operator delete[](a, std::align_val_t(64)); }
  Matrices(const Matrices&) = delete;
  void multiply(int m) {
    for (int i = 0; i < N; ++i)
      for (int k = 0; k < N; ++k)
        for (int j = 0; j < N; ++j)
          expected[static_cast<std::size_t>((m * N + i) * N + j)] +=
              static_cast<double>(a[m](i, k)) * static_cast<double>(b[m](k, j));
  }
  // Gauss and Jordan's elimination of a matrix with a large diagonal.
  void invert(int m) {
    double w[N][2 * N] = {};
    for (int i = 0; i < N; ++i) {
      a[m](i, i) += 4;
      for (int j = 0; j < N; ++j) w[i][j] = static_cast<double>(a[m](i, j));
      w[i][N + i] = 1;
    }
    for (int p = 0; p < N; ++p) {
      const double f = 1 / w[p][p];
      for (double& v : w[p]) v *= f;
      for (int i = 0; i < N; ++i)
        if (i != p) {
          const double g = w[i][p];
          for (int j = 0; j < 2 * N; ++j) w[i][j] -= g * w[p][j];
        }
    }
    for (int i = 0; i < N; ++i)
      for (int j = 0; j < N; ++j) expected[static_cast<std::size_t>((m * N + i) * N + j)] = w[i][N + j];
  }
  std::span<float> result() { return {c->data(), expected.size()}; }
  M *a, *b, *c;
};

#if BENCH_HAND
// One matrix a vector: elements of a repeated within their row, rows of b repeated over all rows. A sum is one chain:
// what others would wait for are more instructions.
[[gnu::noinline]] void multiply4(const float* a, const float* b, float* c, int count) {
#pragma GCC unroll 4
  for (int m = 0; m < count; ++m, a += 16, b += 16, c += 16) {
    const __m512 v = _mm512_loadu_ps(a);
    const auto row = [b](int k) { return _mm512_broadcast_f32x4(_mm_loadu_ps(b + 4 * k)); };
    __m512 sum = _mm512_permute_ps(v, 0x00) * row(0);
    sum = _mm512_fmadd_ps(_mm512_permute_ps(v, 0x55), row(1), sum);
    sum = _mm512_fmadd_ps(_mm512_permute_ps(v, 0xaa), row(2), sum);
    _mm512_storeu_ps(c, _mm512_fmadd_ps(_mm512_permute_ps(v, 0xff), row(3), sum));
  }
}
template <int N>
[[gnu::noinline]] void multiply(const float* a, const float* b, float* c, int count) {
  for (int m = 0; m < count; ++m, a += N * N, b += N * N, c += N * N) {
    if constexpr (N == 8)
      hand::eight(a, b, c);
    else
      hand::small_columns<float, N, N, 1>(a, b, c);
  }
}

// Four matrices at once: row r of each is a quarter of v[r]; this exchanges that form and one matrix a vector.
[[gnu::always_inline]] inline void turn_quarters(__m512 (&v)[4]) {
  const __m512 a = _mm512_shuffle_f32x4(v[0], v[1], 0x44), b = _mm512_shuffle_f32x4(v[0], v[1], 0xee);
  const __m512 c = _mm512_shuffle_f32x4(v[2], v[3], 0x44), d = _mm512_shuffle_f32x4(v[2], v[3], 0xee);
  v[0] = _mm512_shuffle_f32x4(a, c, 0x88), v[1] = _mm512_shuffle_f32x4(a, c, 0xdd);
  v[2] = _mm512_shuffle_f32x4(b, d, 0x88), v[3] = _mm512_shuffle_f32x4(b, d, 0xdd);
}
// 2x2 matrices in quarters, (x0 x1; x2 x3), and # for the adjugate (x3 -x1; -x2 x0).
template <int I, int J, int K, int L>
inline __m512 pick(__m512 a, __m512 b) {
  return _mm512_shuffle_ps(a, b, I | J << 2 | K << 4 | L << 6);
}
template <int I, int J, int K, int L>
inline __m512 pick(__m512 a) {
  return _mm512_permute_ps(a, I | J << 2 | K << 4 | L << 6);
}
inline __m512 times(__m512 p, __m512 q) {
  return _mm512_fmadd_ps(p, pick<0, 3, 0, 3>(q), pick<1, 0, 3, 2>(p) * pick<2, 1, 2, 1>(q));
}
inline __m512 adjugate_times(__m512 p, __m512 q) {
  return _mm512_fmsub_ps(pick<3, 3, 0, 0>(p), q, pick<1, 1, 2, 2>(p) * pick<2, 3, 0, 1>(q));
}
inline __m512 times_adjugate(__m512 p, __m512 q) {
  return _mm512_fmsub_ps(p, pick<3, 0, 3, 0>(q), pick<1, 0, 3, 2>(p) * pick<2, 1, 2, 1>(q));
}
// The inverse of (A B; C D) by its 2x2 blocks (Bernstein, Matrix Mathematics, 2.8: blocks of the adjugate).
[[gnu::noinline]] void invert4(const float* from, float* to, int count) {
  const __m512 signs = _mm512_broadcast_f32x4(_mm_setr_ps(1, -1, -1, 1));
  for (int m = 0; m < count; m += 4, from += 64, to += 64) {
    __m512 r[4] = {_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16), _mm512_loadu_ps(from + 32),
                   _mm512_loadu_ps(from + 48)};
    turn_quarters(r);
    const __m512 A = pick<0, 1, 0, 1>(r[0], r[1]), B = pick<2, 3, 2, 3>(r[0], r[1]);
    const __m512 C = pick<0, 1, 0, 1>(r[2], r[3]), D = pick<2, 3, 2, 3>(r[2], r[3]);
    const __m512 determinants = _mm512_fmsub_ps(pick<0, 2, 0, 2>(r[0], r[2]), pick<1, 3, 1, 3>(r[1], r[3]),
                                                pick<1, 3, 1, 3>(r[0], r[2]) * pick<0, 2, 0, 2>(r[1], r[3]));
    const __m512 a = pick<0, 0, 0, 0>(determinants), b = pick<1, 1, 1, 1>(determinants);
    const __m512 c = pick<2, 2, 2, 2>(determinants), d = pick<3, 3, 3, 3>(determinants);
    const __m512 dc = adjugate_times(D, C), ab = adjugate_times(A, B);
    const __m512 x = _mm512_fmsub_ps(d, A, times(B, dc)), w = _mm512_fmsub_ps(a, D, times(C, ab));
    const __m512 y = _mm512_fmsub_ps(b, C, times_adjugate(D, ab)), z = _mm512_fmsub_ps(c, B, times_adjugate(A, dc));
    __m512 trace = ab * pick<0, 2, 1, 3>(dc);
    trace += pick<1, 0, 3, 2>(trace);
    trace += pick<2, 3, 0, 1>(trace);
    const __m512 determinant = _mm512_fmadd_ps(a, d, _mm512_fmsub_ps(b, c, trace));
    const __m512 f = signs / determinant;
    r[0] = pick<3, 1, 3, 1>(x * f, y * f), r[1] = pick<2, 0, 2, 0>(x * f, y * f);
    r[2] = pick<3, 1, 3, 1>(z * f, w * f), r[3] = pick<2, 0, 2, 0>(z * f, w * f);
    turn_quarters(r);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) _mm512_storeu_ps(to + 16 * i, r[i]);
  }
}
#endif

#if BENCH_EIGEN
template <int N>
using EigenIn = Eigen::Map<const Eigen::Matrix<float, N, N, Eigen::RowMajor>, Eigen::Aligned64>;
template <int N>
using EigenOut = Eigen::Map<Eigen::Matrix<float, N, N, Eigen::RowMajor>, Eigen::Aligned64>;
#endif

template <int N, int Count>
void add_multiply() {
  using D = Matrices<N, Count>;
  const std::string shape = std::to_string(N) + "x" + std::to_string(N);
  auto c = add_case<D>("small/matmul_" + shape + "/f32/" + std::to_string(Count), [] { return new D(false); });
  c.run("tenon", [](D& d) {
    for (int m = 0; m < Count; ++m) d.c[m] = matmul(d.a[m], d.b[m]);
  });
  c.bound("peak", [](auto& s) { run_peak<float>(s, Count * N * N * N); });
#if BENCH_HAND
  c.run("hand", [](D& d) {
    if constexpr (N == 4)
      multiply4(d.a->data(), d.b->data(), d.c->data(), Count);
    else
      multiply<N>(d.a->data(), d.b->data(), d.c->data(), Count);
  });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](D& d) {
    for (int m = 0; m < Count; ++m)
      EigenOut<N>(d.c[m].data()).noalias() = EigenIn<N>(d.a[m].data()) * EigenIn<N>(d.b[m].data());
  });
#endif
#if BENCH_GLM
  if constexpr (N == 4)
    c.run("glm", [](D& d) {  // column-major: b a there is a b here
      using M = glm::aligned_mat4;
      const auto *a = reinterpret_cast<const M*>(d.a), *b = reinterpret_cast<const M*>(d.b);
      auto* ab = reinterpret_cast<M*>(d.c);
      for (int m = 0; m < Count; ++m) ab[m] = b[m] * a[m];
    });
#endif
  if (const auto product = xsmm_product<float>(N, N, N))
    c.run("libxsmm", [product](D& d) {
      for (int m = 0; m < Count; ++m) call(product, d.a[m].data(), d.b[m].data(), d.c[m].data());
    });
}

void add_inverse() {
  using D = Matrices<4, 64>;
  auto c = add_case<D>("small/inverse_4x4/f32/64", [] { return new D(true); });
  c.run("tenon", [](D& d) {
    for (int m = 0; m < 64; ++m) d.c[m] = inverse(d.a[m]);
  });
#if BENCH_HAND
  c.run("hand", [](D& d) { invert4(d.a->data(), d.c->data(), 64); });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](D& d) {
    for (int m = 0; m < 64; ++m) EigenOut<4>(d.c[m].data()) = EigenIn<4>(d.a[m].data()).inverse();
  });
#endif
#if BENCH_GLM
  c.run("glm", [](D& d) {
    using M = glm::aligned_mat4;
    for (int m = 0; m < 64; ++m) reinterpret_cast<M*>(d.c)[m] = glm::inverse(reinterpret_cast<const M*>(d.a)[m]);
  });
#endif
}

// ---- vectors of three, one after the other, or as three rows
// ----------------------------------------------------------

constexpr index_t vectors = 1024;
template <bool Rows>
struct Vectors : Reference {
  using T = std::conditional_t<Rows, Tensor<float, 3, dyn>, Tensor<float, dyn, 3>>;
  Vectors() : x(Rows ? 3 : vectors, Rows ? vectors : 3), y(Rows ? 3 : vectors, Rows ? vectors : 3) {
    fill(x.data(), 3 * vectors, -1, 1, 1);
    expected.resize(3 * vectors);
    for (index_t v = 0; v < vectors; ++v) {
      const auto at = [v](index_t i) { return static_cast<std::size_t>(Rows ? i * vectors + v : v * 3 + i); };
      double norm = 0;
      for (index_t i = 0; i < 3; ++i) norm += std::pow(static_cast<double>(x.data()[at(i)]), 2);
      for (index_t i = 0; i < 3; ++i) expected[at(i)] = static_cast<double>(x.data()[at(i)]) / std::sqrt(norm);
    }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  T x, y;
};

#if BENCH_HAND
// 1/sqrt(x) of x > 0, correctly rounded as rsqrt is: of a step of Newton's iteration alone a quarter is not. The first
// step ends below the root, the second one takes its products with their rounding errors; the 2 stands for the square
// of what is left (all numbers were tried).
inline __m512 inverse_root(__m512 x) {
  const auto half = [](__m512 v) { return _mm512_sub_epi32(_mm512_castps_si512(v), _mm512_set1_epi32(1 << 23)); };
  const __m512 r = _mm512_rsqrt14_ps(x);
  const __m512 low =
      _mm512_fmadd_ps(_mm512_castsi512_ps(half(r)), _mm512_fnmadd_ps(x * r, r, _mm512_set1_ps(0x1.fffffep-1f)), r);
  const __m512 p = x * low, error = _mm512_fmsub_ps(x, low, p);
  const __m512 e = _mm512_fnmadd_ps(error, low, _mm512_fnmadd_ps(p, low, _mm512_set1_ps(1)));
  return _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_or_si512(half(low), _mm512_set1_epi32(2))), e, low);
}
// The same of a sum of squares, or of the smallest length's; NaN stays.
inline __m512 inverse_length(__m512 squares) { return inverse_root(_mm512_max_ps(_mm512_set1_ps(1e-24f), squares)); }
[[gnu::noinline]] void normalise_rows(const float* x, float* y) {
  for (index_t i = 0; i < vectors; i += 16) {
    const __m512 a = _mm512_loadu_ps(x + i), b = _mm512_loadu_ps(x + vectors + i),
                 c = _mm512_loadu_ps(x + 2 * vectors + i);
    const __m512 f = inverse_length(_mm512_fmadd_ps(a, a, _mm512_fmadd_ps(b, b, c * c)));
    _mm512_storeu_ps(y + i, a * f), _mm512_storeu_ps(y + vectors + i, b * f),
        _mm512_storeu_ps(y + 2 * vectors + i, c * f);
  }
}
// Where the permutations of normalise() take their elements from.
struct Permutations {
  alignas(64) int first[3][16] = {}, second[3][16] = {}, spread[3][16] = {};
  constexpr Permutations() {
    for (int c = 0; c < 3; ++c)
      for (int i = 0; i < 16; ++i) {
        const int from = 3 * i + c;
        first[c][i] = from < 32 ? from : 0;
        second[c][i] = from < 32 ? i : 16 + from - 32;
        spread[c][i] = (16 * c + i) / 3;
      }
  }
};
constexpr Permutations places;
// Sixteen vectors are three registers: squares are gathered by component, the factors spread back.
[[gnu::noinline]] void normalise(const float* x, float* y) {
  const auto load = [](const int(&p)[16]) { return _mm512_load_si512(p); };
  const __m512i f[3] = {load(places.first[0]), load(places.first[1]), load(places.first[2])};
  const __m512i s[3] = {load(places.second[0]), load(places.second[1]), load(places.second[2])};
  const __m512i t[3] = {load(places.spread[0]), load(places.spread[1]), load(places.spread[2])};
  for (index_t i = 0; i < 3 * vectors; i += 48) {
    const __m512 a = _mm512_loadu_ps(x + i), b = _mm512_loadu_ps(x + i + 16), c = _mm512_loadu_ps(x + i + 32);
    const __m512 aa = a * a, bb = b * b, cc = c * c;
    __m512 sum = _mm512_setzero_ps();
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) sum += _mm512_permutex2var_ps(_mm512_permutex2var_ps(aa, f[k], bb), s[k], cc);
    const __m512 g = inverse_length(sum);
    _mm512_storeu_ps(y + i, a * _mm512_permutexvar_ps(t[0], g));
    _mm512_storeu_ps(y + i + 16, b * _mm512_permutexvar_ps(t[1], g));
    _mm512_storeu_ps(y + i + 32, c * _mm512_permutexvar_ps(t[2], g));
  }
}
#endif

template <bool Rows>
void add_normalise() {
  using D = Vectors<Rows>;
  auto c = add_case<D>(std::string("small/normalise_3") + (Rows ? "_rows" : "") + "/f32/1024", [] { return new D; });
  c.run("tenon", [](D& d) { d.y = tenon::normalize < Rows ? 0 : 1 > (d.x); });
#if BENCH_HAND
  c.run("hand", [](D& d) { (Rows ? normalise_rows : normalise)(d.x.data(), d.y.data()); });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](D& d) {
    constexpr int rows = Rows ? 3 : Eigen::Dynamic, columns = Rows ? Eigen::Dynamic : 3;
    using M = Eigen::Matrix<float, rows, columns, Eigen::RowMajor>;
    const Eigen::Map<const M, Eigen::Aligned64> x(d.x.data(), Rows ? 3 : vectors, Rows ? vectors : 3);
    Eigen::Map<M, Eigen::Aligned64> y(d.y.data(), Rows ? 3 : vectors, Rows ? vectors : 3);
    if constexpr (Rows)
      y = x.colwise().normalized();
    else
      y = x.rowwise().normalized();
  });
#endif
#if BENCH_GLM
  if constexpr (!Rows)
    c.run("glm", [](D& d) {
      const auto* x = reinterpret_cast<const glm::packed_vec3*>(d.x.data());
      auto* y = reinterpret_cast<glm::packed_vec3*>(d.y.data());
      for (index_t i = 0; i < vectors; ++i) y[i] = glm::normalize(x[i]);
    });
#endif
}

const Area area([] {
  add_multiply<4, 64>(), add_multiply<8, 16>(), add_multiply<16, 8>();
  add_inverse();
  add_normalise<false>(), add_normalise<true>();
});

}  // namespace
}  // namespace bench
