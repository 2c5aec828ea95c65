// benchmarks/autodiff/asian.cpp: the sensitivities of an Asian option.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "asian.hpp"

#include <tenon/ad/unrolled_loop.hpp>

#include "asian_simd.hpp"
#include "peers.hpp"

namespace bench {
namespace {

// A path's price, in multiples of the first, and the sum of its prices so far.
constexpr auto move_price = [](const auto& price, const auto& drift, const auto& width, const auto&, const auto&,
                               const auto& normal) {
  using T = std::remove_cvref_t<decltype(price(0))>;
  const T now = price(0) * exp(drift + width * normal);
  return tenon::Tensor<T, 2>{now, price(1) + now};
};
constexpr auto payoff = [](const auto& price, const auto&, const auto&, const auto& per_step, const auto& strike) {
  return relu(per_step * price(1) - strike);
};
// A column of `normal` is a path. A pack of paths at a time is computed and differentiated: memory does not grow with
// their number.
auto tensor_price(const auto& parameter, const auto& normal) {
  using namespace tenon;
  const auto spot = parameter(0), rate = parameter(1), volatility = parameter(2), maturity = parameter(3),
             strike = parameter(4);
  const index_t steps = normal.extent(0);
  const auto dt = maturity / static_cast<double>(steps);
  const auto drift = (rate - 0.5 * volatility * volatility) * dt, width = volatility * sqrt(dt);
  const auto payoffs = unrolled_loop(move_price)
                           .sum(payoff, steps, Tensor<double, 2, 1>{{1}, {0}}, drift, width,
                                spot / static_cast<double>(steps), strike, per_step(normal));
  return evaluate(exp(-rate * maturity) * payoffs / static_cast<double>(normal.extent(1)));
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
    normal = transpose(tenon::TensorView<const double, tenon::dyn, tenon::dyn>(
        z.data(), static_cast<tenon::index_t>(s.paths), static_cast<tenon::index_t>(s.steps)));
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
  const auto numbers = [](const Asian& p) -> const auto& { return p.p; };
  const auto price = [](const Asian& p, const auto* x) { return asian::price(p.s, x, p.z.data()); };
  add_scalar_code(c, numbers, price);
  add_expression_tree(c, numbers, price);
  c.run("hand", [](Asian& a) { a.hand(); });
#if BENCH_HAND
  c.run("hand_simd", [](Asian& a) { a.y[0] = asian::hand_simd(a.s, a.p.data(), a.z.data(), a.y.data() + 1); });
#endif
  c.run("tenon", [](Asian& a) { on_tape(a.tape, a.p, a, [&](const auto& p) { return tensor_price(p, a.normal); }); });
});

}  // namespace
}  // namespace bench
