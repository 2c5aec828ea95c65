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

/// A pointwise loop without its types: what all expressions share.
struct PointwiseCall {
  const Source* source;  // broadcast to the target's extents
  const index_t* bytes;  // element size of each source
  int loads;
  RowFunction row;
  void* out;
  index_t out_bytes;
  StridedMap target;
};

namespace detail {
template <int Operands>
void run_nest(const PointwiseCall& c) {
  Nest<Operands> nest;
  nest.start(c.target.extents);
  nest.add(c.out, c.out_bytes, c.target);
  for (int k = 0; k < c.loads; ++k) nest.add(c.source[k].data, c.bytes[k], c.source[k].map);
  drive(nest, c.row);
}
// Elements of `bytes` bytes from one place to another.
inline void row_copy(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n,
                     index_t bytes) {
  char* to = static_cast<char*>(out);
  const char* from = static_cast<const char*>(source[0]);
  if (out_stride == 1 && stride[0] == 1) {
    __builtin_memmove(to, from, static_cast<size_t>(n * bytes));
  } else {
    for (index_t i = 0; i < n; ++i)
      __builtin_memmove(to + i * out_stride * bytes, from + i * stride[0] * bytes, static_cast<size_t>(bytes));
  }
}
template <int Bytes>
void row_copy_of(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n) {
  row_copy(out, out_stride, source, stride, n, Bytes);
}
}  // namespace detail

/// Runs the loop.
[[gnu::noinline]] inline void run_pointwise(const PointwiseCall& c) {
  if (c.loads < 4) return detail::run_nest<4>(c);
  if (c.loads < 16) return detail::run_nest<16>(c);
  expect<value_error>(c.loads < 128, "tenon: an expression has more than 127 operands; evaluate a part of it first");
  detail::run_nest<128>(c);
}
/// Whether writing the target could change a source before it is read: they overlap, and not element on element.
[[gnu::noinline]] inline bool pointwise_hazard(const PointwiseCall& c) {
  const ByteRange range = range_of(c.out, c.target, c.out_bytes);
  for (int k = 0; k < c.loads; ++k) {
    const Source& s = c.source[k];
    if (range.overlaps(range_of(s.data, s.map, c.bytes[k])) &&
        !(c.bytes[k] == c.out_bytes && same_walk(s.data, s.map, c.out, c.target, c.out_bytes)))
      return true;
  }
  return false;
}
/// Copies dense elements to the target.
[[gnu::noinline]] inline void copy_elements(const void* from, void* out, index_t bytes, const StridedMap& target) {
  const Source source{from, {target.extents, row_major(target.extents), 0}, 0, {}};
  const RowFunction row = bytes == 1   ? detail::row_copy_of<1>
                          : bytes == 2 ? detail::row_copy_of<2>
                          : bytes == 4 ? detail::row_copy_of<4>
                          : bytes == 8 ? detail::row_copy_of<8>
                                       : nullptr;
  if (row) return run_pointwise({&source, &bytes, 1, row, out, bytes, target});
  // Larger elements (duals, complex) as a last axis of bytes would not collapse; they go one by one.
  Nest<4> nest;
  nest.start(target.extents);
  nest.add(out, bytes, target);
  nest.add(from, bytes, source.map);
  if (nest.empty()) return;
  Walk<4> walk;
  walk.start(nest, 0, nest.rank);
  do __builtin_memmove(const_cast<char*>(walk.at[0]), walk.at[1], static_cast<size_t>(bytes));
  while (walk.next(nest, 0, nest.rank));
}
/// Runs the loop; through a block of its own where writing the target could change a source.
[[gnu::noinline]] inline void assign_pointwise(PointwiseCall c, bool noalias) {
  if (noalias || !pointwise_hazard(c)) return run_pointwise(c);
  const StridedMap target = c.target;
  void* const out = c.out;
  const tenon::detail::BlockRef aside(static_cast<size_t>(target.extents.size() * c.out_bytes));
  c.out = aside.data();
  c.target = {target.extents, row_major(target.extents), 0};
  run_pointwise(c);
  copy_elements(aside.data(), out, c.out_bytes, target);
}

/// Runs program P over `target`'s extents; sources are broadcast to them already.
template <class P, class Out>
void pointwise(const Source* source, Out* out, const StridedMap& target) {
  run_pointwise({source, load_bytes<P>, P::loads, row<P, Out>, out, sizeof(Out), target});
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
