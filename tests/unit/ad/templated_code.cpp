// Templated code of others on dual and rev numbers: std::complex, standard algorithms, functors of pointers.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <sstream>
#include <tenon/ad/complex.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/tensor/print.hpp>
#include <vector>

#include "derivatives.hpp"

using namespace tenon;

namespace {

template <class T>
T of_complex(const T& x, const T& y) {
  using C = std::complex<T>;
  const C z(x, y), w(y, T(1.0));
  C s = z * w + z / w - w + z * x - z / y + 2.0 * z - z * 3.0 + (x * y) * z / (x + y) + (1.0 - z) / (x - 2.0);
  s += conj(z) * exp(w) + log(z) + sqrt(z) + std::polar(x, y) + sin(z) * cos(w) + tanh(z) - atan(w);
  s += pow(z, w) + pow(z, x) + C(x * y, x - y);
  s /= w;
  return abs(s) + arg(s) + norm(z) * imag(s);
}

// As a cost function for Ceres is written: a camera (angle-axis rotation, translation, focal length and two
// coefficients of distortion), a point, and where it was seen.
struct Reprojection {
  double seen[2];
  template <class T>
  bool operator()(const T* camera, const T* point, T* residual) const {
    const T theta2 = camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2];
    T p[3];
    if (theta2 > T(1e-30)) {
      const T theta = sqrt(theta2), c = cos(theta), s = sin(theta);
      const T w[3] = {camera[0] / theta, camera[1] / theta, camera[2] / theta};
      const T cross[3] = {w[1] * point[2] - w[2] * point[1], w[2] * point[0] - w[0] * point[2],
                          w[0] * point[1] - w[1] * point[0]};
      const T dot = (w[0] * point[0] + w[1] * point[1] + w[2] * point[2]) * (T(1.0) - c);
      for (int i = 0; i < 3; ++i) p[i] = point[i] * c + cross[i] * s + w[i] * dot + camera[3 + i];
    } else {
      for (int i = 0; i < 3; ++i) p[i] = point[i] + camera[3 + i];
    }
    const T x = -p[0] / p[2], y = -p[1] / p[2];
    const T r2 = x * x + y * y;
    const T scale = camera[6] * (1.0 + r2 * (camera[7] + camera[8] * r2));
    residual[0] = scale * x - seen[0];
    residual[1] = scale * y - seen[1];
    return true;
  }
};

// As functions for the autodiff library are written: of one number type, called with numbers and vectors of it.
template <class T>
T of_numbers(const T& x, const T& y) {
  return 1 + x + y + x * y + y / x + log(x / y);
}
template <class T>
T of_vector(const std::vector<T>& x, const T& p) {
  T sum = 0;
  for (const T& v : x) sum += v * exp(-v * p);
  return sum * sin(x[0]) + pow(p, 2);
}
template <class T>
std::vector<T> to_vector(const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * x[(i + 1) % x.size()] / (2 + cos(x[i]));
  return y;
}

}  // namespace

TEST_CASE("std::complex of dual and rev numbers") {
  const auto along = [](auto t) {
    using T = decltype(t);
    return of_complex<T>(0.7 * t, 0.3 + t * t);
  };
  const double wanted = test::slope(along, 1.1, 1e-3);
  CHECK(test::near(jvp(along, 1.1, 1.0).tangent, wanted, 1e-9));
  CHECK(test::near(grad(along)(1.1), wanted, 1e-9));
}

TEST_CASE("a functor of pointers through dual and rev numbers") {
  const Reprojection f{{-30.5, 11.25}};
  const double x[12] = {0.1, -0.2, 0.3, 0.5, -0.25, -7, 500, -1e-2, 1e-3, 1, 0.5, -2};
  dual<double, 12> forward[12], result[2];
  for (int i = 0; i < 12; ++i) {
    forward[i] = x[i];
    forward[i].tangent[i] = 1;
  }
  CHECK(f(forward, forward + 9, result));
  Tape tape;
  rev<double> backward[12], recorded[2];
  for (int i = 0; i < 12; ++i) backward[i] = tape.variable(x[i]);
  CHECK(f(backward, backward + 9, recorded));
  double worst = 0;
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 12; ++i) {
      const double wanted = test::slope(
          [&](double v) {
            double at[12], r[2];
            std::copy(x, x + 12, at);
            at[i] = v;
            f(at, at + 9, r);
            return r[k];
          },
          x[i], 1e-4);
      const auto [g] = tape.gradient(recorded[k], backward[i]);
      worst = std::max(worst, std::fabs(result[k].tangent[i] - g) / (1 + std::fabs(g)));
      CHECK(test::near(g, wanted, 1e-8));
    }
  CHECK(worst < 1e-13);
}

