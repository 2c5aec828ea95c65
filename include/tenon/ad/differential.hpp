// tenon/ad/differential.hpp: dual and rev numbers as types: their tags, how they nest, what mixing them gives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `dual<T, N, Tag>` is a value and N tangents, `rev<T, Tag>` a value and the slot of its adjoint. The tag is the type
// of the function being differentiated, so nested derivatives cannot confuse their perturbations: a number of an outer
// derivative is a constant to the inner one. The inner derivative is the outer layer: rev<dual<double>> is reverse mode
// inside forward mode. Both are trivially copyable and work in plain templated code as well as in tensors.
#pragma once
#include <tenon/base/scalar_traits.hpp>
#include <tenon/ops/op.hpp>
#include <tenon/ops/operators.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The tag of numbers made by hand and of an explicit Tape.
struct DefaultTag {};

/// dual and rev scalars; `apply` uses the op's derivative rule (ad/dual.hpp, ad/rev.hpp).
struct DifferentialDomain {
  static constexpr int rank = 1;
  template <class Op, class... X>
  TENON_FN static auto apply(const X&... x);
};

namespace detail {
// Tangents of float and double are stored in whole SIMD packs.
template <class T>
constexpr int stored_tangents(int n) {
  if constexpr (__is_same(T, float) || __is_same(T, double)) {
    int pack = 1;
    while (pack < n && pack < simd::native_lanes<T>) pack *= 2;
    return (n + pack - 1) / pack * pack;
  } else {
    return n;
  }
}
}  // namespace detail

namespace detail {
// A plain number as a T, which may be a pack.
template <class T, class S>
TENON_FN T constant_of(const S& s) {
  if constexpr (simd::is_pack<T>) {
    return simd::broadcast<T>(static_cast<simd::lane_t<T>>(s));
  } else {
    return static_cast<T>(s);
  }
}
}  // namespace detail

/// A value with N tangents: x + t[0] e0 + ... where products of the e vanish. Elements of `tangent` from N on fill up
/// the last SIMD pack and mean nothing.
template <class T, int N = 1, class Tag = DefaultTag>
struct dual {
  using tenon_domain = DifferentialDomain;
  using tag = Tag;
  using inner = T;
  static constexpr int tangents = N, stored = detail::stored_tangents<T>(N);
  T value{};
  T tangent[stored] = {};

  constexpr dual() = default;
  /// A constant.
  TENON_FN dual(const T& v) : value(v) {}
  template <class S>
  TENON_FN dual(const S& v) requires(is_real<S> && !__is_same(S, T)) : value(detail::constant_of<T>(v)) {}
  TENON_FN dual(const T& v, const T& t) requires(N == 1) : value(v), tangent{t} {}
  template <class S>
  TENON_FN dual& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  TENON_FN dual& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  TENON_FN dual& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  TENON_FN dual& operator/=(const S& x) {
    return *this = *this / x;
  }
};

/// A value whose adjoint is at `slot` of the tape that is active for Tag; slot 0: a constant.
template <class T, class Tag = DefaultTag>
struct rev {
  using tenon_domain = DifferentialDomain;
  using tag = Tag;
  using inner = T;
  T value{};
  slot_t slot = 0;

  constexpr rev() = default;
  /// A constant.
  TENON_FN rev(const T& v) : value(v) {}
  template <class S>
  TENON_FN rev(const S& v) requires(is_real<S> && !__is_same(S, T)) : value(static_cast<T>(v)) {}
  TENON_FN rev(const T& v, slot_t s) : value(v), slot(s) {}
  template <class S>
  rev& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  rev& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  rev& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  rev& operator/=(const S& x) {
    return *this = *this / x;
  }
};

/// What an op on rev numbers gives: a value and its partial derivatives with respect to N of them, held by value. Used
/// in another op it joins that op's result; made a rev number (`rev<double> y = a * b + c`) it is recorded, as one
/// statement. `auto t = a * b` is safe: nothing is referred to.
template <class T, int N, class Tag>
struct pending;

template <class T, int N, class Tag>
inline constexpr bool is_element<dual<T, N, Tag>> = true;
template <class T, class Tag>
inline constexpr bool is_element<rev<T, Tag>> = true;

/// What kind of derivative number a type is.
template <class T>
inline constexpr bool is_dual = false;
template <class T, int N, class Tag>
inline constexpr bool is_dual<dual<T, N, Tag>> = true;
template <class T>
inline constexpr bool is_rev = false;
template <class T, class Tag>
inline constexpr bool is_rev<rev<T, Tag>> = true;
template <class T>
inline constexpr bool is_pending = false;
template <class T, int N, class Tag>
inline constexpr bool is_pending<pending<T, N, Tag>> = true;
template <class T>
concept differential = is_dual<T> || is_rev<T> || is_pending<T>;
/// Whether a rev is anywhere in T.
template <class T>
inline constexpr bool contains_rev = false;
template <class T, int N, class Tag>
inline constexpr bool contains_rev<dual<T, N, Tag>> = contains_rev<T>;
template <class T, class Tag>
inline constexpr bool contains_rev<rev<T, Tag>> = true;
/// Whether a layer of T has this tag.
template <class T, class Tag>
inline constexpr bool has_tag = false;
template <class T, int N, class Tag>
inline constexpr bool has_tag<dual<T, N, Tag>, Tag> = true;
template <class T, int N, class Other, class Tag>
inline constexpr bool has_tag<dual<T, N, Other>, Tag> = has_tag<T, Tag>;
template <class T, class Tag>
inline constexpr bool has_tag<rev<T, Tag>, Tag> = true;
template <class T, class Other, class Tag>
inline constexpr bool has_tag<rev<T, Other>, Tag> = has_tag<T, Tag>;

