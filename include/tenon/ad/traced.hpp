// tenon/ad/traced.hpp: a function of fixed size as a list of its operations, made by the compiler.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function without run-time control flow is run once in a constant expression, on numbers that write down the op and
// the operands that each result comes from. The list is then a constant: evaluating it, forwards or backwards, is
// straight-line code (ad/unrolled.hpp). V is the type that the code computes with, a number or a SIMD pack.
#pragma once
#include <tenon/ad/dual.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Partial derivatives with respect to up to three operands.
template <class V>
struct Slopes {
  V a, b, c;
};
template <int I, class V>
TENON_FN auto& slope(Slopes<V>& s) {
  if constexpr (I == 0) return s.a;
  if constexpr (I == 1) return s.b;
  if constexpr (I == 2) return s.c;
}

template <class V, class P>
TENON_FN V as_slope(const P& p) {
  if constexpr (__is_same(P, V)) {
    return p;
  } else if constexpr (is_no_partial<P>) {
    return V{};
  } else if constexpr (__is_same(P, Literal)) {
    return V{} + static_cast<simd::lane_t<V>>(p.value);
  } else {
    return V{} + static_cast<simd::lane_t<V>>(p);
  }
}

// An op as two functions of V. Who calls them names them as constants (`constexpr auto f = rule->value;`): compilers
// that hardly optimise inline no calls through pointers.
template <class V>
struct Rule {
  V (*value)(V, V, V);
  Slopes<V> (*slopes)(V y, V, V, V);
  bool differentiable;
  int cost;
};
template <class Op, int N, class V>
struct RuleOf {
  TENON_FN static V value(V a, [[maybe_unused]] V b, [[maybe_unused]] V c) {
    if constexpr (N == 1) return tenon::apply<Op>(a);
    if constexpr (N == 2) return tenon::apply<Op>(a, b);
    if constexpr (N == 3) return tenon::apply<Op>(a, b, c);
  }
  TENON_FN static Slopes<V> slopes([[maybe_unused]] V y, [[maybe_unused]] V a, [[maybe_unused]] V b,
                                   [[maybe_unused]] V c) {
    if constexpr (!tenon::differentiable<Op, N>) {
      return {};
    } else if constexpr (N == 1) {
      const auto p = partials_of<Op>(y, a);
      return {as_slope<V>(p.a), V{}, V{}};
    } else if constexpr (N == 2) {
      const auto p = partials_of<Op>(y, a, b);
      return {as_slope<V>(p.a), as_slope<V>(p.b), V{}};
    } else {
      const auto p = partials_of<Op>(y, a, b, c);
      return {as_slope<V>(p.a), as_slope<V>(p.b), as_slope<V>(p.c)};
    }
  }
  static constexpr Rule<V> rule{&value, &slopes, tenon::differentiable<Op, N>, Op::cost};
};

// One operation, input or constant.
template <class V>
struct TraceNode {
  const Rule<V>* rule = nullptr;
  int arity = 0, arg[3] = {};  // earlier nodes
  int input = -1;
  double constant = 0;
};

inline constexpr int most_traced = 1024;

template <class V>
struct Trace {
  TraceNode<V> node[most_traced];
  int size = 0;

  constexpr int add(const TraceNode<V>& n) {
    if (size == most_traced) too_many_operations();
    node[size] = n;
    return size++;
  }
  constexpr int constant(double c) {
    TraceNode<V> n;
    n.constant = c;
    return add(n);
  }
  // Not constexpr: named in the compiler's message.
  static void too_many_operations() {}
};

}  // namespace detail

struct TracedDomain {
  static constexpr int rank = 1;
  template <class Op, class... X>
  static constexpr auto apply(const X&... x);
};

// A number in a function that is being written down: a node of the trace, or a constant.
template <class V>
struct traced {
  using tenon_domain = TracedDomain;
  detail::Trace<V>* trace = nullptr;
  int node = -1;
  double number = 0;

  constexpr traced() = default;
  template <class S>
  constexpr traced(const S& c) requires(is_real<S>) : number(static_cast<double>(c)) {}
  constexpr traced(detail::Trace<V>* t, int n) : trace(t), node(n) {}
  constexpr int in(detail::Trace<V>& t) const { return trace ? node : t.constant(number); }
  template <class S>
  constexpr traced& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  constexpr traced& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  constexpr traced& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  constexpr traced& operator/=(const S& x) {
    return *this = *this / x;
  }
};

namespace detail {

template <class X>
inline constexpr bool is_traced = false;
template <class V>
inline constexpr bool is_traced<traced<V>> = true;
template <class... X>
struct TracedIn;
template <class X, class... Rest>
struct TracedIn<X, Rest...> : TracedIn<Rest...> {};
template <class V, class... Rest>
struct TracedIn<traced<V>, Rest...> {
  using type = V;
};
template <class V, class X>
constexpr traced<V> as_traced(const X& x) {
  if constexpr (is_traced<X>) {
    return x;
  } else if constexpr (__is_same(X, Literal)) {
    return static_cast<double>(x.value);
  } else {
    return static_cast<double>(x);
  }
}
// Not constexpr: named in the compiler's message.
inline void the_function_branches_on_a_value() {}

}  // namespace detail

template <class Op, class... X>
constexpr auto TracedDomain::apply(const X&... x) {
  using V = typename detail::TracedIn<X...>::type;
  constexpr int n = static_cast<int>(sizeof...(X));
  const traced<V> operand[] = {detail::as_traced<V>(x)...};
  detail::Trace<V>* trace = nullptr;
  for (const auto& o : operand)
    if (o.trace) trace = o.trace;
  using Plain = decltype(tenon::apply<Op>((static_cast<void>(x), 0.0)...));
  if constexpr (is_bool<Plain>) {
    if (trace) detail::the_function_branches_on_a_value();
    if constexpr (n == 1) return tenon::apply<Op>(operand[0].number);
    if constexpr (n == 2) return tenon::apply<Op>(operand[0].number, operand[1].number);
  } else {
    if (!trace) {
      if constexpr (n == 1) return traced<V>(tenon::apply<Op>(operand[0].number));
      if constexpr (n == 2) return traced<V>(tenon::apply<Op>(operand[0].number, operand[1].number));
      if constexpr (n == 3) return traced<V>(tenon::apply<Op>(operand[0].number, operand[1].number, operand[2].number));
    }
    detail::TraceNode<V> node;
    node.rule = &detail::RuleOf<Op, n, V>::rule;
    node.arity = n;
    for (int i = 0; i < n; ++i) node.arg[i] = operand[i].in(*trace);
    return traced<V>(trace, trace->add(node));
  }
}

template <class V>
inline constexpr bool is_element<traced<V>> = true;
template <class V, class B>
requires(is_plain<B> && !detail::is_traced<B>) struct Promote<traced<V>, B> {
  using type = traced<V>;
};
template <class V, class B>
requires(is_plain<B> && !detail::is_traced<B>) struct Promote<B, traced<V>> {
  using type = traced<V>;
};

}  // namespace TENON_ABI
}  // namespace tenon
