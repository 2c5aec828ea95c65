// tenon/ad/jet_rules.hpp: recurrences for the coefficients of power series, one for each elementary function.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Griewank, Walther, "Evaluating Derivatives", 2nd ed., 2008, table 13.2. Operands are jets, or constants of the jets'
// numbers; at least one is a jet.
#pragma once
#include <tenon/ad/jet_number.hpp>
#include <tenon/ops/exponential.hpp>
#include <tenon/ops/hyperbolic.hpp>
#include <tenon/ops/power.hpp>
#include <tenon/ops/trigonometric.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class R, class X>
TENON_FN const auto& head(const X& x) {
  if constexpr (__is_same(X, R)) {
    return x.coefficient[0];
  } else {
    return x;
  }
}
// All but the last coefficient.
template <class R, class X>
TENON_FN auto shorter(const X& x) {
  if constexpr (__is_same(X, R)) {
    jet<typename X::inner, X::order - 1, typename X::tag> r;
    for (int k = 0; k < X::order; ++k) r.coefficient[k] = x.coefficient[k];
    return r;
  } else {
    return x;
  }
}

template <class T>
TENON_FN T times(int k, const T& x) {
  return T(static_cast<base_t<T>>(k) * x);
}
template <class T>
TENON_FN T over(const T& x, int k) {
  return T(x / static_cast<base_t<T>>(k));
}
// Coefficient k of the integral of a'(t) b(t).
template <class A, class B>
TENON_FN auto integral(const A& a, const B& b, int k) {
  using T = typename A::inner;
  T sum = times(k, a.coefficient[k]) * b.coefficient[0];
  for (int j = 1; j < k; ++j) sum = sum + times(j, a.coefficient[j]) * b.coefficient[k - j];
  return over(sum, k);
}

// Ops with a recurrence of their own.
template <class Op>
struct JetRule {
  static constexpr bool known = false;
};
template <>
struct JetRule<op::Add> {
  static constexpr bool known = true;
  template <class R, class A, class B>
  TENON_FN static void run(R& y, const A& a, const B& b) {
    y.coefficient[0] = head<R>(a) + head<R>(b);
    for (int k = 1; k <= R::order; ++k) {
      if constexpr (!__is_same(B, R)) {
        y.coefficient[k] = a.coefficient[k];
      } else if constexpr (!__is_same(A, R)) {
        y.coefficient[k] = b.coefficient[k];
      } else {
        y.coefficient[k] = a.coefficient[k] + b.coefficient[k];
      }
    }
  }
};
template <>
struct JetRule<op::Subtract> {
  static constexpr bool known = true;
  template <class R, class A, class B>
  TENON_FN static void run(R& y, const A& a, const B& b) {
    y.coefficient[0] = head<R>(a) - head<R>(b);
    for (int k = 1; k <= R::order; ++k) {
      if constexpr (!__is_same(B, R)) {
        y.coefficient[k] = a.coefficient[k];
      } else if constexpr (!__is_same(A, R)) {
        y.coefficient[k] = -b.coefficient[k];
      } else {
        y.coefficient[k] = a.coefficient[k] - b.coefficient[k];
      }
    }
  }
};
template <>
struct JetRule<op::Multiply> {
  static constexpr bool known = true;
  template <class R, class A, class B>
  TENON_FN static void run(R& y, const A& a, const B& b) {
    using T = typename R::inner;
    for (int k = 0; k <= R::order; ++k) {
      if constexpr (!__is_same(B, R)) {
        y.coefficient[k] = a.coefficient[k] * b;
      } else if constexpr (!__is_same(A, R)) {
        y.coefficient[k] = a * b.coefficient[k];
      } else {
        T sum = a.coefficient[0] * b.coefficient[k];
        for (int j = 1; j <= k; ++j) sum = sum + a.coefficient[j] * b.coefficient[k - j];
        y.coefficient[k] = sum;
      }
    }
  }
};
template <>
struct JetRule<op::Divide> {
  static constexpr bool known = true;
  template <class R, class A, class B>
  TENON_FN static void run(R& y, const A& a, const B& b) {
    using T = typename R::inner;
    y.coefficient[0] = head<R>(a) / head<R>(b);
    for (int k = 1; k <= R::order; ++k) {
      if constexpr (!__is_same(B, R)) {
        y.coefficient[k] = a.coefficient[k] / b;
      } else {
        T sum = T(0);
        if constexpr (__is_same(A, R)) sum = a.coefficient[k];
        for (int j = 1; j <= k; ++j) sum = sum - b.coefficient[j] * y.coefficient[k - j];
        y.coefficient[k] = sum / b.coefficient[0];
      }
    }
  }
};
template <>
struct JetRule<op::Square> {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    JetRule<op::Multiply>::run(y, a, a);
  }
};
template <>
struct JetRule<op::Reciprocal> {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    JetRule<op::Divide>::run(y, typename R::inner(1), a);
  }
};
template <>
struct JetRule<op::Sqrt> {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    using T = typename R::inner;
    y.coefficient[0] = tenon::apply<op::Sqrt>(a.coefficient[0]);
    for (int k = 1; k <= R::order; ++k) {
      T sum = a.coefficient[k];
      for (int j = 1; j < k; ++j) sum = sum - y.coefficient[j] * y.coefficient[k - j];
      y.coefficient[k] = over(T(sum / y.coefficient[0]), 2);
    }
  }
};
template <>
struct JetRule<op::Exp> {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    y.coefficient[0] = tenon::apply<op::Exp>(a.coefficient[0]);
    for (int k = 1; k <= R::order; ++k) y.coefficient[k] = integral(a, y, k);
  }
};
template <>
struct JetRule<op::Log> {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    using T = typename R::inner;
    y.coefficient[0] = tenon::apply<op::Log>(a.coefficient[0]);
    for (int k = 1; k <= R::order; ++k) {
      T sum = times(k, a.coefficient[k]);
      for (int j = 1; j < k; ++j) sum = sum - times(j, y.coefficient[j]) * a.coefficient[k - j];
      y.coefficient[k] = over(T(sum / a.coefficient[0]), k);
    }
  }
};
// A pair of functions, each the other's derivative, up to the sign of the second one's.
template <class S, class C, int Sign, bool First>
struct JetPair {
  static constexpr bool known = true;
  template <class R, class A>
  TENON_FN static void run(R& y, const A& a) {
    R s, c;
    s.coefficient[0] = tenon::apply<S>(a.coefficient[0]);
    c.coefficient[0] = tenon::apply<C>(a.coefficient[0]);
    for (int k = 1; k <= R::order; ++k) {
      s.coefficient[k] = integral(a, c, k);
      if constexpr (Sign > 0) {
        c.coefficient[k] = integral(a, s, k);
      } else {
        c.coefficient[k] = -integral(a, s, k);
      }
    }
    if constexpr (First) {
      y = s;
    } else {
      y = c;
    }
  }
};
template <>
struct JetRule<op::Sin> : JetPair<op::Sin, op::Cos, -1, true> {};
template <>
struct JetRule<op::Cos> : JetPair<op::Sin, op::Cos, -1, false> {};
template <>
struct JetRule<op::Sinh> : JetPair<op::Sinh, op::Cosh, 1, true> {};
template <>
struct JetRule<op::Cosh> : JetPair<op::Sinh, op::Cosh, 1, false> {};