TEST_CASE("functions of numbers and of vectors of numbers, as the autodiff library has them") {
  using First = dual<double>;
  using Second = dual<dual<double>>;
  const First fx = of_numbers<First>({2.0, 1.0}, 3.0), fy = of_numbers<First>(2.0, {3.0, 1.0});
  CHECK(fx.value == doctest::Approx(13.5 + std::log(2.0 / 3)));
  CHECK(fx.tangent[0] == doctest::Approx(1 + 3 - 3.0 / 4 + 0.5));
  CHECK(fy.tangent[0] == doctest::Approx(1 + 2 + 0.5 - 1.0 / 3));
  const Second fxx = of_numbers<Second>({{2.0, 1.0}, {1.0, 0.0}}, 3.0),
               fxy = of_numbers<Second>({{2.0, 1.0}, 0.0}, {3.0, {1.0, 0.0}});
  CHECK(fxx.tangent[0].tangent[0] == doctest::Approx(2 * 3.0 / 8 - 1.0 / 4));
  CHECK(fxy.tangent[0].tangent[0] == doctest::Approx(1 - 1.0 / 4));

  const std::vector<double> x{0.5, -0.25, 1.5};
  const double p = 0.75;
  double sum = 0, slope = 0, wanted[4];
  for (const double v : x) {
    sum += v * std::exp(-v * p);
    slope -= v * v * std::exp(-v * p);
  }
  for (std::size_t i = 0; i < 3; ++i) wanted[i] = std::exp(-x[i] * p) * (1 - x[i] * p) * std::sin(x[0]);
  wanted[0] += sum * std::cos(x[0]);
  wanted[3] = slope * std::sin(x[0]) + 2 * p;
  std::vector<dual<double, 4>> forward(x.begin(), x.end());
  dual<double, 4> of_p = p;
  for (std::size_t i = 0; i < 3; ++i) forward[i].tangent[i] = 1;
  of_p.tangent[3] = 1;
  const auto pushed = of_vector(forward, of_p);
  Tape tape;
  const auto backward = tape.variable(x);
  const auto back_p = tape.variable(p);
  const auto y = of_vector(backward, back_p);
  const auto [g, gp] = tape.gradient(y, backward, back_p);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(pushed.tangent[i] == doctest::Approx(wanted[i]).epsilon(1e-14));
    CHECK((i < 3 ? g[i] : gp) == doctest::Approx(wanted[i]).epsilon(1e-14));
  }
  // Vectors of results: both modes, by the functions and by hand.
  const auto result = to_vector(backward);
  const auto j = tape.jacobian(result, backward);
  const auto k = jacobian_forward([](const auto& v) { return to_vector(v); })(x);
  const auto seeded = to_vector(forward);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t next = (r + 1) % 3;
      const double below = 2 + std::cos(x[r]);
      const double want = c == r      ? x[next] / below + x[r] * x[next] * std::sin(x[r]) / (below * below)
                          : c == next ? x[r] / below
                                      : 0;
      const auto row = static_cast<index_t>(r), column = static_cast<index_t>(c);
      CHECK(j(row, column) == doctest::Approx(want).epsilon(1e-14));
      CHECK(k(row, column) == doctest::Approx(want).epsilon(1e-14));
      CHECK(seeded[r].tangent[c] == doctest::Approx(want).epsilon(1e-14));
    }
}

