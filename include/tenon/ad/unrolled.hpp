// tenon/ad/unrolled.hpp: derivatives of functions of fixed size as straight-line code, without a tape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   constexpr auto error = [](const auto& p) { ... return Tensor<value_t<p>, 2>{...}; };
//   auto [e, j] = unrolled_jacobian(error)(p);      // p: Tensor<double, 15>; j: Tensor<double, 2, 15>
//   unrolled_jacobian(error).batch(es, js, ps);     // ps: Tensor<double, 15, dyn>: one in each SIMD lane
// The function is a generic lambda without captures, of tensors of static extents and numbers, and must not branch on
// their values. The compiler writes down what it does (ad/traced.hpp); derivatives go back once for each result, all in
// registers. In constant expressions and without a heap it works as anywhere; nvcc does not compile it yet.
#pragma once
#include <tenon/ad/written.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A function's value and its derivatives with respect to one argument.
template <class V, class J>
struct ValueAndJacobian {
  V value;
  J jacobian;
};

namespace detail {

// One item of a batch, whose last axis, of run-time extent, counts the items; others are the same for all items.
template <class X>
struct ItemOf {
  using type = X;
  static constexpr bool batched = false;
};
template <class T, class Front, index_t... E>
struct DropBatch;
template <class T, index_t... F>
struct DropBatch<T, Extents<F...>, dyn> {
  using type = Tensor<T, F...>;
};
template <class T>
struct DropBatch<T, Extents<>, dyn> {
  using type = T;
};
template <class T, index_t... F, index_t E, index_t... Rest>
requires(sizeof...(Rest) > 0) struct DropBatch<T, Extents<F...>, E, Rest...> : DropBatch<T, Extents<F..., E>, Rest...> {
};
template <class T, index_t... E>
requires(!Extents<E...>::is_static) struct ItemOf<Tensor<T, E...>> : DropBatch<T, Extents<>, E...> {
  static constexpr bool batched = true;
};
template <class T, index_t... E>
requires(!Extents<E...>::is_static) struct ItemOf<TensorView<T, E...>> : DropBatch<bare_t<T>, Extents<>, E...> {
  static constexpr bool batched = true;
};

template <class T, class A, class B>
struct JacobianType;
template <class T, index_t... A, index_t... B>
struct JacobianType<T, Extents<A...>, Extents<B...>> {
  using type = Tensor<T, A..., B...>;
};
template <class T>
struct JacobianType<T, Extents<>, Extents<>> {
  using type = T;
};

// Evaluates what was written down, forwards and backwards.
template <class F, class V, int Arg, class... X>
struct Unrolled : Pullback<F, V, 1u << Arg, X...> {
  using P = Pullback<F, V, 1u << Arg, X...>;
  using P::outputs, P::inputs, P::written, P::size;
  static constexpr int first_input = P::first(Arg);
  static constexpr int variables = static_cast<int>(FixedPart<at_t<Arg, TypeList<X...>>>::size);

  // Which nodes result k depends on, and which contribution to a node's adjoint is the first on the way back.
  struct Way {
    bool needed[size] = {}, first[size][3] = {};
  };
  static constexpr Way way(int k) {
    Way w;
    bool seen[size] = {};
    w.needed[written.output[k]] = seen[written.output[k]] = true;
    for (int i = size - 1; i >= 0; --i) {
      const TraceNode<V>& n = written.trace.node[i];
      if (!w.needed[i]) continue;
      for (int j = 0; j < n.arity; ++j)
        if (written.active[n.arg[j]]) {
          w.needed[n.arg[j]] = true;
          w.first[i][j] = !seen[n.arg[j]];
          seen[n.arg[j]] = true;
        }
    }
    return w;
  }
  template <int K>
  static constexpr Way ways = way(K);

