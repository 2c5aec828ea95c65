// A broadcast view shows elements more than once: it is read only.
// expect: tenon: this view is read only
#include <tenon/tensor/movement.hpp>

tenon::Tensor<float, 3> a;
#ifndef TENON_TWIN
void f() { tenon::broadcast_to<2, 3>(a) = a; }
#else
void f() { tenon::flip<0>(a) = a; }
#endif
