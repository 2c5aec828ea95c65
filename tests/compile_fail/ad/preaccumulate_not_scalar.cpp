// The gradient that is kept is that of one number.
// expect: tenon: preaccumulate: the function must return a number or an expression of rank 0, such as a sum
// first_lines: 15
#include <tenon/tenon.hpp>
using namespace tenon;
auto slopes(const Tensor<double, 3>& at) {
  return grad([](const auto& x) {
#ifdef TENON_TWIN
    return preaccumulate([](const auto& y) { return evaluate(sum(y * y)); })(x);
#else
    return sum(preaccumulate([](const auto& y) { return evaluate(y * y); })(x));
#endif
  })(at);
}
