// The rules of base/ that hold at compile time: promotion, weak scalars, accumulators, limits, lists, reflection.
#include <tenon/base/element.hpp>
#include <tenon/base/reflect.hpp>
#include <tenon/base/type_list.hpp>

#include <complex>
#include <cstdint>
#include <type_traits>

using namespace tenon;

template <class A, class B>
constexpr bool same = __is_same(A, B);
template <class A, class B, class C>
constexpr bool promotes = same<promote_t<A, B>, C>&& same<promote_t<B, A>, C>;

using C64 = std::complex<float>;
using C128 = std::complex<double>;

// Which types are elements.
template <class... T>
constexpr bool all_elements = (is_element<T> && ...);
static_assert(all_elements<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t,
                           std::uint32_t, std::uint64_t, half, bfloat16, float, double, C64, C128>);
static_assert(!is_element<char> && !is_element<long double> && !is_element<void> && !is_element<float*>);
static_assert(!is_element<const float> && !is_element<float&> && !is_element<std::complex<long double>>);
static_assert(is_floating<half> && is_floating<double> && !is_floating<int> && !is_floating<C64>);
static_assert(is_integer<long long> && is_integer<unsigned char> && !is_integer<bool> && !is_integer<char>);
static_assert(is_bool<bool> && !is_bool<int> && is_complex<C64> && is_complex<C128> && !is_complex<float>);
static_assert(is_arithmetic<bool> && is_arithmetic<C64> && !is_arithmetic<TypeList<>>);
static_assert(is_signed_integer<short> && !is_signed_integer<unsigned> && !is_signed_integer<float>);

// Types that look like complex numbers, but not enough.
template <class T>
struct Vec2 {
  using value_type = T;
  T x, y;
  Vec2(T, T);
};
template <class T>
struct Expression {
  using value_type = T;
  T* data;
  Expression<T> real() const;
  Expression<T> imag() const;
};
template <class T>
struct MyComplex {
  using value_type = T;
  T re, im;
  constexpr MyComplex(T r, T i) : re(r), im(i) {}
  constexpr T real() const { return re; }
  constexpr T imag() const { return im; }
};
static_assert(!is_complex<Vec2<float>> && !is_complex<Expression<float>> && is_complex<MyComplex<double>>);

// Promotion of two tensors' elements.
static_assert(promotes<bool, bool, bool> && promotes<bool, std::uint8_t, std::uint8_t> && promotes<bool, float, float>);
static_assert(promotes<std::int8_t, std::int16_t, std::int16_t> && promotes<int, std::int64_t, std::int64_t>);
static_assert(promotes<std::uint8_t, std::uint16_t, std::uint16_t> && promotes<unsigned, unsigned, unsigned>);
static_assert(promotes<std::uint8_t, std::int8_t, std::int16_t> && promotes<std::uint8_t, std::int16_t, std::int16_t>);
static_assert(promotes<std::uint8_t, int, int> && promotes<std::uint16_t, std::int8_t, std::int32_t>);
static_assert(promotes<std::uint16_t, std::int16_t, std::int32_t> && promotes<std::uint32_t, int, std::int64_t>);
static_assert(promotes<std::uint64_t, std::int8_t, std::int64_t> &&
              promotes<std::uint64_t, std::int64_t, std::int64_t>);
static_assert(promotes<half, half, half> && promotes<bfloat16, bfloat16, bfloat16>);
static_assert(promotes<half, bfloat16, float> && promotes<half, std::int64_t, half> &&
              promotes<bfloat16, bool, bfloat16>);
