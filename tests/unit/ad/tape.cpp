// tests/unit/ad/tape.cpp: explicit tapes for plain code; tapes after exceptions, and tapes of tapes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdexcept>

#include <tenon/ad/variable.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("several variables, numbers and tensors") {
  const Vector w = vector(5);
  const Matrix m = matrix(3, 5);
  Tape tape;
  const auto a = tape.variable(w);
  const auto b = tape.variable(m);
  const auto c = tape.variable(1.5);
  const auto loss = sum(a * b * b) * c;
  const auto [ga, gb, gc] = tape.gradient(loss, a, b, c);
  static_assert(__is_same(bare_t<decltype(ga)>, Vector));
  static_assert(__is_same(bare_t<decltype(gc)>, double));
  CHECK(near_all(ga, 1.5 * sum<0>(m * m)));
  CHECK(near_all(gb, 3 * w * m));
  CHECK(near(gc, sum(w * m * m)));
  // Again, of something else on the same tape.
  const auto [second] = tape.gradient(sum(a * a) + loss * 0, a);
  CHECK(near_all(second, 2 * w));
  const auto [none] = tape.gradient(sum(b), a);
  CHECK(near_all(none, 0 * w));
}

TEST_CASE("a tape is reset and used again") {
  Vector w = vector(3);
  Tape tape;
  std::size_t bytes = 0;
  for (int step = 0; step < 50; ++step) {
    tape.reset();
    const auto v = tape.variable(w);
    const auto h = evaluate(v * v);
    const auto [g] = tape.gradient(sum(h * h), v);
    CHECK(near_all(g, 4 * w * w * w));
    w -= 0.01 * g;
    if (step == 0) bytes = tape.bytes();
    CHECK(tape.bytes() == bytes);
  }
}

TEST_CASE("plain numbers in loops") {
  Tape tape;
  const auto x = tape.variable(0.7);
  auto y = x;
  for (int i = 0; i < 10; ++i) y = y * x + sin(y);
  const auto [g] = tape.gradient(y, x);
  const auto plain = [](double v) {
    double u = v;
    for (int i = 0; i < 10; ++i) u = u * v + std::sin(u);
    return u;
  };
  CHECK(near(g, slope(plain, 0.7), 1e-8));
  // With respect to an intermediate result.
  const rev<double> z = exp(x);
  const auto [by_z] = tape.gradient(z * z, z);
  CHECK(near(by_z, 2 * std::exp(0.7)));
  const auto [by_constant] = tape.gradient(z, rev<double>(3));
  CHECK(by_constant == 0);
}

TEST_CASE("a variable that is updated in place is what it is at the time of the gradient") {
  const Vector w = vector(4);
  Tape tape;
  auto v = tape.variable(w);
  const auto first = v;
  v = v * v;
  v(0) = v(1) * 3;
  const auto loss = sum(v * v);
  const auto [by_first, by_v] = tape.gradient(loss, first, v);
  const Vector squares = w * w;
  CHECK(near_all(by_v, Vector{6 * squares(1), 2 * squares(1), 2 * squares(2), 2 * squares(3)}));
  CHECK(near(by_first(0), 0));
  CHECK(near(by_first(1), (6 * squares(1) * 3 + 2 * squares(1)) * 2 * w(1)));
  CHECK(near(by_first(3), 4 * w(3) * squares(3)));
}

TEST_CASE("tapes above each other do not mix") {
  const Vector w = vector(4);
  Tape outer;
  const auto a = outer.variable(w);
  const auto before = evaluate(a * a);
  {
    Tape inner;
    const auto b = inner.variable(w);
    const auto mixed = sum(b * b * a);  // a is a constant here
    const auto [g] = inner.gradient(mixed, b);
    CHECK(near_all(g, 2 * w * w));
    const auto [none] = inner.gradient(mixed, a);
    CHECK(near_all(none, 0 * w));
    // grad has a tape of its own, and does not disturb this one.
    CHECK(near_all(grad([](const auto& x) { return sum(x * x); })(w), 2 * w));
    const auto [again] = inner.gradient(sum(exp(b)), b);
    CHECK(near_all(again, exp(w)));
  }
  const auto [g] = outer.gradient(sum(before * a), a);
  CHECK(near_all(g, 3 * w * w));
}

TEST_CASE("numbers without a living tape are constants") {
  rev<double> stale;
  {
    Tape tape;
    stale = tape.variable(2.0) * 3;
  }
  CHECK((stale * stale).value == 36);
  CHECK(evaluate(stale * stale).slot == 0);
  Tape tape;
  const auto x = tape.variable(5.0);
  Tensor<rev<double>, 3> plain;
  plain = 2;
  plain(1) = 3;
  const auto [g] = tape.gradient(sum(plain) * x, x);
  CHECK(g == 7);
}

TEST_CASE("an exception in the function leaves the tape usable") {
  const Vector w = vector(6);
  const auto f = [](const auto& x, bool fails) {
    auto h = evaluate(x * x);
    h(0) = h(1) * 2;
    const auto s = evaluate(sum(exp(h)));
    if (fails) throw std::runtime_error("as wanted");
    return evaluate(sum(h) + s * 0);
  };
  const Vector want = grad([&](const auto& x) { return f(x, false); })(w);
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_AS(grad([&](const auto& x) { return f(x, true); })(w), std::runtime_error);
    CHECK(near_all(grad([&](const auto& x) { return f(x, i < 0); })(w), want));
  }
  // Inside of another derivative.
  const auto outer = [&](const auto& x) {
    try {
      (void)grad([&](const auto& y) { return f(y, true); })(w);
    } catch (const std::runtime_error&) {
    }
    return sum(x * x);
  };
  CHECK(near_all(grad(outer)(w), 2 * w));
  // A broken shape is an exception like any other.
  CHECK_THROWS_AS(grad([](const auto& x) { return sum(x + Vector(7)); })(w), shape_error);
  CHECK(near_all(grad([](const auto& x) { return sum(x * x); })(w), 2 * w));
}
