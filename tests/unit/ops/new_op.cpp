// An op defined here, and nowhere else, works with every meaning of an element type.
#include <doctest/doctest.h>

#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

// x^3 - 2 x: nothing but this struct and its function is written for it.
struct Wiggle : Pointwise<Wiggle> {
  static constexpr FixedString name{"wiggle"};
  TENON_FN static auto value(auto x) { return x * x * x - (x + x); }
  TENON_FN static auto partials(auto x) { return d(lit(3) * x * x - lit(2)); }
};
template <operand X>
TENON_FN auto wiggle(X&& x) {
  return apply<Wiggle>(static_cast<X&&>(x));
}

template <class T>
T plain(T x) {
  return x * x * x - 2 * x;
}

}  // namespace

TEST_CASE("a new op: scalars and constant expressions") {
  static_assert(wiggle(3.0) == 21.0);
  CHECK(wiggle(2.0f) == 4.0f);
  constexpr Tensor<double, 3> t = [] {
    Tensor<double, 3> x{1, 2, 3};
    return Tensor<double, 3>(wiggle(x) + 1);
  }();
  static_assert(t(2) == 22.0);
}

TEST_CASE("a new op: SIMD loops over every real type, fused with others") {
  Tensor<float, dyn> x(1001);
  for (index_t i = 0; i < 1001; ++i) x(i) = 0.01f * static_cast<float>(i) - 5;
  const Tensor<float, dyn> y = wiggle(x * 0.5f) + 1;
  for (index_t i = 0; i < 1001; ++i) CHECK(y(i) == doctest::Approx(plain(x(i) * 0.5f) + 1).epsilon(1e-5));
  const Tensor<half, 3> h = wiggle(Tensor<half, 3>{half(1), half(2), half(3)});
  CHECK(static_cast<float>(h(2)) == 21.0f);
  CHECK(explain(wiggle(x) * 2).loops == 1);
}

// e^(x / 2), whose derivative is had of the result.
struct Rise : Pointwise<Rise> {
  static constexpr FixedString name{"rise"};
  TENON_FN static auto value(auto x) { return exp(x * lit(0.5)); }
  TENON_FN static auto partials_from_output(auto y) { return d(y * lit(0.5)); }
};

TEST_CASE("a new op after a product: its rule says what the tape keeps") {
  Tensor<double, 3, 2> x;
  Tensor<double, 2, 4> w;
  for (index_t k = 0; k < 6; ++k) x.data()[k] = 0.1 * static_cast<double>(k) - 0.2;
  for (index_t k = 0; k < 8; ++k) w.data()[k] = 0.3 - 0.1 * static_cast<double>(k);
  CHECK(verify_gradient([&](const auto& v) { return sum(wiggle(matmul(v, w) + 1)); }, x).ok);
  CHECK(verify_gradient([&](const auto& v) { return sum(apply<Rise>(matmul(v, w) * 2)); }, x).ok);
  CHECK(verify_gradient([&](const auto& v) { return sum(apply<Rise>(wiggle(matmul(v, w)))); }, x).ok);
}

TEST_CASE("a new op: dual, rev, nested") {
  dual<double> d{2, 1};
  CHECK(wiggle(d).tangent[0] == 10);
  CHECK(grad([](auto x) { return wiggle(x); })(2.0) == 10);
  CHECK(grad([](auto x) { return grad([](auto y) { return wiggle(y); })(x); })(2.0) == 12);
  const Tensor<double, 3> x{1, 2, 3};
  const auto g = grad([](const auto& v) { return sum(wiggle(v)); })(x);
  CHECK(g(0) == 1);
  CHECK(g(2) == 25);
  const auto h = hessian([](const auto& v) { return sum(wiggle(v)); })(x);
  CHECK(h(1, 1) == 12);
  CHECK(h(0, 1) == 0);
  CHECK(verify_gradient([](const auto& v) { return sum(wiggle(v) * v); }, x).ok);
}
