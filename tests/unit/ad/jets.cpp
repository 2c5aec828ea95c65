// tests/unit/ad/jets.cpp: power series of functions, and derivatives of higher order along a line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/jet.hpp>
#include <tenon/ops/catalogue.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

using J = jet<double, 9>;

bool agree(const J& a, const J& b, double tolerance = 1e-12) {
  for (int k = 0; k <= J::order; ++k)
    if (!near(a.coefficient[k], b.coefficient[k], tolerance)) return false;
  return true;
}

}  // namespace

TEST_CASE("derivatives that are known") {
  const J t(0.3, 1.0);
  const double e = std::exp(0.6), s = std::sin(0.3), c = std::cos(0.3);
  double factorial = 1, power = 1, falling = 1;
  const J exponential = exp(2 * t), sine = sin(t), cosine = cos(t), inverse = 1 / (1 - t), logarithm = log(t),
          power_of = pow(t, 2.5), sinh_of = sinh(t);
  for (int k = 0; k <= J::order; ++k) {
    CAPTURE(k);
    if (k > 1) factorial *= k;
    CHECK(near(exponential.derivative(k), power * e, 1e-13));
    const double table[] = {s, c, -s, -c};
    CHECK(near(sine.derivative(k), table[k % 4], 1e-13));
    CHECK(near(cosine.derivative(k), table[(k + 1) % 4], 1e-13));
    CHECK(near(sinh_of.derivative(k), k % 2 ? std::cosh(0.3) : std::sinh(0.3), 1e-13));
    CHECK(near(inverse.derivative(k), factorial / std::pow(0.7, k + 1), 1e-12));
    if (k > 0) CHECK(near(logarithm.derivative(k), (k % 2 ? 1 : -1) * factorial / k / std::pow(0.3, k), 1e-12));
    CHECK(near(power_of.derivative(k), falling * std::pow(0.3, 2.5 - k), 1e-12));
    falling *= 2.5 - k;
    power *= 2;
  }
  // erf'' = -2 x erf', and so on: Hermite polynomials.
  const J error = erf(t);
  const double first = 2 / std::sqrt(3.14159265358979324) * std::exp(-0.09);
  CHECK(near(error.derivative(1), first, 1e-14));
  CHECK(near(error.derivative(2), -0.6 * first, 1e-14));
  CHECK(near(error.derivative(3), (4 * 0.09 - 2) * first, 1e-13));
  CHECK(near(error.derivative(4), (12 * 0.3 - 8 * 0.027) * first, 1e-13));
}

TEST_CASE("powers at zero, flat functions") {
  J t(0.0, 2.0);
  t.coefficient[2] = 3;
  CHECK(agree(pow(t, 2), t * t));
  CHECK(agree(pow(t, 3), t * t * t));
  CHECK(agree(pow(t, 0), 1));
  CHECK(agree(pow(t, 40), 0));
  const jet<double, 2> root = pow(jet<double, 2>(0.0, 2.0), 1.5);
  CHECK(root.coefficient[1] == 0);
  CHECK(std::isinf(root.coefficient[2]));
  CHECK(floor(t + 1.5) == 1);
  CHECK((t < 1));
  static_assert(__is_same(decltype(t * 2 + 0.5f), J));
  static_assert(__is_same(decltype(jet<float, 2>{} * 0.5), jet<float, 2>));
  static_assert(__is_same(decltype(jet<float, 2>{} + jet<double, 2>{}), jet<double, 2>));
}

TEST_CASE("loops and user types; derivatives along a line") {
  // Newton's method for a square root: what user code does.
  const auto root = [](auto x) {
    using T = decltype(x);
    T y = 1;
    for (int i = 0; i < 8; ++i) {
      y = (y + x / y) / 2;
      if (y < 0) y = -y;
    }
    return y;
  };
  const auto d = taylor<4>(root, 2.0, 1.0);
  static_assert(__is_same(bare_t<decltype(d)>, Tensor<double, 5>));
  double want = std::sqrt(2.0);
  for (int k = 0; k <= 4; ++k) {
    CHECK(near(d(k), want, 1e-12));
    want *= (0.5 - k) / 2;
  }
  CHECK(near(taylor<2>(root, 2.0, 3.0)(2), 9 * -0.25 * std::pow(2.0, -1.5), 1e-12));
  const auto constant = taylor<2>([](auto) { return 3.0; }, 1.0, 1.0);
  CHECK(constant(0) == 3);
  CHECK(constant(1) == 0);
}

TEST_CASE("tensors") {
  const Vector x = vector(5), v = filled(Vector(5), [](double i) { return 1 + i; });
  const auto d = taylor<3>([](const auto& p) { return exp(p) * sum(p); }, x, v);
  static_assert(__is_same(bare_t<decltype(d)>, Tensor<double, 4, dyn>));
  const double s = sum(x), sv = sum(v);
  for (index_t i = 0; i < 5; ++i)
    for (int k = 0; k <= 3; ++k) CHECK(near(d(k, i), std::exp(x(i)) * std::pow(v(i), k) * (s + k * sv / v(i)), 1e-13));
  CHECK_THROWS_WITH_AS(taylor<2>([](const auto& p) { return p * p; }, x, vector(4)), doctest::Contains("taylor"),
                       shape_error);
}
