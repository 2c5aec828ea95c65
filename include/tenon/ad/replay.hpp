// tenon/ad/replay.hpp: record(f, x...): a function's operations, written down once, evaluated for other inputs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   const auto r = record(f, x);               // runs f once
//   double y = r(x2);                          // the same operations on x2; f does not run
//   auto [value, gradient] = r.value_and_grad(x2);
//   auto j = r.jacobian(x2);
//   r.batch(values, gradients, points);        // one point in each SIMD lane
// Valid for other inputs if f does the same operations for all values: a branch on one is an error while recording
// (where, relu, minimum are operations). Integers, sizes and what f captures are constants. Dead code is dropped.
#pragma once
#include <tenon/ad/replay_program.hpp>
#include <tenon/ad/vjp.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T>
struct RecordedOf {
  template <class U>
  using type = recorded<T>;
};

// Calls f.number(x) for a number, f.tensor(x) for each tensor with derivatives, in the order of `transform`.
template <class X, class F>
void each_variable(X& x, F& f, bool top = true) {
  using B = bare_t<X>;
  if constexpr (is_tensor<B>) {
    if constexpr (has_derivative<typename B::value_type>) f.tensor(x);
  } else if constexpr (is_frozen<B>) {
  } else if constexpr (is_element<B>) {
    if constexpr (has_derivative<B>)
      if (top) f.number(x);
  } else if constexpr (optional_like<B>) {
    if (x.has_value()) each_variable(*x, f, false);
  } else if constexpr (variant_like<B>) {
    visit_alternative([&](auto& a) { each_variable(a, f, false); }, x);
  } else if constexpr (sequence<B>) {
    for (auto& e : x) each_variable(e, f, false);
  } else if constexpr (__is_class(B) && has_members<B>) {
    for_each_member(x, [&](auto& m) { each_variable(m, f, false); });
  }
}

// Lifts the arguments: numbers are nodes 1, 2, ...
template <class T>
struct LiftRecorded {
  Recorder<T>& recorder;
  template <class R, class X>
  R leaf(X& x) {
    static_assert(__is_same(typename X::value_type, T), "tenon: record: all variables must be of one type");
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) r.data()[i] = variable(x.data()[i]);
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return R(x);
  }
  recorded<T> variable(const T& x) { return {x, recorder.input(x)}; }
};
// Shapes of variables, to compare with those of another call.
struct ListShapes {
  Grow<Dims>& shapes;
  index_t count = 0;
  template <class X>
  void number(X&) {
    shapes.push(Dims{});
    ++count;
  }
  template <class X>
  void tensor(X& x) {
    shapes.push(x.dims());
    count += x.size();
  }
};
// Copies variables to where operations read them.
template <class T>
struct ReadVariables {
  const Grow<Dims>& shapes;
  T* to;
  index_t at = 0, count = 0;
  template <class X>
  void number(X& x) {
    next(Dims{});
    to[count++] = static_cast<T>(x);
  }
  template <class X>
  void tensor(X& x) {
    next(x.dims());
    for (index_t i = 0, n = x.size(); i < n; ++i) to[count++] = static_cast<T>(x.data()[i]);
  }
  void next(const Dims& d) {
    if (!(shapes[at] == d)) fail_shapes("a recorded function", "an argument differs in shape", d, shapes[at]);
    ++at;
  }
};
// Adjoints in the arguments' own types.
template <class T>
struct CollectRecorded {
  static constexpr bool collects = true;
  const T* from;
  template <class R, class X>
  R leaf(X& x) {
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) r.data()[i] = *from++;
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return x;
  }
};
// The type of numbers that an argument holds, void if none that has a derivative.
template <class X>
struct VariableNumber {
  using type = typename FirstElement<X>::type;
};
template <class X>
requires(is_element<X>) struct VariableNumber<X> {
  using type = X;
};
// Numbers, tensors and models of a derivative: dual, rev, or on another list.
template <class X>
inline constexpr bool with_derivative = [] {
  if constexpr (__is_same(typename VariableNumber<X>::type, void)) {
    return is_pending<X>;
  } else {
    return !is_plain<typename VariableNumber<X>::type>;
  }
}();
template <class T>
struct StripRecorded {
  template <class U>
  using type = T;
};

}  // namespace detail

/// A function as its list of operations; made by `record`. Threads may share it.
template <class T, class Y, class... X>
class RecordedFunction {
  template <int Arg>
  using Argument = at_t<Arg, TypeList<X...>>;

 public:
  RecordedFunction(detail::Recorder<T>& r, index_t inputs, const Y& result, detail::Grow<Dims>&& shapes)
      : shapes_(static_cast<detail::Grow<Dims>&&>(shapes)), program_(r, inputs, nodes(r, result)) {
    if constexpr (!is_element<Y>) dims_ = result.dims();
  }
  RecordedFunction(const RecordedFunction&) = delete;
  RecordedFunction& operator=(const RecordedFunction&) = delete;

  /// How many operations are run.
  index_t operations() const { return program_.operations.size(); }

  // The list, for those who ask what depends on what.
  const detail::ReplayProgram<T>& program() const { return program_; }

