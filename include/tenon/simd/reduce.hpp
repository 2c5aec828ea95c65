// tenon/simd/reduce.hpp: halves of packs, and reductions over their lanes in a fixed order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/simd/lanes.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

namespace detail {
template <int... I>
struct Ints {};
#if defined(__clang__)
template <class T, T... I>
using IntSequence = Ints<I...>;
template <int N>
using Count = __make_integer_seq<IntSequence, int, N>;
#else
template <int N>
using Count = Ints<__integer_pack(N)...>;
#endif
}  // namespace detail

#if !defined(__CUDACC__)
namespace detail {
template <int From, class V, int... I>
TENON_FN auto slice(V v, Ints<I...>) {
  return __builtin_shufflevector(v, v, (From + I)...);
}
template <class V, int... I>
TENON_FN auto concat(V a, V b, Ints<I...>) {
  return __builtin_shufflevector(a, b, I...);
}
}  // namespace detail

/// The first half of the lanes of a pack.
template <class V>
TENON_FN auto low_half(V v) {
  return detail::slice<0>(v, detail::Count<lanes<V> / 2>{});
}
/// The second half of the lanes of a pack.
template <class V>
TENON_FN auto high_half(V v) {
  return detail::slice<lanes<V> / 2>(v, detail::Count<lanes<V> / 2>{});
}
/// The lanes of a, then those of b.
template <class V>
TENON_FN auto concat(V a, V b) {
  return detail::concat(a, b, detail::Count<2 * lanes<V>>{});
}
#else  // which has no packs: names for what is never called there
template <class V>
V low_half(V v);
template <class V>
V high_half(V v);
template <class V>
V concat(V a, V b);
#endif

namespace detail {
struct Add {
  TENON_FN auto operator()(auto a, auto b) const { return static_cast<decltype(a)>(a + b); }
};
struct Multiply {
  TENON_FN auto operator()(auto a, auto b) const { return static_cast<decltype(a)>(a * b); }
};
struct Minimum {
  TENON_FN auto operator()(auto a, auto b) const { return select((a < b) | (a != a), a, b); }
};
struct Maximum {
  TENON_FN auto operator()(auto a, auto b) const { return select((a > b) | (a != a), a, b); }
};
struct And {
  TENON_FN auto operator()(auto a, auto b) const { return static_cast<decltype(a)>(a & b); }
};
struct Or {
  TENON_FN auto operator()(auto a, auto b) const { return static_cast<decltype(a)>(a | b); }
};
}  // namespace detail

/// All lanes combined by f, halves first: ((v0 f v4) f (v2 f v6)) f ((v1 f v5) f (v3 f v7)) for eight lanes, always.
/// f takes two packs, or two scalars, of the lane type.
template <class V, class F>
TENON_FN lane_t<V> reduce(V v, F f) {
#if !defined(__CUDACC__)
  if constexpr (is_pack<V>) {
    if constexpr (lanes<V> == 1) {
      return v[0];
    } else if constexpr (lanes<V> == 2) {
      return f(lane_t<V>{v[0]}, lane_t<V>{v[1]});
    } else if constexpr (lanes<V> == 4 && sizeof(V) == 16) {  // as pairs they might go through memory
      const V w = f(v, shuffle<2, 3, 0, 1>(v, v));
      return f(lane_t<V>{w[0]}, lane_t<V>{w[1]});
    } else {
      return reduce(f(low_half(v), high_half(v)), f);
    }
  }
#endif
  if constexpr (!is_pack<V>) return v;
}
/// The sum of the lanes, in the order of `reduce`.
template <class V>
TENON_FN lane_t<V> reduce_add(V v) {
  return reduce(v, detail::Add{});
}
/// The product of the lanes, in the order of `reduce`.
template <class V>
TENON_FN lane_t<V> reduce_mul(V v) {
  return reduce(v, detail::Multiply{});
}
/// The smallest lane; NaN if any lane is.
template <class V>
TENON_FN lane_t<V> reduce_min(V v) {
  return reduce(v, detail::Minimum{});
}
/// The largest lane; NaN if any lane is.
template <class V>
TENON_FN lane_t<V> reduce_max(V v) {
  return reduce(v, detail::Maximum{});
}

