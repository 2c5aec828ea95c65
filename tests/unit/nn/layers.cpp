// Layers: values, gradients, modes, who owns what.
#include <doctest/doctest.h>

#include <tenon/nn.hpp>
#include <tenon/tenon.hpp>

#include "differences.hpp"
#include "support/allocations.hpp"

using namespace tenon;

namespace {

Tensor<double, 5, 4> load() {
  Rng rng{3};
  return normal<double, 5, 4>(rng);
}
template <class L>
auto naive_linear(const L& l, const auto& x) {
  return from_function<double, 5, 3>([&](index_t i, index_t j) {
    double s = l.bias(j);
    for (index_t k = 0; k < 4; ++k) s += x(i, k) * l.weight(j, k);
    return s;
  });
}

}  // namespace

TEST_CASE("Linear is x W^T + b, for stacks, rows and single vectors") {
  const auto layer = nn::init<nn::Linear<4, 3, double>>(Rng{1});
  const auto x = load();
  const auto want = naive_linear(layer, x);
  const Tensor<double, 5, 3> y = layer(x);
  for (index_t i = 0; i < want.size(); ++i) CHECK(y.data()[i] == doctest::Approx(want.data()[i]));
  const Tensor<double, dyn, 4> rows = x;
  const Tensor<double, dyn, 3> many = layer(rows);
  CHECK(many(4, 2) == doctest::Approx(want(4, 2)));
  const Tensor<double, 3> one = layer(row(x, 2));
  CHECK(one(1) == doctest::Approx(want(2, 1)));
  const Tensor<double, 1, 5, 3> stack = layer(reshape<1, 5, 4>(x));
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
  const Tensor<double, 5, 2> want = net(x);
  auto y = net(load());
  auto z = net(x * 1 + 0);
  CHECK(all(evaluate(y) == want));
  CHECK(all(evaluate(z) == want));
  const auto hidden = net.at<0>()(load());
  auto tail = net.at<2>()(tanh(hidden));
  CHECK(all(evaluate(tail) == want));
}

TEST_CASE("A layer used by name runs once") {
  const auto layer = nn::init<nn::Linear<4, 4, double>>(Rng{1});
  const auto x = load();
  const auto f = [&](const auto& l) {
    auto h = l(x);
    return evaluate(sum(h * h + tanh(h)));
  };
  CHECK(test::gradient_error(f, layer) < 1e-8);
}

TEST_CASE("Gradients of layers are their differences") {
  const auto x = load();
  SUBCASE("two layers and an activation between") {
    nn::Sequential<nn::Linear<4, 6, double>, nn::GELU, nn::Linear<6, 2, double>> net;
    nn::init(net, Rng{2});
    CHECK(test::gradient_error([&](const auto& m) { return evaluate(sum(square(m(x)))); }, net) < 1e-7);
  }
  SUBCASE("repeated blocks") {
    nn::Repeat<nn::Sequential<nn::Linear<4, 4, double>, nn::SiLU>> net(3);
    nn::init(net, Rng{2});
    CHECK(test::gradient_error([&](const auto& m) { return evaluate(sum(m(x))); }, net) < 1e-7);
  }
  SUBCASE("a layer without parameters") {
    CHECK(evaluate(nn::Softmax{}(x))(0, 0) == evaluate(softmax<-1>(x))(0, 0));
    CHECK(evaluate(nn::LeakyReLU{0.5f}(x))(0, 0) == evaluate(leaky_relu(x, 0.5))(0, 0));
  }
}

TEST_CASE("Dropout passes everything in inference") {
  const nn::Dropout drop{0.75f};
  const auto x = load();
  CHECK_FALSE(nn::Mode::training());
  CHECK(all(evaluate(drop(x)) == x));
  CHECK(all(evaluate(drop(load())) == x));
  const nn::Mode training(Rng{1});
  CHECK(nn::Mode::training());
  {
    const nn::Mode inference;
    CHECK(all(evaluate(drop(x)) == x));
  }
  CHECK_FALSE(all(evaluate(drop(x)) == x));
}

TEST_CASE("Dropout in training keeps the mean, and repeats itself for the same key") {
  const nn::Dropout drop{0.75f};
  const auto x = ones<float>(100, 100);
  const auto run = [&](unsigned long long seed) {
    const nn::Mode training(Rng{seed});
    auto a = evaluate(drop(x)), b = evaluate(drop(x));
    CHECK_FALSE(all(a == b));
    return a;
  };
  const auto y = run(1);
  CHECK(all(y == 0 || y == 4));
  CHECK(static_cast<float>(mean(y)) == doctest::Approx(1).epsilon(0.06));
  CHECK(all(run(1) == y));
  CHECK_FALSE(all(run(2) == y));
  const nn::Mode training(Rng{1});
  CHECK_THROWS_AS(evaluate(nn::Dropout{1}(x)), value_error);
}

TEST_CASE("The gradient of dropout is its mask") {
  const nn::Dropout drop{0.5f};
  const auto x = ones<double>(50);
  Tensor<double, dyn> y;
  const auto g = [&] {
    const nn::Mode training(Rng{5});
    return grad([&](const auto& v) { return sum(drop(v)); })(x);
  }();
  {
    const nn::Mode training(Rng{5});
    y = drop(x);
  }
  CHECK(all(g == y));
  CHECK(static_cast<double>(sum(y)) > 0);
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
  nn::Sequential<nn::Linear<4, 32>, nn::ReLU, nn::Repeat<nn::Sequential<nn::Linear<32, 32>, nn::ReLU>>, nn::Dropout,
                 nn::Linear<32, 10>>
      net;
  net.at<2>().resize(3);
  nn::init(net, Rng{1});
  Rng rng{2};
  const auto x = normal<float>(rng, 7, 4);
  const Tensor<float, dyn, 4> batch = x;
  Tensor<float, dyn, 10> y = net(batch);
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
