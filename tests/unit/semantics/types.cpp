// docs/semantics.md: element types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <complex>
#include <cstdint>
#include <tenon/tenon.hpp>

#include "holds.hpp"

using namespace tenon;

namespace {

template <class A, class B>
using sum_of = element_of<decltype(Tensor<A, 2>{} + Tensor<B, 2>{})>;
template <class A, class S>
using product_with = element_of<decltype(Tensor<A, 2>{} * S{})>;
template <class A, class B, class R>
inline constexpr bool promotes = __is_same(sum_of<A, B>, R) && __is_same(sum_of<B, A>, R);

template <class Target, class Value>
concept takes = detail::converts<Value, Target>();

using c64 = std::complex<float>;
using c128 = std::complex<double>;

}  // namespace

TEST_CASE("[P1] promotion") {
  static_assert(promotes<std::int8_t, std::int16_t, std::int16_t>);
  static_assert(promotes<bool, std::int8_t, std::int8_t> && promotes<std::int64_t, float, float>);
  static_assert(promotes<std::int64_t, half, half> && promotes<half, bfloat16, float>);
  static_assert(promotes<half, half, half> && promotes<bfloat16, float, float>);
  static_assert(promotes<float, double, double> && promotes<float, c64, c64>);
  static_assert(promotes<double, c64, c128> && promotes<std::int8_t, c64, c64>);
  CHECK(holds(Tensor<std::int8_t, 2>{100, -1} + Tensor<std::int16_t, 2>{100, 300}, {200, 299}));
}
TEST_CASE("[P2] signed with unsigned") {
  static_assert(promotes<std::int8_t, std::uint8_t, std::int16_t>);
  static_assert(promotes<std::int16_t, std::uint8_t, std::int16_t>);
  static_assert(promotes<std::int32_t, std::uint32_t, std::int64_t>);
  static_assert(promotes<std::int64_t, std::uint64_t, std::int64_t>);
  CHECK(holds(Tensor<std::int8_t, 2>{-1, 1} + Tensor<std::uint8_t, 2>{200, 255}, {199, 256}));
}
TEST_CASE("[P3] built-in numbers are weak") {
  static_assert(__is_same(product_with<half, int>, half) && __is_same(product_with<bfloat16, double>, bfloat16));
  static_assert(__is_same(product_with<float, double>, float) && __is_same(product_with<float, long>, float));
  static_assert(__is_same(product_with<std::int8_t, int>, std::int8_t) && __is_same(product_with<c64, double>, c64));
  const Tensor<std::int8_t, 2> x{1, 2};
  CHECK(holds(x + 1, {2, 3}));
  CHECK(holds(x * 1000, {-24, -48}));  // 1000 becomes -24, the int8 it wraps to
  CHECK(holds(Tensor<float, 1>{1} * 0.1, {static_cast<double>(0.1f)}));
}
TEST_CASE("[P4] weak numbers of a larger group") {
  static_assert(__is_same(product_with<std::int64_t, double>, float) && __is_same(product_with<bool, float>, float));
  static_assert(__is_same(product_with<bool, int>, int) && __is_same(product_with<std::uint8_t, float>, float));
  CHECK(holds(Tensor<std::int64_t, 2>{1, 3} * 0.5, {0.5, 1.5}));
}
TEST_CASE("[P5] what is not weak") {
  static_assert(__is_same(product_with<std::int8_t, half>, half) && __is_same(product_with<half, bfloat16>, float));
  static_assert(__is_same(product_with<float, c128>, c128));
  static_assert(__is_same(sum_of<half, half>, half));
  static_assert(__is_same(element_of<decltype(Tensor<half, 2>{} * Tensor<double>{})>, double));
  CHECK(holds(Tensor<half, 2>{half(1), half(2)} * Tensor<float>(0.1f), {0.1f, 0.2f}));
}
TEST_CASE("[P6] arithmetic of bools") {
  static_assert(__is_same(sum_of<bool, bool>, int));
  const Tensor<bool, 2> t{true, false};
  static_assert(__is_same(element_of<decltype(-t)>, int) && __is_same(element_of<decltype(t && t)>, bool));
  static_assert(__is_same(element_of<decltype(t < t)>, bool) && __is_same(element_of<decltype(!t)>, bool));
  CHECK(holds(t + t, {2, 0}));
  CHECK(holds(!t, {0, 1}));
}
TEST_CASE("[P7] quotients of integers") {
  const Tensor<int, 2> i{7, -7};
  static_assert(__is_same(element_of<decltype(i / 2)>, float) && __is_same(element_of<decltype(i / i)>, float));
  static_assert(__is_same(element_of<decltype(floor_divide(i, 2))>, int) &&
                __is_same(element_of<decltype(i % 2)>, int));
  CHECK(holds(i / 2, {3.5, -3.5}));
  CHECK(holds(floor_divide(i, 2), {3, -4}));
  CHECK(holds(fmod(i, 4), {3, -3}));
}
TEST_CASE("[P8] functions of integers and of complex numbers") {
  static_assert(__is_same(element_of<decltype(exp(Tensor<std::int64_t, 2>{}))>, float));
  static_assert(__is_same(element_of<decltype(sqrt(Tensor<bool, 2>{}))>, float));
  static_assert(__is_same(element_of<decltype(abs(Tensor<int, 2>{}))>, int));
  const Tensor<c128, 1> z{c128(3, 4)};
  static_assert(__is_same(element_of<decltype(abs(z))>, double) && __is_same(element_of<decltype(imag(z))>, double));
  static_assert(__is_same(element_of<decltype(arg(z))>, double) && __is_same(element_of<decltype(conj(z))>, c128));
  CHECK(holds(abs(z), {5}));
  CHECK(holds(sqrt(Tensor<int, 2>{4, 9}), {2, 3}));
}
TEST_CASE("[P9] half is rounded when it is stored") {
  const Tensor<half, 1> large{half(2048)}, one{half(1)};
  CHECK(holds(large + one - large, {1}));
  CHECK(holds(evaluate(large + one) - large, {0}));  // 2049 is no half
}
TEST_CASE("[P10] conditions") {
  const Tensor<float, 3> c{0, 2, limits<float>::nan()};
  const Tensor<half, 3> x{half(1), half(2), half(3)};
  static_assert(__is_same(element_of<decltype(where(Tensor<double, 3>{}, x, 0))>, half));
  CHECK(holds(where(c, x, 0), {0, 2, 3}));
  static_assert(__is_same(element_of<decltype(where(c, 1, 0))>, int));
  static_assert(__is_same(element_of<decltype(where(c, 1, 0.5))>, float));
  CHECK(holds(where(c > 1, 1, 0.5), {0.5, 1, 0.5}));
}
TEST_CASE("[P11] assignment converts within a kind and upwards") {
  static_assert(takes<float, double> && takes<half, double> && takes<std::int8_t, std::int64_t>);
  static_assert(takes<int, bool> && takes<float, std::int64_t> && takes<c64, double> && takes<c64, c128>);
  static_assert(!takes<int, float> && !takes<bool, int> && !takes<bool, float> && !takes<float, c64>);
  const Tensor<int, 2> wide{300, -1};
  const Tensor<std::int8_t, 2> narrow = wide;
  CHECK(holds(narrow, {44, -1}));
  const Tensor<float, 2> f = wide;
  CHECK(holds(f, {300, -1}));
  const Tensor<int, 2> back = cast<int>(f * 0.5f);
  CHECK(holds(back, {150, 0}));
}
TEST_CASE("[P12] cast") {
  const Tensor<float, 5> x{1.9f, -1.9f, 1e20f, -1e20f, limits<float>::nan()};
  CHECK(holds(cast<int>(x), {1, -1, 2147483647, -2147483648.0, 0}));
  CHECK(holds(cast<std::uint8_t>(x), {1, 0, 255, 0, 0}));
  CHECK(holds(cast<bool>(x), {1, 1, 1, 1, 1}));
  CHECK(holds(cast<std::int8_t>(Tensor<int, 2>{300, -129}), {44, 127}));
  CHECK(holds(cast<float>(Tensor<c64, 1>{c64(2, 3)}), {2}));
  static_assert(__is_same(element_of<decltype(cast<float>(Tensor<bfloat16, 2>{}))>, float));
}
TEST_CASE("[P13] dual and rev promote as their values do") {
  using D = dual<float>;
  static_assert(__is_same(decltype(D{} * 0.5), D) && __is_same(decltype(2 * D{}), D));
  static_assert(__is_same(product_with<D, double>, D) && __is_same(sum_of<D, int>, D));
  static_assert(__is_same(sum_of<D, double>, dual<double>) && __is_same(sum_of<rev<half>, float>, rev<float>));
  const D y = D(3, 1) * 0.5;
  CHECK(y.value == 1.5f);
  CHECK(y.tangent[0] == 0.5f);
}
