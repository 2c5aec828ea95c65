// tests/support/jobs.hpp: an executor as a user's own job system would be one, which counts what it is given.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace tenon::test {

/// Each run starts its threads, which take tasks in turn; `seen` are all threads that ever ran.
struct Jobs {
  int count;
  int runs = 0, tasks = 0;
  std::mutex mutex{};
  std::set<std::thread::id> seen{};

  int threads() const { return count; }
  template <class F>
  void run(int n, const F& task) {
    ++runs;
    tasks += n;
    std::atomic<int> next{0};
    std::vector<std::thread> all;
    for (int t = 0; t < count; ++t)
      all.emplace_back([&] {
        {
          const std::lock_guard lock(mutex);
          seen.insert(std::this_thread::get_id());
        }
        for (int i; (i = next++) < n;) task(i);
      });
    for (auto& t : all) t.join();
  }
};

}  // namespace tenon::test
