// benchmarks/autodiff/lstm.cpp: the gradient of ADBench's LSTM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lstm.hpp"

#include "inputs.hpp"
#include "peers.hpp"

namespace bench {
namespace {

constexpr tenon::index_t width = 14;  // of ADBench's inputs, which the types below know
template <class T>
using Row = tenon::Tensor<T, width>;
template <class T = double>
struct Layer {
  tenon::Tensor<T, 4, width> weight, bias;
  void step(const auto& x, Row<T>& hidden, Row<T>& cell) const {
    const auto gate = [&](const auto& input, tenon::index_t i) { return input * row(weight, i) + row(bias, i); };
    cell = cell * sigmoid(gate(x, 0)) + sigmoid(gate(hidden, 1)) * tanh(gate(hidden, 3));
    hidden = sigmoid(gate(x, 2)) * tanh(cell);
  }
};
template <class T = double>
struct Network {
  Layer<T> first, second;
  Row<T> in, out, offset;

  auto loss(const auto& start, const auto& text) const {
    Row<T> h1 = row(start, 0), c1 = row(start, 1), h2 = row(start, 2), c2 = row(start, 3);
    using namespace tenon;
    const index_t steps = text.extent(0) - 1;
    const auto inputs = evaluate(slice(text, range(0, steps)) * in);
    Tensor<T, dyn, width> outputs(steps, width);
    for (index_t t = 0; t < steps; ++t) {
      first.step(row(inputs, t), h1, c1);
      second.step(h1, h2, c2);
      row(outputs, t) = h2;
    }
    const auto predicted = evaluate(outputs * out + offset);
    const auto normaliser = log(2 + sum<1>(exp(predicted), keepdims));
    return -mean(slice(text, range(1, steps + 1)) * (predicted - normaliser));
  }
};
// Calls f(tensor, place of its first number among all parameters).
template <class N, class F>
void each_parameter(N& n, const F& f) {
  std::size_t at = 0;
  const auto one = [&](auto& x) {
    f(x, at);
    at += static_cast<std::size_t>(x.size());
  };
  one(n.first.weight), one(n.first.bias), one(n.second.weight), one(n.second.bias);
  one(n.in), one(n.out), one(n.offset);
}

struct Lstm : Differentiated {
  // Numbers like ADBench's own: parameters and states in [0, 1), one bit in six is set.
  Lstm() : p(static_cast<tenon::index_t>(m.parameters())), start(m.state()), text(m.length * m.width) {
    fill(p.data(), m.parameters(), 0, 1, 1);
    fill(start.data(), start.size(), 0, 1, 2);
    fill(text.data(), text.size(), 0, 1, 3);
    for (double& bit : text) bit = bit < 1.0 / 6 ? 1 : 0;
    finish();
  }
  // A file of ADBench: layers, length, width; the parameters; the states; the text.
  explicit Lstm(Numbers file) {
    m.layers = file.count(), m.length = file.count(), m.width = file.count();
    p = tenon::Tensor<double, tenon::dyn>(static_cast<tenon::index_t>(m.parameters()));
    start.resize(m.state()), text.resize(m.length * m.width);
    file.read(p.data(), m.parameters());
    file.read(start.data(), start.size());
    file.read(text.data(), text.size());
    finish();
  }
  void finish() {
    y.resize(m.parameters() + 1);
    each_parameter(network, [&](auto& x, std::size_t at) { std::copy_n(p.data() + at, x.size(), x.data()); });
    rows = tenon::Tensor<double, tenon::dyn, width>(m.length, m.width);
    std::copy(start.begin(), start.end(), states.data()), std::copy(text.begin(), text.end(), rows.data());
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
  Network<> network;
  tenon::Tensor<double, 4, width> states;
  tenon::Tensor<double, tenon::dyn, width> rows;
  tenon::Tape tape;
};

void add(const std::string& size, std::function<Lstm*()> make) {
  GradientCase<Lstm> c("autodiff/lstm/f64/" + size, std::move(make));
  add_scalar_code(
      c, [](const Lstm& p) -> const auto& { return p.p; },
      [](const Lstm& p, const auto* x) { return lstm::loss(p.m, x, p.start.data(), p.text.data()); });
  c.run("hand", [](Lstm& p) { p.hand(); });
  c.run("tenon", [](Lstm& p) {
    on_tape(
        p.tape, p.network, p, [&](const auto& network) { return network.loss(p.states, p.rows); },
        [&](const Network<>& g) {
          each_parameter(g, [&](auto& x, std::size_t at) { std::copy_n(x.data(), x.size(), p.y.data() + 1 + at); });
        });
  });
}

const Area area([] {
  add("l2_c1024", [] { return new Lstm; });
  if (const std::string file = input("lstm/lstm_l2_c1024.txt"); !file.empty())
    add("adbench_l2_c1024", [file] { return new Lstm(Numbers(file)); });
});

}  // namespace
}  // namespace bench
