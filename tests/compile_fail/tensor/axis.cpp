// An axis that is not there: the operation, the axis and the extents are named.
// expect: no such axis
// expect: flip
// expect: Extents<3, 4>|Extents<3L, 4L>|3, 4
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::flip<2>(a);
#else
auto v = tenon::flip<1>(a);
#endif
