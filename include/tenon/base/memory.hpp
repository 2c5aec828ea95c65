// tenon/base/memory.hpp: counted aligned blocks from a per-thread pool, and liveness tokens of checked builds.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors with run-time extents, shared intermediate values and tape records all live in blocks. A freed block goes to
// the free list of its size class on the freeing thread, so a loop that repeats its shapes allocates nothing after its
// first pass. Counts are not atomic: a block is shared only inside one thread's expressions and tapes, and passes
// between threads only by move. `set_allocator` replaces where fresh memory comes from.
#pragma once
#include <new>

#include <tenon/base/config.hpp>
#include <tenon/base/contract.hpp>

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __asan_poison_memory_region(void const volatile*, __SIZE_TYPE__);
extern "C" void __asan_unpoison_memory_region(void const volatile*, __SIZE_TYPE__);
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" void __asan_poison_memory_region(void const volatile*, __SIZE_TYPE__);
extern "C" void __asan_unpoison_memory_region(void const volatile*, __SIZE_TYPE__);
#endif
#endif

namespace tenon {
inline namespace TENON_ABI {

/// Where fresh memory comes from: `allocate` returns `bytes` aligned to `tenon::alignment`, or null when there is none.
struct Allocator {
  void* (*allocate)(size_t bytes, void* user) = nullptr;
  void (*deallocate)(void* p, size_t bytes, void* user) = nullptr;
  void* user = nullptr;
};

namespace detail {

// Header of a block; the data follows at the next multiple of the alignment.
struct alignas(alignment) Block {
  index_t refs = 0;
  size_t bytes = 0;       // of data
  int size_class = -1;    // -1: too large for the pool
  Allocator source{};     // who gave the memory, so that a changed hook never frees another's
  Block* next = nullptr;  // in a free list
  char* data() { return reinterpret_cast<char*>(this) + sizeof(Block); }
};

// Marks cached memory so that AddressSanitizer reports use after free although the pool keeps the memory.
inline void poison([[maybe_unused]] Block* b, [[maybe_unused]] bool on) {
#if defined(__SANITIZE_ADDRESS__)
  on ? __asan_poison_memory_region(b->data(), b->bytes) : __asan_unpoison_memory_region(b->data(), b->bytes);
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  on ? __asan_poison_memory_region(b->data(), b->bytes) : __asan_unpoison_memory_region(b->data(), b->bytes);
#endif
#endif
}

inline void* system_allocate(size_t bytes, void*) {
  return ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
}
inline void system_deallocate(void* p, size_t bytes, void*) {
  ::operator delete(p, bytes, std::align_val_t(alignment));
}
inline Allocator current_allocator{system_allocate, system_deallocate, nullptr};

// Eight classes to a power of two, from 64 bytes to 2^34: at most an eighth of a block is slack. Between 1 and 4 KiB
// there is one for each line of the cache: one gradient in blocks of that size is often most of what a tape takes.
inline constexpr int size_classes = 8 * 26 + 48;
inline constexpr size_t pool_limit = size_t{1} << 31;  // bytes a thread keeps at most
constexpr int size_class_of(size_t bytes) {
  if (bytes <= 64) return 0;
  if (bytes - 1024 <= 3072) return 32 + static_cast<int>((bytes - 1024 + 63) / 64);
  const int log = 63 - __builtin_clzll(bytes - 1);  // 2^log < bytes <= 2^(log+1)
  const size_t part = size_t{1} << (log - 3);
  const int sub = static_cast<int>((bytes - (size_t{1} << log) + part - 1) / part);  // 1..8
  return (log - (log < 10 ? 6 : 2)) * 8 + sub;
}
constexpr size_t size_of_class(int c) {
  if (c >= 32 && c < 80) return static_cast<size_t>(c - 16) * 64;
  const int log = (c < 32 ? 6 : 2) + c / 8, sub = c % 8;
  return (size_t{1} << log) + static_cast<size_t>(sub) * (size_t{1} << (log - 3));
}

inline void release_memory(Block* b) {
  poison(b, false);
  const Allocator a = b->source;
  const size_t total = sizeof(Block) + b->bytes;
  b->~Block();
  a.deallocate(b, total, a.user);
}

struct Pool {
  Block* free[size_classes] = {};
  size_t kept = 0;
  void trim() {
    for (Block*& head : free)
      while (Block* b = head) {
        head = b->next;
        release_memory(b);
      }
    kept = 0;
  }
  ~Pool();
};
// Tensors with static storage may be destroyed after their thread's pool; they then free their memory directly.
inline thread_local bool pool_gone = false;
inline Pool::~Pool() {
  trim();
  pool_gone = true;
}
inline Pool& pool() {
  static thread_local Pool instance;
  return instance;
}

[[gnu::noinline]] inline Block* allocate_block(size_t bytes) {
  const int c = size_class_of(bytes);
  const bool pooled = c < size_classes;
  if (pooled && !pool_gone) {
    Pool& p = pool();
    if (Block* b = p.free[c]) {
      p.free[c] = b->next;
      p.kept -= b->bytes;
      poison(b, false);
      b->refs = 1;
      return b;
    }
  }
  const size_t data = pooled ? size_of_class(c) : (bytes + alignment - 1) / alignment * alignment;
  void* memory =
      data > ~size_t{0} / 2 ? nullptr : current_allocator.allocate(sizeof(Block) + data, current_allocator.user);
  if (!memory)
    raise<value_error>(Message() << "tenon: out of memory: no block of " << static_cast<index_t>(bytes) << " bytes");
  Block* b = ::new (memory) Block;
  b->refs = 1;
  b->bytes = data;
  b->size_class = pooled ? c : -1;
  b->source = current_allocator;
  return b;
}

[[gnu::noinline]] inline void free_block(Block* b) {
  if (b->size_class < 0 || pool_gone || pool().kept + b->bytes > pool_limit) return release_memory(b);
  Pool& p = pool();
  b->next = p.free[b->size_class];
  p.free[b->size_class] = b;
  p.kept += b->bytes;
  poison(b, true);
}

// Out of line: handles end in many places, most of them paths of exceptions.
[[gnu::noinline]] inline void drop_block(Block* b) {
  if (--b->refs == 0) free_block(b);
}

struct Adopt {};
// Owning handle of a block; copies share it.
class BlockRef {
 public:
  constexpr BlockRef() = default;
  explicit BlockRef(size_t bytes) : block_(allocate_block(bytes)) {}
  // Takes over a count.
  BlockRef(Adopt, Block* b) : block_(b) {}
  constexpr BlockRef(const BlockRef& o) : block_(o.block_) {
    if (block_) ++block_->refs;
  }
  constexpr BlockRef(BlockRef&& o) noexcept : block_(o.block_) { o.block_ = nullptr; }
  constexpr BlockRef& operator=(BlockRef o) noexcept {
    Block* b = block_;
    block_ = o.block_;
    o.block_ = b;
    return *this;
  }
  TENON_INLINE constexpr ~BlockRef() {
    if (__builtin_is_constant_evaluated()) return;
    if (block_) drop_block(block_);
  }
  constexpr explicit operator bool() const { return block_ != nullptr; }
  char* data() const { return block_->data(); }
  size_t capacity() const { return block_ ? block_->bytes : 0; }
  bool unique() const { return block_ && block_->refs == 1; }

 private:
  Block* block_ = nullptr;
};

// A named tensor's token: its generation grows when the tensor dies or moves its data, and is never freed, so a stale
// view can always ask. Tokens are recycled; a view remembers the generation it saw.
struct Token {
  unsigned long long generation = 0;
  Token* next = nullptr;
};
inline thread_local Token* free_tokens = nullptr;
inline constexpr int token_batch = 64;
// Of threads that have ended, for those that need some.
inline Token* left_tokens = nullptr;
inline bool left_tokens_in_use = false;
struct LeftTokens {
  LeftTokens() {
    while (__atomic_test_and_set(&left_tokens_in_use, __ATOMIC_ACQUIRE)) {
    }
  }
  ~LeftTokens() { __atomic_clear(&left_tokens_in_use, __ATOMIC_RELEASE); }
  Token* take() {
    Token *const first = left_tokens, *last = first;
    for (int i = 1; last && last->next && i < token_batch; ++i) last = last->next;
    if (last) left_tokens = last->next, last->next = nullptr;
    return first;
  }
  void leave(Token* first) {
    Token* last = first;
    while (last->next) last = last->next;
    last->next = left_tokens;
    left_tokens = first;
  }
};
struct TokenKeeper {
  ~TokenKeeper() {
    if (free_tokens) LeftTokens().leave(free_tokens);
    free_tokens = nullptr;
  }
};
// When this thread ends it leaves its tokens to others.
[[gnu::noinline]] inline void keep_tokens() { [[maybe_unused]] static thread_local TokenKeeper keeper; }
inline Token* acquire_token() {
  if (!free_tokens) {
    keep_tokens();
    free_tokens = LeftTokens().take();
  }
  if (!free_tokens) {  // never returned: later views may still ask
    Token* fresh = static_cast<Token*>(__builtin_malloc(token_batch * sizeof(Token)));
    if (!fresh) return nullptr;
    for (int i = 0; i < token_batch; ++i) free_tokens = ::new (fresh + i) Token{0, free_tokens};
  }
  Token* t = free_tokens;
  free_tokens = t->next;
  return t;
}
inline void retire_token(Token* t) {
  if (!free_tokens) keep_tokens();  // of tensors that other threads made
  ++t->generation;
  t->next = free_tokens;
  free_tokens = t;
}

// What an owner holds and a view remembers. Both are empty in unchecked builds and during constant evaluation.
#if TENON_CHECKED
class Liveness {
 public:
  constexpr Liveness() {
    if (!__builtin_is_constant_evaluated()) token_ = acquire_token();
  }
  constexpr Liveness(const Liveness&) : Liveness() {}
  constexpr Liveness(Liveness&& o) noexcept : Liveness() { o.invalidate(); }
  constexpr Liveness& operator=(const Liveness&) noexcept { return *this; }
  constexpr Liveness& operator=(Liveness&& o) noexcept {
    o.invalidate();
    return *this;
  }
  constexpr ~Liveness() {
    if (token_) retire_token(token_);
  }
  // The data moved or went away: every view made so far is stale.
  constexpr void invalidate() {
    if (token_) ++token_->generation;
  }
  Token* token_ = nullptr;
};
class Watch {
 public:
  constexpr Watch() = default;
  constexpr explicit Watch(const Liveness& live)
      : token_(live.token_), generation_(live.token_ ? live.token_->generation : 0) {}
  constexpr void check() const {
    if (token_ && token_->generation != generation_)
      raise<lifetime_error>(Message() << "tenon: an expression or view outlived the tensor it refers to "
                                         "(return evaluate(...) instead of an expression over local tensors)");
  }

 private:
  Token* token_ = nullptr;
  unsigned long long generation_ = 0;
};
#else
class Liveness {
 public:
  constexpr void invalidate() {}
};
class Watch {
 public:
  constexpr Watch() = default;
  constexpr explicit Watch(const Liveness&) {}
  constexpr void check() const {}
};
#endif

}  // namespace detail

/// Replaces the source of fresh memory for all threads; memory already given is returned to whoever gave it.
inline void set_allocator(Allocator a) { detail::current_allocator = a; }
/// Gives this thread's cached blocks back to the allocator.
inline void trim_pool() { detail::pool().trim(); }

}  // namespace TENON_ABI
}  // namespace tenon
