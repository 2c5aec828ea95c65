// Index notation: what r(i, k) = a(i, j) * b(j, k) means.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>
#include <tenon/tensor/index.hpp>

using namespace tenon;

namespace {

const Index<'i'> i;
const Index<'j'> j;
const Index<'k'> k;

template <class A, class B>
bool same(const A& a, const B& b) {
  return evaluate(sum(a == b))() == a.size();
}

const Tensor<double, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
const Tensor<double, 3, 4> b{{1, 0, 2, 1}, {3, 1, 1, 0}, {0, 5, 1, 2}};
const Tensor<double, 4> bias{1, 2, 3, 4};
const Tensor<double, 3, 3> s{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};

TEST_CASE("products are summed over what the target has not") {
  Tensor<double, 2, 4> r;
  r(i, k) = a(i, j) * b(j, k);
  CHECK(same(r, matmul(a, b)));
  Tensor<double, 4, 2> t;
  t(k, i) = a(i, j) * b(j, k);
  CHECK(t(3, 1) == r(1, 3));
  Tensor<double, dyn> v(0);
  v(k) = a(i, j) * b(j, k);
  CHECK(same(v, sum<0>(r)));
  Tensor<double, 3> d;
  d(i) = s(i, j) * s(j, i);
  CHECK(d(1) == evaluate(matmul(s, s))(1, 1));
}

TEST_CASE("terms, numbers and functions") {
  Tensor<double, 2, 4> r, expected = relu(2 * matmul(a, b) - bias) / 4 + 1;
  r(i, k) = relu(2 * (a(i, j) * b(j, k)) - bias(k)) / 4 + 1;
  CHECK(same(r, expected));
  r(i, k) = a(i, j) * b(j, k) * 0.5 + bias(k);
  expected = matmul(a, b) * 0.5 + bias;
  CHECK(same(r, expected));
  r(i, k) += a(i, j) * b(j, k);
  expected += matmul(a, b);
  CHECK(same(r, expected));
  r(i, k) -= bias(k);
  expected -= bias;
  CHECK(same(r, expected));
}

TEST_CASE("permutation, diagonal, antisymmetric part") {
  Tensor<double, 3, 2> t;
  t(j, i) = a(i, j);
  CHECK(t(2, 1) == a(1, 2));
  Tensor<double, 3> d;
  d(i) = s(i, i);
  CHECK(d(2) == 9);
  Tensor<double, 3, 3> n;
  n(i, j) = s(i, j) - s(j, i);
  CHECK(n(0, 2) == -4);
  n(i, j) = n(j, i);
  CHECK(n(0, 2) == 4);
}

TEST_CASE("views, and an index that only the target has") {
  Tensor<double, 2, 4> r;
  auto v = r.view();
  v(i, k) = bias(k);
  CHECK(r(1, 3) == 4);
  v(i, k) = -v(i, k);
  CHECK(r(0, 2) == -3);
}

TEST_CASE("extents that differ at run time") {
  Tensor<double, dyn, dyn> x(2, 3), y(4, 5), r(2, 5);
  CHECK_THROWS_WITH_AS((r(i, k) = x(i, j) * y(j, k)),
                       "tenon: index notation: index 'j' has two different extents: [2, 3] and [4, 5]", shape_error);
}

}  // namespace
