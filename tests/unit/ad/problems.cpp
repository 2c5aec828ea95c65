// tests/unit/ad/problems.cpp: the problems of the autodiff benchmarks, tiny: gradients by hand and by rev<double>.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The benchmarks trust the gradients by hand; here they are compared with complex steps (Squire, Trapp 1998).
#include <doctest/doctest.h>

#include <tenon/ad/variable.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/hyperbolic.hpp>
#include <tenon/ops/trigonometric.hpp>

#include <complex>
#include <cstdint>

#include "../benchmarks/autodiff/asian.hpp"
#include "../benchmarks/autodiff/ba.hpp"
#include "../benchmarks/autodiff/burgers.hpp"
#include "../benchmarks/autodiff/gmm.hpp"
#include "../benchmarks/autodiff/hand.hpp"
#include "../benchmarks/autodiff/lstm.hpp"
#include "../benchmarks/autodiff/mlp.hpp"

namespace {

using Numbers = std::vector<double>;

// A complex number that is compared by its real part.
struct Complex {
  std::complex<double> v;
  Complex(double x = 0) : v(x) {}
  Complex(std::complex<double> z) : v(z) {}
  friend Complex operator+(const Complex& a, const Complex& b) { return a.v + b.v; }
  friend Complex operator-(const Complex& a, const Complex& b) { return a.v - b.v; }
  friend Complex operator*(const Complex& a, const Complex& b) { return a.v * b.v; }
  friend Complex operator/(const Complex& a, const Complex& b) { return a.v / b.v; }
  friend Complex operator-(const Complex& a) { return -a.v; }
  friend bool operator<(const Complex& a, const Complex& b) { return a.v.real() < b.v.real(); }
  friend bool operator>(const Complex& a, const Complex& b) { return b < a; }
  friend bool operator!=(const Complex& a, const Complex& b) { return a.v.real() != b.v.real(); }
  Complex& operator+=(const Complex& a) { return *this = *this + a; }
  Complex& operator-=(const Complex& a) { return *this = *this - a; }
  Complex& operator*=(const Complex& a) { return *this = *this * a; }
  friend Complex exp(const Complex& a) { return std::exp(a.v); }
  friend Complex log(const Complex& a) { return std::log(a.v); }
  friend Complex sqrt(const Complex& a) { return std::sqrt(a.v); }
  friend Complex sin(const Complex& a) { return std::sin(a.v); }
  friend Complex cos(const Complex& a) { return std::cos(a.v); }
  friend Complex tanh(const Complex& a) { return std::tanh(a.v); }
};

// Numbers in [low, high) (Steele et al. 2014, SplitMix64).
Numbers random(std::size_t n, double low, double high, std::uint64_t seed) {
  Numbers x(n);
  for (double& v : x) {
    std::uint64_t z = (seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    v = low + (high - low) * (static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53);
  }
  return x;
}

void check_near(const Numbers& got, const Numbers& want) {
  REQUIRE(got.size() == want.size());
  double scale = 0;
  for (double w : want) scale = std::fmax(scale, std::fabs(w));
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(std::fabs(got[i] - want[i]) <= 1e-12 * scale);
  }
}

// f(T*) over double, Complex and rev numbers; `hand(x, gradient)` returns the value.
template <class F, class H>
void check(const Numbers& x, const F& f, const H& hand) {
  const double value = f(x.data());
  Numbers by_hand(x.size()), by_step(x.size()), by_tape(x.size());
  check_near({hand(x.data(), by_hand.data())}, {value});
  std::vector<Complex> z(x.begin(), x.end());
  const double h = 1e-30;
  for (std::size_t i = 0; i < x.size(); ++i) {
    z[i].v.imag(h);
    by_step[i] = f(static_cast<const Complex*>(z.data())).v.imag() / h;
    z[i].v.imag(0);
  }
  check_near(by_hand, by_step);
  using T = tenon::rev<double>;
  tenon::Tape tape;
  std::vector<T> v;
  for (const double& each : x) v.push_back(tape.variable(each));
  const T y = f(static_cast<const T*>(v.data()));
  check_near({y.value}, {value});
  tape.gradient(y, v[0]);
  for (std::size_t i = 0; i < x.size(); ++i) by_tape[i] = *tape.adjoint<double>(v[i].slot);
  check_near(by_tape, by_hand);
}

}  // namespace

