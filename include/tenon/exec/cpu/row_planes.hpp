// tenon/exec/cpu/row_planes.hpp: many rows by one call of a row kernel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// To begin a row takes as long as some dozen packs. Rows whose operands are contiguous, or one element along the row,
// are begun together: the kernel goes from one to the next by itself.
#pragma once
#include <tenon/exec/cpu/row.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Rows of at least a pack, and how many bytes there are from one to the next, of the result and of each operand.
struct RowsApart {
  index_t rows, out;
  const index_t* source;
};
// Leaves of which none repeats an element, at element i of their rows.
template <class Leaves>
struct InRow {
  const Leaves& leaves;
  index_t i;
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    return leaves.template in_row<J, V, T>(i);
  }
};
// The last pack may overlap the one before it, and so is computed before any other is written.
template <class P, class Out>
[[gnu::noinline]] void rows_of_packs(void* target, const void* const* source, const index_t* mask, index_t n,
                                     const RowsApart& apart) {
  constexpr int W = lanes_of<P>;
  typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
  leaves.start(source, mask);
  char* out = static_cast<char*>(target);
  const auto value = [](const auto& at) __attribute__((always_inline)) {
    Machine<P, W> machine;
    machine.run(at);
    return in_order<P>(machine.result());
  };
  const index_t before = n - W, out_step = apart.out;
  index_t rows = apart.rows,
          step[P::loads + 1];  // in registers: loads between the rows would take half as long as they
  for (int k = 0; k < P::loads; ++k) step[k] = apart.source[k];
  // Of a short program a row is hardly longer than what a loop takes whose operands advance each in its own way.
  if constexpr (goes_in_pairs<P>)
    if (leaves.all_advance()) {
      for (;;) {
        const auto last = value(InRow<decltype(leaves)>{leaves, before});
        Out* const row = reinterpret_cast<Out*>(out);
        for (index_t i = 0; i < before; i += W) store_lanes(row + i, value(InRow<decltype(leaves)>{leaves, i}));
        store_lanes(row + before, last);
        if (--rows <= 0) return;
        leaves.next_row(step);
        out += out_step;
      }
    }
  for (;;) {
    auto at = leaves;
    at.skip(before);
    const auto last = value(at);
    at = leaves;
    Out* const row = reinterpret_cast<Out*>(out);
    for (index_t i = 0; i < before; i += W) {
      store_lanes(row + i, value(at));
      at.advance();
    }
    store_lanes(row + before, last);
    if (--rows <= 0) return;
    leaves.next_row(step);
    out += out_step;
  }
}

// With what takes rows; null for a program that is computed element by element.
template <class P, class Out>
inline constexpr PackedRow packed_rows = {row_of_packs<P, Out>,
                                          rows_of_packs<P, Out>,
                                          LoadTable<loads_of<P>>::bytes,
                                          LoadTable<loads_of<P>>::constant,
                                          P::loads,
                                          sizeof(Out),
                                          lanes_of<P>};
template <class P, class Out>
constexpr const PackedRow* packed_rows_of() {
  if constexpr (lanes_of < P >> 1) {
    return &packed_rows<P, Out>;
  } else {
    return nullptr;
  }
}

// Operands that are one element along a row, and rows for which they are prepared at a time.
inline constexpr index_t most_repeated = 6, prepared_rows = 16;

/// Whether a kernel takes operands with such strides along the row as `run_plane` gives them.
inline bool takes_strides(const PackedRow* kernel, const index_t* stride) {
  if (!kernel) return false;
  index_t repeats = 0;
  for (int k = 0; k < kernel->loads; ++k) {
    if (kernel->constant[k] || stride[k] == 1) continue;
    if (stride[k] != 0 || kernel->bytes[k] * kernel->lanes > simd::native_bytes || !is_word(kernel->bytes[k]))
      return false;
    ++repeats;
  }
  return repeats <= most_repeated;
}
/// Whether a kernel takes many rows of n such elements at a time.
inline bool takes_planes(const PackedRow* kernel, const index_t* stride, index_t n) {
  return kernel && kernel->rows && n >= kernel->lanes && takes_strides(kernel, stride);
}
// At once, or shorter rows one by one.
inline void run_rows(const PackedRow& kernel, void* out, const void** from, const index_t* mask, index_t n,
                     const RowsApart& apart) {
  if (kernel.rows && n >= kernel.lanes) return kernel.rows(out, from, mask, n, apart);
  char* to = static_cast<char*>(out);
  for (index_t i = 0; i < apart.rows; ++i, to += apart.out) {
    kernel.run(to, from, mask, n, false);
    for (int k = 0; k < kernel.loads; ++k) from[k] = static_cast<const char*>(from[k]) + apart.source[k];
  }
}
/// Rows of n elements; `apart`: the bytes between them, of operand k `apart.source[k]`.
[[gnu::noinline]] inline void run_plane(const PackedRow& kernel, void* out, const void* const* source,
                                        const index_t* stride, index_t n, const RowsApart& apart) {
  alignas(alignment) char repeated[most_repeated][prepared_rows][simd::native_bytes];
  const void* from[max_operands];
  index_t mask[max_operands], step[max_operands];
  bool prepares = false;
  for (int k = 0; k < kernel.loads; ++k) {
    from[k] = source[k];
    mask[k] = -1;
    step[k] = apart.source[k];
    prepares = prepares || (!kernel.constant[k] && stride[k] == 0);
  }
  if (!prepares) return run_rows(kernel, out, from, mask, n, {apart.rows, apart.out, step});
  for (index_t r = 0; r < apart.rows; r += prepared_rows) {
    const index_t some = apart.rows - r < prepared_rows ? apart.rows - r : prepared_rows;
    int repeats = 0;
    for (int k = 0; k < kernel.loads; ++k) {
      const char* const at = static_cast<const char*>(source[k]) + r * apart.source[k];
      from[k] = at;
      if (stride[k] == 1 || kernel.constant[k]) continue;
      for (index_t i = 0; i < some; ++i)
        repeat_element(repeated[repeats][i], at + i * apart.source[k], kernel.bytes[k]);
      from[k] = repeated[repeats++];
      mask[k] = 0;
      step[k] = simd::native_bytes;
    }
    run_rows(kernel, static_cast<char*>(out) + r * apart.out, from, mask, n, {some, apart.out, step});
  }
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
