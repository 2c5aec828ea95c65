// tests/unit/ad/sparse.cpp: sparse Jacobians and Hessians: entries, colours, values.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <tenon/ad/sparse.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

int runs = 0;

// A step of a reaction and diffusion in one dimension: three entries a row, two at the ends.
struct Diffuse {
  template <class X>
  auto operator()(const X& u) const {
    ++runs;
    X r = u;
    const index_t n = u.size();
    for (index_t i = 0; i < n; ++i) {
      typename X::value_type flow = -2 * u(i);
      if (i > 0) flow = flow + u(i - 1);
      if (i + 1 < n) flow = flow + u(i + 1);
      if (u(i) > 0) flow = flow - 10 * u(i) * u(i);
      r(i) = u(i) + 0.1 * flow;
    }
    return r;
  }
};
// u_i^2 u_(i+1) / (2 + u_(i+2)) + sin(u_0) u_(n-1): a band and a corner; and a term that couples nothing.
struct Energy {
  template <class X>
  auto operator()(const X& u) const {
    const index_t n = u.size();
    typename X::value_type e = sin(u(0)) * u(n - 1);
    for (index_t i = 0; i + 2 < n; ++i) e = e + u(i) * u(i) * u(i + 1) / (2 + u(i + 2));
    for (index_t i = 0; i < n; ++i) e = e + 3 * u(i);
    return e;
  }
};

template <class F>
Matrix differences(const F& f, const Vector& x) {
  Matrix j(f(x).size(), x.size());
  for (index_t k = 0; k < x.size(); ++k) {
    const double h = 1e-3;
    const auto at = [&](double d) {
      Vector y = x;
      y(k) += d;
      return evaluate(f(y));
    };
    const Vector column = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    for (index_t i = 0; i < column.size(); ++i) j(i, k) = column(i);
  }
  return j;
}

}  // namespace

TEST_CASE("a band: entries, colours, values") {
  for (index_t n : {1, 2, 3, 50, 700}) {
    CAPTURE(n);
    const Vector x = vector(n);
    const auto j = sparse_jacobian(Diffuse{}, x);
    CHECK(j.colours() == (n < 3 ? n : 3));
    runs = 0;
    const SparseMatrix<double> m = j(x);
    CHECK(runs == 1);
    CHECK(m.rows == n);
    CHECK(m.columns == n);
    CHECK(m.entries() == (n == 1 ? 1 : 3 * n - 2));
    for (index_t i = 0; i < n; ++i) {
      index_t k = m.row_begin(i);
      const double middle = 0.8 - (x(i) > 0 ? 2 * x(i) : 0);
      if (i > 0) {
        CHECK(m.column(k) == i - 1);
        CHECK(near(m.value(k++), 0.1));
      }
      CHECK(m.column(k) == i);
      CHECK(near(m.value(k++), middle));
      if (i + 1 < n) {
        CHECK(m.column(k) == i + 1);
        CHECK(near(m.value(k++), 0.1));
      }
      CHECK(m.row_begin(i + 1) == k);
    }
    // At another point, with its own branches.
    const Vector other = flip<0>(x) * 0.5;
    if (n < 60) CHECK(near_all(j(other).dense(), differences(Diffuse{}, other), 1e-7));
  }
}

TEST_CASE("few results of many inputs are pulled back") {
  const auto f = [](const auto& u) {
    using X = bare_t<decltype(u)>;
    X r = u;
    r(0) = sum(u * u);
    r(1) = u(1) * u(2);
    r(2) = 5 * u(3);
    return evaluate(slice(r, range(0, 4)));
  };
  const Vector x = vector(200);
  const auto j = sparse_jacobian(f, x);
  CHECK(j.reverse());
  CHECK(j.colours() == 3);
  const auto m = j(x);
  CHECK(m.entries() == 200 + 2 + 1 + 1);
  Matrix want(4, 200);
  for (index_t i = 0; i < 200; ++i) want(0, i) = 2 * x(i);
  want(1, 1) = x(2), want(1, 2) = x(1), want(2, 3) = 5, want(3, 3) = 1;
  CHECK(near_all(m.dense(), want, 1e-13));
  // One number.
  const auto gradient = sparse_jacobian([](const auto& u) { return u(7) * u(9); }, x)(x);
  CHECK(gradient.rows == 1);
  CHECK(gradient.entries() == 2);
  CHECK(gradient.column(1) == 9);
  CHECK(near(gradient.value(1), x(7)));
  // Nothing at all.
  CHECK(sparse_jacobian([](const auto& u) { return floor(u(0)); }, x)(x).entries() == 0);
}

