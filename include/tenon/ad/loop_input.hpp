// tenon/ad/loop_input.hpp: what a loop over rows of cells is given: numbers, numbers for each cell, for each step.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/cell_loop.hpp>
#include <tenon/ad/statement.hpp>
#include <tenon/tensor/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class X>
struct PerStep {
  const X& x;
};
template <class X>
inline constexpr bool is_per_step = false;
template <class X>
inline constexpr bool is_per_step<PerStep<X>> = true;

// The numbers of one cell: of an argument of extents E, without the last axis and the first `Skip` ones.
template <class T, class E, int Skip, class S = make_seq<(E::rank > Skip ? E::rank - 1 - Skip : 0)>>
struct ItemOfCell;
template <class T, class E, int Skip>
struct ItemOfCell<T, E, Skip, Seq<>> {
  using type = T;
};
template <class T, class E, int Skip, int... I>
requires(sizeof...(I) > 0) struct ItemOfCell<T, E, Skip, Seq<I...>> {
  static_assert(((E::static_extent(Skip + I) != dyn) && ...),
                "tenon: unrolled_loop: only the last axis, which counts the cells, may be of run-time extent");
  using type = Tensor<T, E::static_extent(Skip + I)...>;
};
template <class T, class E>
struct TensorLike;
template <class T, index_t... E>
struct TensorLike<T, Extents<E...>> {
  using type = Tensor<T, E...>;
  using steps = Tensor<T, dyn, E...>;
};

template <class Y>
auto get_number(const Y& y, [[maybe_unused]] index_t i) {
  if constexpr (expression<Y>) {
    return get_element(y, i);
  } else {
    return settled(y);
  }
}
template <class Y, class V>
void set_number(Y& y, [[maybe_unused]] index_t i, const V& v) {
  if constexpr (expression<Y>) {
    set_element(y, i, v);
  } else {
    y = v;
  }
}

// What a loop reads: a number, or strided memory with one row for each number (and each step).
template <class V>
struct LoopNumber {
  using value_type = V;
  static constexpr Along along = Along::none;
  template <class T>
  using item = T;
  template <class T>
  static constexpr int numbers = 1;
  primal_t<V> number;
  slot_t slot;
  void check(index_t, index_t) const {}
  void release() {}
  V item_at(index_t, index_t) const {
    if constexpr (is_taped<V>) {
      return V(number, slot);
    } else {
      return number;
    }
  }
};
template <class L, Along A>
struct LoopRows {
  using value_type = typename L::value_type;
  using E = typename L::extents_type;
  static constexpr Along along = A;
  static constexpr bool in_steps = A == Along::steps;
  static_assert(E::rank > (in_steps ? 1 : 0), "tenon: unrolled_loop: the last axis of a tensor counts the cells");
  template <class T>
  using item = typename ItemOfCell<T, E, in_steps>::type;
  template <class T>
  static constexpr int numbers = static_cast<int>(FixedPart<item<T>>::size);
  L leaf;
  slot_t slot;
  index_t cells() const { return leaf.shape[E::rank - 1]; }
  index_t stride() const { return cells() == 1 ? 0 : leaf.strides.d[E::rank - 1]; }
  void check(index_t steps, index_t n) const {
    if (in_steps && leaf.shape[0] != steps)
      fail_shape("unrolled_loop", "the first axis of per_step(x) does not count the steps", leaf.shape.dims());
    if (cells() != n && cells() != 1)
      fail_shape("unrolled_loop", "the last axis of an argument does not count the cells", leaf.shape.dims());
  }
  // Once the elements were copied.
  void release() { leaf.hold = BlockRef(); }
  // Calls f(offset of the first cell) for each row, in row-major order.
  template <class F>
  void each_row(const F& f) const {
    Dims outer = leaf.shape.dims();
    --outer.rank;
    const Dims strides[] = {leaf.strides};
    exec::each_offset(outer, strides, [&](const index_t* offset) { f(offset[0]); });
  }
  value_type element(index_t offset) const {
    if constexpr (is_taped<value_type>) {
      return value_type(leaf.data[offset],
                        slot ? Element<value_type>::number_slot(slot_at<value_type>(slot, offset)) : 0);
    } else {
      return leaf.data[offset];
    }
  }
  auto item_at(index_t t, index_t c) const {
    item<value_type> x{};
    index_t k = 0, of_step = numbers<value_type> * t;
    each_row([&](index_t offset) {
      const index_t i = k++ - (in_steps ? of_step : 0);
      if (i >= 0 && i < numbers<value_type>) set_number(x, i, element(offset + c * stride()));
    });
    return x;
  }
};
// Copies the rows of x; adds rows to what x has for them.
template <class T, class X>
void fill_rows(T* row, const X& x, const CellRows& rows) {
  x.each_row([&](index_t offset) {
    rows.fill(row, x.leaf.data + offset, x.stride());
    row += rows.pitch;
  });
}
template <class T, class X>
void add_rows(T* to, const X& x, const CellRows& rows, const T* row) {
  x.each_row([&](index_t offset) {
    rows.add(to + offset, x.stride(), row);
    row += rows.pitch;
  });
}
template <class T, class Loop, class X>
void fill_input(Loop& loop, int& k, const X& x) {
  if constexpr (X::along == Along::none) {
    for (int i = 0; i < Loop::lanes; ++i) loop.input(k)[i] = static_cast<T>(x.number);
  } else {
    fill_rows(loop.input(k), x, loop.rows);
  }
  k += X::template numbers<T>;
}
template <class L, Along A>
LoopRows<L, A> loop_rows(L leaf) {
  const slot_t slot = leaf.slot;
  return {static_cast<L&&>(leaf), slot};
}
template <class X>
auto loop_input(const X& x) {
  if constexpr (is_per_step<X>) {
    return loop_rows<decltype(exec::operand(as_node(x.x))), Along::steps>(exec::operand(as_node(x.x)));
  } else if constexpr (expression<X>) {
    return loop_rows<decltype(exec::operand(as_node(x))), Along::cells>(exec::operand(as_node(x)));
  } else {
    const auto number = settled(x);
    using V = bare_t<decltype(number)>;
    if constexpr (is_taped<V>) {
      return LoopNumber<V>{number.value, number.slot};
    } else {
      return LoopNumber<V>{number, 0};
    }
  }
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
