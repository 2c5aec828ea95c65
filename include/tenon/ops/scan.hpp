// tenon/ops/scan.hpp: running reductions along an axis: sum, product, maximum, minimum, logsumexp of all so far.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scan is a reduction that gives its state after each element: `start` from the first, `next` with a further one,
// `value` of the state. They work on a number or on a pack of them, one line in each lane; the order is that of the
// line, element after element. `pull(n, y, g, x, add)` is the rule for one line.
#pragma once
#include <tenon/ops/reduction.hpp>
#include <tenon/ops/reduction_extrema.hpp>
#include <tenon/ops/reduction_logsumexp.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Base of scans over the states of reduction Op.
template <class D, class Op>
struct Scan {
  static constexpr FixedString onnx{""}, stablehlo{""};
  static constexpr OnComplex on_complex = Op::on_complex;
  template <class T>
  using number = typename Op::template number<T>;
  template <class T>
  using result = typename Op::template result<T>;
  template <class V>
  TENON_FN static auto start(V x) {
    return Op::lift(x, 0);
  }
  template <class S, class V>
  TENON_FN static S next(const S& s, V x) {
    return Op::combine(s, Op::lift(x, 0));
  }
  template <class S>
  TENON_FN static auto value(const S& s) {
    return s;
  }
  /// How lines of T are scanned in numbers C: `start`, `next` and `value`, and what elements are read as before.
  template <class C, class T>
  struct States : D {
    using element = C;
  };
  template <class C, class T>
  using Steps = States<C, T>;
};

namespace detail {
template <class T>
struct ScanNumber {
  using type = T;
};
template <>
struct ScanNumber<float> {
  using type = double;
};

template <class D, bool Largest, class Op>
struct ExtremeScan : Scan<D, Op> {
  template <class Y, class G, class X, class Add>
  TENON_FN static void pull(index_t n, const Y&, const G& g, const X& x, const Add& add) {
    auto best = x(0);
    index_t where = 0;
    for (index_t i = 0; i < n; ++i) {
      const auto e = x(i);
      if (more_extreme<Largest>(e, best)) {
        best = e;
        where = i;
      }
      add(where, g(i));
    }
  }
};
}  // namespace detail

namespace op {

/// Sum of the elements so far; bool and integers sum in 64 bits, float in double, anything in blocks of 1024 terms.
struct CumSum : Scan<CumSum, Sum> {
  static constexpr FixedString name{"cumsum"};
  static constexpr FixedString onnx{"CumSum"};
  template <class T>
  using number = typename tenon::detail::ScanNumber<typename Sum::number<T>>::type;
  template <class V>
  struct Blocks {
    V before, block;
    int terms;
  };
  template <class V>
  TENON_FN static Blocks<V> start(V x) {
    return {reduction_constant<V>(0), x, 1};
  }
  template <class V>
  TENON_FN static Blocks<V> next(const Blocks<V>& s, V x) {
    const bool full = s.terms == 1024;
    return {full ? V(Sum::combine(s.before, s.block)) : s.before, full ? x : V(Sum::combine(s.block, x)),
            full ? 1 : s.terms + 1};
  }
  template <class V>
  TENON_FN static V value(const Blocks<V>& s) {
    return Sum::combine(s.before, s.block);
  }
  /// Of floats in double what a billion additions lose is nothing to the results: no blocks.
  template <class C, class T>
  struct Steps : Scan<CumSum, Sum>::template States<C, T> {};
  template <class C>
  struct Steps<C, float> : Scan<CumSum, Sum> {
    using element = float;
  };
  template <class Y, class G, class X, class Add>
  TENON_FN static void pull(index_t n, const Y&, const G& g, const X&, const Add& add) {
    if (n == 0) return;
    auto s = start(g(n - 1));
    add(n - 1, value(s));
    for (index_t i = n - 2; i >= 0; --i) {
      s = next(s, g(i));
      add(i, value(s));
    }
  }
};

/// Product of the elements so far; bool and integers multiply in 64 bits. The derivative divides by nothing, so zeros
/// are no special case.
struct CumProd : Scan<CumProd, Prod> {
  static constexpr FixedString name{"cumprod"};
  template <class Y, class G, class X, class Add>
  TENON_FN static void pull(index_t n, const Y& y, const G& g, const X& x, const Add& add) {
    if (n == 0) return;
    auto after = g(n - 1);  // g(i) + g(i+1) x(i+1) + g(i+2) x(i+1) x(i+2) + ...
    for (index_t i = n - 1; i > 0; --i) {
      add(i, y(i - 1) * after);
      after = g(i - 1) + x(i) * after;
    }
    add(0, after);
  }
};

/// The largest element so far, NaN from the first NaN on; the derivative goes to the first such element.
struct CumMax : tenon::detail::ExtremeScan<CumMax, true, Max> {
  static constexpr FixedString name{"cummax"};
};

/// The smallest element so far, NaN from the first NaN on; the derivative goes to the first such element.
struct CumMin : tenon::detail::ExtremeScan<CumMin, false, Min> {
  static constexpr FixedString name{"cummin"};
};

/// log(sum(e^x)) of the elements so far, without overflow.
struct LogCumSumExp : Scan<LogCumSumExp, LogSumExp> {
  static constexpr FixedString name{"logcumsumexp"};
  template <class S>
  TENON_FN static auto value(const S& s) {
    return LogSumExp::value(s);
  }
  template <class Y, class G, class X, class Add>
  TENON_FN static void pull(index_t n, const Y& y, const G& g, const X& x, const Add& add) {
    if (n == 0) return;
    using V = bare_t<decltype(g(0) * y(0))>;
    const V zero = reduction_constant<V>(0), none = reduction_bound<V, false>();
    V after = zero;  // sum over k >= i of g(k) e^(y(i) - y(k)): y never falls, so no factor exceeds 1
    for (index_t i = n - 1; i >= 0; --i) {
      const V here = y(i), next = i + 1 < n ? V(y(i + 1)) : here;
      after = g(i) + (here == next ? after : V(after * exp(here - next)));
      add(i, here == none ? zero : V(after * exp(x(i) - here)));
    }
  }
};

}  // namespace op
}  // namespace TENON_ABI
}  // namespace tenon
