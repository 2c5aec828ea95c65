// tenon/ad/tape.hpp: what reverse mode remembers: statements in order, in one address space of adjoints.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tape is a list of segments. A run of scalar statements is one segment of flat entries (a multiplier and a slot for
// each operand: 12 bytes an operand and 8 a statement in double); a tensor statement is a segment of its own, an object
// that knows how to pull its adjoint back. The reverse sweep walks segments backwards, without recursion, and passes
// over statements whose adjoint is zero: what the result does not depend on adds nothing, not even 0 * inf. A slot
// stands for one value for ever; what is overwritten gets another. Slots count units of four bytes, so adjoints of
// different types share one space. A reset tape keeps its memory: a training loop allocates nothing after its first
// step. A tape belongs to one thread.
#pragma once
#include <tenon/ad/differential.hpp>
#include <tenon/base/memory.hpp>

namespace tenon {
inline namespace TENON_ABI {

class Tape;

namespace detail {

// A growing array in a block; keeps its memory when cleared.
template <class T>
class Grow {
 public:
  T* begin() { return reinterpret_cast<T*>(block_ ? block_.data() : nullptr); }
  T& operator[](index_t i) { return begin()[i]; }
  T& back() { return begin()[size_ - 1]; }
  index_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void push(const T& x) {
    if ((static_cast<size_t>(size_) + 1) * sizeof(T) > block_.capacity()) grow();
    ::new (begin() + size_++) T(x);
  }
  void pop() { --size_; }
  void clear() { size_ = 0; }

 private:
  void grow() {
    BlockRef larger(2 * block_.capacity() + 64 * sizeof(T));
    if (size_) __builtin_memcpy(larger.data(), block_.data(), static_cast<size_t>(size_) * sizeof(T));
    block_ = static_cast<BlockRef&&>(larger);
  }
  BlockRef block_{};
  index_t size_ = 0;
};

// Statements recorded one after the other in [begin, end); `sweep` pulls them back, last first, and destroys what they
// hold when `destroy` is set.
struct Segment {
  void (*sweep)(Tape&, char* begin, char* end);
  void (*destroy)(char* begin);
  char *begin, *end;
};

inline constexpr size_t chunk_bytes = size_t{1} << 18;

// Whether an adjoint is zero and depends on nothing.
template <class T>
bool is_zero_adjoint(const T& x) {
  if constexpr (is_real<T>) {
    return x == T(0);
  } else {
    const T zero{};
    return __builtin_memcmp(&x, &zero, sizeof(T)) == 0;
  }
}
template <class T>
bool are_zero_adjoints(const T* x, index_t n) {
  for (index_t i = 0; i < n; ++i)
    if (!is_zero_adjoint(x[i])) return false;
  return true;
}
}  // namespace detail

/// Records what is computed with the rev numbers that belong to it, and pulls adjoints back through it.
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  /// A variable of plain code: x (a number, tensor or model) as its rev twin, whose statements this tape records from
  /// now on. The twin aliases x's storage, which must live and keep its values until the gradient is taken.
  template <class X>
  auto variable(const X& x);  // ad/variable.hpp
  /// The gradients of a number or rank-0 expression with respect to variables: `auto [ga, gb] = tape.gradient(y, a,
  /// b)`.
  template <class Y, class... V>
  auto gradient(const Y& y, const V&... variables);  // ad/variable.hpp

  /// Forgets all statements; memory is kept for the next recording.
  void reset() {
    for (index_t i = segments_.size() - 1; i >= 0; --i)
      if (segments_[i].destroy) segments_[i].destroy(segments_[i].begin);
    segments_.clear();
    chunk_ = 0;
    used_ = 0;
    units_ = base_;
    adjoints_ready_ = false;
  }
  /// Slots for n adjoints of `units` units each.
  slot_t allocate(index_t n, index_t units) {
    if (units > 1 && units_ % 2 != 0) ++units_;  // adjoints of 8 bytes and more are aligned to 8
    if (n > 16) units_ = (units_ + 15) / 16 * 16;
    const unsigned long long first = units_;
    units_ += static_cast<unsigned long long>(n) * static_cast<unsigned long long>(units);
    if (units_ > 0xffffffffull) fail_full();
    adjoints_ready_ = false;
    return static_cast<slot_t>(first);
  }
  /// Bytes recorded and bytes of adjoints: what reverse mode costs in memory beside the values.
  size_t bytes() const { return chunk_ * detail::chunk_bytes + used_ + static_cast<size_t>(units_ - base_) * 4; }
  index_t segments() const { return segments_.size(); }

  /// Room for one tensor statement's record; `pull` runs in the sweep, `destroy` at reset.
  [[gnu::noinline]] void* record(size_t size, void (*pull)(Tape&, char*, char*), void (*destroy)(char*)) {
    char* p = room((size + 15) / 16 * 16);
    segments_.push({pull, destroy, p, p + size});
    return p;
  }
  /// Whether a slot was given by this tape since it was reset; others are constants to it.
  bool owns(slot_t slot) const { return slot >= base_ && slot < units_; }
  /// Appends a scalar statement: the result's slot, and for each of n operands a multiplier and a slot.
  template <class T>
  [[gnu::noinline]] void statement(slot_t result, int n, const T* multiplier, const slot_t* operand) {
    const size_t size = static_cast<size_t>(n) * (sizeof(T) + sizeof(slot_t)) + 2 * sizeof(slot_t);
    const bool joins = !segments_.empty() && segments_.back().sweep == &sweep_scalars<T> && !adjoints_ready_ &&
                       segments_.back().end == current() && used_ + size <= capacity_;
    char* p = joins ? current() : room(size);
    if (joins) {
      used_ += size;
      segments_.back().end += size;
    } else {
      segments_.push({&sweep_scalars<T>, nullptr, p, p + size});
    }
    __builtin_memcpy(p, multiplier, static_cast<size_t>(n) * sizeof(T));
    p += static_cast<size_t>(n) * sizeof(T);
    __builtin_memcpy(p, operand, static_cast<size_t>(n) * sizeof(slot_t));
    p += static_cast<size_t>(n) * sizeof(slot_t);
    const slot_t trailer[2] = {result, static_cast<slot_t>(n)};
    __builtin_memcpy(p, trailer, sizeof(trailer));
  }

  /// The adjoint at a slot; valid during and after a sweep.
  template <class T>
  T* adjoint(slot_t slot) {
    prepare();
    return reinterpret_cast<T*>(adjoints_.data() + static_cast<size_t>(slot - base_) * 4);
  }
  /// Pulls the adjoints set so far back through all statements, last first.
  void sweep() {
    prepare();
    for (index_t i = segments_.size() - 1; i >= 0; --i) {
      const detail::Segment s = segments_[i];
      s.sweep(*this, s.begin, s.end);
    }
  }
  /// All adjoints zero again, for another sweep over the same statements.
  void clear_adjoints() {
    adjoints_ready_ = false;
    prepare();
  }

  // How many tensor statements have been recorded: lets tests count evaluations.
  index_t statements() const { return segments_.size(); }

 private:
  static constexpr unsigned long long first_slot = 16;  // slots before it are the constants' place

  // Makes this the tape that plain code records on. A tape that begins above another one counts its slots from there,
  // so that neither takes the other's numbers for its own.
  void activate();
  void leave();

  template <class T>
  static void sweep_scalars(Tape& tape, char* begin, char* end) {
    char* p = end;
    char* const adjoints = tape.adjoints_.data();
    const slot_t base = static_cast<slot_t>(tape.base_);
    while (p != begin) {
      slot_t trailer[2];
      p -= sizeof(trailer);
      __builtin_memcpy(trailer, p, sizeof(trailer));
      const size_t n = trailer[1];
      T g;
      __builtin_memcpy(&g, adjoints + static_cast<size_t>(trailer[0] - base) * 4, sizeof(T));
      p -= n * sizeof(slot_t);
      const char* operands = p;
      p -= n * sizeof(T);
      if (detail::is_zero_adjoint(g)) continue;
      for (size_t k = 0; k < n; ++k) {
        slot_t slot;
        T m;
        __builtin_memcpy(&slot, operands + k * sizeof(slot_t), sizeof(slot));
        __builtin_memcpy(&m, p + k * sizeof(T), sizeof(T));
        char* to = adjoints + static_cast<size_t>(slot - base) * 4;
        T a;
        __builtin_memcpy(&a, to, sizeof(T));
        a = a + m * g;
        __builtin_memcpy(to, &a, sizeof(T));
      }
    }
  }

  [[gnu::cold, gnu::noinline]] static void fail_full() {
    raise<value_error>(Message() << "tenon: the tape is full: it has room for 2^32 four-byte units of adjoints "
                                    "(use checkpoint(f), or a tape for each part)");
  }
  void prepare() {
    if (adjoints_ready_) return;
    const size_t bytes = static_cast<size_t>(units_ - base_) * 4 + 64;
    if (adjoints_.capacity() < bytes) adjoints_ = detail::BlockRef(bytes);
    __builtin_memset(adjoints_.data(), 0, bytes);
    adjoints_ready_ = true;
  }
  char* current() { return chunk_ < static_cast<size_t>(chunks_.size()) ? chunk_data() + used_ : nullptr; }
  char* chunk_data() { return chunks_[static_cast<index_t>(chunk_)]->data(); }
  char* room(size_t size) {
    used_ = (used_ + 15) / 16 * 16;
    for (;; ++chunk_, used_ = 0) {
      if (chunk_ == static_cast<size_t>(chunks_.size())) {
        const size_t bytes = size > detail::chunk_bytes ? size : detail::chunk_bytes;
        chunks_.push(detail::allocate_block(bytes));
      }
      capacity_ = chunks_[static_cast<index_t>(chunk_)]->bytes;
      if (used_ + size <= capacity_) break;
    }
    char* p = chunk_data() + used_;
    used_ += size;
    return p;
  }

  struct Chunks : detail::Grow<detail::Block*> {
    ~Chunks() {
      for (index_t i = 0; i < size(); ++i)
        if (--(*this)[i]->refs == 0) detail::free_block((*this)[i]);
    }
  };
  detail::Grow<detail::Segment> segments_;
  Chunks chunks_;
  size_t chunk_ = 0, used_ = 0, capacity_ = 0;
  unsigned long long base_ = first_slot, units_ = first_slot;
  detail::BlockRef adjoints_;
  bool adjoints_ready_ = false;
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
  if (units_ == base_) {
    base_ = top ? (top->units_ + 15) / 16 * 16 : first_slot;
    units_ = base_;
  }
  below_ = top;
  top = this;
}

namespace detail {
// Makes a tape the active one for a tag while it lives.
template <class Tag>
class Recording {
 public:
  explicit Recording(Tape& t) : before_(active_tape<Tag>) { active_tape<Tag> = &t; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() { active_tape<Tag> = before_; }

 private:
  Tape* before_;
};

// Tapes of this thread, lent for the time of one derivative, so that their memory is used again.
class TapeLoan {
 public:
  TapeLoan() {
    Shelf& s = shelf();
    tape_ = s.free ? s.free : new Entry;
    if (s.free) s.free = s.free->next;
  }
  TapeLoan(const TapeLoan&) = delete;
  TapeLoan& operator=(const TapeLoan&) = delete;
  ~TapeLoan() {
    tape_->tape.reset();
    Shelf& s = shelf();
    tape_->next = s.free;
    s.free = tape_;
  }
  Tape& operator*() { return tape_->tape; }

 private:
  struct Entry {
    Tape tape;
    Entry* next = nullptr;
  };
  struct Shelf {
    Entry* free = nullptr;
    ~Shelf() {
      while (Entry* e = free) {
        free = e->next;
        delete e;
      }
    }
  };
  static Shelf& shelf() {
    pool();  // constructed first, so that tapes give their blocks back before it goes
    static thread_local Shelf s;
    return s;
  }
  Entry* tape_;
};
}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
