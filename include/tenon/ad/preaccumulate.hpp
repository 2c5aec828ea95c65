// tenon/ad/preaccumulate.hpp: functions differentiated when they are called: a tape keeps their gradient, no steps.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto y = preaccumulate(drag)(speed, density);    // one statement, whatever drag does inside
//   auto loss = preaccumulate(blocks, [&](index_t i, const auto& w) { return loss_of(rows(data, i), w); })(w);
// The second form is the sum over i, and needs the memory of one term and one gradient, however many terms there are.
// Every term runs once, forwards and backwards. What the derivative is with respect to is passed as an argument.
#pragma once
#include <tenon/ad/checkpoint.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class F>
struct PreaccumulateTag {};

// Numbers of Tag's layer as variables of another derivative, at slots one after the other; tensors share their values.
template <class Tag, class New>
struct Retag : SlotCursor {
  template <class T>
  struct Type {
    using type = T;
  };
  template <class T>
  struct Type<rev<T, Tag>> {
    using type = rev<T, New>;
  };
  template <class T>
  using type = typename Type<T>::type;

  template <class R, class X>
  R leaf(X& x) {
    using T = typename R::value_type;
    if constexpr (__is_same(R, bare_t<X>)) {
      return x;
    } else {
      const index_t n = x.size(), units = units_of<typename T::inner>;
      const slot_t slot = this->next(n, units);
      if constexpr (is_taped<T>) {
        R r(Uninitialised{}, x.dims());
        r.storage().borrow(x.storage().values, x.extents(), slot);
        return r;
      } else {  // each element carries its slots
        R r = like<R>(x);
        for (index_t i = 0; i < n; ++i)
          r.data()[i] = T(get_element(x, i).value, static_cast<slot_t>(slot + static_cast<slot_t>(i * units)));
        return r;
      }
    }
  }
  template <class R, class X>
  R scalar(X& x) {
    if constexpr (__is_same(R, bare_t<X>)) {
      return x;
    } else {
      return R(x.value, this->next(1, units_of<typename R::inner>));
    }
  }
};

// Adds g times a gradient, which lies in memory as SlotCursor counts.
template <class G>
struct AddProducts {
  Tape& tape;
  const char* gradient;
  const G& g;
  template <class A>
  void run(slot_t to, slot_t from, index_t i) const {
    if (!tape.owns(to)) return;
    const A& d = reinterpret_cast<const A*>(gradient + static_cast<size_t>(from) * 4)[i];
    A& adjoint = *tape.adjoint<A>(to);
    adjoint = static_cast<A>(apply<op::Add>(adjoint, apply<op::Multiply>(g, d)));
  }
};

// What a record keeps of an argument: its slots, if it has any.
struct NoSlots {};
template <class Tag, class X>
auto with_slots(const X& x) {
  if constexpr (__is_same(rev_tag<X>, Tag)) {
    return x;  // a rev tensor shares its elements
  } else {
    return NoSlots{};
  }
}

// A number whose gradient is known.
template <class Tag, class G, class... X>
struct PreaccumulatedRecord {
  slot_t result;
  BlockRef gradient;
  Operands<X...> arguments;
  void pull(Tape& tape) { pull(tape, make_seq<static_cast<int>(sizeof...(X))>{}); }

 private:
  template <int... I>
  void pull(Tape& tape, Seq<I...>) {
    const G g = *tape.adjoint<G>(result);
    if (is_zero_adjoint(g)) return;
    EachAdjoint<Tag, AddProducts<G>> add(0, {tape, gradient.data(), g});
    (each_part<Tag>(operand_at<I>(arguments), add), ...);
  }
};

// Whether the outermost layer of number S is the one of Tag's tape, and of an argument's numbers that of its own.
template <class S, class Tag>
inline constexpr bool is_on_tape = false;
template <class C, class Tag>
inline constexpr bool is_on_tape<rev<C, Tag>, Tag> = true;
template <class X>
inline constexpr bool tape_is_outermost = __is_same(rev_tag<X>, void) || is_rev<typename ArgumentElement<X>::type>;

// Terms f(i, x...) if there are some, else one, f(x...).
template <class F, bool Sum>
struct Preaccumulate {
  F f;
  index_t terms;

  template <class... X>
  auto operator()(const X&... x) const {
    return run(argument(x)...);
  }
  /// The value. Its derivative is added to the adjoints of x, variables with this tag of a tape that records nothing
  /// else: grad of a sum, all of whose terms have the adjoint 1, keeps no gradient beside the one that it returns.
  template <class Tag, class... X>
  auto accumulate(Tape& tape, const X&... x) const {
    using S = typename ResultElement<bare_t<decltype(term(0, x...))>>::type;
    using C = remove_tag<S, Tag>;
    return total<C>([&](index_t i) {
      Rerun once(tape);
      const S y = static_cast<S>(term(i, x...));
      if constexpr (has_tag<S, Tag>) {
        using A = compute_t<C>;
        once.extend();
        if (tape.owns(y.slot)) {
          A& seed = *tape.adjoint<A>(y.slot);
          seed = A(seed + A(1));
        }
        once.sweep();
        return y.value;
      } else {
        return y;
      }
    });
  }

