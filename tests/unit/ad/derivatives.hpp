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
[[gnu::noinline]] inline bool near(double a, double b, double tolerance = 1e-9) {
  const double size = std::fabs(b) > 1 ? std::fabs(b) : 1;
  if (std::fabs(a - b) <= tolerance * size) return true;
  MESSAGE(a << " is not near " << b);
  return false;
}

/// Whether n numbers are near others, and as many.
[[gnu::noinline]] inline bool near_numbers(const double* a, const Dims& of_a, const double* b, const Dims& of_b,
                                           double tolerance) {
  if (!(of_a == of_b)) {
    MESSAGE("the shapes differ");
    return false;
  }
  index_t n = 1;
  for (int k = 0; k < of_a.rank; ++k) n *= of_a.d[k];
  for (index_t i = 0; i < n; ++i)
    if (!near(a[i], b[i], tolerance)) return false;
  return true;
}
// x as a tensor of doubles.
template <index_t... E>
const Tensor<double, E...>& as_doubles(const Tensor<double, E...>& x) {
  return x;
}
template <class T, index_t... E>
Tensor<double, E...> as_doubles(const Tensor<T, E...>& x) {
  Tensor<double, E...> r(x.dims());
  for (index_t i = 0; i < x.size(); ++i) r.data()[i] = static_cast<double>(x.data()[i]);
  return r;
}
template <class X>
auto as_doubles(const X& x) {
  return as_doubles(evaluate(x));
}
/// Whether tensor (or expression) a has the shape and values of b.
template <class A, class B>
bool near_all(const A& a, const B& b, double tolerance = 1e-9) {
  const auto& x = as_doubles(a);
  const auto& y = as_doubles(b);
  return near_numbers(x.data(), x.dims(), y.data(), y.dims(), tolerance);
}

/// A tensor with elements f(0), f(1), ...
template <class T, index_t... E, class F>
Tensor<T, E...> filled(Tensor<T, E...> t, const F& f) {
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<T>(f(static_cast<double>(i)));
  return t;
}
/// Values between -1 and 1 without pattern.
inline double scatter(double i) { return std::sin(1 + i * 12.9898); }

/// A function of X that returns a number, without its type: what calls it is compiled once.
template <class X>
struct NumberOf {
  const void* f;
  double (*call)(const void* f, const X& x);
  double operator()(const X& x) const { return call(f, x); }
};
template <class X, class F>
NumberOf<X> number_of(const F& f) {
  return {&f, [](const void* p, const X& x) { return static_cast<double>((*static_cast<const F*>(p))(x)); }};
}
template <class T, index_t... E>
[[gnu::noinline]] Tensor<T, E...> slopes_of(const NumberOf<Tensor<T, E...>>& f, Tensor<T, E...> x, double h) {
  Tensor<T, E...> g = x;
  for (index_t i = 0; i < x.size(); ++i) {
    const T before = x.data()[i];
    g.data()[i] = static_cast<T>(slope(
        [&](double v) {
          x.data()[i] = static_cast<T>(v);
          return f(x);
        },
        static_cast<double>(before), h));
    x.data()[i] = before;
  }
  return g;
}
/// df/dx of a function of a tensor that returns a number, element by element, by differences.
template <class F, class T, index_t... E>
Tensor<T, E...> slopes(const F& f, const Tensor<T, E...>& x, double h = 1e-3) {
  return slopes_of(number_of<Tensor<T, E...>>(f), x, h);
}

}  // namespace tenon::test
