// tenon/exec/cpu/contraction_static.hpp: small products of static extents: planned and unrolled at compile time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the types tell all extents and strides, a product of at most a few thousand multiplications is a few lines of
// straight code in place: no plan, no call, no buffer. One whose operands fit into the caches is a loop over
// the blocked engine's tiles. Sums run in the order of the index, as in that engine. A matrix by a vector along its
// rows is dot products.
#pragma once
#include <tenon/exec/cpu/contraction_plan.hpp>
#include <tenon/exec/cpu/contraction_prologue.hpp>
#include <tenon/exec/cpu/matrix_vector.hpp>
#include <tenon/exec/cpu/micro_kernel.hpp>
#include <tenon/exec/cpu/stage.hpp>
#include <tenon/exec/executor.hpp>
#include <tenon/exec/in_registers.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// How a small product is computed: not here, by a few lines, by tiles, as dot products of rows of B, or, where B is
// turned and fits into a register, with its columns in lanes.
enum class SmallWay : unsigned char { none, unrolled, tiles, dots, lanes };
// The shape of a product in one number each.
struct SmallShape {
  SmallWay way = SmallWay::none;
  bool swapped = false;  // A is the contraction's second operand
  index_t m = 1, n = 1, k = 1, a_row = 0, a_step = 0, b_step = 0, b_column = 1, c_row = 0, c_column = 1, a = 0, b = 0;

  constexpr bool by_rows() const { return b_column == 1 && c_column == 1 && n > 1; }
};
// Whether both operands lie in the second-level cache, and rows are many and follow the sum: tiles of constant strides
// are faster than those of the blocked engine, which takes sums of so many steps in the same order. What may be
// computed aside is small, and never refused.
template <class T>
constexpr bool fits_second_level(const SmallShape& s) {
  constexpr index_t bytes = sizeof(T);
  return wide_tiles<T> && masked_tiles<T> && s.a_step == 1 && s.m >= 4 * full_rows<T> && s.n >= tile_columns<T> &&
         s.k <= 256 && s.m * s.n * bytes > aside_bytes && s.m * s.a_row * bytes <= kept_bytes &&
         s.k * s.b_step * bytes <= kept_bytes;
}
template <class T, class Spec, class E, class A, class B>
constexpr SmallShape small_shape() {
  SmallShape s;
  const StridedMap a = Located<A>::fixed_map(), b = Located<B>::fixed_map();
  ContractionPlan p;
  plan_contraction(p, Spec::labels(), a, b, {E::static_dims(), row_major(E::static_dims()), 0});
  if (p.nothing || p.batch.rank > 0 || p.row.rank > 1 || p.column.rank > 1 || p.sum.rank > 1) return s;
  s.a = a.offset;
  s.b = b.offset;
  if (p.row.rank) s.m = p.row.extent[0], s.a_row = p.row.a[0], s.c_row = p.row.c[0];
  if (p.column.rank) s.n = p.column.extent[0], s.b_column = p.column.b[0], s.c_column = p.column.c[0];
  if (p.sum.rank) s.k = p.sum.extent[0], s.a_step = p.sum.a[0], s.b_step = p.sum.b[0];
  if (s.n == 1 && s.m > 1) {  // a vector goes first, so that the result is a row
    s = {s.way, true, 1, s.m, s.k, 0, s.b_step, s.a_step, s.a_row, s.c_column, s.c_row, s.b, s.a};
  }
  const index_t work = s.m * s.n * s.k;
  const bool dots = s.m == 1 && s.a_step == 1 && s.b_step == 1 && s.c_column == 1 && s.k > 1;
  const bool lanes = simd::native_lanes<T> > 1 && s.m == 1 && s.n > 1 && s.c_column == 1 && s.b_step == 1 &&
                     s.b_column == s.k && s.n * s.k <= simd::native_lanes<T>;
  if (dots && work >= 16)
    s.way = work < least_part ? SmallWay::dots : SmallWay::none;
  else if (lanes && !s.by_rows())
    s.way = SmallWay::lanes;
  else if ((s.by_rows() && work <= 4096) || work <= 64)
    s.way = SmallWay::unrolled;
  else if (s.by_rows() && (fits_in_place<T>(s.m, s.n, s.k) || fits_second_level<T>(s)))
    s.way = SmallWay::tiles;
  return s;
}

