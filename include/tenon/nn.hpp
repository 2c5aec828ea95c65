// tenon/nn.hpp: models: layers, losses, metrics, initial values, and the walk over their parameters.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/nn/activation.hpp>
#include <tenon/nn/buffer.hpp>
#include <tenon/nn/dropout.hpp>
#include <tenon/nn/init.hpp>
#include <tenon/nn/linear.hpp>
#include <tenon/nn/loss.hpp>
#include <tenon/nn/metrics.hpp>
#include <tenon/nn/mode.hpp>
#include <tenon/nn/module.hpp>
#include <tenon/nn/repeat.hpp>
#include <tenon/nn/sequential.hpp>
#include <tenon/nn/summary.hpp>
