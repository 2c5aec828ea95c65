// tenon/exec/cpu/stage.hpp: moves elements between strided memory and contiguous buffers, by their size alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Row kernels are compiled for contiguous operands only. What is strided or broadcast is gathered into a buffer in the
// first-level cache before, and strided results are scattered after: code that all expressions share. An element is 1,
// 2, 4 or 8 bytes, a dual several times 4; what it means does not matter here.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/simd/interleave.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Bytes of a buffer on the stack through which a row kernel's operands go.
inline constexpr index_t staging_bytes = TENON_EMBEDDED ? 1024 : 16384;
/// The most bytes that a small statement copies aside, or has a small product take, on the stack.
inline constexpr index_t aside_bytes = TENON_EMBEDDED ? 512 : 4096;

/// Elements in a plane: m rows of n, `stride` elements apart in a row, rows `outer` apart.
struct Plane {
  index_t stride, n, outer, m;
};

/// Whether elements of so many bytes are words of the processor, which can also be turned.
constexpr bool is_word(index_t bytes) { return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8; }
/// Whether elements of so many bytes can be staged.
constexpr bool can_stage(index_t bytes) { return is_word(bytes) || bytes % 4 == 0; }
/// The alignment of such elements: the words that they consist of.
constexpr index_t unit_of(index_t bytes) { return bytes % 8 == 0 ? 8 : bytes & -bytes; }

