// expect: tenon: dot, inner: the contracted extents differ
// expect: Extents<3>
// expect: Extents<4>
#include <tenon/tenon.hpp>
using namespace tenon;
void f(const Tensor<float, 3>& a, const Tensor<float, 4>& b) {
#ifdef TENON_TWIN
  float r = dot(a, slice(b, range(0, 3)));
#else
  float r = dot(a, b);
#endif
  (void)r, (void)b;
}
