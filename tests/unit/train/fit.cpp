// The training loop: it learns, repeats itself for the same seed, and allocates nothing once it runs.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <tenon/nn.hpp>
#include <tenon/optim.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/fit.hpp>
#include <utility>

#include "support/allocations.hpp"

using namespace tenon;

namespace {

template <class T = float>
struct Mlp {
  nn::Linear<2, 16, T> hidden;
  nn::Dropout drop{0.1f};
  nn::Linear<16, 3, T> out;
  auto operator()(const auto& x) const { return out(drop(relu(hidden(x)))); }
};
using Points = train::Data<Tensor<float, dyn, 2>, Tensor<int, dyn>>;

// Three clouds of points.
Points make_points(index_t n) {
  Rng rng{1};
  Points data{normal<float, dyn, 2>(rng, n, 2), Tensor<int, dyn>(n)};
  const float centre[3][2] = {{3, 0}, {-3, 0}, {0, 4}};
  for (index_t i = 0; i < n; ++i) {
    data.targets(i) = static_cast<int>(i % 3);
    for (int k = 0; k < 2; ++k) data.inputs(i, k) += centre[i % 3][k];
  }
  return data;
}
const train::ProgressOptions silent{.mode = train::ProgressMode::silent};

}  // namespace

TEST_CASE("fit learns, and says how it went") {
  const Points data = make_points(200);
  auto net = nn::init<Mlp<>>(Rng{1});
  optim::Adam adam(net, {.lr = 1e-2});
  int calls = 0;
  const train::History history =
      train::fit(net, adam, data, nn::CrossEntropy{}, {.epochs = 20, .batch = 32, .progress = silent},
                 [&](const train::Epoch& e) { calls += e.number; });
  REQUIRE(history.size() == 20);
  CHECK(calls == 210);
  CHECK(history.front().loss > 0.5);
  CHECK(history.back().loss < 0.1);
  CHECK(history.back().accuracy > 0.95);
  CHECK(nn::accuracy(net(data.inputs), data.targets) > 0.97);
  CHECK_FALSE(nn::Mode::training());
}

TEST_CASE("The same seed gives the same figures to the last digit, another one others") {
  const Points data = make_points(100);
  const auto run = [&](unsigned long long seed) {
    auto net = nn::init<Mlp<>>(Rng{1});
    optim::AdamW adam(net, {.lr = 1e-2, .weight_decay = 0.1});
    const auto history =
        train::fit(net, adam, data, nn::CrossEntropy{}, {.epochs = 3, .seed = seed, .progress = silent});
    return std::pair(net, history.back().loss);
  };
  const auto a = run(1), b = run(1), c = run(2);
  CHECK(a.second == b.second);
  CHECK(a.second != c.second);
  CHECK(std::memcmp(a.first.hidden.weight.data(), b.first.hidden.weight.data(), 32 * sizeof(float)) == 0);
}

TEST_CASE("Training allocates nothing after its first steps") {
  const Points data = make_points(100);
  auto net = nn::init<Mlp<>>(Rng{1});
  optim::Adam adam(net);
  long at_second = 0, at_last = 0;
  train::fit(net, adam, data, nn::CrossEntropy{}, {.epochs = 5, .batch = 30, .progress = silent},
             [&](const train::Epoch& e) { (e.number <= 2 ? at_second : at_last) = test::allocations(); });
  CHECK(at_last == at_second);
}

TEST_CASE("Each example comes once an epoch; the last batch may be smaller") {
  Points data = make_points(50);
  for (index_t i = 0; i < 50; ++i) data.inputs(i, 0) = static_cast<float>(i);
  train::Batches batches(data, 16);
  CHECK(batches.count() == 4);
  Rng rng{1};
  bool moved = false;
  for (int epoch = 0; epoch < 2; ++epoch) {
    int seen[50] = {}, count = 0;
    for (batches.start(rng); batches.next(); ++count) {
      CHECK(batches.inputs.extent(0) == (count == 3 ? 2 : 16));
      for (index_t i = 0; i < batches.inputs.extent(0); ++i) {
        const int which = static_cast<int>(batches.inputs(i, 0));
        ++seen[which];
        moved = moved || which != 16 * count + i;
        CHECK(batches.targets(i) == which % 3);
      }
    }
    CHECK(count == 4);
    for (const int n : seen) CHECK(n == 1);
  }
  CHECK(moved);
  batches.start();
  batches.next();
  CHECK(batches.inputs(15, 0) == 15);
  CHECK(batches.done() == 16);
}

TEST_CASE("Wrong data are refused") {
  Points data = make_points(10);
  CHECK_THROWS_AS(train::Batches(data, 0), value_error);
  data.targets = zeros<int>(9);
  CHECK_THROWS_AS(train::Batches(data, 4), shape_error);
  const Points none = make_points(0);
  auto net = nn::init<Mlp<>>(Rng{1});
  optim::Adam adam(net);
  CHECK(train::fit(net, adam, none, nn::CrossEntropy{}, {.epochs = 2, .progress = silent}).back().loss == 0);
}

TEST_CASE("The schedule moves the learning rate, which is the optimiser's own again at the end") {
  const Points data = make_points(40);
  auto net = nn::init<Mlp<>>(Rng{1});
  optim::SGD sgd(net, {.lr = 0.5});
  double last = 0;
  train::fit(net, sgd, data, nn::CrossEntropy{},
             {.epochs = 2,
              .batch = 20,
              .schedule = [](index_t step, index_t steps) { return optim::linear(step, steps); },
              .progress = silent},
             [&](const train::Epoch&) { last = sgd.options.lr; });
  CHECK(last == 0.5 * 0.25);
  CHECK(sgd.options.lr == 0.5);
}

TEST_CASE("Regression: targets that are no labels") {
  Rng rng{1};
  const train::Data data{normal<float, dyn, 2>(rng, 64, 2), Tensor<float, dyn, 3>(64, 3)};
  auto net = nn::init<Mlp<>>(Rng{1});
  net.drop.rate = 0;
  optim::Adam adam(net, {.lr = 1e-2});
  std::FILE* out = std::tmpfile();
  REQUIRE(out);
  const auto history = train::fit(net, adam, data, nn::MeanSquaredError{},
                                  {.epochs = 60, .progress = {.out = out, .mode = train::ProgressMode::plain}});
  CHECK(history.back().loss < history.front().loss / 10);
  std::rewind(out);
  char text[200] = {};
  (void)!std::fread(text, 1, sizeof text - 1, out);
  std::fclose(out);
  CHECK(std::string(text).find("epoch  1/60  loss ") == 0);
  CHECK(std::string(text).find("accuracy") == std::string::npos);
}
