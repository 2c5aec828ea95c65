// tenon/expr/reductions.hpp: the reductions by name: sum<0>(x), mean(x), max<-1>(x, keepdims), ...
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All of them reduce over all axes, or over the axes that are named (negative ones from the end), and take `keepdims`
// as last argument to leave the reduced axes in place with extent 1:
//   Tensor<float, dyn> totals = sum<1>(x);    auto centred = x - mean<-1>(x, keepdims);
#pragma once
#include <tenon/expr/reduce.hpp>
#include <tenon/ops/reduction.hpp>
#include <tenon/ops/reduction_extrema.hpp>
#include <tenon/ops/reduction_logical.hpp>
#include <tenon/ops/reduction_logsumexp.hpp>
#include <tenon/ops/reduction_norms.hpp>
#include <tenon/ops/reduction_statistics.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Passed to var and stddev: how many degrees of freedom the mean has used up (0 by default, 1 for the unbiased
/// estimate).
template <int N>
struct Ddof {};
template <int N>
inline constexpr Ddof<N> ddof{};
/// Passed to norm: its order p = Num / Den.
template <int Num, int Den = 1>
struct Order {};
template <int Num, int Den = 1>
inline constexpr Order<Num, Den> order{};

#define TENON_DETAIL_REDUCTION(function, Op)                   \
  template <int... Axis, expression X>                         \
  constexpr auto function(X&& x) {                             \
    return reduce<op::Op, Axis...>(static_cast<X&&>(x));       \
  }                                                            \
  template <int... Axis, expression X>                         \
  constexpr auto function(X&& x, KeepDims keep) {              \
    return reduce<op::Op, Axis...>(static_cast<X&&>(x), keep); \
  }
#define TENON_DETAIL_SPREAD(function, Op)                            \
  template <int... Axis, expression X, class... Keep>                \
  constexpr auto function(X&& x, Keep... keep) {                     \
    return reduce<op::Op<0>, Axis...>(static_cast<X&&>(x), keep...); \
  }                                                                  \
  template <int... Axis, expression X, int N, class... Keep>         \
  constexpr auto function(X&& x, Ddof<N>, Keep... keep) {            \
    return reduce<op::Op<N>, Axis...>(static_cast<X&&>(x), keep...); \
  }

/// Sum of elements; bool and integers sum into 64 bits.
TENON_DETAIL_REDUCTION(sum, Sum)
/// Arithmetic mean.
TENON_DETAIL_REDUCTION(mean, Mean)
/// Product of elements; bool and integers multiply in 64 bits.
TENON_DETAIL_REDUCTION(prod, Prod)
/// The largest element, NaN if there is one; shape_error when there are no elements.
TENON_DETAIL_REDUCTION(max, Max)
/// The smallest element, NaN if there is one; shape_error when there are no elements.
TENON_DETAIL_REDUCTION(min, Min)
/// The int64 index of the first largest element or first NaN; along several or all axes, counted in row-major order.
TENON_DETAIL_REDUCTION(argmax, ArgMax)
/// The int64 index of the first smallest element or first NaN; along several or all axes, counted in row-major order.
TENON_DETAIL_REDUCTION(argmin, ArgMin)
/// Whether any element is not zero.
TENON_DETAIL_REDUCTION(any, Any)
/// Whether all elements are not zero.
TENON_DETAIL_REDUCTION(all, All)
/// The number of elements that are not zero.
TENON_DETAIL_REDUCTION(count_nonzero, CountNonzero)
/// log(sum(exp(x))), without overflow.
TENON_DETAIL_REDUCTION(logsumexp, LogSumExp)
/// Sum of absolute values.
TENON_DETAIL_REDUCTION(norm_l1, NormL1)
/// Square root of the sum of squares, without overflow; derivative 0 at 0.
TENON_DETAIL_REDUCTION(norm_l2, NormL2)
/// Largest absolute value.
TENON_DETAIL_REDUCTION(norm_inf, NormInf)
/// Variance: `var<0>(x)` divides by n, `var<0>(x, ddof<1>)` by n - 1.
TENON_DETAIL_SPREAD(var, Var)
/// Standard deviation, with `ddof` as for var.
TENON_DETAIL_SPREAD(stddev, Std)
#undef TENON_DETAIL_REDUCTION
#undef TENON_DETAIL_SPREAD

/// The p-norm: `norm<0>(x, order<3>)`, p = 3 / 2 by `order<3, 2>`; p is at least 1.
template <int... Axis, expression X, int Num, int Den, class... Keep>
constexpr auto norm(X&& x, Order<Num, Den>, Keep... keep) {
  if constexpr (Num == Den) {
    return reduce<op::NormL1, Axis...>(static_cast<X&&>(x), keep...);
  } else if constexpr (Num == 2 * Den) {
    return reduce<op::NormL2, Axis...>(static_cast<X&&>(x), keep...);
  } else {
    return reduce<op::NormP<Num, Den>, Axis...>(static_cast<X&&>(x), keep...);
  }
}
/// The Euclidean norm, as norm_l2.
template <int... Axis, expression X>
constexpr auto norm(X&& x) {
  return reduce<op::NormL2, Axis...>(static_cast<X&&>(x));
}
template <int... Axis, expression X>
constexpr auto norm(X&& x, KeepDims keep) {
  return reduce<op::NormL2, Axis...>(static_cast<X&&>(x), keep);
}

namespace detail {
template <unsigned Mask>
template <class X>
auto OverAxes<Mask>::mean(const X& x) const {
  // 16-bit floats would lose digits of the mean.
  using T = typename X::value_type;
  if constexpr (__is_same(compute_t<T>, T)) {
    using N = node_of<const X&>;
    return Reduce<op::Mean, Mask, true, N>(as_node(x));
  } else {
    auto wide = make_map<op::Cast<compute_t<base_t<T>>>>(as_node(x));
    return Reduce<op::Mean, Mask, true, decltype(wide)>(static_cast<decltype(wide)&&>(wide));
  }
}
}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
