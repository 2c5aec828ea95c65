// tenon/ad/unrolled_loop.hpp: time loops on rows of cells whose step is a function of fixed size.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   constexpr auto swing = [](const auto& s, auto dt) {             // one cell: position and velocity
//     using T = std::remove_cvref_t<decltype(s(0))>;
//     const T v = s(1) - dt * sin(s(0));
//     return Tensor<T, 2>{s(0) + dt * v, v};
//   };
//   auto end = unrolled_loop(swing)(1000, start, 0.01);             // start: Tensor<double, 2, dyn>, a column a cell
//   auto u = unrolled_loop<3>(heat)(500, u0, c);                    // heat(u, c) sees u(0), u(1), u(2): neighbours
//   auto y = unrolled_loop(swing).sum(energy, 1000, start, 0.01);   // over all cells, a pack of them in memory
// The function is one for unrolled_jacobian: without captures and branches on values. It is differentiated in
// registers; on a tape the loop is one statement. Over other numbers (dual, nested rev) it runs as it stands, cell by
// cell.
#pragma once
#include <tenon/ad/cell_sum.hpp>
#include <tenon/ad/cell_sum_record.hpp>
#include <tenon/ad/checkpoint.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// A loop on a tape: where the adjoint of its result is, of all states or of the last one, and what it was given.
template <class T, class Loop, bool All, class Start, class... In>
struct LoopOnTape {
  Loop loop;
  slot_t out;
  Start start;
  Operands<In...> inputs;

  void pull(Tape& tape) {
    const CellRows& rows = loop.rows;
    const index_t n = Loop::numbers * rows.cells;
    const T* const g = tape.given<T>(out);
    if (!g || are_zero_adjoints(g, All ? loop.steps * n : n)) return tape.passed_on(out);
    loop.pull([&](index_t t, T* row) {
      if (All ? t == 0 : t != loop.steps) return;
      const T* from = All ? g + (t - 1) * n : g;
      for (int k = 0; k < Loop::numbers; ++k, row += rows.pitch, from += rows.cells) rows.add_to(row, from);
    });
    tape.passed_on(out);
    if (start.slot) add_rows(tape.adjoint<T>(start.slot), start, rows, loop.first_adjoint());
    add_inputs(tape, make_seq<static_cast<int>(sizeof...(In))>{});
    loop.drop_adjoints();
  }

 private:
  template <int... I>
  void add_inputs(Tape& tape, Seq<I...>) {
    int k = 0;
    (add_input<I>(tape, k), ...);
  }
  template <int I>
  void add_input(Tape& tape, int& k) {
    const auto& x = operand_at<I>(inputs);
    using X = bare_t<decltype(x)>;
    if constexpr (is_taped<typename X::value_type>) {
      if (x.slot) {
        T* const to = tape.adjoint<T>(x.slot);
        if constexpr (X::along == Along::none) {
          for (int i = 0; i < Loop::lanes; ++i) *to += loop.adjoint(k)[i];
        } else {
          add_rows(to, x, loop.rows, loop.adjoint(k));
        }
      }
    }
    k += X::template numbers<T>;
  }
};

template <class R>
struct LoopElement {
  using type = void;  // no code for packs
};
template <class T>
requires(__is_same(T, float) || __is_same(T, double)) struct LoopElement<T> {
  using type = T;
  using tag = void;
};
template <class T, class Tag>
requires(__is_same(T, float) || __is_same(T, double)) struct LoopElement<rev<T, Tag>> {
  using type = T;
  using tag = Tag;
};

template <class F, int Window, Ends AtEnds>
struct UnrolledLoop {
  /// The state after so many steps.
  template <class S, class... X>
  auto operator()(index_t steps, const S& start, const X&... x) const {
    return run<false>(steps, loop_input(start), loop_input(x)...);
  }
  /// The states after each of so many steps, along a first axis.
  template <class S, class... X>
  auto states(index_t steps, const S& start, const X&... x) const {
    return run<true>(steps, loop_input(start), loop_input(x)...);
  }
  /// The sum over all cells of end(state after so many steps, x...), where x... are the arguments that are not
  /// per_step. One pack of cells is computed and differentiated at a time: memory is that of some of its states, and of
  /// one gradient. The start, too, may be the same for all cells: its last axis has extent 1 then.
  template <class End, class S, class... X>
  auto sum(End, index_t steps, const S& start, const X&... x) const {
    static_assert(__is_empty(End),
                  "tenon: unrolled_loop: the function must not capture anything: pass it as arguments");
    static_assert(Window == 1, "tenon: unrolled_loop: a sum is over cells that do not see their neighbours");
    return run_sum<End>(steps, loop_input(start), loop_input(x)...);
  }

