// A shape that does not broadcast to another.
// expect: tenon: broadcast_to: shape From does not broadcast to shape To
// expect: Extents<3>, .*Extents<2, 4>|Extents<3L>, .*Extents<2L, 4L>
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3> a;
#ifndef TENON_TWIN
auto v = tenon::broadcast_to<2, 4>(a);
#else
auto v = tenon::broadcast_to<2, 3>(a);
#endif
