// benchmarks/autodiff/ba.cpp: Jacobians of the reprojection error of bundle adjustment, 2 x 15 each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The size of the case is the number of observations. tenon_batch takes 8 at a time: parameters and Jacobians are then
// kept component by component, as a solver would that works so.
#include "ba.hpp"

#include "gradient.hpp"
#include "inputs.hpp"
#include "peers.hpp"

namespace bench {
namespace {

using std::size_t;
constexpr int parameters = ba::parameters, lanes = 8;

struct Ba : Differentiated {
  explicit Ba(size_t count) : n(count) {
    resize();
    fill(p.data(), p.size(), -0.5, 0.5, 1);
    fill(feature.data(), feature.size(), -100, 100, 2);
    for (size_t i = 0; i < n; ++i) {
      double* q = p.data() + i * parameters;
      q[5] -= 5;    // the point is in front of the camera
      q[6] += 200;  // the focal length, in pixels
      q[14] += 1;
    }
    finish();
  }
  // A file of ADBench: counts of cameras, points, observations; one camera, one point, one weight, one feature, which
  // all observations have.
  explicit Ba(Numbers file) {
    file.count(), file.count(), n = file.count();
    resize();
    file.read(p.data(), parameters);
    file.read(feature.data(), 2);
    for (size_t i = 1; i < n; ++i) {
      std::copy_n(p.data(), parameters, p.data() + i * parameters);
      std::copy_n(feature.data(), 2, feature.data() + 2 * i);
    }
    finish();
  }
  void resize() {
    p.resize(n * parameters), feature.resize(2 * n);
    y.resize(2 * n + 2 * n * parameters), values = 2 * n;
  }
  void finish() {
    hand();
    expect();
  }
  double* error(size_t i) { return y.data() + 2 * i; }
  double* jacobian(size_t i) { return y.data() + 2 * n + 2 * parameters * i; }
  void hand() {
    for (size_t i = 0; i < n; ++i) ba::hand(p.data() + i * parameters, feature.data() + 2 * i, error(i), jacobian(i));
  }
  size_t n = 0;
  std::vector<double> p, feature;
};

// Forward mode: each parameter is a number with 15 tangents.
template <class Make, class Value, class Tangent>
void forward(Ba& b, const Make& make, const Value& value, const Tangent& tangent) {
  using T = decltype(make(0.0, 0));
  for (size_t i = 0; i < b.n; ++i) {
    T p[parameters], e[2];
    for (int k = 0; k < parameters; ++k) p[k] = make(b.p[i * parameters + static_cast<size_t>(k)], k);
    ba::error(p, b.feature.data() + 2 * i, e);
    for (int k = 0; k < 2; ++k) {
      b.error(i)[k] = value(e[k]);
      for (int t = 0; t < parameters; ++t) b.jacobian(i)[k * parameters + t] = tangent(e[k], t);
    }
  }
}

void add(const std::string& size, std::function<Ba*()> make) {
  GradientCase<Ba> c("autodiff/ba/f64/" + size, std::move(make));
  c.primal("primal", [](Ba& b) {
    for (size_t i = 0; i < b.n; ++i) ba::error(b.p.data() + i * parameters, b.feature.data() + 2 * i, b.error(i));
  });
  c.run("hand", [](Ba& b) { b.hand(); });
  c.run("tenon", [](Ba& b) {
    using D = tenon::dual<double, parameters>;
    const auto variable = [](double v, int k) {
      D x(v);
      x.tangent[k] = 1;
      return x;
    };
    forward(
        b, variable, [](const D& x) { return x.value; }, [](const D& x, int k) { return x.tangent[k]; });
  });
#if BENCH_AUTODIFF_EIGEN
  c.run("eigen_autodiffscalar", [](Ba& b) {
    using D = Eigen::AutoDiffScalar<Eigen::Matrix<double, parameters, 1>>;
    forward(
        b, [](double v, int k) { return D(v, parameters, k); }, [](const D& x) { return x.value(); },
        [](const D& x, int k) { return x.derivatives()[k]; });
  });
#endif
#if BENCH_CERES
  c.run("ceres_jet", [](Ba& b) {
    using D = ceres::Jet<double, parameters>;
    forward(
        b, [](double v, int k) { return D(v, k); }, [](const D& x) { return x.a; },
        [](const D& x, int k) { return x.v[k]; });
  });
#endif
}

const Area area([] {
  add("1000", [] { return new Ba(1000); });
  if (const std::string file = input("ba/test.txt"); !file.empty())
    add("adbench_test", [file] { return new Ba(Numbers(file)); });
});

}  // namespace
}  // namespace bench
