// tenon/simd/memory.hpp: loads and stores of packs: whole, in part, strided, converted.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No address needs an alignment beyond that of its type, and nothing outside the stated lanes is touched.
#pragma once
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

/// The lanes from p on; p needs no alignment beyond that of its type.
template <class V>
TENON_FN V load(const lane_t<V>* p) {
  if constexpr (is_pack<V>) {
    V v;
    __builtin_memcpy(&v, p, sizeof(V));
    return v;
  } else {
    return *p;
  }
}

/// Writes the lanes of v from p on; p needs no alignment beyond that of its type.
template <class V>
TENON_FN void store(lane_t<V>* p, V v) {
  if constexpr (is_pack<V>)
    __builtin_memcpy(p, &v, sizeof(V));
  else
    *p = v;
}

/// Lanes I... of the first N elements from p on, where each I is the lane's own number modulo N: N elements, repeated.
template <class V, int N, int... I>
TENON_FN V load_repeated(const lane_t<V>* p) {
  static_assert(((I < N) && ...));
  using Part = pack<lane_t<V>, N>;
  const Part part = load<Part>(p);
#if defined(__CUDACC__)
  return part;
#else
  // A load repeats elements at no cost, where shuffles share one port; gcc does not find these loads.
#if TENON_ISA >= 256 && !defined(__clang__)
  if constexpr (sizeof(V) == 32 && sizeof(Part) == 16)
    return bitcast<V>(__builtin_ia32_vbroadcastf128_ps256(reinterpret_cast<const pack<float, 4>*>(p)));
#endif
#if TENON_ISA == 512 && !defined(__clang__)
  if constexpr (sizeof(V) == 64 && sizeof(Part) == 16)
    return bitcast<V>(__builtin_ia32_broadcastf32x4_512(bitcast<pack<float, 4>>(part), pack<float, 16>{}, -1));
  if constexpr (sizeof(V) == 64 && sizeof(Part) == 32)
    return bitcast<V>(__builtin_ia32_broadcastf64x4_512(bitcast<pack<double, 4>>(part), pack<double, 8>{}, -1));
#endif
  return __builtin_shufflevector(part, part, I...);
#endif
}

namespace detail {
// The first `bytes` bytes, fewer than 2 * Size: a power of two at a time, so that no length is a call of memcpy.
template <int Size, int Smallest>
TENON_FN void copy_bytes(unsigned char* to, const unsigned char* from, index_t bytes) {
  if (bytes & Size) __builtin_memcpy(to, from, Size);
  if constexpr (Size > Smallest) {
    const index_t done = bytes & Size;
    copy_bytes<Size / 2, Smallest>(to + done, from + done, bytes);
  }
}

// float or double, as wide as a lane of V.
template <int Bytes>
struct FloatOf {
  using type = float;
};
template <>
struct FloatOf<8> {
  using type = double;
};
template <class V>
using float_of = typename FloatOf<sizeof(lane_t<V>)>::type;

// Whether V has masked loads and stores, which read and write nothing where the mask is clear.
#if TENON_ISA == 512 && !defined(__CUDACC__)
template <class V>
inline constexpr bool has_masked_access = sizeof(V) == 64 && sizeof(lane_t<V>) >= 4;
TENON_INLINE unsigned first_bits(index_t n) { return (1u << n) - 1; }
TENON_INLINE pack<float, 16> masked_load(const float* p, index_t n, pack<float, 16> others) {
  return __builtin_ia32_loadups512_mask(p, others, static_cast<unsigned short>(first_bits(n)));
}
TENON_INLINE pack<double, 8> masked_load(const double* p, index_t n, pack<double, 8> others) {
  return __builtin_ia32_loadupd512_mask(p, others, static_cast<unsigned char>(first_bits(n)));
}
template <class T>
TENON_INLINE auto masked_load(const T* p, index_t n) {
  return masked_load(p, n, pack<T, native_lanes<T>>{});
}
TENON_INLINE void masked_store(float* p, pack<float, 16> v, index_t n) {
  __builtin_ia32_storeups512_mask(p, v, static_cast<unsigned short>(first_bits(n)));
}
TENON_INLINE void masked_store(double* p, pack<double, 8> v, index_t n) {
  __builtin_ia32_storeupd512_mask(p, v, static_cast<unsigned char>(first_bits(n)));
}
#elif TENON_ISA == 256 && !defined(__CUDACC__)
template <class V>
inline constexpr bool has_masked_access = sizeof(V) == 32 && sizeof(lane_t<V>) >= 4;
// The instructions' masks are packs of int and of long long; int64_t is a different type of the same size.
TENON_INLINE pack<int, 8> first_of_8(index_t n) {
  return bitcast<pack<int, 8>>(iota<pack<int, 8>>() < static_cast<int>(n));
}
TENON_INLINE pack<long long, 4> first_of_4(index_t n) {
  return bitcast<pack<long long, 4>>(iota<pack<long long, 4>>() < static_cast<long long>(n));
}
TENON_INLINE pack<float, 8> masked_load(const float* p, index_t n) {
  return __builtin_ia32_maskloadps256(reinterpret_cast<const pack<float, 8>*>(p), first_of_8(n));
}
TENON_INLINE pack<double, 4> masked_load(const double* p, index_t n) {
  return __builtin_ia32_maskloadpd256(reinterpret_cast<const pack<double, 4>*>(p), first_of_4(n));
}
TENON_INLINE void masked_store(float* p, pack<float, 8> v, index_t n) {
  __builtin_ia32_maskstoreps256(reinterpret_cast<pack<float, 8>*>(p), first_of_8(n), v);
}
TENON_INLINE void masked_store(double* p, pack<double, 4> v, index_t n) {
  __builtin_ia32_maskstorepd256(reinterpret_cast<pack<double, 4>*>(p), first_of_4(n), v);
}
#else
template <class V>
inline constexpr bool has_masked_access = false;
template <class T>
T masked_load(const T* p, index_t n);
template <class T, class V>
void masked_store(T* p, V v, index_t n);
#endif
}  // namespace detail

