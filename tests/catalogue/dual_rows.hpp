// tests/catalogue/dual_rows.hpp: kernels on duals compute in packs what they compute element by element.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every op as a program of one call: its values and tangents, and the adjoints it pulls back, lane for lane. The rules
// run on packs of values as on numbers; where they multiply and add, compilers may round once or twice.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tenon.hpp>
#include <vector>

namespace tenon::test {

// What a call gives: a value without derivative is a dual all the same.
template <class R, class D>
using called_as = std::conditional_t<std::is_same_v<R, typename D::inner>, D, R>;
template <class Op, class D, int Arity>
struct OneCall;
template <class Op, class D>
struct OneCall<Op, D, 1> {
  using R = called_as<decltype(apply<Op>(std::declval<D>())), D>;
  using type = Program<Load<D, false, true>, Call<Op, R, true, 1>>;
};
template <class Op, class D>
struct OneCall<Op, D, 2> {
  using R = called_as<decltype(apply<Op>(std::declval<D>(), std::declval<D>())), D>;
  using type = Program<Load<D, false, true>, Load<D, false, true>, Call<Op, R, true, 2, 1>>;
};
template <class Op, class D>
struct OneCall<Op, D, 3> {
  static constexpr bool selects = tenon::detail::condition_first<Op>;
  using First = std::conditional_t<selects, bool, D>;
  using type =
      Program<Load<First, false, !selects>, Load<D, false, true>, Load<D, false, true>, Call<Op, D, true, 3, 2, 1>>;
};
template <class Op, class D>
struct OneCall<Op, D, 4> {
  using R =
      called_as<decltype(apply<Op>(std::declval<D>(), std::declval<D>(), std::declval<D>(), std::declval<D>())), D>;
  using type = Program<Load<D, false, true>, Load<D, false, true>, Load<D, false, true>, Load<D, false, true>,
                       Call<Op, R, true, 4, 3, 2, 1>>;
};

inline bool close(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= tolerance * (1 + std::fabs(a));
}
template <class T>
bool nearly_same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b) ||
         std::fabs(a - b) <= 4 * std::numeric_limits<T>::epsilon() * std::fabs(b);
}

// An op's kernels, and what the check needs to know of it.
struct DualRow {
  exec::RowFunction of_elements;
  void (*of_packs)(void* out, const void* const* source, const index_t* mask, index_t n, bool streamed);
  void (*pull_of_elements)(const void* g, index_t g_stride, const void* const* source, const index_t* stride,
                           index_t n);
  void (*pull_of_packs)(const void* g, const void* const* source, index_t n);  // null: there is nothing to pull
  int arity;
  bool condition_first;
  double lo[2], hi[2];  // of the first argument and of the others
  index_t lanes;
};

