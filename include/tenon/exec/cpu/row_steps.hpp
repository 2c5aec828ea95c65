// tenon/exec/cpu/row_steps.hpp: runs the steps of a statement over reductions of its rows, block by block of rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where every step walks contiguous rows, as most do, calls go straight to the kernels: a block is a few rows, and a
// loop nest for each step would take as long as the work.
#pragma once
#include <tenon/exec/cpu/reduce_loops.hpp>
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
// A loop along rows; of what repeats along a row, registers full are made for all rows at once.
inline void run_along_rows(const RowStep& step, const Walked* o, index_t m) {
  constexpr index_t most = 8;  // rows, and operands that repeat
  const index_t n = step.extents.d[1];
  alignas(alignment) char repeated[most][most][simd::native_bytes];
  const void* from[max_operands];
  index_t by[max_operands], mask[max_operands], stride[max_operands];
  bool packed = step.packed != nullptr;
  int repeats = 0;
  for (int k = 0; k < step.loads; ++k) {
    const Walked& x = o[k + 1];
    stride[k] = x.stride[1];
    packed = packed && (stride[k] == 1 || (stride[k] == 0 && x.bytes * step.packed->lanes <= simd::native_bytes));
    if (stride[k] == 0) ++repeats;
  }
  packed = packed && repeats <= most;
  for (index_t r = 0; r < m; r += most) {
    const index_t some = at_most(m - r, most);
    repeats = 0;
    for (int k = 0; k < step.loads; ++k) {
      const Walked& x = o[k + 1];
      from[k] = x.base + r * x.stride[0] * x.bytes;
      by[k] = x.stride[0] * x.bytes;
      mask[k] = -1;
      if (!packed || stride[k] == 1 || step.packed->constant[k]) continue;
      for (index_t i = 0; i < some; ++i) repeat_element(repeated[repeats][i], x.base + (r + i) * by[k], x.bytes, 1);
      from[k] = repeated[repeats++];
      by[k] = simd::native_bytes;
      mask[k] = 0;
    }
    char* out = const_cast<char*>(o[0].base) + r * o[0].stride[0] * o[0].bytes;
    for (index_t i = 0; i < some; ++i) {
      if (packed)
        step.packed->run(out, from, mask, n, false);
      else
        step.row(out, 1, from, stride, n);
      for (int k = 0; k < step.loads; ++k) from[k] = static_cast<const char*>(from[k]) + by[k];
      out += o[0].stride[0] * o[0].bytes;
    }
  }
}
// `o`: the step's operands, at the first of m rows.
[[gnu::noinline]] inline void run_step(const RowStep& step, const Walked* o, index_t m, bool rows) {
  char* const out = const_cast<char*>(o[0].base);
  Dims extents = step.extents;
  extents.d[0] = m;
  if (step.op && rows) {
    step.op->rows(o[1].base, o[1].stride[0], extents.d[1], m, out, {o[0].stride[0], step.count, step.plane});
  } else if (step.op) {
    reduce({step.op, step.row, step.direct, extents, step.mask, out, o[0].bytes, step.count, step.plane}, o + 1,
           step.loads);
  } else if (rows && extents.d[1] == 1) {
    const void* from[max_operands];
    index_t stride[max_operands];
    for (int k = 0; k < step.loads; ++k) {
      from[k] = o[k + 1].base;
      stride[k] = o[k + 1].stride[0];
    }
    (step.few && m <= 8 ? step.few : step.row)(out, o[0].stride[0], from, stride, m);
  } else if (rows) {
    run_along_rows(step, o, m);
  } else {
    Nest nest;
    nest.rank = extents.rank;
    for (int a = 0; a < extents.rank; ++a) nest.extent[a] = extents.d[a];
    nest.operands = step.loads + 1;
    __builtin_memcpy(nest.operand, o, static_cast<size_t>(nest.operands) * sizeof(Walked));
    drive_all(nest, step.row);
  }
}

// Rows long enough to go one by one: while a row is written to memory, the next one is folded. The last step is a row
// behind the others, so that it need not wait for what they found out: a slot holds the results of two rows by turns.
// What the steps need is worked out before the first row; from row to row only addresses move.
class LongRows {
 public:
  static constexpr index_t least_bytes = 1024;

