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

// All observations at once: row k of `p` is parameter k of each. The rotation is y = c x + a (r cross x) + b r (r . x)
// with a = sin(t)/t, b = (1 - cos t)/t^2, t = |r|, which has no case of its own at no rotation.
auto tensor_errors(const auto& p, const auto& feature) {
  using namespace tenon;
  const auto r0 = row(p, 0), r1 = row(p, 1), r2 = row(p, 2);
  const auto x0 = evaluate(row(p, 11) - row(p, 3)), x1 = evaluate(row(p, 12) - row(p, 4)),
             x2 = evaluate(row(p, 13) - row(p, 5));
  const auto square_angle = evaluate(r0 * r0 + r1 * r1 + r2 * r2 + 1e-300), angle = evaluate(sqrt(square_angle));
  const auto c = evaluate(cos(angle)), a = evaluate(sin(angle) / angle);
  const auto along = evaluate((1 - c) / square_angle * (r0 * x0 + r1 * x1 + r2 * x2));
  const auto depth = evaluate(reciprocal(c * x2 + a * (r0 * x1 - r1 * x0) + r2 * along));
  const auto u = evaluate((c * x0 + a * (r1 * x2 - r2 * x1) + r0 * along) * depth);
  const auto v = evaluate((c * x1 + a * (r2 * x0 - r0 * x2) + r1 * along) * depth);
  const auto square = evaluate(u * u + v * v);
  const auto scale = evaluate((1 + row(p, 9) * square + row(p, 10) * square * square) * row(p, 6));
  return evaluate(stack<0>(row(p, 14) * (u * scale + row(p, 7) - row(feature, 0)),
                           row(p, 14) * (v * scale + row(p, 8) - row(feature, 1))));
}

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
    rows = tenon::Tensor<double, parameters, tenon::dyn>(parameters, m),
    features = tenon::Tensor<double, 2, tenon::dyn>(2, m);
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
    if (batch_errors.size() == 0) return;
    for (size_t i = 0; i < n; ++i)
      for (int k = 0; k < 2; ++k) {
        const auto at = static_cast<tenon::index_t>(i);
        error(i)[k] = batch_errors(k, at);
        for (int t = 0; t < parameters; ++t) jacobian(i)[k * parameters + t] = batch_jacobian[k](t, at);
      }
    batch_errors = {};
  }
  size_t n = 0;
  tenon::Tensor<double, parameters, tenon::dyn> rows, batch_jacobian[2];
  tenon::Tensor<double, 2, tenon::dyn> features, batch_errors;
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
  c.run("tenon_batch", [](Ba& b) {
    const auto errors = [&](const auto& p) { return tensor_errors(p, b.features); };
    auto back = vjp(errors, b.rows);
    tenon::Tensor<double, 2, tenon::dyn> seed(2, b.features.extent(1));
    for (int k = 0; k < 2; ++k) {
      row(seed, k) = 1.0, row(seed, 1 - k) = 0.0;
      b.batch_jacobian[k] = back(seed);
    }
    b.batch_errors = back.value;
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
