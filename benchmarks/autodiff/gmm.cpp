// benchmarks/autodiff/gmm.cpp: the gradient of ADBench's Gaussian mixture.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gmm.hpp"

#include "gradient.hpp"
#include "inputs.hpp"

namespace bench {
namespace {

struct Gmm : Differentiated {
  Gmm() {
    resize();
    fill(p.data(), s.parameters(), -1, 1, 1);
    fill(x.data(), x.size(), -1, 1, 2);
    hand();
    expect();
  }
  // A file of ADBench: d, k, n; alpha, mean, the factors; the points; gamma and m of the prior.
  explicit Gmm(Numbers file) {
    s.d = file.count(), s.k = file.count(), s.n = file.count();
    resize();
    file.read(p.data(), s.parameters());
    file.read(x.data(), x.size());
    s.gamma = file.next(), s.m = file.count();
    hand();
    expect();
  }
  void resize() {
    p = tenon::Tensor<double, tenon::dyn>(static_cast<tenon::index_t>(s.parameters()));
    x.resize(s.n * s.d);
    y.resize(s.parameters() + 1);
  }
  void hand() {
    y[0] = gmm::hand(s, p.data(), x.data(), y.data() + 1, work);
    bytes = work.size() * sizeof(double);
  }
  gmm::Mixture s;
  tenon::Tensor<double, tenon::dyn> p;
  std::vector<double> x, work;
  tenon::Tape tape;
};

void add(const std::string& size, std::function<Gmm*()> make) {
  GradientCase<Gmm> c("autodiff/gmm/f64/" + size, std::move(make));
  c.primal("primal", [](Gmm& g) { g.y[0] = gmm::log_posterior(g.s, g.p.data(), g.x.data()); });
  c.run("hand", [](Gmm& g) { g.hand(); });
  c.run("tenon_scalar", [](Gmm& g) {
    scalars_on_tape(g.tape, g.p, g, [&](const auto* p) { return gmm::log_posterior(g.s, p, g.x.data()); });
  });
}

const Area area([] {
  add("d10_K25_n1000", [] { return new Gmm; });
  for (const std::string name : {"d2_K5", "d10_K5"})
    if (const std::string file = input("gmm/1k/gmm_" + name + ".txt"); !file.empty())
      add("adbench_" + name + "_n1000", [file] { return new Gmm(Numbers(file)); });
});

}  // namespace
}  // namespace bench
