// Rounding of a single complex number.
// expect: tenon: this operation is for real numbers, not complex ones
// expect: op::Floor
// first_lines: 25
#include <complex>
#include <tenon/tenon.hpp>

using namespace tenon;
using Z = std::complex<double>;

#ifdef TENON_TWIN
Z whole(Z z) { return Z(floor(z.real()), floor(z.imag())); }
#else
Z whole(Z z) { return floor(z); }
#endif
