// tenon/ad/replay_rule.hpp: an op as functions that read and write the values and adjoints of a list of operations.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One call for a run of operations of one kind, and one direction: operands are loaded, and partial derivatives
// computed, inside of it.
#pragma once
#include <tenon/ad/traced.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// How results depend on an operation's operands, to second order.
enum class Bend { flat, linear, product, quotient, curved };
template <class Op>
inline constexpr Bend bend = Bend::curved;
template <>
inline constexpr Bend bend<op::Add> = Bend::linear;
template <>
inline constexpr Bend bend<op::Subtract> = Bend::linear;
template <>
inline constexpr Bend bend<op::Negate> = Bend::linear;
template <>
inline constexpr Bend bend<op::Abs> = Bend::linear;
template <>
inline constexpr Bend bend<op::Multiply> = Bend::product;
template <>
inline constexpr Bend bend<op::Divide> = Bend::quotient;

template <class T>
struct ReplayRule;
// An operation: where its result and its operands are among the values.
template <class T>
struct ReplayOperation {
  const ReplayRule<T>* rule;
  int out, arg[3];
};

// An op on numbers T, and on packs of them, each in a lane of its own.
template <class T>
struct ReplayRule {
  using V = simd::native<T>;
  using Operation = ReplayOperation<T>;
  int arity;
  bool differentiable;
  Bend bend;
  // Operations from `first` on, before `last`; pulled back last first.
  void (*forward)(T* v, const Operation* first, const Operation* last);
  void (*pull)(const T* v, T* adjoints, const Operation* first, const Operation* last);
  void (*pull_rows)(const T* v, V* adjoints, const Operation* first, const Operation* last);  // several results
  void (*forward_pack)(V* v, const Operation* first, const Operation* last);
  void (*pull_pack)(const V* v, V* adjoints, const Operation* first, const Operation* last);
};

template <class G>
TENON_FN bool no_adjoint(const G& g) {
  if constexpr (simd::is_pack<G>) {
    return !simd::any(g != G{});
  } else {
    return g == 0;
  }
}
// adjoint += slope * out; lanes without an adjoint get none, not even 0 * inf.
template <class V, class G, class P>
TENON_FN void add_adjoint(G& adjoint, const P& slope, const G& out) {
  if constexpr (!is_no_partial<P>) {
    const V s = as_slope<V>(slope);
    if constexpr (simd::is_pack<G>) {
      adjoint += simd::select(out == G{}, G{}, G(s * out));
    } else {
      adjoint += s * out;
    }
  }
}

template <class Op, int N, bool Compares>
struct ReplayOf {
  template <class V, class Operation>
  static void forward(V* v, const Operation* first, const Operation* last) {
    for (const Operation* o = first; o != last; ++o) v[o->out] = value<V>(v, o->arg, make_seq<N>{});
  }
  template <class V, class G, class Operation>
  static void pull(const V* v, G* g, const Operation* first, const Operation* last) {
    for (const Operation* o = last; o != first;) {
      --o;
      const G out = g[o->out];
      if (!no_adjoint(out)) pull_back(v, g, *o, out, make_seq<N>{});
    }
  }

 private:
  template <class V, int... I>
  TENON_FN static V value(const V* v, const int* arg, Seq<I...>) {
    if constexpr (Compares) {
      return simd::select(tenon::apply<Op>(v[arg[I]]...), V{} + 1, V{});
    } else if constexpr (condition_first<Op>) {
      return simd::select(v[arg[0]] != V{}, v[arg[1]], v[arg[2]]);
    } else {
      return tenon::apply<Op>(v[arg[I]]...);
    }
  }
  template <class V, class G, class Operation, int... I>
  TENON_FN static void pull_back(const V* v, G* g, const Operation& o, const G& out, Seq<I...>) {
    if constexpr (condition_first<Op>) {
      const auto chosen = v[o.arg[0]] != V{};
      const V one = V{} + 1;
      add_adjoint<V>(g[o.arg[1]], simd::select(chosen, one, V{}), out);
      add_adjoint<V>(g[o.arg[2]], simd::select(chosen, V{}, one), out);
    } else {
      const auto p = partials_of<Op>(v[o.out], v[o.arg[I]]...);
      (add_adjoint<V>(g[o.arg[I]], partial<I>(p), out), ...);
    }
  }
};

template <class Op, int N, class T, bool Compares>
constexpr ReplayRule<T> make_replay_rule() {
  using V = simd::native<T>;
  using R = ReplayOf<Op, N, Compares>;
  using O = ReplayOperation<T>;
  ReplayRule<T> r{N,      false, Bend::flat, &R::template forward<T, O>, nullptr, nullptr, &R::template forward<V, O>,
                  nullptr};
  if constexpr (!Compares && tenon::differentiable<Op, N>) {
    r.differentiable = true;
    r.bend = condition_first<Op> ? Bend::linear : bend<Op>;
    r.pull = &R::template pull<T, T, O>;
    r.pull_rows = &R::template pull<T, V, O>;
    r.pull_pack = &R::template pull<V, V, O>;
  }
  return r;
}
template <class Op, int N, class T, bool Compares>
inline constexpr ReplayRule<T> replay_rule = make_replay_rule<Op, N, T, Compares>();

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
