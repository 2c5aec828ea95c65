// tenon/math/hardware.hpp: multiply-add, square root, rounding and scaling by the machine's own instructions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every function of math/ is built on these. Whether a multiply-add is fused decides the last bit of a result, so it is
// never left to the compiler: where a product meets a sum the code says `kernel::fma`, which is one fused operation on
// scalars and packs alike if the target has it, and one rounded product and one rounded sum on both if not. That is
// what "a pack gives the same bits as a scalar" rests on. It holds within one build: another instruction set, or
// constant evaluation, may differ in the last bits, within the stated bounds.
#pragma once
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace math {
namespace kernel {

/// Whether `kernel::fma` rounds once, constant evaluation apart.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDA_ARCH__)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif
/// Whether packs are rounded to integers, scaled by powers of two, and looked up in short tables by one instruction.
/// What is looked up is the same for scalars.
#if defined(__CUDACC__)
inline constexpr bool has_rounding = false, has_scaling = false, has_lookup = false;
#else
inline constexpr bool has_rounding = TENON_ISA >= 256, has_scaling = TENON_ISA == 512, has_lookup = TENON_ISA == 512;
#endif

/// Whether V is float or a pack of it; the alternative is double.
template <class V>
inline constexpr bool is_single = __is_same(simd::lane_t<V>, float);

namespace detail {
#if !defined(__CUDACC__)
// The lanes of x as W lanes; those beyond the lanes of x are zero.
template <int W, class V>
TENON_FN auto resized(V x) {
  using R = simd::pack<simd::lane_t<V>, W>;
  R r{};
  __builtin_memcpy(&r, &x, sizeof(R) < sizeof(V) ? sizeof(R) : sizeof(V));
  return r;
}

// F::apply on packs as wide as a register: wider ones are cut in halves, narrower ones filled up with zeros.
template <class F, class V, class... Vs>
TENON_FN V by_register(V x, Vs... more) {
  constexpr int smallest = 16 / static_cast<int>(sizeof(simd::lane_t<V>));
  if constexpr (sizeof(V) > simd::native_bytes)
    return simd::concat(by_register<F>(simd::low_half(x), simd::low_half(more)...),
                        by_register<F>(simd::high_half(x), simd::high_half(more)...));
  else if constexpr (simd::lanes<V> < smallest)
    return resized<simd::lanes<V>>(F::apply(resized<smallest>(x), resized<smallest>(more)...));
  else
    return F::apply(x, more...);
}

// The write masks that select every lane: gcc declares some of these parameters signed, clang all unsigned.
#if defined(__clang__)
inline constexpr unsigned char every8 = 0xff;
inline constexpr unsigned short every16 = 0xffff;
#else
inline constexpr int every8 = -1, every16 = -1;
#endif

using F4 = simd::pack<float, 4>;
using F8 = simd::pack<float, 8>;
using F16 = simd::pack<float, 16>;
using D2 = simd::pack<double, 2>;
using D4 = simd::pack<double, 4>;
using D8 = simd::pack<double, 8>;

#if defined(__SSE2__) && !defined(__clang__)
struct Sqrt {
  TENON_INLINE static F4 apply(F4 x) { return __builtin_ia32_sqrtps(x); }
  TENON_INLINE static D2 apply(D2 x) { return __builtin_ia32_sqrtpd(x); }
  TENON_INLINE static float apply(float x) { return __builtin_ia32_sqrtss(F4{x})[0]; }
  TENON_INLINE static double apply(double x) { return __builtin_ia32_sqrtsd(D2{x})[0]; }
#if TENON_ISA >= 256
  TENON_INLINE static F8 apply(F8 x) { return __builtin_ia32_sqrtps256(x); }
  TENON_INLINE static D4 apply(D4 x) { return __builtin_ia32_sqrtpd256(x); }
#endif
#if TENON_ISA == 512
  TENON_INLINE static F16 apply(F16 x) { return __builtin_ia32_sqrtps512_mask(x, x, every16, 4); }
  TENON_INLINE static D8 apply(D8 x) { return __builtin_ia32_sqrtpd512_mask(x, x, every8, 4); }
#endif
};
#endif

#if TENON_ISA == 512 && !defined(__CUDACC__)
// 1 / sqrt(x) with a relative error of at most 2^-14.
struct RoughRsqrt {
  TENON_INLINE static F4 apply(F4 x) { return __builtin_ia32_rsqrt14ps128_mask(x, x, every8); }
  TENON_INLINE static F8 apply(F8 x) { return __builtin_ia32_rsqrt14ps256_mask(x, x, every8); }
  TENON_INLINE static F16 apply(F16 x) { return __builtin_ia32_rsqrt14ps512_mask(x, x, every16); }
};
#endif

#if defined(__FMA__) && !defined(__clang__)
struct Fma {
  TENON_INLINE static F4 apply(F4 a, F4 b, F4 c) { return __builtin_ia32_vfmaddps(a, b, c); }
  TENON_INLINE static D2 apply(D2 a, D2 b, D2 c) { return __builtin_ia32_vfmaddpd(a, b, c); }
  TENON_INLINE static F8 apply(F8 a, F8 b, F8 c) { return __builtin_ia32_vfmaddps256(a, b, c); }
  TENON_INLINE static D4 apply(D4 a, D4 b, D4 c) { return __builtin_ia32_vfmaddpd256(a, b, c); }
#if TENON_ISA == 512
  TENON_INLINE static F16 apply(F16 a, F16 b, F16 c) { return __builtin_ia32_vfmaddps512_mask(a, b, c, every16, 4); }
  TENON_INLINE static D8 apply(D8 a, D8 b, D8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, every8, 4); }
#endif
};
#endif

#if TENON_ISA == 512 && !defined(__CUDACC__)
// By the class of the second operand: that operand where it is a NaN, quiet (bits 0 to 3) or signalling (4 to 7), and
// for all others, whose bits are 0, the first one.
struct NanOf {
  TENON_INLINE static F16 apply(F16 x, F16 other) {
    return __builtin_ia32_fixupimmps512_mask(other, x, simd::broadcast<simd::pack<int, 16>>(0x11), 0, every16, 4);
  }
  TENON_INLINE static D8 apply(D8 x, D8 other) {
    return __builtin_ia32_fixupimmpd512_mask(other, x, simd::broadcast<simd::pack<long long, 8>>(0x11), 0, every8, 4);
  }
};
// 1 / x of 0 and -0 (bits 8 to 11) and of infinity (bits 20 to 23), the second operand of all others.
struct OfEnds {
  TENON_INLINE static F16 apply(F16 x, F16 other) {
    return __builtin_ia32_fixupimmps512_mask(other, x, simd::broadcast<simd::pack<int, 16>>(0x800600), 0, every16, 4);
  }
};
#endif

#if defined(__SSE2__) && !defined(__clang__)
// gcc makes a comparison and a blend of what is one instruction; both give the second operand where one is NaN.
template <class V, class T = simd::lane_t<V>>
inline constexpr bool has_extrema = simd::is_pack<V> && (__is_same(T, float) || __is_same(T, double)) &&
                                    sizeof(V) >= 16 && sizeof(V) <= simd::native_bytes;
struct Smaller {
  TENON_INLINE static F4 apply(F4 a, F4 b) { return __builtin_ia32_minps(a, b); }
  TENON_INLINE static D2 apply(D2 a, D2 b) { return __builtin_ia32_minpd(a, b); }
#if TENON_ISA >= 256
  TENON_INLINE static F8 apply(F8 a, F8 b) { return __builtin_ia32_minps256(a, b); }
  TENON_INLINE static D4 apply(D4 a, D4 b) { return __builtin_ia32_minpd256(a, b); }
#endif
#if TENON_ISA == 512
  TENON_INLINE static F16 apply(F16 a, F16 b) { return __builtin_ia32_minps512_mask(a, b, a, every16, 4); }
  TENON_INLINE static D8 apply(D8 a, D8 b) { return __builtin_ia32_minpd512_mask(a, b, a, every8, 4); }
#endif
};
struct Larger {
  TENON_INLINE static F4 apply(F4 a, F4 b) { return __builtin_ia32_maxps(a, b); }
  TENON_INLINE static D2 apply(D2 a, D2 b) { return __builtin_ia32_maxpd(a, b); }
#if TENON_ISA >= 256
  TENON_INLINE static F8 apply(F8 a, F8 b) { return __builtin_ia32_maxps256(a, b); }
  TENON_INLINE static D4 apply(D4 a, D4 b) { return __builtin_ia32_maxpd256(a, b); }
#endif
#if TENON_ISA == 512
  TENON_INLINE static F16 apply(F16 a, F16 b) { return __builtin_ia32_maxps512_mask(a, b, a, every16, 4); }
  TENON_INLINE static D8 apply(D8 a, D8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, every8, 4); }
#endif
};
#endif

#if TENON_ISA >= 256
// The immediate is the instruction's rounding mode: 8 nearest even, 9 down, 10 up, 11 towards zero, no exceptions.
template <int Mode>
struct Round {
  TENON_INLINE static F4 apply(F4 x) { return __builtin_ia32_roundps(x, Mode); }
  TENON_INLINE static D2 apply(D2 x) { return __builtin_ia32_roundpd(x, Mode); }
  TENON_INLINE static F8 apply(F8 x) { return __builtin_ia32_roundps256(x, Mode); }
  TENON_INLINE static D4 apply(D4 x) { return __builtin_ia32_roundpd256(x, Mode); }
#if TENON_ISA == 512
  TENON_INLINE static F16 apply(F16 x) { return __builtin_ia32_rndscaleps_mask(x, Mode, x, every16, 4); }
  TENON_INLINE static D8 apply(D8 x) { return __builtin_ia32_rndscalepd_mask(x, Mode, x, every8, 4); }
#endif
};
#endif

#if TENON_ISA == 512
// The immediate 2: the operand of smaller magnitude, with the first one's sign; the second one where the first is NaN.
struct Within {
  TENON_INLINE static F4 apply(F4 x, F4 m) { return __builtin_ia32_rangeps128_mask(x, m, 2, x, every8); }
  TENON_INLINE static D2 apply(D2 x, D2 m) { return __builtin_ia32_rangepd128_mask(x, m, 2, x, every8); }
  TENON_INLINE static F8 apply(F8 x, F8 m) { return __builtin_ia32_rangeps256_mask(x, m, 2, x, every8); }
  TENON_INLINE static D4 apply(D4 x, D4 m) { return __builtin_ia32_rangepd256_mask(x, m, 2, x, every8); }
  TENON_INLINE static F16 apply(F16 x, F16 m) { return __builtin_ia32_rangeps512_mask(x, m, 2, x, every16, 4); }
  TENON_INLINE static D8 apply(D8 x, D8 m) { return __builtin_ia32_rangepd512_mask(x, m, 2, x, every8, 4); }
};
// Lane i of the result is element index[i], modulo their number, of one or two registers.
TENON_INLINE F16 permuted(simd::pack<int, 16> index, F16 table) {
#if defined(__clang__)
  return __builtin_ia32_permvarsf512(table, index);
#else
  return __builtin_ia32_permvarsf512_mask(table, index, table, every16);
#endif
}
TENON_INLINE F16 permuted(simd::pack<int, 16> index, F16 low, F16 high) {
#if defined(__clang__)
  return __builtin_ia32_vpermi2varps512(low, index, high);
#else
  return __builtin_ia32_vpermt2varps512_mask(index, low, high, every16);
#endif
}
struct Scale {
  TENON_INLINE static F4 apply(F4 x, F4 n) { return __builtin_ia32_scalefps128_mask(x, n, x, every8); }
  TENON_INLINE static D2 apply(D2 x, D2 n) { return __builtin_ia32_scalefpd128_mask(x, n, x, every8); }
  TENON_INLINE static F8 apply(F8 x, F8 n) { return __builtin_ia32_scalefps256_mask(x, n, x, every8); }
  TENON_INLINE static D4 apply(D4 x, D4 n) { return __builtin_ia32_scalefpd256_mask(x, n, x, every8); }
  TENON_INLINE static F16 apply(F16 x, F16 n) { return __builtin_ia32_scalefps512_mask(x, n, x, every16, 4); }
  TENON_INLINE static D8 apply(D8 x, D8 n) { return __builtin_ia32_scalefpd512_mask(x, n, x, every8, 4); }
};
#endif
#endif
}  // namespace detail

