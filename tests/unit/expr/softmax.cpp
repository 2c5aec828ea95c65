// softmax and log_softmax: values along each axis, extreme rows, types, derivatives.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/cpu/softmax.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>
#include <type_traits>

#include "support/allocations.hpp"
#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Worst relative error of softmax (of half: above its smallest normal number) and absolute error of log_softmax along
// axis 1 of (a, n, c).
template <class T, class Y>
double worst_error(const Tensor<T, dyn, dyn, dyn>& x, const Y& y, bool log) {
  const long double smallest = __is_same(T, half) ? 0x1p-14L : 0;
  double worst = 0;
  for (index_t a = 0; a < x.extent(0); ++a)
    for (index_t c = 0; c < x.extent(2); ++c) {
      long double s = 0, top = -HUGE_VALL;
      for (index_t n = 0; n < x.extent(1); ++n) top = std::fmax(top, static_cast<long double>(double(x(a, n, c))));
      for (index_t n = 0; n < x.extent(1); ++n) s += std::exp(static_cast<long double>(double(x(a, n, c))) - top);
      for (index_t n = 0; n < x.extent(1); ++n) {
        const long double l = static_cast<long double>(double(x(a, n, c))) - top - std::log(s);
        const long double got = static_cast<long double>(double(y(a, n, c)));
        const long double error = log ? std::fabs(got - l) / (1 + std::fabs(l))
                                      : std::fabs(got - std::exp(l)) / std::fmax(std::exp(l), smallest);
        worst = std::fmax(worst, static_cast<double>(error));
      }
    }
  return worst;
}
template <class T>
void check_values(double tolerance) {
  for (const auto& e : {Dims{3, {3, 5, 7}}, Dims{3, {1, 40, 37}}, Dims{3, {2, 1, 16}}, Dims{3, {2, 1000, 1}},
                        Dims{3, {30, 10, 1}}, Dims{3, {2, 3, 600}}, Dims{3, {1, 64, 64}}}) {
    Tensor<T, dyn, dyn, dyn> x(e);
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = T(float(6 * std::sin(static_cast<double>(i * i))));
    Tensor<T, dyn, dyn, dyn> y = softmax<1>(x), f = softmax<1>(x + T(0.f)), l = log_softmax<1>(x);
    CHECK(worst_error(x, y, false) < tolerance);
    CHECK(worst_error(x, f, false) < tolerance);
    CHECK(worst_error(x, l, true) < tolerance);
    // Through strides, and written to strides.
    Tensor<T, dyn, dyn, dyn> t(e.d[2], e.d[1], e.d[0]);
    t = permute<2, 1, 0>(x);
    Tensor<T, dyn, dyn, dyn> u(e);
    u = softmax<1>(permute<2, 1, 0>(t));
    CHECK(worst_error(x, u, false) < tolerance);
  }
}
template <class X>
bool all_nan(const X& x) {
  return bool(all(isnan(x)));
}

}  // namespace

TEST_CASE("softmax and log_softmax of float") { check_values<float>(2e-6); }
TEST_CASE("softmax and log_softmax of double and half") {
  check_values<double>(4e-15);
  check_values<half>(2e-3);
}

TEST_CASE("the last axis is the default, the type is floating") {
  Tensor<int, 2, 2> k{{1, 2}, {3, 4}};
  static_assert(std::is_same_v<decltype(softmax(k))::value_type, float>);
  const Tensor<float, 2, 2> y = softmax(k), z = softmax<0>(k);
  CHECK(y(0, 1) == doctest::Approx(1 / (1 + std::exp(-1.0))));
  CHECK(z(1, 0) == doctest::Approx(1 / (1 + std::exp(-2.0))));
  CHECK(softmax(Tensor<float, dyn, dyn>(3, 0)).size() == 0);
  CHECK(evaluate(softmax<0>(Tensor<float, dyn, dyn>(0, 3))).size() == 0);
}

TEST_CASE("far from zero nothing overflows, far apart nothing is lost") {
  const Tensor<float, 3> y = softmax(Tensor<float, 3>{10000, 10000, -10000});
  CHECK(holds(y, {0.5, 0.5, 0}));
  const Tensor<float, 2> l = log_softmax(Tensor<float, 2>{0, -1000});
  CHECK(holds(l, {0, -1000}));
  const Tensor<float, 2> s = log_softmax(Tensor<float, 2>{0, -20});
  CHECK(s(0) == doctest::Approx(-std::log1p(std::exp(-20.0))).epsilon(1e-5));
}

