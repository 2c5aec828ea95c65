// expect: AssignType<int, float>
// expect: assignment would change the kind of number
#include <tenon/tenon.hpp>

void assign(tenon::Tensor<float, 3>& value) {
#ifdef TENON_TWIN
  tenon::Tensor<int, 3> target = tenon::cast<int>(value * 2);
#else
  tenon::Tensor<int, 3> target = value * 2;
#endif
  static_cast<void>(target);
}