namespace detail {

template <int Bytes>
struct WordOf {
  typedef simd::int_of<Bytes> type __attribute__((may_alias));
};
// An element of any type.
template <int Bytes>
using Word = typename WordOf<Bytes>::type;

template <int N, int K, int W>
struct Repeated {
  static constexpr int at(int i) { return (K * W + i) / N; }
};
template <int N, int K, class V>
TENON_INLINE void repeat_lanes(simd::lane_t<V>* to, V v) {
  constexpr int W = simd::lanes<V>;
  simd::store<V>(to + K * W, simd::detail::shuffle_by<Repeated<N, K, W>>(v, v, simd::detail::Count<W>{}));
  if constexpr (K + 1 < N) repeat_lanes<N, K + 1>(to, v);
}
template <class V, int... J>
TENON_INLINE void separate_packs(simd::lane_t<V>* to, index_t apart, const simd::lane_t<V>* from,
                                 simd::detail::Ints<J...>) {
  const V v[] = {simd::load<V>(from + J * simd::lanes<V>)...};
  (simd::store<V>(to + J * apart, simd::component<J>(v)), ...);
}
template <class V, int... J>
TENON_INLINE void interleave_packs(simd::lane_t<V>* to, const simd::lane_t<V>* from, index_t apart,
                                   simd::detail::Ints<J...>) {
  const V v[] = {simd::load<V>(from + J * apart)...};
  (simd::store<V>(to + J * simd::lanes<V>, simd::interleaved<J>(v)), ...);
}

// Each of m neighbours N times; how many were done.
template <int N, int Bytes>
index_t repeat(Word<Bytes>* to, const Word<Bytes>* from, index_t m) {
  index_t i = 0;
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<Bytes>>;
  for (; i + simd::lanes<V> <= m; i += simd::lanes<V>) repeat_lanes<N, 0>(to + i * N, simd::load<V>(from + i));
#endif
  return i;
}
// N rows from m neighbouring vectors of N elements; how many were done.
template <int N, int Bytes>
index_t separate(Word<Bytes>* to, const Word<Bytes>* from, index_t m) {
  index_t i = 0;
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<Bytes>>;
  for (; i + simd::lanes<V> <= m; i += simd::lanes<V>)
    separate_packs<V>(to + i, m, from + i * N, simd::detail::Count<N>{});
#endif
  return i;
}
// m neighbouring vectors of N elements from N rows; how many were done.
template <int N, int Bytes>
index_t interleave(Word<Bytes>* to, const Word<Bytes>* from, index_t m) {
  index_t i = 0;
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<Bytes>>;
  for (; i + simd::lanes<V> <= m; i += simd::lanes<V>)
    interleave_packs<V>(to + i * N, from + i, m, simd::detail::Count<N>{});
#endif
  return i;
}

template <int Bytes>
void gather_words(Word<Bytes>* to, const Word<Bytes>* from, const Plane& p) {
  index_t row = 0, column = 0;  // what is done: whole rows, and of each the first elements
  if constexpr (Bytes >= 4) {
    if (p.stride == 0 && p.outer == 1) {
      row = p.n == 2   ? repeat<2, Bytes>(to, from, p.m)
            : p.n == 3 ? repeat<3, Bytes>(to, from, p.m)
            : p.n == 4 ? repeat<4, Bytes>(to, from, p.m)
                       : 0;
    } else if (p.outer == 1 && p.stride == p.m) {
      column = p.m == 2   ? separate<2, Bytes>(to, from, p.n)
               : p.m == 3 ? separate<3, Bytes>(to, from, p.n)
               : p.m == 4 ? separate<4, Bytes>(to, from, p.n)
                          : 0;
    }
  }
  for (; row < p.m; ++row) {
    index_t i = column;
#if !defined(__CUDACC__)
    using V = simd::native<simd::int_of<Bytes>>;
    if (p.stride == 0)
      for (const V v = simd::broadcast<V>(from[row * p.outer]); i + simd::lanes<V> <= p.n; i += simd::lanes<V>)
        simd::store<V>(to + row * p.n + i, v);
    if (p.stride == 1)
      for (; i + simd::lanes<V> <= p.n; i += simd::lanes<V>)
        simd::store<V>(to + row * p.n + i, simd::load<V>(from + row * p.outer + i));
#endif
    for (; i < p.n; ++i) to[row * p.n + i] = from[row * p.outer + i * p.stride];
  }
}
template <int Bytes>
void scatter_words(Word<Bytes>* to, const Word<Bytes>* from, const Plane& p) {
  index_t column = 0;  // what is done of each row
  if constexpr (Bytes >= 4)
    if (p.outer == 1 && p.stride == p.m) {
      column = p.m == 2   ? interleave<2, Bytes>(to, from, p.n)
               : p.m == 3 ? interleave<3, Bytes>(to, from, p.n)
               : p.m == 4 ? interleave<4, Bytes>(to, from, p.n)
                          : 0;
    }
  for (index_t row = 0; row < p.m; ++row)
    for (index_t i = column; i < p.n; ++i) to[row * p.outer + i * p.stride] = from[row * p.n + i];
}
template <int Bytes>
void gather_bytes(void* to, const void* from, const Plane& p) {
  gather_words<Bytes>(static_cast<Word<Bytes>*>(to), static_cast<const Word<Bytes>*>(from), p);
}
template <int Bytes>
void scatter_bytes(void* to, const void* from, const Plane& p) {
  scatter_words<Bytes>(static_cast<Word<Bytes>*>(to), static_cast<const Word<Bytes>*>(from), p);
}

// Elements of more than a word: copied as they are, from one plane to another.
template <int Bytes>
void copy_wide(char* to, const Plane& into, const char* from, const Plane& out_of, index_t bytes) {
  if constexpr (Bytes > 0) bytes = Bytes;
  const index_t to_step = into.stride * bytes, from_step = out_of.stride * bytes;
  for (index_t row = 0; row < into.m; ++row) {
    char* t = to + row * into.outer * bytes;
    const char* f = from + row * out_of.outer * bytes;
    if (into.stride == 1 && out_of.stride == 1) {
      __builtin_memcpy(t, f, static_cast<size_t>(into.n * bytes));
      continue;
    }
#if !defined(__CUDACC__)
    if constexpr (Bytes == 16) {
      if (from_step == 0 && to_step == Bytes) {  // in a register
        const auto v = simd::load<simd::pack<char, 16>>(f);
        for (const char* const end = t + into.n * Bytes; t != end; t += Bytes) simd::store(t, v);
        continue;
      }
    }
#endif
    for (const char* const end = t + into.n * to_step; t != end; t += to_step, f += from_step) {
      if constexpr (Bytes > 0) {
        __builtin_memcpy(t, f, Bytes);
      } else {
        for (index_t k = 0; k < bytes; k += 4) __builtin_memcpy(t + k, f + k, 4);
      }
    }
  }
}
inline void copy_wide(void* to, const Plane& into, const void* from, const Plane& out_of, index_t bytes) {
  char* const t = static_cast<char*>(to);
  const char* const f = static_cast<const char*>(from);
  if (bytes == 8) return copy_wide<8>(t, into, f, out_of, bytes);
  if (bytes == 16) return copy_wide<16>(t, into, f, out_of, bytes);
  if (bytes == 24) return copy_wide<24>(t, into, f, out_of, bytes);
  copy_wide<0>(t, into, f, out_of, bytes);
}

// Row i of m gets the i-th elements of n runs, which begin `apart` elements after each other: W runs at a time, and of
// each 16 bytes. The last of them overlap those before; m and n are at least as much as that.
template <int W, int Bytes>
TENON_INLINE void turn_blocks(Word<Bytes>* to, index_t to_stride, const Word<Bytes>* from, index_t apart, index_t m,
                              index_t n) {
#if !defined(__CUDACC__)
  using V = simd::pack<simd::int_of<Bytes>, W>;
  constexpr int L = 16 / Bytes;
  for (index_t j = 0; j < n; j += W) {
    const index_t column = j + W <= n ? j : n - W;
    const Word<Bytes>* run = from + column * apart;
    Word<Bytes>* row = to + column;
    for (index_t left = m;;) {
      V v[L];
      simd::load_columns(v, run, apart);
      Word<Bytes>* place = row;
#pragma GCC unroll 16
      for (int r = 0; r < L; ++r, place += to_stride) simd::store<V>(place, v[r]);
      left -= L;
      if (left <= 0) break;
      const index_t step = left < L ? left : L;
      run += step;
      row += step * to_stride;
    }
  }
#endif
}
template <int Bytes>
void turn_words(Word<Bytes>* to, index_t to_stride, const Word<Bytes>* from, index_t apart, index_t m, index_t n) {
#if !defined(__CUDACC__)
  // Packs of 32 bytes: wider ones are no faster, and touch more lines of the cache at a time.
  constexpr int L = 16 / Bytes, W = simd::native_bytes >= 32 ? 2 * L : L;
  if constexpr (simd::native_bytes >= 16) {
    if (m >= L && n >= W) return turn_blocks<W, Bytes>(to, to_stride, from, apart, m, n);
    if constexpr (W > L)
      if (m >= L && n >= L) return turn_blocks<L, Bytes>(to, to_stride, from, apart, m, n);
  }
#endif
  for (index_t i = 0; i < m; ++i)
    for (index_t j = 0; j < n; ++j) to[i * to_stride + j] = from[j * apart + i];
}
template <int Bytes>
void turn_bytes(void* to, index_t to_stride, const void* from, index_t apart, index_t m, index_t n) {
  turn_words<Bytes>(static_cast<Word<Bytes>*>(to), to_stride, static_cast<const Word<Bytes>*>(from), apart, m, n);
}

}  // namespace detail

