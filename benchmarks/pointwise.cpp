// benchmarks/pointwise.cpp: element by element: a chain with transcendental functions, and a x + b z.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <algorithm>
#include <tenon/tenon.hpp>

#include "common.hpp"
#include "hand.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif

namespace bench {
namespace {

template <class T>
using Vector = tenon::Tensor<T, tenon::dyn>;

template <class T>
struct Operands : Reference {
  explicit Operands(std::size_t size) : n(size), a(length()), b(length()), c(length()), y(length()) {
    fill(a.data(), n, -2, 2, 1);
    fill(b.data(), n, -2, 2, 2);
    fill(c.data(), n, -1, 1, 3);
    expected.resize(n);
    tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
    scale = 1e-3;
  }
  std::span<T> result() { return {y.data(), n}; }
  tenon::index_t length() const { return static_cast<tenon::index_t>(n); }

  std::size_t n;
  Vector<T> a, b, c, y;
};
template <class T>
struct Chain : Operands<T> {
  explicit Chain(std::size_t size) : Operands<T>(size) {
    this->scale = 0.1;  // c may cancel a b, which some round before
    for (std::size_t i = 0; i < size; ++i) {
      const double a = this->a.data()[i], b = this->b.data()[i], c = this->c.data()[i];
      this->expected[i] = std::tanh(a * b + c) * std::exp(-a * a);
    }
  }
};
struct Axpbz : Operands<float> {
  explicit Axpbz(std::size_t size) : Operands(size) {
    scale = 1;  // the two products may cancel
    for (std::size_t i = 0; i < size; ++i)
      expected[i] = 1.5f * static_cast<double>(a.data()[i]) + 0.75f * static_cast<double>(b.data()[i]);
  }
};

// y = a + transposed(b), n x n.
struct Turned : Operands<float> {
  using Matrix = tenon::Tensor<float, tenon::dyn, tenon::dyn>;
  explicit Turned(std::size_t side)
      : Operands(side * side), n1(static_cast<tenon::index_t>(side)), m(n1, n1), t(n1, n1) {
    std::copy_n(a.data(), n, m.data());
    std::copy_n(b.data(), n, t.data());
    r = Matrix(n1, n1);
    for (std::size_t i = 0; i < side; ++i)
      for (std::size_t j = 0; j < side; ++j)
        expected[i * side + j] =
            static_cast<double>(a.data()[i * side + j]) + static_cast<double>(b.data()[j * side + i]);
    scale = 1;
  }
  std::span<float> result() { return {r.data(), n}; }
  tenon::index_t n1;
  Matrix m, t, r;
};

#if BENCH_HAND
// One loop over full vectors, then a masked one; results beyond the last-level cache go past it.
template <bool Stream, class F>
void loop(std::size_t n, float* y, F f) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    if constexpr (Stream)
      _mm512_stream_ps(y + i, f(i, __mmask16(-1)));
    else
      _mm512_storeu_ps(y + i, f(i, __mmask16(-1)));
  }
  const auto rest = static_cast<__mmask16>((1u << (n - i)) - 1);
  if (rest) _mm512_mask_storeu_ps(y + i, rest, f(i, rest));
  if constexpr (Stream) _mm_sfence();
}
template <bool Stream, class F>
void loop(std::size_t n, double* y, F f) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    if constexpr (Stream)
      _mm512_stream_pd(y + i, f(i, __mmask8(-1)));
    else
      _mm512_storeu_pd(y + i, f(i, __mmask8(-1)));
  }
  const auto rest = static_cast<__mmask8>((1u << (n - i)) - 1);
  if (rest) _mm512_mask_storeu_pd(y + i, rest, f(i, rest));
  if constexpr (Stream) _mm_sfence();
}
template <bool Stream>
[[gnu::noinline]] void chain(std::size_t n, const float* a, const float* b, const float* c, float* y) {
  loop<Stream>(n, y, [=](std::size_t i, __mmask16 m) {
    const __m512 x = _mm512_maskz_loadu_ps(m, a + i);
    const __m512 t = hand::tanh(_mm512_fmadd_ps(x, _mm512_maskz_loadu_ps(m, b + i), _mm512_maskz_loadu_ps(m, c + i)));
    return _mm512_mul_ps(t, hand::exp(_mm512_fnmadd_ps(x, x, _mm512_setzero_ps())));
  });
}
template <bool Stream>
[[gnu::noinline]] void chain(std::size_t n, const double* a, const double* b, const double* c, double* y) {
  loop<Stream>(n, y, [=](std::size_t i, __mmask8 m) {
    const __m512d x = _mm512_maskz_loadu_pd(m, a + i);
    const __m512d t = hand::tanh(_mm512_fmadd_pd(x, _mm512_maskz_loadu_pd(m, b + i), _mm512_maskz_loadu_pd(m, c + i)));
    return _mm512_mul_pd(t, hand::exp(_mm512_fnmadd_pd(x, x, _mm512_setzero_pd())));
  });
}
template <bool Stream>
[[gnu::noinline]] void axpbz(std::size_t n, float a, const float* x, float b, const float* z, float* y) {
  const __m512 va = _mm512_set1_ps(a), vb = _mm512_set1_ps(b);
  loop<Stream>(n, y, [=](std::size_t i, __mmask16 m) {
    return _mm512_fmadd_ps(va, _mm512_maskz_loadu_ps(m, x + i), _mm512_mul_ps(vb, _mm512_maskz_loadu_ps(m, z + i)));
  });
}
// Tiles of 16 x 16, transposed in registers: pairs of rows, then of pairs, then quarters of registers. All of their
// rows are whole lines of memory.
inline void transpose16(__m512 (&r)[16]) {
  __m512 s[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm512_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    s[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    s[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    s[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    s[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(s[i], s[i + 8], 0x88);
    r[i + 4] = _mm512_shuffle_f32x4(s[i + 4], s[i + 12], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(s[i], s[i + 8], 0xdd);
    r[i + 12] = _mm512_shuffle_f32x4(s[i + 4], s[i + 12], 0xdd);
  }
}
template <bool Stream>
[[gnu::noinline]] void add_turned(std::size_t n, const float* a, const float* b, float* y) {
  for (std::size_t i = 0; i < n; i += 16)
    for (std::size_t j = 0; j < n; j += 16) {
      __m512 r[16];
#pragma GCC unroll 16
      for (std::size_t l = 0; l < 16; ++l) r[l] = _mm512_loadu_ps(b + (j + l) * n + i);
      transpose16(r);
#pragma GCC unroll 16
      for (std::size_t l = 0; l < 16; ++l) {
        const __m512 sum = _mm512_add_ps(r[l], _mm512_loadu_ps(a + (i + l) * n + j));
        Stream ? _mm512_stream_ps(y + (i + l) * n + j, sum) : _mm512_storeu_ps(y + (i + l) * n + j, sum);
      }
    }
  if constexpr (Stream) _mm_sfence();
}
#endif

// Where streaming stores pay: hand takes the better kernel for the size.
constexpr std::size_t beyond_cache = 4'000'000;

template <class T>
void add_chain(std::size_t n) {
  auto c = add_case<Chain<T>>(std::string("pointwise/chain/") + type_name<T> + "/" + std::to_string(n),
                              [n] { return new Chain<T>(n); });
  c.run("tenon", [](Chain<T>& d) { d.y = tanh(d.a * d.b + d.c) * exp(-d.a * d.a); });
#if BENCH_HAND
  c.run("hand", [](Chain<T>& d) {
    (d.n < beyond_cache ? chain<false>(d.n, d.a.data(), d.b.data(), d.c.data(), d.y.data())
                        : chain<true>(d.n, d.a.data(), d.b.data(), d.c.data(), d.y.data()));
  });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](Chain<T>& d) {
    using Array = Eigen::Array<T, Eigen::Dynamic, 1>;
    using In = Eigen::Map<const Array, Eigen::Aligned64>;
    const In a(d.a.data(), d.length()), b(d.b.data(), d.length()), c(d.c.data(), d.length());
    Eigen::Map<Array, Eigen::Aligned64>(d.y.data(), d.length()) = (a * b + c).tanh() * (-a * a).exp();
  });
#endif
  c.peers([](Chain<T>& d) { return bench::Operands{{d.length()}, {d.a.data(), d.b.data(), d.c.data(), d.y.data()}}; });
}
void add_axpbz(std::size_t n) {
  auto c = add_case<Axpbz>("pointwise/axpbz/f32/" + std::to_string(n), [n] { return new Axpbz(n); });
  c.run("tenon", [](Axpbz& d) { d.y = 1.5f * d.a + 0.75f * d.b; });
#if BENCH_HAND
  c.run("hand", [](Axpbz& d) {
    (d.n < beyond_cache ? axpbz<false>(d.n, 1.5f, d.a.data(), 0.75f, d.b.data(), d.y.data())
                        : axpbz<true>(d.n, 1.5f, d.a.data(), 0.75f, d.b.data(), d.y.data()));
  });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](Axpbz& d) {
    using In = Eigen::Map<const Eigen::ArrayXf, Eigen::Aligned64>;
    const In a(d.a.data(), d.length()), b(d.b.data(), d.length());
    Eigen::Map<Eigen::ArrayXf, Eigen::Aligned64>(d.y.data(), d.length()) = 1.5f * a + 0.75f * b;
  });
#endif
  c.peers([](Axpbz& d) { return bench::Operands{{d.length()}, {d.a.data(), d.b.data(), d.y.data()}}; });
}

void add_turned_case(std::size_t side) {
  auto c = add_case<Turned>("pointwise/add_transposed/f32/" + std::to_string(side) + "x" + std::to_string(side),
                            [side] { return new Turned(side); });
  c.run("tenon", [](Turned& d) { d.r = d.m + transpose(d.t); });
#if BENCH_HAND
  c.run("hand", [](Turned& d) {
    const auto add = d.n1 < 1024 ? add_turned<false> : add_turned<true>;
    add(static_cast<std::size_t>(d.n1), d.m.data(), d.t.data(), d.r.data());
  });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](Turned& d) {
    using Array = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using In = Eigen::Map<const Array, Eigen::Aligned64>;
    const In a(d.m.data(), d.n1, d.n1), b(d.t.data(), d.n1, d.n1);
    Eigen::Map<Array, Eigen::Aligned64>(d.r.data(), d.n1, d.n1) = a + b.transpose();
  });
#endif
}

const Area area([] {
  for (const std::size_t n : {256, 1024}) add_turned_case(n);
  for (const std::size_t n : {1'000, 100'000, 10'000'000}) add_chain<float>(n), add_chain<double>(n);
  for (const std::size_t n : {100'000, 10'000'000}) add_axpbz(n);
});

}  // namespace
}  // namespace bench
