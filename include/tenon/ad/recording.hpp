// tenon/ad/recording.hpp: which tape a derivative records on: lent by the thread, active for the function's tag.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/tape.hpp>

namespace tenon {
inline namespace TENON_ABI {

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
    tape_->tape.recycle();
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
