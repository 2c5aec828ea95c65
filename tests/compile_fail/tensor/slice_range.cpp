// A static range that leaves a static axis.
// expect: tenon: slice: this range does not lie within an axis of Extent
// expect: RangeWithin<.*StaticRange<2, 5, 1, false>, 4
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::slice(a, 0, tenon::range<2, 5>());
#else
auto v = tenon::slice(a, 0, tenon::range<2, 4>());
#endif
