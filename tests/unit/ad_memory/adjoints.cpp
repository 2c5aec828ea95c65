// tests/unit/ad_memory/adjoints.cpp: adjoints of large tensors are there while they are needed, and as elements are.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <tenon/ad/checkpoint.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>
#include <vector>

#include "block_bytes.hpp"

using namespace tenon;
using tenon::test::BlockBytes;

namespace {

Tensor<double, dyn> ramp(index_t n) {
  Tensor<double, dyn> x(n);
  for (index_t i = 0; i < n; ++i) x(i) = 0.001 * static_cast<double>(i + 1);
  return x;
}

}  // namespace

TEST_CASE("a sweep needs the adjoints between two statements, not those of all") {
  constexpr index_t n = 10000;
  constexpr std::size_t tensor = n * sizeof(double), slack = tensor / 4;
  const auto x = ramp(n);
  [&] {
    Tape tape;
    const BlockBytes count;
    const auto v = tape.variable(x);
    Tensor<rev<double>, dyn> y = tanh(v);
    for (int i = 1; i < 20; ++i) y = tanh(y);
    const rev<double> s = sum(y);
    const std::size_t recorded = BlockBytes::most;
    CHECK(recorded < 20 * (tensor + slack));  // values, which the rule of tanh needs
    const auto [g] = tape.gradient(s, v);
    CHECK(BlockBytes::most - recorded <= 2 * (tensor + slack));  // the gradient is one of them
    CHECK(g(0) > 0.9);
  }();
}

TEST_CASE("the adjoint of a large variable becomes its gradient") {
  const auto x = ramp(10000);
  [&] {
    Tape tape;
    const BlockBytes count;
    const auto v = tape.variable(x);
    const rev<double> s = sum(v);
    const auto [g] = tape.gradient(s, v);
    CHECK(BlockBytes::most < 100000);
    CHECK((g(0) == 1 && g(9999) == 1));
  }();
}

TEST_CASE("a training loop takes no more memory after its first step") {
  const auto x = ramp(3000);
  [&] {
    const BlockBytes count;
    std::size_t first = 0;
    for (int step = 0; step < 4; ++step) {
      const auto g = grad([](const auto& v) {
        const auto y = evaluate(exp(v) * v);
        return sum(y * y) + y(7) * v(3);
      })(x);
      if (step == 0) first = BlockBytes::calls;
      CHECK(BlockBytes::calls == first);
      CHECK(g(0) != 0);
    }
  }();
}

TEST_CASE("a small tensor statement takes few bytes on the tape") {
  Tape tape;
  const Tensor<double, 4, 3> x = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {1, 2, 3}};
  const auto v = tape.variable(x);
  const std::size_t before = tape.bytes();
  const auto rows = evaluate(sum<1>(slice<0>(v, range<0, 3>()) * 2.0));
  CHECK(tape.bytes() - before < 400);
  const rev<double> y = evaluate(sum(rows))();
  CHECK(tape.bytes() - before < 600);
  const auto [g] = tape.gradient(y, v);
  CHECK((g(2, 1) == 2 && g(3, 1) == 0));
}

TEST_CASE("a value that is there is shared, not copied by a statement") {
  Tape tape;
  const auto x = ramp(10);
  const auto v = tape.variable(x);
  const auto e = sum(v * v);
  const auto y = evaluate(e);
  const index_t statements = tape.statements();
  const auto again = evaluate(e);
  CHECK(tape.statements() == statements);
  const auto [g] = tape.gradient(y() + again(), v);
  CHECK(g(9) == doctest::Approx(0.04));
}

TEST_CASE("a reduction of little takes no memory beside its result") {
  const Tensor<double, 5, 55> x = full<double, 5, 55>(2.0);
  [&] {
    double y = norm(slice<1>(x, range<10, 55>()));
    const BlockBytes count;
    y += norm(slice<1>(x, range<10, 55>()));
    CHECK(BlockBytes::calls == 0);
    CHECK(y == doctest::Approx(60));
  }();
}

TEST_CASE("gradients are taken again, of any tensors, named several times") {
  Tape tape;
  const auto x = ramp(500);
  const auto v = tape.variable(x);
  const auto h = evaluate(v * v);
  const rev<double> y = sum(h * h);
  for (int again = 0; again < 2; ++again) {
    const auto [a, b, c] = tape.gradient(y, v, h, v);
    for (const index_t i : {0, 499}) {
      CHECK(a(i) == doctest::Approx(4 * x(i) * x(i) * x(i)));
      CHECK(b(i) == doctest::Approx(2 * x(i) * x(i)));
      CHECK(c(i) == a(i));
    }
  }
  const auto [none] = tape.gradient(tape.variable(1.0) * 2.0, v);
  CHECK((none.size() == 500 && none(3) == 0));
}

