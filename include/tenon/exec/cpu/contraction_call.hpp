// tenon/exec/cpu/contraction_call.hpp: a contraction with its types erased: targets, aliasing, epilogues.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions compile to filling a ContractionCall; everything here is compiled once. A target that overlaps an operand
// is computed aside. A pointwise consumer runs as the epilogue where each operand of it walks rows and columns of the
// product by one stride each, else as a loop over the product computed aside.
#pragma once
#include <tenon/exec/cpu/contraction_gather.hpp>
#include <tenon/exec/cpu/pointwise.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// The target of a contraction; elements of the sum's type, or what the epilogue makes of them.
struct ContractionTarget {
  void* data;
  index_t bytes;  // of an element
  const StridedMap& map;
  bool add;  // to what is there
  const Epilogue* epilogue;
  const Prologue *a = nullptr, *b = nullptr;  // of operands that are not in memory
};
using ContractionFunction = void (*)(const ContractionLabels&, const Source& a, const Source& b,
                                     const ContractionTarget&);

/// A contraction of two operands, in memory or programs.
struct ContractionCall {
  const ContractionLabels* labels;
  ContractionFunction run;
  index_t a_bytes, b_bytes, sum_bytes;
  bool fuses;  // run takes an epilogue and prologues
  Source a, b;
  const OperandProgram *a_program = nullptr, *b_program = nullptr;

  bool overlaps(const void* out, const StridedMap& target, index_t bytes) const {
    const ByteRange range = range_of(out, target, bytes);
    return overlaps(range, a, a_bytes, a_program) || overlaps(range, b, b_bytes, b_program);
  }

 private:
  static bool overlaps(const ByteRange& range, const Source& x, index_t bytes, const OperandProgram* program) {
    if (!program) return range.overlaps(range_of(x.data, x.map, bytes));
    const PointwiseCall& loop = program->loop;
    for (int k = 0; k < loop.loads; ++k)
      if (range.overlaps(range_of(loop.source[k].data, loop.source[k].map, loop.bytes[k]))) return true;
    return false;
  }
};

namespace detail {

/// The prologues of a call: an operand that is a program has one if that pays; else it is computed now.
struct Prologues {
  explicit Prologues(ContractionCall& call) {
    const ContractionLabels& l = *call.labels;
    settle(call.a, call.a_program, a_, l, l.a, l.b, call.b.map.extents);
    settle(call.b, call.b_program, b_, l, l.b, l.a, call.a.map.extents);
  }
  const Prologue* of_a() const { return a_.row ? &a_ : nullptr; }
  const Prologue* of_b() const { return b_.row ? &b_ : nullptr; }

 private:
  static void settle(Source& x, const OperandProgram*& program, Prologue& p, const ContractionLabels& l,
                     const signed char* mine, const signed char* theirs, const Dims& other) {
    if (!program) return;
    int axis[3];
    if (prologue_axes(axis, l, mine, x.map.extents, theirs, other, program->loop.out_bytes, program->costly))
      return plan_prologue(p, axis, program->loop);
    PointwiseCall loop = program->loop;
    x.keep = tenon::detail::BlockRef(static_cast<size_t>(x.map.extents.size() * loop.out_bytes));
    x.data = loop.out = x.keep.data();
    run_pointwise(loop);
    program = nullptr;
  }
  Prologue a_, b_;
};

}  // namespace detail

/// target = the contraction; its elements are of the sum's type.
[[gnu::noinline]] inline void assign_contraction(ContractionCall& call, void* out, const StridedMap& target,
                                                 bool noalias) {
  const index_t bytes = call.sum_bytes;
  const detail::Prologues p(call);
  if (noalias || !call.overlaps(out, target, bytes))
    return call.run(*call.labels, call.a, call.b, {out, bytes, target, false, nullptr, p.of_a(), p.of_b()});
  const tenon::detail::BlockRef aside(static_cast<size_t>(target.extents.size() * bytes));
  const StridedMap dense{target.extents, row_major(target.extents), 0};
  call.run(*call.labels, call.a, call.b, {aside.data(), bytes, dense, false, nullptr, p.of_a(), p.of_b()});
  copy_elements(aside.data(), out, bytes, target);
}

