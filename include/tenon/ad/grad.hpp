// tenon/ad/grad.hpp: reverse-mode derivatives of functions: grad, value_and_grad, vjp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto df = grad([](const auto& x) { return sum(x * x); });      // df(x) is 2 x, a tensor like x
//   auto [loss, g] = value_and_grad(f)(model);                     // g is a model of gradients
//   auto [y, gs] = value_and_grad<0, 1>(f)(a, b);                  // get<0>(gs), get<1>(gs)
// The function is a generic lambda or functor over the element type. Derivatives nest in any order and may capture the
// variables of enclosing ones.
#pragma once
#include <tenon/ad/argument.hpp>
#include <tenon/ad/gradients.hpp>
#include <tenon/ad/lift_rev.hpp>
#include <tenon/ad/recording.hpp>
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class T, class Tag>
struct RemoveTag {
  using type = T;
};
template <class T, int N, class Other, class Tag>
struct RemoveTag<dual<T, N, Other>, Tag> {
  using type = dual<typename RemoveTag<T, Tag>::type, N, Other>;
};
template <class T, class Other, class Tag>
struct RemoveTag<rev<T, Other>, Tag> {
  using type = rev<typename RemoveTag<T, Tag>::type, Other>;
};
template <class T, int N, class Tag>
struct RemoveTag<dual<T, N, Tag>, Tag> {
  using type = T;
};
template <class T, class Tag>
struct RemoveTag<rev<T, Tag>, Tag> {
  using type = T;
};
/// T without the layer of Tag: what derivatives with respect to Tag's variables are made of.
template <class T, class Tag>
using remove_tag = typename RemoveTag<T, Tag>::type;

template <class R>
struct ResultElement {
  using type = R;
  static constexpr bool scalar = is_element<R>;
};
template <class R>
requires(expression<R>) struct ResultElement<R> {
  using type = typename R::value_type;
  static constexpr bool scalar = R::rank == 0;
};
template <class T, int N, class Tag>
struct ResultElement<pending<T, N, Tag>> : ResultElement<rev<T, Tag>> {};
template <class T, class Tag>
struct ResultElement<ElementRef<T, Tag>> {
  using type = rev<T, Tag>;
  static constexpr bool scalar = true;
};
template <class V, class A>
struct ResultElement<WithAux<V, A>> : ResultElement<V> {};
template <class R>
inline constexpr bool is_with_aux = false;
template <class V, class A>
inline constexpr bool is_with_aux<WithAux<V, A>> = true;

// Tensors of Tag's rev numbers as tensors of their values.
template <class Tag>
struct Strip {
  template <class T>
  using type = remove_tag<T, Tag>;
  template <class R, class X>
  R leaf(X& x) {
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i)
      if constexpr (is_taped<typename X::value_type>) {
        set_element(r, i, x.storage().values[i]);
      } else {
        set_element(r, i, get_element(x, i).value);
      }
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return x.value;
  }
};

// Gives x the derivative structure of C (as constants): the point of an inner derivative whose function captured
// variables of an outer one.
template <class C>
struct Restructure {
  template <class T>
  using type = rebase_t<C, base_t<T>>;
  template <class R, class X>
  R leaf(X& x) {
    using U = typename R::value_type;
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) {
      if constexpr (is_taped<U>) {
        r.storage().values[i] = primal_t<U>(x.data()[i]);  // constants: no slot, nothing to record
      } else {
        r.data()[i] = U(get_element(x, i));
      }
    }
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return R(x);
  }
};

// Views and expressions as tensors of their own, other arguments as they are.
template <class X>
decltype(auto) own_argument(const X& x) {
  if constexpr (expression<X> && !is_tensor<X>) {
    return evaluate(x);
  } else {
    return (x);
  }
}

// What a function returned, free of Tag's layer: a number, or a tensor of its own.
template <class Tag, class R>
auto detach(const R& r) {
  if constexpr (expression<R>) {
    using T = typename R::value_type;
    if constexpr (R::rank == 0) {
      return detach<Tag>(static_cast<T>(r));
    } else {
      auto t = evaluate(r);
      if constexpr (has_tag<T, Tag>) {
        static_assert(__is_same(typename Layer<T>::tag, Tag));
        Strip<Tag> strip;
        return transform<twin_t<Strip<Tag>, decltype(t)>>(strip, t);
      } else {
        return t;
      }
    }
  } else if constexpr (differential<R>) {
    if constexpr (__is_same(typename Layer<R>::tag, Tag)) {
      return r.value;
    } else {
      return settled(r);
    }
  } else {
    return r;
  }
}

template <int I, int... Arg>
inline constexpr bool selected = ((I == Arg) || ... || false);

