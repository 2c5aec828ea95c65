// tenon/exec/short_axis.hpp: statements over reductions of an axis of 2 to 4 run with their components in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// y = x * rsqrt(sum<1>(x * x, keepdims)) of vectors of three: a row kernel would meet rows of three elements, and the
// reduction be a loop of its own. Where the axis has few elements, and the types say how many, a statement is straight
// code: lanes are vectors, every component has a register, a reduction is a few combinations of them. A kernel is
// compiled for each structure, as row kernels are: exec/short_axis_kernels.hpp; for what it walks see
// exec/cpu/short_axis.hpp.
#pragma once
#include <tenon/exec/flat.hpp>
#include <tenon/exec/short_axis_kernels.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// The most components of such a vector, and the most instructions for one.
inline constexpr index_t most_components = 4;
inline constexpr int most_short_cost = 32;

namespace detail {

// A node of numbers T in a statement of rank R whose axis A has n elements; the first of its leaves is the K-th.
// Primary: impossible.
template <class N, class T, int R, int A, int n, int K>
struct ShortAxis {
  static constexpr bool possible = false, one_operand = false;
  static constexpr int leaves = 0;
  using type = void;
};
template <class T, int R, int A, int n, int K, class... N>
struct ShortAxisOperands {
  static constexpr bool possible = true, one_operand = true;
  static constexpr int leaves = 0;
  using types = TypeList<>;
};
template <class T, int R, int A, int n, int K, class X, class... N>
struct ShortAxisOperands<T, R, A, n, K, X, N...> {
  using First = ShortAxis<X, T, R, A, n, K>;
  using Rest = ShortAxisOperands<T, R, A, n, K + First::leaves, N...>;
  static constexpr bool possible = First::possible && Rest::possible;
  static constexpr bool one_operand = First::one_operand && Rest::one_operand;
  static constexpr int leaves = First::leaves + Rest::leaves;
  using types = concat_t<TypeList<typename First::type>, typename Rest::types>;
};

template <class N>
inline constexpr bool is_leaf = false;
template <class T, class E, class Hold, bool Dense>
inline constexpr bool is_leaf<Leaf<T, E, Hold, Dense>> = true;
template <class T, class E>
inline constexpr bool is_leaf<Value<T, E>> = true;
template <class T>
inline constexpr bool is_leaf<Scalar<T>> = true;
template <class M, class A>
inline constexpr bool is_leaf<Movement<M, A>> = is_leaf<A>;

template <class N, class T, int R, int A, int n, int K>
requires(is_leaf<N>&& __is_same(typename N::value_type, T)) struct ShortAxis<N, T, R, A, n, K> {
  static constexpr int axis = A - (R - N::rank), leaves = 1;
  static constexpr index_t extent() {
    if constexpr (axis < 0) {
      return 1;
    } else {
      return N::extents_type::static_extent(axis);
    }
  }
  static constexpr bool possible = extent() == 1 || extent() == n || extent() == dyn;
  static constexpr int components = extent() == 1 ? 1 : n;
  static constexpr bool is_constant = static_size<typename N::extents_type> == 1;
  using type = ComponentLeaf<K, components, is_constant>;
  // Whether it may be the one operand of a statement that has components, or is a number.
  static constexpr bool one_operand = is_constant || (Located<N>::dense && N::rank == R && components == n);
  static void fill(const N& node, ShortAxisPlan& plan) {
    if constexpr (is_constant) {
      plan.add_constant(number(node));
    } else {
      walk(node, plan.next());
      plan.add_next(components);
    }
  }
  // Whether it is that operand, which has these extents.
  static bool join(const N& node, const Dims& extents, const void*& one, T* numbers) {
    if constexpr (is_constant) {
      numbers[K] = *number(node);
      return true;
    } else {
      const void* const data = Located<N>::data(node);
      if ((one != nullptr && one != data) || !(node.extents().dims() == extents)) return false;
      one = data;
      return true;
    }
  }
  static bool computed(const N&) { return false; }

 private:
  static const T* number(const N& node) {
    if constexpr (__is_same(N, Scalar<T>)) {
      return &node.number;
    } else {
      Source source, *end = &source;
      node.fill(end);
      return static_cast<const T*>(source.data) + source.map.offset;
    }
  }
  // The strides of extents E broadcast to the statement's.
  template <class E, class Stride>
  static void walk(const void* data, const E& extents, const Stride& stride, Walked& to) {
    to.base = static_cast<const char*>(data);
    to.bytes = sizeof(T);
    index_t step = 1;
    for (int a = R - 1; a >= 0; --a) {
      const int own = a - (R - E::rank);
      const index_t extent = own < 0 ? 1 : extents[own];
      to.stride[a] = extent == 1 ? 0 : stride(own, step);
      step *= extent;
    }
  }
  template <class E, class Hold, bool Dense>
  static void walk(const Leaf<T, E, Hold, Dense>& node, Walked& to) {
    node.check();
    walk(
        node.data, node.shape,
        [&](int a, index_t step) {
          if constexpr (Dense) {
            return static_cast<void>(a), step;
          } else {
            return static_cast<void>(step), node.strides.d[a];
          }
        },
        to);
  }
  template <class E>
  static void walk(const Value<T, E>& node, Walked& to) {
    walk(
        node.values, E{}, [](int, index_t step) { return step; }, to);
  }
  template <class M, class X>
  static void walk(const Movement<M, X>& node, Walked& to) {
    Source source, *end = &source;
    node.fill(end);
    const Dims& strides = source.map.strides;
    walk(
        static_cast<const T*>(source.data) + source.map.offset, node.shape,
        [&](int a, index_t) { return strides.d[a]; }, to);
  }
};
template <class Op, class T, class... Arg, class... N, int R, int A, int n, int K>
struct ShortAxis<Map<Op, T, TypeList<Arg...>, N...>, T, R, A, n, K> {
  using M = Map<Op, T, TypeList<Arg...>, N...>;
  using Operands = ShortAxisOperands<T, R, A, n, K, N...>;
  static constexpr bool possible = Operands::possible && (__is_same(Arg, T) && ...);
  static constexpr bool one_operand = Operands::one_operand;
  static constexpr int leaves = Operands::leaves;
  using type = apply_t<concat_t<TypeList<Op>, typename Operands::types>, ComponentCall>;
  static void fill(const M& node, ShortAxisPlan& plan) {
    each(node, [&]<class O>(const auto& x, O*) { return O::fill(x, plan), true; });
  }
  static bool join(const M& node, const Dims& extents, const void*& one, T* numbers) {
    return each(node, [&]<class O>(const auto& x, O*) { return O::join(x, extents, one, numbers); });
  }
  static bool computed(const M& node) {
    if constexpr (!M::cheap)
      if (node.cache.ready) return true;
    return !each(node, []<class O>(const auto& x, O*) { return !O::computed(x); });
  }

