// Optimisers against hand-computed steps, packs against numbers, clipping, schedules.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <tenon/nn.hpp>
#include <tenon/optim.hpp>
#include <tenon/tenon.hpp>

#include "support/allocations.hpp"

using namespace tenon;

namespace {

template <class T = double>
struct Two {
  Tensor<T, 3> a;
  Tensor<T, dyn> b;
  Tensor<int, 2> ids;
};
Two<> make_two() { return {{0.5, -1, 2}, {{3.0}}, {{4, 5}}}; }
// The gradient of step t.
Two<> make_gradient(int t) { return {{0.1 * t, -0.2, 1.0 / t}, {{-3.0}}, {}}; }

// Adam as in algorithm 1 of its paper, element by element.
struct Reference {
  double lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, l2 = 0, decay = 0;
  double m = 0, v = 0;
  double step(double p, double g, int t) {
    p -= lr * decay * p;
    g += l2 * p;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const double mh = m / (1 - std::pow(beta1, t)), vh = v / (1 - std::pow(beta2, t));
    return p - lr * mh / (std::sqrt(vh) + eps);
  }
};

}  // namespace

TEST_CASE("Adam takes the steps of its paper") {
  Two<> net = make_two();
  optim::Adam adam(net, {.lr = 0.1});
  Reference r[4];
  double p[4] = {0.5, -1, 2, 3};
  for (Reference& x : r) x.lr = 0.1;
  for (int t = 1; t <= 3; ++t) {
    const Two<> g = make_gradient(t);
    adam.step(net, g);
    for (int i = 0; i < 4; ++i) p[i] = r[i].step(p[i], i < 3 ? g.a(i) : g.b(0), t);
    for (int i = 0; i < 3; ++i) CHECK(net.a(i) == doctest::Approx(p[i]).epsilon(1e-12));
    CHECK(net.b(0) == doctest::Approx(p[3]).epsilon(1e-12));
  }
  // By hand: the first step moves each parameter by lr against the sign of its gradient.
  net = make_two();
  optim::Adam fresh(net, {.lr = 0.1});
  fresh.step(net, make_gradient(1));
  CHECK(net.a(0) == doctest::Approx(0.4).epsilon(1e-6));
  CHECK(net.a(1) == doctest::Approx(-0.9).epsilon(1e-6));
  CHECK(net.b(0) == doctest::Approx(3.1).epsilon(1e-6));
  CHECK(net.ids(0) == 4);
}

TEST_CASE("Weight decay joins the gradient in Adam and not in AdamW") {
  Two<> one = make_two(), two = make_two();
  optim::Adam adam(one, {.lr = 0.1, .weight_decay = 0.3});
  optim::AdamW adamw(two, {.lr = 0.1, .weight_decay = 0.3});
  Reference a, w;
  a.lr = w.lr = 0.1;
  a.l2 = w.decay = 0.3;
  double pa = -1, pw = -1;
  for (int t = 1; t <= 3; ++t) {
    const Two<> g = make_gradient(t);
    adam.step(one, g);
    adamw.step(two, g);
    pa = a.step(pa, g.a(1), t);
    pw = w.step(pw, g.a(1), t);
    CHECK(one.a(1) == doctest::Approx(pa).epsilon(1e-12));
    CHECK(two.a(1) == doctest::Approx(pw).epsilon(1e-12));
  }
  CHECK(std::fabs(pa - pw) > 0.01);
}

TEST_CASE("SGD, with momentum, Nesterov's too, and weight decay") {
  struct Case {
    optim::SgdOptions options;
  };
  for (const Case& c : {Case{{.lr = 0.1}}, Case{{.lr = 0.1, .momentum = 0.9}}, Case{{.lr = 0.1, .weight_decay = 0.2}},
                        Case{{.lr = 0.1, .momentum = 0.8, .nesterov = true, .weight_decay = 0.2}}}) {
    Two<> net = make_two();
    optim::SGD sgd(net, c.options);
    double p = 2, s = 0;
    for (int t = 1; t <= 3; ++t) {
      const Two<> g = make_gradient(t);
      sgd.step(net, g);
      const double d = g.a(2) + c.options.weight_decay * p;
      s = c.options.momentum * s + d;
      p -= 0.1 * (c.options.nesterov ? d + c.options.momentum * s : s);
      CHECK(net.a(2) == doctest::Approx(p).epsilon(1e-12));
    }
  }
}

TEST_CASE("A pack takes the same steps as its numbers, to the last bit") {
  Rng rng{1};
  Tensor<float, 37> p = normal<float, 37>(rng), g = normal<float, 37>(rng), m = normal<float, 37>(rng);
  Tensor<float, 37> v = uniform<float, 37>(rng), q = p, m2 = m, v2 = v;
  const auto both = [&](const auto& rule) {
    optim::detail::update(rule, 37, p.data(), g.data(), m.data(), v.data());
    for (int i = 0; i < 37; ++i) rule(q(i), g(i), m2(i), v2(i));
    CHECK(std::memcmp(p.data(), q.data(), sizeof(float) * 37) == 0);
    CHECK(std::memcmp(m.data(), m2.data(), sizeof(float) * 37) == 0);
    CHECK(std::memcmp(v.data(), v2.data(), sizeof(float) * 37) == 0);
  };
  both(optim::detail::AdamRule<false>{0.01, 0.1, 0.999, 0.001, 1e-8, 1.7, 0.03});
  both(optim::detail::AdamRule<true>{0.01, 0.1, 0.999, 0.001, 1e-8, 1.7, 0.97});
  const optim::detail::SgdRule sgd{0.01, 0.9, 0.1, true};
  optim::detail::update(sgd, 37, p.data(), g.data(), m.data());
  for (int i = 0; i < 37; ++i) sgd(q(i), g(i), m2(i));
  CHECK(std::memcmp(p.data(), q.data(), sizeof(float) * 37) == 0);
}

