// Derivatives of linear algebra, first and second, in both modes: against differences and against each other.
#if __has_include(<Eigen/Dense>)
#include <doctest/doctest.h>

#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/linalg/linalg.hpp>

using namespace tenon;

namespace {

using Matrix = Tensor<double, dyn, dyn>;

enum Case { solved, lower, upper, definite, inverse, det, slogdet, cholesky, qr, lstsq, eigh, svd, pinv, cases };
const char* const name[] = {"solve",    "lower", "upper", "definite", "inv", "det", "slogdet",
                            "cholesky", "qr",    "lstsq", "eigh",     "svd", "pinv"};

// A number that depends on every element of x.
template <class X>
auto mixed(const X& x) {
  Matrix c(x.extent(0), x.extent(1));
  for (index_t i = 0; i < c.size(); ++i) c.data()[i] = 0.3 + 0.7 * static_cast<double>(i % 5);
  return evaluate(sum(x * c + 0.1 * x * x * x));
}
// All operations as one function, so that its numbers have one type: each rule is compiled once.
struct Operation {
  Case which;
  template <class X>
  typename X::value_type operator()(const X& a) const {
    using T = typename X::value_type;
    const Tensor<T, dyn, dyn> b = evaluate(slice<1>(a, range(0, 2)) * 0.5 + 0.25);
    const auto number = [](const auto& x) { return static_cast<T>(x); };
    switch (which) {
      case solved:
        return number(mixed(evaluate(linalg::solve(a, b))));
      case lower:
        return number(mixed(evaluate(linalg::solve(a, b, linalg::lower))));
      case upper:
        return number(mixed(evaluate(linalg::solve(a, b, linalg::upper))));
      case definite:
        return number(mixed(evaluate(linalg::solve(a, b, linalg::positive_definite))));
      case inverse:
        return number(mixed(evaluate(linalg::inv(a))));
      case det:
        return number(linalg::det(a));
      case slogdet:
        return number(linalg::slogdet(a).logabsdet);
      case cholesky:
        return number(mixed(evaluate(linalg::cholesky(a))));
      case qr: {
        const auto [q, r] = linalg::qr(a);
        return number(mixed(q)) + number(mixed(r));
      }
      case lstsq:
        return number(mixed(linalg::lstsq(a, b)));
      case eigh: {
        const auto [w, v] = linalg::eigh(a);
        return number(mixed(evaluate(v * v))) + number(sum(exp(w / 4)));
      }
      case svd: {
        const auto [u, s, vt] = linalg::svd(a);
        return number(mixed(evaluate(matmul(u * s, vt * vt * vt)))) + number(sum(exp(s / 4)));
      }
      default:
        return number(mixed(evaluate(linalg::pinv(a))));
    }
  }
};

double product(const Matrix& a, const Matrix& b) { return sum(a * b); }
double largest(const Matrix& a) { return max(abs(a)); }

void check(Case which, const Matrix& a) {
  CAPTURE(name[which]);
  const Operation f{which};
  const auto gradient = grad(f);
  CHECK(verify_gradient(f, a).ok);
  Matrix d = a * 0.3 + 0.1;
  d(0, 1) = -0.7;
  const Matrix g = gradient(a);
  CHECK(std::fabs(jvp(f, a, d).tangent - product(g, d)) <= 1e-12 * (1 + std::fabs(product(g, d))));
  // The Hessian along d, by differences of gradients.
  const auto at = [&](double t) { return gradient(Matrix(a + t * d)); };
  const double h = 1e-3;
  const Matrix wanted = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  CHECK(largest(evaluate(hvp(f, a, d) - wanted)) <= 1e-8 * (1 + largest(wanted)));
}

const Matrix general{{4, 1, 0.5}, {1.5, 5, 0.25}, {-0.5, 0.25, 6}};
const Matrix tall{{4, 1}, {1.5, 5}, {-0.5, 0.25}}, wide{{4, 1, 2}, {1.5, 5, -1}};

}  // namespace

TEST_CASE("gradients, directional derivatives and Hessians agree") {
  for (int c = 0; c < cases; ++c) check(static_cast<Case>(c), general);
  for (const Case c : {qr, lstsq, svd, pinv}) check(c, tall);
  for (const Case c : {svd, pinv}) check(c, wide);
}

#endif