 private:
  // Whether f(operand, what it is here) is true for all.
  template <class F>
  static bool each(const M& node, const F& f) {
    return each<K, 0>(node, f, static_cast<TypeList<N...>*>(nullptr));
  }
  template <int From, int I, class F, class X, class... Rest>
  static bool each(const M& node, const F& f, TypeList<X, Rest...>*) {
    using O = ShortAxis<X, T, R, A, n, From>;
    if (!f(operand_at<I>(node.operands), static_cast<O*>(nullptr))) return false;
    if constexpr (sizeof...(Rest) > 0)
      return each<From + O::leaves, I + 1>(node, f, static_cast<TypeList<Rest...>*>(nullptr));
    return true;
  }
};
// Ops whose state is one number, which a pack of vectors can have as a pack.
template <class Op, class T, bool Packs = Op::finishes_packs && !Op::indexed>
inline constexpr bool folds_components = false;
template <class Op, class T>
inline constexpr bool folds_components<Op, T, true> = __is_same(typename Op::template state<T>, T) &&
                                                      __is_same(typename Op::template number<T>, T) &&
                                                      __is_same(typename Op::template result<T>, T) &&
                                                      __is_same(decltype(Op::lift(T{}, 0)), T);
template <class Op, unsigned Mask, class X, class T, int R, int A, int n, int K>
requires(Mask == 1u << A && X::rank == R && folds_components<Op, T>)  //
    struct ShortAxis<Reduce<Op, Mask, true, X>, T, R, A, n, K> {
  using N = Reduce<Op, Mask, true, X>;
  using Operand = ShortAxis<X, T, R, A, n, K>;
  static constexpr bool possible = [] {
    if constexpr (Operand::possible) return X::extents_type::static_extent(A) == n && Operand::type::components == n;
    return false;
  }();
  static constexpr bool one_operand = Operand::one_operand;
  static constexpr int leaves = Operand::leaves;
  using type = ComponentFold<Op, typename Operand::type>;
  static void fill(const N& node, ShortAxisPlan& plan) { Operand::fill(node.template operand<0>(), plan); }
  static bool join(const N& node, const Dims& extents, const void*& one, T* numbers) {
    return Operand::join(node.template operand<0>(), extents, one, numbers);
  }
  static bool computed(const N& node) { return node.cache.ready || Operand::computed(node.template operand<0>()); }
};

// The first axis that a reduction below a pointwise node keeps with extent 1, and what extent it had.
struct ReducedAxis {
  int axis = -1;
  index_t extent = 0;
};
template <class N>
struct ReducedAxisOf {
  static constexpr ReducedAxis value{};
};
template <class Op, class T, class Args, class... N>
struct ReducedAxisOf<Map<Op, T, Args, N...>> {
  static constexpr ReducedAxis value = [] {
    ReducedAxis r;
    ((r = r.axis < 0 ? ReducedAxisOf<N>::value : r), ...);
    return r;
  }();
};
template <class Op, unsigned Mask, class X>
requires((Mask & (Mask - 1)) == 0 && Mask != 0) struct ReducedAxisOf<Reduce<Op, Mask, true, X>> {
  static constexpr int axis = __builtin_ctz(Mask);
  static constexpr ReducedAxis value{axis, X::extents_type::static_extent(axis)};
};

}  // namespace detail

