// benchmarks/autodiff/burgers.cpp: the adjoint of a PDE stepper.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "burgers.hpp"

#include <tenon/ad/unrolled_loop.hpp>

#include "burgers_simd.hpp"
#include "peers.hpp"

namespace bench {
namespace {

// A step, of a cell and its neighbours.
constexpr auto stepper = [](const auto& u, const auto& c, const auto& d) {
  return u(1) - c * u(1) * (u(2) - u(0)) + d * (u(2) - 2 * u(1) + u(0));
};
auto tensor_energy(const burgers::Grid& g, const auto& start) {
  using namespace tenon;
  return sum(square(unrolled_loop<3, Ends::zero>(stepper)(g.steps, start, g.advection(), g.diffusion())));
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
#if BENCH_HAND
  void hand_simd() {
    y[0] = simd(grid, u.data(), y.data() + 1);
    bytes = simd.bytes();
  }
  burgers::Simd<100> simd;
#endif
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
#if BENCH_HAND
  c.run("hand_simd", [](Burgers& p) { p.hand_simd(); });
#endif
  c.run("tenon", [](Burgers& p) {
    on_tape(p.tape, p.fixed, p, [&](const auto& start) { return evaluate(tensor_energy(p.grid, start)); });
  });
});

}  // namespace
}  // namespace bench
