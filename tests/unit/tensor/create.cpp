// Creation of tensors against hand values.
#include <doctest/doctest.h>
#include <tenon/tensor/create.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("zeros, ones, full: static, run-time and mixed extents") {
  constexpr auto z = zeros<float, 2, 3>();
  static_assert(__is_same(decltype(z), const Tensor<float, 2, 3>));
  static_assert(z(1, 2) == 0);
  auto d = ones<double>(2, 3);
  static_assert(__is_same(decltype(d), Tensor<double, dyn, dyn>));
  CHECK(holds(d, {1, 1, 1, 1, 1, 1}));
  auto m = full<int, dyn, 2>(7, 3, 2);
  static_assert(__is_same(decltype(m), Tensor<int, dyn, 2>));
  CHECK(holds(m, {7, 7, 7, 7, 7, 7}));
  CHECK(holds(full<float, 2>(0.5f), {0.5, 0.5}));
  CHECK(holds(ones<bool, 2>(), {1, 1}));
  CHECK(holds(ones<half>(2), {1, 1}));
  static_assert(__is_same(decltype(zeros<float>()), Tensor<float>));
  CHECK(zeros<float>() == 0.0f);
  CHECK(zeros<float>(0, 3).size() == 0);
  CHECK_THROWS_AS((void)zeros<float>(-1), shape_error);
  CHECK_THROWS_AS((void)(zeros<float, dyn, 4>(2, 3)), shape_error);
  static_assert(__is_same(decltype(zeros_like(d * 2)), Tensor<double, dyn, dyn>));
  CHECK(zeros_like(d * 2).dims() == Dims{2, {2, 3}});
  CHECK(holds(ones_like(z), {1, 1, 1, 1, 1, 1}));
  CHECK(holds(full_like(m, 3), {3, 3, 3, 3, 3, 3}));
}

TEST_CASE("from_function and from_pointer") {
  constexpr auto a = from_function<int, 2, 3>([](index_t i, index_t j) { return 10 * i + j; });
  static_assert(a(1, 2) == 12);
  CHECK(holds(from_function<float>([](index_t i) { return static_cast<float>(i * i); }, 4), {0, 1, 4, 9}));
  CHECK(from_function<float>([] { return 3.0f; }) == 3.0f);
  const double p[] = {1, 2, 3, 4};
  CHECK(holds(from_pointer<float>(p, 2, 2), {1, 2, 3, 4}));
  CHECK(holds(from_pointer<float, 4>(p), {1, 2, 3, 4}));
}

TEST_CASE("arange") {
  static_assert(__is_same(decltype(arange(5)), Tensor<int, dyn>));
  static_assert(__is_same(decltype(arange<float>(5)), Tensor<float, dyn>));
  CHECK(holds(arange(5), {0, 1, 2, 3, 4}));
  CHECK(holds(arange(2, 5), {2, 3, 4}));
  CHECK(holds(arange(1, 10, 3), {1, 4, 7}));
  CHECK(holds(arange(10, 0, -3), {10, 7, 4, 1}));
  CHECK(holds(arange(3, 3), {}));
  CHECK(holds(arange(5, 0), {}));
  CHECK(holds(arange(0.0, 1.0, 0.25), {0, 0.25, 0.5, 0.75}));
  CHECK(arange(0.0, 1.0, 0.1).size() == 10);
  CHECK(arange(0.0, 1.05, 0.1).size() == 11);
  CHECK(holds(arange<float>(1, 3), {1, 2}));
  static_assert(arange<float, 4>()(3) == 3);
  CHECK_THROWS_AS((void)arange(0, 1, 0), value_error);
}

TEST_CASE("linspace and logspace") {
  CHECK(holds(linspace(0.0, 1.0, 5), {0, 0.25, 0.5, 0.75, 1}));
  CHECK(holds(linspace(2.0f, 3.0f, 1), {2}));
  CHECK(holds(linspace(2.0f, 3.0f, 0), {}));
  constexpr auto l = linspace<float, 3>(-1, 1);
  static_assert(l(0) == -1 && l(1) == 0 && l(2) == 1);
  CHECK(linspace(0.1, 0.7, 7)(6) == 0.7);
  const auto g = logspace(0.0, 3.0, 4);
  const double expected[] = {1, 10, 100, 1000};
  for (int i = 0; i < 4; ++i) CHECK(g(i) == doctest::Approx(expected[i]).epsilon(1e-14));
  CHECK(logspace(0.0, 3.0, 4, 2.0)(3) == doctest::Approx(8));
  CHECK_THROWS_AS((void)linspace(0.0, 1.0, -1), value_error);
}

TEST_CASE("eye, identity, tri") {
  static_assert(eye<int, 2, 3>()(1, 1) == 1 && eye<int, 2, 3>()(1, 2) == 0);
  CHECK(holds(identity<float, 2>(), {1, 0, 0, 1}));
  CHECK(holds(eye<float>(2), {1, 0, 0, 1}));
  CHECK(holds(eye<float>(2, 3, 1), {0, 1, 0, 0, 0, 1}));
  CHECK(holds(eye<float>(3, 2, -1), {0, 0, 1, 0, 0, 1}));
  CHECK(holds(eye<float>(2, 2, 5), {0, 0, 0, 0}));
  CHECK(holds(tri<float>(2, 3), {1, 0, 0, 1, 1, 0}));
  CHECK(holds(tri<float>(2, 3, 1), {1, 1, 0, 1, 1, 1}));
  CHECK(holds(tri<bool, 2, 2>(-1), {0, 0, 1, 0}));
}
