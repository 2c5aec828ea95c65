// tests/unit/ad/jacobians_containers.cpp: Jacobians and Hessians of containers and structs of numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <array>
#include <vector>

#include <tenon/ad/forward.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {
template <class T>
struct Spring {
  T stiffness, damping;
  double mass;
  Tensor<T, 2> at;
};
}  // namespace

TEST_CASE("Jacobians of containers and structs of numbers") {
  const auto f = [](const auto& x) {
    using T = std::remove_cvref_t<decltype(x[0])>;
    return std::vector<T>{x[0] * x[1], exp(x[2])};
  };
  const std::vector<double> x{2, 3, 0.5};
  const Matrix want{{3, 2, 0}, {0, 0, std::exp(0.5)}};
  CHECK(near_all(jacobian(f)(x), want, 1e-14));
  CHECK(near_all(jacobian_forward(f)(x), want, 1e-14));
  CHECK(near_all(jacobian(f)(std::array<double, 3>{2, 3, 0.5}), want, 1e-14));
  // Of a tensor or a number to a container, and back.
  const auto of_tensor = [](const auto& t) { return std::array{t(0) * t(1), t(1) * t(2)}; };
  const Matrix products{{3, 2, 0}, {0, 0.5, 3}};
  CHECK(near_all(jacobian(of_tensor)(Tensor<double, 3>{2, 3, 0.5}), products));
  CHECK(near_all(jacobian_forward(of_tensor)(Tensor<double, 3>{2, 3, 0.5}), products));
  const auto of_number = [](const auto& t) { return std::array{evaluate(t * t), evaluate(2.0 * t)}; };
  CHECK(near_all(jacobian(of_number)(3.0), Tensor<double, 2>{6, 2}));
  CHECK(near_all(jacobian([](const auto& v) { return v[0] * v[1] * v[2]; })(x), Tensor<double, 3>{1.5, 1, 6}));
  // What is no variable has no column: the mass.
  const auto of_spring = [](const auto& s) {
    return std::array{s.stiffness * s.damping * s.mass, s.at(1) * s.damping};
  };
  const Spring<double> spring{2, 3, 0.5, {5, 7}};
  const Matrix of_parts{{1.5, 1, 0, 0}, {0, 7, 0, 3}};
  CHECK(near_all(jacobian(of_spring)(spring), of_parts));
  CHECK(near_all(jacobian_forward(of_spring)(spring), of_parts));
}

TEST_CASE("second derivatives of containers") {
  const auto f = [](const auto& x) { return x[0] * x[0] * x[1] + exp(x[1]); };
  const std::vector<double> x{2, 3};
  const Matrix want{{6, 4}, {4, std::exp(3.0)}};
  CHECK(near_all(hessian(f)(x), want, 1e-14));
  const auto along = hvp(f, x, std::vector<double>{1, 2});
  CHECK(near(along[0], 14));
  CHECK(near(along[1], 4 + 2 * std::exp(3.0)));
  // A Jacobian within a derivative: p (2 x0 + x1 + x0), and p within it.
  const auto outer = [&](const auto& p) {
    const auto inner = [&](const auto& v) { return std::array{evaluate(p * v[0] * v[0]), evaluate(v[0] * v[1] * p)}; };
    return evaluate(sum(jacobian(inner)(x)) + sum(jacobian_forward(inner)(x)));
  };
  CHECK(near(grad(outer)(3.0), 2 * 9));
  CHECK(near(jvp(outer, 3.0, 1.0).tangent, 2 * 9));
}
