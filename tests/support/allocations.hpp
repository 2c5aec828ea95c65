// tests/support/allocations.hpp: how many times the program has allocated memory so far.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace tenon::test {

/// Calls of any form of operator new by all threads since the program started.
long allocations();

/// Allocations since it was made: `AllocationCount count; work(); CHECK(count() == 0);`
class AllocationCount {
 public:
  long operator()() const { return allocations() - start_; }

 private:
  long start_ = allocations();
};

}  // namespace tenon::test
