// tests/unit/ad/custom.cpp: pullbacks of the user's own, stop_gradient, and verify_gradient, which finds wrong ones.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/custom.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ad/verify.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("a custom pullback is what counts") {
  int forward = 0, backward = 0;
  // x y with a derivative that is told apart from the true one: 10 y and 100 x.
  const auto f = custom(
      [&](const auto& x, const auto& y) {
        ++forward;
        return x * y;
      },
      [&](const auto& z, const auto& g, auto& x, auto& y) {
        ++backward;
        CHECK(near_all(z, x.value * y.value));
        x.add(10 * g * y.value);
        y.add(100 * g * x.value);
      });
  const Matrix a = matrix(3, 4);
  const Vector b = vector(4);
  CHECK(near_all(f(a, b), a * b));
  const int calls = forward;
  const auto g = grad<0, 1>([&](const auto& x, const auto& y) {
    const auto z = f(x, broadcast_to(y, 3, 4));
    return evaluate(sum(z * z));
  })(a, b);
  CHECK(near_all(g.a, 20 * a * b * b));
  CHECK(near_all(g.b, sum<0>(200 * a * a * b)));
  CHECK(backward == 1);
  CHECK(forward > calls);
  // One of the operands is no variable.
  CHECK(near_all(grad([&](const auto& x) { return sum(f(x, a * 2)); })(a), 20 * a));
  CHECK(near_all(grad([&](const auto& x) { return sum(f(a * 2, x * 3)); })(a), 600 * a));
}

TEST_CASE("several constants of the variable's type next to a variable") {
  const auto f = custom([](const auto& x, const auto& y, const auto& z) { return x * y * z; },
                        [](const auto&, const auto& g, auto& x, auto& y, auto& z) {
                          x.add(g * y.value * z.value);
                          y.add(g * x.value * z.value);
                          z.add(g * x.value * y.value);
                        });
  const Vector w = vector(40);
  const auto loss = [&](const auto& x) {
    const auto one = stop_gradient(x);
    const auto two = stop_gradient(x * 2);
    Tensor<typename bare_t<decltype(x)>::value_type, dyn> c(40), d(40);
    c = 2;
    d = 3;
    return sum(f(c, d, x) + f(x, d, c) + f(d, x, c)) + sum(f(one, two, x));
  };
  CHECK(near_all(grad(loss)(w), 18 + 2 * w * w));
}

TEST_CASE("stop_gradient in every mode") {
  const Vector w = vector(5);
  const auto f = [](const auto& x) { return sum(stop_gradient(x * x) * x); };
  CHECK(near_all(grad(f)(w), w * w));
  CHECK(near(jvp(f, w, w).tangent, sum(w * w * w)));
  CHECK(near_all(hvp(f, w, w), 0 * w));
  const auto s = [](auto x) { return stop_gradient(x * x) * x; };
  CHECK(grad(s)(3.0) == 9);
  CHECK(jvp(s, 3.0, 1.0).tangent == 9);
  CHECK(stop_gradient(3.0) == 3);
  CHECK(near_all(stop_gradient(w), w));
  Tape tape;
  const auto x = tape.variable(3.0);
  const auto [g] = tape.gradient(stop_gradient(x) * x, x);
  CHECK(g == 3);
  // It stops the derivatives of every enclosing function.
  CHECK(grad([](auto a) { return a * grad([&](auto b) { return stop_gradient(a * b) * b; })(2.0); })(3.0) == 6);
}

TEST_CASE("verify_gradient finds a planted error and passes what is right") {
  const Vector w = vector(7);
  const auto right = [](const auto& x) { return sum(exp(x) * x(2)); };
  CHECK(verify_gradient(right, w).ok);
  CHECK(verify_gradient([](const auto& x) { return sum(tanh(x) * x); }, filled(Tensor<float, 9>{}, scatter)).ok);
  CHECK(verify_gradient([](auto x) { return sin(x) * x; }, 0.7).ok);

  const auto square_wrong = custom([](const auto& x) { return x * x; },
                                   [](const auto&, const auto& g, auto& x) {
                                     // Right but for one element.
                                     Vector factor = evaluate(2 * x.value);
                                     factor(4) *= 1.001;
                                     x.add(g * factor);
                                   });
  const auto found = verify_gradient([&](const auto& x) { return sum(square_wrong(x)); }, w);
  CHECK_FALSE(found.ok);
  CHECK(found.at == 4);
  CHECK(near(found.difference, 2 * w(4), 1e-7));
  CHECK(near(found.gradient, 2.002 * w(4), 1e-7));
}