TEST_CASE("An update touches nothing beyond the last element") {
  for (const index_t n : {0, 1, 15, 16, 17, 40}) {
    Tensor<float, 64> p, g;
    p = 1;
    g = 1;
    optim::detail::update(optim::detail::SgdRule{0.5, 0, 0, false}, n, p.data(), g.data());
    for (index_t i = 0; i < 64; ++i) CHECK(p(i) == (i < n ? 0.5f : 1));
  }
}

TEST_CASE("A step allocates nothing") {
  auto net = nn::init<nn::Sequential<nn::Linear<20, 30>, nn::ReLU, nn::Linear<30, 5>>>(Rng{1});
  const auto g = nn::init<decltype(net)>(Rng{2});
  optim::AdamW adam(net, {.weight_decay = 0.1});
  optim::SGD sgd(net, {.momentum = 0.9});
  const test::AllocationCount count;
  adam.step(net, g);
  sgd.step(net, g);
  CHECK(count() == 0);
}

TEST_CASE("The state of bfloat16 parameters is kept in float") {
  auto net = nn::init<nn::Linear<4, 3, bfloat16>>(Rng{1});
  optim::Adam adam(net, {.lr = 0.5});
  static_assert(__is_same(decltype(adam.first), nn::Linear<4, 3, float>));
  auto g = net;
  g.weight = 1;
  const float before = static_cast<float>(net.weight(0, 0));
  adam.step(net, g);
  CHECK(static_cast<float>(net.weight(0, 0)) == doctest::Approx(before - 0.5f).epsilon(0.01));
  CHECK(adam.first.weight(0, 0) == doctest::Approx(0.1));
}

TEST_CASE("Repeated blocks have repeated state, and shapes must agree") {
  nn::Repeat<nn::Linear<2, 2>> net(3);
  nn::init(net, Rng{1});
  optim::Adam adam(net);
  CHECK(adam.first.size() == 3);
  const auto before = net[2].weight(1, 1);
  auto g = net;
  adam.step(net, g);
  CHECK(net[2].weight(1, 1) != before);
  nn::Linear<dyn, dyn> layer{Tensor<float, dyn, dyn>(2, 3), Tensor<float, dyn>(2)};
  optim::SGD sgd(layer);
  const nn::Linear<dyn, dyn> other{Tensor<float, dyn, dyn>(3, 3), Tensor<float, dyn>(2)};
  CHECK_THROWS_AS(sgd.step(layer, other), shape_error);
}

TEST_CASE("Adam solves a least-squares problem") {
  Rng rng{1};
  const auto x = normal<float, 50, 4>(rng);
  const Tensor<float, 1, 4> truth{{1, -2, 0.5f, 3}};
  const Tensor<float, 50, 1> y = matmul(x, transpose(truth));
  nn::Projection<4, 1> net;
  optim::Adam adam(net, {.lr = 0.05});
  const auto df = value_and_grad([&](const auto& m) { return nn::mse(m(x), y); });
  float loss = 0;
  for (int i = 0; i < 400; ++i) {
    const auto r = df(net);
    loss = r.value;
    adam.step(net, r.grad);
  }
  CHECK(loss < 1e-4f);
  CHECK(net.weight(0, 3) == doctest::Approx(3).epsilon(0.01));
}

TEST_CASE("Gradients are clipped by their norm") {
  Two<> g = {{3, 0, 0}, {{4.0}}, {}};
  CHECK(optim::global_norm(g) == 5);
  CHECK(optim::clip_by_norm(g, 10) == 5);
  CHECK(g.b(0) == 4);
  CHECK(optim::clip_by_norm(g, 1) == 5);
  CHECK(g.a(0) == doctest::Approx(0.6));
  CHECK(g.b(0) == doctest::Approx(0.8));
  g.b(0) = INFINITY;
  CHECK(std::isinf(optim::clip_by_norm(g, 1)));
  CHECK(g.a(0) == doctest::Approx(0.6));
}

TEST_CASE("Schedules") {
  CHECK(optim::constant(7, 10) == 1);
  CHECK(optim::warmup(0, 4) == 0.25);
  CHECK(optim::warmup(3, 4) == 1);
  CHECK(optim::warmup(100, 4) == 1);
  CHECK(optim::cosine(0, 10) == 1);
  CHECK(optim::cosine(5, 10) == doctest::Approx(0.5));
  CHECK(optim::cosine(10, 10, 0.1) == doctest::Approx(0.1));
  CHECK(optim::cosine(11, 10, 0.1) == doctest::Approx(0.1));
  CHECK(optim::linear(5, 10) == 0.5);
  CHECK(optim::linear(5, 10, 0.5) == 0.75);
  CHECK(optim::step_decay(29, 10, 0.5) == 0.25);
  CHECK(optim::step_decay(5, 0, 0.5) == 1);
  static_assert(optim::cosine(5, 10) > 0.499 && optim::cosine(5, 10) < 0.501);
}
