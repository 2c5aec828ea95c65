// tenon/simd/mask.hpp: masks as comparisons give them (lanes 0 or -1) and bools as memory holds them (bytes 0 or 1).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

/// The mask for lanes of V from bytes that are zero (clear) or not (set); a scalar V takes a bool.
template <class V, class B>
TENON_FN mask_t<V> to_mask(B bytes) {
  if constexpr (is_pack<V>) {
    static_assert(sizeof(lane_t<B>) == 1, "tenon: bools are bytes");
    return mask_cast<V>(bytes != B{});
  } else {
    return bytes != 0;
  }
}

/// The mask as bytes 0 and 1 (`pack<signed char, W>`), or the bool itself.
template <class M>
TENON_FN auto from_mask(M mask) {
  if constexpr (is_pack<M>)
    return rebind_t<M, signed char>(-convert<signed char>(mask));
  else
    return mask;
}

/// The mask, with lanes of so many bytes, of bytes that are zero or not.
template <int Bytes, class B>
TENON_FN auto bool_to_mask(B bytes) {
  return to_mask<rebind_t<B, int_of<Bytes>>>(bytes);
}

/// The mask for lanes of V from the bools at p.
template <class V>
TENON_FN mask_t<V> load_mask(const bool* p) {
  if constexpr (is_pack<V>) {
    rebind_t<V, signed char> bytes;
    __builtin_memcpy(&bytes, p, sizeof(bytes));
    return to_mask<V>(bytes);
  } else {
    return *p;
  }
}

/// The mask from the first n bools at p, clear beyond; reads nothing at or beyond p + n. 0 <= n <= lanes.
template <class V>
TENON_FN mask_t<V> load_mask_partial(const bool* p, index_t n) {
  if constexpr (is_pack<V>) {
    rebind_t<V, signed char> bytes{};
    for (int i = 0; i < lanes<V>; ++i)
      if (i < n) bytes[i] = p[i];
    return to_mask<V>(bytes);
  } else {
    return n > 0 && *p;
  }
}

/// Writes the mask's lanes as bools from p on.
template <class M>
TENON_FN void store_mask(bool* p, M mask) {
  if constexpr (is_pack<M>) {
    auto bytes = from_mask(mask);
    __builtin_memcpy(p, &bytes, sizeof(bytes));
  } else {
    *p = mask;
  }
}

/// Writes the mask's first n lanes as bools; touches nothing at or beyond p + n. 0 <= n <= lanes.
template <class M>
TENON_FN void store_mask_partial(bool* p, M mask, index_t n) {
  if constexpr (is_pack<M>) {
    for (int i = 0; i < lanes<M>; ++i)
      if (i < n) p[i] = mask[i] != 0;
  } else if (n > 0) {
    *p = mask;
  }
}

/// The mask whose first n lanes are set.
template <class V>
TENON_FN mask_t<V> first_lanes(index_t n) {
  if constexpr (is_pack<V>) {
    using I = rebind_t<V, int_of<sizeof(lane_t<V>)>>;
    return bitcast<mask_t<V>>(iota<I>() < broadcast<I>(static_cast<lane_t<I>>(n)));
  } else {
    return n > 0;
  }
}

/// The first n lanes from p, the others from `others`; reads nothing at or beyond p + n. 0 <= n <= lanes.
template <class V>
TENON_FN V load_partial(const lane_t<V>* p, index_t n, V others) {
#if TENON_ISA == 512 && !defined(__CUDACC__)
  if constexpr (detail::has_masked_access<V>) {
    using F = detail::float_of<V>;
    return bitcast<V>(detail::masked_load(reinterpret_cast<const F*>(p), n, bitcast<rebind_t<V, F>>(others)));
  }
#endif
  return select(first_lanes<V>(n), load_partial<V>(p, n), others);
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