TEST_CASE("rows of -inf, +inf and NaN") {
  for (const index_t n : {3, 16, 17, 100}) {
    Tensor<float, dyn, dyn> x(4, n), y, l, c;
    for (index_t j = 0; j < n; ++j) x(0, j) = j == 1 ? 2.f : -infinity;  // masked but for one
    for (index_t j = 0; j < n; ++j) x(1, j) = -infinity;
    x(2, n - 1) = infinity;
    x(3, 1) = not_a_number;
    y = softmax(x);
    l = log_softmax(x);
    c = softmax<0>(transpose(x));
    for (index_t j = 0; j < n; ++j) {
      CHECK(y(0, j) == (j == 1 ? 1 : 0));
      CHECK(c(j, 0) == y(0, j));
      CHECK(l(0, j) == (j == 1 ? 0 : -infinity));
    }
    for (index_t r = 1; r < 4; ++r) {
      CHECK(all_nan(row(y, r)));
      CHECK(all_nan(row(l, r)));
      CHECK(all_nan(col(c, r)));
    }
  }
}

TEST_CASE("derivatives") {
  Tensor<double, 3, 5> x, w;
  for (int i = 0; i < 15; ++i) {
    x.data()[i] = 2 * std::sin(1.0 + i);
    w.data()[i] = std::cos(3.0 * i);
  }
  const auto soft = [&](const auto& a) { return sum(w * softmax(a)); };
  const auto log_soft = [&](const auto& a) { return sum(w * log_softmax<0>(a * 2)); };
  CHECK(verify_gradient(soft, x).ok);
  CHECK(verify_gradient(log_soft, x).ok);
  CHECK(verify_gradient([&](const auto& a) { return sum(transpose(w) * softmax<0>(transpose(a))); }, x).ok);
  CHECK(jvp(soft, x, w).tangent == doctest::Approx(double(sum(grad(soft)(x) * w))).epsilon(1e-12));
  CHECK(jvp(log_soft, x, w).tangent == doctest::Approx(double(sum(grad(log_soft)(x) * w))).epsilon(1e-12));
  // Cross entropy with one class: p - onehot.
  const Tensor<double, 3> q{1, 2, 3};
  const Tensor<double, 3> one{0, 1, 0}, p = softmax(q);
  const Tensor<double, 3> g = grad([&](const auto& a) { return -sum(one * log_softmax(a)); })(q);
  CHECK(g(0) == doctest::Approx(p(0)));
  CHECK(g(1) == doctest::Approx(p(1) - 1));
}

TEST_CASE("in place, fused operands, no allocation after the first") {
  Tensor<float, dyn, dyn> x(50, 60), y(50, 60);
  for (index_t i = 0; i < 3000; ++i) x.data()[i] = static_cast<float>(i % 17);
  y = softmax(x);
  Tensor<float, dyn, dyn> z = x;
  z = softmax(z);
  CHECK(bool(all(z == y)));
  const auto run = [&] {
    y = softmax(x * 0.5f + 1);
    y = log_softmax<0>(x * 0.5f);
  };
  run();
  tenon::test::AllocationCount count;
  run();
  CHECK(count() == 0);
  constexpr Tensor<float, 2> c = softmax(Tensor<float, 2>{0, 0});
  static_assert(c(0) == 0.5f);
}

TEST_CASE("columns whose elements grow, or begin with minus infinity") {
  Tensor<float, dyn, dyn, dyn> x(1, 2000, 35);
  for (index_t n = 0; n < 2000; ++n)
    for (index_t c = 0; c < 35; ++c)
      x(0, n, c) = c % 2 ? static_cast<float>(n) / 300.0f : n < 11 * c ? -infinity : static_cast<float>((n * 7) % 13);
  const Tensor<float, dyn, dyn, dyn> y = softmax<1>(x), l = log_softmax<1>(x);
  CHECK(worst_error(x, y, false) < 2e-5);
  CHECK(y(0, 0, 2) == 0);
  CHECK(l(0, 0, 2) == -infinity);
  CHECK(std::isfinite(l(0, 1999, 2)));
  for (index_t n = 0; n < 2000; ++n) x(0, n, 3) = -infinity;
  x(0, 7, 4) = not_a_number;
  x(0, 7, 6) = infinity;
  const Tensor<float, dyn, dyn, dyn> z = softmax<1>(x);
  for (const index_t c : {3, 4, 6})
    for (const index_t n : {0, 7, 1999}) CHECK(std::isnan(z(0, n, c)));
  CHECK(z(0, 0, 5) == y(0, 0, 5));
}
