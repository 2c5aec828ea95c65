// tenon/base/config.hpp: the compiler, the instruction set, the build profile, and the macros that follow from them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every header opens `namespace tenon { inline namespace TENON_ABI {`. The inline namespace spells the version, the
// instruction set, the profile and whether the build is checked, so two translation units built differently differ in
// names instead of silently sharing one function. These macros are all there are:
//   TENON_ABI       the inline namespace                     TENON_FN      constexpr, inlined, host and device
//   TENON_CHECKED   1 in builds without NDEBUG               TENON_INLINE  always inlined, host only
//   TENON_ISA       512, 256, 128 (vector bits), 0: generic  TENON_HD      callable on host and device
//   TENON_THROWS    1 where exceptions are enabled           TENON_COLD    out of line and small: for files, texts
//   TENON_EMBEDDED  1 in the embedded profile                TENON_DOT     1: integer dot products, 2: bfloat16 too
#pragma once

#if defined(__FAST_MATH__)
#error \
    "tenon: -ffast-math removes NaN, infinities and the order of operations that the library's claims rest on; tenon reaches full speed without it."
#endif
#if !defined(__GNUC__) && !defined(__clang__)
#error "tenon: this compiler is not supported; use g++ >= 12, clang >= 17 or nvcc >= 12.4 on one of them."
#endif

#if defined(__CUDACC__)
#define TENON_HD __host__ __device__
#else
#define TENON_HD
#endif
// A build may define these two as `constexpr` and `inline`: where nothing is optimised, that compiles in a fraction of
// the time, runs half as fast, and lets a debugger step into ops.
#if !defined(TENON_FN)
#define TENON_FN [[gnu::always_inline]] TENON_HD constexpr
#endif
#if !defined(TENON_INLINE)
#define TENON_INLINE [[gnu::always_inline]] inline
#endif
#define TENON_COLD [[gnu::noinline, gnu::cold]]

#if defined(NDEBUG)
#define TENON_CHECKED 0
#else
#define TENON_CHECKED 1
#endif

#if defined(__cpp_exceptions)
#define TENON_THROWS 1
#else
#define TENON_THROWS 0
#endif

#if !defined(TENON_EMBEDDED)
#define TENON_EMBEDDED 0
#endif

// One name per instruction-set family: what the SIMD layer assumes, and the part of TENON_ABI that tells units apart.
// nvcc does not know vector extensions: its units compute in scalars on the host, and are a family of their own.
// Sums of products of narrow numbers are instructions that come in addition to a family: VNNI those of int8 and int16,
// BF16 those of bfloat16. Processors with AMX (Sapphire Rapids) take twice as long for the latter as for the same
// products in float: there they are left out.
#if defined(__CUDACC__)
#define TENON_ISA 0
#define TENON_DOT 0
#if TENON_CHECKED
#define TENON_ABI v0_cuda_checked
#else
#define TENON_ABI v0_cuda
#endif
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define TENON_ISA 512
#if defined(__AVX512VNNI__) && defined(__AVX512BF16__) && !defined(__AMX_TILE__)
#define TENON_DOT 2
#elif defined(__AVX512VNNI__)
#define TENON_DOT 1
#else
#define TENON_DOT 0
#endif
#if TENON_DOT == 2 && TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_avx512_bf16_embedded_checked
#elif TENON_DOT == 2 && TENON_CHECKED
#define TENON_ABI v0_avx512_bf16_checked
#elif TENON_DOT == 2 && TENON_EMBEDDED
#define TENON_ABI v0_avx512_bf16_embedded
#elif TENON_DOT == 2
#define TENON_ABI v0_avx512_bf16
#elif TENON_DOT && TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_avx512_vnni_embedded_checked
#elif TENON_DOT && TENON_CHECKED
#define TENON_ABI v0_avx512_vnni_checked
#elif TENON_DOT && TENON_EMBEDDED
#define TENON_ABI v0_avx512_vnni_embedded
#elif TENON_DOT
#define TENON_ABI v0_avx512_vnni
#elif TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_avx512_embedded_checked
#elif TENON_CHECKED
#define TENON_ABI v0_avx512_checked
#elif TENON_EMBEDDED
#define TENON_ABI v0_avx512_embedded
#else
#define TENON_ABI v0_avx512
#endif
#elif defined(__AVX2__) && defined(__FMA__)
#define TENON_ISA 256
#if defined(__AVXVNNI__)
#define TENON_DOT 1
#else
#define TENON_DOT 0
#endif
#if TENON_DOT && TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_avx2_vnni_embedded_checked
#elif TENON_DOT && TENON_CHECKED
#define TENON_ABI v0_avx2_vnni_checked
#elif TENON_DOT && TENON_EMBEDDED
#define TENON_ABI v0_avx2_vnni_embedded
#elif TENON_DOT
#define TENON_ABI v0_avx2_vnni
#elif TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_avx2_embedded_checked
#elif TENON_CHECKED
#define TENON_ABI v0_avx2_checked
#elif TENON_EMBEDDED
#define TENON_ABI v0_avx2_embedded
#else
#define TENON_ABI v0_avx2
#endif
#elif defined(__SSE2__) || defined(__ARM_NEON)
#define TENON_ISA 128
#define TENON_DOT 0
#if TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_v128_embedded_checked
#elif TENON_CHECKED
#define TENON_ABI v0_v128_checked
#elif TENON_EMBEDDED
#define TENON_ABI v0_v128_embedded
#else
#define TENON_ABI v0_v128
#endif
#else
#define TENON_ISA 0
#define TENON_DOT 0
#if TENON_CHECKED && TENON_EMBEDDED
#define TENON_ABI v0_generic_embedded_checked
#elif TENON_CHECKED
#define TENON_ABI v0_generic_checked
#elif TENON_EMBEDDED
#define TENON_ABI v0_generic_embedded
#else
#define TENON_ABI v0_generic
#endif
#endif

namespace tenon {
inline namespace TENON_ABI {

using index_t = __PTRDIFF_TYPE__;  ///< extents, strides and element counts
using size_t = __SIZE_TYPE__;      ///< bytes

/// The extent of an axis that is only known at run time.
inline constexpr index_t dyn = -1;
/// The largest rank of a tensor or expression.
inline constexpr int max_rank = 8;
/// The alignment, in bytes, of every buffer the library allocates, whatever the instruction set.
inline constexpr size_t alignment = 64;

}  // namespace TENON_ABI
}  // namespace tenon
