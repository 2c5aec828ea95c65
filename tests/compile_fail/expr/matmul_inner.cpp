// expect: matmul: the inner extents differ
// expect: Extents<3, ?4>
// expect: Extents<5, ?6>
#include <tenon/tenon.hpp>
using namespace tenon;
void f(const Tensor<float, 3, 4>& a, const Tensor<float, 5, 6>& b, const Tensor<float, 4, 6>& c) {
#ifdef TENON_TWIN
  Tensor<float, 3, 6> r = matmul(a, c);
#else
  Tensor<float, 3, 6> r = matmul(a, b);
#endif
  (void)r, (void)b, (void)c;
}