namespace detail {
// The sign bits of lanes as bits of a number, for whole registers with lanes of 4 and 8 bytes.
#if defined(__SSE2__) && !defined(__CUDACC__)
template <class M>
inline constexpr bool has_sign_bits = sizeof(M) == native_bytes && sizeof(lane_t<M>) >= 4;
template <class M>
TENON_INLINE unsigned sign_bits(M mask) {
  constexpr bool narrow = sizeof(lane_t<M>) == 4;
  constexpr int n = lanes<M>;
#if TENON_ISA == 512
  if constexpr (narrow) return __builtin_ia32_cvtd2mask512(bitcast<pack<int, n>>(mask));
  if constexpr (!narrow) return __builtin_ia32_cvtq2mask512(bitcast<pack<long long, n>>(mask));
#elif TENON_ISA == 256
  if constexpr (narrow) return static_cast<unsigned>(__builtin_ia32_movmskps256(bitcast<pack<float, n>>(mask)));
  if constexpr (!narrow) return static_cast<unsigned>(__builtin_ia32_movmskpd256(bitcast<pack<double, n>>(mask)));
#else
  if constexpr (narrow) return static_cast<unsigned>(__builtin_ia32_movmskps(bitcast<pack<float, n>>(mask)));
  if constexpr (!narrow) return static_cast<unsigned>(__builtin_ia32_movmskpd(bitcast<pack<double, n>>(mask)));
#endif
}
#else
template <class M>
inline constexpr bool has_sign_bits = false;
template <class M>
unsigned sign_bits(M mask);
#endif
}  // namespace detail

namespace detail {
// gcc 12 may store a mask as one or two bytes and load eight, so widening starts from a register.
TENON_INLINE unsigned long long widened(unsigned bits) {
#if defined(__SSE2__) && !defined(__clang__) && !defined(__CUDACC__)
  asm("" : "+r"(bits));
#endif
  return bits;
}
}  // namespace detail

/// The lanes in which a equals b as bits of a number, the first lane lowest; at most 64 lanes.
template <class V>
TENON_FN unsigned long long equal_lanes(V a, V b) {
#if TENON_ISA == 512 && !defined(__clang__) && !defined(__CUDACC__)
  // gcc would make a pack of the mask, and a mask of the pack.
  if (!__builtin_is_constant_evaluated()) {
    if constexpr (__is_same(V, pack<float, 16>))
      return detail::widened(
          static_cast<unsigned short>(__builtin_ia32_cmpps512_mask(a, b, 0, static_cast<short>(-1), 4)));
    if constexpr (__is_same(V, pack<double, 8>))
      return detail::widened(
          static_cast<unsigned char>(__builtin_ia32_cmppd512_mask(a, b, 0, static_cast<signed char>(-1), 4)));
  }
#endif
  using M = decltype(a == b);
  if constexpr (is_pack<M> && detail::has_sign_bits<M>) {
    if (!__builtin_is_constant_evaluated()) return detail::widened(detail::sign_bits(M(a == b)));
  }
  if constexpr (is_pack<M>) {
    const M m = a == b;
    unsigned long long bits = 0;
    for (int l = 0; l < lanes<M>; ++l) bits |= static_cast<unsigned long long>(m[l] & 1) << l;
    return bits;
  } else {
    return a == b;
  }
}

/// Whether a mask is set in at least one lane.
template <class M>
TENON_FN bool any(M mask) {
  if constexpr (is_pack<M> && detail::has_sign_bits<M>)
    if (!__builtin_is_constant_evaluated()) return detail::sign_bits(mask) != 0;
  return reduce(mask, detail::Or{}) != 0;
}
/// Whether a mask is set in every lane.
template <class M>
TENON_FN bool all(M mask) {
  if constexpr (is_pack<M> && detail::has_sign_bits<M>)
    if (!__builtin_is_constant_evaluated()) return detail::sign_bits(mask) == (1u << lanes<M>)-1;
  return reduce(mask, detail::And{}) != 0;
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
