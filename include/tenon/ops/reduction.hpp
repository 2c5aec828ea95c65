// tenon/ops/reduction.hpp: what a reduction is; sum, mean and product.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A reduction folds elements into a state: `lift` makes one from an element and its index, `combine` joins two (in any
// grouping: the executors work in lanes and join blocks pairwise), `finish` gives the result. All of them take a number
// V or a SIMD pack of numbers, so a state is one number or a struct of them. `pull(y, g, x, over)` adds to x's adjoint;
// y and g come with the reduced axes as 1s, and `over` reduces over the same axes again.
//   struct Sum : Reduction<Sum> { ... combine(a, b) { return a + b; } ... pull(y, g, x, over) { x.add(g); } };
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/arithmetic.hpp>
#include <tenon/ops/compare.hpp>
#include <tenon/ops/division.hpp>
#include <tenon/ops/operators.hpp>
#include <tenon/ops/select.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Base of reductions. D defines `name`, `identity<V>()`, `combine(a, b)`; the rest has defaults. D may also define
/// `neutral<V>()`, an element that changes nothing, and `fold<V>(p, stride, n)`, the state of n packs.
template <class D>
struct Reduction {
  static constexpr FixedString onnx{""}, stablehlo{""};
  static constexpr bool rounds = true;  ///< whether `combine` rounds, so that states are joined pairwise
  static constexpr OnComplex on_complex = OnComplex::refused;
  static constexpr bool of_moduli = false;       ///< whether complex elements are folded as their absolute values
  static constexpr bool needs_element = false;   ///< whether an empty reduction is an error
  static constexpr bool indexed = false;         ///< whether states hold indices or counts, of 32 bits in lanes
  static constexpr bool keeps_first = false;     ///< whether the result is one of the elements, of equal ones the first
  static constexpr bool finishes_packs = false;  ///< whether `finish` takes states of packs, too
  template <class T>
  using number = compute_t<T>;  ///< what elements are converted to before they are folded
  template <class V>
  using state = V;  ///< for numbers (or a pack of numbers) V
  template <class T>
  using result = T;  ///< element type of the output for elements T
  template <class V, class I>
  TENON_FN static V lift(V x, I) {
    return x;
  }
  /// Where `indexed`: the state of elements whose indices are `by` larger.
  template <class S>
  TENON_FN static S moved(const S& s, index_t) {
    return s;
  }
  template <class R, class S>
  TENON_FN static R finish(const S& s, index_t) {
    return static_cast<R>(s);
  }
};

namespace lanewise {
/// a and b, both computed: bools, or masks of packs.
template <class M>
TENON_FN M both(M a, M b) {
  if constexpr (simd::is_pack<M>) {
    return a & b;
  } else {
    return a && b;
  }
}
/// a or b, both computed: bools, or masks of packs.
template <class M>
TENON_FN M either(M a, M b) {
  if constexpr (simd::is_pack<M>) {
    return a | b;
  } else {
    return a || b;
  }
}
}  // namespace lanewise

/// The number c as a V: a plain number, a pack, or a dual or rev number that is constant.
template <class V>
TENON_FN V reduction_constant(double c) {
  if constexpr (is_plain<simd::lane_t<V>>) {
    return lanewise::constant<V>(c);
  } else {
    return V(static_cast<base_t<V>>(c));
  }
}
/// The identity of maximum (minus infinity, or the lowest integer) or, if `Highest`, of minimum.
template <class V, bool Highest>
TENON_FN V reduction_bound() {
  using B = base_t<simd::lane_t<V>>;
  const B b = Highest ? limits<B>::infinity() : limits<B>::minus_infinity();
  if constexpr (is_plain<simd::lane_t<V>>) {
    return simd::broadcast<V>(b);
  } else {
    return V(b);
  }
}

