// tenon/ad/checkpoint_loop.hpp: time loops whose backward sweep keeps a few states and computes the others again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto end = checkpoint_loop(100000, start, [=](const auto& x) { return x + dt * sin(x); }, {.snapshots = 50});
// Which states are kept is the binomial schedule: Griewank, Walther, "Algorithm 799: revolve", 2000. With s snapshots,
// (s + r)! / (s! r!) steps are run at most r times more: 50 snapshots and r = 4 reach 316251 steps. In memory there are
// at most s states, the one that is being computed, and the tape of one step.
#pragma once
#include <tenon/ad/checkpoint.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// How checkpoint_loop trades memory for time.
struct CheckpointOptions {
  index_t snapshots = 50;  ///< states that are kept at once, the first one included; at least 1
};

namespace detail {

// How many of n steps to run from a kept state before the next is kept, when s states may be kept, that one included:
// n, s >= 2. With b(s, r) = (s + r)! / (s! r!) and the least r for which b(s, r) >= n, the optimum leaves at most
// b(s, r - 1) steps to the first part and at least b(s - 1, r - 1) to the second.
constexpr index_t binomial_split(index_t n, index_t s) {
  index_t reach = 1, before = 1;  // b(s, r), b(s, r - 1)
  index_t r = 0;
  while (reach < n) {
    ++r;
    before = reach;
    if (reach > __PTRDIFF_MAX__ / 2 / (s + r)) break;  // beyond every n
    reach = reach * (s + r) / r;
  }
  const index_t second = before * s / (s + r - 1);  // b(s - 1, r - 1)
  return before < n - second ? before : n - second;
}

template <class Step, class S>
auto run_step(const Step& step, const S& state, index_t i) {
  if constexpr (requires { step(state, i); }) {
    return owned(step(state, i));
  } else {
    return owned(step(state));
  }
}
template <class Step, class S>
using Stepped = decltype(run_step(some<const Step&>(), some<const S&>(), index_t{}));

template <class Tag, class Step, class S>
class CheckpointedLoop {
  struct Snapshot {
    S state;
    Context context;
    index_t at;  // steps done
  };

 public:
  CheckpointedLoop(const Step& step, index_t steps, index_t most)
      : step_(step),
        steps_(steps),
        most_(most < steps ? most : steps),
        block_(static_cast<size_t>(most_ + 1) * sizeof(Snapshot)) {
    static_assert(alignof(Snapshot) <= alignment);
  }
  CheckpointedLoop(CheckpointedLoop&& o) noexcept
      : step_(static_cast<Step&&>(o.step_)),
        steps_(o.steps_),
        most_(o.most_),
        kept_(o.kept_),
        spared_(o.spared_),
        block_(static_cast<BlockRef&&>(o.block_)),
        first_(o.first_),
        units_(o.units_) {
    o.kept_ = 0;
    o.spared_ = false;
  }
  CheckpointedLoop& operator=(CheckpointedLoop&&) = delete;
  ~CheckpointedLoop() {
    drop_spare();
    while (kept_ > 0) drop();
  }

  // All steps, unrecorded.
  S run(S&& start) {
    keep(start, 0);
    S state = advance(static_cast<S&&>(start), 0, steps_ - 1, steps_);
    if (last().at != steps_ - 1) {
      ::new (&spare()) Snapshot{state, current_context, steps_ - 1};
      spared_ = true;
    }
    const Pause<Tag> pause;
    return run_step(step_, state, steps_ - 1);
  }
  // Gives the result its slots.
  bool place_result(Tape& tape, S& y) {
    units_ = units_of_parts<Tag>(y);
    if (units_) first_ = place<Tag>(tape, y, units_);
    return units_ != 0;
  }
  void pull(Tape& tape) {
    if (all_zero<Tag>(tape, first_, units_)) return;
    if (active_tape<Tag> && active_tape<Tag> != &tape) tape.pass_over(*active_tape<Tag>);
    const Recording<Tag> recording(tape);
    const ContextScope scope(current_context);
    Rerun all(tape);
    // Where the adjoints of the state after and before the step are.
    slot_t after = tape.allocate(units_ / 2, 2), before = tape.allocate(units_ / 2, 2);
    all.extend();
    move(tape, first_, after);
    for (index_t end = steps_; end > 0; --end) {
      S state = state_before(end);
      if (end > 1) set_slots<Tag>(state, before);  // the first state has the slots that it came with
      pull_step(tape, state, end - 1, after);
      if (kept_ > 1 && last().at == end - 1) drop();
      clear(tape, after);
      const slot_t swap = after;
      after = before;
      before = swap;
    }
  }

 private:
  Snapshot* snapshots() { return reinterpret_cast<Snapshot*>(block_.data()); }
  Snapshot& last() { return snapshots()[kept_ - 1]; }
  // The state before the last step, from the first run until the sweep begins, if the schedule does not keep it.
  Snapshot& spare() { return snapshots()[most_]; }
  void drop_spare() {
    if (spared_) spare().~Snapshot();
    spared_ = false;
  }
  void keep(const S& state, index_t at) { ::new (snapshots() + kept_++) Snapshot{state, current_context, at}; }
  void drop() { snapshots()[--kept_].~Snapshot(); }

