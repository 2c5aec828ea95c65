// tests/unit/ad/microbatch.cpp: losses of a batch, some examples at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <tenon/tenon.hpp>

#include "../ad_memory/block_bytes.hpp"
#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T = double>
struct Net {
  nn::Linear<dyn, dyn, T> hidden;
  nn::Linear<8, 3, T> out;
  auto operator()(const auto& x) const { return out(tanh(hidden(x))); }
};
Net<> net() {
  Net<> n;
  n.hidden.weight = matrix(8, 5), n.hidden.bias = vector(8);
  n.out.weight = matrix(3, 8), n.out.bias = vector(3);
  return n;
}
const auto squares = [](const auto& n, const auto& x, const auto& y) { return nn::mse(n(x), y); };
const auto entropy = [](const auto& n, const auto& x, const auto& labels) { return nn::cross_entropy(n(x), labels); };
bool near_nets(const Net<>& a, const Net<>& b, double tolerance) {
  return near_all(a.hidden.weight, b.hidden.weight, tolerance) && near_all(a.hidden.bias, b.hidden.bias, tolerance) &&
         near_all(a.out.weight, b.out.weight, tolerance) && near_all(a.out.bias, b.out.bias, tolerance);
}

}  // namespace

TEST_CASE("the value and the gradient are those of the whole batch") {
  const Net<> n = net();
  const Matrix x = matrix(20, 5), y = matrix(20, 3) * 0.5;
  Tensor<int, dyn> labels(20);
  for (index_t i = 0; i < 20; ++i) labels(i) = static_cast<int>(i * 7 % 3);
  const auto whole = value_and_grad(squares)(n, x, y), classes = value_and_grad(entropy)(n, x, labels);
  for (const index_t size : {1, 3, 7, 10, 20, 50}) {  // parts of one size, and a smaller one at the end
    const auto part = value_and_grad(microbatch<1, 2>(size, squares))(n, x, y);
    CHECK(near(part.value, whole.value, 1e-14));
    CHECK(near_nets(part.grad, whole.grad, 1e-13));
    const auto of_labels = value_and_grad(microbatch<1, 2>(size, entropy))(n, x, labels);
    CHECK(near(of_labels.value, classes.value, 1e-14));
    CHECK(near_nets(of_labels.grad, classes.grad, 1e-13));
  }
  CHECK(near(microbatch<1, 2>(7, squares)(n, x, y), whole.value, 1e-14));  // no derivative
  const Tensor<double, 20, 5> fixed(x);
  CHECK(near_nets(grad(microbatch<1, 2>(6, squares))(n, fixed, y), whole.grad, 1e-13));
}

TEST_CASE("losses that are sums") {
  const Net<> n = net();
  const Matrix x = matrix(11, 5);
  const auto f = [](const auto& m, const auto& u) { return sum(square(m(u))); };
  const auto whole = value_and_grad(f)(n, x);
  const auto part = value_and_grad(microbatch<1>(4, f, Accumulation::sum))(n, x);
  CHECK(near(part.value, whole.value, 1e-13));
  CHECK(near_nets(part.grad, whole.grad, 1e-13));
}

TEST_CASE("as a part of a function, on a tape, by several arguments, twice") {
  const Vector w = vector(5);
  const Matrix x = matrix(20, 5);
  const Vector y = vector(20);
  const auto f = [](const auto& u, const auto& a, const auto& b) { return mean(square(sin(matmul(a, u)) - b)); };
  const auto some = microbatch<1, 2>(6, f);
  const auto decayed = [&](const auto& g) {
    return [&](const auto& u) { return 3.0 * sqrt(g(u, x, y)) + 0.1 * sum(square(u)); };
  };
  CHECK(near_all(grad(decayed(some))(w), grad(decayed(f))(w), 1e-13));

  Tape tape;
  const auto v = tape.variable(w);
  const rev<double> loss = some(v, x, y);
  const auto [on_tape] = tape.gradient(loss, v);
  CHECK(near_all(on_tape, grad(some)(w, x, y), 1e-14));

  const auto [want_x, want_w] = grad<1, 0>(f)(w, x, y);
  const auto [got_x, got_w] = grad<1, 0>(some)(w, x, y);
  CHECK(near_all(got_x, want_x, 1e-14));
  CHECK(near_all(got_w, want_w, 1e-14));

  const Vector d = vector(5) * 2.0 - 0.3;
  const auto at = [&](const auto& g) { return [&](const auto& u) { return g(u, x, y); }; };
  CHECK(near_all(hvp(at(some), w, d), hvp(at(f), w, d), 1e-12));
  // The variables of an enclosing derivative, captured.
  const auto slope = [&](const auto& taken) {
    return grad([&](const auto& s) {
      const auto g = grad(taken([&](const auto& u, const auto& a, const auto& b) {
        return sin(s) * evaluate(mean(square(matmul(a, u) - b)))();
      }))(w, x, y);
      return evaluate(sum(g * g));
    })(1.3);
  };
  CHECK(
      near(slope([](const auto& g) { return microbatch<1, 2>(6, g); }), slope([](const auto& g) { return g; }), 1e-12));
}

TEST_CASE("memory is that of a part, and the gradient lies where it is returned") {
  const Net<> n = [] {
    Net<> big = net();
    big.hidden.weight = matrix(8, 500);
    return big;
  }();
  const Matrix x = matrix(64, 500), y = matrix(64, 3);
  const auto bytes_of = [&](const auto& f) {
    const BlockBytes count;
    const auto g = grad(f)(n, x, y);
    CHECK(g.hidden.bias(0) != 0);
    return BlockBytes::most;
  };
  const std::size_t gradient = 8 * 500 * sizeof(double), copy = 500 * sizeof(double);  // of a row of x
  grad(squares)(n, x, y);                                                              // the tape is there
  CHECK(bytes_of(squares) > gradient + 64 * copy);
  CHECK(bytes_of(microbatch<1, 2>(4, squares)) < gradient + 8 * copy);
}

TEST_CASE("what is refused") {
  const Net<> n = net();
  const Matrix x = matrix(20, 5), y = matrix(19, 3);
  CHECK_THROWS_AS(grad(microbatch<1, 2>(4, squares))(n, x, y), shape_error);
  CHECK_THROWS_AS(microbatch<1>(0, [](const auto&, const auto& a) { return sum(a); })(1.0, x), value_error);
  CHECK_THROWS_AS(microbatch<1>(-3, [](const auto&, const auto& a) { return sum(a); })(1.0, x), value_error);
}
