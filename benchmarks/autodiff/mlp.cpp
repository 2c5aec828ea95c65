// benchmarks/autodiff/mlp.cpp: the gradient of a small network written as scalar loops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlp.hpp"

#include "gradient.hpp"

namespace bench {
namespace {

struct Mlp : Differentiated {
  Mlp() : w(static_cast<tenon::index_t>(net.parameters())), x(net.batch * net.in), t(net.batch * net.out) {
    fill(w.data(), net.parameters(), -0.3, 0.3, 1);
    fill(x.data(), x.size(), -1, 1, 2);
    fill(t.data(), t.size(), -1, 1, 3);
    y.resize(net.parameters() + 1);
    hand();
    expect();
  }
  void hand() { y[0] = mlp::hand(net, w.data(), x.data(), t.data(), y.data() + 1); }
  mlp::Net net;
  tenon::Tensor<double, tenon::dyn> w;
  std::vector<double> x, t;
  tenon::Tape tape;
};

const Area area([] {
  GradientCase<Mlp> c("autodiff/mlp/f64/16-32-32-4x32", [] { return new Mlp; });
  c.primal("primal", [](Mlp& p) { p.y[0] = mlp::loss(p.net, p.w.data(), p.x.data(), p.t.data()); });
  c.run("hand", [](Mlp& p) { p.hand(); });
  c.run("tenon_scalar", [](Mlp& p) {
    scalars_on_tape(p.tape, p.w, p, [&](const auto* w) { return mlp::loss(p.net, w, p.x.data(), p.t.data()); });
  });
});

}  // namespace
}  // namespace bench
