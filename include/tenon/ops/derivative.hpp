// tenon/ops/derivative.hpp: which of the three forms an op's derivative rule has, and the partials it gives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `partials_of<Op>(y, x...)` calls whichever rule the op defines; its form says what backward must still know:
//   partials(x...): the arguments; partials_from_output(y): the result; partials_with_output(y, x...): both.
// Whether a single partial can do with less (that of a product by one factor needs the other one only) is found by
// calling the rule on values that are unknown.
#pragma once
#include <tenon/ops/op.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <int>
using Probe = float;
template <class Op, class... F>
concept has_partials = requires(F... x) {
  Op::partials(x...);
};
template <class Op>
concept has_partials_from_output = requires(float y) {
  Op::partials_from_output(y);
};
template <class Op, class... F>
concept has_partials_with_output = requires(float y, F... x) {
  Op::partials_with_output(y, x...);
};
template <class Op, int N>
constexpr bool is_differentiable() {
  if constexpr (has_partials_from_output<Op>) return true;
  if constexpr (N == 1) return has_partials<Op, float> || has_partials_with_output<Op, float>;
  if constexpr (N == 2) return has_partials<Op, float, float> || has_partials_with_output<Op, float, float>;
  if constexpr (N == 3)
    return has_partials<Op, float, float, float> || has_partials_with_output<Op, float, float, float> ||
           has_partials<Op, bool, float, float>;
  return false;
}
}  // namespace detail

/// Whether Op on N arguments has a derivative rule.
template <class Op, int N>
inline constexpr bool differentiable = detail::is_differentiable<Op, N>();

/// The partial derivatives of y = Op(x...), by whichever rule the op defines.
template <class Op, class Y, class... X>
TENON_FN auto partials_of(const Y& y, const X&... x) {
  if constexpr (requires { Op::partials_from_output(y); }) {
    return Op::partials_from_output(y);
  } else if constexpr (requires { Op::partials_with_output(y, x...); }) {
    return Op::partials_with_output(y, x...);
  } else {
    return Op::partials(x...);
  }
}

struct UnknownDomain;
/// A number that is not known, for the question what a rule needs: what comes of it is unknown as well.
struct Unknown {
  using tenon_domain = UnknownDomain;
};
struct UnknownDomain {
  static constexpr int rank = 100;
  template <class Op, class... X>
  TENON_FN static Unknown apply(const X&...) {
    return {};
  }
};
/// Whether the partial derivative of Y = Op(X...) by argument J can be computed of what is known.
template <class Op, int J, class Y, class... X>
inline constexpr bool has_known_partial = !__is_same(
    bare_t<decltype(partial<J>(partials_of<Op>(*static_cast<Y*>(nullptr), *static_cast<X*>(nullptr)...)))>, Unknown);

}  // namespace TENON_ABI
}  // namespace tenon
