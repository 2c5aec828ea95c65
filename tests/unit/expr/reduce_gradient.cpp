// Derivatives of reductions: against differences, where they are not smooth, in both modes, to second order.
// One function with a number for each case and run-time extents throughout, so that the machinery is compiled once.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/tensor/movement.hpp>

using namespace tenon;

namespace {

using Matrix = Tensor<double, dyn, dyn>;
constexpr double infinity = std::numeric_limits<double>::infinity();

Matrix filled(index_t n, index_t m, double (*f)(double)) {
  Matrix x(n, m);
  for (index_t i = 0; i < n * m; ++i) x.data()[i] = f(static_cast<double>(i));
  return x;
}
Matrix sample() {
  return filled(3, 5, [](double i) { return std::sin(1 + 1.3 * i); });  // extrema stand clear of their neighbours
}
// n numbers as one row or, for reductions over axis 0, as one column.
Matrix line(int axis, std::initializer_list<double> numbers) {
  const auto n = static_cast<index_t>(numbers.size());
  Matrix x(axis == 0 ? n : 1, axis == 0 ? 1 : n);
  index_t i = 0;
  for (double v : numbers) x.data()[i++] = v;
  return x;
}
bool equal(const Matrix& x, std::initializer_list<double> expected) {
  const double* p = x.data();
  bool same = x.size() == static_cast<index_t>(expected.size());
  if (same)
    for (double e : expected) same = *p++ == e && same;
  return same;
}

// Each result counts for something else, a single one for itself. Takes tensors: all cases share its code.
template <class T, index_t... E>
[[gnu::noinline]] T weighed_results(const Tensor<T, E...>& y) {
  Tensor<double, E...> w(y.dims());
  for (index_t i = 0; i < w.size(); ++i) w.data()[i] = std::cos(3.0 * static_cast<double>(i));
  return static_cast<T>(sum(w * y));
}
template <class Y>
auto weighed(const Y& y) {
  using T = typename Y::value_type;
  if constexpr (Y::rank == 0) {
    return static_cast<T>(y);
  } else if constexpr (Y::rank == 1) {
    return weighed_results<T>(Tensor<T, dyn>(y));
  } else {
    return weighed_results<T>(Tensor<T, dyn, dyn>(y));
  }
}

// Axes, kept or dropped, alternate between the ops, which share the code that handles them; sum, max and var go over
// both axes, all elements, and operands of all kinds. The orders of norms share their code too, as do degrees of
// freedom.
struct Reductions {
  enum Case {
    sum_0,
    sum_1,
    mean_1,
    prod_0,
    var_0,
    var_1,
    stddev_1,
    max_0,
    max_1,
    min_0,
    logsumexp_1,
    norm_l1_0,
    norm_l2_1,
    norm_inf_0,
    norm_3_2_1,
    view_sum,
    view_max,
    view_var,
    all_at_once,
    normalised,
    smooth_end,
    max_all = smooth_end,
    max_all_transposed
  };
  int which = 0;

