// A Jacobian has rows for numbers.
// expect: tenon: jacobian: the function must return a number, an expression, or a container or struct of numbers
// first_lines: 20
#include <tenon/tenon.hpp>

#include <array>
using namespace tenon;
auto rows(const Tensor<double, 2>& at) {
#ifdef TENON_TWIN
  return jacobian([](const auto& x) { return std::array{x(0) * x(1), x(1) * x(1)}; })(at);
#else
  return jacobian([](const auto& x) { return &x; })(at);
#endif
}
