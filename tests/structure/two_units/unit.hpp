// What both units of this test compile, each for its own instruction set. Only pointers and extents pass between them.
#pragma once
#include <tenon/tenon.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The instruction set this function was compiled for. Were both units' copies to share a name, the linker would keep
/// one of them and one unit would be told the other's answer.
[[gnu::noinline]] inline int compiled_isa() { return TENON_ISA; }

/// An expression over views of run-time extent, which instantiates the library's loops in the unit.
[[gnu::noinline]] inline void scale_add(const float* x, const float* y, float* out, index_t n) {
  TensorView<const float, dyn> a(x, n), b(y, n);
  TensorView<float, dyn> result(out, n);
  result = 3 * a + b;
}

}  // namespace TENON_ABI
}  // namespace tenon
