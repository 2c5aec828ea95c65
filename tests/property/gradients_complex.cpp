// Complex numbers: of every analytic op, and of reductions, scans and movements, the derivative pushed forward is the
// one pulled back, and both are the complex difference.
#include <doctest/doctest.h>

#include <complex>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

using Z = std::complex<double>;
using Vector = Tensor<Z, 5>;

const Vector point{Z(0.7, 0.4), Z(-0.6, 0.9), Z(1.2, -0.8), Z(0.1, 0.05), Z(-1.1, -0.3)};
const Vector other{Z(1.3, -0.2), Z(0.4, 0.6), Z(-0.7, 1.1), Z(0.9, 0.9), Z(0.5, -1.4)};
const Vector direction{Z(0.3, -0.5), Z(1, 0.2), Z(-0.4, 0.8), Z(0.6, 0.6), Z(-0.9, 0.1)};

bool near(Z a, Z b, double tolerance) { return std::abs(a - b) <= tolerance * (1 + std::abs(a) + std::abs(b)); }

/// <gradient, v> = jvp along v = difference quotient, for v = direction.
template <class F>
void check(const F& f) {
  const Vector g = grad(f)(point);
  const Z pulled = sum(g * direction), pushed = jvp(f, point, direction).tangent;
  const double h = 1e-4;
  const auto at = [&](double t) { return Z(f(Vector(point + t * direction))); };
  const Z difference = (8.0 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  CAPTURE(pulled.real());
  CAPTURE(pulled.imag());
  CAPTURE(difference.real());
  CAPTURE(difference.imag());
  CHECK(near(pulled, pushed, 1e-13));
  CHECK(near(pulled, difference, 1e-8));
}

template <class Op>
int check_op() {
  constexpr int n = arity<Op>;
  if constexpr (Op::on_complex != OnComplex::analytic || !differentiable<Op, n> ||
                requires { typename Op::result_type; }) {
    return 0;
  } else {
    INFO(std::string(Op::name.c_str()));
    if constexpr (n == 1) check([](const auto& z) { return evaluate(sum(apply<Op>(z))); });
    if constexpr (n == 2) {
      check([](const auto& z) { return evaluate(sum(apply<Op>(z, other))); });
      check([](const auto& z) { return evaluate(sum(apply<Op>(other, z))); });
      check([](const auto& z) { return evaluate(sum(apply<Op>(z, z) * other)); });
    }
    if constexpr (n == 3) check([](const auto& z) { return evaluate(sum(apply<Op>(z, other, z * other))); });
    return 1;
  }
}
template <class... Op>
int check_all(TypeList<Op...>) {
  return (check_op<Op>() + ...);
}

}  // namespace

TEST_CASE("every analytic op forward, backward and by differences") { CHECK(check_all(PointwiseCatalogue{}) == 39); }

TEST_CASE("reductions, scans and movements of complex numbers") {
  check([](const auto& z) { return evaluate(mean(z * z * other)); });
  check([](const auto& z) { return evaluate(prod(z + other)); });
  check([](const auto& z) { return evaluate(sum(cumsum<0>(z * other) * other)); });
  check([](const auto& z) { return evaluate(sum(cumprod<0>(z) * other)); });
  check([](const auto& z) { return evaluate(sum(flip<0>(exp(z)) * other)); });
  check([](const auto& z) { return evaluate(sum(where(real(other) > 0, z * z, 1 / z))); });
}
TEST_CASE("powers with real exponents, second derivatives") {
  check([](const auto& z) { return evaluate(sum(pow(z, 2.0))); });
  check([](const auto& z) { return evaluate(sum(pow(z, 0.5) + pow(z, -3) + pow(2.0, z))); });
  const auto second = [](auto f, Z z) { return grad(grad(f))(z); };
  const Z z(0.6, -0.7);
  CHECK(near(second([](auto x) { return exp(x); }, z), std::exp(z), 1e-14));
  CHECK(near(second([](auto x) { return pow(x, 3.0); }, z), 6.0 * z, 1e-14));
  CHECK(near(second([](auto x) { return asinh(x); }, z), -z * std::pow(1.0 + z * z, -1.5), 1e-13));
  CHECK(near(second([](auto x) { return sinc(x); }, Z(0, 0)), -Z(3.289868133696453), 1e-13));
}