 private:
  // Expressions as tensors, results of ops as numbers.
  template <class X>
  static decltype(auto) argument(const X& x) {
    if constexpr (is_tensor<X>) {
      return (x);
    } else if constexpr (expression<X>) {
      return evaluate(x);
    } else if constexpr (requires { x.get(); }) {
      return x.get();
    } else if constexpr (is_pending<X>) {
      return settled(x);
    } else {
      return (x);
    }
  }
  template <class... X>
  auto term(index_t i, const X&... x) const requires(Sum&& requires(const F& g) { g(i, x...); }) {
    return f(i, x...);
  }
  template <class... X>
  auto term(index_t, const X&... x) const requires(!Sum && requires(const F& g) { g(x...); }) {
    return f(x...);
  }
  // By halves, so that errors of rounding grow with the logarithm of the number of terms.
  template <class S, class Term>
  static S sum(index_t from, index_t to, const Term& term) {
    if (to - from == 1) return term(from);
    const index_t middle = from + (to - from) / 2;
    const S a = sum<S>(from, middle, term), b = sum<S>(middle, to, term);
    return S(a + b);
  }
  template <class S, class Term>
  S total(const Term& term) const {
    expect<value_error>(terms >= 0, "tenon: preaccumulate: the number of terms is negative");
    return terms == 0 ? S(0) : sum<S>(0, terms, term);
  }

  // Of what is refused, what f returns, so that the compiler has no more to say.
  template <class... X>
  auto run(const X&... x) const {
    constexpr bool callable = requires { term(0, x...); };
    static_assert(callable,
                  "tenon: preaccumulate: the function cannot be called with these arguments: make it generic (a lambda "
                  "on const auto&), of a sum with the number of the term, an index_t, first");
    if constexpr (!callable) {
      return 0.0;
    } else {
      using R = ResultElement<bare_t<decltype(term(0, x...))>>;
      static_assert(
          R::scalar,
          "tenon: preaccumulate: the function must return a number or an expression of rank 0, such as a sum");
      if constexpr (R::scalar) {
        return run_callable<typename R::type>(x...);
      } else {
        return term(0, x...);
      }
    }
  }
  template <class S, class... X>
  S run_callable(const X&... x) const {
    using Tag = typename FirstRevTag<X...>::type;
    // Numbers whose tape is not their outermost layer are recorded step by step.
    if constexpr (__is_same(Tag, void) || !is_on_tape<S, Tag> || !(tape_is_outermost<X> && ...)) {
      return values<S>(x...);
    } else {
      Tape* const tape = active_tape<Tag>;
      return tape ? record<Tag, S>(*tape, x...) : values<S>(x...);
    }
  }
  template <class S, class... X>
  S values(const X&... x) const {
    return total<S>([&](index_t i) { return static_cast<S>(term(i, x...)); });
  }

  template <class Tag, class S, class... X>
  S record(Tape& outer, const X&... x) const {
    using New = PreaccumulateTag<F>;
    TapeLoan loan;
    const Recording<New> recording(*loan);
    CountUnits<Tag> count;
    (each_part<Tag>(x, count), ...);
    Retag<Tag, New> retag{{(*loan).allocate(count.at / 2, 2)}};
    const slot_t first = retag.first;
    Operands<decltype(retagged(retag, x))...> variables{{retagged(retag, x)}...};
    (*loan).clear_adjoints();
    const auto y = differentiate<Tag, New>(*loan, variables, make_seq<static_cast<int>(sizeof...(X))>{});
    S result(y);
    if (count.at == 0) return result;
    using Record = PreaccumulatedRecord<Tag, compute_t<typename S::inner>, decltype(with_slots<Tag>(x))...>;
    const size_t bytes = static_cast<size_t>(count.at) * 4;
    BlockRef gradient(bytes);
    __builtin_memcpy(gradient.data(), (*loan).template adjoint<char>(first), bytes);
    result.slot = outer.allocate(1, units_of<typename S::inner>);
    record_object(outer, Record{result.slot, static_cast<BlockRef&&>(gradient), {{with_slots<Tag>(x)}...}});
    return result;
  }
  template <class Tag, class New, class V, int... I>
  auto differentiate(Tape& tape, const V& variables, Seq<I...>) const {
    using S = typename ResultElement<bare_t<decltype(term(0, operand_at<I>(variables)...))>>::type;
    using C = remove_tag<S, New>;
    constexpr bool captures = has_tag<C, Tag>;
    static_assert(
        !captures,
        "tenon: preaccumulate: the function captures a number or tensor that is being differentiated: pass it "
        "as an argument");
    if constexpr (captures) {
      return base_t<C>{};
    } else {
      return accumulate<New>(tape, operand_at<I>(variables)...);
    }
  }
  template <class R, class X>
  static decltype(auto) retagged(R& retag, const X& x) {
    if constexpr (__is_same(rev_tag<X>, void)) {
      return (x);
    } else {
      return transform<twin_t<R, X>>(retag, x);
    }
  }
};

}  // namespace detail

/// f as a function whose derivative is taken when it is called: f returns a number or an expression of rank 0, and the
/// tape keeps the gradient with respect to the arguments (numbers, tensors, models) in place of f's statements. f must
/// not capture what is being differentiated.
template <class F>
constexpr auto preaccumulate(F f) {
  return detail::Preaccumulate<F, false>{static_cast<F&&>(f), 1};
}
/// The function of x... that is the sum of f(i, x...) over 0 <= i < terms, each term differentiated before the next is
/// computed: memory is that of one term and one gradient. value_error if `terms` is negative.
template <class F>
constexpr auto preaccumulate(index_t terms, F f) {
  return detail::Preaccumulate<F, true>{static_cast<F&&>(f), terms};
}

}  // namespace TENON_ABI
}  // namespace tenon
