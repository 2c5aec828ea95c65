// tenon/expr/matmul.hpp: products of vectors and matrices by their usual names, all of them contractions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `matmul` follows NumPy: vectors, matrices, and stacks of matrices whose leading axes broadcast.
#pragma once
#include <tenon/expr/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The labels of a matrix product of operands of rank A and B: leading axes are -1, -2, ... from the right.
constexpr EinsumForm matmul_form(int a, int b) {
  EinsumForm f;
  f.operands = 2;
  const int lead_a = a > 2 ? a - 2 : 0, lead_b = b > 2 ? b - 2 : 0;
  for (int k = lead_a; k > 0; --k) f.in[0].push(-k);
  for (int k = lead_b; k > 0; --k) f.in[1].push(-k);
  for (int k = lead_a > lead_b ? lead_a : lead_b; k > 0; --k) f.out.push(-k);
  if (a > 1) f.in[0].push('m');
  if (a > 1) f.out.push('m');
  f.in[0].push('k');
  f.in[1].push('k');
  if (b > 1) f.in[1].push('n');
  if (b > 1) f.out.push('n');
  return f;
}
/// Whether matrices (vectors, stacks) with extents A and B can be multiplied, as far as their types know.
template <class A, class B>
inline constexpr bool matmul_fits = [] {
  if (A::rank == 0 || B::rank == 0) return false;
  const Dims shapes[] = {A::static_dims(), B::static_dims()};
  return einsum_misfit(matmul_form(A::rank, B::rank), shapes) == 0;
}();

namespace detail {

template <class A, class B>
struct Matmul {
  static constexpr bool ok = matmul_fits<A, B>;
  static constexpr bool has_axes = A::rank > 0 && B::rank > 0;
  static_assert(has_axes, "tenon: matmul: the operands need at least one axis");
  static_assert(ok || !has_axes,
                "tenon: matmul: the inner extents differ or the leading ones do not broadcast (see A, B)");
};
template <int Which, int RankA, int RankB>
struct MatmulLabels {
  static constexpr EinsumLabels value() {
    const EinsumForm f = matmul_form(RankA, RankB);
    return Which == 2 ? f.out : f.in[Which];
  }
};
constexpr void check_matmul(const Dims& a, const Dims& b) {
  if (a.d[a.rank - 1] != b.d[b.rank > 1 ? b.rank - 2 : 0]) fail_shapes("matmul", "the inner extents differ", a, b);
  for (int i = 3; i <= a.rank && i <= b.rank; ++i) {
    const index_t x = a.d[a.rank - i], y = b.d[b.rank - i];
    if (x != y && x != 1 && y != 1) fail_shapes("matmul", "the leading extents do not broadcast", a, b);
  }
}
template <class A, class B>
TENON_INLINE constexpr auto matmul_nodes(A&& a, B&& b) {
  using EA = typename A::extents_type;
  using EB = typename B::extents_type;
  // Operands that do not fit are an error already: the product goes on, so that it stays the only one.
  if constexpr (Matmul<EA, EB>::has_axes) {
    if constexpr (Matmul<EA, EB>::ok && !(EA::is_static && EB::is_static)) {
      constexpr bool stacked = EA::rank > 2 && EB::rank > 2;
      const index_t x = extents_in_place(a)[EA::rank - 1], y = extents_in_place(b)[EB::rank > 1 ? EB::rank - 2 : 0];
      if (stacked || x != y) check_matmul(a.extents().dims(), b.extents().dims());
    }
    using LA = seq_from<MatmulLabels<0, EA::rank, EB::rank>>;
    using LB = seq_from<MatmulLabels<1, EA::rank, EB::rank>>;
    return contracted<seq_from<MatmulLabels<2, EA::rank, EB::rank>>, LA, LB>(static_cast<A&&>(a), static_cast<B&&>(b));
  }
}

template <class A, class B>
struct DotRanks {
  static constexpr bool ok = A::rank == 1 && B::rank == 1;
  static_assert(ok, "tenon: dot: both operands must have one axis (matmul and inner take more)");
};
template <class A, class B>
struct OuterRanks {
  static constexpr bool ok = A::rank == 1 && B::rank == 1;
  static_assert(ok, "tenon: outer: both operands must have one axis");
};
template <class A>
struct TraceShape {
  static constexpr bool matrix = A::rank >= 2;
  static constexpr bool square() {
    const Dims e = A::static_dims();
    return !matrix || e.d[0] == e.d[1] || e.d[0] == dyn || e.d[1] == dyn;
  }
  static constexpr bool ok = matrix && square();
  static_assert(matrix, "tenon: trace: the operand needs at least two axes");
  static_assert(square(), "tenon: trace: the first two extents differ (see A)");
};

// Labels of the last (or first) N axes shared, the others apart.
template <int Which, int RankA, int RankB, int N, bool Last>
struct SharedLabels {
  static constexpr EinsumLabels value() {
    EinsumLabels a, b, c;
    const int first_b = Last ? RankB - N : 0;
    for (int i = 0; i < RankA; ++i) {
      a.push(1 + i);
      if (i < RankA - N) c.push(1 + i);
    }
    for (int i = 0; i < RankB; ++i) {
      const bool shared = i >= first_b && i < first_b + N;
      b.push(shared ? 1 + RankA - N + i - first_b : 1 + RankA + i);
      if (!shared) c.push(1 + RankA + i);
    }
    return Which == 0 ? a : Which == 1 ? b : c;
  }
};
template <class A, class B, int N, bool Last>
struct SharedAxes {
  static constexpr bool enough = A::rank >= N && B::rank >= N && N >= 0;
  static constexpr bool fits() {
    if (!enough) return true;
    const Dims a = A::static_dims(), b = B::static_dims();
    for (int i = 0; i < N; ++i) {
      const index_t x = a.d[A::rank - N + i], y = b.d[(Last ? B::rank - N : 0) + i];
      if (x != y && x != dyn && y != dyn) return false;
    }
    return true;
  }
  static constexpr bool ok = enough && fits();
  static_assert(Last || enough, "tenon: tensordot: an operand has fewer axes than are to be contracted");
  static_assert(!Last || enough, "tenon: inner: an operand has no axis to be contracted");
  static_assert(Last || fits(), "tenon: tensordot: the contracted extents differ (see A and B)");
  static_assert(!Last || fits(), "tenon: dot, inner: the contracted extents differ (see A and B)");
};
template <int N, bool Last, class A, class B>
constexpr auto contract_shared(const char* op, A&& a, B&& b) {
  using EA = typename A::extents_type;
  using EB = typename B::extents_type;
  if constexpr (SharedAxes<EA, EB, N, Last>::ok) {
    if constexpr (!(EA::is_static && EB::is_static)) {
      const Dims da = a.extents().dims(), db = b.extents().dims();
      for (int i = 0; i < N; ++i)
        if (da.d[EA::rank - N + i] != db.d[(Last ? EB::rank - N : 0) + i])
          fail_shapes(op, "the contracted extents differ", da, db);
    }
    using LA = seq_from<SharedLabels<0, EA::rank, EB::rank, N, Last>>;
    using LB = seq_from<SharedLabels<1, EA::rank, EB::rank, N, Last>>;
    return contracted<seq_from<SharedLabels<2, EA::rank, EB::rank, N, Last>>, LA, LB>(static_cast<A&&>(a),
                                                                                      static_cast<B&&>(b));
  }
}

template <class A, class B>
constexpr auto outer_nodes(A&& a, B&& b) {
  using Column = Movement<move::Insert<1>, A>;
  return make_map<op::Multiply>(Column({}, static_cast<A&&>(a)), static_cast<B&&>(b));
}

template <int Rank, int Skip>
struct TraceLabels {
  static constexpr EinsumLabels value() {
    EinsumLabels l;
    for (int i = Skip; i < Rank; ++i) l.push(i < 2 ? 1 : i);
    return l;
  }
};
template <class N>
constexpr auto trace_node(N&& n) {
  using E = typename N::extents_type;
  if constexpr (TraceShape<E>::ok) {
    if constexpr (!E::is_static) {
      const Dims e = n.extents().dims();
      if (e.d[0] != e.d[1]) fail_shape("trace", "the first two extents differ", e);
    }
    return contract_labelled<seq_from<TraceLabels<E::rank, 2>>>(
        Labelled<seq_from<TraceLabels<E::rank, 0>>, N>{static_cast<N&&>(n)});
  }
}

}  // namespace detail

