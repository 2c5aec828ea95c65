// benchmarks/scan.cpp: running sums and products: along either axis of a 1024 x 1024 matrix of float, and of one line
// of a million. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tenon's and the hand-written running sums of floats are of doubles; the others' are of floats.
#include <tenon/tenon.hpp>

#include "hand_scan.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <unsupported/Eigen/CXX11/Tensor>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using Matrix = tenon::Tensor<float, dyn, dyn>;

struct Scanned : Reference {
  Scanned(bool sums, int axis, index_t rows, index_t columns) : x(rows, columns), y(rows, columns) {
    const auto size = static_cast<std::size_t>(rows * columns);
    const index_t n = axis == 1 ? columns : rows, lines = axis == 1 ? rows : columns;
    sums ? fill(x.data(), size, -1, 1, 1) : fill(x.data(), size, 0.98, 1.02, 1);
    // What sums and products of floats, one after the other, may lose.
    tolerance = sums ? 1e-4 : 2e-3;
    scale = sums ? std::sqrt(static_cast<double>(n)) : 1e-30;
    expected.resize(size);
    for (index_t l = 0; l < lines; ++l) {
      double so_far = sums ? 0 : 1;
      for (index_t i = 0; i < n; ++i) {
        const index_t at = axis == 1 ? l * columns + i : i * columns + l;
        so_far = sums ? so_far + static_cast<double>(x.data()[at]) : so_far * static_cast<double>(x.data()[at]);
        expected[static_cast<std::size_t>(at)] = so_far;
      }
    }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  index_t rows() const { return x.extent(0); }
  index_t columns() const { return x.extent(1); }
  Matrix x, y;
};

template <bool Sums, int Axis>
void add(index_t rows, index_t columns) {
  const std::string name = std::string("scan/") + (Sums ? "cumsum" : "cumprod") + "_axis" + std::to_string(Axis);
  auto c = add_case<Scanned>(name + "/f32/" + std::to_string(rows) + "x" + std::to_string(columns),
                             [=] { return new Scanned(Sums, Axis, rows, columns); });
  c.run("tenon", [](Scanned& d) {
    if constexpr (Sums)
      d.y = tenon::cumsum<Axis>(d.x);
    else
      d.y = tenon::cumprod<Axis>(d.x);
  });
#if BENCH_HAND_SCAN
  using S = std::conditional_t<Sums, hand::Sums, hand::Products>;
  c.run("hand", [](Scanned& d) {
    (Axis == 0 ? hand::scan0<S> : Sums ? hand::cumsum1 : hand::cumprod1)(d.x.data(), d.y.data(), d.rows(), d.columns());
  });
#endif
#if BENCH_EIGEN
  c.run("eigen", [](Scanned& d) {
    using Tensor = Eigen::Tensor<float, 2, Eigen::RowMajor>;
    const Eigen::TensorMap<const Tensor, Eigen::Aligned> x(d.x.data(), d.rows(), d.columns());
    Eigen::TensorMap<Tensor, Eigen::Aligned> y(d.y.data(), d.rows(), d.columns());
    if constexpr (Sums)
      y = x.cumsum(Axis);
    else
      y = x.cumprod(Axis);
  });
#endif
  c.peers([](Scanned& d) { return Operands{{d.rows(), d.columns()}, {d.x.data(), d.y.data()}}; });
}

const Area area([] {
  add<true, 0>(1024, 1024), add<true, 1>(1024, 1024), add<true, 1>(1, 1'000'000);
  add<false, 0>(1024, 1024), add<false, 1>(1024, 1024), add<false, 1>(1, 1'000'000);
});

}  // namespace
}  // namespace bench
