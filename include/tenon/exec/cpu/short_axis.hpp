// tenon/exec/cpu/short_axis.hpp: runs kernels whose lanes are short vectors: each component has packs of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel reads and writes rows of components. Vectors that lie one after the other are taken apart into a buffer in
// the first-level cache before, and put together after, by code that all kernels share.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Where a kernel's operand is: its first component's first pack, and in bytes how far apart components are. Packs
/// follow each other; of a constant there is one.
struct ComponentRows {
  const char* at;
  index_t apart;
};
/// Computes so many packs of vectors; operand 0 is the result.
using ComponentKernel = void (*)(const ComponentRows* operand, index_t packs);

namespace detail {

// A loop over vectors without its types: how they reach a kernel, and how many at a time. In the nest are the result
// and each source once that is no constant; in the end the last axis are the components, the one before it the row.
struct ShortAxisPlan {
  ComponentKernel kernel;
  index_t bytes, lanes, most = 0;  // of an element of any operand; vectors in a pack, and in a block
  int axis, row = 0;               // of the components, at first; of the row
  int loads = 0;
  Nest nest;
  const void* constant[max_operands];                     // of the kernel's operands: a number
  int walked[max_operands];                               // or where in the nest it is, 0 of a constant
  signed char components[max_operands];                   // from here on of the nest's operands
  bool direct[max_operands];                              // read or written in place
  index_t pack_at[max_operands], block_at[max_operands];  // in the buffer

  // `extent`: of the axis of the components.
  ShortAxisPlan(ComponentKernel k, void* out, index_t element_bytes, const StridedMap& target, int short_axis,
                index_t extent, int result_components)
      : kernel(k), bytes(element_bytes), lanes(simd::native_bytes / element_bytes), axis(short_axis) {
    nest.start(target.extents);
    nest.extent[axis] = extent;
    nest.add(out, bytes, target);
    components[0] = static_cast<signed char>(result_components);
  }
  void add_constant(const void* number) {
    constant[++loads] = number;
    walked[loads] = 0;
  }
  // Strides are written where they stay: maps, which are copied as a whole, wait for their parts to leave the core.
  Walked& next() { return nest.operand[nest.operands]; }
  // Takes what was written into next() as the next source.
  void add_next(int of) {
    const Walked& s = next();
    int k = 1;
    while (k < nest.operands && !(components[k] == of && same(nest.operand[k], s))) ++k;
    walked[++loads] = k;
    if (k < nest.operands) return;
    components[k] = static_cast<signed char>(of);
    ++nest.operands;
  }
  // Whether writing the result could change what is still to be read: overlap, but not element on element.
  bool hazard() const {
    const ByteRange range = range_of(nest.operand[0]);
    for (int k = 1; k < nest.operands; ++k)
      if (range.overlaps(range_of(nest.operand[k])) &&
          !(components[k] == components[0] && same(nest.operand[k], nest.operand[0])))
        return true;
    for (int k = 1; k <= loads; ++k)
      if (walked[k] == 0) {
        const char* const number = static_cast<const char*>(constant[k]);
        if (range.overlaps({number, number + bytes})) return true;
      }
    return false;
  }
  // Whether there is a way; the nest is not empty.
  bool find() {
    for (int a = axis; a + 1 < nest.rank; ++a) nest.swap(a, a + 1);
    row = nest.collapse(0, nest.rank - 1) - 1;
    if (row < 0) return false;
    for (int a = 0; a < row; ++a)
      if (nest.operand[0].stride[a] == 1) nest.swap(a, row);
    if (row > 0 && nest.extent[row] < lanes) return false;
    index_t used = loads * simd::native_bytes, each = 0;  // at first room for constants
    for (int k = 0; k < nest.operands; ++k) {
      direct[k] = nest.operand[k].stride[row] == 1;
      pack_at[k] = used;
      used += components[k] * simd::native_bytes;
      if (!direct[k]) each += components[k] * bytes;
    }
    constexpr index_t unit = 64;
    if (used > staging_bytes) return false;
    most = each == 0 ? __PTRDIFF_MAX__ / unit * unit : (staging_bytes - used) / each / unit * unit;
    for (int k = 0; k < nest.operands; ++k) {
      block_at[k] = used;
      if (!direct[k]) used += components[k] * bytes * most;
    }
    return most > 0;
  }

