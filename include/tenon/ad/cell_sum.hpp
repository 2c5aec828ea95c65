// tenon/ad/cell_sum.hpp: a sum over cells, each a loop over time of its own, and its gradient, pack by pack.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cells that do not see each other need not go through time together: a group of them is taken through all steps, what
// its end gives to the sum is added, and its adjoints go back before the next group begins. Between groups only the
// gradient stays. Of a long loop the states are kept at every so many steps, and computed once more from there, so that
// memory grows with the square root of the steps. A group is a pack of cells, or two where a function of the
// state is computed: the next step waits for it, and the other pack's instructions fill that time.
#pragma once
#include <tenon/ad/cell_input.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// `Step` takes a cell's state and a step's arguments, `End` the state after all steps and the arguments that are no
// step's own; the sum is over what End gives.
template <class Step, class End, class T, class Start, class... In>
class CellSum {
 public:
  using V = simd::native<T>;
  using State = typename Start::template item<T>;
  using Fixed = typename FixedInputs<0, Seq<>, In...>::type;
  template <class X>
  static constexpr bool active = is_taped<typename X::value_type>;
  // Bit 0: the state, which depends on what the steps depend on.
  static constexpr unsigned active_in_steps = [] {
    unsigned bits = 1, bit = 1;
    ((bits |= (bit <<= 1) & (active<In> ? ~0u : 0u)), ...);
    return bits;
  }();
  template <class S>
  struct AtEnd;
  template <int... I>
  struct AtEnd<Seq<I...>> {
    static constexpr unsigned bits = [] {
      unsigned all = 1, bit = 1;
      ((all |= (bit <<= 1) & (active<at_t<I, TypeList<In...>>> ? ~0u : 0u)), ...);
      return all;
    }();
    using Written = Writer<End, V, bits, State, typename at_t<I, TypeList<In...>>::template item<T>...>;
    using Code = Pullback<End, V, bits, State, typename at_t<I, TypeList<In...>>::template item<T>...>;
  };
  using StepWriter = Writer<Step, V, active_in_steps, State, typename In::template item<T>...>;
  using EndWriter = typename AtEnd<Fixed>::Written;
  static constexpr int lanes = simd::native_lanes<T>, numbers = static_cast<int>(FixedPart<State>::size);
  static constexpr index_t few = 16;  // packs of states need no memory of their own
  static constexpr index_t most_kept = 4096 / static_cast<index_t>(sizeof(V));  // packs: states are in the way

  /// `gradient` has room for the numbers of the active arguments, the start's first, and holds zeros, and `states` for
  /// state_bytes(steps); null gradient: the value alone is wanted.
  CellSum(index_t cells, index_t steps, T* gradient, char* states, const Start& start, const In&... in)
      : cells_(cells),
        steps_(steps),
        states_(!gradient             ? nullptr
                : packs(steps) <= few ? few_
                                      : reinterpret_cast<V*>(states)),
        start_(start, steps, next(gradient, start, steps)),
        inputs_{{SumInput<T, In>(in, steps, next(gradient, in, steps))}...} {}
  /// Nothing if the states are so few that they are kept here.
  static size_t state_bytes(index_t steps) {
    return packs(steps) <= few ? 0 : static_cast<size_t>(packs(steps)) * sizeof(V);
  }
  template <class X>
  static index_t gradient_size(const X& x, index_t steps) {
    return active<X> ? SumInput<T, X>::elements(x, steps) : 0;
  }

  T run() {
    const index_t groups = (cells_ + together * lanes - 1) / (together * lanes);
    if (groups == 0) return T(0);
    const T total = simd::reduce_add(sum(0, groups));
    if (states_) {
      if constexpr (active<Start>) start_.finish();
      finish(make_seq<count>{});
    }
    return total;
  }

 private:
  static constexpr int count = static_cast<int>(sizeof...(In));
  using Code = Pullback<Step, V, active_in_steps, State, typename In::template item<T>...>;
  using Last = typename AtEnd<Fixed>::Code;
  // Whether a function whose instructions wait for each other needs the state: the next step's waits for all of them.
  static constexpr bool waits = [] {
    bool of_state[Code::size] = {};
    for (int i = 0; i < Code::size; ++i) {
      const auto& n = Code::written.trace.node[i];
      of_state[i] = n.input >= 0 && n.input < numbers;
      for (int k = 0; k < n.arity; ++k) of_state[i] = of_state[i] || of_state[n.arg[k]];
      if (of_state[i] && n.rule && n.rule->cost >= 10) return true;
    }
    return false;
  }();
  // The packs of a group. The last one may lie beside the cells: as what is beside them in a pack, it repeats the last
  // cell, and gives nothing.
  static constexpr int together = waits ? 2 : 1;
  static constexpr int all_numbers = together * numbers;
  using Packs = make_seq<together>;
  template <int I>
  using Input = SumInput<T, at_t<I, TypeList<In...>>>;
  template <int I>
  TENON_FN Input<I>& input() {
    return const_cast<Input<I>&>(operand_at<I>(inputs_));
  }

