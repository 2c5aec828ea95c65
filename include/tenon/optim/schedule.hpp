// tenon/optim/schedule.hpp: how the learning rate changes with time: factors for optimiser.options.lr.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain functions of the step, counted from 0; products of them are schedules too:
//   adam.options.lr = 1e-3f * float(optim::warmup(step, 100) * optim::cosine(step, steps));
#pragma once
#include <tenon/math/math.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace optim {

namespace detail {
constexpr double progress(index_t step, index_t steps) {
  if (step <= 0) return 0;
  return step >= steps ? 1 : static_cast<double>(step) / static_cast<double>(steps);
}
}  // namespace detail

/// Always 1.
constexpr double constant(index_t, index_t) { return 1; }
/// From 1 / steps up to 1 in `steps` steps, then 1.
constexpr double warmup(index_t step, index_t steps) { return detail::progress(step + 1, steps); }
/// From 1 down to `last` along half a cosine, then `last` (Loshchilov and Hutter 2017).
constexpr double cosine(index_t step, index_t steps, double last = 0) {
  constexpr double pi = 3.14159265358979323846;
  return last + (1 - last) * 0.5 * (1 + math::cos(pi * detail::progress(step, steps)));
}
/// From 1 down to `last` along a line, then `last`.
constexpr double linear(index_t step, index_t steps, double last = 0) {
  return 1 + (last - 1) * detail::progress(step, steps);
}
/// Times `factor` after every `every` steps.
constexpr double step_decay(index_t step, index_t every, double factor = 0.1) {
  double rate = 1;
  for (index_t k = every > 0 ? step / every : 0; k > 0; --k) rate *= factor;
  return rate;
}

}  // namespace optim
}  // namespace TENON_ABI
}  // namespace tenon
