// benchmarks/statements.cpp: one statement over few numbers: what it costs to begin.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer of a small network, a matrix and a transposed one, a vector that is added to every row, a vector by its
// length. The size of a case is the number of rows and columns, or of elements of the vector.
#include <tenon/tenon.hpp>

#include "common.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif
#if BENCH_HAND
#include <immintrin.h>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using tenon::Tensor;

template <int N, class M_, class V_>
struct Numbers : Reference {
  using M = M_;
  using V = V_;
  // What is written: a matrix, or a vector.
  explicit Numbers(bool matrix) : of_matrix(matrix) {
    if constexpr (!M::extents_type::is_static) {
      a = M(N, N), b = M(N, N), y = M(N, N);
      x = V(N), v = V(N), z = V(N);
    }
    fill(a.data(), N * N, -1, 1, 1);
    fill(b.data(), N * N, -1, 1, 2);
    fill(x.data(), N, -1, 1, 3);
    fill(v.data(), N, -1, 1, 4);
    expected.resize(matrix ? N * N : N);
    tolerance = 1e-5;
  }
  std::span<float> result() { return of_matrix ? std::span(y.data(), N * N) : std::span(z.data(), N); }
  template <class F>
  Numbers* expect(const F& f) {
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = f(static_cast<int>(i / N), static_cast<int>(i % N));
    return this;
  }
  static double number(float f) { return static_cast<double>(f); }
  double a_at(int i, int j) const { return number(a(i, j)); }

  bool of_matrix;
  M a{}, b{}, y{};
  V x{}, v{}, z{};
};
template <int N>
using Fixed = Numbers<N, Tensor<float, N, N>, Tensor<float, N>>;
template <int N>
using Dynamic = Numbers<N, Tensor<float, dyn, dyn>, Tensor<float, dyn>>;

#if BENCH_HAND
// The sums of the lanes of sixteen registers: pairs become one register, the lanes of which are half done.
[[gnu::always_inline]] inline __m512 sums(const __m512* v) {
  __m512 half[8], quarter[4];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    const __m512 p = v[2 * i], q = v[2 * i + 1];
    half[i] = _mm512_unpacklo_ps(p, q) + _mm512_unpackhi_ps(p, q);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512d p = _mm512_castps_pd(half[2 * i]), q = _mm512_castps_pd(half[2 * i + 1]);
    quarter[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(p, q)) + _mm512_castpd_ps(_mm512_unpackhi_pd(p, q));
  }
  const __m512 low =
      _mm512_shuffle_f32x4(quarter[0], quarter[1], 0x44) + _mm512_shuffle_f32x4(quarter[0], quarter[1], 0xee);
  const __m512 high =
      _mm512_shuffle_f32x4(quarter[2], quarter[3], 0x44) + _mm512_shuffle_f32x4(quarter[2], quarter[3], 0xee);
  return _mm512_shuffle_f32x4(low, high, 0x88) + _mm512_shuffle_f32x4(low, high, 0xdd);
}
template <int N>
[[gnu::always_inline]] inline void layer(const float* w, const float* x, const float* b, float* y) {
  if constexpr (N == 4) {
    const __m512 p = _mm512_loadu_ps(w) * _mm512_broadcast_f32x4(_mm_loadu_ps(x));
    const __m512 pairs = p + _mm512_permute_ps(p, 0xb1), all = pairs + _mm512_permute_ps(pairs, 0x4e);
    const __m128 sum = _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, all));
    _mm_storeu_ps(y, _mm_max_ps(sum + _mm_loadu_ps(b), _mm_setzero_ps()));
  } else {
    for (int i = 0; i < N; i += 16, w += 16 * N) {
      __m512 s[16] = {};
#pragma GCC unroll 4
      for (int k = 0; k < N; k += 16) {
        const __m512 v = _mm512_loadu_ps(x + k);
#pragma GCC unroll 16
        for (int r = 0; r < 16; ++r) s[r] = _mm512_fmadd_ps(_mm512_loadu_ps(w + r * N + k), v, s[r]);
      }
      _mm512_storeu_ps(y + i, _mm512_max_ps(sums(s) + _mm512_loadu_ps(b + i), _mm512_setzero_ps()));
    }
  }
}
[[gnu::always_inline]] inline void turn(__m128 (&r)[4]) { _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]); }
template <int N>
[[gnu::always_inline]] inline void add_transposed(const float* a, const float* b, float* y) {
  if constexpr (N == 4) {
    const __m512i columns = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_storeu_ps(y, _mm512_loadu_ps(a) + _mm512_permutexvar_ps(columns, _mm512_loadu_ps(b)));
  }
  for (int i = 0; i < N; i += 4)
    for (int j = 0; j < N; j += 4) {
      __m128 r[4];
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) r[k] = _mm_loadu_ps(b + (j + k) * N + i);
      turn(r);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) _mm_storeu_ps(y + (i + k) * N + j, _mm_loadu_ps(a + (i + k) * N + j) + r[k]);
    }
}
template <int N>
[[gnu::always_inline]] inline void add_to_rows(const float* a, const float* v, float* y) {
  if constexpr (N == 4) return _mm512_storeu_ps(y, _mm512_loadu_ps(a) + _mm512_broadcast_f32x4(_mm_loadu_ps(v)));
  for (int j = 0; j + 16 <= N; j += 16) {
    const __m512 r = _mm512_loadu_ps(v + j);
    for (int i = 0; i < N; ++i) _mm512_storeu_ps(y + i * N + j, _mm512_loadu_ps(a + i * N + j) + r);
  }
}
template <int N>
[[gnu::always_inline]] inline void by_length(const float* x, float* z) {
  if constexpr (N == 4) {
    const __m128 v = _mm_loadu_ps(x), p = v * v, q = p + _mm_permute_ps(p, 0xb1);
    _mm_storeu_ps(z, v / _mm_sqrt_ps(q + _mm_permute_ps(q, 0x4e)));
  } else {
    __m512 v[N / 16], s = _mm512_setzero_ps();
#pragma GCC unroll 4
    for (int k = 0; k < N / 16; ++k) v[k] = _mm512_loadu_ps(x + 16 * k), s = _mm512_fmadd_ps(v[k], v[k], s);
    const __m512 f = _mm512_set1_ps(std::sqrt(_mm512_reduce_add_ps(s)));
#pragma GCC unroll 4
    for (int k = 0; k < N / 16; ++k) _mm512_storeu_ps(z + 16 * k, v[k] / f);
  }
}
#endif

