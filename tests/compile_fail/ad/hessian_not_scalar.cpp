// A Hessian is that of one number.
// expect: tenon: grad: the function must return a number or an expression of rank 0
// first_lines: 18
#include <tenon/tenon.hpp>
using namespace tenon;
auto curvature(const Tensor<double, 3>& at) {
#ifdef TENON_TWIN
  return hessian([](const auto& x) { return sum(x * x * x); })(at);
#else
  return hessian([](const auto& x) { return evaluate(x * x * x); })(at);
#endif
}
