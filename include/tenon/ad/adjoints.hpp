// tenon/ad/adjoints.hpp: the adjoints of large tensors on a tape, each in a block of its own while it is needed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers and small tensors have their adjoints side by side, in one block for the whole tape: scalar statements find
// them by arithmetic. Large tensors have slots beyond those, in ranges that are looked up: the block of a range is
// there from when something is first added to it until the statement that gave the tensor has passed it on. So a sweep
// needs memory for the adjoints between two statements, not for those of all. A range whose elements are used as
// numbers gets slots among the numbers' as well; its adjoint is the sum of both.
#pragma once
#include <tenon/ad/segment.hpp>
#include <tenon/ad/terms.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

class ApartAdjoints {
 public:
  static constexpr slot_t lowest = slot_t{1} << 31;
  // Of a tensor: a look-up costs little beside its statements. Those of a variable become its gradient where they lie;
  // elements of matrices are less often used as numbers, for which they are looked up.
  static constexpr unsigned long long least_units = 256, least_of_matrix = 64;
  static bool holds(slot_t slot) { return slot >= lowest; }

  struct Range {
    slot_t first, units;
    slot_t numbers;   // where its elements have slots among the numbers', 0 if none was used as one
    unsigned wanted;  // by so many who read it after the sweep
    Block* block;     // null: all zero, or passed on
    void (*move)(char* to, char* from, slot_t units);  // from the numbers' slots, which are zero then
    size_t bytes() const { return static_cast<size_t>(units) * 4; }
    bool has(slot_t slot) const { return slot - first < units; }
    char* at(slot_t slot) const { return block->data() + static_cast<size_t>(slot - first) * 4; }
    void fill() {
      block = allocate_block(bytes());
      __builtin_memset(block->data(), 0, bytes());
    }
    void drop() {
      if (block) drop_block(block);
      block = nullptr;
    }
  };
  static constexpr unsigned always = ~0u;  // wanted by some who do not say when they have read it

  ApartAdjoints() = default;
  ApartAdjoints(const ApartAdjoints&) = delete;
  ApartAdjoints& operator=(const ApartAdjoints&) = delete;
  ~ApartAdjoints() { drop_all(); }

  index_t size() const { return ranges_.size(); }
  Range* begin() { return ranges_.begin(); }
  Range* end() { return ranges_.begin() + size(); }
  /// Slots for so many units; 0 if there are none left.
  slot_t allocate(unsigned long long units) {
    const unsigned long long first = (next_ + 15) / 16 * 16;
    if (units > 0xffffffff - first) return 0;
    ranges_.push({static_cast<slot_t>(first), static_cast<slot_t>(units), 0, 0, nullptr, nullptr});
    next_ = first + units + 1;  // no two are side by side: slots that are belong to one range
    return static_cast<slot_t>(first);
  }
  /// The range of a slot; null if it has none.
  Range* find(slot_t slot) {
    if (last_ < size() && ranges_[last_].has(slot)) return &ranges_[last_];  // a slot is asked for several times
    index_t from = 0, to = size();
    while (to - from > 1) {
      const index_t middle = from + (to - from) / 2;
      (ranges_[middle].first <= slot ? from : to) = middle;
    }
    if (from == to || !ranges_[from].has(slot)) return nullptr;
    return &ranges_[last_ = from];
  }
  /// The slot that an element has as a number, if it is of the tensor that was asked for last; else 0.
  TENON_INLINE slot_t recent_number_slot(slot_t slot) const {
    if (last_ >= size()) return 0;
    const Range& r = ranges_[last_];
    return r.numbers && r.has(slot) ? r.numbers + (slot - r.first) : 0;
  }
  /// The slot that an element has as a number; 0 if none was used as one.
  slot_t known_number_slot(slot_t slot) {
    if (!holds(slot)) return slot;
    const Range* const r = find(slot);
    return r && r->numbers ? r->numbers + (slot - r->first) : 0;
  }
  /// The slot that an element had before it was used as a number.
  slot_t home(slot_t slot) {
    for (Range& r : *this)
      if (r.numbers && slot - r.numbers < r.units) return r.first + (slot - r.numbers);
    return slot;
  }
  bool is_done_with(slot_t slot) {
    const Range* const r = holds(slot) ? find(slot) : nullptr;
    return r && !r->wanted;
  }
  void passed_on(slot_t slot) {
    if (is_done_with(slot)) ranges_[last_].drop();
  }
  void drop_all() {
    for (Range& r : *this) r.drop();
  }
  void want(slot_t slot, unsigned times) {
    Range* const r = holds(slot) ? find(slot) : nullptr;
    if (r) r->wanted = times == always || r->wanted == always ? always : r->wanted + times;
  }
  void want_none() {
    for (Range& r : *this) r.wanted = 0;
  }
  /// Forgets all ranges from the n-th on; slots go on at `next`.
  void rewind(index_t n, unsigned long long next) {
    for (index_t i = n; i < size(); ++i) ranges_[i].drop();
    ranges_.shrink(n);
    next_ = next;
  }
  unsigned long long next() const { return next_; }
  void pass_over(unsigned long long next) {
    if (next_ < next) next_ = next;
  }

 private:
  Grow<Range> ranges_;
  index_t last_ = 0;
  unsigned long long next_ = lowest;
};

template <class A>
void move_adjoints(char* to, char* from, slot_t units) {
  A *t = reinterpret_cast<A*>(to), *f = reinterpret_cast<A*>(from);
  for (const A* const end = t + units * 4 / sizeof(A); t != end; ++t, ++f) {
    if (is_zero_adjoint(*f)) continue;
    *t = static_cast<A>(*t + *f);
    *f = A{};
  }
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
