// tenon/exec/openmp.hpp: the executor of compilers with OpenMP (-fopenmp); without it, one thread.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/exec/executor.hpp>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace tenon {
inline namespace TENON_ABI {

/// OpenMP's threads: as many as OMP_NUM_THREADS says, or as asked for.
class OpenMp {
 public:
#if defined(_OPENMP)
  explicit OpenMp(int threads = omp_get_max_threads()) : threads_(threads) {}
#else
  explicit OpenMp(int = 1) {}
#endif
  int threads() const { return threads_; }
  template <class F>
  void run(int n, const F& task) {
#if defined(_OPENMP)
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
#endif
    for (int i = 0; i < n; ++i) task(i);
  }

 private:
  int threads_ = 1;
};

}  // namespace TENON_ABI
}  // namespace tenon