 private:
  bool same(const Walked& a, const Walked& b) const {
    bool equal = a.base == b.base;
    for (int i = 0; i < nest.rank; ++i) equal = equal && (a.stride[i] == b.stride[i] || nest.extent[i] == 1);
    return equal;
  }
  ByteRange range_of(const Walked& o) const {
    const char *lo = o.base, *hi = o.base + bytes;
    for (int i = 0; i < nest.rank; ++i) {
      const index_t reach = o.stride[i] * (nest.extent[i] - 1) * bytes;
      (reach < 0 ? lo : hi) += reach;
    }
    return {lo, hi};
  }
};

// Runs a plan for all of its nest, or for a part of it.
class ShortAxisLoop {
 public:
  ShortAxisLoop(const ShortAxisPlan& plan, const Nest& nest) : plan_(plan), nest_(nest) {}

  void run() {
    char* place = buffer_;
    for (int k = 1; k <= plan_.loads; ++k)
      if (plan_.walked[k] == 0) {
        gather(place, plan_.constant[k], bytes_, {0, plan_.lanes, 0, 1});
        operand_[k] = {place, 0};
        place += simd::native_bytes;
      }
    const int row = plan_.row;
    const index_t n = nest_.extent[row], whole = n / plan_.lanes * plan_.lanes;
    Walk walk;
    walk.start(nest_, 0, row);
    do {
      for (index_t i = 0; i < whole; i += plan_.most) block(walk, i, whole - i < plan_.most ? whole - i : plan_.most);
      if (whole < n) rest(walk, whole, n - whole);
    } while (row > 0 && walk.next(nest_, 0, row));
  }

 private:
  // So many vectors of an operand.
  Plane plane(int k, index_t m) const {
    const index_t* const stride = nest_.operand[k].stride;
    return {stride[plan_.row], m, stride[plan_.row + 1], plan_.components[k]};
  }
  char* at(const Walk& walk, int k, index_t i) const {
    return const_cast<char*>(walk.byte(k)) + i * nest_.operand[k].stride[plan_.row] * bytes_;
  }
  void run_kernel(index_t packs) {
    operand_[0] = rows_[0];
    for (int k = 1; k <= plan_.loads; ++k)
      if (plan_.walked[k] > 0) operand_[k] = rows_[plan_.walked[k]];
    plan_.kernel(operand_, packs);
  }

  // Whole packs of m vectors from the i-th on.
  void block(const Walk& walk, index_t i, index_t m) {
    for (int k = 0; k < nest_.operands; ++k) {
      const Plane p = plane(k, m);
      char *const from = at(walk, k, i), *const place = buffer_ + plan_.block_at[k];
      rows_[k] = plan_.direct[k] ? ComponentRows{from, p.outer * bytes_} : ComponentRows{place, m * bytes_};
      if (!plan_.direct[k] && k > 0) gather(place, from, bytes_, p);
    }
    run_kernel(m / plan_.lanes);
    if (!plan_.direct[0]) scatter(at(walk, 0, i), rows_[0].at, bytes_, plane(0, m));
  }
  // The last m vectors, less than a pack. Idle lanes repeat the first one, so that they raise nothing that it would
  // not.
  void rest(const Walk& walk, index_t i, index_t m) {
    for (int k = 0; k < nest_.operands; ++k) {
      const Plane p = plane(k, m);
      char* to = buffer_ + plan_.pack_at[k];
      const char* from = at(walk, k, i);
      rows_[k] = {to, simd::native_bytes};
      for (index_t c = 0; c < p.m && k > 0; ++c, from += p.outer * bytes_, to += simd::native_bytes) {
        gather(to, from, bytes_, {0, plan_.lanes, 0, 1});
        gather(to, from, bytes_, {p.stride, m, 0, 1});
      }
    }
    run_kernel(1);
    const Plane p = plane(0, m);
    for (index_t c = 0; c < p.m; ++c)
      scatter(at(walk, 0, i) + c * p.outer * bytes_, rows_[0].at + c * simd::native_bytes, bytes_, {p.stride, m, 0, 1});
  }

