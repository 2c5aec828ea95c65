// tenon/expr/map.hpp: the pointwise node, and how operands of any kind become nodes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `apply<Op>(a, b)` on expressions builds `Map<Op, ...>`. `as_node` decides ownership: a named tensor is watched, a
// temporary is moved in, a cheap named expression is copied (inlined), a costly one is evaluated now, once, and shared.
#pragma once
#include <tenon/expr/node.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/cast.hpp>
#include <tenon/ops/operators.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Named pointwise expressions up to this many instructions are inlined into each use instead of computed once.
inline constexpr int cheap_cost = 8;

/// Converts an element to the compute type of To, keeping derivative structure.
template <class To, class From>
TENON_FN auto convert_element(const From& x) {
  using B = compute_t<base_t<To>>;
  if constexpr (__is_same(base_t<From>, B)) {
    return x;
  } else if constexpr (is_plain<From> && is_real<From> && is_real<B> && !is_bool<B>) {
    return static_cast<B>(x);  // a promotion: always in range
  } else {
    return apply<op::Cast<B>>(x);
  }
}

namespace detail {
template <class X>
inline constexpr bool is_lvalue = false;
template <class X>
inline constexpr bool is_lvalue<X&> = true;
}  // namespace detail

/// Op applied to elements of its operands, broadcast. Args: the TypeList of types the operands are converted to.
template <class Op, class T, class Args, class... N>
struct Map : Node<Map<Op, T, Args, N...>, T, broadcast_t<typename N::extents_type...>> {
  using E = broadcast_t<typename N::extents_type...>;
  using operation = Op;
  using arguments = Args;
  using operand_types = TypeList<N...>;
  static constexpr bool has_cuts = (N::has_cuts || ...);
  static constexpr int cost = (Op::cost + ... + N::cost);
  static constexpr bool constant = (N::constant && ...);
  static constexpr bool cheap = !has_cuts && (N::cheap && ...) && cost <= cheap_cost;

  NodeOperands<N...> operands;
  E shape;

  TENON_INLINE constexpr explicit Map(N&&... n)
      : operands(static_cast<N&&>(n)...), shape(common_extents(make_seq<arity>{}, make_seq<E::rank>{})) {}
  TENON_INLINE constexpr Map(const Map& o) : operands(o.operands), shape(o.shape.copy()), cache(o.cache) {}
  TENON_INLINE constexpr Map(Map&& o)
      : operands(static_cast<NodeOperands<N...>&&>(o.operands)),
        shape(o.shape.copy()),
        cache(static_cast<ValueCache<!cheap>&&>(o.cache)) {}
  TENON_INLINE constexpr ~Map() = default;

  TENON_FN E extents() const { return shape; }
  void fill(Source*& out) const { fill_all(make_seq<arity>{}, out); }
  template <class F>
  void each_leaf(const F& f) const {
    each_leaf_all(f, make_seq<arity>{});
  }
  TENON_FN auto at(const Dims& i) const { return at_all(i, make_seq<arity>{}); }

  ValueCache<!cheap> cache{};

 private:
  static constexpr int arity = static_cast<int>(sizeof...(N));
  template <int... I>
  void fill_all(Seq<I...>, Source*& out) const {
    const Dims e = shape.dims();
    (fill_broadcast(operand_at<I>(operands), e, out), ...);
  }
  template <class F, int... I>
  void each_leaf_all(const F& f, Seq<I...>) const {
    const Dims whole = shape.dims();
    const auto widened = [&](const void* data, StridedMap m, index_t bytes, bool elementwise) {
      m.broadcast_to(whole);
      f(data, m, bytes, elementwise);
    };
    (operand_at<I>(operands).each_leaf(widened), ...);
  }
  template <int... I>
  TENON_FN auto at_all(const Dims& i, Seq<I...>) const {
    return apply<Op>(convert_element<at_t<I, Args>>(
        operand_at<I>(operands).at(broadcast_index(operand_at<I>(operands).extents(), i)))...);
  }
  // One number after the other, and all at once into their places: what is written in parts and read as a whole makes
  // processors wait.
  template <int... I, int... A>
  TENON_INLINE constexpr E common_extents(Seq<I...>, Seq<A...>) const {
    if constexpr (E::is_static) {
      return E{};
    } else {
      if (!(do_fit<A>(detail::extents_in_place(operand_at<I>(operands))...) && ... && true)) {  // not as a function of
        Dims d{};  // its own: a node whose address is taken stays in memory
        ((d = joined(d, operand_at<I>(operands).extents().dims())), ...);
      }
      return E{{{common_extent<A>(detail::extents_in_place(operand_at<I>(operands))...)...}}};
    }
  }
  template <int Axis, class... X>
  TENON_FN static index_t common_extent(const X&... x) {
    index_t e = 1;
    ((e = e == 1 ? aligned_extent<Axis>(x) : e), ...);
    return e;
  }
  // Whether extents along an axis are one number, or 1.
  template <int Axis, class... X>
  TENON_FN static bool do_fit(const X&... x) {
    index_t e = 1;
    return ((fits_next(e, aligned_extent<Axis>(x))) && ... && true);
  }
  TENON_FN static bool fits_next(index_t& e, index_t x) {
    const bool fits = e == 1 || x == 1 || e == x;
    if (e == 1) e = x;
    return fits;
  }
  template <int Axis, class X>
  TENON_FN static index_t aligned_extent(const X& x) {
    constexpr int at = Axis - (E::rank - X::rank);
    if constexpr (at < 0) {
      return 1;
    } else {
      return x[at];
    }
  }
  static constexpr Dims joined(const Dims& a, const Dims& b) {
    const Dims r = broadcast_dims(a, b);
    if (!dims_fit(r)) fail_shapes(Op::name.c_str(), "shapes do not broadcast", a, b);
    return r;
  }
};

