// tenon/exec/cpu/pull_parts.hpp: large pulls of pointwise statements in parts, on the threads of an executor.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts along an axis of which each index has its own adjoints write different elements, and give the bits of one
// thread. Where an operand is broadcast along the axis, all indices add to the same adjoints: then parts are cut by
// extents alone, each adds to adjoints of its own, and these are added up in the order of the parts, with an executor
// or without. What fits neither way, and what is small, is pulled row by row.
#pragma once
#include <tenon/exec/cpu/pullback.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// The pull of a program without its types: operands of the nest are the result's adjoint, the leaves, and the leaves'
/// adjoints, null for those that have none, which are so many numbers each, float or double.
struct PullCall {
  Nest& nest;
  RowFunction row;
  int loads;
  const index_t* adjoint_parts;

  int first() const { return loads + 1; }
  bool is_wanted(int k) const { return nest.operand[k].base != nullptr; }
  /// Whether all indices of an axis add to the same adjoints.
  bool is_shared(int k, int axis) const { return nest.operand[k].stride[axis] == 0; }
  /// Where an operand walks, each element once.
  StridedMap map(int k) const {
    StridedMap m;
    for (int a = 0; a < nest.rank; ++a) {
      m.extents.push(nest.operand[k].stride[a] == 0 ? 1 : nest.extent[a]);
      m.strides.push(nest.operand[k].stride[a]);
    }
    return m;
  }
};

namespace detail {

inline constexpr index_t most_pull_parts = 64;

/// Whether what is not shared along an axis is apart: each index of it has adjoints that no other one writes.
[[gnu::noinline]] inline bool is_apart(const PullCall& c, int axis) {
  for (int k = c.first(); k < c.nest.operands; ++k) {
    if (!c.is_wanted(k) || c.is_shared(k, axis)) continue;
    const Walked& x = c.nest.operand[k];
    const StridedMap m = c.map(k);
    if (may_repeat(m)) return false;
    const ByteRange range = range_of(x.base, m, x.bytes);
    for (int l = c.first(); l < k; ++l) {
      const Walked& y = c.nest.operand[l];
      if (!c.is_wanted(l) || c.is_shared(l, axis) || !range.overlaps(range_of(y.base, c.map(l), y.bytes))) continue;
      if (x.bytes != y.bytes || !same_walk(x.base, m, y.base, c.map(l), x.bytes)) return false;
    }
  }
  return true;
}
inline bool shares(const PullCall& c, int axis) {
  bool any = false;
  for (int k = c.first(); k < c.nest.operands; ++k) any = any || (c.is_wanted(k) && c.is_shared(k, axis));
  return any;
}
inline void pull_along(const PullCall& c, int axis, index_t unit) {
  const index_t n = c.nest.extent[axis];
  in_parts(n, unit, c.nest.size() / n, [&](index_t from, index_t to) {
    if (to - from == n) return drive_rows(c.nest, {c.row}, false);
    Nest part = c.nest;
    part.narrow(from, to, axis);
    drive_rows(part, {c.row}, false);
  });
}

/// Parts of axis 0, each with adjoints of its own for what is shared.
class SharedPull {
 public:
  explicit SharedPull(const PullCall& c) : c_(c), n_(c.nest.extent[0]) {
    const index_t size = c.nest.size(), work = size / n_, some = (size + most_pull_parts - 1) / most_pull_parts;
    const index_t part = some > least_part ? some : least_part, unit = c.nest.rank > 1 ? 1 : 4096;
    step_ = ((part + work - 1) / work + unit - 1) / unit * unit;
    parts_ = (n_ + step_ - 1) / step_;
    for (int k = c.first(); k < c.nest.operands; ++k)
      if (is_own(k)) elements_ += c.map(k).extents.size(), bytes_ += place(k);
  }
  /// Whether there are several parts, and what they add up is little beside the rest.
  bool pays() const { return parts_ > 1 && parts_ * elements_ <= c_.nest.size() / 16; }
  [[gnu::noinline]] void run() {
    const tenon::detail::BlockRef own(static_cast<size_t>(parts_ * bytes_));
    in_parts(parts_, 1, c_.nest.size() / parts_, [&](index_t from, index_t to) {
      for (index_t p = from; p < to; ++p) pull(p, own.data() + p * bytes_);
    });
    char* sum = own.data();
    for (int k = c_.first(); k < c_.nest.operands; ++k) {
      if (!is_own(k)) continue;
      const StridedMap m = c_.map(k);
      const index_t n = m.extents.size(), bytes = c_.nest.operand[k].bytes, parts = c_.adjoint_parts[k - c_.first()];
      for (index_t p = 1; p < parts_; ++p) add_numbers(sum, 1, sum + p * bytes_, n, bytes, parts);
      add_to(k, m, sum, bytes, parts);
      sum += place(k);
    }
  }

 private:
  bool is_own(int k) const { return c_.is_wanted(k) && c_.is_shared(k, 0); }
  // Parts do not write to the same line of the cache.
  index_t place(int k) const { return (c_.map(k).extents.size() * c_.nest.operand[k].bytes + 63) / 64 * 64; }
  void pull(index_t p, char* own) const {
    __builtin_memset(own, 0, static_cast<size_t>(bytes_));
    Nest part = c_.nest;
    part.narrow(p * step_, p + 1 < parts_ ? (p + 1) * step_ : n_);
    for (int k = c_.first(); k < part.operands; ++k) {
      if (!is_own(k)) continue;
      Walked& x = part.operand[k];
      x.base = own;
      own += place(k);
      const Dims dense = row_major(c_.map(k).extents);
      for (int a = 0; a < part.rank; ++a) x.stride[a] = x.stride[a] == 0 ? 0 : dense.d[a];
    }
    drive_rows(part, {c_.row}, false);
  }
  void add_to(int k, const StridedMap& m, const char* sum, index_t bytes, index_t parts) const {
    Nest nest;
    nest.start(m.extents);
    nest.add(c_.nest.operand[k].base, bytes, m);
    nest.add(sum, bytes, {m.extents, row_major(m.extents), 0});
    nest.collapse(0, nest.rank);
    const int inner = nest.rank - 1;
    Walk walk;
    walk.start(nest, 0, inner < 0 ? 0 : inner);
    do
      add_numbers(walk.out(), inner < 0 ? 1 : nest.operand[0].stride[inner], walk.at[1],
                  inner < 0 ? 1 : nest.extent[inner], bytes, parts);
    while (inner > 0 && walk.next(nest, 0, inner));
  }

  const PullCall& c_;
  index_t n_, step_ = 0, parts_ = 0, elements_ = 0, bytes_ = 0;
};

}  // namespace detail

/// Pulls the adjoint of a program's result back to its leaves, by row_pull of the program.
[[gnu::noinline]] inline void pull_program(const PullCall& c) {
  constexpr index_t long_row = 8192, piece = 1024;
  if (c.nest.empty()) return;
  detail::order_axes(c.nest);
  const int inner = c.nest.rank - 1;
  if (inner >= 0 && c.nest.size() >= 2 * least_part) {
    const bool apart = detail::is_apart(c, 0);
    if (apart && !detail::shares(c, 0)) return detail::pull_along(c, 0, inner > 0 ? 1 : 4096);
    if (inner > 0 && c.nest.extent[inner] >= long_row && detail::is_apart(c, inner) && !detail::shares(c, inner))
      return detail::pull_along(c, inner, piece);
    if (apart)
      if (detail::SharedPull shared(c); shared.pays()) return shared.run();
  }
  // Sources are written to here, so that none is read from a copy.
  detail::drive_rows(c.nest, {c.row}, false);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
