// Derivatives of functions of fixed size as straight-line code: against the tape, in constant expressions, in lanes.
#include <doctest/doctest.h>

#include <cmath>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/unrolled.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/movement.hpp>
#include <type_traits>

using namespace tenon;

namespace {

template <class P>
using number_of = std::remove_cvref_t<decltype(std::declval<P>()(0))>;

// Loops, a value used often, constants, ops of one, two and three operands.
constexpr auto curve = [](const auto& p) {
  using T = number_of<decltype(p)>;
  T s = 0;
  for (int i = 0; i < 3; ++i) s += p(i) * sin(p(i + 1)) - 0.5f * s;
  const T r = fma(s, p(0), s * s), zero = 0.0;
  return Tensor<T, 4>{r / (1.0 + exp(s)), hypot(p(1), s), p(2), zero + 3};
};
constexpr auto scaled = [](const auto& p, const auto& k) { return p(0) * p(0) * k + p(1) / k; };
constexpr auto cube = [](const auto& x) { return x * x * x; };

double worst(const Tensor<double, 4, 4>& a, const Tensor<double, 4, 4>& b) {
  double w = 0;
  for (int i = 0; i < 16; ++i) w = std::fmax(w, std::fabs(a.data()[i] - b.data()[i]));
  return w;
}

}  // namespace

TEST_CASE("the Jacobian is that of forward mode") {
  const Tensor<double, 4> p{0.3, -0.4, 1.5, 0.6};
  const auto [value, j] = unrolled_jacobian(curve)(p);
  static_assert(std::is_same_v<decltype(j), const Tensor<double, 4, 4>>);
  const Tensor<double, 4> plain = curve(p);
  for (int k = 0; k < 4; ++k) CHECK(value(k) == doctest::Approx(plain(k)).epsilon(1e-15));
  CHECK(worst(j, jacobian(curve)(p)) < 1e-14);
  for (int i = 0; i < 4; ++i) {
    CHECK(j(2, i) == (i == 2 ? 1 : 0));  // an input as it is
    CHECK(j(3, i) == 0);                 // a constant
  }
}

TEST_CASE("with respect to one of several arguments, and of numbers") {
  const Tensor<double, 2> p{3, 5};
  const auto by_p = unrolled_jacobian(scaled)(p, 2.0);
  CHECK(by_p.value == 20.5);
  CHECK(by_p.jacobian(0) == 12);
  CHECK(by_p.jacobian(1) == 0.5);
  const auto by_k = unrolled_jacobian<1>(scaled)(p, 2.0);
  static_assert(std::is_same_v<decltype(by_k.jacobian), double>);
  CHECK(by_k.jacobian == 9 - 5.0 / 4);
  const auto single = unrolled_jacobian(cube)(2.0f);
  static_assert(std::is_same_v<decltype(single.jacobian), float>);
  CHECK(single.value == 8);
  CHECK(single.jacobian == 12);
}

TEST_CASE("in constant expressions") {
  constexpr auto r = unrolled_jacobian(cube)(3.0);
  static_assert(r.value == 27 && r.jacobian == 27);
}

TEST_CASE("a batch in SIMD lanes: every length, shared arguments") {
  constexpr auto each = unrolled_jacobian(curve);
  for (const index_t n : {0, 1, 2, 3, 7, 8, 9, 10, 11, 16, 18, 29}) {
    CAPTURE(n);
    Tensor<double, 4, dyn> p(4, n), value(4, n);
    Tensor<double, 4, 4, dyn> j(4, 4, n);
    for (index_t i = 0; i < p.size(); ++i) p.data()[i] = std::sin(static_cast<double>(i * i)) + 0.1;
    each.batch(value, j, p);
    double w = 0;
    for (index_t i = 0; i < n; ++i) {
      const auto one = each(Tensor<double, 4>{p(0, i), p(1, i), p(2, i), p(3, i)});
      for (int k = 0; k < 4; ++k) {
        w = std::fmax(w, std::fabs(value(k, i) - one.value(k)));
        for (int a = 0; a < 4; ++a) w = std::fmax(w, std::fabs(j(k, a, i) - one.jacobian(k, a)));
      }
    }
    CHECK(w < 1e-13);
  }
  const Tensor<float, 2, dyn> p{{1, 2, 3}, {4, 5, 6}};
  Tensor<float, dyn> value(3);
  Tensor<float, 2, dyn> j(2, 3);
  unrolled_jacobian(scaled).batch(value, j, p, 2.0f);  // one k for all
  for (int i = 0; i < 3; ++i) {
    CHECK(value(i) == 2 * p(0, i) * p(0, i) + p(1, i) / 2);
    CHECK(j(0, i) == 4 * p(0, i));
    CHECK(j(1, i) == 0.5f);
  }
  const Tensor<float, dyn> k{1, 2, 4};  // a k for each
  unrolled_jacobian(scaled).batch(value, j, p, k);
  for (int i = 0; i < 3; ++i) CHECK(j(1, i) == 1 / k(i));
}

