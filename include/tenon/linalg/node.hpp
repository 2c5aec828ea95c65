// tenon/linalg/node.hpp: the expression node of all operations on stacks of matrices, with derivatives in every mode.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operation is one struct: `square` (whether its first operand must be), `rank` (how many of a result's rows and
// columns are axes), `result(a...)` (rows and columns of a result), and three rules:
//   compute(a..., y)             one matrix of float or double, by Eigen
//   tangent(y, a..., da...)      the derivative along da
//   pull(y, g, a..., give...)    give_i(stack) adds to the adjoint of operand i, if give_i.active
// Tangents and adjoints are made of stacks (linalg/stack.hpp) of any number, so derivatives nest. Results of several
// parts (Q and R) are the parts of one matrix, so that a decomposition is computed and pulled back once.
#pragma once
#include <tenon/exec/operand.hpp>
#include <tenon/linalg/eigen.hpp>
#include <tenon/linalg/stack.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {

/// Op on the stacks x: values for plain numbers, a recorded statement for rev numbers, values and derivatives for
/// others.
template <class Op, class T, class... X>
Stack<T> apply_to(const Op& op, const Stack<T>& a, const X&... b);

namespace detail {
using tenon::detail::BlockRef;
using tenon::detail::Element;

constexpr Dims last_two(const Dims& e) { return Dims{2, {e.d[e.rank - 2], e.d[e.rank - 1]}}; }
constexpr Dims without_last_two(Dims e) {
  e.rank -= 2;
  e.d[e.rank] = e.d[e.rank + 1] = 0;
  return e;
}
// The extents of Op's result for operands of these extents.
template <class Op, class... D>
constexpr Dims result_dims(const Dims& a, const D&... b) {
  Dims e = without_last_two(a);
  const Dims one = Op::result(last_two(a), last_two(b)...);
  for (int i = 0; i < Op::rank; ++i) e.push(one.d[i]);
  return e;
}
template <class Op, class... E>
struct ResultDims {
  static constexpr Dims value() { return result_dims<Op>(E::static_dims()...); }
};
template <class Op, class E>
struct Matrices {
  static constexpr bool matrix = E::rank >= 2;
  static constexpr bool square = [] {
    if (!Op::square || E::rank < 2) return true;
    const Dims e = last_two(E::static_dims());
    return e.d[0] == e.d[1] || e.d[0] == dyn || e.d[1] == dyn;
  }();
  static_assert(matrix, "tenon: linalg: the operand needs at least two axes, rows and columns");
  static_assert(square, "tenon: linalg: the matrix must be square, but its last two extents differ (see Op and E)");
  static constexpr bool ok = matrix && square;
};
template <class T>
struct Numbers {
  static constexpr bool ok = __is_same(base_t<T>, float) || __is_same(base_t<T>, double);
  static_assert(ok, "tenon: linalg: matrices are of float or double, or of dual or rev numbers over them");
};

// A view of any rank as a stack of T.
template <class T, class V>
Stack<T> stack_of(const V& view, int axes = 2) {
  const Dims e = view.dims();
  const index_t rows = axes > 0 ? e.d[e.rank - axes] : 1, columns = axes > 1 ? e.d[e.rank - 1] : 1;
  index_t batch = 1;
  for (int i = 0; i < e.rank - axes; ++i) batch *= e.d[i];
  using U = typename V::value_type;
  Stack<U> s(batch, rows, columns);
  [&]<index_t... N>(Extents<N...>) { TensorView<U, N...>(s.data(), e) = view; }
  (typename V::extents_type{});
  if constexpr (__is_same(T, U)) {
    return s;
  } else {
    Stack<T> r(s.dims());
    for (index_t i = 0, n = s.size(); i < n; ++i) r.data()[i] = T(s.data()[i]);  // constants
    return r;
  }
}
template <class T, index_t... N>
auto view_as(const T* data, const Extents<N...>& e, const Dims& strides) {
  return TensorView<const T, N...>(data, e.dims(), strides);
}
// A leaf of whatever elements as a stack of T.
template <class T, class L>
Stack<T> stack_of_leaf(const L& leaf) {
  return stack_of<T>(view_as(leaf.data, leaf.shape, leaf.strides));
}

// Adds a stack to an operand's adjoint.
template <class T, class X>
struct Give {
  static constexpr bool active = X::active;
  X& x;
  void operator()(const Stack<T>& s) const {
    if constexpr (active) {
      const auto e = x.value.extents();
      x.add(view_as(s.data(), e, row_major(e.dims())));
    }
  }
};

}  // namespace detail

