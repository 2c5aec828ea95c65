// docs/semantics.md: reductions, NaN and ties.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdint>
#include <cstring>
#include <tenon/tenon.hpp>

#include "holds.hpp"

using namespace tenon;

namespace {
constexpr double NaN = __builtin_nan(""), Inf = __builtin_huge_val();
constexpr float not_a_number = __builtin_nanf(""), infinite = __builtin_huge_valf();

// The functions that are differentiated, as one type that is compiled once.
struct Function {
  enum { largest, smallest, upper, lower, absolute, rectified, clamped, length, branches, masked_log, log_of_masked };
  int which;
  template <class X>
  auto operator()(const X& v) const {
    using T = typename X::value_type;
    const Tensor<float, 3> a{1, 2, 3};
    switch (which) {
      case largest:
        return static_cast<T>(max(v));
      case smallest:
        return static_cast<T>(min(v));
      case upper:
        return static_cast<T>(sum(maximum(v, a)));
      case lower:
        return static_cast<T>(sum(minimum(a, v)));
      case absolute:
        return static_cast<T>(sum(abs(v)));
      case rectified:
        return static_cast<T>(sum(relu(v)));
      case clamped:
        return static_cast<T>(sum(clamp(v, -1, 0)));
      case length:
        return static_cast<T>(norm(v));
      case branches:
        return static_cast<T>(sum(where(v > 0, v * v, 3 * v)));
      case masked_log:
        return static_cast<T>(sum(where(v > 0, log(v), 0)));
      default:
        return static_cast<T>(sum(log(where(v > 0, v, 1))));
    }
  }
};
Tensor<float, dyn> gradient(int which, const Tensor<float, dyn>& x) { return grad(Function{which})(x); }
}  // namespace

