// An index known at compile time, outside of a static extent.
// expect: tenon: this index lies outside of an axis of Extent
// expect: row
// expect: 3, 3
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3, 4> a;
#ifndef TENON_TWIN
auto v = tenon::row<3>(a);
#else
auto v = tenon::row<-1>(a);
#endif
