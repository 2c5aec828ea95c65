// tests/unit/nn/differences.hpp: gradients of models against central differences.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cmath>

#include <tenon/ad/grad.hpp>
#include <tenon/nn/module.hpp>

namespace tenon::test {

/// The largest |gradient - difference| over all parameters of a double model, relative to 1 + |difference|. `f(model)`
/// is a generic function with a rank-0 result.
template <class F, class M>
double gradient_error(const F& f, const M& model) {
  const M g = grad(f)(model);
  M moved = model;
  double worst = 0;
  nn::zip_parameters(
      [&](auto& p, const auto& gp) {
        for (index_t i = 0; i < p.size(); ++i) {
          const double x = p.data()[i], h = 1e-5 * (1 + std::fabs(x));
          p.data()[i] = x + h;
          const double up = static_cast<double>(f(moved));
          p.data()[i] = x - h;
          const double down = static_cast<double>(f(moved));
          p.data()[i] = x;
          const double slope = (up - down) / (2 * h);
          const double error = std::fabs(gp.data()[i] - slope) / (1 + std::fabs(slope));
          if (!(error <= worst)) worst = error;  // NaN too
        }
      },
      moved, g);
  return worst;
}

}  // namespace tenon::test
