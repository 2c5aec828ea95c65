// tenon/tensor/reshape.hpp: the same elements in row-major order under other extents: reshape and flatten.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   reshape<3, 4>(x)    reshape(x, n, -1)    flatten(x)    reshape(x, y.extents())
// A named tensor gives a view, to read or to write through. Anything else gives a node: an operand in memory whose
// strides allow it is only labelled anew, any other is first evaluated into a dense block. -1 (or `dyn`) stands for the
// one extent that follows from the others.
#pragma once
#include <tenon/exec/operand.hpp>
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

/// The extents `to` with the one unknown (dyn) extent filled in so that there are n elements, if that is possible.
TENON_FN Dims resolve_reshape(Dims to, index_t n) {
  index_t known = 1;
  int unknown = -1;
  for (int a = 0; a < to.rank; ++a) {
    if (to.d[a] == dyn && unknown < 0) {
      unknown = a;
    } else {
      known = extents_multiplied(known, to.d[a]);
    }
  }
  if (unknown >= 0 && n != dyn && known > 0 && n % known == 0) to.d[unknown] = n / known;
  return to;
}

/// Relabels a strided map with other extents of the same size; false if the elements would have to move. Groups of axes
/// with equal products are matched from the left; the old axes of a group must lie in each other without gaps.
TENON_FN bool relabel(const StridedMap& m, const Dims& to, StridedMap& out) {
  out = StridedMap{to, row_major(to), m.offset};
  if (to.size() == 0) return true;
  int a = 0, b = 0;
  while (b < to.rank) {
    const int first_old = a, first_new = b;
    index_t left = a < m.extents.rank ? m.extents.d[a++] : 1, right = to.d[b++];
    while (left != right) {
      if (left < right) {
        left *= m.extents.d[a++];
      } else {
        right *= to.d[b++];
      }
    }
    index_t inner = 0, next = 0;
    bool innermost = true;
    for (int i = a - 1; i >= first_old; --i) {
      if (m.extents.d[i] == 1) continue;  // its stride does not matter
      if (innermost) {
        inner = m.strides.d[i];
      } else if (m.strides.d[i] != next) {
        return false;
      }
      innermost = false;
      next = m.strides.d[i] * m.extents.d[i];
    }
    for (int i = b - 1; i >= first_new; --i) {
      out.strides.d[i] = inner;
      inner *= to.d[i];
    }
  }
  return true;
}

// Nodes that fill one source without computing anything but cuts.
template <class N>
inline constexpr bool one_source = cut_node<N>;
template <class T, class E, class Hold, bool Dense>
inline constexpr bool one_source<Leaf<T, E, Hold, Dense>> = true;
template <class T, class E>
inline constexpr bool one_source<Value<T, E>> = true;
template <class M, class A>
inline constexpr bool one_source<Movement<M, A>> = one_source<A>;

template <class From, class To>
struct ReshapeDims {
  static constexpr Dims value() { return resolve_reshape(To::static_dims(), static_size<From>); }
};
template <class From, class To>
using reshaped = extents_from<ReshapeDims<From, To>>;

// Whether shapes From and To may have as many elements, as far as the types know.
template <class From, class To>
struct ReshapeFits {
  static constexpr bool ok = static_size<From> == dyn || static_size<reshaped<From, To>> == dyn ||
                             static_size<From> == static_size<reshaped<From, To>>;
  static_assert(ok, "tenon: reshape: shape To does not have as many elements as shape From (see above)");
};

}  // namespace detail

namespace move {
/// Other extents for dense row-major elements. (Not a stride map: only for memory known to be dense.)
template <class E>
struct Relabel {
  E to{};
  TENON_FN static Dims static_dims(const Dims&) { return E::static_dims(); }
  TENON_FN StridedMap apply(const StridedMap& m) const { return {to.dims(), row_major(to.dims()), m.offset}; }
};
}  // namespace move

/// The elements of A in row-major order under extents E.
template <class A, class E>
struct Reshape : Cut<Reshape<A, E>, typename A::value_type, E, A> {
  using Base = Cut<Reshape, typename A::value_type, E, A>;
  using T = typename A::value_type;
  E shape;

  constexpr Reshape(A a, const E& e) : Base(static_cast<A&&>(a)), shape(e) {}
  TENON_FN E extents() const { return shape; }

  void compute(primal_t<T>* out) const {
    const A& a = this->template operand<0>();
    exec::write(a, out, exec::dense_map(a.extents().dims()));
  }
  TENON_FN auto at(const Dims& i) const {
    const A& a = this->template operand<0>();
    const Dims mine = row_major(shape.dims()), e = a.extents().dims();
    index_t flat = 0;
    for (int k = 0; k < E::rank; ++k) flat += i.d[k] * mine.d[k];
    Dims from;
    from.rank = e.rank;
    for (int k = e.rank - 1; k >= 0; --k) {
      from.d[k] = flat % e.d[k];
      flat /= e.d[k];
    }
    return a.at(from);
  }
  template <class B>
  auto with(B b) const {
    return Reshape<B, E>(static_cast<B&&>(b), shape);
  }
  template <class Y, class G, class X>
  static void pull(const Y&, const G& g, X& x);

