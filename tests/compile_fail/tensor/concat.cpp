// Operands that differ on another axis.
// expect: tenon: concat: the extents differ on another axis
// expect: ConcatFits<0, .*Extents<2, 3>, .*Extents<2, 4>|ConcatFits<0, .*Extents<2L, 3L>, .*Extents<2L, 4L>
#include <tenon/tensor/join.hpp>

tenon::Tensor<float, 2, 3> a;
tenon::Tensor<float, 2, 4> b;
#ifndef TENON_TWIN
auto v = tenon::concat<0>(a, b);
#else
auto v = tenon::concat<1>(a, b);
#endif
