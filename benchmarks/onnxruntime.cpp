// benchmarks/onnxruntime.cpp: ONNX Runtime as a peer: elements, rows and columns, products and epilogues, convolution.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case is a small model, written here in ONNX's format; what prepares it is outside of the timing. One thread, all
// optimisations of the graph, the case's own memory bound to inputs and outputs. Weights and biases of layers and of
// the convolution are constants of the model, as its users have them, so they are packed beforehand; a product is given
// both of its operands.
#include "common.hpp"

#if BENCH_ONNXRUNTIME
#include <onnxruntime_c_api.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace bench {
namespace {

// ---- a model, as bytes ----------------------------------------------------------------------------------------------

/// A message of Protocol Buffers; the numbers of the fields below are those of onnx.proto.
class Message {
 public:
  Message& add(unsigned field, std::int64_t value) {
    varint(field << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& add(unsigned field, const std::string& value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& add(unsigned field, const Message& value) { return add(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

Message attribute(const char* name, int value) { return Message().add(1, name).add(3, value).add(20, 2); }
Message attribute(const char* name, const char* value) { return Message().add(1, name).add(4, value).add(20, 3); }

// ---- ONNX Runtime ---------------------------------------------------------------------------------------------------

const OrtApi& ort() {
  static const OrtApi* const api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (!api) {
    std::fprintf(stderr, "FAILED: onnxruntime: the library is older than its header\n");
    std::exit(1);
  }
  return *api;
}
void check(OrtStatus* status) {
  if (!status) return;
  std::fprintf(stderr, "FAILED: onnxruntime: %s\n", ort().GetErrorMessage(status));
  std::exit(1);
}

/// Numbers too small to be normal count as zero while this lives, and only so long: ONNX Runtime would leave the thread
/// that made the first session like that, for the libraries that run after it as well.
class FlushToZero {
#if defined(__SSE__)
 public:
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before_); }
  FlushToZero(const FlushToZero&) = delete;

 private:
  unsigned before_;
#else
 public:
  FlushToZero() {}
  ~FlushToZero() {}
#endif
};

OrtSession* session(const std::string& model) {
  static OrtEnv* const environment = [] {
    OrtEnv* e = nullptr;
    check(ort().CreateEnv(ORT_LOGGING_LEVEL_WARNING, "tenon", &e));
    return e;
  }();
  OrtSessionOptions* options = nullptr;
  check(ort().CreateSessionOptions(&options));
  check(ort().SetIntraOpNumThreads(options, 1));
  check(ort().SetInterOpNumThreads(options, 1));
  check(ort().SetSessionExecutionMode(options, ORT_SEQUENTIAL));
  check(ort().SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  check(ort().EnableCpuMemArena(options));
  check(ort().EnableMemPattern(options));
  check(ort().AddSessionConfigEntry(options, "session.set_denormal_as_zero", "1"));
  OrtSession* s = nullptr;
  check(ort().CreateSessionFromArray(environment, model.data(), model.size(), options, &s));
  ort().ReleaseSessionOptions(options);
  return s;
}

using Extents = std::vector<std::int64_t>;

/// A graph of named values, built from its inputs on; its kernels live as long as the process.
class Model {
 public:
  template <class T = float>
  Model& input(const char* name, const Extents& extents, T* data) {
    return bind<T>(11, name, extents, data);
  }
  template <class T = float>
  Model& output(const char* name, const Extents& extents, T* data) {
    return bind<T>(12, name, extents, data);
  }
  template <class T = float>
  Model& constant(const char* name, const Extents& extents, const T* data) {
    Message tensor;
    for (const std::int64_t e : extents) tensor.add(1, e);
    tensor.add(2, type<T>).add(8, name).add(9, std::string(reinterpret_cast<const char*>(data), size<T>(extents)));
    graph_.add(5, tensor);
    return *this;
  }
  Model& node(const char* op, std::initializer_list<const char*> inputs, const char* output,
              std::initializer_list<Message> attributes = {}) {
    Message node;
    for (const char* name : inputs) node.add(1, name);
    node.add(2, output).add(4, op);
    for (const Message& a : attributes) node.add(5, a);
    graph_.add(1, node);
    return *this;
  }
  Kernel kernel() {
    constexpr int format = 9, operators = 20;  // the first with Gelu
    graph_.add(2, "case");
    const FlushToZero while_loading;
    OrtSession* const s = session(Message().add(1, format).add(7, graph_).add(8, Message().add(2, operators)).bytes());
    OrtIoBinding* binding = nullptr;
    check(ort().CreateIoBinding(s, &binding));
    for (const Bound& b : bound_) check((b.is_output ? ort().BindOutput : ort().BindInput)(binding, b.name, b.value));
    return {[s, binding] {
              const FlushToZero while_running;
              check(ort().RunWithBinding(s, nullptr, binding));
            },
            {}};
  }

 private:
  struct Bound {
    const char* name;
    bool is_output;
    OrtValue* value;
  };
  template <class T>
  static constexpr ONNXTensorElementDataType type = std::is_integral_v<T> ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
                                                    : sizeof(T) == 4      ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
                                                                          : ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
  template <class T>
  static std::size_t size(const Extents& extents) {
    std::size_t bytes = sizeof(T);
    for (const std::int64_t e : extents) bytes *= static_cast<std::size_t>(e);
    return bytes;
  }
  template <class T>
  Model& bind(unsigned field, const char* name, const Extents& extents, T* data) {
    Message shape;
    for (const std::int64_t e : extents) shape.add(1, Message().add(1, e));
    graph_.add(field, Message().add(1, name).add(2, Message().add(1, Message().add(1, type<T>).add(2, shape))));
    static OrtMemoryInfo* const memory = [] {
      OrtMemoryInfo* m = nullptr;
      check(ort().CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &m));
      return m;
    }();
    OrtValue* value = nullptr;
    check(ort().CreateTensorWithDataAsOrtValue(memory, data, size<T>(extents), extents.data(), extents.size(), type<T>,
                                               &value));
    bound_.push_back({name, field == 12, value});
    return *this;
  }
  Message graph_;
  std::vector<Bound> bound_;
};

// ---- element by element ---------------------------------------------------------------------------------------------

template <class T>
Kernel chain(const Operands& o) {
  Model m;
  m.input("a", o.extents, o.at<T>(0)).input("b", o.extents, o.at<T>(1)).input("c", o.extents, o.at<T>(2));
  m.node("Mul", {"a", "b"}, "ab").node("Add", {"ab", "c"}, "sum").node("Tanh", {"sum"}, "tanh");
  m.node("Mul", {"a", "a"}, "square").node("Neg", {"square"}, "exponent").node("Exp", {"exponent"}, "exp");
  return m.node("Mul", {"tanh", "exp"}, "y").output("y", o.extents, o.at<T>(3)).kernel();
}
const Peer chain32("onnxruntime", "pointwise/chain/f32", chain<float>),
    chain64("onnxruntime", "pointwise/chain/f64", chain<double>);

const Peer axpbz("onnxruntime", "pointwise/axpbz/f32", [](const Operands& o) {
  const float factors[] = {1.5f, 0.75f};
  Model m;
  m.input("a", o.extents, o.at(0)).input("b", o.extents, o.at(1));
  m.constant("f", {}, factors).constant("g", {}, factors + 1);
  m.node("Mul", {"a", "f"}, "fa").node("Mul", {"b", "g"}, "gb");
  return m.node("Add", {"fa", "gb"}, "y").output("y", o.extents, o.at(2)).kernel();
});

// ---- rows and columns of a matrix -----------------------------------------------------------------------------------

template <int Axis>
Kernel softmax(const Operands& o) {
  return Model()
      .input("x", o.extents, o.at(0))
      .node("Softmax", {"x"}, "y", {attribute("axis", Axis)})
      .output("y", o.extents, o.at(1))
      .kernel();
}
const Peer softmax0("onnxruntime", "rows/softmax_axis0/f32", softmax<0>),
    softmax1("onnxruntime", "rows/softmax_axis1/f32", softmax<1>);

const Peer layernorm1("onnxruntime", "rows/layernorm_axis1/f32", [](const Operands& o) {
  const std::vector<float> ones(static_cast<std::size_t>(o[1]), 1);
  return Model()
      .input("x", o.extents, o.at(0))
      .constant("scale", {o[1]}, ones.data())
      .node("LayerNormalization", {"x", "scale"}, "y", {attribute("axis", 1)})
      .output("y", o.extents, o.at(1))
      .kernel();
});

/// What gives a number of each line along an axis.
Peer::Prepare reduction(const char* op, std::int64_t axis) {
  return [=](const Operands& o) {
    return Model()
        .input("x", o.extents, o.at(0))
        .constant("axes", {1}, &axis)
        .node(op, {"x", "axes"}, "y", {attribute("keepdims", 0)})
        .output("y", {o[1 - static_cast<std::size_t>(axis)]}, o.at(1))
        .kernel();
  };
}
const Peer sum0("onnxruntime", "rows/sum_axis0/f32", reduction("ReduceSum", 0)),
    sum1("onnxruntime", "rows/sum_axis1/f32", reduction("ReduceSum", 1)),
    mean0("onnxruntime", "rows/mean_axis0/f32", reduction("ReduceMean", 0)),
    mean1("onnxruntime", "rows/mean_axis1/f32", reduction("ReduceMean", 1));

template <int Axis>
Kernel argmax(const Operands& o) {
  return Model()
      .input("x", o.extents, o.at(0))
      .node("ArgMax", {"x"}, "y", {attribute("axis", Axis), attribute("keepdims", 0)})
      .output("y", {o[1 - Axis]}, o.at<std::int64_t>(1))
      .kernel();
}
const Peer argmax0("onnxruntime", "rows/argmax_axis0/f32", argmax<0>),
    argmax1("onnxruntime", "rows/argmax_axis1/f32", argmax<1>);

// ---- products -------------------------------------------------------------------------------------------------------

template <class T>
Kernel product(const Operands& o) {
  return Model()
      .input("a", {o[0], o[2]}, o.at<T>(0))
      .input("b", {o[2], o[1]}, o.at<T>(1))
      .node("MatMul", {"a", "b"}, "c")
      .output("c", {o[0], o[1]}, o.at<T>(2))
      .kernel();
}
const Peer sgemm("onnxruntime", "sgemm/dynamic/f32", product<float>),
    dgemm("onnxruntime", "dgemm/dynamic/f64", product<double>), mlp("onnxruntime", "sgemm/mlp/f32", product<float>);

template <bool Gelu>
Kernel layer(const Operands& o) {
  Model m;
  m.input("a", {o[0], o[2]}, o.at(0)).constant("b", {o[2], o[1]}, o.at(1)).constant("bias", {o[1]}, o.at(2));
  m.node("Gemm", {"a", "b", "bias"}, "v");
  if constexpr (Gelu)
    m.node("Gelu", {"v"}, "y", {attribute("approximate", "tanh")});
  else
    m.node("Relu", {"v"}, "y");
  return m.output("y", {o[0], o[1]}, o.at(3)).kernel();
}
const Peer relu("onnxruntime", "epilogue/bias_relu/f32", layer<false>),
    gelu("onnxruntime", "epilogue/bias_gelu/f32", layer<true>);

const Peer convolution("onnxruntime", "convolution/3x3/f32", [](const Operands& o) {
  return Model()
      .input("x", {o[0], o[1], o[2], o[3]}, o.at(0))
      .constant("w", {o[4], o[1], o[5], o[6]}, o.at(1))
      .node("Conv", {"x", "w"}, "y")
      .output("y", {o[0], o[4], o[2] - o[5] + 1, o[3] - o[6] + 1}, o.at(2))
      .kernel();
});

const Area area([] { benchmark::AddCustomContext("onnxruntime", OrtGetApiBase()->GetVersionString()); });

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] {
  std::fprintf(stderr,
               "SKIPPED onnxruntime: not found (CMake: TENON_ONNXRUNTIME_INCLUDE, TENON_ONNXRUNTIME_LIBRARY)\n");
});
}
#endif
