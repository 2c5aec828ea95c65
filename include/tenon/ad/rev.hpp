// tenon/ad/rev.hpp: reverse mode on scalars: an op on rev numbers records its partials on the active tape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Works in any templated code: loops, branches, user types. Numbers whose tape is no longer active, and numbers that
// never met a variable, are constants.
#pragma once
#include <tenon/ad/dual.hpp>
#include <tenon/ad/tape.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T, class Tag>
struct Differentiate<rev<T, Tag>> {
  using R = rev<T, Tag>;
  template <class Op, class... X>
  TENON_FN static auto apply(const X&... x) {
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
  template <class V, class P, int... I, class... X>
  static void record(rev<V, Tag>& r, const P& p, Seq<I...>, const X&... x) {
    Tape* tape = active_tape<Tag>;
    if (!tape) return;
    V multiplier[sizeof...(X) + 1];
    slot_t operand[sizeof...(X) + 1];
    int n = 0;
    (add<I>(p, x, multiplier, operand, n), ...);
    if (n == 0) return;
    r.slot = tape->allocate(1, adjoint_units_of<V>);
    tape->statement(r.slot, n, multiplier, operand);
  }
  template <class V>
  static constexpr index_t adjoint_units_of = (static_cast<index_t>(sizeof(V)) + 3) / 4;
  template <int I, class P, class X, class V>
  TENON_FN static void add(const P& p, const X& x, V* multiplier, slot_t* operand, int& n) {
    if constexpr (carries<R, X> && !is_no_partial<bare_t<decltype(partial<I>(p))>>) {
      if (x.slot == 0) return;
      // A number of the inner derivative that was made before it met the outer one has adjoints of another type.
      if constexpr (!__is_same(typename X::inner, V)) {
        raise<value_error>(Message() << "tenon: a rev number of an inner derivative met one of an outer derivative it "
                                        "was not made for; pass the point of the inner derivative with the outer type");
      } else {
        multiplier[n] = as_number<V>(partial<I>(p));
        operand[n++] = x.slot;
      }
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
