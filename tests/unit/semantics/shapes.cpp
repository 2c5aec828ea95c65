// docs/semantics.md: shapes, indices, writing.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdint>
#include <cstring>
#include <tenon/tenon.hpp>

#include "holds.hpp"

using namespace tenon;

namespace {

using Matrix = Tensor<float, dyn, dyn>;
using Vector = Tensor<float, dyn>;

template <class T>
constexpr bool has_extents(const T& t, std::initializer_list<index_t> expected) {
  const Dims d = t.extents().dims();
  if (d.rank != static_cast<int>(expected.size())) return false;
  int a = 0;
  for (index_t e : expected)
    if (d.d[a++] != e) return false;
  return true;
}
// The text of the E that f throws.
template <class E, class F>
Message thrown(const F& f) {
  try {
    f();
  } catch (const E& e) {
    return Message() << e.what();
  }
  return Message() << "nothing was thrown";
}
#define CHECK_MESSAGE_OF(E, text, ...) CHECK(std::strstr(thrown<E>([&] { __VA_ARGS__; }).c_str(), text) != nullptr)

}  // namespace

TEST_CASE("[S1] broadcasting") {
  const Tensor<int, 2, 1> column{{10}, {20}};
  const Tensor<int, 3> row_of{1, 2, 3};
  CHECK(has_extents(column + row_of, {2, 3}));
  CHECK(holds(column + row_of, {11, 12, 13, 21, 22, 23}));
  static_assert(has_extents(Tensor<int, 4, 1, 3>{} + Tensor<int, 2, 1>{}, {4, 2, 3}));
  CHECK(has_extents(Matrix(4, 1) + Matrix(1, 5) + 1, {4, 5}));
}
TEST_CASE("[S2] extents of anything, axes from the end") {
  const Matrix m(2, 3);
  CHECK((m * 2).extent(1) == 3);
  CHECK((m * 2).extent(-2) == 2);
  CHECK(matmul(m, transpose(m)).extent(0) == 2);
  CHECK(sum<-1>(m, keepdims).extent(-1) == 1);
  CHECK(m.view().size() == 6);
  CHECK(has_extents(sum<-2>(m), {3}));
  CHECK(has_extents(concat<-1>(m, m), {2, 6}));
  CHECK_MESSAGE_OF(index_error, "extent: axis 2 is out of range for rank 2", m.extent(2));
  CHECK_MESSAGE_OF(index_error, "extent: axis -3 is out of range for rank 2", (m * 2).extent(-3));
}
TEST_CASE("[S3] shapes that do not fit") {
  // Those known to types: tests/compile_fail/shape.
  static_assert(!broadcastable<Extents<3, 3>, Extents<4, 4>> && broadcastable<Extents<3, dyn>, Extents<3, 4>>);
  const Matrix a(2, 3), b(2, 4);
  CHECK_MESSAGE_OF(shape_error, "tenon: add: shapes do not broadcast: [2, 3] and [2, 4]", evaluate(a + b));
  CHECK_MESSAGE_OF(shape_error, "tenon: matmul: the inner extents differ: [2, 3] and [2, 4]", evaluate(matmul(a, b)));
  CHECK_MESSAGE_OF(shape_error, "concat", evaluate(concat<1>(a, Matrix(3, 3))));
  CHECK_MESSAGE_OF(shape_error, "einsum", evaluate(einsum<"ij,jk->ik">(a, b)));
}
TEST_CASE("[S4] the value broadcasts to the target") {
  Tensor<float, 2, 2> t;
  t = Tensor<float, 2>{1, 2};
  CHECK(holds(t, {1, 2, 1, 2}));
  t = 3;
  CHECK(holds(t, {3, 3, 3, 3}));
  Vector v(2);
  auto view = v.view();
  CHECK_MESSAGE_OF(shape_error, "assignment", view = Vector(3) * 2);
  CHECK_MESSAGE_OF(shape_error, "assignment", slice(v, range(0, 1)) = Vector(2) * 2);
}
TEST_CASE("[S5] which targets take the extents of the value") {
  Vector v(2);
  v = Vector{1, 2, 3} * 2;
  CHECK(holds(v, {2, 4, 6}));
  Tensor<float, dyn, 2> rows(1, 2);
  rows = Tensor<float, 3, 1>{{1}, {2}, {3}} * 1;
  CHECK(holds(rows, {1, 1, 2, 2, 3, 3}));
  Vector one{1};
  CHECK_MESSAGE_OF(shape_error, "[3] and [1]", one += v);
  CHECK_MESSAGE_OF(shape_error, "[3] and [1]", one *= v + 1);
  CHECK(one.size() == 1);
  v += one;
  CHECK(holds(v, {3, 5, 7}));
  v = 2;
  CHECK(holds(v, {2, 2, 2}));
  v = sum(v);
  CHECK(holds(v, {6, 6, 6}));
}
TEST_CASE("[S6] extents that cannot be") {
  CHECK_THROWS_AS(Vector(-1), shape_error);
  CHECK_THROWS_AS((Tensor<float, 3, dyn>(4, 2)), shape_error);
  CHECK_THROWS_AS((TensorView<float, dyn>(nullptr, -1)), shape_error);
  CHECK_THROWS_AS(Matrix(index_t{1} << 33, index_t{1} << 33), shape_error);
  CHECK_THROWS_AS((Matrix{{1, 2}, {3}}), shape_error);
  const Vector v(6);
  CHECK_THROWS_AS(evaluate(reshape(v, 4, -1)), shape_error);
}
TEST_CASE("[S6] extents that a function works out to be more than can be counted") {
  constexpr index_t most = __PTRDIFF_MAX__, least = -most - 1, large = index_t{1} << 40;
  const Vector v = arange(6.0f);
  const Matrix m(3, 4);
  CHECK_THROWS_AS(evaluate(pad(v, {{most, most}})), shape_error);
  CHECK_THROWS_AS(evaluate(tile(v, most / 3 * 2)), shape_error);
  CHECK_THROWS_AS(evaluate(repeat<0>(v, most / 3 * 2)), shape_error);
  CHECK_THROWS_AS(evaluate(sum(tile(m, large, large))), shape_error);
  CHECK_THROWS_AS(evaluate(reshape(Vector(0), index_t{1} << 32, index_t{1} << 32)), shape_error);
  CHECK_THROWS_AS(evaluate(diag(v, most - 3)), shape_error);
  CHECK_THROWS_AS(arange(least, most), value_error);
  CHECK_THROWS_AS(bincount(Tensor<index_t, 1>{most}), shape_error);
  CHECK(arange(least, most, most).size() == 3);
  // Diagonals and shifts as far away as numbers go.
  CHECK(diagonal(m, least).size() == 0);
  CHECK(diagonal(m, most).size() == 0);
  CHECK(sum(tril(m + 1, most)) == 12);
  CHECK(sum(triu(m + 1, least)) == 12);
  CHECK(sum(eye<float>(3, 4, least)) == 0);
  CHECK(array_equal(evaluate(roll<0>(v, least)), evaluate(roll<0>(v, least % 6))));
}
TEST_CASE("[S7] checked indices") {
  Matrix m(2, 3);
  CHECK_MESSAGE_OF(index_error, "index 3 is out of range for extent 3", m.at(0, 3));
  CHECK_THROWS_AS(m.at(-1, 0), index_error);
  CHECK_THROWS_AS(m.view().at(2, 0), index_error);
  if (TENON_CHECKED) CHECK_THROWS_AS(m(0, 3), index_error);
  if (TENON_CHECKED) CHECK_THROWS_AS(m(0, -1), index_error);
}
TEST_CASE("[S8] slices") {
  const Tensor<int, dyn> x = arange(6);
  CHECK(holds(slice(x, -2), {4}));
  CHECK(holds(slice(x, range(-3, end)), {3, 4, 5}));
  CHECK(holds(slice(x, range(5, 0, -2)), {5, 3, 1}));
  CHECK_MESSAGE_OF(index_error, "range(1, 7, 1) does not lie within axis 0 of extent 6", slice(x, range(1, 7)));
  CHECK_THROWS_AS(slice(x, 6), index_error);
  CHECK_THROWS_AS(slice(x, -7), index_error);
}
TEST_CASE("[S9] row-major order") {
  const Tensor<int, 2, 3> m{{0, 1, 2}, {3, 4, 5}};
  CHECK(m.data()[4] == m(1, 1));
  CHECK(holds(reshape<3, 2>(m), {0, 1, 2, 3, 4, 5}));
  CHECK(has_extents(reshape(m, -1, 2), {3, 2}));
  CHECK(holds(flatten(transpose(m)), {0, 3, 1, 4, 2, 5}));
}
TEST_CASE("[S10] no elements") {
  const Matrix none(0, 3);
  Matrix r(5, 5);
  r = none * 2 + 1;
  CHECK(has_extents(r, {0, 3}));
  static_assert(Tensor<float, 3, 0>{}.empty());
}