TEST_CASE("Burgers' equation") {
  const bench::burgers::Grid grid{.cells = 9, .steps = 7, .dt = 0.05};
  Numbers u = random(9, -1, 1, 1), states;
  check(
      u, [&](const auto* x) { return bench::burgers::energy(grid, x); },
      [&](const double* x, double* g) { return bench::burgers::hand(grid, x, g, states); });
}

TEST_CASE("a network of scalar loops") {
  const bench::mlp::Net net{.in = 2, .hidden = 3, .out = 2, .batch = 3};
  const Numbers x = random(6, -1, 1, 1), t = random(6, -1, 1, 2);
  check(
      random(net.parameters(), -1, 1, 3), [&](const auto* w) { return bench::mlp::loss(net, w, x.data(), t.data()); },
      [&](const double* w, double* g) { return bench::mlp::hand(net, w, x.data(), t.data(), g); });
}

TEST_CASE("an Asian option") {
  const bench::asian::Simulation simulation{.paths = 6, .steps = 4};
  const Numbers z = random(24, -2, 2, 1), p(std::begin(bench::asian::point), std::end(bench::asian::point));
  Numbers path;
  check(
      p, [&](const auto* x) { return bench::asian::price(simulation, x, z.data()); },
      [&](const double* x, double* g) { return bench::asian::hand(simulation, x, z.data(), g, path); });
}

TEST_CASE("ADBench's LSTM") {
  const bench::lstm::Model model{.layers = 2, .length = 5, .width = 3};
  const Numbers start = random(model.state(), 0, 1, 1);
  Numbers text = random(15, 0, 1, 2), likelihood;
  for (double& bit : text) bit = bit < 0.4 ? 1 : 0;
  std::vector<bench::lstm::Unit> units;
  check(
      random(model.parameters(), -1, 1, 3),
      [&](const auto* p) { return bench::lstm::loss(model, p, start.data(), text.data()); },
      [&](const double* p, double* g) {
        return bench::lstm::hand(model, p, start.data(), text.data(), g, units, likelihood);
      });
}

TEST_CASE("ADBench's mixture") {
  const bench::gmm::Mixture mixture{.d = 3, .k = 2, .n = 4, .gamma = 0.7, .m = 2};
  const Numbers data = random(12, -1, 1, 1);
  Numbers work;
  check(
      random(mixture.parameters(), -1, 1, 2),
      [&](const auto* p) { return bench::gmm::log_posterior(mixture, p, data.data()); },
      [&](const double* p, double* g) { return bench::gmm::hand(mixture, p, data.data(), g, work); });
}

TEST_CASE("ADBench's bundle adjustment") {
  const double feature[2] = {3, -4};
  Numbers p = random(15, -0.5, 0.5, 1);
  p[5] -= 5, p[6] += 200, p[14] += 1;
  for (bool turned : {true, false}) {
    CAPTURE(turned);
    if (!turned) p[0] = p[1] = p[2] = 0;
    for (int k = 0; k < 2; ++k)
      check(
          p,
          [&]<class T>(const T* x) {
            T e[2];
            bench::ba::error(x, feature, e);
            return e[k];
          },
          [&](const double* x, double* g) {
            double e[2], jacobian[30];
            bench::ba::hand(x, feature, e, jacobian);
            for (int i = 0; i < 15; ++i) g[i] = jacobian[15 * k + i];
            return e[k];
          });
  }
}

TEST_CASE("ADBench's hand") {
  namespace problem = bench::hand_tracking;
  const Numbers numbers = random(1000, -1, 1, 1);
  const double* next = numbers.data();
  const problem::Hand hand = problem::make(3, [&] { return *next++; });
  for (std::size_t k = 0; k < 9; ++k)
    check(
        random(problem::parameters, -0.5, 0.5, 2),
        [&]<class T>(const T* x) {
          std::vector<T> e(9);
          problem::errors(hand, x, e.data());
          return e[k];
        },
        [&](const double* x, double* g) {
          Numbers e(9), jacobian(9 * problem::parameters);
          problem::hand(hand, x, e.data(), jacobian.data());
          for (std::size_t i = 0; i < problem::parameters; ++i) g[i] = jacobian[problem::parameters * k + i];
          return e[k];
        });
}
