// reshape and flatten: labels where memory allows, copies where it does not, and errors.
#include <doctest/doctest.h>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reduce.hpp>
#include <tenon/tensor/reshape.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("reshape of a named tensor is a view to write through") {
  Tensor<float, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
  auto v = reshape<3, 2>(a);
  static_assert(__is_same(decltype(v), TensorView<float, 3, 2>));
  CHECK(v(2, 0) == 5);
  v(2, 0) = 50;
  CHECK(a(1, 1) == 50);
  reshape<-1>(a) = 7;
  CHECK(a(0, 0) == 7);
  static_assert(__is_same(decltype(reshape<-1, 2>(a))::extents_type, Extents<3, 2>));
  static_assert(__is_same(decltype(flatten(a))::extents_type, Extents<6>));
  const Tensor<float, 2, 3>& c = a;
  static_assert(__is_same(decltype(flatten(c)), TensorView<const float, 6>));
  Tensor<float, dyn, dyn> d(4, 6);
  CHECK(reshape(d, 8, -1).dims() == Dims{2, {8, 3}});
  CHECK(reshape<dyn, 3>(d, -1, 3).dims() == Dims{2, {8, 3}});
  static_assert(__is_same(decltype(reshape<dyn, 3>(d, -1, 3))::extents_type, Extents<dyn, 3>));
  CHECK(reshape(a, d.extents().size() > 0 ? a.extents() : a.extents()).dims() == a.dims());
  CHECK(flatten<1>(Tensor<float, 2, 3, 4>{}).extents().dims() == Dims{2, {2, 12}});
  CHECK(flatten<0, 1>(Tensor<float, 2, 3, 4>{}).extents().dims() == Dims{2, {6, 4}});
  CHECK(flatten(Tensor<float>(3.f)).extents().dims() == Dims{1, {1}});
}

TEST_CASE("reshape of views and expressions") {
  Tensor<float, dyn, dyn> a{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}};
  CHECK(holds(reshape(transpose(a), 2, 6), {0.f, 4.f, 8.f, 1.f, 5.f, 9.f, 2.f, 6.f, 10.f, 3.f, 7.f, 11.f}));
  CHECK(holds(flatten(slice(a, whole, range(1, 3))), {1.f, 2.f, 5.f, 6.f, 9.f, 10.f}));
  CHECK(holds(reshape(slice(a, whole, range(2)), 3, 2, 1), {0.f, 1.f, 4.f, 5.f, 8.f, 9.f}));
  CHECK(holds(reshape(slice(a, range(0, 3, 2)), 2, 2, 2), {0.f, 1.f, 2.f, 3.f, 8.f, 9.f, 10.f, 11.f}));
  CHECK(holds(flatten(flip<0>(col(a, 1))), {9.f, 5.f, 1.f}));
  Tensor<float, dyn, dyn> b = reshape(a * 2 + 1, 4, 3) * 10;
  CHECK(b(0, 0) == 10);
  CHECK(b(3, 2) == 230);
  Tensor<float, dyn, dyn> c = reshape(Tensor<float, dyn, dyn>(a), 6, 2);
  CHECK(c(5, 1) == 11);
  Tensor<float, dyn> s = flatten(sum<0>(a)) + 1;
  CHECK(holds(s, {13.f, 16.f, 19.f, 22.f}));
  Tensor<float, 3> t = flatten(Tensor<float, 1, 3>{{1, 2, 3}});
  CHECK(t(2) == 3);
  Tensor<float, 2, 2> u = reshape<2, 2>(sum<1>(reshape<4, 3>(a)) + 0);
  CHECK(holds(u, {3.f, 12.f, 21.f, 30.f}));
  // A named reshape is evaluated once and shared; broadcast operands are spelled out.
  auto r = reshape(a + 1, 2, 6);
  Tensor<float, dyn, dyn> twice = r + r;
  CHECK(twice(1, 5) == 24);
  Tensor<float, 3> x{1, 2, 3};
  CHECK(holds(flatten(broadcast_to<2, 3>(x)), {1.f, 2.f, 3.f, 1.f, 2.f, 3.f}));
  Tensor<float, dyn, dyn> e(0, 3);
  CHECK(reshape(e, 3, 0).size() == 0);
  CHECK(flatten(e * 2).size() == 0);
  a = reshape(flip<0>(a), 3, 4);
  CHECK(a(0, 0) == 8);
}

TEST_CASE("reshape in constant expressions") {
  constexpr Tensor<int, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
  constexpr Tensor<int, 3, 2> b = reshape<3, 2>(a + 0);
  static_assert(b(0, 1) == 2 && b(2, 0) == 5);
  constexpr Tensor<int, 6> c = flatten(transpose(a));
  static_assert(c(1) == 4 && c(2) == 2);
}

TEST_CASE("relabel keeps strides where the axes lie in each other") {
  StridedMap out;
  const StridedMap cols{Dims{2, {3, 2}}, Dims{2, {4, 1}}, 0};
  CHECK_FALSE(detail::relabel(cols, Dims{1, {6}}, out));
  CHECK(detail::relabel(cols, Dims{4, {1, 3, 1, 2}}, out));
  CHECK(out.strides.d[1] == 4);
  CHECK(out.strides.d[3] == 1);
  const StridedMap back{Dims{1, {6}}, Dims{1, {-2}}, 10};
  CHECK(detail::relabel(back, Dims{2, {2, 3}}, out));
  CHECK(out.strides == Dims{2, {-6, -2}});
  CHECK(out.offset == 10);
  const StridedMap ones{Dims{3, {1, 6, 1}}, Dims{3, {77, 5, 99}}, 0};
  CHECK(detail::relabel(ones, Dims{2, {6, 1}}, out));
  CHECK(out.strides.d[0] == 5);
}

TEST_CASE("reshape: errors name both shapes") {
  Tensor<float, dyn, dyn> a(2, 3);
  CHECK_THROWS_WITH_AS((void)reshape(a, 4, 2),
                       "tenon: reshape: the shapes have different numbers of elements: [2, 3] and [4, 2]", shape_error);
  CHECK_THROWS_WITH_AS((void)reshape(a, 4, -1),
                       "tenon: reshape: the shapes have different numbers of elements: [2, 3] and [4, dyn]",
                       shape_error);
  CHECK_THROWS_AS((void)reshape(a, -1, -1), shape_error);
  CHECK_THROWS_AS((void)reshape(a, -2, -3), shape_error);
  CHECK_THROWS_AS((void)reshape(a, 0, -1), shape_error);
}
