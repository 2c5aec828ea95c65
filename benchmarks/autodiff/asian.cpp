// benchmarks/autodiff/asian.cpp: the sensitivities of an Asian option.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "asian.hpp"

#include "peers.hpp"

namespace bench {
namespace {

// A row of `normal` is a path. Some paths at a time are computed and differentiated: memory does not grow with their
// number.
auto tensor_price(const auto& parameter, const auto& normal) {
  using namespace tenon;
  constexpr index_t rows = 32;
  const index_t paths = normal.extent(0);
  const auto spot = parameter(0), rate = parameter(1), volatility = parameter(2), maturity = parameter(3),
             strike = parameter(4);
  const double steps = static_cast<double>(normal.extent(1));
  const auto dt = maturity / steps;
  const auto drift = (rate - 0.5 * volatility * volatility) * dt, width = volatility * sqrt(dt);
  const auto payoffs = preaccumulate((paths + rows - 1) / rows, [&](index_t i, const auto& spot, const auto& drift,
                                                                    const auto& width, const auto& strike) {
    const auto some = slice<0>(normal, range(i * rows, std::min(paths, (i + 1) * rows)));
    const auto price = exp(cumsum<1>(drift + width * some));
    return evaluate(sum(relu(spot * mean<1>(price) - strike)));
  });
  return evaluate(exp(-rate * maturity) * payoffs(spot, drift, width, strike) / static_cast<double>(paths));
}

struct Asian : Differentiated {
  Asian() : p(static_cast<tenon::index_t>(asian::parameters)), z(s.paths * s.steps) {
    std::copy(std::begin(asian::point), std::end(asian::point), p.data());
    // Box and Muller 1958: normal numbers from pairs of uniform ones.
    fill(z.data(), z.size(), 0x1p-60, 1, 1);
    for (std::size_t i = 0; i + 1 < z.size(); i += 2) {
      const double r = std::sqrt(-2 * std::log(z[i])), angle = 6.28318530717958648 * z[i + 1];
      z[i] = r * std::cos(angle), z[i + 1] = r * std::sin(angle);
    }
    normal = tenon::Tensor<double, tenon::dyn, tenon::dyn>(s.paths, s.steps);
    std::copy(z.begin(), z.end(), normal.data());
    y.resize(asian::parameters + 1);
    hand();
    expect();
  }
  void hand() {
    y[0] = asian::hand(s, p.data(), z.data(), y.data() + 1, path);
    bytes = path.size() * sizeof(double);
  }
  asian::Simulation s;
  tenon::Tensor<double, tenon::dyn> p;
  tenon::Tensor<double, tenon::dyn, tenon::dyn> normal;
  std::vector<double> z, path;
  tenon::Tape tape;
};

const Area area([] {
  GradientCase<Asian> c("autodiff/asian/f64/1000x64", [] { return new Asian; });
  add_scalar_code(
      c, [](const Asian& p) -> const auto& { return p.p; },
      [](const Asian& p, const auto* x) { return asian::price(p.s, x, p.z.data()); });
  c.run("hand", [](Asian& a) { a.hand(); });
  c.run("tenon", [](Asian& a) { on_tape(a.tape, a.p, a, [&](const auto& p) { return tensor_price(p, a.normal); }); });
});

}  // namespace
}  // namespace bench
