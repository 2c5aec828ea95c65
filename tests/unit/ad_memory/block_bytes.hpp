// tests/unit/ad_memory/block_bytes.hpp: counts what blocks take from the system.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/memory.hpp>

#include <algorithm>

namespace tenon::test {

// Bytes that blocks take from the system while it lives; none is in store then.
struct BlockBytes {
  static inline std::size_t now = 0, most = 0, calls = 0;
  BlockBytes() {
    trim_pool();
    now = most = calls = 0;
    set_allocator({allocate, deallocate, nullptr});
  }
  ~BlockBytes() { set_allocator({detail::system_allocate, detail::system_deallocate, nullptr}); }
  static void* allocate(std::size_t bytes, void*) {
    now += bytes, most = std::max(most, now), ++calls;
    return detail::system_allocate(bytes, nullptr);
  }
  static void deallocate(void* p, std::size_t bytes, void*) {
    now -= bytes;
    detail::system_deallocate(p, bytes, nullptr);
  }
};

}  // namespace tenon::test
