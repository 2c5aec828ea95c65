// benchmarks/rows.cpp: softmax, layernorm and reductions of a 1024 x 1024 matrix of float, along either axis.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/tenon.hpp>

#include "hand_rows.hpp"
#include "peers.hpp"
#if BENCH_EIGEN
#include <Eigen/Core>
#endif

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using tenon::keepdims;
using tenon::Tensor;

constexpr index_t n = 1024;
constexpr std::size_t count = n;
constexpr float epsilon = 1e-5f;

enum class What { softmax, layernorm, sum, mean, var, argmax };

// What a line of the matrix gives: a line of n numbers, or one.
std::vector<double> reference(What what, const double* line) {
  double top = line[0], sum = 0, squares = 0, exps = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (line[i] > top) top = line[i], where = i;
    sum += line[i];
  }
  for (std::size_t i = 0; i < count; ++i) {
    squares += (line[i] - sum / n) * (line[i] - sum / n);
    exps += std::exp(line[i] - top);
  }
  std::vector<double> y(count);
  switch (what) {
    case What::softmax:
      for (std::size_t i = 0; i < count; ++i) y[i] = std::exp(line[i] - top) / exps;
      return y;
    case What::layernorm:
      for (std::size_t i = 0; i < count; ++i) y[i] = (line[i] - sum / n) / std::sqrt(squares / n + epsilon);
      return y;
    case What::sum:
      return {sum};
    case What::mean:
      return {sum / n};
    case What::var:
      return {squares / n};
    case What::argmax:
      return {static_cast<double>(where)};
  }
  return {};
}

template <class Y>
struct Matrix : Reference {
  Matrix(What what, int axis) : x(n, n), y(make()) {
    fill(x.data(), count * count, -2, 3, 1);
    const bool lines = what == What::softmax || what == What::layernorm;
    expected.resize(lines ? count * count : count);
    tolerance = what == What::argmax ? 0 : 1e-5;
    scale = what == What::softmax ? 1e-3 : what == What::sum ? 32 : 1;
    std::vector<double> line(count);
    for (index_t l = 0; l < n; ++l) {
      for (index_t i = 0; i < n; ++i)
        line[static_cast<std::size_t>(i)] = static_cast<double>(axis == 1 ? x(l, i) : x(i, l));
      const auto r = reference(what, line.data());
      for (std::size_t i = 0; i < r.size(); ++i)
        expected[lines && axis == 0 ? i * count + static_cast<std::size_t>(l)
                                    : static_cast<std::size_t>(l) * r.size() + i] = r[i];
    }
  }
  static Y make() {
    if constexpr (Y::rank == 2)
      return Y(n, n);
    else
      return Y(n);
  }
  auto result() { return std::span(y.data(), expected.size()); }

  Tensor<float, dyn, dyn> x;
  Y y;
};
using Whole = Matrix<Tensor<float, dyn, dyn>>;
using Line = Matrix<Tensor<float, dyn>>;
using Places = Matrix<Tensor<std::int64_t, dyn>>;

template <class Data>
Case<Data> add(const char* name, What what, int axis) {
  return add_case<Data>("rows/" + std::string(name) + "_axis" + std::to_string(axis) + "/f32/1024x1024",
                        [=] { return new Data(what, axis); });
}

template <int Axis>
void add_tenon_and_hand(Case<Whole>& softmax, Case<Whole>& layernorm, Case<Line>& sum, Case<Line>& mean,
                        Case<Line>& var, Case<Places>& argmax) {
  softmax.run("tenon", [](Whole& d) { d.y = tenon::softmax<Axis>(d.x); });
  layernorm.run("tenon", [](Whole& d) {
    d.y = (d.x - tenon::mean<Axis>(d.x, keepdims)) * rsqrt(tenon::var<Axis>(d.x, keepdims) + epsilon);
  });
  sum.run("tenon", [](Line& d) { d.y = tenon::sum<Axis>(d.x); });
  mean.run("tenon", [](Line& d) { d.y = tenon::mean<Axis>(d.x); });
  var.run("tenon", [](Line& d) { d.y = tenon::var<Axis>(d.x); });
  argmax.run("tenon", [](Places& d) { d.y = tenon::argmax<Axis>(d.x); });
#if BENCH_HAND
  constexpr bool row = Axis == 1;
  softmax.run("hand", [](Whole& d) { (row ? hand::softmax1 : hand::softmax0)(d.x.data(), d.y.data(), n, n); });
  layernorm.run("hand",
                [](Whole& d) { (row ? hand::layernorm1 : hand::layernorm0)(d.x.data(), d.y.data(), n, n, epsilon); });
  sum.run("hand", [](Line& d) { (row ? hand::sum1 : hand::sum0)(d.x.data(), d.y.data(), n, n, 1); });
  mean.run("hand", [](Line& d) { (row ? hand::sum1 : hand::sum0)(d.x.data(), d.y.data(), n, n, 1.0f / n); });
  var.run("hand", [](Line& d) { (row ? hand::var1 : hand::var0)(d.x.data(), d.y.data(), n, n); });
  argmax.run("hand", [](Places& d) {
    (row ? hand::argmax1 : hand::argmax0)(d.x.data(), reinterpret_cast<std::int64_t*>(d.y.data()), n, n);
  });
#endif
}