template <class T, const SmallShape& S>
struct SmallProduct {
  static constexpr bool unrolled = S.way == SmallWay::unrolled;
  static constexpr bool by_packs = S.by_rows() && simd::native_lanes<T> > 1;
  // The narrowest pack that holds a row, or native ones.
  static constexpr int lanes() {
    int lanes = simd::native_lanes<T>;
    while (lanes / 2 >= S.n && lanes / 2 * static_cast<int>(sizeof(T)) >= 16) lanes /= 2;
    return lanes;
  }
  static constexpr int W = lanes(), chunks = static_cast<int>((S.n + W - 1) / W);
  static constexpr int last = static_cast<int>(S.n) - (chunks - 1) * W;
  // Chunks go some at a time: more would leave too few registers for rows. With 16 registers two go at a time, or three
  // if they are odd, and ten sums, which hide the latency of additions: what is more comes late at a block's end.
  static constexpr int sums = wide_tiles<T> ? 24 : 10, pairs = chunks < 2 ? 1 : chunks / 2,
                       groups = wide_tiles<T> ? (chunks + 3) / 4 : pairs, wider = chunks % groups;
  // The first ones may be a chunk wider.
  static constexpr int group_from(int group) { return group * (chunks / groups) + (group < wider ? group : wider); }
  // Rows of sums that the registers hold of so many chunks; all rows in as few blocks as can be, all about as high: a
  // low one does not hide the latency of additions.
  static constexpr int m = static_cast<int>(S.m);
  static constexpr int blocks_of(int n) { return (m + sums / n - 1) / (sums / n); }
  // Narrow rows lie several to a register: of square B, and of A and C, which have as many columns.
  static constexpr index_t size = S.m * S.n, widest = simd::native_lanes<T>;
  static constexpr int L = static_cast<int>(size < widest ? size : widest), joined = static_cast<int>(size / L);
  static constexpr bool joins = by_packs && W == S.n && W < L && size % L == 0 && S.k == S.n && S.a_row == S.n &&
                                S.a_step == 1 && S.b_step == S.n && S.c_row == S.n && 2 * joined + 2 < simd::registers;
  /// Whether every operand is read before anything is written.
  static constexpr bool single_pass =
      S.way == SmallWay::lanes ||
      (S.way == SmallWay::dots
           ? S.n <= vector_rows
           : unrolled && (joins || (by_packs ? groups == 1 && blocks_of(chunks) == 1 : S.m * S.n == 1)));
  using V = simd::pack<T, W>;
  // Whether N chunks that several rows read fit into registers beside R rows of sums and an element of A.
  template <int R, int N>
  static constexpr bool keeps_columns = R > 1 && (R + 1) * N < simd::registers;

