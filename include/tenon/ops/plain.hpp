// tenon/ops/plain.hpp: an op's value for numbers and packs of mixed types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `Op::value` is written for arguments of one type. Here mixed arguments are brought to it: numbers promote as in
// typing.hpp, a literal takes the type of the others, and where there is a pack, numbers are broadcast and weak:
//   plain_value<op::Pow>(2, 0.5f)    // float
// Only literals give a literal (a bool where the op compares).
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>
#include <tenon/ops/lanewise.hpp>
#include <tenon/ops/typing.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

struct NoType {};

// T joined with X: 0 leaves T, 1 takes X, 2 promotes two equals, 3 promotes with a weak scalar.
template <int Case, class T, class X>
struct Join {
  using type = T;
};
template <class T, class X>
struct Join<1, T, X> {
  using type = X;
};
template <class T, class X>
struct Join<2, T, X> : Promote<T, X> {};
template <class T, class X>
struct Join<3, T, X> : WeakPromote<T, X> {};

// The promoted lane type of the packs (Packs) or else the scalars among X..., starting from T; literals leave no trace.
template <bool Packs, bool Weak, class T, class... X>
struct Promoted {
  using type = T;
};
template <bool Packs, bool Weak, class T, class X, class... Rest>
struct Promoted<Packs, Weak, T, X, Rest...>
    : Promoted<Packs, Weak,
               typename Join<__is_same(X, Literal) || simd::is_pack<X> != Packs ? 0
                             : __is_same(T, NoType)                             ? 1
                             : Weak                                             ? 3
                                                                                : 2,
                             T, simd::lane_t<X>>::type,
               Rest...> {};
template <class... X>
using promoted_packs = typename Promoted<true, false, NoType, X...>::type;
template <class... X>
using promoted = typename Promoted<false, !__is_same(promoted_packs<X...>, NoType), promoted_packs<X...>, X...>::type;

// The first pack among X..., else void.
template <class... X>
struct FirstPack {
  using type = void;
};
template <class X, class... Rest>
struct FirstPack<X, Rest...> : FirstPack<Rest...> {};
template <class X, class... Rest>
requires(simd::is_pack<X>) struct FirstPack<X, Rest...> {
  using type = X;
};

template <class X, class... Rest>
inline constexpr bool all_same = (__is_same(X, Rest) && ...);

// V for a scalar op, the pack of V with as many lanes as P for one with a pack.
template <class P, class V>
struct Like {
  using type = simd::rebind_t<P, V>;
};
template <class V>
struct Like<void, V> {
  using type = V;
};

template <class V, class X>
TENON_FN V as_argument(X x) {
  using T = simd::lane_t<V>;
  if constexpr (__is_same(V, X)) {
    return x;
  } else if constexpr (__is_same(X, Literal)) {
    return lanewise::constant<V>(x.value);
  } else if constexpr (simd::is_pack<X>) {
    return simd::convert<T>(x);
  } else if constexpr (is_complex<T> && !is_complex<X>) {
    return T(static_cast<real_t<T>>(x), real_t<T>(0));
  } else if constexpr (is_complex<T>) {
    return T(static_cast<real_t<T>>(x.real()), static_cast<real_t<T>>(x.imag()));
  } else {
    return simd::broadcast<V>(static_cast<T>(x));
  }
}
template <class V, class X>
TENON_FN simd::mask_t<V> as_mask(X x) {
  if constexpr (__is_same(X, Literal))
    return lanewise::mask<V>(x.value);
  else
    return lanewise::mask<V>(x);
}

// Without types to go by, a select between literals under a mask has lanes as wide as the mask's.
template <class P, class T>
struct Known {
  using type = T;
};
template <>
struct Known<void, NoType> {
  using type = NoType;
};
template <class P>
struct Known<P, NoType> : Known<P, float> {};
template <class P>
requires(simd::is_pack<P> && sizeof(simd::lane_t<P>) == 8) struct Known<P, NoType> : Known<P, double> {
};

template <class T, class R>
TENON_FN auto rounded(R r) {
  if constexpr (__is_same(R, compute_t<T>) && !__is_same(R, T))
    return T(r);
  else
    return r;
}
TENON_FN Literal literal_or_bool(double r) { return {r}; }
TENON_FN bool literal_or_bool(bool r) { return r; }

template <class Op, class... X>
TENON_FN auto mixed_value(X... x) {
  using P = typename FirstPack<X...>::type;
  using T = typename Known<P, promoted<X...>>::type;
  if constexpr (__is_same(T, NoType)) {
    return literal_or_bool(Op::value(x.value...));
  } else if constexpr (Op::typing == Typing::logical) {
    using V = typename Like<P, T>::type;
    return Op::value(as_mask<V>(x)...);
  } else {
    using A = typename ArgumentFor<Op::typing, T>::type;
    using V = typename Like<P, compute_t<A>>::type;
    return rounded<A>(Op::value(as_argument<V>(x)...));
  }
}
template <class Op, class C, class... X>
TENON_FN auto mixed_select(C c, X... x) {
  using P = typename FirstPack<X..., C>::type;
  using T = typename Known<P, promoted<X...>>::type;
  if constexpr (__is_same(T, NoType)) {
    return Literal{Op::value(as_mask<bool>(c), x.value...)};
  } else {
    using V = typename Like<P, compute_t<T>>::type;
    return rounded<T>(Op::value(as_mask<V>(c), as_argument<V>(x)...));
  }
}

// Already of one type that the op computes in: what rules and kernels call, so it should cost the compiler little.
template <class Op, class X>
inline constexpr bool computes_in =
    Op::typing !=
        Typing::logical&& __is_same(typename ArgumentFor<Op::typing, simd::lane_t<X>>::type, simd::lane_t<X>) &&
    __is_same(compute_t<simd::lane_t<X>>, simd::lane_t<X>);
template <class Op>
inline constexpr bool computes_in<Op, Literal> = false;

}  // namespace detail

namespace detail {
// In place of a value that is refused, so that the compiler has no more to say than that.
template <class Op, class X, class... Rest>
TENON_FN auto refused_value(X x, Rest... rest) {
  [[maybe_unused]] constexpr bool ok = TakesComplex<Op, X, Rest...>::ok;
  if constexpr (Op::typing == Typing::comparison)
    return false;
  else if constexpr (is_complex<X>)
    return x;
  else
    return refused_value<Op>(rest...);
}
template <class Op, class... X>
inline constexpr bool refuses = Op::on_complex == OnComplex::refused && (is_complex<X> || ...);
}  // namespace detail

/// Op's value for numbers, packs and literals, brought to one type as Op::typing says.
template <class Op, class X, class... Rest>
TENON_FN auto plain_value(X x, Rest... rest) {
  if constexpr (detail::refuses<Op, X, Rest...>)
    return detail::refused_value<Op>(x, rest...);
  else if constexpr (detail::condition_first<Op>)
    return detail::mixed_select<Op>(x, rest...);
  else if constexpr (detail::all_same<X, Rest...> && detail::computes_in<Op, X>)
    return Op::value(x, rest...);
  else
    return detail::mixed_value<Op>(x, rest...);
}

}  // namespace TENON_ABI
}  // namespace tenon