template <>
struct JetRule<op::Pow> {
  static constexpr bool known = true;
  template <class R, class A, class B>
  TENON_FN static void run(R& y, const A& a, const B& b) {
    using T = typename R::inner;
    y.coefficient[0] = tenon::apply<op::Pow>(head<R>(a), head<R>(b));
    if constexpr (__is_same(B, R)) {
      // y = exp(b log a)
      R l, e;
      if constexpr (__is_same(A, R)) {
        JetRule<op::Log>::run(e, a);
        JetRule<op::Multiply>::run(l, b, e);
      } else {
        JetRule<op::Multiply>::run(l, b, T(tenon::apply<op::Log>(a)));
      }
      for (int k = 1; k <= R::order; ++k) y.coefficient[k] = integral(l, y, k);
    } else if (plain_value(a.coefficient[0]) == 0) {
      at_zero(y, a, b);
    } else {
      // a y' = b a' y
      for (int k = 1; k <= R::order; ++k) {
        T sum = T(b * times(k, a.coefficient[k])) * y.coefficient[0];
        for (int j = 1; j < k; ++j)
          sum = sum + (times(j, b) - static_cast<base_t<T>>(k - j)) * a.coefficient[j] * y.coefficient[k - j];
        y.coefficient[k] = over(T(sum / a.coefficient[0]), k);
      }
    }
  }

 private:
  // The series of t^b at 0 has no recurrence: whole powers are products; of others the derivatives are 0 or infinite.
  template <class R, class A, class T>
  TENON_FN static void at_zero(R& y, const A& a, const T& b) {
    int whole = -1;
    for (int k = 0; k <= R::order; ++k)
      if (plain_value(b) == static_cast<decltype(plain_value(b))>(k)) whole = k;
    if (whole >= 0) {
      R product(T(1));
      for (int i = 0; i < whole; ++i) {
        R next;
        JetRule<op::Multiply>::run(next, product, a);
        product = next;
      }
      y = product;
    } else {
      T factor = b * a.coefficient[1];  // b (b - 1) ... (b - k + 1) / k! a_1^k
      for (int k = 1; k <= R::order; ++k) {
        const T left = b - static_cast<base_t<T>>(k);
        y.coefficient[k] = factor * tenon::apply<op::Pow>(a.coefficient[0], left);
        factor = over(T(factor * left * a.coefficient[1]), k + 1);
      }
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
