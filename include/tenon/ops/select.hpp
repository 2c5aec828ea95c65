// tenon/ops/select.hpp: the choice between two values.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ops/literal.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace op {

/// a where the condition holds, else b. The condition takes no part in the promotion of a and b.
struct Select : Pointwise<Select> {
  static constexpr FixedString name{"select"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr FixedString onnx{"Where"};
  static constexpr FixedString stablehlo{"select"};
  static constexpr Typing typing = Typing::same;
  static constexpr bool condition_first = true;
  template <class C, class V>
  TENON_FN static V value(C condition, V a, V b) {
    return simd::select(condition, a, b);
  }
  TENON_FN static auto partials(auto condition, auto, auto) {
    return d(NoPartial{}, where(condition, lit(1), lit(0)), where(condition, lit(0), lit(1)));
  }
};

}  // namespace op

/// condition ? a : b, element by element; both are computed, and the derivative flows to the chosen one.
template <operand C, operand A, operand B>
TENON_FN auto where(C&& condition, A&& a, B&& b) {
  return apply<op::Select>(static_cast<C&&>(condition), static_cast<A&&>(a), static_cast<B&&>(b));
}

}  // namespace TENON_ABI
}  // namespace tenon