  const ShortAxisPlan& plan_;
  const Nest& nest_;
  const index_t bytes_ = plan_.bytes;
  ComponentRows rows_[max_operands], operand_[max_operands];  // of the nest, of the kernel
  alignas(alignment) char buffer_[staging_bytes];
};

// Whole packs of vectors of one operand with components, which is dense, as is the result.
struct OneOperandCall {
  const void* x;
  void* y;
  const void* number;                 // one for each leaf that is no such operand
  index_t x_apart, y_apart, vectors;  // elements from component to component, if those are the first axis
};
// A statement over one such operand and numbers. The vectors left over by packs are computed in one that ends with the
// last vector, before anything is written; fewer than a pack in one that repeats the first of them.
struct OneOperandLoop {
  void (*kernel)(const OneOperandCall&);
  const void* x;
  void* y;
  const void* number;
  index_t bytes, lanes, vectors, components, results;  // bytes of an element; components of the operand, and the result
  bool apart;                                          // whether components are the first axis, else the last one

  bool run(bool noalias) const {
    if (vectors == 0 || x == nullptr || (!noalias && hazard())) return false;
    const index_t left = vectors & (lanes - 1), last = vectors < lanes ? 0 : lanes - left;  // vector in the pack
    alignas(alignment) char pack[4 * simd::native_bytes];
    if (vectors < lanes) {
      fill(pack);
      kernel({pack, pack, number, lanes, lanes, lanes});
    } else {
      if (left > 0) call(vectors - lanes, pack, lanes, lanes);
      in_parts(vectors - left, 64, 4 * components,
               [&](index_t from, index_t to) { call(from, result(from), vectors, to - from); });
    }
    const index_t rows = apart ? results : 1, row = apart ? 1 : results;
    for (index_t i = 0; left > 0 && i < rows; ++i)
      __builtin_memcpy(result(vectors - left) + i * vectors * bytes, pack + (i * lanes + last) * row * bytes,
                       static_cast<size_t>(left * row * bytes));
    return true;
  }

 private:
  char* result(index_t i) const { return static_cast<char*>(y) + i * bytes * (apart ? 1 : results); }
  void call(index_t from, void* to, index_t to_apart, index_t count) const {
    const char* const first = static_cast<const char*>(x) + from * bytes * (apart ? 1 : components);
    kernel({first, to, number, vectors, to_apart, count});
  }
  // A pack of vectors that repeats the first one, so that idle lanes raise nothing that it would not.
  void fill(char* pack) const {
    const char* from = static_cast<const char*>(x);
    gather(pack, from, bytes, apart ? Plane{0, lanes, vectors, components} : Plane{1, components, 0, lanes});
    const index_t rows = apart ? components : 1, row = (apart ? 1 : components) * bytes;
    for (index_t i = 0; i < rows; ++i)
      __builtin_memcpy(pack + i * lanes * row, from + i * vectors * row, static_cast<size_t>(vectors * row));
  }
  bool hazard() const {
    const char *const from = static_cast<const char*>(x), *const to = static_cast<const char*>(y);
    const index_t size = vectors * bytes;
    return ByteRange{from, from + size * components}.overlaps({to, to + size * results}) &&
           !(from == to && components == results);
  }
};

}  // namespace detail

/// Runs the loop; false, and nothing done, where rows are too short or writing could change what is still to be read.
[[gnu::noinline]] inline bool run_short_axis(detail::ShortAxisPlan& plan, bool noalias) {
  if (plan.nest.empty()) return true;
  if ((!noalias && plan.hazard()) || !plan.find()) return false;
  index_t size = 1;
  for (int a = 0; a < plan.nest.rank; ++a) size *= plan.nest.extent[a];
  const index_t n = plan.nest.extent[0];
  in_parts(n, plan.row > 0 ? 1 : 64, 4 * size / n, [&](index_t from, index_t to) {
    if (to - from == n) return detail::ShortAxisLoop(plan, plan.nest).run();
    Nest part = plan.nest;
    part.narrow(from, to);
    detail::ShortAxisLoop(plan, part).run();
  });
  return true;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
