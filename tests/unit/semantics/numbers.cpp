// docs/semantics.md: integers and floating-point numbers, comparison, rank 0.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <complex>
#include <cstdint>
#include <tenon/tenon.hpp>
#include <type_traits>

#include "holds.hpp"

using namespace tenon;

namespace {
constexpr double NaN = __builtin_nan(""), Inf = __builtin_huge_val();
constexpr int lowest = -2147483647 - 1;
constexpr float not_a_number = __builtin_nanf("");
// Never one FMA.
float apart_sum(float x, float y, float z) {
  volatile float product = x * y;
  return product + z;
}
}  // namespace

TEST_CASE("[Z1] integers wrap around") {
  const Tensor<int, 3> x{2147483647, lowest, -1};
  CHECK(holds(x + 1, {lowest, lowest + 1.0, 0}));
  CHECK(holds(x - 2, {2147483645, 2147483646, -3}));
  CHECK(holds(x * 2, {-2, 0, -2}));
  CHECK(holds(-x, {-2147483647.0, lowest, 1}));
  CHECK(holds(abs(x), {2147483647, lowest, 1}));
  CHECK(holds(Tensor<std::int8_t, 1>{100} + Tensor<std::int8_t, 1>{100}, {-56}));
  static_assert([] { return (Tensor<int, 1>{2147483647} + 1).at({1, {0}}); }() == lowest);
}
TEST_CASE("[Z2] integer division by zero") {
  const Tensor<int, 3> x{7, 0, lowest}, zero;
  CHECK(holds(floor_divide(x, zero), {0, 0, 0}));
  CHECK(holds(x % 0, {0, 0, 0}));
  CHECK(holds(fmod(x, zero), {0, 0, 0}));
  CHECK(holds(floor_divide(x, -1), {-7, 0, lowest}));
  CHECK(holds(x % -1, {0, 0, 0}));
}
TEST_CASE("[Z3] signs of remainders") {
  const Tensor<int, 4> a{7, -7, 7, -7}, b{3, 3, -3, -3};
  CHECK(holds(a % b, {1, 2, -2, -1}));
  CHECK(holds(fmod(a, b), {1, -1, 1, -1}));
  CHECK(holds(mod(cast<float>(a), b), {1, 2, -2, -1}));
}
TEST_CASE("[Z4] long shifts") {
  const Tensor<int, 2> x{1, -8};
  CHECK(holds(shift_left(x, 31), {lowest, 0}));
  CHECK(holds(shift_left(x, 32), {0, 0}));
  CHECK(holds(shift_right(x, 1), {0, -4}));
  CHECK(holds(shift_right(x, 99), {0, -1}));
  CHECK(holds(shift_left(x, -1), {0, 0}));
  CHECK(holds(shift_right(x, -1), {0, -1}));
}
TEST_CASE("[Z5] floating division by zero") {
  CHECK(holds(Tensor<int, 3>{1, -1, 0} / 0, {Inf, -Inf, NaN}));
  CHECK(holds(1 / Tensor<double, 2>{0, -0.0}, {Inf, -Inf}));
}
TEST_CASE("[Z6] operations keep their order") {
  const Tensor<float, dyn> big{1e8f, 1}, small{1, 1e8f};
  CHECK(holds(big + small - big, {0, 1e8}));
  const Tensor<float, dyn> x{0.1f, 0.3f}, y{0.7f, 0.9f}, z{-0.07f, -0.27f};
  const Tensor<float, dyn> r = x * y + z;
  for (int i = 0; i < 2; ++i) {
    const float apart = apart_sum(x(i), y(i), z(i));
    const bool one_of_both = r(i) == apart || r(i) == __builtin_fmaf(x(i), y(i), z(i));
    CHECK(one_of_both);
  }
}
TEST_CASE("[Z7] random bits") {
  Rng rng{42};
  CHECK(rng() == Rng{42}());
  const Tensor<float, dyn> a = uniform<float>(Rng{42}, 5), b = uniform<float>(Rng{42}, 5);
  CHECK(all(a == b));
  CHECK(Rng{0}() == 0x6627e8d5);  // the published vector of Philox4x32-10 for counter 0, key 0 (Random123: kat_vectors)
  const Tensor<double, 2> normals = normal<double, 2>(Rng{1});
  CHECK(normals(0) == 0x1.1d54bfc1381a2p-2);
}