  // `at`: the operands of all steps at the first row, results of folds in slots.
  LongRows(const RowSteps& s, const Walked* at, const bool* in_slot) : s_(s) {
    for (int i = 0; i < s.steps && possible_; ++i) {
      const RowStep& step = s.step[i];
      const bool last = i + 1 == s.steps;
      possible_ = step.op || (last ? step.packed != nullptr : step.few != nullptr && step.extents.d[1] == 1);
      if (last) last_moving_ = movings_;
      for (int k = step.first; k <= step.first + step.loads && possible_; ++k) {
        const Walked& o = at[k];
        const Step by{in_slot[k] ? static_cast<index_t>(alignment) : o.stride[0] * o.bytes, in_slot[k]};
        place_[k] = o.base;
        mask_[k] = -1;
        if (!last || k == step.first || step.packed->constant[k - step.first - 1] || o.stride[1] == 1) {
          if (by.bytes != 0) moving_[movings_++] = {k, by};
        } else if ((possible_ =
                        o.stride[1] == 0 && repeats_ < most && o.bytes * step.packed->lanes <= simd::native_bytes)) {
          repeat_[repeats_] = {o.base, o.bytes, by};
          place_[k] = full_[repeats_++];
          mask_[k] = 0;
        }
      }
    }
  }
  bool possible() const { return possible_; }
  void run(index_t rows) {
    folds();
    for (; rows > 0; --rows) {
      if (rows > 1) folds();
      last();
    }
  }

 private:
  static constexpr int most = 8;  // operands that repeat
  // From one row to the next: forth and back in slots.
  struct Step {
    index_t bytes;
    bool turns;
    const char* from(const void* p) {
      const char* const next = static_cast<const char*>(p) + bytes;
      if (turns) bytes = -bytes;
      return next;
    }
  };
  struct Moving {
    int operand;
    Step by;
  };
  struct Repeat {
    const char* from;
    index_t bytes;
    Step by;
  };

  void move(int from, int to) {
    for (; from < to; ++from) place_[moving_[from].operand] = moving_[from].by.from(place_[moving_[from].operand]);
  }
  void folds() {
    for (int i = 0; i + 1 < s_.steps; ++i) {
      const RowStep& step = s_.step[i];
      void* const out = const_cast<void*>(place_[step.first]);
      const void* const* const from = place_ + step.first + 1;
      const index_t n = step.extents.d[1];
      if (step.op)
        step.op->rows(from[0], n, n, 1, out, {1, step.count, step.plane});
      else
        step.few(out, 1, from, mask_ + step.first + 1, 1);
    }
    move(0, last_moving_);
  }
  void last() {
    const RowStep& step = s_.step[s_.steps - 1];
    for (int r = 0; r < repeats_; ++r) {
      repeat_element(full_[r], repeat_[r].from, repeat_[r].bytes, 1);
      repeat_[r].from = repeat_[r].by.from(repeat_[r].from);
    }
    step.packed->run(const_cast<void*>(place_[step.first]), place_ + step.first + 1, mask_ + step.first + 1,
                     step.extents.d[1], false);
    move(last_moving_, movings_);
  }

  const RowSteps& s_;
  bool possible_ = true;
  int movings_ = 0, repeats_ = 0, last_moving_ = 0;
  Moving moving_[max_operands];
  Repeat repeat_[most];
  const void* place_[max_operands];
  index_t mask_[max_operands];
  alignas(alignment) char full_[most][simd::native_bytes];  // registers full of an element
};

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
    if (by_rows && each * operand[last.first].bytes >= LongRows::least_bytes) {
      LongRows one_by_one(*this, at, in_slot);
      if (one_by_one.possible()) return one_by_one.run(to - from);
    }
    for (; from < to; from += unit) {
      const index_t m = at_most(to - from, unit);
      for (int i = 0; i < steps; ++i) run_step(step[i], at + step[i].first, m, by_rows);
      for (int k = 0; k < operands; ++k)
        if (!in_slot[k]) at[k].base += m * at[k].stride[0] * at[k].bytes;
    }
  });
  return true;
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