TEST_CASE("[G1] indices") {
  const Tensor<int, 3> x{5, 6, 7};
  CHECK(holds(take<0>(x, Tensor<int, 3>{-1, 0, -3}), {7, 5, 5}));
  CHECK_MESSAGE_OF(index_error, "index 3 is out of range for extent 3", evaluate(take<0>(x, Tensor<int, 1>{3})));
  CHECK_THROWS_AS(evaluate(gather<0>(x, Tensor<int, 1>{-4})), index_error);
  CHECK_THROWS_AS(evaluate(scatter<0>(x, Tensor<int, 1>{3}, 1)), index_error);
}
TEST_CASE("[G2] duplicate indices") {
  const Tensor<float, 3> x;
  const Tensor<int, 4> index{1, 0, 1, 1};
  CHECK(holds(scatter<0>(x, index, Tensor<float, 4>{1, 2, 3, 4}), {2, 4, 0}));
  CHECK(holds(scatter_add<0>(x, index, Tensor<float, 4>{1e8f, 2, -1e8f, 3}), {2, 3, 0}));
}
TEST_CASE("[G3] gradients of what was taken or overwritten") {
  const Tensor<int, 4> index{1, 0, 1, 1};
  const Tensor<float, 4> weight{1, 2, 3, 4};
  const auto taken = [&](const auto& x) { return sum(take<0>(x, index) * weight); };
  CHECK(holds(grad(taken)(Tensor<float, 3>{}), {2, 8, 0}));
  const auto put = [&](const auto& v) { return sum(scatter<0>(Tensor<float, 3>{}, index, v)); };
  CHECK(holds(grad(put)(weight), {0, 1, 0, 1}));
}

