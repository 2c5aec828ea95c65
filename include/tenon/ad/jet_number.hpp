// tenon/ad/jet_number.hpp: the jet as a type: its coefficients, and what it gives with other numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/dual.hpp>

namespace tenon {
inline namespace TENON_ABI {

struct JetDomain {
  static constexpr int rank = 2;
  template <class Op, class... X>
  TENON_FN static auto apply(const X&... x);
};

/// coefficient[0] + coefficient[1] t + ... + coefficient[N] t^N.
template <class T, int N, class Tag = DefaultTag>
struct jet {
  static_assert(N >= 0, "tenon: the order of a jet is not negative");
  using tenon_domain = JetDomain;
  using tag = Tag;
  using inner = T;
  static constexpr int order = N;
  T coefficient[N + 1] = {};

  constexpr jet() = default;
  /// A constant.
  TENON_FN jet(const T& c) : coefficient{c} {}
  template <class S>
  TENON_FN jet(const S& c) requires(is_real<S> && !__is_same(S, T)) : coefficient{static_cast<T>(c)} {}
  /// c + slope t.
  TENON_FN jet(const T& c, const T& slope) requires(N >= 1) : coefficient{c, slope} {}
  /// The k-th derivative at t = 0: k! coefficient[k].
  TENON_FN T derivative(int k) const {
    base_t<T> factorial = 1;
    for (int i = 2; i <= k; ++i) factorial *= static_cast<base_t<T>>(i);
    return coefficient[k] * factorial;
  }
  template <class S>
  TENON_FN jet& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  TENON_FN jet& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  TENON_FN jet& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  TENON_FN jet& operator/=(const S& x) {
    return *this = *this / x;
  }
};

template <class T, int N, class Tag>
inline constexpr bool is_element<jet<T, N, Tag>> = true;
template <class T>
inline constexpr bool is_jet = false;
template <class T, int N, class Tag>
inline constexpr bool is_jet<jet<T, N, Tag>> = true;
/// Whether a jet is anywhere in T.
template <class T>
inline constexpr bool contains_jet = is_jet<T>;
template <class T, int N, class Tag>
inline constexpr bool contains_jet<dual<T, N, Tag>> = contains_jet<T>;
template <class T, class Tag>
inline constexpr bool contains_jet<rev<T, Tag>> = contains_jet<T>;
template <class T, int N, class Tag>
inline constexpr bool contains_jet<pending<T, N, Tag>> = contains_jet<T>;
template <class T, int N, class Tag>
inline constexpr bool contains_rev<jet<T, N, Tag>> = contains_rev<T>;
template <class T, int N, class Tag>
inline constexpr bool has_tag<jet<T, N, Tag>, Tag> = true;
template <class T, int N, class Other, class Tag>
inline constexpr bool has_tag<jet<T, N, Other>, Tag> = has_tag<T, Tag>;

template <class T, int N, class Tag>
struct ScalarTraits<jet<T, N, Tag>> {
  using base = base_t<T>;
  template <class B>
  using rebase = jet<rebase_t<T, B>, N, Tag>;
  using primal = jet<T, N, Tag>;
  static constexpr bool taped = false, elementwise = contains_rev<T>;
  static constexpr int tangents = 0;
};
template <class T, int N, class Tag>
struct Compute<jet<T, N, Tag>> {
  using type = jet<compute_t<T>, N, Tag>;
};

// A derivative that began after the series (rev or dual numbers of jets) is the outer layer; one that began before it
// is inside.
template <class T, int N, class Tag, class B>
requires(is_plain<B>&& is_real<B>) struct Promote<jet<T, N, Tag>, B> {
  using type = jet<promote_t<T, B>, N, Tag>;
};
template <class T, int N, class Tag, class B>
requires(is_plain<B>&& is_real<B>) struct Promote<B, jet<T, N, Tag>> : Promote<jet<T, N, Tag>, B> {
};
template <class T, int N, class Tag, class B>
requires(differential<B> && !contains_jet<B>) struct Promote<jet<T, N, Tag>, B> {
  using type = jet<promote_t<T, B>, N, Tag>;
};
template <class T, int N, class Tag, class B>
requires(differential<B>&& contains_jet<B>) struct Promote<jet<T, N, Tag>, B> {
  using type = typename detail::Layer<B>::template around<promote_t<typename detail::Layer<B>::inner, jet<T, N, Tag>>>;
};
template <class T, int N, class Tag, class B>
requires(differential<B>) struct Promote<B, jet<T, N, Tag>> : Promote<jet<T, N, Tag>, B> {
};
template <class A, class B, int N, int M, class Tag>
struct Promote<jet<A, N, Tag>, jet<B, M, Tag>> {
  static_assert(N == M, "tenon: jets of different order meet");
  using type = jet<promote_t<A, B>, N, Tag>;
};
template <class A, class B, int N, int M, class TA, class TB>
requires(!__is_same(TA, TB)) struct Promote<jet<A, N, TA>, jet<B, M, TB>> {
  static constexpr bool first = has_tag<A, TB> || (!has_tag<B, TA> && detail::tag_before<TA, TB>());
  template <bool, class, class>
  struct Pick {
    using type = jet<promote_t<A, jet<B, M, TB>>, N, TA>;
  };
  template <class X, class Y>
  struct Pick<false, X, Y> {
    using type = jet<promote_t<jet<A, N, TA>, B>, M, TB>;
  };
  using type = typename Pick<first, A, B>::type;
};

}  // namespace TENON_ABI
}  // namespace tenon
