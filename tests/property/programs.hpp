// tests/property/programs.hpp: random programs of matrices, run by loops over complex numbers and by the library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program is made while the loops run it, so that a step with a kink is only taken where no operand is near it, and
// large values are scaled down. The derivative along a direction is the imaginary part of a run that starts a step of
// 1e-100 i beside the point (Squire and Trapp 1998): exact to rounding, and nothing of it is the library's.
#pragma once
#include <complex>
#include <sstream>
#include <string>

#include "layouts.hpp"

namespace tenon::test {

enum class Kind {
  wave,        // sin(a) * a
  bell,        // exp(-a^2) + b
  roots,       // log(1 + a^2) * sqrt(b^2 + 1/2)
  linear,      // a * b + c
  quotient,    // a / (1 + b^2) - c
  gate,        // tanh(a * b) * sigmoid(c)
  branch,      // where(a > b, sin(a) * c, b^2 + a)
  largest,     // maximum(a, b) + |c|
  powers,      // (1 + a^2)^(b / 2)
  sum0,        // of a * b, and so on along the axis named
  sum1,        // of sin(a) * b
  mean0,       // of a^2
  max0,        // of a
  max1,        // of a * b
  prod1,       // of 1 + a / 4
  var0,        // of a
  logsumexp1,  // of a * b
  total,       // b * the sum of a^2
  softmax0,    // of a, times b
  softmax1,    // of a * b
  scan0,       // cumsum of a
  product,     // a b
  layer,       // tanh(a b^T + c)
  rectified,   // relu(a b^T + c)
  crossed,     // sum over i of (2 a)_ij b_ik
  turned,      // a^T times the column sums of sin(a), turned
  part,        // rows i, i + step, ... and columns from j, times b(0, 0)
  flipped,     // the columns of a backwards, times a
  joined,      // a, a * a below it
  taken,       // rows of a: several times, not in order
  reshaped,    // n x m as m x n, in row-major order
  written,     // a with a part that b is added to, and an element of its own
  count
};
inline const char* name_of(Kind k) {
  static const char* const names[] = {"wave",    "bell",   "roots",      "linear",  "quotient", "gate",     "branch",
                                      "largest", "powers", "sum0",       "sum1",    "mean0",    "max0",     "max1",
                                      "prod1",   "var0",   "logsumexp1", "total",   "softmax0", "softmax1", "scan0",
                                      "product", "layer",  "rectified",  "crossed", "turned",   "part",     "flipped",
                                      "joined",  "taken",  "reshaped",   "written"};
  static_assert(sizeof names / sizeof *names == static_cast<std::size_t>(Kind::count));
  return names[static_cast<int>(k)];
}

/// r[next] = kind(r[a], r[b], r[c]) * scale, with two positions in a that some kinds use.
struct Step {
  Kind kind;
  std::size_t a, b, c;
  index_t i, j;
  double scale = 1;
};

/// A matrix of the loops.
struct Table {
  using Number = std::complex<long double>;
  index_t n = 0, m = 0;
  std::vector<Number> e{};

  Table(index_t rows, index_t columns) : n(rows), m(columns), e(static_cast<std::size_t>(rows * columns)) {}
  Number& operator()(index_t i, index_t j) { return e[static_cast<std::size_t>(i * m + j)]; }
  /// An element of this broadcast to a larger shape.
  const Number& operator()(index_t i, index_t j) const {
    return e[static_cast<std::size_t>((n == 1 ? 0 : i) * m + (m == 1 ? 0 : j))];
  }
  template <class F>
  static Table of(index_t rows, index_t columns, const F& f) {
    Table g(rows, columns);
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < columns; ++j) g(i, j) = f(i, j);
    return g;
  }
};

/// A program with its inputs, and what the loops say of it.
class RandomProgram {
 public:
  static constexpr std::size_t inputs = 3, length = 12, results = 5;
  std::vector<Step> steps;
  std::vector<Table> point;

  explicit RandomProgram(std::uint64_t seed);
  /// The result where each input is moved by 1e-100 i times the direction.
  Table::Number run(const std::vector<Table>& direction) const;
  std::string text() const;

 private:
  static Table apply(const Step& s, const std::vector<Table>& r);
  static bool is_smooth(const Step& s, const std::vector<Table>& r);
  static bool fit(const Table& a, const Table& b) {
    return (a.n == b.n || a.n == 1 || b.n == 1) && (a.m == b.m || a.m == 1 || b.m == 1);
  }
  static Step random_step(Chance& chance, const std::vector<Table>& r);
};

