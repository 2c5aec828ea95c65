// Nor has a norm; as a constant it may be part of a function that is differentiated.
// expect: tenon: this operation has no complex derivative
// expect: op::NormL2
// first_lines: 35
// max_lines: 50
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;

auto slope(const Tensor<std::complex<double>, 3>& z) {
#ifdef TENON_TWIN
  return grad([](const auto& x) { return sum(x / norm(stop_gradient(x))); })(z);
#else
  return grad([](const auto& x) { return sum(x / norm(x)); })(z);
#endif
}