template <class Tag, int... Arg>
struct Lifts {
  template <int I, class X, bool Frozen = is_frozen<X>, bool Selected = selected<I, Arg...>,
            bool Number = is_element<X>>
  struct Type {
    using type = X;
  };
  template <int I, class X, bool S, bool N>
  struct Type<I, X, true, S, N> {
    using type = bare_t<decltype(some<X&>().value)>;
  };
  template <int I, class X>
  struct Type<I, X, false, true, true> {
    using type = rev<X, Tag>;
  };
  template <int I, class X>
  struct Type<I, X, false, true, false> {
    using type = twin_t<RevOf<Tag>, X>;
  };
  template <int I, class X>
  using type = typename Type<I, X>::type;

  // A variable (owned here), or a reference to a constant.
  template <int I, class X>
  static decltype(auto) lift(Tape& tape, const X& x) {
    if constexpr (is_frozen<X>) {
      return (x.value);
    } else if constexpr (!selected<I, Arg...>) {
      return (x);
    } else if constexpr (is_element<X>) {
      return rev<X, Tag>(x, tape.allocate(1, units_of<X>));
    } else {
      LiftRev<Tag> lift{tape};
      return transform<twin_t<RevOf<Tag>, X>>(lift, x);
    }
  }
  template <class X, class L>
  static X collect(Tape& tape, const X& x, L& lifted) {
    if constexpr (is_element<X>) {
      return static_cast<X>(*tape.adjoint<compute_t<X>>(lifted.slot));
    } else {
      CollectRev<Tag> collect{tape};
      return transform<X>(collect, x, lifted);
    }
  }
  template <int I, class C, class X>
  static decltype(auto) restructure(const X& x) {
    if constexpr (selected<I, Arg...> && !is_frozen<X>) {
      Restructure<C> r;
      return transform<twin_t<Restructure<C>, X>>(r, x);
    } else {
      return (x);
    }
  }
};

// f with respect to arguments Arg...; the tag of its numbers is the type of f.
template <class F, int... Arg>
struct Reverse {
  using Tag = F;
  using L = Lifts<Tag, Arg...>;
  const F& f;

  template <class... X>
  auto operator()(const X&... x) const {
    static_assert(((Arg < static_cast<int>(sizeof...(X))) && ...), "tenon: grad: there is no such argument");
    return take(make_seq<static_cast<int>(sizeof...(X))>{}, x...);
  }

 private:
  template <int... I, class... X>
  auto take(Seq<I...> s, const X&... x) const {
    constexpr bool all = ((!selected<I, Arg...> || is_frozen<X> || derivable<X>)&&...);
    constexpr bool no_integer = ((!selected<I, Arg...> || is_frozen<X> || Argument<X>::no_integer) && ...);
    static_assert(no_integer, "tenon: grad: an integer argument has no derivative; pass float or double numbers");
    if constexpr (all) {
      return run(s, variable<I>(x)...);
    } else {
      return ValueAndGrad<int, int>{};
    }
  }
  template <int I, class X>
  static decltype(auto) variable(const X& x) {
    if constexpr (selected<I, Arg...>) {
      return own_argument(x);
    } else {
      return (x);
    }
  }
  static constexpr int first = [] {
    constexpr int a[] = {Arg...};
    return a[0];
  }();

