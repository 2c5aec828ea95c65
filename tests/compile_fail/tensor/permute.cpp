// Axes that are no permutation.
// expect: tenon: these axes do not name each axis of the operand once
// expect: permute
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 2, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::permute<0, 2, -1>(a);
#else
auto v = tenon::permute<0, 2, 1>(a);
#endif
