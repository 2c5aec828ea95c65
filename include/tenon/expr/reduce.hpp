// tenon/expr/reduce.hpp: the reduction node: an op folded over some axes of its operand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `reduce<op::Sum, 0>(x)` sums over axis 0, `reduce<op::Sum>(x)` over all axes; `keepdims` leaves the reduced axes in
// place with extent 1. The operand's program is fused into the reduction's loop.
#pragma once
#include <tenon/expr/cut.hpp>
#include <tenon/expr/map.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/ops/reduction.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Passed to a reduction: the reduced axes stay, with extent 1.
struct KeepDims {};
inline constexpr KeepDims keepdims{};

namespace detail {

template <unsigned Mask, bool Keep, class E>
struct ReducedDims {
  static constexpr Dims value() { return reduced(E::static_dims()); }
  TENON_FN static Dims reduced(const Dims& e) {
    Dims r;
    for (int a = 0; a < e.rank; ++a) {
      if (!(Mask >> a & 1u)) {
        r.push(e.d[a]);
      } else if (Keep) {
        r.push(1);
      }
    }
    return r;
  }
};

template <class Op>
concept has_pull = requires {
  &Op::template pull<int, int, int>;
};

template <class Op, class T>
struct ReducedType {
  using number = typename Op::template result<base_t<T>>;
  using type = number;
};
template <class Op, class T>
requires(has_pull<Op> && !is_plain<T>) struct ReducedType<Op, T> {
  using type = rebase_t<T, typename Op::template result<base_t<T>>>;
};

template <class Op, int Axis, int Rank>
struct AxisExists {
  static constexpr bool ok = Axis >= -Rank && Axis < Rank;
  static_assert(ok, "tenon: there is no such axis (see Axis and Rank above)");
};
template <class Op, int Rank, int... Axis>
constexpr unsigned axis_mask() {
  static_assert((AxisExists<Op, Axis, Rank>::ok && ... && true));
  if (sizeof...(Axis) == 0) return (1u << Rank) - 1u;
  unsigned m = 0;
  ((m |= 1u << (Axis < 0 ? Axis + Rank : Axis)), ...);
  return m;
}

}  // namespace detail

/// Op folded over the axes in Mask.
template <class Op, unsigned Mask, bool Keep, class A>
struct Reduce : Cut<Reduce<Op, Mask, Keep, A>, typename detail::ReducedType<Op, typename A::value_type>::type,
                    extents_from<detail::ReducedDims<Mask, Keep, typename A::extents_type>>, A> {
  using Base = Cut<Reduce, typename detail::ReducedType<Op, typename A::value_type>::type,
                   extents_from<detail::ReducedDims<Mask, Keep, typename A::extents_type>>, A>;
  using E = typename Base::extents_type;
  using Element = typename A::value_type;
  using State = typename Op::template state<primal_t<Element>>;
  using Result = primal_t<typename Base::value_type>;
  using operation = Op;
  static constexpr unsigned mask = Mask;
  using Base::Base;

  TENON_FN E extents() const {
    if constexpr (E::is_static) {
      return E{};
    } else {
      return E::from(detail::ReducedDims<Mask, Keep, int>::reduced(this->template operand<0>().extents().dims()));
    }
  }
  /// Elements that go into each result.
  TENON_FN index_t count() const {
    const Dims e = this->template operand<0>().extents().dims();
    index_t n = 1;
    for (int a = 0; a < e.rank; ++a)
      if (Mask >> a & 1u) n *= e.d[a];
    return n;
  }
  void compute(Result* out) const;  // exec/cpu/reduce.hpp

  constexpr auto at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const Dims e = x.extents().dims();
    Dims from;
    from.rank = e.rank;
    int k = 0;
    for (int a = 0; a < e.rank; ++a) {
      const bool kept = !(Mask >> a & 1u);
      from.d[a] = kept ? i.d[k] : 0;
      if (kept || Keep) ++k;
    }
    State s = Op::template identity<State>();
    const index_t n = count();
    for (index_t c = 0; c < n; ++c) {
      s = Op::combine(s, Op::template lift<State>(x.at(from), c));
      for (int a = e.rank - 1; a >= 0; --a) {
        if (!(Mask >> a & 1u)) continue;
        if (++from.d[a] < e.d[a]) break;
        from.d[a] = 0;
      }
    }
    return Op::template finish<compute_t<Result>>(s, n);
  }
  template <class B>
  static auto with(B x) {
    return Reduce<Op, Mask, Keep, B>(static_cast<B&&>(x));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    Op::pull(spread(y), spread(g), x);
  }

 private:
  // A view of the result with the reduced axes back, as extents of 1.
  template <class V>
  static auto spread(const V& v) {
    if constexpr (Keep) {
      return v;
    } else {
      return insert_axes<0>(v);
    }
  }
  template <int Axis, class V>
  static auto insert_axes(const V& v) {
    if constexpr (Axis == A::rank) {
      return v;
    } else if constexpr (Mask >> Axis & 1u) {
      return insert_axes<Axis + 1>(v.moved(move::Insert<Axis>{}));
    } else {
      return insert_axes<Axis + 1>(v);
    }
  }
};

/// Op over axes Axis... of x (all axes when none is named).
template <class Op, int... Axis, class X>
constexpr auto reduce(X&& x) {
  using N = node_of<X>;
  return Reduce<Op, detail::axis_mask<Op, N::rank, Axis...>(), false, N>(as_node(static_cast<X&&>(x)));
}
template <class Op, int... Axis, class X>
constexpr auto reduce(X&& x, KeepDims) {
  using N = node_of<X>;
  return Reduce<Op, detail::axis_mask<Op, N::rank, Axis...>(), true, N>(as_node(static_cast<X&&>(x)));
}

#define TENON_DETAIL_REDUCTION(function, Op)                      \
  template <int... Axis, expression X, class... Keep>             \
  constexpr auto function(X&& x, Keep... keep) {                  \
    return reduce<op::Op, Axis...>(static_cast<X&&>(x), keep...); \
  }
/// Sum over all axes, or over the named ones: `sum(x)`, `sum<0>(x)`, `sum<-1>(x, keepdims)`.
TENON_DETAIL_REDUCTION(sum, Sum)
/// Arithmetic mean over all axes, or over the named ones.
TENON_DETAIL_REDUCTION(mean, Mean)
/// Product over all axes, or over the named ones.
TENON_DETAIL_REDUCTION(prod, Prod)
#undef TENON_DETAIL_REDUCTION

}  // namespace TENON_ABI
}  // namespace tenon