  template <int J>
  TENON_INLINE static V load(const T* p) {
    if constexpr (J + 1 == chunks && last < W) {
      return simd::load_first<V, last>(p + J * W);
    } else {
      return simd::load<V>(p + J * W);
    }
  }
  template <int J>
  TENON_INLINE static void store(T* p, V v) {
    if constexpr (J + 1 == chunks && last < W) {
      simd::store_first<last>(p + J * W, v);
    } else {
      simd::store(p + J * W, v);
    }
  }
  // R rows of chunks From, From + 1, ...; a long one is a loop.
  template <int R, int From, bool Long, int... J, int... I>
  TENON_INLINE static void block(const T* a, const T* b, T* c, Seq<J...>, Seq<I...>) {
    constexpr int N = sizeof...(J);
    V sum[R * N] = {};
    const auto step = [&](index_t k) __attribute__((always_inline)) {
      const T *const row = a + k * S.a_step, *const from = b + k * S.b_step;
      V column[] = {load<From + J>(from)...};
      if constexpr (keeps_columns<R, N>) (in_register(column[J]), ...);
      ((sum[I] = multiply_add(simd::broadcast<V>(row[I / N * S.a_row]), column[I % N], sum[I])), ...);
    };
    if constexpr (!wide_tiles<T> && S.k >= 16) {
#pragma GCC unroll 4
      for (index_t k = 0; k < S.k; ++k) step(k);
    } else if constexpr (Long) {
#pragma GCC unroll 2
      for (index_t k = 0; k < S.k; ++k) step(k);
    } else {
#pragma GCC unroll 8
      for (index_t k = 0; k < S.k; ++k) step(k);
    }
    (store<From + I % N>(c + I / N * S.c_row, sum[I]), ...);
  }
  template <int Group, bool Long>
  TENON_INLINE static void group_of_chunks(const T* a, const T* b, T* c) {
    constexpr int from = group_from(Group), N = group_from(Group + 1) - from, count = blocks_of(N), low = m / count,
                  high = m % count;
    if constexpr (high > 0)
      for (int i = 0; i < high; ++i, a += (low + 1) * S.a_row, c += (low + 1) * S.c_row)
        block<low + 1, from, Long>(a, b, c, make_seq<N>{}, make_seq<(low + 1) * N>{});
    for (int i = high; i < count; ++i, a += low * S.a_row, c += low * S.c_row)
      block<low, from, Long>(a, b, c, make_seq<N>{}, make_seq<low * N>{});
  }
  template <bool Long, int... Group>
  TENON_INLINE static void all_groups(const T* a, const T* b, T* c, Seq<Group...>) {
    (group_of_chunks<Group, Long>(a, b, c), ...);
  }
  // Step K: element K of every row of A by row K of B.
  template <int K, class R, int... I, int... Lane>
  TENON_INLINE static void joined_step(const R* x, const T* b, R* sum, Seq<I...>, Seq<Lane...>) {
    const R row = simd::load_repeated<R, W, (Lane % W)...>(b + K * W);
    ((sum[I] = multiply_add(simd::shuffle<(Lane / W * W + K)...>(x[I], x[I]), row, sum[I])), ...);
  }
  template <int... I, int... K>
  TENON_INLINE static void joined_rows(const T* a, const T* b, T* c, Seq<I...>, Seq<K...>) {
    using R = simd::pack<T, L>;
    const R x[] = {simd::load<R>(a + I * L)...};
    R sum[joined] = {};
    (joined_step<K>(x, b, sum, Seq<I...>{}, make_seq<L>{}), ...);
    (simd::store(c + I * L, sum[I]), ...);
  }
  /// Whether it is the engine's if there are threads.
  static constexpr bool shared = S.way == SmallWay::tiles && !fits_in_place<T>(S.m, S.n, S.k);
  // The same for what is too large to be in place, unless a few columns are left that run-time strides have tiles for.
  // With 16 registers all large products are left to those.
  static constexpr bool few_left =
      joined_tiles<T> && S.a_step == 1 && S.m >= exec::joined_rows && last <= joined_columns;
  static constexpr bool tiled = S.way == SmallWay::tiles && by_packs && masked_tiles<T> &&
                                (wide_tiles<T> ? shared || !few_left : S.m * S.n * S.k <= 262144);
  // Groups [First, To), which are as wide as the first one.
  template <int First, int To>
  TENON_INLINE static void alike(const T* a, const T* b, T* c) {
    constexpr int wide = (group_from(First + 1) - group_from(First)) * W;
    if constexpr (First < To)
      for (int g = First; g < To; ++g, b += wide, c += wide) group_of_chunks<First, true>(a, b, c);
  }
  // The last group is one of its own if its last chunk is masked.
  [[gnu::noinline]] static void by_tiles(const T* a, const T* b, T* c) {
    constexpr int end = last < W ? groups - 1 : groups, from = wider < end ? wider : end;
    alike<0, from>(a, b, c);
    alike<from, end>(a, b, c);
    alike<end, groups>(a, b, c);
  }
  // Few short rows have packs of their length.
  static constexpr int dot_lanes() {
    int lanes = widest > 1 ? 16 / static_cast<int>(sizeof(T)) : 1;
    while (lanes < widest && lanes < S.k) lanes *= 2;
    return lanes;
  }
  TENON_INLINE static void by_dots(const T* a, const T* b, T* c) {
    if constexpr (S.n <= 16 && S.k <= 4 * widest) {
      constexpr int some = S.n > vector_rows / 2 ? vector_rows : S.n > 1 ? vector_rows / 2 : 1;
      for (index_t i = 0; i < S.n; i += some)
        rows_by_vector<simd::pack<T, dot_lanes()>, some>(S.n - i, S.k, b + i * S.b_column, S.b_column, a, c + i, false,
                                                         make_seq<some>{});
    } else {
      matrix_by_vector(S.n, S.k, b, S.b_column, a, c, false);
    }
  }
  // Where step K of all columns' sums lies.
  template <int K>
  struct LanesOf {
    static constexpr StridedMap map() { return {{1, {S.n}}, {1, {S.b_column}}, K * S.b_step}; }
  };
  template <int... K>
  TENON_INLINE static void by_lanes(const T* a, const T* b, T* c, Seq<K...>) {
    using R = simd::pack<T, lanes_around<T>(static_cast<int>(S.n), 16 / sizeof(T))>;
    R sum{};
    ((sum = multiply_add(simd::broadcast<R>(a[K * S.a_step]),
                         load_by<R, LanesOf<K>, Extents<S.n>, 0>(b, make_seq<simd::lanes<R>>{}), sum)),
     ...);
    simd::store_first<static_cast<int>(S.n)>(c, sum);
  }
  TENON_INLINE static void run(const T* a, const T* b, T* c) {
    a += S.a;
    b += S.b;
    if constexpr (S.way == SmallWay::lanes) {
      by_lanes(a, b, c, make_seq<static_cast<int>(S.k)>{});
    } else if constexpr (S.way == SmallWay::dots) {
      by_dots(a, b, c);
    } else if constexpr (tiled) {
      by_tiles(a, b, c);
    } else if constexpr (!unrolled) {
      product_in_place(S.m, S.n, S.k, a, S.a_row, S.a_step, b, S.b_step, c, S.c_row, false);
    } else if constexpr (joins) {
      joined_rows(a, b, c, make_seq<joined>{}, make_seq<W>{});
    } else if constexpr (by_packs) {
      all_groups<false>(a, b, c, make_seq<groups>{});
    } else {
      for (index_t i = 0; i < S.m; ++i)
        for (index_t j = 0; j < S.n; ++j) {
          T sum{};
          for (index_t k = 0; k < S.k; ++k)
            sum = multiply_add(a[i * S.a_row + k * S.a_step], b[j * S.b_column + k * S.b_step], sum);
          c[i * S.c_row + j * S.c_column] = sum;
        }
    }
  }
};

