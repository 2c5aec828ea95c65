// benchmarks/xtensor.cpp: xtensor with xsimd as a peer: loops over elements, and rows and columns of a matrix.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "common.hpp"

#if BENCH_XTENSOR
#define XTENSOR_USE_XSIMD
#include <xsimd/xsimd.hpp>
#include <xtensor/xaccumulator.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xsort.hpp>

namespace bench {
namespace {

template <class T = float>
auto vector(const Operands& o, std::size_t i, std::size_t axis = 0) {
  const std::array<std::size_t, 1> shape{static_cast<std::size_t>(o[axis])};
  return xt::adapt(o.at<T>(i), shape[0], xt::no_ownership(), shape);
}
auto matrix(const Operands& o, std::size_t i) {
  const std::array<std::size_t, 2> shape{static_cast<std::size_t>(o[0]), static_cast<std::size_t>(o[1])};
  return xt::adapt(o.at(i), shape[0] * shape[1], xt::no_ownership(), shape);
}

template <class T>
Kernel chain(const Operands& o) {
  return {[a = vector<T>(o, 0), b = vector<T>(o, 1), c = vector<T>(o, 2), y = vector<T>(o, 3)]() mutable {
            xt::noalias(y) = xt::tanh(a * b + c) * xt::exp(-a * a);
          },
          {}};
}
const Peer chain32("xtensor", "pointwise/chain/f32", chain<float>),
    chain64("xtensor", "pointwise/chain/f64", chain<double>);
const Peer axpbz("xtensor", "pointwise/axpbz/f32", [](const Operands& o) {
  return Kernel{
      [a = vector(o, 0), b = vector(o, 1), y = vector(o, 2)]() mutable { xt::noalias(y) = 1.5f * a + 0.75f * b; }, {}};
});

// Reductions are evaluated at once, as those that are not go through iterators: up to a hundred times slower.
constexpr auto now = xt::evaluation_strategy::immediate;

template <std::size_t Axis>
Kernel sum(const Operands& o) {
  return {[x = matrix(o, 0), y = vector(o, 1, 1 - Axis)]() mutable { xt::noalias(y) = xt::sum(x, {Axis}, now); }, {}};
}
template <std::size_t Axis>
Kernel mean(const Operands& o) {
  return {[x = matrix(o, 0), y = vector(o, 1, 1 - Axis)]() mutable { xt::noalias(y) = xt::mean(x, {Axis}, now); }, {}};
}
template <std::size_t Axis>
Kernel argmax(const Operands& o) {
  return {[x = matrix(o, 0), y = vector<std::int64_t>(o, 1, 1 - Axis)]() mutable {
            xt::noalias(y) = xt::argmax(x, static_cast<std::ptrdiff_t>(Axis));
          },
          {}};
}
Kernel softmax0(const Operands& o) {
  return {[x = matrix(o, 0), y = matrix(o, 1)]() mutable {
            const xt::xtensor<float, 1> top = xt::amax(x, {0}, now);
            xt::noalias(y) = xt::exp(x - top);
            const xt::xtensor<float, 1> factor = 1.0f / xt::sum(y, {0}, now);
            y *= factor;
          },
          {}};
}
Kernel softmax1(const Operands& o) {  // row by row, as every row stays in the cache
  return {[o] {
            for (std::int64_t i = 0; i < o[0]; ++i) {
              const Operands row{o.extents, {o.at(0) + i * o[1], o.at(1) + i * o[1]}};
              const auto x = vector(row, 0, 1);
              auto y = vector(row, 1, 1);
              const float top = xt::amax(x)();
              xt::noalias(y) = xt::exp(x - top);
              y *= 1.0f / xt::sum(y)();
            }
          },
          {}};
}
const Peer sum_0("xtensor", "rows/sum_axis0/f32", sum<0>), sum_1("xtensor", "rows/sum_axis1/f32", sum<1>),
    mean_0("xtensor", "rows/mean_axis0/f32", mean<0>), mean_1("xtensor", "rows/mean_axis1/f32", mean<1>),
    argmax_0("xtensor", "rows/argmax_axis0/f32", argmax<0>), argmax_1("xtensor", "rows/argmax_axis1/f32", argmax<1>),
    softmax_0("xtensor", "rows/softmax_axis0/f32", softmax0), softmax_1("xtensor", "rows/softmax_axis1/f32", softmax1);

template <bool Sums, std::ptrdiff_t Axis>
Kernel scan(const Operands& o) {
  return {[x = matrix(o, 0), y = matrix(o, 1)]() mutable {
            if constexpr (Sums)
              xt::noalias(y) = xt::cumsum(x, Axis);
            else
              xt::noalias(y) = xt::cumprod(x, Axis);
          },
          {}};
}
const Peer cumsum_0("xtensor", "scan/cumsum_axis0/f32", scan<true, 0>),
    cumsum_1("xtensor", "scan/cumsum_axis1/f32", scan<true, 1>),
    cumprod_0("xtensor", "scan/cumprod_axis0/f32", scan<false, 0>),
    cumprod_1("xtensor", "scan/cumprod_axis1/f32", scan<false, 1>);

const Area area([] {
  const auto version = [](int a, int b, int c) {
    return std::to_string(a) + "." + std::to_string(b) + "." + std::to_string(c);
  };
  benchmark::AddCustomContext("xtensor", version(XTENSOR_VERSION_MAJOR, XTENSOR_VERSION_MINOR, XTENSOR_VERSION_PATCH) +
                                             " with xsimd " +
                                             version(XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH) +
                                             " (" + xsimd::default_arch::name() + ")");
});

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] {
  std::fprintf(stderr, "SKIPPED xtensor: not found (Debian: libxtensor-dev, libxsimd-dev)\n");
});
}
#endif
