// tenon/ad/tape.hpp: what reverse mode remembers: statements in order, in one address space of adjoints.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tape is a list of segments. A run of scalar statements is one segment of flat entries (a multiplier and a slot for
// each operand: 12 bytes an operand and 4 a statement in double); a tensor statement is a segment of its own, an object
// that knows how to pull its adjoint back. The reverse sweep walks segments backwards, without recursion, and passes
// over statements whose adjoint is zero: what the result does not depend on adds nothing, not even 0 * inf. A slot
// stands for one value for ever; what is overwritten gets another. Slots count units of four bytes, so adjoints of
// different types share one space; those of large tensors lie apart (ad/adjoints.hpp). A reset tape keeps its memory: a
// training loop allocates nothing after its first step. A tape belongs to one thread.
#pragma once
#include <tenon/ad/adjoint_space.hpp>
#include <tenon/ad/scalar_statements.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {
template <class T>
class AdjointLanes;
}  // namespace detail

/// Records what is computed with the rev numbers that belong to it, and pulls adjoints back through it.
class Tape : detail::Segments, public detail::AdjointSpace {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  /// A variable of plain code: x (a number, tensor or model) as its rev twin, whose statements this tape records from
  /// now on. The twin aliases x's storage, which must live and keep its values until the gradient is taken.
  template <class X>
  auto variable(const X& x);  // ad/variable.hpp
  /// A temporary would be gone by then.
  template <class X>
  void variable(const X&& temporary) requires(!is_element<X>) = delete;
  /// The gradients of a number or rank-0 expression with respect to variables: `auto [ga, gb] = tape.gradient(y, a,
  /// b)`.
  template <class Y, class... V>
  auto gradient(const Y& y, const V&... variables);  // ad/variable.hpp
  /// The derivatives of numbers y, one row for each, with respect to numbers x, one column for each: both are numbers,
  /// tensors, or containers or structs of them. Several rows in one sweep where all statements are scalar ones.
  template <class Y, class X>
  auto jacobian(const Y& y, const X& x);  // ad/adjoint_lanes.hpp

  /// Forgets all statements; memory is kept for the next recording. Numbers of the old one are constants to it.
  void reset() {
    const unsigned long long next = (units_ + 15) / 16 * 16, apart = apart_.next();
    recycle();
    if (next < most_used) base_ = units_ = next;
    if (apart - detail::ApartAdjoints::lowest < most_used) apart_.rewind(0, apart);
  }
  // The same where no number of the old recording is left: its slots are given again.
  void recycle() {
    forget(nullptr);
    start();
    base_ = units_ = lowest_;
    apart_.rewind(0, lowest_apart_);
    adjoints_ready_ = false;
  }
  /// Slots for n adjoints of `units` units each.
  slot_t allocate(index_t n, index_t units) {
    close();
    unsigned long long first = units_;
    if (units > 1 && first % 2 != 0) ++first;  // adjoints of 8 bytes and more are aligned to 8
    if (n > 16) first = (first + 15) / 16 * 16;
    const unsigned long long next = first + static_cast<unsigned long long>(n) * static_cast<unsigned long long>(units);
    if (static_cast<unsigned long long>(n) > most_units || next > most_units) fail_full();
    units_ = next;
    adjoints_ready_ = false;
    return static_cast<slot_t>(first);
  }
  /// The same for a tensor's adjoints, which lie apart if they are many.
  slot_t allocate_tensor(index_t n, index_t units, unsigned long long least = detail::ApartAdjoints::least_units) {
    const unsigned long long all = static_cast<unsigned long long>(n) * static_cast<unsigned long long>(units);
    if (all < least || static_cast<unsigned long long>(n) > most_units) return allocate(n, units);
    const slot_t first = apart_.allocate(all);
    if (!first) fail_full();
    adjoints_ready_ = false;
    return first;
  }
  /// Bytes recorded and bytes of adjoints: what reverse mode costs in memory beside the values.
  size_t bytes() {
    size_t sum = static_cast<size_t>(units_ - base_) * 4;
    for (const detail::ApartAdjoints::Range& r : apart_) sum += r.bytes();
    return sum + used();
  }