TEST_CASE("elements of a large tensor are numbers, too") {
  Tape tape;
  const auto x = ramp(400);
  const auto v = tape.variable(x);
  const rev<double> e = v(5);
  const auto h = evaluate(3.0 * v);
  const rev<double> k = h(6) * e;
  const rev<double> y = k + sum(v * v) + v(6) * v(6) + v(399);
  const auto [g, of_h, of_e] = tape.gradient(y, v, h, e);
  CHECK(g(5) == doctest::Approx(h(6).value + 2 * x(5)));
  CHECK(g(6) == doctest::Approx(3 * x(5) + 4 * x(6)));
  CHECK(g(399) == doctest::Approx(2 * x(399) + 1));
  CHECK((of_h(6) == doctest::Approx(x(5)) && of_h(5) == 0));
  CHECK(of_e == g(5));  // the same number
  const auto j = tape.jacobian(std::vector<rev<double>>{y, k, v(2)}, v);
  CHECK((j(0, 6) == doctest::Approx(g(6)) && j(1, 6) == doctest::Approx(3 * x(5)) && j(2, 2) == 1 && j(2, 3) == 0));

  // Scalar statements alone, so that several rows go in one sweep.
  tape.reset();
  const auto w = tape.variable(x);
  std::vector<rev<double>> squares;
  for (index_t i = 0; i < 20; ++i) squares.push_back(w(i) * w(i));
  const auto lanes = tape.jacobian(squares, w);
  CHECK((lanes(3, 3) == doctest::Approx(2 * x(3)) && lanes(3, 4) == 0 && lanes(19, 19) == doctest::Approx(2 * x(19))));
}

TEST_CASE("a small matrix that is a variable lies apart, and its elements are numbers, too") {
  Tape tape;
  Tensor<double, dyn, 4> x(9, 4);
  for (index_t i = 0; i < 36; ++i) x.data()[i] = 0.1 * static_cast<double>(i + 1);
  const auto v = tape.variable(x);
  rev<double> y = sum(v * v);
  for (index_t i = 0; i < 9; ++i) y += v(i, 0) * v(8 - i, 3);
  const rev<double> k = v(2, 1) * 3.0;
  const auto [g] = tape.gradient(y + k, v);
  for (index_t i = 0; i < 9; ++i) {
    CHECK(g(i, 0) == doctest::Approx(2 * x(i, 0) + x(8 - i, 3)));
    CHECK(g(i, 3) == doctest::Approx(2 * x(i, 3) + x(8 - i, 0)));
    CHECK(g(i, 1) == doctest::Approx(2 * x(i, 1) + (i == 2 ? 3 : 0)));
  }
  const auto j = tape.jacobian(std::vector<rev<double>>{k, v(1, 1), y}, v);
  CHECK((j(0, 9) == 3 && j(0, 10) == 0 && j(1, 5) == 1 && j(2, 35) == doctest::Approx(g(8, 3))));
}

TEST_CASE("elements of two large tensors take turns") {
  const auto x = ramp(300);
  Tape tape;
  const auto a = tape.variable(x), b = tape.variable(x), c = tape.variable(x);
  rev<double> y = 0.0;
  for (index_t i = 0; i < 300; ++i) y += a(i) * b(299 - i);
  const auto [ga, gb, gc] = tape.gradient(y + sum(c), a, b, c);
  for (const index_t i : {0, 150, 299}) CHECK((ga(i) == x(299 - i) && gb(i) == x(299 - i) && gc(i) == 1));
}

TEST_CASE("elements that were written find their adjoints where they came from") {
  Tape tape;
  const auto x = ramp(300);
  const auto a = tape.variable(x), b = tape.variable(x);
  auto mixed = evaluate(2.0 * a);
  mixed(1) = b(299);
  mixed(2) = mixed(3) * 5.0;
  const rev<double> y = sum(mixed * mixed);
  const auto [ga, gb, gm] = tape.gradient(y, a, b, mixed);
  CHECK(ga(0) == doctest::Approx(8 * x(0)));
  CHECK((ga(1) == 0 && ga(2) == 0));
  CHECK(ga(3) == doctest::Approx(8 * x(3) + 200 * x(3)));
  CHECK((gb(299) == doctest::Approx(2 * x(299)) && gb(298) == 0));
  CHECK(gm(299) == doctest::Approx(4 * x(299)));

  // The last element of one and the first of the next are not taken for neighbours.
  tape.reset();
  const auto short_ramp = ramp(128);
  const auto c = tape.variable(short_ramp), d = tape.variable(short_ramp);
  auto both = evaluate(0.0 * slice(c, range<0, 2>()));
  both(0) = c(127);
  both(1) = d(0);
  const auto [gc, gd] = tape.gradient(sum(both * both), c, d);
  CHECK((gc(127) == doctest::Approx(0.256) && gd(0) == doctest::Approx(0.002) && gc(0) == 0 && gd(1) == 0));
}

TEST_CASE("functions that run again in the sweep use elements of large tensors outside") {
  const auto x = ramp(1000);
  const auto f = [](const auto& v) {
    const auto h = evaluate(v * v);
    const auto part = checkpoint([=](const auto& u) {
      auto t = u(0) * v(3);
      for (int i = 0; i < 3; ++i) t = t + h(4) * u(1);
      return sum(exp(-u)) + t;
    });
    return part(h) + part(v) + v(3);
  };
  const auto g = grad(f)(x);
  for (const index_t i : {0, 1, 3, 4, 999}) {
    auto up = x, down = x;
    up(i) += 1e-5, down(i) -= 1e-5;
    CHECK(g(i) == doctest::Approx((f(up) - f(down)) / 2e-5).epsilon(1e-6));
  }
}

TEST_CASE("tensors of an old recording are constants to the next one") {
  Tape tape;
  const auto x = ramp(200);
  const auto old = tape.variable(x);
  const auto square = evaluate(old * old);
  tape.reset();
  const auto v = tape.variable(x);
  const rev<double> y = sum(v * square) + old(3) * v(0);
  const auto [g] = tape.gradient(y, v);
  CHECK(g(0) == doctest::Approx(x(0) * x(0) + x(3)));
  CHECK(g(7) == doctest::Approx(x(7) * x(7)));
}
