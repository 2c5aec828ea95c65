// benchmarks/dgemm.cpp: matrix products in double.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gemm.hpp"

namespace bench {
namespace {

const Area area([] { add_products<double>(); });

}  // namespace
}  // namespace bench
