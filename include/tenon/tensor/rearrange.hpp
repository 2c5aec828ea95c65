// tenon/tensor/rearrange.hpp: results whose every axis reads its operand in an order of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   pad<1, 1, 0, 2>(image)    pad(x, {{k, k}, {0, 2}}, PadMode::reflect)    roll<0>(x, 3)    tile(x, 2, 1)
// One node, `Rearranged`, does all: a rule says for each axis which index of the operand an index of the result reads.
#pragma once
#include <tenon/exec/cpu/offsets.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What stands in the margin: a constant, the nearest element, or the elements mirrored at the first and the last one.
enum class PadMode { constant, edge, reflect };
/// Elements added before and after those of an axis.
struct Padding {
  index_t before = 0, after = 0;
};

namespace rule {

/// Margins around each axis. Width: before0, after0, before1, ... if the type knows them.
template <index_t... Width>
struct Pad {
  static constexpr bool is_static = sizeof...(Width) > 0;
  Padding width[max_rank] = {};
  PadMode mode = PadMode::constant;

  TENON_FN static Dims static_dims(Dims e) {
    constexpr index_t w[sizeof...(Width) + 1] = {Width..., 0};
    for (int a = 0; a < e.rank; ++a) {
      if (!is_static) {
        e.d[a] = dyn;
      } else if (e.d[a] != dyn) {
        e.d[a] += w[2 * a] + w[2 * a + 1];
      }
    }
    return e;
  }
  TENON_FN Dims extents(Dims e) const {
    for (int a = 0; a < e.rank; ++a) e.d[a] = extents_added(extents_added(e.d[a], width[a].before), width[a].after);
    return e;
  }
  TENON_FN index_t source(int axis, index_t i, index_t n) const {
    i -= width[axis].before;
    if (i >= 0 && i < n) return i;
    if (mode == PadMode::constant) return -1;
    if (mode == PadMode::edge || n == 1) return i < 0 ? 0 : n - 1;
    const index_t period = 2 * (n - 1);
    i = (i % period + period) % period;
    return i < n ? i : period - i;
  }
};

/// Indices shifted up by `shift`, those beyond the end coming back at the start.
struct Roll {
  Dims shift{};
  TENON_FN static Dims static_dims(const Dims& e) { return e; }
  TENON_FN Dims extents(const Dims& e) const { return e; }
  TENON_FN index_t source(int axis, index_t i, index_t n) const {
    const index_t k = (i - shift.d[axis] % n) % n;
    return k < 0 ? k + n : k;
  }
};

/// The whole operand `count` times along each axis (Times...: if the type knows them).
template <index_t... Times>
struct Tile {
  Dims count{};
  TENON_FN static Dims static_dims(Dims e) {
    constexpr index_t t[sizeof...(Times) + 1] = {Times..., 0};
    for (int a = 0; a < e.rank; ++a) e.d[a] = sizeof...(Times) == 0 || e.d[a] == dyn ? dyn : e.d[a] * t[a];
    return e;
  }
  TENON_FN Dims extents(Dims e) const {
    for (int a = 0; a < e.rank; ++a) e.d[a] = extents_multiplied(e.d[a], count.d[a]);
    return e;
  }
  TENON_FN index_t source(int, index_t i, index_t n) const { return i % n; }
};

/// Each element `count` times in a row along one axis (Times if the type knows it).
template <int Axis, index_t Times>
struct Repeat {
  index_t count = Times;
  TENON_FN static Dims static_dims(Dims e) {
    e.d[Axis] = Times == dyn || e.d[Axis] == dyn ? dyn : e.d[Axis] * Times;
    return e;
  }
  TENON_FN Dims extents(Dims e) const {
    e.d[Axis] = extents_multiplied(e.d[Axis], count);
    return e;
  }
  TENON_FN index_t source(int axis, index_t i, index_t) const { return axis == Axis ? i / count : i; }
};

}  // namespace rule

