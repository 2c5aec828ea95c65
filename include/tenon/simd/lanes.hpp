// tenon/simd/lanes.hpp: the SIMD pack, a raw compiler vector, and what is done to its lanes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pack is the compiler's own vector type, so arithmetic, comparison and `mask ? a : b` are built in and cost no
// call. A comparison gives an integer pack whose lanes are 0 or -1. Every function here also takes a scalar and then
// means the one-lane case (a mask is a bool), so one template serves both:
//   template <class V> V relu(V x) { return simd::select(x > 0, x, V{}); }   // V = float or pack<float, 16>
// bool is no lane type: its packs are `pack<signed char, W>` in memory order, see mask.hpp. Device code has no vector
// types, so under nvcc nothing is a pack, a register has one lane, and `pack<T, 1>` is T.
#pragma once
#include <tenon/base/config.hpp>

// Packs wider than a register are split by the compiler. Every function that takes one is inlined, so the calling
// convention that the compilers warn about never comes into play. The warning stays off for what includes this header,
// because the loops over packs elsewhere in the library need the same.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

namespace detail {
template <class T, int W>
struct Pack {
  static_assert(W > 0 && (W & (W - 1)) == 0, "tenon: the number of lanes of a pack is a power of two");
#if defined(__CUDACC__)
  static_assert(W == 1, "tenon: code compiled by nvcc has scalars only");
  using type = T;
#else
  typedef T type __attribute__((vector_size(W * sizeof(T))));
#endif
};
template <class T>
struct Unref {
  using type = T;
};
template <class T>
struct Unref<const T> : Unref<T> {};
template <class T>
struct Unref<T&> : Unref<T> {};
template <class T>
struct Unref<T&&> : Unref<T> {};

template <class V>
inline constexpr bool is_class = __is_class(V) || __is_union(V);

// Of all types that are no class only vectors can be negated and then indexed.
template <class V, bool IsClass = is_class<V>, class = void>
struct Traits {
  static constexpr bool pack = false;
  static constexpr int lanes = 1;
  using lane = V;
  template <class U>
  using rebind = U;
  using mask = bool;
};
#if !defined(__CUDACC__)
template <class V>
struct Traits<V, false, decltype(void((-V{})[0]))> {
  static constexpr bool pack = true;
  using lane = typename Unref<decltype((-V{})[0])>::type;
  static constexpr int lanes = static_cast<int>(sizeof(V) / sizeof(lane));
  template <class U>
  using rebind = typename Pack<U, lanes>::type;
  using mask = decltype(V{} < V());
};
#endif

template <int Bytes>
struct IntOf;
template <>
struct IntOf<1> {
  using type = signed char;
};
template <>
struct IntOf<2> {
  using type = short;
};
template <>
struct IntOf<4> {
  using type = int;
};
template <>
struct IntOf<8> {
  using type = __INT64_TYPE__;
};
}  // namespace detail

/// W lanes of T (W a power of two): the compiler's vector type itself.
template <class T, int W>
using pack = typename detail::Pack<T, W>::type;

/// Whether V is a pack; false for scalars, classes and everything else.
template <class V>
inline constexpr bool is_pack = detail::Traits<V>::pack;
/// The number of lanes of V, 1 for a scalar.
template <class V>
inline constexpr int lanes = detail::Traits<V>::lanes;
/// The lane type of V, V itself for a scalar.
template <class V>
using lane_t = typename detail::Traits<V>::lane;
/// As many lanes as V has, of type U.
template <class V, class U>
using rebind_t = typename detail::Traits<V>::template rebind<U>;
/// What a comparison of two V gives: bool for a scalar, else lanes 0 or -1 of a signed integer as wide as V's lanes.
template <class V>
using mask_t = typename detail::Traits<V>::mask;
/// The signed integer type of so many bytes.
template <int Bytes>
using int_of = typename detail::IntOf<Bytes>::type;

#if defined(__CUDACC__)
inline constexpr int native_bytes = 1;
#else
/// Bytes in one register of the instruction set compiled for; 16 when it has none.
inline constexpr int native_bytes = TENON_ISA == 0 ? 16 : TENON_ISA / 8;
#endif
/// How many vector registers there are.
#if defined(__aarch64__)
inline constexpr int registers = 32;
#else
inline constexpr int registers = TENON_ISA == 512 ? 32 : 16;
#endif
/// Lanes of T in one register.
template <class T>
inline constexpr int native_lanes = sizeof(T) >= native_bytes ? 1 : native_bytes / static_cast<int>(sizeof(T));
/// One register full of T.
template <class T>
using native = pack<T, native_lanes<T>>;

