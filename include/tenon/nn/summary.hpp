// tenon/nn/summary.hpp: what a model is made of: its layers, their shapes, parameters, operations and bytes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   nn::print_summary(net, 1, 784);     // a table for an input of shape [1, 784]
// Layers are taken in order of declaration, each fed the output of the one before. What has `describe` (nn/layer.hpp)
// is a line of its own; a model whose layers are no chain describes itself, as one line.
#pragma once
#include <cstdio>

#include <tenon/nn/layer.hpp>
#include <tenon/nn/module.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// One line of a summary.
struct LayerLine {
  const char* name;    ///< path within the model, such as "layers.0"
  const char* type;    ///< such as "nn::Linear<784, 128, float>"
  Dims output;         ///< rank 0 for a tensor that is no layer
  index_t parameters;  ///< elements
  double flops;        ///< floating-point operations for one forward pass
};
/// What a model costs in all, for the input that it was given.
struct Summary {
  index_t parameters = 0;
  index_t parameter_bytes = 0;
  double flops = 0;
  index_t activation_bytes = 0;  ///< outputs of all layers together
};

namespace detail {

template <class X>
concept describes_itself = requires(const X& x, const Dims& d) {
  x.describe(d);
};

template <class F>
struct Describe {
  const F& line;
  Path path{};
  Dims shape{};
  Summary total{};

  template <class X>
  void part(const X& x) {
    if constexpr (describes_itself<X>) {
      const LayerCost cost = x.describe(shape);
      shape = cost.output;
      add(x, cost.output, cost.flops);
    } else if constexpr (tenon::detail::is_tensor<X>) {
      if constexpr (tenon::detail::has_derivative<typename X::value_type>) add(x, Dims{}, 0);
    } else {
      each_part([&](const auto& name, const auto& inner) { with_name(path, name, [&] { part(inner); }); }, x);
    }
  }

 private:
  template <class X>
  TENON_COLD void add(const X& x, const Dims& output, double flops) {
    index_t parameters = 0;
    index_t bytes = 0;
    const auto count = [&](const auto& p) {
      parameters += p.size();
      bytes += p.size() * static_cast<index_t>(sizeof(typename bare_t<decltype(p)>::value_type));
    };
    zip_parameters(count, x);
    line(LayerLine{path.size() ? path.c_str() : "(model)", type_name_text<X>(), output, parameters, flops});
    total.parameters += parameters;
    total.parameter_bytes += bytes;
    total.flops += flops;
    if (output.rank) total.activation_bytes += output.size();
  }
};

// "12.3 k": three digits and a unit.
TENON_COLD inline void print_scaled(char (&text)[32], double x) {
  const char* const unit[] = {"", " k", " M", " G", " T", " P"};
  int u = 0;
  for (; x >= 999.5 && u < 5; ++u) x /= 1000;
  std::snprintf(text, sizeof text,
                u == 0      ? "%.0f%s"
                : x < 9.995 ? "%.2f%s"
                : x < 99.95 ? "%.1f%s"
                            : "%.0f%s",
                x, unit[u]);
}

TENON_COLD inline void print_line(std::FILE* out, const LayerLine& l) {
  Message shape;
  if (l.output.rank) shape << l.output;
  char flops[32];
  print_scaled(flops, l.flops);
  std::fprintf(out, "%-16s  %-32s  %-14s  %10td  %10s\n", l.name, l.type, shape.c_str(), l.parameters, flops);
}
TENON_COLD inline void print_total(std::FILE* out, const Summary& total, const Dims& input) {
  char flops[32], bytes[32], activations[32];
  Message shape;
  shape << input;
  print_scaled(flops, total.flops);
  print_scaled(bytes, static_cast<double>(total.parameter_bytes));
  print_scaled(activations, static_cast<double>(total.activation_bytes));
  std::fprintf(out, "%td parameters in %sB; for an input of shape %s: %sFLOP and %sB of activations\n",
               total.parameters, bytes, shape.c_str(), flops, activations);
}

}  // namespace detail

/// Calls f(LayerLine) for each layer of the model, given an input of these extents; what they cost together.
template <class M, class F>
Summary summarise(const M& model, const Dims& input, const F& f) {
  using T = typename tenon::detail::FirstElement<M>::type;
  detail::Describe<F> describe{f};
  describe.shape = input;
  describe.part(model);
  Summary total = describe.total;
  if constexpr (!__is_same(T, void)) total.activation_bytes *= static_cast<index_t>(sizeof(T));
  return total;
}
/// Prints a line for each layer and the totals to `out`, for an input of the given extents.
template <class M, class... I>
Summary print_summary(std::FILE* out, const M& model, I... extent) {
  const Dims input{static_cast<int>(sizeof...(I)), {static_cast<index_t>(extent)...}};
  std::fprintf(out, "%-16s  %-32s  %-14s  %10s  %10s\n", "layer", "type", "output", "parameters", "FLOPs");
  const Summary total = summarise(model, input, [&](const LayerLine& l) { detail::print_line(out, l); });
  detail::print_total(out, total, input);
  return total;
}
/// The same to standard output.
template <class M, class... I>
requires(is_integer<I>&&...) Summary print_summary(const M& model, I... extent) {
  return print_summary(stdout, model, extent...);
}

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
