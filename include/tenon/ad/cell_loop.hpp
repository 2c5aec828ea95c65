// tenon/ad/cell_loop.hpp: a loop over time on a row of cells, a pack of cells at a time, and its adjoint.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a cell does in a step is straight-line code (ad/written.hpp). All that a step reads is copied to rows first: one
// for each number of a cell, aligned, with room for whole packs, so that no code for parts of packs is needed: what is
// beside the cells repeats the last one. The states of all steps are kept for the way back, which runs each step once
// more and pulls its adjoints back; what a cell sees of its neighbours and gives them moves by lanes between registers.
#pragma once
#include <tenon/ad/cell_rows.hpp>
#include <tenon/ad/written.hpp>
#include <tenon/base/memory.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What becomes of the cells at the ends of a row, which lack a neighbour: they keep their numbers, or are zero after
/// a step.
enum class Ends { keep, zero };

namespace detail {

// How an input varies: a number for all, one for each cell, one for each step and cell.
enum class Along { none, cells, steps };
template <class I, Along A>
struct LoopInput {
  using item = I;
  static constexpr Along along = A;
  static constexpr int numbers = static_cast<int>(FixedPart<I>::size);
};
// What a step sees of a state: the numbers of a cell, each with those of its neighbours if Window > 1.
template <class State, int Window>
struct WindowOf {
  using type = State;
};
template <class T, int Window>
requires(Window > 1 && is_element<T>) struct WindowOf<T, Window> {
  using type = Tensor<T, Window>;
};
template <class T, index_t... E, int Window>
requires(Window > 1) struct WindowOf<Tensor<T, E...>, Window> {
  using type = Tensor<T, E..., Window>;
};

template <class F, class T, int Window, Ends AtEnds, unsigned Active, class State, class... In>
class CellLoop {
 public:
  static_assert(Window > 0 && Window % 2 == 1, "tenon: unrolled_loop: a window has a cell in its middle");
  using V = simd::native<T>;
  using Code = Pullback<F, V, Active, typename WindowOf<State, Window>::type, typename In::item...>;
  static constexpr int lanes = simd::native_lanes<T>, reach = Window / 2;
  static constexpr int numbers = static_cast<int>(FixedPart<State>::size), seen = numbers * Window;
  static constexpr int inputs = (0 + ... + In::numbers);  // beside the state
  // How many packs of cells go through a step together: two fill the time in which each waits for its functions.
  static constexpr int together = Window == 1 && Code::waits ? 2 : 1;
  static constexpr int room = inputs > 0 ? inputs : 1;
  struct Kinds {
    Along along[room] = {};
    bool active[room] = {};
  };
  static constexpr Kinds kinds = [] {
    Kinds k;
    int at = 0, argument = 0;
    const auto add = [&](Along along, int n) {
      ++argument;
      for (int i = 0; i < n; ++i, ++at) {
        k.along[at] = along;
        k.active[at] = (Active >> argument) & 1;
      }
    };
    (add(In::along, In::numbers), ...);
    return k;
  }();
  // Rows of inputs, or their adjoints: the first element, and by how much it moves from step to step.
  struct Table {
    T* row[room];
    index_t step[room];
  };

  const CellRows rows;
  const index_t steps;

  CellLoop(index_t cells, index_t n, bool keeps)
      : rows(cells, reach, lanes), steps(n), keeps_(keeps), state_(numbers * rows.pitch) {
    history_ = block(keeps ? (n + 1) * state_ : 2 * state_);
    values_ = table(value_blocks_, false);
  }

  T* state(index_t t) { return elements(history_) + (keeps_ ? t : t % 2) * state_; }
  T* input(int k) { return values_.row[k]; }
  T* adjoint(int k) { return adjoints_.row[k]; }
  T* first_adjoint() { return elements(pulled_); }

  /// All steps; after each of them calls done(t) with the number of steps that were done.
  template <class Done>
  void run(const Done& done) {
    for (index_t t = 0; t < steps; ++t) {
      step(state(t), state(t + 1), t, values_);
      done(t + 1);
    }
  }
  /// Pulls back through all steps. Before each, add(t, rows) adds what else depends on the state after t steps.
  template <class Add>
  void pull(const Add& add) {
    pulled_ = block(2 * state_);
    zero(pulled_);
    adjoints_ = table(adjoint_blocks_, true);
    T *after = elements(pulled_), *before = after + state_;
    for (index_t t = steps; t > 0; --t) {
      add(t, after);
      pull_step(state(t - 1), after, before, t - 1, values_, adjoints_);
      T* const swap = after;
      after = before;
      before = swap;
    }
    add(0, after);
    if (after != elements(pulled_)) __builtin_memcpy(elements(pulled_), after, static_cast<size_t>(state_) * sizeof(T));
  }
  /// The memory of the way back.
  void drop_adjoints() {
    pulled_ = BlockRef();
    for (BlockRef& b : adjoint_blocks_) b = BlockRef();
  }

