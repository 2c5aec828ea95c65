// tenon/tensor/compare.hpp: one answer for two tensors, one number from a tensor: array_equal, to_scalar, clip.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See tensor/allclose.hpp for equality up to rounding.
#pragma once
#include <tenon/ops/extrema.hpp>
#include <tenon/tensor/allclose.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Whether a and b have the same shape and equal elements (NaN equals nothing).
template <expression A, expression B>
constexpr bool array_equal(A&& a, B&& b) {
  if constexpr (bare_t<A>::rank != bare_t<B>::rank) {
    return false;
  } else if constexpr (!broadcastable<typename bare_t<A>::extents_type, typename bare_t<B>::extents_type>) {
    return false;
  } else {
    if (!(a.extents().dims() == b.extents().dims())) return false;
    return static_cast<bool>(all(static_cast<A&&>(a) == static_cast<B&&>(b)));
  }
}

namespace detail {
template <class E>
struct OneElement {
  static constexpr bool ok = static_size<E> == 1 || static_size<E> == dyn;
  static_assert(ok, "tenon: to_scalar: the operand has not exactly one element (see its extents above)");
};
}  // namespace detail
/// The only element of x; shape_error if there are more, or none.
template <expression X>
constexpr auto to_scalar(X&& x) {
  static_assert(detail::OneElement<typename bare_t<X>::extents_type>::ok);
  const Dims e = x.extents().dims();
  if (e.size() != 1) fail_shape("to_scalar", "the operand has not exactly one element", e);
  const auto value = evaluate(static_cast<X&&>(x));
  using T = typename bare_t<X>::value_type;
  return [&]<int... I>(Seq<I...>) { return T(value(((void)I, index_t{0})...)); }
  (make_seq<bare_t<X>::rank>{});
}
/// NumPy's name of clamp: x limited to [lo, hi].
template <operand X, operand L, operand H>
TENON_FN auto clip(X&& x, L&& lo, H&& hi) {
  return clamp(static_cast<X&&>(x), static_cast<L&&>(lo), static_cast<H&&>(hi));
}

}  // namespace TENON_ABI
}  // namespace tenon
