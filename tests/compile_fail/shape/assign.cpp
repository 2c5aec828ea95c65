// expect: AssignShape.*Extents<5L?>.*Extents<3L?>
// expect: assignment: the expression's shape
// nvcc: yes
#include <tenon/tenon.hpp>

void assign(tenon::Tensor<float, 3>& value) {
#ifdef TENON_TWIN
  tenon::Tensor<float, 3> target;
#else
  tenon::Tensor<float, 5> target;
#endif
  target = value * 2;
}
