// Complex numbers cannot be sorted.
// expect: tenon: complex numbers have no order to sort by
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;

auto sorted(const Tensor<std::complex<double>, dyn>& z) {
#ifdef TENON_TWIN
  return evaluate(sort(real(z)));
#else
  return evaluate(sort(z));
#endif
}
