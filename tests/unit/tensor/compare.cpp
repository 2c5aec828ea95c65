// tril, triu, diag, meshgrid, array_equal, to_scalar, searchsorted, histogram, bincount against NumPy's results.
#include <doctest/doctest.h>
#include <tenon/tensor/band.hpp>
#include <tenon/tensor/compare.hpp>
#include <tenon/tensor/search.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

TEST_CASE("tril and triu") {
  Tensor<float, dyn, dyn> a{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  CHECK(holds(tril(a), {1, 0, 0, 4, 5, 0, 7, 8, 9}));
  CHECK(holds(tril(a, 1), {1, 2, 0, 4, 5, 6, 7, 8, 9}));
  CHECK(holds(triu(a * 2), {2, 4, 6, 0, 10, 12, 0, 0, 18}));
  CHECK(holds(triu(a, -1), {1, 2, 3, 4, 5, 6, 0, 8, 9}));
  Tensor<int, 2, 2, 2> b{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
  auto t = tril(b);
  static_assert(__is_same(decltype(t)::value_type, int));
  static_assert(__is_same(decltype(t)::extents_type, Extents<2, 2, 2>));
  CHECK(holds(t, {1, 0, 3, 4, 5, 0, 7, 8}));
  CHECK(holds(triu(Tensor<bool, 1, 2>{{true, true}}, 1), {0, 1}));
}

TEST_CASE("diag") {
  Tensor<float, 2> v{1, 2};
  static_assert(__is_same(decltype(diag(v))::extents_type, Extents<2, 2>));
  CHECK(holds(diag(v), {1, 0, 0, 2}));
  CHECK(holds(diag(v, 1), {0, 1, 0, 0, 0, 2, 0, 0, 0}));
  CHECK(holds(diag(v * 2, -1), {0, 0, 0, 2, 0, 0, 0, 4, 0}));
  CHECK(holds(diag(Tensor<float, dyn>{3}), {3}));
  Tensor<float, 2, 3> m{{1, 2, 3}, {4, 5, 6}};
  CHECK(holds(diag(m), {1, 5}));
  CHECK(holds(diag(m, 1), {2, 6}));
}

TEST_CASE("meshgrid") {
  Tensor<float, 2> x{1, 2};
  Tensor<float, dyn> y{10, 20, 30};
  auto [gx, gy] = meshgrid(x, y);
  static_assert(__is_same(decltype(gx)::extents_type, Extents<dyn, 2>));
  CHECK(holds(gx, {1, 2, 1, 2, 1, 2}));
  CHECK(holds(gy, {10, 10, 20, 20, 30, 30}));
  auto ij = meshgrid<Indexing::ij>(x, Tensor<float, 2>{3, 4});
  CHECK(holds(ij.x * 10 + ij.y, {13, 14, 23, 24}));
  auto [a, b, c] = meshgrid(x, y, Tensor<float, 1>{5});
  CHECK(a.extents().dims() == Dims{3, {3, 2, 1}});
  CHECK(gx(2, 1) == 2);
  CHECK(holds(a + b + c, {16, 17, 26, 27, 36, 37}));
}

TEST_CASE("array_equal, to_scalar, clip") {
  Tensor<float, dyn> a{1, 2}, b{1, 2, 3};
  Tensor<double, 2> c{1, 2};
  CHECK(array_equal(a, c));
  CHECK_FALSE(array_equal(a, b));
  CHECK_FALSE(array_equal(a, c + 1));
  CHECK_FALSE(array_equal(c, Tensor<double, 2, 1>{{1}, {2}}));
  CHECK_FALSE(array_equal(Tensor<float, 1>{1}, Tensor<float, 2>{1, 1}));
  CHECK(array_equal(Tensor<float, dyn>(0), Tensor<float, 0>()));
  CHECK_FALSE(array_equal(Tensor<float, 1>{limits<float>::nan()}, Tensor<float, 1>{limits<float>::nan()}));
  CHECK(to_scalar(Tensor<float, 1, 1>{{3}} * 2) == 6.0f);
  CHECK(to_scalar(Tensor<float>(4)) == 4.0f);
  CHECK_THROWS_WITH_AS((void)to_scalar(a), "tenon: to_scalar: the operand has not exactly one element: [2]",
                       shape_error);
  CHECK(holds(clip(b, 1.5, 2.5), {1.5, 2, 2.5}));
  CHECK(allclose(Tensor<float, 2>{1, limits<float>::nan()}, Tensor<float, 2>{1, limits<float>::nan()}, 1e-5, 0, true));
  CHECK_FALSE(allclose(Tensor<float, 2>{1, limits<float>::nan()}, Tensor<float, 2>{1, limits<float>::nan()}));
}

TEST_CASE("searchsorted") {
  Tensor<double, 5> s{1, 2, 2, 3, 5};
  CHECK(holds(searchsorted(s, Tensor<double, 5>{0, 2, 2.5, 5, 9}), {0, 1, 3, 4, 5}));
  CHECK(holds(searchsorted(s, Tensor<double, 4>{2, 5, 1, 0.5}, Side::right), {3, 5, 1, 0}));
  CHECK(holds(searchsorted(s, Tensor<int, 1, 2>{{2, 4}}), {1, 4}));
  const double nan = limits<double>::nan();
  CHECK(holds(searchsorted(s, Tensor<double, 1>{nan}), {5}));
  CHECK(holds(searchsorted(Tensor<double, 3>{1, nan, nan}, Tensor<double, 2>{nan, 2}), {1, 1}));
  CHECK(holds(searchsorted(Tensor<double, dyn>(0), Tensor<double, 1>{2}), {0}));
  constexpr auto early = searchsorted(Tensor<int, 3>{1, 3, 5}, Tensor<int, 1>{4});
  static_assert(early(0) == 2);
}

TEST_CASE("histogram") {
  const auto h = histogram(Tensor<float, 6>{1, 2, 1, 4, 5, 5}, 4);
  CHECK(holds(h.counts, {2, 1, 0, 3}));
  CHECK(holds(h.edges, {1, 2, 3, 4, 5}));
  CHECK(holds(histogram(Tensor<double, 4>{-1, 0, 0.5, 7}, 2, 0, 1).counts, {1, 1}));
  CHECK(holds(histogram(Tensor<double, 3>{0.1, 0.2, 0.3}, 3, 0, 0.3).counts, {0, 1, 2}));
  CHECK(holds(histogram(Tensor<double, 3>{2, 2, 2}, 2).edges, {1.5, 2, 2.5}));
  CHECK(holds(histogram(Tensor<int, 5>{0, 1, 2, 3, 9}, Tensor<int, 3>{1, 2, 3}).counts, {1, 2}));
  CHECK(holds(histogram(Tensor<double, dyn>(0), 2).counts, {0, 0}));
  CHECK(holds(histogram(Tensor<double, 2>{limits<double>::nan(), 0.5}, 1, 0, 1).counts, {1}));
  CHECK_THROWS_AS((void)histogram(Tensor<double, 1>{limits<double>::nan()}), value_error);
  CHECK_THROWS_AS((void)histogram(Tensor<double, 1>{1}, 0), value_error);
  CHECK_THROWS_AS((void)histogram(Tensor<double, 1>{1}, 2, 1, 0), value_error);
  CHECK_THROWS_AS((void)histogram(Tensor<double, 1>{1}, Tensor<double, 2>{1, 0}), value_error);
}

TEST_CASE("bincount") {
  CHECK(holds(bincount(Tensor<int, 5>{0, 1, 1, 3, 1}), {1, 3, 0, 1}));
  CHECK(holds(bincount(Tensor<int, 1>{1}, 4), {0, 1, 0, 0}));
  CHECK(holds(bincount(Tensor<int, 3>{0, 1, 1}, Tensor<float, 3>{0.5f, 1, 2}), {0.5, 3}));
  CHECK(bincount(Tensor<int, dyn>(0)).size() == 0);
  CHECK_THROWS_AS((void)bincount(Tensor<int, 1>{-1}), value_error);
  CHECK_THROWS_AS((void)bincount(Tensor<int, dyn>(2), Tensor<float, dyn>(3)), shape_error);
}