namespace detail {

template <class Op, class A, class B>
struct Broadcast {
  static_assert(broadcastable<A, B>, "tenon: the shapes of the operands do not broadcast (see A and B above)");
  static constexpr bool ok = broadcastable<A, B>;
};
template <class Op, class A, class... Rest>
struct BroadcastAll {
  static constexpr bool ok = true;
};
template <class Op, class A, class B, class... Rest>
struct BroadcastAll<Op, A, B, Rest...> {
  static constexpr bool ok = Broadcast<Op, A, B>::ok && BroadcastAll<Op, broadcast_t<A, B>, Rest...>::ok;
};

// What an argument's element type is for the typing rules.
template <class N>
struct TypedAs {
  using type = typename N::value_type;
};
template <class S>
struct TypedAs<Weak<S>> {
  using type = Weak<S>;
};
template <class To, class N>
constexpr N&& strengthen(N&& n) {
  return static_cast<N&&>(n);
}
template <class To, class S>
constexpr auto strengthen(Weak<S> w) {
  using C = base_t<To>;
  if constexpr (__is_same(S, Literal)) {
    return Scalar<C>(static_cast<C>(static_cast<real_t<C>>(w.number.value)));
  } else if constexpr (is_complex<C>) {
    return Scalar<C>(C(static_cast<real_t<C>>(w.number), real_t<C>(0)));
  } else {
    return Scalar<C>(static_cast<C>(w.number));
  }
}

template <class N>
struct ShapeOf {
  using type = typename N::extents_type;
};
template <class S>
struct ShapeOf<Weak<S>> {
  using type = Extents<>;
};

template <class Op, class T, class Args>
struct MapBuilder;
template <class Op, class T, class... Arg>
struct MapBuilder<Op, T, TypeList<Arg...>> {
  template <class... N>
  TENON_INLINE static constexpr auto build(N&&... n) {
    return Map<Op, T, TypeList<Arg...>, N...>(static_cast<N&&>(n)...);
  }
  template <class... N>
  TENON_INLINE static constexpr auto make(N&&... n) {
    return build(strengthen<Arg>(static_cast<N&&>(n))...);
  }
};

}  // namespace detail

// ---- operands become nodes -----------------------------------------------------------------------------------------

/// Tensors and views say which leaf they are: `leaf()` for a named one, `take()` for a temporary.
template <class X>
concept tensor_like = requires(const bare_t<X>& x) {
  x.leaf();
};
/// Whatever is an expression: a node, a tensor, a view.
template <class X>
concept expression = node_type<X> || tensor_like<X>;

/// The value of a costly node as a leaf; evaluates it if nobody has yet. Declared here, defined by the executors.
template <class N>
constexpr auto shared_leaf(const N& node);

// A temporary node is passed on as it is: each node is moved once, into the one above it. Inlined, so that what the
// types tell of a view (a transposed matrix of static extents) is known before functions are found too large to inline.
template <class X>
TENON_INLINE constexpr decltype(auto) as_node(X&& x) {
  using B = bare_t<X>;
  if constexpr (tensor_like<X>) {
    if constexpr (detail::is_lvalue<X> || !requires { static_cast<X&&>(x).take(); }) {
      return x.leaf();
    } else {
      return static_cast<X&&>(x).take();
    }
  } else if constexpr (node_type<X>) {
    if constexpr (__is_same(X, B)) {
      return static_cast<B&&>(x);
    } else if constexpr (B::cheap) {
      return B(x);
    } else {
      return shared_leaf(x);
    }
  } else if constexpr (__is_same(B, Literal) || (is_real<B> && !__is_class(B))) {
    return Weak<B>{x};
  } else if constexpr (requires { x.get(); }) {
    return Scalar<bare_t<decltype(x.get())>>(x.get());  // an element of a taped tensor
  } else {
    return Scalar<B>(x);
  }
}
/// The node type an operand becomes.
template <class X>
using node_of = bare_t<decltype(as_node(detail::some<X>()))>;

