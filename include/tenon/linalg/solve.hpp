// tenon/linalg/solve.hpp: solutions of linear equations, and inverses.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto x = linalg::solve(a, b);                               // a x = b, by LU with partial pivoting
//   auto y = linalg::solve(a, b, linalg::lower);                // only the lower triangle of a, by substitution
//   auto z = linalg::solve(a, b, linalg::positive_definite);    // by Cholesky
// Leading axes count systems; a matrix or right-hand side without them is used for all.
#pragma once
#include <tenon/linalg/node.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace linalg {

/// What is known of a matrix: nothing, that only a triangle of it counts, that it is symmetric and positive definite.
enum class Structure { general, lower, upper, positive_definite };
template <Structure S>
struct StructureTag {};
inline constexpr StructureTag<Structure::lower> lower{};
inline constexpr StructureTag<Structure::upper> upper{};
inline constexpr StructureTag<Structure::positive_definite> positive_definite{};

namespace op {

/// The solution of a x = b, or of transposed(a) x = b. M. Giles, "Collected matrix derivative results" (2008), 2.3.
template <Structure S, bool Transposed = false>
struct Solve {
  static constexpr FixedString name{"solve"};
  static constexpr bool square = true;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims&, const Dims& b) { return b; }

  template <class T>
  static void compute(EigenConstMap<T> a, EigenConstMap<T> b, EigenMap<T> x) {
    if constexpr (S == Structure::positive_definite) {
      const EigenMatrix<T> mean = (a + a.transpose()) / T(2);
      const Eigen::LLT<EigenMatrix<T>> llt(mean);
      if (llt.info() != Eigen::Success)
        raise<linalg_error>(Message() << "tenon: solve: the matrix is not positive definite");
      x = llt.solve(b);
    } else if constexpr (S == Structure::general) {
      const Eigen::PartialPivLU<EigenMatrix<T>> lu(a);
      check(lu.matrixLU());
      if constexpr (Transposed) {
        x = lu.transpose().solve(b);
      } else {
        x = lu.solve(b);
      }
    } else {
      check(a);
      constexpr auto mode = S == Structure::lower ? Eigen::Lower : Eigen::Upper;
      constexpr auto opposite = S == Structure::lower ? Eigen::Upper : Eigen::Lower;
      if constexpr (Transposed) {
        x = a.transpose().template triangularView<opposite>().solve(b);
      } else {
        x = a.template triangularView<mode>().solve(b);
      }
    }
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& x, const Stack<T>& a, const Stack<T>&, const Stack<T>& da,
                          const Stack<T>& db) {
    const Stack<T> m = part(da);
    return apply_to(Solve{}, a, minus(db, Transposed ? mul_t_(m, x) : mul(m, x)));
  }
  template <class T, class GiveA, class GiveB>
  static void pull(const Stack<T>& x, const Stack<T>& g, const Stack<T>& a, const Stack<T>&, const GiveA& give_a,
                   const GiveB& give_b) {
    const Stack<T> gb = apply_to(Solve<S, !Transposed>{}, a, g);
    if constexpr (GiveB::active) give_b(gb);
    if constexpr (GiveA::active) give_a(part(negated(Transposed ? mul_t(x, gb) : mul_t(gb, x))));
  }

 private:
  // What of a matrix, or of its derivative, counts.
  template <class T>
  static Stack<T> part(const Stack<T>& m) {
    if constexpr (S == Structure::positive_definite) return symmetric(m);
    if constexpr (S == Structure::lower) return lower_part(m, false);
    if constexpr (S == Structure::upper) return transposed(lower_part(transposed(m), false));
    if constexpr (S == Structure::general) return m;
  }
  template <class M>
  static void check(const M& triangular) {
    for (index_t i = 0; i < triangular.rows(); ++i)
      if (triangular(i, i) == 0)
        raise<linalg_error>(Message() << "tenon: solve: the matrix is singular (pivot " << i << " is zero)");
  }
};

/// The inverse; Giles 2.2.1.
struct Inverse {
  static constexpr FixedString name{"inv"};
  static constexpr bool square = true;
  static constexpr int rank = 2;
  static constexpr Dims result(const Dims& a) { return a; }
  template <class T>
  static void compute(EigenConstMap<T> a, EigenMap<T> y) {
    const EigenMatrix<T> one = EigenMatrix<T>::Identity(a.rows(), a.cols());
    Solve<Structure::general>::compute<T>(a, EigenConstMap<T>(one.data(), a.rows(), a.cols()), y);
  }
  template <class T>
  static Stack<T> tangent(const Stack<T>& y, const Stack<T>&, const Stack<T>& da) {
    return negated(mul(y, mul(da, y)));
  }
  template <class T, class Give>
  static void pull(const Stack<T>& y, const Stack<T>& g, const Stack<T>&, const Give& give) {
    give(negated(mul_t_(y, mul_t(g, y))));
  }
};

}  // namespace op

