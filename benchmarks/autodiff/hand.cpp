// benchmarks/autodiff/hand.cpp: Jacobians of ADBench's hand tracking: 3 errors of each vertex by 26 parameters.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hand.hpp"

#include <sstream>

#include "inputs.hpp"
#include "peers.hpp"

namespace bench {
namespace {

namespace problem = hand_tracking;
using std::size_t;
constexpr size_t parameters = problem::parameters;

struct Tracking : Differentiated {
  Tracking() {
    std::vector<double> numbers(4000);
    fill(numbers.data(), numbers.size(), -1, 1, 1);
    const double* next = numbers.data();
    model = problem::make(100, [&] { return *next++; });
    for (double& x : p) x = 0.5 * *next++;
    finish();
  }
  // ADBench's files: bones (name, parent, two 4 x 4 frames) and vertices (place, normal, 2 numbers, a count, bones and
  // weights), with colons between; a measurement (vertices and their places, then the parameters).
  Tracking(const std::string& folder, Numbers measurement) {
    int b = 0;
    for (std::istringstream& line : lines(folder + "/bones.txt")) {
      std::string name;
      line >> name >> model.parent[b];
      for (auto* frame : {model.relative[b], model.inverse[b]})
        for (int i = 0; i < 16; ++i) line >> (i < 12 ? frame[i] : unused);
      ++b;
    }
    std::vector<problem::Vertex> all;
    for (std::istringstream& line : lines(folder + "/vertices.txt")) {
      problem::Vertex v{};
      for (double& x : v.place) line >> x;
      for (int i = 0; i < 5; ++i) line >> unused;
      int count = 0;
      line >> count;
      v.shares.resize(static_cast<size_t>(count));
      for (auto& share : v.shares) line >> share.bone >> share.weight;
      all.push_back(v);
    }
    const size_t n = measurement.count();
    measurement.count();
    for (size_t i = 0; i < n; ++i) {
      model.vertices.push_back(all.at(measurement.count()));
      measurement.read(model.vertices.back().measured, 3);
    }
    measurement.read(p, parameters);
    finish();
  }
  static std::vector<std::istringstream> lines(const std::string& path) {
    std::vector<std::istringstream> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      for (char& c : line) c = c == ':' ? ' ' : c;
      if (!line.empty()) all.emplace_back(line);
    }
    return all;
  }
  void finish() {
    values = 3 * model.vertices.size();
    y.resize(values * (1 + parameters));
    hand();
    expect();
  }
  void hand() { problem::hand(model, p, y.data(), y.data() + values); }
  problem::Hand model;
  double p[parameters] = {}, unused = 0;
};

// Forward mode: each parameter is a number with 26 tangents.
template <class Make, class Value, class Tangent>
void forward(Tracking& t, const Make& make, const Value& value, const Tangent& tangent) {
  using T = decltype(make(0.0, 0));
  std::vector<T> p(parameters), e(t.values);
  for (size_t k = 0; k < parameters; ++k) p[k] = make(t.p[k], static_cast<int>(k));
  problem::errors(t.model, static_cast<const T*>(p.data()), e.data());
  for (size_t i = 0; i < t.values; ++i) {
    t.y[i] = value(e[i]);
    double* row = t.y.data() + t.values + i * parameters;
    for (size_t k = 0; k < parameters; ++k) row[k] = tangent(e[i], static_cast<int>(k));
  }
}

void add(const std::string& size, std::function<Tracking*()> make) {
  GradientCase<Tracking> c("autodiff/hand/f64/" + size, std::move(make));
  c.primal("primal", [](Tracking& t) { problem::errors(t.model, static_cast<const double*>(t.p), t.y.data()); });
  c.run("hand", [](Tracking& t) { t.hand(); });
  c.run("tenon_dual", [](Tracking& t) {
    using D = tenon::dual<double, problem::parameters>;
    const auto variable = [](double v, int k) {
      D x(v);
      x.tangent[k] = 1;
      return x;
    };
    forward(
        t, variable, [](const D& x) { return x.value; }, [](const D& x, int k) { return x.tangent[k]; });
  });
#if BENCH_AUTODIFF_EIGEN
  c.run("eigen_autodiffscalar", [](Tracking& t) {
    using D = Eigen::AutoDiffScalar<Eigen::Matrix<double, problem::parameters, 1>>;
    forward(
        t, [](double v, int k) { return D(v, problem::parameters, k); }, [](const D& x) { return x.value(); },
        [](const D& x, int k) { return x.derivatives()[k]; });
  });
#endif
#if BENCH_CERES
  c.run("ceres_jet", [](Tracking& t) {
    using D = ceres::Jet<double, problem::parameters>;
    forward(
        t, [](double v, int k) { return D(v, k); }, [](const D& x) { return x.a; },
        [](const D& x, int k) { return x.v[k]; });
  });
#endif
}

const Area area([] {
  add("t26_c100", [] { return new Tracking; });
  const std::string bones = input("hand/model/bones.txt"), measurement = input("hand/simple_small/hand1_t26_c100.txt");
  if (!bones.empty() && !measurement.empty())
    add("adbench_t26_c100", [=] { return new Tracking(bones.substr(0, bones.rfind('/')), Numbers(measurement)); });
});

}  // namespace
}  // namespace bench
