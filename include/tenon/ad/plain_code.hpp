// tenon/ad/plain_code.hpp: what code over plain numbers also says: ++x, fabs(x), max(x, 0.0).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// So that a function of double becomes one of dual and rev numbers by its type alone. `max` and `min` of two numbers
// are found where std::max is not, as of an unnamed result and a double.
#pragma once
#include <tenon/ad/rev.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/extrema.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class X>
concept counts = is_dual<X> || is_rev<X>;
template <class A, class B>
concept number_pair = (differential<A> && (differential<B> || is_arithmetic<B>)) ||
                      (is_arithmetic<A> && differential<B>);
}  // namespace detail

template <detail::counts X>
TENON_FN X& operator++(X& x) {
  return x = x + 1;
}
template <detail::counts X>
TENON_FN X& operator--(X& x) {
  return x = x - 1;
}
template <detail::counts X>
TENON_FN X operator++(X& x, int) {
  const X before = x;
  x = x + 1;
  return before;
}
template <detail::counts X>
TENON_FN X operator--(X& x, int) {
  const X before = x;
  x = x - 1;
  return before;
}

/// |x| of a number.
template <class X>
requires(differential<X>) TENON_FN auto fabs(const X& x) { return abs(x); }
/// |z|^2 of a complex number, as in std: it has no complex derivative, and says so.
template <class X>
requires(differential<X>&& is_complex<base_t<detail::settled_t<X>>>) TENON_FN auto norm(const X& z) {
  const auto modulus = abs(z);
  return modulus * modulus;
}
/// The larger of two numbers.
template <class A, class B>
requires(detail::number_pair<A, B>) TENON_FN auto max(const A& a, const B& b) { return maximum(a, b); }
/// The smaller of two numbers.
template <class A, class B>
requires(detail::number_pair<A, B>) TENON_FN auto min(const A& a, const B& b) { return minimum(a, b); }

}  // namespace TENON_ABI
}  // namespace tenon
