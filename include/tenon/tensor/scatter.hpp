// tenon/tensor/scatter.hpp: elements put, or added, where an index tensor says: scatter and scatter_add.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   y = scatter_add<0>(zeros<float>(10, 4), ids, rows);    // a new tensor
//   scatter_into<1>(x, index, -1.0f);                      // into an existing tensor or view
// Deterministic with duplicate indices: values are put in row-major order of `index`, so the last one stays, and are
// added in that order. Negative indices count from the end; index_error when out of range, in every build.
#pragma once
#include <tenon/tensor/gather.hpp>
#include <tenon/tensor/join.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
// Calls f(k, to, from) for each element of an index leaf: its number, the target's offset, the value's offset.
template <bool Add>
inline constexpr const char* scatter_name = Add ? "scatter_add" : "scatter";
template <int Axis, bool Add, class L, class F>
void each_scattered(const L& index, index_t n, Dims target, const Dims& value, const F& f) {
  const index_t along = target.d[Axis];
  target.d[Axis] = 0;
  index_t k = 0;
  exec::each_offset(index.shape.dims(), {index.strides, target, value}, [&](const index_t* at) {
    f(k++, at[1] + along * checked_index(scatter_name<Add>, index.data[at[0]], n), at[2]);
  });
}
template <int Axis, bool Add, class P, class I, class S>
void scatter_elements(P* out, const Dims& extents, const Dims& strides, const I& index, const S& source) {
  each_scattered<Axis, Add>(index, extents.d[Axis], strides, source.strides, [&](index_t, index_t to, index_t from) {
    if constexpr (Add) {
      out[to] = static_cast<P>(apply<op::Add>(out[to], source.data[from]));
    } else {
      out[to] = static_cast<P>(source.data[from]);
    }
  });
}
}  // namespace detail

/// A with the elements of S put (added, if Add) at the indices I along Axis; S has the extents of I.
template <int Axis, bool Add, class A, class I, class S>
struct Scatter : Cut<Scatter<Axis, Add, A, I, S>, detail::common_value_t<A, S>, typename A::extents_type, A, I, S> {
  using T = detail::common_value_t<A, S>;
  using P = primal_t<T>;
  using E = typename A::extents_type;
  using Base = Cut<Scatter, T, E, A, I, S>;
  using Base::Base;

