// tenon/simd/dot.hpp: sums of products of neighbouring narrow numbers, added to wider ones, each by one instruction.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The narrow numbers of a lane are the bytes or halves of a 32-bit word, the first in its lowest bits. Integers wrap.
#pragma once
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

/// Whether dot_bfloat16, dot_int8 and dot_int16 are instructions here; they are of no use where they are not.
inline constexpr bool has_dot_bfloat16 = TENON_DOT == 2, has_dot_int8 = TENON_DOT >= 1;
#if defined(__SSE2__) && !defined(__CUDACC__)
inline constexpr bool has_dot_int16 = true;
#else
inline constexpr bool has_dot_int16 = false;
#endif

/// sum + a1 * b1 + a0 * b0 of pairs of bfloat16, by two multiply-adds that round to nearest; subnormal numbers, also
/// between the two, are taken for 0, whatever the rounding and flushing modes of the thread.
TENON_INLINE native<float> dot_bfloat16(native<float> sum, [[maybe_unused]] native<unsigned> a,
                                        [[maybe_unused]] native<unsigned> b) {
#if TENON_DOT == 2
#if defined(__clang__) || __GNUC__ >= 13
  typedef __bf16 Pairs __attribute__((vector_size(64)));
#else
  using Pairs = pack<short, 32>;
#endif
  // No function gives such packs: without optimisation clang 19 loses them where there is no AVX512-FP16.
  Pairs x, y;
  __builtin_memcpy(&x, &a, sizeof(a));
  __builtin_memcpy(&y, &b, sizeof(b));
#if defined(__clang__)
  return __builtin_ia32_dpbf16ps_512(sum, x, y);
#else
  return __builtin_ia32_dpbf16ps_v16sf(sum, x, y);
#endif
#else
  return sum;
#endif
}

/// sum + the products of four uint8 of a and four int8 of b.
TENON_INLINE native<unsigned> dot_int8(native<unsigned> sum, [[maybe_unused]] native<unsigned> a,
                                       [[maybe_unused]] native<unsigned> b) {
#if TENON_DOT >= 1
  using I = native<int>;
  const I s = bitcast<I>(sum), x = bitcast<I>(a), y = bitcast<I>(b);
#if TENON_ISA == 512 && defined(__clang__)
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpbusd512(s, x, y));
#elif TENON_ISA == 512
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpbusd_v16si(s, x, y));
#elif defined(__clang__)
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpbusd256(s, x, y));
#else
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpbusd_v8si(s, x, y));
#endif
#else
  return sum;
#endif
}

/// sum + the products of pairs of int16.
TENON_INLINE native<unsigned> dot_int16(native<unsigned> sum, [[maybe_unused]] native<unsigned> a,
                                        [[maybe_unused]] native<unsigned> b) {
#if TENON_DOT >= 1
  using I = native<int>;
  const I s = bitcast<I>(sum), x = bitcast<I>(a), y = bitcast<I>(b);
#if TENON_ISA == 512 && defined(__clang__)
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpwssd512(s, x, y));
#elif TENON_ISA == 512
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpwssd_v16si(s, x, y));
#elif defined(__clang__)
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpwssd256(s, x, y));
#else
  return bitcast<native<unsigned>>(__builtin_ia32_vpdpwssd_v8si(s, x, y));
#endif
#elif defined(__SSE2__) && !defined(__CUDACC__)
  using H = native<short>;
  const H x = bitcast<H>(a), y = bitcast<H>(b);
#if TENON_ISA == 512 && defined(__clang__)
  return sum + bitcast<native<unsigned>>(__builtin_ia32_pmaddwd512(x, y));
#elif TENON_ISA == 512
  return sum + bitcast<native<unsigned>>(__builtin_ia32_pmaddwd512_mask(x, y, native<int>{}, 0xffff));
#elif TENON_ISA == 256
  return sum + bitcast<native<unsigned>>(__builtin_ia32_pmaddwd256(x, y));
#else
  return sum + bitcast<native<unsigned>>(__builtin_ia32_pmaddwd128(x, y));
#endif
#else
  return sum;
#endif
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
