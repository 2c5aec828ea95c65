// Derivatives of linear algebra, first and second, in both modes: against differences and against each other.
#if __has_include(<Eigen/Dense>)
#define EIGEN_DONT_VECTORIZE  // less to compile
#include <doctest/doctest.h>

#include <string>

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
  const std::string operation = name[which];
  CAPTURE(operation);
  const Operation f{which};
  const auto gradient = grad(f);
  CHECK(verify_gradient(f, a, {.step = 4e-4}).worst < 1e-7);
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

TEST_CASE("stacks of matrices, static extents, one matrix or right-hand side for all") {
  Tensor<double, 2, 3, 3> a;
  for (index_t i = 0; i < 9; ++i) {
    a.data()[i] = general.data()[i];
    a.data()[9 + i] = general.data()[i] * (i % 2 ? 0.5 : 2);
  }
  const Tensor<double, 3> b{1, -2, 3};
  const Tensor<double, 3, 1> column{{1}, {-2}, {3}};
  const Tensor<double, 2, 3, 1> x = linalg::solve(a, column);
  CHECK(max(abs(matmul(a, x) - column)) < 1e-14);
  const Tensor<double, 3> y = linalg::solve(general, b);
  CHECK(max(abs(matmul(general, y) - b)) < 1e-14);
  const Tensor<double, 2, 3, 3> shared = linalg::solve(general, a);
  CHECK(max(abs(matmul(general, shared) - a)) < 1e-13);
  const Tensor<double, 2> d = linalg::det(a);
  CHECK(std::fabs(d(0) - linalg::det(general)) < 1e-12);
  // The adjoint of what is used for all is the sum over the stack.
  const auto through = [&](const auto& m) { return sum(linalg::solve(m, a)); };
  const Matrix g = grad(through)(general);
  CHECK(verify_gradient(through, general).ok);
  CHECK(g.extent(0) == 3);
}

TEST_CASE("factors multiply to the matrix") {
  for (const Matrix& a : {general, tall, wide}) {
    const auto [q, r] = linalg::qr(a);
    CHECK(largest(evaluate(matmul(q, r) - a)) < 1e-14);
    const auto [u, s, vt] = linalg::svd(a);
    CHECK(largest(evaluate(matmul(u * s, vt) - a)) < 1e-14);
    const Matrix p = linalg::pinv(a);
    CHECK(largest(evaluate(matmul(a, matmul(p, a)) - a)) < 1e-13);
  }
  const Matrix mean = (general + transpose(general)) / 2;
  const Matrix l = linalg::cholesky(general);
  CHECK(largest(evaluate(matmul(l, transpose(l)) - mean)) < 1e-14);
  const auto [w, v] = linalg::eigh(general);
  CHECK(largest(evaluate(matmul(v * w, transpose(v)) - mean)) < 1e-14);
  CHECK(w(0) < w(1));
  const auto [sign, logabsdet] = linalg::slogdet(evaluate(-general));
  CHECK(sign == -1);
  CHECK(std::fabs(std::exp(logabsdet) - linalg::det(general)) < 1e-11);
}

TEST_CASE("singular matrices and equal eigenvalues") {
  // The derivative of det at a matrix of rank n - 1 is its matrix of cofactors, at one of rank n - 2 it is zero.
  const Tensor<double, 3, 3> singular{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}},
      cofactors{{-3, 6, -3}, {6, -12, 6}, {-3, 6, -3}};
  const auto det = [](const auto& a) { return linalg::det(a); };
  CHECK(max(abs(grad(det)(singular) - cofactors)) < 1e-12);
  CHECK(max(abs(grad(det)(evaluate(singular * 0 + 1)))) < 1e-14);
  // A function of the matrix alone, written with eigenvectors: trace(a a).
  const auto f = [](const auto& a) {
    const auto [w, v] = linalg::eigh(a);
    return evaluate(sum(square(matmul(v * w, transpose(v)))));
  };
  const Matrix equal{{2, 0, 0}, {0, 2, 0}, {0, 0, 3}};
  CHECK(largest(evaluate(grad(f)(equal) - 2 * equal)) < 1e-14);
  const auto g = [](const auto& a) {
    const auto [u, s, vt] = linalg::svd(a);
    return evaluate(sum(square(matmul(u * s, vt))));
  };
  CHECK(largest(evaluate(grad(g)(equal) - 2 * equal)) < 1e-14);
}

TEST_CASE("reverse over reverse") {
  const auto f = [](auto t) {
    using T = decltype(t);
    Tensor<T, 2, 2> a{{T(2) + t * t, T(1) * t}, {T(1) - t, T(3) * t}};
    return linalg::slogdet(a).logabsdet * 1.0;
  };
  // log((2 + t^2) 3 t - t (1 - t)) = log(3 t^3 + t^2 + 5 t)
  const double t = 1.3, p = 3 * t * t * t + t * t + 5 * t, d = 9 * t * t + 2 * t + 5, dd = 18 * t + 2;
  CHECK(std::fabs(grad(f)(t) - d / p) < 1e-13);
  CHECK(std::fabs(grad(grad(f))(t) - (dd / p - d * d / p / p)) < 1e-13);
}

TEST_CASE("wrong input") {
  CHECK_THROWS_AS(evaluate(linalg::inv(tall)), shape_error);
  CHECK_THROWS_AS(evaluate(linalg::solve(general, wide)), shape_error);
  CHECK_THROWS_AS(evaluate(linalg::inv(Matrix(3, 3))), linalg::linalg_error);
  CHECK_THROWS_AS(evaluate(linalg::solve(Matrix(3, 3), general, linalg::lower)), linalg::linalg_error);
  CHECK_THROWS_AS(evaluate(linalg::cholesky(evaluate(-general))), linalg::linalg_error);
  CHECK_THROWS_AS(grad([](const auto& a) { return sum(linalg::qr(a).q); })(wide), linalg::linalg_error);
  CHECK(linalg::slogdet(Matrix(3, 3)).sign == 0);
  const Matrix none(0, 0);
  CHECK(linalg::det(none) == 1);
  CHECK(evaluate(linalg::inv(none)).size() == 0);
}

#endif
