// Numbers that tenon does not know have no derivative.
// expect: tenon: there is no derivative with respect to this type
// expect: X = long double|Argument<long double>
// first_lines: 16
#include <tenon/tenon.hpp>
using namespace tenon;
auto slope() {
#ifdef TENON_TWIN
  return grad([](auto x) { return x * x; })(2.0);
#else
  return grad([](auto x) { return x * x; })(2.0L);
#endif
}