/// The first n lanes from p, the rest zero; reads nothing at or beyond p + n. 0 <= n <= lanes.
template <class V>
TENON_FN V load_partial(const lane_t<V>* p, index_t n) {
  if constexpr (!is_pack<V>) {
    return n > 0 ? *p : V{};
  } else if constexpr (detail::has_masked_access<V>) {
    return bitcast<V>(detail::masked_load(reinterpret_cast<const detail::float_of<V>*>(p), n));
  } else {
    V v{};
    constexpr int size = sizeof(lane_t<V>);
    detail::copy_bytes<sizeof(V), size>(reinterpret_cast<unsigned char*>(&v), reinterpret_cast<const unsigned char*>(p),
                                        n * size);
    return v;
  }
}

/// Writes the first n lanes of v; touches nothing at or beyond p + n. 0 <= n <= lanes.
template <class V>
TENON_FN void store_partial(lane_t<V>* p, V v, index_t n) {
  if constexpr (!is_pack<V>) {
    if (n > 0) *p = v;
  } else if constexpr (detail::has_masked_access<V>) {
    using F = detail::float_of<V>;
    detail::masked_store(reinterpret_cast<F*>(p), bitcast<rebind_t<V, F>>(v), n);
  } else {
    constexpr int size = sizeof(lane_t<V>);
    detail::copy_bytes<sizeof(V), size>(reinterpret_cast<unsigned char*>(p), reinterpret_cast<const unsigned char*>(&v),
                                        n * size);
  }
}

/// The first N lanes from p, in pieces: unlike a masked load it waits for no store nearby, and no page next to it needs
/// to be there. The other lanes repeat some of them; N >= 1.
template <class V, int N>
TENON_FN V load_first(const lane_t<V>* p) {
#if !defined(__CUDACC__)
  if constexpr (N < lanes<V>) {
    constexpr int H = lanes<V> / 2;
    using Half = pack<lane_t<V>, H>;
    if constexpr (N == 1) {
      return broadcast<V>(*p);
    } else if constexpr (N > H) {
      return concat(load<Half>(p), load_first<Half, N - H>(p + H));
    } else {
      const Half v = load_first<Half, N>(p);
      return concat(v, v);
    }
  }
#endif
  return load<V>(p);
}

/// Writes the first N lanes of v, in pieces; N >= 1.
template <int N, class V>
TENON_FN void store_first(lane_t<V>* p, V v) {
#if !defined(__CUDACC__)
  if constexpr (N < lanes<V>) {
    constexpr int H = lanes<V> / 2;
    if constexpr (N == 1) {
      *p = v[0];
    } else {
      store_first<(N < H ? N : H)>(p, low_half(v));
      if constexpr (N > H) store_first<N - H>(p + H, high_half(v));
    }
    return;
  }
#endif
  store<V>(p, v);
}

