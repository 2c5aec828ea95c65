// tenon/shape/slice.hpp: what stands for an axis in `slice`: an index, a range, the whole axis, a new one, an ellipsis.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   slice(x, range(1, 5), whole, range(-3, end, 2), 0)    // x[1:5, :, -3::2, 0]
// Negative numbers count from the end. Ranges must lie within their axis: nothing is cut short silently. An index drops
// its axis. `range<1, 5>()` keeps the extent in the type.
#pragma once
#include <tenon/base/number_kind.hpp>
#include <tenon/base/type_list.hpp>
#include <tenon/shape/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Elements from `begin` by `step`, before `stop`; `open`: as far as the axis goes in the direction of the step.
struct Range {
  index_t begin = 0, stop = 0, step = 1;
  bool open = false;
};
/// A range known at compile time.
template <index_t Begin, index_t Stop, index_t Step, bool Open>
struct StaticRange {
  static_assert(Step != 0, "tenon: slice: a range needs a step other than 0");
  static constexpr Range range{Begin, Stop, Step, Open};
};
struct WholeAxis {};
struct NewAxis {};
struct Ellipsis {};
struct RangeEnd {
  constexpr RangeEnd() = default;
  constexpr RangeEnd(RangeEnd (*)()) {}
};

// Functions, to be named without parentheses: variables of such names would shadow users' own.

/// All of an axis.
constexpr WholeAxis whole() { return {}; }
/// A new axis of extent 1.
constexpr NewAxis newaxis() { return {}; }
/// As many whole axes as the other indices leave.
constexpr Ellipsis ellipsis() { return {}; }
/// The end of an axis: `range(-3, end)`.
constexpr RangeEnd end() { return {}; }

/// All of an axis.
constexpr WholeAxis range() { return {}; }
/// The first n elements.
constexpr Range range(index_t n) { return {0, n, 1, false}; }
/// Elements begin, begin + step, ... before stop; the step may be negative.
constexpr Range range(index_t begin, index_t stop, index_t step = 1) { return {begin, stop, step, false}; }
/// Elements begin, begin + step, ... as far as the axis goes: to its end, or to its start if the step is negative.
constexpr Range range(index_t begin, RangeEnd, index_t step = 1) { return {begin, 0, step, true}; }
/// The same with the numbers in the type, so that static extents stay static.
template <index_t Begin, index_t Stop, index_t Step = 1>
constexpr StaticRange<Begin, Stop, Step, false> range() {
  return {};
}
template <index_t Begin, index_t Step = 1>
constexpr StaticRange<Begin, 0, Step, true> range_from() {
  return {};
}

namespace detail {

// A range on an axis of extent n; count is -1 if it does not lie within.
struct ResolvedRange {
  index_t start = 0, step = 1, count = -1;
};
// How many steps of either sign begin within a distance that is not negative.
TENON_FN index_t steps_in(index_t distance, index_t step) {
  const size_t by = step > 0 ? static_cast<size_t>(step) : size_t{0} - static_cast<size_t>(step);
  return distance == 0 ? 0 : static_cast<index_t>((static_cast<size_t>(distance) - 1) / by + 1);
}
TENON_FN ResolvedRange resolve(const Range& r, index_t n) {
  ResolvedRange out{r.begin < 0 ? r.begin + n : r.begin, r.step, -1};
  if (r.open && n == 0) return {0, 1, 0};
  const bool up = r.step > 0;
  const index_t stop = r.open ? (up ? n : -1) : r.stop < 0 ? r.stop + n : r.stop;
  const index_t first = up ? out.start : stop, last = up ? stop : out.start;
  const index_t lowest = !up && r.open ? -1 : 0, highest = up ? n : n - 1;
  if (r.step != 0 && first >= lowest && last <= highest && first <= last) out.count = steps_in(last - first, r.step);
  if (out.count <= 1) out.step = 1;   // times a stride it might be more than can be counted
  if (out.count == 0) out.start = 0;  // never point past the end
  return out;
}
// The count of a static range on an axis of unknown extent, if that does not matter.
constexpr index_t count_of(const Range& r) {
  if (r.open || (r.begin < 0) != (r.stop < 0)) return dyn;
  const index_t distance = r.step > 0 ? r.stop - r.begin : r.begin - r.stop;
  return distance < 0 ? -2 : steps_in(distance, r.step);
}
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_range(const Range& r, int axis, index_t n) {
  Message m;
  m << "tenon: slice: range(" << r.begin << ", ";
  if (r.open) {
    m << "end";
  } else {
    m << r.stop;
  }
  m << ", " << r.step << ") does not lie within axis " << axis << " of extent " << n;
  raise<index_error>(m);
}

enum class IndexKind { none, single, range, whole, inserted, ellipsis };
template <class S>
struct IndexSpec {
  static constexpr IndexKind kind = is_integer<S> ? IndexKind::single : IndexKind::none;
};
template <>
struct IndexSpec<Range> {
  static constexpr IndexKind kind = IndexKind::range;
};
template <index_t B, index_t E, index_t S, bool Open>
struct IndexSpec<StaticRange<B, E, S, Open>> {
  static constexpr IndexKind kind = IndexKind::range;
};
template <>
struct IndexSpec<WholeAxis> {
  static constexpr IndexKind kind = IndexKind::whole;
};
template <>
struct IndexSpec<NewAxis> {
  static constexpr IndexKind kind = IndexKind::inserted;
};
template <>
struct IndexSpec<Ellipsis> {
  static constexpr IndexKind kind = IndexKind::ellipsis;
};
template <class S>
struct IndexSpec<S()> : IndexSpec<S> {};

}  // namespace detail