 private:
  static BlockRef block(index_t n) { return BlockRef(static_cast<size_t>(n) * sizeof(T)); }
  static T* elements(BlockRef& b) { return reinterpret_cast<T*>(b.data()); }
  static void zero(BlockRef& b) { __builtin_memset(b.data(), 0, b.capacity()); }
  // Memory for rows of inputs: all of an argument's lie in one block, step by step.
  Table table(BlockRef (&blocks)[sizeof...(In) + 1], bool adjoints) {
    Table t{};
    int at = 0, argument = 0;
    const auto add = [&](Along along, int n) {
      BlockRef& b = blocks[argument++];
      const index_t row = along == Along::none ? lanes : rows.pitch;
      if (!adjoints || kinds.active[at]) {
        b = block((along == Along::steps ? steps : 1) * n * row);
        // What belongs to a step is written once, of the cells that are computed.
        if (adjoints && (along != Along::steps || Window > 1)) zero(b);
      }
      for (int i = 0; i < n; ++i, ++at) {
        t.row[at] = b ? elements(b) + i * row : nullptr;
        t.step[at] = along == Along::steps ? n * row : 0;
      }
    };
    (add(In::along, In::numbers), ...);
    return t;
  }
  template <int K>
  TENON_FN static T* place(const Table& t, [[maybe_unused]] index_t at, [[maybe_unused]] index_t step) {
    constexpr Along along = kinds.along[K];
    return t.row[K] + (along == Along::steps ? step * t.step[K] : 0) + (along == Along::none ? 0 : at);
  }
  // The inputs of a pack; numbers are read before the first one.
  template <int... K>
  TENON_FN static void load_numbers([[maybe_unused]] V* in, [[maybe_unused]] const Table& t, Seq<K...>) {
    ((kinds.along[K] == Along::none ? void(in[seen + K] = simd::load<V>(t.row[K])) : void()), ...);
  }
  template <int... K>
  TENON_FN static void load(V* in, [[maybe_unused]] const V* number, [[maybe_unused]] index_t at,
                            [[maybe_unused]] index_t step, [[maybe_unused]] const Table& t, Seq<K...>) {
    ((in[seen + K] = kinds.along[K] == Along::none ? number[seen + K] : simd::load<V>(place<K>(t, at, step))), ...);
  }
  // The packs of a state that a step sees from one pack of cells. What neighbours have moves by lanes between them: a
  // pack read one element off lies in two lines of the cache, and in parts of two packs stored just before, for which
  // processors wait.
  struct Sight {
    const T* next;
    index_t pitch;
    V before[numbers], here[numbers], after[numbers];
    TENON_FN Sight(const T* first, index_t p) : next(first + lanes), pitch(p) {
      for (int k = 0; k < numbers; ++k) {
        before[k] = simd::load<V>(first + k * pitch - lanes);
        after[k] = simd::load<V>(first + k * pitch);
      }
    }
    template <int... S>
    TENON_FN void read(V* in, Seq<S...>) {
      for (int k = 0; k < numbers; ++k) {
        here[k] = after[k];
        after[k] = simd::load<V>(next + k * pitch);
      }
      ((in[S] = seen_at<S / Window, S % Window - reach>()), ...);
      for (int k = 0; k < numbers; ++k) before[k] = here[k];  // of the next pack
      next += lanes;
    }
    template <int K, int By>
    TENON_FN V seen_at() const {
      if constexpr (By == 0) {
        return here[K];
      } else {
        return By < 0 ? moved<-By>(before[K], here[K], make_seq<lanes>{})
                      : moved<-By>(here[K], after[K], make_seq<lanes>{});
      }
    }
  };
  // Lanes of two packs that lie side by side, `By` further on than those of the second if By > 0, else of the first.
  template <int By, int... L>
  TENON_FN static V moved(V first, V second, Seq<L...>) {
    return simd::shuffle<(By > 0 ? lanes + L - By : L - By)...>(first, second);
  }
  // Cells on their own.
  TENON_FN void step_alone(const T* from, T* to, index_t t, const Table& values) const {
    V number[Code::inputs];
    load_numbers(number, values, make_seq<inputs>{});
    index_t at = 0;
    if constexpr (together > 1)
      for (; at + (together - 1) * lanes < rows.cells; at += together * lanes)
        step_packs(number, from, to, at, t, values, make_seq<together>{});
    for (; at < rows.cells; at += lanes) step_packs(number, from, to, at, t, values, Seq<0>{});
  }
  template <int... P>
  TENON_FN void step_packs(const V* number, const T* from, T* to, index_t at, index_t t, const Table& values,
                           Seq<P...>) const {
    constexpr int count = static_cast<int>(sizeof...(P));
    V in[count * Code::inputs], out[count * numbers];
    (load_cells(in + P * Code::inputs, number, from, at + P * lanes, t, values), ...);
    Code::template run<count>(in, out);
    (store_cells(out + P * numbers, to, at + P * lanes, make_seq<numbers>{}), ...);
  }
  TENON_FN void load_cells(V* in, const V* number, const T* state, index_t at, index_t step, const Table& t) const {
    load_cells(in, state + at, rows.pitch, make_seq<numbers>{});
    load(in, number, at, step, t, make_seq<inputs>{});
  }
  template <int... K>
  TENON_FN static void load_cells(V* in, const T* state, index_t pitch, Seq<K...>) {
    ((in[K] = simd::load<V>(state + K * pitch)), ...);
  }
  template <int... K>
  TENON_FN void store_cells(const V* v, T* to, index_t at, Seq<K...>) const {
    (simd::store(to + K * rows.pitch + at, v[K]), ...);
  }
  TENON_FN void step_with_neighbours(const T* from, T* to, index_t t, const Table& values) const {
    const CellRows r = rows;
    V number[Code::inputs];
    load_numbers(number, values, make_seq<inputs>{});
    Sight sight(from + r.origin, r.pitch);
    // The cells at the ends go to memory in the packs that they lie in, for the next step reads packs.
    const auto at_end = [](V v) { return AtEnds == Ends::zero ? V{} : v; };
    for (int k = 0; k < numbers; ++k) simd::store(to + k * r.pitch + r.origin - lanes, at_end(sight.before[k]));
    index_t at = r.origin;
    for (index_t left = r.computed(); left > 0; left -= lanes, at += lanes) {
      V in[Code::inputs], out[numbers];
      sight.read(in, make_seq<seen>{});
      load(in, number, at, t, values, make_seq<inputs>{});
      Code::run(in, out);
      if (left < lanes)
        for (int k = 0; k < numbers; ++k)
          out[k] = simd::select(simd::first_lanes<V>(left), out[k], at_end(sight.here[k]));
      for (int k = 0; k < numbers; ++k) simd::store(to + k * r.pitch + at, out[k]);
    }
    for (int k = 0; k < numbers; ++k) simd::store(to + k * r.pitch + at, at_end(sight.after[k]));
  }
  [[gnu::noinline]] void step(const T* from, T* to, index_t t, const Table values) const {
    if constexpr (Window > 1) {
      step_with_neighbours(from, to, t, values);
    } else {
      step_alone(from, to, t, values);
    }
  }

