// tests/support/ulp.hpp: the distance between a computed number and the exact one, in units in the last place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cmath>
#include <limits>

namespace tenon::test {

/// |got - want| in units in the last place of T at `want` (of the smallest normal number below it). Zero where both are
/// NaN or the same infinity; infinite where only one is. A `want` beyond the largest finite T counts as 2^(max + 1), so
/// that rounding to infinity is no error where the largest number is one unit off.
template <class T>
double ulp_distance(T got, long double want) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got) ? 0 : HUGE_VAL;
  const long double ceiling = std::ldexp(1.0L, Limits::max_exponent);
  long double have = got;
  if (std::isinf(have)) have = std::copysign(ceiling, have);
  if (std::fabs(want) > ceiling) want = std::copysign(ceiling, want);
  int exponent = Limits::min_exponent;
  if (want != 0) std::frexp(want, &exponent);
  if (exponent < Limits::min_exponent) exponent = Limits::min_exponent;
  if (exponent > Limits::max_exponent) exponent = Limits::max_exponent;
  return static_cast<double>(std::ldexp(std::fabs(have - want), Limits::digits - exponent));
}

}  // namespace tenon::test
