// tests/unit/ad/unrolled_loop_modes.cpp: time loops on rows of cells without a tape, forwards, nested; what they cost.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <type_traits>

#include <tenon/ad/forward.hpp>
#include <tenon/ad/unrolled_loop.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/movement.hpp>

#include "derivatives.hpp"
#include "support/allocations.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr auto swing = [](const auto& s, const auto& dt) {
  using T = std::remove_cvref_t<decltype(s(0))>;
  const T v = s(1) - dt * sin(s(0));
  return Tensor<T, 2>{s(0) + dt * v, v};
};

}  // namespace

TEST_CASE("without a tape, in float, and forwards") {
  Tensor<float, 2, 5> start{{0.1f, 0.2f, 0.3f, 0.4f, 0.5f}, {1, 2, 3, 4, 5}};
  const auto all = unrolled_loop(swing).states(4, start, 0.1f);
  static_assert(std::is_same_v<decltype(all), const Tensor<float, dyn, 2, 5>>);
  const auto last = unrolled_loop(swing)(4, start, 0.1f);
  static_assert(std::is_same_v<decltype(last), const Tensor<float, 2, 5>>);
  for (index_t c = 0; c < 5; ++c) {
    float a = start(0, c), v = start(1, c);
    for (int t = 0; t < 4; ++t) {
      v = v - 0.1f * std::sin(a);
      a = a + 0.1f * v;
      CHECK(near(all(t, 0, c), a, 1e-6));
    }
    CHECK(last(0, c) == all(3, 0, c));
    CHECK(last(1, c) == all(3, 1, c));
  }
  // Of dual numbers, of expressions, and derivatives of derivatives.
  const auto angle = [](const auto& s) { return sum(select<0>(unrolled_loop(swing)(6, 2 * s, 0.1), 0)); };
  const Tensor<double, 2, 3> at{{0.3, -0.2, 0.9}, {0, 0.4, -1}}, along{{1, 2, 3}, {-1, 0.5, 2}};
  const auto moved = [&](double h) {
    double y = angle(evaluate(at + h * along));
    return y;
  };
  CHECK(near(jvp(angle, at, along).tangent, slope(moved, 0), 1e-9));
  const auto g = grad(angle)(at);
  CHECK(near(sum(g * along), slope(moved, 0), 1e-9));
  const auto along_slope = [&](double h) {
    double y = sum(grad(angle)(evaluate(at + h * along)) * along);
    return y;
  };
  CHECK(near(sum(hvp(angle, at, along) * along), slope(along_slope, 0), 1e-8));
  CHECK(near(sum(grad([&](const auto& s) { return sum(grad(angle)(s) * along); })(at) * along), slope(along_slope, 0),
             1e-8));
}

TEST_CASE("one statement, which keeps what it read, and no allocation after the first run") {
  Tensor<double, 40> start;
  Tensor<double, dyn, 40> in(50, 40);
  for (index_t i = 0; i < 40; ++i) start(i) = 0.5 + 0.4 * std::sin(static_cast<double>(i));
  Tape tape;
  constexpr auto fade = [](const auto& s, const auto& x) { return 0.9 * s + x * s * s; };
  Tensor<double, 40> first;
  for (int run = 0; run < 3; ++run) {
    for (index_t i = 0; i < in.size(); ++i) in.data()[i] = std::sin(static_cast<double>(i * i));
    in *= 0.1;
    AllocationCount count;
    tape.reset();
    const auto s = tape.variable(start);
    const rev<double> y = sum(unrolled_loop(fade)(50, s, per_step(in)));
    CHECK(tape.statements() == 2);
    in = 1e9;  // the tape has a copy
    const auto [g] = tape.gradient(y, s);
    if (run == 0) first = g;
    if (run > 0) CHECK(count() == 0);
    for (index_t i = 0; i < 40; ++i) CHECK(g(i) == first(i));
  }
  // A second gradient of the same recording.
  const auto s = tape.variable(start);
  const auto end = unrolled_loop(fade)(2, s, 0.25);
  const rev<double> a = sum(end), b = 2 * sum(end);
  const auto [ga] = tape.gradient(a, s);
  const auto [gb] = tape.gradient(b, s);
  for (index_t i = 0; i < 40; ++i) CHECK(near(gb(i), 2 * ga(i), 1e-14));
  // What has no part in the result.
  const auto [none] = tape.gradient(rev<double>(s(3) * 2), s);
  CHECK(none(3) == 2);
  CHECK(none(4) == 0);
}

TEST_CASE("shapes that do not fit") {
  const Tensor<double, dyn> start(6), other(5), one(1);
  const Tensor<double, dyn, dyn> in(3, 6);
  constexpr auto add = [](const auto& s, const auto& x) { return s + x; };
  const auto loop = unrolled_loop(add);
  CHECK_THROWS_AS(loop(3, start, other), shape_error);
  CHECK_THROWS_AS(loop(4, start, per_step(in)), shape_error);
  CHECK_THROWS_AS(loop(-1, start, one), value_error);
  CHECK_NOTHROW(loop(3, start, one));
  CHECK_NOTHROW(loop(3, start, per_step(in)));
}
