// tenon/exec/cpu/contraction_plan.hpp: a contraction as loops: which axes are batch, rows, columns and sum.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every label is one of four: batch (in A, B and C), row (A and C), column (B and C) or sum (not in C; a stride of 0
// where an operand lacks it). Neighbouring axes that all operands walk as one are merged, so what is left of most
// contractions is a batch of matrix products over strided operands, whatever their axes were called and ordered.
#pragma once
#include <tenon/exec/loops.hpp>
#include <tenon/shape/einsum.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Axes of one class; strides in elements for A, B and C.
struct ContractionAxes {
  int rank = 0;
  index_t extent[ContractionLabels::capacity], a[ContractionLabels::capacity], b[ContractionLabels::capacity],
      c[ContractionLabels::capacity];

  constexpr void push(index_t e, index_t sa, index_t sb, index_t sc) {
    extent[rank] = e;
    a[rank] = sa;
    b[rank] = sb;
    c[rank++] = sc;
  }
  constexpr index_t size() const {
    index_t n = 1;
    for (int i = 0; i < rank; ++i) n *= extent[i];
    return n;
  }
  constexpr void forget_operands() {
    for (int i = 0; i < rank; ++i) a[i] = b[i] = 0;
  }
  static constexpr index_t magnitude(index_t x) { return x < 0 ? -x : x; }
  // Long strides first, then neighbours that are walked as one become one axis.
  constexpr void tidy(bool by_c) {
    const auto weight = [&](int i) { return by_c ? magnitude(c[i]) : magnitude(a[i]) + magnitude(b[i]); };
    for (int i = 1; i < rank; ++i)
      for (int k = i; k > 0 && weight(k - 1) < weight(k); --k) swap(k - 1, k);
    for (int i = rank - 2; i >= 0; --i) {
      const index_t n = extent[i + 1];
      if (a[i] != a[i + 1] * n || b[i] != b[i + 1] * n || c[i] != c[i + 1] * n) continue;
      extent[i + 1] *= extent[i];
      for (int k = i; k + 1 < rank; ++k) {
        extent[k] = extent[k + 1];
        a[k] = a[k + 1];
        b[k] = b[k + 1];
        c[k] = c[k + 1];
      }
      --rank;
    }
  }
  constexpr void swap(int i, int k) {
    exchange(extent[i], extent[k]);
    exchange(a[i], a[k]);
    exchange(b[i], b[k]);
    exchange(c[i], c[k]);
  }
  static constexpr void exchange(index_t& x, index_t& y) {
    const index_t t = x;
    x = y;
    y = t;
  }
};

/// The loops of one contraction.
struct ContractionPlan {
  ContractionAxes batch, row, column, sum;
  bool nothing = false;  // the output has no elements
};

/// Plans c = sum of a * b; the maps say where the operands' axes are.
constexpr void plan_contraction(ContractionPlan& p, const ContractionLabels& l, const StridedMap& a,
                                const StridedMap& b, const StridedMap& c) {
  for (int i = 0; i < l.count; ++i) {
    const index_t ea = l.a[i] < 0 ? 1 : a.extents.d[l.a[i]], eb = l.b[i] < 0 ? 1 : b.extents.d[l.b[i]],
                  ec = l.c[i] < 0 ? 1 : c.extents.d[l.c[i]];
    const index_t e = ea != 1 ? ea : eb != 1 ? eb : ec;
    if (ec == 0) p.nothing = true;
    if (e == 1) continue;
    // An operand without the label, or with extent 1, stays where it is.
    const index_t sa = ea == 1 ? 0 : a.strides.d[l.a[i]], sb = eb == 1 ? 0 : b.strides.d[l.b[i]],
                  sc = ec == 1 ? 0 : c.strides.d[l.c[i]];
    ContractionAxes& to = ec == 1 ? p.sum : ea == 1 ? p.column : eb == 1 ? p.row : p.batch;
    to.push(e, sa, sb, sc);
  }
  p.batch.tidy(true);
  p.row.tidy(true);
  p.column.tidy(true);
  p.sum.tidy(false);
  // Operands without elements may be nowhere, from where no offset leads.
  if (p.sum.size() == 0) {
    p.batch.forget_operands();
    p.row.forget_operands();
    p.column.forget_operands();
    p.sum.forget_operands();
  }
}

/// Visits all index tuples of some axes; keeps the offsets of A, B and C.
struct ContractionWalk {
  index_t a = 0, b = 0, c = 0, index[ContractionLabels::capacity] = {};
  /// From the n-th element on.
  void start(const ContractionAxes& x, index_t n) {
    for (int i = x.rank - 1; i >= 0; n /= x.extent[i], --i) {
      index[i] = n % x.extent[i];
      a += index[i] * x.a[i];
      b += index[i] * x.b[i];
      c += index[i] * x.c[i];
    }
  }
  bool next(const ContractionAxes& x) {
    for (int i = x.rank - 1; i >= 0; --i) {
      a += x.a[i];
      b += x.b[i];
      c += x.c[i];
      if (++index[i] < x.extent[i]) return true;
      index[i] = 0;
      a -= x.a[i] * x.extent[i];
      b -= x.b[i] * x.extent[i];
      c -= x.c[i] * x.extent[i];
    }
    return false;
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
