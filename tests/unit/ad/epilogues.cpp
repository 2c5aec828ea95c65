// tests/unit/ad/epilogues.cpp: a product and its pointwise consumer are one statement, with the gradients of two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/variable.hpp>
#include <tenon/tenon.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class T, index_t... E>
Tensor<T, E...> numbers(Tensor<T, E...> x, double from) {
  return filled(static_cast<Tensor<T, E...>&&>(x), [from](double i) { return scatter(i + from); });
}

// What is computed of the product z, the row b of its columns, and u and the constant c of its extents. Of the first six
// the derivative can be had without z.
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

template <class F, class Product, class T, class X, class W, class B, class U>
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
  CHECK(one.statements() + 1 == two.statements());
  CHECK(near_all(ax, cx, tolerance));
  CHECK(near_all(aw, cw, tolerance));
  CHECK(near_all(ab, cb, tolerance));
  CHECK(near_all(au, cu, tolerance));
  CHECK(near_all(grad([&](const auto& v) { return loss(true)(v, w, b, u); })(x), cx, tolerance));
  CHECK(near_all(grad([&](const auto& v) { return loss(true)(x, v, b, u); })(w), cw, tolerance));
  CHECK(near_all(grad([&](const auto& v) { return loss(true)(x, w, v, u); })(b), cb, tolerance));
}
template <class T, class Product, class X, class W, class B, class U>
void check_all(const Product& product, const X& x, const W& w, const B& b, const U& u) {
  const double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-12;
  const U c = numbers(u, 5);
  check_one<RectifiedSum, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Exponential, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Masked, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Residual, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Bent, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Turned, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Saturated, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Gated, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Scaled, Product, T>(product, x, w, b, u, c, tolerance);
  check_one<Added, Product, T>(product, x, w, b, u, c, tolerance);
}

const auto product_of_matrices = [](const auto& x, const auto& w) { return matmul(x, w); };
const auto product_of_batches = [](const auto& x, const auto& w) { return einsum<"bij,kbj->bik">(x, w); };

template <class T>
void check_matrices(index_t m, index_t k, index_t n) {
  using M = Tensor<T, dyn, dyn>;
  check_all<T>(product_of_matrices, numbers(M(m, k), 0), numbers(M(k, n), 1), numbers(Tensor<T, dyn>(n), 2),
               numbers(M(m, n), 3));
}

}  // namespace

TEST_CASE_TEMPLATE("gradients through products of matrices and what is computed of them", T, float, double) {
  check_matrices<T>(1, 1, 1);
  check_matrices<T>(3, 5, 2);
  check_matrices<T>(33, 17, 50);  // beyond what goes through a stack of few numbers
  check_matrices<T>(70, 200, 65);
}

TEST_CASE_TEMPLATE("of static extents, and of batches", T, float, double) {
  check_all<T>(product_of_matrices, numbers(Tensor<T, 3, 4>(), 0), numbers(Tensor<T, 4, 5>(), 1),
               numbers(Tensor<T, 5>(), 2), numbers(Tensor<T, 3, 5>(), 3));
  check_all<T>(product_of_batches, numbers(Tensor<T, dyn, dyn, dyn>(3, 20, 30), 0),
               numbers(Tensor<T, dyn, dyn, dyn>(25, 3, 30), 1), numbers(Tensor<T, dyn>(25), 2),
               numbers(Tensor<T, dyn, dyn, dyn>(3, 20, 25), 3));
}

TEST_CASE("large ones, whose adjoints come in parts") {
  check_matrices<float>(600, 8, 700);
  check_matrices<double>(9, 8, 30000);
}

TEST_CASE("second derivatives are those of two statements") {
  const Matrix x = numbers(Matrix(4, 3), 0), w = numbers(Matrix(3, 5), 1), v = numbers(Matrix(3, 5), 4);
  const Vector b = numbers(Vector(5), 2);
  const auto check = [&](const auto& consumer) {
    const auto loss = [&](bool together) {
      return [&, together](const auto& m) {
        const auto y = [&] {
          if (together) return evaluate(consumer(matmul(x, m) + b));
          const auto z = evaluate(matmul(x, m));
          return evaluate(consumer(z + b));
        }();
        return evaluate(sum(y * y * y));
      };
    };
    CHECK(near_all(hvp(loss(true), w, v), hvp(loss(false), w, v), 1e-12));
    const auto along = [&](bool together) {
      return grad([&, together](const auto& m) { return evaluate(sum(grad(loss(together))(m) * v)); })(w);
    };
    CHECK(near_all(along(true), along(false), 1e-12));
    CHECK(near_all(along(true), hvp(loss(true), w, v), 1e-12));
  };
  check([](auto&& z) { return exp(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return relu(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return tanh(static_cast<decltype(z)>(z)); });
  check([](auto&& z) { return sqrt(4 + static_cast<decltype(z)>(z)); });
}

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
