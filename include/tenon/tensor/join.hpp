// tenon/tensor/join.hpp: several tensors in one: concat along an axis, stack along a new one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   concat<0>(a, b, c * 2)    stack<-1>(x, y)
// The operands have equal extents but for the axis, and promote to one element type. Each is computed straight into
// its part of the result.
#pragma once
#include <tenon/exec/cpu/offsets.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// The extents of operands joined along an axis; -2 where others differ.
template <int Axis>
constexpr Dims joined_dims(const Dims* e, int n) {
  Dims r = e[0];
  for (int k = 1; k < n; ++k) {
    if (e[k].rank != r.rank) {
      r.d[0] = -2;
      return r;
    }
    for (int a = 0; a < r.rank; ++a) {
      index_t& x = r.d[a];
      const index_t y = e[k].d[a];
      if (a == Axis) {
        x = x == dyn || y == dyn ? dyn : x + y;
      } else if (x == dyn) {
        x = y;
      } else if (y != dyn && x != y) {
        x = -2;
      }
    }
  }
  return r;
}
template <int Axis, class... E>
struct ConcatExtents {
  static constexpr Dims joined() {
    const Dims e[] = {E::static_dims()...};
    return joined_dims<Axis>(e, static_cast<int>(sizeof...(E)));
  }
  static constexpr Dims value() {
    Dims d = joined();
    for (int a = 0; a < d.rank; ++a)
      if (d.d[a] == -2) d.d[a] = dyn;  // the predicate reports it; keep the type well formed
    return d;
  }
};
template <int Axis, class... E>
struct ConcatFits {
  static constexpr bool ok = dims_fit(ConcatExtents<Axis, E...>::joined());
  static_assert(ok, "tenon: concat: the extents differ on another axis than the joined one (see the axis and shapes)");
};
template <class... E>
struct StackFits {
  static constexpr bool ok = dims_fit(ConcatExtents<-1, E...>::joined());
  static_assert(ok, "tenon: stack: the operands have different shapes (see above)");
};
template <class... A>
using common_value_t = common_t<typename A::value_type...>;

// The operand in the number type of T; derivative structure is added while copying.
template <class T, class N>
constexpr auto with_base(N n) {
  if constexpr (__is_same(compute_t<base_t<typename N::value_type>>, compute_t<base_t<T>>)) {
    return n;
  } else {
    return make_map<op::Cast<compute_t<base_t<T>>>>(static_cast<N&&>(n));
  }
}

}  // namespace detail

/// Operands A... one after the other along Axis, as elements T with extents E.
template <int Axis, class T, class E, class... A>
struct Concat : Cut<Concat<Axis, T, E, A...>, T, E, A...> {
  using Base = Cut<Concat, T, E, A...>;
  using P = primal_t<T>;
  static constexpr FixedString name{"concat"};
  E shape;

  constexpr explicit Concat(const E& e, A... a) : Base(static_cast<A&&>(a)...), shape(e) {}
  TENON_FN E extents() const { return shape; }

  void compute(P* out) const { compute_all(out, make_seq<Base::arity>{}); }
  constexpr compute_t<P> at(const Dims& i) const { return at_from<0>(i); }
  template <class... B>
  constexpr auto with(B... b) const {
    return Concat<Axis, detail::common_value_t<B...>, E, B...>(shape, static_cast<B&&>(b)...);
  }
  template <class Y, class G, class... X>
  void pull(const Y&, const G& g, X&&... x) const {
    index_t start = 0;
    (pull_one(g, start, x), ...);
  }

