// tenon/ad/dual.hpp: forward mode: an op on dual numbers is its value and its partials times the tangents.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   dual<double> x{2, 1};            // value 2, dx = 1
//   auto y = sin(x) * x;             // y.tangent[0] is dy/dx
#pragma once
#include <tenon/ad/differential.hpp>
#include <tenon/base/type_list.hpp>
#include <tenon/ops/derivative.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// X as a number that can be kept: a pending result is recorded.
template <class X>
TENON_FN decltype(auto) settled(const X& x) {
  if constexpr (is_pending<X>) {
    return x.get();
  } else {
    return (x);
  }
}
template <class X>
struct Settled {
  using type = X;
};
template <class T, int N, class Tag>
struct Settled<pending<T, N, Tag>> {
  using type = rev<T, Tag>;
};
template <class X>
using settled_t = typename Settled<X>::type;

// The common type of the differential arguments; plain numbers and literals adapt to it.
template <class Acc, class... X>
struct Joint {
  using type = Acc;
};
template <class Acc, class X, class... Rest>
struct Joint<Acc, X, Rest...> : Joint<Acc, Rest...> {};
template <class X, class... Rest>
requires(differential<X>) struct Joint<void, X, Rest...> : Joint<X, Rest...> {
};
template <class Acc, class X, class... Rest>
requires(!__is_same(Acc, void) && differential<X> && !__is_same(Acc, X)) struct Joint<Acc, X, Rest...>
    : Joint<promote_t<Acc, X>, Rest...> {
};

template <class R>
struct Differentiate;

// What an argument is one layer down: its value if it carries R's layer, itself (a constant) if not.
// Built-in numbers are weak, as they are next to tensors: a dual<float> times 0.5 stays a dual<float>.
template <class R, class X>
TENON_FN auto below(const X& x) {
  if constexpr (differential<X>) {
    if constexpr (__is_same(typename Layer<X>::tag, typename Layer<R>::tag)) {
      return x.value;
    } else {
      return x;
    }
  } else if constexpr (is_real<X> && !__is_class(X) && !is_bool<X>) {
    return static_cast<weak_promote_t<simd::lane_t<base_t<R>>, X>>(x);
  } else {
    return x;
  }
}
template <class R, class X>
inline constexpr bool carries = false;
template <class R, class X>
requires(differential<X>) inline constexpr bool carries<R, X> = __is_same(typename Layer<X>::tag,
                                                                          typename Layer<R>::tag);

template <class T>
inline constexpr bool is_no_partial = false;
template <>
inline constexpr bool is_no_partial<NoPartial> = true;

// A partial or a product of one, as a number of type T.
template <class T, class P>
TENON_FN T as_number(const P& p) {
  if constexpr (__is_same(P, T)) {
    return p;
  } else if constexpr (__is_same(P, Literal)) {
    return as_number<T>(static_cast<simd::lane_t<base_t<T>>>(p.value));
  } else if constexpr (!simd::is_pack<T>) {
    return T(p);
  } else if constexpr (simd::is_pack<P>) {
    return simd::convert<simd::lane_t<T>>(p);
  } else {
    return simd::broadcast<T>(static_cast<simd::lane_t<T>>(p));
  }
}

template <class T, int N, class Tag>
struct Differentiate<dual<T, N, Tag>> {
  using R = dual<T, N, Tag>;
  template <class Op, class... X>
  TENON_FN static auto apply(const X&... x) {
    const auto y = settled(tenon::apply<Op>(below<R>(x)...));
    if constexpr (!differentiable<Op, static_cast<int>(sizeof...(X))>) {
      return y;
    } else {
      using V = bare_t<decltype(y)>;
      dual<V, N, Tag> r(y);
      tangents(r, partials_of<Op>(y, below<R>(x)...), make_seq<static_cast<int>(sizeof...(X))>{}, x...);
      return r;
    }
  }

 private:
  template <class D, class P, int... I, class... X>
  TENON_FN static void tangents(D& r, const P& p, Seq<I...>, const X&... x) {
    using V = typename Layer<D>::inner;
    if constexpr ((__is_same(V, float) || __is_same(V, double)) && D::stored > 1) {
      if (!__builtin_is_constant_evaluated()) {
        // Packs of tangents; what fills the last one up is computed along with them.
        using Pack = simd::pack<V, (D::stored < simd::native_lanes<V> ? D::stored : simd::native_lanes<V>)>;
        for (int n = 0; n < D::stored; n += simd::lanes<Pack>) {
          Pack sum{};
          bool first = true;
          (add_pack<I>(sum, p, x, n, first), ...);
          simd::store(r.tangent + n, sum);
        }
        return;
      }
    }
    bool first = true;
    (add<I>(r, p, x, first), ...);
  }
  template <int I, class Pack, class P, class X>
  TENON_FN static void add_pack(Pack& sum, const P& p, const X& x, int n, bool& first) {
    if constexpr (carries<R, X> && !is_no_partial<bare_t<decltype(partial<I>(p))>>) {
      using V = simd::lane_t<Pack>;
      using From = typename Layer<X>::inner;
      Pack t{};
      if constexpr (__is_same(From, V)) {
        t = simd::load<Pack>(x.tangent + n);
      } else {
        for (int l = 0; l < simd::lanes<Pack>; ++l) t[l] = static_cast<V>(x.tangent[n + l]);
      }
      const Pack term = t * as_number<V>(partial<I>(p));
      sum = first ? term : sum + term;
      first = false;
    }
  }
  template <int I, class D, class P, class X>
  TENON_FN static void add(D& r, const P& p, const X& x, bool& first) {
    if constexpr (carries<R, X> && !is_no_partial<bare_t<decltype(partial<I>(p))>>) {
      using V = typename Layer<D>::inner;
      for (int n = 0; n < N; ++n) {
        const V term = as_number<V>(tenon::apply<op::Multiply>(partial<I>(p), x.tangent[n]));
        r.tangent[n] = first ? term : as_number<V>(tenon::apply<op::Add>(r.tangent[n], term));
      }
      first = false;
    }
  }
};

}  // namespace detail

namespace detail {
// A writable element of a tensor of rev numbers is read here.
template <class X>
TENON_FN decltype(auto) read(const X& x) {
  if constexpr (is_pending<X>) {
    return (x);
  } else if constexpr (requires { x.get(); }) {
    return x.get();
  } else {
    return (x);
  }
}
// In place of what has no complex derivative, so that the compiler has no more to say than that.
template <class Op, class X, class... Rest>
TENON_FN auto without_derivative(const X& x, const Rest&...) {
  [[maybe_unused]] constexpr bool ok = HasComplexDerivative<Op, X, Rest...>::ok;
  return settled_t<X>(x);
}
template <class Op, class... X>
TENON_FN auto differentiate(const X&... x) {
  if constexpr (Op::on_complex == OnComplex::values && (is_complex<base_t<settled_t<X>>> || ...))
    return without_derivative<Op>(x...);
  else
    return Differentiate<typename Joint<void, settled_t<X>...>::type>::template apply<Op>(x...);
}
}  // namespace detail

template <class Op, class... X>
TENON_FN auto DifferentialDomain::apply(const X&... x) {
  return detail::differentiate<Op>(detail::read(x)...);
}

}  // namespace TENON_ABI
}  // namespace tenon
