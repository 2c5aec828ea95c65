// benchmarks/autodiff/lstm.cpp: the gradient of ADBench's LSTM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "lstm.hpp"

#include <tenon/ad/unrolled_loop.hpp>

#include "inputs.hpp"
#include "lstm_simd.hpp"
#include "peers.hpp"

namespace bench {
namespace {

constexpr tenon::index_t width = 14;  // of ADBench's inputs, which the types below know
template <class T = double>
struct Layer {
  tenon::Tensor<T, 4, width> weight, bias;
};
// A step of both layers, for one unit of each: what it remembers, what it reads, the weights and biases of its gates.
constexpr auto steps_of_unit = [](const auto& state, const auto& x, const auto& w1, const auto& b1, const auto& w2,
                                  const auto& b2) {
  using T = std::remove_cvref_t<decltype(state(0))>;
  const auto layer = [](const auto& w, const auto& b, const T& input, T& hidden, T& cell) {
    const auto gate = [&](const T& from, int i) { return from * w(i) + b(i); };
    cell = cell * sigmoid(gate(input, 0)) + sigmoid(gate(hidden, 1)) * tanh(gate(hidden, 3));
    hidden = sigmoid(gate(input, 2)) * tanh(cell);
  };
  T h1 = state(0), c1 = state(1), h2 = state(2), c2 = state(3);
  layer(w1, b1, x, h1, c1);
  layer(w2, b2, h1, h2, c2);
  return tenon::Tensor<T, 4>{h1, c1, h2, c2};
};
template <class T = double>
struct Network {
  Layer<T> first, second;
  tenon::Tensor<T, width> in, out, offset;

  auto loss(const auto& start, const auto& text) const {
    using namespace tenon;
    const index_t steps = text.extent(0) - 1;
    const auto states = unrolled_loop(steps_of_unit)
                            .states(steps, start, per_step(slice(text, range(0, steps)) * in), first.weight, first.bias,
                                    second.weight, second.bias);
    const auto predicted = evaluate(select<1>(states, 2) * out + offset);
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
#if BENCH_HAND
  void hand_simd() {
    y[0] = simd(m, p.data(), start.data(), text.data(), y.data() + 1);
    bytes = simd.bytes();
  }
  lstm::Simd<2, width> simd;
#endif
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
#if BENCH_HAND
  c.run("hand_simd", [](Lstm& p) { p.hand_simd(); });
#endif
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