 private:
  template <int... I>
  void compute_all(P* out, Seq<I...>) const {
    const Dims whole_shape = shape.dims();
    StridedMap target = exec::dense_map(whole_shape);
    const index_t stride = target.strides.d[Axis];
    (compute_one(this->template operand<I>(), out, target, stride), ...);
  }
  template <class N>
  static void compute_one(const N& n, P* out, StridedMap& target, index_t stride) {
    target.extents = n.extents().dims();
    if constexpr (__is_same(primal_t<typename N::value_type>, P)) {
      exec::write(n, out, target);
    } else {
      // Another number type of equal compute type, or a number without the derivative structure of T.
      const auto x = exec::operand(n);
      const Dims e = target.extents;
      Dims i;
      i.rank = e.rank;
      for (index_t k = 0, count = e.size(); k < count; ++k) {
        index_t to = target.offset;
        for (int a = 0; a < e.rank; ++a) to += i.d[a] * target.strides.d[a];
        out[to] = static_cast<P>(x.at(i));
        for (int a = e.rank - 1; a >= 0; --a) {
          if (++i.d[a] < e.d[a]) break;
          i.d[a] = 0;
        }
      }
    }
    target.offset += target.extents.d[Axis] * stride;
  }
  template <int I>
  constexpr compute_t<P> at_from(Dims i) const {
    const auto& n = this->template operand<I>();
    const index_t here = n.extents()[Axis];
    if constexpr (I + 1 < Base::arity) {
      if (i.d[Axis] >= here) {
        i.d[Axis] -= here;
        return at_from<I + 1>(i);
      }
    }
    return static_cast<compute_t<P>>(n.at(i));
  }
  template <class G, class X>
  static void pull_one(const G& g, index_t& start, X& x) {
    const index_t n = x.value.extents()[Axis];
    if constexpr (X::active) x.add(slice<Axis>(g, range(start, start + n)));
    start += n;
  }
};

namespace detail {
template <int Axis, class... N>
constexpr auto concat_nodes(const char* op, N... n) {
  static_assert(ConcatFits<Axis, typename N::extents_type...>::ok);
  using T = common_value_t<N...>;
  using E = extents_from<ConcatExtents<Axis, typename N::extents_type...>>;
  const Dims shapes[] = {n.extents().dims()...};
  const Dims d = joined_dims<Axis>(shapes, static_cast<int>(sizeof...(N)));
  if (!dims_fit(d))
    for (const Dims& s : shapes) {
      const Dims pair[] = {shapes[0], s};
      if (!dims_fit(joined_dims<Axis>(pair, 2))) fail_shapes(op, "the shapes differ on another axis", shapes[0], s);
    }
  return Concat<Axis, T, E, decltype(with_base<T>(static_cast<N&&>(n)))...>(E::from(d),
                                                                            with_base<T>(static_cast<N&&>(n))...);
}
template <int Axis, class... N>
constexpr auto stack_nodes(N... n) {
  static_assert(StackFits<typename N::extents_type...>::ok);
  const Dims shapes[] = {n.extents().dims()...};
  for (const Dims& s : shapes)
    if (!(s == shapes[0])) fail_shapes("stack", "the operands have different shapes", shapes[0], s);
  using I = move::Insert<Axis>;
  return concat_nodes<Axis>("stack", Movement<I, N>(I{}, static_cast<N&&>(n))...);
}
}  // namespace detail

/// The operands one after the other along Axis; their other extents are equal (shape_error).
template <int Axis, expression X, expression... Rest>
constexpr auto concat(X&& x, Rest&&... rest) {
  return detail::concat_nodes<axis_of<"concat", Axis, extents_t<X>>>("concat", as_node(static_cast<X&&>(x)),
                                                                     as_node(static_cast<Rest&&>(rest))...);
}
/// The operands, of equal shape (shape_error), along a new axis that becomes axis Axis of the result.
template <int Axis = 0, expression X, expression... Rest>
constexpr auto stack(X&& x, Rest&&... rest) {
  using Longer = extents_from<MovedDims<move::Insert<0>, extents_t<X>>>;
  return detail::stack_nodes<axis_of<"stack", Axis, Longer>>(as_node(static_cast<X&&>(x)),
                                                             as_node(static_cast<Rest&&>(rest))...);
}

}  // namespace TENON_ABI
}  // namespace tenon
