// Complex numbers have no order.
// expect: tenon: this operation is for real numbers, not complex ones
// expect: op::Less
// first_lines: 25
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;
using Z = std::complex<float>;

#ifdef TENON_TWIN
bool below(const Tensor<Z, 3>& a, const Tensor<Z, 3>& b) { return all(abs(a) < abs(b)); }
#else
bool below(const Tensor<Z, 3>& a, const Tensor<Z, 3>& b) { return all(a < b); }
#endif
