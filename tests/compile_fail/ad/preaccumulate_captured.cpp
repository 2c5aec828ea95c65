// What a derivative is taken with respect to is an argument: a captured variable would be lost.
// expect: tenon: preaccumulate: the function captures a number or tensor that is being differentiated
// first_lines: 15
#include <tenon/tenon.hpp>
using namespace tenon;
double slope(double at) {
  return grad([](auto x) {
#ifdef TENON_TWIN
    return preaccumulate([](auto y, auto z) { return z * y; })(x, x);
#else
    return preaccumulate([&](auto y) { return x * y; })(x);
#endif
  })(at);
}
