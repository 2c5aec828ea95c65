// Nor a largest element.
// expect: tenon: this operation is for real numbers, not complex ones
// expect: op::Max
// first_lines: 25
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;

auto largest(const Tensor<std::complex<double>, dyn>& z) {
#ifdef TENON_TWIN
  return evaluate(max(abs(z)));
#else
  return evaluate(max(z));
#endif
}