  TENON_FN E extents() const { return this->template operand<0>().extents(); }
  void compute(P* out) const {
    const Dims e = extents().dims();
    const auto index = exec::operand(this->template operand<1>());
    const auto source = exec::operand(this->template operand<2>());
    detail::check_indices(detail::scatter_name<Add>, index, e.d[Axis]);
    write_first(out, e);
    detail::scatter_elements<Axis, Add>(out, e, row_major(e), index, source);
  }
  constexpr compute_t<P> at(const Dims& i) const {
    const auto& index = this->template operand<1>();
    const Dims e = index.extents().dims();
    auto value = static_cast<compute_t<P>>(this->template operand<0>().at(i));
    Dims k;
    k.rank = e.rank;
    for (index_t count = e.size(); count > 0; --count) {
      Dims to = k;
      to.d[Axis] = detail::checked_index(detail::scatter_name<Add>, index.at(k), extents()[Axis]);
      if (to == i) {
        const auto s = static_cast<compute_t<P>>(this->template operand<2>().at(k));
        value = Add ? static_cast<compute_t<P>>(apply<op::Add>(value, s)) : s;
      }
      for (int a = e.rank - 1; a >= 0; --a) {
        if (++k.d[a] < e.d[a]) break;
        k.d[a] = 0;
      }
    }
    return value;
  }
  template <class B, class J, class R>
  constexpr auto with(B b, J j, R r) const {
    return Scatter<Axis, Add, B, J, R>(static_cast<B&&>(b), static_cast<J&&>(j), static_cast<R&&>(r));
  }
  template <class Y, class G, class X, class J, class R>
  void pull(const Y&, const G& g, X&& x, J&& index, R&& source) const {
    using U = typename G::value_type;
    const Dims e = x.value.dims(), dense = row_major(e);
    const auto at = index.value.leaf();
    const index_t n = e.d[Axis], count = e.size();
    const exec::DenseElements<U> elements(g);
    const U* given = elements.data();
    if constexpr (Add) {
      x.add(g);
      if constexpr (bare_t<R>::active)
        detail::each_scattered<Axis, Add>(
            at, n, dense, source.adjoint.strides(),
            [&](index_t, index_t to, index_t from) { add_to(source.adjoint.data()[from], given[to]); });
    } else {
      // Who wrote each element last: its adjoint goes there, that of an element nobody wrote to x.
      tenon::detail::BlockRef block(static_cast<size_t>(count) * sizeof(index_t));
      index_t* writer = reinterpret_cast<index_t*>(block.data());
      for (index_t k = 0; k < count; ++k) writer[k] = -1;
      detail::each_scattered<Axis, Add>(at, n, dense, dense, [&](index_t k, index_t to, index_t) { writer[to] = k; });
      if constexpr (bare_t<R>::active)
        detail::each_scattered<Axis, Add>(at, n, dense, source.adjoint.strides(),
                                          [&](index_t k, index_t to, index_t from) {
                                            if (writer[to] == k) add_to(source.adjoint.data()[from], given[to]);
                                          });
      if constexpr (bare_t<X>::active)
        exec::each_offset(e, {dense, x.adjoint.strides()}, [&](const index_t* o) {
          if (writer[o[0]] < 0) add_to(x.adjoint.data()[o[1]], given[o[0]]);
        });
    }
  }

 private:
  void write_first(P* out, const Dims& e) const {
    const A& a = this->template operand<0>();
    if constexpr (__is_same(primal_t<typename A::value_type>, P)) {
      exec::write(a, out, exec::dense_map(e));
    } else {
      const auto x = exec::operand(a);
      exec::each_offset(e, {x.strides}, [&](const index_t* at) { *out++ = static_cast<P>(x.data[at[0]]); });
    }
  }
  template <class U>
  static void add_to(U& to, const U& x) {
    to = static_cast<U>(apply<op::Add>(to, x));
  }
};

