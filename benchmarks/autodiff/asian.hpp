// benchmarks/autodiff/asian.hpp: the Monte-Carlo price of an arithmetic Asian call, and its derivatives by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Geometric Brownian motion, exact steps; the payoff is on the mean over the steps (Glasserman, Monte Carlo Methods in
// Financial Engineering, 1.1.2 and 7.2). Parameters, which derivatives are with respect to: spot, rate, volatility,
// maturity, strike. The normal numbers are given.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace bench::asian {
using std::size_t;

struct Simulation {
  size_t paths = 1000, steps = 64;
};
inline constexpr size_t parameters = 5;
inline constexpr double point[parameters] = {100, 0.03, 0.2, 1, 95};

template <class T>
T price(const Simulation& s, const T* p, const double* z) {
  using std::exp;
  using std::sqrt;
  const T &spot = p[0], &rate = p[1], &volatility = p[2], &maturity = p[3], &strike = p[4];
  const double steps = static_cast<double>(s.steps);
  const T dt = maturity / steps;
  const T drift = (rate - 0.5 * volatility * volatility) * dt;
  const T width = volatility * sqrt(dt);
  T total = 0;
  for (size_t path = 0; path < s.paths; ++path, z += s.steps) {
    T now = spot, sum = 0;
    for (size_t i = 0; i < s.steps; ++i) {
      now *= exp(drift + width * z[i]);
      sum += now;
    }
    const T mean = sum / steps;
    if (mean > strike) total += mean - strike;
  }
  return exp(-rate * maturity) * total / static_cast<double>(s.paths);
}

/// The derivatives by hand: one path is kept at a time; returns the value.
inline double hand(const Simulation& s, const double* p, const double* z, double* gradient, std::vector<double>& path) {
  const double spot = p[0], rate = p[1], volatility = p[2], maturity = p[3], strike = p[4];
  const double steps = static_cast<double>(s.steps), dt = maturity / steps;
  const double drift = (rate - 0.5 * volatility * volatility) * dt, width = volatility * std::sqrt(dt);
  path.resize(2 * s.steps);
  double *at = path.data(), *factor = at + s.steps;
  double total = 0, dspot = 0, ddrift = 0, dwidth = 0, dstrike = 0;  // of the total
  for (size_t k = 0; k < s.paths; ++k, z += s.steps) {
    double now = spot, sum = 0;
    for (size_t i = 0; i < s.steps; ++i) {
      factor[i] = std::exp(drift + width * z[i]);
      now *= factor[i];
      at[i] = now;
      sum += now;
    }
    const double mean = sum / steps;
    if (!(mean > strike)) continue;
    total += mean - strike;
    dstrike -= 1;
    double g = 0;
    for (size_t i = s.steps; i-- > 0;) {
      g += 1 / steps;
      const double e = g * at[i];  // of the exponent
      ddrift += e;
      dwidth += e * z[i];
      g *= factor[i];
    }
    dspot += g;
  }
  const double discount = std::exp(-rate * maturity) / static_cast<double>(s.paths);
  const double slope = rate - 0.5 * volatility * volatility;
  gradient[0] = discount * dspot;
  gradient[1] = discount * (ddrift * dt - maturity * total);
  gradient[2] = discount * (-ddrift * volatility * dt + dwidth * std::sqrt(dt));
  gradient[3] = discount * (ddrift * slope / steps + dwidth * volatility / (2 * std::sqrt(dt) * steps) - rate * total);
  gradient[4] = discount * dstrike;
  return discount * total;
}

}  // namespace bench::asian
