// take, gather, compress, one_hot, scatter against hand values (NumPy's take, PyTorch's gather and scatter).
#include <doctest/doctest.h>

#include <cstddef>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/scatter.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("take") {
  Tensor<float, 3, 2> a{{1, 2}, {3, 4}, {5, 6}};
  Tensor<int, 2> i{2, 0};
  auto t = take<0>(a, i);
  static_assert(__is_same(decltype(t)::extents_type, Extents<2, 2>));
  CHECK(holds(t, {5, 6, 1, 2}));
  CHECK(holds(take<1>(a, Tensor<signed char, 3>{-1, 0, 1}), {2, 1, 2, 4, 3, 4, 6, 5, 6}));
  CHECK(holds(take<0>(a * 10, Tensor<index_t, dyn>{1, 1, -3}), {30, 40, 30, 40, 10, 20}));
  Tensor<int, 2, 2> ij{{0, 1}, {2, 2}};
  auto w = take<0>(a, ij);
  static_assert(__is_same(decltype(w)::extents_type, Extents<2, 2, 2>));
  CHECK(holds(w, {1, 2, 3, 4, 5, 6, 5, 6}));
  CHECK(holds(take<1>(a, Tensor<int>(1)), {2, 4, 6}));
  CHECK(holds(take<0>(transpose(a), Tensor<int, 1>{1}), {2, 4, 6}));
  CHECK(holds(take<0>(a, i + 0) + 1, {6, 7, 2, 3}));
  CHECK(take<0>(a, Tensor<int, dyn>(0)).size() == 0);
  CHECK(holds(take<0>(Tensor<bool, 2>{false, true}, Tensor<int, 3>{1, 0, 1}), {1, 0, 1}));
  a = take<0>(a, Tensor<int, 3>{2, 1, 0});
  CHECK(holds(a, {5, 6, 3, 4, 1, 2}));
  CHECK_THROWS_WITH_AS((void)evaluate(take<0>(a, Tensor<int, 1>{3})),
                       "tenon: take: index 3 is out of range for extent 3", index_error);
  CHECK_THROWS_AS((void)evaluate(take<1>(a, Tensor<int, 1>{-3})), index_error);
  CHECK_THROWS_AS((void)evaluate(take<0>(Tensor<float, dyn>(0), Tensor<int, 1>{0})), index_error);
  // Unsigned numbers are not negative, however large.
  CHECK_THROWS_AS((void)evaluate(take<0>(a, Tensor<std::size_t, 1>{~std::size_t{0}})), index_error);
  CHECK_THROWS_AS((void)slice(a, ~std::size_t{0}), index_error);
  constexpr Tensor<int, 2> early = take<0>(Tensor<int, 3>{5, 6, 7}, Tensor<int, 2>{-1, 1});
  static_assert(early(0) == 7 && early(1) == 6);
}

TEST_CASE("gather") {
  Tensor<float, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
  Tensor<int, 2, 1> label{{2}, {0}};
  auto g = gather<1>(a, label);
  static_assert(__is_same(decltype(g)::extents_type, Extents<2, 1>));
  CHECK(holds(g, {3, 4}));
  CHECK(holds(gather<0>(a, Tensor<int, 1, 2>{{1, 0}}), {4, 2}));
  CHECK(holds(gather<-1>(a * 2, Tensor<int, dyn, dyn>{{-1, 0, 0, 1}, {1, 1, -3, 2}}), {6, 2, 2, 4, 10, 10, 8, 12}));
  CHECK_THROWS_AS((void)evaluate(gather<1>(a, Tensor<int, 2, 1>{{3}, {0}})), index_error);
  CHECK_THROWS_WITH_AS((void)gather<1>(a, Tensor<int, dyn, dyn>(3, 1)),
                       "tenon: gather: the index tensor leaves the operand's other extents: [3, 1] and [2, 3]",
                       shape_error);
}

TEST_CASE("compress and flatnonzero") {
  Tensor<float, dyn, dyn> a{{1, -2}, {-3, 4}, {5, -6}};
  CHECK(holds(flatnonzero(a > 0), {0, 3, 4}));
  CHECK(holds(flatnonzero(Tensor<int, 3>{0, 7, 0}), {1}));
  CHECK(holds(compress<0>(a, col(a, 0) > 0), {1, -2, 5, -6}));
  CHECK(holds(compress<1>(a, Tensor<bool, 2>{false, true}), {-2, 4, -6}));
  CHECK(holds(compress(a, a < 0), {-2, -3, -6}));
  CHECK(holds(compress(transpose(a) * 2, transpose(a) < 0), {-6, -4, -12}));
  CHECK(compress(a, a > 100).size() == 0);
  CHECK_THROWS_AS((void)compress<0>(a, Tensor<bool, 2>{true, true}), shape_error);
  CHECK_THROWS_AS((void)compress(a, Tensor<bool, dyn, dyn>(2, 3)), shape_error);
}