/// A taped operand of an expression that records element by element (R): each element with its own slot.
template <class A, class R>
struct Unpacked : Node<Unpacked<A, R>, R, typename A::extents_type> {
  static constexpr bool has_cuts = true, cheap = false, constant = false;
  static constexpr int cost = 0;
  A arg;
  ValueCache<true> cache{};
  constexpr explicit Unpacked(A&& a) : arg(static_cast<A&&>(a)) {}
  TENON_FN auto extents() const { return arg.extents(); }
  void fill(Source*& out) const;  // exec/operand.hpp
  template <class F>
  void each_leaf(const F& f) const {
    arg.each_leaf([&](const void* data, const StridedMap& m, index_t bytes, bool) { f(data, m, bytes, false); });
  }
};

namespace detail {
/// Operand n of a node with elements of type R.
template <class R, class N>
TENON_INLINE constexpr decltype(auto) operand_for(N&& n) {
  if constexpr (requires { typename N::value_type; }) {
    using T = typename N::value_type;
    if constexpr (records_elementwise<R> && is_taped<T>) {
      return Unpacked<N, rebase_t<R, base_t<T>>>(static_cast<N&&>(n));
    } else {
      return static_cast<N&&>(n);
    }
  } else {
    return static_cast<N&&>(n);
  }
}

// Whether Op may be applied to elements of types T..., as far as complex numbers go.
enum class ComplexUse { fits, refused, underivable };
template <class Op, class... T>
constexpr ComplexUse complex_use() {
  if constexpr (Op::on_complex != OnComplex::analytic && (is_complex<base_t<T>> || ...)) {
    if (Op::on_complex == OnComplex::refused) return ComplexUse::refused;
    if (!(is_plain<T> && ...)) return ComplexUse::underivable;
  }
  return ComplexUse::fits;
}
template <class Op, ComplexUse Use, class... T>
struct ComplexFits {
  static constexpr bool ok = true;
};
template <class Op, class... T>
struct ComplexFits<Op, ComplexUse::refused, T...> : TakesComplex<Op, T...> {};
template <class Op, class... T>
struct ComplexFits<Op, ComplexUse::underivable, T...> : HasComplexDerivative<Op, T...> {};
template <class Op, class... T>
inline constexpr bool complex_fits = complex_use<Op, T...>() == ComplexUse::fits;
// The same, with a message where it is not so.
template <class Op, class... T>
inline constexpr bool expect_complex_fits = ComplexFits<Op, complex_use<Op, T...>(), T...>::ok;

// In place of what does not fit, so that the compiler has no more to say than that.
template <class N, class... Rest>
TENON_INLINE constexpr auto complex_operand(N&& n, Rest&&... rest) {
  if constexpr (requires { requires is_complex<base_t<typename N::value_type>>; }) {
    return static_cast<N&&>(n);
  } else {
    return complex_operand(static_cast<Rest&&>(rest)...);
  }
}

// Of nodes that are given away.
template <class Op, class... N>
TENON_INLINE constexpr auto make_map(N&&... n) {
  static_assert(!(is_lvalue<N> || ...));
  [[maybe_unused]] constexpr bool fits = BroadcastAll<Op, typename ShapeOf<bare_t<N>>::type...>::ok;
  [[maybe_unused]] constexpr bool takes = expect_complex_fits<Op, typename TypedAs<bare_t<N>>::type...>;
  if constexpr (complex_fits<Op, typename TypedAs<bare_t<N>>::type...>) {
    using types = typed<Op, typename TypedAs<bare_t<N>>::type...>;
    using R = typename types::result;
    return MapBuilder<Op, R, typename types::arguments>::make(operand_for<R>(static_cast<N&&>(n))...);
  } else if constexpr (Op::typing == Typing::comparison) {
    return make_map<op::Equal>(static_cast<N&&>(n)...);
  } else {
    return complex_operand(static_cast<N&&>(n)...);
  }
}
}  // namespace detail

template <class Op, class... X>
TENON_INLINE constexpr auto ExprDomain::apply(X&&... x) {
  return detail::make_map<Op>(as_node(static_cast<X&&>(x))...);
}

}  // namespace TENON_ABI
}  // namespace tenon