/// a * b + c: rounded once if `has_fma`, else the product and the sum are rounded; the same on scalars and packs.
template <class V>
TENON_FN V fma(V a, V b, V c) {
  if constexpr (!simd::is_pack<V>) {
    if constexpr (has_fma) {
      if (!__builtin_is_constant_evaluated()) {
        if constexpr (is_single<V>)
          return __builtin_fmaf(a, b, c);
        else
          return __builtin_fma(a, b, c);
      }
    }
    const V product = a * b;  // in a statement of its own, so that clang does not fuse it when it folds constants
    return product + c;
  } else if constexpr (!has_fma) {
    const V product = a * b;
    return product + c;
  } else {
#if defined(__clang__)
    return __builtin_elementwise_fma(a, b, c);
#elif defined(__FMA__) && !defined(__CUDACC__)
    return detail::by_register<detail::Fma>(a, b, c);
#else
    for (int i = 0; i < simd::lanes<V>; ++i) c[i] = fma<simd::lane_t<V>>(a[i], b[i], c[i]);
    return c;
#endif
  }
}

/// a * b, rounded even where a sum follows. gcc fuses a plain product into a later sum if it likes; a product that is
/// already a multiply-add, with -0, stays what it is and costs the same.
template <class V>
TENON_FN V mul(V a, V b) {
#if defined(__clang__)
  return a * b;
#else
  if constexpr (has_fma)
    return fma(a, b, simd::broadcast<V>(simd::lane_t<V>(-0.0)));
  else
    return a * b;
#endif
}

