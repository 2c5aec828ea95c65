// tests/catalogue/complex.cpp: every pointwise op that takes complex numbers, against std::complex<long double>.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   value: within a few units of the modulus, and what the conditioning of the function allows;
//   partials of analytic ops: complex differences of the reference, the same along both axes.
#include <doctest/doctest.h>

#include <complex>
#include <cstdint>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/derivative.hpp>
#include <type_traits>

using namespace tenon;

namespace {

using Real = long double;
using Wide = std::complex<Real>;
constexpr Real pi = 3.14159265358979323846264338327950288L;

template <class Op>
struct Reference;
#define TENON_TEST_REFERENCE(OP, FORMULA)                                                                         \
  template <>                                                                                                     \
  struct Reference<op::OP> {                                                                                      \
    static Wide at([[maybe_unused]] Wide x, [[maybe_unused]] Wide y, [[maybe_unused]] Wide z) { return FORMULA; } \
  };
TENON_TEST_REFERENCE(Add, x + y)
TENON_TEST_REFERENCE(Subtract, x - y)
TENON_TEST_REFERENCE(Multiply, x* y)
TENON_TEST_REFERENCE(Negate, -x)
TENON_TEST_REFERENCE(Positive, x)
TENON_TEST_REFERENCE(Square, x* x)
TENON_TEST_REFERENCE(Fma, x* y + z)
TENON_TEST_REFERENCE(Lerp, x + z * (y - x))
TENON_TEST_REFERENCE(Divide, x / y)
TENON_TEST_REFERENCE(Reciprocal, Wide(1) / x)
TENON_TEST_REFERENCE(Equal, Real(x == y))
TENON_TEST_REFERENCE(NotEqual, Real(x != y))
TENON_TEST_REFERENCE(IsNan, Real(x != x))
TENON_TEST_REFERENCE(IsInf, 0)
TENON_TEST_REFERENCE(IsFinite, 1)
TENON_TEST_REFERENCE(IsClose, Real(std::abs(x - y) <= std::real(z) * (1 + std::abs(y))))
TENON_TEST_REFERENCE(LogicalAnd, Real(x != Wide(0) && y != Wide(0)))
TENON_TEST_REFERENCE(LogicalOr, Real(x != Wide(0) || y != Wide(0)))
TENON_TEST_REFERENCE(LogicalXor, Real((x != Wide(0)) != (y != Wide(0))))
TENON_TEST_REFERENCE(LogicalNot, Real(x == Wide(0)))
TENON_TEST_REFERENCE(Select, x != Wide(0) ? y : z)
TENON_TEST_REFERENCE(Exp, std::exp(x))
TENON_TEST_REFERENCE(Exp2, std::exp(x* std::log(2.0L)))
TENON_TEST_REFERENCE(Exp10, std::exp(x* std::log(10.0L)))
TENON_TEST_REFERENCE(Expm1, std::exp(x) - 1.0L)
TENON_TEST_REFERENCE(Log, std::log(x))
TENON_TEST_REFERENCE(Log2, std::log(x) / std::log(2.0L))
TENON_TEST_REFERENCE(Log10, std::log(x) / std::log(10.0L))
TENON_TEST_REFERENCE(Log1p, std::log(1.0L + x))
TENON_TEST_REFERENCE(Pow, std::exp(y* std::log(x)))
TENON_TEST_REFERENCE(Sqrt, std::sqrt(x))
TENON_TEST_REFERENCE(Rsqrt, 1.0L / std::sqrt(x))
TENON_TEST_REFERENCE(Sin, std::sin(x))
TENON_TEST_REFERENCE(Cos, std::cos(x))
TENON_TEST_REFERENCE(Tan, std::tan(x))
TENON_TEST_REFERENCE(Asin, std::asin(x))
TENON_TEST_REFERENCE(Acos, std::acos(x))
TENON_TEST_REFERENCE(Atan, std::atan(x))
TENON_TEST_REFERENCE(SinPi, std::sin(pi* x))
TENON_TEST_REFERENCE(CosPi, std::cos(pi* x))
TENON_TEST_REFERENCE(Sinh, std::sinh(x))
TENON_TEST_REFERENCE(Cosh, std::cosh(x))
TENON_TEST_REFERENCE(Tanh, std::tanh(x))
TENON_TEST_REFERENCE(Asinh, std::asinh(x))
TENON_TEST_REFERENCE(Acosh, std::acosh(x))
TENON_TEST_REFERENCE(Atanh, std::atanh(x))
TENON_TEST_REFERENCE(Sigmoid, 1.0L / (1.0L + std::exp(-x)))
TENON_TEST_REFERENCE(Silu, x / (1.0L + std::exp(-x)))
TENON_TEST_REFERENCE(Sinc, std::sin(pi* x) / (pi * x))
TENON_TEST_REFERENCE(Abs, std::abs(x))
TENON_TEST_REFERENCE(Sign, x / std::abs(x))
TENON_TEST_REFERENCE(Real, x.real())
TENON_TEST_REFERENCE(Imag, x.imag())
TENON_TEST_REFERENCE(Conj, std::conj(x))
TENON_TEST_REFERENCE(Arg, std::arg(x))
TENON_TEST_REFERENCE(Cast<bool>, Real(x != Wide(0)))
#undef TENON_TEST_REFERENCE

template <class Op>
inline constexpr bool is_cast_to_number = false;
template <class T>
inline constexpr bool is_cast_to_number<op::Cast<T>> = !is_bool<T>;

/// Numbers in a square around 0, some of them small.
struct Samples {
  std::uint64_t state = 7;
  Real uniform() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<Real>(state >> 11) * 0x1p-52L - 1;
  }
  template <class T>
  std::complex<T> next() {
    const Real scale = uniform() > 0.5L ? 0.01L : 3;
    const Real re = scale * uniform(), im = scale * uniform();
    return {static_cast<T>(re), static_cast<T>(im)};
  }
};

