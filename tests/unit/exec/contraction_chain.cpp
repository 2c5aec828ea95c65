// Small products of small products: steps without plans, results on the way on the stack, in an order that is chosen
// as for any others.
#include <doctest/doctest.h>
#include <support/allocations.hpp>
#include <tenon/tenon.hpp>
#include <thread>

#include "exact.hpp"

using namespace tenon;
using test::same;

namespace {

using Matrix = Tensor<double, dyn, dyn>;

template <class M = Matrix>
M some(index_t rows, index_t columns, int seed = 1) {
  M x;
  if constexpr (!M::extents_type::is_static) x = M(rows, columns);
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<typename M::value_type>(static_cast<double>((i * 7 + seed * 5) % 19 - 9) / 7);
  return x;
}
template <class X, class Y>
auto product(const X& x, const Y& y) {
  return evaluate(matmul(x, y));
}

TEST_CASE("bit by bit what the steps give one by one") {
  for (const index_t n : {1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 70}) {
    CAPTURE(n);
    const Matrix a = some(n, n), b = some(n, n, 2), c = some(n, n, 3), d = some(n, n, 4);
    const Matrix ab = product(a, b), abc = product(ab, c), abcd = product(abc, d);
    Matrix r = einsum<"ij,jk,kl->il">(a, b, c);
    CHECK(same(r, abc));
    r = matmul(matmul(a, b), c);
    CHECK(same(r, abc));
    r = einsum<"ij,jk,kl,lm->im">(a, b, c, d);
    CHECK(same(r, abcd));
    r = matmul(matmul(a, b), matmul(c, d));
    CHECK(same(r, product(ab, product(c, d))));
    r = matmul(a, matmul(b, matmul(c, d)));
    CHECK(same(r, product(a, product(b, product(c, d)))));
    r = einsum<"ab,bc,cd,de,ef,fg,gh,hi->ai">(a, b, c, d, a, b, c, d);
    CHECK(same(r, product(product(product(product(abcd, a), b), c), d)));
    // Transposed operands and results; consumers; a result that is an operand.
    r = einsum<"ji,kj,kl->il">(a, b, c);
    CHECK(same(r, product(product(transpose(a), transpose(b)), c)));
    r = relu(einsum<"ij,jk,kl->il">(a, b, c) + d);
    CHECK(same(r, evaluate(relu(abc + d))));
    r = d;
    r = einsum<"ij,jk,kl->il">(r, b, r);
    CHECK(same(r, product(product(d, b), d)));
    r = matmul(matmul(r, b), r);
    CHECK(r.dims() == d.dims());
  }
}

TEST_CASE("vectors, tensors of more axes, floats, static extents") {
  const Matrix a = some(7, 5), b = some(5, 6, 2);
  Tensor<double, dyn> u(7), v(5), w(6);
  for (index_t i = 0; i < 7; ++i) u(i) = static_cast<double>(i) / 3;
  for (index_t i = 0; i < 5; ++i) v(i) = static_cast<double>(i) / 7;
  for (index_t i = 0; i < 6; ++i) w(i) = static_cast<double>(i) / 11;
  const Tensor<double, dyn> ua = matmul(u, a);
  Tensor<double> s;
  s = einsum<"i,ij,j->">(u, a, v);
  CHECK(s() == evaluate(dot(ua, v))());
  CHECK(static_cast<double>(einsum<"i,ij,j->">(u, a, v)) == s());
  const Tensor<double, dyn> r = einsum<"i,ij,jk->k">(u, a, b), x = matmul(ua, b);
  CHECK(same(r, x));
  const Tensor<double, dyn> y = matmul(matmul(a, b), w), z = matmul(product(a, b), w);
  CHECK(same(y, z));

  Tensor<double, dyn, dyn, dyn> t(4, 5, 6);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<double>(i % 13) / 3;
  const Matrix p = some(2, 4), q = some(3, 5, 2);
  const Tensor<double, dyn, dyn, dyn> turned = einsum<"ia,jb,abc->ijc">(p, q, t);
  double expected = 0;
  for (index_t i = 0; i < 4; ++i)
    for (index_t j = 0; j < 5; ++j) expected += p(1, i) * q(2, j) * t(i, j, 3);
  CHECK(turned(1, 2, 3) == doctest::Approx(expected));

  using Floats = Tensor<float, dyn, dyn>;
  const Floats f = some<Floats>(9, 8), g = some<Floats>(8, 7, 2), h = some<Floats>(7, 6, 3);
  const Floats fgh = einsum<"ij,jk,kl->il">(f, g, h), steps = product(product(f, g), h);
  CHECK(same(fgh, steps));
  const auto fixed = [](auto like) {
    using M = decltype(like);
    const M k = some<M>(0, 0), l = some<M>(0, 0, 2), m = some<M>(0, 0, 3);
    M n = einsum<"ij,jk,kl->il">(k, l, m);
    CHECK(same(n, product(product(k, l), m)));
    n = matmul(matmul(k, l), m);
    CHECK(same(n, product(product(k, l), m)));
    n = matmul(matmul(n, l), n);
    CHECK(same(n, product(product(product(product(k, l), m), l), product(product(k, l), m))));
  };
  fixed(Tensor<double, 2, 2>());
  fixed(Tensor<float, 4, 4>());
  fixed(Tensor<double, 8, 8>());
  fixed(Tensor<float, 13, 13>());
  fixed(Tensor<double, 40, 40>());
}

TEST_CASE("steps that are not small: long rows, strides, nothing at all") {
  const Matrix a = some(8, 8), b = some(8, 8, 2), c = some(8, 3000, 3);
  const Matrix ab = product(a, b);
  Matrix r = matmul(matmul(a, b), c);
  CHECK(same(r, product(ab, c)));
  Matrix x = c;
  x = matmul(matmul(a, b), x);
  CHECK(same(x, r));
  const Matrix wide = some(16, 16, 4);
  const TensorView<const double, dyn, dyn> apart(wide.data(), Dims{2, {8, 8}}, Dims{2, {32, 2}});
  const Matrix dense = apart;
  r = matmul(matmul(a, apart), transpose(apart));
  CHECK(same(r, product(product(a, dense), transpose(dense))));
  r = einsum<"ij,jk,kl->il">(apart, a, apart);
  CHECK(same(r, product(product(dense, a), dense)));
  const Matrix none(8, 0), empty(0, 8);
  r = 1.0;
  r = matmul(matmul(a, none), empty);
  CHECK(sum(r == 0.0) == 64);
  r = matmul(matmul(none, empty), b);
  CHECK(sum(r == 0.0) == 64);
  r = matmul(a, matmul(b, none));
  CHECK(r.dims() == Dims{2, {8, 0}});
}

TEST_CASE("neither the pool nor the heap") {
  const Matrix a = some(8, 8), b = some(8, 8, 2);
  Matrix r(8, 8);
  long taken = -1;
  // Of a thread that has no pool yet.
  std::thread([&] {
    const test::AllocationCount count;
    r = einsum<"ij,jk,kl->il">(a, b, a);
    r = einsum<"ab,bc,cd,de->ae">(a, b, a, b);
    r = matmul(matmul(a, b), a);
    r = relu(matmul(matmul(a, b), a) + b);
    taken = static_cast<long>(count());
  }).join();
  CHECK(taken == 0);
}

// Which order runs can be seen by what it rounds away: the second row of b is lost beside the first one in a b, but not
// in b c, where the first row's sum is 0.
template <class F>
double kept(const F& f, index_t i, index_t j, index_t k, index_t l) {
  Matrix a(i, j), b(j, k), c(k, l), r(i, l);
  a = 1.0;
  b = 0.0;
  c = 1.0;
  for (index_t x = 0; x < k; ++x) {
    b(0, x) = x % 2 ? -1 : 1;
    b(1, x) = 1e-17;
  }
  f(r, a, b, c);
  return r(0, 0);
}
TEST_CASE("the order is still the one that takes fewest multiplications") {
  const auto einsum_of = [](auto& r, auto& a, auto& b, auto& c) { r = einsum<"ij,jk,kl->il">(a, b, c); };
  const auto as_number = [](auto& r, auto& a, auto& b, auto& c) { r = evaluate(einsum<"ij,jk,kl->il">(a, b, c)); };
  const auto with_consumer = [](auto& r, auto& a, auto& b, auto& c) { r = einsum<"ij,jk,kl->il">(a, b, c) * 1.0; };
  const auto check = [&](const auto& f) {
    CHECK(kept(f, 20, 2, 20, 3) > 0);  // 2000 multiplications from left to right, 240 from right to left
    CHECK(kept(f, 60, 2, 60, 3) > 0);
    CHECK(kept(f, 200, 2, 200, 3) > 0);
    CHECK(kept(f, 10, 2, 10, 3) == 0);   // 500 take less than to find out
    CHECK(kept(f, 2, 30, 30, 40) == 0);  // from left to right is best
    CHECK(kept(f, 16, 16, 16, 16) == 0);
    CHECK(kept(f, 40, 40, 40, 40) == 0);
  };
  check(einsum_of);
  check(as_number);
  check(with_consumer);
  // Parentheses stay.
  CHECK(kept([](auto& r, auto& a, auto& b, auto& c) { r = matmul(matmul(a, b), c); }, 20, 2, 20, 3) == 0);
  CHECK(kept([](auto& r, auto& a, auto& b, auto& c) { r = matmul(a, matmul(b, c)); }, 4, 4, 4, 4) > 0);
  // What chooses an order of its own does so inside of another product.
  const auto inside = [](auto& r, auto& a, auto& b, auto& c) {
    Matrix one(c.dims().d[1], c.dims().d[1]);
    one = 0.0;
    for (index_t i = 0; i < c.dims().d[1]; ++i) one(i, i) = 1;
    r = matmul(einsum<"ij,jk,kl->il">(a, b, c), one);
  };
  CHECK(kept(inside, 20, 2, 20, 3) > 0);
}
TEST_CASE("where types know some extents, small products go in their order") {
  // 64 rows are assumed: w1 w2 first, though with two rows it takes more.
  const Tensor<double, dyn, 4> x = [] {
    Tensor<double, dyn, 4> r(2, 4);
    r = 1.0;
    return r;
  }();
  Tensor<double, 4, 4> w1;
  Tensor<double, 4, 2> w2;
  w1 = 0.0;
  w2 = 1.0;
  for (index_t k = 0; k < 4; ++k) w1(0, k) = k % 2 ? -1 : 1, w1(1, k) = 1e-17;
  const auto e = einsum<"ij,jk,kl->il">(x, w1, w2);
  const auto p = explain(e);
  const Tensor<double, dyn, 2> r = e;
  CHECK(r(0, 0) > 0);
  CHECK(p.flops == 2 * (4 * 4 * 2 + 2 * 4 * 2));
}

TEST_CASE("a product that was used by name has the value it had then") {
  for (const index_t n : {2, 8, 100}) {
    CAPTURE(n);
    Matrix a(n, n), b(n, n), c(n, n);
    a = 1.0;
    b = 1.0;
    c = 1.0;
    const double d = static_cast<double>(n);
    auto h = matmul(a, b);
    auto g = matmul(matmul(a, b), c);
    auto k = matmul(a, b);
    Matrix r = h + g + k;
    CHECK(r(1, 1) == 2 * d + d * d);
    a = 5.0;
    r = std::move(k);
    CHECK(r(1, 1) == d);
    auto again = std::move(h);
    r = matmul(again, c);
    CHECK(r(1, 1) == d * d);
    r = matmul(std::move(again), c);
    CHECK(r(1, 1) == d * d);
    r = std::move(g);
    CHECK(r(1, 1) == d * d);
  }
  Tensor<double, 2, 2> a, b;
  a = 1.0;
  b = 1.0;
  auto h = matmul(a, b);
  Tensor<double, 2, 2> r = h + h;
  a = 5.0;
  r = std::move(h);
  CHECK(r(1, 1) == 2);
}

}  // namespace
