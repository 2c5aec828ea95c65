// benchmarks/pointwise_half.cpp: element by element over bfloat16 and half: the chain with transcendental functions,
// and a x + b. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tenon computes in float and rounds when it stores, as the hand-written kernels do. Eigen rounds after every
// operation, so what it may differ by is more.
#include <tenon/tenon.hpp>

#include "hand_half.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif

namespace bench {
namespace {

using tenon::bfloat16;
using tenon::half;
template <class T>
inline constexpr bool is_bfloat16 = std::is_same_v<T, bfloat16>;

template <class T>
struct Short : Reference {
  Short(bool chain, bool rounds_once, std::size_t size) : n(size), a(length()), b(length()), c(length()), y(length()) {
    fill(a.data(), n, -2, 2, 1);
    fill(b.data(), n, -2, 2, 2);
    fill(c.data(), n, -1, 1, 3);
    expected.resize(n);
    // Half a unit in the last place; below the scale errors of what cancels in float, and subnormal numbers.
    const double unit = is_bfloat16<T> ? 0x1p-8 : 0x1p-11;
    tolerance = rounds_once ? unit * 1.001 : unit * 16;
    scale = rounds_once ? 1e-3 : 1;
    for (std::size_t i = 0; i < n; ++i) {
      const double u = static_cast<double>(a.data()[i]), v = static_cast<double>(b.data()[i]),
                   w = static_cast<double>(c.data()[i]);
      expected[i] = chain ? std::tanh(u * v + w) * std::exp(-u * u) : 1.5 * u + 0.75;
    }
  }
  std::span<T> result() { return {y.data(), n}; }
  tenon::index_t length() const { return static_cast<tenon::index_t>(n); }
  std::size_t n;
  tenon::Tensor<T, tenon::dyn> a, b, c, y;
};

#if BENCH_HAND_HALF
template <class S, class F>
void loop(std::size_t n, unsigned short* y, F f) {
  std::size_t i = 0;
  const auto step = [&](std::size_t at) __attribute__((always_inline)) {
    S::store(y + at, f([at](const unsigned short* p) { return S::load(p + at); }));
  };
  for (; i + 2 * hand::floats <= n; i += 2 * hand::floats) step(i), step(i + hand::floats);
  for (; i + hand::floats <= n; i += hand::floats) step(i);
  if (i == n) return;
  unsigned short rest[hand::floats];
  S::store(rest, f([i, n](const unsigned short* p) {
             unsigned short last[hand::floats] = {};
             for (std::size_t j = i; j < n; ++j) last[j - i] = p[j];
             return S::load(last);
           }));
  for (std::size_t j = i; j < n; ++j) y[j] = rest[j - i];
}
template <class S>
[[gnu::noinline]] void chain(std::size_t n, const unsigned short* a, const unsigned short* b, const unsigned short* c,
                             unsigned short* y) {
  loop<S>(
      n, y, [=](auto at) __attribute__((always_inline)) {
        const hand::Floats x = at(a);
        return hand::tanh(hand::fma(x, at(b), at(c))) * hand::exp(-x * x);
      });
}
template <class S>
[[gnu::noinline]] void axpb(std::size_t n, float f, const unsigned short* x, float g, unsigned short* y) {
  loop<S>(
      n, y, [=](auto at) __attribute__((always_inline)) { return hand::fma(hand::all(f), at(x), hand::all(g)); });
}
template <class T>
const unsigned short* bits(const tenon::Tensor<T, tenon::dyn>& x) {
  return reinterpret_cast<const unsigned short*>(x.data());
}
#endif

template <class T>
void add(std::size_t n) {
  const char* type = is_bfloat16<T> ? "bf16" : "f16";
  const auto name = [=](const char* what) {
    return std::string("pointwise/") + what + "/" + type + "/" + std::to_string(n);
  };
  using Data = Short<T>;
  auto chain_case = add_case<Data>(name("chain"), [=] { return new Data(true, true, n); });
  auto axpb_case = add_case<Data>(name("axpb"), [=] { return new Data(false, true, n); });
  chain_case.run("tenon", [](Data& d) { d.y = tanh(d.a * d.b + d.c) * exp(-d.a * d.a); });
  axpb_case.run("tenon", [](Data& d) { d.y = 1.5f * d.a + 0.75f; });
#if BENCH_HAND_HALF
  using S = std::conditional_t<is_bfloat16<T>, hand::Bfloat16, hand::Half>;
  chain_case.run("hand", [](Data& d) {
    chain<S>(d.n, bits(d.a), bits(d.b), bits(d.c), reinterpret_cast<unsigned short*>(d.y.data()));
  });
  axpb_case.run("hand",
                [](Data& d) { axpb<S>(d.n, 1.5f, bits(d.a), 0.75f, reinterpret_cast<unsigned short*>(d.y.data())); });
#endif
#if BENCH_EIGEN
  using Number = std::conditional_t<is_bfloat16<T>, Eigen::bfloat16, Eigen::half>;
  using Array = Eigen::Array<Number, Eigen::Dynamic, 1>;
  using In = Eigen::Map<const Array, Eigen::Aligned64>;
  using Out = Eigen::Map<Array, Eigen::Aligned64>;
  const auto in = [](const auto& x) { return In(reinterpret_cast<const Number*>(x.data()), x.size()); };
  add_case<Data>(name("chain"), [=] { return new Data(true, false, n); }).run("eigen", [in](Data& d) {
    const In a = in(d.a), b = in(d.b), c = in(d.c);
    Out(reinterpret_cast<Number*>(d.y.data()), d.length()) = (a * b + c).tanh() * (-a * a).exp();
  });
  add_case<Data>(name("axpb"), [=] { return new Data(false, false, n); }).run("eigen", [in](Data& d) {
    Out(reinterpret_cast<Number*>(d.y.data()), d.length()) = Number(1.5f) * in(d.a) + Number(0.75f);
  });
#endif
}

const Area area([] { add<bfloat16>(100'000), add<half>(100'000); });

}  // namespace
}  // namespace bench
