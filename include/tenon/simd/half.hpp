// tenon/simd/half.hpp: packs of bfloat16 and half, which live in 16-bit integers and are computed in float.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both formats are `unsigned short` lanes here. To float is exact; from float rounds to nearest, ties to even, beyond
// the largest number to infinity, and NaN stays a quiet NaN with its leading digits, as in base/float16.hpp.
#pragma once
#include <tenon/base/float16.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

/// The packs (or the scalar) of 16-bit storage for float lanes V.
template <class V>
using half_bits_t = rebind_t<V, unsigned short>;

/// bfloat16 to float: its 16 bits are the upper ones.
template <class V>
TENON_FN V from_bfloat16(half_bits_t<V> h) {
  return bitcast<V>(convert<unsigned>(h) << 16);
}

/// Float to bfloat16.
template <class V>
TENON_FN half_bits_t<V> to_bfloat16(V v) {
  using U = rebind_t<V, unsigned>;
  const U u = bitcast<U>(v), upper = u >> 16;
  const U rounded = (u + (upper & 1u) + 0x7fffu) >> 16;
  return convert<unsigned short>(select(v == v, rounded, U(upper | 0x40u)));
}

namespace detail {
template <class V>
TENON_FN V from_half_by_bits(half_bits_t<V> h) {
  using U = rebind_t<V, unsigned>;
  const U u = convert<unsigned>(h), size = u & 0x7fffu, sign = (u & 0x8000u) << 16;
  // The exponent moves from 5 bits to 8, infinities and NaN to the top; subnormal numbers are counts of 2^-24.
  const U normal =
      (size << 13) + select(size >= broadcast<U>(0x7c00u), broadcast<U>(224u << 23), broadcast<U>(112u << 23));
  const U quiet = select(size > broadcast<U>(0x7c00u), broadcast<U>(0x400000u), U{});
  const U subnormal = bitcast<U>(V(convert<float>(bitcast<rebind_t<V, int>>(size)) * 0x1p-24f));
  return bitcast<V>(select(size < broadcast<U>(0x400u), subnormal, normal | quiet) | sign);
}
template <class V>
TENON_FN half_bits_t<V> to_half_by_bits(V v) {
  using U = rebind_t<V, unsigned>;
  const U u = bitcast<U>(v), size = u & 0x7fffffffu, sign = (u >> 16) & 0x8000u;
  // Adding 1/2 leaves a count of 2^-24, rounded, in the last bits.
  const U subnormal = bitcast<U>(V(bitcast<V>(size) + 0.5f)) - 0x3f000000u;
  const U normal = (size + ((size >> 13) & 1u) + 0xfffu - (112u << 23)) >> 13;
  const U special = select(size > broadcast<U>(0x7f800000u), U((size >> 13 & 0x3ffu) | 0x7e00u), broadcast<U>(0x7c00u));
  const U finite = select(size < broadcast<U>(0x38800000u), subnormal, normal);
  return convert<unsigned short>(select(size < broadcast<U>(0x477ff000u), finite, special) | sign);
}
}  // namespace detail

/// Half to float.
template <class V>
TENON_FN V from_half(half_bits_t<V> h) {
#if defined(__F16C__) && !defined(__CUDACC__)
  if constexpr (is_pack<V> && sizeof(V) > native_bytes) {
    using Half = pack<float, lanes<V> / 2>;
    return concat(from_half<Half>(low_half(h)), from_half<Half>(high_half(h)));
  }
  if constexpr (lanes<V> == 8) return __builtin_ia32_vcvtph2ps256(bitcast<pack<short, 8>>(h));
#if TENON_ISA == 512
  constexpr auto every_lane = static_cast<unsigned short>(-1);
  if constexpr (lanes<V> == 16)
    return __builtin_ia32_vcvtph2ps512_mask(bitcast<pack<short, 16>>(h), V{}, every_lane, 4);
#endif
#endif
  return detail::from_half_by_bits<V>(h);
}

/// Float to half.
template <class V>
TENON_FN half_bits_t<V> to_half(V v) {
#if defined(__F16C__) && !defined(__CUDACC__)
  if constexpr (is_pack<V> && sizeof(V) > native_bytes) return concat(to_half(low_half(v)), to_half(high_half(v)));
  if constexpr (lanes<V> == 8) return bitcast<half_bits_t<V>>(__builtin_ia32_vcvtps2ph256(v, 0));
#if TENON_ISA == 512
  constexpr auto every_lane = static_cast<unsigned short>(-1);
  if constexpr (lanes<V> == 16)
    return bitcast<half_bits_t<V>>(__builtin_ia32_vcvtps2ph512_mask(v, 0, pack<short, 16>{}, every_lane));
#endif
#endif
  return detail::to_half_by_bits(v);
}

/// Loads and stores of lanes of float V in 16-bit formats; no alignment is needed.
template <class V>
TENON_FN V load_bfloat16(const unsigned short* p) {
  return from_bfloat16<V>(load<half_bits_t<V>>(p));
}
template <class V>
TENON_FN V load_half(const unsigned short* p) {
  return from_half<V>(load<half_bits_t<V>>(p));
}
template <class V>
TENON_FN void store_bfloat16(unsigned short* p, V v) {
  store(p, to_bfloat16(v));
}
template <class V>
TENON_FN void store_half(unsigned short* p, V v) {
  store(p, to_half(v));
}
/// The same for the element types.
template <class V>
TENON_FN V load_floats(const bfloat16* p) {
  half_bits_t<V> bits;
  __builtin_memcpy(&bits, p, sizeof(bits));
  return from_bfloat16<V>(bits);
}
template <class V>
TENON_FN V load_floats(const half* p) {
  half_bits_t<V> bits;
  __builtin_memcpy(&bits, p, sizeof(bits));
  return from_half<V>(bits);
}
template <class V>
TENON_FN void store_floats(bfloat16* p, V v) {
  const auto bits = to_bfloat16(v);
  __builtin_memcpy(p, &bits, sizeof(bits));
}
template <class V>
TENON_FN void store_floats(half* p, V v) {
  const auto bits = to_half(v);
  __builtin_memcpy(p, &bits, sizeof(bits));
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
