// benchmarks/onednn.cpp: oneDNN as a peer: products, with epilogues, softmax, layer normalisation, convolution.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Primitives are created once, outside of the timing; memory is the case's own, row-major, as for every library. Only
// `onednn` of the convolution chooses its own formats, and is given its operands in them; `onednn_nchw` is not.
#include "common.hpp"

#if BENCH_ONEDNN
#include <dnnl.hpp>

namespace bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
constexpr auto f32 = memory::data_type::f32;

dnnl::engine& engine() {
  static dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}
dnnl::stream& stream() {
  static dnnl::stream s(engine());
  return s;
}
memory::desc matrix(std::int64_t rows, std::int64_t columns, memory::data_type type = f32) {
  return {{rows, columns}, type, Tag::ab};
}
void copy(memory from, memory to) {
  dnnl::reorder(from, to).execute(stream(), from, to);
  stream().wait();
}
Kernel run(dnnl::primitive p, std::unordered_map<int, memory> arguments) {
  return {[=]() {
            p.execute(stream(), arguments);
            stream().wait();
          },
          {}};
}

Kernel product(const Operands& o) {
  return {[=] { dnnl_sgemm('N', 'N', o[0], o[1], o[2], 1, o.at(0), o[2], o.at(1), o[1], 0, o.at(2), o[1]); }, {}};
}
const Peer dynamic_product("onednn", "sgemm/dynamic/f32", product), mlp_product("onednn", "sgemm/mlp/f32", product),
    threads_product("onednn", "threads/matmul/f32", product);

Kernel low_precision(const Operands& o, memory::data_type in, memory::data_type out) {
  const auto a = matrix(o[0], o[2], in), b = matrix(o[2], o[1], in), c = matrix(o[0], o[1], out);
  return run(dnnl::matmul(dnnl::matmul::primitive_desc({a, b, c}, engine())),
             {{DNNL_ARG_SRC, {a, engine(), o.at(0)}},
              {DNNL_ARG_WEIGHTS, {b, engine(), o.at(1)}},
              {DNNL_ARG_DST, {c, engine(), o.at(2)}}});
}
bool has(dnnl::cpu_isa isa) {
  return (static_cast<int>(dnnl::get_effective_cpu_isa()) & static_cast<int>(isa)) == static_cast<int>(isa);
}
// bfloat16 is refused without AVX-512, and int8 is wrong without VNNI: sums of two products saturate at 16 bits.
const Peer bf16(
    "onednn", "low_precision/gemm/bf16",
    [](const Operands& o) { return low_precision(o, memory::data_type::bf16, f32); }, has(dnnl::cpu_isa::avx512_core));
const Peer int8(
    "onednn", "low_precision/gemm/i8",
    [](const Operands& o) { return low_precision(o, memory::data_type::s8, memory::data_type::s32); },
    has(dnnl::cpu_isa::avx512_core_vnni) || has(dnnl::cpu_isa::avx2_vnni));

Kernel layer(const Operands& o, dnnl::algorithm activation) {
  const memory::desc a = matrix(o[0], o[2]), b = matrix(o[2], o[1]), bias = matrix(1, o[1]), y = matrix(o[0], o[1]);
  dnnl::post_ops then;
  then.append_eltwise(1, activation, 0, 0);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(then);
  const dnnl::matmul::primitive_desc d({a, b, bias, y}, attributes, engine());
  return run(dnnl::matmul(d), {{DNNL_ARG_SRC, {a, engine(), o.at(0)}},
                               {DNNL_ARG_WEIGHTS, {b, engine(), o.at(1)}},
                               {DNNL_ARG_BIAS, {bias, engine(), o.at(2)}},
                               {DNNL_ARG_DST, {y, engine(), o.at(3)}}});
}
Kernel relu_layer(const Operands& o) { return layer(o, dnnl::algorithm::eltwise_relu); }
const Peer relu("onednn", "epilogue/bias_relu/f32", relu_layer);
const Peer gelu("onednn", "epilogue/bias_gelu/f32",
                [](const Operands& o) { return layer(o, dnnl::algorithm::eltwise_gelu_tanh); });
const Peer threads_relu("onednn", "threads/bias_relu/f32", relu_layer);

