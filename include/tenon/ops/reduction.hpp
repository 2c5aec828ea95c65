// tenon/ops/reduction.hpp: reductions as ops: a state, how states combine, what comes out, and the pullback.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A reduction folds elements into a state: `lift` makes one from an element and its index, `combine` joins two (in any
// grouping: the executors sum pairwise and in lanes), `finish` gives the result. A `lanewise` state is a number, and
// `combine` works on SIMD packs of it. `pull(y, g, x)` adds to `x.adjoint`; y and g come with the reduced axes as 1s.
//   struct Sum : Reduction<Sum> { ... combine(a, b) { return a + b; } ... pull(y, g, x) { x.add(g); } };
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Base of reductions. D defines `name`, `state<T>`, `identity<S>()`, `combine(a, b)`; the rest has defaults.
template <class D>
struct Reduction {
  static constexpr FixedString onnx{""}, stablehlo{""};
  static constexpr bool lanewise = true;        ///< the state is a number; combine works on packs
  static constexpr bool needs_element = false;  ///< whether an empty reduction is an error
  template <class T>
  using state = T;  ///< for elements T
  template <class T>
  using result = T;  ///< element type of the output for number type T
  template <class S, class T>
  TENON_FN static S lift(T x, index_t) {
    return static_cast<S>(x);
  }
  template <class R, class S>
  TENON_FN static R finish(const S& s, index_t) {
    return static_cast<R>(s);
  }
};

namespace op {

/// Sum of elements; bool and integers sum into int64, 16-bit floats in float.
struct Sum : Reduction<Sum> {
  static constexpr FixedString name{"sum"};
  static constexpr FixedString onnx{"ReduceSum"};
  static constexpr FixedString stablehlo{"reduce_add"};
  template <class T>
  using state = accumulator_t<T>;
  template <class T>
  struct ResultOf {
    using type = T;
  };
  template <class T>
  requires(is_integer<T> || is_bool<T>) struct ResultOf<T> {
    using type = accumulator_t<T>;
  };
  template <class T>
  using result = typename ResultOf<T>::type;
  template <class S>
  TENON_FN static S identity() {
    return S(0);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Add>(a, b);
  }
  template <class Y, class G, class X>
  static void pull(const Y&, const G& g, X& x) {
    x.add(g);
  }
};

/// Arithmetic mean; of bool and integers in float. NaN when there are no elements.
struct Mean : Reduction<Mean> {
  static constexpr FixedString name{"mean"};
  static constexpr FixedString onnx{"ReduceMean"};
  static constexpr FixedString stablehlo{""};
  template <class T>
  struct StateOf {
    using type = accumulator_t<T>;
  };
  template <class T>
  requires(is_integer<T> || is_bool<T>) struct StateOf<T> {
    using type = double;
  };
  template <class T>
  using state = typename StateOf<T>::type;
  template <class T>
  struct ResultOf {
    using type = T;
  };
  template <class T>
  requires(is_integer<T> || is_bool<T>) struct ResultOf<T> {
    using type = float;
  };
  template <class T>
  using result = typename ResultOf<T>::type;
  template <class S>
  TENON_FN static S identity() {
    return S(0);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Add>(a, b);
  }
  template <class R, class S>
  TENON_FN static R finish(const S& s, index_t count) {
    return static_cast<R>(s / static_cast<real_t<base_t<S>>>(count));
  }
  template <class Y, class G, class X>
  static void pull(const Y& y, const G& g, X& x) {
    x.add(g * (static_cast<double>(y.size()) / static_cast<double>(x.value.size())));
  }
};

/// Product of elements; bool and integers multiply into int64.
struct Prod : Reduction<Prod> {
  static constexpr FixedString name{"prod"};
  static constexpr FixedString onnx{"ReduceProd"};
  static constexpr FixedString stablehlo{"reduce_multiply"};
  template <class T>
  using state = accumulator_t<T>;
  template <class T>
  using result = typename Sum::ResultOf<T>::type;
  template <class S>
  TENON_FN static S identity() {
    return S(1);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Multiply>(a, b);
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
