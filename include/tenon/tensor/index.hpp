// tenon/tensor/index.hpp: index notation: r(i, k) = a(i, j) * w(j, k) + bias(k).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor called with one Index for each axis names its axes. A product is summed over the indices that the target
// has not, term by term (Einstein's convention); an index that a term has not broadcasts. Functions apply to what is
// inside them after it has been summed. Nothing runs before the assignment, which is one fused contraction where it
// can.
//   Index<'i'> i; Index<'j'> j; Index<'k'> k;
//   r(i, k) = relu(a(i, j) * w(j, k) + bias(k));
//   t(j, i) = a(i, j);   d(i) = a(i, i);
#pragma once
#include <tenon/expr/contract.hpp>
#include <tenon/tensor/view.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The name of an axis: a letter.
template <char C>
struct Index {
  static_assert((C >= 'a' && C <= 'z') || (C >= 'A' && C <= 'Z'), "tenon: an Index is named by a letter");
};

/// What indexed tensors and numbers combine by: ops build index expressions.
struct IndexDomain {
  static constexpr int rank = 4;
  template <class Op, class... X>
  static constexpr auto apply(X&&... x);
};

/// A product of indexed tensors.
template <class... F>
struct IndexTerm {
  using tenon_domain = IndexDomain;
  static constexpr bool is_index_expression = true;
  Operands<F...> factors;
};
/// An op on index expressions and numbers.
template <class Op, class... X>
struct IndexMap {
  using tenon_domain = IndexDomain;
  static constexpr bool is_index_expression = true;
  Operands<X...> arguments;
};

namespace detail {

template <class X>
concept index_expression = requires {
  requires bare_t<X>::is_index_expression;
};
template <class X>
inline constexpr bool is_index_term = false;
template <class... F>
inline constexpr bool is_index_term<IndexTerm<F...>> = true;

template <class... F>
struct IndexShapes;
/// The factors of a term, with the indices of each: whether their extents agree.
template <class... L, class... N>
struct IndexShapes<Labelled<L, N>...> {
  static constexpr EinsumForm form() {
    EinsumForm f;
    ((f.in[f.operands++] = labels_of(L{})), ...);
    return f;
  }
  static constexpr bool few = sizeof...(L) <= max_einsum_operands;
  static constexpr bool fit() {
    const Dims shapes[] = {N::extents_type::static_dims()...};
    return !few || einsum_misfit(form(), shapes) == 0;
  }
  static constexpr bool ok = few && fit();
  static_assert(few, "tenon: index notation: a product has at most 8 factors");
  static_assert(fit(), "tenon: index notation: an index has two different extents (see the Extents above)");
};

// Inserts axes of extent 1 for the labels of Out that L (a sublist of Out) lacks.
template <class Out, class L, int At, class N>
constexpr auto aligned(N n) {
  if constexpr (At == Out::size) {
    return n;
  } else if constexpr (labels_of(L{}).find(labels_of(Out{}).label[At]) >= 0) {
    return aligned<Out, L, At + 1>(static_cast<N&&>(n));
  } else {
    using M = Movement<move::Insert<At>, N>;
    return aligned<Out, L, At + 1>(M({}, static_cast<N&&>(n)));
  }
}

template <class Out, class... F, int... I>
constexpr auto resolve_term(IndexTerm<F...>& t, Seq<I...>) {
  using Shapes = IndexShapes<F...>;
  if constexpr (Shapes::ok) {
    if constexpr (!(F::node_t::extents_type::is_static && ...)) {
      const Dims shapes[] = {moved_at<I>(t.factors).node.extents().dims()...};
      check_einsum("index notation", Shapes::form(), shapes);
    }
    using L = seq_from<CommonLabels<Out, typename F::labels...>>;
    return aligned<Out, L, 0>(contract_labelled<L>(moved_at<I>(t.factors)...));
  }
}
template <class Out, class... F>
constexpr auto resolve(IndexTerm<F...> t) {
  return resolve_term<Out>(t, make_seq<static_cast<int>(sizeof...(F))>{});
}
template <class Out, class N>
constexpr auto resolve(N number) requires(!index_expression<N>) {
  return number;
}
template <class Out, class Op, class... X>
constexpr auto resolve(IndexMap<Op, X...> m);
template <class Out, class Op, class... X, int... I>
constexpr auto resolve_map(IndexMap<Op, X...>& m, Seq<I...>) {
  return make_map<Op>(resolve<Out>(moved_at<I>(m.arguments))...);
}
/// The expression as a node whose axes are those of Out, in that order.
template <class Out, class Op, class... X>
constexpr auto resolve(IndexMap<Op, X...> m) {
  return resolve_map<Out>(m, make_seq<static_cast<int>(sizeof...(X))>{});
}

}  // namespace detail

