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
    BlockRef larger(2 * block_.capacity() + sizeof(T));
    if (size_) __builtin_memcpy(larger.data(), block_.data(), static_cast<size_t>(size_) * sizeof(T));
    block_ = static_cast<BlockRef&&>(larger);
  }
  BlockRef block_{};
  index_t size_ = 0;
};

// Statements recorded one after the other, which lie behind this in memory: `sweep` pulls them back, last first, and
// `destroy`, if there is one, destroys what they hold.
struct Segment;
struct SegmentKind {
  void (*sweep)(Tape&, const Segment&);
  void (*destroy)(char* begin);
};
struct alignas(16) Segment {
  const SegmentKind* kind;
  Segment* before;
  char* begin() const { return reinterpret_cast<char*>(const_cast<Segment*>(this) + 1); }
};

// Chunks of a tape: the first are small, then each is half as large as all before it together, up to the largest.
inline constexpr size_t least_chunk = 320, most_chunk = size_t{1} << 18;
inline constexpr size_t beside_large = 448;  // room in the chunk of a large record, for small ones

// The segments of a tape, which lie in chunks of memory that are kept for the next recording.
class Segments {
 public:
  Segments() = default;
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;

 protected:
  ~Segments() {
    while (Block* const c = chunks_) {
      chunks_ = c->next;
      drop_block(c);
    }
  }
  // With `beyond` bytes behind it that are free until the next segment begins.
  Segment* begin_segment(const SegmentKind& kind, size_t bytes, size_t beyond = 0) {
    void* const p = room(sizeof(Segment) + bytes, beyond);
    last_ = ::new (p) Segment{&kind, last_};
    ++count_;
    return last_;
  }
  // Destroys those after `last`, last first.
  void drop_segments(const Segment* last) {
    for (; last_ != last; last_ = last_->before, --count_)
      if (last_->kind->destroy) last_->kind->destroy(last_->begin());
  }
  // Where the next one goes.
  struct Place {
    Segment* last;
    Block* chunk;
    char* cursor;
  };
  Place place() const { return {last_, chunk_, cursor_}; }
  void go_on(const Place& place) {
    if (!place.chunk) return start();
    enter(place.chunk);
    cursor_ = place.cursor;
  }
  void start() {
    if (chunks_) enter(chunks_);
  }
  size_t used() const {
    size_t sum = 0;
    for (const Block* c = chunks_; c; c = c == chunk_ ? nullptr : c->next)
      sum += c == chunk_ ? static_cast<size_t>(cursor_ - const_cast<Block*>(c)->data()) : c->bytes;
    return sum;
  }

  Segment* last_ = nullptr;
  index_t count_ = 0;
  char *cursor_ = nullptr, *limit_ = nullptr;  // the free part of the chunk

 private:
  void enter(Block* chunk) {
    chunk_ = chunk;
    cursor_ = chunk->data();
    limit_ = cursor_ + chunk->bytes;
  }
  char* room(size_t size, size_t beyond) {
    char* p = cursor_ + (16 - reinterpret_cast<size_t>(cursor_) % 16) % 16;
    while (static_cast<size_t>(limit_ - cursor_) < size + beyond + static_cast<size_t>(p - cursor_)) {
      Block*& next = chunk_ ? chunk_->next : chunks_;
      if (!next) next = more(size, beyond);
      enter(next);
      p = cursor_;
    }
    cursor_ = p + size;
    return p;
  }
  // A chunk, with room for a segment; beside a large one also for small ones.
  Block* more(size_t size, size_t beyond) {
    size_t bytes = 0;
    for (const Block* c = chunks_; c; c = c->next) bytes += c->bytes;
    bytes = bytes < 2 * least_chunk ? least_chunk : bytes < 2 * most_chunk ? bytes / 2 : most_chunk;
    size += beyond > beside_large || size < beside_large / 2 ? beyond : beside_large;
    Block* const c = allocate_block(size > bytes ? size : bytes);
    c->next = nullptr;
    return c;
  }

  Block *chunks_ = nullptr, *chunk_ = nullptr;  // all, each with the next one; the one that is written to
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
