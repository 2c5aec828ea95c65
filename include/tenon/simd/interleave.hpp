// tenon/simd/interleave.hpp: packs of components from vectors that lie in memory one after the other, and back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// W vectors of N numbers are N packs in memory. Each pack of one component is made by N - 1 shuffles of two packs, and
// so is each pack of memory. For N = 2: {x0 y0 x1 y1} {x2 y2 x3 y3} are {x0 x1 x2 x3} {y0 y1 y2 y3}.
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
}  // namespace detail

/// Component J of the vectors of N > 1 numbers that v, in order, consists of.
template <int J, class V, int N>
TENON_FN V component(const V (&v)[N]) {
  return detail::component_from<J, 1>(v[0], v);
}
/// Pack J of the vectors whose components are v.
template <int J, class V, int N>
TENON_FN V interleaved(const V (&v)[N]) {
  return detail::interleaved_from<J, 1>(v[0], v);
}

}  // namespace simd
}  // namespace TENON_ABI
}  // namespace tenon
