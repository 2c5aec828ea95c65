// tenon/ops/catalogue.hpp: every pointwise op in one list: tests, documentation and importers walk over it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names abroad (`onnx`, `stablehlo`) are given where the foreign op takes the same arguments in the same order and
// needs no attribute; a writer decomposes the others or treats them by name.
//   arity<op::Fma> is 3
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/ops/activation.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/cast.hpp>
#include <tenon/ops/compare.hpp>
#include <tenon/ops/complex.hpp>
#include <tenon/ops/division.hpp>
#include <tenon/ops/error_function.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/hyperbolic.hpp>
#include <tenon/ops/logical.hpp>
#include <tenon/ops/logistic.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/representation.hpp>
#include <tenon/ops/rounding.hpp>
#include <tenon/ops/select.hpp>
#include <tenon/ops/trigonometric.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// All pointwise ops; of Cast the usual targets.
using PointwiseCatalogue = TypeList<  //
    op::Add, op::Subtract, op::Multiply, op::Negate, op::Positive, op::Abs, op::Sign, op::Square, op::Fma, op::Hypot,
    op::Copysign, op::Lerp, op::Divide, op::Reciprocal, op::FloorDivide, op::Mod, op::Fmod, op::Remainder, op::Minimum,
    op::Maximum, op::Fmin, op::Fmax, op::Clamp, op::Fdim, op::Floor, op::Ceil, op::Trunc, op::Round, op::Rint, op::Frac,
    op::Nextafter, op::Ldexp, op::Logb, op::SignBit, op::Equal, op::NotEqual, op::Less, op::LessEqual, op::Greater,
    op::GreaterEqual, op::IsNan, op::IsInf, op::IsFinite, op::IsClose, op::LogicalAnd, op::LogicalOr, op::LogicalXor,
    op::LogicalNot, op::BitAnd, op::BitOr, op::BitXor, op::BitNot, op::ShiftLeft, op::ShiftRight, op::Select, op::Exp,
    op::Exp2, op::Exp10, op::Expm1, op::Log, op::Log2, op::Log10, op::Log1p, op::Xlogy, op::Xlog1py, op::Pow, op::Sqrt,
    op::Rsqrt, op::Cbrt, op::Sin, op::Cos, op::Tan, op::Asin, op::Acos, op::Atan, op::Atan2, op::SinPi, op::CosPi,
    op::Deg2rad, op::Rad2deg, op::Sinh, op::Cosh, op::Tanh, op::Asinh, op::Acosh, op::Atanh, op::Sigmoid,
    op::LogSigmoid, op::Softplus, op::LogAddExp, op::Logit, op::Erf, op::Erfc, op::Erfinv, op::NormalCdf,
    op::NormalQuantile, op::Sinc, op::Relu, op::Relu6, op::LeakyRelu, op::Elu, op::Selu, op::Celu, op::Gelu,
    op::GeluTanh, op::Silu, op::Mish, op::Softsign, op::HardSigmoid, op::HardSwish, op::Threshold, op::HardShrink,
    op::SoftShrink, op::Real, op::Imag, op::Conj, op::Arg, op::Cast<bool>, op::Cast<signed char>,
    op::Cast<unsigned char>, op::Cast<int>, op::Cast<__INT64_TYPE__>, op::Cast<bfloat16>, op::Cast<half>,
    op::Cast<float>, op::Cast<double>>;

namespace detail {
template <class Op>
struct Sample {
  using type = double;
};
template <class Op>
requires(Op::typing == Typing::integral) struct Sample<Op> {
  using type = int;
};
template <class Op>
requires(Op::typing == Typing::logical) struct Sample<Op> {
  using type = bool;
};
template <class Op>
constexpr int arity_of() {
  using S = typename Sample<Op>::type;
  if constexpr (condition_first<Op>)
    return 3;
  else if constexpr (requires(S s) { Op::value(s); })
    return 1;
  else if constexpr (requires(S s) { Op::value(s, s); })
    return 2;
  else if constexpr (requires(S s) { Op::value(s, s, s); })
    return 3;
  else
    return 4;
}
}  // namespace detail

/// The number of arguments of a pointwise op.
template <class Op>
inline constexpr int arity = detail::arity_of<Op>();

}  // namespace TENON_ABI
}  // namespace tenon
