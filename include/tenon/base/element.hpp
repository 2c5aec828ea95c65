// tenon/base/element.hpp: the element types, and the rules for which type an operation on several of them has.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two tensors promote to the smallest type of the higher group that holds both (bool < integers < half, bfloat16 <
// float < double < complex), so that a float32 model never becomes float64 by accident; a built-in C++ scalar is weak
// and hardly ever changes the type of the tensor that it meets:
//   promote_t<float, int64_t> is float;    weak_promote_t<float, double> (x * 0.5) is float.
// Other headers add element types by specialising `is_element`, `Promote`, `Compute`, `Accumulator`, `ElementInfo`.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/float16.hpp>
#include <tenon/base/number_kind.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

// std::complex is a large include: a class template over float or double with its size, constructor and accessors is
// taken for a complex number (thrust and cuda::std have such types, too).
template <class T>
struct ComplexTraits {
  static constexpr bool matches = false;
};
template <template <class> class C, class V>
requires(__is_same(V, float) || __is_same(V, double)) struct ComplexTraits<C<V>> {
  static constexpr bool matches =
      sizeof(C<V>) == 2 * sizeof(V) && __is_trivially_copyable(C<V>) && requires(const C<V>& c, V v) {
    requires __is_same(typename C<V>::value_type, V);
    requires __is_same(decltype(c.real()), V) && __is_same(decltype(c.imag()), V);
    C<V>(v, v);
  };
  using value_type = V;
  template <class U>
  using rebind = C<U>;
};

template <NumberKind K>
struct NumberOf;
template <>
struct NumberOf<NumberKind::boolean> {
  using type = bool;
};
template <>
struct NumberOf<NumberKind::int8> {
  using type = __INT8_TYPE__;
};
template <>
struct NumberOf<NumberKind::int16> {
  using type = __INT16_TYPE__;
};
template <>
struct NumberOf<NumberKind::int32> {
  using type = __INT32_TYPE__;
};
template <>
struct NumberOf<NumberKind::int64> {
  using type = __INT64_TYPE__;
};
template <>
struct NumberOf<NumberKind::uint8> {
  using type = __UINT8_TYPE__;
};
template <>
struct NumberOf<NumberKind::uint16> {
  using type = __UINT16_TYPE__;
};
template <>
struct NumberOf<NumberKind::uint32> {
  using type = __UINT32_TYPE__;
};
template <>
struct NumberOf<NumberKind::uint64> {
  using type = __UINT64_TYPE__;
};
template <>
struct NumberOf<NumberKind::float16> {
  using type = half;
};
template <>
struct NumberOf<NumberKind::bfloat16> {
  using type = bfloat16;
};
template <>
struct NumberOf<NumberKind::float32> {
  using type = float;
};
template <>
struct NumberOf<NumberKind::float64> {
  using type = double;
};

constexpr bool integer_kind(NumberKind k) { return k >= NumberKind::int8 && k <= NumberKind::uint64; }
constexpr bool unsigned_kind(NumberKind k) { return k >= NumberKind::uint8 && k <= NumberKind::uint64; }

constexpr NumberKind promote_kind(NumberKind a, NumberKind b) {
  if (a > b) return promote_kind(b, a);
  if (a == NumberKind::none || a == b) return a;
  if (b >= NumberKind::float16) return a == NumberKind::float16 && b == NumberKind::bfloat16 ? NumberKind::float32 : b;
  if (!unsigned_kind(b) || unsigned_kind(a) || a == NumberKind::boolean) return b;
  // Signed a, unsigned b: the signed type that holds both, int64 where none does.
  const int above_b = static_cast<int>(b) - static_cast<int>(NumberKind::uint8) + static_cast<int>(NumberKind::int16);
  const int wider = static_cast<int>(a) > above_b ? static_cast<int>(a) : above_b;
  return wider < static_cast<int>(NumberKind::int64) ? static_cast<NumberKind>(wider) : NumberKind::int64;
}
constexpr NumberKind weak_kind(NumberKind element, NumberKind scalar) {
  if (element >= NumberKind::float16) return element;
  if (scalar >= NumberKind::float16) return NumberKind::float32;
  return element == NumberKind::boolean && integer_kind(scalar) ? NumberKind::int32 : element;
}
constexpr NumberKind sum_kind(NumberKind k) {
  if (k == NumberKind::float16 || k == NumberKind::bfloat16) return NumberKind::float32;
  return k >= NumberKind::uint64 ? k : NumberKind::int64;
}
constexpr NumberKind contraction_kind(NumberKind k) {
  if (k == NumberKind::float16 || k == NumberKind::bfloat16) return NumberKind::float32;
  if (k == NumberKind::uint16) return NumberKind::uint32;
  return k <= NumberKind::int16 || k == NumberKind::uint8 ? NumberKind::int32 : k;
}
TENON_HD constexpr const char* kind_name(NumberKind k) {
  constexpr const char* names[] = {"bool",   "int8",   "int16",   "int32",    "int64",   "uint8",  "uint16",
                                   "uint32", "uint64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<int>(k)];
}

// A type of kind K: A or B itself where one has it (long and long long share a kind), else the standard one.
template <NumberKind K, class A, class B, bool IsA = (number_kind<A> == K), bool IsB = (number_kind<B> == K)>
struct Pick : NumberOf<K> {};
template <NumberKind K, class A, class B, bool IsB>
struct Pick<K, A, B, true, IsB> {
  using type = A;
};
template <NumberKind K, class A, class B>
struct Pick<K, A, B, false, true> {
  using type = B;
};

}  // namespace detail

