// The references: quickly, the library's own double functions, whose error is 2^-29 of what a float's is; by other
// means, the C library's and formulas in long double.
#include "functions.hpp"

#include <cmath>

#include "catalogue/references.hpp"
#include "list.hpp"

namespace {
using namespace tenon;

template <class Op>
void packs(const float* x, double* y) {
  using V = simd::native<double>;
  constexpr int lanes = simd::lanes<V>;
  for (int i = 0; i < block; i += lanes)
    simd::store(y + i, Op::value(simd::convert<double>(simd::load<simd::pack<float, lanes>>(x + i))));
}
// From 1e5 on float and double share the reduction of an angle: there the C library's double functions.
template <class Op, double (*F)(double)>
void angles(const float* x, double* y) {
  bool large = false;
  for (int i = 0; i < block; ++i) large |= std::fabs(x[i]) >= 1e5f;
  if (!large) return packs<Op>(x, y);
  for (int i = 0; i < block; ++i) y[i] = F(static_cast<double>(x[i]));
}

using Real = long double;
template <class Op>
struct Means {
  static constexpr auto packs = ::packs<Op>;
  static constexpr Real (*at)(Real) = nullptr;
};
template <class Op>
requires(requires { test::Reference<Op>::at(Real{}); }) struct Means<Op> {
  static constexpr auto packs = ::packs<Op>;
  static constexpr Real (*at)(Real) = test::Reference<Op>::at;
};
template <>
struct Means<op::Sin> {
  static constexpr auto packs = angles<op::Sin, std::sin>;
  static constexpr Real (*at)(Real) = std::sin;
};
template <>
struct Means<op::Cos> {
  static constexpr auto packs = angles<op::Cos, std::cos>;
  static constexpr Real (*at)(Real) = std::cos;
};
template <>
struct Means<op::Tan> {
  static constexpr auto packs = angles<op::Tan, std::tan>;
  static constexpr Real (*at)(Real) = std::tan;
};
// Formulas that are right beyond the interval in which the catalogue's tests use theirs.
template <>
struct Means<op::Logit> {
  static constexpr auto packs = ::packs<op::Logit>;
  static Real at(Real x) { return x < 0.25L ? std::log(x) - std::log1p(-x) : 2 * std::atanh(2 * x - 1); }
};
template <>
struct Means<op::Imag> {
  static constexpr auto packs = ::packs<op::Imag>;
  static Real at(Real) { return 0; }
};
template <>
struct Means<op::Arg> {
  static constexpr auto packs = ::packs<op::Arg>;
  static Real at(Real x) { return std::atan2(Real{0}, x); }
};

template <class Op, class... Of>
constexpr bool is_one_of = (__is_same(Op, Of) || ...);
template <class Op>
constexpr int parity() {
  using namespace op;
  if (is_one_of<Op, Abs, Square, Cos, CosPi, Cosh, Sinc>) return 1;
  return is_one_of<Op, Negate, Positive, Sign, Reciprocal, Trunc, Round, Rint, Frac, Cbrt, Sin, Tan, Asin, Atan, SinPi,
                   Deg2rad, Rad2deg, Sinh, Tanh, Asinh, Atanh, Erf, Erfinv, Softsign>
             ? -1
             : 0;
}

constexpr auto table = test::table_of<Exact>(PointwiseCatalogue{}, []<class Op>() {
  return Exact{Op::name.c_str(), Means<Op>::packs, parity<Op>(), Means<Op>::at};
});
}  // namespace

const Exact* const exacts = table.entry;
const int exact_count = sizeof(table) / sizeof(Exact);
