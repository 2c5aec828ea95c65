// tenon/exec/executor.hpp: threads for large work, lent by the user: OpenMP, a task library, a game's job system.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Without an executor everything runs on the calling thread. Work is cut by its extents alone, never by the number of
// threads, into parts that write different elements: results have the same bits whatever the executor. What runs inside
// a part is serial, so nothing is oversubscribed.
//   OpenMp threads;                       // exec/openmp.hpp; or Tbb of exec/tbb.hpp, or a class of your own
//   const Parallel scope(threads);        // for this thread, while it lives
//   c = matmul(a, b);
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Runs task(0) ... task(n - 1), in any order and on any threads, and returns when all are done; `threads()` is how
/// many may run at once. Tasks do not throw.
template <class E>
concept Executor = requires(E& e, void (*task)(int)) {
  e.run(2, task);
  static_cast<int>(e.threads());
};

namespace detail {
struct Threads {
  void* executor;
  int count;
  void (*run)(void* executor, int n, void (*task)(void*, int), void* context);
};
#if TENON_EMBEDDED
inline const Threads* current_threads = nullptr;
#else
inline thread_local const Threads* current_threads = nullptr;
#endif
}  // namespace detail

/// Makes an executor the one that this thread's large statements use, while the object lives.
class Parallel {
 public:
  template <Executor E>
  explicit Parallel(E& e)
      : threads_{&e, static_cast<int>(e.threads()),
                 [](void* executor, int n, void (*task)(void*, int), void* context) {
                   static_cast<E*>(executor)->run(n, [task, context](int i) { task(context, i); });
                 }},
        before_(detail::current_threads) {
    detail::current_threads = threads_.count > 1 ? &threads_ : nullptr;
  }
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;
  ~Parallel() { detail::current_threads = before_; }

 private:
  detail::Threads threads_;
  const detail::Threads* before_;
};

namespace exec {
/// Work, in elements or multiply-adds, below which a part is not worth handing to another thread (about 10 us).
inline constexpr index_t least_part = 32768;

/// Whether work is handed to other threads.
inline bool goes_in_parts(index_t work) { return work >= 2 * least_part && tenon::detail::current_threads; }

namespace detail {
// While it lives statements of this thread are not shared out; it may end by an exception.
class Serial {
 public:
  Serial() : outer_(tenon::detail::current_threads) { tenon::detail::current_threads = nullptr; }
  Serial(const Serial&) = delete;
  Serial& operator=(const Serial&) = delete;
  ~Serial() { tenon::detail::current_threads = outer_; }

 private:
  const tenon::detail::Threads* outer_;
};
}  // namespace detail

/// Calls part(from, to) for pieces of [0, n), each a multiple of `unit` long but for the last; on the executor's
/// threads if there is one and the work is large. `work`: of one of the n.
template <class F>
void in_parts(index_t n, index_t unit, index_t work, const F& part) {
  const tenon::detail::Threads* const threads = tenon::detail::current_threads;
  const index_t units = (n + unit - 1) / unit;
  if (units < 2 || !goes_in_parts(n * work)) return part(index_t{0}, n);
  // Pieces as large as pays, a few for each thread, which may be of unequal speed, and alike: the last to end is waited
  // for.
  const index_t least = (least_part + unit * work - 1) / (unit * work),
                share = (units + 4 * threads->count - 1) / (4 * threads->count), most = least > share ? least : share;
  struct Context {
    const F& part;
    index_t n, unit, units, pieces;
    index_t start(index_t i) const { return i < pieces ? units * i / pieces * unit : n; }
  } context{part, n, unit, units, (units + most - 1) / most};
  const auto task = [](void* c, int i) {
    const Context& x = *static_cast<const Context*>(c);
    const detail::Serial scope;
    x.part(x.start(i), x.start(i + 1));
  };
  threads->run(threads->executor, static_cast<int>(context.pieces), task, &context);
}
}  // namespace exec

}  // namespace TENON_ABI
}  // namespace tenon
