// A tensor of plain numbers cannot take one with derivatives: the gradient would be 0 without a word.
// expect: AssignType<float, tenon::.*rev<float
// expect: tenon: assignment would lose derivatives
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
Tensor<float, 3> slopes(const Tensor<float, 3>& at) {
#ifdef TENON_TWIN
  return grad([](const auto& x) { return evaluate(sum(x * x)); })(at);
#else
  return grad([](const Tensor<float, 3>& x) { return evaluate(sum(x * x)); })(at);
#endif
}