  template <int... I, int... K>
  TENON_FN static void run(const V* in, V* value, V* jacobian, Seq<I...>, Seq<K...>) {
    V v[size];
    Slopes<V> s[size];
    (forward<I>(in, v, s), ...);
    ((value[K] = v[written.output[K]]), ...);
    (back<K>(s, jacobian + K * variables, Seq<I...>{}), ...);
  }
  template <int I>
  TENON_FN static void forward(const V* in, V* v, Slopes<V>* s) {
    P::template step<I>(in, v);
    if constexpr (written.trace.node[I].arity > 0 && written.active[I]) s[I] = P::template slopes<I>(in, v);
  }
  // Results K, if it is even, and K + 1: each waits for itself, and slopes are read once for both.
  template <int K, int... I>
  TENON_FN static void back([[maybe_unused]] Slopes<V>* s, [[maybe_unused]] V* row, Seq<I...>) {
    if constexpr (K % 2 == 0) {
      constexpr bool two = K + 1 < outputs;
      V one[size], other[two ? size : 1];
      one[written.output[K]] = V{} + simd::lane_t<V>(1);
      if constexpr (two) other[written.output[K + 1]] = V{} + simd::lane_t<V>(1);
      (pull_both<K, two, size - 1 - I>(s, one, other), ...);
      gather<K>(one, row, make_seq<variables>{});
      if constexpr (two) gather<K + 1>(other, row + variables, make_seq<variables>{});
    }
  }
  template <int K, bool Two, int I>
  TENON_FN static void pull_both(Slopes<V>* s, V* one, [[maybe_unused]] V* other) {
    pull<K, I>(s, one);
    if constexpr (Two) pull<K + 1, I>(s, other);
  }
  template <int K, int I>
  TENON_FN static void pull(Slopes<V>* s, V* adjoint) {
    constexpr TraceNode<V> n = written.trace.node[I];
    if constexpr (written.active[I] && ways<K>.needed[I]) {
      if constexpr (n.arity > 0) add<K, I, 0>(s[I], adjoint);
      if constexpr (n.arity > 1) add<K, I, 1>(s[I], adjoint);
      if constexpr (n.arity > 2) add<K, I, 2>(s[I], adjoint);
    }
  }
  template <int K, int I, int J>
  TENON_FN static void add(Slopes<V>& s, V* adjoint) {
    constexpr int to = written.trace.node[I].arg[J];
    if constexpr (written.active[to]) {
      const V term = slope<J>(s) * adjoint[I];
      if constexpr (ways<K>.first[I][J]) {
        adjoint[to] = term;
      } else {
        adjoint[to] = adjoint[to] + term;
      }
    }
  }
  template <int K, int... J>
  TENON_FN static void gather(const V* adjoint, V* row, Seq<J...>) {
    ((row[J] = reached<K, first_input + J>(adjoint)), ...);
  }
  template <int K, int I>
  TENON_FN static V reached(const V* adjoint) {
    if constexpr (ways<K>.needed[I]) {
      return adjoint[I];
    } else {
      return V{};
    }
  }
  // Of a few numbers, the derivatives of all results go back at once, each in a lane.
  static constexpr int lanes = outputs == 2 ? 2 : outputs <= 4 ? 4 : 8;
  static constexpr bool goes_together() {
    if constexpr (simd::is_pack<V> || outputs < 2) {
      return false;
    } else {
      return simd::is_pack<simd::native<V>> && outputs <= lanes && lanes <= simd::native_lanes<V>;
    }
  }
  // By index, not in loops: then compilers keep arrays in registers.
  template <int... K, int... I>
  TENON_FN static void run_together(const V* in, V* value, V* jacobian, Seq<K...>, Seq<I...>) {
    using A = simd::pack<V, lanes>;
    V v[size];
    P::values(in, v);
    ((value[K] = v[written.output[K]]), ...);
    A g[outputs] = {only<K, A>(make_seq<lanes>{})...}, d[inputs];
    P::pull_from(v, g, d);
    ((jacobian[I] = d[first_input + I % variables][I / variables]), ...);
  }
  template <int K, class A, int... L>
  TENON_FN static A only(Seq<L...>) {
    return A{V(L == K)...};
  }
  TENON_FN static void run(const V* in, V* value, V* jacobian) {
    if constexpr (goes_together())
      if (!__builtin_is_constant_evaluated()) {
        return run_together(in, value, jacobian, make_seq<outputs>{}, make_seq<outputs * variables>{});
      }
    run(in, value, jacobian, make_seq<size>{}, make_seq<outputs>{});
  }
};

// Whether a function can be written down.
template <class F, class V, int Arg, class... X>
constexpr bool runs_straight() {
  constexpr bool straight = is_straight<Writer<F, V, 1u << Arg, X...>>;
  static_assert(
      straight,
      "tenon: unrolled_jacobian: the function branches on the value of a number, calls what is not constexpr, "
      "or has more than 1024 operations");
  return straight;
}

template <class F, int Arg>
struct UnrolledJacobian {
  template <class... X>
  using Element = typename FixedPart<at_t<Arg, TypeList<X...>>>::element;

