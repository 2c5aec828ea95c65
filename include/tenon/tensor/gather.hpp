// tenon/tensor/gather.hpp: elements chosen by index tensors: take, gather, compress, flatnonzero, one_hot.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   take<0>(table, ids)          // rows of a table: ids of any shape (NumPy's take)
//   gather<1>(scores, labels)    // one element of each row for each label (PyTorch's gather)
//   compress<0>(x, x_is_valid)   // the rows where a mask holds; how many is known at run time
// Indices are integers; negative ones count from the end; index_error when out of range, in every build. The adjoint of
// an element that is chosen several times is the sum over its uses, added in their order.
#pragma once
#include <tenon/exec/cpu/offsets.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/reshape.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class I>
constexpr index_t checked_index(const char* op, I given, index_t n) {
  const auto i = static_cast<index_t>(given);
  const index_t lowest = is_signed_integer<I> ? -n : 0;  // unsigned ones are negative only when they are too large
  if (i < lowest || i >= n) fail_index(op, "index", i, n);
  return i < 0 ? i + n : i;
}
// Errors come before anything is written.
template <class L>
void check_indices(const char* op, const L& index, index_t n) {
  exec::each_offset(index.shape.dims(), {index.strides},
                    [&](const index_t* at) { checked_index(op, index.data[at[0]], n); });
}
template <FixedString Op, class I>
struct IndexElements {
  static constexpr bool ok = is_integer<I>;
  static_assert(ok, "tenon: indices are integers (the operation and their element type stand above)");
};

template <int Axis, class A, class I>
struct TakeDims {
  static constexpr Dims value() { return put(A::static_dims(), I::static_dims()); }
  TENON_FN static Dims put(const Dims& a, const Dims& i) {
    Dims r;
    for (int k = 0; k < a.rank; ++k) {
      if (k != Axis) {
        r.push(a.d[k]);
      } else {
        for (int j = 0; j < i.rank; ++j) r.push(i.d[j]);
      }
    }
    return r;
  }
};
template <class A, class I>
struct TakeRank {
  static constexpr bool ok = A::rank - 1 + I::rank <= max_rank;
  static_assert(ok, "tenon: take: the result would have more than 8 axes");
};

}  // namespace detail

/// Slices of A along Axis at indices I, whose extents replace the axis.
template <int Axis, class A, class I>
struct Take : Cut<Take<Axis, A, I>, typename A::value_type,
                  extents_from<detail::TakeDims<Axis, typename A::extents_type, typename I::extents_type>>, A, I> {
  using Rule = detail::TakeDims<Axis, typename A::extents_type, typename I::extents_type>;
  using E = extents_from<Rule>;
  using P = primal_t<typename A::value_type>;
  using Base = Cut<Take, typename A::value_type, E, A, I>;
  using Base::Base;

  TENON_FN E extents() const {
    return E::from(
        Rule::put(this->template operand<0>().extents().dims(), this->template operand<1>().extents().dims()));
  }
  void compute(P* out) const {
    const auto x = exec::operand(this->template operand<0>());
    const auto index = exec::operand(this->template operand<1>());
    exec::read_offsets(out, x.data, tables(x.shape.dims(), x.strides, index), P{});
  }
  constexpr compute_t<P> at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const auto& index = this->template operand<1>();
    Dims where, from;
    where.rank = I::rank;
    from.rank = A::rank;
    for (int j = 0; j < I::rank; ++j) where.d[j] = i.d[Axis + j];
    for (int a = 0; a < A::rank; ++a) from.d[a] = i.d[a < Axis ? a : a + I::rank - 1];
    from.d[Axis] = detail::checked_index("take", index.at(where), x.extents()[Axis]);
    return x.at(from);
  }
  template <class B, class J>
  constexpr auto with(B b, J j) const {
    return Take<Axis, B, J>(static_cast<B&&>(b), static_cast<J&&>(j));
  }
  template <class Y, class G, class X, class J>
  void pull(const Y&, const G& g, X&& x, J&& index) const {
    if constexpr (bare_t<X>::active) {
      const exec::DenseElements<typename G::value_type> dense(g);
      exec::add_at_offsets(dense.data(), x.adjoint.data(),
                           tables(x.value.dims(), x.adjoint.strides(), index.value.leaf()));
    }
  }

 private:
  // The result's axes that stand for the index's are one axis here: the elements lie alike.
  template <class L>
  static exec::OffsetTables tables(Dims extents, const Dims& strides, const L& index) {
    const index_t n = extents.d[Axis];
    extents.d[Axis] = index.shape.size();
    exec::OffsetTables t(extents);
    for (int a = 0; a < A::rank; ++a)
      if (a != Axis) t.identity(a, strides.d[a]);
    index_t* out = t[Axis];
    exec::each_offset(index.shape.dims(), {index.strides}, [&](const index_t* at) {
      *out++ = detail::checked_index("take", index.data[at[0]], n) * strides.d[Axis];
    });
    t.finish();
    return t;
  }
};