 private:
  template <bool All, class Start, class... In>
  static auto run(index_t steps, Start start, In... in) {
    using R = typename Values<Start, In...>::type;
    expect<value_error>(steps >= 0, "tenon: unrolled_loop: the number of steps is negative");
    [[maybe_unused]] const index_t cells = start.cells();
    (in.check(steps, cells), ...);
    using T = typename LoopElement<R>::type;
    if constexpr (has_lanes<T>() && Values<Start, In...>::go_in_lanes) {
      return in_lanes<All, R, T>(steps, start, in...);
    } else {
      return cell_by_cell<All, R>(steps, start, in...);
    }
  }
  // Whether cells go in packs of T, and neighbours are in the same pack or the next.
  template <class T>
  static constexpr bool has_lanes() {
    if constexpr (__is_same(T, void)) {
      return false;
    } else {
      return simd::is_pack<simd::native<T>> && Window / 2 <= simd::native_lanes<T>;
    }
  }
  template <class R, class V>
  static constexpr bool goes_in_lanes = __is_same(R, V) || (is_plain<V> && is_real<V>);
  // What a start and arguments are numbers of, and whether packs of them can be computed.
  template <class Start, class... In>
  struct Values {
    static_assert(sizeof...(In) < 31, "tenon: unrolled_loop: a step has more than 30 arguments");
    static_assert(Start::along == Along::cells,
                  "tenon: unrolled_loop: the state is a tensor; its last axis counts cells");
    using V = typename Start::value_type;
    using type = typename Structure<base_t<V>, V, typename In::value_type...>::type;
    static constexpr bool go_in_lanes = (goes_in_lanes<type, V> && ... && goes_in_lanes<type, typename In::value_type>);
  };