// Along the last axis: along the first, release 2.6 has only its reference code for softmax, and no normalisation.
Kernel softmax(const Operands& o) {
  const auto x = matrix(o[0], o[1]);
  const dnnl::softmax_forward::primitive_desc d({dnnl::prop_kind::forward_inference, x, 1}, engine());
  return run(dnnl::softmax_forward(d),
             {{DNNL_ARG_SRC, {x, engine(), o.at(0)}}, {DNNL_ARG_DST, {x, engine(), o.at(1)}}});
}
const Peer softmax1("onednn", "rows/softmax_axis1/f32", softmax),
    threads_softmax("onednn", "threads/softmax/f32", softmax);

const Peer layernorm1("onednn", "rows/layernorm_axis1/f32", [](const Operands& o) {
  using Layernorm = dnnl::layer_normalization_forward;
  const auto x = matrix(o[0], o[1]);
  const Layernorm::primitive_desc d({dnnl::prop_kind::forward_inference, x, 1e-5f, dnnl::normalization_flags::none},
                                    engine());
  return run(Layernorm(d), {{DNNL_ARG_SRC, {x, engine(), o.at(0)}}, {DNNL_ARG_DST, {x, engine(), o.at(1)}}});
});

// Images, their channels, height and width; the filters' number, height and width.
Kernel convolution(const Operands& o, bool own_formats) {
  using Convolution = dnnl::convolution_forward;
  const memory::dims x_dims{o[0], o[1], o[2], o[3]}, w_dims{o[4], o[1], o[5], o[6]},
      y_dims{o[0], o[4], o[2] - o[5] + 1, o[3] - o[6] + 1};
  const auto in = [](const memory::dims& dims, Tag tag) { return memory::desc(dims, f32, tag); };
  const Tag x_tag = own_formats ? Tag::any : Tag::nchw, w_tag = own_formats ? Tag::any : Tag::oihw;
  const Convolution::primitive_desc d({dnnl::prop_kind::forward_inference,
                                       dnnl::algorithm::convolution_direct,
                                       in(x_dims, x_tag),
                                       in(w_dims, w_tag),
                                       in(y_dims, x_tag),
                                       {1, 1},
                                       {0, 0},
                                       {0, 0}},
                                      engine());
  const memory x(in(x_dims, Tag::nchw), engine(), o.at(0)), w(in(w_dims, Tag::oihw), engine(), o.at(1)),
      y(in(y_dims, Tag::nchw), engine(), o.at(2));
  if (!own_formats) return run(Convolution(d), {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
  const memory own_x(d.src_desc(), engine()), own_w(d.weights_desc(), engine()), own_y(d.dst_desc(), engine());
  copy(x, own_x), copy(w, own_w);
  Kernel k = run(Convolution(d), {{DNNL_ARG_SRC, own_x}, {DNNL_ARG_WEIGHTS, own_w}, {DNNL_ARG_DST, own_y}});
  k.finish = [=] { copy(own_y, y); };
  return k;
}
const Peer convolution_own("onednn", "convolution/3x3/f32", [](const Operands& o) { return convolution(o, true); });
const Peer convolution_nchw("onednn_nchw", "convolution/3x3/f32",
                            [](const Operands& o) { return convolution(o, false); });

void say() {
  const auto& v = *dnnl::version();
  const char* isa = "another ISA";
  for (const auto& [value, name] : {std::pair{dnnl::cpu_isa::sse41, "SSE4.1"},
                                    {dnnl::cpu_isa::avx, "AVX"},
                                    {dnnl::cpu_isa::avx2, "AVX2"},
                                    {dnnl::cpu_isa::avx2_vnni, "AVX2 VNNI"},
                                    {dnnl::cpu_isa::avx512_core, "AVX-512"},
                                    {dnnl::cpu_isa::avx512_core_vnni, "AVX-512 VNNI"},
                                    {dnnl::cpu_isa::avx512_core_bf16, "AVX-512 BF16"},
                                    {dnnl::cpu_isa::avx512_core_amx, "AMX"}})
    if (dnnl::get_effective_cpu_isa() == value) isa = name;
  benchmark::AddCustomContext(
      "onednn", std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch) + ", " + isa);
}
const Area area(say), threads_area(say, Cores::several);

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] { std::fprintf(stderr, "SKIPPED onednn: not found (Debian: libdnnl-dev)\n"); });
}
#endif