namespace detail {
// Bool and integers: summed in 64 bits.
template <class T>
struct SumResult {
  using type = T;
};
template <class T>
requires(is_integer<T> || is_bool<T>) struct SumResult<T> {
  using type = accumulator_t<T>;
};
// Bool and integers: averaged in double, given as float.
template <class T, class Wide, class Other>
struct IfWhole {
  using type = Other;
};
template <class T, class Wide, class Other>
requires(is_integer<T> || is_bool<T>) struct IfWhole<T, Wide, Other> {
  using type = Wide;
};
}  // namespace detail

/// The number type that means are taken in: double for bool and integers, else the compute type.
template <class T>
using mean_number_t = typename detail::IfWhole<T, double, compute_t<T>>::type;
/// The type of a result that is not a whole number: float for bool and integers, else T.
template <class T>
using fractional_t = typename detail::IfWhole<T, float, T>::type;

namespace op {

/// Sum of elements, 0 when there are none; bool and integers sum into 64 bits and wrap.
struct Sum : Reduction<Sum> {
  static constexpr FixedString name{"sum"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr bool finishes_packs = true;
  static constexpr FixedString onnx{"ReduceSum"};
  static constexpr FixedString stablehlo{"reduce_add"};
  template <class T>
  using number = accumulator_t<compute_t<T>>;
  template <class T>
  using result = typename tenon::detail::SumResult<T>::type;
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(0);
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_constant<V>(0);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Add>(a, b);
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y&, const G& g, X& x, const Over&) {
    x.add(g);
  }
};

/// Arithmetic mean, NaN when there are no elements; of bool and integers in double, given as float.
struct Mean : Reduction<Mean> {
  static constexpr FixedString name{"mean"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr bool finishes_packs = true;
  static constexpr FixedString onnx{"ReduceMean"};
  template <class T>
  using number = mean_number_t<T>;
  template <class T>
  using result = fractional_t<T>;
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(0);
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_constant<V>(0);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Add>(a, b);
  }
  template <class R, class S>
  TENON_FN static R finish(const S& s, index_t count) {
    if constexpr (simd::is_pack<S>) {
      return s / reduction_constant<S>(static_cast<double>(count));
    } else {
      return static_cast<R>(s / static_cast<real_t<base_t<S>>>(count));
    }
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y&, const G& g, X& x, const Over& over) {
    x.add(g * (1.0 / static_cast<double>(over.count())));
  }
};

/// Product of elements, 1 when there are none; bool and integers multiply in 64 bits and wrap. The derivative is right
/// whatever the number of zeros: each element gets the product of the others, computed from both ends.
struct Prod : Reduction<Prod> {
  static constexpr FixedString name{"prod"};
  static constexpr OnComplex on_complex = OnComplex::analytic;
  static constexpr bool finishes_packs = true;
  static constexpr FixedString onnx{"ReduceProd"};
  static constexpr FixedString stablehlo{"reduce_multiply"};
  template <class T>
  using number = accumulator_t<compute_t<T>>;
  template <class T>
  using result = typename tenon::detail::SumResult<T>::type;
  template <class V>
  TENON_FN static V identity() {
    return reduction_constant<V>(1);
  }
  template <class V>
  TENON_FN static V neutral() {
    return reduction_constant<V>(1);
  }
  template <class S>
  TENON_FN static S combine(S a, S b) {
    return apply<Multiply>(a, b);
  }
  template <class Y, class G, class X, class Over>
  static void pull(const Y& y, const G& g, X& x, const Over& over) {
    over.groups(y, g, x, [](const auto&, const auto& gradient, index_t n, const auto& at, const auto& add) {
      using P = bare_t<decltype(at(0))>;
      tenon::detail::BlockRef block(static_cast<size_t>(n) * sizeof(P));
      P* before = reinterpret_cast<P*>(block.data());  // g times the product of the elements before
      P run = gradient;
      for (index_t i = 0; i < n; ++i) {
        before[i] = run;
        run = static_cast<P>(run * at(i));
      }
      run = P(1);
      for (index_t i = n - 1; i >= 0; --i) {
        add(i, static_cast<P>(before[i] * run));
        run = static_cast<P>(run * at(i));
      }
    });
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