  /// Memory that can be labelled anew is; the adjoint then flows to the operand's own slots.
  void fill(Source*& out) const {
    const A& a = this->template operand<0>();
    if constexpr (detail::one_source<A>) {
      if (!this->cache.ready) {
        Source source;
        Source* next = &source;
        a.fill(next);
        StridedMap m;
        if (detail::relabel(source.map, shape.dims(), m)) {
          source.map = m;
          *out++ = source;
          return;
        }
      }
    }
    Base::fill(out);
  }
};

/// x under extents `to`, of which one may be `dyn` in the type and -1 at run time; shape_error if the sizes differ.
template <expression X, index_t... E>
constexpr auto reshape(X&& x, const Dims& to, Extents<E...>) {
  using From = extents_t<X>;
  static_assert(detail::ReshapeFits<From, Extents<E...>>::ok);
  using To = detail::reshaped<From, Extents<E...>>;
  const Dims from = x.extents().dims(), d = detail::resolve_reshape(to, from.size());
  if (!To::admits(d) || d.size() != from.size())
    fail_shapes("reshape", "the shapes have different numbers of elements", from, to);
  const To extents = To::from(d);
  if constexpr (detail::owning_tensor<X> && detail::is_lvalue<X>) {
    return x.view().moved(move::Relabel<To>{extents});
  } else {
    using A = node_of<X>;
    return Reshape<A, To>(as_node(static_cast<X&&>(x)), extents);
  }
}
/// `reshape(x, y.extents())`
template <expression X, index_t... E>
constexpr auto reshape(X&& x, const Extents<E...>& to) {
  return reshape(static_cast<X&&>(x), to.dims(), Extents<E...>{});
}
/// `reshape<3, 4>(x)`, `reshape<-1, 4>(x)`
template <index_t... E, expression X>
requires(sizeof...(E) > 0) constexpr auto reshape(X&& x) {
  static_assert((0 + ... + (E == dyn ? 1 : 0)) <= 1, "tenon: reshape: at most one extent can follow from the others");
  return reshape(static_cast<X&&>(x), Extents<E...>::static_dims(), Extents<E...>{});
}
/// `reshape(x, n, -1)`, or `reshape<dyn, 4>(x, n, 4)` to keep some extents in the type.
template <index_t... E, expression X, class... I>
requires((is_integer<I> && ...) && (sizeof...(I) > 0) &&
         (sizeof...(E) == 0 || sizeof...(E) == sizeof...(I))) constexpr auto reshape(X&& x, I... extent) {
  const Dims to{static_cast<int>(sizeof...(I)), {static_cast<index_t>(extent)...}};
  if constexpr (sizeof...(E) == 0) {
    return reshape(static_cast<X&&>(x), to, Extents<detail::any_extent<I>...>{});
  } else {
    return reshape(static_cast<X&&>(x), to, Extents<E...>{});
  }
}

namespace detail {
template <int First, int Last>
struct FlattenedDims {
  TENON_FN static Dims merge(const Dims& e) {
    Dims r;
    for (int a = 0; a < e.rank; ++a) {
      if (a <= First || a > Last) {
        r.push(e.d[a]);
      } else {
        index_t& n = r.d[First];
        n = n == dyn || e.d[a] == dyn ? dyn : n * e.d[a];
      }
    }
    return r;
  }
  TENON_FN static Dims static_dims(const Dims& e) { return merge(e); }
};
template <class X, int First, int Last>
struct FlattenAxes {
  static constexpr int first = axis_of<"flatten", First, extents_t<X>>, last = axis_of<"flatten", Last, extents_t<X>>;
  static_assert(first <= last, "tenon: flatten: the first axis comes after the last one");
  using Rule = FlattenedDims<first, last>;
};
}  // namespace detail
/// x with axes First to Last merged into one; all of them if none are named.
template <int First = 0, int Last = -1, expression X>
constexpr auto flatten(X&& x) {
  if constexpr (bare_t<X>::rank == 0) {
    return reshape<1>(static_cast<X&&>(x));
  } else {
    using Rule = typename detail::FlattenAxes<X, First, Last>::Rule;
    using To = extents_from<MovedDims<Rule, extents_t<X>>>;
    return reshape(static_cast<X&&>(x), To::from(Rule::merge(x.extents().dims())));
  }
}

template <class A, class E>
template <class Y, class G, class X>
void Reshape<A, E>::pull(const Y&, const G& g, X& x) {
  x.add(reshape(g, x.value.extents()));
}

}  // namespace TENON_ABI
}  // namespace tenon
