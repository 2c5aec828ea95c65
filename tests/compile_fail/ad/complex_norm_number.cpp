// Of a complex number std has a norm, which has no complex derivative either.
// expect: tenon: this operation has no complex derivative
// first_lines: 35
// max_lines: 50
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;

auto slope(const std::complex<double>& at) {
#ifdef TENON_TWIN
  return grad([](auto z) { return z * z; })(at);
#else
  return grad([](auto z) { return norm(z); })(at);
#endif
}
