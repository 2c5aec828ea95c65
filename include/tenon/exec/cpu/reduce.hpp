// tenon/exec/cpu/reduce.hpp: runs reductions: the operand's row kernel fills a buffer in cache, the op folds it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression and an op add to the loops of reduce_loops.hpp: a row kernel, and a table of functions.
#pragma once
#include <tenon/exec/cpu/fold_few.hpp>
#include <tenon/exec/cpu/reduce_loops.hpp>
#include <tenon/exec/cpu/row_steps.hpp>
#include <tenon/exec/cpu/small_reduction.hpp>
#include <tenon/exec/evaluate.hpp>
#include <tenon/expr/moments.hpp>
#include <tenon/expr/reductions.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Elements are converted to the op's number type in the row kernel.
template <class N, class Number>
struct BufferOf {
  using program =
      apply_t<concat_t<typename tenon::detail::Lower<N>::type, TypeList<Call<op::Cast<Number>, Number, false, 1>>>,
              Program>;
};
template <class N, class Number>
requires(__is_same(Number, compute_t<primal_t<typename N::value_type>>)) struct BufferOf<N, Number> {
  using program = program_of<N>;
};

// Whether Reduction R has one result, of the packs that statement S computes.
template <class R, class S>
inline constexpr bool folds_packs = [] {
  if constexpr (R::possible && S::always) {
    return R::one && R::W == S::W;
  } else {
    return false;
  }
}();
/// Reduces few elements of static extents; false if an operand of run-time extents stretches.
template <class Op, unsigned Mask, class P, class Number, bool Direct, class A, class R>
TENON_INLINE bool reduce_small(const A& x, R* out) {
  using N = typename FoldedAs<Number>::type;
  using X = typename A::extents_type;
  const auto fold = [out](const auto* p) {
    if constexpr (RegisterReduction<Op, Mask, X, N>::possible) {
      RegisterReduction<Op, Mask, X, N>::run(p, out);
    } else {
      SmallReduction<Op, Mask, X>::run(p, out);
    }
  };
  if constexpr (Direct) {
    FlatOperands<P::loads + 1> operands;
    if (!flat_operands(x, x.extents(), operands)) return false;
    fold(static_cast<const N*>(operands.at[0]));
  } else if constexpr (folds_packs<RegisterReduction<Op, Mask, X, N>, InRegisters<A, Number>>) {
    InRegisters<A, Number>::packs_to(
        [out](const auto&... v)
            __attribute__((always_inline)) { RegisterReduction<Op, Mask, X, N>::run_packs(out, v...); },
        x);
  } else {
    Number values[static_cast<size_t>(static_size<X>)];
    if constexpr (goes_in_registers<A, Number>) {
      if (!InRegisters<A, Number>::run(x, values)) return false;
    } else {
      FlatOperands<P::loads + 1> operands;
      if (!flat_operands(x, x.extents(), operands)) return false;
      row<P, Number>(values, 1, operands.at, unit_strides, static_size<X>);
    }
    fold(reinterpret_cast<const N*>(values));
  }
  return true;
}
// The same, where the types tell that they are few; out of line unless it is short.
template <class Op, unsigned Mask, class A>
struct FewStatic {
  using X = typename A::extents_type;
  using Number = typename Op::template number<primal_t<typename A::value_type>>;
  using P = typename BufferOf<A, Number>::program;
  using Registers = RegisterReduction<Op, Mask, X, typename FoldedAs<Number>::type>;
  // A load is the program's buffer unless 16-bit floats become floats on the way.
  static constexpr bool direct = P::size == 1 && __is_same(typename P::result, Number);
  static constexpr bool small = is_small<Op, Mask, X, typename FoldedAs<Number>::type> && is_dense_over<A, X>;
  static constexpr bool possible = small && all_static<A>;
  static constexpr bool is_short = [] {
    if constexpr (possible && folds_packs<Registers, InRegisters<A, Number>>) {
      return InRegisters<A, Number>::is_short;
    } else if constexpr (possible) {
      return Registers::possible && Registers::packs * Registers::count <= 16;
    } else {
      return false;
    }
  }();