static_assert(promotes<half, float, float> && promotes<bfloat16, double, double> && promotes<float, double, double>);
static_assert(promotes<std::int64_t, float, float> && promotes<std::uint64_t, double, double>);
static_assert(promotes<C64, float, C64> && promotes<C64, std::int64_t, C64> && promotes<C64, bool, C64>);
static_assert(promotes<C64, half, C64> && promotes<C64, double, C128> && promotes<C64, C128, C128>);
static_assert(promotes<C128, float, C128> && promotes<C64, C64, C64>);
static_assert(same<promote_t<long long, long long>, long long> && same<promote_t<long, long>, long>);
static_assert(same<common_t<bool, std::int8_t, half, C64, double>, C128> && same<common_t<half>, half>);
template <class A, class B>
concept promotable = requires {
  typename promote_t<A, B>;
};
static_assert(promotable<int, float> && !promotable<int, char> && !promotable<void, float>);

// A built-in scalar is weak.
static_assert(same<weak_promote_t<float, double>, float> && same<weak_promote_t<float, std::int64_t>, float>);
static_assert(same<weak_promote_t<half, double>, half> && same<weak_promote_t<bfloat16, int>, bfloat16>);
static_assert(same<weak_promote_t<std::int8_t, std::int64_t>, std::int8_t>);
static_assert(same<weak_promote_t<std::uint8_t, int>, std::uint8_t> && same<weak_promote_t<int, bool>, int>);
static_assert(same<weak_promote_t<int, float>, float> && same<weak_promote_t<std::int64_t, double>, float>);
static_assert(same<weak_promote_t<bool, int>, std::int32_t> && same<weak_promote_t<bool, std::uint8_t>, std::int32_t>);
static_assert(same<weak_promote_t<bool, bool>, bool> && same<weak_promote_t<bool, double>, float>);
static_assert(same<weak_promote_t<C64, double>, C64> && same<weak_promote_t<C64, int>, C64>);
static_assert(same<weak_promote_t<float, C64>, C64> && same<weak_promote_t<int, half>, half>);
static_assert(same<weak_promote_t<half, bfloat16>, float> && same<weak_promote_t<double, float>, double>);

// What computes and what accumulates.
static_assert(same<compute_t<half>, float> && same<compute_t<bfloat16>, float> && same<compute_t<double>, double>);
static_assert(same<compute_t<int>, int> && same<compute_t<C64>, C64>);
static_assert(same<accumulator_t<bool>, std::int64_t> && same<accumulator_t<std::uint8_t>, std::int64_t>);
static_assert(same<accumulator_t<int>, std::int64_t> && same<accumulator_t<std::uint64_t>, std::uint64_t>);
static_assert(same<accumulator_t<half>, float> && same<accumulator_t<float>, float> && same<accumulator_t<C64>, C64>);
static_assert(same<contraction_accumulator_t<std::int8_t>, std::int32_t>);
static_assert(same<contraction_accumulator_t<std::uint8_t>, std::int32_t>);
static_assert(same<contraction_accumulator_t<std::int16_t>, std::int32_t>);
static_assert(same<contraction_accumulator_t<std::uint16_t>, std::uint32_t>);
static_assert(same<contraction_accumulator_t<bool>, std::int32_t> && same<contraction_accumulator_t<int>, int>);
static_assert(same<contraction_accumulator_t<bfloat16>, float> && same<contraction_accumulator_t<double>, double>);
static_assert(same<real_t<C128>, double> && same<real_t<half>, half>);

// Arithmetic keeps the type of 16-bit numbers.
static_assert(same<decltype(half(1) * half(2)), half> && same<decltype(-bfloat16(1)), bfloat16>);
static_assert(same<decltype(half(1) + 1), half> && same<decltype(2u / bfloat16(1)), bfloat16>);
static_assert(same<decltype(half(1) * 1.0f), float> && same<decltype(half(1) * bfloat16(1)), float>);
static_assert(half(1.5f) * half(2.0f) == 3.0f && bfloat16(3) - 1 == 2 && half(2) > half(1) && half(2) != half(1));
static_assert(!std::is_convertible_v<float, half> && std::is_convertible_v<half, float>);
static_assert(sizeof(half) == 2 && alignof(bfloat16) == 2 && __is_trivially_copyable(half));

