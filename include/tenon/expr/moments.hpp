// tenon/expr/moments.hpp: mean and variance of the same operand, in one pass over it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto [mean, var] = mean_var<-1>(x, keepdims);    // computed here, once
//   y = (x - mean) * rsqrt(var + 1e-5);
#pragma once
#include <tenon/expr/reductions.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
// An axis of two, the mean and the variance, then the reduced extents.
template <unsigned Mask, bool Keep, class E>
struct MomentDims {
  static constexpr Dims value() { return with_two(ReducedDims<Mask, Keep, E>::value()); }
  TENON_FN static Dims with_two(const Dims& d) {
    Dims r;
    r.push(2);
    for (int a = 0; a < d.rank; ++a) r.push(d.d[a]);
    return r;
  }
};
}  // namespace detail

/// Mean and variance of A over the axes in Mask, along a new first axis.
template <int Ddof, unsigned Mask, bool Keep, class A>
struct MeanVar
    : Cut<MeanVar<Ddof, Mask, Keep, A>, rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>,
          extents_from<detail::MomentDims<Mask, Keep, typename A::extents_type>>, A> {
  using T = rebase_t<typename A::value_type, fractional_t<base_t<typename A::value_type>>>;
  using E = extents_from<detail::MomentDims<Mask, Keep, typename A::extents_type>>;
  using Base = Cut<MeanVar, T, E, A>;
  using Result = primal_t<T>;
  using Base::Base;

  TENON_FN E extents() const {
    return E::from(detail::MomentDims<Mask, Keep, int>::with_two(
        detail::ReducedDims<Mask, Keep, int>::reduced(this->template operand<0>().extents().dims())));
  }
  void compute(Result* out) const;  // exec/cpu/reduce.hpp

  constexpr auto at(const Dims& i) const {
    Dims rest;
    for (int a = 1; a < i.rank; ++a) rest.push(i.d[a]);
    const auto& x = this->template operand<0>();
    return i.d[0] == 0 ? detail::reduced_at<op::MeanAnd<op::Var<Ddof>>, Mask, Keep, compute_t<Result>>(x, rest)
                       : detail::reduced_at<op::Var<Ddof>, Mask, Keep, compute_t<Result>>(x, rest);
  }
  template <class B>
  static auto with(B x) {
    return MeanVar<Ddof, Mask, Keep, B>(static_cast<B&&>(x));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    if constexpr (X::active) {
      const auto part = [](const auto& v, index_t k) {
        return detail::with_reduced_axes<Mask, Keep, A::rank>(v.moved(move::Select<0>{k}));
      };
      const double n = static_cast<double>(detail::OverAxes<Mask>::count_of(x.value.extents().dims()));
      x.add(part(g, 0) * (1 / n) + part(g, 1) * (2 / (n > Ddof ? n - Ddof : 0.0)) * (x.value - part(y, 0)));
    }
  }
};

/// What mean_var gives: two expressions over one computed block.
template <class N>
struct MeanVarOf {
  N mean, var;
};

namespace detail {
template <int Ddof, bool Keep, int... Axis, class X>
constexpr auto mean_var_of(X&& x) {
  using N = node_of<X>;
  [[maybe_unused]] constexpr bool fits = expect_complex_fits<op::MeanAnd<op::Var<Ddof>>, typename N::value_type>;
  const MeanVar<Ddof, axis_mask<op::Mean, N::rank, Axis...>(), Keep, N> node(as_node(static_cast<X&&>(x)));
  auto both = as_node(node);  // used by name, so computed now, for both uses
  using Part = Movement<move::Select<0>, decltype(both)>;
  return MeanVarOf<Part>{Part({0}, decltype(both)(both)), Part({1}, static_cast<decltype(both)&&>(both))};
}
}  // namespace detail

/// The mean and the variance over all axes, or over the named ones: `auto [m, v] = mean_var<0>(x)`.
template <int... Axis, expression X>
constexpr auto mean_var(X&& x) {
  return detail::mean_var_of<0, false, Axis...>(static_cast<X&&>(x));
}
template <int... Axis, expression X>
constexpr auto mean_var(X&& x, KeepDims) {
  return detail::mean_var_of<0, true, Axis...>(static_cast<X&&>(x));
}
template <int... Axis, expression X, int N>
constexpr auto mean_var(X&& x, Ddof<N>) {
  return detail::mean_var_of<N, false, Axis...>(static_cast<X&&>(x));
}
template <int... Axis, expression X, int N>
constexpr auto mean_var(X&& x, Ddof<N>, KeepDims) {
  return detail::mean_var_of<N, true, Axis...>(static_cast<X&&>(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
