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

// Forward mode: each parameter is a number with 26 derivatives.
constexpr auto forward = [](Tracking& t, const auto& variable, const auto& value, const auto& store) {
  using T = decltype(variable(0.0, 0));
  std::vector<T> p(parameters), e(t.values);
  for (size_t k = 0; k < parameters; ++k) p[k] = variable(t.p[k], static_cast<int>(k));
  problem::errors(t.model, static_cast<const T*>(p.data()), e.data());
  for (size_t i = 0; i < t.values; ++i) {
    t.y[i] = value(e[i]);
    store(e[i], t.y.data() + t.values + i * parameters);
  }
};

// A bone moves with the four angles of its finger alone: its frame is of numbers with four tangents, one register.
void by_fingers(Tracking& t) {
  using problem::bones, problem::fingers;
  using Angle = tenon::dual<double, 4>;
  using Turn = tenon::dual<double, 3>;
  Angle absolute[bones][12], skin[bones][12], angle[4 * fingers];
  for (int k = 0; k < 4 * fingers; ++k) {
    angle[k] = t.p[6 + k];
    angle[k].tangent[k % 4] = 1;
  }
  const auto is_fixed = [](int b) { return b == 0 || b == bones - 1 || b % 4 == 1; };
  for (int b = 0; b < bones; ++b) {
    const double* frame = t.model.relative[b];
    const int joint = (b + 3) % 4;
    const Angle* of_finger = angle + (b - 1) / 4 * 4;
    Angle posed[12];
    if (is_fixed(b)) {
      std::copy_n(frame, 12, posed);
    } else if (joint == 1) {
      problem::turn(frame, of_finger[0], of_finger[1], posed);
    } else {
      problem::turn(frame, of_finger[joint], posed);
    }
    if (t.model.parent[b] < 0) {
      std::copy_n(posed, 12, absolute[b]);
    } else {
      problem::compose(absolute[t.model.parent[b]], posed, absolute[b]);
    }
    problem::compose(absolute[b], t.model.inverse[b], skin[b]);
  }
  Turn turn[3], m[9];
  for (int k = 0; k < 3; ++k) {
    turn[k] = t.p[k];
    turn[k].tangent[k] = 1;
  }
  problem::rotation(turn, m);
  double *e = t.y.data(), *row = e + t.values;
  for (const problem::Vertex& v : t.model.vertices) {
    Angle of_finger[fingers][3];
    bool moved[fingers] = {};
    double x[3] = {};
    for (const problem::Share& share : v.shares) {
      const Angle* frame = skin[share.bone];
      const bool fixed = is_fixed(share.bone);
      const int f = fixed ? 0 : (share.bone - 1) / 4;
      for (int i = 0; i < 3; ++i, frame += 4) {
        const Angle part = frame[0] * v.place[0] + frame[1] * v.place[1] + frame[2] * v.place[2] + frame[3];
        x[i] += share.weight * part.value;
        if (!fixed) of_finger[f][i] += share.weight * part;
      }
      moved[f] = moved[f] || !fixed;
    }
    for (int i = 0; i < 3; ++i, row += parameters) {
      const Turn* mi = m + 3 * i;
      const Turn turned = mi[0] * x[0] + mi[1] * x[1] + mi[2] * x[2];
      *e++ = v.measured[i] - (turned.value + t.p[3 + i]);
      for (int k = 0; k < 3; ++k) {
        row[k] = -turned.tangent[k];
        row[3 + k] = i == k ? -1 : 0;
      }
      for (int f = 0; f < fingers; ++f) {
        Angle g;
        if (moved[f])
          g = -(mi[0].value * of_finger[f][0] + mi[1].value * of_finger[f][1] + mi[2].value * of_finger[f][2]);
        std::copy_n(g.tangent, 4, row + 6 + 4 * f);
      }
    }
  }
}

void add(const std::string& size, std::function<Tracking*()> make) {
  GradientCase<Tracking> c("autodiff/hand/f64/" + size, std::move(make));
  c.primal("primal", [](Tracking& t) { problem::errors(t.model, static_cast<const double*>(t.p), t.y.data()); });
  c.run("hand", [](Tracking& t) { t.hand(); });
  c.run("tenon", by_fingers);
  add_forward_code<problem::parameters>(c, forward);
}

const Area area([] {
  add("t26_c100", [] { return new Tracking; });
  const std::string bones = input("hand/model/bones.txt"), measurement = input("hand/simple_small/hand1_t26_c100.txt");
  if (!bones.empty() && !measurement.empty())
    add("adbench_t26_c100", [=] { return new Tracking(bones.substr(0, bones.rfind('/')), Numbers(measurement)); });
});

}  // namespace
}  // namespace bench