  template <bool All, class R, class T, class Start, class... In>
  static auto in_lanes(index_t steps, Start& start, In&... in) {
    using State = typename Start::template item<T>;
    constexpr unsigned active = active_arguments<In...>();
    using W =
        Writer<F, simd::native<T>, active, typename WindowOf<State, Window>::type, typename In::template item<T>...>;
    constexpr bool straight = is_straight<W>;
    static_assert(straight,
                  "tenon: unrolled_loop: the function branches on the value of a number, calls what is not constexpr, "
                  "or has more than 1024 operations");
    if constexpr (straight) {
      return straight_in_lanes<W, All, R, T, active>(steps, start, in...);
    } else {
      return cell_by_cell<All, R>(steps, start, in...);  // no further errors
    }
  }
  template <class W, bool All, class R, class T, unsigned active, class Start, class... In>
  static auto straight_in_lanes(index_t steps, Start& start, In&... in) {
    using State = typename Start::template item<T>;
    static_assert(__is_same(typename FixedPart<typename W::Result>::template rebind<T>, State),
                  "tenon: unrolled_loop: a step must return what a cell's state is");
    using Loop = CellLoop<F, T, Window, AtEnds, active, State, LoopInput<typename In::template item<T>, In::along>...>;
    Tape* tape = nullptr;
    if constexpr (is_taped<R>) tape = active_tape<typename LoopElement<R>::tag>;
    const bool records = own(tape, start, in...);
    Loop loop(start.cells(), steps, records);
    fill_rows(loop.state(0), start, loop.rows);
    int k = 0;
    (fill_input<T>(loop, k, in), ...);
    start.release();
    (in.release(), ...);
    const index_t n = Loop::numbers * loop.rows.cells;
    const auto copy = [&](index_t t, T* to) {
      const T* row = loop.state(t);
      for (int i = 0; i < Loop::numbers; ++i, row += loop.rows.pitch, to += loop.rows.cells) loop.rows.copy(to, row);
    };
    return result<All, R>(steps, start, [&](T* out) {
      loop.run([&](index_t t) {
        if (All) copy(t, out + (t - 1) * n);
      });
      if (!All) copy(steps, out);
      slot_t slot = 0;
      if constexpr (is_taped<R>)
        if (records) {
          using Record = LoopOnTape<T, Loop, All, Start, In...>;
          slot = tape->allocate_tensor(All ? steps * n : n, units_of<T>);
          record_object(*tape, Record{static_cast<Loop&&>(loop), slot, start, {{in}...}});
        }
      return slot;
    });
  }
  template <class... In>
  static constexpr unsigned active_arguments() {
    unsigned active = 1, bit = 1;
    ((active |= (bit <<= 1) & (is_taped<typename In::value_type> ? ~0u : 0u)), ...);
    return active;
  }
  // Forgets slots that are not the tape's; whether one is.
  template <class... In>
  static bool own(Tape* tape, In&... in) {
    bool any = false;
    const auto one = [&](auto& x) {
      if (!tape || !tape->owns(x.slot)) x.slot = 0;
      any = any || x.slot;
    };
    (one(in), ...);
    return any;
  }
  // A tensor that compute(data) fills, which gives its slot.
  template <bool All, class R, class Start, class C>
  static auto result(index_t steps, const Start& start, const C& compute) {
    using Types = TensorLike<R, typename Start::E>;
    Dims d;
    if (All) d.push(steps);
    for (int a = 0; a < Start::E::rank; ++a) d.push(start.leaf.shape[a]);
    const auto make = [&]<class Y>(Y*) {
      Y y = like_dims<Y>(d);
      if constexpr (is_taped<R>) {
        BlockRef block(static_cast<size_t>(d.size()) * sizeof(primal_t<R>));
        const slot_t slot = compute(reinterpret_cast<primal_t<R>*>(block.data()));
        y.storage().adopt(static_cast<BlockRef&&>(block), Y::extents_type::from(d), slot);
      } else {
        compute(y.data());
      }
      return y;
    };
    if constexpr (All) {
      return make(static_cast<typename Types::steps*>(nullptr));
    } else {
      return make(static_cast<typename Types::type*>(nullptr));
    }
  }
  template <class Y>
  static Y like_dims(const Dims& d) {
    if constexpr (is_taped<typename Y::value_type>) {
      return Y(Uninitialised{}, d);
    } else if constexpr (Y::extents_type::is_static) {
      return Y{};
    } else {
      return Y(d);
    }
  }

  template <class End, class Start, class... In>
  static auto run_sum(index_t steps, Start start, In... in) {
    using R = typename Values<Start, In...>::type;
    expect<value_error>(steps >= 0, "tenon: unrolled_loop: the number of steps is negative");
    index_t cells = start.cells();
    const auto count = [&](const auto& x) {
      if constexpr (bare_t<decltype(x)>::along != Along::none)
        if (cells == 1) cells = x.cells();
    };
    (count(in), ...);
    start.check(steps, cells);
    (in.check(steps, cells), ...);
    using T = typename LoopElement<R>::type;
    if constexpr (has_lanes<T>() && Values<Start, In...>::go_in_lanes) {
      using Sum = CellSum<F, End, T, Start, In...>;
      constexpr bool straight = is_straight<typename Sum::StepWriter> && is_straight<typename Sum::EndWriter>;
      static_assert(straight,
                    "tenon: unrolled_loop: the function branches on the value of a number, calls what is not "
                    "constexpr, or has more than 1024 operations");
      if constexpr (straight) return sum_in_lanes<Sum, R, T>(cells, steps, start, in...);
    } else {
      return CellByCell<F, End, R>::sum(steps, 0, cells, start, in...);
    }
  }
  template <class Sum, class R, class T, class Start, class... In>
  static R sum_in_lanes(index_t cells, index_t steps, Start& start, In&... in) {
    static_assert(
        __is_same(typename FixedPart<typename Sum::StepWriter::Result>::template rebind<T>, typename Sum::State),
        "tenon: unrolled_loop: a step must return what a cell's state is");
    static_assert(Sum::EndWriter::outputs == 1, "tenon: unrolled_loop: the end gives a number to the sum");
    if constexpr (is_taped<R>) {
      Tape* const tape = active_tape<typename LoopElement<R>::tag>;
      if (own(tape, start, in...)) {
        const index_t n = (Sum::gradient_size(start, steps) + ... + Sum::gradient_size(in, steps));
        const size_t bytes = static_cast<size_t>(n) * sizeof(T);
        using Record = SumOnTape<T, decltype(with_adjoints(start)), decltype(with_adjoints(in))...>;
        const slot_t slot = tape->allocate(1, units_of<T>);
        const Record record{slot, {{with_adjoints(start)}, {with_adjoints(in)}...}};
        Record& r = *::new (tape->record(Record::head() + bytes, Record::kind, Sum::state_bytes(steps))) Record(record);
        __builtin_memset(r.gradient(), 0, bytes);
        return R(Sum(cells, steps, r.gradient(), tape->scratch(), start, in...).run(), slot);
      }
    }
    return R(Sum(cells, steps, nullptr, nullptr, start, in...).run());
  }

