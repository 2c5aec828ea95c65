// benchmarks/autodiff/mlp.cpp: the gradient of a small network written as scalar loops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlp.hpp"

#include "mlp_simd.hpp"
#include "peers.hpp"

namespace bench {
namespace {

// Of extents at run time, so that the adjoints of weights become their gradients where they lie.
template <class T = double>
struct Model {
  tenon::nn::Linear<tenon::dyn, tenon::dyn, T> first, second, third;
  auto operator()(const auto& x) const { return third(tanh(second(tanh(first(x))))); }
};
// Calls f(tensor, place of its first number among all parameters).
template <class M, class F>
void each_parameter(M& m, const F& f) {
  std::size_t at = 0;
  const auto one = [&](auto& x) {
    f(x, at);
    at += static_cast<std::size_t>(x.size());
  };
  const auto layer = [&](auto& l) { one(l.weight), one(l.bias); };
  layer(m.first), layer(m.second), layer(m.third);
}

struct Mlp : Differentiated {
  Mlp() : w(static_cast<tenon::index_t>(net.parameters())), x(net.batch * net.in), t(net.batch * net.out) {
    fill(w.data(), net.parameters(), -0.3, 0.3, 1);
    fill(x.data(), x.size(), -1, 1, 2);
    fill(t.data(), t.size(), -1, 1, 3);
    const auto n = static_cast<tenon::index_t>(net.batch);
    inputs = tenon::Tensor<double, tenon::dyn, 16>(n, 16), targets = tenon::Tensor<double, tenon::dyn, 4>(n, 4);
    std::copy(x.begin(), x.end(), inputs.data()), std::copy(t.begin(), t.end(), targets.data());
    const auto layer = [](auto& l, std::size_t out, std::size_t in) {
      l.weight = tenon::zeros<double>(static_cast<tenon::index_t>(out), static_cast<tenon::index_t>(in));
      l.bias = tenon::zeros<double>(static_cast<tenon::index_t>(out));
    };
    layer(model.first, net.hidden, net.in), layer(model.second, net.hidden, net.hidden);
    layer(model.third, net.out, net.hidden);
    each_parameter(model, [&](auto& m, std::size_t at) { std::copy_n(w.data() + at, m.size(), m.data()); });
    y.resize(net.parameters() + 1);
    hand();
    expect();
  }
  auto& numbers() { return w; }
  void hand() {
    y[0] = mlp::hand(net, w.data(), x.data(), t.data(), y.data() + 1);
    bytes = net.work() * sizeof(double);
  }
#if BENCH_HAND
  void hand_simd() {
    y[0] = simd(net, w.data(), x.data(), t.data(), y.data() + 1);
    bytes = simd.bytes();
  }
  mlp::Simd<16, 32, 4> simd;
#endif
  mlp::Net net;
  tenon::Tensor<double, tenon::dyn> w;
  std::vector<double> x, t;
  Model<> model;
  tenon::Tensor<double, tenon::dyn, 16> inputs;
  tenon::Tensor<double, tenon::dyn, 4> targets;
  tenon::Tape tape;
};

// The Hessian times a vector, beside the gradient by the same means: of tensors, and of scalar code.
void add_curvature() {
  using P = Curvature<Mlp>;
  GradientCase<P> c("autodiff/hvp/f64/mlp_16-32-32-4x32", [] { return new P; });
  const auto store = [](P& p, const Model<>& g) {
    each_parameter(g, [&](auto& m, std::size_t at) { std::copy_n(m.data(), m.size(), p.y.data() + at); });
  };
  const auto function = [](const P& p) {
    return [&](const auto& model) {
      return evaluate(sum(square(model(p.inputs) - p.targets)) / (2.0 * static_cast<double>(p.net.batch)));
    };
  };
  const auto scalar_function = [](const P& p) {
    return [&](const auto& w) {
      const std::vector<typename std::remove_cvref_t<decltype(w)>::value_type> numbers(w.begin(), w.end());
      return mlp::loss(p.net, numbers.data(), p.x.data(), p.t.data());
    };
  };
  c.primal("gradient", [=](P& p) { store(p, tenon::grad(function(p))(p.model)); });
  c.run("tenon", [=](P& p) {
    Model<> direction = p.model;
    each_parameter(direction,
                   [&](auto& m, std::size_t at) { std::copy_n(p.direction.data() + at, m.size(), m.data()); });
    store(p, tenon::hvp(function(p), p.model, direction));
  });
  c.primal("gradient_scalar", [=](P& p) {
    const auto g = tenon::grad(scalar_function(p))(p.w);
    std::copy(g.begin(), g.end(), p.y.begin());
  });
  c.run("tenon_scalar", [=](P& p) {
    tenon::Tensor<double, tenon::dyn> direction = p.w;
    std::copy(p.direction.begin(), p.direction.end(), direction.data());
    const auto g = tenon::hvp(scalar_function(p), p.w, direction);
    std::copy(g.begin(), g.end(), p.y.begin());
  });
}

const Area area([] {
  add_curvature();
  GradientCase<Mlp> c("autodiff/mlp/f64/16-32-32-4x32", [] { return new Mlp; });
  const auto numbers = [](const Mlp& p) -> const auto& { return p.w; };
  const auto loss = [](const Mlp& p, const auto* x) { return mlp::loss(p.net, x, p.x.data(), p.t.data()); };
  add_scalar_code(c, numbers, loss);
  add_expression_tree(c, numbers, loss);
  c.run("hand", [](Mlp& p) { p.hand(); });
#if BENCH_HAND
  c.run("hand_simd", [](Mlp& p) { p.hand_simd(); });
#endif
  // The whole batch at once, and eight samples at a time.
  const auto store = [](Mlp& p, const auto& result) {
    p.y[0] = result.value;
    each_parameter(result.grad, [&](auto& m, std::size_t at) { std::copy_n(m.data(), m.size(), p.y.data() + 1 + at); });
  };
  const auto mean_loss = [](const auto& model, const auto& inputs, const auto& targets) {
    const auto samples = static_cast<double>(inputs.extent(0));
    return evaluate(sum(square(model(inputs) - targets)) / (2 * samples));
  };
  c.run("tenon", [=](Mlp& p) { store(p, tenon::value_and_grad(mean_loss)(p.model, p.inputs, p.targets)); });
  c.run("tenon_microbatch", [=](Mlp& p) {
    store(p, tenon::value_and_grad(tenon::microbatch<1, 2>(8, mean_loss))(p.model, p.inputs, p.targets));
  });
});

}  // namespace
}  // namespace bench
