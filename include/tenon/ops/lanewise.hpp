// tenon/ops/lanewise.hpp: what the values of ops are made of, for a scalar and for a pack alike.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integer arithmetic here is total: it wraps modulo 2^bits, dividing by zero gives zero, and a floating number outside
// of an integer type's range converts to its nearest value (NaN to 0). All of it is plain unsigned arithmetic and
// selects, so nothing is undefined and loops still vectorise.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace lanewise {

namespace detail {
// The unsigned type in which lanes of I wrap; scalars below 32 bits would be promoted to int anyway.
template <class V, bool Pack = simd::is_pack<V>>
struct Wrapping {
  using type =
      typename tenon::detail::NumberOf<tenon::detail::sized_integer(sizeof(V) < 4 ? 4 : sizeof(V), true)>::type;
};
template <class V>
struct Wrapping<V, true> {
  using type = simd::rebind_t<
      V, typename tenon::detail::NumberOf<tenon::detail::sized_integer(sizeof(simd::lane_t<V>), true)>::type>;
};
template <class V>
using wrapping = typename Wrapping<V>::type;
template <class V>
TENON_FN auto to_wrapping(V v) {
  if constexpr (simd::is_pack<V>)
    return simd::bitcast<wrapping<V>>(v);
  else
    return static_cast<wrapping<V>>(v);
}
template <class V, class U>
TENON_FN V from_wrapping(U u) {
  if constexpr (simd::is_pack<V>)
    return simd::bitcast<V>(u);
  else
    return static_cast<V>(u);
}
TENON_FN double power_of_two(int n) {
  double p = 1;
  for (int i = 0; i < n; ++i) p *= 2;
  return p;
}
}  // namespace detail

/// Whether V is an integer type or a pack of one; a mask pack is one, bool is not.
template <class V>
inline constexpr bool integral = is_integer<simd::lane_t<V>>;
/// Whether V is a floating type or a pack of one.
template <class V>
inline constexpr bool floating = is_floating<simd::lane_t<V>>;

/// x rounded towards zero to the integer type I; beyond its range the nearest value of I, and 0 for NaN.
template <class I, class V>
TENON_FN simd::rebind_t<V, I> to_integer(V x) {
  using F = simd::lane_t<V>;
  using R = simd::rebind_t<V, I>;
  constexpr int bits = 8 * static_cast<int>(sizeof(I));
  constexpr F above = static_cast<F>(detail::power_of_two(is_signed_integer<I> ? bits - 1 : bits));
  constexpr F lowest = is_signed_integer<I> ? -above : F(0);
  // Both bounds are powers of two and so exact; comparisons with NaN are false, which leaves 0.
  if constexpr (simd::is_pack<V>) {
    const auto inside = (x >= lowest) & (x < above);
    R r = simd::convert<I>(simd::select(inside, x, V{}));
    r = simd::select(x >= above, simd::broadcast<R>(limits<I>::max()), r);
    return simd::select(x < lowest, simd::broadcast<R>(limits<I>::lowest()), r);
  } else {
    const I r = x >= lowest && x < above ? static_cast<I>(x) : I(0);
    return x >= above ? limits<I>::max() : x < lowest ? limits<I>::lowest() : r;
  }
}

/// The number c as a V: every lane of a pack, the real part of a complex number, the nearest value of an integer type.
template <class V>
TENON_FN V constant(double c) {
  using T = simd::lane_t<V>;
  if constexpr (is_complex<T>)
    return V(static_cast<real_t<T>>(c), real_t<T>(0));
  else if constexpr (is_bool<T>)
    return c != 0;
  else if constexpr (is_integer<T>)
    return simd::broadcast<V>(to_integer<T>(c));
  else
    return simd::broadcast<V>(static_cast<T>(c));
}

/// a + b; integers wrap.
template <class V>
TENON_FN V add(V a, V b) {
  if constexpr (integral<V>)
    return detail::from_wrapping<V>(detail::to_wrapping(a) + detail::to_wrapping(b));
  else
    return a + b;
}
/// a - b; integers wrap.
template <class V>
TENON_FN V subtract(V a, V b) {
  if constexpr (integral<V>)
    return detail::from_wrapping<V>(detail::to_wrapping(a) - detail::to_wrapping(b));
  else
    return a - b;
}
/// a * b; integers wrap.
template <class V>
TENON_FN V multiply(V a, V b) {
  if constexpr (integral<V>)
    return detail::from_wrapping<V>(detail::to_wrapping(a) * detail::to_wrapping(b));
  else
    return a * b;
}
/// -a; integers wrap.
template <class V>
TENON_FN V negate(V a) {
  if constexpr (integral<V>)
    return subtract(V{}, a);
  else
    return -a;
}

/// a * 2^n modulo 2^bits, for 0 <= n < bits.
template <class V>
TENON_FN V shift_left(V a, V n) {
  return detail::from_wrapping<V>(detail::to_wrapping(a) << detail::to_wrapping(n));
}

/// The integer quotient a / b rounded towards zero; 0 where b is 0, wrapped where the lowest value is divided by -1.
template <class V>
TENON_FN V quotient(V a, V b) {
  using T = simd::lane_t<V>;
  if constexpr (simd::is_pack<V>) {
    const V one = simd::broadcast<V>(T(1));
    if constexpr (is_signed_integer<T>) {
      const V q = a / simd::select((b == 0) | (b == -1), one, b);
      return simd::select(b == 0, V{}, simd::select(b == -1, negate(a), q));
    } else {
      return simd::select(b == 0, V{}, a / simd::select(b == 0, one, b));
    }
  } else {
    if (b == 0) return T(0);
    if constexpr (is_signed_integer<T>)
      if (b == -1) return negate(a);
    return static_cast<T>(a / b);
  }
}
/// The remainder of that quotient, with the sign of a; 0 where b is 0.
template <class V>
TENON_FN V remainder(V a, V b) {
  return simd::select(b == V{}, V{}, subtract(a, multiply(b, quotient(a, b))));
}

/// m as a mask for lanes of V: zero clears, anything else sets. A scalar V takes a bool.
template <class V, class M>
TENON_FN simd::mask_t<V> mask(M m) {
  if constexpr (simd::is_pack<M>)
    return simd::mask_cast<V>(m != M{});
  else if constexpr (simd::is_pack<V>)
    return simd::broadcast<simd::mask_t<V>>(m != M(0) ? -1 : 0);
  else
    return m != M(0);
}

}  // namespace lanewise
}  // namespace TENON_ABI
}  // namespace tenon