template <class T>
Wide wide(const std::complex<T>& z) {
  return {z.real(), z.imag()};
}
template <class T>
Wide wide(T x) requires(!is_complex<T>) {
  return {static_cast<Real>(x), 0};
}
template <class Op, class Z>
auto call(const Z* x) {
  if constexpr (tenon::detail::condition_first<Op>)
    return Op::value(x[0] != Z(), x[1], x[2]);
  else if constexpr (Op::typing == Typing::logical && arity<Op> == 1)
    return Op::value(x[0] != Z());
  else if constexpr (Op::typing == Typing::logical)
    return Op::value(x[0] != Z(), x[1] != Z());
  else if constexpr (arity<Op> == 1)
    return Op::value(x[0]);
  else if constexpr (arity<Op> == 2)
    return Op::value(x[0], x[1]);
  else if constexpr (arity<Op> == 3)
    return Op::value(x[0], x[1], x[2]);
  else
    return Op::value(x[0], x[1], x[2], x[2]);
}

using Formula = Wide (*)(Wide, Wide, Wide);
/// The difference quotient of f in argument a along `direction`.
[[gnu::noinline]] Wide slope(Formula f, const Wide* x, int a, Wide direction, Real step) {
  const auto at = [&](Real t) {
    Wide moved[3] = {x[0], x[1], x[2]};
    moved[a] += t * direction;
    return f(moved[0], moved[1], moved[2]);
  };
  return (8.0L * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12.0L * step * direction);
}
template <class P, class Z>
Wide number_of(const P& p, const Z&) {
  if constexpr (std::is_same_v<P, Literal>)
    return {p.value, 0};
  else if constexpr (std::is_same_v<P, NoPartial>)
    return {};
  else
    return wide(p);
}

template <class Op, class T>
Wide value_at(const std::complex<T>* x) {
  return wide(call<Op>(x));
}
// What is checked of an op does not depend on which it is.
template <class T>
[[gnu::noinline]] void check_values(Wide (*value)(const std::complex<T>*), Formula reference, int moving) {
  using Z = std::complex<T>;
  Samples samples;
  const Real epsilon = std::is_same_v<T, float> ? 0x1p-23L : 0x1p-52L;
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    const Z x[3] = {samples.next<T>(), samples.next<T>(), samples.next<T>()};
    const Wide w[3] = {wide(x[0]), wide(x[1]), wide(x[2])};
    const Wide want = reference(w[0], w[1], w[2]), got = value(x);
    Real allowed = 8 * epsilon * std::abs(want);
    for (int a = 0; a < moving; ++a)
      allowed += 2 * epsilon * std::abs(w[a] * slope(reference, w, a, 1, 1e-5L * std::abs(w[a])));
    if (!(std::abs(got - want) <= allowed) && ++wrong <= 3) {
      CAPTURE(static_cast<double>(w[0].real()));
      CAPTURE(static_cast<double>(w[0].imag()));
      CAPTURE(static_cast<double>(got.real()));
      CAPTURE(static_cast<double>(got.imag()));
      CAPTURE(static_cast<double>(want.real()));
      CAPTURE(static_cast<double>(want.imag()));
      CHECK(std::abs(got - want) <= allowed);
    }
  }
  CHECK(wrong == 0);
}

