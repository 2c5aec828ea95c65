// tenon/exec/row_blocks.hpp: statements over reductions of their own rows run a block of rows at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// y = (x - mean<1>(x, keepdims)) * rsqrt(var<1>(x, keepdims) + eps) reads x three times: twice to reduce it, once to
// use it. Row for row these are statements of their own. So a statement is recorded as steps without types (the
// reductions, maps of their results, the loop that uses them), and the steps run for as many rows as stay in the
// first-level cache, then for the next ones. Results of reductions are kept for a block only, in `slots`.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/hoist.hpp>
#include <tenon/exec/moments.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Bytes of results in a block of rows that are contiguous, and of others.
inline constexpr index_t row_block_bytes = 16384, strided_block_bytes = 131072;

/// Whether a node can be computed for rows [from, to) of axis 0 alone, and whether it reduces rows; `R`: the
/// statement's rank.
template <class N, int R>
struct RowsOf {
  static constexpr bool possible = false, reduces = false;
};
template <class T, class E, class Hold, bool Dense, int R>
struct RowsOf<Leaf<T, E, Hold, Dense>, R> {
  static constexpr bool possible = !is_taped<T>, reduces = false;
  static bool computed(const Leaf<T, E, Hold, Dense>&) { return false; }
};
template <class T, class E, int R>
struct RowsOf<Value<T, E>, R> {
  static constexpr bool possible = !is_taped<T>, reduces = false;
  static bool computed(const Value<T, E>&) { return false; }
};
template <class T, int R>
struct RowsOf<Scalar<T>, R> {
  static constexpr bool possible = !is_taped<T>, reduces = false;
  static bool computed(const Scalar<T>&) { return false; }
};
template <class Op, class T, class Args, class... N, int R>
struct RowsOf<Map<Op, T, Args, N...>, R> {
  using M = Map<Op, T, Args, N...>;
  static constexpr bool possible = (RowsOf<N, R>::possible && ...), reduces = (RowsOf<N, R>::reduces || ...);
  static bool computed(const M& n) { return computed(n, make_seq<static_cast<int>(sizeof...(N))>{}); }

 private:
  template <int... I>
  static bool computed(const M& n, Seq<I...>) {
    if constexpr (!M::cheap)
      if (n.cache.ready) return true;
    return (RowsOf<N, R>::computed(operand_at<I>(n.operands)) || ...);
  }
};
template <class Op, unsigned Mask, class A, int R>
requires(A::rank == R) struct RowsOf<Reduce<Op, Mask, true, A>, R> {
  static constexpr bool possible = !(Mask & 1u) && RowsOf<A, R>::possible, reduces = true;
  static bool computed(const Reduce<Op, Mask, true, A>& n) {
    return n.cache.ready || RowsOf<A, R>::computed(n.template operand<0>());
  }
};

/// Whether N is a pointwise statement over reductions of its rows.
template <class N>
inline constexpr bool goes_by_rows = false;
template <class Op, class T, class Args, class... N>
inline constexpr bool goes_by_rows<Map<Op, T, Args, N...>> =
    Map<Op, T, Args, N...>::rank > 1 && RowsOf<Map<Op, T, Args, N...>, Map<Op, T, Args, N...>::rank>::possible&&
                                            RowsOf<Map<Op, T, Args, N...>, Map<Op, T, Args, N...>::rank>::reduces;

struct FoldKernel;

/// A reduction or a pointwise loop without its types. Its operands follow each other, the result is the first.
struct RowStep {
  const FoldKernel* op;  // null: a pointwise loop
  RowFunction row;
  const detail::PackedRow* packed;  // of a pointwise loop, unless it is computed element by element
  RowFunction few;                  // of a loop over results of folds: for a few of them
  bool direct;                      // the only operand of a reduction has its number type
  unsigned mask;                    // its reduced axes
  index_t count, plane;             // as in ReduceCall
  Dims extents;
  int first, loads;
};

/// A statement as steps, the last of which writes the target.
struct RowSteps {
  static constexpr int most = 16;
  static constexpr index_t slot_bytes = TENON_EMBEDDED ? 512 : 16384;
  RowStep step[most];
  Walked operand[max_operands];
  const void* owner[most];  // the node whose result is in a slot
  int steps = 0, operands = 0, slots = 0;
  bool fits = true;
  tenon::detail::BlockRef memory{static_cast<size_t>(most * slot_bytes)};

  RowSteps() {}
  /// A place for a node's results in a block of rows.
  void* slot(const void* node) {
    fits = fits && slots < most;
    const int s = fits ? slots++ : 0;
    owner[s] = node;
    return memory.data() + s * slot_bytes;
  }
  /// The place that a node has, or null.
  const void* known(const void* node) const {
    for (int s = 0; s < slots; ++s)
      if (owner[s] == node) return memory.data() + s * slot_bytes;
    return nullptr;
  }
  /// Adds a step; its result is dense, or strided as the target.
  void add(RowStep s, void* out, index_t out_bytes, const StridedMap& target, const Source* source,
           const index_t* bytes) {
    fits = fits && steps < most && operands + s.loads + 1 <= max_operands;
    if (!fits) return;
    s.first = operands;
    operand[operands++].set(out, out_bytes, target);
    for (int k = 0; k < s.loads; ++k) operand[operands++].set(source[k].data, bytes[k], source[k].map);
    step[steps++] = s;
  }
  /// Runs all steps for all rows; false, and nothing done, if that is not possible. In exec/cpu/row_steps.hpp.
  bool run(index_t work);
};

/// Adds the fold of x over the axes in Mask; `plane` as in ReduceCall. In exec/cpu/reduce.hpp.
template <class Op, unsigned Mask, class A, class R>
void record_reduction(RowSteps& steps, const A& x, R* out, index_t plane);