#if BENCH_EIGEN
// Of tensors of static extents Eigen's types are so, too.
template <class D, int N>
inline constexpr int rows = D::M::extents_type::is_static ? N : Eigen::Dynamic;
template <class D, int N>
auto eigen_matrix(const float* p) {
  using M = Eigen::Matrix<float, rows<D, N>, rows<D, N>, Eigen::RowMajor>;
  return Eigen::Map<const M>(p, N, N);
}
template <class D, int N>
auto eigen_matrix(float* p) {
  using M = Eigen::Matrix<float, rows<D, N>, rows<D, N>, Eigen::RowMajor>;
  return Eigen::Map<M>(p, N, N);
}
template <class D, int N>
auto eigen_vector(const float* p) {
  return Eigen::Map<const Eigen::Matrix<float, rows<D, N>, 1>>(p, N);
}
template <class D, int N>
auto eigen_vector(float* p) {
  return Eigen::Map<Eigen::Matrix<float, rows<D, N>, 1>>(p, N);
}
#endif

template <class D, int N>
void add_statements(const std::string& kind) {
  const auto name = [&](const char* statement) {
    return std::string("small/") + statement + kind + "/f32/" + std::to_string(N);
  };
  {
    auto c = add_case<D>(name("layer"), [] {
      auto* d = new D(false);
      return d->expect([d](int, int i) {
        double sum = D::number(d->v(i));
        for (int k = 0; k < N; ++k) sum += d->a_at(i, k) * D::number(d->x(k));
        return sum > 0 ? sum : 0;
      });
    });
    c.run("tenon", [](D& d) { d.z = relu(matmul(d.a, d.x) + d.v); });
#if BENCH_HAND
    c.run("hand", [](D& d) { layer<N>(d.a.data(), d.x.data(), d.v.data(), d.z.data()); });
#endif
#if BENCH_EIGEN
    c.run("eigen", [](D& d) {
      auto z = eigen_vector<D, N>(d.z.data());
      z.noalias() = eigen_matrix<D, N>(std::as_const(d.a).data()) * eigen_vector<D, N>(std::as_const(d.x).data());
      z = (z + eigen_vector<D, N>(std::as_const(d.v).data())).cwiseMax(0.0f);
    });
#endif
  }
  {
    auto c = add_case<D>(name("add_transposed"), [] {
      auto* d = new D(true);
      return d->expect([d](int i, int j) { return d->a_at(i, j) + D::number(d->b(j, i)); });
    });
    c.run("tenon", [](D& d) { d.y = d.a + transpose(d.b); });
#if BENCH_HAND
    c.run("hand", [](D& d) { add_transposed<N>(d.a.data(), d.b.data(), d.y.data()); });
#endif
#if BENCH_EIGEN
    c.run("eigen", [](D& d) {
      eigen_matrix<D, N>(d.y.data()).noalias() =
          eigen_matrix<D, N>(std::as_const(d.a).data()) + eigen_matrix<D, N>(std::as_const(d.b).data()).transpose();
    });
#endif
  }
  {
    auto c = add_case<D>(name("add_to_rows"), [] {
      auto* d = new D(true);
      return d->expect([d](int i, int j) { return d->a_at(i, j) + D::number(d->v(j)); });
    });
    c.run("tenon", [](D& d) { d.y = d.a + d.v; });
#if BENCH_HAND
    c.run("hand", [](D& d) { add_to_rows<N>(d.a.data(), d.v.data(), d.y.data()); });
#endif
#if BENCH_EIGEN
    c.run("eigen", [](D& d) {
      eigen_matrix<D, N>(d.y.data()).noalias() = eigen_matrix<D, N>(std::as_const(d.a).data()).rowwise() +
                                                 eigen_vector<D, N>(std::as_const(d.v).data()).transpose();
    });
#endif
  }
  {
    auto c = add_case<D>(name("by_length"), [] {
      auto* d = new D(false);
      double square = 0;
      for (int i = 0; i < N; ++i) square += std::pow(D::number(d->x(i)), 2);
      return d->expect([=](int, int i) { return D::number(d->x(i)) / std::sqrt(square); });
    });
    c.run("tenon", [](D& d) { d.z = d.x / sqrt(sum(d.x * d.x)); });
#if BENCH_HAND
    c.run("hand", [](D& d) { by_length<N>(d.x.data(), d.z.data()); });
#endif
#if BENCH_EIGEN
    c.run("eigen", [](D& d) {
      const auto x = eigen_vector<D, N>(std::as_const(d.x).data());
      eigen_vector<D, N>(d.z.data()) = x / x.norm();
    });
#endif
  }
}

const Area area([] {
  add_statements<Fixed<4>, 4>(""), add_statements<Fixed<16>, 16>(""), add_statements<Fixed<64>, 64>("");
  add_statements<Dynamic<4>, 4>("_dynamic"), add_statements<Dynamic<16>, 16>("_dynamic"),
      add_statements<Dynamic<64>, 64>("_dynamic");
});

}  // namespace
}  // namespace bench
