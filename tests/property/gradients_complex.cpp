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

template <class Op>
constexpr bool is_checked = [] {
  if constexpr (requires { typename Op::result_type; })
    return false;
  else
    return Op::on_complex == OnComplex::analytic && differentiable<Op, arity<Op>>;
}();
// How many functions are made of an op.
template <class Op>
constexpr int uses = !is_checked<Op>  ? 0
                     : arity<Op> == 2 ? 3
                                      : 1;

// The use of an op that is so many from the first one of all, as one function of all ops: its numbers have one type,
// and all that depends on nothing else is compiled once.
template <class... Op>
struct UseOf {
  int which;
  explicit UseOf(int w, TypeList<Op...>) : which(w) {}

  template <class X>
  typename X::value_type operator()(const X& z) const {
    X result;
    int rest = which;
    ((rest >= 0 && rest < uses<Op> ? use<Op>(result, z, rest) : void(), rest -= uses<Op>), ...);
    return evaluate(sum(result));
  }
  const char* name() const {
    const char* found = "";
    int rest = which;
    ((rest >= 0 && rest < uses<Op> ? void(found = Op::name.c_str()) : void(), rest -= uses<Op>), ...);
    return found;
  }

 private:
  template <class Op_, class X>
  static void use(X& result, const X& z, int n) {
    if constexpr (is_checked<Op_>) {
      if constexpr (arity<Op_> == 1) result = apply<Op_>(z);
      if constexpr (arity<Op_> == 2) {
        if (n == 0) result = apply<Op_>(z, other);
        if (n == 1) result = apply<Op_>(other, z);
        if (n == 2) result = apply<Op_>(z, z) * other;
      }
      if constexpr (arity<Op_> == 3) result = apply<Op_>(z, other, z * other);
    }
  }
};
// Functions of other kinds, likewise.
struct Function {
  int which;
  static constexpr int count = 8;

  template <class X>
  typename X::value_type operator()(const X& z) const {
    switch (which) {
      case 0:
        return evaluate(mean(z * z * other));
      case 1:
        return evaluate(prod(z + other));
      case 2:
        return evaluate(sum(cumsum<0>(z * other) * other));
      case 3:
        return evaluate(sum(cumprod<0>(z) * other));
      case 4:
        return evaluate(sum(flip<0>(exp(z)) * other));
      case 5:
        return evaluate(sum(where(real(other) > 0, z * z, 1 / z)));
      case 6:
        return evaluate(sum(pow(z, 2.0)));
      default:
        return evaluate(sum(pow(z, 0.5) + pow(z, -3) + pow(2.0, z)));
    }
  }
};

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

template <class... Op>
int check_all(TypeList<Op...> ops) {
  for (int i = 0; i < (uses<Op> + ...); ++i) {
    const UseOf<Op...> f(i, ops);
    const std::string name = f.name();
    CAPTURE(name);
    check(f);
  }
  return (is_checked<Op> + ...);
}

}  // namespace

TEST_CASE("every analytic op forward, backward and by differences") { CHECK(check_all(PointwiseCatalogue{}) == 39); }

TEST_CASE("reductions, scans, movements and powers with real exponents of complex numbers") {
  for (int i = 0; i < Function::count; ++i) {
    CAPTURE(i);
    check(Function{i});
  }
}
TEST_CASE("second derivatives") {
  const auto second = [](auto f, Z z) { return grad(grad(f))(z); };
  const Z z(0.6, -0.7);
  CHECK(near(second([](auto x) { return exp(x); }, z), std::exp(z), 1e-14));
  CHECK(near(second([](auto x) { return pow(x, 3.0); }, z), 6.0 * z, 1e-14));
  CHECK(near(second([](auto x) { return asinh(x); }, z), -z * std::pow(1.0 + z * z, -1.5), 1e-13));
  CHECK(near(second([](auto x) { return sinc(x); }, Z(0, 0)), -Z(3.289868133696453), 1e-13));
}
