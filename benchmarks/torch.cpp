// benchmarks/torch.cpp: libtorch as a peer, eagerly and without autograd: what its users run, one operator at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results go into the case's memory, and temporaries are reused in place where there is an operator for it.
#include "common.hpp"

#if BENCH_TORCH
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/version.h>

namespace bench {
namespace {

using at::Tensor;

template <class T = float>
Tensor tensor(const Operands& o, std::size_t i, const std::vector<std::int64_t>& extents) {
  return at::from_blob(o.at<T>(i), extents, at::CppTypeToScalarType<T>::value);
}
/// What calls f() without keeping track of derivatives, on one thread.
template <class F>
Kernel calls(F f) {
  at::set_num_threads(1);
  return {[f]() mutable {
            const c10::InferenceMode inference;
            f();
          },
          {}};
}

template <class T>
Kernel chain(const Operands& o) {
  return calls([a = tensor<T>(o, 0, o.extents), b = tensor<T>(o, 1, o.extents), c = tensor<T>(o, 2, o.extents),
                y = tensor<T>(o, 3, o.extents)]() mutable {
    at::mul_out(y, at::addcmul(c, a, b).tanh_(), (a * a).neg_().exp_());
  });
}
const Peer chain32("torch", "pointwise/chain/f32", chain<float>),
    chain64("torch", "pointwise/chain/f64", chain<double>);

template <int Axis>
Kernel softmax(const Operands& o) {
  return calls(
      [x = tensor(o, 0, o.extents), y = tensor(o, 1, o.extents)]() mutable { at::_softmax_out(y, x, Axis, false); });
}
const Peer softmax0("torch", "rows/softmax_axis0/f32", softmax<0>),
    softmax1("torch", "rows/softmax_axis1/f32", softmax<1>);

const Peer layernorm1("torch", "rows/layernorm_axis1/f32", [](const Operands& o) {
  return calls([x = tensor(o, 0, o.extents), y = tensor(o, 1, o.extents), mean = at::empty({o[0], 1}),
                factor = at::empty({o[0], 1}), n = o[1]]() mutable {
    at::native_layer_norm_out(y, mean, factor, x, at::IntArrayRef(n), {}, {}, 1e-5);
  });
});

template <class T>
Kernel product(const Operands& o) {
  return calls([a = tensor<T>(o, 0, {o[0], o[2]}), b = tensor<T>(o, 1, {o[2], o[1]}),
                c = tensor<T>(o, 2, {o[0], o[1]})]() mutable { at::mm_out(c, a, b); });
}
const Peer sgemm("torch", "sgemm/dynamic/f32", product<float>), dgemm("torch", "dgemm/dynamic/f64", product<double>);

template <bool Gelu>
Kernel layer(const Operands& o) {
  return calls([a = tensor(o, 0, {o[0], o[2]}), b = tensor(o, 1, {o[2], o[1]}), bias = tensor(o, 2, {o[1]}),
                y = tensor(o, 3, {o[0], o[1]})]() mutable {
    at::addmm_out(y, bias, a, b);
    if constexpr (Gelu)
      at::gelu_(y, "tanh");
    else
      y.relu_();
  });
}
const Peer relu("torch", "epilogue/bias_relu/f32", layer<false>), gelu("torch", "epilogue/bias_gelu/f32", layer<true>);

const Peer convolution("torch", "convolution/3x3/f32", [](const Operands& o) {
  return calls(
      [x = tensor(o, 0, {o[0], o[1], o[2], o[3]}), w = tensor(o, 1, {o[4], o[1], o[5], o[6]}),
       y = tensor(o, 2, {o[0], o[4], o[2] - o[5] + 1, o[3] - o[6] + 1})]() mutable { y.copy_(at::conv2d(x, w)); });
});

const Area area([] { benchmark::AddCustomContext("torch", TORCH_VERSION); });

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] {
  std::fprintf(stderr, "SKIPPED torch: needs CMake's TENON_BENCH_TORCH=ON (Debian: libtorch-dev)\n");
});
}
#endif