  // How many steps there are between states that are kept, and how often.
  static index_t length_of(index_t steps) {
    if (all_numbers * steps <= most_kept) return steps;
    index_t length = 1;
    while (length * length < steps) ++length;
    return length;
  }
  // How many packs all states that are kept at a time are.
  static index_t packs(index_t steps) {
    const index_t length = length_of(steps), segments = segments_of(steps);
    const index_t kept = segments > 2 ? segments - 2 : 0;  // not the start, nor of the last, which is still there
    return all_numbers * (length + kept);
  }
  static index_t segments_of(index_t steps) { return steps ? (steps + length_of(steps) - 1) / length_of(steps) : 0; }
  template <class X>
  static T* next(T*& gradient, const X& x, index_t steps) {
    T* const here = gradient;
    if (gradient) gradient += gradient_size(x, steps);
    return here;
  }
  // By halves, so that errors of rounding grow with the logarithm of the number of cells.
  V sum(index_t from, index_t to) {
    constexpr index_t group = together * lanes;
    if (to - from == 1) return states_ ? forth_and_back(from * group, Packs{}) : forth(from * group, Packs{});
    const index_t middle = from + (to - from) / 2;
    const V a = sum(from, middle);
    return a + sum(middle, to);
  }

  template <int I>
  TENON_FN void load_one(bool stepped, V* in, index_t t, index_t at) const {
    if (Input<I>::stepped == stepped && !Input<I>::reads_anew)
      operand_at<I>(inputs_).load(in + Code::first(I + 1), t, at, cells_ - at);
  }
  template <int... I>
  TENON_FN void load([[maybe_unused]] bool stepped, [[maybe_unused]] V* in, [[maybe_unused]] index_t t,
                     [[maybe_unused]] index_t at, Seq<I...>) const {
    (load_one<I>(stepped, in, t, at), ...);
  }
  TENON_FN void load_start(V* in, index_t at) const {
    for (int p = 0; p < together; ++p) start_.load(in + p * Code::inputs, 0, at + p * lanes, cells_ - at - p * lanes);
  }
  template <int... P>
  TENON_FN void load_step(V* in, index_t t, index_t at, Seq<P...>) const {
    (load(true, in + P * Code::inputs, t, at + P * lanes, make_seq<count>{}), ...);
  }
  // All that a group begins with.
  TENON_FN void begin(V* in, index_t at) const {
    load_start(in, at);
    for (int p = 0; p < together; ++p) load(false, in + p * Code::inputs, 0, at + p * lanes, make_seq<count>{});
  }
  // A step's inputs, loaded, or read where they are.
  struct StepInputs {
    const V* in;
    const T* numbers_of[count + 1];
    template <int K>
    static constexpr bool reads_anew = [] {
      if constexpr (constexpr int argument = Code::argument_of(K); argument > 0) {
        return Input<argument - 1>::reads_anew;
      } else {
        return false;
      }
    }();
    template <int P, int K>
    TENON_FN V number() {
      if constexpr (reads_anew<K>) {
        constexpr int argument = Code::argument_of(K);
        const T*& from = numbers_of[argument - 1];
        asm volatile("" : "+r"(from));
        return simd::broadcast<V>(from[K - Code::first(argument)]);
      } else {
        return in[P * Code::inputs + K];
      }
    }
  };
  template <int... I>
  TENON_FN StepInputs step_inputs(V* in, index_t t, index_t at, Seq<I...>) const {
    load_step(in, t, at, Packs{});
    return {in, {operand_at<I>(inputs_).numbers_of(t)...}};
  }
  TENON_FN void step(V* in, index_t t, index_t at) const {
    V out[all_numbers];
    Code::template run<together>(step_inputs(in, t, at, make_seq<count>{}), out);
    copy_states<Code::inputs, numbers>(in, out, Packs{});
  }
  template <int... K>
  TENON_FN static void copy(V* to, const V* from, Seq<K...>) {
    ((to[K] = from[K]), ...);
  }
  // The states of a group, each pack's so far behind the one before it.
  template <int To, int From, int... P>
  TENON_FN static void copy_states(V* to, const V* from, Seq<P...>) {
    (copy(to + P * To, from + P * From, make_seq<numbers>{}), ...);
  }
  // What the end sees of all that a step sees.
  template <int... I>
  TENON_FN static void at_end(V* end, const V* in, Seq<I...>) {
    copy(end, in, make_seq<numbers>{});
    int k = 0;
    ((copy(end + Last::first(++k), in + Code::first(I + 1), make_seq<Input<I>::numbers>{})), ...);
  }
  template <int... P>
  [[gnu::noinline]] V forth(index_t at, Seq<P...>) const {
    V in[together * Code::inputs];
    begin(in, at);
    for (index_t t = 0; t < steps_; ++t) step(in, t, at);
    return (value(in + P * Code::inputs, cells_ - at - P * lanes) + ...);
  }
  TENON_FN static V value(const V* in, index_t left) {
    V end[Last::inputs], v[1];
    at_end(end, in, Fixed{});
    Last::run(end, v);
    return left >= lanes ? v[0] : simd::select(simd::first_lanes<V>(left), v[0], V{});
  }

