// Counts allocations: replaces the global operator new and delete of every test program.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
std::atomic<long> count{0};

[[maybe_unused]] void* allocate(std::size_t bytes, std::size_t alignment) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (bytes == 0) bytes = 1;
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes)
                : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!p) throw std::bad_alloc();
  return p;
}
}  // namespace

// Some tests ask for more memory than there is: a null pointer, as without AddressSanitizer, not the program's end.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

long tenon::test::allocations() { return count.load(std::memory_order_relaxed); }

// ThreadSanitizer has its own and takes no others: nothing is counted there.
#if defined(__SANITIZE_THREAD__)
#define TENON_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_TEST_TSAN 1
#endif
#endif
#if !defined(TENON_TEST_TSAN)
void* operator new(std::size_t bytes) { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t a) { return allocate(bytes, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t bytes, std::align_val_t a) { return allocate(bytes, static_cast<std::size_t>(a)); }
// Those that do not throw as well: where sanitizers bring their own, new and delete would not match.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept try { return allocate(bytes, 1); } catch (...) {
  return nullptr;
}
void* operator new(std::size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept try {
  return allocate(bytes, static_cast<std::size_t>(a));
} catch (...) {
  return nullptr;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif
