// The order in which several operands are contracted, against all orders there are.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// What contracting one pair after another takes at least: all pairs are tried. Labels of an extent of 1 cost nothing.
double least_cost(const EinsumLabels* labels, int n, const EinsumLabels& out, const double* extent) {
  if (n == 1) return 0;
  double least = -1;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j < n; ++j) {
      EinsumLabels rest[max_einsum_operands], joined;
      int m = 1;
      double products = 1;
      for (int k = 0; k < n; ++k)
        if (k != i && k != j) rest[m++] = labels[k];
      for (int l = 'a'; l < 'a' + 10; ++l) {
        const bool here = labels[i].find(l) >= 0, there = labels[j].find(l) >= 0;
        bool outside = out.find(l) >= 0;
        for (int k = 1; k < m; ++k) outside = outside || rest[k].find(l) >= 0;
        if ((here || there) && outside) joined.push(l);
        // What only one of them has is summed before.
        if ((here && there) || ((here || there) && outside)) products *= extent[l - 'a'];
      }
      rest[0] = joined;
      const double cost = products + least_cost(rest, m, out, extent);
      if (least < 0 || cost < least) least = cost;
    }
  return least;
}
double cost_of(const EinsumForm& f, const ContractionOrder& order, ContractionOrder::Set s, const double* extent) {
  if (order.is_one(s)) return 0;
  const ContractionLabels l = contraction_of(f, order, s);
  double products = 1;
  for (int k = 0; k < l.count; ++k)
    if (l.c[k] >= 0 || (l.a[k] >= 0 && l.b[k] >= 0)) products *= extent[l.label[k] - 'a'];
  return products + cost_of(f, order, order.first[s], extent) + cost_of(f, order, order.rest(s), extent);
}

TEST_CASE("no other order takes fewer multiplications") {
  unsigned long long state = 1;
  const auto next = [&](int n) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<int>(state >> 33) % n;
  };
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    double extent[10];
    for (double& e : extent) e = next(4) == 0 ? 1 : 1 + next(40);
    EinsumForm f;
    f.operands = 3 + next(3);
    Dims shapes[max_einsum_operands];
    for (int k = 0; k < f.operands; ++k)
      for (int l = 'a'; l < 'a' + 10; ++l)
        if (next(4) == 0) {
          f.in[k].push(l);
          shapes[k].push(static_cast<index_t>(extent[l - 'a']));
        }
    for (int l = 'a'; l < 'a' + 10; ++l) {
      bool known = false;
      for (int k = 0; k < f.operands; ++k) known = known || f.in[k].find(l) >= 0;
      if (known && f.out.rank < 3 && next(4) == 0) f.out.push(l);
    }
    const ContractionOrder order = cheapest_order(f, shapes);
    const double least = least_cost(f.in, f.operands, f.out, extent);
    CHECK(cost_of(f, order, order.all(), extent) == doctest::Approx(least));
  }
}

TEST_CASE("of equals from left to right, and never through more than eight axes") {
  const auto chain = [](int n) {
    EinsumForm f;
    f.operands = n;
    for (int k = 0; k < n; ++k) {
      f.in[k].push('a' + k);
      f.in[k].push('b' + k);
    }
    f.out.push('a');
    f.out.push('a' + n);
    return f;
  };
  Dims square[max_einsum_operands];
  for (Dims& d : square) d = {2, {3, 3}};
  for (int n = 3; n <= max_einsum_operands; ++n) {
    const ContractionOrder order = cheapest_order(chain(n), square);
    for (auto s = order.all(); !order.is_one(s); s = order.first[s]) {
      CHECK(order.is_one(order.rest(s)));
      CHECK(order.operand(order.rest(s)) == n - 1 - (__builtin_popcount(order.all()) - __builtin_popcount(s)));
    }
  }
  // a and b have nine labels between them that c has as well, all short: together they would be cheapest.
  EinsumForm f;
  f.operands = 3;
  Dims shapes[max_einsum_operands];
  for (int l = 'a'; l <= 'i'; ++l) {
    f.in[l < 'e' ? 0 : 1].push(l);
    shapes[l < 'e' ? 0 : 1].push(1);
    if (l > 'a') {
      f.in[2].push(l);
      shapes[2].push(1);
    } else {
      f.out.push(l);
    }
  }
  f.in[2].push('z');
  f.out.push('z');
  shapes[2].push(100);
  const ContractionOrder order = cheapest_order(f, shapes);
  CHECK(order.first[7] != 6u);
}

TEST_CASE("static extents: the cheapest pair is not always the begin") {
  Tensor<double, 9, 2> a;
  Tensor<double, 2, 100> b;
  Tensor<double, 100, 10> c;
  a = 1;
  b = 2;
  c = 3;
  const auto e = einsum<"ij,jk,kl->il">(a, b, c);
  CHECK(explain(e).flops == 2 * (2 * 100 * 10 + 9 * 2 * 10));
  CHECK(evaluate(e)(3, 4) == 1200);
}

}  // namespace
