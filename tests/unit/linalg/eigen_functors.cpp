// Functors as they are written for Ceres and for the autodiff library, with Eigen's vectors and quaternions in them.
#if __has_include(<Eigen/Geometry>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <tenon/ad/eigen.hpp>
#include <type_traits>
#include <vector>

using namespace tenon;

namespace {

// As for Ceres: what one pose (a place, a turn) sees of another, against what was measured. Blocks of parameters come
// as pointers.
struct BetweenPoses {
  Eigen::Vector3d place{1, 0.5, -0.25};
  Eigen::Quaterniond turn = Eigen::Quaterniond(0.9, 0.1, -0.3, 0.2).normalized();
  template <typename T>
  bool operator()(const T* const place_a, const T* const turn_a, const T* const place_b, const T* const turn_b,
                  T* residuals) const {
    Eigen::Map<const Eigen::Matrix<T, 3, 1>> p_a(place_a), p_b(place_b);
    Eigen::Map<const Eigen::Quaternion<T>> q_a(turn_a), q_b(turn_b);
    const Eigen::Quaternion<T> back = q_a.conjugate(), seen = back * q_b;
    const Eigen::Matrix<T, 3, 1> away = back * (p_b - p_a);
    const Eigen::Quaternion<T> left = turn.template cast<T>() * seen.conjugate();
    Eigen::Map<Eigen::Matrix<T, 6, 1>> residual(residuals);
    residual.template head<3>() = away - place.template cast<T>();
    residual.template tail<3>() = T(2.0) * left.vec();
    return true;
  }
};
// With as many blocks as there are: `parameters[0]` a line, the others points that it should meet.
struct Line {
  int points;
  template <typename T>
  bool operator()(T const* const* parameters, T* residuals) const {
    using std::isfinite;
    for (int i = 0; i < points; ++i) {
      const T* const p = parameters[1 + i];
      const T d = p[1] - exp(parameters[0][0] * p[0] + parameters[0][1]);
      if (!isfinite(d)) return false;
      residuals[i] = d > T(1.0) || d < -1.0 ? T(2.0) * sqrt(abs(d)) - 1.0 : d * d;  // Huber's
    }
    return true;
  }
};
// As for autodiff: of Eigen's vectors and arrays of the number type.
template <typename T>
Eigen::Matrix<T, Eigen::Dynamic, 1> scaled(const Eigen::Matrix<T, Eigen::Dynamic, 1>& x, const T& p) {
  return x * x.sum() * p + x.cwiseProduct(x);
}
template <typename T>
T folded(const Eigen::Array<T, Eigen::Dynamic, 1>& x, const Eigen::Array<T, Eigen::Dynamic, 1>& p) {
  return (x * x.exp()).sum() * log(p.square().sum()) + (x * p).prod() / p(0);
}

constexpr int most = 16;
using Forward = dual<double, most>;
using Backward = rev<double>;

// f(numbers, results), run with double, dual and rev numbers: both derivatives agree, and are the differences.
template <class F>
void check(int n, int results, const double* x, const F& f) {
  const auto at = [&](int i, double h, double* r) {
    double moved[most];
    for (int k = 0; k < n; ++k) moved[k] = x[k] + (k == i ? h : 0);
    f(moved, r);
  };
  double plain[most];
  at(0, 0, plain);
  Forward forward[most], pushed[most];
  Tape tape;
  Backward backward[most], recorded[most];
  for (int i = 0; i < n; ++i) {
    forward[i] = x[i];
    forward[i].tangent[i] = 1;
    backward[i] = tape.variable(x[i]);
  }
  f(forward, pushed);
  f(backward, recorded);
  const std::vector<Backward> rows(recorded, recorded + results), variables(backward, backward + n);
  const auto j = tape.jacobian(rows, variables);
  for (int k = 0; k < results; ++k) {
    CHECK(pushed[k].value == doctest::Approx(plain[k]).epsilon(1e-14));
    CHECK(recorded[k].value == doctest::Approx(plain[k]).epsilon(1e-14));
  }
  double worst = 0, apart = 0;
  for (int i = 0; i < n; ++i) {
    constexpr double h = 1e-3;
    double up[most], down[most], far_up[most], far_down[most];
    at(i, h, up), at(i, -h, down), at(i, 2 * h, far_up), at(i, -2 * h, far_down);
    for (int k = 0; k < results; ++k) {
      const double slope = (8 * (up[k] - down[k]) - (far_up[k] - far_down[k])) / (12 * h);
      worst = std::fmax(worst, std::fabs(pushed[k].tangent[i] - slope) / (1 + std::fabs(slope)));
      apart = std::fmax(apart, std::fabs(pushed[k].tangent[i] - j(k, i)) / (1 + std::fabs(slope)));
    }
  }
  CHECK(worst < 1e-9);
  CHECK(apart < 1e-13);
}

}  // namespace

TEST_CASE("cost functions for Ceres: maps of vectors and quaternions") {
  const double x[] = {0.2, -0.4, 1, 0.1, 0.3, -0.2, 0.9, 1.5, 0.25, -1, -0.3, 0.2, 0.4, 0.8};
  const BetweenPoses f;
  check(14, 6, x, [&](const auto* p, auto* r) { CHECK(f(p, p + 3, p + 7, p + 10, r)); });
}
TEST_CASE("cost functions for Ceres: any number of blocks, branches") {
  const double x[] = {0.5, -0.25, 0.5, 1.25, 1, 3.5, -1, 0.25, 2, -1};
  const Line f{4};
  check(10, 4, x, [&](const auto* p, auto* r) {
    const std::remove_cvref_t<decltype(*p)>* const blocks[] = {p, p + 2, p + 4, p + 6, p + 8};
    CHECK(f(blocks, r));
  });
}
TEST_CASE("functions for autodiff: Eigen's vectors and arrays") {
  const double x[] = {0.5, -1, 0.75, 1.25, 0.3, 2, -0.6};
  check(7, 6, x, [](const auto* p, auto* r) {
    using T = std::remove_cvref_t<decltype(*r)>;
    using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
    const Vector v = Eigen::Map<const Vector>(p, 5), y = scaled<T>(v, p[5]);
    for (int i = 0; i < 5; ++i) r[i] = y(i);
    r[5] = folded<T>(v.head(3).array(), Eigen::Map<const Vector>(p + 4, 3).array());
  });
}
#endif
