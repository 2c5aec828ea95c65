// tenon/ad/adjoint_space.hpp: where the adjoints of a tape's slots are, and who wants them after a sweep.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slots count units of four bytes from `base_` on, so adjoints of different types share one block; those of large
// tensors lie apart, each in a block of its own (ad/adjoints.hpp).
#pragma once
#include <tenon/ad/adjoints.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

/// The adjoints of a tape.
class AdjointSpace {
 public:
  /// Whether a slot was given by this tape since it was reset; others are constants to it.
  bool owns(slot_t slot) {
    if (ApartAdjoints::holds(slot)) return apart_.find(slot) != nullptr;
    return slot - static_cast<slot_t>(base_) < static_cast<slot_t>(units_ - base_);
  }
  /// The slot of an element as scalar statements refer to it, 0 if none does.
  slot_t known_number_slot(slot_t slot) { return apart_.known_number_slot(slot); }
  /// The statement that gave the tensor at a slot was pulled back: nobody asks for its adjoint any more.
  void passed_on(slot_t slot) { apart_.passed_on(slot); }
  /// Whether nobody reads the adjoint of the tensor at a slot once its statement was pulled back.
  bool is_done_with(slot_t slot) { return apart_.is_done_with(slot); }
  /// The adjoint is read after the sweep: so many times by `take`, or as often as somebody likes.
  void want(slot_t slot, unsigned times = ApartAdjoints::always) { apart_.want(apart_.home(slot), times); }
  void want_none() { apart_.want_none(); }
  /// Where the adjoint of a number is after a sweep: an element's is that of its tensor.
  slot_t home(slot_t slot) { return apart_.home(slot); }

 protected:
  static constexpr unsigned long long first_slot = 16;  // slots before it are the constants' place
  static constexpr unsigned long long most_units = ApartAdjoints::lowest - 1;
  size_t adjoint_bytes() const { return static_cast<size_t>(units_ - base_) * 4; }
  // All of them zero.
  void clear() {
    const size_t bytes = adjoint_bytes();
    if (!adjoints_ || adjoints_.capacity() < bytes) {
      adjoints_ = BlockRef();  // first, so that never both are there
      adjoints_ = BlockRef(bytes);
    }
    __builtin_memset(adjoints_.data(), 0, bytes);
    apart_.drop_all();
    adjoints_ready_ = true;
  }
  // All zero for slots from `units` on; those before it are kept, and so many large tensors.
  void extend_from(unsigned long long units, index_t ranges) {
    const size_t before = static_cast<size_t>(units - base_) * 4, bytes = adjoint_bytes();
    if (adjoints_.capacity() < bytes) {
      BlockRef larger(bytes + bytes / 2);
      const size_t there = adjoints_.capacity() < before ? adjoints_.capacity() : before;  // see pass_over
      if (there) __builtin_memcpy(larger.data(), adjoints_.data(), there);
      __builtin_memset(larger.data() + there, 0, before - there);
      adjoints_ = static_cast<BlockRef&&>(larger);
    }
    __builtin_memset(adjoints_.data() + before, 0, bytes - before);
    adjoints_ready_ = true;
    for (index_t i = 0; i < ranges; ++i)  // what goes there at the end must find room then
      if (auto& r = apart_.begin()[i]; r.numbers >= units && !r.block) r.fill();
  }
  char* side_by_side(slot_t slot) const { return adjoints_.data() + static_cast<size_t>(slot - base_) * 4; }
  [[gnu::noinline]] char* apart(slot_t slot, bool fill) {
    ApartAdjoints::Range& r = *apart_.find(slot);
    if (!r.block && (fill || r.numbers)) r.fill();
    if (r.numbers) r.move(r.block->data(), side_by_side(r.numbers), r.units);
    return r.block ? r.at(slot) : nullptr;
  }

  unsigned long long base_ = first_slot, units_ = first_slot;  // the first slot, and the next to be given
  BlockRef adjoints_;
  ApartAdjoints apart_;
  bool adjoints_ready_ = false;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
