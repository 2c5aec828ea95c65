// tests/catalogue/reduction.hpp: one body for all reductions: against naive long double sums over random shapes, axes,
// strides and element types. A new reduction needs a reference here and nothing else.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Only folds are compiled for each reduction; the checks (reduction.cpp) see a table of them.
#pragma once
#include <cmath>
#include <string>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/reduction_catalogue.hpp>
#include <tenon/tensor/view.hpp>
#include <vector>

namespace tenon::test {

using Numbers = std::vector<long double>;

// The value of an op on numbers in order, and the size of the terms that its rounding errors are relative to.
struct Expected {
  long double value, scale, absolute = 0;
};
template <class Op>
struct ReductionReference;

inline Expected sum_of(const Numbers& x) {
  Expected e{0, 0};
  for (long double v : x) e.value += v, e.scale += std::fabs(v);
  return e;
}
template <>
struct ReductionReference<op::Sum> {
  static Expected of(const Numbers& x) { return sum_of(x); }
};
template <>
struct ReductionReference<op::Mean> {
  static Expected of(const Numbers& x) {
    const Expected s = sum_of(x);
    const long double n = static_cast<long double>(x.size());
    return {s.value / n, s.scale / n};
  }
};
template <>
struct ReductionReference<op::Prod> {
  static Expected of(const Numbers& x) {
    long double p = 1;
    for (long double v : x) p *= v;
    return {p, std::fabs(p) * static_cast<long double>(x.size())};
  }
};
template <bool Largest>
std::size_t extreme_of(const Numbers& x) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[best])) break;
    if (std::isnan(x[i]) || (Largest ? x[i] > x[best] : x[i] < x[best])) best = i;
  }
  return best;
}
template <>
struct ReductionReference<op::Max> {
  static Expected of(const Numbers& x) { return {x[extreme_of<true>(x)], 0}; }
};
template <>
struct ReductionReference<op::Min> {
  static Expected of(const Numbers& x) { return {x[extreme_of<false>(x)], 0}; }
};
template <>
struct ReductionReference<op::ArgMax> {
  static Expected of(const Numbers& x) { return {static_cast<long double>(extreme_of<true>(x)), 0}; }
};
template <>
struct ReductionReference<op::ArgMin> {
  static Expected of(const Numbers& x) { return {static_cast<long double>(extreme_of<false>(x)), 0}; }
};
inline long double set_in(const Numbers& x) {
  long double n = 0;
  for (long double v : x) n += v != 0;
  return n;
}
template <>
struct ReductionReference<op::Any> {
  static Expected of(const Numbers& x) { return {set_in(x) > 0 ? 1.0L : 0.0L, 0}; }
};
template <>
struct ReductionReference<op::All> {
  static Expected of(const Numbers& x) { return {set_in(x) == static_cast<long double>(x.size()) ? 1.0L : 0.0L, 0}; }
};
template <>
struct ReductionReference<op::CountNonzero> {
  static Expected of(const Numbers& x) { return {set_in(x), 0}; }
};
template <>
struct ReductionReference<op::LogSumExp> {
  static Expected of(const Numbers& x) {
    long double top = -HUGE_VALL, s = 0;
    for (long double v : x) top = std::fmax(top, v);
    if (std::isinf(top)) return {top, 0};
    for (long double v : x) s += std::exp(v - top);
    return {top + std::log(s), std::fabs(top) + 1};
  }
};
inline Expected variance_of(const Numbers& x, int ddof) {
  const long double n = static_cast<long double>(x.size());
  const Expected s = sum_of(x);
  long double squares = 0;
  for (long double v : x) squares += (v - s.value / n) * (v - s.value / n);
  return {squares / std::fmax(n - ddof, 0.0L), squares / n, 1e-12L};
}
template <int Ddof>
struct ReductionReference<op::Var<Ddof>> {
  static Expected of(const Numbers& x) { return variance_of(x, Ddof); }
};
template <int Ddof>
struct ReductionReference<op::Std<Ddof>> {
  static Expected of(const Numbers& x) {
    const long double s = std::sqrt(variance_of(x, Ddof).value);
    return {s, s, 1e-6L};
  }
};
inline Expected norm_of(const Numbers& x, long double p) {
  long double s = 0;
  for (long double v : x) s += std::pow(std::fabs(v), p);
  const long double norm = std::pow(s, 1 / p);
  return {norm, norm};
}
template <>
struct ReductionReference<op::NormL1> {
  static Expected of(const Numbers& x) { return norm_of(x, 1); }
};
template <>
struct ReductionReference<op::NormL2> {
  static Expected of(const Numbers& x) { return norm_of(x, 2); }
};
template <>
struct ReductionReference<op::NormInf> {
  static Expected of(const Numbers& x) {
    long double m = 0;
    for (long double v : x) m = std::fmax(m, std::fabs(v));
    return {m, 0};
  }
};
template <int Num, int Den>
struct ReductionReference<op::NormP<Num, Den>> {
  static Expected of(const Numbers& x) { return norm_of(x, static_cast<long double>(Num) / Den); }
};