TEST_CASE("one_hot") {
  Tensor<int, 2> i{2, -3};
  auto h = one_hot<float, 3>(i);
  static_assert(__is_same(decltype(h), Tensor<float, 2, 3>));
  CHECK(holds(h, {0, 0, 1, 1, 0, 0}));
  CHECK(holds(one_hot<bool>(i, 4), {0, 0, 1, 0, 0, 1, 0, 0}));
  CHECK_THROWS_AS((void)one_hot<float>(i, 2), index_error);
}

TEST_CASE("scatter") {
  Tensor<float, 3, 2> a{{1, 2}, {3, 4}, {5, 6}};
  Tensor<int, 2, 2> i{{0, 2}, {-1, 2}};
  CHECK(holds(scatter<0>(a, i, Tensor<float, 2, 2>{{10, 20}, {30, 40}}), {10, 2, 3, 4, 30, 40}));
  CHECK(holds(scatter_add<0>(a, i, Tensor<float, 2, 2>{{10, 20}, {30, 40}}), {11, 2, 3, 4, 35, 66}));
  CHECK(holds(scatter<1>(a * 0, Tensor<int, 3, 1>{{1}, {0}, {1}}, 1), {0, 1, 1, 0, 0, 1}));
  CHECK(holds(scatter_add<0>(zeros<int, 3>(), Tensor<int, 5>{0, 1, 1, 2, 1}, 1), {1, 3, 1}));
  static_assert(__is_same(decltype(scatter<0>(a, i, 1.0))::value_type, float));
  static_assert(__is_same(decltype(scatter<0>(a, i, Tensor<double, 2>{1, 2}))::value_type, double));
  CHECK(holds(scatter<0>(a, i, Tensor<double, 2>{0.5, 1.5}), {0.5, 2, 3, 4, 0.5, 1.5}));
  constexpr Tensor<int, 3> early = scatter_add<0>(Tensor<int, 3>{1, 2, 3}, Tensor<int, 2>{0, 0}, Tensor<int, 2>{5, 6});
  static_assert(early(0) == 12 && early(1) == 2);
  CHECK_THROWS_AS((void)evaluate(scatter<0>(a, Tensor<int, 1, 2>{{0, 3}}, 1)), index_error);
  CHECK_THROWS_AS((void)scatter<0>(a, Tensor<int, dyn, dyn>(1, 3), 1), shape_error);
  CHECK_THROWS_AS((void)scatter<0>(a, i, Tensor<float, dyn>(3)), shape_error);
}

TEST_CASE("scatter into existing tensors and views, also overlapping ones") {
  Tensor<float, dyn, dyn> a{{1, 2}, {3, 4}, {5, 6}};
  scatter_into<0>(a, Tensor<int, 1, 2>{{1, 2}}, 0);
  CHECK(holds(a, {1, 2, 0, 4, 5, 0}));
  scatter_add_into<0>(row(a, 0), Tensor<int, 3>{1, 1, 0}, Tensor<float, 3>{1, 10, 100});
  CHECK(holds(a, {101, 13, 0, 4, 5, 0}));
  Tensor<float, dyn> v{1, 2, 3, 4};
  scatter_into<0>(v, Tensor<int, 4>{3, 2, 1, 0}, v);
  CHECK(holds(v, {4, 3, 2, 1}));
  scatter_add_into<0>(v, Tensor<int, 2>{0, -1}, slice(v, range(1, 3)) * 10);
  CHECK(holds(v, {34, 3, 2, 21}));
  Tensor<int, dyn> k{2, 0, 1};
  scatter_into<0>(k, k, k);
  CHECK(holds(k, {0, 1, 2}));
  CHECK_THROWS_AS((scatter_into<0>(v, Tensor<int, 1>{4}, 0)), index_error);
}

TEST_CASE("an index out of range leaves the target as it is") {
  const Tensor<int, dyn> bad{0, 7, 1};
  const Tensor<float, dyn> x{1, 2, 3}, before{7, 8, 9};
  Tensor<float, dyn> y = before;
  CHECK_THROWS_AS((y = take<0>(x, bad)), index_error);
  CHECK(holds(y, {7, 8, 9}));
  CHECK_THROWS_AS((y = gather<0>(x, bad)), index_error);
  CHECK(holds(y, {7, 8, 9}));
  CHECK_THROWS_AS((y = scatter<0>(x, bad, 0)), index_error);
  CHECK(holds(y, {7, 8, 9}));
  CHECK_THROWS_AS((y = scatter_add<0>(y, bad, 1)), index_error);
  CHECK(holds(y, {7, 8, 9}));
  CHECK_THROWS_AS((scatter_into<0>(y, bad, 0)), index_error);
  CHECK(holds(y, {7, 8, 9}));
  CHECK_THROWS_AS((scatter_add_into<0>(y, bad, x)), index_error);
  CHECK(holds(y, {7, 8, 9}));
}

TEST_CASE("scatter_add names itself") {
  const Tensor<float, 3> x{1, 2, 3};
  const Tensor<int, 1> bad{5};
  CHECK_THROWS_WITH_AS((void)evaluate(scatter<0>(x, bad, 1)), "tenon: scatter: index 5 is out of range for extent 3",
                       index_error);
  CHECK_THROWS_WITH_AS((void)evaluate(scatter_add<0>(x, bad, 1)),
                       "tenon: scatter_add: index 5 is out of range for extent 3", index_error);
}
