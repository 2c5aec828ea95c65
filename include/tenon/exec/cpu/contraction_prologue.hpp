// tenon/exec/cpu/contraction_prologue.hpp: operands of contractions that are computed while they are packed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In matmul(x * scale, w) the product x * scale is never stored: a piece of it is computed in the first-level cache,
// and from there goes to a panel. That is possible where each leaf of the operand's program walks the rows (or
// columns), the sum and the batch by one stride each. An operand that would be packed many times is computed once,
// aside.
#pragma once
#include <tenon/exec/cpu/contraction_pack.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// An operand that is a program over leaves in memory; `loop` computes it into dense elements, but for where to.
struct OperandProgram {
  PointwiseCall loop;
  bool costly;  // more than a few instructions an element
};

/// How an operand is computed while it is packed: a row kernel over leaves, and their strides.
struct Prologue {
  static constexpr int max_leaves = 8;
  RowFunction row = nullptr;
  index_t element_bytes = 0;
  int leaves = 0;
  bool by_outer = false;  // leaves are contiguous along rows (columns), not along the sum
  const char* data[max_leaves];
  index_t bytes[max_leaves], batch[max_leaves], outer[max_leaves], sum[max_leaves];

  /// Computes n elements from index (b, o, k) on, along one of the axes.
  void compute(void* to, index_t b, index_t o, index_t k, index_t n) const { compute_rows(to, 0, 1, b, o, k, n); }
  /// The same for so many rows, `apart` bytes from each other.
  void compute_rows(void* to, index_t apart, index_t rows, index_t b, index_t o, index_t k, index_t n) const {
    const void* source[max_leaves];
    for (int l = 0; l < leaves; ++l) source[l] = data[l] + (b * batch[l] + o * outer[l] + k * sum[l]) * bytes[l];
    for (char* row_to = static_cast<char*>(to);; row_to += apart) {
      row(row_to, 1, source, by_outer ? outer : sum, n);
      if (--rows == 0) return;
      for (int l = 0; l < leaves; ++l) source[l] = static_cast<const char*>(source[l]) + outer[l] * bytes[l];
    }
  }
  /// Asks for what n elements from index (b, o, k) on along the sum are computed from, where it is in one piece and no
  /// other row's.
  void expect(index_t b, index_t o, index_t k, index_t n) const {
    for (int l = 0; l < leaves; ++l) {
      if (sum[l] != 1 || outer[l] == 0) continue;
      const char* const from = data[l] + (b * batch[l] + o * outer[l] + k) * bytes[l];
      for (index_t i = 0; i < n * bytes[l]; i += 64) __builtin_prefetch(from + i, 0, 2);
    }
  }
};