TEST_CASE("Hessians: a band with a corner, an arrow, a full one") {
  const Vector x = vector(40), at = vector(40) * 0.5 + 0.1;
  const auto h = sparse_hessian(Energy{}, x);
  CHECK(h.colours() <= 6);
  const auto m = h(at);
  // Every i meets itself (but the last, which is in no square), i + 1 and i + 2; the first meets the last.
  CHECK(m.entries() == 40 + 2 * 39 + 2 * 38 + 2 - 1 + 1);
  CHECK(near_all(m.dense(), differences([](const Vector& v) { return grad(Energy{})(v); }, at), 1e-8));

  for (index_t hub : {0, 39}) {
    const auto arrow = [hub](const auto& u) {
      auto e = u(hub) * u(hub);
      for (index_t i = 0; i < u.size(); ++i) e = e + u(i) * u(i) * u(hub);
      return e;
    };
    const auto a = sparse_hessian(arrow, x);
    CHECK(a.colours() == 2);  // columns that share a row could not do with less than 40
    CHECK(a(x).entries() == 3 * 40 - 2);
    Matrix want(40, 40);
    for (index_t i = 0; i < 40; ++i) {
      want(i, i) += 2 * x(hub);
      want(i, hub) += 2 * x(i);
      want(hub, i) += 2 * x(i);
    }
    want(hub, hub) += 2;
    CHECK(near_all(a(x).dense(), want, 1e-12));
  }
  const Vector few = vector(6);
  const auto full = sparse_hessian([](const auto& u) { return exp(sum(u)); }, few);
  CHECK(full.colours() == 6);
  CHECK(near_all(full(few).dense(), Matrix(6, 6) + std::exp(sum(few)), 1e-12));
  CHECK(sparse_hessian([](const auto& u) { return sum(u * 2) + abs(u(0)); }, few)(few).entries() == 0);
}

TEST_CASE("many inputs: sets in blocks") {
  const index_t n = 2000;
  const Vector x = vector(n);
  const auto f = [n](const auto& u) {
    auto e = u(0) * u(n - 1);
    for (index_t i = 0; i + 1 < n; ++i) e = e + u(i) * u(i + 1) * u(i + 1);
    return e;
  };
  const auto h = sparse_hessian(f, x);
  CHECK(h.colours() <= 4);
  const auto m = h(x);
  CHECK(m.entries() == (n - 1) + 2 * (n - 1) + 2);
  for (index_t i = 0; i < n; ++i)
    for (index_t k = m.row_begin(i); k < m.row_begin(i + 1); ++k) {
      const index_t j = m.column(k);
      const index_t low = i < j ? i : j;
      const double want = i == j ? 2 * x(i - 1) : low == 0 && (i == n - 1 || j == n - 1) ? 1 : 2 * x(low + 1);
      CHECK(near(m.value(k), want, 1e-12));
    }
}

TEST_CASE("other shapes are errors") {
  const auto j = sparse_jacobian(Diffuse{}, vector(5));
  CHECK_THROWS_WITH_AS(j(vector(6)), doctest::Contains("has 6 elements, the recorded one 5"), shape_error);
  const auto h = sparse_hessian(Energy{}, vector(5));
  CHECK_THROWS_AS(h(vector(4)), shape_error);
  const auto s = sparse_jacobian([](const auto& u) { return u * u(0, 0); }, Tensor<float, 2, 2>{{1, 2}, {3, 4}});
  const auto m = s(Tensor<float, 2, 2>{{5, 6}, {7, 8}});
  CHECK(m.entries() == 7);
  CHECK(near_all(m.dense(), Matrix{{10, 0, 0, 0}, {6, 5, 0, 0}, {7, 0, 5, 0}, {8, 0, 0, 5}}));
}
