// Movements against hand values: views that can be written through, nodes over expressions, errors.
#include <doctest/doctest.h>
#include <tenon/tensor/movement.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {
// 0, 1, 2, ... in row-major order.
template <class T, index_t... E>
constexpr Tensor<T, E...> iota() {
  Tensor<T, E...> t;
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<T>(i);
  return t;
}
Tensor<float, dyn, dyn> iota(index_t n, index_t m) {
  Tensor<float, dyn, dyn> t(n, m);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<float>(i);
  return t;
}
}  // namespace

TEST_CASE("slice: indices, ranges, steps and negative numbers") {
  auto a = iota<float, 3, 4>();
  CHECK(holds(slice(a, 1), {4, 5, 6, 7}));
  CHECK(holds(slice(a, whole, -1), {3, 7, 11}));
  CHECK(holds(slice(a, range(1, 3), range(-3, end, 2)), {5, 7, 9, 11}));
  CHECK(holds(slice(a, range(2, end, -1), 0), {8, 4, 0}));
  CHECK(holds(slice(a, 0, range(3, 0, -2)), {3, 1}));
  CHECK(holds(slice(a, range(2), range(1)), {0, 4}));
  CHECK(holds(slice<1>(a, range(1, 2)), {1, 5, 9}));
  CHECK(holds(select<-1>(a, 2), {2, 6, 10}));
  CHECK(holds(slice(a, ellipsis, 1), {1, 5, 9}));
  CHECK(slice(a, newaxis, 0, newaxis).dims() == Dims{3, {1, 1, 4}});
  CHECK(slice(a, 2, 3) == 11);
  CHECK(slice(a, range(3, 3)).size() == 0);
  CHECK(slice(a, range(), 0).dims() == Dims{1, {3}});

  static_assert(__is_same(decltype(slice(a, range<0, 2>(), 1))::extents_type, Extents<2>));
  static_assert(__is_same(decltype(slice(a, whole, range_from<-3, 2>()))::extents_type, Extents<3, 2>));
  static_assert(__is_same(decltype(slice(a, 1))::extents_type, Extents<4>));
  static_assert(__is_same(decltype(slice(a, range(1, 2)))::extents_type, Extents<dyn, 4>));
  auto d = iota(5, 6);
  static_assert(__is_same(decltype(slice(d, range<1, 4>()))::extents_type, Extents<3, dyn>));
  static_assert(__is_same(decltype(slice(d, range_from<-3>()))::extents_type, Extents<dyn, dyn>));
  CHECK(slice(d, range_from<-3>()).dims() == Dims{2, {3, 6}});
}

TEST_CASE("slice: steps and ends as far away as numbers go") {
  constexpr index_t most = __PTRDIFF_MAX__, least = -most - 1;
  const auto d = iota(5, 6);
  CHECK(holds(slice(d, range(1, 5, most), range(2)), {6, 7}));
  CHECK(holds(slice(d, range(4, 0, least), range(2)), {24, 25}));
  CHECK(holds(slice(d, range(3, end, least), range(2)), {18, 19}));
  CHECK(slice(d, range(2, 2, most)).size() == 0);
  CHECK_THROWS_AS(slice(d, range(least, 3)), index_error);
  CHECK_THROWS_AS(slice(d, range(0, most)), index_error);
}

TEST_CASE("slice: writes through views of tensors, owns temporaries") {
  auto a = iota<float, 3, 4>();
  slice(a, 1, range(1, 3)) = 0;
  CHECK(holds(a, {0, 1, 2, 3, 4, 0, 0, 7, 8, 9, 10, 11}));
  row(a, 0) = row(a, 2) * 2;
  CHECK(holds(row(a, 0), {16, 18, 20, 22}));
  col(a, 3) += 1;
  CHECK(holds(col(a, 3), {23, 8, 12}));
  const auto& c = a;
  static_assert(decltype(row(c, 0))::is_const);
  static_assert(!decltype(row(a, 0))::is_const);

  Tensor<float, dyn> t = slice(iota(3, 4), 2);
  CHECK(holds(t, {8, 9, 10, 11}));
  auto owned = col(iota(3, 4) * 2, 1);
  Tensor<float, dyn> u = owned;
  CHECK(holds(u, {2, 10, 18}));
  auto nested = row(transpose(iota(3, 4)), 3);
  Tensor<float, dyn> v = nested + 1;
  CHECK(holds(v, {4, 8, 12}));
  constexpr Tensor<float, 2> k = col(iota<float, 2, 3>(), 2) + 1;
  static_assert(k(0) == 3 && k(1) == 6);
}

