// Forward mode says the same.
// expect: tenon: jvp: an integer argument has no derivative
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
using T = float;
#else
using T = int;
#endif
auto slope(const Tensor<T, 3>& x) {
  return jvp([](const auto& v) { return sum(v * v); }, x, x);
}
