// benchmarks/autodiff/burgers.hpp: an explicit stepper for Burgers' equation, and its adjoint by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// u_t + u u_x = nu u_xx with u = 0 at both ends, central differences, Euler's steps; the objective is the energy at the
// end, sum of u^2. Derivatives are with respect to the state at the beginning.
#pragma once
#include <cmath>
#include <utility>
#include <vector>

namespace bench::burgers {

struct Grid {
  int cells = 100, steps = 500;  // cells include the two ends
  double dt = 0.002, nu = 0.01;
  double dx() const { return 1.0 / (cells - 1); }
  double advection() const { return dt / (2 * dx()); }
  double diffusion() const { return nu * dt / (dx() * dx()); }
};

/// One wave and its first harmonic.
inline std::vector<double> start(const Grid& g) {
  std::vector<double> u(static_cast<std::size_t>(g.cells));
  for (int i = 0; i < g.cells; ++i) {
    const double x = i * g.dx(), pi = 3.14159265358979323846;
    u[static_cast<std::size_t>(i)] = std::sin(2 * pi * x) + 0.5 * std::sin(pi * x);
  }
  u.front() = u.back() = 0;
  return u;
}

template <class T>
T energy(const Grid& g, const T* initial) {
  const std::size_t n = static_cast<std::size_t>(g.cells);
  const double c = g.advection(), d = g.diffusion();
  std::vector<T> now(initial, initial + n), next(n);
  for (int step = 0; step < g.steps; ++step) {
    const T* u = now.data();
    T* v = next.data();
    v[0] = v[n - 1] = 0;
    for (std::size_t i = 1; i + 1 < n; ++i)
      v[i] = u[i] - c * u[i] * (u[i + 1] - u[i - 1]) + d * (u[i + 1] - 2 * u[i] + u[i - 1]);
    std::swap(now, next);
  }
  T e = 0;
  for (std::size_t i = 0; i < n; ++i) e += now[i] * now[i];
  return e;
}

/// The gradient by hand: every state is kept, `states` has room for (steps + 1) cells; returns the value.
inline double hand(const Grid& g, const double* initial, double* gradient, std::vector<double>& states) {
  const std::size_t n = static_cast<std::size_t>(g.cells), steps = static_cast<std::size_t>(g.steps);
  const double c = g.advection(), d = g.diffusion();
  states.resize((steps + 1) * n);
  for (std::size_t i = 0; i < n; ++i) states[i] = initial[i];
  for (std::size_t step = 0; step < steps; ++step) {
    const double* __restrict u = states.data() + step * n;
    double* __restrict v = states.data() + (step + 1) * n;
    v[0] = v[n - 1] = 0;
    for (std::size_t i = 1; i + 1 < n; ++i)
      v[i] = u[i] - c * u[i] * (u[i + 1] - u[i - 1]) + d * (u[i + 1] - 2 * u[i] + u[i - 1]);
  }
  // The ends are zero after the first step: their own derivatives come from that one alone.
  std::vector<double> a(n), b(n);
  double e = 0;
  const double* end = states.data() + steps * n;
  for (std::size_t i = 0; i < n; ++i) e += end[i] * end[i];
  for (std::size_t i = 1; i + 1 < n; ++i) a[i] = 2 * end[i];
  for (std::size_t step = steps; step-- > 0;) {
    const double* __restrict u = states.data() + step * n;
    const double* __restrict g1 = a.data();
    double* __restrict g0 = b.data();
    g0[0] = step == 0 ? g1[1] * (d + c * u[1]) : 0;
    g0[n - 1] = step == 0 ? g1[n - 2] * (d - c * u[n - 2]) : 0;
    for (std::size_t i = 1; i + 1 < n; ++i)
      g0[i] = g1[i] * (1 - 2 * d - c * (u[i + 1] - u[i - 1])) + g1[i - 1] * (d - c * u[i - 1]) +
              g1[i + 1] * (d + c * u[i + 1]);
    std::swap(a, b);
  }
  for (std::size_t i = 0; i < n; ++i) gradient[i] = a[i];
  return e;
}

}  // namespace bench::burgers
