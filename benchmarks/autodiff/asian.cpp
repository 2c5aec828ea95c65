// benchmarks/autodiff/asian.cpp: the sensitivities of an Asian option.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "asian.hpp"

#include "gradient.hpp"

namespace bench {
namespace {

struct Asian : Differentiated {
  Asian() : p(static_cast<tenon::index_t>(asian::parameters)), z(s.paths * s.steps) {
    std::copy(std::begin(asian::point), std::end(asian::point), p.data());
    // Box and Muller 1958: normal numbers from pairs of uniform ones.
    fill(z.data(), z.size(), 0x1p-60, 1, 1);
    for (std::size_t i = 0; i + 1 < z.size(); i += 2) {
      const double r = std::sqrt(-2 * std::log(z[i])), angle = 6.28318530717958648 * z[i + 1];
      z[i] = r * std::cos(angle), z[i + 1] = r * std::sin(angle);
    }
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
  std::vector<double> z, path;
  tenon::Tape tape;
};

const Area area([] {
  GradientCase<Asian> c("autodiff/asian/f64/1000x64", [] { return new Asian; });
  c.primal("primal", [](Asian& a) { a.y[0] = asian::price(a.s, a.p.data(), a.z.data()); });
  c.run("hand", [](Asian& a) { a.hand(); });
  c.run("tenon_scalar", [](Asian& a) {
    scalars_on_tape(a.tape, a.p, a, [&](const auto* p) { return asian::price(a.s, p, a.z.data()); });
  });
});

}  // namespace
}  // namespace bench
