// Contractions of several operands whose extents are known when they run: the order is the one that takes the fewest
// multiplications, and neither values nor gradients depend on which it is.
#include <doctest/doctest.h>
#include <support/allocations.hpp>
#include <tenon/tenon.hpp>

#include "exact.hpp"

using namespace tenon;
using test::same;

namespace {

using Matrix = Tensor<double, dyn, dyn>;

// Whole numbers, so that sums are exact in any order.
template <class T = double>
Tensor<T, dyn, dyn> whole(index_t rows, index_t columns, int seed = 1) {
  Tensor<T, dyn, dyn> x(rows, columns);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = T(static_cast<double>((i * 7 + seed * 5) % 9 - 4));
  return x;
}
bool contains(const Plan& p, const char* what) { return __builtin_strstr(p.c_str(), what) != nullptr; }

TEST_CASE("three matrices, each order the best once") {
  struct Case {
    index_t i, j, k, l;
    double products;
    const char* first;
  };
  const Case cases[] = {
      {2, 100, 3, 50, 2 * 100 * 3 + 2 * 3 * 50, "[2, 100] x [100, 3]"},    // (ab)c
      {100, 2, 100, 3, 2 * 100 * 3 + 100 * 2 * 3, "[2, 100] x [100, 3]"},  // a(bc)
      // Where the cheapest first pair is not the begin of the cheapest order.
      {9, 2, 100, 10, 2 * 100 * 10 + 9 * 2 * 10, "[2, 100] x [100, 10]"},
      {7, 7, 7, 7, 2 * 7 * 7 * 7, "[7, 7] x [7, 7]"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.i);
    const Matrix x = whole(c.i, c.j), y = whole(c.j, c.k, 2), z = whole(c.k, c.l, 3);
    const auto e = einsum<"ij,jk,kl->il">(x, y, z);
    const Plan p = explain(e);
    CHECK(p.flops == 2 * c.products);
    CHECK(p.loops == 2);
    CHECK(p.temporaries == 1);
    CHECK(contains(p, c.first));
    const Matrix r = e, s = matmul(matmul(x, y), z);
    CHECK(same(r, s));
    const Matrix t = einsum<"ij,jk,kl->li">(x, y, z), u = transpose(s);
    CHECK(same(t, u));
  }
}

TEST_CASE("vectors and stacks of matrices between operands") {
  Tensor<double, dyn> u(300), v(2);
  u = 2;
  v = 3;
  const Matrix m = whole(300, 2);
  const auto e = einsum<"i,ij,j->">(u, m, v);
  CHECK(explain(e).flops == 2 * (600 + 2));
  CHECK(evaluate(e)() == 6 * evaluate(sum(m))());
  Tensor<double, dyn, dyn, dyn> t(3, 40, 50);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<double>(i % 5);
  const Matrix a = whole(40, 2), b = whole(50, 2, 4);
  const auto f = einsum<"ia,zij,ja->za">(a, t, b);
  const Tensor<double, dyn, dyn> r = f;
  double at = 0;
  for (index_t i = 0; i < 40; ++i)
    for (index_t j = 0; j < 50; ++j) at += a(i, 1) * t(2, i, j) * b(j, 1);
  CHECK(r(2, 1) == at);
}

TEST_CASE("a large product on the way is not built") {
  const Matrix tall = whole(1000, 2), wide = whole(2, 1000, 2);
  const auto e = einsum<"ij,jk,kl->il">(tall, wide, tall);
  const Plan p = explain(e);
  CHECK(p.flops == 2 * (2 * 1000 * 2 + 1000 * 2 * 2));
  CHECK(p.bytes_written == 8 * (2 * 2 + 1000 * 2));
  CHECK(contains(p,
                 "1  contract [2, 1000] x [1000, 2] -> [2, 2] float64  =: %1\n"
                 "2  contract [1000, 2] x [2, 2] -> [1000, 2] float64\n"));
  Matrix r(1000, 2);
  Matrix expected = matmul(matmul(tall, wide), tall);
  r = e;
  CHECK(same(r, expected));
  // In index notation, too; into an operand; without memory of its own when the pool has the few numbers.
  Matrix x = tall;
  Index<'i'> i;
  Index<'j'> j;
  Index<'k'> k;
  Index<'l'> l;
  r(i, l) = tall(i, j) * wide(j, k) * tall(k, l);
  CHECK(same(r, expected));
  for (bool first : {true, false}) {
    x = tall;
    const test::AllocationCount count;
    x = einsum<"ij,jk,kl->il">(x, wide, x);
    CHECK((first || count() == 0));
    CHECK(same(x, expected));
  }
}

TEST_CASE("what takes less time than a search goes from left to right") {
  const Matrix a = whole(2, 30), b = whole(30, 2, 2), c = whole(2, 30, 3), e = whole(30, 2, 4);
  const auto product = einsum<"ij,jk,kl,lm->im">(a, b, c, e);
  CHECK(explain(product).flops == 2 * 3 * 120);
  const Matrix r = product, s = matmul(matmul(matmul(a, b), c), e);
  CHECK(same(r, s));
}

TEST_CASE("four operands and more") {
  const index_t n[][5] = {
      {20, 300, 20, 300, 20}, {30, 2, 30, 2, 30}, {30, 20, 10, 5, 1}, {1, 5, 10, 20, 30}, {6, 6, 6, 6, 6}};
  for (const auto& d : n) {
    CAPTURE(d[0]);
    const Matrix a = whole(d[0], d[1]), b = whole(d[1], d[2], 2), c = whole(d[2], d[3], 3), e = whole(d[3], d[4], 4);
    const auto product = einsum<"ij,jk,kl,lm->im">(a, b, c, e);
    // Least of the five ways to set parentheses.
    const double i = double(d[0]), j = double(d[1]), k = double(d[2]), l = double(d[3]), m = double(d[4]);
    const double ways[] = {i * j * k + i * k * l + i * l * m, i * j * k + k * l * m + i * k * m,
                           j * k * l + i * j * l + i * l * m, j * k * l + j * l * m + i * j * m,
                           k * l * m + j * k * m + i * j * m};
    double least = ways[0];
    for (const double w : ways) least = w < least ? w : least;
    const Plan p = explain(product);
    CHECK(p.flops == 2 * least);
    CHECK(p.temporaries == 2);
    const Matrix r = product, s = matmul(matmul(matmul(a, b), c), e);
    CHECK(same(r, s));
  }
  const Matrix q = whole(3, 3);
  const Matrix r = einsum<"ab,bc,cd,de,ef,fg,gh,hi->ai">(q, q, q, q, q, q, q, q);
  const Matrix two = matmul(q, q), four = matmul(two, two), s = matmul(four, four);
  CHECK(same(r, s));
}

TEST_CASE("programs, sums, diagonals, views, epilogues") {
  const Matrix a = whole(40, 3), b = whole(3, 60, 2), c = whole(60, 5, 3), s = whole(3, 3, 4);
  const Matrix ab = matmul(a, b), doubled = b * 2;
  const Matrix expected = matmul(ab, c);
  // Operands that are to be computed first, while they are packed or not.
  const Matrix large = whole(300, 200), other = whole(200, 100, 2), last = whole(100, 40, 3);
  const Matrix twice = large * 2 + 1;
  const auto packed = einsum<"ij,jk,kl->il">(large * 2 + 1, other, last);
  CHECK(contains(explain(packed), "x "));
  const Matrix p = packed, q = einsum<"ij,jk,kl->il">(twice, other, last);
  CHECK(same(p, q));
  const Matrix r = einsum<"ij,jk,kl->il">(a, b + b, c), r2 = expected * 2;
  CHECK(same(r, r2));
  CHECK(explain(einsum<"ij,jk,kl->il">(a, b + b, c)).loops == 3);
  // What is summed over is summed before.
  Tensor<double, dyn, dyn, dyn> t(3, 60, 7);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<double>(i % 4);
  const Matrix u = einsum<"ij,jkz,kl->il">(a, t, c), summed = sum<2>(t);
  const Matrix v = matmul(matmul(a, summed), c);
  CHECK(same(u, v));
  const Matrix w = einsum<"jj,jk,kl->jl">(s, b, c);
  Matrix by_hand = matmul(b, c);
  for (index_t j = 0; j < 3; ++j)
    for (index_t l = 0; l < 5; ++l) by_hand(j, l) *= s(j, j);
  CHECK(same(w, by_hand));
  const Matrix x = einsum<"ji,jk,lk->il">(transpose(a), b, transpose(c));
  CHECK(same(x, expected));
  // An epilogue, of a matrix and of a broadcast row.
  Tensor<double, dyn> bias(5);
  bias = 3;
  const auto fused = relu(einsum<"ij,jk,kl->il">(a, b, c) + bias);
  CHECK(explain(fused).temporaries == 1);
  CHECK(contains(explain(fused), "epilogue"));
  const Matrix y = fused, z = relu(expected + bias);
  CHECK(same(y, z));
  // Products that are named, or set in parentheses, are operands.
  const auto named = einsum<"ij,jk->ik">(a, b);
  const Matrix with_name = einsum<"ik,kl,lm->im">(named, c, transpose(c)), alone = matmul(expected, transpose(c));
  CHECK(same(with_name, alone));
  const Matrix inside = einsum<"ik,kl,lm->im">(matmul(a, b), c, transpose(c));
  CHECK(same(inside, alone));
}

TEST_CASE("stacks that broadcast, extents of 1 and of 0") {
  Tensor<double, dyn, dyn, dyn> x(1, 4, 3), y(5, 3, 6), z(1, 6, 2);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<double>(i % 5);
  for (index_t i = 0; i < y.size(); ++i) y.data()[i] = static_cast<double>(i % 7);
  for (index_t i = 0; i < z.size(); ++i) z.data()[i] = static_cast<double>(i % 3);
  const Tensor<double, dyn, dyn, dyn> r = einsum<"...ij,...jk,...kl->...il">(x, y, z), s = matmul(matmul(x, y), z);
  CHECK(same(r, s));
  const Matrix one = whole(1, 1), row = whole(1, 8), none(8, 0), empty(0, 3);
  const Matrix t = einsum<"ij,jk,kl->il">(one, row, transpose(row)), u = matmul(matmul(one, row), transpose(row));
  CHECK(same(t, u));
  const Matrix v = einsum<"ij,jk,kl->il">(row, none, empty);
  CHECK(v.dims() == Dims{2, {1, 3}});
  CHECK(sum(v == 0.0) == 3);
}

TEST_CASE("element types") {
  const auto check = [](auto number) {
    using T = decltype(number);
    using M = Tensor<T, dyn, dyn>;
    const M a = whole<T>(30, 2), b = whole<T>(2, 30, 2), c = whole<T>(30, 2, 3);
    const M r = einsum<"ij,jk,kl->il">(a, b, c), s = matmul(matmul(a, b), c);
    CHECK(same(r, s));
    CHECK(explain(einsum<"ij,jk,kl->il">(a, b, c)).flops == 2 * (2 * 30 * 2 + 30 * 2 * 2));
  };
  check(float{});
  check(double{});
  check(int{});
  check(long{});
}

TEST_CASE("gradients do not depend on the order") {
  const index_t n[][4] = {{2, 40, 3, 50}, {40, 2, 40, 3}, {7, 7, 7, 7}, {3, 1, 5, 2}};
  for (const auto& d : n) {
    CAPTURE(d[0]);
    const Matrix a = whole(d[0], d[1]), b = whole(d[1], d[2], 2), c = whole(d[2], d[3], 3), w = whole(d[0], d[3], 4);
    const auto f = [&](const auto& x, const auto& y, const auto& z) {
      return evaluate(sum(einsum<"ij,jk,kl->il">(x, y, z) * w));
    };
    const auto by_pairs = [&](const auto& x, const auto& y, const auto& z) {
      return evaluate(sum(matmul(matmul(x, y), z) * w));
    };
    const auto g = grad<0, 1, 2>(f)(a, b, c), h = grad<0, 1, 2>(by_pairs)(a, b, c);
    CHECK(same(g.a, h.a));
    CHECK(same(g.b, h.b));
    CHECK(same(g.c, h.c));
    // Of one operand that occurs several times; of one among constants.
    const auto cube = grad([&](const auto& x) { return evaluate(sum(einsum<"ij,kj,kl->il">(x, x, x))); })(a);
    const auto by_matmul = grad([&](const auto& x) { return evaluate(sum(matmul(matmul(x, transpose(x)), x))); })(a);
    CHECK(same(cube, by_matmul));
    const auto last = grad([&](const auto& z) { return f(a, Matrix(b), z); })(c);
    CHECK(same(last, h.c));
    // A gradient's derivative.
    const auto along = hvp([&](const auto& x) { return evaluate(sum(square(einsum<"ij,jk,kl->il">(x, b, c)))); }, a, a);
    const auto by_two = hvp([&](const auto& x) { return evaluate(sum(square(matmul(matmul(x, b), c)))); }, a, a);
    CHECK(same(along, by_two));
  }
}

TEST_CASE("gradients of broadcast operands and of stacks") {
  const Matrix row = whole(1, 6), b = whole(6, 30, 2), c = whole(30, 4, 3);
  const auto spread = [&](const auto& x, bool pairs) {
    const auto wide = broadcast_to(x, 20, 6);
    if (pairs) return evaluate(sum(matmul(matmul(wide, b), c)));
    return evaluate(sum(einsum<"ij,jk,kl->il">(wide, b, c)));
  };
  CHECK(same(grad([&](const auto& x) { return spread(x, true); })(row),
             grad([&](const auto& x) { return spread(x, false); })(row)));
  Tensor<double, dyn, dyn, dyn> x(1, 4, 3), y(5, 3, 6), z(1, 6, 2);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<double>(i % 5);
  for (index_t i = 0; i < y.size(); ++i) y.data()[i] = static_cast<double>(i % 7);
  for (index_t i = 0; i < z.size(); ++i) z.data()[i] = static_cast<double>(i % 3);
  const auto g = grad<0, 1, 2>([](const auto& p, const auto& q, const auto& r) {
    return evaluate(sum(einsum<"...ij,...jk,...kl->...il">(p, q, r)));
  })(x, y, z);
  const auto h = grad<0, 1, 2>(
      [](const auto& p, const auto& q, const auto& r) { return evaluate(sum(matmul(matmul(p, q), r))); })(x, y, z);
  CHECK(same(g.a, h.a));
  CHECK(same(g.b, h.b));
  CHECK(same(g.c, h.c));
}

}  // namespace
