// tenon/ad/numbers.hpp: containers and models of numbers as one tensor, and functions of them as functions of that.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Jacobians have an axis for each axis of the result and of the point; a container or a model has one, all its numbers
// in the order in which they are walked.
#pragma once
#include <tenon/ad/dual.hpp>
#include <tenon/ad/grad.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// ---- points ---------------------------------------------------------------------------------------------------------

struct CountNumbers {
  index_t count = 0;
  template <class R, class X>
  R leaf(X& x) {
    count += x.size();
    return R();
  }
  template <class R, class X>
  R scalar(X&) {
    count += __is_same(R, bare_t<X>) ? 0 : 1;
    return R();
  }
};
template <class T>
struct GatherNumbers {
  Tensor<T, dyn>& to;
  index_t at = 0;
  template <class R, class X>
  R leaf(X& x) {
    for (index_t i = 0, n = x.size(); i < n; ++i) set_element(to, at++, T(get_element(x, i)));
    return R();
  }
  template <class R, class X>
  R scalar(X& x) {
    if constexpr (!__is_same(R, bare_t<X>)) set_element(to, at++, T(x));
    return R();
  }
};
// All variables of x, in order.
template <class X>
auto numbers_of(const X& x) {
  using T = typename ArgumentElement<X>::type;
  using Twin = twin_t<RevOf<void>, X>;
  CountNumbers counter;
  transform<Twin>(counter, x);
  Tensor<T, dyn> t(counter.count);
  GatherNumbers<T> gather{t};
  transform<Twin>(gather, x);
  return t;
}

template <class T>
struct NumbersOf {
  template <class>
  using type = T;
};
template <class N>
struct ScatterNumbers {
  const N& numbers;
  index_t at = 0;
  template <class R, class X>
  R leaf(X& x) {
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) set_element(r, i, get_element(numbers, at++));
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    if constexpr (__is_same(R, bare_t<X>)) {
      return x;
    } else {
      return get_element(numbers, at++);
    }
  }
};
// f as a function of the numbers of x.
template <class F, class X>
struct OfNumbers {
  using T = typename ArgumentElement<X>::type;
  template <class N>
  using Point = twin_t<NumbersOf<typename N::value_type>, X>;
  const F& f;
  const X& x;
  template <class N>
  requires(requires(const F& g, const Point<N>& p) { g(p); }) decltype(auto) operator()(const N& numbers) const {
    ScatterNumbers<N> scatter{numbers};
    const auto point = transform<Point<N>>(scatter, x);
    using R = decltype(f(point));
    if constexpr (expression<bare_t<R>>) {
      return evaluate(f(point));  // the point ends here
    } else {
      return bare_t<R>(f(point));
    }
  }
};

// ---- results --------------------------------------------------------------------------------------------------------

// A container of numbers, or a vector or matrix of Eigen; results of ops may wait in it to be recorded.
template <class R>
concept number_sequence = sequence<R> && is_element<settled_t<typename R::value_type>>;

template <class R>
auto tensor_of(const R& r) {
  if constexpr (number_sequence<R>) {
    Tensor<settled_t<typename R::value_type>, dyn> t(static_cast<index_t>(r.size()));
    const auto copy = [&](const auto& numbers) {
      for (index_t i = 0; i < t.size(); ++i) set_element(t, i, settled(numbers[i]));
    };
    if constexpr (requires { r.data(); }) {
      copy(r.data());  // Eigen's matrices have no [i]
    } else {
      copy(r);
    }
    return t;
  } else {
    return numbers_of(r);
  }
}

// Whether a Jacobian has rows for an R.
template <class R>
inline constexpr bool has_numbers = is_element<typename ResultElement<R>::type> || number_sequence<R> ||
                                    !__is_same(typename ArgumentElement<R>::type, void);
// f, with a tensor in place of a container or struct of numbers.
template <class F>
struct ReturnsTensor {
  F f;
  template <class... X>
  requires(requires(const F& g, const X&... x) { g(x...); }) decltype(auto) operator()(const X&... x) const {
    using R = bare_t<decltype(f(x...))>;
    static_assert(has_numbers<R>,
                  "tenon: jacobian: the function must return a number, an expression, or a container or struct of "
                  "numbers");
    if constexpr (!has_numbers<R>) {
      return 0.0;
    } else if constexpr (is_element<typename ResultElement<R>::type>) {
      return f(x...);
    } else {
      return tensor_of(f(x...));
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
