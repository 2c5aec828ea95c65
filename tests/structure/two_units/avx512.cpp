#include "unit.hpp"

int avx512_isa() { return tenon::compiled_isa(); }
void avx512_scale_add(const float* x, const float* y, float* out, tenon::index_t n) { tenon::scale_add(x, y, out, n); }
