// tenon/exec/cpu/contraction_generic.hpp: contractions of any element type by plain loops: `sum = sum + a * b`.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/contraction_plan.hpp>
#include <tenon/expr/map.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// c = (accumulate: c +) the sum of a * b in S.
template <class S, class A, class B, class C>
[[gnu::noinline]] void contract_generic(ContractionPlan& p, const A* a, const B* b, C* c, bool accumulate) {
  if (p.nothing) return;
  const bool empty = p.sum.size() == 0;
  // Blocks of the innermost column axis share the walk over the sum, and A's element.
  constexpr index_t width = 32;
  ContractionAxes& n = p.column;
  const int inner = n.rank - 1;
  const index_t length = inner < 0 ? 1 : n.extent[inner], sb = inner < 0 ? 0 : n.b[inner],
                sc = inner < 0 ? 0 : n.c[inner];
  ContractionAxes outer = n;
  if (inner >= 0) outer.rank = inner;
  ContractionWalk g;
  do {
    ContractionWalk r;
    do {
      ContractionWalk o;
      do {
        for (index_t j = 0; j < length; j += width) {
          const index_t m = length - j < width ? length - j : width;
          S sum[width];
          for (index_t k = 0; k < m; ++k) sum[k] = S(typename ScalarTraits<S>::base(0));
          const A* pa = a + g.a + r.a;
          const B* pb = b + g.b + o.b + j * sb;
          ContractionWalk s;
          if (!empty) do {
              const S x = convert_element<S>(static_cast<compute_t<A>>(pa[s.a]));
              for (index_t k = 0; k < m; ++k) {
                const S y = convert_element<S>(static_cast<compute_t<B>>(pb[s.b + k * sb]));
                sum[k] = apply<op::Add>(sum[k], apply<op::Multiply>(x, y));
              }
            } while (s.next(p.sum));
          C* pc = c + g.c + r.c + o.c + j * sc;
          for (index_t k = 0; k < m; ++k)
            pc[k * sc] = static_cast<C>(
                accumulate ? apply<op::Add>(convert_element<S>(static_cast<compute_t<C>>(pc[k * sc])), sum[k])
                           : sum[k]);
        }
      } while (o.next(outer));
    } while (r.next(p.row));
  } while (g.next(p.batch));
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