/// The result of Op on operands A, with elements T and extents E.
template <class Op, class T, class E, class... A>
struct MatrixNode : Cut<MatrixNode<Op, T, E, A...>, T, E, A...> {
  using Base = Cut<MatrixNode, T, E, A...>;
  using P = primal_t<T>;
  static constexpr bool constant = false;
  Op op;
  E shape;

  constexpr MatrixNode(const Op& o, const E& e, A... a) : Base(static_cast<A&&>(a)...), op(o), shape(e) {}
  TENON_FN E extents() const { return shape; }
  void compute(P* out) const { compute_with(out, make_seq<static_cast<int>(sizeof...(A))>{}); }
  template <class... B>
  auto with(B... b) const {
    return MatrixNode<Op, P, E, B...>(op, shape, static_cast<B&&>(b)...);
  }
  template <class Y, class G, class... X>
  void pull(const Y& y, const G& g, X&... x) const {
    op.pull(detail::stack_of<P>(y, Op::rank), detail::stack_of<P>(g, Op::rank), detail::stack_of<P>(x.value)...,
            detail::Give<P, X>{x}...);
  }

 private:
  template <int... I>
  void compute_with(P* out, Seq<I...>) const {
    const Stack<P> y = apply_to(op, detail::stack_of_leaf<P>(exec::operand(this->template operand<I>()))...);
    for (index_t i = 0, n = y.size(); i < n; ++i) out[i] = y.data()[i];
  }
};

/// The node of Op on nodes with the same leading extents; shape_error if a run-time shape does not fit.
template <class Op, class A, class... B>
auto matrix_node(const Op& op, A a, B... b) {
  using EA = typename A::extents_type;
  using T = common_t<typename A::value_type, typename B::value_type...>;
  static_assert(detail::Numbers<T>::ok);
  static_assert((__is_same(base_t<typename B::value_type>, base_t<T>) && ... &&
                 __is_same(base_t<typename A::value_type>, base_t<T>)),
                "tenon: linalg: the operands have different numbers: cast one of them");
  if constexpr (detail::Matrices<Op, EA>::ok) {
    const Dims e = a.extents().dims();
    if (Op::square && e.d[EA::rank - 2] != e.d[EA::rank - 1])
      fail_shape(Op::name.c_str(), "the matrix is not square", e);
    using E = extents_from<detail::ResultDims<Op, EA, typename B::extents_type...>>;
    const E shape = E::from(detail::result_dims<Op>(e, b.extents().dims()...));
    return [&](auto... n) {
      return MatrixNode<Op, T, E, decltype(n)...>(op, shape, static_cast<decltype(n)&&>(n)...);
    }(tenon::detail::operand_for<T>(static_cast<A&&>(a)), tenon::detail::operand_for<T>(static_cast<B&&>(b))...);
  }
}

