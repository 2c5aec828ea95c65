// benchmarks/autodiff/burgers.cpp: the adjoint of a PDE stepper.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "burgers.hpp"

#include "peers.hpp"

namespace bench {
namespace {

// The steps as statements on tensors.
template <class X>
auto tensor_energy(const burgers::Grid& g, const X& start) {
  using namespace tenon;
  constexpr index_t n = X::extents_type::static_extent(0);
  const double c = g.advection(), d = g.diffusion();
  auto u = start;
  for (int step = 0; step < g.steps; ++step) {
    const auto left = slice(u, range<0, n - 2>()), here = slice(u, range<1, n - 1>()), right = slice(u, range<2, n>());
    u = pad<1, 1>(here - c * here * (right - left) + d * (right - 2 * here + left));
  }
  return evaluate(sum(square(u)));
}

struct Burgers : Differentiated {
  Burgers() : u(burgers::start(grid).size()) {
    const auto s = burgers::start(grid);
    std::copy(s.begin(), s.end(), u.data());
    std::copy(s.begin(), s.end(), fixed.data());
    y.resize(s.size() + 1);
    hand();
    expect();
  }
  void hand() {
    y[0] = burgers::hand(grid, u.data(), y.data() + 1, states);
    bytes = states.size() * sizeof(double);
  }
  burgers::Grid grid;
  tenon::Tensor<double, tenon::dyn> u;
  tenon::Tensor<double, 100> fixed;
  std::vector<double> states;
  tenon::Tape tape;
};

const Area area([] {
  GradientCase<Burgers> c("autodiff/burgers/f64/100x500", [] { return new Burgers; });
  add_scalar_code(
      c, [](const Burgers& p) -> const auto& { return p.u; },
      [](const Burgers& p, const auto* x) { return burgers::energy(p.grid, x); });
  c.run("hand", [](Burgers& p) { p.hand(); });
  c.run("tenon", [](Burgers& p) {
    on_tape(p.tape, p.fixed, p, [&](const auto& start) { return tensor_energy(p.grid, start); });
  });
});

}  // namespace
}  // namespace bench
