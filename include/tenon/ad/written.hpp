// tenon/ad/written.hpp: a function of fixed size, written down by the compiler, and its adjoints in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arguments are numbers and tensors of static extents. What the function does is a list of operations
// (ad/traced.hpp), known when the program is compiled. `Pullback` runs the list forwards, or forwards and then once
// backwards for the adjoints of all results.
#pragma once
#include <tenon/ad/traced.hpp>
#include <tenon/ops/trigonometric.hpp>
#include <tenon/tensor/tensor.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// How many numbers an argument or a result of fixed size is made of; its shape; element i.
template <class X>
struct FixedPart;
template <class X>
requires(is_element<X>) struct FixedPart<X> {
  using element = X;
  using extents = Extents<>;
  template <class V>
  using rebind = V;
  static constexpr index_t size = 1;
  template <class Y>
  static constexpr auto& at(Y& x, index_t) {
    return x;
  }
};
template <class T, index_t... E>
requires(Extents<E...>::is_static) struct FixedPart<Tensor<T, E...>> {
  using element = T;
  using extents = Extents<E...>;
  template <class V>
  using rebind = Tensor<V, E...>;
  static constexpr index_t size = (E * ... * 1);
  template <class Y>
  static constexpr auto& at(Y& x, index_t i) {
    return x.data()[i];
  }
};

// How F on X... is written down for numbers V; bit i of Active: derivatives with respect to argument i are wanted.
template <class F, class V, unsigned Active, class... X>
struct Writer {
  template <class P>
  using Traced = typename FixedPart<P>::template rebind<traced<V>>;
  using Result = bare_t<decltype(some<const F&>()(some<const Traced<X>&>()...))>;
  static constexpr int inputs = static_cast<int>((FixedPart<X>::size + ...));
  static constexpr int outputs = static_cast<int>(FixedPart<Result>::size);
  // The first input of an argument; the argument of an input.
  static constexpr int first(int argument) {
    const index_t size[] = {FixedPart<X>::size...};
    index_t n = 0;
    for (int i = 0; i < argument; ++i) n += size[i];
    return static_cast<int>(n);
  }
  static constexpr int argument_of(int input) {
    int argument = 0;
    while (first(argument + 1) <= input) ++argument;
    return argument;
  }

  struct Written {
    Trace<V> trace;
    int output[outputs] = {};
    bool active[most_traced] = {};  // whether a node depends on the variables
    // Of a sine the cosine of the same number, and the other way round: both are computed at once, and each is the
    // other's derivative. 0: none.
    int twin[most_traced] = {};
  };
  static constexpr Written write() {
    Written w;
    Trace<V>& t = w.trace;
    for (int i = 0; i < inputs; ++i) {
      TraceNode<V> n;
      n.input = i;
      w.active[t.add(n)] = (Active >> argument_of(i)) & 1;
    }
    int next = 0;
    const auto argument = [&]<class P>(const P*) {
      Traced<P> x{};
      for (index_t i = 0; i < FixedPart<P>::size; ++i) FixedPart<P>::at(x, i) = traced<V>(&t, next++);
      return x;
    };
    call(w, argument(static_cast<const X*>(nullptr))...);
    for (int i = inputs; i < t.size; ++i)
      for (int k = 0; k < t.node[i].arity; ++k)
        w.active[i] = w.active[i] || (t.node[i].rule->differentiable && w.active[t.node[i].arg[k]]);
    if constexpr (is_real<simd::lane_t<V>>)
      for (int i = inputs, n = t.size; i < n; ++i)
        if ((is_sine(t.node[i]) || is_cosine(t.node[i])) && !w.twin[i]) find_twin(w, i, n);
    return w;
  }
  static constexpr bool is_sine(const TraceNode<V>& n) { return n.rule == &RuleOf<op::Sin, 1, V>::rule; }
  static constexpr bool is_cosine(const TraceNode<V>& n) { return n.rule == &RuleOf<op::Cos, 1, V>::rule; }
  // The twin of a node, among those up to n; written down now if the function has none and a derivative needs one.
  static constexpr void find_twin(Written& w, int node, int n) {
    Trace<V>& t = w.trace;
    TraceNode<V> other = t.node[node];
    other.rule = is_sine(other) ? &RuleOf<op::Cos, 1, V>::rule : &RuleOf<op::Sin, 1, V>::rule;
    int i = node + 1;
    while (i < n && !(t.node[i].rule == other.rule && t.node[i].arg[0] == other.arg[0] && !w.twin[i])) ++i;
    if (i == n) {
      if (!w.active[node]) return;
      i = t.add(other);
    }
    w.twin[node] = i;
    w.twin[i] = node;
  }
  template <class... A>
  static constexpr void call(Written& w, const A&... x) {
    const Result r = F{}(x...);
    for (int k = 0; k < outputs; ++k) w.output[k] = FixedPart<Result>::at(r, k).in(w.trace);
  }
};