  /// The value and the derivatives at x...
  template <class... X>
  TENON_FN auto operator()(const X&... x) const {
    using T = Element<X...>;
    using W = Writer<F, T, 1u << Arg, X...>;
    using R = FixedPart<typename W::Result>;
    using Value = typename R::template rebind<T>;
    using Jacobian =
        typename JacobianType<T, typename R::extents, typename FixedPart<at_t<Arg, TypeList<X...>>>::extents>::type;
    ValueAndJacobian<Value, Jacobian> result{};  // written in place: copies would wait for what was just stored
    if constexpr (runs_straight<F, T, Arg, X...>()) {
      T in[W::inputs];
      int next = 0;
      (collect(x, in, next, make_seq<static_cast<int>(FixedPart<X>::size)>{}), ...);
      Unrolled<F, T, Arg, X...>::run(in, &R::at(result.value, 0), &FixedPart<Jacobian>::at(result.jacobian, 0));
    }
    return result;
  }

  /// The same for many points at once, each in a lane of the SIMD packs: the last axis of x... counts them, and the
  /// last of `values` and `jacobians`, which are written. Arguments of static extents are the same for all points.
  /// shape_error where extents differ, value_error where elements of the last axis do not lie side by side.
  template <class Values, class Jacobians, class... X>
  void batch(Values& values, Jacobians& jacobians, const X&... x) const {
    using T = typename FixedPart<typename ItemOf<at_t<Arg, TypeList<X...>>>::type>::element;
    using V = simd::native<T>;
    using U = Unrolled<F, V, Arg, typename ItemOf<X>::type...>;
    static_assert(runs_straight<F, V, Arg, typename ItemOf<X>::type...>());
    static_assert(ItemOf<at_t<Arg, TypeList<X...>>>::batched, "tenon: batch: the last axis must be of run-time extent");
    using Derivatives = JacobianType<T, typename FixedPart<typename U::Result>::extents,
                                     typename FixedPart<typename ItemOf<at_t<Arg, TypeList<X...>>>::type>::extents>;
    static_assert(
        __is_same(typename ItemOf<Values>::type, typename FixedPart<typename U::Result>::template rebind<T>) &&
            __is_same(typename ItemOf<Jacobians>::type, typename Derivatives::type),
        "tenon: batch: values and jacobians must have the extents of a value and of a Jacobian, and one more, "
        "of run-time extent, for the points");
    const T* in[U::inputs];
    T *value[U::outputs], *jacobian[U::outputs * U::variables];
    index_t n = -1;
    const T** input = in;
    (rows(x, input, n), ...);
    T** output = value;
    rows(values, output, n);
    rows(jacobians, output = jacobian, n);
    constexpr Batch<typename ItemOf<X>::type...> batch{{ItemOf<X>::batched...}};
    constexpr int lanes = simd::native_lanes<T>;
    index_t i = 0;
    for (; i + lanes <= n; i += lanes) {
      V from[U::inputs], v[U::outputs], j[U::outputs * U::variables];
#pragma GCC unroll 64
      for (int k = 0; k < U::inputs; ++k) from[k] = batch.has(k) ? simd::load<V>(in[k] + i) : V{} + *in[k];
      U::run(from, v, j);
      for (int k = 0; k < U::outputs; ++k) simd::store(value[k] + i, v[k]);
#pragma GCC unroll 64
      for (int k = 0; k < U::outputs * U::variables; ++k) simd::store(jacobian[k] + i, j[k]);
    }
    // A few points more go in narrow packs, which many processors compute twice as fast.
    constexpr int few = 16 / static_cast<int>(sizeof(T));
    if constexpr (lanes >= 4 * few) {
      using Few = simd::pack<T, few>;
      if (i < n && n - i <= few)
        return rest<Unrolled<F, Few, Arg, typename ItemOf<X>::type...>, Few>(batch, in, value, jacobian, i, n - i);
    }
    if (i < n) rest<U, V>(batch, in, value, jacobian, i, n - i);
  }

