// tenon/ad/segment.hpp: what a tape is a list of: runs of statements in memory, each with the function that sweeps it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>

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
  const T* begin() const { return reinterpret_cast<const T*>(block_ ? block_.data() : nullptr); }
  const T& operator[](index_t i) const { return begin()[i]; }
  T& back() { return begin()[size_ - 1]; }
  index_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void push(const T& x) {
    if ((static_cast<size_t>(size_) + 1) * sizeof(T) > block_.capacity()) grow();
    ::new (begin() + size_++) T(x);
  }
  void shrink(index_t n) { size_ = n; }

 private:
  void grow() {
    BlockRef larger(2 * block_.capacity() + 8 * sizeof(T));
    if (size_) __builtin_memcpy(larger.data(), block_.data(), static_cast<size_t>(size_) * sizeof(T));
    block_ = static_cast<BlockRef&&>(larger);
  }
  BlockRef block_{};
  index_t size_ = 0;
};

// Statements recorded one after the other in [begin, end); `sweep` pulls them back, last first, and destroys what they
// hold when `destroy` is set.
struct Segment {
  void (*sweep)(Tape&, const Segment&);
  void (*destroy)(char* begin);
  char *begin, *end;
  slot_t after;  // of scalar statements: the slot after the last result
};

// Chunks of a tape: the first is small, each as large as all before it together, up to the largest.
inline constexpr size_t least_chunk = size_t{1} << 10, most_chunk = size_t{1} << 18;

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
