// tests/unit/ad/statements.cpp: statements of numbers in runs of one shape, swept with sums in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <tenon/ad/adjoint_lanes.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/math/math.hpp>
#include <tenon/ops/catalogue.hpp>
#include <type_traits>
#include <vector>

using namespace tenon;

namespace {

constexpr int numbers = 5;

template <class T>
bool is_large(const T& x) {
  if constexpr (std::is_same_v<T, std::complex<double>>) {
    return std::fabs(x.real()) > 2;
  } else {
    return x > 2 || x < -2;
  }
}
// Statements of many shapes that read and write a few numbers, in an order that `seed` gives.
template <class T>
T program(unsigned seed, const T* x) {
  std::vector<T> s(x, x + numbers);
  const auto draw = [&](unsigned n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % n;
  };
  for (int step = 0; step < 60; ++step) {
    const unsigned kind = draw(9), repeat = 1 + draw(6);
    T& a = s[draw(numbers)];
    const unsigned from = draw(numbers);
    const T b = s[draw(numbers)], c = s[draw(numbers)];
    for (unsigned i = 0; i < repeat; ++i) {
      T& d = s[(from + i) % numbers];
      switch (kind) {
        case 0:
          a += 0.1 * b * d;
          break;  // a sum
        case 1:
          d += 0.1 * c * b;
          break;  // of many numbers, with a factor that stays
        case 2:
          a = c + 0.2 * d * a;
          break;  // the last term is the result before
        case 3:
          a = 0.5 * a - d;
          break;
        case 4:
          d = a - 0.1 * a * d + 0.1 * d * d;
          break;  // terms of one number
        case 5:
          a += d;
          break;
        case 6:
          d = sin(a) * cos(b) + 0.1 * c * d;
          break;
        case 7:
          a = 0.3 * a * b + 0.2 * c * d + 0.1 * a * c;
          break;
        case 8:
          d = 0.0 * d + b;
          break;
      }
      if (is_large(d)) d = 0.1 * d;
      if (is_large(a)) a = 0.1 * a;
    }
  }
  T sum = 0;
  for (const T& v : s) sum += tanh(v);
  return sum;
}

}  // namespace

TEST_CASE("statements of any shapes, in any order: reverse and forward mode, and complex steps") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    double x[numbers];
    dual<double, numbers> forward[numbers];
    Tape tape;
    Tensor<double, numbers> point;
    for (int i = 0; i < numbers; ++i) {
      x[i] = point(i) = 0.3 * i - 0.5;
      forward[i] = x[i];
      forward[i].tangent[i] = 1;
    }
    const auto v = tape.variable(point);
    const std::vector<rev<double>> backward(v.begin(), v.end());
    const auto expected = program<dual<double, numbers>>(seed, forward);
    const auto y = program<rev<double>>(seed, backward.data());
    const auto [g] = tape.gradient(y, v);
    double scale = 1e-3;
    for (int i = 0; i < numbers; ++i) scale = std::fmax(scale, std::fabs(expected.tangent[i]));
    CAPTURE(seed);
    CHECK(y.value == doctest::Approx(expected.value).epsilon(1e-12));
    for (int i = 0; i < numbers; ++i) {
      CHECK(std::fabs(g(i) - expected.tangent[i]) <= 1e-11 * scale);
      // Of another library's numbers: the imaginary part that a tiny one of x(i) leads to.
      std::complex<double> beside[numbers];
      for (int k = 0; k < numbers; ++k) beside[k] = {x[k], k == i ? 1e-100 : 0};
      const auto z = program<std::complex<double>>(seed, beside);
      CHECK(y.value == doctest::Approx(z.real()).epsilon(1e-12));
      CHECK(std::fabs(g(i) - z.imag() * 1e100) <= 1e-11 * scale);
    }
    // Several results in one sweep go another way.
    const std::vector<rev<double>> rows{y, y, y};
    const auto j = tape.jacobian(rows, v);
    for (int i = 0; i < numbers; ++i) CHECK(std::fabs(j(1, i) - expected.tangent[i]) <= 1e-11 * scale);
  }
}

TEST_CASE("adjoints of results in the middle of a run") {
  Tape tape;
  const auto x = tape.variable(2.0), w = tape.variable(3.0);
  rev<double> sum = x * w, middle = 0;
  for (int i = 0; i < 10; ++i) {
    sum += 2.0 * x;
    if (i == 4) middle = sum;
  }
  const auto [gx, gm] = tape.gradient(rev<double>(sum * middle), x, middle);
  CHECK(gm == doctest::Approx(sum.value + middle.value));  // of the sum that goes on from it, too
  CHECK(gx == doctest::Approx((3 + 20) * middle.value + (3 + 10) * sum.value));
}

TEST_CASE("what the result does not depend on adds nothing, not even 0 * inf") {
  Tape tape;
  const auto x = tape.variable(0.0), w = tape.variable(1.0);
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<rev<double>> s(4, w);
  for (auto& v : s) v += infinity * x * w;  // in one run; only the next is used
  rev<double> unused = w;
  for (int i = 0; i < 4; ++i) unused += infinity * x;
  rev<double> y = w * 2.0;
  const auto [gx, gw] = tape.gradient(y, x, w);
  CHECK(gx == 0);
  CHECK(gw == 2);
}
