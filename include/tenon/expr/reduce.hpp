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

template <class T>
struct Element;  // tensor/element.hpp

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
  &Op::template pull<int, int, int, int>;
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

// x as the number type N that an op folds.
template <class N, class X>
TENON_FN N to_number(const X& x) {
  if constexpr (__is_same(N, X)) {
    return x;
  } else if constexpr (is_bool<N>) {
    return !(x == X(0));  // NaN is set
  } else {
    return static_cast<N>(x);
  }
}

// What a rule is given as `over`: the axes of its reduction, for further work along them.
template <unsigned Mask>
struct OverAxes {
  index_t n;

  /// Elements that go into each result.
  index_t count() const { return n; }
  TENON_FN static index_t count_of(const Dims& e) {
    index_t c = 1;
    for (int a = 0; a < e.rank; ++a)
      if (Mask >> a & 1u) c *= e.d[a];
    return c;
  }
  /// The mean of x over the same axes, which stay with extent 1.
  template <class X>
  auto mean(const X& x) const;  // expr/reductions.hpp
  /// For each result calls f(its value, its adjoint, count, at, add): at(i) is the i-th element that went into it,
  /// add(i, v) adds v to that element's adjoint.
  template <class Y, class G, class X, class F>
  void groups(const Y& y, const G& g, X& x, const F& f) const {
    if constexpr (X::active) {
      const StridedMap of_x = x.value.map(), of_a = x.adjoint.map(), of_y = y.map(), of_g = g.map();
      using TX = typename bare_t<decltype(x.value)>::value_type;
      using TA = typename bare_t<decltype(x.adjoint)>::value_type;
      if (of_y.extents.size() == 0 || n == 0) return;
      Dims i;
      i.rank = of_x.extents.rank;
      // The innermost reduced axis is walked by its strides, the others by position.
      int inner = -1;
      for (int a = 0; a < i.rank; ++a)
        if (Mask >> a & 1u) inner = a;
      const index_t length = inner < 0 ? 1 : of_x.extents.d[inner];
      do {
        const index_t x0 = offset(of_x, i, ~0u), a0 = offset(of_a, i, ~0u);
        const auto split = [&](index_t k, const StridedMap& m) {
          index_t o = inner < 0 ? 0 : k % length * m.strides.d[inner];
          if (n != length) {
            k /= length;
            for (int a = inner - 1; a >= 0; --a)
              if (Mask >> a & 1u) {
                o += k % m.extents.d[a] * m.strides.d[a];
                k /= m.extents.d[a];
              }
          }
          return o;
        };
        const auto at = [&](index_t k) {
          return static_cast<compute_t<TX>>(Element<TX>::access(x.value, x0 + split(k, of_x)));
        };
        const auto add = [&](index_t k, const auto& v) {
          Element<TA>::access(x.adjoint, a0 + split(k, of_a)) += static_cast<TA>(v);
        };
        f(compute(y, offset(of_y, i, ~Mask)), compute(g, offset(of_g, i, ~Mask)), n, at, add);
      } while (next(of_x.extents, i));
    }
  }

 private:
  template <class V>
  static auto compute(const V& v, index_t offset) {
    using T = typename V::value_type;
    return static_cast<compute_t<T>>(Element<T>::access(v, offset));
  }
  static index_t offset(const StridedMap& m, const Dims& i, unsigned axes) {
    index_t o = m.offset;
    for (int a = 0; a < i.rank; ++a)
      if (axes >> a & 1u) o += i.d[a] * m.strides.d[a];
    return o;
  }
  static bool next(const Dims& e, Dims& i) {
    for (int a = e.rank - 1; a >= 0; --a) {
      if (Mask >> a & 1u) continue;
      if (++i.d[a] < e.d[a]) return true;
      i.d[a] = 0;
    }
    return false;
  }
};