/// The last lanes of n >= 1 elements from p, as many as V has; fewer come in two pieces, which overlap and fill a part
/// of the lanes, and that part is repeated: all n of them, if n is a power of two. No mask, so that stores nearby are
/// not waited for; nothing else is read.
template <class V>
TENON_FN V load_last(const lane_t<V>* p, index_t n) {
#if !defined(__CUDACC__)
  if constexpr (is_pack<V>) {
    constexpr int H = lanes<V> / 2;
    if (n < lanes<V>) {
      if constexpr (H <= 1) {
        return broadcast<V>(*p);
      } else {
        using Half = pack<lane_t<V>, H>;
        const Half low = n < H ? load_last<Half>(p, n) : load<Half>(p);
        return concat(low, n < H ? low : load<Half>(p + (n - H)));
      }
    }
    return load<V>(p + (n - lanes<V>));
  }
#endif
  return load<V>(p + (n - 1));
}

namespace detail {
// The first n >= 1 lanes of v, in pieces. If `Overlap`, the second half of what does not fill v ends where they end.
template <bool Overlap, class V>
TENON_FN void store_in_pieces(lane_t<V>* p, V v, index_t n) {
#if !defined(__CUDACC__)
  if constexpr (is_pack<V>) {
    constexpr int H = lanes<V> / 2;
    if (n < lanes<V>) {
      if constexpr (H <= 1) {
        *p = v[0];
      } else if (n < H) {
        store_in_pieces<Overlap>(p, low_half(v), n);
      } else {
        store(p, low_half(v));
        if constexpr (Overlap) {
          store(p + (n - H), high_half(v));
        } else {
          if (n > H) store_in_pieces<Overlap>(p + H, high_half(v), n - H);
        }
      }
      return;
    }
  }
#endif
  store<V>(p, v);
}
}  // namespace detail

/// Writes lanes that `load_last` gave, or what was computed from them, to their places.
template <class V>
TENON_FN void store_last(lane_t<V>* p, V v, index_t n) {
  detail::store_in_pieces<true>(n < lanes<V> ? p : p + (n - lanes<V>), v, n);
}
/// Writes the first n >= 1 lanes of v, in pieces: what is read next need not wait as it would for a masked store.
template <class V>
TENON_FN void store_pieces(lane_t<V>* p, V v, index_t n) {
  detail::store_in_pieces<false>(p, v, n);
}

/// The lanes p[0], p[stride], p[2 * stride], ...
template <class V>
TENON_FN V gather(const lane_t<V>* p, index_t stride) {
  if constexpr (is_pack<V>) {
    V v{};
    for (int i = 0; i < lanes<V>; ++i) v[i] = p[i * stride];
    return v;
  } else {
    return *p;
  }
}

/// Writes the lanes of v to p[0], p[stride], p[2 * stride], ...
template <class V>
TENON_FN void scatter(lane_t<V>* p, index_t stride, V v) {
  if constexpr (is_pack<V>)
    for (int i = 0; i < lanes<V>; ++i) p[i * stride] = v[i];
  else
    *p = v;
}

/// The lanes from p on, each converted from S to V's lane type: int8 to float, float to double, bool to anything.
template <class V, class S>
TENON_FN V load_as(const S* p) {
  if constexpr (!is_pack<V>) {
    return static_cast<V>(*p);
  } else if constexpr (__is_same(S, bool)) {
    rebind_t<V, signed char> bytes;
    __builtin_memcpy(&bytes, p, sizeof(bytes));
    return convert<lane_t<V>>(bytes);
  } else {
    return convert<lane_t<V>>(load<rebind_t<V, S>>(p));
  }
}

/// As load_as, but only the first n lanes; the rest are zero and nothing at or beyond p + n is read.
template <class V, class S>
TENON_FN V load_as_partial(const S* p, index_t n) {
  if constexpr (!is_pack<V>) {
    return n > 0 ? static_cast<V>(*p) : V{};
  } else if constexpr (__is_same(S, bool)) {
    rebind_t<V, signed char> bytes{};
    for (int i = 0; i < lanes<V>; ++i)
      if (i < n) bytes[i] = p[i];
    return convert<lane_t<V>>(bytes);
  } else {
    return convert<lane_t<V>>(load_partial<rebind_t<V, S>>(p, n));
  }
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