  // Any numbers: f runs as it is, for one cell after the other.
  template <bool All, class R, class Start, class... In>
  static auto cell_by_cell(index_t steps, const Start& start, const In&... in) {
    using State = typename Start::template item<R>;
    constexpr index_t numbers = FixedPart<State>::size, reach = Window / 2;
    const index_t cells = start.cells(), n = numbers * cells, first = reach < cells ? reach : cells,
                  last = cells - first > first ? cells - first : first;
    static_assert(__is_trivially_copyable(R) && alignof(R) <= alignment);
    const BlockRef memory(static_cast<size_t>((All ? steps + 1 : 2) * n) * sizeof(R));
    const auto state = [&](index_t t) { return reinterpret_cast<R*>(memory.data()) + (All ? t : t % 2) * n; };
    {
      R* to = state(0);
      start.each_row([&](index_t offset) {
        for (index_t c = 0; c < cells; ++c) ::new (to++) R(start.element(offset + c * start.stride()));
      });
    }
    for (index_t t = 0; t < steps; ++t) {
      const R* const from = state(t);
      R* const to = state(t + 1);
      for (index_t c = 0; c < cells; ++c) {
        if (c < first || c >= last) {
          for (index_t k = 0; k < numbers; ++k)
            ::new (to + k * cells + c) R(AtEnds == Ends::zero ? R(0) : from[k * cells + c]);
          continue;
        }
        typename WindowOf<State, Window>::type seen{};
        for (index_t k = 0; k < numbers * Window; ++k)
          set_number(seen, k, from[k / Window * cells + c + k % Window - reach]);
        const auto y = F{}(static_cast<const decltype(seen)&>(seen), in.item_at(t, c)...);
        for (index_t k = 0; k < numbers; ++k) ::new (to + k * cells + c) R(get_number(y, k));
      }
    }
    using Types = TensorLike<R, typename Start::E>;
    const auto fill = [&]<class Y>(Y*) {
      Dims d;
      if (All) d.push(steps);
      for (int a = 0; a < Start::E::rank; ++a) d.push(start.leaf.shape[a]);
      Y y = [&] {
        if constexpr (Y::extents_type::is_static) {
          return Y{};
        } else {
          return Y(d);
        }
      }();
      const R* const from = state(All ? 1 : steps);
      for (index_t i = 0, m = d.size(); i < m; ++i) set_element(y, i, from[i]);
      return y;
    };
    if constexpr (All) {
      return fill(static_cast<typename Types::steps*>(nullptr));
    } else {
      return fill(static_cast<typename Types::type*>(nullptr));
    }
  }
};

}  // namespace detail

/// An argument of an unrolled_loop that has another value in every step: its first axis counts them.
template <class X>
auto per_step(const X& x) {
  return detail::PerStep<X>{x};
}
/// The loop `state = step(state, x...)` on a row of cells, which the last axis of `state` counts: as a function of the
/// number of steps, the first state and what else a step takes. That is a number, a tensor whose last axis counts the
/// cells too (or has extent 1), or per_step(x). Window > 1: a step sees so many neighbouring cells, its own in the
/// middle; cells at the ends, which lack some, are as `AtEnds` says. shape_error where extents differ.
template <int Window = 1, Ends AtEnds = Ends::keep, class F>
constexpr auto unrolled_loop(F) {
  static_assert(__is_empty(F), "tenon: unrolled_loop: the function must not capture anything: pass it as arguments");
  static_assert(Window > 0 && Window % 2 == 1, "tenon: unrolled_loop: a window has a cell in its middle");
  return detail::UnrolledLoop<F, Window, AtEnds>{};
}

}  // namespace TENON_ABI
}  // namespace tenon
