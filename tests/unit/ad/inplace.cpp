// tests/unit/ad/inplace.cpp: gradients through tensors that are overwritten: whole, in parts, element by element.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every function is run with double as well: writing must mean the same with and without derivatives.
#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("a tensor is assigned from itself") {
  check_gradient(
      [](const auto& x) {
        auto a = x;
        a = a - 2 * a * x;
        a += a;
        a *= x;
        a -= 1;
        a /= x + 3;
        return evaluate(sum(a * a));
      },
      vector(11));
  check_gradient(
      [](const auto& x) {
        auto a = x;
        a = transpose(a) * a;
        a = a + row(a, 0);
        return evaluate(sum(a * a));
      },
      matrix(3, 3));
}

TEST_CASE("elements are read and written in loops") {
  // A pendulum: semi-implicit Euler steps on elements of two tensors.
  check_gradient(
      [](const auto& x) {
        auto q = x;
        auto v = x;
        v = 0.5 * x;
        for (int i = 0; i < 20; ++i) {
          v(0) -= sin(q(0)) * 0.1;
          v(1) -= q(1) * 0.1 * v(0);
          q(0) += v(0) * 0.1;
          q(1) += v(1) * 0.1;
          if (q(1) > 0.5) q(1) = q(1) * q(0);
        }
        q = q * v;  // a statement over all of it, in between
        q(0) = q(1) + q(0) / 2;
        return evaluate(sum(q * v) + q(0));
      },
      vector(2), 1e-7);
}

TEST_CASE("elements copied with auto are numbers of their own") {
  check_gradient(
      [](const auto& x) {
        auto a = x;
        auto t = a(0);
        a(0) = a(1) * a(1);
        a(1) = t;  // not the new a(0)
        auto p = a(2);
        p *= 3;  // a(2) stays
        p = p + a(2);
        const auto fixed = a(2);
        a(2) = 7 * x(0);
        return evaluate(sum(a) * p + fixed);
      },
      vector(4));
}

TEST_CASE("elements in range-based loops") {
  check_gradient(
      [](const auto& x) {
        auto s = x(0) * 0;
        for (auto e : x) s += e * e * e;
        auto a = x;
        for (auto&& e : a) e = e * s;
        for (auto& e : a) e += 1;
        for (auto e : a) e = e * 0;  // of a copy
        for (const auto& e : a) s += e;
        return s;
      },
      vector(5));
}

TEST_CASE("views are written through and see what is written") {
  check_gradient(
      [](const auto& x) {
        auto a = x;
        auto left = slice(a, range(0, 5));
        auto right = slice(a, range(1, 6));
        for (int i = 0; i < 3; ++i) left = left * right;  // overlapping
        a(5) = a(4) * 2;
        right += left;  // sees a(5)
        const auto all = a.view();
        a = a * x;  // all sees it
        left(1) = all(5) * all(0);
        return evaluate(sum(all * right(0)));
      },
      vector(6));
  check_gradient(
      [](const auto& x) {
        auto a = x;
        slice(a, whole, range(3, end, -2)) = exp(slice(x, whole, range(0, 2)));
        row(a, 1) *= row(a, 0);
        transpose(a) = a * a;
        col(a, 2) = 5;
        diagonal(a) += col(a, 0);
        return evaluate(sum(a * x));
      },
      matrix(4, 4));
}

TEST_CASE("copies of a tensor go their own ways") {
  check_gradient(
      [](const auto& x) {
        auto a = exp(x * 1);
        auto b = evaluate(a);
        auto c = b;
        auto d = c;
        b(0) = b(1) * 3;
        c = c * b;
        slice(d, range(0, 2)) = slice(c, range(1, 3));
        auto e = d;
        e(2) += d(0);
        return evaluate(sum(b * c) + sum(d * d * e));
      },
      vector(4));
}

TEST_CASE("what is overwritten passes nothing on") {
  check_gradient(
      [](const auto& x) {
        auto a = x;
        a = a * a;
        a = 3;
        auto b = x;
        b(0) = b(0) * 100;
        b(0) = 2;
        slice(b, range(1, 2)) = slice(b, range(2, 3));
        return evaluate(sum(a * x) + sum(b * b));
      },
      vector(4));
}

TEST_CASE("constants are written into and become variables where they meet one") {
  check_gradient(
      [](const auto& x) {
        using T = typename bare_t<decltype(x)>::value_type;
        Tensor<T, dyn> a(3);
        a(0) = 5;
        a(1) = x(0) * x(1);
        a(2) = a(1) * a(0);
        Tensor<T, 2, 2> m{{x(0), 1.0}, {x(1) * 2, -x(0)}};
        Tensor<T, 3> zeros;
        zeros = 4;
        zeros(1) = 2;
        slice(zeros, range(0, 1)) = 3;
        return evaluate(sum(a) + sum(m * m) + sum(zeros) + zeros(2));
      },
      vector(2));
}

TEST_CASE("a tensor changes its extents") {
  check_gradient(
      [](const auto& x) {
        using T = typename bare_t<decltype(x)>::value_type;
        Tensor<T, dyn> a;
        for (index_t i = 0; i < 3; ++i) {
          a = slice(x, range(0, i + 2)) * 2;
          a(0) = a(i);
        }
        Tensor<T, dyn> b = static_cast<Tensor<T, dyn>&&>(a);
        a = b * b;
        return evaluate(sum(a * b));
      },
      vector(5));
}