template <class Op, class Z>
auto rule(const Z& y, const Z* x) {
  if constexpr (tenon::detail::condition_first<Op>)
    return partials_of<Op>(y, x[0] != Z(), x[1], x[2]);
  else if constexpr (arity<Op> == 1)
    return partials_of<Op>(y, x[0]);
  else if constexpr (arity<Op> == 2)
    return partials_of<Op>(y, x[0], x[1]);
  else
    return partials_of<Op>(y, x[0], x[1], x[2]);
}
// The partials that an op has, from argument `first` on.
template <class Op>
void partials_at(const std::complex<double>* x, Wide* got) {
  using Z = std::complex<double>;
  const auto p = rule<Op>(Z(call<Op>(x)), x);
  if constexpr (!tenon::detail::condition_first<Op>) got[0] = number_of(partial<0>(p), x[0]);
  if constexpr (arity < Op >> 1) got[1] = number_of(partial<1>(p), x[0]);
  if constexpr (arity < Op >> 2) got[2] = number_of(partial<2>(p), x[0]);
}
void check_partials(void (*partials)(const std::complex<double>*, Wide*), Formula reference, int first, int last) {
  using Z = std::complex<double>;
  Samples samples;
  int wrong = 0, compared = 0;
  for (int i = 0; i < 200; ++i) {
    const Z x[3] = {samples.next<double>(), samples.next<double>(), samples.next<double>()};
    const Wide w[3] = {wide(x[0]), wide(x[1]), wide(x[2])};
    Wide all[3];
    partials(x, all);
    for (int a = first; a < last; ++a) {
      const Wide got = all[a];
      const Real step = 2e-4L * std::abs(w[a]);
      const Wide along = slope(reference, w, a, 1, step), across = slope(reference, w, a, {0, 1}, step);
      const Real unit = std::abs(along) + std::abs(reference(w[0], w[1], w[2]) / w[a]);
      if (!(std::abs(along - across) <= 1e-8L * unit)) continue;  // a cut or a pole is near
      ++compared;
      if (std::abs(got - along) <= 1e-7L * unit || ++wrong > 3) continue;
      CAPTURE(a);
      CAPTURE(static_cast<double>(w[a].real()));
      CAPTURE(static_cast<double>(w[a].imag()));
      CAPTURE(static_cast<double>(got.real()));
      CAPTURE(static_cast<double>(along.real()));
      CHECK(std::abs(got - along) <= 1e-7L * unit);
    }
  }
  CHECK(wrong == 0);
  CHECK(compared > 100);
}

template <class Op>
int check_op() {
  if constexpr (Op::on_complex == OnComplex::refused || is_cast_to_number<Op>) {
    return 0;
  } else {
    INFO(std::string(Op::name.c_str()));
    constexpr bool analytic = Op::on_complex == OnComplex::analytic;
    constexpr int last = arity<Op> < 3 ? arity<Op> : 3;
    constexpr int moving = analytic && Op::typing != Typing::comparison && Op::typing != Typing::logical ? last : 0;
    check_values<float>(value_at<Op, float>, Reference<Op>::at, moving);
    check_values<double>(value_at<Op, double>, Reference<Op>::at, moving);
    if constexpr (analytic && differentiable<Op, arity<Op>>)
      check_partials(partials_at<Op>, Reference<Op>::at, tenon::detail::condition_first<Op> ? 1 : 0, last);
    return 1;
  }
}
template <class... Op>
int check_all(TypeList<Op...>) {
  return (check_op<Op>() + ...);
}

}  // namespace

TEST_CASE("pointwise ops on complex numbers") { CHECK(check_all(PointwiseCatalogue{}) == 56); }

TEST_CASE("complex numbers at special places") {
  using Z = std::complex<double>;
  const double inf = __builtin_huge_val();
  CHECK(sign(Z(0, 0)) == Z(0, 0));
  CHECK(sinc(Z(0, 0)) == Z(1, 0));
  CHECK(log1p(Z(1e-300, 0)) == Z(1e-300, 0));
  CHECK(expm1(Z(1e-300, 1e-300)) == Z(1e-300, 1e-300));
  CHECK(pow(Z(0, 0), Z(0, 0)) == Z(1, 0));
  CHECK(pow(Z(1, 2), 2.0) == Z(1, 2) * Z(1, 2));
  CHECK(pow(Z(0, 2), -2.0) == Z(-0.25, 0));
  CHECK(exp2(Z(3, 0)) == Z(8, 0));
  CHECK(sinpi(Z(3, 0)) == Z(0, 0));
  CHECK(cospi(Z(2.5, 0)).real() == 0);
  CHECK(sigmoid(Z(-800, 1)) == Z(0, 0));
  CHECK(std::abs(sigmoid(Z(800, 1)) - 1.0) == 0);
  CHECK(isnan(Z(0, __builtin_nan(""))));
  CHECK(isinf(Z(0, inf)));
  CHECK(!isfinite(Z(0, inf)));
  CHECK(!isnan(Z(0, inf)));
  CHECK(isclose(Z(inf, 0), Z(inf, 0)));
  CHECK(!isclose(Z(inf, 0), Z(1, 0)));
  CHECK(lerp(Z(1, 1), Z(3, 4), Z(0, 0)) == Z(1, 1));
  CHECK(lerp(Z(1, 1), Z(3, 4), Z(1, 0)) == Z(3, 4));
  CHECK(cast<float>(Z(2, 3)) == 2.0f);
  CHECK(cast<std::complex<float>>(Z(2, 3)) == std::complex<float>(2, 3));
}