  // The steps of a segment, from a state in `in`; the states before them are kept.
  TENON_FN void segment(V* in, index_t s, index_t at, V* recent) const {
    for (index_t t = s * length_, end = last(s); t < end; ++t, recent += all_numbers) {
      copy_states<numbers, Code::inputs>(recent, in, Packs{});
      step(in, t, at);
    }
  }
  index_t last(index_t s) const { return (s + 1) * length_ < steps_ ? (s + 1) * length_ : steps_; }

  template <int... P>
  [[gnu::noinline]] V forth_and_back(index_t at, Seq<P...> all) {
    const index_t left = cells_ - at;
    V* const recent = states_;
    V* const kept = recent + length_ * all_numbers;  // of segment 1, 2, ...
    V in[together * Code::inputs], g[all_numbers];
    V given[together * Code::inputs] = {};  // to what is the same in all steps
    begin(in, at);
    for (index_t s = 0; s < segments_; ++s) {
      if (s > 0 && s + 1 < segments_) copy_states<numbers, Code::inputs>(kept + (s - 1) * all_numbers, in, all);
      segment(in, s, at, recent);
    }
    const V value =
        (pull_end(in + P * Code::inputs, left - P * lanes, g + P * numbers, given + P * Code::inputs, Fixed{}) + ...);
    for (index_t s = segments_; s-- > 0;) {
      if (s + 1 < segments_) {
        if (s > 0) {
          copy_states<Code::inputs, numbers>(in, kept + (s - 1) * all_numbers, all);
        } else {
          load_start(in, at);
        }
        segment(in, s, at, recent);
      }
      for (index_t t = last(s); t-- > s * length_;) {
        V d[together * Code::inputs];
        copy_states<Code::inputs, numbers>(in, recent + (t - s * length_) * all_numbers, all);
        Code::template pull<together>(step_inputs(in, t, at, make_seq<count>{}), g, d);
        if (left >= together * lanes) {
          add<true>(d, t, at, make_seq<count>{});
        } else {  // in memory of its own, or all packs of d would be copied where the branches meet
          V masked[together * Code::inputs];
          (copy(masked + P * Code::inputs, d + P * Code::inputs, make_seq<Code::inputs>{}), ...);
          (mask(masked + P * Code::inputs, left - P * lanes, make_seq<Code::inputs>{}), ...);
          add_last(masked, t, at);
          (mask_fixed(d + P * Code::inputs, left - P * lanes, Fixed{}), ...);
        }
        copy_states<numbers, Code::inputs>(g, d, all);
        (give(given + P * Code::inputs, d + P * Code::inputs, Fixed{}), ...);
      }
    }
    if constexpr (active<Start>) start_.template add<numbers>(g, 0, at, left, all);
    add<false>(given, 0, at, make_seq<count>{});
    return value;
  }
  // The value; g: the adjoints of the state.
  template <int... I>
  TENON_FN static V pull_end(const V* in, index_t left, V* g, V* given, Seq<I...> fixed) {
    V end[Last::inputs], v[Last::size], d[Last::inputs], seed[1] = {simd::broadcast<V>(T(1))};
    at_end(end, in, fixed);
    Last::values(end, v);
    V value = v[Last::written.output[0]];
    if (left < lanes) {
      value = simd::select(simd::first_lanes<V>(left), value, V{});
      seed[0] = simd::select(simd::first_lanes<V>(left), seed[0], V{});
    }
    Last::pull_from(v, seed, d);
    if (left < lanes) mask(d, left, make_seq<Last::inputs>{});
    copy(g, d, make_seq<numbers>{});
    int k = 0;
    ((copy(given + Code::first(I + 1), d + Last::first(++k), make_seq<Input<I>::numbers>{})), ...);
    return value;
  }
  // What is beside the cells gives nothing, whatever its derivatives are.
  template <int... K>
  TENON_FN static void mask(V* d, index_t left, Seq<K...>) {
    ((d[K] = simd::select(simd::first_lanes<V>(left), d[K], V{})), ...);
  }
  template <int... I>
  TENON_FN static void mask_fixed(V* d, index_t left, Seq<I...>) {
    mask(d, left, make_seq<numbers>{});
    (mask(d + Code::first(I + 1), left, make_seq<Input<I>::numbers>{}), ...);
  }
  // Adds what a step gives its arguments, or what all steps gave those that are the same in all of them.
  template <bool Stepped, int... I>
  TENON_FN void add([[maybe_unused]] const V* d, [[maybe_unused]] index_t t, [[maybe_unused]] index_t at, Seq<I...>) {
    (add_one<Stepped, I>(d + Code::first(I + 1), t, at), ...);
  }
  template <bool Stepped, int I>
  TENON_FN void add_one(const V* d, index_t t, index_t at) {
    if constexpr (Input<I>::active && Input<I>::stepped == Stepped)
      input<I>().template add<Code::inputs>(d, t, at, cells_ - at, Packs{});
  }
  [[gnu::noinline]] void add_last(const V* d, index_t t, index_t at) { add<true>(d, t, at, make_seq<count>{}); }
  // What a step gives the arguments that are the same in all steps.
  template <int... I>
  TENON_FN static void give([[maybe_unused]] V* given, [[maybe_unused]] const V* d, Seq<I...>) {
    (plus(given + Code::first(I + 1), d + Code::first(I + 1), make_seq < Input<I>::active ? Input<I>::numbers : 0 > {}),
     ...);
  }
  template <int... K>
  TENON_FN static void plus([[maybe_unused]] V* to, [[maybe_unused]] const V* d, Seq<K...>) {
    ((to[K] += d[K]), ...);
  }
  template <int... I>
  void finish(Seq<I...>) {
    (finish_one<I>(), ...);
  }
  template <int I>
  void finish_one() {
    if constexpr (Input<I>::active) input<I>().finish();
  }