/// a if it is the smaller one, else b: b where one is NaN. One instruction.
template <class V>
TENON_FN V smaller(V a, V b) {
#if defined(__SSE2__) && !defined(__clang__) && !defined(__CUDACC__)
  if constexpr (detail::has_extrema<V>)
    if (!__builtin_is_constant_evaluated()) return detail::Smaller::apply(a, b);
#endif
  return simd::select(a < b, a, b);
}
/// a if it is the larger one, else b: b where one is NaN. One instruction.
template <class V>
TENON_FN V larger(V a, V b) {
#if defined(__SSE2__) && !defined(__clang__) && !defined(__CUDACC__)
  if constexpr (detail::has_extrema<V>)
    if (!__builtin_is_constant_evaluated()) return detail::Larger::apply(a, b);
#endif
  return simd::select(a > b, a, b);
}
/// x where it is NaN, else `other`. One instruction where there is one.
template <class V>
TENON_FN V nan_of(V x, V other) {
#if TENON_ISA == 512 && !defined(__CUDACC__)
  if (!__builtin_is_constant_evaluated()) {
    if constexpr (__is_same(V, detail::F16) || __is_same(V, detail::D8)) return detail::NanOf::apply(x, other);
  }
#endif
  return simd::select(x == x, other, x);
}
/// x, or the bound where x is beyond it; NaN stays.
template <class V>
TENON_FN V at_most(V x, simd::lane_t<V> bound) {
  return smaller(simd::broadcast<V>(bound), x);
}
template <class V>
TENON_FN V at_least(V x, simd::lane_t<V> bound) {
  return larger(simd::broadcast<V>(bound), x);
}

