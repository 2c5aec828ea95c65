// Indices are integers.
// expect: tenon: indices are integers
// expect: take
#include <tenon/tensor/gather.hpp>

tenon::Tensor<float, 3> a;
#ifndef TENON_TWIN
tenon::Tensor<float, 2> i;
#else
tenon::Tensor<int, 2> i;
#endif
auto v = tenon::take<0>(a, i);
