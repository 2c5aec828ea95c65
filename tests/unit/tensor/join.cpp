// concat, stack, pad, roll, tile and repeat against NumPy's results.
#include <doctest/doctest.h>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/join.hpp>
#include <tenon/tensor/rearrange.hpp>
#include <tenon/tensor/reshape.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("concat") {
  Tensor<float, 2, 2> a{{1, 2}, {3, 4}};
  Tensor<float, 1, 2> b{{5, 6}};
  auto c = concat<0>(a, b * 10);
  static_assert(__is_same(decltype(c)::extents_type, Extents<3, 2>));
  CHECK(holds(c, {1, 2, 3, 4, 50, 60}));
  CHECK(holds(concat<-1>(a, transpose(a), a + 1), {1, 2, 1, 3, 2, 3, 3, 4, 2, 4, 4, 5}));
  CHECK(holds(concat<1>(transpose(a), reshape(a, 2, 2)), {1, 3, 1, 2, 2, 4, 3, 4}));
  Tensor<float, dyn, dyn> d(0, 2), e{{7, 8}};
  auto f = concat<0>(d, e, a);
  static_assert(__is_same(decltype(f)::extents_type, Extents<dyn, 2>));
  CHECK(holds(f, {7, 8, 1, 2, 3, 4}));
  Tensor<int, 2> i{1, 2};
  Tensor<double, 2> j{0.5, 1.5};
  auto g = concat<0>(i, j);
  static_assert(__is_same(decltype(g)::value_type, double));
  CHECK(holds(g, {1, 2, 0.5, 1.5}));
  CHECK(holds(concat<0>(j), {0.5, 1.5}));
  CHECK(holds(concat<0>(Tensor<float, dyn>{1, 2}, Tensor<float, dyn>{3}) * 2, {2, 4, 6}));
  Tensor<half, 1> h{half(1.5f)};
  Tensor<float, 1> k{0.5f};
  CHECK(holds(concat<0>(h, k), {1.5, 0.5}));
  constexpr Tensor<int, 4> early = concat<0>(Tensor<int, 2>{1, 2}, Tensor<int, 2>{3, 4} * 2);
  static_assert(early(1) == 2 && early(3) == 8);
  // In place: the result is computed aside first.
  Tensor<float, dyn> x{1, 2, 3, 4};
  x = concat<0>(slice(x, range(2, end)), slice(x, range(2)));
  CHECK(holds(x, {3, 4, 1, 2}));
  CHECK_THROWS_WITH_AS((void)concat<0>(e, Tensor<float, dyn, dyn>(2, 3)),
                       "tenon: concat: the shapes differ on another axis: [1, 2] and [2, 3]", shape_error);
}

TEST_CASE("stack") {
  Tensor<float, 2> a{1, 2}, b{3, 4};
  static_assert(__is_same(decltype(stack(a, b))::extents_type, Extents<2, 2>));
  CHECK(holds(stack(a, b), {1, 2, 3, 4}));
  CHECK(holds(stack<-1>(a, b * 2), {1, 6, 2, 8}));
  CHECK(holds(stack<1>(a, b, a), {1, 3, 1, 2, 4, 2}));
  CHECK(holds(stack(Tensor<float>(1), Tensor<float>(2)), {1, 2}));
  CHECK_THROWS_WITH_AS((void)stack(Tensor<float, dyn>(2), Tensor<float, dyn>(3)),
                       "tenon: stack: the operands have different shapes: [2] and [3]", shape_error);
}

TEST_CASE("pad") {
  Tensor<float, 2, 2> a{{1, 2}, {3, 4}};
  auto p = pad<1, 0, 0, 2>(a);
  static_assert(__is_same(decltype(p)::extents_type, Extents<3, 4>));
  CHECK(holds(p, {0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0}));
  CHECK(holds(pad(a, {{0, 1}, {1, 0}}, 9), {9, 1, 2, 9, 3, 4, 9, 9, 9}));
  CHECK(holds(pad(a * 2, {{0, 0}, {0, 0}}), {2, 4, 6, 8}));
  CHECK(holds(pad(a, {{1, 0}, {0, 1}}, PadMode::edge), {1, 2, 2, 1, 2, 2, 3, 4, 4}));
  Tensor<float, 3> v{1, 2, 3};
  CHECK(holds(pad(v, {{2, 2}}, PadMode::reflect), {3, 2, 1, 2, 3, 2, 1}));
  CHECK(holds(pad<5, 4>(v, PadMode::reflect), {2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3}));
  CHECK(holds(pad(Tensor<float, 1>{7}, {{1, 2}}, PadMode::reflect), {7, 7, 7, 7}));
  CHECK(holds(pad(Tensor<float, dyn>(0), {{1, 2}}, 5), {5, 5, 5}));
  CHECK(holds(pad(Tensor<bool, 1>{true}, {{1, 1}}), {0, 1, 0}));
  CHECK_THROWS_AS((void)pad(Tensor<float, dyn>(0), {{1, 2}}, PadMode::edge), shape_error);
  CHECK_THROWS_AS((void)pad(v, {{-1, 2}}), shape_error);
  constexpr Tensor<int, 4> early = pad<1, 1>(Tensor<int, 2>{1, 2});
  static_assert(early(0) == 0 && early(2) == 2);
}

TEST_CASE("roll") {
  Tensor<float, 5> a{1, 2, 3, 4, 5};
  CHECK(holds(roll<0>(a, 2), {4, 5, 1, 2, 3}));
  CHECK(holds(roll<0>(a, -1), {2, 3, 4, 5, 1}));
  CHECK(holds(roll<-1>(a * 2, 12), {8, 10, 2, 4, 6}));
  Tensor<float, dyn, dyn> m{{1, 2, 3}, {4, 5, 6}};
  CHECK(holds(roll<0, 1>(m, 1, -1), {5, 6, 4, 2, 3, 1}));
  CHECK(roll<0>(Tensor<float, dyn>(0), 3).size() == 0);
  a = roll<0>(a, 1);
  CHECK(holds(a, {5, 1, 2, 3, 4}));
}

TEST_CASE("tile and repeat") {
  Tensor<float, 2> a{1, 2};
  CHECK(holds(tile(a, 2), {1, 2, 1, 2}));
  static_assert(__is_same(decltype(tile<2, 2>(a))::extents_type, Extents<2, 4>));
  CHECK(holds(tile<2, 2>(a), {1, 2, 1, 2, 1, 2, 1, 2}));
  Tensor<float, dyn, dyn> m{{1, 2}, {3, 4}};
  CHECK(holds(tile(m, 2), {1, 2, 1, 2, 3, 4, 3, 4}));
  CHECK(holds(tile(m, 2, 1), {1, 2, 3, 4, 1, 2, 3, 4}));
  CHECK(tile(m, 0, 1).size() == 0);
  CHECK_THROWS_AS((void)tile(m, -1, 1), shape_error);
  CHECK(holds(repeat<0>(a, 3), {1, 1, 1, 2, 2, 2}));
  static_assert(__is_same(decltype(repeat<1, 2>(Tensor<float, 3, 2>{}))::extents_type, Extents<3, 4>));
  CHECK(holds(repeat<1, 2>(m + 1), {2, 2, 3, 3, 4, 4, 5, 5}));
  CHECK(holds(repeat<-2>(m, 2), {1, 2, 1, 2, 3, 4, 3, 4}));
  CHECK(repeat<0>(m, 0).size() == 0);
  CHECK(holds(tile(Tensor<float>(3), 2), {3, 3}));
}