TEST_CASE("slice: the compiler writes through views, too") {
  constexpr auto a = [] {
    auto x = iota<float, 2, 3>();
    col(x, 1) = col(x, 2) * 10.f;
    slice(x, 0, range<0, 3, 2>()) += 5.f;
    transpose(x) = transpose(x) + 1.f;
    flip<0>(x) = x + 0.f;
    return x;
  }();
  const float expected[] = {4, 51, 6, 6, 21, 8};
  for (index_t i = 0; i < 6; ++i) CHECK(a.data()[i] == expected[i]);
}
TEST_CASE("slice: overlapping reads and writes are safe") {
  Tensor<float, dyn> b{1, 2, 3, 4, 5};
  slice(b, range(1, 5)) = slice(b, range(0, 4));
  CHECK(holds(b, {1, 1, 2, 3, 4}));
  slice(b, range(0, 4)) = slice(b, range(1, 5));
  CHECK(holds(b, {1, 2, 3, 4, 4}));
  b = flip<0>(b);
  CHECK(holds(b, {4, 4, 3, 2, 1}));
  auto a = iota<float, 3, 3>();
  a = transpose(a);
  CHECK(holds(a, {0, 3, 6, 1, 4, 7, 2, 5, 8}));
  a += transpose(a);
  CHECK(holds(a, {0, 4, 8, 4, 8, 12, 8, 12, 16}));
}

TEST_CASE("slice: errors name the range and the extent") {
  auto a = iota(3, 4);
  CHECK_THROWS_WITH_AS((void)slice(a, 3), "tenon: slice: index 3 is out of range for extent 3", index_error);
  CHECK_THROWS_WITH_AS((void)slice(a, 0, -5), "tenon: slice: index -5 is out of range for extent 4", index_error);
  CHECK_THROWS_WITH_AS((void)slice(a, whole, range(2, 5)),
                       "tenon: slice: range(2, 5, 1) does not lie within axis 1 of extent 4", index_error);
  CHECK_THROWS_WITH_AS((void)slice(a, range(-4, end)),
                       "tenon: slice: range(-4, end, 1) does not lie within axis 0 of extent 3", index_error);
  CHECK_THROWS_AS((void)slice(a, range(2, 1)), index_error);
  CHECK_THROWS_AS((void)slice(a, range(0, 2, 0)), index_error);
  CHECK_THROWS_AS((void)slice(a, range(3, end, -1)), index_error);
  CHECK_THROWS_AS((void)slice(a, range<0, 4>()), index_error);
  CHECK_THROWS_AS((void)row(a, 3), index_error);
  Tensor<float, dyn> empty(0);
  CHECK(slice(empty, range(0, 0)).size() == 0);
  CHECK(slice(empty, range(-1, end, -1)).size() == 0);
  CHECK_THROWS_AS((void)slice(empty, 0), index_error);
}

