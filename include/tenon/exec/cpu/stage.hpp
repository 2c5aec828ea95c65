// tenon/exec/cpu/stage.hpp: moves elements between strided memory and contiguous buffers, by their size alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Row kernels are compiled for contiguous operands only. What is strided or broadcast is gathered into a buffer in the
// first-level cache before, and strided results are scattered after: code that all expressions share. An element is 1,
// 2, 4 or 8 bytes; what it means does not matter here.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Bytes of a buffer on the stack through which a row kernel's operands go.
inline constexpr index_t staging_bytes = TENON_EMBEDDED ? 1024 : 16384;

/// Elements in a plane: m rows of n, `stride` elements apart in a row, rows `outer` apart.
struct Plane {
  index_t stride, n, outer, m;
};

/// Whether elements of so many bytes can be staged.
constexpr bool can_stage(index_t bytes) { return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8; }

namespace detail {

template <int Bytes>
struct WordOf {
  typedef simd::int_of<Bytes> type __attribute__((may_alias));
};
// An element of any type.
template <int Bytes>
using Word = typename WordOf<Bytes>::type;

#if !defined(__CUDACC__)
// Lane i of a shuffle of two packs is lane F::at(i) of both.
template <class F, class V, int... I>
TENON_FN V shuffle_by(V a, V b, simd::detail::Ints<I...>) {
  return simd::shuffle<F::at(I)...>(a, b);
}
template <int N, int K, int W>
struct Repeated {
  static constexpr int at(int i) { return (K * W + i) / N; }
};
template <int N, int K, class V>
TENON_INLINE void repeat_lanes(simd::lane_t<V>* to, V v) {
  constexpr int W = simd::lanes<V>;
  simd::store<V>(to + K * W, shuffle_by<Repeated<N, K, W>>(v, v, simd::detail::Count<W>{}));
  if constexpr (K + 1 < N) repeat_lanes<N, K + 1>(to, v);
}
// Component J of W vectors of N elements, of which packs up to the K-th are in the first operand already.
template <int N, int J, int K, int W>
struct Component {
  static constexpr int at(int i) {
    const int from = i * N + J;
    if (from / W == K) return W + from % W;
    return from / W > K ? 0 : K == 1 ? from : i;
  }
};
template <int N, int J, int K, class V, class... More>
TENON_INLINE V component(V a, V b, More... more) {
  constexpr int W = simd::lanes<V>;
  a = shuffle_by<Component<N, J, K, W>>(a, b, simd::detail::Count<W>{});
  if constexpr (K + 1 < N) {
    return component<N, J, K + 1>(a, more...);
  } else {
    return a;
  }
}
// Lanes of W vectors of three do not meet when their three registers are laid over each other, as W is no multiple of
// three: two blends and one permutation make a component, where shuffles of two registers are dear or can use but one
// of the processor's ports. Lane i of register R belongs to component (R W + i) % 3 of vector (R W + i) / 3.
template <int R, int C, int W>
struct OfThree {
  static constexpr int register_at(int i) { return (C + 3 * W - i) * W % 3; }  // W W = 1 modulo 3
  static constexpr int at(int i) { return register_at(i) == R ? W + i : i; }
};
template <int C, int W>
struct VectorOfLane {
  static constexpr int at(int i) { return (OfThree<0, C, W>::register_at(i) * W + i) / 3; }
};
template <int C, int W>
struct LaneOfVector {
  static constexpr int at(int i) { return (3 * i + C) % W; }
};
template <int R, int W>
struct ComponentOfLane {
  template <int C>
  struct Is {
    static constexpr int at(int i) { return (R * W + i) % 3 == C ? W + i : i; }
  };
};
template <int C, class V>
TENON_INLINE V component_of_three(V a, V b, V c) {
  constexpr int W = simd::lanes<V>;
  using Lanes = simd::detail::Count<W>;
  const V all = shuffle_by<OfThree<2, C, W>>(shuffle_by<OfThree<1, C, W>>(a, b, Lanes{}), c, Lanes{});
  return shuffle_by<LaneOfVector<C, W>>(all, all, Lanes{});
}
template <class V>
TENON_INLINE void separate_three(simd::lane_t<V>* to, index_t apart, const simd::lane_t<V>* from) {
  const V a = simd::load<V>(from), b = simd::load<V>(from + simd::lanes<V>),
          c = simd::load<V>(from + 2 * simd::lanes<V>);
  simd::store<V>(to, component_of_three<0>(a, b, c));
  simd::store<V>(to + apart, component_of_three<1>(a, b, c));
  simd::store<V>(to + 2 * apart, component_of_three<2>(a, b, c));
}
template <class V>
TENON_INLINE void interleave_three(simd::lane_t<V>* to, const simd::lane_t<V>* from, index_t apart) {
  constexpr int W = simd::lanes<V>;
  using Lanes = simd::detail::Count<W>;
  V x = simd::load<V>(from), y = simd::load<V>(from + apart), z = simd::load<V>(from + 2 * apart);
  x = shuffle_by<VectorOfLane<0, W>>(x, x, Lanes{});
  y = shuffle_by<VectorOfLane<1, W>>(y, y, Lanes{});
  z = shuffle_by<VectorOfLane<2, W>>(z, z, Lanes{});
  const auto store = [&]<int R>(Seq<R>) {
    using Of = ComponentOfLane<R, W>;
    const V xy = shuffle_by<typename Of::template Is<1>>(x, y, Lanes{});
    simd::store<V>(to + R * W, shuffle_by<typename Of::template Is<2>>(xy, z, Lanes{}));
  };
  store(Seq<0>{}), store(Seq<1>{}), store(Seq<2>{});
}
template <class V, int... J>
TENON_INLINE void separate_packs(simd::lane_t<V>* to, index_t apart, const simd::lane_t<V>* from,
                                 simd::detail::Ints<J...>) {
  const auto store = [&](auto... v) {
    (simd::store<V>(to + J * apart, component<static_cast<int>(sizeof...(J)), J, 1>(v...)), ...);
  };
  store(simd::load<V>(from + J * simd::lanes<V>)...);
}
// Elements J * W to J * W + W of W vectors of N components, of which components before the K-th are in the first
// operand already.
template <int N, int J, int K, int W>
struct Interleaved {
  static constexpr int at(int i) {
    const int from = J * W + i;
    if (from % N == K) return W + from / N;
    return from % N > K ? 0 : K == 1 ? from / N : i;
  }
};
template <int N, int J, int K, class V, class... More>
TENON_INLINE V interleaved(V a, V b, More... more) {
  constexpr int W = simd::lanes<V>;
  a = shuffle_by<Interleaved<N, J, K, W>>(a, b, simd::detail::Count<W>{});
  if constexpr (K + 1 < N) {
    return interleaved<N, J, K + 1>(a, more...);
  } else {
    return a;
  }
}
template <class V, int... J>
TENON_INLINE void interleave_packs(simd::lane_t<V>* to, const simd::lane_t<V>* from, index_t apart,
                                   simd::detail::Ints<J...>) {
  const auto store = [&](auto... v) {
    (simd::store<V>(to + J * simd::lanes<V>, interleaved<static_cast<int>(sizeof...(J)), J, 1>(v...)), ...);
  };
  store(simd::load<V>(from + J * apart)...);
}
#endif

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
  for (; i + simd::lanes<V> <= m; i += simd::lanes<V>) {
    if constexpr (N == 3)
      separate_three<V>(to + i, m, from + i * N);
    else
      separate_packs<V>(to + i, m, from + i * N, simd::detail::Count<N>{});
  }
#endif
  return i;
}
// m neighbouring vectors of N elements from N rows; how many were done.
template <int N, int Bytes>
index_t interleave(Word<Bytes>* to, const Word<Bytes>* from, index_t m) {
  index_t i = 0;
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<Bytes>>;
  for (; i + simd::lanes<V> <= m; i += simd::lanes<V>) {
    if constexpr (N == 3)
      interleave_three<V>(to + i * N, from + i, m);
    else
      interleave_packs<V>(to + i * N, from + i, m, simd::detail::Count<N>{});
  }
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

// Row i of m gets the i-th elements of n neighbouring runs, which begin `apart` elements after each other.
template <int Bytes>
void turn_words(Word<Bytes>* to, index_t to_stride, const Word<Bytes>* from, index_t apart, index_t m, index_t n) {
  index_t done = 0;  // columns
#if !defined(__CUDACC__)
  using V = simd::native<simd::int_of<Bytes>>;
  constexpr int W = simd::lanes<V>;
  if constexpr (W > 1 && W <= 16) {
    for (; done + W <= n; done += W) {
      const Word<Bytes>* const run = from + done * apart;
      for (index_t i = 0; i < m; i += W) {
        V v[W];
        const index_t rows = m - i < W ? m - i : W;
        if (rows == W) {
#pragma GCC unroll 16
          for (int j = 0; j < W; ++j) v[j] = simd::load<V>(run + j * apart + i);
        } else {
          for (int j = 0; j < W; ++j) v[j] = simd::load_partial<V>(run + j * apart + i, rows);
        }
        simd::transpose(v);
        Word<Bytes>* const row = to + i * to_stride + done;
        if (rows == W) {
#pragma GCC unroll 16
          for (int j = 0; j < W; ++j) simd::store<V>(row + j * to_stride, v[j]);
        } else {
          for (index_t j = 0; j < rows; ++j) simd::store<V>(row + j * to_stride, v[j]);
        }
      }
    }
  }
#endif
  for (index_t i = 0; i < m; ++i)
    for (index_t j = done; j < n; ++j) to[i * to_stride + j] = from[j * apart + i];
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
  detail::gather_bytes<1>(to, from, p);
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
  detail::scatter_bytes<1>(to, from, p);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