// Whether that works.
template <int>
struct Constant;
template <class W>
inline constexpr bool is_straight = requires {
  typename Constant<W::write().trace.size>;
};

// Evaluates what was written down; pulls the adjoints of all results back at once. The inputs are an array of packs, or
// an object whose number<P, K>() gives input K of point P, anew at each use if reads_anew<K>: what compilers would
// write to memory and read there again they read where it is.
template <class F, class V, unsigned Active, class... X>
struct Pullback : Writer<F, V, Active, X...> {
  using W = Writer<F, V, Active, X...>;
  using W::inputs, W::outputs;
  static constexpr typename W::Written written = W::write();
  static constexpr int size = written.trace.size;
  // Whether an operation is a function whose instructions wait for each other.
  static constexpr bool waits = [] {
    for (int i = inputs; i < size; ++i)
      if (written.trace.node[i].rule && written.trace.node[i].rule->cost >= 10) return true;
    return false;
  }();

  // Which nodes have adjoints, and which contribution to each is the first on the way back.
  struct Way {
    bool needed[size] = {}, first[size][3] = {}, seeds[outputs] = {};
  };
  static constexpr Way make_way() {
    Way w;
    for (int k = 0; k < outputs; ++k) {
      bool& needed = w.needed[written.output[k]];
      w.seeds[k] = !needed;
      needed = true;
    }
    for (int i = size - 1; i >= 0; --i)
      for (int j = 0; w.needed[i] && j < written.trace.node[i].arity; ++j)
        if (const int to = written.trace.node[i].arg[j]; written.active[i] && written.active[to]) {
          w.first[i][j] = !w.needed[to];
          w.needed[to] = true;
        }
    return w;
  }
  static constexpr Way way = make_way();

  /// The results. Together: for so many points, whose numbers follow each other in `in` and `out`, operation by
  /// operation: functions that wait for themselves wait at the same time.
  template <int Together = 1, class In>
  TENON_FN static void run(In&& in, V* out) {
    V v[Together * size];
    forward(in, v, make_seq<size>{}, make_seq<Together>{});
    results(v, out, make_seq<Together * outputs>{});
  }
  /// What adjoints g of the results give the inputs; zero where there is nothing.
  template <int Together = 1, class In>
  TENON_FN static void pull(In&& in, const V* g, V* of_inputs) {
    V v[Together * size], adjoint[Together * size];
    constexpr auto points = make_seq<Together>{};
    forward(in, v, make_seq<size>{}, points);
    seed_all(g, adjoint, points);
    backward(in, v, adjoint, make_seq<size>{}, points);
    collect_all(adjoint, of_inputs, points);
  }
  /// The same, with the values of all nodes known. Adjoints may be packs of numbers V, one lane for each of several
  /// sweeps.
  template <class A>
  TENON_FN static void pull_from(const V* v, const A* g, A* of_inputs) {
    A adjoint[size];
    seed(g, adjoint, make_seq<outputs>{});
    const V* const known = v;  // all inputs are among them
    backward(known, v, adjoint, make_seq<size>{}, Seq<0>{});
    collect(adjoint, of_inputs, make_seq<inputs>{});
  }
  /// The values of all nodes.
  TENON_FN static void values(const V* in, V* v) { forward(in, v, make_seq<size>{}, Seq<0>{}); }