namespace detail {

// The strides of a map of the output's extents over the axes of each class, as one stride each; false if they are not.
struct ClassStrides {
  index_t batch, row, column;
};
inline bool class_strides(const ContractionLabels& l, const Dims& a, const Dims& b, const StridedMap& m,
                          ClassStrides& to) {
  index_t stride[3] = {}, next[3] = {};
  bool seen[3] = {};
  for (int i = l.count - 1; i >= 0; --i) {
    if (l.c[i] < 0 || m.extents.d[l.c[i]] == 1) continue;
    const bool in_a = l.a[i] >= 0 && a.d[l.a[i]] != 1, in_b = l.b[i] >= 0 && b.d[l.b[i]] != 1;
    const int k = !in_a ? 2 : in_b ? 0 : 1;
    const index_t s = m.strides.d[l.c[i]];
    if (seen[k] && s != next[k]) return false;
    if (!seen[k]) stride[k] = s;
    seen[k] = true;
    next[k] = s * m.extents.d[l.c[i]];
  }
  to = {stride[0], stride[1], stride[2]};
  return true;
}

inline bool plan_epilogue(Epilogue& e, const ContractionCall& call, const PointwiseCall& consumer, int product) {
  ClassStrides s;
  const Dims &a = call.a.map.extents, &b = call.b.map.extents;
  e.row = consumer.row;
  e.leaves = consumer.loads;
  e.product = product;
  if (!call.fuses || e.leaves > Epilogue::max_leaves || !class_strides(*call.labels, a, b, consumer.target, s))
    return false;
  for (int i = 0; i < e.leaves; ++i) {
    const Source& leaf = consumer.source[i];
    e.bytes[i] = consumer.bytes[i];
    e.data[i] = nullptr;
    s = {0, 1, 1};
    if (i != product) {
      if (!class_strides(*call.labels, a, b, leaf.map, s)) return false;
      e.data[i] = static_cast<const char*>(leaf.data) + leaf.map.offset * e.bytes[i];
    }
    e.batch[i] = s.batch;
    e.row_stride[i] = s.row;
    e.column_stride[i] = s.column;
  }
  e.past_caches = goes_past_caches(consumer, streamed_bytes / 2);  // the operands are in the caches, too
  return true;
}

}  // namespace detail

/// A consumer's loop, one source of which, `product`, is the contraction: with extents `extents`, broadcast to the
/// target's. The source itself is filled in here. `tile`: how the consumer finishes full tiles.
[[gnu::noinline]] inline void assign_consumer(ContractionCall& call, PointwiseCall consumer, Source* source,
                                              int product, const Dims& extents, bool noalias, TileEpilogue tile = {}) {
  Epilogue e;
  e.tile = tile;
  const detail::Prologues p(call);
  source[product].map.extents = {1, {0}};  // not in memory: overlaps nothing
  if (extents == consumer.target.extents && detail::plan_epilogue(e, call, consumer, product) &&
      (noalias || !(call.overlaps(consumer.out, consumer.target, consumer.out_bytes) || pointwise_hazard(consumer))))
    return call.run(*call.labels, call.a, call.b,
                    {consumer.out, consumer.out_bytes, consumer.target, false, &e, p.of_a(), p.of_b()});
  const tenon::detail::BlockRef aside(static_cast<size_t>(extents.size() * call.sum_bytes));
  Source& s = source[product];
  s.data = aside.data();
  s.map = {extents, row_major(extents), 0};
  call.run(*call.labels, call.a, call.b, {aside.data(), call.sum_bytes, s.map, false, nullptr, p.of_a(), p.of_b()});
  s.map.broadcast_to(consumer.target.extents);
  assign_pointwise(consumer, noalias);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
