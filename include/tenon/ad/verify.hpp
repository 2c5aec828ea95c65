// tenon/ad/verify.hpp: verify_gradient: compares a function's gradient with differences, for users' own tests.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   CHECK(verify_gradient([](const auto& x) { return sum(sin(x)); }, x).ok);
#pragma once
#include <tenon/ad/grad.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// How verify_gradient compares.
struct VerifyOptions {
  double step = 0;       ///< of the differences, relative to max(1, |x|); 0: 1e-2 in float, 1e-3 in double
  double tolerance = 0;  ///< of the error relative to max(1, |gradient|); 0: 2e-2 in float, 1e-7 in double
};
/// What verify_gradient found.
struct Verification {
  bool ok = true;
  double worst = 0;       ///< largest relative error
  index_t at = -1;        ///< element where it was found, counted through the argument's tensors
  double gradient = 0;    ///< the gradient there
  double difference = 0;  ///< the difference quotient there
  constexpr explicit operator bool() const { return ok; }
};

namespace detail {
// Calls f on each differentiable number of x, in order.
template <class X, class F>
void each_number(X& x, const F& f) {
  using B = bare_t<X>;
  if constexpr (is_tensor<B>) {
    if constexpr (has_derivative<typename B::value_type>)
      for (index_t i = 0; i < x.size(); ++i) f(x.data()[i]);
  } else if constexpr (is_element<B>) {
  } else if constexpr (sequence<B>) {
    for (auto& e : x) each_number(e, f);
  } else if constexpr (__is_class(B) && !is_frozen<B> && has_members<B>) {
    for_each_member(x, [&](auto& m) { each_number(m, f); });
  }
}
template <class T>
struct NumberOfArgument {
  using type = T;
};
template <class T>
requires(!is_element<T>) struct NumberOfArgument<T> : FirstElement<T> {
};
}  // namespace detail

/// Compares the gradient of f at x with fourth-order central differences in every element. f returns a number; x is a
/// number, a tensor or a model of float or double.
template <class F, class X>
Verification verify_gradient(const F& f, X x, VerifyOptions options = {}) {
  using T = typename detail::NumberOfArgument<X>::type;
  const bool single = sizeof(T) < 8;
  const double step = options.step > 0 ? options.step : single ? 1e-2 : 1e-3;
  const double tolerance = options.tolerance > 0 ? options.tolerance : single ? 2e-2 : 1e-7;
  auto g = grad(f)(x);
  Verification v;
  index_t i = 0;
  const auto compare = [&](T& number, double gradient) {
    const T before = number;
    const double size = static_cast<double>(before < 0 ? -before : before);
    const double h = step * (size > 1 ? size : 1);
    const auto at = [&](double offset) {
      number = static_cast<T>(static_cast<double>(before) + offset);
      const double y = static_cast<double>(static_cast<T>(f(x)));
      number = before;
      return y;
    };
    const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const double scale = gradient < 0 ? -gradient : gradient;
    double error = (difference - gradient) / (scale > 1 ? scale : 1);
    error = error < 0 ? -error : error;
    if (!(error <= v.worst)) {
      v.worst = error;
      v.at = i;
      v.gradient = gradient;
      v.difference = difference;
    }
    if (!(error <= tolerance)) v.ok = false;
    ++i;
  };
  if constexpr (is_element<X>) {
    compare(x, static_cast<double>(g));
  } else {
    index_t k = 0;
    const auto gradient_at = [&](index_t wanted) {
      double found = 0;
      index_t n = 0;
      detail::each_number(g, [&](const T& e) {
        if (n++ == wanted) found = static_cast<double>(e);
      });
      return found;
    };
    detail::each_number(x, [&](T& number) { compare(number, gradient_at(k++)); });
  }
  return v;
}

}  // namespace TENON_ABI
}  // namespace tenon
