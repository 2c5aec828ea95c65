// tests/unit/ad/models.cpp: gradients with respect to models: aggregates of tensors, layers, containers and numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <array>
#include <optional>
#include <variant>
#include <vector>

#include <tenon/ad/forward.hpp>
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/expr/matmul.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <index_t In, index_t Out, class T = double>
struct Dense {
  Tensor<T, Out, In> weight;
  Tensor<T, Out> bias;
  auto operator()(const auto& x) const { return evaluate(matmul(weight, x) + bias); }
};

// Nested layers, a vector and an array of them, numbers that are hyper-parameters, integers, an optional part.
template <class T = double>
struct Net {
  Dense<3, 4, T> first;
  std::vector<Dense<4, 4, T>> hidden;
  std::array<Dense<4, 4, T>, 2> more;
  std::optional<Tensor<T, 4>> scale;
  double slope = 0.25;
  int repeats = 2;
  Tensor<int, 4> order;
  Tensor<T, dyn> out;

  auto operator()(const auto& x) const {
    auto h = evaluate(tanh(first(x)));
    for (const auto& layer : hidden) h = tanh(layer(h));
    for (int i = 0; i < repeats; ++i) h = h + slope * more[static_cast<std::size_t>(i)](h);
    if (scale) h *= *scale;
    return evaluate(sum(h * out * order));
  }
};

template <class T = double>
struct Tuned {
  Frozen<Dense<3, 4, T>> body;
  Dense<4, 2, T> head;
  auto operator()(const auto& x) const { return evaluate(sum(head(body(x)))); }
};

template <class T = double>
struct Either {
  std::variant<Dense<3, 4, T>, Tensor<T, 3>> part;
  auto operator()(const auto& x) const {
    return std::visit(
        [&](const auto& p) {
          if constexpr (requires { p(x); }) {
            const auto y = p(x);
            return static_cast<T>(sum(y * y));
          } else {
            return static_cast<T>(sum(p * p * x * x));
          }
        },
        part);
  }
};

template <class X>
void fill(X& x, double seed) {
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<typename X::value_type>(scatter(static_cast<double>(i) + seed) * 0.7);
}
template <index_t In, index_t Out, class T>
void fill(Dense<In, Out, T>& d, double seed) {
  fill(d.weight, seed);
  fill(d.bias, seed + 0.5);
}
Net<> net() {
  Net<> n;
  fill(n.first, 1);
  n.hidden.resize(3);
  for (std::size_t i = 0; i < 3; ++i) fill(n.hidden[i], 2 + static_cast<double>(i));
  fill(n.more[0], 7);
  fill(n.more[1], 8);
  n.scale = Tensor<double, 4>{1, -0.5, 0.75, 2};
  n.order = Tensor<int, 4>{1, 2, 3, -1};
  n.out = vector(4);
  return n;
}
const Tensor<double, 3> input{0.5, -1, 0.25};

}  // namespace

TEST_CASE("the gradient of a model is a model") {
  Net<> n = net();
  const auto loss = [](const auto& m) { return m(input); };
  const auto [value, g] = value_and_grad(loss)(n);
  static_assert(__is_same(bare_t<decltype(g)>, Net<>));
  CHECK(near(value, static_cast<double>(n(input)), 1e-14));
  const auto check = [&](auto& parameter, const auto& gradient) {
    CHECK(near_all(gradient, slopes(
                                 [&](const auto& p) {
                                   const auto before = parameter;
                                   parameter = p;
                                   const double y = n(input);
                                   parameter = before;
                                   return y;
                                 },
                                 parameter)));
  };
  check(n.first.weight, g.first.weight);
  check(n.first.bias, g.first.bias);
  REQUIRE(g.hidden.size() == 3);
  check(n.hidden[2].weight, g.hidden[2].weight);
  check(n.hidden[0].bias, g.hidden[0].bias);
  check(n.more[1].weight, g.more[1].weight);
  REQUIRE(g.scale.has_value());
  check(*n.scale, *g.scale);
  check(n.out, g.out);
  // Numbers and integer tensors are carried over.
  CHECK(g.slope == n.slope);
  CHECK(g.repeats == n.repeats);

  n.scale.reset();
  CHECK_FALSE(grad(loss)(n).scale.has_value());
}

TEST_CASE("models of float, derivatives of derivatives, directions") {
  Dense<3, 2, float> d;
  fill(d.weight, 3);
  const auto loss = [](const auto& m) { return evaluate(sum(exp(m(input)) * 1)); };
  const auto g = grad(loss)(d);
  static_assert(__is_same(bare_t<decltype(g)>, Dense<3, 2, float>));
  Dense<3, 2, double> wide;
  wide.weight = d.weight;
  const auto exact = grad(loss)(wide);
  CHECK(near_all(g.weight, exact.weight, 1e-5));
  // Along a direction: <gradient, direction>, and the product with the Hessian.
  Dense<3, 2> direction;
  fill(direction, 9);
  CHECK(near(jvp(loss, wide, direction).tangent,
             sum(exact.weight * direction.weight) + sum(exact.bias * direction.bias)));
  const auto hv = hvp(loss, wide, direction);
  static_assert(__is_same(bare_t<decltype(hv)>, Dense<3, 2>));
  // exp(z) (direction z) for the bias
  const Tensor<double, 2> z = wide(input);
  CHECK(near_all(hv.bias, exp(z) * direction(input)));
}

TEST_CASE("several arguments, and arguments without derivative") {
  const Dense<3, 4> a = net().first;
  const Net<> n = net();
  const auto loss = [](const auto& first, const auto& second, const auto& x) {
    return evaluate(sum(first(x) * second.first(x)));
  };
  const auto [value, g] = value_and_grad<0, 1, 2>(loss)(a, n, input);
  const auto& [ga, gn, gx] = g;
  static_assert(__is_same(bare_t<decltype(gx)>, Tensor<double, 3>));
  CHECK(near_all(ga.bias, n.first(input)));
  CHECK(near_all(get<1>(g).first.bias, a(input)));
  CHECK(near_all(gx, slopes([&](const Tensor<double, 3>& x) { return static_cast<double>(loss(a, n, x)); }, input)));
  CHECK(near_all(grad<2>(loss)(a, n, input), gx));
  CHECK(near_all(grad<1>(loss)(a, n, input).first.weight, gn.first.weight));
  // frozen: used, but no variable.
  CHECK(near_all(grad<1>(loss)(frozen(a), n, input).first.weight, gn.first.weight));
}

TEST_CASE("auxiliary results") {
  const Net<> n = net();
  const auto r = value_and_grad([](const auto& m) {
    const auto h = evaluate(m.first(input) * 2);
    return with_aux(sum(h * h), h);
  })(n);
  static_assert(__is_same(bare_t<decltype(r.aux)>, Tensor<double, 4>));
  CHECK(near_all(r.aux, n.first(input) * 2));
  CHECK(near(r.value, sum(r.aux * r.aux)));
  CHECK(near_all(r.grad.first.bias, 4 * r.aux));
  const auto [value, g, count] = value_and_grad([](auto x) { return with_aux(x * x, 7); })(3.0);
  CHECK(value == 9);
  CHECK(g == 6);
  CHECK(count == 7);
}

TEST_CASE("frozen members have no gradient") {
  Tuned<> m;
  fill(m.body.value, 2);
  fill(m.head, 4);
  const auto g = grad([](const auto& t) { return t(input); })(m);
  CHECK(near_all(g.head.weight, broadcast_to<2, 4>(m.body(input))));
  CHECK(sum(abs(g.body.value.weight)) == 0);
}

TEST_CASE("variants hold the same alternative in the gradient") {
  Either<> m;
  const auto loss = [](const auto& t) { return t(input); };
  Dense<3, 4> dense;
  fill(dense, 2);
  m.part = dense;
  const auto g = grad(loss)(m);
  REQUIRE(g.part.index() == 0);
  CHECK(near_all(std::get<0>(g.part).bias, 2 * dense(input)));
  m.part = Tensor<double, 3>{1, 2, 3};
  const auto h = grad(loss)(m);
  REQUIRE(h.part.index() == 1);
  CHECK(near_all(std::get<1>(h.part), 2 * std::get<1>(m.part) * input * input));
}

TEST_CASE("a container of tensors is an argument like a model") {
  const std::vector<Vector> parts{vector(3), vector(3) * 2};
  const auto g = grad([](const auto& p) { return sum(p[0] * p[0] * p[1]); })(parts);
  static_assert(__is_same(bare_t<decltype(g)>, std::vector<Vector>));
  CHECK(near_all(g[0], 2 * parts[0] * parts[1]));
  CHECK(near_all(g[1], parts[0] * parts[0]));
}
