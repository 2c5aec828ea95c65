// tenon/linalg/stack.hpp: stacks of matrices: what the rules of linear algebra are written with.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever leading axes and static extents the operands have, a rule sees Stack<T>: [batch, rows, columns], all known
// at run time. So each rule is compiled once for each number, and T may be any number: the product of two stacks of
// dual or rev numbers has derivatives as every product has.
#pragma once
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/matmul.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/band.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {

/// Matrices side by side.
template <class T>
using Stack = Tensor<T, dyn, dyn, dyn>;

// One function for each step, not one expression for each rule: a step is compiled once, and next to a decomposition
// passes over memory do not count.

/// Element by element; an extent of 1 stretches.
template <class T>
[[gnu::noinline]] Stack<T> plus(const Stack<T>& a, const Stack<T>& b) {
  return a + b;
}
template <class T>
[[gnu::noinline]] Stack<T> minus(const Stack<T>& a, const Stack<T>& b) {
  return a - b;
}
template <class T>
[[gnu::noinline]] Stack<T> times(const Stack<T>& a, const Stack<T>& b) {
  return a * b;
}
template <class T>
[[gnu::noinline]] Stack<T> negated(const Stack<T>& a) {
  return -a;
}
/// The matrices transposed.
template <class T>
[[gnu::noinline]] Stack<T> transposed(const Stack<T>& a) {
  return swapaxes<1, 2>(a);
}
/// Products of matrices.
template <class T>
[[gnu::noinline]] Stack<T> mul(const Stack<T>& a, const Stack<T>& b) {
  return matmul(a, b);
}
/// transposed(a) b and a transposed(b).
template <class T>
Stack<T> mul_t_(const Stack<T>& a, const Stack<T>& b) {
  return mul(transposed(a), b);
}
template <class T>
Stack<T> mul_t(const Stack<T>& a, const Stack<T>& b) {
  return mul(a, transposed(b));
}
/// (a + transposed(a)) / 2
template <class T>
Stack<T> symmetric(const Stack<T>& a) {
  const Stack<T> half = a * 0.5;
  return plus(half, transposed(half));
}
/// Rows, or columns, from `first` up to `last`.
template <class T>
[[gnu::noinline]] Stack<T> rows_of(const Stack<T>& a, index_t first, index_t last) {
  return slice(a, whole, range(first, last), whole);
}
template <class T>
Stack<T> columns_of(const Stack<T>& a, index_t first, index_t last) {
  return transposed(rows_of(transposed(a), first, last));
}
/// a above b.
template <class T>
[[gnu::noinline]] Stack<T> stacked(const Stack<T>& a, const Stack<T>& b) {
  const index_t n = a.extent(1), m = b.extent(1);
  Stack<T> r(a.extent(0), n + m, a.extent(2));
  slice(r, whole, range(0, n), whole) = a;
  slice(r, whole, range(n, n + m), whole) = b;
  return r;
}
/// The lower triangle; `half`: with half the diagonal.
template <class T>
Stack<T> lower_part(const Stack<T>& a, bool half) {
  const index_t n = a.extent(1), m = a.extent(2);
  Tensor<base_t<T>, dyn, dyn> mask(n, m);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = 0; j <= i && j < m; ++j) mask(i, j) = half && i == j ? base_t<T>(0.5) : base_t<T>(1);
  return a * mask;
}
/// The lower triangle without the diagonal.
template <class T>
Stack<T> strictly_lower(const Stack<T>& a) {
  const Stack<T> half = lower_part(a, true);
  return minus(plus(half, half), lower_part(a, false));
}
/// 1 / x, and 0 where x is 0: without derivative there, in every mode.
template <class T>
Stack<T> reciprocal_or_zero(const Stack<T>& x) {
  return where(x == 0, 0, reciprocal(where(x == 0, 1, x)));
}
/// f(i, j) = 1 / (x(j) - x(i)), 0 where they are equal; x: [batch, 1, n].
template <class T>
Stack<T> reciprocal_gaps(const Stack<T>& x) {
  return reciprocal_or_zero(minus(x, transposed(x)));
}
/// The diagonals, [batch, 1, n].
template <class T>
Stack<T> diagonal_of(const Stack<T>& a) {
  return expand_dims<1>(diagonal(a));
}
/// The sums of the matrices' elements, [batch, 1, 1].
template <class T>
Stack<T> total_of(const Stack<T>& a) {
  return expand_dims<1>(expand_dims<1>(sum<1, 2>(a)));
}
/// n by n identities.
template <class T>
Stack<T> identities(index_t batch, index_t n) {
  Stack<T> r(batch, n, n);
  r += eye<base_t<T>>(n);
  return r;
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
