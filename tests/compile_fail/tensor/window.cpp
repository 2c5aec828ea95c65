// A window that is longer than its axis.
// expect: tenon: windows: a window of length W does not fit
// expect: WindowFits<0, 5, 1, 1, .*Extents<4>|WindowFits<0, 5L, 1L, 1L, .*Extents<4L>
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 4> a;
#ifndef TENON_TWIN
auto v = tenon::windows<0, 5>(a);
#else
auto v = tenon::windows<0, 4>(a);
#endif