  // The state after `to` steps, from the one after `at`, which is the last one kept; on the way keeps what the schedule
  // for steps up to `end` says.
  S advance(S&& state, index_t at, index_t to, index_t end) {
    const Pause<Tag> pause;
    while (at < to) {
      const index_t room = most_ - kept_ + 1;  // for states, the last one included
      const bool keeps = room > 1 && end - at > 1;
      const index_t target = keeps ? at + binomial_split(end - at, room) : to;
      for (; at < target; ++at) state = run_step(step_, state, at);
      if (keeps) keep(state, at);
    }
    return static_cast<S&&>(state);
  }
  // The state before step `end - 1`, counted from 0.
  S state_before(index_t end) {
    if (spared_) {
      ContextScope::resume(spare().context);
      S state(static_cast<S&&>(spare().state));
      drop_spare();
      return state;
    }
    ContextScope::resume(last().context);
    return advance(S(last().state), last().at, end - 1, end);
  }
  void pull_step(Tape& tape, const S& state, index_t i, slot_t adjoint) {
    Rerun again(tape);
    auto y = run_step(step_, state, i);
    expect<value_error>(units_of_parts<Tag>(y) == units_, "tenon: checkpoint_loop: the shape of the state changed");
    again.extend();
    add_adjoints_of_parts<Tag>(tape, y, adjoint);
    again.sweep();
  }
  void clear(Tape& tape, slot_t at) { __builtin_memset(tape.adjoint<char>(at), 0, static_cast<size_t>(units_) * 4); }
  void move(Tape& tape, slot_t from, slot_t to) {
    __builtin_memcpy(tape.adjoint<char>(to), tape.adjoint<char>(from), static_cast<size_t>(units_) * 4);
  }

  Step step_;
  index_t steps_, most_, kept_ = 0;
  bool spared_ = false;
  BlockRef block_;
  slot_t first_ = 0;
  index_t units_ = 0;
};

template <class S, class Step>
S run_loop(index_t steps, S state, const Step& step) {
  for (index_t i = 0; i < steps; ++i) state = run_step(step, state, i);
  return state;
}
// Whether a step from S gives an S again, and S is the first state's type, up to its derivative structure.
template <class Start, class S, class Step>
constexpr bool keeps_type() {
  if constexpr (__is_same(S, Start)) {
    return __is_same(Stepped<Step, S>, S);
  } else if constexpr (__is_same(S, twin_t<Restructure<typename ArgumentElement<S>::type>, Start>)) {
    return __is_same(Stepped<Step, S>, S);
  } else {
    return false;
  }
}
// The first state, with the derivative structure that the step gives it.
template <class R, class S>
R as_state(S&& start) {
  if constexpr (__is_same(R, S)) {
    return static_cast<S&&>(start);
  } else {
    Restructure<typename ArgumentElement<R>::type> r;
    return transform<R>(r, start);
  }
}
template <class S, class Step>
S run_checkpointed(index_t steps, S&& first, const Step& step, CheckpointOptions options) {
  using Tag = rev_tag<S>;
  if constexpr (__is_same(Tag, void)) {
    return run_loop(steps, static_cast<S&&>(first), step);
  } else {
    Tape* const tape = active_tape<Tag>;
    if (!tape || steps == 0) return run_loop(steps, static_cast<S&&>(first), step);
    using Loop = CheckpointedLoop<Tag, Step, S>;
    Kept<Loop> kept(Loop(step, steps, options.snapshots));
    S y = (*kept).run(static_cast<S&&>(first));
    if ((*kept).place_result(*tape, y))
      ::new (new_record<KeptRecord<Loop>>(*tape)) KeptRecord<Loop>{static_cast<Kept<Loop>&&>(kept)};
    return y;
  }
}

}  // namespace detail

/// `for (i = 0; i < steps; ++i) state = step(state, i)`, or step(state); the last state. A state is a number, a tensor,
/// or a struct or container of them, of one shape throughout. Backwards the steps run again, see the head of this file.
/// value_error if there are fewer than 0 steps or 1 snapshot, or a state has another shape than the one before.
template <class State, class Step>
auto checkpoint_loop(index_t steps, const State& state, const Step& step, CheckpointOptions options = {}) {
  using namespace detail;
  expect<value_error>(steps >= 0, "tenon: checkpoint_loop: the number of steps is negative");
  expect<value_error>(options.snapshots >= 1, "tenon: checkpoint_loop: there must be room for one snapshot");
  auto start = kept_argument(state);
  using Start = decltype(start);
  using S = Stepped<Step, Start>;
  constexpr bool stays = keeps_type<Start, S, Step>();
  static_assert(stays, "tenon: checkpoint_loop: the step must return a state of the type that it is given");
  if constexpr (stays) return run_checkpointed(steps, as_state<S>(static_cast<Start&&>(start)), step, options);
}

}  // namespace TENON_ABI
}  // namespace tenon