namespace detail {

constexpr index_t least(index_t m, index_t n) { return m == dyn || n == dyn ? dyn : m < n ? m : n; }
constexpr index_t total(index_t m, index_t n, index_t more) { return m == dyn || n == dyn ? dyn : m + n + more; }
// Rows and columns of a node's matrices, as far as its type knows.
template <class N>
struct MatrixExtents {
  using E = typename bare_t<N>::extents_type;
  static constexpr index_t rows = E::static_extent(E::rank - 2), columns = E::static_extent(E::rank - 1);
};
// The part [first, last) of an axis of a result of several parts; Begin and End are the same, or dyn.
template <int Axis, index_t Begin, index_t End, class X>
auto part(const X& packed, index_t first, index_t last) {
  if constexpr (Begin != dyn && End != dyn) {
    return slice<Axis>(packed, range<Begin, End>());
  } else {
    return slice<Axis>(packed, range(first, last));
  }
}

template <class T>
T get(const Stack<T>& s, index_t i) {
  return T(Element<T>::access(s.storage(), i));
}
template <class T>
void set(Stack<T>& s, index_t i, const T& v) {
  Element<T>::access(s.storage(), i) = v;
}
template <class T>
index_t matrices(const Stack<T>& s) {
  return s.extent(0);
}

// Each matrix of float or double by itself.
template <class Op, class T, class... X>
Stack<T> compute_each(const Op& op, const Stack<T>& a, const X&... b) {
  const Dims one = Op::result(last_two(a.dims()), last_two(b.dims())...);
  const index_t batch = a.extent(0);
  Stack<T> y(batch, one.d[0], one.d[1]);
  const auto at = [](const Stack<T>& s, index_t i) {
    return EigenConstMap<T>(s.data() + i * s.extent(1) * s.extent(2), s.extent(1), s.extent(2));
  };
  for (index_t i = 0; i < batch; ++i)
    op.compute(at(a, i), at(b, i)..., EigenMap<T>(y.data() + i * one.d[0] * one.d[1], one.d[0], one.d[1]));
  return y;
}

// Numbers with a layer of derivatives over Inner: the result's values, and what is known of its derivatives.
template <class T, class Op, class... X>
Stack<T> compute_layered(const Op& op, const X&... x) {
  using Inner = typename T::inner;
  const auto part = [](const Stack<T>& s, const auto& f) {
    Stack<Inner> r(s.dims());
    for (index_t i = 0, n = s.size(); i < n; ++i) set(r, i, Inner(f(s.data()[i])));
    return r;
  };
  const auto value = [&](const Stack<T>& s) { return part(s, [](const T& v) { return v.value; }); };
  return [&](const auto&... v) {
    const Stack<Inner> y = apply_to(op, v...);
    Stack<T> r(y.dims());
    for (index_t i = 0, n = y.size(); i < n; ++i) r.data()[i] = T(get(y, i));
    if constexpr (requires { T::tangents; }) {
      for (int k = 0; k < T::tangents; ++k) {
        const Stack<Inner> dy = op.tangent(y, v..., part(x, [k](const T& e) { return e.tangent[k]; })...);
        for (index_t i = 0, n = y.size(); i < n; ++i) r.data()[i].tangent[k] = get(dy, i);
      }
    } else {
      // Recorded one by one: each result is linear in all elements, with the derivatives as factors.
      [&](auto... d) {
        const auto from = [&](const Stack<T>& given, auto& direction) {
          for (index_t j = 0, m = given.size(); j < m; ++j) {
            const T e = given.data()[j];
            if (!e.slot) continue;
            set(direction, j, Inner(1));
            const Stack<Inner> dy = op.tangent(y, v..., d...);
            set(direction, j, Inner(0));
            for (index_t i = 0, n = y.size(); i < n; ++i)
              r.data()[i] = T(r.data()[i] + T(get(dy, i)) * T(e - T(e.value)));
          }
        };
        (from(x, d), ...);
      }(Stack<Inner>(v.dims())...);
    }
    return r;
  }(value(x)...);
}

}  // namespace detail

template <class Op, class T, class... X>
Stack<T> apply_to(const Op& op, const Stack<T>& a, const X&... b) {
  if constexpr (is_plain<T>) {
    return detail::compute_each(op, a, b...);
  } else if constexpr (is_taped<T>) {
    return matrix_node(op, a.leaf(), b.leaf()...);
  } else {
    return detail::compute_layered<T>(op, a, b...);
  }
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
