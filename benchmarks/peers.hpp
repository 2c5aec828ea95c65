// benchmarks/peers.hpp: libraries that are measured beside tenon, where this machine has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// BLAS libraries share their function names, so each is opened at run time and called through its own table.
#pragma once
#include <string>
#include <utility>
#include <vector>

#if __has_include(<Eigen/Core>)
#define BENCH_EIGEN 1
#else
#define BENCH_EIGEN 0
#endif
#if __has_include(<glm/glm.hpp>)
#define BENCH_GLM 1
#else
#define BENCH_GLM 0
#endif

namespace bench {

/// The functions of a BLAS library that are measured. Matrices are row-major.
struct Blas {
  using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
  using Dgemm = void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*,
                         int);
  using Sgemv = void (*)(int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
  static constexpr int row_major = 101, plain = 111, transposed = 112;

  const char* name = nullptr;
  std::string version;
  Sgemm sgemm = nullptr;
  Dgemm dgemm = nullptr;
  Sgemv sgemv = nullptr;
  void (*set_threads)(int) = nullptr;  // OpenBLAS's alone

  /// c = a b, [m, k] x [k, n]; b is stored as [n, k] if it is `turned`.
  void gemm(int m, int n, int k, const float* a, const float* b, float* c, bool turned = false) const {
    sgemm(row_major, plain, turned ? transposed : plain, m, n, k, 1, a, k, b, turned ? k : n, 0, c, n);
  }
  void gemm(int m, int n, int k, const double* a, const double* b, double* c, bool turned = false) const {
    dgemm(row_major, plain, turned ? transposed : plain, m, n, k, 1, a, k, b, turned ? k : n, 0, c, n);
  }
};
/// The BLAS libraries of this machine.
const std::vector<Blas>& blas_libraries();

/// A small matrix product compiled by LIBXSMM at run time, c = a b (row-major), or nullptr.
template <class T>
using SmallProduct = void (*)(const T*, const T*, T*);
template <class T>
SmallProduct<T> xsmm_product(int m, int n, int k);
/// Calls what xsmm_product gave: its operands are column-major, so a b is computed as transposed(b) transposed(a).
template <class T>
void call(SmallProduct<T> p, const T* a, const T* b, T* c) {
  p(b, a, c);
}

/// The sum of products of small matrices, c = sum over i < count of a[i] b[i], in the same way.
using SumOfProducts = void (*)(const float**, const float**, float*, const unsigned long long*);
SumOfProducts xsmm_sum_of_products(int m, int n, int k);
inline void call(SumOfProducts p, const float** a, const float** b, float* c, unsigned long long count) {
  p(b, a, c, &count);
}

/// Names and versions of all peers that were found; names on stderr, as SKIPPED, those that were not.
std::vector<std::pair<std::string, std::string>> peers();

}  // namespace bench
