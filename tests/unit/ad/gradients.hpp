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

/// The value and the gradient of f at x are those of plain evaluation and of differences.
template <class F, class X>
void check_gradient(const F& f, const X& x, double tolerance = 1e-8) {
  const auto value = [&](const X& at) { return static_cast<double>(f(at)); };
  const auto g = value_and_grad(f)(x);
  static_assert(__is_same(bare_t<decltype(g.grad)>, X));
  CHECK(near(g.value, value(x), 1e-12));
  CHECK(near_all(g.grad, slopes(value, x), tolerance));
}

}  // namespace tenon::test
