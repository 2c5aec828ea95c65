// tenon/optim/update.hpp: one pass over a parameter, its gradient and an optimiser's state.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A rule is a functor `rule(p, g, s...)` over numbers of any kind: p and the state s... are references that it updates,
// g is the gradient. It is applied to whole packs, the last ones padded, so that every element meets the same
// instructions; rules spell their products and sums as math::fma, and so give the same bits on numbers and on packs.
#pragma once
#include <tenon/math/math.hpp>
#include <tenon/nn/module.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace optim {

namespace detail {

template <class V, class T>
TENON_FN V load(const T* p) {
  if constexpr (__is_same(T, simd::lane_t<V>)) {
    return simd::load<V>(p);
  } else {
    V v{};
    for (int i = 0; i < simd::lanes<V>; ++i) v[i] = static_cast<simd::lane_t<V>>(p[i]);
    return v;
  }
}
template <class V, class T>
TENON_FN void store(T* p, V v) {
  if constexpr (__is_same(T, simd::lane_t<V>)) {
    simd::store(p, v);
  } else {
    for (int i = 0; i < simd::lanes<V>; ++i) p[i] = static_cast<T>(v[i]);
  }
}
template <class V, class R, class P, class G, class... S>
TENON_FN void update_pack(const R& rule, P* p, const G* g, S*... s) {
  [&](V x, V d, auto... state) {
    rule(x, d, state...);
    store(p, x);
    (store(s, state), ...);
  }(load<V>(p), load<V>(g), load<V>(s)...);
}
template <class T>
TENON_FN void copy(T* to, const T* from, index_t n) {
  for (index_t i = 0; i < n; ++i) to[i] = from[i];
}
template <class T, index_t W>
struct Tail {
  T values[W] = {};
  TENON_FN Tail(const T* p, index_t n) { copy(values, p, n); }
};

/// Applies the rule to n elements.
template <class R, class P, class G, class... S>
[[gnu::noinline]] void update(const R& rule, index_t n, P* p, const G* g, S*... s) {
  static_assert(is_real<P>, "tenon: optimisers move real parameters; keep a complex one as two tensors");
  using V = simd::native<compute_t<P>>;
  constexpr index_t W = simd::lanes<V>;
  index_t i = 0;
  for (; i + W <= n; i += W) update_pack<V>(rule, p + i, g + i, s + i...);
  if (i == n) return;
  [&](Tail<P, W> tp, Tail<G, W> tg, Tail<S, W>... ts) {
    update_pack<V>(rule, tp.values, tg.values, ts.values...);
    copy(p + i, tp.values, n - i);
    (copy(s + i, ts.values, n - i), ...);
  }(Tail<P, W>(p + i, n - i), Tail<G, W>(g + i, n - i), Tail<S, W>(s + i, n - i)...);
}

struct StateType {
  template <class T>
  using type = nn::param_t<T>;
};
struct ZeroState {
  template <class R, class X>
  R leaf(X& x) {
    if constexpr (R::extents_type::is_static) {
      return R();
    } else {
      return R(x.dims());
    }
  }
  template <class R, class X>
  R scalar(X& x) {
    return R(x);
  }
};

}  // namespace detail

/// The type of an optimiser's state for model M: M, with float in place of bfloat16 and half.
template <class M>
using state_t = tenon::detail::twin_t<detail::StateType, M>;

/// Zeros of the model's structure.
template <class M>
state_t<M> zero_state(const M& model) {
  detail::ZeroState zero;
  return tenon::detail::transform<state_t<M>>(zero, model);
}

/// Applies a rule to each parameter of the model, with its gradient and its state. shape_error if a gradient's shape is
/// not its parameter's.
template <class R, class M, class G, class... S>
void update_parameters(const R& rule, M& model, const G& gradient, S&... state) {
  nn::zip_parameters(
      [&](auto& p, const auto& g, auto&... s) {
        if constexpr (!bare_t<decltype(p)>::extents_type::is_static)
          if (!(p.dims() == g.dims() && ((p.dims() == s.dims()) && ... && true)))
            fail_shapes("optimiser", "the gradient or the state has not its parameter's shape", p.dims(), g.dims());
        detail::update(rule, p.size(), p.data(), g.data(), s.data()...);
      },
      model, gradient, state...);
}

}  // namespace optim
}  // namespace TENON_ABI
}  // namespace tenon
