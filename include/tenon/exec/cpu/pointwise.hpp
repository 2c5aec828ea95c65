// tenon/exec/cpu/pointwise.hpp: runs a program over all elements: one loop nest around the row kernel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/cpu/row.hpp>
#include <tenon/exec/loops.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Not a template of the program: every pointwise expression with so many operands shares this code.
template <int Operands>
[[gnu::noinline]] void drive(Nest<Operands>& nest, RowFunction row) {
  if (nest.empty()) return;
  nest.collapse(0, nest.rank);
  // The row should be where the output is contiguous; otherwise the longest axis keeps calls few.
  if (nest.rank > 1 && nest.stride[0][nest.rank - 1] != 1) {
    for (int a = 0; a < nest.rank - 1; ++a)
      if (nest.stride[0][a] == 1) {
        nest.swap(a, nest.rank - 1);
        break;
      }
  }
  const int inner = nest.rank - 1;
  index_t stride[Operands];
  for (int k = 0; k < nest.operands; ++k) stride[k] = nest.rank ? nest.stride[k][inner] : 0;
  const index_t n = nest.rank ? nest.extent[inner] : 1;
  Walk<Operands> walk;
  walk.start(nest, 0, inner < 0 ? 0 : inner);
  do {
    const void* source[Operands];
    for (int k = 1; k < nest.operands; ++k) source[k - 1] = walk.at[k];
    row(const_cast<char*>(walk.at[0]), nest.rank ? stride[0] : 1, source, stride + 1, n);
  } while (inner > 0 && walk.next(nest, 0, inner));
}

constexpr int nest_size(int operands) {
  int n = 4;
  while (n < operands) n *= 2;
  return n;
}
template <class List>
struct LoadSizes;
template <class... L>
struct LoadSizes<TypeList<L...>> {
  static constexpr index_t bytes[] = {static_cast<index_t>(sizeof(typename L::type))..., 0};
};

}  // namespace detail

/// Element size of each leaf of program P.
template <class P>
inline constexpr const index_t* load_bytes = detail::LoadSizes<loads_of<P>>::bytes;

/// Runs program P over `target`'s extents; sources are broadcast to them already.
template <class P, class Out>
void pointwise(const Source* source, Out* out, const StridedMap& target) {
  Nest<detail::nest_size(P::loads + 1)> nest;
  nest.start(target.extents);
  nest.add(out, sizeof(Out), target);
  for (int k = 0; k < P::loads; ++k) nest.add(source[k].data, load_bytes<P>[k], source[k].map);
  detail::drive(nest, row<P, Out>);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