namespace move {

inline constexpr index_t index_whole = -2, index_single = -3, index_inserted = -4;

/// One entry for each axis of the operand and each new one: index_whole, index_single (dropped), index_inserted, or a
/// range's count (`dyn` if known at run time only).
template <index_t... Entry>
struct Index {
  static constexpr int entries = static_cast<int>(sizeof...(Entry));
  index_t start[entries + 1] = {}, step[entries + 1] = {}, count[entries + 1] = {};

  TENON_FN static Dims static_dims(const Dims& e) {
    constexpr index_t entry[entries + 1] = {Entry..., 0};
    Dims r;
    int a = 0;
    for (int k = 0; k < entries; ++k) {
      if (entry[k] == index_whole) {
        r.push(e.d[a]);
      } else if (entry[k] == index_inserted) {
        r.push(1);
      } else if (entry[k] != index_single) {
        r.push(entry[k]);
      }
      if (entry[k] != index_inserted) ++a;
    }
    return r;
  }
  TENON_FN StridedMap apply(const StridedMap& m) const { return apply(m, make_seq<entries>{}); }

 private:
  // Entries before the k-th that have an axis of the operand, and those that have one of the result.
  TENON_FN static int axes_before(int k, index_t without) {
    constexpr index_t entry[entries + 1] = {Entry..., 0};
    int n = 0;
    for (int i = 0; i < k; ++i) n += entry[i] != without;
    return n;
  }
  template <int... K>
  TENON_FN StridedMap apply(const StridedMap& m, Seq<K...>) const {
    StridedMap r;
    r.offset = m.offset;
    constexpr int rank = axes_before(entries, index_single);
    r.extents.rank = r.strides.rank = rank;
    (put<K, Entry>(r, m), ...);
    return r;
  }
  template <int K, index_t E>
  TENON_FN void put(StridedMap& r, const StridedMap& m) const {
    constexpr int from = axes_before(K, index_inserted), to = axes_before(K, index_single);
    if constexpr (E == index_inserted) {
      r.extents.d[to] = 1;
      r.strides.d[to] = 0;
    } else if constexpr (E == index_whole) {
      r.extents.d[to] = m.extents.d[from];
      r.strides.d[to] = m.strides.d[from];
    } else {
      r.offset += start[K] * m.strides.d[from];
      if constexpr (E != index_single) {
        r.extents.d[to] = count[K];
        r.strides.d[to] = step[K] * m.strides.d[from];
      }
    }
  }
};

}  // namespace move

