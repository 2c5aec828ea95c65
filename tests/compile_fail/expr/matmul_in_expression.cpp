// A product that does not fit is the only error of the expression around it.
// expect: tenon: matmul: the inner extents differ
// expect: Extents<-1, 784>.*Extents<128, 10>
// max_lines: 20
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
Tensor<float, 784, 10> w;
#else
Tensor<float, 128, 10> w;
#endif
Tensor<float, dyn, 10> logits(const Tensor<float, dyn, 784>& x, const Tensor<float, 10>& b) {
  return relu(matmul(x, w) + b) * 2;
}