  /// f(x...), with arguments of the shapes that were recorded; shape_error for others.
  auto operator()(const X&... x) const {
    const detail::Space<T> v(program_.size);
    forward(v.data(), x...);
    return value(v.data());
  }
  /// Not with numbers of a derivative around the call: refused.
  template <class... A>
  requires(sizeof...(A) == sizeof...(X) && (detail::with_derivative<A> || ...)) auto operator()(const A&...) const {
    static_assert(sizeof...(A) == 0,
                  "tenon: record: a recorded function takes plain numbers and has derivatives of its own "
                  "(value_and_grad, jacobian): to differentiate more than it, record all of that");
    return decltype(value(static_cast<const T*>(nullptr))){};
  }
  /// The value and the gradient with respect to argument 0, or to the arguments named; f returned a number.
  template <int... Arg>
  auto value_and_grad(const X&... x) const {
    static_assert(is_element<Y>, "tenon: record: only a number has a gradient; take jacobian");
    const detail::Space<T> v(program_.size);
    detail::Space<T> g(program_.size);
    forward(v.data(), x...);
    g.clear();
    g.data()[program_.outputs[0]] = T(1);
    program_.backward(v.data(), g.data());
    auto gradient = gradients<Arg...>(g.data(), x...);
    return ValueAndGrad<T, decltype(gradient)>{value(v.data()), static_cast<decltype(gradient)&&>(gradient)};
  }
  /// The gradient; see value_and_grad.
  template <int... Arg>
  auto grad(const X&... x) const {
    return value_and_grad<Arg...>(x...).grad;
  }
  /// The derivatives of all results (rows) with respect to all numbers of the arguments (columns), in order.
  Tensor<T, dyn, dyn> jacobian(const X&... x) const {
    using G = simd::native<T>;
    constexpr index_t lanes = simd::native_lanes<T>;
    const detail::Space<T> v(program_.size);
    detail::Space<G> g(program_.size);
    forward(v.data(), x...);
    const index_t m = program_.outputs.size(), n = program_.inputs;
    Tensor<T, dyn, dyn> j(m, n);
    for (index_t i = 0; i < m; i += lanes) {
      const index_t rows = m - i < lanes ? m - i : lanes;
      g.clear();
      for (index_t k = 0; k < rows; ++k) g.data()[program_.outputs[i + k]][k] += T(1);
      program_.backward(v.data(), g.data());
      for (index_t k = 0; k < rows; ++k)
        for (index_t c = 0; c < n; ++c) j.data()[(i + k) * n + c] = g.data()[1 + c][k];
    }
    return j;
  }
  /// Many points, one in each SIMD lane: column p of `points` holds the numbers of the arguments, in order, for point
  /// p; column p of `values` gets the results. shape_error where extents differ.
  void batch(Tensor<T, dyn, dyn>& values, const Tensor<T, dyn, dyn>& points) const {
    run_batch(values, nullptr, points);
  }
  /// The same, and gradients with respect to all numbers of the arguments; f returned a number.
  void batch(Tensor<T, dyn, dyn>& values, Tensor<T, dyn, dyn>& gradients, const Tensor<T, dyn, dyn>& points) const {
    static_assert(is_element<Y>, "tenon: record: only a number has a gradient");
    if (!(gradients.dims() == points.dims()))
      fail_shapes("batch", "gradients have other extents than points", gradients.dims(), points.dims());
    run_batch(values, gradients.data(), points);
  }