  index_t cells_, steps_, length_ = length_of(steps_), segments_ = segments_of(steps_);
  V few_[few];
  V* states_;
  SumInput<T, Start> start_;
  Operands<SumInput<T, In>...> inputs_;
};

// The same for any numbers R: the functions run as they are, for one cell after the other.
template <class Step, class End, class R>
struct CellByCell {
  template <class Start, class... In>
  static R sum(index_t steps, index_t from, index_t to, const Start& start, const In&... in) {
    if (to <= from) return R(0);
    if (to - from == 1)
      return cell(typename FixedInputs<0, Seq<>, In...>::type{}, steps, from, start, Operands<const In&...>{{in}...},
                  in...);
    const index_t middle = from + (to - from) / 2;
    const R a = sum(steps, from, middle, start, in...), b = sum(steps, middle, to, start, in...);
    return R(a + b);
  }

 private:
  template <int... I, class Start, class All, class... In>
  static R cell(Seq<I...>, index_t steps, index_t c, const Start& start, const All& all, const In&... in) {
    using State = typename Start::template item<R>;
    State state{};
    index_t k = 0;
    start.each_row([&](index_t offset) { set_number(state, k++, R(start.element(offset + c * start.stride()))); });
    for (index_t t = 0; t < steps; ++t) {
      const auto y = Step{}(static_cast<const State&>(state), in.item_at(t, c)...);
      State next{};
      for (index_t i = 0; i < FixedPart<State>::size; ++i) set_number(next, i, R(get_number(y, i)));
      state = static_cast<State&&>(next);
    }
    return R(get_number(End{}(static_cast<const State&>(state), operand_at<I>(all).item_at(0, c)...), 0));
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
