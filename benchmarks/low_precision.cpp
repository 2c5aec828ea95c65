// benchmarks/low_precision.cpp: products of bfloat16 matrices, summed in float, and of int8 matrices, summed in int32.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tenon_f32` is the product of float matrices of the same size.
#include <tenon/tenon.hpp>

#include "hand_low_precision.hpp"

namespace bench {
namespace {

using tenon::bfloat16;
using tenon::dyn;
using tenon::index_t;
template <class T>
using Matrix = tenon::Tensor<T, dyn, dyn>;

template <class T, class S>
struct Product : Reference {
  explicit Product(index_t n) : a(n, n), b(n, n), c(n, n), float_a(n, n), float_b(n, n), float_c(n, n) {
    const auto size = static_cast<std::size_t>(n * n);
    constexpr double largest = sizeof(T) == 1 ? 127.5 : 1;
    fill(a.data(), size, -largest, largest, 1);
    fill(b.data(), size, -largest, largest, 2);
    fill(float_a.data(), size, -1, 1, 3);
    fill(float_b.data(), size, -1, 1, 4);
    tolerance = sizeof(T) == 1 ? 0 : 1e-5;
    scale = std::sqrt(static_cast<double>(n));
    expected.assign(size, 0);
    for (index_t i = 0; i < n; ++i)
      for (index_t p = 0; p < n; ++p)
        for (index_t j = 0; j < n; ++j)
          expected[static_cast<std::size_t>(i * n + j)] += static_cast<double>(a(i, p)) * static_cast<double>(b(p, j));
  }
  std::span<S> result() { return {c.data(), expected.size()}; }
  long n() const { return static_cast<long>(c.extent(0)); }
  Matrix<T> a, b;
  Matrix<S> c;
  Matrix<float> float_a, float_b, float_c;
};

template <class T, class S>
void add_product(const char* type, index_t n, double peak_rate) {
  using P = Product<T, S>;
  auto c = add_case<P>(std::string("low_precision/gemm/") + type + "/" + std::to_string(n), [=] { return new P(n); });
  if constexpr (sizeof(T) == 1)
    c.run("tenon", [](P& d) { d.c = matmul(d.a, d.b); });
  else
    c.run("tenon", [](P& d) { d.c = cast<float>(matmul(d.a, d.b)); });
  c.bound("tenon_f32", [n](benchmark::State& state) {
    P d(n);
    for (auto _ : state) {
      d.float_c = matmul(d.float_a, d.float_b);
      benchmark::ClobberMemory();
    }
  });
#if BENCH_HAND
  if constexpr (sizeof(T) == 2)
    c.run("hand", [](P& d) {
      hand::gemm_bf16(d.n(), d.n(), d.n(), reinterpret_cast<const unsigned short*>(d.a.data()),
                      reinterpret_cast<const unsigned short*>(d.b.data()), d.c.data());
    });
#if defined(__AVX512VNNI__)
  else
    c.run("hand", [](P& d) { hand::gemm_int8(d.n(), d.n(), d.n(), d.a.data(), d.b.data(), d.c.data()); });
#endif
#endif
  c.peers([](P& d) { return Operands{{d.n(), d.n(), d.n()}, {d.a.data(), d.b.data(), d.c.data()}}; });
  c.bound("peak", [=](benchmark::State& state) { run_peak<float>(state, static_cast<double>(n * n * n) / peak_rate); });
}

const Area area([] {
  for (const index_t n : {64, 128, 256, 512, 1024}) {
#if BENCH_HAND
    add_product<bfloat16, float>("bf16", n, hand::bf16_in_pairs ? 2 : 1);
#else
    add_product<bfloat16, float>("bf16", n, 1);
#endif
    add_product<signed char, int>("i8", n, 4);  // four products where float has one
  }
});

}  // namespace
}  // namespace bench
