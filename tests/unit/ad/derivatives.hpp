// tests/unit/ad/derivatives.hpp: derivatives by differences, and ways to compare tensors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <cmath>

#include <tenon/tensor/evaluate.hpp>

namespace tenon::test {

/// df/dx by a fourth-order formula.
template <class F>
double slope(const F& f, double x, double h = 1e-3) {
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

/// Whether a and b agree to `tolerance`, relative to the larger of |b| and 1.
inline bool near(double a, double b, double tolerance = 1e-9) {
  const double size = std::fabs(b) > 1 ? std::fabs(b) : 1;
  if (std::fabs(a - b) <= tolerance * size) return true;
  MESSAGE(a << " is not near " << b);
  return false;
}

/// Whether tensor (or expression) a has the shape and values of b.
template <class A, class B>
bool near_all(const A& a, const B& b, double tolerance = 1e-9) {
  const auto x = evaluate(a);
  const auto y = evaluate(b);
  if (!(x.dims() == y.dims())) {
    MESSAGE("the shapes differ");
    return false;
  }
  for (index_t i = 0; i < x.size(); ++i)
    if (!near(static_cast<double>(x.data()[i]), static_cast<double>(y.data()[i]), tolerance)) return false;
  return true;
}

/// A tensor with elements f(0), f(1), ...
template <class T, index_t... E, class F>
Tensor<T, E...> filled(Tensor<T, E...> t, const F& f) {
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<T>(f(static_cast<double>(i)));
  return t;
}
/// Values between -1 and 1 without pattern.
inline double scatter(double i) { return std::sin(1 + i * 12.9898); }

/// df/dx of a function of a tensor that returns a number, element by element, by differences.
template <class F, class T, index_t... E>
Tensor<T, E...> slopes(const F& f, Tensor<T, E...> x, double h = 1e-3) {
  Tensor<T, E...> g = x;
  for (index_t i = 0; i < x.size(); ++i) {
    const T before = x.data()[i];
    g.data()[i] = static_cast<T>(slope(
        [&](double v) {
          x.data()[i] = static_cast<T>(v);
          return static_cast<double>(f(x));
        },
        static_cast<double>(before), h));
    x.data()[i] = before;
  }
  return g;
}

}  // namespace tenon::test