/// The matrix product by NumPy's rules: [m, k] x [k, n], a vector on either side, and leading axes that broadcast.
/// shape_error if the inner extents differ.
template <expression X, expression Y>
constexpr auto matmul(X&& x, Y&& y) {
  return detail::matmul_nodes(as_node(static_cast<X&&>(x)), as_node(static_cast<Y&&>(y)));
}
/// The sum of products of two vectors, [n] x [n] -> []; complex elements are not conjugated.
template <expression X, expression Y>
constexpr auto dot(X&& x, Y&& y) {
  if constexpr (detail::DotRanks<typename bare_t<X>::extents_type, typename bare_t<Y>::extents_type>::ok)
    return detail::contract_shared<1, true>("dot", as_node(static_cast<X&&>(x)), as_node(static_cast<Y&&>(y)));
}
/// Contracts the last axes of both operands: [..., k] x [..., k] -> [..., ...].
template <expression X, expression Y>
constexpr auto inner(X&& x, Y&& y) {
  return detail::contract_shared<1, true>("inner", as_node(static_cast<X&&>(x)), as_node(static_cast<Y&&>(y)));
}
/// Contracts the last N axes of x with the first N of y.
template <int N, expression X, expression Y>
constexpr auto tensordot(X&& x, Y&& y) {
  return detail::contract_shared<N, false>("tensordot", as_node(static_cast<X&&>(x)), as_node(static_cast<Y&&>(y)));
}
/// All products of the elements of two vectors, [m] x [n] -> [m, n]; pointwise, so it fuses.
template <expression X, expression Y>
constexpr auto outer(X&& x, Y&& y) {
  if constexpr (detail::OuterRanks<typename bare_t<X>::extents_type, typename bare_t<Y>::extents_type>::ok)
    return detail::outer_nodes(as_node(static_cast<X&&>(x)), as_node(static_cast<Y&&>(y)));
}
/// The sum of the diagonal of the first two axes, [n, n, ...] -> [...].
template <expression X>
constexpr auto trace(X&& x) {
  return detail::trace_node(as_node(static_cast<X&&>(x)));
}

}  // namespace TENON_ABI
}  // namespace tenon
