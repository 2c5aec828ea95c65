// Whatever the shapes and layouts of the operands: every executor gives what a loop over the elements gives.
#include <doctest/doctest.h>

#include <cmath>

#include <tenon/exec/cpu/scan.hpp>

#include "layouts.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr int rounds = 150;

// The operand's shape, with some axes of extent 1 instead.
Dims narrowed(Chance& chance, Dims d) {
  for (int a = 0; a < 3; ++a)
    if (chance.below(4) == 0) d.d[a] = 1;
  return d;
}
index_t wrong_elements(Operand3& got, const auto& expected, double tolerance = 1e-13) {
  index_t wrong = 0;
  got.each([&](index_t i, index_t j, index_t k) { wrong += !close(got.at(i, j, k), expected(i, j, k), tolerance); });
  return wrong;
}

}  // namespace

TEST_CASE("pointwise programs, broadcast, into any layout, adding or not") {
  Chance chance{1};
  for (int round = 0; round < rounds; ++round) {
    const Dims shape = random_shape(chance);
    Operand3 a(chance, narrowed(chance, shape)), b(chance, narrowed(chance, shape)), c(chance, narrowed(chance, shape));
    Operand3 y(chance, shape), z(chance, shape);
    const Cube before = z.view();
    y.view() = tanh(a.view() * b.view() + c.view()) - 0.5 * b.view();
    z.view() += a.view() * b.view();
    INFO("round " << round << ", shape " << shape.d[0] << " " << shape.d[1] << " " << shape.d[2]);
    CHECK(wrong_elements(y, [&](index_t i, index_t j, index_t k) {
            return std::tanh(a.broadcast(i, j, k) * b.broadcast(i, j, k) + c.broadcast(i, j, k)) -
                   0.5 * b.broadcast(i, j, k);
          }) == 0);
    CHECK(wrong_elements(z, [&](index_t i, index_t j, index_t k) {
            return before(i, j, k) + a.broadcast(i, j, k) * b.broadcast(i, j, k);
          }) == 0);
    CHECK(y.numbers() == shape.size());
    CHECK(z.numbers() == shape.size());
  }
}

TEST_CASE("assignments between overlapping views of one tensor") {
  Chance chance{2};
  for (int round = 0; round < rounds; ++round) {
    const index_t n = 1 + chance.below(80), m = 1 + chance.below(n);
    Tensor<double, dyn> x(n);
    for (double& e : x) e = chance.number();
    const auto some = [&] {
      const index_t most = m > 1 ? (n - 1) / (m - 1) : 1, step = 1 + chance.below(most < 3 ? most : 3);
      const index_t first = chance.below(n - (m - 1) * step);
      const bool backwards = chance.below(2) == 0;
      return TensorView<double, dyn>(x.data() + first + (backwards ? (m - 1) * step : 0), Dims{1, {m}},
                                     Dims{1, {backwards ? -step : step}});
    };
    auto to = some(), from = some(), other = some();
    std::vector<double> expected, all;
    for (index_t i = 0; i < m; ++i) expected.push_back(from(i) * 2 + other(i));
    to = from * 2 + other;
    index_t wrong = 0;
    for (index_t i = 0; i < m; ++i) wrong += to(i) != expected[static_cast<std::size_t>(i)];
    CHECK(wrong == 0);
  }
}

TEST_CASE("reductions, scans and softmax along each axis of an expression") {
  Chance chance{3};
  for (int round = 0; round < rounds; ++round) {
    const Dims shape = random_shape(chance);
    Operand3 a(chance, shape), scanned(chance, shape), soft(chance, shape);
    const Tensor<double, dyn, dyn> s0 = sum<0>(a.view() * 2), s1 = sum<1>(a.view()), s2 = sum<2>(a.view() * 2);
    const Tensor<double, dyn> s02 = sum<0, 2>(a.view());
    scanned.view() = cumsum<1>(a.view());
    const double total = sum(a.view());
    std::vector<double> w0(static_cast<std::size_t>(s0.size())), w1(static_cast<std::size_t>(s1.size())),
        w2(static_cast<std::size_t>(s2.size())), w02(static_cast<std::size_t>(s02.size()));
    double w = 0;
    index_t wrong = 0;
    const index_t m = shape.d[1], n = shape.d[2];
    a.each([&](index_t i, index_t j, index_t k) {
      const double x = a.at(i, j, k);
      w0[static_cast<std::size_t>(j * n + k)] += 2 * x;
      w1[static_cast<std::size_t>(i * n + k)] += x;
      w2[static_cast<std::size_t>(i * m + j)] += 2 * x;
      w02[static_cast<std::size_t>(j)] += x;
      w += x;
      wrong += !close(scanned.at(i, j, k), w1[static_cast<std::size_t>(i * n + k)]);
    });
    for (index_t i = 0; i < s0.size(); ++i) wrong += !close(s0.data()[i], w0[static_cast<std::size_t>(i)]);
    for (index_t i = 0; i < s1.size(); ++i) wrong += !close(s1.data()[i], w1[static_cast<std::size_t>(i)]);
    for (index_t i = 0; i < s2.size(); ++i) wrong += !close(s2.data()[i], w2[static_cast<std::size_t>(i)]);
    for (index_t i = 0; i < s02.size(); ++i) wrong += !close(s02(i), w02[static_cast<std::size_t>(i)]);
    INFO("round " << round << ", shape " << shape.d[0] << " " << shape.d[1] << " " << shape.d[2]);
    CHECK(wrong == 0);
    CHECK(close(total, w, 1e-12));
    if (m == 0) continue;
    soft.view() = softmax<1>(a.view());
    std::vector<double> sums(static_cast<std::size_t>(shape.d[0] * n));
    a.each(
        [&](index_t i, index_t j, index_t k) { sums[static_cast<std::size_t>(i * n + k)] += std::exp(a.at(i, j, k)); });
    CHECK(wrong_elements(soft, [&](index_t i, index_t j, index_t k) {
            return std::exp(a.at(i, j, k)) / sums[static_cast<std::size_t>(i * n + k)];
          }) == 0);
    CHECK(soft.numbers() == shape.size());
  }
}

TEST_CASE("batched matrix products with an epilogue, in any layout") {
  Chance chance{4};
  for (int round = 0; round < rounds; ++round) {
    const Dims shape = random_shape(chance);
    const index_t inner = random_extent(chance);
    Operand3 a(chance, Dims{3, {chance.below(4) ? shape.d[0] : 1, shape.d[1], inner}});
    Operand3 b(chance, Dims{3, {shape.d[0], inner, shape.d[2]}});
    Operand3 bias(chance, Dims{3, {1, 1, shape.d[2]}}), y(chance, shape);
    y.view() = relu(matmul(a.view(), b.view()) + bias.view());
    INFO("round " << round << ", shape " << shape.d[0] << " " << shape.d[1] << " " << shape.d[2] << " over " << inner);
    CHECK(wrong_elements(
              y,
              [&](index_t i, index_t j, index_t k) {
                double s = 0;
                for (index_t l = 0; l < inner; ++l) s += a.broadcast(i, j, l) * b.at(i, l, k);
                s += bias.broadcast(i, j, k);
                return s > 0 ? s : 0;
              },
              1e-12) == 0);
    CHECK(y.numbers() == shape.size());
  }
}
