// tenon/ad/rev.hpp: reverse mode on scalars: an op on rev numbers records its partials on the active tape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Works in any templated code: loops, branches, user types. Numbers whose tape is no longer active, and numbers that
// never met a variable, are constants. Adjoints are kept in the compute type: a half's in float.
#pragma once
#include <tenon/ad/dual.hpp>
#include <tenon/ad/pending.hpp>
#include <tenon/ops/cast.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

/// Units that an adjoint of a T takes on a tape.
template <class T>
inline constexpr index_t units_of = (static_cast<index_t>(sizeof(compute_t<T>)) + 3) / 4;

// A number met others of another precision: a statement between adjoints of two types.
template <class To, class From>
struct PrecisionRecord {
  slot_t to, from;
  static void sweep(Tape& tape, const Segment& segment) {
    const PrecisionRecord& r = *reinterpret_cast<const PrecisionRecord*>(segment.begin());
    From& operand = *tape.adjoint<From>(r.from);
    const To g = *tape.adjoint<To>(r.to);
    if (!is_zero_adjoint(g)) operand = operand + tenon::apply<op::Cast<base_t<From>>>(g);
  }
};
// The slot of the number at `from`, as one whose adjoint is a To.
template <class To, class From>
slot_t in_precision(Tape& tape, slot_t from) {
  if constexpr (__is_same(To, From)) {
    return from;
  } else {
    using Record = PrecisionRecord<To, From>;
    const slot_t to = tape.allocate(1, units_of<To>);
    static constexpr SegmentKind kind{&Record::sweep, nullptr};
    ::new (tape.record(sizeof(Record), kind)) Record{to, from};
    return to;
  }
}

// How many numbers a result's partial derivatives are held for before the operands are recorded first.
inline constexpr int most_pending = 8;
// The numbers that an argument of an op that gives an R stands for.
template <class R, class X>
inline constexpr int pending_count = carries<R, X> ? 1 : 0;
template <class R, class T, int N, class Tag>
inline constexpr int pending_count<R, pending<T, N, Tag>> = __is_same(typename Layer<R>::tag, Tag) ? N : 0;
// Numbers that registers have room for.
template <class V>
inline constexpr bool is_light = false;
template <>
inline constexpr bool is_light<float> = true;
template <>
inline constexpr bool is_light<double> = true;
template <class T, class Tag>
inline constexpr bool is_light<dual<T, 1, Tag>> = is_light<T>&& is_real<T>;
// Whether its adjoints are of type V, as far as it has any.
template <class R, class V, class X>
constexpr bool waits() {
  if constexpr (carries<R, X>) {
    return __is_same(typename Layer<X>::inner, V);
  } else {
    return true;
  }
}

template <class T, class Tag>
struct Differentiate<rev<T, Tag>> {
  using R = rev<T, Tag>;
  template <class Op, class... X>
  TENON_FN static auto apply(const X&... x) {
    constexpr int arity = static_cast<int>(sizeof...(X));
    if constexpr (!differentiable<Op, arity>) {
      return settled(tenon::apply<Op>(below<R>(x)...));
    } else {
      using V = bare_t<decltype(settled(tenon::apply<Op>(below<R>(x)...)))>;
      // Numbers of float and double, and with one tangent each, wait in registers; all others are recorded one by one.
      if constexpr (is_light<V> && (waits<R, V, X>() && ...)) {
        constexpr int n = (pending_count<R, X> + ...);
        if constexpr (n > most_pending) {
          return Differentiate::template apply<Op>(settled(x)...);
        } else {
          const V y = tenon::apply<Op>(below<R>(x)...);
          return wait(y, compose<V>(partials_of<Op>(y, below<R>(x)...), make_seq<arity>{}, x...));
        }
      } else {
        return record<Op, V>(settled(x)...);
      }
    }
  }

 private:
  template <class V, int N>
  TENON_FN static pending<V, N, Tag> wait(const V& y, const Terms<V, N>& terms) {
    return {y, terms};
  }
  template <class V, class P, int... I, class... X>
  TENON_FN static auto compose(const P& p, Seq<I...>, const X&... x) {
    return all(Terms<V, 0>{}, terms<V>(partial<I>(p), x)...);
  }
  template <class A>
  TENON_FN static A all(const A& a) {
    return a;
  }
  template <class A, class B, class... Rest>
  TENON_FN static auto all(const A& a, const B& b, const Rest&... rest) {
    return all(joined(a, b), rest...);
  }
  // The terms that an argument brings in.
  template <class V, class P, class X>
  TENON_FN static auto terms(const P& p, const X& x) {
    if constexpr (!carries<R, X> || is_no_partial<P>) {
      return Terms<V, 0>{};
    } else if constexpr (is_pending<X>) {
      return scaled(p, x.terms);
    } else {
      return Terms<V, 1>{as_number<V>(p), x.slot, {}};
    }
  }
  template <class P, class V>
  TENON_FN static Terms<V, 0> scaled(const P&, const Terms<V, 0>&) {
    return {};
  }
  template <class P, class V, int N>
  TENON_FN static Terms<V, N> scaled(const P& p, const Terms<V, N>& t) {
    return {as_number<V>(tenon::apply<op::Multiply>(p, t.multiplier)), t.operand, scaled(p, t.rest)};
  }

  template <class Op, class V, class... X>
  static constexpr auto record(const X&... x) {
    const V y = settled(tenon::apply<Op>(below<R>(x)...));
    rev<V, Tag> r(y);
    if (!__builtin_is_constant_evaluated())
      if (Tape* tape = active_tape<Tag>)
        write<compute_t<V>>(*tape, r.slot, partials_of<Op>(y, below<R>(x)...),
                            make_seq<static_cast<int>(sizeof...(X))>{}, x...);
    return r;
  }
  // Not inlined: where derivatives nest, code would grow with every level.
  template <class A, class P, int... I, class... X>
  [[gnu::noinline]] static void write(Tape& tape, slot_t& slot, const P& p, Seq<I...>, const X&... x) {
    slot = tape.statement(A{}, all(Terms<A, 0>{}, term<A>(tape, partial<I>(p), x)...)).slot;
  }
  template <class A, class P, class X>
  static auto term(Tape& tape, const P& p, const X& x) {
    if constexpr (!carries<R, X> || is_no_partial<P>) {
      return Terms<A, 0>{};
    } else {
      Terms<A, 1> t{};
      if (tape.owns(x.slot)) {
        using From = compute_t<typename X::inner>;
        // A number of the inner derivative that was made before it met the outer one has adjoints of another type.
        if constexpr (!__is_same(rebase_t<From, base_t<A>>, A) || is_complex<base_t<From>> != is_complex<base_t<A>>) {
          raise<value_error>(
              Message() << "tenon: a rev number of an inner derivative met one of an outer derivative it "
                           "was not made for; pass the point of the inner derivative with the outer "
                           "type");
        } else {
          t.multiplier = as_number<A>(p);
          t.operand = in_precision<A, From>(tape, x.slot);
        }
      }
      return t;
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