/// Index (i, j, ...) of the result reads index (rule(0, i), rule(1, j), ...) of A, or is `fill` where there is none.
template <class Rule, class A>
struct Rearranged
    : Cut<Rearranged<Rule, A>, typename A::value_type, extents_from<MovedDims<Rule, typename A::extents_type>>, A> {
  using T = typename A::value_type;
  using P = primal_t<T>;
  using E = extents_from<MovedDims<Rule, typename A::extents_type>>;
  using Base = Cut<Rearranged, T, E, A>;
  Rule rule;
  base_t<T> fill_value;
  E shape;

  constexpr Rearranged(const Rule& r, base_t<T> f, A a)
      : Base(static_cast<A&&>(a)), rule(r), fill_value(f), shape(E::from(r.extents(operand_extents()))) {}
  TENON_FN E extents() const { return shape; }

  void compute(P* out) const {
    const auto x = exec::operand(this->template operand<0>());
    exec::read_offsets(out, x.data, tables(x.shape.dims(), x.strides), static_cast<P>(fill_value));
  }
  constexpr compute_t<P> at(const Dims& i) const {
    const Dims e = operand_extents();
    Dims from;
    from.rank = e.rank;
    for (int a = 0; a < e.rank; ++a) {
      from.d[a] = rule.source(a, i.d[a], e.d[a]);
      if (from.d[a] < 0) return static_cast<compute_t<P>>(fill_value);
    }
    return this->template operand<0>().at(from);
  }
  template <class B>
  constexpr auto with(B b) const {
    return Rearranged<Rule, B>(rule, static_cast<base_t<typename B::value_type>>(fill_value), static_cast<B&&>(b));
  }
  template <class Y, class G, class X>
  void pull(const Y&, const G& g, X&& x) const {
    if constexpr (bare_t<X>::active) {
      const exec::DenseElements<typename G::value_type> dense(g);
      exec::add_at_offsets(dense.data(), x.adjoint.data(), tables(x.value.dims(), x.adjoint.strides()));
    }
  }

 private:
  constexpr Dims operand_extents() const { return this->template operand<0>().extents().dims(); }
  exec::OffsetTables tables(const Dims& from, const Dims& strides) const {
    exec::OffsetTables t(shape.dims());
    for (int a = 0; a < E::rank; ++a)
      for (index_t i = 0; i < shape[a]; ++i) {
        const index_t k = rule.source(a, i, from.d[a]);
        t[a][i] = k < 0 ? exec::no_source : k * strides.d[a];
      }
    t.finish();
    return t;
  }
};

namespace detail {
template <class Rule, class N>
constexpr auto rearranged(const Rule& rule, N n, base_t<typename N::value_type> fill = {}) {
  return Rearranged<Rule, N>(rule, fill, static_cast<N&&>(n));
}
template <class E, int Given>
struct PadWidths {
  static constexpr bool ok = E::rank == Given;
  static_assert(ok, "tenon: pad: name the widths before and after each axis of the operand (see the extents above)");
};
template <class Rule, class X>
constexpr void check_pad(const Rule& rule, const X& x) {
  const Dims e = x.extents().dims();
  for (int a = 0; a < e.rank; ++a) {
    const Padding w = rule.width[a];
    if (w.before < 0 || w.after < 0) fail_shape("pad", "a width is negative; the operand has shape", e);
    if (e.d[a] == 0 && rule.mode != PadMode::constant && w.before + w.after > 0)
      fail_shape("pad", "an empty axis has no edge to repeat", e);
  }
}
template <class Rule, class X>
constexpr auto padded(const Rule& rule, X&& x, base_t<typename bare_t<X>::value_type> fill) {
  check_pad(rule, x);
  return rearranged(rule, as_node(static_cast<X&&>(x)), fill);
}
template <int N>
constexpr rule::Pad<> margins(const Padding (&width)[N], PadMode mode) {
  rule::Pad<> r;
  r.mode = mode;
  for (int a = 0; a < N; ++a) r.width[a] = width[a];
  return r;
}
template <index_t... Width>
constexpr rule::Pad<Width...> static_margins(PadMode mode) {
  static_assert(sizeof...(Width) % 2 == 0, "tenon: pad: name the widths before and after each axis");
  static_assert(((Width >= 0) && ...), "tenon: pad: widths are not negative");
  constexpr index_t w[] = {Width...};
  rule::Pad<Width...> r;
  r.mode = mode;
  for (int a = 0; a < static_cast<int>(sizeof...(Width)) / 2; ++a) r.width[a] = {w[2 * a], w[2 * a + 1]};
  return r;
}
}  // namespace detail

