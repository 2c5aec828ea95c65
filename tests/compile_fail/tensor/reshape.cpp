// Another number of elements.
// expect: tenon: reshape: shape To does not have as many elements as shape From
// expect: Extents<3, 4>, .*Extents<5, 2>|Extents<3L, 4L>, .*Extents<5L, 2L>
#include <tenon/tensor/reshape.hpp>

tenon::Tensor<float, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::reshape<5, 2>(a);
#else
auto v = tenon::reshape<6, 2>(a);
#endif