  template <class R>
  TENON_INLINE static bool run(const A& x, R* out) {
    return reduce_small<Op, Mask, P, Number, direct>(x, out);
  }
};
// Whether reduced axes are the last of R, or the first ones.
constexpr bool are_last(unsigned mask, int rank) { return ((mask + (mask & -mask)) >> rank) == 1; }
constexpr bool are_first(unsigned mask) { return (mask & (mask + 1)) == 0; }

// Few elements of run-time extents, in place: how, and false if they are not few.
template <class Op, unsigned Mask, class A, class R>
struct FoldInPlace {
  using X = typename A::extents_type;
  using Number = typename Op::template number<primal_t<typename A::value_type>>;
  using P = typename BufferOf<A, Number>::program;
  using Few = FoldFew<Op, P, Number, R>;
  static constexpr bool possible = [] {
    if constexpr (!X::is_static && (are_last(Mask, X::rank) || are_first(Mask)) && is_dense_over<A, X>) {
      return Few::possible;
    } else {
      return false;
    }
  }();
  TENON_INLINE static bool run(const A& x, R* out) {
    const X& e = tenon::detail::extents_in_place(x);
    index_t reduced = 1, kept = 1;
    for (int a = 0; a < X::rank; ++a) {
      index_t& to = Mask >> a & 1u ? reduced : kept;
      to = extents_multiplied(to, tenon::detail::on_its_own(e[a]));
    }
    constexpr index_t most = (Mask + 1) >> X::rank != 0 ? Few::most : 4 * Few::most;
    if (reduced <= 0 || kept <= 0 || reduced > most || kept > most) [[unlikely]]
      return false;
    FlatOperands<P::loads + 1> operands;
    if (!flat_operands(x, e, operands)) return false;
    if constexpr (are_last(Mask, X::rank)) {
      return Few::rows(operands.at, out, kept, reduced);
    } else {
      return Few::columns(operands.at, out, reduced, kept);
    }
  }
  [[gnu::noinline]] static bool call(const A& x, R* out) { return run(x, out); }
};
}  // namespace detail

template <class Op, unsigned Mask, class A, class R>
void reduce_many(const A& x, R* out);
template <class Op, unsigned Mask, class A, class R>
[[gnu::noinline]] void call_reduce_many(const A& x, R* out) {
  reduce_many<Op, Mask>(x, out);
}