/// Whether N is a pointwise statement over reductions of a short axis, whose elements Out are those of its operands.
template <class N, class Out>
inline constexpr bool has_short_axis = false;
template <class Op, class T, class Args, class... N>
requires((__is_same(T, float) || __is_same(T, double)) && simd::native_lanes<T> > 1)  //
    inline constexpr bool has_short_axis<Map<Op, T, Args, N...>, T> = [] {
      using M = Map<Op, T, Args, N...>;
      constexpr detail::ReducedAxis r = detail::ReducedAxisOf<M>::value;
      if constexpr (r.extent >= 2 && r.extent <= most_components && M::cost <= most_short_cost && M::rank > 1) {
        using S = detail::ShortAxis<M, T, M::rank, r.axis, static_cast<int>(r.extent), 0>;
        if constexpr (S::possible) return S::leaves < max_operands;
      }
      return false;
    }();

namespace detail {

/// Writes such a statement; false, and nothing done, if that is not possible.
template <class N, class Out>
bool write_short_axis(const N& n, Out* out, const StridedMap& target, bool noalias) {
  constexpr ReducedAxis r = ReducedAxisOf<N>::value;
  using S = ShortAxis<N, Out, N::rank, r.axis, static_cast<int>(r.extent), 0>;
  if (S::computed(n)) return false;
  if constexpr (S::one_operand && (r.axis == 0 || r.axis == N::rank - 1)) {
    if (is_dense(target)) {
      constexpr int results = S::type::components, components = static_cast<int>(r.extent);
      Out numbers[S::leaves];
      Dims extents = target.extents;
      extents.d[r.axis] = components;
      OneOperandLoop loop{one_operand_kernel<typename S::type, Out, components, S::leaves, r.axis == 0>,
                          nullptr,
                          out + target.offset,
                          numbers,
                          sizeof(Out),
                          simd::native_lanes<Out>,
                          target.extents.size() / results,
                          components,
                          results,
                          r.axis == 0};
      if (S::join(n, extents, loop.x, numbers) && loop.run(noalias)) return true;
    }
  }
  ShortAxisPlan plan(component_kernel<typename S::type, Out, S::leaves>, out, sizeof(Out), target, r.axis, r.extent,
                     S::type::components);
  S::fill(n, plan);
  return run_short_axis(plan, noalias);
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