/// The same program with the library's matrices of T.
template <class T>
using MatrixOf = Tensor<T, dyn, dyn>;

template <class T>
[[gnu::noinline]] MatrixOf<T> pointwise_step(Kind kind, const MatrixOf<T>& a, const MatrixOf<T>& b,
                                             const MatrixOf<T>& c) {
  switch (kind) {
    case Kind::wave:
      return sin(a) * a;
    case Kind::bell:
      return exp(-square(a)) + b;
    case Kind::roots:
      return log(1 + square(a)) * sqrt(square(b) + 0.5);
    case Kind::linear:
      return a * b + c;
    case Kind::quotient:
      return a / (1 + square(b)) - c;
    case Kind::gate:
      return tanh(a * b) * sigmoid(c);
    case Kind::branch:
      return where(a > b, sin(a) * c, square(b) + a);
    case Kind::largest:
      return maximum(a, b) + abs(c);
    default:
      return pow(1 + square(a), b / 2);
  }
}
template <class T>
[[gnu::noinline]] MatrixOf<T> reduction_step(Kind kind, const MatrixOf<T>& a, const MatrixOf<T>& b) {
  switch (kind) {
    case Kind::sum0:
      return sum<0>(a * b, keepdims);
    case Kind::sum1:
      return sum<1>(sin(a) * b, keepdims);
    case Kind::mean0:
      return mean<0>(square(a), keepdims);
    case Kind::max0:
      return max<0>(a, keepdims);
    case Kind::max1:
      return max<1>(a * b, keepdims);
    case Kind::prod1:
      return prod<1>(1 + a / 4, keepdims);
    case Kind::var0:
      return var<0>(a, keepdims);
    case Kind::logsumexp1:
      return logsumexp<1>(a * b, keepdims);
    case Kind::total:
      return b * sum(square(a));
    case Kind::softmax0:
      return softmax<0>(a) * b;
    case Kind::softmax1:
      return softmax<1>(a * b);
    default:
      return cumsum<0>(a);
  }
}
template <class T>
[[gnu::noinline]] MatrixOf<T> moved_step(const Step& s, const MatrixOf<T>& a, const MatrixOf<T>& b,
                                         const MatrixOf<T>& c) {
  const index_t n = a.extent(0), m = a.extent(1);
  switch (s.kind) {
    case Kind::product:
      return matmul(a, b);
    case Kind::layer:
      return tanh(matmul(a, transpose(b)) + c);
    case Kind::rectified:
      return relu(matmul(a, transpose(b)) + c);
    case Kind::crossed:
      return einsum<"ij,ik->jk">(2 * a, b);
    case Kind::turned:
      return transpose(a) * transpose(sum<0>(sin(a), keepdims));
    case Kind::part:
      return slice(a, range(s.i, n, 2), range(s.j, m)) * b(0, 0);
    case Kind::flipped:
      return flip<1>(a) * a;
    case Kind::joined:
      return concat<0>(a, a * a);
    case Kind::taken: {
      const Tensor<index_t, 4> rows{s.i, 0, n - 1, s.i};
      return take<0>(a, rows);
    }
    case Kind::reshaped:
      return reshape(a, m, n);
    default: {
      MatrixOf<T> r = a;
      slice(r, range(s.i, n), range(s.j, m)) += b(0, 0);
      r(s.i, s.j) = r(0, 0) * sin(r(n - 1, m - 1));
      return r;
    }
  }
}
/// The result of a program: a number of type T, of matrices of T.
template <class T>
T run(const RandomProgram& p, std::vector<MatrixOf<T>> r) {
  for (const Step& s : p.steps) {
    const MatrixOf<T>&a = r[s.a], &b = r[s.b], &c = r[s.c];
    MatrixOf<T> y = s.kind < Kind::sum0      ? pointwise_step<T>(s.kind, a, b, c)
                    : s.kind < Kind::product ? reduction_step<T>(s.kind, a, b)
                                             : moved_step<T>(s, a, b, c);
    if (s.scale != 1) y *= s.scale;
    r.push_back(y);
  }
  T result = 0;
  for (std::size_t i = r.size() - RandomProgram::results; i < r.size(); ++i)
    result += evaluate(sum(square(r[i]) + r[i] / 2)) / static_cast<double>(r[i].size());
  return result;
}

}  // namespace tenon::test
