// tenon/linalg/eigen.hpp: what the decompositions take from Eigen, without the warnings of g++'s vector headers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// g++ 12 takes the undefined vectors of its own AVX-512 header for uninitialised ones.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <tenon/base/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {

/// A matrix that an operation has no result for: singular, not positive definite, an iteration that did not converge.
class linalg_error : public value_error {
 public:
  using value_error::value_error;
};

/// Eigen's matrix with the layout of a tensor, and one in a tensor's memory.
template <class T>
using EigenMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using EigenMap = Eigen::Map<EigenMatrix<T>>;
template <class T>
using EigenConstMap = Eigen::Map<const EigenMatrix<T>>;

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
