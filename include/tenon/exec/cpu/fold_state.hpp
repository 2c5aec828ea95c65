// tenon/exec/cpu/fold_state.hpp: states of a reduction over elements and packs of them, and how lanes are joined.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

// Bools are folded as the bytes that they are.
template <class B>
struct FoldedAs {
  using type = B;
};
template <>
struct FoldedAs<bool> {
  using type = unsigned char;
};
template <class N, int W>
struct FoldedPack {
  using type = simd::pack<N, W>;
};
template <class N>
struct FoldedPack<N, 1> {
  using type = N;
};

// The index of an element in a lane as wide as the element's, or 32 bits.
template <class N>
struct FoldedIndex {
  using type = index_t;
};
template <class N>
requires(is_real<N>) struct FoldedIndex<N> {
  using type = simd::int_of<sizeof(N) < 4 ? 4 : static_cast<int>(sizeof(N))>;
};

/// Op's states over buffer elements B: S of one number N, SV of a pack V of W numbers.
template <class Op, class B>
struct Fold {
  using N = typename FoldedAs<B>::type;
  static constexpr int W = is_real<N> ? simd::native_lanes<N> : 1;
  using V = typename FoldedPack<N, W>::type;
  using S = typename Op::template state<N>;
  using SV = typename Op::template state<V>;
  static constexpr bool has_neutral = requires { Op::template neutral<V>(); };
  // Equal numbers with different derivatives are not the same: the first one must stay.
  static constexpr bool in_order = Op::keeps_first && !is_plain<N>;

  /// The state of x; its index is that of its first lane along a row (step > 1), of all lanes down a column.
  template <class P>
  TENON_INLINE static auto lifted(P x, index_t first, index_t step) {
    if constexpr (!Op::indexed) {
      return Op::lift(x, 0);
    } else if constexpr (!simd::is_pack<P>) {
      return Op::lift(x, first);
    } else {
      using Index = typename FoldedIndex<N>::type;
      using I = simd::rebind_t<P, Index>;
      const I index = simd::broadcast<I>(static_cast<Index>(first));
      return Op::lift(x, step > 1 ? I(index + simd::iota<I>()) : index);
    }
  }
  /// n packs, `stride` elements apart; the first has index `first`, each further one `step` more.
  template <class P>
  TENON_INLINE static auto packs(const N* p, index_t stride, index_t n, index_t first, index_t step) {
    if constexpr (requires { Op::template fold<P>(p, stride, n); }) {
      return Op::template fold<P>(p, stride, n);
    } else {
      // Index of a pack: in its lanes along a row (step > 1), the same in all of them down a column.
      return chained(
          n, [&](index_t i) __attribute__((always_inline)) {
            return lifted(simd::load<P>(p + i * stride), first + i * step, step);
          });
    }
  }
  /// The states get(0) to get(n - 1) combined: of many, four chains.
  template <class G>
  TENON_INLINE static auto chained(index_t n, const G& get) {
    auto s = get(0);
    index_t i = 1;
    if (!in_order && n >= 8) {
      auto a = get(1), b = get(2), c = get(3);
      for (i = 4; i + 4 <= n; i += 4) {
        s = Op::combine(s, get(i));
        a = Op::combine(a, get(i + 1));
        b = Op::combine(b, get(i + 2));
        c = Op::combine(c, get(i + 3));
      }
      s = Op::combine(Op::combine(s, a), Op::combine(b, c));
    }
    for (; i < n; ++i) s = Op::combine(s, get(i));
    return s;
  }
  /// The state of one lane, or of half of the lanes.
  template <class State, class G>
  TENON_INLINE static auto mapped(const State& s, const G& f) {
    if constexpr (requires { s.map(f); }) {
      return s.map(f);
    } else {
      return f(s);
    }
  }
  // As a whole a struct of packs would go through memory once more, in narrower pieces.
  TENON_INLINE static SV by_packs(const SV& s) {
    return mapped(s, [](const auto& v) { return v; });
  }
  TENON_INLINE static S lane(const SV& s, int l) {
    if constexpr (W == 1) {
      return s;
    } else {
      return lane_of(s, l);
    }
  }
  /// All lanes joined, halves first.
  TENON_INLINE static S joined(const SV& s) {
    if constexpr (requires { Op::joined(s); }) {
      return Op::joined(s);
    } else {
      return join_halves<W>(s);
    }
  }
  template <int Lanes, class State>
  TENON_INLINE static S join_halves(const State& s) {
#if !defined(__CUDACC__)
    if constexpr (Lanes > 2) {
      const auto low = mapped(s, [](const auto& v) { return simd::low_half(v); });
      const auto high = mapped(s, [](const auto& v) { return simd::high_half(v); });
      return join_halves<Lanes / 2>(Op::combine(low, high));
    }
#endif
    if constexpr (Lanes == 2) {
      return Op::combine(lane_of(s, 0), lane_of(s, 1));
    } else if constexpr (Lanes == 1) {
      return s;
    }
  }
  template <class State>
  TENON_INLINE static S lane_of(const State& s, int l) {
    if constexpr (simd::is_pack<State>) {
      return static_cast<S>(s[l]);
    } else {
      return s.map([l](const auto& v) { return simd::lane_t<bare_t<decltype(v)>>(v[l]); });
    }
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
