// tenon/ad/context.hpp: what a function sees of its surroundings beside its arguments: training or inference, a key.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One value for each thread, set by nn::Mode. Whoever runs a function a second time (checkpoint) keeps a copy and sets
// it again, so that the second run draws the same random numbers.
#pragma once
#include <tenon/tensor/random.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Whether layers train, and the generator that they draw from.
struct Context {
  bool training = false;
  Rng rng{};
  bool again = false;  ///< what runs has run before: running statistics are not updated a second time
};

namespace detail {
inline thread_local Context current_context{};
}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