  template <int... K>
  TENON_FN static void store_inputs([[maybe_unused]] const V* d, [[maybe_unused]] index_t at,
                                    [[maybe_unused]] index_t step, [[maybe_unused]] const Table& t, Seq<K...>) {
    (store_input<K>(d[seen + K], at, step, t), ...);
  }
  template <int K>
  TENON_FN static void store_input([[maybe_unused]] V d, [[maybe_unused]] index_t at, [[maybe_unused]] index_t step,
                                   [[maybe_unused]] const Table& t) {
    if constexpr (kinds.active[K]) {
      T* const to = place<K>(t, at, step);
      simd::store(to, kinds.along[K] == Along::steps ? d : V(simd::load<V>(to) + d));
    }
  }
  // From what a pack gives: the adjoints of the pack before are complete, and those of this one begin.
  template <int... S>
  TENON_FN static void give(const V* d, V* before, V* sum, T* to, index_t pitch, Seq<S...>) {
    (give_left<S>(d[S], before[S], sum), ...);
    for (int k = 0; k < numbers; ++k) {
      simd::store(to + k * pitch, sum[k]);
      sum[k] = d[k * Window + reach];
    }
    (give_right<S>(d[S], before[S], sum), ...);
    ((before[S] = d[S]), ...);
  }
  template <int S>
  TENON_FN static void give_left([[maybe_unused]] V d, [[maybe_unused]] V before, [[maybe_unused]] V* sum) {
    if constexpr (S % Window < reach) sum[S / Window] += moved<S % Window - reach>(before, d, make_seq<lanes>{});
  }
  template <int S>
  TENON_FN static void give_right([[maybe_unused]] V d, [[maybe_unused]] V before, [[maybe_unused]] V* sum) {
    if constexpr (S % Window > reach) sum[S / Window] += moved<S % Window - reach>(before, d, make_seq<lanes>{});
  }

