// tenon/exec/cpu/row_steps.hpp: runs the steps of a statement over reductions of its rows, block by block of rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where every step walks contiguous rows, as most do, calls go straight to the kernels: a block is a few rows, and a
// loop nest for each step would take as long as the work.
#pragma once
#include <tenon/exec/cpu/reduce_loops.hpp>
#include <tenon/exec/cpu/row_planes.hpp>
#include <tenon/exec/row_blocks.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

// Axis 0 becomes one with axis 1 where every step walks them as one and reduces neither.
inline bool join_rows(RowSteps& s) {
  const Dims& e = s.step[s.steps - 1].extents;
  if (e.rank < 3) return false;
  for (int i = 0; i < s.steps; ++i) {
    const RowStep& step = s.step[i];
    if ((step.mask & 2u) || step.extents.d[1] != e.d[1]) return false;
    for (int k = step.first; k <= step.first + step.loads; ++k)
      if (s.operand[k].stride[0] != s.operand[k].stride[1] * e.d[1]) return false;
  }
  for (int i = 0; i < s.steps; ++i) {
    RowStep& step = s.step[i];
    step.mask >>= 1;
    step.extents.d[1] *= step.extents.d[0];
    for (int a = 1; a < step.extents.rank; ++a) step.extents.d[a - 1] = step.extents.d[a];
    --step.extents.rank;
  }
  for (int k = 0; k < s.operands; ++k)
    for (int a = 1; a < max_rank; ++a) s.operand[k].stride[a - 1] = s.operand[k].stride[a];
  return true;
}

// Whether a step is a fold of contiguous rows, a loop over one element of each row, or a loop along contiguous rows.
inline bool walks_rows(const RowStep& step, const Walked* o) {
  if (step.extents.rank != 2) return false;
  const index_t n = step.extents.d[1];
  if (step.op)
    return step.mask == 2u && step.direct && n > most_turned && n <= chunk_of(*step.op) && o[1].stride[1] == 1 &&
           o[1].stride[0] != 0;
  return n == 1 || o[0].stride[1] == 1;
}
// A loop along rows.
inline void run_along_rows(const RowStep& step, const Walked* o, index_t m) {
  const index_t n = step.extents.d[1];
  const void* from[max_operands];
  index_t by[max_operands], stride[max_operands];
  for (int k = 0; k < step.loads; ++k) {
    const Walked& x = o[k + 1];
    from[k] = x.base;
    by[k] = x.stride[0] * x.bytes;
    stride[k] = x.stride[1];
  }
  char* out = const_cast<char*>(o[0].base);
  const index_t out_step = o[0].stride[0] * o[0].bytes;
  if (takes_strides(step.packed, stride)) return run_plane(*step.packed, out, from, stride, n, {m, out_step, by});
  for (index_t i = 0; i < m; ++i, out += out_step) {
    step.row(out, 1, from, stride, n);
    for (int k = 0; k < step.loads; ++k) from[k] = static_cast<const char*>(from[k]) + by[k];
  }
}
// `o`: the step's operands, at the first of m rows, which every step walks.
inline void run_by_rows(const RowStep& step, const Walked* o, index_t m) {
  char* const out = const_cast<char*>(o[0].base);
  const index_t n = step.extents.d[1];
  if (step.op) return step.op->rows(o[1].base, o[1].stride[0], n, m, out, {o[0].stride[0], step.count, step.plane});
  if (n > 1) return run_along_rows(step, o, m);
  const void* from[max_operands];
  index_t stride[max_operands];
  for (int k = 0; k < step.loads; ++k) {
    from[k] = o[k + 1].base;
    stride[k] = o[k + 1].stride[0];
  }
  (step.few && m <= 8 ? step.few : step.row)(out, o[0].stride[0], from, stride, m);
}
[[gnu::noinline]] inline void run_nest(const RowStep& step, const Walked* o, index_t m) {
  Dims extents = step.extents;
  extents.d[0] = m;
  if (step.op)
    return reduce({step.op, step.row, step.direct, extents, step.mask, const_cast<char*>(o[0].base), o[0].bytes,
                   step.count, step.plane},
                  o + 1, step.loads);
  Nest nest;
  nest.rank = extents.rank;
  for (int a = 0; a < extents.rank; ++a) nest.extent[a] = extents.d[a];
  nest.operands = step.loads + 1;
  __builtin_memcpy(nest.operand, o, static_cast<size_t>(nest.operands) * sizeof(Walked));
  drive_all(nest, step.row);
}

}  // namespace detail

inline bool RowSteps::run(index_t work) {
  using namespace detail;
  if (!fits) return false;
  while (join_rows(*this)) {
  }
  const RowStep& last = step[steps - 1];
  const index_t rows = last.extents.d[0], each = last.extents.size() / rows;
  bool by_rows = true;
  for (int i = 0; i < steps; ++i) by_rows = by_rows && walks_rows(step[i], operand + step[i].first);
  const index_t fit = (by_rows ? row_block_bytes : strided_block_bytes) / (each * operand[last.first].bytes);
  index_t unit = fit > 0 ? fit : 1;
  for (int i = 0; i < steps; ++i) {
    if (step[i].extents.d[0] != rows) return false;
    index_t results = 1;
    for (int a = 1; a < step[i].extents.rank; ++a)
      if (!(step[i].mask >> a & 1u)) results *= step[i].extents.d[a];
    const index_t room = slot_bytes / (results * operand[step[i].first].bytes);
    if (i + 1 < steps) unit = at_most(unit, room);
  }
  if (unit == 0) return false;
  in_parts(rows, unit, work * each, [&](index_t from, index_t to) {
    const tenon::detail::BlockRef own(static_cast<size_t>(slots * slot_bytes));
    Walked at[max_operands];
    bool in_slot[max_operands];
    for (int k = 0; k < operands; ++k) {
      at[k] = operand[k];
      const auto offset =
          reinterpret_cast<__UINTPTR_TYPE__>(at[k].base) - reinterpret_cast<__UINTPTR_TYPE__>(memory.data());
      in_slot[k] = offset < static_cast<__UINTPTR_TYPE__>(slots * slot_bytes);
      at[k].base = in_slot[k] ? own.data() + offset : at[k].base + from * at[k].stride[0] * at[k].bytes;
    }
    for (; from < to; from += unit) {
      const index_t m = at_most(to - from, unit);
      for (int i = 0; i < steps; ++i) (by_rows ? run_by_rows : run_nest)(step[i], at + step[i].first, m);
      for (int k = 0; k < operands; ++k)
        if (!in_slot[k]) at[k].base += m * at[k].stride[0] * at[k].bytes;
    }
  });
  return true;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