TEST_CASE("[A1] sums and products of integers have 64 bits") {
  const Tensor<std::int8_t, dyn> x = full<std::int8_t>(100, 1000);
  static_assert(__is_same(element_of<decltype(sum(x))>, std::int64_t));
  static_assert(__is_same(element_of<decltype(sum(Tensor<bool, 2>{}))>, std::int64_t));
  static_assert(__is_same(element_of<decltype(prod(Tensor<int, 2>{}))>, std::int64_t));
  static_assert(__is_same(element_of<decltype(sum(Tensor<std::uint8_t, 2>{}))>, std::int64_t));
  static_assert(__is_same(element_of<decltype(sum(Tensor<std::uint64_t, 2>{}))>, std::uint64_t));
  CHECK(holds(sum(x), {100000}));
  CHECK(holds(sum(Tensor<int, 2>{2147483647, 1}), {2147483648.0}));
  CHECK(holds(sum(x > 0), {1000}));
  CHECK(holds(prod(Tensor<int, 3>{65536, 65536, 2}), {8589934592.0}));
}
TEST_CASE("[A2] sums of half are kept in float") {
  const Tensor<half, dyn> x = full<half>(half(1), 4000);
  static_assert(__is_same(element_of<decltype(sum(x))>, half));
  static_assert(__is_same(element_of<decltype(mean(Tensor<bfloat16, 2>{}))>, bfloat16));
  CHECK(holds(sum(x), {4000}));  // a sum kept in half would stop at 2048
  CHECK(holds(sum(full<bfloat16>(bfloat16(1), 1000)), {1000}));
}
TEST_CASE("[A3] means of integers") {
  static_assert(__is_same(element_of<decltype(mean(Tensor<int, 2>{}))>, float));
  static_assert(__is_same(element_of<decltype(var(Tensor<bool, 2>{}))>, float));
  // In float the sum would lose the small numbers.
  CHECK(holds(mean(Tensor<int, 4>{1 << 30, 1, 1, -(1 << 30)}), {0.5}));
  CHECK(holds(stddev(Tensor<int, 2>{1, 3}), {1}));
}
TEST_CASE("[A4] accumulators of contractions") {
  using I8 = Tensor<std::int8_t, 2, 2>;
  static_assert(__is_same(element_of<decltype(matmul(I8{}, I8{}))>, std::int32_t));
  static_assert(__is_same(element_of<decltype(dot(Tensor<bool, 2>{}, Tensor<bool, 2>{}))>, std::int32_t));
  static_assert(
      __is_same(element_of<decltype(dot(Tensor<std::uint16_t, 2>{}, Tensor<std::uint16_t, 2>{}))>, std::uint32_t));
  static_assert(__is_same(element_of<decltype(dot(Tensor<half, 2>{}, Tensor<half, 2>{}))>, half));
  static_assert(__is_same(element_of<decltype(dot(Tensor<std::int64_t, 2>{}, Tensor<int, 2>{}))>, std::int64_t));
  CHECK(holds(matmul(I8{{100, 100}, {1, 1}}, I8{{100, 1}, {100, 1}}), {20000, 200, 200, 2}));
  const Tensor<half, dyn> x = full<half>(half(1), 4000);
  CHECK(holds(dot(x, x), {4000}));
}
TEST_CASE("[A11] products of narrow numbers") {
  const Tensor<std::int8_t, dyn> low = full<std::int8_t>(std::int8_t(-128), 140001);
  CHECK(holds(dot(low, low), {140001.0 * 16384 - 4294967296.0}));
  const Tensor<std::int16_t, 2> lowest{std::int16_t(-32768), std::int16_t(-32768)};
  CHECK(holds(dot(lowest, lowest), {-2147483648.0}));
  // (1 + 2^-7)^2 takes 15 bits, which float has and bfloat16 has not.
  const Tensor<bfloat16, 3> x{bfloat16(1.0078125f), bfloat16(1.0078125f), bfloat16(0)};
  CHECK(holds(cast<float>(dot(x, x)), {2 * 1.0078125 * 1.0078125}));
  const Tensor<bfloat16, 1> tiny{bfloat16(0x1p-130f)}, large{bfloat16(0x1p20f)};
  const Tensor<float> dotted = cast<float>(dot(tiny, large));
  const float product = dotted;
  CHECK((product == 0 || product == 0x1p-110f));
}
TEST_CASE("[A5] sums are pairwise") {
  const index_t n = 10000000;
  const Tensor<float, dyn> x = full<float>(0.1f, n);
  const double exact = static_cast<double>(0.1f) * static_cast<double>(n);
  const double error = static_cast<double>(static_cast<float>(sum(x))) / exact - 1;
  CHECK(error < 1e-6);
  CHECK(error > -1e-6);  // one running sum would be wrong by 9 %
}
TEST_CASE("[A6] a sum does not depend on where the elements lie") {
  Tensor<float, dyn> memory = uniform<float>(Rng{7}, 5010);
  float first = 0;
  for (index_t offset = 0; offset < 9; ++offset) {
    const Tensor<float, dyn> values = uniform<float>(Rng{8}, 5001);
    std::memcpy(memory.data() + offset, values.data(), 5001 * sizeof(float));
    const float s = sum(TensorView<const float, dyn>(memory.data() + offset, 5001));
    if (offset == 0) first = s;
    CHECK(s == first);
  }
}
TEST_CASE("[A7] variances do not cancel") {
  const Tensor<float, dyn> x = where(arange(1000) % 2 == 0, 100000.0f, 100002.0f);
  CHECK(static_cast<float>(var(x)) == doctest::Approx(1).epsilon(1e-5));
}
TEST_CASE("[A8] reductions of no elements") {
  const Tensor<float, dyn> none;
  CHECK(holds(sum(none), {0}));
  CHECK(holds(prod(none), {1}));
  CHECK(holds(any(none), {0}));
  CHECK(holds(all(none), {1}));
  CHECK(holds(count_nonzero(none), {0}));
  CHECK(holds(norm(none), {0}));
  CHECK(holds(logsumexp(none), {-Inf}));
  CHECK(holds(mean(none), {NaN}));
  CHECK(holds(var(none), {NaN}));
  CHECK(holds(stddev(none), {NaN}));
  CHECK(holds(sum<0>(Tensor<int, 0, 3>{}), {0, 0, 0}));
}
TEST_CASE("[A9] extrema of no elements") {
  const Tensor<float, dyn> none;
  CHECK_THROWS_AS(static_cast<void>(evaluate(max(none))), shape_error);
  CHECK_THROWS_AS(static_cast<void>(evaluate(min(none))), shape_error);
  CHECK_THROWS_AS(static_cast<void>(evaluate(argmax(none))), shape_error);
  CHECK_THROWS_AS(static_cast<void>(evaluate(max<0>(Tensor<float, 0, 3>{}))), shape_error);
  CHECK(holds(max<1>(Tensor<float, 0, 3>{}), {}));
}
TEST_CASE("[A10] contractions over no elements") {
  CHECK(holds(matmul(Tensor<std::int8_t, 2, 0>{}, Tensor<std::int8_t, 0, 2>{}), {0, 0, 0, 0}));
  CHECK(holds(dot(Tensor<half, dyn>{}, Tensor<half, dyn>{}), {0}));
}
TEST_CASE("[A12] several operands are contracted in the order of the fewest products") {
  Tensor<double, 50, 2> tall;
  Tensor<double, 2, 50> wide;
  tall = 1;
  wide = 2;
  const Tensor<double, dyn, dyn> a = tall, b = wide;
  CHECK(explain(einsum<"ij,jk,kl->il">(tall, wide, tall)).flops == 800);
  CHECK(explain(einsum<"ij,jk,kl->il">(a, b, a)).flops == 800);
  CHECK(explain(einsum<"ij,jk,kl->il">(b, a, b)).flops == 800);
  CHECK(explain(matmul(matmul(a, b), a)).flops == 20000);
  CHECK(explain(matmul(a, matmul(b, a))).flops == 800);
  const Tensor<double, dyn, dyn> r = einsum<"ij,jk,kl->il">(a, b, a);
  CHECK(holds(slice(r, 0), {200, 200}));
}