  TENON_FN void pull_alone(const T* from, const T* after, T* before, index_t t, const Table& values,
                           const Table& adjoints) const {
    V number[Code::inputs];
    load_numbers(number, values, make_seq<inputs>{});
    index_t at = 0;
    if constexpr (together > 1)
      for (; at + (together - 1) * lanes < rows.cells; at += together * lanes)
        pull_packs(number, from, after, before, at, t, values, adjoints, make_seq<together>{});
    for (; at < rows.cells; at += lanes) pull_packs(number, from, after, before, at, t, values, adjoints, Seq<0>{});
  }
  template <int... P>
  TENON_FN void pull_packs(const V* number, const T* from, const T* after, T* before, index_t at, index_t t,
                           const Table& values, const Table& adjoints, Seq<P...>) const {
    constexpr int count = static_cast<int>(sizeof...(P));
    V in[count * Code::inputs], g[count * numbers], d[count * Code::inputs];
    (expect_earlier(from, at + P * lanes), ...);
    (load_cells(in + P * Code::inputs, number, from, at + P * lanes, t, values), ...);
    (load_cells(g + P * numbers, after + at + P * lanes, rows.pitch, make_seq<numbers>{}), ...);
    Code::template pull<count>(in, g, d);
    (store_cells(d + P * Code::inputs, before, at + P * lanes, make_seq<numbers>{}), ...);
    (store_inputs(d + P * Code::inputs, at + P * lanes, t, adjoints, make_seq<inputs>{}), ...);
  }
  // The states go backwards, which no machine foresees.
  TENON_FN void expect_earlier(const T* from, index_t at) const {
    for (int k = 0; k < numbers; ++k) __builtin_prefetch(from + (k - numbers) * rows.pitch + at);
  }
  TENON_FN void pull_with_neighbours(const T* from, const T* after, T* before, index_t t, const Table& values,
                                     const Table& adjoints) const {
    const CellRows r = rows;
    constexpr bool keep = AtEnds == Ends::keep;
    V number[Code::inputs], given[seen] = {}, sum[numbers] = {};
    load_numbers(number, values, make_seq<inputs>{});
    Sight sight(from + r.origin, r.pitch);
    if (keep)
      for (int k = 0; k < numbers; ++k) sum[k] = simd::load<V>(after + k * r.pitch + r.origin - lanes);
    index_t at = r.origin;
    for (index_t left = r.computed(); left > 0; left -= lanes, at += lanes) {
      V in[Code::inputs], g[numbers], d[Code::inputs];
      expect_earlier(from, at);
      sight.read(in, make_seq<seen>{});
      load(in, number, at, t, values, make_seq<inputs>{});
      for (int k = 0; k < numbers; ++k) g[k] = simd::load<V>(after + k * r.pitch + at);
      Code::pull(in, g, d);
      if (left < lanes) {
        for (int k = 0; k < Code::inputs; ++k) d[k] = simd::select(simd::first_lanes<V>(left), d[k], V{});
        for (int k = 0; keep && k < numbers; ++k)
          d[k * Window + reach] = simd::select(simd::first_lanes<V>(left), d[k * Window + reach], g[k]);
      }
      give(d, given, sum, before + at - lanes, r.pitch, make_seq<seen>{});
      store_inputs(d, at, t, adjoints, make_seq<inputs>{});
    }
    V ends[seen] = {}, nothing[seen] = {};
    for (int k = 0; keep && k < numbers; ++k) ends[k * Window + reach] = simd::load<V>(after + k * r.pitch + at);
    give(ends, given, sum, before + at - lanes, r.pitch, make_seq<seen>{});
    give(nothing, given, sum, before + at, r.pitch, make_seq<seen>{});
  }
  [[gnu::noinline]] void pull_step(const T* from, const T* after, T* before, index_t t, const Table values,
                                   const Table adjoints) const {
    if constexpr (Window > 1) {
      pull_with_neighbours(from, after, before, t, values, adjoints);
    } else {
      pull_alone(from, after, before, t, values, adjoints);
    }
  }

  bool keeps_;
  index_t state_;  // elements of a state
  BlockRef history_, pulled_, value_blocks_[sizeof...(In) + 1], adjoint_blocks_[sizeof...(In) + 1];
  Table values_{}, adjoints_{};
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
