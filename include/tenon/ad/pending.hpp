// tenon/ad/pending.hpp: results of ops on rev numbers before they are recorded: partial derivatives in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `rev<double> y = a * b + c` is one statement on the tape, not two: a * b is a `pending` with two partial derivatives,
// the sum one with three, and only the number y is recorded. A pending holds values and slots, no references, so it may
// be kept by `auto`, copied and used twice; only a rev number is recorded just once, whatever it is used for.
#pragma once
#include <tenon/ad/tape.hpp>

namespace tenon {
inline namespace TENON_ABI {

template <class T, int N, class Tag>
struct pending {
  using tenon_domain = DifferentialDomain;
  using tag = Tag;
  using inner = T;
  T value;
  detail::Terms<T, N> terms;  ///< partial derivatives with respect to the numbers at slots

  TENON_FN pending(const T& v, const detail::Terms<T, N>& t) : value(v), terms(t) {}
  /// A constant.
  template <class S>
  TENON_FN pending(const S& v) requires(is_real<S>) : value(static_cast<T>(v)), terms{} {}
  TENON_FN pending(const pending&) = default;
  TENON_FN pending& operator=(const pending&) = default;
  /// Results of other ops. Explicit from numbers, so that `c ? a * b : a` has one meaning: a number.
  template <int M>
  TENON_FN pending(const pending<T, M, Tag>& o) : value(o.value), terms(fitted(o)) {}
  template <int M>
  TENON_FN pending& operator=(const pending<T, M, Tag>& o) {
    return *this = pending(o);
  }
  TENON_FN explicit pending(const rev<T, Tag>& o) : value(o.value), terms{T(1), o.slot, {}} {}
  TENON_FN pending& operator=(const rev<T, Tag>& o) { return *this = pending(o); }

  /// Records the result.
  TENON_FN rev<T, Tag> get() const {
    if (!__builtin_is_constant_evaluated())
      if (Tape* tape = detail::active_tape<Tag>) {
        const auto r = tape->statement(value, terms);
        return {r.value, r.slot};
      }
    return value;
  }
  TENON_FN operator rev<T, Tag>() const { return get(); }
  /// As the real part of a complex number: what functions of std::complex<T> return where they could a T.
  template <class C>
  TENON_FN operator C() const requires(__is_same(decltype(C().real()), rev<T, Tag>)) {
    return C(get());
  }

  template <class S>
  TENON_FN pending& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  TENON_FN pending& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  TENON_FN pending& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  TENON_FN pending& operator/=(const S& x) {
    return *this = *this / x;
  }

 private:
  template <int M>
  TENON_FN static detail::Terms<T, N> fitted(const pending<T, M, Tag>& o) {
    if constexpr (M < N) {
      return detail::joined(o.terms, detail::Terms<T, N - M>{});
    } else {
      return {T(1), o.get().slot, {}};
    }
  }
};

/// A pending result as a number: recorded now.
template <class T, int N, class Tag>
TENON_FN rev<T, Tag> evaluate(const pending<T, N, Tag>& x) {
  return x.get();
}

}  // namespace TENON_ABI
}  // namespace tenon
