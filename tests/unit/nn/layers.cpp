// Layers: values, gradients, modes, who owns what. Run-time extents and one kind of layer, so that they share code.
#include <doctest/doctest.h>

#include <tenon/nn.hpp>
#include <tenon/tenon.hpp>

#include "differences.hpp"
#include "support/allocations.hpp"

using namespace tenon;

namespace {

using Matrix = Tensor<double, dyn, dyn>;

Tensor<double, dyn, 4> load() {
  Rng rng{3};
  return normal<double>(rng, 5, 4);
}
Matrix naive_linear(const Matrix& weight, const Matrix& bias, const Matrix& x) {
  Matrix y(x.extent(0), weight.extent(0));
  for (index_t i = 0; i < y.extent(0); ++i)
    for (index_t j = 0; j < y.extent(1); ++j) {
      y(i, j) = bias(0, j);
      for (index_t k = 0; k < x.extent(1); ++k) y(i, j) += x(i, k) * weight(j, k);
    }
  return y;
}
bool same(const Matrix& a, const Matrix& b) {
  bool equal = a.dims() == b.dims();
  for (index_t i = 0; equal && i < a.size(); ++i) equal = a.data()[i] == b.data()[i];
  return equal;
}

// What is differentiated: a layer, a chain of layers, a repeated block.
template <class T = double>
struct Net {
  nn::Linear<8, 8, T> named;
  nn::Sequential<nn::Linear<8, 8, T>, nn::GELU, nn::Linear<8, 8, T>> chain;
  nn::Repeat<nn::Sequential<nn::Linear<8, 8, T>, nn::SiLU>> blocks;
};
struct Loss {
  enum { named, chain, repeated };
  const Matrix& x;
  int which;
  template <class M>
  auto operator()(const M& m) const {
    switch (which) {
      case named: {
        auto h = m.named(x);
        return evaluate(sum(h * h + tanh(h)));
      }
      case chain:
        return evaluate(sum(square(m.chain(x))));
      default:
        return evaluate(sum(square(m.blocks(x))));
    }
  }
};
double worst_gradient(int which) {
  Rng rng{3};
  const Matrix x = normal<double>(rng, 5, 8);
  Net<> net;
  net.blocks.resize(3);
  nn::init(net, Rng{2});
  return test::gradient_error(Loss{x, which}, net);
}

}  // namespace

TEST_CASE("Linear is x W^T + b, for stacks, rows and single vectors") {
  const auto layer = nn::init<nn::Linear<4, 3, double>>(Rng{1});
  const auto x = load();
  const Matrix want = naive_linear(layer.weight, reshape(layer.bias, 1, 3), x);
  const Matrix y = layer(x);
  REQUIRE(y.size() == 15);
  for (index_t i = 0; i < want.size(); ++i) CHECK(y.data()[i] == doctest::Approx(want.data()[i]));
  const Tensor<double, 2, 4> rows = slice(x, range(3, 5));
  const Tensor<double, 2, 3> few = layer(rows);
  CHECK(few(1, 2) == doctest::Approx(want(4, 2)));
  const Tensor<double, 3> one = layer(row(x, 2));
  CHECK(one(1) == doctest::Approx(want(2, 1)));
  const Tensor<double, 1, dyn, 3> stack = layer(expand_dims<0>(x));
  CHECK(stack(0, 3, 0) == doctest::Approx(want(3, 0)));
  const nn::Projection<4, 3, double> plain{layer.weight};
  CHECK(evaluate(plain(x))(1, 1) == doctest::Approx(want(1, 1) - layer.bias(1)));
}

TEST_CASE("Linear of run-time extents") {
  nn::Linear<dyn, dyn, double> layer{Tensor<double, dyn, dyn>(3, 4), Tensor<double, dyn>(3)};
  nn::init(layer, Rng{1});
  const auto same = nn::init<nn::Linear<4, 3, double>>(Rng{1});
  CHECK(layer.weight(2, 3) == same.weight(2, 3));
  const Tensor<double, dyn, dyn> x = load();
  CHECK(evaluate(layer(x))(2, 2) == evaluate(same(load()))(2, 2));
  const Tensor<double, dyn, dyn> wrong(5, 7);
  CHECK_THROWS_AS(evaluate(layer(wrong)), shape_error);
}

TEST_CASE("A layer owns the temporary that it reads") {
  nn::Sequential<nn::Linear<4, 3, double>, nn::Tanh, nn::Linear<3, 2, double>> net;
  nn::init(net, Rng{1});
  const auto x = load();
  const Matrix want = net(x);
  auto y = net(load());
  auto z = net(x * 1 + 0);
  CHECK(same(y, want));
  CHECK(same(z, want));
  const auto hidden = net.at<0>()(load());
  auto tail = net.at<2>()(tanh(hidden));
  CHECK(same(tail, want));
}

TEST_CASE("A layer used by name runs once") { CHECK(worst_gradient(Loss::named) < 1e-8); }