template <class Op, unsigned Mask, class A, class R>
TENON_INLINE bool reduce_few(const A& x, R* out) {
  using Fold = detail::FoldInPlace<Op, Mask, A, R>;
  if constexpr (detail::FewStatic<Op, Mask, A>::possible) {
    if constexpr (detail::FewStatic<Op, Mask, A>::is_short) {
      return detail::FewStatic<Op, Mask, A>::run(x, out);
    } else {
      call_reduce_many<Op, Mask>(A(x), out);
      return true;
    }
  } else if constexpr (!Fold::possible) {
    return false;
  } else if constexpr (detail::is_short<typename Fold::P>) {
    return Fold::run(x, out);
  } else {
    return Fold::call(A(x), out);  // a copy: a node whose address is taken would stay in memory
  }
}
template <class Op, unsigned Mask, class A, class R>
TENON_INLINE void reduce_into(const A& x, R* out) {
  if constexpr (detail::FewStatic<Op, Mask, A>::possible) {
    reduce_few<Op, Mask>(x, out);
  } else if constexpr (detail::FoldInPlace<Op, Mask, A, R>::possible) {
    if (!reduce_few<Op, Mask>(x, out)) call_reduce_many<Op, Mask>(A(x), out);
  } else {
    reduce_many<Op, Mask>(x, out);
  }
}
template <class Op, unsigned Mask, class A, class R>
void reduce_many(const A& x, R* out) {
  using Few = detail::FewStatic<Op, Mask, A>;
  using Number = typename Few::Number;
  using P = typename Few::P;
  using X = typename A::extents_type;
  constexpr bool direct = Few::direct;
  if constexpr (Few::possible) {
    Few::run(x, out);
  } else {
    if constexpr (Few::small)
      if (Few::run(x, out)) return;
    constexpr bool whole = (Mask + 1) >> X::rank != 0;
    constexpr const FoldKernel* op = &fold_kernel<Op, Number, R, whole>;
    // Reduced axes that are the last ones.
    if constexpr (detail::is_dense_over<A, X> && detail::are_last(Mask, X::rank)) {
      const auto& e = tenon::detail::extents_in_place(x);
      index_t rows = 1, n = 1;
      for (int a = 0; a < X::rank; ++a) {
        index_t& to = Mask >> a & 1u ? n : rows;
        to = extents_multiplied(to, e[a]);
      }
      detail::FlatOperands<P::loads + 1> operands;
      if (detail::is_few(*op, rows, n) && detail::flat_operands(x, e, operands))
        return detail::reduce_few({op, row<P, Number>, direct, {}, Mask, out, sizeof(R), n, rows}, operands.at, rows,
                                  n);
    }
    const Dims e = x.extents().dims();
    if (!e.countable()) fail_shape(Op::name.c_str(), "there are more elements than can be counted", e);
    index_t count = 1, results = 1;
    for (int a = 0; a < e.rank; ++a) (Mask >> a & 1u ? count : results) *= e.d[a];
    if (results == 0) return;
    if (Op::needs_element && count == 0) fail_shape(Op::name.c_str(), "no elements to reduce in shape", e);
    Source source[P::loads];
    sources_of<P>(x, source);
    Walked operand[P::loads];
    for (int k = 0; k < P::loads; ++k) operand[k].set(source[k].data, load_bytes<P>[k], source[k].map);
    detail::reduce({op, row<P, Number>, direct, e, Mask, out, sizeof(R), count, results}, operand, P::loads);
  }
}

template <class Op, unsigned Mask, class A, class R>
void record_reduction(RowSteps& steps, const A& x, R* out, index_t plane) {
  using Number = typename Op::template number<primal_t<typename A::value_type>>;
  using P = typename detail::BufferOf<A, Number>::program;
  constexpr bool direct = P::size == 1 && __is_same(typename P::result, Number);
  const Dims e = x.extents().dims();
  Dims strides = row_major(tenon::detail::ReducedDims<Mask, true, int>::reduced(e));
  index_t count = 1;
  for (int a = 0; a < e.rank; ++a)
    if (Mask >> a & 1u) {
      count *= e.d[a];
      strides.d[a] = 0;
    }
  if (Op::needs_element && count == 0) fail_shape(Op::name.c_str(), "no elements to reduce in shape", e);
  Source source[P::loads];
  sources_of<P>(x, source);
  steps.add({&fold_kernel<Op, Number, R, false>, row<P, Number>, nullptr, nullptr, direct, Mask, count, plane, e, 0,
             P::loads},
            out, sizeof(R), {e, strides, 0}, source, load_bytes<P>);
}

}  // namespace exec

template <class Op, unsigned Mask, bool Keep, class A>
TENON_INLINE void Reduce<Op, Mask, Keep, A>::compute(Result* out) const {
  exec::reduce_into<Op, Mask>(this->template operand<0>(), out);
}
template <class Op, unsigned Mask, bool Keep, class A>
TENON_INLINE bool Reduce<Op, Mask, Keep, A>::compute_few(Result* out) const {
  return exec::reduce_few<Op, Mask>(this->template operand<0>(), out);
}
template <int Ddof, unsigned Mask, bool Keep, class A>
void MeanVar<Ddof, Mask, Keep, A>::compute(Result* out) const {
  exec::reduce_into<op::MeanAnd<op::Var<Ddof>>, Mask>(this->template operand<0>(), out);
}

}  // namespace TENON_ABI
}  // namespace tenon
