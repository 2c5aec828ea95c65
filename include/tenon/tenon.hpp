// tenon/tenon.hpp: the whole library on one hosted machine: tensors, fusion, autodiff, models and optimisers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Leaves out what needs the standard library's strings, streams and files: train/ (tenon/train.hpp), io/ (tenon/io.hpp)
// and printing (tenon/tensor/print.hpp).
#pragma once
// First what reports wrong shapes, so that compilers say them in the first lines of an error.
#include <tenon/expr/map.hpp>

#include <tenon/tensor/assign.hpp>

#include <tenon/shape/einsum.hpp>

#include <tenon/ad/checkpoint.hpp>
#include <tenon/ad/checkpoint_loop.hpp>
#include <tenon/ad/custom.hpp>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/grad.hpp>
#include <tenon/ad/microbatch.hpp>
#include <tenon/ad/preaccumulate.hpp>
#include <tenon/ad/unrolled.hpp>
#include <tenon/ad/variable.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/ad/vmap.hpp>
#include <tenon/exec/cpu/epilogue.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/cpu/scan.hpp>
#include <tenon/exec/cpu/softmax.hpp>
#include <tenon/exec/cpu/sort.hpp>
#include <tenon/exec/explain.hpp>
#include <tenon/expr/matmul.hpp>
#include <tenon/expr/parts.hpp>
#include <tenon/expr/quantile.hpp>
#include <tenon/nn.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/special_catalogue.hpp>
#include <tenon/optim.hpp>
#include <tenon/tensor/allclose.hpp>
#include <tenon/tensor/band.hpp>
#include <tenon/tensor/choice.hpp>
#include <tenon/tensor/compare.hpp>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/evaluate.hpp>
#include <tenon/tensor/gather.hpp>
#include <tenon/tensor/geometry.hpp>
#include <tenon/tensor/index.hpp>
#include <tenon/tensor/interop.hpp>
#include <tenon/tensor/join.hpp>
#include <tenon/tensor/movement.hpp>
#include <tenon/tensor/quaternion.hpp>
#include <tenon/tensor/random.hpp>
#include <tenon/tensor/rearrange.hpp>
#include <tenon/tensor/reshape.hpp>
#include <tenon/tensor/scatter.hpp>
#include <tenon/tensor/search.hpp>
