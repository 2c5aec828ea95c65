// More indices than axes.
// expect: tenon: slice: more indices than axes
// expect: Extents<3, 4>|Extents<3L, 4L>
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::slice(a, 0, tenon::whole, 1);
#else
auto v = tenon::slice(a, 0, tenon::whole);
#endif
