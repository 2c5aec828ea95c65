// The same within a generic function.
// expect: AssignType<float, tenon::.*rev<float
// expect: tenon: assignment would lose derivatives
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
Tensor<float, 3> slopes(const Tensor<float, 3>& at) {
  return grad([](const auto& x) {
#ifdef TENON_TWIN
    Tensor<float, 3> square = stop_gradient(x * x);
#else
    Tensor<float, 3> square = x * x;
#endif
    return evaluate(sum(square * x));
  })(at);
}