/// Whether contraction N into elements Out is small and known by its type.
template <class N, class Out>
struct SmallContraction {
  static constexpr bool ok = false;
};
template <class Spec, class E, class A, class B, class T>
requires((__is_same(T, float) || __is_same(T, double)) && __is_same(typename A::value_type, T) &&
         __is_same(typename B::value_type, T) && E::is_static && Located<A>::fixed && Located<B>::fixed)  //
    struct SmallContraction<Contract<Spec, E, A, B>, T> {
  static constexpr SmallShape shape = small_shape<T, Spec, E, A, B>();
  static constexpr bool ok = shape.way != SmallWay::none;
  using Product = SmallProduct<T, shape>;
  /// False if the target overlaps an operand that is still to be read, and is too large to be computed aside; or if
  /// threads are to share the product.
  TENON_INLINE static bool run(const Contract<Spec, E, A, B>& n, T* out, bool noalias) {
    if (Product::shared && goes_in_parts(shape.m * shape.n * shape.k)) return false;
    const T* const a = Located<A>::data(n.template operand<0>());
    const T* const b = Located<B>::data(n.template operand<1>());
    if (!Product::single_pass && !noalias) {
      constexpr index_t bytes = sizeof(T);
      const ByteRange range = range_of(out, {E::static_dims(), row_major(E::static_dims()), 0}, bytes);
      if (range.overlaps(range_of(a, Located<A>::fixed_map(), bytes)) ||
          range.overlaps(range_of(b, Located<B>::fixed_map(), bytes)))
        return run_aside(a, b, out);
    }
    Product::run(shape.swapped ? b : a, shape.swapped ? a : b, out);
    return true;
  }

 private:
  // By the same kernel, so that sums come in the same order.
  [[gnu::noinline]] static bool run_aside(const T* a, const T* b, T* out) {
    constexpr index_t size = static_size<E> * static_cast<index_t>(sizeof(T));
    if constexpr (size > 0 && size <= aside_bytes) {
      alignas(alignment) T aside[static_cast<size_t>(static_size<E>)];
      Product::run(shape.swapped ? b : a, shape.swapped ? a : b, aside);
      __builtin_memcpy(out, aside, static_cast<size_t>(size));
      return true;
    } else {
      return false;
    }
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
