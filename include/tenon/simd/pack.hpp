// tenon/simd/pack.hpp: SIMD packs: their lanes, memory access, reductions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/simd/lanes.hpp>
#include <tenon/simd/memory.hpp>
#include <tenon/simd/reduce.hpp>
