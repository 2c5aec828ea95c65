// benchmarks/autodiff/ba.cpp: Jacobians of the reprojection error of bundle adjustment, 2 x 15 each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The size of the case is the number of observations. tenon_batch takes them all at once: parameters and Jacobians are
// then kept component by component, as a solver would that works on many at a time.
#include "ba.hpp"

#include "inputs.hpp"
#include "peers.hpp"

namespace bench {
namespace {

using std::size_t;
constexpr int parameters = ba::parameters;

// ba::error as a function of fixed size that does not branch. The rotation is y = c x + a (r cross x) + b r (r . x)
// with a = sin(t)/t, b = (1 - cos t)/t^2, t = |r|: the number added keeps a = 1 where there is none.
constexpr auto reprojection = [](const auto& p, const auto& feature) {
  using T = std::remove_cvref_t<decltype(p(0))>;
  const T x0 = p(11) - p(3), x1 = p(12) - p(4), x2 = p(13) - p(5);
  const T square_angle = p(0) * p(0) + p(1) * p(1) + p(2) * p(2) + 1e-300, angle = sqrt(square_angle);
  const T inverse = reciprocal(angle), c = cos(angle), a = sin(angle) * inverse;
  const T along = (1 - c) * inverse * inverse * (p(0) * x0 + p(1) * x1 + p(2) * x2);
  const T depth = reciprocal(c * x2 + a * (p(0) * x1 - p(1) * x0) + p(2) * along);
  const T u = (c * x0 + a * (p(1) * x2 - p(2) * x1) + p(0) * along) * depth;
  const T v = (c * x1 + a * (p(2) * x0 - p(0) * x2) + p(1) * along) * depth;
  const T square = u * u + v * v;
  const T scale = (1 + p(9) * square + p(10) * square * square) * p(6);
  return tenon::Tensor<T, 2>{p(14) * (u * scale + p(7) - feature(0)), p(14) * (v * scale + p(8) - feature(1))};
};

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
    const auto m = static_cast<tenon::index_t>(n);
    rows = tenon::Tensor<double, parameters, tenon::dyn>(parameters, m);
    features = tenon::Tensor<double, 2, tenon::dyn>(2, m), batch_errors = tenon::Tensor<double, 2, tenon::dyn>(2, m);
    batch_jacobians = tenon::Tensor<double, 2, parameters, tenon::dyn>(2, parameters, m);
    for (tenon::index_t i = 0; i < m; ++i) {
      for (int k = 0; k < parameters; ++k) rows(k, i) = p[static_cast<size_t>(i * parameters + k)];
      for (int k = 0; k < 2; ++k) features(k, i) = feature[static_cast<size_t>(2 * i + k)];
    }
    hand();
    expect();
  }
  double* error(size_t i) { return y.data() + 2 * i; }
  double* jacobian(size_t i) { return y.data() + 2 * n + 2 * parameters * i; }
  void hand() {
    for (size_t i = 0; i < n; ++i) ba::hand(p.data() + i * parameters, feature.data() + 2 * i, error(i), jacobian(i));
  }
  // What tenon_batch computed, component by component, to y.
  void collect() override {
    if (!batched) return;
    batched = false;
    for (size_t i = 0; i < n; ++i)
      for (int k = 0; k < 2; ++k) {
        const auto at = static_cast<tenon::index_t>(i);
        error(i)[k] = batch_errors(k, at);
        for (int t = 0; t < parameters; ++t) jacobian(i)[k * parameters + t] = batch_jacobians(k, t, at);
      }
  }
  size_t n = 0;
  tenon::Tensor<double, parameters, tenon::dyn> rows;
  tenon::Tensor<double, 2, tenon::dyn> features, batch_errors;
  tenon::Tensor<double, 2, parameters, tenon::dyn> batch_jacobians;
  bool batched = false;
  std::vector<double> p, feature;
};

// Forward mode: each parameter is a number with 15 derivatives.
constexpr auto forward = [](Ba& b, const auto& variable, const auto& value, const auto& store) {
  using T = decltype(variable(0.0, 0));
  for (size_t i = 0; i < b.n; ++i) {
    T p[parameters], e[2];
    for (int k = 0; k < parameters; ++k) p[k] = variable(b.p[i * parameters + static_cast<size_t>(k)], k);
    ba::error(p, b.feature.data() + 2 * i, e);
    for (int k = 0; k < 2; ++k) {
      b.error(i)[k] = value(e[k]);
      store(e[k], b.jacobian(i) + k * parameters);
    }
  }
};

void add(const std::string& size, std::function<Ba*()> make) {
  GradientCase<Ba> c("autodiff/ba/f64/" + size, std::move(make));
  c.primal("primal", [](Ba& b) {
    for (size_t i = 0; i < b.n; ++i) ba::error(b.p.data() + i * parameters, b.feature.data() + 2 * i, b.error(i));
  });
  c.run("hand", [](Ba& b) { b.hand(); });
  c.run("tenon", [](Ba& b) {
    for (size_t i = 0; i < b.n; ++i) {
      tenon::Tensor<double, parameters> p;
      std::copy_n(b.p.data() + i * parameters, parameters, p.data());
      const tenon::Tensor<double, 2> feature{b.feature[2 * i], b.feature[2 * i + 1]};
      const auto r = tenon::unrolled_jacobian(reprojection)(p, feature);
      std::copy_n(r.value.data(), 2, b.error(i));
      std::copy_n(r.jacobian.data(), 2 * parameters, b.jacobian(i));
    }
  });
  c.run("tenon_batch", [](Ba& b) {
    tenon::unrolled_jacobian(reprojection).batch(b.batch_errors, b.batch_jacobians, b.rows, b.features);
    b.batched = true;
  });
  add_forward_code<parameters>(c, forward);
}

const Area area([] {
  add("1000", [] { return new Ba(1000); });
  if (const std::string file = input("ba/test.txt"); !file.empty())
    add("adbench_test", [file] { return new Ba(Numbers(file)); });
});

}  // namespace
}  // namespace bench