#if BENCH_EIGEN
using Array = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using In = Eigen::Map<const Array, Eigen::Aligned64>;
using Out = Eigen::Map<Array, Eigen::Aligned64>;

// Reductions along the axis. What repeats a line is written row by row: Eigen 3.4 does not vectorise its own broadcast.
template <int Axis, class X>
auto along(X&& x) {
  if constexpr (Axis == 1)
    return x.rowwise();
  else
    return x.colwise();
}
template <int Axis>
using Totals = std::conditional_t<Axis == 1, Eigen::ArrayXf, Eigen::Array<float, 1, Eigen::Dynamic>>;
template <int Axis>
using Result = Eigen::Map<Totals<Axis>, Eigen::Aligned64>;

template <int Axis>
void add_eigen(Case<Whole>& softmax, Case<Whole>& layernorm, Case<Line>& sum, Case<Line>& mean, Case<Line>& var,
               Case<Places>& argmax) {
  softmax.run("eigen", [](Whole& d) {
    const In x(d.x.data(), n, n);
    Out y(d.y.data(), n, n);
    if constexpr (Axis == 1) {
      for (index_t i = 0; i < n; ++i) {
        y.row(i) = (x.row(i) - x.row(i).maxCoeff()).exp();
        y.row(i) *= 1 / y.row(i).sum();
      }
    } else {
      const Totals<0> top = x.colwise().maxCoeff();
      Totals<0> sum = Totals<0>::Zero(n);
      for (index_t i = 0; i < n; ++i) sum += y.row(i) = (x.row(i) - top).exp();
      sum = sum.inverse().eval();
      for (index_t i = 0; i < n; ++i) y.row(i) *= sum;
    }
  });
  layernorm.run("eigen", [](Whole& d) {
    const In x(d.x.data(), n, n);
    Out y(d.y.data(), n, n);
    if constexpr (Axis == 1) {
      for (index_t i = 0; i < n; ++i) {
        y.row(i) = x.row(i) - x.row(i).mean();
        y.row(i) *= 1 / std::sqrt(y.row(i).square().mean() + epsilon);
      }
    } else {
      const Totals<0> mean = x.colwise().mean();
      Totals<0> f = Totals<0>::Zero(n);
      for (index_t i = 0; i < n; ++i) f += (x.row(i) - mean).square();
      f = (f * (1.0f / n) + epsilon).rsqrt().eval();
      for (index_t i = 0; i < n; ++i) y.row(i) = (x.row(i) - mean) * f;
    }
  });
  sum.run("eigen", [](Line& d) { Result<Axis>(d.y.data(), n) = along<Axis>(In(d.x.data(), n, n)).sum(); });
  mean.run("eigen", [](Line& d) { Result<Axis>(d.y.data(), n) = along<Axis>(In(d.x.data(), n, n)).mean(); });
  var.run("eigen", [](Line& d) {
    const In x(d.x.data(), n, n);
    Result<Axis> y(d.y.data(), n);
    if constexpr (Axis == 1) {
      for (index_t i = 0; i < n; ++i) y(i) = (x.row(i) - x.row(i).mean()).square().mean();
    } else {
      const Totals<0> mean = x.colwise().mean();
      y.setZero();
      for (index_t i = 0; i < n; ++i) y += (x.row(i) - mean).square();
      y *= 1.0f / n;
    }
  });
  argmax.run("eigen", [](Places& d) {
    const In x(d.x.data(), n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      Eigen::Index where;
      if constexpr (Axis == 1)
        x.row(i).maxCoeff(&where);
      else
        x.col(i).maxCoeff(&where);
      d.y.data()[i] = where;
    }
  });
}
#endif

template <class Data>
void add_peers(Case<Data>& c) {
  c.peers([](Data& d) { return Operands{{n, n}, {d.x.data(), d.y.data()}}; });
}

template <int Axis>
void add_axis() {
  auto softmax = add<Whole>("softmax", What::softmax, Axis), layernorm = add<Whole>("layernorm", What::layernorm, Axis);
  auto sum = add<Line>("sum", What::sum, Axis), mean = add<Line>("mean", What::mean, Axis);
  auto var = add<Line>("var", What::var, Axis);
  auto argmax = add<Places>("argmax", What::argmax, Axis);
  add_tenon_and_hand<Axis>(softmax, layernorm, sum, mean, var, argmax);
#if BENCH_EIGEN
  add_eigen<Axis>(softmax, layernorm, sum, mean, var, argmax);
#endif
  add_peers(softmax), add_peers(layernorm), add_peers(sum), add_peers(mean), add_peers(var), add_peers(argmax);
}

const Area area([] { add_axis<0>(), add_axis<1>(); });

}  // namespace
}  // namespace bench