TEST_CASE("[E1] comparisons are expressions of bools") {
  const Tensor<float, 3> a{1, 2, not_a_number};
  const Tensor<int, 3> b{1, 3, 0};
  static_assert(__is_same(element_of<decltype(a == b)>, bool));
  CHECK(holds(a == b, {1, 0, 0}));
  CHECK(holds(a != b, {0, 1, 1}));
  CHECK(holds(a <= 2, {1, 1, 0}));
  CHECK(holds(a != a, {0, 0, 1}));
  CHECK(holds(Tensor<int, 2, 1>{{1}, {2}} > Tensor<int, 2>{0, 1}, {1, 0, 1, 1}));
}
TEST_CASE("[E2] a comparison is no condition") {
  using Comparison = decltype(Tensor<float, 3>{} == Tensor<float, 3>{});
  using Single = decltype(Tensor<float>{} == 1);
  static_assert(!std::is_constructible_v<bool, Comparison> && std::is_constructible_v<bool, Single>);
  const Tensor<float, 2> a{1, 2}, b{1, 3};
  CHECK_FALSE(static_cast<bool>(all(a == b)));
  CHECK(static_cast<bool>(any(a == b)));
}
TEST_CASE("[E3] isclose and allclose") {
  const Tensor<double, 4> a{1, Inf, NaN, 1e-9}, b{1 + 1e-6, Inf, NaN, 0};
  CHECK(holds(isclose(a, b), {1, 1, 0, 1}));
  CHECK(holds(isclose(a, b, 1e-9, 0), {0, 1, 0, 0}));
  CHECK(holds(isclose(Tensor<double, 2>{-Inf, 1}, Tensor<double, 2>{Inf, Inf}), {0, 0}));
  static_assert(__is_same(decltype(allclose(a, b)), bool));
  CHECK_FALSE(allclose(a, b));
  CHECK(allclose(Tensor<double, 2>{1, 2}, Tensor<double, 2>{1, 2.00001}));
  CHECK_FALSE(allclose(Tensor<double, 2>{1, 2}, Tensor<double, 2>{1, 2.0001}));
  CHECK(allclose(Tensor<double, 2>{1, 2}, Tensor<double, 2>{1, 2.0001}, 1e-3));
}
TEST_CASE("[E4] complex numbers have no order") {
  // That order does not compile: tests/compile_fail/ops/complex_*.cpp.
  using Z = std::complex<double>;
  const Tensor<Z, 2> z{Z(1, 2), Z(0, 0)};
  CHECK(holds(z == Z(1, 2), {1, 0}));
  CHECK(holds(z != 0, {1, 0}));
}
TEST_CASE("[E3] closeness of complex numbers") {
  using Z = std::complex<double>;
  const Tensor<Z, 3> a{Z(3, 4), Z(Inf, 0), Z(0, NaN)}, b{Z(3, 4.004), Z(Inf, 0), Z(0, NaN)};
  CHECK(holds(isclose(a, b, 1e-3), {1, 1, 0}));
  CHECK(holds(isclose(a, b, 1e-4), {0, 1, 0}));
  CHECK(allclose(slice(a, range(0, 2)), slice(b, range(0, 2)), 1e-3));
  CHECK(allclose(a, b, 1e-3, 0, true));
}

TEST_CASE("[R1] rank 0 converts to its element") {
  const Tensor<float, 3> x{1, 2, 3};
  const float s = sum(x), t = Tensor<float>(4.0f);
  CHECK(s == 6);
  CHECK(t == 4);
  const double product = sum(x) * 2.0;
  CHECK(product == 12);
  bool negative = true;
  if (!any(x < 0)) negative = false;
  CHECK_FALSE(negative);
}
TEST_CASE("[R2] rank 1 does not") {
  static_assert(!std::is_convertible_v<Tensor<float, 1>, float> && std::is_convertible_v<Tensor<float>, float>);
  static_assert(!std::is_convertible_v<decltype(Tensor<float, 1>{} + 1), float>);
  CHECK(holds(Tensor<float, 1>{1}, {1}));
}
