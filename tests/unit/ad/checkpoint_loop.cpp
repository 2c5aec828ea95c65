// tests/unit/ad/checkpoint_loop.cpp: time loops that keep a few states for the backward sweep.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <algorithm>
#include <new>
#include <vector>

#include <tenon/ad/checkpoint_loop.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/nn/mode.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// Bytes that blocks take, now and at most.
struct Meter {
  std::size_t now = 0, most = 0;
  Meter() {
    trim_pool();
    set_allocator({allocate, deallocate, this});
  }
  ~Meter() {
    trim_pool();
    set_allocator({detail::system_allocate, detail::system_deallocate, nullptr});
  }
  static void* allocate(std::size_t bytes, void* user) {
    Meter& m = *static_cast<Meter*>(user);
    m.now += bytes;
    m.most = std::max(m.most, m.now);
    return detail::system_allocate(bytes, nullptr);
  }
  static void deallocate(void* p, std::size_t bytes, void* user) {
    static_cast<Meter*>(user)->now -= bytes;
    detail::system_deallocate(p, bytes, nullptr);
  }
};

// The least number of steps that must be run, beside those recorded, to sweep n steps back with room for s states.
std::vector<std::vector<long>> least_steps(int n, int s) {
  std::vector<std::vector<long>> t(static_cast<std::size_t>(s) + 1, std::vector<long>(static_cast<std::size_t>(n) + 1));
  for (int k = 1; k <= s; ++k)
    for (int l = 2; l <= n; ++l) {
      long best = static_cast<long>(l) * (l - 1) / 2;
      const auto at = [&](int i, int j) { return t[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]; };
      for (int m = 1; k > 1 && m < l; ++m) best = std::min(best, m + at(k - 1, l - m) + at(k, m));
      t[static_cast<std::size_t>(k)][static_cast<std::size_t>(l)] = best;
    }
  return t;
}

long runs = 0;
template <class T>
T logistic(const T& x, const T& p) {
  ++runs;
  return x + 0.01 * p * x * (1 - x);
}

}  // namespace

TEST_CASE("the number of steps is the least possible") {
  const auto least = least_steps(60, 8);
  for (int s = 1; s <= 8; ++s)
    for (int n : {0, 1, 2, 3, 4, 5, 8, 13, 21, 37, 60}) {
      CAPTURE(s);
      CAPTURE(n);
      Tape tape;
      const auto x = tape.variable(0.2), p = tape.variable(1.7);
      runs = 0;
      const rev<double> y = checkpoint_loop(n, x, [&](const auto& u) { return logistic(u, p); }, {.snapshots = s});
      CHECK(runs == n);
      const auto [gx, gp] = tape.gradient(y, x, p);
      // The first run of all steps but the last is part of the schedule.
      const long all = n == 0 ? 0 : least[static_cast<std::size_t>(s)][static_cast<std::size_t>(n)] + n + 1;
      CHECK(runs == all);
      Tape whole;
      const auto wx = whole.variable(0.2), wp = whole.variable(1.7);
      rev<double> wy = wx;
      for (int i = 0; i < n; ++i) wy = logistic(wy, wp);
      const auto [hx, hp] = whole.gradient(wy, wx, wp);
      CHECK(near(y.value, wy.value, 1e-14));
      CHECK(near(gx, hx, 1e-14));
      CHECK(near(gp, hp, 1e-13));
    }
}

TEST_CASE("a hundred thousand steps of a tensor") {
  const Vector start = vector(64);
  const auto steps = [](index_t n, index_t snapshots) {
    return [n, snapshots](const auto& x, const auto& rate) {
      return sum(
          checkpoint_loop(n, x, [=](const auto& u) { return u + 1e-5 * sin(u) * rate; }, {.snapshots = snapshots}));
    };
  };
  Meter meter;
  const auto result = value_and_grad<0, 1>(steps(100000, 50))(start, 0.7);
  // 50 states of 512 bytes, each in a block with a head, beside what one step's tape and the pool's slack take.
  CHECK(meter.most < 50 * 800 + (std::size_t{1} << 20));
  // du/dt = rate sin(u): tan(u / 2) grows by exp(rate t), so u(t) is known, up to the error of Euler's method.
  double value = 0, by_rate = 0;
  for (index_t i = 0; i < 64; ++i) {
    const double k = std::exp(0.7), e = std::tan(start(i) / 2) * k;
    value += 2 * std::atan(e);
    by_rate += 2 * e / (1 + e * e);
    CHECK(near(result.grad.a(i), (1 + e * e / k / k) * k / (1 + e * e), 1e-4));
  }
  CHECK(near(result.value, value, 1e-3));
  CHECK(near(result.grad.b, by_rate, 1e-3));
  // A shorter loop agrees with the plain tape.
  const auto few = value_and_grad<0, 1>(steps(300, 4))(start, 0.7);
  const auto plain = value_and_grad<0, 1>([](const auto& x, const auto& rate) {
    auto u = evaluate(x * 1);
    for (int i = 0; i < 300; ++i) u = u + 1e-5 * sin(u) * rate;
    return sum(u);
  })(start, 0.7);
  CHECK(near(few.value, plain.value, 1e-13));
  CHECK(near_all(few.grad.a, plain.grad.a, 1e-14));
  CHECK(near(few.grad.b, plain.grad.b, 1e-13));
}