template <class T, int N, class Tag>
struct ScalarTraits<dual<T, N, Tag>> {
  using base = base_t<T>;
  template <class B>
  using rebase = dual<rebase_t<T, B>, N, Tag>;
  using primal = dual<T, N, Tag>;
  static constexpr bool taped = false, elementwise = contains_rev<T>;
  static constexpr int tangents = dual<T, N, Tag>::stored;
  template <int K, class X>
  TENON_FN static auto& part(X& x) {
    if constexpr (K == 0) {
      return x.value;
    } else {
      return x.tangent[K - 1];
    }
  }
};
// Tensors of rev over plain or dual numbers record whole statements. Where another rev lies inside, its own tape must
// see every operation, so elements are kept and recorded one by one.
template <class T, class Tag>
struct ScalarTraits<rev<T, Tag>> {
  using base = base_t<T>;
  template <class B>
  using rebase = rev<rebase_t<T, B>, Tag>;
  static constexpr bool taped = !contains_rev<T>, elementwise = contains_rev<T>;
  static constexpr int tangents = 0;
  template <bool Taped, class U>
  struct Primal {
    using type = U;
  };
  template <class U>
  struct Primal<false, U> {
    using type = rev<T, Tag>;
  };
  using primal = typename Primal<taped, T>::type;
};
template <class T, int N, class Tag>
struct Compute<dual<T, N, Tag>> {
  using type = dual<compute_t<T>, N, Tag>;
};
template <class T, class Tag>
struct Compute<rev<T, Tag>> {
  using type = rev<compute_t<T>, Tag>;
};

// ---- promotion -----------------------------------------------------------------------------------------------------

namespace detail {

template <class Tag>
constexpr const char* tag_text() {
  return __PRETTY_FUNCTION__;
}
// Some order of tags, the same wherever it is asked.
template <class A, class B>
constexpr bool tag_before() {
  const char *a = tag_text<A>(), *b = tag_text<B>();
  while (*a && *a == *b) ++a, ++b;
  return *a <= *b;  // texts may be equal (instances of one generic lambda): then either order will do
}

// X without its outermost layer, and T in that layer.
template <class X>
struct Layer;
template <class T, int N, class Tag>
struct Layer<dual<T, N, Tag>> {
  using inner = T;
  using tag = Tag;
  template <class U>
  using around = dual<U, N, Tag>;
};
template <class T, class Tag>
struct Layer<rev<T, Tag>> {
  using inner = T;
  using tag = Tag;
  template <class U>
  using around = rev<U, Tag>;
};
template <class T, int N, class Tag>
struct Layer<pending<T, N, Tag>> : Layer<rev<T, Tag>> {};

// Which layer is outermost in the promotion of A and B: A's, unless B's derivative is nested inside... A's being known
// to B makes B's layer the inner derivative, hence the outer layer.
template <class A, class B>
constexpr bool first_outside() {
  using TA = typename Layer<A>::tag;
  using TB = typename Layer<B>::tag;
  if (has_tag<A, TB>) return true;
  if (has_tag<B, TA>) return false;
  return tag_before<TA, TB>();
}

}  // namespace detail

template <class A, class B>
requires(differential<A>&& is_plain<B>) struct Promote<A, B> {
  using type = typename detail::Layer<A>::template around<promote_t<typename detail::Layer<A>::inner, B>>;
};
template <class A, class B>
requires(is_plain<A>&& differential<B>) struct Promote<A, B> : Promote<B, A> {
};
template <class A, class B>
requires(differential<A>&& differential<B>&& __is_same(typename detail::Layer<A>::tag,
                                                       typename detail::Layer<B>::tag)) struct Promote<A, B> {
  using type = typename detail::Layer<A>::template around<
      promote_t<typename detail::Layer<A>::inner, typename detail::Layer<B>::inner>>;
};
template <class A, class B>
requires(differential<A>&& differential<B> &&
         !__is_same(typename detail::Layer<A>::tag, typename detail::Layer<B>::tag) &&
         detail::first_outside<A, B>()) struct Promote<A, B> {
  using type = typename detail::Layer<A>::template around<promote_t<typename detail::Layer<A>::inner, B>>;
};
template <class A, class B>
requires(differential<A>&& differential<B> &&
         !__is_same(typename detail::Layer<A>::tag, typename detail::Layer<B>::tag) &&
         !detail::first_outside<A, B>()) struct Promote<A, B> : Promote<B, A> {
};

// ---- values --------------------------------------------------------------------------------------------------------

/// The plain number at the bottom: what comparisons and branches look at.
template <class X>
TENON_FN auto plain_value(const X& x) {
  if constexpr (differential<X>) {
    return plain_value(x.value);
  } else {
    return x;
  }
}

}  // namespace TENON_ABI
}  // namespace tenon
