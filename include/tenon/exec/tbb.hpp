// tenon/exec/tbb.hpp: the executor of programs that use oneTBB (tested with 2021.8; link with TBB::tbb).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <tenon/exec/executor.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Threads of oneTBB: an arena of as many as the machine has, or as asked for.
class Tbb {
 public:
  explicit Tbb(int threads = tbb::this_task_arena::max_concurrency()) : arena_(threads) {}
  int threads() const { return arena_.max_concurrency(); }
  template <class F>
  void run(int n, const F& task) {
    // Parts are as large as pays already: each is a task.
    arena_.execute([&] {
      tbb::parallel_for(
          0, n, [&task](int i) { task(i); }, tbb::simple_partitioner());
    });
  }

 private:
  tbb::task_arena arena_;
};

}  // namespace TENON_ABI
}  // namespace tenon