TEST_CASE("[N1] NaN in maximum, fmax and clamp") {
  const Tensor<float, 3> x{1, not_a_number, 3};
  CHECK(holds(maximum(x, 2), {2, NaN, 3}));
  CHECK(holds(minimum(2, x), {1, NaN, 2}));
  CHECK(holds(fmax(x, 2), {2, 2, 3}));
  CHECK(holds(fmin(2, x), {1, 2, 2}));
  CHECK(holds(clamp(x, 0, 2), {1, NaN, 2}));
}
TEST_CASE("[N2] NaN in max and argmax") {
  Tensor<float, dyn> x = arange(100.0f);
  x(70) = x(31) = not_a_number;
  CHECK(holds(max(x), {NaN}));
  CHECK(holds(min(x), {NaN}));
  CHECK(holds(argmax(x), {31}));
  CHECK(holds(argmin(x), {31}));
}
TEST_CASE("[N3] ties in argmax") {
  Tensor<float, dyn> x = zeros<float>(100);
  x(70) = x(31) = 1;
  x(80) = x(41) = -1;
  CHECK(holds(argmax(x), {31}));
  CHECK(holds(argmin(x), {41}));
  CHECK(holds(argmax<1>(Tensor<int, 2, 3>{{1, 2, 2}, {0, 0, 0}}), {1, 0}));
}
TEST_CASE("[N4] the gradient of max goes to one element") {
  const Tensor<float, dyn> ties{1, 5, 5, 1};
  CHECK(holds(gradient(Function::largest, ties), {0, 1, 0, 0}));
  CHECK(holds(gradient(Function::smallest, ties), {1, 0, 0, 0}));
  CHECK(holds(gradient(Function::largest, {1, not_a_number, 5, not_a_number}), {0, 1, 0, 0}));
}
TEST_CASE("[N5] the gradient of maximum is shared") {
  CHECK(holds(gradient(Function::upper, {0, 2, 4}), {0, 0.5, 1}));
  CHECK(holds(gradient(Function::lower, {0, 2, 4}), {1, 0.5, 0}));
}
TEST_CASE("[N6] derivatives at kinks") {
  const Tensor<float, dyn> x{-1, 0, 1};
  CHECK(holds(gradient(Function::absolute, x), {-1, 0, 1}));
  CHECK(holds(gradient(Function::rectified, x), {0, 0, 1}));
  CHECK(holds(gradient(Function::clamped, x), {1, 1, 0}));
  CHECK(grad([](auto v) { return sign(v); })(0.0) == 0);
  CHECK(grad([](auto v) { return hypot(v, 0.0); })(0.0) == 0);
  CHECK(holds(gradient(Function::length, {0, 0}), {0, 0}));
}
TEST_CASE("[N7] the gradient of where") {
  const Tensor<float, dyn> x{-1, 0, 2};
  CHECK(holds(gradient(Function::branches, x), {3, 3, 4}));
  CHECK(holds(gradient(Function::masked_log, x), {0, NaN, 0.5}));
  CHECK(holds(gradient(Function::log_of_masked, x), {0, 0, 0.5}));
}
TEST_CASE("[N8] a probability of 0") {
  const Tensor<float, 3> x{0, -infinite, 0};
  CHECK(holds(softmax<0>(x), {0.5, 0, 0.5}));
  CHECK(static_cast<float>(logsumexp(x)) == doctest::Approx(0.6931472));
  CHECK(holds(logsumexp(Tensor<float, 2>{-infinite, -infinite}), {-Inf}));
}
