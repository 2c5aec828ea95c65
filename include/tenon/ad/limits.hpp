// tenon/ad/limits.hpp: std::numeric_limits of dual and rev numbers: those of the number at the bottom, as constants.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For templated code that compares with epsilon(), min() or infinity(): without this header it would read zeros.
#pragma once
#include <limits>

#include <tenon/ad/differential.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {
template <class T>
struct DifferentialLimits : std::numeric_limits<base_t<T>> {
  using Base = std::numeric_limits<base_t<T>>;
  static constexpr T min() noexcept { return T((Base::min)()); }
  static constexpr T max() noexcept { return T((Base::max)()); }
  static constexpr T lowest() noexcept { return T(Base::lowest()); }
  static constexpr T epsilon() noexcept { return T(Base::epsilon()); }
  static constexpr T round_error() noexcept { return T(Base::round_error()); }
  static constexpr T infinity() noexcept { return T(Base::infinity()); }
  static constexpr T quiet_NaN() noexcept { return T(Base::quiet_NaN()); }
  static constexpr T signaling_NaN() noexcept { return T(Base::signaling_NaN()); }
  static constexpr T denorm_min() noexcept { return T(Base::denorm_min()); }
};
}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon

template <class T, int N, class Tag>
struct std::numeric_limits<tenon::dual<T, N, Tag>> : tenon::detail::DifferentialLimits<tenon::dual<T, N, Tag>> {};
template <class T, class Tag>
struct std::numeric_limits<tenon::rev<T, Tag>> : tenon::detail::DifferentialLimits<tenon::rev<T, Tag>> {};
