// tenon/ad/checkpoint.hpp: memory for time: functions that are run again in the backward sweep instead of recorded.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto y = checkpoint(block)(x);                 // keeps x; the statements of block are recorded in the sweep only
//   auto end = checkpoint_loop(100000, start, [=](const auto& s) { return s + dt * slope(s, p); }, {.snapshots = 50});
// The second run must do what the first did: nn::Mode is the same, so dropout draws the same numbers, and its again()
// tells. Rev numbers and tensors that the function captures get their derivatives as its arguments do. It runs when the
// function around it has returned: capture by copy, [=] (copies of rev tensors share their elements), or what outlives
// the gradient.
#pragma once
#include <tenon/ad/context.hpp>
#include <tenon/ad/parts.hpp>
#include <tenon/ad/vjp.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// No statement with this tag is recorded while it lives.
template <class Tag>
class Pause {
 public:
  Pause() : before_(active_tape<Tag>) { active_tape<Tag> = nullptr; }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() { active_tape<Tag> = before_; }

 private:
  Tape* before_;
};

// The thread's context is that of another run of what began in `c`, while it lives.
class ContextScope {
 public:
  explicit ContextScope(const Context& c) : before_(current_context) { resume(c); }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;
  ~ContextScope() { current_context = before_; }
  static void resume(const Context& c) {
    current_context = c;
    current_context.again = true;
  }

 private:
  Context before_;
};

// What is recorded while it lives is swept by `sweep`, and forgotten.
class Rerun {
 public:
  explicit Rerun(Tape& t) : tape_(t), mark_(t.mark()) {}
  Rerun(const Rerun&) = delete;
  Rerun& operator=(const Rerun&) = delete;
  ~Rerun() { tape_.rewind(mark_); }
  // Adjoints for what was recorded; before them no adjoint of this tape may be looked at.
  void extend() { tape_.extend(mark_); }
  void sweep() { tape_.sweep(mark_); }

 private:
  Tape& tape_;
  Tape::Mark mark_;
};

// An object in a block of its own: records on a tape are aligned to 16 bytes only.
template <class S>
class Kept {
 public:
  explicit Kept(S&& s) : block_(sizeof(S)) {
    static_assert(alignof(S) <= alignment);
    ::new (block_.data()) S(static_cast<S&&>(s));
  }
  Kept(Kept&& o) noexcept : block_(static_cast<BlockRef&&>(o.block_)) {}
  Kept& operator=(Kept&&) = delete;
  ~Kept() {
    if (block_) (**this).~S();
  }
  S& operator*() { return *reinterpret_cast<S*>(block_.data()); }

 private:
  BlockRef block_;
};
template <class S>
struct KeptRecord {
  Kept<S> kept;
  static void sweep(Tape& tape, const Segment& segment) {
    (*reinterpret_cast<KeptRecord*>(segment.begin())->kept).pull(tape);
  }
  static void destroy(char* begin) { reinterpret_cast<KeptRecord*>(begin)->~KeptRecord(); }
};

// Records an object whose `pull(tape)` is a statement's rule.
template <class S>
struct ObjectRecord {
  S object;
  static void sweep(Tape& tape, const Segment& segment) {
    reinterpret_cast<ObjectRecord*>(segment.begin())->object.pull(tape);
  }
  static void destroy(char* begin) { reinterpret_cast<ObjectRecord*>(begin)->~ObjectRecord(); }
};
template <class S>
void record_object(Tape& tape, S&& s) {
  if constexpr (alignof(S) <= alignof(Segment)) {
    ::new (new_record<ObjectRecord<S>>(tape)) ObjectRecord<S>{static_cast<S&&>(s)};
  } else {
    Kept<S> kept(static_cast<S&&>(s));
    ::new (new_record<KeptRecord<S>>(tape)) KeptRecord<S>{static_cast<Kept<S>&&>(kept)};
  }
}

// An argument as it is kept: expressions as tensors, results of ops as numbers.
template <class X>
auto kept_argument(const X& x) {
  if constexpr (requires {
                  typename X::number;
                  x.get();
                }) {
    return x.get();
  } else if constexpr (expression<X>) {
    return evaluate(x);
  } else {
    return settled(x);
  }
}

template <class Tag>
bool all_zero(Tape& tape, slot_t first, index_t units) {
  const unsigned* p = tape.adjoint<unsigned>(first);
  for (index_t i = 0; i < units; ++i)
    if (p[i]) return false;
  return true;
}
// Slots for the adjoints of a result; 0 if it has none.
template <class Tag, class Y>
slot_t place(Tape& tape, Y& y, index_t units) {
  const slot_t first = tape.allocate(units / 2, 2);
  set_slots<Tag>(y, first);
  return first;
}

// A call that was not recorded.
template <class Tag, class F, class... X>
struct CheckpointedCall {
  F f;
  Context context;
  Operands<X...> arguments;
  slot_t first = 0;
  index_t units = 0;

  auto call() const { return call(make_seq<static_cast<int>(sizeof...(X))>{}); }
  void pull(Tape& tape) const {
    if (all_zero<Tag>(tape, first, units)) return;
    if (active_tape<Tag> && active_tape<Tag> != &tape) tape.pass_over(*active_tape<Tag>);
    const Recording<Tag> recording(tape);
    const ContextScope scope(context);
    Rerun again(tape);
    auto y = call();
    expect<value_error>(units_of_parts<Tag>(y) == units,
                        "tenon: checkpoint: the function returned another shape when it was run again");
    again.extend();
    add_adjoints_of_parts<Tag>(tape, y, first);
    again.sweep();
  }

 private:
  template <int... I>
  auto call(Seq<I...>) const {
    return owned(f(operand_at<I>(arguments)...));
  }
};

template <class F>
struct Checkpoint {
  F f;
  template <class... X>
  auto operator()(const X&... x) const {
    return run(kept_argument(x)...);
  }

 private:
  template <class... X>
  auto run(X... x) const {
    using Y = decltype(owned(f(static_cast<const X&>(x)...)));
    using Tag = rev_tag<Y>;
    if constexpr (__is_same(Tag, void)) {
      return owned(f(static_cast<const X&>(x)...));
    } else {
      Tape* const tape = active_tape<Tag>;
      if (!tape) return owned(f(static_cast<const X&>(x)...));
      using Call = CheckpointedCall<Tag, F, X...>;
      Kept<Call> kept(Call{f, current_context, {{static_cast<X&&>(x)}...}});
      Y y = [&] {
        const Pause<Tag> pause;
        return (*kept).call();
      }();
      (*kept).units = units_of_parts<Tag>(y);
      if ((*kept).units == 0) return y;
      (*kept).first = place<Tag>(*tape, y, (*kept).units);
      ::new (new_record<KeptRecord<Call>>(*tape)) KeptRecord<Call>{static_cast<Kept<Call>&&>(kept)};
      return y;
    }
  }
};

}  // namespace detail

/// f as a function that is not recorded: its arguments are kept, and it runs a second time in the backward sweep. It
/// returns numbers, tensors (expressions are evaluated), or structs of them. Where rev layers nest, the outermost is
/// spared; the others record both runs.
template <class F>
constexpr auto checkpoint(F f) {
  return detail::Checkpoint<F>{static_cast<F&&>(f)};
}

}  // namespace TENON_ABI
}  // namespace tenon