/// Every lane equal to s.
template <class V>
TENON_FN V broadcast(lane_t<V> s) {
  if constexpr (is_pack<V>)
    return s - V{};  // s - 0 is s for every s, -0 included; 0 + s is not
  else
    return s;
}

/// The same bits as another type of the same size.
template <class To, class From>
TENON_FN To bitcast(From v) {
  static_assert(sizeof(To) == sizeof(From), "tenon: bitcast keeps the size");
  return __builtin_bit_cast(To, v);
}

namespace detail {
// gcc converts lane by lane where the widths differ by more than a factor of two, or a small integer meets a floating
// type. This is the type to go by: every value arrives unchanged. It is U itself where one step does.
template <class S, class U>
constexpr auto conversion_step() {
  constexpr bool from_integer = static_cast<S>(0.5) == 0, to_integer = static_cast<U>(0.5) == 0;
  constexpr int from = sizeof(S), to = sizeof(U);
  if constexpr (from == 1 && to > 2) {
    if constexpr (static_cast<S>(-1) < 0)
      return short{};
    else
      return static_cast<unsigned short>(0);
  } else if constexpr (from == 2 && (to == 8 || !to_integer)) {
    return 0;
  } else if constexpr (to_integer && to <= 2 && (!from_integer || from == 8)) {
    return 0;
  } else if constexpr (to == 1 && from == 4) {
    return short{};
  } else {
    return U{};
  }
}
}  // namespace detail

#if TENON_ISA >= 256 && !defined(__clang__) && !defined(__CUDACC__)
namespace detail {
// gcc widens integers in halves that it puts together again; this is the one instruction, for results that fill a
// register.
template <class S, class U>
inline constexpr bool is_widening = static_cast<S>(0.5) == 0 && static_cast<U>(0.5) == 0 &&
                                    ((sizeof(S) == 1 && sizeof(U) == 2) || (sizeof(S) <= 2 && sizeof(U) == 4));
template <class U, class V>
TENON_INLINE rebind_t<V, U> widen(V v) {
  using R = rebind_t<V, U>;
  constexpr bool has_sign = static_cast<lane_t<V>>(-1) < 0;
  using Bytes = pack<char, sizeof(V) < 16 ? 16 : static_cast<int>(sizeof(V))>;
  using Words = pack<short, sizeof(V) < 16 ? 8 : static_cast<int>(sizeof(V) / 2)>;
  if constexpr (sizeof(lane_t<V>) == 1) {
    Bytes x{};
    __builtin_memcpy(&x, &v, sizeof(v));
#if TENON_ISA == 512
    constexpr auto every16 = static_cast<unsigned short>(-1);
    if constexpr (sizeof(U) == 4 && has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxbd512_mask(x, pack<int, 16>{}, every16));
    else if constexpr (sizeof(U) == 4)
      return bitcast<R>(__builtin_ia32_pmovzxbd512_mask(x, pack<int, 16>{}, every16));
    else if constexpr (has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxbw512_mask(x, pack<short, 32>{}, ~0u));
    else
      return bitcast<R>(__builtin_ia32_pmovzxbw512_mask(x, pack<short, 32>{}, ~0u));
#else
    if constexpr (sizeof(U) == 4 && has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxbd256(x));
    else if constexpr (sizeof(U) == 4)
      return bitcast<R>(__builtin_ia32_pmovzxbd256(x));
    else if constexpr (has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxbw256(x));
    else
      return bitcast<R>(__builtin_ia32_pmovzxbw256(x));
#endif
  } else {
    const Words x = bitcast<Words>(v);
#if TENON_ISA == 512
    constexpr auto every16 = static_cast<unsigned short>(-1);
    if constexpr (has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxwd512_mask(x, pack<int, 16>{}, every16));
    else
      return bitcast<R>(__builtin_ia32_pmovzxwd512_mask(x, pack<int, 16>{}, every16));
#else
    if constexpr (has_sign)
      return bitcast<R>(__builtin_ia32_pmovsxwd256(x));
    else
      return bitcast<R>(__builtin_ia32_pmovzxwd256(x));
#endif
  }
}
}  // namespace detail
#endif

