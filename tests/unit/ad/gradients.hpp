// tests/unit/ad/gradients.hpp: gradients of functions of tensors against differences.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/grad.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/movement.hpp>

#include "derivatives.hpp"

namespace tenon::test {

using Matrix = Tensor<double, dyn, dyn>;
using Vector = Tensor<double, dyn>;

inline Matrix matrix(index_t n, index_t m) { return filled(Matrix(n, m), scatter); }
inline Vector vector(index_t n) { return filled(Vector(n), scatter); }
/// x filled with other ones for each `from`.
template <class X>
X numbers(X x, double from) {
  return filled(static_cast<X&&>(x), [from](double i) { return scatter(i + from); });
}

// Puts f's gradient at x into `gradient` and returns its value.
template <class F, class X>
double gradient_of(const void* f, const X& x, X& gradient) {
  const auto g = value_and_grad(*static_cast<const F*>(f))(x);
  static_assert(__is_same(bare_t<decltype(g.grad)>, X));
  gradient = g.grad;
  return g.value;
}
template <class X>
[[gnu::noinline]] void check_gradient_of(const NumberOf<X>& f, double (*gradient_of)(const void*, const X&, X&),
                                         const X& x, double tolerance) {
  X gradient = x;
  const double value = gradient_of(f.f, x, gradient);
  CHECK(near(value, f(x), 1e-12));
  CHECK(near_all(gradient, slopes_of(f, x, 1e-3), tolerance));
}
/// The value and the gradient of f at x are those of plain evaluation and of differences.
template <class F, class X>
void check_gradient(const F& f, const X& x, double tolerance = 1e-8) {
  check_gradient_of<X>(number_of<X>(f), gradient_of<F, X>, x, tolerance);
}

}  // namespace tenon::test
