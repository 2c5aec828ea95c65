// tenon/exec/cpu/small_reduction.hpp: reductions of a few elements of static extents.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/shape/extents.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// A few elements of static extents: no loop nest, the compiler unrolls. p: the operand, row-major.
template <class Op, unsigned Mask, class E>
struct SmallReduction {
  static constexpr index_t size = static_size<E>;
  static constexpr index_t count_over(unsigned mask) {
    index_t n = 1;
    for (int a = 0; a < E::rank; ++a)
      if (mask >> a & 1u) n *= E::static_extent(a);
    return n;
  }
  static constexpr index_t count = count_over(Mask), results = count_over(~Mask);
  // Where the k-th index over the axes in `mask` lies.
  static constexpr index_t offset(unsigned mask, index_t k) {
    index_t o = 0, step = 1;
    for (int a = E::rank - 1; a >= 0; --a) {
      const index_t e = E::static_extent(a);
      if (mask >> a & 1u) {
        o += k % e * step;
        k /= e;
      }
      step *= e;
    }
    return o;
  }
  struct Offsets {
    index_t result[results], element[count];
  };
  static constexpr Offsets offsets = [] {
    Offsets o{};
    for (index_t k = 0; k < results; ++k) o.result[k] = offset(~Mask, k);
    for (index_t k = 0; k < count; ++k) o.element[k] = offset(Mask, k);
    return o;
  }();
  template <class N, class R>
  static void run(const N* p, R* out) {
    for (index_t r = 0; r < results; ++r) {
      const N* from = p + offsets.result[r];
      auto s = Op::lift(from[0], index_t{0});
      for (index_t k = 1; k < count; ++k) s = Op::combine(s, Op::lift(from[offsets.element[k]], k));
      out[r] = Op::template finish<R>(s, count);
      if constexpr (requires { requires Op::has_second; }) out[results + r] = Op::template second<R>(s, count);
    }
  }
};
template <class E>
inline constexpr bool is_small = E::is_static&& static_size<E> > 0 && static_size<E> <= 64;

}  // namespace detail

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
