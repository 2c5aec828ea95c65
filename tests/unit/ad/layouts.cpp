// tests/unit/ad/layouts.cpp: gradients through leaves and results that lie transposed, strided, reversed or repeated.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function of vectors and one of matrices with a number for each case, so that the cases share their numbers' types
// and with them their code.
#include <tenon/ad/variable.hpp>

#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

struct OfMatrix {
  enum { square_transposed, columns, one_element, moved, repeated };
  int which;
  template <class X>
  auto operator()(const X& x) const {
    using T = typename X::value_type;
    switch (which) {
      case square_transposed:
        return static_cast<T>(sum(transpose(x) * x * 2));
      case columns:
        return static_cast<T>(sum(col(x, 1) * col(x, 2) * diagonal(x)));
      case one_element:
        return static_cast<T>(slice(exp(x) * x, 2, 1) * slice(x, 0, 0));
      case moved:
        return static_cast<T>(sum(transpose(x * x) * flip<1>(tanh(x))));
      default:
        return static_cast<T>(norm_l2(broadcast_to<5, 4, 3>(x)));
    }
  }
};
struct OfVector {
  enum { strided, reversed, one_element, repeated, windows_sum, windows_max };
  int which;
  template <class X>
  auto operator()(const X& x) const {
    using T = typename X::value_type;
    switch (which) {
      case strided:
        return static_cast<T>(sum(square(slice(x, range(18, 1, -2))) * slice(x, range(0, 9))));
      case reversed:
        return static_cast<T>(sum(flip<0>(x) * slice(x, 2)));
      case one_element:
        return static_cast<T>(slice(x * 2, 1));
      case repeated:
        return static_cast<T>(sum(broadcast_to<4, 3>(x)));
      case windows_sum:
        return static_cast<T>(sum(square(sum<1>(windows<0, 4>(x)))));
      default:
        return static_cast<T>(sum(square(max<0>(windows<0, 4>(x)))));
    }
  }
};

}  // namespace

TEST_CASE("leaves are transposed, strided and reversed") {
  check_gradient(OfMatrix{OfMatrix::square_transposed}, matrix(7, 7));
  check_gradient(OfVector{OfVector::strided}, vector(19));
  check_gradient(OfVector{OfVector::reversed}, vector(21));
  check_gradient(OfMatrix{OfMatrix::columns}, matrix(9, 9));
  check_gradient([](const auto& x) { return sum(permute<2, 0, 1>(x) * permute<2, 0, 1>(exp(x))); },
                 filled(Tensor<double, 2, 3, 4>{}, scatter));
}

TEST_CASE("slices that overlap: neighbours in a field") {
  for (const index_t n : {3, 4, 11, 19, 100, 1500}) {  // more than once through the buffer
    CAPTURE(n);
    const auto x = vector(n), w = evaluate(0.5 - vector(n));
    const auto part = [&](const auto& v, index_t first) { return slice(v, range(first, first + n - 2)); };
    Tape tape;
    const auto v = tape.variable(x);
    const auto y = evaluate(part(v, 1) * (part(v, 2) - 2 * part(v, 0)) * part(v, 1));
    const auto [g] = tape.gradient(sum(y * part(w, 1)), v);
    Tensor<double, dyn> expected(n);
    for (index_t i = 1; i + 1 < n; ++i) {
      expected(i - 1) -= 2 * w(i) * x(i) * x(i);
      expected(i) += 2 * w(i) * x(i) * (x(i + 1) - 2 * x(i - 1));
      expected(i + 1) += w(i) * x(i) * x(i);
    }
    CHECK(near_all(g, expected, 1e-14));
  }
}

TEST_CASE("movements of expressions, down to one element") {
  check_gradient(OfVector{OfVector::one_element}, vector(3));
  check_gradient(OfMatrix{OfMatrix::one_element}, matrix(3, 3));
  check_gradient(OfMatrix{OfMatrix::moved}, matrix(4, 4));
}

TEST_CASE("operands of reductions that show elements more than once") {
  check_gradient(OfVector{OfVector::repeated}, vector(3));
  check_gradient(OfMatrix{OfMatrix::repeated}, matrix(4, 1));
  check_gradient(OfVector{OfVector::windows_sum}, vector(21));
  check_gradient(OfVector{OfVector::windows_max}, vector(21));
}
