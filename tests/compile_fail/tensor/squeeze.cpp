// Only axes of extent 1 can be squeezed.
// expect: tenon: squeeze: the axis has an extent other than 1
// expect: Squeezable<1, .*Extents<1, 3>|Squeezable<1, .*Extents<1L, 3L>
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 1, 3> a;
#ifndef TENON_TWIN
auto v = tenon::squeeze<1>(a);
#else
auto v = tenon::squeeze<0>(a);
#endif
