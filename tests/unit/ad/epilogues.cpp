// tests/unit/ad/epilogues.cpp: a product and its pointwise consumer are one statement, with the gradients of two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// What is computed of the product z, the row b of its columns, and u and the constant c of its extents. Of the first
// six the derivative can be had without z.
struct RectifiedSum {
  auto operator()(auto&& z, const auto& b, const auto&, const auto&) const {
    return relu(static_cast<decltype(z)>(z) + b);
  }
};
struct Exponential {
  auto operator()(auto&& z, const auto& b, const auto& u, const auto&) const {
    return exp((static_cast<decltype(z)>(z) + b) * 0.5 - u);
  }
};
struct Masked {
  auto operator()(auto&& z, const auto&, const auto&, const auto& c) const { return static_cast<decltype(z)>(z) * c; }
};
struct Residual {
  auto operator()(auto&& z, const auto& b, const auto& u, const auto&) const {
    return u - (b + static_cast<decltype(z)>(z) * 3);
  }
};
struct Bent {  // the other operands are known whatever becomes of them
  auto operator()(auto&& z, const auto& b, const auto& u, const auto& c) const {
    return relu6(tanh(u) * b + c * static_cast<decltype(z)>(z) + 1);
  }
};
struct Turned {  // where the product is the second operand
  auto operator()(auto&& z, const auto& b, const auto&, const auto&) const {
    return relu(b - static_cast<decltype(z)>(z));
  }
};
struct Saturated {
  auto operator()(auto&& z, const auto& b, const auto&, const auto&) const {
    return tanh(static_cast<decltype(z)>(z) + b);
  }
};
struct Gated {
  auto operator()(auto&& z, const auto& b, const auto& u, const auto& c) const {
    return sigmoid(static_cast<decltype(z)>(z) * c) * u + b;
  }
};
struct Scaled {  // the adjoint of u needs the product
  auto operator()(auto&& z, const auto&, const auto& u, const auto&) const {
    return relu(static_cast<decltype(z)>(z) * u);
  }
};
struct Added {  // a result of relu cannot be told from the sum
  auto operator()(auto&& z, const auto& b, const auto& u, const auto&) const {
    return relu(static_cast<decltype(z)>(z) + b) + u;
  }
};

template <class F, class Product, class X, class W, class B, class U>
void check_one(const Product& product, const X& x, const W& w, const B& b, const U& u, const U& c, double tolerance) {
  const U weight = numbers(c, 77);
  const auto loss = [&](bool together) {
    return [&, together](const auto& xv, const auto& wv, const auto& bv, const auto& uv) {
      if (together) {
        const auto y = evaluate(F{}(product(xv, wv), bv, uv, c));
        return evaluate(sum(y * weight));
      }
      const auto z = evaluate(product(xv, wv));
      const auto y = evaluate(F{}(z, bv, uv, c));
      return evaluate(sum(y * weight));
    };
  };
  Tape one, two;
  const auto gradients = [&](Tape& tape, bool together) {
    const auto xv = tape.variable(x);
    const auto wv = tape.variable(w);
    const auto bv = tape.variable(b);
    const auto uv = tape.variable(u);
    return tape.gradient(loss(together)(xv, wv, bv, uv), xv, wv, bv, uv);
  };
  const auto [ax, aw, ab, au] = gradients(one, true);
  const auto [cx, cw, cb, cu] = gradients(two, false);
  if (u.size() > 0)
    CHECK(one.statements() + 1 == two.statements());
  else
    CHECK(one.statements() <= two.statements());  // of nothing some statements are not recorded
  CHECK(near_all(ax, cx, tolerance));
  CHECK(near_all(aw, cw, tolerance));
  CHECK(near_all(ab, cb, tolerance));
  CHECK(near_all(au, cu, tolerance));
}
const auto product_of_matrices = [](const auto& x, const auto& w) { return matmul(x, w); };
const auto product_of_batches = [](const auto& x, const auto& w) { return einsum<"bij,kbj->bik">(x, w); };

template <class F, class T>
void check_matrices(index_t m, index_t k, index_t n) {
  using M = Tensor<T, dyn, dyn>;
  const M u = numbers(M(m, n), 3);
  check_one<F>(product_of_matrices, numbers(M(m, k), 0), numbers(M(k, n), 1), numbers(Tensor<T, dyn>(n), 2), u,
               numbers(u, 5), sizeof(T) == 4 ? 3e-5 : 1e-12);
}
template <class F, class T>
void check_sizes() {
  check_matrices<F, T>(1, 1, 1);
  check_matrices<F, T>(4, 0, 3);
  check_matrices<F, T>(0, 3, 2);
  check_matrices<F, T>(3, 5, 2);
  check_matrices<F, T>(33, 17, 50);  // beyond what goes through a stack of few numbers
  check_matrices<F, T>(70, 200, 65);
  check_matrices<F, T>(9, 8, 30000);  // whose adjoints come in parts
}
template <class F>
void check_others() {
  const Tensor<double, 3, 5> u = numbers(Tensor<double, 3, 5>(), 3);
  check_one<F>(product_of_matrices, numbers(Tensor<double, 3, 4>(), 0), numbers(Tensor<double, 4, 5>(), 1),
               numbers(Tensor<double, 5>(), 2), u, numbers(u, 5), 1e-12);
  using Batch = Tensor<double, dyn, dyn, dyn>;
  const Batch v = numbers(Batch(3, 20, 25), 3);
  check_one<F>(product_of_batches, numbers(Batch(3, 20, 30), 0), numbers(Batch(25, 3, 30), 1), numbers(Vector(25), 2),
               v, numbers(v, 5), 1e-12);
}

}  // namespace

TEST_CASE_TEMPLATE("what the result tells the derivative of", F, RectifiedSum, Exponential, Masked, Residual, Bent,
                   Turned) {
  check_sizes<F, double>();
}
TEST_CASE_TEMPLATE("what the product is needed for", F, Saturated, Gated, Scaled, Added) { check_sizes<F, double>(); }
TEST_CASE_TEMPLATE("in float, of static extents, of batches", F, RectifiedSum, Residual, Saturated) {
  check_sizes<F, float>();
  check_others<F>();
}