namespace detail {

template <class Index, class Source>
struct ScatterSource {
  static constexpr bool ok = fits_into(Index::static_dims(), Source::static_dims());
  static_assert(ok, "tenon: scatter: the values' shape (Source) does not broadcast to that of the indices (Index)");
};
// The values as a node of the index's extents, in the number type of T.
template <bool Add, class T, class E, class N>
constexpr auto scatter_source(N n, const E& extents) {
  static_assert(ScatterSource<E, typename N::extents_type>::ok);
  const Dims to = extents.dims(), from = n.extents().dims();
  if (!fits_into(to, from)) fail_shapes(scatter_name<Add>, "the values do not broadcast to the indices", from, to);
  auto v = with_base<T>(static_cast<N&&>(n));
  if constexpr (__is_same(E, typename N::extents_type)) {
    return v;
  } else {
    using B = move::BroadcastTo<E>;
    return Movement<B, decltype(v)>(B{extents}, static_cast<decltype(v)&&>(v));
  }
}
template <int Axis, bool Add, class X, class I, class S>
constexpr auto scattered(X x, I index, S source) {
  using A = typename X::value_type;
  auto strong = strengthen<A>(static_cast<S&&>(source));
  using T = common_value_t<X, decltype(strong)>;
  auto values = scatter_source<Add, T>(static_cast<decltype(strong)&&>(strong), index.extents());
  auto base = with_base<T>(static_cast<X&&>(x));
  return Scatter<Axis, Add, decltype(base), I, decltype(values)>(
      static_cast<decltype(base)&&>(base), static_cast<I&&>(index), static_cast<decltype(values)&&>(values));
}
template <class T, class L>
bool overlaps(const T* data, const StridedMap& map, const L& leaf) {
  const StridedMap other{leaf.shape.dims(), leaf.strides, 0};
  return exec::range_of(data, map, static_cast<index_t>(sizeof(T)))
      .overlaps(exec::range_of(leaf.data, other, static_cast<index_t>(sizeof(*leaf.data))));
}
// Elements of a plain tensor or view, in place.
template <int Axis, bool Add, class X, class I, class S>
void scatter_in_place(X& target, I index, S source) {
  using T = typename X::value_type;
  if constexpr (is_taped<T>) {
    target = scattered<Axis, Add>(as_node(target), static_cast<I&&>(index), static_cast<S&&>(source));
  } else {
    auto strong = strengthen<T>(static_cast<S&&>(source));
    static_assert(AssignType<T, typename decltype(strong)::value_type>::ok);
    const auto values = scatter_source<Add, T>(static_cast<decltype(strong)&&>(strong), index.extents());
    const StridedMap map = target.map();
    if (exec::writes_twice(map)) fail_shape(scatter_name<Add>, "the target is a broadcast view", map.extents);
    const auto at = exec::operand(index);
    const auto elements = exec::operand(values);
    check_indices(scatter_name<Add>, at, map.extents.d[Axis]);
    if (overlaps(target.data(), map, at) || overlaps(target.data(), map, elements)) {
      const auto index_aside = evaluate(index);
      const auto aside = evaluate(values);
      return scatter_elements<Axis, Add>(target.data(), map.extents, map.strides, index_aside.view().leaf(),
                                         aside.view().leaf());
    }
    scatter_elements<Axis, Add>(target.data(), map.extents, map.strides, at, elements);
  }
}

}  // namespace detail

/// x with values put at indices along Axis: y[index[i][j]][j] = value[i][j] for Axis 0. The values, a number or what
/// broadcasts to the shape of `index`; of duplicates the last in row-major order stays.
template <int Axis, expression X, expression I, operand S>
constexpr auto scatter(X&& x, I&& index, S&& value) {
  constexpr int a = axis_of<"scatter", Axis, extents_t<X>>;
  detail::check_gather<"scatter", a>(x, index);
  return detail::scattered<a, false>(as_node(static_cast<X&&>(x)), as_node(static_cast<I&&>(index)),
                                     as_node(static_cast<S&&>(value)));
}
/// x with values added at indices along Axis, duplicates in row-major order.
template <int Axis, expression X, expression I, operand S>
constexpr auto scatter_add(X&& x, I&& index, S&& value) {
  constexpr int a = axis_of<"scatter_add", Axis, extents_t<X>>;
  detail::check_gather<"scatter_add", a>(x, index);
  return detail::scattered<a, true>(as_node(static_cast<X&&>(x)), as_node(static_cast<I&&>(index)),
                                    as_node(static_cast<S&&>(value)));
}
/// Puts values into an existing tensor or view; they may overlap it.
template <int Axis, expression X, expression I, operand S>
void scatter_into(X&& target, I&& index, S&& value) {
  constexpr int a = axis_of<"scatter_into", Axis, extents_t<X>>;
  detail::check_gather<"scatter_into", a>(target, index);
  detail::scatter_in_place<a, false>(target, as_node(static_cast<I&&>(index)), as_node(static_cast<S&&>(value)));
}
/// Adds values to elements of an existing tensor or view; they may overlap it.
template <int Axis, expression X, expression I, operand S>
void scatter_add_into(X&& target, I&& index, S&& value) {
  constexpr int a = axis_of<"scatter_add_into", Axis, extents_t<X>>;
  detail::check_gather<"scatter_add_into", a>(target, index);
  detail::scatter_in_place<a, true>(target, as_node(static_cast<I&&>(index)), as_node(static_cast<S&&>(value)));
}

}  // namespace TENON_ABI
}  // namespace tenon
