// Closed forms are for static 2x2, 3x3 and 4x4 matrices.
// expect: tenon: the operand is not a static 2x2, 3x3 or 4x4 matrix
// expect: inverse
#include <tenon/tensor/geometry.hpp>

#ifndef TENON_TWIN
tenon::Tensor<float, 3, 4> a;
#else
tenon::Tensor<float, 4, 4> a;
#endif
auto v = tenon::inverse(a);
