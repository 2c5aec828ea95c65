// tenon/train.hpp: training: data sets and minibatches, the loop, progress, pictures of how it went.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/train/data.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/picture.hpp>
#include <tenon/train/progress.hpp>
