// benchmarks/autodiff/burgers.cpp: the adjoint of a PDE stepper.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "burgers.hpp"

#include "gradient.hpp"

namespace bench {
namespace {

struct Burgers : Differentiated {
  Burgers() : u(burgers::start(grid).size()) {
    const auto s = burgers::start(grid);
    std::copy(s.begin(), s.end(), u.data());
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
  std::vector<double> states;
  tenon::Tape tape;
};

const Area area([] {
  GradientCase<Burgers> c("autodiff/burgers/f64/100x500", [] { return new Burgers; });
  c.primal("primal", [](Burgers& p) { p.y[0] = burgers::energy(p.grid, p.u.data()); });
  c.run("hand", [](Burgers& p) { p.hand(); });
  c.run("tenon_scalar",
        [](Burgers& p) { on_tape(p.tape, p.u, p, [&](const auto* u) { return burgers::energy(p.grid, u); }); });
});

}  // namespace
}  // namespace bench