  template <class X>
  auto operator()(const X& x) const {
    switch (which) {
      case sum_0:
        return weighed(sum<0>(x, keepdims));
      case sum_1:
        return weighed(sum<1>(x));
      case mean_1:
        return weighed(mean<1>(x));
      case prod_0:
        return weighed(prod<0>(x, keepdims));
      case var_0:
        return weighed(var<0>(x));
      case var_1:
        return weighed(var<1>(x, ddof<1>, keepdims));
      case stddev_1:
        return weighed(stddev<1>(x, ddof<1>, keepdims));
      case max_0:
        return weighed(max<0>(x, keepdims));
      case max_1:
        return weighed(max<1>(x));
      case min_0:
        return weighed(min<0>(x));
      case logsumexp_1:
        return weighed(logsumexp<1>(x, keepdims));
      case norm_l1_0:
        return weighed(norm_l1<0>(x));
      case norm_l2_1:
        return weighed(norm_l2<1>(x, keepdims));
      case norm_inf_0:
        return weighed(norm_inf<0>(x));
      case norm_3_2_1:
        return weighed(norm<1>(x, order<3, 2>, keepdims));
      // A view and an expression as operands.
      case view_sum:
        return weighed(sum<0>(transpose(x) * 2, keepdims));
      case view_max:
        return weighed(max<0>(transpose(x) * 2, keepdims));
      case view_var:
        return weighed(var<0>(transpose(x) * 2, ddof<1>, keepdims));
      // Over everything; the mean and the variance at once.
      case all_at_once:
        return weighed(square(sum(x)) * var(x, ddof<1>) - max(x));
      case normalised: {
        auto [m, v] = mean_var<1>(x, ddof<1>, keepdims);
        return weighed((x - m) / sqrt(v + 1e-3));
      }
      case max_all:
        return weighed(max(x));
      default:
        return weighed(max(transpose(x)));
    }
  }
};

Matrix gradient(int which, const Matrix& x) { return grad(Reductions{which})(x); }
double tangent(int which, const Matrix& x, const Matrix& direction) {
  return jvp(Reductions{which}, x, direction).tangent;
}
double dot(const Matrix& a, const Matrix& b) {
  double s = 0;
  for (index_t i = 0; i < a.size(); ++i) s += a.data()[i] * b.data()[i];
  return s;
}

// Rank 3: reductions over several axes, kept and dropped.
struct Several {
  template <class X>
  auto operator()(const X& t) const {
    return sum(square(sum<0, 2>(t))) + sum(square(prod<1, 2>(t)));
  }
};

struct Second {
  int which = 0;
  template <class X>
  auto operator()(const X& x) const {
    using T = typename X::value_type;
    switch (which) {
      case 0:
        return static_cast<T>(prod(x));
      case 1:
        return static_cast<T>(logsumexp(x));
      case 2:
        return static_cast<T>(var(x, ddof<1>) * stddev(x, ddof<1>));
      default:
        return static_cast<T>(norm_l2(x));
    }
  }
};

}  // namespace

TEST_CASE("every reduction, over axes, of views and expressions, of the mean and the variance at once") {
  const Matrix direction = filled(3, 5, [](double i) { return std::cos(3 * i) * std::cos(3 * i) - 0.3; });
  for (int which = 0; which < Reductions::smooth_end; ++which) {
    CAPTURE(which);
    CHECK(verify_gradient(Reductions{which}, sample()).ok);
    // The derivative pushed forward is the one pulled back.
    CHECK(tangent(which, sample(), direction) ==
          doctest::Approx(dot(gradient(which, sample()), direction)).epsilon(1e-12));
  }
}

TEST_CASE("over several of three axes") {
  Tensor<double, dyn, dyn, dyn> x(2, 3, 4);
  for (index_t i = 0; i < 24; ++i) x.data()[i] = std::sin(1.0 + static_cast<double>(i));
  CHECK(verify_gradient(Several{}, x).ok);
}

TEST_CASE("prod: no zero, one, several") {
  const auto g = [](std::initializer_list<double> x) { return gradient(Reductions::prod_0, line(0, x)); };
  CHECK(equal(g({2, 3, 4, 5}), {60, 40, 30, 24}));
  CHECK(equal(g({2, 0, 4, 5}), {0, 40, 0, 0}));
  CHECK(equal(g({2, 0, 0, 5}), {0, 0, 0, 0}));
  CHECK(equal(g({0}), {1}));
  // d2/dx1 dx2 of x0 x1 x2 x3 at the two zeros is x0 x3.
  const auto h = hessian(Second{0})(Tensor<double, 4>{2, 0, 0, 5});
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) CHECK(h(i, j) == (i + j == 3 && i != 0 && j != 0 ? 10 : 0));
}

