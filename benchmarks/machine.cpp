// benchmarks/machine.cpp: the limits of the machine: multiply-adds a second, and bytes a second.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "common.hpp"

#if BENCH_HAND
#include <immintrin.h>
#endif

namespace bench {
namespace {

#if BENCH_HAND
constexpr std::size_t lane_bytes = 64;
#else
constexpr std::size_t lane_bytes = 32;
#endif
template <class T>
using Lanes [[gnu::vector_size(lane_bytes)]] = T;

struct Memory : Reference {
  explicit Memory(std::size_t n) : a(n, 1.0f), b(n, 2.0f), c(n) { expected.assign(n, 7.0); }
  std::span<float> result() { return c; }
  std::vector<float> a, b, c;
};

}  // namespace

template <class T>
void run_peak(benchmark::State& state, double fmas) {
  using V = Lanes<T>;
  constexpr int lanes = lane_bytes / sizeof(T);
  V a0{}, a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{}, a8{}, a9{}, a10{}, a11{};
  // Twelve independent multiply-adds: more than latency times ports on every core so far, and with x and y no more
  // than the sixteen registers of AVX2.
  V x{}, y{};
  asm volatile("" : "+v"(x), "+v"(y));
  // What starts alike would be computed once.
  for (V* a : {&a0, &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11}) asm volatile("" : "+m"(*a));
  const auto rounds = static_cast<std::int64_t>(fmas / (12.0 * lanes) + 0.5);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < rounds; ++i) {
      a0 = a0 * x + y, a1 = a1 * x + y, a2 = a2 * x + y, a3 = a3 * x + y;
      a4 = a4 * x + y, a5 = a5 * x + y, a6 = a6 * x + y, a7 = a7 * x + y;
      a8 = a8 * x + y, a9 = a9 * x + y, a10 = a10 * x + y, a11 = a11 * x + y;
    }
  }
  a0 += a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
  benchmark::DoNotOptimize(a0);
}
template void run_peak<float>(benchmark::State&, double);
template void run_peak<double>(benchmark::State&, double);

namespace {

const Area area([] {
  add_case<Memory>("machine/fma/f32/1M", {}).bound("peak", [](auto& state) { run_peak<float>(state, 1 << 20); });
  add_case<Memory>("machine/fma/f64/1M", {}).bound("peak", [](auto& state) { run_peak<double>(state, 1 << 20); });
  auto memory = add_case<Memory>("machine/triad/f32/10000000", [] { return new Memory(10'000'000); });
  memory.run("stores", [](Memory& d) {
    for (std::size_t i = 0; i < d.c.size(); ++i) d.c[i] = d.a[i] + 3.0f * d.b[i];
  });
#if BENCH_HAND
  memory.run("streaming_stores", [](Memory& d) {
    const float *a = d.a.data(), *b = d.b.data();
    float* c = d.c.data();
    const std::size_t n = d.c.size();
    std::size_t i = 0;
    for (; reinterpret_cast<std::uintptr_t>(c + i) % 64; ++i) c[i] = a[i] + 3.0f * b[i];
    for (; i + 16 <= n; i += 16)
      _mm512_stream_ps(c + i, _mm512_fmadd_ps(_mm512_set1_ps(3), _mm512_loadu_ps(b + i), _mm512_loadu_ps(a + i)));
    for (; i < n; ++i) c[i] = a[i] + 3.0f * b[i];
    _mm_sfence();
  });
#endif
});

}  // namespace
}  // namespace bench
