#include "unit.hpp"

int avx2_isa() { return tenon::compiled_isa(); }
void avx2_scale_add(const float* x, const float* y, float* out, tenon::index_t n) { tenon::scale_add(x, y, out, n); }