namespace detail {

// Which entry each index becomes, and which index each entry comes from (-1: a whole axis that no index names).
struct IndexPlan {
  bool valid = true;
  int axes = 0, ellipses = 0, entries = 0;
  int position[3 * max_rank] = {}, axis[3 * max_rank] = {}, from[3 * max_rank] = {};
};
template <class... S>
constexpr IndexPlan plan_indices(int rank) {
  constexpr int n = static_cast<int>(sizeof...(S));
  const IndexKind kind[] = {IndexSpec<S>::kind..., IndexKind::none};
  IndexPlan p;
  for (int i = 0; i < n; ++i) {
    p.valid = p.valid && kind[i] != IndexKind::none;
    if (kind[i] == IndexKind::ellipsis) {
      ++p.ellipses;
    } else if (kind[i] != IndexKind::inserted) {
      ++p.axes;
    }
  }
  if (p.axes > rank || p.ellipses > 1 || !p.valid || n > 2 * max_rank) return p;
  int a = 0;
  const auto fill = [&] {
    for (int k = p.axes; k < rank; ++k, ++a) p.from[p.entries++] = -1;
  };
  for (int i = 0; i < n; ++i) {
    if (kind[i] == IndexKind::ellipsis) {
      fill();
      continue;
    }
    p.position[i] = p.entries;
    p.axis[i] = a;
    p.from[p.entries++] = i;
    if (kind[i] != IndexKind::inserted) ++a;
  }
  if (p.ellipses == 0) fill();
  return p;
}

// The count of a range on an axis of Extent (dyn: not known); negative if it does not lie within.
template <class R, index_t Extent>
inline constexpr index_t counted = dyn;
template <index_t B, index_t E, index_t S, bool Open, index_t Extent>
inline constexpr index_t counted<StaticRange<B, E, S, Open>, Extent> =
    Extent == dyn ? count_of(StaticRange<B, E, S, Open>::range)
                  : resolve(StaticRange<B, E, S, Open>::range, Extent).count;
template <class R, index_t Extent>
struct RangeWithin {
  static constexpr bool ok = true;
};
template <index_t B, index_t E, index_t S, bool Open, index_t Extent>
struct RangeWithin<StaticRange<B, E, S, Open>, Extent> {
  static constexpr bool ok = counted<StaticRange<B, E, S, Open>, Extent> != (Extent == dyn ? -2 : -1);
  static_assert(ok, "tenon: slice: this range does not lie within an axis of Extent");
};
template <class E, class List, class... S>
struct RangesWithin;
template <class E, int... I, class... S>
struct RangesWithin<E, Seq<I...>, S...> {
  static constexpr IndexPlan plan = plan_indices<S...>(E::rank);
  static constexpr bool ok = (RangeWithin<S, E::static_extent(plan.axis[I])>::ok && ... && true);
};

template <class E, class... S>
struct Slicing {
  static constexpr IndexPlan plan = plan_indices<S...>(E::rank);
  static_assert(plan.valid, "tenon: slice: indices are integers, range(...), whole, newaxis or ellipsis");
  static_assert(!plan.valid || plan.axes <= E::rank, "tenon: slice: more indices than axes (see the extents above)");
  static_assert(plan.ellipses <= 1, "tenon: slice: only one ellipsis can be resolved");

  template <int K>
  static constexpr index_t entry() {
    constexpr int i = plan.from[K];
    if constexpr (i < 0) {
      return move::index_whole;
    } else {
      using I = at_t<i, TypeList<S...>>;
      constexpr IndexKind kind = IndexSpec<I>::kind;
      if constexpr (kind == IndexKind::single) {
        return move::index_single;
      } else if constexpr (kind == IndexKind::whole) {
        return move::index_whole;
      } else if constexpr (kind == IndexKind::inserted) {
        return move::index_inserted;
      } else {
        constexpr index_t n = counted<I, E::static_extent(plan.axis[i])>;
        return n < 0 ? dyn : n;
      }
    }
  }
  template <int... K>
  static move::Index<entry<K>()...> movement_type(Seq<K...>);
  using Movement = decltype(movement_type(make_seq<plan.entries>{}));

  template <int... I>
  TENON_FN static Movement make(const E& extents, Seq<I...>, const S&... spec) {
    Movement m;
    (set_at<plan.position[I], plan.axis[I]>(m, extents, spec), ...);
    return m;
  }

 private:
  // Numbers of the plan as template arguments: device code has no plan.
  template <int Position, int Axis, class I>
  TENON_FN static void set_at(Movement& m, const E& extents, const I& spec) {
    set(m, Position, Axis, extent<Axis>(extents), spec);
  }
  // Of an index that has no axis, none.
  template <int Axis>
  TENON_FN static index_t extent([[maybe_unused]] const E& e) {
    if constexpr (Axis < E::rank) {
      return e[Axis];
    } else {
      return 0;
    }
  }
  template <class I>
  TENON_FN static void set(Movement& m, int k, int axis, index_t n, const I& spec) {
    constexpr IndexKind kind = IndexSpec<I>::kind;
    if constexpr (kind == IndexKind::single) {
      const index_t given = static_cast<index_t>(spec), i = given < 0 && is_signed_integer<I> ? given + n : given;
      if (i < 0 || i >= n) fail_index("slice", "index", given, n);
      m.start[k] = i;
    } else if constexpr (kind == IndexKind::range) {
      const Range r = as_range(spec);
      const ResolvedRange at = resolve(r, n);
      if (at.count < 0) fail_range(r, axis, n);
      m.start[k] = at.start;
      m.step[k] = at.step;
      m.count[k] = at.count;
    }
  }
  TENON_FN static Range as_range(const Range& r) { return r; }
  template <index_t B, index_t Stop, index_t Step, bool Open>
  TENON_FN static Range as_range(const StaticRange<B, Stop, Step, Open>& r) {
    return r.range;
  }
};

}  // namespace detail

/// The movement of extents `e` that indices, ranges and so on describe; index_error if one is out of range.
template <class E, class... S>
TENON_FN auto slice_movement(const E& e, const S&... spec) {
  using List = make_seq<static_cast<int>(sizeof...(S))>;
  static_assert(detail::RangesWithin<E, List, S...>::ok);
  return detail::Slicing<E, S...>::make(e, List{}, spec...);
}

}  // namespace TENON_ABI
}  // namespace tenon