namespace detail {

// The leading extents of To before the last two of From.
template <class From, class To>
struct LeadingDims {
  static constexpr Dims of(const Dims& from, const Dims& to) {
    Dims e = without_last_two(to);
    e.push(from.d[from.rank - 2]);
    e.push(from.d[from.rank - 1]);
    return e;
  }
  static constexpr Dims value() { return of(From::static_dims(), To::static_dims()); }
};
// A single matrix, repeated for each in a stack.
template <class N, class Other>
auto repeated_for(N n, const Other& other) {
  using E = typename N::extents_type;
  using F = typename Other::extents_type;
  if constexpr (E::rank == 2 && F::rank > 2) {
    using Dims2 = LeadingDims<E, F>;
    using To = extents_from<Dims2>;
    return Movement<move::BroadcastTo<To>, N>({To::from(Dims2::of(n.extents().dims(), other.extents().dims()))},
                                              static_cast<N&&>(n));
  } else {
    return n;
  }
}
template <class A, class B>
struct Systems {
  static constexpr bool known(index_t x, index_t y) { return x != dyn && y != dyn && x != y; }
  static constexpr bool ok = [] {
    if (A::rank < 2 || B::rank < 2) return true;  // another message's
    const Dims a = A::static_dims(), b = B::static_dims();
    if (known(a.d[a.rank - 1], b.d[b.rank - 2])) return false;
    if (a.rank > 2 && b.rank > 2) {
      if (a.rank != b.rank) return false;
      for (int i = 0; i < a.rank - 2; ++i)
        if (known(a.d[i], b.d[i])) return false;
    }
    return true;
  }();
  static_assert(ok,
                "tenon: solve: the right-hand side's rows are not the matrix's, or the leading extents differ "
                "(see A and B)");
};
template <Structure S, class A, class B>
auto solve_nodes(A a, B b) {
  using EA = typename A::extents_type;
  using EB = typename B::extents_type;
  if constexpr (EB::rank == 1) {
    // One vector is one column.
    using Column = Movement<move::Insert<1>, B>;
    return squeeze<-1>(solve_nodes<S>(static_cast<A&&>(a), Column({}, static_cast<B&&>(b))));
  } else if constexpr (Matrices<op::Solve<S>, EA>::ok && Systems<EA, EB>::ok) {
    const Dims da = a.extents().dims(), db = b.extents().dims();
    bool fits = da.d[EA::rank - 1] == db.d[EB::rank - 2];
    for (int i = 0; EA::rank > 2 && i < EB::rank - 2; ++i) fits = fits && da.d[i] == db.d[i];
    if (!fits) fail_shapes("solve", "the right-hand side does not fit the matrix", da, db);
    auto left = repeated_for(a, b);
    auto right = repeated_for(static_cast<B&&>(b), a);
    return matrix_node(op::Solve<S>{}, static_cast<decltype(left)&&>(left), static_cast<decltype(right)&&>(right));
  }
}

}  // namespace detail

/// x with a x = b: [..., n, n] and [..., n, k] (or a vector [n]); linalg_error if a is singular. With `lower` or
/// `upper` only that triangle of a counts; with `positive_definite` its symmetric part, and linalg_error if it is not.
template <expression A, expression B>
auto solve(A&& a, B&& b) {
  return detail::solve_nodes<Structure::general>(as_node(static_cast<A&&>(a)), as_node(static_cast<B&&>(b)));
}
template <expression A, expression B, Structure S>
auto solve(A&& a, B&& b, StructureTag<S>) {
  return detail::solve_nodes<S>(as_node(static_cast<A&&>(a)), as_node(static_cast<B&&>(b)));
}
/// The inverse of square matrices; linalg_error if one is singular. `solve` is faster and more exact.
template <expression A>
auto inv(A&& a) {
  return matrix_node(op::Inverse{}, as_node(static_cast<A&&>(a)));
}

}  // namespace linalg
}  // namespace TENON_ABI
}  // namespace tenon