// The result at index i, element after element.
template <class Op, unsigned Mask, bool Keep, class R, class A>
constexpr R reduced_at(const A& x, const Dims& i) {
  using Number = typename Op::template number<primal_t<typename A::value_type>>;
  const Dims e = x.extents().dims();
  Dims from;
  from.rank = e.rank;
  for (int a = 0, k = 0; a < e.rank; ++a) {
    const bool kept = !(Mask >> a & 1u);
    from.d[a] = kept ? i.d[k] : 0;
    if (kept || Keep) ++k;
  }
  auto s = Op::template identity<Number>();
  const index_t n = OverAxes<Mask>::count_of(e);
  if (Op::needs_element && n == 0) fail_shape(Op::name.c_str(), "no elements to reduce in shape", e);
  for (index_t c = 0; c < n; ++c) {
    s = Op::combine(s, Op::lift(to_number<Number>(x.at(from)), c));
    for (int a = e.rank - 1; a >= 0; --a) {
      if (!(Mask >> a & 1u)) continue;
      if (++from.d[a] < e.d[a]) break;
      from.d[a] = 0;
    }
  }
  return Op::template finish<R>(s, n);
}

// A view of a result with the reduced axes back, as extents of 1.
template <unsigned Mask, bool Keep, int Rank, int Axis = 0, class V>
auto with_reduced_axes(const V& v) {
  if constexpr (Keep || Axis == Rank) {
    return v;
  } else if constexpr (Mask >> Axis & 1u) {
    return with_reduced_axes<Mask, Keep, Rank, Axis + 1>(v.moved(move::Insert<Axis>{}));
  } else {
    return with_reduced_axes<Mask, Keep, Rank, Axis + 1>(v);
  }
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
  using Result = primal_t<typename Base::value_type>;
  using operation = Op;
  static constexpr unsigned mask = Mask;
  static_assert(detail::expect_complex_fits<Op, Element>);
  using Base::Base;
  TENON_INLINE constexpr Reduce(const Reduce&) = default;
  TENON_INLINE constexpr Reduce(Reduce&&) = default;
  TENON_INLINE constexpr ~Reduce() = default;

  TENON_FN E extents() const {
    if constexpr (E::is_static) {
      return E{};
    } else {
      return E::from(detail::ReducedDims<Mask, Keep, int>::reduced(this->template operand<0>().extents().dims()));
    }
  }
  void compute(Result* out) const;      // exec/cpu/reduce.hpp
  bool compute_few(Result* out) const;  // the same in place, of few elements; false if they are not few

  constexpr auto at(const Dims& i) const {
    return detail::reduced_at<Op, Mask, Keep, compute_t<Result>>(this->template operand<0>(), i);
  }
  template <class B>
  static auto with(B x) {
    return Reduce<Op, Mask, Keep, B>(static_cast<B&&>(x));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    if constexpr (X::active)
      Op::pull(detail::with_reduced_axes<Mask, Keep, A::rank>(y), detail::with_reduced_axes<Mask, Keep, A::rank>(g), x,
               detail::OverAxes<Mask>{detail::OverAxes<Mask>::count_of(x.value.extents().dims())});
  }
};

namespace detail {
template <class Op, bool Keep, int... Axis, class N>
constexpr auto reduce_node(N&& x) {
  using T = typename N::value_type;
  [[maybe_unused]] constexpr bool takes = expect_complex_fits<Op, T>;
  if constexpr (!complex_fits<Op, T>) {
    return reduce_node<op::Sum, Keep, Axis...>(static_cast<N&&>(x));  // the compiler shall have no more to say
  } else if constexpr (is_complex<base_t<T>> && Op::of_moduli) {
    return reduce_node<Op, Keep, Axis...>(make_map<op::Abs>(static_cast<N&&>(x)));
  } else {
    return Reduce<Op, axis_mask<Op, N::rank, Axis...>(), Keep, N>(static_cast<N&&>(x));
  }
}
}  // namespace detail

/// Op over axes Axis... of x (all axes when none is named).
template <class Op, int... Axis, class X>
constexpr auto reduce(X&& x) {
  return detail::reduce_node<Op, false, Axis...>(node_of<X>(as_node(static_cast<X&&>(x))));
}
template <class Op, int... Axis, class X>
constexpr auto reduce(X&& x, KeepDims) {
  return detail::reduce_node<Op, true, Axis...>(node_of<X>(as_node(static_cast<X&&>(x))));
}

}  // namespace TENON_ABI
}  // namespace tenon