/// True for std::complex<float>, std::complex<double> and class templates with the same layout and interface.
template <class T>
inline constexpr bool is_complex = detail::ComplexTraits<T>::matches;
/// True for every built-in element type: real or complex.
template <class T>
inline constexpr bool is_arithmetic = is_real<T> || is_complex<T>;
/// True for what a tensor can hold; specialise it for further number types (dual, rev).
template <class T>
inline constexpr bool is_element = is_arithmetic<T>;

/// The type that elements A and B of two tensors promote to; without `type` where there is none.
template <class A, class B>
struct Promote {};
template <class A, class B>
requires(is_real<A>&& is_real<B>) struct Promote<A, B>
    : detail::Pick<detail::promote_kind(number_kind<A>, number_kind<B>), A, B> {
};
template <class A, class B>
requires(is_complex<A>&& is_real<B>) struct Promote<A, B> {
  using type = typename detail::ComplexTraits<A>::template rebind<
      typename Promote<typename detail::ComplexTraits<A>::value_type, B>::type>;
};
template <class A, class B>
requires(is_real<A>&& is_complex<B>) struct Promote<A, B> : Promote<B, A> {
};
template <class A, class B>
requires(is_complex<A>&& is_complex<B>) struct Promote<A, B>
    : Promote<A, typename detail::ComplexTraits<B>::value_type> {
};
/// The type that elements A and B of two tensors promote to.
template <class A, class B>
using promote_t = typename Promote<A, B>::type;

/// The type that all of T... promote to, from left to right.
template <class A, class... Rest>
struct Common {
  using type = A;
};
template <class A, class B, class... Rest>
struct Common<A, B, Rest...> : Common<promote_t<A, B>, Rest...> {};
template <class... T>
using common_t = typename Common<T...>::type;

/// The type of a tensor of T combined with a C++ scalar of type Scalar. Built-in scalars are weak: an integer leaves T
/// as it is (bool becomes int32), a floating one makes integers float and leaves floating and complex T as they are.
/// Any other Scalar (bfloat16, half, complex) promotes as a tensor would.
template <class T, class Scalar>
struct WeakPromote {
  using type = T;
};
template <class T, class Scalar>
requires(is_real<T>&& is_real<Scalar> && !__is_class(Scalar)) struct WeakPromote<T, Scalar>
    : detail::Pick<detail::weak_kind(number_kind<T>, number_kind<Scalar>), T, T> {
};
template <class T, class Scalar>
requires(is_arithmetic<T>&& is_arithmetic<Scalar>&& __is_class(Scalar)) struct WeakPromote<T, Scalar>
    : Promote<T, Scalar> {
};
template <class T, class Scalar>
using weak_promote_t = typename WeakPromote<T, Scalar>::type;

/// The type T is computed in: float for bfloat16 and half, else T.
template <class T>
struct Compute {
  using type = T;
};
template <>
struct Compute<bfloat16> {
  using type = float;
};
template <>
struct Compute<half> {
  using type = float;
};
template <class T>
using compute_t = typename Compute<T>::type;

/// The type that a sum of many T is kept in: int64 for bool and integers (uint64 for itself), float for bfloat16 and
/// half, else T.
template <class T>
struct Accumulator {
  using type = T;
};
template <class T>
requires(is_real<T>) struct Accumulator<T> : detail::Pick<detail::sum_kind(number_kind<T>), T, T> {
};
template <class T>
using accumulator_t = typename Accumulator<T>::type;

/// The type that a matrix product of T is summed in: int32 for bool and 8- and 16-bit integers (uint32 for uint16),
/// float for bfloat16 and half, else T.
template <class T>
struct ContractionAccumulator {
  using type = T;
};
template <class T>
requires(is_real<T>) struct ContractionAccumulator<T> : detail::Pick<detail::contraction_kind(number_kind<T>), T, T> {
};
template <class T>
using contraction_accumulator_t = typename ContractionAccumulator<T>::type;