/// A tensor (X is a reference) or view with named axes; `=`, `+=` and `-=` evaluate an index expression into it.
template <class X, char... C>
class Indexed {
 public:
  using tenon_domain = IndexDomain;
  using labels = Seq<C...>;
  static constexpr bool is_index_expression = true;

  constexpr explicit Indexed(X x) : x_(x) {}
  constexpr Indexed(const Indexed&) = default;
  constexpr Indexed& operator=(const Indexed& o) { return *this = o.term(); }
  template <detail::index_expression I>
  constexpr Indexed& operator=(const I& e) {
    if constexpr (!__is_same(decltype(resolved(e)), void)) x_ = resolved(e);
    return *this;
  }
  template <detail::index_expression I>
  constexpr Indexed& operator+=(const I& e) {
    if constexpr (!__is_same(decltype(resolved(e)), void)) x_ += resolved(e);
    return *this;
  }
  template <detail::index_expression I>
  constexpr Indexed& operator-=(const I& e) {
    if constexpr (!__is_same(decltype(resolved(e)), void)) x_ -= resolved(e);
    return *this;
  }
  /// The tensor as a term of an expression.
  constexpr auto term() const {
    using N = decltype(x_.leaf());
    using F = Labelled<labels, N>;
    return IndexTerm<F>{{{F{x_.leaf()}}}};
  }

 private:
  template <class I>
  static constexpr auto resolved(const I& e) {
    static_assert(detail::seq_from<detail::Distinct<labels>>::size == static_cast<int>(sizeof...(C)),
                  "tenon: index notation: an index is twice in the target");
    if constexpr (requires { e.term(); }) {
      return detail::resolve<labels>(e.term());
    } else {
      return detail::resolve<labels>(e);
    }
  }
  X x_;
};

namespace detail {

template <class X>
constexpr auto index_argument(X&& x) {
  using B = bare_t<X>;
  if constexpr (requires { x.term(); }) {
    return x.term();
  } else if constexpr (index_expression<B>) {
    return B(static_cast<X&&>(x));
  } else {
    static_assert(!expression<B>, "tenon: index notation: every tensor in the expression needs indices: x(i, j)");
    return as_node(static_cast<X&&>(x));
  }
}
template <class... F, class... G, int... I, int... J>
constexpr auto joined_terms(IndexTerm<F...> a, IndexTerm<G...> b, Seq<I...>, Seq<J...>) {
  return IndexTerm<F..., G...>{{{moved_at<I>(a.factors)}..., {moved_at<J>(b.factors)}...}};
}
template <class... F, class... G>
constexpr auto times(IndexTerm<F...> a, IndexTerm<G...> b) {
  return joined_terms(static_cast<decltype(a)&&>(a), static_cast<decltype(b)&&>(b),
                      make_seq<static_cast<int>(sizeof...(F))>{}, make_seq<static_cast<int>(sizeof...(G))>{});
}
template <class Op, class... X>
constexpr auto index_map(X... x) {
  constexpr int indexed = (0 + ... + (index_expression<X> ? 1 : 0)), terms = (0 + ... + (is_index_term<X> ? 1 : 0));
  if constexpr (__is_same(Op, op::Multiply) && indexed == 2) {
    static_assert(terms == 2, "tenon: index notation: a product takes indexed tensors and numbers; name other factors");
    return times(static_cast<X&&>(x)...);
  } else {
    return IndexMap<Op, X...>{{{static_cast<X&&>(x)}...}};
  }
}

}  // namespace detail

template <class Op, class... X>
constexpr auto IndexDomain::apply(X&&... x) {
  return detail::index_map<Op>(detail::index_argument(static_cast<X&&>(x))...);
}

/// Called by `tensor(i, j)`: names the axes of a tensor or view.
template <class X, char... C>
constexpr auto indexed(X& x, Index<C>...) {
  return Indexed<X&, C...>(x);
}
template <class T, index_t... E, char... C>
constexpr auto indexed(const TensorView<T, E...>& x, Index<C>...) {
  return Indexed<TensorView<T, E...>, C...>(x);
}

}  // namespace TENON_ABI
}  // namespace tenon