/// Element i of the result is A at i, with the index along Axis replaced by element i of I.
template <int Axis, class A, class I>
struct Gather : Cut<Gather<Axis, A, I>, typename A::value_type, typename I::extents_type, A, I> {
  using E = typename I::extents_type;
  using P = primal_t<typename A::value_type>;
  using Base = Cut<Gather, typename A::value_type, E, A, I>;
  using Base::Base;

  TENON_FN E extents() const { return this->template operand<1>().extents(); }
  void compute(P* out) const {
    const auto x = exec::operand(this->template operand<0>());
    const auto index = exec::operand(this->template operand<1>());
    detail::check_indices("gather", index, x.shape[Axis]);
    each(index, x.shape[Axis], x.strides, [&](index_t from) { *out++ = x.data[from]; });
  }
  constexpr compute_t<P> at(Dims i) const {
    const auto& x = this->template operand<0>();
    i.d[Axis] = detail::checked_index("gather", this->template operand<1>().at(i), x.extents()[Axis]);
    return x.at(i);
  }
  template <class B, class J>
  constexpr auto with(B b, J j) const {
    return Gather<Axis, B, J>(static_cast<B&&>(b), static_cast<J&&>(j));
  }
  template <class Y, class G, class X, class J>
  void pull(const Y&, const G& g, X&& x, J&& index) const {
    if constexpr (bare_t<X>::active) {
      using T = typename G::value_type;
      const exec::DenseElements<T> dense(g);
      const T* given = dense.data();
      T* to = x.adjoint.data();
      each(index.value.leaf(), x.value.extents()[Axis], x.adjoint.strides(),
           [&](index_t at) { to[at] = static_cast<T>(apply<op::Add>(to[at], *given++)); });
    }
  }

 private:
  // Calls f with the offset that each element reads.
  template <class L, class F>
  static void each(const L& index, index_t n, Dims strides, const F& f) {
    const index_t along = strides.d[Axis];
    strides.d[Axis] = 0;
    exec::each_offset(index.shape.dims(), {index.strides, strides}, [&](const index_t* at) {
      f(at[1] + along * detail::checked_index("gather", index.data[at[0]], n));
    });
  }
};

namespace detail {
// Whether an index tensor's extents stay within the operand's but for one axis.
constexpr bool gather_fits(int axis, const Dims& x, const Dims& index) {
  if (x.rank != index.rank) return false;
  for (int a = 0; a < x.rank; ++a)
    if (a != axis && index.d[a] > x.d[a] && x.d[a] != dyn) return false;
  return true;
}
template <FixedString Op, int Axis, class X, class I>
struct GatherFits {
  static constexpr bool ok = gather_fits(Axis, X::static_dims(), I::static_dims());
  static_assert(ok, "tenon: the index tensor must have the operand's rank and stay within its other extents");
};
template <FixedString Op, int Axis, class X, class I>
constexpr void check_gather(const X& x, const I& index) {
  static_assert(IndexElements<Op, typename I::value_type>::ok);
  static_assert(GatherFits<Op, Axis, typename X::extents_type, typename I::extents_type>::ok);
  if (!gather_fits(Axis, x.extents().dims(), index.extents().dims()))
    fail_shapes(FixedString(Op).c_str(), "the index tensor leaves the operand's other extents", index.extents().dims(),
                x.extents().dims());
}
}  // namespace detail