// Limits.
static_assert(limits<std::int8_t>::lowest() == -128 && limits<std::int8_t>::max() == 127);
static_assert(limits<std::uint8_t>::max() == 255 && limits<std::uint8_t>::lowest() == 0 && limits<bool>::max());
static_assert(limits<std::int64_t>::lowest() == INT64_MIN && limits<std::uint64_t>::max() == UINT64_MAX);
static_assert(limits<int>::infinity() == INT32_MAX && limits<int>::minus_infinity() == INT32_MIN);
static_assert(limits<half>::max() == 65504.0f && limits<half>::lowest() == -65504.0f);
static_assert(limits<half>::epsilon() == 0x1p-10f && limits<half>::smallest_normal() == 0x1p-14f);
static_assert(limits<bfloat16>::epsilon() == 0x1p-7f && limits<bfloat16>::max() == 0x1.fep127f);
static_assert(limits<bfloat16>::smallest_normal() == 0x1p-126f &&
              limits<half>::infinity() == limits<float>::infinity());
static_assert(limits<bfloat16>::nan() != limits<bfloat16>::nan() && limits<half>::nan() != limits<half>::nan());

// Names.
constexpr bool equal(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}
static_assert(equal(dtype_name<float>(), "float32") && equal(dtype_name<double>(), "float64"));
static_assert(equal(dtype_name<half>(), "float16") && equal(dtype_name<bfloat16>(), "bfloat16"));
static_assert(equal(dtype_name<std::int8_t>(), "int8") && equal(dtype_name<std::int16_t>(), "int16"));
static_assert(equal(dtype_name<std::int32_t>(), "int32") && equal(dtype_name<std::int64_t>(), "int64"));
static_assert(equal(dtype_name<std::uint8_t>(), "uint8") && equal(dtype_name<std::uint64_t>(), "uint64"));
static_assert(equal(dtype_name<bool>(), "bool") && equal(dtype_name<C64>(), "complex64"));
static_assert(equal(dtype_name<C128>(), "complex128") && ElementInfo<half>::bits == 16);

// Lists.
struct Incomplete;
using List = TypeList<int, float, Incomplete, void, int>;
static_assert(List::size == 5 && same<at_t<0, List>, int> && same<at_t<2, List>, Incomplete> &&
              same<at_t<4, List>, int>);
static_assert(index_of<Incomplete, List> == 2 && index_of<int, List> == 0 && index_of<double, List> == -1);
static_assert(contains<void, List> && !contains<char, List> && !contains<char, TypeList<>>);
static_assert(same<make_seq<0>, Seq<>> && same<make_seq<3>, Seq<0, 1, 2>> && make_seq<64>::size == 64);
static_assert(same<concat_t<>, TypeList<>> &&
              same<concat_t<TypeList<int>, TypeList<>, TypeList<char, int>>, TypeList<int, char, int>>);
template <class... T>
struct Box {};
static_assert(same<apply_t<TypeList<int, char>, Box>, Box<int, char>>);

// Reflection.
struct Nothing {};
struct Pair {
  int first;
  float second;
};
template <class T>
struct Net {
  T hidden, out;
  Pair pair;
  bool flag = true;
};
static_assert(member_count<Nothing> == 0 && member_count<Pair> == 2 && member_count<Net<float>> == 4);
static_assert(member_name<Pair, 0>() == FixedString{"first"} && member_name<Pair, 1>() == FixedString{"second"});
static_assert(member_name<Net<Pair>, 2>() == FixedString{"pair"} &&
              member_name<Net<Pair>, 0>() == FixedString{"hidden"});
static_assert(equal(member_name_text<Net<half>, 3>(), "flag"));
static_assert(type_name<Net<bfloat16>>() == FixedString{"Net<bfloat16>"} && equal(type_name_text<float>(), "float"));
