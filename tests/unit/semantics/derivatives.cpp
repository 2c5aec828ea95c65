// docs/semantics.md: derivatives, complex numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <complex>
#include <tenon/tenon.hpp>

#include "holds.hpp"

using namespace tenon;

namespace {

using Vector = Tensor<double, dyn>;

template <class T = double>
struct Model {
  Tensor<T, 2> weight;
  Tensor<int, 2> counts;
  nn::Buffer<Tensor<T, 2>> statistics;
  double rate = 3;
};

}  // namespace

TEST_CASE("[D1] what has derivative 0") {
  const Vector x{-1.5, 0.5};
  const auto flat = [](const auto& v) {
    return sum(floor(v) + sign(v) + cast<double>(v > 0) + cast<double>(cast<int>(v)));
  };
  CHECK(holds(grad(flat)(x), {0, 0}));
  CHECK(holds(grad([](const auto&) { return 1.0; })(x), {0, 0}));
  CHECK(grad([](auto v) { return rint(v) * v; })(2.25) == 2);
}
TEST_CASE("[D2] control flow looks at values") {
  const auto f = [](auto x) {
    static_assert(__is_same(decltype(x > 0), bool));
    auto y = x;
    while (y < 100) y = y * x;
    return y > 1e3 ? y : 2 * y;
  };
  CHECK(grad(f)(5.0) == 2 * 3 * 25);
  CHECK(jvp(f, 5.0, 1.0).tangent == 2 * 3 * 25);
}
TEST_CASE("[D3] in-place updates are recorded") {
  const Vector x{2, 3, 5};
  const auto f = [](const auto& v) {
    auto a = evaluate(v * v);
    a += v;
    a(0) = a(1) * v(2);
    slice(a, range(1, 3)) = slice(a, range(0, 2)) * 2;
    return sum(a);
  };
  // a = (p v2, 2 p v2, 2 p) with p = v1^2 + v1
  CHECK(holds(grad(f)(x), {0, 7 * (3 * 5 + 2), 3 * 12}));
}
TEST_CASE("[D4] a variable aliases its tensor") {
  Tensor<double, 3> x{1, 2, 3};
  Tape tape;
  auto v = tape.variable(x);
  const auto y = sum(v * v);
  const auto [g] = tape.gradient(y, v);
  CHECK(holds(g, {2, 4, 6}));
  x(0) = 10;  // the next recording sees it
  tape.reset();
  auto w = tape.variable(x);
  const auto [h] = tape.gradient(sum(w * w), w);
  CHECK(holds(h, {20, 4, 6}));
}
TEST_CASE("[D5] plain operands are copied by the tape") {
  const Tensor<double, 3> x{1, 2, 3};
  Tape tape;
  auto v = tape.variable(x);
  double y_value = 0;
  Vector factor{4, 5, 6};
  Tensor<rev<double>> y;
  {
    Tensor<double, dyn, dyn> weight{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}};
    y = sum(v * factor) + sum(matmul(weight, v));
    y_value = y().value;
    weight = 0;
  }
  factor = 0;
  CHECK(y_value == 32 + 36);
  const auto [g] = tape.gradient(y, v);
  CHECK(holds(g, {10, 11, 12}));
}
TEST_CASE("[D6] what the result does not depend on adds nothing") {
  const Vector x{0, 1};
  const auto f = [](const auto& v) {
    const auto unused = evaluate(log(v));  // its derivative is infinite at 0
    const auto twice = evaluate(v * 2);
    return sum(twice) + 0 * twice(0) + (unused(1) < 0 ? unused(0) : twice(1));
  };
  CHECK(holds(grad(f)(x), {2, 4}));
}
TEST_CASE("[D7] gradients are like their variables") {
  const auto f = [](const auto& x) { return sum(x * x); };
  static_assert(__is_same(decltype(grad(f)(Tensor<half, 2>{})), Tensor<half, 2>));
  CHECK(holds(grad(f)(Tensor<half, 2>{half(1), half(3)}), {2, 6}));
  // 4096 ones added up: a half would stop at 2048.
  const auto many = [](const auto& x) { return sum(x * ones<half>(4096)); };
  CHECK(holds(grad(many)(Tensor<half, 1>{half(1)}), {4096}));
  const Model<> m{{1, 2}, {5, 6}, {}, 3};
  const auto g = grad([](const auto& n) { return sum(n.weight * n.weight * n.rate); })(m);
  static_assert(__is_same(decltype(g), const Model<>));
  CHECK(holds(g.weight, {6, 12}));
}
TEST_CASE("[D8] constants") {
  const Vector x{2, 3};
  CHECK(holds(grad([](const auto& v) { return sum(v * stop_gradient(v)); })(x), {2, 3}));
  CHECK(jvp([](const auto& v) { return sum(v * stop_gradient(v)); }, x, Vector{1, 0}).tangent == 2);
  const Model<> m{{1, 2}, {5, 6}, Tensor<double, 2>{7, 8}, 3};
  const auto f = [](const auto& n, const auto& v) {
    static_assert(__is_same(element_of<decltype(n.counts)>, int) && __is_same(bare_t<decltype(n.rate)>, double));
    static_assert(__is_same(element_of<decltype(n.statistics.value())>, double));
    return sum(n.weight * n.counts * v) + sum(n.statistics.value());
  };
  CHECK(holds(grad<0>(f)(m, x).weight, {10, 18}));
  CHECK(holds(grad<1>(f)(frozen(m), x), {5, 12}));
  // What does not compile: tests/compile_fail/ad.
}
TEST_CASE("[D9] nested derivatives with captured variables") {
  const auto inner_reverse = [](auto x) { return x * grad([&](auto y) { return x + y; })(x); };
  const auto inner_forward = [](auto x) { return x * jvp([&](auto y) { return x + y; }, x, decltype(x)(1)).tangent; };
  CHECK(grad(inner_reverse)(2.0) == 1);
  CHECK(grad(inner_forward)(2.0) == 1);
  CHECK(jvp(inner_reverse, 2.0, 1.0).tangent == 1);
  CHECK(jvp(inner_forward, 2.0, 1.0).tangent == 1);
}
TEST_CASE("[D10] a checkpoint is what it was") {
  const nn::Mode training(Rng{5});
  const Vector x{1, 2, 3, 4, 5, 6, 7, 8};
  const auto f = checkpoint([](const auto& v) { return nn::Dropout{0.5f}(v * v); });
  const auto g = value_and_grad([&](const auto& v) { return with_aux(sum(f(v)), 0); })(x);
  double value = 0;  // of elements that were kept: the same ones on the way back
  for (index_t i = 0; i < 8; ++i) value += g.grad(i) * x(i) / 2;
  CHECK(g.value == value);
  CHECK(value > 0);
}
TEST_CASE("[D11] a tape that is full can be used again") {
  Tape tape;
  const auto a = tape.variable(2.0);
  CHECK_THROWS_AS((void)tape.allocate(index_t{1} << 33, 1), value_error);
  const rev<double> y = a * a;
  CHECK(tape.gradient(y, a).a == 4);
  tape.reset();
  const auto b = tape.variable(3.0);
  const rev<double> z = b * b;
  CHECK(tape.gradient(z, b).a == 6);
  // Memory that runs out: tests/unit/ad_memory/tape_limits.cpp.
}

