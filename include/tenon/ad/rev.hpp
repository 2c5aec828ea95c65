// tenon/ad/rev.hpp: reverse mode on scalars: an op on rev numbers records its partials on the active tape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Works in any templated code: loops, branches, user types. Numbers whose tape is no longer active, and numbers that
// never met a variable, are constants. Adjoints are kept in the compute type: a half's in float.
#pragma once
#include <tenon/ad/dual.hpp>
#include <tenon/ad/tape.hpp>
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
  static void sweep(Tape& tape, char* begin, char*) {
    const PrecisionRecord& r = *reinterpret_cast<const PrecisionRecord*>(begin);
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
    ::new (tape.record(sizeof(Record), &Record::sweep, nullptr)) Record{to, from};
    return to;
  }
}

template <class T, class Tag>
struct Differentiate<rev<T, Tag>> {
  using R = rev<T, Tag>;
  template <class Op, class... X>
  static constexpr auto apply(const X&... x) {
    const auto y = tenon::apply<Op>(below<R>(x)...);
    if constexpr (!differentiable<Op, static_cast<int>(sizeof...(X))>) {
      return y;
    } else {
      using V = bare_t<decltype(y)>;
      rev<V, Tag> r(y);
      record(r, partials_of<Op>(y, below<R>(x)...), make_seq<static_cast<int>(sizeof...(X))>{}, x...);
      return r;
    }
  }

 private:
  // Not inlined: where derivatives nest, code would grow with every level.
  template <class V, class P, int... I, class... X>
  [[gnu::noinline]] static void record(rev<V, Tag>& r, const P& p, Seq<I...>, const X&... x) {
    Tape* tape = active_tape<Tag>;
    if (!tape) return;
    using A = compute_t<V>;
    A multiplier[sizeof...(X) + 1];
    slot_t operand[sizeof...(X) + 1];
    int n = 0;
    (add<I>(*tape, p, x, multiplier, operand, n), ...);
    if (n == 0) return;
    r.slot = tape->allocate(1, units_of<V>);
    tape->statement(r.slot, n, multiplier, operand);
  }
  template <int I, class P, class X, class A>
  static void add(Tape& tape, const P& p, const X& x, A* multiplier, slot_t* operand, int& n) {
    if constexpr (carries<R, X> && !is_no_partial<bare_t<decltype(partial<I>(p))>>) {
      if (!tape.owns(x.slot)) return;
      using From = compute_t<typename X::inner>;
      // A number of the inner derivative that was made before it met the outer one has adjoints of another type.
      if constexpr (!__is_same(rebase_t<From, base_t<A>>, A) || is_complex<base_t<From>> != is_complex<base_t<A>>) {
        raise<value_error>(Message() << "tenon: a rev number of an inner derivative met one of an outer derivative it "
                                        "was not made for; pass the point of the inner derivative with the outer type");
      } else {
        multiplier[n] = as_number<A>(partial<I>(p));
        operand[n++] = in_precision<A, From>(tape, x.slot);
      }
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
