// tests/unit/ad/epilogues_operands.cpp: products with a pointwise consumer, of constants and of what changes later.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("where it is two statements, or parts of it are constants") {
  const Matrix x = numbers(Matrix(6, 3), 0), w = numbers(Matrix(3, 1), 1), u = numbers(Matrix(3, 6), 2);
  const Vector b = numbers(Vector(5), 2);
  // The product is broadcast.
  check_gradient([&](const auto& m) { return evaluate(sum(exp(matmul(x, m) + b))); }, w);
  check_gradient([&](const auto& r) { return evaluate(sum(exp(matmul(x, w) + r))); }, b);
  // It is of constants, as variables of a derivative or not, or has an operand twice.
  const Vector six = numbers(Vector(6), 7);
  check_gradient([&](const auto& r) { return evaluate(sum(exp(matmul(x, u) + r))); }, six);
  check_gradient([&](const auto& m) { return evaluate(sum(exp(matmul(m, transpose(m)) * 0.5 + six))); }, x);
  check_gradient([&](const auto& m) { return evaluate(sum(exp(matmul(m, u) + matmul(x, transpose(m))))); }, x);
  // Another one below it, a value used twice, the operand as an operand of the consumer.
  const Matrix square = numbers(Matrix(6, 6), 3);
  check_gradient([&](const auto& m) { return evaluate(sum(exp(matmul(exp(matmul(m, x) * 0.5), u) * 0.1))); }, square);
  check_gradient([&](const auto& m) { return evaluate(sum(exp(matmul(m, square) * 0.3 + m))); }, square);
  check_gradient(
      [&](const auto& m) {
        const auto e = exp(matmul(m, square) * 0.3 + six);
        return evaluate(sum(e * e + e));
      },
      square);
}

TEST_CASE("constants of an active type") {
  Tape tape;
  const Matrix x = numbers(Matrix(20, 30), 0), w = numbers(Matrix(30, 40), 1);
  const Vector b = numbers(Vector(40), 2);
  const auto bv = tape.variable(b);
  const Tensor<rev<double>, dyn, dyn> xc = x, wc = w;
  const rev<double> y = sum(exp(matmul(xc, wc) + bv));
  const auto [g] = tape.gradient(y, bv);
  const Vector want = sum<0>(exp(matmul(x, w) + b));
  CHECK(near_all(g, want, 1e-12));
}

TEST_CASE("a plain operand may change before the way back, and adjoints are read that are written over") {
  Tape tape;
  Matrix x = numbers(Matrix(20, 30), 0);
  const Matrix before = x, w = numbers(Matrix(30, 40), 1);
  Vector b = numbers(Vector(40), 2);
  const Vector bias = b;
  const auto v = tape.variable(w);
  const auto y = evaluate(exp((matmul(x, v) + b) * 0.1));
  const auto z = evaluate(relu(matmul(y, transpose(v)) * 2 - 1));
  x = 0.0;
  b = 0.0;
  const rev<double> s = sum(z * z);
  for (int again = 0; again < 2; ++again) {
    const auto [gv, gy, gz] = tape.gradient(s, v, y, z);
    CHECK(near_all(gz, evaluate(2 * relu(matmul(exp((matmul(before, w) + bias) * 0.1), transpose(w)) * 2 - 1)), 1e-12));
    const auto plain = [&](const auto& m) {
      return evaluate(sum(square(relu(matmul(exp((matmul(before, m) + bias) * 0.1), transpose(m)) * 2 - 1))));
    };
    CHECK(near_all(gv, grad(plain)(w), 1e-12));
    const auto of_y = [&](const auto& m) { return evaluate(sum(square(relu(matmul(m, transpose(w)) * 2 - 1)))); };
    const Matrix there = exp((matmul(before, w) + bias) * 0.1);
    CHECK(near_all(gy, grad(of_y)(there), 1e-12));
  }
}

TEST_CASE("a result that is written to afterwards is kept as it was") {
  Tape tape;
  const Matrix x = numbers(Matrix(20, 30), 0), w = numbers(Matrix(30, 40), 1);
  const auto v = tape.variable(w);
  Tensor<rev<double>, dyn, dyn> y = exp(matmul(x, v) * 0.1);
  const rev<double> before = sum(y);
  y(0, 0) = 7.0;
  y *= 2.0;
  const rev<double> after = sum(y);
  const auto [g] = tape.gradient(before + after, v);
  Matrix weight = full<double>(3.0, 20, 40);
  weight(0, 0) = 1.0;
  CHECK(near_all(g, evaluate(matmul(transpose(x), exp(matmul(x, w) * 0.1) * weight) * 0.1), 1e-12));
}