 private:
  static detail::Grow<int> nodes(detail::Recorder<T>& r, const Y& result) {
    detail::Grow<int> list;
    const auto push = [&](const auto& number) {
      if constexpr (detail::is_recorded<bare_t<decltype(number)>>) {
        list.push(number.node > 0 ? number.node : r.constant(number.value));
      } else {
        list.push(r.constant(static_cast<T>(number)));
      }
    };
    if constexpr (is_element<Y>) {
      push(result);
    } else {
      for (index_t i = 0, n = result.size(); i < n; ++i) push(result.data()[i]);
    }
    return list;
  }
  void forward(T* v, const X&... x) const {
    detail::ReadVariables<T> read{shapes_, v + 1};
    (detail::each_variable(x, read), ...);
    program_.forward(v);
  }
  auto value(const T* v) const {
    if constexpr (is_element<Y>) {
      return v[program_.outputs[0]];
    } else {
      detail::twin_t<detail::StripRecorded<T>, Y> r(dims_);
      for (index_t i = 0, n = r.size(); i < n; ++i) r.data()[i] = v[program_.outputs[i]];
      return r;
    }
  }
  template <int... Arg>
  auto gradients(const T* g, const X&... x) const {
    if constexpr (sizeof...(Arg) == 0) {
      return gradient<0>(g, make_seq<static_cast<int>(sizeof...(X))>{}, x...);
    } else if constexpr (sizeof...(Arg) == 1) {
      return (gradient<Arg>(g, make_seq<static_cast<int>(sizeof...(X))>{}, x...), ...);
    } else {
      return Gradients<Argument<Arg>...>{gradient<Arg>(g, make_seq<static_cast<int>(sizeof...(X))>{}, x...)...};
    }
  }
  template <int Arg, int... I>
  Argument<Arg> gradient(const T* g, Seq<I...>, const X&... x) const {
    detail::Grow<Dims> unused;
    index_t before = 0;
    const auto count = [&](const auto& a, bool counts) {
      detail::ListShapes list{unused};
      if (counts) detail::each_variable(a, list);
      before += list.count;
    };
    (count(x, I < Arg), ...);
    return collect<Arg>(g + 1 + before, x...);
  }
  template <int I, class A, class... Rest>
  static auto collect(const T* g, const A& x, const Rest&... rest) {
    if constexpr (I > 0) {
      return collect<I - 1>(g, rest...);
    } else if constexpr (is_element<A>) {
      return static_cast<A>(*g);
    } else {
      detail::CollectRecorded<T> c{g};
      return detail::transform<A>(c, x);
    }
  }
  void run_batch(Tensor<T, dyn, dyn>& values, T* gradients, const Tensor<T, dyn, dyn>& points) const {
    using V = simd::native<T>;
    constexpr index_t lanes = simd::native_lanes<T>;
    const index_t n = points.extent(1), inputs = program_.inputs, m = program_.outputs.size();
    if (points.extent(0) != inputs)
      fail_shape("batch", "points must have a row for each number of the arguments; they are", points.dims());
    if (values.extent(0) != m || values.extent(1) != n)
      fail_shape("batch", "values must have a row for each result and a column for each point; they are",
                 values.dims());
    const detail::Space<V> v(program_.size);
    detail::Space<V> g(gradients ? program_.size : 0);
    for (index_t p = 0; p < n; p += lanes) {
      const index_t count = n - p < lanes ? n - p : lanes;
      for (index_t i = 0; i < inputs; ++i) v.data()[1 + i] = simd::load_partial<V>(points.data() + i * n + p, count);
      program_.forward(v.data());
      for (index_t i = 0; i < m; ++i)
        simd::store_partial(values.data() + i * n + p, v.data()[program_.outputs[i]], count);
      if (!gradients) continue;
      g.clear();
      g.data()[program_.outputs[0]] = V{} + T(1);
      program_.backward(v.data(), g.data());
      for (index_t i = 0; i < inputs; ++i) simd::store_partial(gradients + i * n + p, g.data()[1 + i], count);
    }
  }

  detail::Grow<Dims> shapes_;
  Dims dims_{};
  detail::ReplayProgram<T> program_;
};

namespace detail {
template <class... X>
struct FirstVariable {
  using type = void;
};
template <class X, class... Rest>
struct FirstVariable<X, Rest...> {
  using here = typename VariableNumber<X>::type;
  template <bool Found, class U>
  struct Or {
    using type = U;
  };
  template <class U>
  struct Or<false, U> {
    using type = typename FirstVariable<Rest...>::type;
  };
  using type = typename Or<__is_same(here, float) || __is_same(here, double), here>::type;
};

// An argument on the list: numbers are variables, integers and frozen parts are not.
template <class T, class X>
decltype(auto) lift_recorded(Recorder<T>& r, const X& x) {
  LiftRecorded<T> lift{r};
  if constexpr (is_element<X>) {
    if constexpr (has_derivative<X>) {
      static_assert(__is_same(X, T), "tenon: record: all variables must be of one type");
      return lift.variable(x);
    } else {
      return (x);
    }
  } else if constexpr (is_frozen<X>) {
    return (x.value);
  } else {
    return transform<twin_t<RecordedOf<T>, X>>(lift, x);
  }
}
template <bool FollowsBranches, class T, class F, class... X>
auto record_function(const F& f, const X&... x) {
  Recorder<T> recorder(FollowsBranches);
  Grow<Dims> shapes;
  ListShapes list{shapes};
  (each_variable(x, list), ...);
  using Lifted = Operands<bare_t<decltype(lift_recorded(recorder, x))>...>;
  const Lifted lifted{{lift_recorded(recorder, x)}...};
  return [&]<int... I>(Seq<I...>) {
    const auto y = owned(f(operand_at<I>(lifted)...));
    return RecordedFunction<T, bare_t<decltype(y)>, X...>(recorder, list.count, y, static_cast<Grow<Dims>&&>(shapes));
  }
  (make_seq<static_cast<int>(sizeof...(X))>{});
}
template <class F, class... X>
auto record_owned(const F& f, const X&... x) {
  using T = typename FirstVariable<X...>::type;
  static_assert(__is_same(T, float) || __is_same(T, double),
                "tenon: record: an argument must be a number, a tensor or a model of float or double");
  return record_function<false, T>(f, x...);
}
}  // namespace detail

/// Runs f at x... and keeps its operations, to be run for other arguments of the same shapes; see the head of this
/// file. value_error if f branches on a value.
template <class F, class... X>
auto record(const F& f, const X&... x) {
  return detail::record_owned(f, detail::own_argument(x)...);
}

}  // namespace TENON_ABI
}  // namespace tenon
