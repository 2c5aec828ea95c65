// expect: Add.*Extents<3L?, 3L?>.*Extents<4L?, 4L?>
// expect: the shapes of the operands do not broadcast
// max_lines: 40
// nvcc: yes
#include <tenon/tenon.hpp>

tenon::Tensor<float, 3, 3> sum_of_tensors() {
  tenon::Tensor<float, 3, 3> a;
#ifdef TENON_TWIN
  tenon::Tensor<float, 3, 3> b;
#else
  tenon::Tensor<float, 4, 4> b;
#endif
  return a + b;
}