/// The real type under T: V for complex<V>, else T.
template <class T>
struct RealOf {
  using type = T;
};
template <class T>
requires(is_complex<T>) struct RealOf<T> {
  using type = typename detail::ComplexTraits<T>::value_type;
};
template <class T>
using real_t = typename RealOf<T>::type;

/// What is known about an element type; `name()` is the one in messages and files ("float32", "complex64").
template <class T>
struct ElementInfo;
template <class T>
requires(is_real<T>) struct ElementInfo<T> {
  static constexpr int bits = 8 * static_cast<int>(sizeof(T));
  TENON_FN static const char* name() { return detail::kind_name(number_kind<T>); }
};
template <class T>
requires(is_complex<T>) struct ElementInfo<T> {
  static constexpr int bits = 8 * static_cast<int>(sizeof(T));
  TENON_FN static const char* name() { return sizeof(T) == 8 ? "complex64" : "complex128"; }
};
/// The name of an element type, as NumPy spells it: "float32", "bfloat16", "bool", "complex128".
template <class T>
TENON_FN const char* dtype_name() {
  return ElementInfo<T>::name();
}

/// The largest and smallest values of a real element type. `infinity()` and `minus_infinity()` are the identities of
/// minimum and maximum: for bool and integers `max()` and `lowest()`. `epsilon()` is the distance from 1 to the next
/// larger number, `smallest_normal()` the smallest positive number of full precision.
template <class T>
struct limits;
template <class T>
requires(is_integer<T> || is_bool<T>) struct limits<T> {
  TENON_FN static T max() {
    if constexpr (is_bool<T>) {
      return true;
    } else {
      // All ones, without the sign bit of a signed type.
      return static_cast<T>(~0ull >> (64 - 8 * sizeof(T) + (is_signed_integer<T> ? 1 : 0)));
    }
  }
  TENON_FN static T lowest() {
    if constexpr (is_signed_integer<T>) {
      return static_cast<T>(-max() - 1);
    } else {
      return T(0);
    }
  }
  TENON_FN static T epsilon() { return T(0); }
  TENON_FN static T infinity() { return max(); }
  TENON_FN static T minus_infinity() { return lowest(); }
};
template <>
struct limits<float> {
  TENON_FN static float max() { return __FLT_MAX__; }
  TENON_FN static float lowest() { return -__FLT_MAX__; }
  TENON_FN static float epsilon() { return __FLT_EPSILON__; }
  TENON_FN static float smallest_normal() { return __FLT_MIN__; }
  TENON_FN static float infinity() { return __builtin_huge_valf(); }
  TENON_FN static float minus_infinity() { return -__builtin_huge_valf(); }
  TENON_FN static float nan() { return __builtin_nanf(""); }
};
template <>
struct limits<double> {
  TENON_FN static double max() { return __DBL_MAX__; }
  TENON_FN static double lowest() { return -__DBL_MAX__; }
  TENON_FN static double epsilon() { return __DBL_EPSILON__; }
  TENON_FN static double smallest_normal() { return __DBL_MIN__; }
  TENON_FN static double infinity() { return __builtin_huge_val(); }
  TENON_FN static double minus_infinity() { return -__builtin_huge_val(); }
  TENON_FN static double nan() { return __builtin_nan(""); }
};
template <>
struct limits<bfloat16> {
  TENON_FN static bfloat16 max() { return bfloat16::from_bits(0x7f7f); }
  TENON_FN static bfloat16 lowest() { return bfloat16::from_bits(0xff7f); }
  TENON_FN static bfloat16 epsilon() { return bfloat16::from_bits(0x3c00); }
  TENON_FN static bfloat16 smallest_normal() { return bfloat16::from_bits(0x0080); }
  TENON_FN static bfloat16 infinity() { return bfloat16::from_bits(0x7f80); }
  TENON_FN static bfloat16 minus_infinity() { return bfloat16::from_bits(0xff80); }
  TENON_FN static bfloat16 nan() { return bfloat16::from_bits(0x7fc0); }
};
template <>
struct limits<half> {
  TENON_FN static half max() { return half::from_bits(0x7bff); }
  TENON_FN static half lowest() { return half::from_bits(0xfbff); }
  TENON_FN static half epsilon() { return half::from_bits(0x1400); }
  TENON_FN static half smallest_normal() { return half::from_bits(0x0400); }
  TENON_FN static half infinity() { return half::from_bits(0x7c00); }
  TENON_FN static half minus_infinity() { return half::from_bits(0xfc00); }
  TENON_FN static half nan() { return half::from_bits(0x7e00); }
};

}  // namespace TENON_ABI
}  // namespace tenon