namespace detail {

template <class N>
bool direct_hazard(const N& n, const void* out, const StridedMap& map, index_t bytes);

// A node as it is met along one row: a leaf with one element in each row is a number there.
template <class N>
struct AlongRow {
  using type = N;
};
template <class T, class E, class Hold, bool Dense>
requires(E::rank > 0 && E::static_extent(E::rank - 1) == 1) struct AlongRow<Leaf<T, E, Hold, Dense>> {
  using type = Leaf<T, Extents<>, Hold, Dense>;
};
template <class Op, class T, class Args, class... N>
struct AlongRow<Map<Op, T, Args, N...>> {
  using type = Map<Op, T, Args, typename AlongRow<N>::type...>;
};

/// Adds the loop of a node whose leaves are ready, or in slots; `Few`: over results of folds.
template <bool Few, class N, class Out>
void record_loop(RowSteps& steps, const N& n, Out* out, const StridedMap& target) {
  using P = program_of<N>;
  Source source[P::loads], *end = source;
  n.fill(end);
  constexpr const PackedRow* packed = packed_rows_of<program_of<typename AlongRow<N>::type>, Out>();
  RowFunction few = nullptr;
  if constexpr (Few) few = few_elements<P, Out>;
  steps.add({nullptr, exec::row<P, Out>, packed, few, false, 0, 0, 0, target.extents, 0, P::loads}, out, sizeof(Out),
            target, source, load_bytes<P>);
}

/// A node that stands for N while a statement of rank R is recorded: leaves of cuts and hoisted maps, which are
/// recorded before it, refer to slots. It owns nothing, so that what it refers to lives as long as the statement.
template <int R, class N>
struct Recorded {
  static N of(RowSteps&, const N& n) { return n; }
};
template <class T, class E>
Leaf<T, E, tenon::detail::BlockRef, true> borrowed(const void* data, const E& extents) {
  Leaf<T, E, tenon::detail::BlockRef, true> leaf;
  leaf.data = static_cast<const T*>(data);
  leaf.shape = extents;
  return leaf;
}
template <int R, class T>
struct Recorded<R, Scalar<T>> {
  static auto of(RowSteps&, const Scalar<T>& n) { return borrowed<T>(&n.number, Extents<>{}); }
};
template <int R, class T, class E>
struct Recorded<R, Value<T, E>> {
  static auto of(RowSteps&, const Value<T, E>& n) { return borrowed<T>(n.values, E{}); }
};
template <int R, class Op, unsigned Mask, bool Keep, class A>
struct Recorded<R, Reduce<Op, Mask, Keep, A>> {
  using N = Reduce<Op, Mask, Keep, A>;
  static auto of(RowSteps& steps, const N& n) {
    using T = typename N::value_type;
    const void* at = steps.known(&n);
    if (at == nullptr) {
      const auto x = Recorded<R, A>::of(steps, n.template operand<0>());
      T* const out = static_cast<T*>(steps.slot(&n));
      record_reduction<Op, Mask>(steps, x, out, 0);
      at = out;
    }
    return borrowed<T>(at, n.extents());
  }
};
template <int R, class Op, class T, class Args, class... N>
struct Recorded<R, Map<Op, T, Args, N...>> {
  using M = Map<Op, T, Args, N...>;
  static auto of(RowSteps& steps, const M& n) { return of(steps, n, make_seq<static_cast<int>(sizeof...(N))>{}); }

 private:
  template <class A>
  static auto operand(RowSteps& steps, const A& a) {
    if constexpr (cut_node<A> || !is_hoisted<A, typename M::extents_type>) {
      return Recorded<R, A>::of(steps, a);
    } else if constexpr (A::rank < R || A::extents_type::static_extent(0) == 1) {
      materialize(a);  // the same for all rows
      return borrowed<typename A::value_type>(a.cache.block.data(), a.extents());
    } else {
      using V = typename A::value_type;
      const auto x = Recorded<R, A>::of(steps, a);
      V* const out = static_cast<V*>(steps.slot(nullptr));
      record_loop<true>(steps, x, out, {a.extents().dims(), row_major(a.extents().dims()), 0});
      return borrowed<V>(out, a.extents());
    }
  }
  template <int... I>
  static auto of(RowSteps& steps, const M& n, Seq<I...>) {
    return Map<Op, T, Args, decltype(operand(steps, operand_at<I>(n.operands)))...>(
        operand(steps, operand_at<I>(n.operands))...);
  }
};

/// Writes a node block of rows by block of rows; false if there are few rows, or a row needs another's operands.
template <class N, class Out>
bool write_by_rows(const N& n, Out* out, const StridedMap& target, bool noalias) {
  if (target.extents.size() * static_cast<index_t>(sizeof(Out)) < 2 * row_block_bytes ||
      RowsOf<N, N::rank>::computed(n))
    return false;
  if (!noalias && direct_hazard(n, out, target, sizeof(Out))) return false;
  RowSteps steps;
  if constexpr (has_moments<N>)
    each_moments(n, [&](const auto& mean, const auto& spread) {
      if (steps.known(&mean) || steps.known(&spread)) return;
      using C = bare_t<decltype(mean)>;
      using T = typename C::value_type;
      T* const first = static_cast<T*>(steps.slot(&mean));
      const T* const second = static_cast<T*>(steps.slot(&spread));
      record_reduction<typename Beside<C, bare_t<decltype(spread)>>::type, C::mask>(steps, mean.template operand<0>(),
                                                                                    first, second - first);
    });
  record_loop<false>(steps, Recorded<N::rank, N>::of(steps, n), out, target);
  return steps.run(4);
}

}  // namespace detail

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