TEST_CASE("Gradients of layers are their differences") {
  SUBCASE("two layers and an activation between") { CHECK(worst_gradient(Loss::chain) < 1e-7); }
  SUBCASE("repeated blocks") { CHECK(worst_gradient(Loss::repeated) < 1e-7); }
  SUBCASE("a layer without parameters") {
    const auto x = load();
    CHECK(evaluate(nn::Softmax{}(x))(0, 0) == evaluate(softmax<-1>(x))(0, 0));
    CHECK(evaluate(nn::LeakyReLU{0.5f}(x))(0, 0) == evaluate(leaky_relu(x, 0.5))(0, 0));
  }
}

TEST_CASE("Dropout passes everything in inference") {
  const nn::Dropout drop{0.75f};
  const Matrix x = load();
  CHECK_FALSE(nn::Mode::training());
  CHECK(same(drop(x), x));
  CHECK(same(drop(Matrix(load())), x));
  const nn::Mode training(Rng{1});
  CHECK(nn::Mode::training());
  {
    const nn::Mode inference;
    CHECK(same(drop(x), x));
  }
  CHECK_FALSE(same(drop(x), x));
}

TEST_CASE("Dropout in training keeps the mean, and repeats itself for the same key") {
  const nn::Dropout drop{0.75f};
  const Matrix x = ones<double>(100, 100);
  const auto run = [&](unsigned long long seed) {
    const nn::Mode training(Rng{seed});
    const Matrix a = drop(x), b = drop(x);
    CHECK_FALSE(same(a, b));
    return a;
  };
  const Matrix y = run(1);
  double total = 0;
  bool scaled = true;
  for (const double v : y) {
    total += v;
    scaled = scaled && (v == 0 || v == 4);
  }
  CHECK(scaled);
  CHECK(total / 10000 == doctest::Approx(1).epsilon(0.06));
  CHECK(same(run(1), y));
  CHECK_FALSE(same(run(2), y));
  const nn::Mode training(Rng{1});
  CHECK_THROWS_AS(evaluate(nn::Dropout{1}(x)), value_error);
}

TEST_CASE("The gradient of dropout is its mask") {
  const nn::Dropout drop{0.5f};
  const Matrix x = ones<double>(1, 50);
  Matrix y;
  const Matrix g = [&] {
    const nn::Mode training(Rng{5});
    return grad([&](const auto& v) { return sum(drop(v)); })(x);
  }();
  {
    const nn::Mode training(Rng{5});
    y = drop(x);
  }
  CHECK(same(g, y));
  CHECK_FALSE(same(g, Matrix(1, 50)));
}

TEST_CASE("Repeat grows and shrinks, copies and moves") {
  nn::Repeat<nn::Linear<2, 2>> blocks(3);
  blocks[1].bias = 7;
  blocks.resize(5);
  CHECK(blocks.size() == 5);
  CHECK(blocks[1].bias(0) == 7);
  CHECK(blocks[4].bias(0) == 0);
  nn::Repeat<nn::Linear<2, 2>> copy = blocks;
  copy[1].bias = 8;
  CHECK(blocks[1].bias(0) == 7);
  blocks = static_cast<nn::Repeat<nn::Linear<2, 2>>&&>(copy);
  CHECK(blocks[1].bias(0) == 8);
  blocks.resize(0);
  CHECK(blocks.size() == 0);
  const Tensor<float, 2> x{1, 2};
  CHECK(all(evaluate(blocks(x)) == x));
}

TEST_CASE("Inference and gradients allocate nothing after the first time") {
  using Layer = nn::Linear<8, 8, double>;
  nn::Sequential<Layer, nn::ReLU, nn::Repeat<nn::Sequential<Layer, nn::ReLU>>, nn::Dropout, Layer> net;
  net.at<2>().resize(3);
  nn::init(net, Rng{1});
  Rng rng{2};
  const Matrix batch = normal<double>(rng, 7, 8);
  Tensor<double, dyn, 8> y = net(batch);
  y = net(batch);  // assigning takes one block more than constructing: the first step is not the last to fill the pool
  const test::AllocationCount inference;
  for (int i = 0; i < 3; ++i) y = net(batch);
  CHECK(inference() == 0);
  const nn::Mode training(Rng{1});
  const auto step = value_and_grad([&](const auto& m) { return sum(m(batch)); });
  for (int i = 0; i < 2; ++i) (void)step(net);
  const test::AllocationCount training_step;
  (void)step(net);
  CHECK(training_step() == 0);
}

TEST_CASE("bfloat16 layers compute in float and give bfloat16") {
  const auto layer = nn::init<nn::Linear<4, 3, bfloat16>>(Rng{1});
  Tensor<bfloat16, 2, 4> x;
  x = 1;
  const auto y = evaluate(layer(x));
  static_assert(__is_same(decltype(y)::value_type, bfloat16));
  float want = static_cast<float>(layer.bias(1));
  for (index_t k = 0; k < 4; ++k) want += static_cast<float>(layer.weight(1, k));
  CHECK(static_cast<float>(y(0, 1)) == doctest::Approx(want).epsilon(0.02));
}
