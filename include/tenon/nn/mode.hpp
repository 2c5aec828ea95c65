// tenon/nn/mode.hpp: whether layers of this thread train or infer: a guard that lasts for its scope.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   nn::Mode training(Rng{7});   // dropout drops, norm layers use the batch's statistics
//   { nn::Mode inference; ... }  // not here
// Without a guard layers infer. The same key gives the same random numbers.
#pragma once
#include <tenon/ad/context.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// Sets the mode of this thread until the end of the guard's scope.
class Mode {
 public:
  /// Inference.
  Mode() : before_(tenon::detail::current_context) { tenon::detail::current_context.training = false; }
  /// Training, with the generator that dropout and its like draw from.
  explicit Mode(const Rng& key) : before_(tenon::detail::current_context) {
    tenon::detail::current_context.training = true;
    tenon::detail::current_context.rng = key;
  }
  Mode(const Mode&) = delete;
  Mode& operator=(const Mode&) = delete;
  ~Mode() { tenon::detail::current_context = before_; }

  /// Whether layers train now.
  static bool training() { return tenon::detail::current_context.training; }
  /// Whether this is another run of what has run before, in a checkpoint: layers that keep statistics leave them alone.
  static bool again() { return tenon::detail::current_context.again; }
  /// A generator for one use by one layer; the next call gives another.
  static Rng key() { return tenon::detail::current_context.rng.split(); }

 private:
  Context before_;
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
