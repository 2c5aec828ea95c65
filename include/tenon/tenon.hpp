// tenon/tenon.hpp: the whole library on one hosted machine: tensors, fusion, autodiff, models and optimisers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Leaves out train/ (tenon/train.hpp) and io/ (tenon/io.hpp), which need the standard library's streams and files.
#pragma once
#include <tenon/ad/custom.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/grad.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/epilogue.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/explain.hpp>
#include <tenon/expr/matmul.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/evaluate.hpp>