/// Each lane converted to the lane type U, as static_cast does. A float outside the range of an integer U is undefined.
template <class U, class V>
TENON_FN rebind_t<V, U> convert(V v) {
  if constexpr (!is_pack<V>) {
    return static_cast<U>(v);
  } else if constexpr (__is_same(lane_t<V>, U)) {
    return v;
  } else {
#if defined(__clang__)
    return __builtin_convertvector(v, rebind_t<V, U>);
#else
#if TENON_ISA >= 256 && !defined(__CUDACC__)
    if constexpr (detail::is_widening<lane_t<V>, U> && sizeof(rebind_t<V, U>) == native_bytes)
      if (!__builtin_is_constant_evaluated()) return detail::widen<U>(v);
#endif
    using Step = decltype(detail::conversion_step<lane_t<V>, U>());
    if constexpr (__is_same(Step, U))
      return __builtin_convertvector(v, rebind_t<V, U>);
    else
      return convert<U>(__builtin_convertvector(v, rebind_t<V, Step>));
#endif
  }
}

/// The mask m with lanes as wide as those of V.
template <class V, class M>
TENON_FN mask_t<V> mask_cast(M m) {
  if constexpr (!is_pack<V>)
    return m;
  else if constexpr (sizeof(M) == sizeof(V))
    return bitcast<mask_t<V>>(m);
  else
    return convert<lane_t<mask_t<V>>>(m);
}

/// Lane by lane, a where the mask is set, else b. The mask is a bool, or an integer pack of 0 and -1 of any lane width.
template <class M, class V>
TENON_FN V select(M mask, V a, V b) {
  if constexpr (is_pack<M>) {
    static_assert(lanes<M> == lanes<V>, "tenon: select needs as many mask lanes as value lanes");
    return mask_cast<V>(mask) ? a : b;
  } else {
    return mask ? a : b;
  }
}

/// 0, 1, 2, ... in order of the lanes; 0 for a scalar.
template <class V>
TENON_FN V iota() {
  V v{};
  if constexpr (is_pack<V>)
    for (int i = 0; i < lanes<V>; ++i) v[i] = static_cast<lane_t<V>>(i);
  return v;
}

/// The lanes I... of a and b together: 0 to W - 1 are a's, W to 2 W - 1 are b's.
template <int... I, class V>
TENON_FN V shuffle(V a, [[maybe_unused]] V b) {
#if defined(__CUDACC__)
  return a;  // nvcc has no packs: a lane is a scalar, and nothing is shuffled
#else
  return __builtin_shufflevector(a, b, I...);
#endif
}

/// As many lanes as V has: the lanes I... of a wider pack, or of one as wide.
template <class V, int... I, class W>
TENON_FN V pick(W a) {
#if defined(__CUDACC__)
  return V(a);
#else
  return __builtin_shufflevector(a, a, I...);
#endif
}

/// Whether lanes of V are picked by numbers that come when it runs: a register of lanes of 4 bytes, or of 8 with
/// AVX-512.
template <class V>
inline constexpr bool has_permute = is_pack<V> && sizeof(V) == native_bytes &&
                                    ((TENON_ISA == 512 && (sizeof(lane_t<V>) == 4 || sizeof(lane_t<V>) == 8)) ||
                                     (TENON_ISA == 256 && sizeof(lane_t<V>) == 4));
/// The lanes of v with the numbers in `at`, each less than there are lanes. Needs `has_permute`.
template <class V>
TENON_FN V permute(V v, [[maybe_unused]] rebind_t<V, int_of<sizeof(lane_t<V>)>> at) {
#if defined(__CUDACC__)
  return v;
#elif !defined(__clang__)
  return __builtin_shuffle(v, at);
#elif TENON_ISA == 512
  if constexpr (sizeof(lane_t<V>) == 4)
    return bitcast<V>(__builtin_ia32_permvarsi512(bitcast<pack<int, 16>>(v), bitcast<pack<int, 16>>(at)));
  else
    return bitcast<V>(__builtin_ia32_permvardi512(bitcast<pack<long long, 8>>(v), bitcast<pack<long long, 8>>(at)));
#elif TENON_ISA == 256
  return bitcast<V>(__builtin_ia32_permvarsi256(bitcast<pack<int, 8>>(v), bitcast<pack<int, 8>>(at)));
#else
  return v;
#endif
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
