// tests/unit/ad/checkpoint.cpp: functions that are run again in the backward sweep.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdexcept>

#include <tenon/ad/checkpoint.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/nn/mode.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T = double>
struct Pair {
  Tensor<T, dyn> a;
  Tensor<T, 2> b;
};

}  // namespace

TEST_CASE("tensors: the function runs twice, and the gradient is that without a checkpoint") {
  const Vector x = vector(7);
  int runs = 0;
  const auto block = [&](const auto& v) {
    ++runs;
    const auto h = evaluate(sin(v) * v);
    return evaluate(exp(h) * h + v);
  };
  const auto plain = [&](const auto& v) { return sum(square(block(v * 2)) * v); };
  const auto spared = [&](const auto& v) { return sum(square(checkpoint(block)(v * 2)) * v); };
  const auto want = value_and_grad(plain)(x);
  runs = 0;
  const auto got = value_and_grad(spared)(x);
  CHECK(runs == 2);
  CHECK(near(got.value, want.value, 1e-14));
  CHECK(near_all(got.grad, want.grad, 1e-14));
  CHECK(near(spared(x), want.value, 1e-14));  // no derivative: one run
  CHECK(runs == 3);
}

TEST_CASE("the tape is shorter, and is that of one block in the sweep") {
  const Vector x = vector(1000);
  const auto block = [](const auto& u) {
    auto w = evaluate(sin(u) * u);
    for (int k = 0; k < 20; ++k) w = evaluate(sin(w) + w * 0.5);
    return w;
  };
  const auto bytes_of = [&](const auto& f) {
    Tape tape;
    const auto v = tape.variable(x);
    auto h = evaluate(v * 1);
    for (int i = 0; i < 20; ++i) h = f(h);
    const rev<double> loss = sum(h);
    const std::size_t bytes = tape.bytes();
    const auto [g] = tape.gradient(loss, v);
    CHECK(tape.bytes() == bytes);
    return std::pair(bytes, g);
  };
  const auto [all, want] = bytes_of(block);
  const auto [some, got] = bytes_of(checkpoint(block));
  CHECK(all > 15 * some);
  CHECK(near_all(got, want, 1e-14));
}

TEST_CASE("numbers, several arguments, structs, captured variables") {
  const auto stepper = [](const auto& x, const auto& p) {
    auto y = x + 0 * p;
    for (int i = 0; i < 50; ++i) y = y + 0.02 * sin(y) * p;
    return y;
  };
  const auto plain = [&](auto x) { return stepper(stepper(x, 2.0 * x), x) * x; };
  const auto spared = [&](auto x) { return checkpoint(stepper)(checkpoint(stepper)(evaluate(x * 1), 2.0 * x), x) * x; };
  CHECK(near(grad(spared)(0.7), grad(plain)(0.7), 1e-14));
  const auto captured = [&](auto x) {
    const auto p = evaluate(x * 2);
    return checkpoint([p, &stepper](const auto& s) { return stepper(s, p) * p; })(0.3);
  };
  CHECK(near(grad(captured)(0.7), grad([&](auto x) { return stepper(0.3, x * 2) * (x * 2); })(0.7), 1e-14));

  const Pair<> at{vector(4), {0.3, -0.4}};
  const auto block = []<class T>(const Pair<T>& p) {
    Pair<T> r;
    r.a = p.a * p.b(0) + sum(p.b);
    r.b = p.b * sum(p.a);
    return r;
  };
  const auto loss = [](const auto& p) { return sum(p.a * p.a) + sum(p.b); };
  const auto want = grad([&](const auto& p) { return loss(block(block(p))); })(at);
  const auto got = grad([&](const auto& p) { return loss(checkpoint(block)(checkpoint(block)(p))); })(at);
  CHECK(near_all(got.a, want.a, 1e-14));
  CHECK(near_all(got.b, want.b, 1e-14));
}

TEST_CASE("a result that is an argument, or was written element by element") {
  const Vector x = vector(5);
  const auto same = checkpoint([](const auto& v) -> const auto& { return v; });
  CHECK(near_all(grad([&](const auto& v) { return sum(same(v) * v); })(x), 2 * x));
  const auto written = [](const auto& v) {
    auto r = evaluate(v * 3);
    r(0) = r(1) * v(2);
    r(4) = v(4);
    return r;
  };
  const auto want = grad([&](const auto& v) { return sum(square(written(v))); })(x);
  CHECK(near_all(grad([&](const auto& v) { return sum(square(checkpoint(written)(v))); })(x), want, 1e-14));
}

