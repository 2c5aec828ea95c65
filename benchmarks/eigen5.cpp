// benchmarks/eigen5.cpp: Eigen 5 as a peer beside Eigen 3.4: elements, rows and columns, products and epilogues.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both have one namespace: this file alone is compiled with -DEigen=Eigen5, and with the folder of Eigen 5 before that
// of another. It computes what the other files compute with Eigen 3.4, in the same way.
#include "common.hpp"

#if BENCH_EIGEN5
#include <Eigen/Core>

namespace bench {
namespace {

using Eigen::Dynamic;
template <class X>
using Map = Eigen::Map<X, Eigen::Aligned64>;

// ---- element by element ---------------------------------------------------------------------------------------------

template <class T>
auto vector(const Operands& o, std::size_t i, std::size_t axis = 0) {
  return Map<Eigen::Array<T, Dynamic, 1>>(o.at<T>(i), o[axis]);
}
template <class T>
Kernel chain(const Operands& o) {
  return {[a = vector<T>(o, 0), b = vector<T>(o, 1), c = vector<T>(o, 2), y = vector<T>(o, 3)]() mutable {
            y = (a * b + c).tanh() * (-a * a).exp();
          },
          {}};
}
const Peer chain32("eigen5", "pointwise/chain/f32", chain<float>);
const Peer chain64("eigen5", "pointwise/chain/f64", chain<double>);
const Peer axpbz("eigen5", "pointwise/axpbz/f32", [](const Operands& o) {
  return Kernel{[a = vector<float>(o, 0), b = vector<float>(o, 1), y = vector<float>(o, 2)]() mutable {
                  y = 1.5f * a + 0.75f * b;
                },
                {}};
});

// ---- rows and columns of a matrix -----------------------------------------------------------------------------------

using Matrix = Map<Eigen::Array<float, Dynamic, Dynamic, Eigen::RowMajor>>;
using Row = Eigen::Array<float, 1, Dynamic>;

Matrix matrix(const Operands& o, std::size_t i) { return {o.at(i), o[0], o[1]}; }
template <class T = float>
Map<Eigen::Array<T, 1, Dynamic>> row(const Operands& o, std::size_t i) {
  return {o.at<T>(i), o[1]};
}
/// What calls f(operands).
template <class F>
Peer::Prepare calls(F f) {
  return [f](const Operands& o) { return Kernel{[f, o] { f(o); }, {}}; };
}

const Peer softmax0("eigen5", "rows/softmax_axis0/f32", calls([](const Operands& o) {
                      const Matrix x = matrix(o, 0);
                      Matrix y = matrix(o, 1);
                      const Row top = x.colwise().maxCoeff();
                      Row sum = Row::Zero(o[1]);
                      for (Eigen::Index i = 0; i < x.rows(); ++i) sum += y.row(i) = (x.row(i) - top).exp();
                      sum = sum.inverse().eval();
                      for (Eigen::Index i = 0; i < x.rows(); ++i) y.row(i) *= sum;
                    }));
const Peer softmax1("eigen5", "rows/softmax_axis1/f32", calls([](const Operands& o) {
                      const Matrix x = matrix(o, 0);
                      Matrix y = matrix(o, 1);
                      for (Eigen::Index i = 0; i < x.rows(); ++i) {
                        y.row(i) = (x.row(i) - x.row(i).maxCoeff()).exp();
                        y.row(i) *= 1 / y.row(i).sum();
                      }
                    }));
const Peer layernorm0("eigen5", "rows/layernorm_axis0/f32", calls([](const Operands& o) {
                        const Matrix x = matrix(o, 0);
                        Matrix y = matrix(o, 1);
                        const Row mean = x.colwise().mean();
                        Row f = Row::Zero(o[1]);
                        for (Eigen::Index i = 0; i < x.rows(); ++i) f += (x.row(i) - mean).square();
                        f = (f * (1 / static_cast<float>(o[0])) + 1e-5f).rsqrt().eval();
                        for (Eigen::Index i = 0; i < x.rows(); ++i) y.row(i) = (x.row(i) - mean) * f;
                      }));
const Peer layernorm1("eigen5", "rows/layernorm_axis1/f32", calls([](const Operands& o) {
                        const Matrix x = matrix(o, 0);
                        Matrix y = matrix(o, 1);
                        for (Eigen::Index i = 0; i < x.rows(); ++i) {
                          y.row(i) = x.row(i) - x.row(i).mean();
                          y.row(i) *= 1 / std::sqrt(y.row(i).square().mean() + 1e-5f);
                        }
                      }));
const Peer sum0("eigen5", "rows/sum_axis0/f32",
                calls([](const Operands& o) { row(o, 1) = matrix(o, 0).colwise().sum(); }));
const Peer sum1("eigen5", "rows/sum_axis1/f32",
                calls([](const Operands& o) { vector<float>(o, 1) = matrix(o, 0).rowwise().sum(); }));
const Peer mean0("eigen5", "rows/mean_axis0/f32",
                 calls([](const Operands& o) { row(o, 1) = matrix(o, 0).colwise().mean(); }));
const Peer mean1("eigen5", "rows/mean_axis1/f32",
                 calls([](const Operands& o) { vector<float>(o, 1) = matrix(o, 0).rowwise().mean(); }));
const Peer var0("eigen5", "rows/var_axis0/f32", calls([](const Operands& o) {
                  const Matrix x = matrix(o, 0);
                  auto y = row(o, 1);
                  const Row mean = x.colwise().mean();
                  y.setZero();
                  for (Eigen::Index i = 0; i < x.rows(); ++i) y += (x.row(i) - mean).square();
                  y *= 1 / static_cast<float>(o[0]);
                }));
const Peer var1("eigen5", "rows/var_axis1/f32", calls([](const Operands& o) {
                  const Matrix x = matrix(o, 0);
                  for (Eigen::Index i = 0; i < x.rows(); ++i) o.at(1)[i] = (x.row(i) - x.row(i).mean()).square().mean();
                }));
template <bool Rows>
void argmax(const Operands& o) {
  const Matrix x = matrix(o, 0);
  for (Eigen::Index i = 0; i < o[Rows ? 0 : 1]; ++i) {
    Eigen::Index where;
    if constexpr (Rows)
      x.row(i).maxCoeff(&where);
    else
      x.col(i).maxCoeff(&where);
    o.at<std::int64_t>(1)[i] = where;
  }
}
const Peer argmax0("eigen5", "rows/argmax_axis0/f32", calls(argmax<false>)),
    argmax1("eigen5", "rows/argmax_axis1/f32", calls(argmax<true>));

// ---- products -------------------------------------------------------------------------------------------------------

template <class T, int N = Dynamic>
using Product = Map<Eigen::Matrix<T, N, N, Eigen::RowMajor>>;

template <class T, int N>
Kernel product(const Operands& o) {
  return {[a = Product<T, N>(o.at<T>(0), o[0], o[2]), b = Product<T, N>(o.at<T>(1), o[2], o[1]),
           c = Product<T, N>(o.at<T>(2), o[0], o[1])]() mutable { c.noalias() = a * b; },
          {}};
}
template <class T>
Kernel fixed_product(const Operands& o) {
  return o[0] == 8     ? product<T, 8>(o)
         : o[0] == 16  ? product<T, 16>(o)
         : o[0] == 32  ? product<T, 32>(o)
         : o[0] == 64  ? product<T, 64>(o)
         : o[0] == 128 ? product<T, 128>(o)
                       : product<T, 256>(o);
}
const Peer sgemm("eigen5", "sgemm/dynamic/f32", product<float, Dynamic>),
    dgemm("eigen5", "dgemm/dynamic/f64", product<double, Dynamic>),
    mlp("eigen5", "sgemm/mlp/f32", product<float, Dynamic>),
    fixed_sgemm("eigen5", "sgemm/static/f32", fixed_product<float>),
    fixed_dgemm("eigen5", "dgemm/static/f64", fixed_product<double>);

template <bool Gelu>
void layer(const Operands& o) {
  const Product<float> a(o.at(0), o[0], o[2]), b(o.at(1), o[2], o[1]);
  const auto bias = row(o, 2);
  Product<float> y(o.at(3), o[0], o[1]);
  y.noalias() = a * b;
  for (Eigen::Index i = 0; i < y.rows(); ++i) {
    auto v = y.row(i).array();
    if constexpr (Gelu) {
      v += bias;
      v = v * 0.5f * (1 + (0.7978845608f * (v + 0.044715f * v.cube())).tanh());
    } else {
      v = (v + bias).max(0.0f);
    }
  }
}
const Peer relu("eigen5", "epilogue/bias_relu/f32", calls(layer<false>)),
    gelu("eigen5", "epilogue/bias_gelu/f32", calls(layer<true>));

const Area area([] {
  benchmark::AddCustomContext("eigen5", std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                            std::to_string(EIGEN_MINOR_VERSION) + "." +
                                            std::to_string(EIGEN_PATCH_VERSION));
});

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] {
  std::fprintf(stderr, "SKIPPED eigen5: not found (CMake: TENON_EIGEN5_INCLUDE, a folder that holds Eigen 5)\n");
});
}
#endif