 private:
  // Which inputs have a number for each point: those of arguments that are batched.
  template <class... Item>
  struct Batch {
    bool batched[sizeof...(Item)];
    constexpr bool has(int input) const {
      constexpr index_t size[] = {FixedPart<Item>::size...};
      int argument = 0;
      for (index_t i = input; i >= size[argument]; ++argument) i -= size[argument];
      return batched[argument];
    }
  };
  // Where the rows of x begin: one for each number of an item.
  template <class X, class P>
  static void rows(X& x, P**& out, index_t& n) {
    using Item = ItemOf<bare_t<X>>;
    if constexpr (!Item::batched) {
      for (index_t i = 0; i < FixedPart<bare_t<X>>::size; ++i) *out++ = &FixedPart<bare_t<X>>::at(x, i);
    } else {
      const StridedMap map = x.map();
      const int last = map.extents.rank - 1;
      if (n >= 0 && map.extents.d[last] != n)
        raise<shape_error>(Message() << "tenon: batch: one argument has " << n << " items, another "
                                     << map.extents.d[last]);
      n = map.extents.d[last];
      if (n > 1 && map.strides.d[last] != 1)
        raise<value_error>(Message() << "tenon: batch: the elements of the last axis must lie side by side");
      P* const first = x.data() + map.offset;
      rows_from<0, typename FixedPart<typename Item::type>::extents>(first, map.strides, out);
    }
  }
  template <int Axis, class E, class P>
  static void rows_from(P* p, const Dims& strides, P**& out) {
    if constexpr (Axis == E::rank) {
      *out++ = p;
    } else {
      for (index_t i = 0; i < E::static_extent(Axis); ++i, p += strides.d[Axis])
        rows_from<Axis + 1, E>(p, strides, out);
    }
  }
  // The rest of a batch, fewer points than a pack has lanes: a copy of the code, whose arrays are none of the loop's.
  template <class U, class V, class B, class T>
  [[gnu::noinline]] static void rest(B batch, const T* const* in, T* const* value, T* const* jacobian, index_t i,
                                     index_t n) {
    V from[U::inputs], v[U::outputs], j[U::outputs * U::variables];
#pragma GCC unroll 64
    for (int k = 0; k < U::inputs; ++k) from[k] = batch.has(k) ? load_points<V>(in[k] + i, n) : V{} + *in[k];
    U::run(from, v, j);
    for (int k = 0; k < U::outputs; ++k) store_points(value[k] + i, v[k], n);
#pragma GCC unroll 64
    for (int k = 0; k < U::outputs * U::variables; ++k) store_points(jacobian[k] + i, j[k], n);
  }
  // In narrow packs the last point is repeated, read and written once for each lane: no branches.
  template <class V, class T>
  TENON_FN static V load_points(const T* p, index_t n) {
    if constexpr (sizeof(V) < simd::native_bytes) {
      V v;
      for (int l = 0; l < simd::lanes<V>; ++l) v[l] = p[l < n ? l : n - 1];
      return v;
    } else {
      return simd::load_partial<V>(p, n);
    }
  }
  template <class V, class T>
  TENON_FN static void store_points(T* p, V v, index_t n) {
    if constexpr (sizeof(V) < simd::native_bytes) {
      for (int l = 0; l < simd::lanes<V>; ++l) p[l < n ? l : n - 1] = v[l];
    } else {
      simd::store_partial(p, v, n);
    }
  }
  template <class X, class T, int... I>
  TENON_FN static void collect(const X& x, T* in, int& next, Seq<I...>) {
    ((in[next + I] = static_cast<T>(FixedPart<X>::at(x, I))), ...);
    next += static_cast<int>(sizeof...(I));
  }
};

}  // namespace detail

/// The function that gives f's value and its Jacobian with respect to argument Arg; see the head of this file.
template <int Arg = 0, class F>
constexpr auto unrolled_jacobian(F) {
  static_assert(__is_empty(F),
                "tenon: unrolled_jacobian: the function must not capture anything: pass it as arguments");
  return detail::UnrolledJacobian<F, Arg>{};
}

}  // namespace TENON_ABI
}  // namespace tenon