namespace detail {

inline constexpr index_t computed_bytes = 16384;  // of a piece
// Of columns, what the second-level cache holds beside the rows that pass: for each so many rows are computed anew. And
// as many steps of the sum as they have at most.
inline constexpr index_t kept_bytes = TENON_ISA == 512 ? 524288 : 262144, most_steps = 1024;

/// Packs rows (columns) [o, o + n) by steps [k, k + m) of matrix b of an operand into panels of P rows of words,
/// `group` elements each.
[[gnu::noinline]] inline void pack_computed(const Prologue& p, PackFunction pack, index_t P, index_t group,
                                            index_t word_bytes, void* to, index_t b, index_t o, index_t n, index_t k,
                                            index_t m) {
  alignas(alignment) char piece[computed_bytes];
  const index_t bytes = p.element_bytes, most = computed_bytes / (P * bytes) / group * group;
  char* panel = static_cast<char*>(to);
  for (; n > 0; n -= P, o += P, panel += P * ((m + group - 1) / group) * word_bytes) {
    const index_t rows = n < P ? n : P;
    for (index_t s = 0; s < m; s += most) {
      const index_t steps = m - s < most ? m - s : most;
      Line outer, sum;
      outer.size = outer.run = rows;
      sum.size = sum.run = steps;
      if (p.by_outer) {
        for (index_t i = 0; i < steps; ++i) p.compute(piece + i * P * bytes, b, o, k + s + i, rows);
        sum.stride = P;
      } else {
        for (index_t i = 0; i < rows; ++i) p.compute(piece + i * most * bytes, b, o + i, k + s, steps);
        outer.stride = most;
      }
      pack(panel + s / group * P * word_bytes, piece, outer, 0, rows, sum, 0, steps);
    }
  }
}

/// Which axis of operand `mine` (the axes of the labels in it) of a contraction with `theirs` is the batch, which has
/// its rows (or columns), which the sum (-1: none); false if it has several, or is better computed before: what would
/// be computed more than once.
[[gnu::noinline]] inline bool prologue_axes(int (&axis)[3], const ContractionLabels& l, const signed char* mine,
                                            const Dims& me, const signed char* theirs, const Dims& other,
                                            index_t element_bytes, bool costly) {
  constexpr index_t least = 16, least_elements = 4096, most_beside = 1024, most_beside_costly = 128;
  index_t beside = 1;  // columns (rows) of the other operand
  axis[0] = axis[1] = axis[2] = -1;
  for (int i = 0; i < l.count; ++i) {
    const bool here = mine[i] >= 0 && me.d[mine[i]] != 1, there = theirs[i] >= 0 && other.d[theirs[i]] != 1;
    if (!here) {
      if (there && l.c[i] < 0) return false;  // the sum has another axis, which the operand does not walk
      if (there) beside *= other.d[theirs[i]];
      continue;
    }
    int& a = axis[l.c[i] < 0 ? 2 : there ? 0 : 1];
    if (a >= 0) return false;
    a = mine[i];
  }
  const index_t sum = axis[2] < 0 ? 1 : me.d[axis[2]], steps = sum < most_steps ? sum : most_steps;
  return axis[1] >= 0 && me.d[axis[1]] >= least && beside >= least &&
         beside <= (costly ? most_beside_costly : most_beside) && beside * steps * element_bytes <= kept_bytes &&
         me.size() >= least_elements && element_bytes > 1;
}
/// Fills in p for an operand of which the axes are known.
[[gnu::noinline]] inline void plan_prologue(Prologue& p, const int (&axis)[3], const PointwiseCall& loop) {
  p.row = loop.row;
  p.element_bytes = loop.out_bytes;
  p.leaves = loop.loads;
  int along_rows = 0, along_sum = 0;
  for (int k = 0; k < loop.loads; ++k) {
    const StridedMap& m = loop.source[k].map;
    const auto stride = [&](int i) { return axis[i] < 0 ? 0 : m.strides.d[axis[i]]; };
    p.data[k] = static_cast<const char*>(loop.source[k].data) + m.offset * loop.bytes[k];
    p.bytes[k] = loop.bytes[k];
    p.batch[k] = stride(0);
    p.outer[k] = stride(1);
    p.sum[k] = stride(2);
    along_rows += p.outer[k] == 1;
    along_sum += p.sum[k] == 1;
  }
  p.by_outer = along_rows > along_sum;
}

/// Whether operand N may be computed while it is packed: a pointwise program of real numbers.
template <class N>
inline constexpr bool may_be_packed = false;
template <class Op, class T, class Args, class... N>
inline constexpr bool may_be_packed<Map<Op, T, Args, N...>> =
    is_real<T> && !repeats_computed<Map<Op, T, Args, N...>> && !goes_by_rows<Map<Op, T, Args, N...>> &&
    program_of<Map<Op, T, Args, N...>>::loads <= Prologue::max_leaves;
/// Whether operand I of contraction n is.
template <int I, class N>
bool is_packed(const N& n) {
  using A = bare_t<decltype(n.template operand<0>())>;
  using B = bare_t<decltype(n.template operand<1>())>;
  using X = bare_t<decltype(n.template operand<I>())>;
  if constexpr (may_be_packed<X> && is_real<typename A::value_type> && is_real<typename B::value_type>) {
    constexpr ContractionLabels l = N::spec::labels();
    int axis[3];
    return prologue_axes(axis, l, I ? l.b : l.a, n.template operand<I>().extents().dims(), I ? l.a : l.b,
                         n.template operand<1 - I>().extents().dims(), sizeof(typename X::value_type), !X::cheap);
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