/// x with margins of `value`: `pad(x, {{1, 1}, {0, 2}})` adds a row at either end and two columns at the right.
template <expression X, int N>
constexpr auto pad(X&& x, const Padding (&width)[N], base_t<typename bare_t<X>::value_type> value = {}) {
  static_assert(detail::PadWidths<extents_t<X>, N>::ok);
  return detail::padded(detail::margins(width, PadMode::constant), static_cast<X&&>(x), value);
}
/// x with margins that repeat its edge or mirror it.
template <expression X, int N>
constexpr auto pad(X&& x, const Padding (&width)[N], PadMode mode) {
  static_assert(detail::PadWidths<extents_t<X>, N>::ok);
  return detail::padded(detail::margins(width, mode), static_cast<X&&>(x), {});
}
/// The same with widths in the type, so that static extents stay static: `pad<1, 1, 0, 2>(x)`.
template <index_t... Width, expression X>
requires(sizeof...(Width) > 0) constexpr auto pad(X&& x, base_t<typename bare_t<X>::value_type> value = {}) {
  static_assert(detail::PadWidths<extents_t<X>, static_cast<int>(sizeof...(Width)) / 2>::ok);
  return detail::padded(detail::static_margins<Width...>(PadMode::constant), static_cast<X&&>(x), value);
}
template <index_t... Width, expression X>
requires(sizeof...(Width) > 0) constexpr auto pad(X&& x, PadMode mode) {
  static_assert(detail::PadWidths<extents_t<X>, static_cast<int>(sizeof...(Width)) / 2>::ok);
  return detail::padded(detail::static_margins<Width...>(mode), static_cast<X&&>(x), {});
}

/// x shifted along axes, one shift for each: what leaves at the end comes back at the start. `roll<0, 1>(x, 2, -1)`
template <int... Axis, expression X, class... I>
constexpr auto roll(X&& x, I... shift) {
  static_assert(sizeof...(Axis) == sizeof...(I) && sizeof...(I) > 0, "tenon: roll: name one shift for each axis");
  rule::Roll r;
  ((r.shift.d[axis_of<"roll", Axis, extents_t<X>>] += static_cast<index_t>(shift)), ...);
  return detail::rearranged(r, as_node(static_cast<X&&>(x)));
}

namespace detail {
template <int More, class N>
constexpr auto with_leading_axes(N n) {
  if constexpr (More <= 0) {
    return n;
  } else {
    return with_leading_axes<More - 1>(Movement<move::Insert<0>, N>({}, static_cast<N&&>(n)));
  }
}
template <index_t... Times, class N>
constexpr auto tiled(N n, const Dims& times) {
  rule::Tile<Times...> r;
  r.count = times;
  for (int a = 0; a < N::rank; ++a)
    if (times.d[a] < 0) fail_shape("tile", "a count is negative", times);
  return rearranged(r, static_cast<N&&>(n));
}
}  // namespace detail
/// x repeated as a whole, so often along each axis; counts are aligned from the last axis, and axes are added in front
/// if there are more counts. `tile(x, 2, 1)`
template <expression X, class... I>
requires((is_integer<I> && ...) && (sizeof...(I) > 0)) constexpr auto tile(X&& x, I... count) {
  constexpr int given = static_cast<int>(sizeof...(I)), rank = bare_t<X>::rank;
  const index_t c[] = {static_cast<index_t>(count)...};
  Dims times;
  for (int a = 0; a < (given > rank ? given : rank); ++a)
    times.push(a < rank - given ? 1 : c[given > rank ? a : a - (rank - given)]);
  return detail::tiled(detail::with_leading_axes<given - rank>(as_node(static_cast<X&&>(x))), times);
}
/// The same with the counts in the type; one for each axis at least.
template <index_t... Times, expression X>
requires(sizeof...(Times) > 0) constexpr auto tile(X&& x) {
  constexpr int given = static_cast<int>(sizeof...(Times)), rank = bare_t<X>::rank;
  static_assert(given >= rank, "tenon: tile: name a count for each axis");
  static_assert(((Times >= 0) && ...), "tenon: tile: counts are not negative");
  return detail::tiled<Times...>(detail::with_leading_axes<given - rank>(as_node(static_cast<X&&>(x))),
                                 Dims{given, {Times...}});
}

/// Each element of x so often in a row along Axis.
template <int Axis, expression X>
constexpr auto repeat(X&& x, index_t count) {
  if (count < 0) fail_shape("repeat", "the count is negative; the operand has shape", x.extents().dims());
  return detail::rearranged(rule::Repeat<axis_of<"repeat", Axis, extents_t<X>>, dyn>{count},
                            as_node(static_cast<X&&>(x)));
}
/// The same with the count in the type: `repeat<0, 3>(x)`.
template <int Axis, index_t Times, expression X>
constexpr auto repeat(X&& x) {
  static_assert(Times >= 0, "tenon: repeat: the count is negative");
  return detail::rearranged(rule::Repeat<axis_of<"repeat", Axis, extents_t<X>>, Times>{Times},
                            as_node(static_cast<X&&>(x)));
}

}  // namespace TENON_ABI
}  // namespace tenon
