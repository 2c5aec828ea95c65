// tests/unit/ad/jets_identities.cpp: power series of functions satisfy the functions' identities.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/jet.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/special_catalogue.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

using J = jet<double, 4>;

// 0.7 + 0.5 t - 0.3 t^2 + ...: inside of every function's domain, with all coefficients there.
J series(double c0) {
  J x(c0);
  for (int k = 1; k <= J::order; ++k) x.coefficient[k] = scatter(k) / k;
  return x;
}
bool agree(const J& a, const J& b, double tolerance = 1e-12) {
  for (int k = 0; k <= J::order; ++k)
    if (!near(a.coefficient[k], b.coefficient[k], tolerance)) return false;
  return true;
}

}  // namespace

TEST_CASE("identities, to order four") {
  const J x = series(0.7), y = series(0.4) * 1.5;
  CHECK(agree(exp(log(x)), x));
  CHECK(agree(square(sin(x)) + square(cos(x)), 1));
  CHECK(agree(tan(x) * cos(x), sin(x)));
  CHECK(agree(tanh(x) * cosh(x), sinh(x)));
  CHECK(agree(square(cosh(x)) - square(sinh(x)), 1));
  CHECK(agree(sqrt(x) * sqrt(x), x));
  CHECK(agree(cbrt(x) * cbrt(x) * cbrt(x), x));
  CHECK(agree(rsqrt(x) * sqrt(x), 1));
  CHECK(agree(x / y * y, x));
  CHECK(agree(reciprocal(y), 1 / y));
  CHECK(agree(asin(sin(x)), x, 1e-11));
  CHECK(agree(acos(cos(x)), x, 1e-11));
  CHECK(agree(atan(tan(x)), x, 1e-11));
  CHECK(agree(asinh(sinh(x)), x, 1e-11));
  CHECK(agree(acosh(cosh(x)), x, 1e-10));
  CHECK(agree(atanh(tanh(x)), x, 1e-11));
  CHECK(agree(expm1(x), exp(x) - 1));
  CHECK(agree(log1p(x), log(1 + x)));
  CHECK(agree(exp2(log2(x)), x));
  CHECK(agree(pow(x, 2.5) * pow(x, 0.5), x * x * x));
  CHECK(agree(pow(x, 3), x * x * x));
  CHECK(agree(pow(x, y), exp(y * log(x))));
  CHECK(agree(pow(2.0, y), exp2(y)));
  CHECK(agree(hypot(x, y), sqrt(x * x + y * y)));
  CHECK(agree(atan2(y, x), atan(y / x)));
  CHECK(agree(sigmoid(x), 1 / (1 + exp(-x))));
  CHECK(agree(softplus(x), log(1 + exp(x))));
  CHECK(agree(gelu(x), 0.5 * x * (1 + erf(x / std::sqrt(2.0)))));
  CHECK(agree(erfc(x), 1 - erf(x)));
  CHECK(agree(fma(x, y, x), x * y + x));
  CHECK(agree(abs(-x), x));
  CHECK(agree(maximum(x, y), x));
  CHECK(agree(where(x > y, x, y), x));
  CHECK(agree(relu(x) + relu(-x), x));
  const auto by_gamma = taylor<4>([](auto v) { return lgamma(v + 1) - lgamma(v); }, 0.7, 1.0);
  CHECK(near(by_gamma(1), 1 / 0.7, 1e-12));
  CHECK(near(by_gamma(2), -1 / 0.49, 1e-12));
  CHECK(near(by_gamma(3), 2 / 0.343, 1e-12));
  CHECK(near(by_gamma(4), -6 / 0.2401, 1e-12));
}
