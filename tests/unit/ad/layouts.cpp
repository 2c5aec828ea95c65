// tests/unit/ad/layouts.cpp: gradients through leaves and results that lie transposed, strided, reversed or repeated.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gradients.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("leaves are transposed, strided and reversed") {
  check_gradient([](const auto& x) { return sum(transpose(x) * x * 2); }, matrix(7, 7));
  check_gradient([](const auto& x) { return sum(square(slice(x, range(18, 1, -2))) * slice(x, range(0, 9))); },
                 vector(19));
  check_gradient([](const auto& x) { return sum(flip<0>(x) * slice(x, 2)); }, vector(21));
  check_gradient([](const auto& x) { return sum(col(x, 1) * col(x, 2) * diagonal(x)); }, matrix(9, 9));
  check_gradient([](const auto& x) { return sum(permute<2, 0, 1>(x) * permute<2, 0, 1>(exp(x))); },
                 filled(Tensor<double, 2, 3, 4>{}, scatter));
}

TEST_CASE("movements of expressions, down to one element") {
  check_gradient([](const auto& x) { return slice(x * 2, 1); }, vector(3));
  check_gradient([](const auto& x) { return slice(exp(x) * x, 2, 1) * slice(x, 0, 0); }, matrix(3, 3));
  check_gradient([](const auto& x) { return sum(transpose(x * x) * flip<1>(tanh(x))); }, matrix(4, 4));
}

TEST_CASE("operands of reductions that show elements more than once") {
  check_gradient([](const auto& x) { return sum(broadcast_to<4, 3>(x)); }, filled(Tensor<double, 3>{}, scatter));
  check_gradient([](const auto& x) { return norm_l2(broadcast_to<5, 4, 3>(x)); },
                 filled(Tensor<double, 4, 1>{}, scatter));
  check_gradient([](const auto& x) { return sum(square(sum<1>(windows<0, 4>(x)))); }, vector(21));
  check_gradient([](const auto& x) { return sum(square(max<0>(windows<0, 4>(x)))); }, vector(21));
}
