// A modulus has no complex derivative.
// expect: tenon: this operation has no complex derivative
// expect: op::Abs
// first_lines: 35
// max_lines: 50
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;
using Z = std::complex<double>;

#ifdef TENON_TWIN
auto slope(const Tensor<double, 3>& re, const Tensor<double, 3>& im) {
  return grad([](const auto& x, const auto& y) { return sum(hypot(x, y)); })(re, im);
}
#else
auto slope(const Tensor<Z, 3>& z) {
  return grad([](const auto& x) { return sum(abs(x)); })(z);
}
#endif