TEST_CASE("standard algorithms over tensors of rev and dual numbers") {
  const auto f = [](const auto& x) {
    auto y = evaluate(x * x);
    using T = typename decltype(y)::value_type;
    std::sort(y.begin(), y.end());  // 1, 4, 9 of x = 3, -1, 2
    std::transform(y.begin(), y.end(), y.begin(), [](const T& v) -> T { return exp(v / 8); });  // in place
    std::ranges::reverse(y);                                                                    // of 9, 4, 1
    const T largest = *std::max_element(y.begin(), y.end());
    return std::accumulate(y.begin(), y.end(), T(0)) + std::inner_product(x.begin(), x.end(), y.begin(), T(0)) +
           largest;
  };
  const Tensor<double, 3> x{3, -1, 2};
  const double a = std::exp(4.0 / 8), b = std::exp(9.0 / 8), c = std::exp(1.0 / 8);
  // f = a + b + c + 3 b - a + 2 c + b, where a is of x2, b of x0, c of x1
  const Tensor<double, 3> wanted{b + 5 * b * 6 / 8, a + 3 * c * -2 / 8, c};
  CHECK(test::near_all(grad(f)(x), wanted, 1e-14));
  CHECK(test::near(jvp(f, x, Tensor<double, 3>{0, 0, 1}).tangent, wanted(2), 1e-14));
  CHECK(std::distance(x.begin(), x.end()) == 3);
}

TEST_CASE("increments, fabs, and the larger of a result and a plain number") {
  const auto f = [](auto x) {
    using T = decltype(x);
    using std::fabs;
    using std::max;
    using std::min;
    T y = fabs(x);
    ++y;
    const T before = y++;
    y--;
    --y;
    T z = max(y * before, 0.5) + min(0.25, x * x) + fabs(x * y) + max(x * x, x * y);
    return evaluate(z * y);
  };
  for (const double x : {1.5, -0.7, 0.3}) {
    const double wanted = test::slope([&](double v) { return f(v); }, x);
    CHECK(test::near(grad(f)(x), wanted, 1e-9));
    CHECK(test::near(jvp(f, x, 1.0).tangent, wanted, 1e-9));
  }
}

template <class T = double>
struct Spring {
  T stiffness, damping;
  double mass;
};

TEST_CASE("numbers in containers and structs are variables, in both modes and on a tape") {
  const auto f = [](const auto& v) { return v[0] * v[0] * v[1] + v[2]; };
  const std::vector<double> x{3, 4, 5};
  const auto g = grad(f)(x);
  CHECK(g == std::vector<double>{24, 9, 1});
  CHECK(jvp(f, x, std::vector<double>{0, 1, 0}).tangent == 9);
  CHECK(vjp(f, x)(2.0) == std::vector<double>{48, 18, 2});
  CHECK(grad(f)(std::array<double, 3>{3, 4, 5}) == std::array<double, 3>{24, 9, 1});

  const auto energy = [](const auto& s) { return s.stiffness * s.stiffness * s.damping * s.mass; };
  const auto of_spring = grad(energy)(Spring<>{2, 3, 0.5});
  CHECK(of_spring.stiffness == 6);
  CHECK(of_spring.damping == 2);
  CHECK(of_spring.mass == 0.5);  // its type is no T: a hyper-parameter, which stays what it is

  Tape tape;
  const auto variables = tape.variable(x);
  const auto [gv] = tape.gradient(f(variables), variables);
  CHECK(gv == g);
  tape.reset();
  std::vector<rev<double>> own{tape.variable(3.0), tape.variable(4.0), tape.variable(5.0)};
  const rev<double> y = f(own);
  const auto [go] = tape.gradient(y, own);
  CHECK(go == g);
}

TEST_CASE("streams write values, as they write plain numbers") {
  std::ostringstream s;
  s.precision(3);
  Tape tape;
  const rev<double> x = tape.variable(2.0);
  Tensor<rev<double>, 2> t{x, x * x};
  s << x << " " << x / 3 << " " << dual<float, 2>(3) << " " << dual<dual<double>>(1.25) << " " << t(1) << " " << t;
  CHECK(s.str() == "2 0.667 3 1.25 4 [2. 4.]");
}

TEST_CASE("numbers of an earlier recording are constants, and no variables of the new one") {
  Tape tape;
  const auto old = tape.variable(3.0);
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    const auto x = tape.variable(5.0);
    const auto [g] = tape.gradient(old * old * x, x);
    CHECK(g == 9);
    CHECK_THROWS_AS(tape.gradient(old * x, old), value_error);
  }
}
