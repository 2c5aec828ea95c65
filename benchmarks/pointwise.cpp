// benchmarks/pointwise.cpp: element by element: a chain with transcendental functions, and a x + b z.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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

const Area area([] {
  for (const std::size_t n : {1'000, 100'000, 10'000'000}) add_chain<float>(n), add_chain<double>(n);
  for (const std::size_t n : {100'000, 10'000'000}) add_axpbz(n);
});

}  // namespace
}  // namespace bench