TEST_CASE("[W1] aliasing") {
  Vector x{1, 2, 3, 4, 5};
  slice(x, range(1, 5)) = slice(x, range(0, 4));
  CHECK(holds(x, {1, 1, 2, 3, 4}));
  slice(x, range(0, 4)) += slice(x, range(1, 5));
  CHECK(holds(x, {2, 3, 5, 7, 4}));
  Matrix m{{1, 2}, {3, 4}};
  m = transpose(m);
  CHECK(holds(m, {1, 3, 2, 4}));
  m = matmul(m, m) + m;
  CHECK(holds(m, {8, 18, 12, 26}));
  Matrix out;
  noalias(out) = matmul(m, m);
  CHECK(holds(out, {280, 612, 408, 892}));
}
TEST_CASE("[W2] copies") {
  Vector x{1, 2, 3}, y = x;
  y(0) = 9;
  CHECK(x(0) == 1);
  auto v = x.view();
  auto w = v;
  w = Vector{4, 5, 6} * 1;
  CHECK(holds(x, {4, 5, 6}));
  v = y.view();
  CHECK(holds(x, {9, 2, 3}));
}
TEST_CASE("[W3] views that repeat elements") {
  Vector x{1, 2, 3};
  static_assert(decltype(broadcast_to(x, 2, 3))::is_const && decltype(windows<0, 2>(x))::is_const);
  TensorView<float, dyn, dyn> twice(x.data(), Dims{2, {2, 3}}, Dims{2, {0, 1}});
  CHECK_MESSAGE_OF(shape_error, "broadcast view", twice = 1);
}