// ---- what is run ---------------------------------------------------------------------------------------------------

template <class T>
using Operand = TensorView<const T, dyn, dyn, dyn>;

/// A reduction over the axes in `mask` of an operand as it lies in memory or, `fused`, as part of an expression.
template <class T>
struct Fold {
  unsigned mask;
  bool fused;
  void (*run)(const Operand<T>& x, void* results);
};
/// A reduction of elements of type T.
template <class T>
struct ReductionOf {
  std::string name;
  Expected (*reference)(const Numbers&);
  bool product, needs_element;
  std::size_t result_bytes;
  long double (*result_at)(const void* results, index_t i);
  long double epsilon, stored_epsilon;  // of the type computed in, of the result's type
  std::vector<Fold<T>> folds;
};
/// Compares all folds with the reference. Defined for float, double, half, signed char, int and bool.
template <class T>
void check(const ReductionOf<T>& reduction);

template <class T>
long double epsilon_of() {
  return is_floating<T> ? static_cast<long double>(static_cast<double>(limits<T>::epsilon())) : 0.0L;
}
template <class R>
long double result_at(const void* results, index_t i) {
  return static_cast<long double>(static_cast<double>(static_cast<const R*>(results)[i]));
}
template <class Op, class T, unsigned Mask, bool Fused>
void fold(const Operand<T>& x, void* results) {
  const auto run = [&](auto node) {
    using N = Reduce<Op, Mask, Mask == 5, decltype(node)>;
    N(static_cast<decltype(node)&&>(node)).compute(static_cast<typename N::Result*>(results));
  };
  if constexpr (Fused)
    run(maximum(x, x));  // max(x, x) is x, exactly, for every type
  else
    run(as_node(x));
}
template <class Op, class T, bool Fused, unsigned... Mask>
void check_reduction() {
  using R = typename Op::template result<T>;
  ReductionOf<T> r{std::string(Op::name.c_str()) + " of " + dtype_name<T>(),
                   ReductionReference<Op>::of,
                   std::is_same_v<Op, op::Prod>,
                   Op::needs_element,
                   sizeof(R),
                   result_at<R>,
                   epsilon_of<compute_t<R>>(),
                   epsilon_of<R>(),
                   {Fold<T>{Mask, false, fold<Op, T, Mask, false>}...}};
  if constexpr (Fused) r.folds.insert(r.folds.end(), {Fold<T>{Mask, true, fold<Op, T, Mask, true>}...});
  check(r);
}

/// Loops and axes are no matter of the op: one of each kind (plain, indexed, with a state of its own) goes over all
/// sets of axes, the others over lines, columns and one set that changes from op to op.
template <class Op>
inline constexpr bool over_all_axes =
    std::is_same_v<Op, op::Sum> || std::is_same_v<Op, op::ArgMax> || std::is_same_v<Op, op::Var<0>>;

/// Members of families of which another one goes through all types.
template <class Op>
inline constexpr bool has_sibling =
    std::is_same_v<Op, op::Var<1>> || std::is_same_v<Op, op::Std<1>> || std::is_same_v<Op, op::NormP<3, 2>>;

template <class Op, unsigned Index>
void check_types() {
  constexpr unsigned mask = 1 + Index % 7;
  if constexpr (over_all_axes<Op>) {
    check_reduction<Op, float, true, 1, 2, 4, 3, 5, 6, 7>();
  } else {
    check_reduction<Op, float, false, 1, 4>();
    check_reduction<Op, float, true, mask>();
  }
  if constexpr (!has_sibling<Op>) {
    check_reduction<Op, double, false, 1, 4>();
    check_reduction<Op, half, true, 5>();
    check_reduction<Op, signed char, false, 1>();
    check_reduction<Op, int, false, 2>();
    check_reduction<Op, bool, false, 4>();
  }
}

template <int First, int Step>
void check_reductions() {
  if constexpr (First < ReductionCatalogue::size) {
    check_types<at_t<First, ReductionCatalogue>, First>();
    check_reductions<First + Step, Step>();
  }
}

}  // namespace tenon::test
