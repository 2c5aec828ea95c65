// tenon/exec/cpu/small_reduction.hpp: reductions of a few elements of static extents, in place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/fold_state.hpp>
#include <tenon/exec/in_registers.hpp>
#include <tenon/expr/reduce.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// A few elements of static extents: no loop nest, the compiler unrolls. p: the operand, row-major.
template <class Op, unsigned Mask, class E>
struct SmallReduction {
  static constexpr index_t size = static_size<E>;
  static constexpr index_t count_over(unsigned mask) {
    index_t n = 1;
    for (int a = 0; a < E::rank; ++a)
      if (mask >> a & 1u) n *= E::static_extent(a);
    return n;
  }
  static constexpr index_t count = count_over(Mask), results = count_over(~Mask);
  // Where the k-th index over the axes in `mask` lies.
  static constexpr index_t offset(unsigned mask, index_t k) {
    index_t o = 0, step = 1;
    for (int a = E::rank - 1; a >= 0; --a) {
      const index_t e = E::static_extent(a);
      if (mask >> a & 1u) {
        o += k % e * step;
        k /= e;
      }
      step *= e;
    }
    return o;
  }
  struct Offsets {
    index_t result[results], element[count];
  };
  static constexpr Offsets offsets = [] {
    Offsets o{};
    for (index_t k = 0; k < results; ++k) o.result[k] = offset(~Mask, k);
    for (index_t k = 0; k < count; ++k) o.element[k] = offset(Mask, k);
    return o;
  }();
  template <class N, class R>
  static void run(const N* p, R* out) {
    for (index_t r = 0; r < results; ++r) {
      const N* from = p + offsets.result[r];
      auto s = Op::lift(from[0], index_t{0});
      for (index_t k = 1; k < count; ++k) s = Op::combine(s, Op::lift(from[offsets.element[k]], k));
      out[r] = Op::template finish<R>(s, count);
      if constexpr (requires { requires Op::has_second; }) out[results + r] = Op::template second<R>(s, count);
    }
  }
};

// The same in registers: lanes are results, or elements where there is one result, whose last ones may be neutral.
template <class Op, unsigned Mask, class E, class N>
struct RegisterReduction {
  using Scalar = SmallReduction<Op, Mask, E>;
  using Kept = extents_from<tenon::detail::ReducedDims<Mask, false, E>>;
  static constexpr index_t size = Scalar::size, count = Scalar::count, results = Scalar::results;
  static constexpr bool one = results == 1;
  static constexpr index_t in_lanes = one ? size : results;
  static constexpr int lanes() {
    int lanes = held_as_stored<N> ? simd::native_lanes<N> : 1;
    while (lanes / 2 >= in_lanes && lanes / 2 * static_cast<int>(sizeof(N)) >= 16) lanes /= 2;
    return lanes;
  }
  static constexpr int W = lanes(), most_packs = 64;
  static constexpr int packs = count_up_to(most_packs + 1, (in_lanes + W - 1) / W);
  static constexpr int last = static_cast<int>((in_lanes - 1) % W) + 1;
  using V = typename FoldedPack<N, W>::type;

  // Element K of every result.
  template <index_t K>
  struct Along {
    static constexpr StridedMap map() {
      const Dims e = E::static_dims(), strides = row_major(e);
      StridedMap m{Kept::static_dims(), {}, Scalar::offset(Mask, K)};
      for (int a = 0; a < e.rank; ++a)
        if (!(Mask >> a & 1u)) m.strides.push(strides.d[a]);
      return m;
    }
  };
  static constexpr bool possible = [] {
    if constexpr (size <= 0 || W == 1 || Op::indexed || !__is_same(typename Op::template state<N>, N) ||
                  requires { requires Op::has_second; }) {
      return false;
    } else if constexpr (one) {
      return packs <= 16 && (last == W || requires { Op::template neutral<V>(); });
    } else {
      return packs * count <= most_packs && !lane_by_lane<N, W, Along<0>, Kept, 0>;
    }
  }();

  template <class R>
  TENON_INLINE static void run(const N* p, R* out) {
    if constexpr (one) {
      run_one(p, out, make_seq<packs - 1>{});
    } else {
      run(p, out, make_seq<packs>{});
    }
  }
  /// One result of packs in registers; `last` lanes of the last one count.
  template <class R, class... X>
  TENON_INLINE static void run_packs(R* out, const X&... x) {
    static_assert(one && sizeof...(X) == packs);
    V v[] = {x...};
    if constexpr (last < W)
      v[packs - 1] = simd::select(simd::first_lanes<V>(last), v[packs - 1], Op::template neutral<V>());
    *out = Op::template finish<R>(simd::reduce(joined<packs>(v), Join{}), count);
  }

 private:
  struct Join {
    template <class S>
    TENON_INLINE S operator()(S a, S b) const {
      return Op::combine(a, b);
    }
  };
  template <class R, int... K>
  TENON_INLINE static void run_one(const N* p, R* out, Seq<K...>) {
    run_packs(out, simd::load<V>(p + K * W)..., simd::load_first<V, last>(p + (packs - 1) * W));
  }
  // Pairwise.
  template <int Count>
  TENON_INLINE static V joined(const V* v) {
    if constexpr (Count == 1) {
      return Op::lift(*v, index_t{0});
    } else {
      return Op::combine(joined<Count / 2>(v), joined<Count - Count / 2>(v + Count / 2));
    }
  }
  template <class R, int... Pack>
  TENON_INLINE static void run(const N* p, R* out, Seq<Pack...>) {
    (finish<Pack>(state<Pack>(p, make_seq<static_cast<int>(count) - 1>{}), out), ...);
  }
  template <int Pack, int... K>
  TENON_INLINE static V state(const N* p, Seq<K...>) {
    V s = Op::lift(load_by<V, Along<0>, Kept, Pack>(p, make_seq<W>{}), index_t{0});
    ((s = Op::combine(s, Op::lift(load_by<V, Along<K + 1>, Kept, Pack>(p, make_seq<W>{}), index_t{0}))), ...);
    return s;
  }
  template <int Pack, class R>
  TENON_INLINE static void finish(const V& s, R* out) {
    constexpr int n = Pack + 1 == packs ? last : W;
    out += Pack * W;
    if constexpr (Op::finishes_packs && __is_same(R, N)) {
      simd::store_first<n>(out, Op::template finish<V>(s, count));
    } else {
      for (int l = 0; l < n; ++l) out[l] = Op::template finish<R>(s[l], count);
    }
  }
};
template <class Op, unsigned Mask, class E, class N>
inline constexpr bool is_small = [] {
  if constexpr (E::is_static) {
    return static_size<E> > 0 && (static_size<E> <= 64 || RegisterReduction<Op, Mask, E, N>::possible);
  } else {
    return false;
  }
}();

}  // namespace detail

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
