// A gradient is that of one number.
// expect: tenon: grad: the function must return a number or an expression of rank 0
// first_lines: 14
#include <tenon/tenon.hpp>
using namespace tenon;
Tensor<float, 3> slopes(const Tensor<float, 3>& at) {
#ifdef TENON_TWIN
  return grad([](const auto& x) { return sum(x * x); })(at);
#else
  return grad([](const auto& x) { return x * x; })(at);
#endif
}