TEST_CASE("transpose, permute, swapaxes, moveaxis") {
  auto a = iota<int, 2, 3, 4>();
  auto t = transpose(a);
  static_assert(__is_same(decltype(t)::extents_type, Extents<4, 3, 2>));
  auto p = permute<1, -1, 0>(a);
  static_assert(__is_same(decltype(p)::extents_type, Extents<3, 4, 2>));
  auto s = swapaxes<0, -1>(a);
  auto m = moveaxis<0, 2>(a);
  auto n = moveaxis<-1, 0>(a);
  static_assert(__is_same(decltype(m)::extents_type, Extents<3, 4, 2>));
  static_assert(__is_same(decltype(n)::extents_type, Extents<4, 2, 3>));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) {
        CHECK(t(k, j, i) == a(i, j, k));
        CHECK(p(j, k, i) == a(i, j, k));
        CHECK(s(k, j, i) == a(i, j, k));
        CHECK(m(j, k, i) == a(i, j, k));
        CHECK(n(k, i, j) == a(i, j, k));
      }
  auto d = iota(2, 3);
  Tensor<float, dyn, dyn> y = transpose(d * 2 + 1);
  CHECK(holds(y, {1, 7, 3, 9, 5, 11}));
  transpose(d) = y;
  CHECK(holds(d, {1, 3, 5, 7, 9, 11}));
  auto named = d * 2;
  auto named_t = transpose(named);
  Tensor<float, dyn, dyn> z = transpose(named_t);
  CHECK(holds(z, {2, 6, 10, 14, 18, 22}));
}

TEST_CASE("expand_dims, squeeze, broadcast_to") {
  auto a = iota<float, 3>();
  static_assert(__is_same(decltype(expand_dims<0>(a))::extents_type, Extents<1, 3>));
  static_assert(__is_same(decltype(expand_dims<-1>(a))::extents_type, Extents<3, 1>));
  static_assert(__is_same(decltype(squeeze<1>(expand_dims<1>(a)))::extents_type, Extents<3>));
  Tensor<float, 3, 3> outer = expand_dims<1>(a) * expand_dims<0>(a);
  CHECK(holds(outer, {0, 0, 0, 0, 1, 2, 0, 2, 4}));
  auto b = broadcast_to<2, 3>(a);
  static_assert(decltype(b)::is_const);
  CHECK(holds(b, {0, 1, 2, 0, 1, 2}));
  CHECK(broadcast_to(a, 2, 3).dims() == Dims{2, {2, 3}});
  CHECK_THROWS_AS((void)broadcast_to(a, 2, 4), shape_error);
  CHECK_THROWS_AS((void)broadcast_to(a, -2, 3), shape_error);
  auto d = iota(2, 3);
  CHECK_THROWS_WITH_AS((void)squeeze<0>(d), "tenon: squeeze: the axis has an extent other than 1: [2, 3]", shape_error);
  Tensor<float, 2, 3> e = broadcast_to<2, 3>(a + 1);
  CHECK(holds(e, {1, 2, 3, 1, 2, 3}));
}

TEST_CASE("flip, diagonal, windows") {
  auto a = iota<float, 2, 3>();
  CHECK(holds(flip<-1>(a), {2, 1, 0, 5, 4, 3}));
  CHECK(holds(flip<0, 1>(a), {5, 4, 3, 2, 1, 0}));
  auto s = iota<float, 3, 4>();
  auto d = diagonal(s);
  static_assert(__is_same(decltype(d)::extents_type, Extents<3>));
  CHECK(holds(d, {0, 5, 10}));
  CHECK(holds(diagonal(s, 2), {2, 7}));
  CHECK(holds(diagonal(s, -2), {8}));
  CHECK(diagonal(s, 4).size() == 0);
  CHECK(diagonal(s, -9).size() == 0);
  diagonal(s) = 0;
  CHECK(holds(s, {0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 0, 11}));
  Tensor<float, 6> x{1, 2, 3, 4, 5, 6};
  auto w = windows<0, 3>(x);
  static_assert(__is_same(decltype(w)::extents_type, Extents<4, 3>));
  static_assert(decltype(w)::is_const);
  CHECK(holds(w, {1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6}));
  CHECK(holds(windows<0, 2, 2>(x), {1, 2, 3, 4, 5, 6}));
  CHECK(holds(windows<0, 2, 1, 3>(x), {1, 4, 2, 5, 3, 6}));
  Tensor<float, dyn> y{1, 2};
  CHECK_THROWS_AS((void)(windows<0, 3>(y)), shape_error);
}

#if TENON_CHECKED
TEST_CASE("a view of a tensor that is gone throws") {
  auto make = [] {
    Tensor<float, dyn> local{1, 2, 3};
    return slice(local, range(1, 3));
  };
  auto v = make();
  CHECK_THROWS_AS((void)v(0), lifetime_error);
}
#endif
