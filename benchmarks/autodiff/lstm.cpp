// benchmarks/autodiff/lstm.cpp: the gradient of ADBench's LSTM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lstm.hpp"

#include "gradient.hpp"
#include "inputs.hpp"

namespace bench {
namespace {

struct Lstm : Differentiated {
  // Numbers like ADBench's own: parameters and states in [0, 1), one bit in six is set.
  Lstm() : p(static_cast<tenon::index_t>(m.parameters())), start(m.state()), text(m.length * m.width) {
    fill(p.data(), m.parameters(), 0, 1, 1);
    fill(start.data(), start.size(), 0, 1, 2);
    fill(text.data(), text.size(), 0, 1, 3);
    for (double& bit : text) bit = bit < 1.0 / 6 ? 1 : 0;
    y.resize(m.parameters() + 1);
    hand();
    expect();
  }
  // A file of ADBench: layers, length, width; the parameters; the states; the text.
  explicit Lstm(Numbers file) {
    m.layers = file.count(), m.length = file.count(), m.width = file.count();
    p = tenon::Tensor<double, tenon::dyn>(static_cast<tenon::index_t>(m.parameters()));
    start.resize(m.state()), text.resize(m.length * m.width);
    file.read(p.data(), m.parameters());
    file.read(start.data(), start.size());
    file.read(text.data(), text.size());
    y.resize(m.parameters() + 1);
    hand();
    expect();
  }
  void hand() {
    y[0] = lstm::hand(m, p.data(), start.data(), text.data(), y.data() + 1, units, likelihood);
    bytes = units.size() * sizeof(lstm::Unit) + likelihood.size() * sizeof(double);
  }
  lstm::Model m;
  tenon::Tensor<double, tenon::dyn> p;
  std::vector<double> start, text, likelihood;
  std::vector<lstm::Unit> units;
  tenon::Tape tape;
};

void add(const std::string& size, std::function<Lstm*()> make) {
  GradientCase<Lstm> c("autodiff/lstm/f64/" + size, std::move(make));
  c.primal("primal", [](Lstm& p) { p.y[0] = lstm::loss(p.m, p.p.data(), p.start.data(), p.text.data()); });
  c.run("hand", [](Lstm& p) { p.hand(); });
  c.run("tenon_scalar", [](Lstm& p) {
    scalars_on_tape(p.tape, p.p, p, [&](const auto* w) { return lstm::loss(p.m, w, p.start.data(), p.text.data()); });
  });
}

const Area area([] {
  add("l2_c1024", [] { return new Lstm; });
  if (const std::string file = input("lstm/lstm_l2_c1024.txt"); !file.empty())
    add("adbench_l2_c1024", [file] { return new Lstm(Numbers(file)); });
});

}  // namespace
}  // namespace bench