TEST_CASE("checkpoints inside of checkpoints") {
  const Vector x = vector(6);
  int runs = 0;
  const auto inner = [&](const auto& v) {
    ++runs;
    return sin(v) * v;
  };
  const auto outer = [&](const auto& v) {
    auto h = checkpoint(inner)(v);
    h = checkpoint(inner)(evaluate(h + v));
    return h * v;
  };
  const auto plain = [&](const auto& v) {
    auto h = evaluate(inner(v));
    h = inner(evaluate(h + v));
    return h * v;
  };
  const auto want = grad([&](const auto& v) { return sum(plain(v) * v); })(x);
  runs = 0;
  CHECK(near_all(grad([&](const auto& v) { return sum(checkpoint(outer)(v) * v); })(x), want, 1e-14));
  CHECK(runs == 6);  // two, two again when outer runs again, and each once more to be recorded
}

TEST_CASE("the mode and the key are those of the first run") {
  const Vector x = vector(50);
  const auto block = [](const auto& v) {
    Vector mask(50);
    if (nn::Mode::training()) fill_uniform(nn::Mode::key(), mask);
    return evaluate(v * mask * v);
  };
  const auto gradient = [&](const auto& f) {
    const nn::Mode training(Rng{7});
    auto g = grad([&](const auto& v) {
      auto h = f(v);
      return sum(h * f(h));
    })(x);
    const nn::Mode inference;
    return g;
  };
  const Vector want = gradient(block);
  CHECK(near_all(gradient(checkpoint(block)), want, 1e-14));
  // The key after the sweep is that before it.
  const nn::Mode training(Rng{7});
  Tape tape;
  const auto v = tape.variable(x);
  const auto y = checkpoint(block)(v);
  Rng a = nn::Mode::key();
  (void)tape.gradient(sum(y), v);
  Rng b = nn::Mode::key();
  Vector from_a(1), from_b(1);
  fill_uniform(a, from_a), fill_uniform(b, from_b);
  CHECK(from_a(0) != from_b(0));
}

TEST_CASE("layers that keep statistics see that a run is another one") {
  int updates = 0, runs = 0;
  const auto layer = [&](auto x) {
    ++runs;
    if (!nn::Mode::again()) ++updates;
    return x * x;
  };
  CHECK(grad([&](auto x) { return checkpoint([&](auto y) { return checkpoint(layer)(y) * 2; })(x); })(3.0) == 12);
  CHECK(runs == 3);
  CHECK(updates == 1);
  CHECK_FALSE(nn::Mode::again());
}

TEST_CASE("what the result does not depend on is not run again") {
  int runs = 0;
  const auto block = [&](auto x) {
    ++runs;
    return x * x;
  };
  CHECK(grad([&](auto x) { return checkpoint(block)(x) * 0 + x; })(3.0) == 1);
  CHECK(runs == 1);
}

TEST_CASE("a function that fails or changes its mind") {
  const Vector x = vector(3);
  int runs = 0;
  const auto fails = [&](const auto& v) {
    if (++runs == 2) throw std::runtime_error("as wanted");
    return evaluate(v * v);
  };
  CHECK_THROWS_AS(grad([&](const auto& v) { return sum(checkpoint(fails)(v)); })(x), std::runtime_error);
  CHECK(near_all(grad([&](const auto& v) { return sum(v * v); })(x), 2 * x));
  runs = 0;
  const auto grows = [&](const auto& v) { return evaluate(slice(v, range(0, ++runs))); };
  CHECK_THROWS_WITH_AS(grad([&](const auto& v) { return sum(checkpoint(grows)(v)); })(x),
                       doctest::Contains("another shape"), value_error);
}

TEST_CASE("above another tape") {
  const Vector w = vector(4);
  Tape outer;
  const auto a = outer.variable(w);
  const rev<double> spared = sum(checkpoint([](const auto& v) { return v * v * v; })(a));
  Tape inner;
  const auto b = inner.variable(w);
  const auto [g] = outer.gradient(spared, a);
  CHECK(near_all(g, 3 * w * w));
  const auto [h] = inner.gradient(sum(b * b), b);
  CHECK(near_all(h, 2 * w));
}
