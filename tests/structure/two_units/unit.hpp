// What both units of this test compile, each for its own instruction set. Only pointers and extents pass between them.
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The instruction set this function was compiled for. Were both units' copies to share a name, the linker would keep
/// one of them and one unit would be told the other's answer.
[[gnu::noinline]] inline int compiled_isa() { return TENON_ISA; }

/// A loop that the compiler turns into the unit's own vector instructions.
[[gnu::noinline]] inline void scale_add(const float* x, const float* y, float* out, index_t n) {
  for (index_t i = 0; i < n; ++i) out[i] = 3 * x[i] + y[i];
}

}  // namespace TENON_ABI
}  // namespace tenon
