// tenon/tensor/allclose.hpp: allclose(a, b): one bool for two tensors or expressions that should be near each other.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   CHECK(allclose(matmul(a, inverse), eye<float, 3>(), 1e-5));
#pragma once
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/compare.hpp>
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Whether |a - b| <= atol + rtol |b| for all elements of a and b, broadcast (true when there are none). Equal
/// infinities are near each other, NaN is near nothing (but NaN if equal_nan). shape_error if the shapes do not
/// broadcast.
template <operand A, operand B>
requires(expression<A> || expression<B>) constexpr bool allclose(A&& a, B&& b, double rtol = 1e-5, double atol = 1e-8,
                                                                 bool equal_nan = false) {
  if (equal_nan) return static_cast<bool>(all(isclose(a, b, lit(rtol), lit(atol)) || (isnan(a) && isnan(b))));
  return static_cast<bool>(all(isclose(static_cast<A&&>(a), static_cast<B&&>(b), lit(rtol), lit(atol))));
}

}  // namespace TENON_ABI
}  // namespace tenon
