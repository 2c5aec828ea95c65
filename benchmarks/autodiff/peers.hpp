// benchmarks/autodiff/peers.hpp: libraries for derivatives that are measured beside tenon, where this machine has them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#if __has_include(<unsupported/Eigen/AutoDiff>)
#define BENCH_AUTODIFF_EIGEN 1
#include <Eigen/Core>
// What it needs comes first.
#include <unsupported/Eigen/AutoDiff>
#else
#define BENCH_AUTODIFF_EIGEN 0
#endif
#if __has_include(<ceres/jet.h>)
#define BENCH_CERES 1
#include <ceres/jet.h>
#else
#define BENCH_CERES 0
#endif
