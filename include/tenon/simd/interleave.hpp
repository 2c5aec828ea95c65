// tenon/simd/interleave.hpp: packs of components from vectors that lie in memory one after the other, and back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// W vectors of N numbers are N packs in memory. Each pack of one component is made by N - 1 shuffles of two packs, and
// so is each pack of memory. For N = 2: {x0 y0 x1 y1} {x2 y2 x3 y3} are {x0 x1 x2 x3} {y0 y1 y2 y3}. For N = 3 elements
// of a component do not meet when the packs are laid over each other, as W is no multiple of 3: two blends and one
// permutation of a single pack are enough, where shuffles of two are dear, or can use but one of the processor's ports.
#pragma once
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace simd {

namespace detail {
// Lane i of a shuffle of two packs is lane F::at(i) of both.
template <class F, class V, int... I>
TENON_FN V shuffle_by(V a, V b, Ints<I...>) {
  return shuffle<F::at(I)...>(a, b);
}
// Component J of W vectors of N numbers, of which packs up to the K-th are in the first operand already.
template <int N, int J, int K, int W>
struct Component {
  static constexpr int at(int i) {
    const int from = i * N + J;
    if (from / W == K) return W + from % W;
    return from / W > K ? 0 : K == 1 ? from : i;
  }
};
// Pack J of memory, in which components up to the K-th are in the first operand already.
template <int N, int J, int K, int W>
struct Interleaved {
  static constexpr int at(int i) {
    const int from = (J * W + i) / N, component = (J * W + i) % N;
    if (component == K) return W + from;
    return component > K ? 0 : K == 1 ? from : i;
  }
};
template <int J, int K, class V, int N>
TENON_FN V component_from(V a, const V (&v)[N]) {
  a = shuffle_by<Component<N, J, K, lanes<V>>>(a, v[K], Count<lanes<V>>{});
  if constexpr (K + 1 < N) {
    return component_from<J, K + 1>(a, v);
  } else {
    return a;
  }
}
template <int J, int K, class V, int N>
TENON_FN V interleaved_from(V a, const V (&v)[N]) {
  a = shuffle_by<Interleaved<N, J, K, lanes<V>>>(a, v[K], Count<lanes<V>>{});
  if constexpr (K + 1 < N) {
    return interleaved_from<J, K + 1>(a, v);
  } else {
    return a;
  }
}

// Of three packs of W vectors of three: lane i of pack P is component (P W + i) % 3 of vector (P W + i) / 3.
template <int C, int W>
struct PackOfLane {                                                   // that has component C there
  static constexpr int at(int i) { return (C + 3 * W - i) * W % 3; }  // W W is 1 modulo 3
};
template <int P, int C, int W>
struct BlendPack {
  static constexpr int at(int i) { return PackOfLane<C, W>::at(i) == P ? W + i : i; }
};
template <int P, int C, int W>
struct BlendComponent {
  static constexpr int at(int i) { return (P * W + i) % 3 == C ? W + i : i; }
};
template <int C, int W>
struct LaneOfVector {
  static constexpr int at(int i) { return (3 * i + C) % W; }
};
template <int C, int W>
struct VectorOfLane {
  static constexpr int at(int i) { return (PackOfLane<C, W>::at(i) * W + i) / 3; }
};
template <class F, class V>
TENON_FN V permuted(V v) {
  return shuffle_by<F>(v, v, Count<lanes<V>>{});
}
template <int C, class V>
TENON_FN V component_of_three(V a, V b, V c) {
  constexpr int W = lanes<V>;
  const V ab = shuffle_by<BlendPack<1, C, W>>(a, b, Count<W>{});
  return permuted<LaneOfVector<C, W>>(shuffle_by<BlendPack<2, C, W>>(ab, c, Count<W>{}));
}
template <int P, class V>
TENON_FN V interleaved_three(V x, V y, V z) {
  constexpr int W = lanes<V>;
  const V xy =
      shuffle_by<BlendComponent<P, 1, W>>(permuted<VectorOfLane<0, W>>(x), permuted<VectorOfLane<1, W>>(y), Count<W>{});
  return shuffle_by<BlendComponent<P, 2, W>>(xy, permuted<VectorOfLane<2, W>>(z), Count<W>{});
}
}  // namespace detail

/// Component J of the vectors of N > 1 numbers that v, in order, consists of.
template <int J, class V, int N>
TENON_FN V component(const V (&v)[N]) {
  if constexpr (N == 3) {
    return detail::component_of_three<J>(v[0], v[1], v[2]);
  } else {
    return detail::component_from<J, 1>(v[0], v);
  }
}
/// Pack J of the vectors whose components are v.
template <int J, class V, int N>
TENON_FN V interleaved(const V (&v)[N]) {
  if constexpr (N == 3) {
    return detail::interleaved_three<J>(v[0], v[1], v[2]);
  } else {
    return detail::interleaved_from<J, 1>(v[0], v);
  }
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
