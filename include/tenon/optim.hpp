// tenon/optim.hpp: optimisers, gradient clipping and learning-rate schedules.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/optim/adam.hpp>
#include <tenon/optim/clip.hpp>
#include <tenon/optim/schedule.hpp>
#include <tenon/optim/sgd.hpp>
