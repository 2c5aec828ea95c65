// docs/semantics.md: lifetime, computed once. The checks of stale views: lifetime_checked.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/tenon.hpp>
#include <utility>

#include "holds.hpp"

using namespace tenon;

namespace {

using Vector = Tensor<float, dyn>;

// An op that counts its evaluations, and costs as much as it says.
inline int evaluations = 0;
struct Counted : Pointwise<Counted> {
  static constexpr FixedString name{"counted"};
  static constexpr int cost = 100;
  template <class V>
  TENON_FN static V value(V x) {
    if (!__builtin_is_constant_evaluated()) ++evaluations;
    return x + x;
  }
  TENON_FN static auto partials(auto) { return d(lit(2)); }
};
struct Cheap : Pointwise<Cheap> {
  static constexpr FixedString name{"cheap"};
  template <class V>
  TENON_FN static V value(V x) {
    if (!__builtin_is_constant_evaluated()) ++evaluations;
    return x + x;
  }
};
template <operand X>
auto counted(X&& x) {
  return apply<Counted>(static_cast<X&&>(x));
}
template <operand X>
auto cheap(X&& x) {
  return apply<Cheap>(static_cast<X&&>(x));
}
int evaluated_since(int& last) {
  const int n = evaluations - last;
  last = evaluations;
  return n;
}
Vector load() { return Vector{1, 2, 3}; }
auto doubled(const Vector& x) {
  const Vector local = x * 2;
  return evaluate(local + x);
}

}  // namespace

TEST_CASE("[L1] building an expression computes nothing") {
  int seen = evaluations;
  Tensor<float, 1> x{1};
  const auto e = cheap(x);
  CHECK(evaluated_since(seen) == 0);
  x(0) = 5;
  CHECK(holds(e, {10}));
  CHECK(evaluated_since(seen) > 0);
}
TEST_CASE("[L2] temporaries are moved in") {
  const auto e = load() * 2 + Tensor<float, 3>{1, 1, 1};
  CHECK(holds(e, {3, 5, 7}));
  const auto product = matmul(Tensor<float, dyn, dyn>{{1, 2}, {3, 4}}, Tensor<float, dyn, dyn>{{1, 0}, {0, 1}});
  CHECK(holds(product, {1, 2, 3, 4}));
  const auto total = sum(transpose(Tensor<float, dyn, dyn>{{1, 2}, {3, 4}}));
  CHECK(holds(total, {10}));
}
TEST_CASE("[L4] functions return what they own") {
  CHECK(holds(doubled(load()), {3, 6, 9}));
  const nn::Linear<3, 2> layer{{{1, 0, 0}, {0, 1, 0}}, {0.5f, 0.25f}};
  const auto y = layer(load());
  CHECK(holds(y, {1.5, 2.25}));
  const auto z = relu(layer(load() - 2));
  CHECK(holds(z, {0, 0.25}));
  const auto p = softmax<0>(evaluate(layer(load())) * 0);
  CHECK(holds(p, {0.5, 0.5}));
}
TEST_CASE("[L5] a moved-from tensor can be assigned to") {
  Vector a = load();
  const Vector b = std::move(a);
  CHECK(b.size() == 3);
  CHECK(a.empty());
  a = b * 2;
  CHECK(holds(a, {2, 4, 6}));
  Tensor<float, 100, 100> large;
  large(1, 1) = 1;
  const Tensor<float, 100, 100> other = std::move(large);
  CHECK(other(1, 1) == 1);
  large = other * 2;
  CHECK(large(1, 1) == 2);
  Tensor<float, 100, 100> again = std::move(large);
  large = other;
  CHECK(large(1, 1) == 1);
}

TEST_CASE("[V1] a costly expression used by name is computed once") {
  int seen = evaluations;
  const Tensor<double, 1> x{3};
  const auto h = counted(x);
  CHECK(evaluated_since(seen) == 0);
  const Tensor<double, 1> y = h * h + h;
  const int once = evaluated_since(seen);
  CHECK(holds(y, {42}));
  const auto again = [&](const auto& e) { return evaluate(e + 1); };
  CHECK(holds(again(h), {7}));
  CHECK(evaluated_since(seen) == 0);
  const Tensor<double, 1> two = counted(x) * counted(x);
  CHECK(evaluated_since(seen) == 2 * once);
  // Not pointwise, whatever it costs: the sum runs its operand once.
  const auto total = sum(cheap(x));
  const Tensor<double, 1> s = total * x + total;
  CHECK(evaluated_since(seen) <= 2 * once);
  CHECK(holds(s, {24}));
}
TEST_CASE("[V2] it keeps that value") {
  Tensor<double, 1> x{3};
  const auto h = counted(x), later = counted(x);
  const Tensor<double, 1> y = h + 0;
  x(0) = 5;
  CHECK(holds(h + 0, {6}));
  CHECK(holds(later + 0, {10}));
}
TEST_CASE("[V3] a cheap expression is computed in each use") {
  int seen = evaluations;
  Tensor<double, 1> x{3};
  const auto h = cheap(x);
  const Tensor<double, 1> y = h + 0;
  const int once = evaluated_since(seen);
  x(0) = 5;
  CHECK(holds(h * h, {100}));
  CHECK(evaluated_since(seen) == 2 * once);
}
TEST_CASE("[V4] std::move fuses") {
  const Tensor<double, 8> x;
  auto h = exp(exp(exp(x)));
  CHECK(explain(h + 1).loops == 1);  // what it loads is there already
  auto g = exp(exp(exp(x)));
  const auto fused = std::move(g) + 1;
  CHECK(explain(fused).loops == 1);
  CHECK(explain(fused).flops > 3 * 8);
  const Tensor<double, 1> one{3};
  int seen = evaluations;
  auto c = counted(one);
  const auto e = std::move(c) + 1;
  CHECK(evaluated_since(seen) == 0);
  CHECK(holds(e, {7}));
}
TEST_CASE("[V5] assignment from a costly expression by name") {
  int seen = evaluations;
  const Tensor<double, 1> x{3};
  const auto h = counted(x);
  const Tensor<double, 1> a = h, b = h;
  const int once = evaluated_since(seen);
  CHECK(holds(a, {6}));
  CHECK(holds(b, {6}));
  const Tensor<double, 1> c = counted(x);
  CHECK(evaluated_since(seen) == once);
}
TEST_CASE("[V6] a shared value is pulled back once") {
  int seen = evaluations;
  const auto f = [](const auto& x) {
    const auto h = counted(x);
    return sum(h * h + h);
  };
  CHECK(holds(grad(f)(Tensor<double, 1>{3}), {26}));
  const int shared = evaluated_since(seen);
  const auto g = [](const auto& x) { return sum(counted(x)); };
  CHECK(holds(grad(g)(Tensor<double, 1>{3}), {2}));
  CHECK(evaluated_since(seen) == shared);
}
