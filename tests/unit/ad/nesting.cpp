// tests/unit/ad/nesting.cpp: derivatives inside of derivatives, which capture each other's variables.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// d/dx [x * d/dy (x + y)] is 1: a number of the outer derivative is a constant to the inner one.
#include <tenon/ad/forward.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// Forward and reverse derivatives of functions of a number, to nest in any order.
struct Forward {
  template <class F, class X>
  static auto slope(const F& f, const X& x) {
    return jvp(f, x, X(1)).tangent;
  }
};
struct Backward {
  template <class F, class X>
  static auto slope(const F& f, const X& x) {
    return grad(f)(x);
  }
};

template <class Outer, class Inner>
void check_pair() {
  // The outer variable is captured; the inner point is a plain number, or the outer variable.
  CHECK(Outer::slope([](auto x) { return x * Inner::slope([&](auto y) { return x + y; }, 1.0); }, 1.0) == 1);
  CHECK(Outer::slope([](auto x) { return x * Inner::slope([&](auto y) { return x * y; }, 1.0); }, 3.0) == 6);
  CHECK(Outer::slope([](auto x) { return Inner::slope([&](auto y) { return x * y * y; }, x); }, 3.0) == 12);
  CHECK(Outer::slope([](auto x) { return Inner::slope([](auto y) { return y * y * y; }, x); }, 2.0) == 12);
  // sin(x y) by y at y = x: x cos(x^2)
  const double want = std::cos(0.49) - 2 * 0.49 * std::sin(0.49);
  CHECK(near(Outer::slope([](auto x) { return Inner::slope([&](auto y) { return sin(x * y); }, x); }, 0.7), want));
  // The inner function looks at the outer variable only, or drops it.
  CHECK(Outer::slope([](auto x) { return x + Inner::slope([&](auto) { return x * x; }, 1.0); }, 3.0) == 1);
  CHECK(Outer::slope([](auto x) { return x * Inner::slope([&](auto y) { return y + (x > 0 ? 2 * y : -y); }, 1.0); },
                     3.0) == 3);
}

template <class A, class B, class C>
void check_three() {
  const auto f = [](auto x) {
    return x * x * B::slope([&](auto y) { return y * C::slope([&](auto z) { return x * y * z * z; }, y); }, x);
  };
  // inner: 2 x y z at z = y: 2 x y^2; times y: 2 x y^3; by y: 6 x y^2 at y = x: 6 x^3; times x^2: 6 x^5; by x: 30 x^4
  CHECK(near(A::slope(f, 1.5), 30 * std::pow(1.5, 4)));
  // Points that are plain at every level.
  const auto g = [](auto x) {
    return B::slope([&](auto y) { return C::slope([&](auto z) { return exp(x * y * z); }, 0.5) * x; }, 0.25);
  };
  // f = exp(xyz): d/dz = xy e; d/dy of it times x: x (x + x^2 y z) e ...
  const double x = 0.8, h = 0.125;
  const auto plain = [&](double v) { return v * (v + v * v * h) * std::exp(v * h); };
  CHECK(near(A::slope(g, x), slope(plain, x), 1e-9));
}

}  // namespace

TEST_CASE("all four pairs of modes") {
  check_pair<Forward, Forward>();
  check_pair<Forward, Backward>();
  check_pair<Backward, Forward>();
  check_pair<Backward, Backward>();
}

TEST_CASE("three levels") {
  check_three<Forward, Forward, Forward>();
  check_three<Forward, Backward, Forward>();
  check_three<Backward, Forward, Backward>();
  check_three<Backward, Backward, Forward>();
  check_three<Forward, Backward, Backward>();
  check_three<Backward, Backward, Backward>();
}

TEST_CASE("derivatives of higher order by one mode within itself") {
  const auto f = [](auto x) { return exp(2 * x) + x * x * x * x; };
  CHECK(near(grad(grad(grad(f)))(0.5), 8 * std::exp(1.0) + 12));
  CHECK(near(grad(grad(grad(grad(f))))(0.5), 16 * std::exp(1.0) + 24));
  // The rule of tanh uses an op whose own rule takes it for the derivative of tanh.
  const double y = std::tanh(-0.8), slope = 1 - y * y;
  CHECK(near(grad(grad([](auto x) { return tanh(x); }))(-0.8), -2 * y * slope));
  CHECK(near(grad(grad(grad([](auto x) { return tanh(x); })))(-0.8), (4 * y * y - 2 * slope) * slope));
  const auto d = [](const auto& g) { return [=](auto x) { return jvp(g, x, decltype(x)(1)).tangent; }; };
  CHECK(near(d(d(d(d(f))))(0.5), 16 * std::exp(1.0) + 24));
}
