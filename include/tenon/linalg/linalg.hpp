// tenon/linalg/linalg.hpp: linear algebra by Eigen 3.4, with derivatives in every mode. Included by name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Tensor<double, dyn> x = linalg::solve(a, b);
//   auto g = grad([](const auto& m) { return linalg::slogdet(m).logabsdet; })(a);
// Leading axes count matrices. Results are those of NumPy's functions of the same names.
#pragma once
#include <tenon/linalg/cholesky.hpp>
#include <tenon/linalg/determinant.hpp>
#include <tenon/linalg/eigh.hpp>
#include <tenon/linalg/qr.hpp>
#include <tenon/linalg/solve.hpp>
#include <tenon/linalg/svd.hpp>