TEST_CASE("the first of equal extrema takes the derivative, in both modes") {
  using R = Reductions;
  const Matrix row = line(1, {1, 3, 3, 1, 3}), column = line(0, {1, 3, 3, 1, 3}), minus = line(0, {-1, -3, -3, -1, -3});
  const Matrix e = line(1, {1, 10, 100, 1000, 10000}), column_e = line(0, {1, 10, 100, 1000, 10000});
  CHECK(equal(gradient(R::max_1, row), {0, 1, 0, 0, 0}));
  CHECK(equal(gradient(R::min_0, column), {1, 0, 0, 0, 0}));
  CHECK(equal(gradient(R::norm_inf_0, minus), {0, -1, 0, 0, 0}));
  CHECK(tangent(R::max_1, row, e) == 10);
  CHECK(tangent(R::min_0, column, column_e) == 1);
  CHECK(tangent(R::norm_inf_0, minus, column_e) == -10);
  // Many of them, in lines and columns, through strides.
  Matrix many(300, 20), units(300, 20);
  for (index_t i = 0; i < 300; ++i)
    for (index_t j = 0; j < 20; ++j) {
      many(i, j) = (i + j) % 3 == 0 ? 1 : 0;
      units(i, j) = static_cast<double>(20 * i + j);
    }
  many(0, 0) = 0;
  for (int which : {R::max_0, R::max_1, R::max_all_transposed})
    CHECK(tangent(which, many, units) == doctest::Approx(dot(gradient(which, many), units)).epsilon(1e-12));
  CHECK(tangent(R::max_all, many, units) == 3);
  CHECK(tangent(R::max_all_transposed, many, units) == 60);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(equal(gradient(R::max_all, line(1, {1, nan, 7, nan})), {0, 1, 0, 0}));
}

TEST_CASE("where norms and deviations have a corner, the derivative is 0") {
  using R = Reductions;
  const struct {
    int which, axis;
  } corners[] = {{R::norm_l2_1, 1}, {R::norm_l1_0, 0}, {R::norm_3_2_1, 1}, {R::stddev_1, 1}};
  for (const auto& c : corners) {
    CAPTURE(c.which);
    const Matrix zero = line(c.axis, {0, 0, 0});
    CHECK(equal(gradient(c.which, zero), {0, 0, 0}));
    if (c.which != R::norm_l1_0) CHECK(tangent(c.which, zero, line(c.axis, {1, 2, 3})) == 0);
  }
  const Matrix g = gradient(R::norm_l2_1, line(1, {3e300, 4e300}));
  CHECK(g.data()[0] == doctest::Approx(0.6));
  CHECK(g.data()[1] == doctest::Approx(0.8));
}

TEST_CASE("logsumexp of masked rows") {
  const int f = Reductions::logsumexp_1;
  CHECK(equal(gradient(f, line(1, {-infinity, -infinity, -infinity})), {0, 0, 0}));
  CHECK(equal(gradient(f, line(1, {-infinity, 5, -infinity})), {0, 1, 0}));
  CHECK(tangent(f, line(1, {-infinity, -infinity}), line(1, {1, 1})) == 0);
  CHECK(tangent(f, line(1, {-infinity, 5, -infinity}), line(1, {1, 2, 3})) == 2);
}

TEST_CASE("second derivatives: forward over reverse") {
  const Tensor<double, 4> x{0.3, -1.2, 0.8, 2.0};
  for (Second f; f.which < 4; ++f.which) {
    CAPTURE(f.which);
    const Tensor<double, 4, 4> h = hessian(f)(x);
    const auto df = grad(f);
    for (int j = 0; j < 4; ++j) {
      Tensor<double, 4> up = x, down = x;
      up(j) += 1e-5;
      down(j) -= 1e-5;
      const Tensor<double, 4> above = df(up), below = df(down);
      for (int i = 0; i < 4; ++i) CHECK(h(i, j) == doctest::Approx((above(i) - below(i)) / 2e-5).epsilon(1e-7));
    }
  }
}

TEST_CASE("16-bit floats: adjoints are kept in float") {
  Tensor<half, 3> x{half(1.f), half(2.f), half(4.f)};
  const auto g = grad([](const auto& a) { return sum(square(a)) + logsumexp(a); })(x);
  CHECK(float(g(1)) ==
        doctest::Approx(4 + std::exp(2.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(4.0))).epsilon(2e-3));
}