// All that is the same for all ops with results of one type.
template <class T, int N, class Out>
[[gnu::noinline]] void check_kernels(const DualRow& op) {
  using D = dual<T, N>;
  using G = compute_t<Out>;
  constexpr bool has_tangents = is_dual<Out>;
  constexpr double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
  CHECK(op.lanes > 1);
  const index_t n = 2 * op.lanes + (op.lanes > 2 ? op.lanes - 1 : 1);
  const size_t size = static_cast<size_t>(n);
  std::vector<D> x[4], adjoint[2][4];
  const auto condition = std::make_unique<bool[]>(size);
  const void* source[2][8] = {};
  index_t stride[8];
  for (int a = 0; a < op.arity; ++a) {
    const double lo = op.lo[a > 0], hi = op.hi[a > 0];
    x[a].resize(size), adjoint[0][a].resize(size), adjoint[1][a].resize(size);
    for (index_t i = 0; i < n; ++i) {
      const double f = static_cast<double>((i * 7 + a * 5 + 3) % 31) / 31;
      x[a][static_cast<size_t>(i)].value = static_cast<T>(lo + f * (hi - lo));
      // Each tangent moves one argument, so that nothing cancels.
      for (int k = 0; k < N; ++k)
        x[a][static_cast<size_t>(i)].tangent[k] = static_cast<T>((i + k) % op.arity == a ? 1 + 0.25 * k : 0);
      condition[static_cast<size_t>(i)] = i % 3 == 1;
    }
    const bool first_bool = a == 0 && op.condition_first;
    for (int way = 0; way < 2; ++way) {
      source[way][a] = first_bool ? static_cast<const void*>(condition.get()) : x[a].data();
      source[way][op.arity + a] = first_bool ? nullptr : adjoint[way][a].data();
    }
    stride[a] = stride[op.arity + a] = 1;
  }
  const auto y = std::make_unique<Out[]>(2 * size);
  op.of_elements(y.get(), 1, source[0], stride, n);
  op.of_packs(y.get() + n, source[1], exec::detail::contiguous.all, n, false);
  for (size_t i = 0; i < size; ++i) {
    CAPTURE(i);
    if constexpr (!has_tangents) {
      CHECK(y[i] == y[size + i]);
    } else {
      CHECK(nearly_same(y[i].value, y[size + i].value));
      for (int k = 0; k < N; ++k) CHECK(close(y[i].tangent[k], y[size + i].tangent[k], tolerance));
    }
  }
  if constexpr (has_tangents && N == 1) {
    if (!op.pull_of_packs) return;
    std::vector<G> g(size);
    for (size_t i = 0; i < size; ++i) g[i].value = 0.5f, g[i].tangent[0] = static_cast<float>(i % 2);
    op.pull_of_elements(g.data(), 1, source[0], stride, n);
    op.pull_of_packs(g.data(), source[1], n);
    for (int a = 0; a < op.arity; ++a)
      for (size_t i = 0; i < size; ++i) {
        CAPTURE(i);
        CHECK(close(adjoint[0][a][i].value, adjoint[1][a][i].value, tolerance));
        CHECK(close(adjoint[0][a][i].tangent[0], adjoint[1][a][i].tangent[0], tolerance));
      }
  }
}
template <class Op, class T, int N>
void check_dual_rows() {
  using P = typename OneCall<Op, dual<T, N>, arity<Op>>::type;
  using Out = typename P::result;
  static_assert(P::loads == arity<Op>);
  DualRow row{exec::few_elements<P, Out>,
              exec::detail::row_of_packs<P, Out>,
              nullptr,
              nullptr,
              arity<Op>,
              tenon::detail::condition_first<Op>,
              {Op::domain.lo, Op::domain.lo2},
              {Op::domain.hi, Op::domain.hi2},
              lanes_of<P>};
  if constexpr (is_dual<Out> && N == 1 && differentiable<Op, arity<Op>>) {
    row.pull_of_elements = exec::detail::pull_of_elements<P, exec::detail::AllAdded>;
    row.pull_of_packs = exec::detail::pull_of_packs<P, exec::detail::AllAdded>;
  }
  check_kernels<T, N, Out>(row);
}

// Duals of 16-bit floats are computed element by element.
template <class Op, class D>
inline constexpr bool in_packs = tenon::detail::packable<typename OneCall<Op, D, arity<Op>>::type::result>;

/// Every Slices-th op of a list, from Slice on, that takes floating numbers.
template <class List, int Slice = 0, int Slices = 1>
void check_dual_slice() {
  if constexpr (Slice < List::size) {
    using Op = at_t<Slice, List>;
    if constexpr (Op::typing != Typing::integral && Op::typing != Typing::logical) {
      CAPTURE(std::string(Op::name.c_str()));
      if constexpr (in_packs<Op, dual<double>>) {
        check_dual_rows<Op, double, 1>();
        check_dual_rows<Op, float, 1>();
      }
    }
    check_dual_slice<List, Slice + Slices, Slices>();
  }
}

}  // namespace tenon::test