TEST_CASE("a batch in narrow packs writes its own points alone; an odd number of results") {
  constexpr auto three = [](const auto& p) {
    using T = std::remove_cvref_t<decltype(p(0))>;
    return Tensor<T, 3>{p(0) * p(1), exp(p(1)), p(0) / p(1)};
  };
  for (const index_t n : {1, 2, 3, 4, 5, 17, 18, 19, 20, 33}) {
    CAPTURE(n);
    Tensor<float, 2, dyn> all(2, n + 2);
    Tensor<float, 3, dyn> values(3, n + 2);
    Tensor<float, 3, 2, dyn> jacobians(3, 2, n + 2);
    for (index_t i = 0; i < all.size(); ++i) all.data()[i] = 0.5f + static_cast<float>(i % 13) / 8;
    values = -7, jacobians = -7;
    auto value = slice(values, whole, range(1, n + 1));
    auto jacobian = slice(jacobians, whole, whole, range(1, n + 1));
    unrolled_jacobian(three).batch(value, jacobian, slice(all, whole, range(1, n + 1)));
    for (index_t i = 0; i < n + 2; ++i) {
      CAPTURE(i);
      const bool inside = i > 0 && i <= n;
      const float a = all(0, i), b = all(1, i), e = std::exp(b);
      const float want[] = {a * b, e, a / b, b, a, 0, e, 1 / b, -a / (b * b)};
      const float is[] = {values(0, i),       values(1, i),       values(2, i),
                          jacobians(0, 0, i), jacobians(0, 1, i), jacobians(1, 0, i),
                          jacobians(1, 1, i), jacobians(2, 0, i), jacobians(2, 1, i)};
      for (int k = 0; k < 9; ++k) CHECK(is[k] == doctest::Approx(inside ? want[k] : -7).epsilon(1e-5));
    }
  }
}

TEST_CASE("a batch of other extents or with gaps is refused") {
  Tensor<double, dyn> value(4), j(4);
  const Tensor<double, dyn> x(5);
  CHECK_THROWS_AS(unrolled_jacobian(cube).batch(value, j, x), shape_error);
  const Tensor<double, dyn, dyn> wide(4, 2);
  const TensorView<const double, dyn> gaps(wide.data(), Dims{1, {4}}, Dims{1, {2}});
  CHECK_THROWS_AS(unrolled_jacobian(cube).batch(value, j, gaps), value_error);
}

TEST_CASE("sine and cosine of one number are each other's derivatives") {
  constexpr auto f = [](const auto& x, const auto& c) {
    using T = std::remove_cvref_t<decltype(x(0))>;
    const T only_sine = sin(x(0) * c), only_cosine = cos(x(1));
    const T both = sin(x(2)) * cos(x(2)) + sin(x(2)), constant = cos(c);
    return Tensor<T, 3>{only_sine * constant, only_cosine + x(0), both};
  };
  const Tensor<double, 3> x{0.3, 1.1, -0.7};
  const double c = 1.5;
  const auto [value, j] = unrolled_jacobian(f)(x, c);
  const double expected[3][3] = {
      {c * std::cos(0.3 * c) * std::cos(c), 0, 0}, {1, -std::sin(1.1), 0}, {0, 0, std::cos(-1.4) + std::cos(-0.7)}};
  CHECK(value(2) == doctest::Approx(0.5 * std::sin(-1.4) + std::sin(-0.7)).epsilon(1e-15));
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) CHECK(j(i, k) == doctest::Approx(expected[i][k]).epsilon(1e-15));
  const auto of_c = unrolled_jacobian<1>(f)(x, c).jacobian;
  CHECK(of_c(0) == doctest::Approx(0.3 * std::cos(0.3 * c) * std::cos(c) - std::sin(0.3 * c) * std::sin(c)));
  CHECK(of_c(2) == 0);
  Tensor<double, 3, dyn> points(3, 5), values(3, 5);
  Tensor<double, 3, 3, dyn> jacobians(3, 3, 5);
  for (int i = 0; i < 3; ++i)
    for (int p = 0; p < 5; ++p) points(i, p) = x(i);
  unrolled_jacobian(f).batch(values, jacobians, points, c);
  for (int i = 0; i < 3; ++i)
    for (int k = 0; k < 3; ++k) CHECK(jacobians(i, k, 4) == doctest::Approx(expected[i][k]).epsilon(1e-15));
}