/// The lanes rounded to integers; the mode is 8 nearest even, 9 down, 10 up, 11 towards zero. Needs `has_rounding`.
template <int Mode, class V>
TENON_FN V round_to(V x) {
#if !defined(__CUDACC__) && TENON_ISA >= 256
  return detail::by_register<detail::Round<Mode>>(x);
#else
  return x;
#endif
}

/// x * 2^n rounded once, for n that holds an integer. Needs `has_scaling`.
template <class V>
TENON_FN V scale_by_instruction(V x, V n) {
#if !defined(__CUDACC__) && TENON_ISA == 512
  return detail::by_register<detail::Scale>(x, n);
#else
  return x * n;
#endif
}

/// x * 2^n as above where a is not below `least` (so also where it is NaN), else 0, in two instructions. A subnormal
/// result takes a hundred times as long as another, unless it is not asked for.
template <class V>
TENON_FN V scale_unless_below(V x, V n, V a, simd::lane_t<V> least) {
  const V bound = simd::broadcast<V>(least);
#if !defined(__CUDACC__) && TENON_ISA == 512
  constexpr int not_less = 5;
  if constexpr (__is_same(V, detail::F16))
    return __builtin_ia32_scalefps512_mask(x, n, V{},
                                           __builtin_ia32_cmpps512_mask(a, bound, not_less, detail::every16, 4), 4);
  else if constexpr (__is_same(V, detail::D8))
    return __builtin_ia32_scalefpd512_mask(x, n, V{},
                                           __builtin_ia32_cmppd512_mask(a, bound, not_less, detail::every8, 4), 4);
#endif
  const auto below = a < bound;
  return simd::select(below, V{}, scale_by_instruction(x, simd::select(below, V{}, n)));
}

