// tests/unit/ad_memory/workspace.cpp: what a gradient takes beside its result, where it computes little.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <tenon/ad/unrolled_loop.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "block_bytes.hpp"

using namespace tenon;
using tenon::test::BlockBytes;

namespace {

template <index_t D, class T = double>
struct Mixture {
  Tensor<T, dyn> weight;
  Tensor<T, dyn, D> mean;
  Tensor<T, dyn, D*(D + 1) / 2> factor;
};
// The logarithm of the density of the components so far, and one more.
constexpr auto add_component = [](const auto& density, const auto& x, const auto& offset, const auto& mean,
                                  const auto& diagonal, const auto& below) {
  using T = std::remove_cvref_t<decltype(density)>;
  const index_t d = x.size();
  Tensor<T, std::remove_cvref_t<decltype(x)>::extents_type::static_extent(0)> centred;
  for (index_t i = 0; i < d; ++i) centred(i) = x(i) - mean(i);
  T squares = 0;
  for (index_t row = 0, at = 0; row < d; ++row) {
    T scaled = diagonal(row) * centred(row);
    for (index_t column = 0; column < row; ++column) scaled += below(at++) * centred(column);
    squares += scaled * scaled;
  }
  return logaddexp(density, offset - 0.5 * squares);
};
constexpr auto end = [](const auto& density, const auto&) { return density; };

// A log posterior as in ADBench: values of few numbers, and one sum over cells.
template <index_t D>
auto log_posterior(const auto& p, const Tensor<double, dyn, D>& points) {
  const auto diagonal = evaluate(exp(slice<1>(p.factor, range<0, D>())));
  const auto below = slice<1>(p.factor, range<D, D*(D + 1) / 2>());
  const auto determinants = evaluate(sum<1>(slice<1>(p.factor, range<0, D>())));
  const auto likelihood =
      unrolled_loop(add_component)
          .sum(end, p.weight.extent(0), Tensor<double, 1>{-700.0}, transpose(points),
               per_step(expand_dims<-1>(p.weight + determinants)), per_step(expand_dims<-1>(p.mean)),
               per_step(expand_dims<-1>(diagonal)), per_step(expand_dims<-1>(below)));
  const auto number = [](const auto& x) { return evaluate(x)(); };
  const auto weights = number(logsumexp(p.weight));
  const auto first = number(norm(diagonal));
  const auto second = number(norm(below));
  const auto last = number(sum(determinants));
  return likelihood - 100.0 * weights + 0.5 * (square(first) + square(second)) - 3.0 * last;
}
template <index_t D>
struct Measured {
  std::size_t recorded, bytes;  // of them beside the gradient's own numbers
  bool right;
};
template <index_t D>
Measured<D> measure(index_t k) {
  const auto numbers = [](auto& x, double from) {
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = from + 0.3 * static_cast<double>(i * 7 % 11) / 11;
  };
  Mixture<D> p{Tensor<double, dyn>(k), Tensor<double, dyn, D>(k, D),
               Tensor<double, dyn, D*(D + 1) / 2>(k, D * (D + 1) / 2)};
  Tensor<double, dyn, D> points(100, D);
  numbers(p.weight, -0.2), numbers(p.mean, -0.1), numbers(p.factor, 0.1), numbers(points, 0);
  Measured<D> m{};
  [&] {
    Tape tape;
    const BlockBytes count;
    const auto v = tape.variable(p);
    const rev<double> y = log_posterior<D>(v, points);
    m.recorded = BlockBytes::most;
    const auto [g] = tape.gradient(y, v);
    const index_t results = g.weight.size() + g.mean.size() + g.factor.size();
    m.bytes = BlockBytes::most - static_cast<std::size_t>(results) * sizeof(double);
    m.right = true;
    const auto check = [&](auto& x, const auto& derivative) {
      for (const index_t i : {index_t{0}, x.size() - 1}) {
        double& at = x.data()[i];
        const double before = at;
        at = before + 1e-5;
        const double up = log_posterior<D>(p, points);
        at = before - 1e-5;
        const double down = log_posterior<D>(p, points);
        at = before;
        m.right = m.right && derivative.data()[i] == doctest::Approx((up - down) / 2e-5).epsilon(1e-6);
      }
    };
    check(p.weight, g.weight), check(p.mean, g.mean), check(p.factor, g.factor);
  }();
  return m;
}

}  // namespace

// Code by hand needs 3 k d + 2 k + d numbers.
TEST_CASE("a sum over cells takes four times what code by hand needs") {
  const auto m = measure<10>(5);
  CHECK(m.right);
  CHECK(m.bytes <= 4 * (3 * 5 * 10 + 2 * 5 + 10) * sizeof(double));
}
TEST_CASE("where little is computed, what a statement takes at least is most of it") {
  const auto m = measure<2>(5);
  CHECK(m.right);
  CHECK(m.bytes <= 2280);
  CHECK(m.recorded <= 1680);
}
TEST_CASE("a block has the least class that holds it, and little slack") {
  bool least = true, little = true, ordered = true;
  int before = 0;
  for (std::size_t bytes = 1; bytes < 40000; ++bytes) {
    const int c = detail::size_class_of(bytes);
    const std::size_t size = detail::size_of_class(c);
    least = least && size >= bytes && (c == 0 || detail::size_of_class(c - 1) < bytes);
    little = little && size - bytes <= (bytes <= 64 ? 64 : bytes > 1024 && bytes <= 4096 ? 63 : bytes / 8);
    ordered = ordered && (c == before || c == before + 1);
    before = c;
  }
  CHECK((least && little && ordered));
  CHECK(detail::size_of_class(detail::size_classes - 1) == std::size_t{15} << 30);
  CHECK(detail::size_class_of(std::size_t{15} << 30) == detail::size_classes - 1);
}