  // In place of a result, so that the compiler has no more to say than why there is none.
  template <class... X>
  static auto refused(const X&... x) {
    using A = at_t<first, TypeList<X...>>;
    return ValueAndGrad<A, A>{pick<first>(x...), pick<first>(x...)};
  }
  template <int... I, class... X>
  auto run(Seq<I...> s, const X&... x) const {
    constexpr bool generic = requires { f(some<const typename L::template type<I, X>&>()...); };
    static_assert(generic,
                  "tenon: the function to differentiate cannot be called with rev numbers: make it generic "
                  "(a lambda on const auto&, or a template on the element type)");
    if constexpr (generic) {
      return run_generic(s, x...);
    } else {
      return refused(x...);
    }
  }
  template <int... I, class... X>
  auto run_generic(Seq<I...> s, const X&... x) const {
    using R = bare_t<decltype(f(some<const typename L::template type<I, X>&>()...))>;
    using S = typename ResultElement<R>::type;
    constexpr bool scalar = ResultElement<R>::scalar;
    static_assert(scalar,
                  "tenon: grad: the function must return a number or an expression of rank 0, such as a sum "
                  "(jacobian and vjp take results of any shape)");
    using Given = typename ArgumentElement<at_t<first, TypeList<X...>>>::type;
    using C = remove_tag<S, Tag>;
    if constexpr (!scalar) {
      return refused(x...);
    } else if constexpr (!has_tag<S, Tag>) {
      return independent(s, x...);
    } else if constexpr (!__is_same(rebase_t<C, double>, rebase_t<Given, double>)) {
      // f captured variables of an enclosing derivative: they show in its result, and the point must know them.
      return (*this)(L::template restructure<I, C>(x)...);
    } else {
      TapeLoan loan;
      Recording<Tag> recording(*loan);
      Operands<decltype(L::template lift<I>(*loan, x))...> lifted{{L::template lift<I>(*loan, x)}...};
      return record<S>(s, *loan, lifted, x...);
    }
  }
  template <class S, int... I, class V, class... X>
  auto record(Seq<I...>, Tape& tape, V& lifted, const X&... x) const {
    // A sum of which each term is swept and forgotten before the next one.
    if constexpr (requires { f.template accumulate<Tag>(tape, operand_at<I>(lifted)...); }) {
      tape.clear_adjoints();
      const auto y = f.template accumulate<Tag>(tape, operand_at<I>(lifted)...);
      auto g = collected(tape, lifted, x...);
      return ValueAndGrad<bare_t<decltype(y)>, decltype(g)>{y, static_cast<decltype(g)&&>(g)};
    } else {
      return record_whole<S>(tape, f(operand_at<I>(lifted)...), lifted, x...);
    }
  }
  template <class S, class R, class V, class... X>
  static auto record_whole(Tape& tape, const R& r, V& lifted, const X&... x) {
    if constexpr (is_with_aux<R>) {
      const S y = static_cast<S>(r.value);
      auto aux = detach<Tag>(r.aux);
      auto g = gradients<S>(tape, y, lifted, x...);
      return ValueGradAux<decltype(y.value), decltype(g), decltype(aux)>{y.value, static_cast<decltype(g)&&>(g),
                                                                         static_cast<decltype(aux)&&>(aux)};
    } else {
      const S y = static_cast<S>(r);
      auto g = gradients<S>(tape, y, lifted, x...);
      return ValueAndGrad<bare_t<decltype(y.value)>, decltype(g)>{y.value, static_cast<decltype(g)&&>(g)};
    }
  }
  template <class S, class V, class... X>
  static auto gradients(Tape& tape, const S& y, V& lifted, const X&... x) {
    using A = compute_t<typename S::inner>;
    if (y.slot) *tape.adjoint<A>(y.slot) = A(1);
    tape.sweep();
    return collected(tape, lifted, x...);
  }
  template <class V, class... X>
  static auto collected(Tape& tape, V& lifted, const X&... x) {
    if constexpr (sizeof...(Arg) == 1) {
      return L::collect(tape, pick<first>(x...), operand_at<first>(lifted));
    } else {
      return Gradients<at_t<Arg, TypeList<X...>>...>{L::collect(tape, pick<Arg>(x...), operand_at<Arg>(lifted))...};
    }
  }
  // The result does not depend on the variables: zero gradients.
  template <int... I, class... X>
  auto independent(Seq<I...>, const X&... x) const {
    Tape tape;
    Operands<decltype(L::template lift<I>(tape, x))...> lifted{{L::template lift<I>(tape, x)}...};
    const auto r = f(operand_at<I>(lifted)...);
    auto v = detach<Tag>(r);
    auto g = collected(tape, lifted, x...);
    return ValueAndGrad<decltype(v), decltype(g)>{static_cast<decltype(v)&&>(v), static_cast<decltype(g)&&>(g)};
  }
  template <int I, class X, class... Rest>
  static const auto& pick(const X& x, const Rest&... rest) {
    if constexpr (I == 0) {
      return x;
    } else {
      return pick<I - 1>(rest...);
    }
  }
};

template <class F, int... Arg>
struct ValueAndGradOf {
  F f;
  template <class... X>
  auto operator()(const X&... x) const {
    return Reverse<F, Arg...>{f}(x...);
  }
};
template <class F, int... Arg>
struct GradOf {
  F f;
  template <class... X>
  auto operator()(const X&... x) const {
    return Reverse<F, Arg...>{f}(x...).grad;
  }
};

}  // namespace detail

/// The function that returns f's value and its gradient with respect to argument 0, or to the arguments named. f
/// returns a number, an expression of rank 0, or `with_aux(number, anything)`.
template <int... Arg, class F>
constexpr auto value_and_grad(F f) {
  if constexpr (sizeof...(Arg) == 0) {
    return detail::ValueAndGradOf<F, 0>{static_cast<F&&>(f)};
  } else {
    return detail::ValueAndGradOf<F, Arg...>{static_cast<F&&>(f)};
  }
}
/// The function that returns f's gradient; see value_and_grad.
template <int... Arg, class F>
constexpr auto grad(F f) {
  if constexpr (sizeof...(Arg) == 0) {
    return detail::GradOf<F, 0>{static_cast<F&&>(f)};
  } else {
    return detail::GradOf<F, Arg...>{static_cast<F&&>(f)};
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
