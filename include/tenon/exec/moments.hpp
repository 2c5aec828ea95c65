// tenon/exec/moments.hpp: finds a mean beside a variance of the same elements, so that both take one pass.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// (x - mean<0>(x, keepdims)) * rsqrt(var<0>(x, keepdims) + eps): the types say that there is such a pair, addresses
// whether both read the same elements. The state of a variance holds the mean.
#pragma once
#include <tenon/exec/cpu/row.hpp>
#include <tenon/expr/reductions.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Folds x over the axes in Mask with Op and writes the results, row-major over the other axes; second ones after all
/// first ones. In exec/cpu/reduce.hpp.
template <class Op, unsigned Mask, class A, class R>
void reduce_into(const A& x, R* out);

namespace detail {

// The op that gives a mean and the result of Op, if there is one.
template <class Op>
struct WithMean {
  static constexpr bool possible = false;
};
template <int Ddof>
struct WithMean<op::Var<Ddof>> {
  static constexpr bool possible = true;
  using type = op::MeanAnd<op::Var<Ddof>>;
};
template <int Ddof>
struct WithMean<op::Std<Ddof>> {
  static constexpr bool possible = true;
  using type = op::MeanAnd<op::Std<Ddof>>;
};

// Whether D is the spread over the same axes of an operand of the same type as the mean C.
template <class C, class D>
struct Beside {
  static constexpr bool possible = false;
};
template <class Op, unsigned Mask, bool Keep, class A>
requires(WithMean<Op>::possible && !A::has_cuts && !is_taped<typename A::value_type> &&
         !is_complex<base_t<typename A::value_type>>) struct Beside<Reduce<op::Mean, Mask, Keep, A>,
                                                                    Reduce<Op, Mask, Keep, A>> {
  static constexpr bool possible = true;
  using type = typename WithMean<Op>::type;
};

// Calls f for each cut of a pointwise expression.
template <class N, class F>
void each_cut(const N& n, const F& f) {
  if constexpr (requires { requires N::is_cut; }) f(n);
}
template <class Op, class T, class Args, class... N, class F, int... I>
void each_cut_of(const Map<Op, T, Args, N...>& n, const F& f, Seq<I...>);
template <class Op, class T, class Args, class... N, class F>
void each_cut(const Map<Op, T, Args, N...>& n, const F& f) {
  each_cut_of(n, f, make_seq<static_cast<int>(sizeof...(N))>{});
}
template <class Op, class T, class Args, class... N, class F, int... I>
void each_cut_of(const Map<Op, T, Args, N...>& n, const F& f, Seq<I...>) {
  (each_cut(operand_at<I>(n.operands), f), ...);
}

// The types of a node's cuts.
template <class N>
struct CutsOf {
  using type = TypeList<>;
};
template <class N>
requires(N::is_cut) struct CutsOf<N> {
  using type = TypeList<N>;
};
template <class Op, class T, class Args, class... N>
struct CutsOf<Map<Op, T, Args, N...>> {
  using type = concat_t<typename CutsOf<N>::type...>;
};
template <class C, class List>
inline constexpr bool beside_any = false;
template <class C, class... D>
inline constexpr bool beside_any<C, TypeList<D...>> = (Beside<C, D>::possible || ... || false);
template <class List>
inline constexpr bool any_pair = false;
template <class... C>
inline constexpr bool any_pair<TypeList<C...>> = (beside_any<C, TypeList<C...>> || ... || false);

// Whether two nodes of one type, without cuts, read the same elements and numbers.
template <class A>
bool same_elements(const A& a, const A& b) {
  using P = program_of<A>;
  Source x[P::loads], y[P::loads];
  Source *to_x = x, *to_y = y;
  a.fill(to_x);
  b.fill(to_y);
  for (int k = 0; k < P::loads; ++k) {
    const StridedMap &m = x[k].map, &n = y[k].map;
    bool number = true;
    for (int i = 0; i < m.extents.rank; ++i) number = number && m.strides.d[i] == 0;
    if (m.extents != n.extents || m.strides != n.strides || m.offset != n.offset) return false;
    if (x[k].data == y[k].data) continue;
    if (!number || __builtin_memcmp(x[k].data, y[k].data, static_cast<size_t>(load_bytes<P>[k])) != 0) return false;
  }
  return true;
}

/// Whether a statement may have a mean and a variance, or standard deviation, of the same elements, by its types.
template <class N>
inline constexpr bool has_moments = any_pair<typename CutsOf<N>::type>;

/// Calls f(mean, spread) for means and spreads of the same elements.
template <class N, class F>
void each_moments(const N& n, const F& f) {
  each_cut(n, [&](const auto& mean) {
    using C = bare_t<decltype(mean)>;
    if constexpr (beside_any<C, typename CutsOf<N>::type>)
      each_cut(n, [&](const auto& spread) {
        if constexpr (Beside<C, bare_t<decltype(spread)>>::possible)
          if (!mean.cache.ready && !spread.cache.ready &&
              same_elements(mean.template operand<0>(), spread.template operand<0>()))
            f(mean, spread);
      });
  });
}

/// Computes means and spreads of the same elements into their caches.
template <class N>
void compute_moments(const N& n) {
  each_moments(n, [](const auto& mean, const auto& spread) {
    using C = bare_t<decltype(mean)>;
    using T = typename C::value_type;
    const size_t bytes = static_cast<size_t>(mean.extents().size()) * sizeof(T);
    tenon::detail::BlockRef both(2 * bytes), second(bytes);
    reduce_into<typename Beside<C, bare_t<decltype(spread)>>::type, C::mask>(mean.template operand<0>(),
                                                                             reinterpret_cast<T*>(both.data()));
    __builtin_memcpy(second.data(), both.data() + bytes, bytes);
    mean.cache.block = static_cast<tenon::detail::BlockRef&&>(both);
    spread.cache.block = static_cast<tenon::detail::BlockRef&&>(second);
    mean.cache.ready = spread.cache.ready = true;
  });
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