  /// Room for a tensor statement's record, of a kind that lives for ever; till the next, scratch() has `aside` bytes.
  [[gnu::noinline]] void* record(size_t size, const detail::SegmentKind& kind, size_t aside = 0) {
    close();
    return begin_segment(kind, size, aside ? aside + alignment : 0)->begin();
  }
  char* scratch() const { return cursor_ + (alignment - reinterpret_cast<size_t>(cursor_) % alignment) % alignment; }
  /// The slot of an element, with an adjoint of type A, as scalar statements refer to it.
  template <class A>
  slot_t number_slot(slot_t slot) {
    if (!detail::ApartAdjoints::holds(slot)) return slot;
    if (const slot_t known = apart_.recent_number_slot(slot)) return known;
    return slot_among_numbers<A>(slot);
  }
  /// Appends a scalar statement: its terms, without those whose slots this tape does not own. Gives its value, and the
  /// slot of the result; 0 if no term remains.
  template <class T, int N>
  TENON_INLINE detail::Result<T> statement(const T& value, const detail::Terms<T, N>& terms) {
    if constexpr (N == 0) {
      return {value, 0};
    } else {
      using Statements = detail::ScalarStatements<T>;
      const auto t = Statements::tidy(terms);
      const unsigned long long units = units_;
      const auto base = static_cast<slot_t>(base_);
      const typename Statements::Place place{base, static_cast<slot_t>(units) - base};
      char* const begin = cursor_;
      // All that is rare is one call, which the value goes through: at its sides nothing has to be kept.
      if (__builtin_expect(reinterpret_cast<size_t>(begin) + Statements::most_bytes(N) > open_until<T>() ||
                               !Statements::all_owned(t, place),
                           0))
        return rare_statement(value, terms);
      if (Statements::none(t)) return {value, 0};
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<size_t>(begin) + 2048), 1);  // to be written
      cursor_ = Statements::write(t, begin, place);
      units_ = units + Statements::units;
      return {value, static_cast<slot_t>(units)};
    }
  }

  /// The adjoint at a slot, valid during a sweep; after it that of a number or of a variable.
  template <class T>
  T* adjoint(slot_t slot) {
    prepare();
    return reinterpret_cast<T*>(detail::ApartAdjoints::holds(slot) ? apart(slot, true) : side_by_side(slot));
  }
  /// The same, for reading; null if it is zero.
  template <class T>
  T* given(slot_t slot) {
    prepare();
    return reinterpret_cast<T*>(detail::ApartAdjoints::holds(slot) ? apart(slot, false) : side_by_side(slot));
  }
  /// The block that holds the adjoints of all n numbers T of a tensor, if they lie apart, are not all zero, and nobody
  /// else wants them: it is the caller's from now on.
  template <class T>
  detail::BlockRef take(slot_t slot, index_t n) {
    detail::ApartAdjoints::Range* const r = detail::ApartAdjoints::holds(slot) ? apart_.find(slot) : nullptr;
    if (!r || r->first != slot || r->bytes() != static_cast<size_t>(n) * sizeof(T)) return {};
    if (r->wanted == detail::ApartAdjoints::always || (r->wanted && --r->wanted)) return {};
    if (!given<T>(slot)) return {};
    detail::BlockRef block(detail::Adopt{}, r->block);
    r->block = nullptr;
    return block;
  }
  /// Pulls the adjoints set so far back through all statements, last first.
  void sweep() {
    prepare();
    sweep_to(nullptr);
  }
  /// All adjoints zero again, for another sweep over the same statements.
  void clear_adjoints() {
    adjoints_ready_ = false;
    prepare();
  }

  index_t statements() const { return count_; }  // of tensors: lets tests count evaluations

  // For records that run a function again in the middle of a sweep: what it records goes to the end of the tape, is
  // swept, and forgotten.
  struct Mark {
    Place segments;
    unsigned long long units, apart;
    index_t ranges;
  };
  Mark mark() {
    close();
    return {place(), units_, apart_.next(), apart_.size()};
  }
  // Slots from now on do not collide with those of a tape above this one.
  void pass_over(const Tape& above) {
    close();
    if (units_ < above.units_) units_ = above.units_;
    apart_.pass_over(above.apart_.next());
  }
  // Adjoints, all zero, for what was recorded since the mark; those before it are kept.
  void extend(const Mark& m) {
    close();
    extend_from(m.units, m.ranges);
  }
  void sweep(const Mark& m) { sweep_to(m.segments.last); }
  void rewind(const Mark& m) {
    for (auto& r : apart_) {
      if (r.numbers < m.units) continue;
      if (adjoints_ready_ && r.block) r.move(r.block->data(), side_by_side(r.numbers), r.units);
      r.numbers = 0;
    }
    apart_.rewind(m.ranges, m.apart);
    forget(m.segments.last);
    go_on(m.segments);
    units_ = m.units;
    adjoints_ready_ = true;
  }

 private:
  template <class T>
  friend class detail::AdjointLanes;
  static constexpr unsigned long long most_used = 1ull << 24;  // then they are given again

  // Makes this the tape that plain code records on. A tape that begins above another one counts its slots from there,
  // so that neither takes the other's numbers for its own.
  void activate();
  void leave();

  template <class T>
  static void sweep_scalars(Tape& tape, const detail::Segment& segment) {
    detail::ScalarSweep<T, T>(tape.adjoints_.data(), tape.base_).run(segment);
  }
  template <class T>
  static constexpr detail::SegmentKind scalars{&sweep_scalars<T>, nullptr};

  [[gnu::cold, gnu::noinline]] static void fail_full() {
    raise<value_error>(
        Message() << "tenon: the tape is full: it has room for 2^31 four-byte units of adjoints "
                     "of numbers, and as many of large tensors (use checkpoint(f), or a tape for each part)");
  }
  void prepare() {
    if (adjoints_ready_) return;
    close();
    clear();
  }
  template <class A>
  [[gnu::noinline]] slot_t slot_among_numbers(slot_t slot) {
    detail::ApartAdjoints::Range* const r = apart_.find(slot);
    if (!r) return slot;
    if (!r->numbers) {
      constexpr index_t units = sizeof(A) / 4;
      r->numbers = allocate(static_cast<index_t>(r->units) / units, units);
      r->move = &detail::move_adjoints<A>;
    }
    return r->numbers + (slot - r->first);
  }
  void sweep_to(const detail::Segment* last) {
    for (const detail::Segment* s = last_; s != last;) {
      const detail::Segment* const before = s->before;
      s->kind->sweep(*this, *s);
      s = before;
    }
  }
  // Destroys the segments after `last`, last first.
  void forget(detail::Segment* last) {
    drop_segments(last);
    open_ = nullptr;
    open_until_[0] = open_until_[1] = 0;
  }
  // Scalar statements go to [cursor_, limit_) while a segment of them is open.
  void close() {
    if (!open_) return;
    *reinterpret_cast<detail::ScalarRun*>(last_->begin()) = {cursor_, static_cast<slot_t>(units_)};
    open_ = nullptr;
    open_until_[0] = open_until_[1] = 0;
  }
  // A statement that begins a segment, or has terms that are not owned.
  template <class T, int N>
  [[gnu::noinline]] detail::Result<T> rare_statement(T value, detail::Terms<T, N> terms) {
    using Statements = detail::ScalarStatements<T>;
    constexpr size_t most = Statements::most_bytes(N);
    if (reinterpret_cast<size_t>(cursor_) + most > open_until<T>()) open_scalars<T>(most);
    slot_t others = 0;
    char* const end = Statements::write_owned(
        terms, cursor_, {static_cast<slot_t>(base_), static_cast<slot_t>(units_ - base_)}, others);
    if (__builtin_expect(detail::ApartAdjoints::holds(others), 0)) return apart_statement(value, terms);
    if (end == cursor_) return {value, 0};
    cursor_ = end;
    const auto result = static_cast<slot_t>(units_);
    units_ += Statements::units;
    return {value, result};
  }
  // One that has elements of large tensors for terms, as scalar statements do not refer to them.
  template <class T, int N>
  [[gnu::noinline, gnu::cold]] detail::Result<T> apart_statement(T value, detail::Terms<T, N>& terms) {
    refer_to_numbers(terms);
    return rare_statement(value, terms);
  }
  template <class T>
  void refer_to_numbers(detail::Terms<T, 0>&) {}
  template <class T, int N>
  void refer_to_numbers(detail::Terms<T, N>& terms) {
    const slot_t slot = number_slot<T>(terms.operand);
    terms.operand = detail::ApartAdjoints::holds(slot) ? 0 : slot;  // of another tape or recording: a constant
    refer_to_numbers(terms.rest);
  }
  // Statements of T may be written up to here; 0 if no segment of them is open.
  template <class T>
  TENON_INLINE size_t open_until() const {
    if constexpr (__is_same(T, double) || __is_same(T, float)) {
      return open_until_[__is_same(T, double)];
    } else {
      return open_ == &scalars<T> ? reinterpret_cast<size_t>(limit_) : 0;
    }
  }
  // A segment for scalar statements of T, with room for one of `most` bytes.
  template <class T>
  [[gnu::noinline]] void open_scalars(size_t most) {
    using Statements = detail::ScalarStatements<T>;
    close();
    if (Statements::units > 1 && units_ % 2 != 0) ++units_;  // adjoints of 8 bytes and more are aligned to 8
    char* const p = begin_segment(scalars<T>, sizeof(detail::ScalarRun) + most + sizeof(slot_t))->begin();
    cursor_ = Statements::begin(p + sizeof(detail::ScalarRun));
    // As many statements as the chunk holds must find slots.
    if (units_ + static_cast<size_t>(limit_ - p) / sizeof(slot_t) * Statements::units > most_units) fail_full();
    open_ = &scalars<T>;
    if constexpr (__is_same(T, double) || __is_same(T, float))
      open_until_[__is_same(T, double)] = reinterpret_cast<size_t>(limit_);
    adjoints_ready_ = false;
  }
  const detail::SegmentKind* open_ = nullptr;  // of the scalar statements that the last segment takes
  size_t open_until_[2] = {};                  // where the chunk ends, if they are of float, double
  unsigned long long lowest_ = first_slot;     // base_ moves on from here, recording by recording
  unsigned long long lowest_apart_ = detail::ApartAdjoints::lowest;
  Tape* below_ = nullptr;  // of the tapes of plain code that have variables on this thread
};

namespace detail {
// The tape that statements of numbers with this tag go to; none: they are constants.
template <class Tag>
inline thread_local Tape* active_tape = nullptr;

}  // namespace detail

inline Tape::~Tape() {
  leave();
  reset();
}
inline void Tape::leave() {
  for (Tape** t = &detail::active_tape<DefaultTag>; *t; t = &(*t)->below_)
    if (*t == this) {
      *t = below_;
      return;
    }
}
inline void Tape::activate() {
  Tape*& top = detail::active_tape<DefaultTag>;
  if (top == this) return;
  leave();
  if (units_ == base_ && apart_.size() == 0) {
    lowest_ = top ? (top->units_ + 15) / 16 * 16 : first_slot;
    if (base_ < lowest_ || base_ > most_used) base_ = lowest_;
    units_ = base_;
    lowest_apart_ = top ? top->apart_.next() : detail::ApartAdjoints::lowest;
    if (apart_.next() < lowest_apart_) apart_.rewind(0, lowest_apart_);
  }
  below_ = top;
  top = this;
}

}  // namespace TENON_ABI
}  // namespace tenon