/// x, or `bound` with the sign of x where |x| is larger, and where x is NaN; bound > 0. Needs `has_scaling` and a pack.
template <class V>
TENON_FN V within(V x, [[maybe_unused]] simd::lane_t<V> bound) {
#if !defined(__CUDACC__) && TENON_ISA == 512
  return detail::by_register<detail::Within>(x, simd::broadcast<V>(bound));
#else
  return x;
#endif
}

/// table[index modulo N], of 16 or 32 numbers. Needs `has_lookup`.
template <class V, int N>
TENON_FN V lookup([[maybe_unused]] const float (&table)[N], [[maybe_unused]] simd::rebind_t<V, unsigned> index) {
  static_assert(N == 16 || N == 32, "tenon: a table is one or two registers");
  if constexpr (!simd::is_pack<V>) {
    return table[index % N];
#if !defined(__CUDACC__) && TENON_ISA == 512
  } else if constexpr (simd::lanes<V> > 16) {
    using Half = simd::pack<float, simd::lanes<V> / 2>;
    return simd::concat(lookup<Half>(table, simd::low_half(index)), lookup<Half>(table, simd::high_half(index)));
  } else {
    const auto at = simd::bitcast<simd::pack<int, 16>>(detail::resized<16>(index));
    detail::F16 part[N / 16];
    __builtin_memcpy(part, table, sizeof(part));
    if constexpr (N == 16)
      return detail::resized<simd::lanes<V>>(detail::permuted(at, part[0]));
    else
      return detail::resized<simd::lanes<V>>(detail::permuted(at, part[0], part[1]));
#else
  } else {
    return V{};
#endif
  }
}

/// The square root, correctly rounded, at run time.
template <class V>
TENON_FN V sqrt_by_instruction(V x) {
  if constexpr (!simd::is_pack<V>) {
#if defined(__SSE2__) && !defined(__clang__) && !defined(__CUDACC__)
    return detail::Sqrt::apply(x);  // no call of the library's for negative numbers, nor a question whether x is one
#else
    if constexpr (is_single<V>)
      return __builtin_sqrtf(x);
    else
      return __builtin_sqrt(x);
#endif
  } else {
#if defined(__clang__)
    return __builtin_elementwise_sqrt(x);
#elif defined(__SSE2__) && !defined(__CUDACC__)
    return detail::by_register<detail::Sqrt>(x);
#else
    for (int i = 0; i < simd::lanes<V>; ++i) x[i] = sqrt_by_instruction<simd::lane_t<V>>(x[i]);
    return x;
#endif
  }
}

}  // namespace kernel
}  // namespace math
}  // namespace TENON_ABI
}  // namespace tenon
