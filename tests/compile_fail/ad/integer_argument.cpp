// An integer has no derivative.
// expect: tenon: grad: an integer argument has no derivative
// first_lines: 16
// max_lines: 60
#include <tenon/tenon.hpp>
using namespace tenon;
#ifdef TENON_TWIN
auto slope() {
  return grad([](auto x) { return x * x; })(2.0);
}
#else
auto slope() {
  return grad([](auto x) { return x * x; })(2);
}
#endif