 protected:
  template <int I, int P = 0, class In>
  TENON_FN static void step(In& in, V* v) {
    constexpr TraceNode<V> n = written.trace.node[I];
    if constexpr (constexpr int twin = written.twin[I]; twin > 0) {
      if constexpr (I < twin) {
        const auto both = math::sincos(node<n.arg[0], P>(in, v));
        v[I] = W::is_sine(n) ? both.sin : both.cos;
        v[twin] = W::is_sine(n) ? both.cos : both.sin;
      }
    } else if constexpr (n.arity > 0) {
      constexpr auto value = n.rule->value;
      v[I] = value(node<n.arg[0], P>(in, v), node<n.arg[1], P>(in, v), node<n.arg[2], P>(in, v));
    } else if constexpr (n.input < 0) {
      v[I] = V{} + static_cast<simd::lane_t<V>>(n.constant);
    } else if constexpr (!reads_anew<In, I>()) {
      v[I] = input<n.input, P>(in);
    }
  }
  template <int I, int P = 0, class In>
  TENON_FN static Slopes<V> slopes(In& in, const V* v) {
    constexpr TraceNode<V> n = written.trace.node[I];
    if constexpr (constexpr int twin = written.twin[I]; twin > 0) {
      return {W::is_sine(n) ? v[twin] : -v[twin], V{}, V{}};
    } else {
      constexpr auto slopes = n.rule->slopes;
      return slopes(v[I], node<n.arg[0], P>(in, v), node<n.arg[1], P>(in, v), node<n.arg[2], P>(in, v));
    }
  }

 private:
  template <int K, int P, class In>
  TENON_FN static V input(In& in) {
    if constexpr (requires { in[K]; }) {
      return in[P * inputs + K];
    } else {
      return in.template number<P, K>();
    }
  }
  template <class In, int I>
  static constexpr bool reads_anew() {
    if constexpr (requires { In::template reads_anew<0>; }) {
      if constexpr (constexpr int k = written.trace.node[I].input; k >= 0) return In::template reads_anew<k>;
    }
    return false;
  }
  template <int I, int P, class In>
  TENON_FN static V node([[maybe_unused]] In& in, [[maybe_unused]] const V* v) {
    if constexpr (reads_anew<In, I>()) {
      return input<written.trace.node[I].input, P>(in);
    } else {
      return v[I];
    }
  }
  template <class In, int... I, class Points>
  TENON_FN static void forward(In& in, V* v, Seq<I...>, Points p) {
    (step_all<I>(in, v, p), ...);
  }
  template <int I, class In, int... P>
  TENON_FN static void step_all(In& in, V* v, Seq<P...>) {
    (step<I, P>(in, v + P * size), ...);
  }
  template <int... K>
  TENON_FN static void results(const V* v, V* out, Seq<K...>) {
    ((out[K] = v[K / outputs * size + written.output[K % outputs]]), ...);
  }
  template <class A, int... P>
  TENON_FN static void seed_all(const A* g, A* adjoint, Seq<P...>) {
    (seed(g + P * outputs, adjoint + P * size, make_seq<outputs>{}), ...);
  }
  template <class A, int... P>
  TENON_FN static void collect_all(const A* adjoint, A* of_inputs, Seq<P...>) {
    (collect(adjoint + P * size, of_inputs + P * inputs, make_seq<inputs>{}), ...);
  }
  template <class A, int... K>
  TENON_FN static void seed(const A* g, A* adjoint, Seq<K...>) {
    ((adjoint[written.output[K]] = way.seeds[K] ? g[K] : adjoint[written.output[K]] + g[K]), ...);
  }
  template <class In, class A, int... I, class Points>
  TENON_FN static void backward(In& in, const V* v, A* adjoint, Seq<I...>, Points p) {
    (back_all<size - 1 - I>(in, v, adjoint, p), ...);
  }
  template <int I, class In, class A, int... P>
  TENON_FN static void back_all(In& in, const V* v, A* adjoint, Seq<P...>) {
    (back<I, P>(in, v + P * size, adjoint + P * size), ...);
  }
  template <int I, int P, class In, class A>
  TENON_FN static void back(In& in, const V* v, A* adjoint) {
    constexpr TraceNode<V> n = written.trace.node[I];
    if constexpr (n.arity > 0 && written.active[I] && way.needed[I]) {
      Slopes<V> s = slopes<I, P>(in, v);
      add<I, 0>(s, adjoint);
      if constexpr (n.arity > 1) add<I, 1>(s, adjoint);
      if constexpr (n.arity > 2) add<I, 2>(s, adjoint);
    }
  }
  template <int I, int J, class A>
  TENON_FN static void add(Slopes<V>& s, A* adjoint) {
    constexpr int to = written.trace.node[I].arg[J];
    if constexpr (written.active[to]) {
      const A term = slope<J>(s) * adjoint[I];
      if constexpr (way.first[I][J]) {
        adjoint[to] = term;
      } else {
        adjoint[to] = adjoint[to] + term;
      }
    }
  }
  template <class A, int... K>
  TENON_FN static void collect(const A* adjoint, A* of_inputs, Seq<K...>) {
    ((of_inputs[K] = written.active[K] && way.needed[K] ? adjoint[K] : A{}), ...);
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