/// The slices of x along Axis at each index; the extents of `index` take the place of the axis.
template <int Axis, expression X, expression I>
constexpr auto take(X&& x, I&& index) {
  constexpr int a = axis_of<"take", Axis, extents_t<X>>;
  static_assert(detail::IndexElements<"take", typename bare_t<I>::value_type>::ok);
  static_assert(detail::TakeRank<extents_t<X>, extents_t<I>>::ok);
  return Take<a, node_of<X>, node_of<I>>(as_node(static_cast<X&&>(x)), as_node(static_cast<I&&>(index)));
}
/// out[i][j] = x[index[i][j]][j] (Axis 0), x[i][index[i][j]] (Axis 1), ...: the result has the shape of `index`.
template <int Axis, expression X, expression I>
constexpr auto gather(X&& x, I&& index) {
  constexpr int a = axis_of<"gather", Axis, extents_t<X>>;
  detail::check_gather<"gather", a>(x, index);
  return Gather<a, node_of<X>, node_of<I>>(as_node(static_cast<X&&>(x)), as_node(static_cast<I&&>(index)));
}

/// The row-major indices of the elements that are not zero (true, not 0).
template <expression M>
Tensor<index_t, dyn> flatnonzero(M&& mask) {
  const auto holds = evaluate(static_cast<M&&>(mask) != typename bare_t<M>::value_type{});
  index_t n = 0;
  for (index_t i = 0; i < holds.size(); ++i) n += holds.data()[i];
  Tensor<index_t, dyn> r(n);
  index_t* out = r.data();
  for (index_t i = 0; i < holds.size(); ++i)
    if (holds.data()[i]) *out++ = i;
  return r;
}
/// The slices of x along Axis where the mask, of one axis and as long, is true. The mask is evaluated at once.
template <int Axis, expression X, expression M>
auto compress(X&& x, M&& mask) {
  constexpr int a = axis_of<"compress", Axis, extents_t<X>>;
  static_assert(is_bool<typename bare_t<M>::value_type> && bare_t<M>::rank == 1,
                "tenon: compress: the mask is a bool expression of one axis");
  if (mask.extents()[0] != x.extents()[a])
    fail_shapes("compress", "the mask is not as long as the axis", mask.extents().dims(), x.extents().dims());
  return take<a>(static_cast<X&&>(x), flatnonzero(static_cast<M&&>(mask)));
}
/// The elements of x where the mask, of equal shape, is true, in row-major order. The mask is evaluated at once.
template <expression X, expression M>
auto compress(X&& x, M&& mask) {
  static_assert(is_bool<typename bare_t<M>::value_type>, "tenon: compress: the mask is a bool expression");
  if (!(mask.extents().dims() == x.extents().dims()))
    fail_shapes("compress", "the mask has another shape", mask.extents().dims(), x.extents().dims());
  return take<0>(flatten(static_cast<X&&>(x)), flatnonzero(static_cast<M&&>(mask)));
}

namespace detail {
template <index_t N>
struct OneHotDims {
  TENON_FN static Dims longer(Dims e, index_t n) {
    e.push(n);
    return e;
  }
  TENON_FN static Dims static_dims(const Dims& e) { return longer(e, N); }
};
template <class T, index_t N, class I>
auto one_hot_of(I&& index, index_t n) {
  static_assert(IndexElements<"one_hot", typename bare_t<I>::value_type>::ok);
  using Rule = OneHotDims<N>;
  const auto at = evaluate(static_cast<I&&>(index));
  return [&]<index_t... E>(Extents<E...>) {
    Tensor<T, E...> r(Extents<E...>::from(Rule::longer(at.dims(), n)).dims());
    for (index_t i = 0; i < at.size(); ++i) r.data()[i * n + checked_index("one_hot", at.data()[i], n)] = T(1);
    return r;
  }
  (extents_from<MovedDims<Rule, extents_t<I>>>{});
}
}  // namespace detail
/// For each index a row of n zeros with a 1 at the index: a new last axis. `one_hot<float>(labels, 10)`
template <class T, expression I>
auto one_hot(I&& index, index_t n) {
  expect<shape_error>(n >= 0, "tenon: one_hot: the number of categories is negative");
  return detail::one_hot_of<T, dyn>(static_cast<I&&>(index), n);
}
/// The same with the extent in the type: `one_hot<float, 10>(labels)`.
template <class T, index_t N, expression I>
auto one_hot(I&& index) {
  return detail::one_hot_of<T, N>(static_cast<I&&>(index), N);
}

}  // namespace TENON_ABI
}  // namespace tenon
