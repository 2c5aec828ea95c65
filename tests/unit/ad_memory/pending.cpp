// Results of ops on rev numbers wait in registers until they become numbers: one statement, the right derivative.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ops/catalogue.hpp>
#include <vector>

using namespace tenon;

namespace {

// Values and derivatives by both modes agree, but for where the compiler joins a product and a sum.
template <class F>
bool modes_agree(const F& f, double x) {
  const auto back = value_and_grad(f)(x);
  const auto forth = jvp(f, x, 1.0);
  return std::fabs(back.grad - forth.tangent) <= 1e-12 * (1 + std::fabs(forth.tangent)) &&
         std::fabs(back.value - forth.value) <= 1e-14 * (1 + std::fabs(forth.value));
}
template <class T>
T cumulative(T x) {  // called with results of ops as well: T is then what the op gave
  const T k = 1.0 / (1.0 + 0.2316419 * abs(x));
  T w = k * (0.31938153 + k * (-0.356563782 + k * 1.781477937));
  w = 1.0 - w * exp(-0.5 * x * x);
  return x < 0 ? 1.0 - w : w;
}

}  // namespace

TEST_CASE("a statement is recorded once, with all its operands") {
  Tape tape;
  const auto a = tape.variable(2.0), b = tape.variable(3.0), c = tape.variable(5.0);
  rev<double> y = a * b;  // begins a segment
  const std::size_t before = tape.bytes();
  y = a * b + c * (a - 2.0);
  // Five terms of 12 bytes at most, 4 for the statement, 8 for its adjoint.
  CHECK(tape.bytes() - before <= 5 * 12 + 4 + 8);
  const auto [ga, gb, gc] = tape.gradient(y, a, b, c);
  CHECK(ga == 8);
  CHECK(gb == 2);
  CHECK(gc == 0);
}

TEST_CASE("a sum costs one term and four bytes a summand") {
  Tape tape;
  const auto x = tape.variable(1.5);
  rev<double> s = x;
  s += x * x;
  const std::size_t before = tape.bytes();
  for (int i = 0; i < 1000; ++i) s += 2.0 * x;
    // A compiler that does not optimise does not see that the sum's own multiplier is 1.
#ifdef __OPTIMIZE__
  constexpr std::size_t terms = 1;
#else
  constexpr std::size_t terms = 2;
#endif
  CHECK(tape.bytes() - before <= 1100 * (terms * 12 + 4 + 8));  // a tenth for what is left at the ends of chunks
  const auto [g] = tape.gradient(s, x);
  CHECK(g == 1 + 3 + 2000);
}

#ifdef __OPTIMIZE__  // other compilers do not see which terms are of one number
TEST_CASE("terms of one number are one") {
  Tape tape;
  std::vector<rev<double>> u{tape.variable(2.0), tape.variable(3.0), tape.variable(5.0)}, v(3);
  v[1] = u[1] * u[1];  // begins a segment
  const std::size_t before = tape.bytes();
  for (int k = 0; k < 1000; ++k) v[1] = u[1] - 0.1 * u[1] * (u[2] - u[0]) + 0.2 * (u[2] - 2 * u[1] + u[0]);
  CHECK(tape.bytes() - before < 1050 * (3 * 12 + 4 + 8));  // a twentieth for beginnings and ends of chunks
  const auto [g0, g1, g2] = tape.gradient(v[1], u[0], u[1], u[2]);
  CHECK(g0 == doctest::Approx(0.1 * 3 + 0.2).epsilon(1e-15));
  CHECK(g1 == doctest::Approx(1 - 0.1 * 3 - 0.4).epsilon(1e-15));
  CHECK(g2 == doctest::Approx(-0.1 * 3 + 0.2).epsilon(1e-15));
  // A number that is a constant leaves the others.
  const rev<double> constant = 4.0;
  const rev<double> y = constant * u[0] + constant * u[0] + u[1];
  const auto [h0, h1] = tape.gradient(y, u[0], u[1]);
  CHECK(h0 == 8);
  CHECK(h1 == 1);
}
#endif

TEST_CASE("auto keeps values, not references") {
  CHECK(modes_agree(
      [](auto x) {
        auto t = x * x + sin(x);
        const auto u = t * t;  // t is used three times
        t += u;
        t = t * x - 1.0;
        return t / (u + t);
      },
      0.7));
  CHECK(modes_agree(
      [](auto x) {
        const auto bigger = x > 1 ? x * x : x;  // a result and a number
        const auto with_constant = x > 1 ? x * x * x : 0.0;
        return bigger * with_constant + (x > 2 ? decltype(x)(x * 2) : x * x * x);
      },
      1.7));
}

TEST_CASE("expressions of many operands, functions of results, standard algorithms") {
  CHECK(modes_agree(
      [](auto x) {
        return x * 1 + x * 2 + x * 3 + x * 4 + x * 5 + x * 6 + x * 7 + x * 8 + x * 9 + x * 10 +
               sin(x) * cos(x) * exp(x);
      },
      0.3));
  CHECK(modes_agree([](auto x) { return cumulative(x * 2 + 0.5) * cumulative(-x) + cumulative(x); }, 0.4));
  CHECK(modes_agree(
      [](auto x) {
        using T = decltype(x);
        std::vector<T> v{x, x * x, sin(x), x - 3};
        const T first = v[1] * 2;
        const T total = std::accumulate(v.begin(), v.end(), first);
        return total * first + *std::max_element(v.begin(), v.end()) + std::max(T(x * 3), first);
      },
      1.2));
}

TEST_CASE("statements of scalars, tensors and another precision take turns on one tape") {
  Tape tape;
  const auto x = tape.variable(0.8);
  const Tensor<double, 3> weights{1, 2, 3};
  const auto t = tape.variable(weights);
  const auto f = tape.variable(0.5f);
  rev<double> s = x * 2;
  for (int i = 0; i < 3; ++i) {
    const Tensor<rev<double>, 3> u = t * s;
    s += u(i) * x;
    const rev<float> h = f * f;
    s += h.value + x;
  }
  const auto plain = [](double v) {
    double sum = 2 * v;
    for (int i = 0; i < 3; ++i) {
      sum += (i + 1) * sum * v;
      sum += 0.25 + v;
    }
    return sum;
  };
  CHECK(s.value == plain(0.8));
  const auto [g] = tape.gradient(s, x);
  CHECK(g == doctest::Approx((plain(0.8 + 1e-5) - plain(0.8 - 1e-5)) / 2e-5).epsilon(1e-8));
}

TEST_CASE("many statements: more than a chunk of memory, none lost") {
  const auto f = [](auto x) {
    using T = decltype(x);
    T y = x;
    for (int i = 0; i < 40000; ++i) y = y + (sin(y) - x * y) * 1e-4;
    return y;
  };
  CHECK(modes_agree(f, 0.6));
}