namespace {

template <class T>
struct Body {
  T position, velocity;
  int collisions = 0;
};

}  // namespace

TEST_CASE("structs of numbers, containers, the step's number, parts that do not change") {
  const auto fall = [](auto height, auto gravity, const auto& loop) {
    using T = decltype(height);
    const auto step = [=](const Body<T>& b, index_t i) {
      Body<T> n = b;
      n.velocity = b.velocity - 0.01 * gravity;
      n.position = b.position + 0.01 * n.velocity + 0.0001 * static_cast<double>(i % 3);
      if (n.position < 0) {
        n.position = -n.position;
        n.velocity = -0.8 * n.velocity;
        ++n.collisions;
      }
      return n;
    };
    const Body<T> end = loop(Body<T>{height, T(0), 0}, step);
    return T(end.position * (1 + end.collisions));
  };
  const auto gradients = [&](const auto& loop) {
    return value_and_grad<0, 1>([&](auto h, auto g) { return fall(h, g, loop); })(1.0, 9.81);
  };
  const auto plain = gradients([](auto b, const auto& step) {
    for (index_t i = 0; i < 200; ++i) b = step(b, i);
    return b;
  });
  const auto spared =
      gradients([](auto b, const auto& step) { return checkpoint_loop(200, b, step, {.snapshots = 5}); });
  CHECK(near(spared.value, plain.value, 1e-12));
  CHECK(near(spared.grad.a, plain.grad.a, 1e-12));
  CHECK(near(spared.grad.b, plain.grad.b, 1e-12));

  // A state that starts plain and takes its derivative from what the step captures; the first of it never changes.
  const auto grow = [](auto rate) {
    using T = decltype(rate);
    const auto end = checkpoint_loop(30, std::vector<T>{2.0, 1.0},
                                     [=](const std::vector<T>& s) {
                                       return std::vector<T>{s[0], s[1] + rate * s[1] * s[0]};
                                     },
                                     {.snapshots = 3});
    return end[1] + end[0];
  };
  CHECK(near(grad(grow)(0.1), 60 * std::pow(1.2, 29), 1e-12));
  const auto from_plain = [](auto rate) {
    return checkpoint_loop(30, 1.0, [=](auto s) { return s + 2.0 * rate * s; }, {.snapshots = 3});
  };
  CHECK(near(grad(from_plain)(0.1), 60 * std::pow(1.2, 29), 1e-12));
}

TEST_CASE("pulled back twice, with random numbers") {
  const nn::Mode training(Rng{3});
  const auto f = [](const auto& x) {
    const auto start = evaluate(x * x);
    return checkpoint_loop(40, start,
                           [](const auto& u) {
                             Vector noise(3);
                             fill_uniform(nn::Mode::key(), noise);
                             return evaluate(u + 0.1 * noise * sin(u));
                           },
                           {.snapshots = 4});
  };
  const Vector x = vector(3);
  auto back = vjp(f, x);
  const Vector first = back(vector(3));
  CHECK(near_all(back(vector(3)), first, 0));
  // By differences, with the same numbers again.
  const auto at = [&](const Vector& v) {
    const nn::Mode again(Rng{3});
    return static_cast<double>(sum(f(v) * vector(3)));
  };
  CHECK(near_all(first, slopes(at, x), 1e-9));
}

TEST_CASE("bad input") {
  const auto loop = [](index_t steps, index_t snapshots) {
    return grad([=](auto x) {
      return checkpoint_loop(steps, x, [](auto u) { return evaluate(u * 2); }, {.snapshots = snapshots});
    })(1.0);
  };
  CHECK(loop(3, 1) == 8);
  CHECK_THROWS_WITH_AS(loop(-1, 3), doctest::Contains("is negative"), value_error);
  CHECK_THROWS_WITH_AS(loop(3, 0), doctest::Contains("room for one snapshot"), value_error);
  CHECK_THROWS_WITH_AS(
      grad([](const auto& x) {
        return sum(checkpoint_loop(4, x, [](const auto& u) { return evaluate(slice(u, range(0, u.size() - 1))); }));
      })(vector(9)),
      doctest::Contains("shape of the state changed"), value_error);
}