/// Transposes a block: to[i * to_stride + j] = from[j * apart + i] for i < m, j < n.
[[gnu::noinline]] inline void turn(void* to, index_t to_stride, const void* from, index_t apart, index_t bytes,
                                   index_t m, index_t n) {
  if (bytes == 4) return detail::turn_bytes<4>(to, to_stride, from, apart, m, n);
  if (bytes == 8) return detail::turn_bytes<8>(to, to_stride, from, apart, m, n);
  if (bytes == 2) return detail::turn_bytes<2>(to, to_stride, from, apart, m, n);
  detail::turn_bytes<1>(to, to_stride, from, apart, m, n);
}
/// The elements of a plane one after the other in `to`.
[[gnu::noinline]] inline void gather(void* to, const void* from, index_t bytes, const Plane& p) {
  if (bytes == 4) return detail::gather_bytes<4>(to, from, p);
  if (bytes == 8) return detail::gather_bytes<8>(to, from, p);
  if (bytes == 2) return detail::gather_bytes<2>(to, from, p);
  if (bytes == 1) return detail::gather_bytes<1>(to, from, p);
  detail::copy_wide(to, {1, p.n, p.n, p.m}, from, p, bytes);
}
/// Results from here on go past the caches, which are smaller; their lines need not be read before they are written.
inline constexpr index_t streamed_bytes = 32 << 20;

/// How many elements of `bytes` bytes there are from p to the next line of 64 bytes.
inline index_t before_line(const void* p, index_t bytes) {
  return static_cast<index_t>(-reinterpret_cast<__UINTPTR_TYPE__>(p) % alignment) / bytes;
}
/// A whole register to an aligned place, past the caches; after the last one `stream_fence`.
template <class V>
TENON_INLINE void stream(void* to, V v) {
#if defined(__clang__)
  __builtin_nontemporal_store(v, static_cast<V*>(to));
#elif defined(__SSE2__) && !defined(__CUDACC__)
  const auto lanes = simd::bitcast<simd::native<float>>(v);
  float* const p = static_cast<float*>(to);
#if TENON_ISA == 512
  __builtin_ia32_movntps512(p, lanes);
#elif TENON_ISA == 256
  __builtin_ia32_movntps256(p, lanes);
#else
  __builtin_ia32_movntps(p, lanes);
#endif
#else
  __builtin_memcpy(to, &v, sizeof(v));
#endif
}
TENON_INLINE void stream_fence() {
#if defined(__SSE2__) && !defined(__CUDACC__)
  __builtin_ia32_sfence();
#endif
}

/// Elements one after the other into a plane at `to`.
[[gnu::noinline]] inline void scatter(void* to, const void* from, index_t bytes, const Plane& p) {
  if (bytes == 4) return detail::scatter_bytes<4>(to, from, p);
  if (bytes == 8) return detail::scatter_bytes<8>(to, from, p);
  if (bytes == 2) return detail::scatter_bytes<2>(to, from, p);
  if (bytes == 1) return detail::scatter_bytes<1>(to, from, p);
  detail::copy_wide(to, p, from, {1, p.n, p.n, p.m}, bytes);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
