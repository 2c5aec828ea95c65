// tenon/optim/clip.hpp: the norm of a gradient, and clipping by it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/optim/update.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace optim {

/// The Euclidean norm of all parameters of a model (of a gradient) together.
template <class M>
double global_norm(const M& model) {
  double total = 0;
  nn::zip_parameters(
      [&](const auto& g) {
        // Eight running sums keep the order of additions, and so the bits, the same on every machine.
        double sum[8] = {};
        for (index_t i = 0, n = g.size(); i < n; ++i) {
          const double x = static_cast<double>(g.data()[i]);
          sum[i % 8] = math::fma(x, x, sum[i % 8]);
        }
        total += ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
      },
      model);
  return math::sqrt(total);
}
/// Scales the gradient so that its norm is at most `most`; returns the norm before. One that is not finite stays.
template <class M>
double clip_by_norm(M& gradient, double most) {
  const double norm = global_norm(gradient);
  if (!(norm > most) || !math::isfinite(norm)) return norm;
  const double factor = most / norm;
  nn::zip_parameters(
      [&](auto& g) {
        using T = typename bare_t<decltype(g)>::value_type;
        for (index_t i = 0, n = g.size(); i < n; ++i)
          g.data()[i] = static_cast<T>(g.data()[i] * static_cast<compute_t<T>>(factor));
      },
      gradient);
  return norm;
}

}  // namespace optim
}  // namespace TENON_ABI
}  // namespace tenon
