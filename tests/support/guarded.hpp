// tests/support/guarded.hpp: memory whose first byte follows, and whose last precedes, what faults on any access.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <csignal>
#include <cstddef>

namespace tenon::test {

using ::raise;  // which doctest's REQUIRE calls on some processors; tenon has another one

/// Pages of memory between two that fault on any access.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes = 1) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    bytes_ = (bytes + page_ - 1) / page_ * page_;
    void* p = mmap(nullptr, bytes_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    begin_ = static_cast<unsigned char*>(p) + page_;
    REQUIRE(mprotect(begin_, bytes_, PROT_READ | PROT_WRITE) == 0);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(begin_ - page_, bytes_ + 2 * page_); }
  /// The last n elements before the fault, and the first after it.
  template <class T>
  T* last(std::ptrdiff_t n) {
    return reinterpret_cast<T*>(begin_ + bytes_) - n;
  }
  template <class T>
  T* first() {
    return reinterpret_cast<T*>(begin_);
  }

 private:
  std::size_t page_, bytes_;
  unsigned char* begin_;
};

}  // namespace tenon::test