TEST_CASE("[C1] products do not conjugate") {
  using Z = std::complex<double>;
  const Tensor<Z, 1> i{Z(0, 1)};
  CHECK(static_cast<Z>(dot(i, i)) == Z(-1, 0));
  CHECK(static_cast<Z>(sum(conj(i) * i)) == Z(1, 0));
  const Tensor<Z, 1> product = einsum<"i,i->i">(i, i);
  CHECK(product(0) == Z(-1, 0));
}
TEST_CASE("[C2] the complex derivative") {
  using Z = std::complex<double>;
  const Tensor<Z, 1> z{Z(3, 4)};
  const auto square_of = grad([](const auto& x) { return sum(x * x); })(z);
  CHECK(square_of(0) == Z(6, 8));
  const auto exponential = grad([](const auto& x) { return sum(exp(x * Z(0, 1))); })(z);
  const Z expected = Z(0, 1) * std::exp(Z(0, 1) * Z(3, 4));
  CHECK(std::abs(exponential(0) - expected) < 1e-15);

  // Products are the same sums of products: small ones, large ones, by einsum, forwards and backwards.
  const auto numbers = [](index_t n, index_t m) {
    Tensor<Z, dyn, dyn> x(n, m);
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = Z(static_cast<double>(i % 5) - 2, static_cast<double>(i % 3));
    return x;
  };
  const auto a = numbers(3, 4), b = numbers(4, 2);
  const Tensor<Z, 2> u{Z(0, 1), Z(2, 0)}, v{Z(1, 2), Z(3, -1)};
  const auto of_dot = grad([&](const auto& x) { return dot(x, u) + dot(u, x); })(v);
  CHECK(of_dot(0) == 2.0 * u(0));
  CHECK(of_dot(1) == 2.0 * u(1));
  const auto all_equal = [](const auto& x, const auto& y) { return all(x == y); };
  const auto by_matmul = grad<0, 1>([](const auto& x, const auto& y) { return sum(matmul(x, y)); })(a, b);
  const auto by_einsum = grad<0, 1>([](const auto& x, const auto& y) { return sum(einsum<"ij,jk->ik">(x, y)); })(a, b);
  const Tensor<Z, dyn, dyn> da = broadcast_to(expand_dims<0>(sum<1>(b)), 3, 4),
                            db = broadcast_to(expand_dims<1>(sum<0>(a)), 4, 2);
  CHECK(all_equal(get<0>(by_matmul), da));
  CHECK(all_equal(get<1>(by_matmul), db));
  CHECK(all_equal(get<0>(by_einsum), da));
  CHECK(all_equal(get<1>(by_einsum), db));
  const auto direction = numbers(3, 4);
  const auto forward = jvp([&](const auto& x) { return sum(matmul(x, b)); }, a, direction).tangent;
  CHECK(forward == static_cast<Z>(sum(da * direction)));
}
TEST_CASE("[C3] what has no complex derivative") {
  // That asking for it does not compile: tests/compile_fail/ad/complex_real.cpp. Real numbers are their own parts.
  const Vector x{-2, 3};
  CHECK(holds(grad([](const auto& v) { return sum(real(v) * conj(v) + imag(v)); })(x), {-4, 6}));
  using Z = std::complex<double>;
  const Tensor<Z, 2> z{Z(3, 4), Z(0, 2)};
  const auto g = grad([](const auto& v) { return sum(v * abs(stop_gradient(v))); })(z);
  CHECK(g(0) == Z(5, 0));
  CHECK(g(1) == Z(2, 0));
}
TEST_CASE("[C4] what functions of complex numbers are") {
  using Z = std::complex<double>;
  const Tensor<Z, 2> z{Z(3, 4), Z(0, 0)};
  CHECK(var(z) == 6.25);
  CHECK(norm(z) == 5);
  const Tensor<Z, 2> unit = sign(z);
  CHECK(unit(0) == Z(0.6, 0.8));
  CHECK(unit(1) == Z(0, 0));
  const Tensor<Z, 2> square = pow(z, 2);
  CHECK(square(0) == Z(-7, 24));
  const auto n = normal<Z>(Rng{3}, 20000);
  CHECK(std::abs(static_cast<double>(var(n)) - 1) < 0.03);
  CHECK(std::abs(static_cast<double>(var(real(n))) - 0.5) < 0.02);
  CHECK(std::abs(static_cast<Z>(mean(n * n))) < 0.03);  // the parts are independent
  CHECK(std::abs(static_cast<Z>(mean(n))) < 0.03);
}
